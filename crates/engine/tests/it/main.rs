//! The rules of the engine, on the memory store and on a disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod amending;
mod effects;
mod faulty;
mod given;
mod migrating;
mod projects;
mod publishing;
mod reading;
mod rebuilding;
mod recovery;
mod shutdown;
mod simulation;
mod submitting;
mod timers;

/// Makes a test of each rule on each store.
macro_rules! on_both_stores {
    ($($rule:ident)+) => {
        mod in_memory {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    super::$rule(crate::given::Place::memory()).await;
                }
            )+
        }
        mod on_disk {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    super::$rule(crate::given::Place::disk()).await;
                }
            )+
        }
    };
}
use on_both_stores;
