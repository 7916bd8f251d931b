//! Definitions compiled and decisions taken, as rows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod binding;
mod blocks;
mod chain;
mod compile;
mod critical_path;
mod decide;
mod deemed;
mod desk;
mod effects;
mod follow;
mod general;
mod migrate;
mod soundness;

pub(crate) const PERMIT: &str = include_str!("permit.yaml");

/// A hall that is open on weekdays from 9 to 12 and from 14 to 18.
pub(crate) const HALL: &str = "
id: hall
version: 1
tz: Asia/Shanghai
weekly:
  mon: [['09:00', '12:00'], ['14:00', '18:00']]
  tue: [['09:00', '12:00'], ['14:00', '18:00']]
  wed: [['09:00', '12:00'], ['14:00', '18:00']]
  thu: [['09:00', '12:00'], ['14:00', '18:00']]
  fri: [['09:00', '12:00'], ['14:00', '18:00']]
coverage: ['2023-01-01', '2023-12-31']
";
