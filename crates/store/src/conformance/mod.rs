//! What every backend is held to, as rules that can be run against any of them.
//!
//! A backend offers a [`Factory`], which opens a store on data of its own, and writes
//! `groundbreak_store::conformance_tests!(factory)` in a test file: each rule becomes a test
//! with its own name. [`RULES`] are the same rules as data, for a program that checks a backend
//! outside a test.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use groundbreak_store::MemoryStore;
//! use groundbreak_store::conformance::{self, MemoryFactory};
//!
//! let broken = conformance::run(MemoryFactory::default).await;
//! assert!(broken.is_empty(), "{broken:?}");
//! # }
//! ```

mod atomicity;
mod commands;
mod concurrency;
mod given;
mod index;
mod metadata;
mod order;
mod reopening;
mod revisions;
mod sizes;
mod timers;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Cause, MemoryStore, Store};

/// Opens a store for a rule.
#[async_trait]
pub trait Factory: Send + Sync {
    /// Opens the store: the first time without any data, later on the data of the time before.
    /// A rule closes the store it has before it opens another.
    ///
    /// # Errors
    ///
    /// Whatever kept the store from opening; the rule is then broken.
    async fn open(&self) -> Result<Arc<dyn Store>, Cause>;
}

/// Opens the memory store.
#[derive(Debug, Default)]
pub struct MemoryFactory {
    first: MemoryStore,
}

#[async_trait]
impl Factory for MemoryFactory {
    async fn open(&self) -> Result<Arc<dyn Store>, Cause> {
        Ok(Arc::new(self.first.reopen()))
    }
}

/// A rule of the contract.
#[derive(Clone, Copy)]
pub struct Rule {
    /// The rule, as a sentence with underscores.
    pub name: &'static str,
    check: for<'a> fn(&'a dyn Factory) -> Checking<'a>,
}

type Checking<'a> = Pin<Box<dyn Future<Output = Result<(), Breach>> + Send + 'a>>;

