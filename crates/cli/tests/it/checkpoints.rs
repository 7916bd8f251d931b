//! The checkpoints that the real `serve` signs while it runs, and however often it is killed.
//!
//! `GROUNDBREAK_KILLS` says how often; without it there are few.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::archive_killed::{kills, random};
use crate::backup::{accounts, open_case, text};
use crate::crash::post;
use crate::program::{Ran, Served, run};

const OPENING: &str = "{\"workflow\":\"permit\",\"title\":\"Machine works\"}";

/// A data directory with one case and a key.
struct Hall {
    folder: tempfile::TempDir,
    data: PathBuf,
    token: String,
}

impl Hall {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        open_case(&data, "Dye works");
        let token = accounts(&data);
        Self {
            folder,
            data,
            token,
        }
    }

    fn run(&self, command: &str, more: &[&str]) -> Ran {
        let mut arguments = vec![command, "--data", text(&self.data)];
        arguments.extend(more);
        run(&arguments)
    }

    fn good(&self, command: &str, more: &[&str]) -> Ran {
        let ran = self.run(command, more);
        assert_eq!(ran.status, 0, "{ran:?}");
        ran
    }

    fn post(&self, server: &Served) {
        let answered = post(
            &server.address,
            &self.token,
            "/cases",
            Uuid::new_v4(),
            OPENING,
        );
        assert_eq!(answered, Some(201));
    }

    fn proof(&self, name: &str) -> PathBuf {
        self.data.join("proof").join(name)
    }

    fn checkpoint(&self) -> String {
        fs::read_to_string(self.proof("checkpoint")).unwrap()
    }

    /// Checks that the records begin with those of each checkpoint, and that this can be proven.
    fn all_agree(&self, kept: &[String]) {
        let file = self.folder.path().join("kept");
        for pair in kept.windows(2) {
            assert!(size(&pair[0]) < size(&pair[1]), "{kept:?}");
        }
        for note in kept {
            fs::write(&file, note).unwrap();
            self.good("verify", &["--checkpoint", text(&file)]);
            self.good("checkpoint", &["--since", text(&file)]);
        }
    }
}

fn size(note: &str) -> u64 {
    note.lines().nth(1).unwrap().parse().unwrap()
}

/// Waits longer than any healthy machine takes.
fn wait_until(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(20));
    }
}

fn says(log: &Path, words: &str) -> bool {
    fs::read_to_string(log).unwrap().contains(words)
}

#[test]
fn a_running_server_signs_checkpoints_that_only_grow_and_a_last_one() {
    let hall = Hall::open();
    let mut kept = vec![hall.good("checkpoint", &[]).out];
    let log = hall.folder.path().join("log");
    let server = Served::start_logging(&hall.data, &[], &log);
    for _ in 0..2 {
        for _ in 0..3 {
            hall.post(&server);
        }
        let before = size(kept.last().unwrap());
        wait_until(|| size(&hall.checkpoint()) > before);
        kept.push(hall.checkpoint());
    }
    hall.post(&server);
    assert_eq!(server.stop(), 0);
    assert_eq!(fs::read_to_string(&log).unwrap(), "");
    kept.push(hall.checkpoint());
    let verified = hall.good("verify", &["--format", "json"]).json();
    assert_eq!(
        (&verified["records"], &verified["signed"]),
        (&8.into(), &8.into())
    );
    // Nothing new, nothing signed.
    let written = fs::metadata(hall.proof("checkpoint"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(Served::start(&hall.data, &[]).stop(), 0);
    let now = fs::metadata(hall.proof("checkpoint"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(written, now);
    hall.all_agree(&kept);
}

#[test]
fn a_server_without_a_key_signs_nothing() {
    let hall = Hall::open();
    let server = Served::start(&hall.data, &[]);
    hall.post(&server);
    assert_eq!(server.stop(), 0);
    assert!(!hall.data.join("proof").exists());
}

#[test]
fn a_server_does_not_start_with_a_key_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt;

    let hall = Hall::open();
    hall.good("checkpoint", &[]);
    fs::set_permissions(hall.proof("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let ran = hall.run("serve", &["--listen", "127.0.0.1:0"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("error[key-exposed]"), "{ran:?}");
}

#[test]
fn a_checkpoint_is_consistent_with_each_before_however_often_the_server_is_killed() {
    let hall = Hall::open();
    let mut kept = vec![hall.good("checkpoint", &[]).out];
    for _ in 0..kills(3) {
        let server = Served::start(&hall.data, &[]);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        let command = Uuid::new_v4();
                        post(&server.address, &hall.token, "/cases", command, OPENING);
                    }
                });
            }
            let watching = scope.spawn(|| {
                let mut seen: Vec<String> = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    let note = hall.checkpoint();
                    if seen.last() != Some(&note) {
                        seen.push(note);
                    }
                    thread::sleep(Duration::from_millis(1));
                }
                seen
            });
            // It signs when it begins, and every five seconds.
            thread::sleep(random(Duration::from_millis(6_500)));
            server.signal("KILL");
            stop.store(true, Ordering::SeqCst);
            kept.extend(watching.join().unwrap());
        });
        server.kill();
        kept.push(hall.checkpoint());
        kept.dedup();
        // What was signed is there.
        hall.good("verify", &[]);
    }
    assert_eq!(Served::start(&hall.data, &[]).stop(), 0);
    kept.push(hall.checkpoint());
    kept.dedup();
    assert!(kept.len() > 2, "{kept:?}");
    hall.all_agree(&kept);
    println!(
        "{} checkpoints, the last of {}",
        kept.len(),
        size(&kept[kept.len() - 1])
    );
}

