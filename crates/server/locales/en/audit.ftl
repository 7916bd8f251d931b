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
