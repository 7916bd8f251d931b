//! The rules of calendars and clocks, one test a rule.

mod calendars;
mod figures;
mod goals;
mod laws;
mod life;
mod oracle;
mod shipped;
mod suites;
mod time_tables;
mod vectors;
