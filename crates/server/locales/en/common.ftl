# Used everywhere

desk = Groundbreak
skip = Skip to content
nav = Main navigation
nav-desk = To do
nav-audit = Turnaround
nav-workflows = Workflows
find = Find
find-hint = Case number, project, company
menu = Account and display
switch = Switch account (demo)
switch-to = Switch to { $s }
theme = Appearance
theme-auto = System
theme-light = Light
theme-dark = Dark
sign-out = Sign out
sign-in = Sign in
sign-in-id = Account
sign-in-password = Password
sign-in-submit = Sign in
sign-in-wrong = The account or the password is wrong. Check both and try again.
to-desk = Back to the list
back-to-case = Back to the case
close = Close
cancel = Cancel
yes = Yes
no = No
choose = Choose
optional = (optional)
of = : { $s }
and-more = { $what } and { $n } more
with-law = { $what } ({ $law })
chip = { $title } { $n }
number = Case { $s }
as-of = As of { $s }
version = Version { $n }
workflow = Workflow
workflow-version = version { $n }
errors-title = { $n ->
    [one] There is a problem
   *[other] There are { $n } problems
}
error-prefix = Error: 
error-empty = Fill in: { $s }
error-choose = Choose: { $s }
error-field = { $field }: { $problem }
error-file = Choose a file that is not empty
error-note-empty = Write the note
error-late-both = Give the date and the time it happened, such as 23 March, 11:06
error-late-future = The time it happened cannot lie in the future
error-late-order = The time cannot lie before the newest fact of the case ({ $s })
money-wan = CNY { $yuan }
money-yuan = CNY { $s }
hint-money = Whole yuan, or with a unit: 120万元, 3亿元