#[test]
fn a_forged_edge_is_noticed_and_the_records_are_read_anew() {
    let hall = Hall::open();
    let mut kept = vec![hall.good("checkpoint", &[]).out];
    open_case(&hall.data, "Machine works");
    open_case(&hall.data, "Paper mill");
    let ran = hall.good("checkpoint", &[]);
    assert_eq!(ran.err, "", "an edge that is right is used");
    kept.push(ran.out);
    let edge = fs::read_to_string(hall.proof("edge")).unwrap();
    // A position on, so that a record would be left out.
    let mut forged: serde_json::Value = serde_json::from_str(&edge).unwrap();
    forged["position"] = (forged["position"].as_u64().unwrap() + 1).into();
    fs::write(hall.proof("edge"), forged.to_string()).unwrap();
    open_case(&hall.data, "Glass works");
    let ran = hall.good("checkpoint", &[]);
    assert!(ran.err.contains("proof/edge does not agree"), "{ran:?}");
    kept.push(ran.out);

    fs::write(hall.proof("edge"), edge.replace("\"size\":2", "\"size\":3")).unwrap();
    open_case(&hall.data, "Steel works");
    let log = hall.folder.path().join("log");
    let server = Served::start_logging(&hall.data, &[], &log);
    wait_until(|| says(&log, "proof/edge does not agree"));
    wait_until(|| size(&hall.checkpoint()) == 5);
    assert_eq!(server.stop(), 0);
    kept.push(hall.checkpoint());

    fs::remove_file(hall.proof("edge")).unwrap();
    let ran = hall.good("checkpoint", &["--lang", "zh"]);
    assert!(ran.err.contains("proof/edge 不在"), "{ran:?}");
    hall.all_agree(&kept);
}

#[test]
fn a_server_signs_nothing_over_records_that_are_not_those_that_were_signed() {
    let (hall, other) = (Hall::open(), Hall::open());
    let signed = hall.good("checkpoint", &[]).out;
    // As if somebody had put another journal in its place.
    fs::remove_dir_all(hall.data.join("store")).unwrap();
    fs::rename(other.data.join("store"), hall.data.join("store")).unwrap();
    let log = hall.folder.path().join("log");
    let server = Served::start_logging(&hall.data, &[], &log);
    wait_until(|| says(&log, "records-disagree"));
    assert!(says(&log, "No checkpoint is signed any more"));
    // The work of the hall goes on.
    hall.post(&server);
    assert_eq!(server.stop(), 0);
    assert_eq!(hall.checkpoint(), signed);
    for command in ["verify", "checkpoint"] {
        let ran = hall.run(command, &[]);
        assert_eq!(ran.status, 1, "{ran:?}");
    }
    assert_eq!(hall.checkpoint(), signed);
}