impl Rule {
    /// Checks this rule on a store without data.
    ///
    /// # Errors
    ///
    /// [`Broken`], which says what was found instead of what.
    pub async fn check(&self, factory: &dyn Factory) -> Result<(), Broken> {
        (self.check)(factory).await.map_err(|breach| Broken {
            rule: self.name,
            found: breach.0,
        })
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A rule that a store does not keep.
#[derive(Debug, thiserror::Error)]
#[error("{rule}: {found}")]
pub struct Broken {
    /// The rule.
    pub rule: &'static str,
    /// What was found instead.
    pub found: String,
}

/// Checks every rule, each with a new factory, and returns the broken ones.
pub async fn run<F: Factory>(fresh: impl Fn() -> F) -> Vec<Broken> {
    let mut broken = Vec::new();
    for rule in RULES {
        let factory = fresh();
        if let Err(found) = rule.check(&factory).await {
            broken.push(found);
        }
    }
    broken
}

/// Checks the rule with this name. [`crate::conformance_tests`] calls it.
///
/// # Errors
///
/// [`Broken`], also when there is no such rule.
pub async fn check(rule: &'static str, factory: &dyn Factory) -> Result<(), Broken> {
    match RULES.iter().find(|known| known.name == rule) {
        Some(known) => known.check(factory).await,
        None => Err(Broken {
            rule,
            found: "there is no such rule".to_owned(),
        }),
    }
}

/// Why a rule does not hold. Any error that a rule did not expect becomes one.
struct Breach(String);

impl<E: std::error::Error> From<E> for Breach {
    fn from(err: E) -> Self {
        let mut found = err.to_string();
        let mut source = err.source();
        while let Some(cause) = source {
            found.push_str(": ");
            found.push_str(&cause.to_string());
            source = cause.source();
        }
        Self(found)
    }
}

async fn opened(factory: &dyn Factory) -> Result<Arc<dyn Store>, Breach> {
    let opened = factory.open().await;
    opened.map_err(|cause| Breach(format!("the store did not open: {cause}")))
}

type Verdict = Result<(), Breach>;

fn equal<T: PartialEq + fmt::Debug>(what: &str, found: T, wanted: T) -> Verdict {
    if found == wanted {
        return Ok(());
    }
    let shorten = |value: T| {
        let mut text = format!("{value:?}");
        if text.len() > 600 {
            let end = (0..=600).rev().find(|at| text.is_char_boundary(*at));
            text.truncate(end.unwrap_or(0));
            text.push('…');
        }
        text
    };
    Err(Breach(format!(
        "{what} is {}, not {}",
        shorten(found),
        shorten(wanted)
    )))
}

fn holds(what: &str, condition: bool) -> Verdict {
    if condition {
        return Ok(());
    }
    Err(Breach(format!("it does not hold that {what}")))
}

macro_rules! rules {
    ($($subject:ident: $($name:ident),+;)+) => {
        /// Every rule of the contract.
        pub const RULES: &[Rule] = &[$($(Rule {
            name: stringify!($name),
            check: |factory| Box::pin($subject::$name(factory)),
        }),+),+];
    };
}

rules! {
    revisions:
        a_new_case_begins_at_revision_1,
        each_append_adds_one_to_the_revision,
        a_stale_revision_is_refused_and_writes_nothing,
        a_case_that_exists_is_not_created_again,
        a_case_that_does_not_exist_is_at_revision_0,
        what_was_never_written_is_not_there;
    atomicity:
        an_append_writes_record_state_timers_and_terms,
        a_reader_never_sees_half_an_append;
    order:
        positions_grow_and_read_all_returns_the_order_of_commits,
        a_reader_of_all_records_misses_none_while_others_write,
        a_journal_is_ascending_and_continues_behind_a_revision,
        a_list_ends_with_an_empty_answer,
        a_large_answer_ends_early_but_never_empty;
    commands:
        a_command_sent_twice_is_applied_once,
        a_command_id_is_unique_in_the_whole_store,
        a_command_sent_by_many_at_once_is_applied_once,
        a_refused_command_is_not_found;
    timers:
        timers_come_by_instant_then_case_then_id,
        an_append_replaces_the_whole_set_of_timers,
        due_timers_continue_behind_one_that_is_gone,
        the_next_due_instant_is_the_earliest,
        a_timer_may_be_due_at_any_instant;
    index:
        all_conditions_must_hold,
        a_condition_holds_when_one_of_its_values_does,
        a_text_never_equals_a_number,
        a_span_holds_its_start_and_not_its_end,
        an_order_puts_ties_by_case_and_the_missing_last,
        a_case_with_several_numbers_counts_with_the_first,
        pages_together_hold_every_case_once,
        an_append_replaces_the_whole_set_of_terms,
        the_extreme_numbers_are_found_and_ordered,
        a_query_over_its_bounds_is_refused;
    metadata:
        metadata_is_kept_replaced_and_removed,
        of_changes_under_way_at_once_one_holds,
        an_entry_is_created_once,
        keys_are_listed_by_prefix_in_order_of_bytes,
        metadata_is_not_part_of_the_journal,
        an_entry_that_does_not_fit_is_refused;
    sizes:
        records_and_states_of_every_size_come_back,
        a_state_that_shrinks_and_grows_leaves_nothing_behind,
        full_sets_of_timers_and_terms_come_back,
        what_is_over_a_bound_is_refused_and_writes_nothing,
        what_cannot_be_kept_is_refused;
    concurrency:
        many_writers_of_one_case_lose_no_update,
        many_writers_of_many_cases_all_succeed;
    reopening:
        everything_is_there_after_reopening,
        large_values_are_there_after_reopening,
        a_closed_store_refuses_and_closes_twice;
}

/// Makes one test for each rule of [`crate::conformance`], named as the rule is.
///
/// The argument is an expression that gives a new [`crate::conformance::Factory`]; it is
/// evaluated once a test. The crate that uses this needs `tokio` with its macros.
#[macro_export]
macro_rules! conformance_tests {
    ($fresh:expr) => {
        $crate::conformance_tests! { @each $fresh;
            a_new_case_begins_at_revision_1
            each_append_adds_one_to_the_revision
            a_stale_revision_is_refused_and_writes_nothing
            a_case_that_exists_is_not_created_again
            a_case_that_does_not_exist_is_at_revision_0
            what_was_never_written_is_not_there
            an_append_writes_record_state_timers_and_terms
            a_reader_never_sees_half_an_append
            positions_grow_and_read_all_returns_the_order_of_commits
            a_reader_of_all_records_misses_none_while_others_write
            a_journal_is_ascending_and_continues_behind_a_revision
            a_list_ends_with_an_empty_answer
            a_large_answer_ends_early_but_never_empty
            a_command_sent_twice_is_applied_once
            a_command_id_is_unique_in_the_whole_store
            a_command_sent_by_many_at_once_is_applied_once
            a_refused_command_is_not_found
            timers_come_by_instant_then_case_then_id
            an_append_replaces_the_whole_set_of_timers
            due_timers_continue_behind_one_that_is_gone
            the_next_due_instant_is_the_earliest
            a_timer_may_be_due_at_any_instant
            all_conditions_must_hold
            a_condition_holds_when_one_of_its_values_does
            a_text_never_equals_a_number
            a_span_holds_its_start_and_not_its_end
            an_order_puts_ties_by_case_and_the_missing_last
            a_case_with_several_numbers_counts_with_the_first
            pages_together_hold_every_case_once
            an_append_replaces_the_whole_set_of_terms
            the_extreme_numbers_are_found_and_ordered
            a_query_over_its_bounds_is_refused
            metadata_is_kept_replaced_and_removed
            of_changes_under_way_at_once_one_holds
            an_entry_is_created_once
            keys_are_listed_by_prefix_in_order_of_bytes
            metadata_is_not_part_of_the_journal
            an_entry_that_does_not_fit_is_refused
            records_and_states_of_every_size_come_back
            a_state_that_shrinks_and_grows_leaves_nothing_behind
            full_sets_of_timers_and_terms_come_back
            what_is_over_a_bound_is_refused_and_writes_nothing
            what_cannot_be_kept_is_refused
            many_writers_of_one_case_lose_no_update
            many_writers_of_many_cases_all_succeed
            everything_is_there_after_reopening
            large_values_are_there_after_reopening
            a_closed_store_refuses_and_closes_twice
        }
    };
    (@each $fresh:expr; $($rule:ident)+) => {
        /// The rules that have a test here. A rule that is missing would never run.
        #[test]
        fn every_rule_of_the_contract_has_a_test() {
            let tested = [$(stringify!($rule)),+];
            let rules: ::std::vec::Vec<&str> =
                $crate::conformance::RULES.iter().map(|rule| rule.name).collect();
            assert_eq!(rules, tested);
        }

        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let factory = $fresh;
                let verdict = $crate::conformance::check(stringify!($rule), &factory).await;
                assert!(verdict.is_ok(), "{}", verdict.err().map_or_else(
                    ::std::string::String::new,
                    |broken| ::std::string::ToString::to_string(&broken),
                ));
            }
        )+
    };
}
