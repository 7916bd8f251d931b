# The work list

views = Views
view-open = Open
view-fast = Fast lane
view-unheld = Held by nobody
fast = Fast lane
force-lead = led by { $s }
view-mine = I can act
view-closed = Closed
list-title = Cases, most urgent first
list-summary = { $now }, { $n } in this list
list-cut = Only the { $shown } most urgent of { $total } were looked at. Choose a workflow or a view to narrow the list.
list-empty = No case matches
list-empty-more = Choose another view, or clear the filters.
list-following = Next page
all-workflows = All workflows
filter = Filter
filter-clear = Clear filters
new-case = New case
my-turn = My turn
waiting-time = Waiting for a timer or others
waiting-several = { $who } and others ({ $n })
waiting-is = Waiting for: { $s }
group-overdue = Overdue
group-overdue-more = { $n }, first of all
group-today = Due today
group-today-more = { $n }
group-later = Later
group-later-more = { $n }
group-paused = Paused
group-paused-more = { $n }, not counting
group-no-clock = No clock
group-no-clock-more = { $n }
group-closed = Closed
group-closed-more = { $n }, newest first
col-light = State
col-case = Project and workflow
col-place = Step, waiting for
col-used = Used
col-due = Left and due
key-move = up and down
key-space = Space
key-peek = peek
key-open = Open
key-lights = filter by state
key-find = find
peek = Preview
peek-papers = Papers: { $there } of { $all } there
segment-here = { $s }, under way
segment-ahead = Not begun
new-of = : { $s }
new-choose = Choose a workflow
new-title = Name of the project or company
new-title-hint = The title in lists and on the page of the case
new-submit = Open the case
new-papers = Papers needed
new-workflow-version = Handled under version { $n } of the workflow
workflows-none = No workflow is published yet.
workflows-count = { $n ->
    [one] 1 workflow
   *[other] { $n } workflows
}
workflow-more = Version { $version } · { $states } states, { $clocks } clocks, { $papers } papers
clocks = Clocks
places-and-more = { $what } and { $n } more
waiting-missing = { $n ->
    [one] 1 paper missing
   *[other] { $n } papers missing
}
states-count = { $n } states
chart = Chart
chart-of = Chart of { $s }
chart-inside = Look inside:
chart-open = Open by itself
chart-here = See where the case is

project = Project { $s }
project-summary = { $n ->
    [one] { $n } case, { $open } open
   *[other] { $n } cases, { $open } open
}
project-span = { $from } to { $to }, { $time }
project-bar = { $from } to { $to }
project-time = From and to
project-child = Child case
project-linked = Linked
project-cut = There are many cases; only some of them are listed.
