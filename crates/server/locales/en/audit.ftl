# The turnaround report

audit-scope = { $n ->
    [one] 1 case
   *[other] { $n } cases
}
audit-cut = There are too many cases; only the newest { $n } are counted.
audit-rate = Attainment
audit-of = { $met } of { $n }
audit-with-late = incl. running late { $s }
audit-without-excused = { $s } without the excused
audit-counts = { $met } met, { $missed } missed
audit-median = Median
audit-p90 = 90 % within
audit-open = In progress
audit-late = { $n } overdue
audit-where = Where the time went
audit-stages = Time spent in { $n } steps
audit-stage = Step
audit-here = Here now
audit-none = There are no cases yet.
audit-how = Medians and 90 % are those of actual cases (nearest rank), never averages; fewer than 5 make no rate. Every figure opens the cases behind it.
audit-all = All
audit-met = Met
audit-missed = Missed
audit-rows-count = { $n } rows
audit-rows-cut = Only the first 500 are listed.

# Figures

measures = Figures
measures-how = Every figure opens the list behind it. Events, signings and landings are different populations, and are never added up.
measures-title = Figure and calibre
measures-figure = Figure
measures-cut-off = As of
measures-wrong = Not to be published; see why
measures-none = There are no measures.
measures-calibre = Calibre: { $s }
measures-until = As of { $s }
measures-since = Since
measures-amount = Amount or time
measures-rows = { $n ->
    [one] The 1 case behind it
   *[other] The { $n } cases behind it
}
measures-left-out = { $n ->
    [one] 1 case that cannot be decided on
   *[other] { $n } cases that cannot be decided on
}

register = Register
register-summary = { $attracted } attracted; target { $target }, striving for { $stretch }; as of { $until }
register-leaders = Leaders
register-quota = Each is to bring { $need } or more projects of over { $over }
register-post = Post
register-projects = Projects
register-met = Quota
register-met-yes = Met
register-met-no = Not met
register-without = Projects large enough that no leader has taken on:
register-team = Team
register-pledge = Pledged
register-attracted = Attracted
register-points = Points
register-chains = Industry chains
register-chains-more = One project may be in several chains; they are not added up
register-chain = Chain
register-trips = Trips outwards
register-courses = Courses and study visits
register-persons = { $s } person-trips
register-rosters = Officials on training elsewhere
register-roster = Batch { $batch }, { $count } officials, { $days } days; { $leads } leads brought

agenda = Agenda: { $s }
agenda-how = By stage, what is overdue first
agenda-count = { $n ->
    [one] { $n } case
   *[other] { $n } cases
}
agenda-none = There are no open cases.
agenda-open = Agenda of the regular meeting
