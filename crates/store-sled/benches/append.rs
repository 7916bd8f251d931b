//! How many durable appends a second the store takes, beside a plain file on the same disk.
//!
//! `cargo bench -p groundbreak-store-sled`, or with a directory on the disk to measure:
//! `cargo bench -p groundbreak-store-sled -- /path/on/that/disk`.
//!
//! Each row is the middle of three windows. Absolute numbers depend on the machine and on who
//! else uses it, so the last column compares with the file of the same run: a thread that
//! appends what waits and calls `fdatasync` once for all of it, which is what a journal without
//! states, indexes and look-ups could do at best.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run should say where"
)]

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use groundbreak_store::{Append, Store, Term, Timer};
use groundbreak_store_sled::{SledOptions, SledStore};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

const WARM_UP: Duration = Duration::from_millis(500);
const WINDOW: Duration = Duration::from_millis(1500);
const WINDOWS: usize = 3;
const CLIENTS: [usize; 4] = [1, 8, 64, 512];
/// How many cases each client works on, in turn.
const CASES: u64 = 50;

fn main() {
    // Cargo passes flags of its own; a directory has none of their dashes.
    let root = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let directory = tempfile::tempdir_in(root).unwrap();
    println!("durable appends a second (750 B record, 300 B state, 1 timer, 3 terms)");
    println!(
        "{:>8} {:>12} {:>12} {:>10} {:>10} {:>12} {:>8}",
        "clients", "store", "plain file", "p50 ms", "p99 ms", "file p50 ms", "ratio"
    );
    for clients in CLIENTS {
        let file = median(|number| {
            let path = directory.path().join(format!("file-{clients}-{number}"));
            measure(clients, PlainFile::open(&path))
        });
        let store = median(|number| {
            let path = directory.path().join(format!("store-{clients}-{number}"));
            let store = SledStore::open(&path, SledOptions::default()).unwrap();
            measure(clients, store)
        });
        println!(
            "{clients:>8} {:>12} {:>12} {:>10.2} {:>10.2} {:>12.2} {:>8.2}",
            store.per_second,
            file.per_second,
            store.p50.as_secs_f64() * 1000.0,
            store.p99.as_secs_f64() * 1000.0,
            file.p50.as_secs_f64() * 1000.0,
            store.per_second as f64 / file.per_second as f64,
        );
    }
}

/// What takes appends and says when they are durable.
trait Target: Send + Sync + 'static {
    fn append(&self, append: Append) -> impl Future<Output = ()> + Send;
}

impl Target for SledStore {
    async fn append(&self, append: Append) {
        Store::append(self, append).await.unwrap();
    }
}

struct PlainFile {
    lines: mpsc::Sender<(Vec<u8>, oneshot::Sender<()>)>,
}

impl PlainFile {
    fn open(path: &Path) -> Self {
        let mut file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(path)
            .unwrap();
        let (lines, mut waiting) = mpsc::channel::<(Vec<u8>, oneshot::Sender<()>)>(4096);
        std::thread::spawn(move || {
            while let Some(first) = waiting.blocking_recv() {
                let mut group = vec![first];
                while let Ok(next) = waiting.try_recv() {
                    group.push(next);
                }
                write(&mut file, group);
            }
        });
        Self { lines }
    }
}

fn write(file: &mut File, group: Vec<(Vec<u8>, oneshot::Sender<()>)>) {
    let bytes: Vec<u8> = group.iter().flat_map(|(line, _)| line).copied().collect();
    file.write_all(&bytes).unwrap();
    file.sync_data().unwrap();
    for (_, reply) in group {
        let _ = reply.send(());
    }
}

impl Target for PlainFile {
    async fn append(&self, append: Append) {
        let (reply, durable) = oneshot::channel();
        let mut line = append.record;
        line.extend_from_slice(&append.state);
        self.lines.send((line, reply)).await.unwrap();
        durable.await.unwrap();
    }
}

struct Measured {
    per_second: u64,
    p50: Duration,
    p99: Duration,
}

fn median(measure: impl Fn(usize) -> Measured) -> Measured {
    let mut windows: Vec<Measured> = (0..WINDOWS).map(measure).collect();
    windows.sort_by_key(|measured| measured.per_second);
    windows.swap_remove(WINDOWS / 2)
}

fn measure(clients: usize, target: impl Target) -> Measured {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let target = Arc::new(target);
    let over = Arc::new(AtomicBool::new(false));
    let (mut times, elapsed) = runtime.block_on(async {
        let begun = Instant::now() + WARM_UP;
        let running: Vec<_> = (0..clients as u64)
            .map(|client| {
                let client = run(client, Arc::clone(&target), Arc::clone(&over), begun);
                tokio::spawn(client)
            })
            .collect();
        tokio::time::sleep(WARM_UP + WINDOW).await;
        over.store(true, Ordering::Relaxed);
        let elapsed = begun.elapsed();
        let mut times = Vec::new();
        for client in running {
            times.extend(client.await.unwrap());
        }
        (times, elapsed)
    });
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    Measured {
        per_second: (times.len() as f64 / elapsed.as_secs_f64()) as u64,
        p50: at(50),
        p99: at(99),
    }
}

/// One client: it sends the next command when the one before is durable. Returns how long each
/// one took that ended inside the window.
async fn run(
    client: u64,
    target: Arc<impl Target>,
    over: Arc<AtomicBool>,
    begun: Instant,
) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut revisions: HashMap<u64, u64> = HashMap::new();
    for number in 0_u64.. {
        let case = client * CASES + number % CASES;
        let revision = revisions.entry(case).or_default();
        let append = append(case, *revision);
        *revision += 1;
        let sent = Instant::now();
        target.append(append).await;
        if over.load(Ordering::Relaxed) {
            break;
        }
        if sent >= begun {
            times.push(sent.elapsed());
        }
    }
    times
}

fn append(case: u64, revision: u64) -> Append {
    let bytes = |length: usize| {
        let seed = (case.wrapping_mul(0x9E37_79B9) ^ revision).to_le_bytes();
        seed.into_iter().cycle().take(length).collect()
    };
    Append {
        case: Uuid::from_u128(u128::from(case).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C)),
        expected_revision: revision,
        command: Uuid::new_v4(),
        recorded_at: 0,
        record: bytes(750),
        state: bytes(300),
        timers: vec![Timer {
            id: "due".to_owned(),
            due_at: (case + revision) as i64,
        }],
        terms: vec![
            Term::text("stage", format!("stage {}", revision % 5)),
            Term::text("assignee", format!("clerk {}", case % 40)),
            Term::integer("due", (case + revision) as i64),
        ],
    }
}
