//! Kills the real `serve --archive`, `backup` and `restore` at random moments, and restores from what
//! is there.
//!
//! `GROUNDBREAK_KILLS` says how often; without it there are few.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use groundbreak_archive::{ArchiveError, Backup};
use groundbreak_store::{Position, Record, Store};
use groundbreak_store_sled::{SledOptions, SledStore};
use groundbreak_workflow::{Case, decode_case, decode_commit};
use uuid::Uuid;

use crate::backup::{accounts, back_up, contents, open_case, restore, text};
use crate::crash::post;
use crate::program::{Served, start};

pub(crate) fn kills(usual: u32) -> u32 {
    let set = std::env::var("GROUNDBREAK_KILLS");
    set.ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(usual)
}

/// Random bits of a UUID choose a moment before `end`.
pub(crate) fn random(end: Duration) -> Duration {
    let thousandths = (Uuid::new_v4().as_u128() % 1_000) as u32;
    end * thousandths / 1_000
}

fn journal(data: &Path) -> Vec<Record> {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = SledStore::open(data.join("store"), SledOptions::default()).unwrap();
        let mut records: Vec<Record> = Vec::new();
        loop {
            let after = records.last().map_or(Position::START, |last| last.position);
            let more = store.read_all(after, 1_000).await.unwrap();
            if more.is_empty() {
                break;
            }
            records.extend(more);
        }
        store.close().await.unwrap();
        records
    })
}

/// Checks that a backup holds the beginning of a journal, and that a directory made of it holds
/// every case whole, as far as its records go. Returns how many there are.
fn check(backup: &Path, journal: &[Record]) -> usize {
    let backed_up = Backup::open(backup).unwrap();
    backed_up.check().unwrap();
    let archived: Vec<Record> = backed_up.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(Some(archived.as_slice()), journal.get(..archived.len()));

    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again");
    let restored = restore(backup, &again);
    assert_eq!(restored.status, 0, "{restored:?}");
    assert_eq!(restored.json()["records"], archived.len());
    let mut cases: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
    for record in &archived {
        let commit = decode_commit(&record.record).unwrap();
        cases.entry(record.case).or_default().push(commit);
    }
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = SledStore::open(again.join("store"), SledOptions::default()).unwrap();
        store.verify().await.unwrap();
        for (case, commits) in cases {
            let snapshot = store.load(case).await.unwrap().unwrap();
            let folded = Case::fold(&commits).unwrap().unwrap();
            assert_eq!(snapshot.revision, folded.revision);
            assert_eq!(decode_case(&snapshot.state).unwrap(), folded);
        }
        store.close().await.unwrap();
    });
    archived.len()
}

/// Opens cases until told to stop, and notes the commands that were acknowledged.
fn open_cases(address: &str, token: &str, acknowledged: &Mutex<Vec<Uuid>>, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        let command = Uuid::new_v4();
        let body = "{\"workflow\":\"permit\",\"title\":\"Machine works\"}";
        match post(address, token, "/cases", command, body) {
            Some(201) => acknowledged.lock().unwrap().push(command),
            // Killed, or about to be.
            None | Some(503) => thread::sleep(Duration::from_millis(10)),
            Some(status) => panic!("{status}"),
        }
    }
}

#[test]
fn what_was_archived_is_restored_whole_however_often_the_server_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (data, archive) = (folder.path().join("data"), folder.path().join("archive"));
    open_case(&data, "Dye works");
    let token = accounts(&data);
    let acknowledged = Mutex::new(Vec::new());
    let mut archived = 0;
    for _ in 0..kills(3) {
        let server = Served::start(&data, &["--archive", text(&archive)]);
        let address = server.address.clone();
        let stop = AtomicBool::new(false);
        let seen = thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| open_cases(&address, &token, &acknowledged, &stop));
            }
            // It archives once a second.
            thread::sleep(Duration::from_millis(500) + random(Duration::from_millis(1_500)));
            let seen = Backup::open(&archive).unwrap().manifest().journal.count;
            server.kill();
            stop.store(true, Ordering::SeqCst);
            seen
        });
        let there = check(&archive, &journal(&data));
        assert!(
            there as u64 >= seen && there >= archived,
            "{there} of {seen}"
        );
        archived = there;
    }
    // One that is stopped in order leaves nothing out.
    assert_eq!(
        Served::start(&data, &["--archive", text(&archive)]).stop(),
        0
    );
    let journal = journal(&data);
    assert_eq!(check(&archive, &journal), journal.len());
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > 10, "{acknowledged:?}");
    for command in &acknowledged {
        let times = journal.iter().filter(|it| it.command == *command).count();
        assert_eq!(times, 1, "{command}");
    }
    println!(
        "{} acknowledged, {archived} archived at the last kill",
        acknowledged.len()
    );
}

#[test]
fn a_backup_killed_at_any_moment_is_whole_or_none_and_the_next_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    open_case(&data, "Dye works");
    let begun = Instant::now();
    assert_eq!(back_up(&data, &folder.path().join("another")).status, 0);
    let usual = begun.elapsed();
    let mut there = 0;
    let mut killed = 0;
    for _ in 0..kills(8) {
        open_case(&data, "Machine works");
        let mut running = start(&["backup", "--data", text(&data), "--to", text(&backup)]);
        thread::sleep(random(usual));
        running.kill().unwrap();
        killed += u32::from(running.wait().unwrap().code().is_none());
        match Backup::open(&backup) {
            Ok(_) => {
                let now = check(&backup, &journal(&data));
                assert!(now >= there, "{now} after {there}");
                there = now;
            }
            Err(ArchiveError::Missing { .. }) => assert_eq!(there, 0),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(killed > 0, "none was killed, so this proves nothing");
    assert_eq!(back_up(&data, &backup).status, 0);
    let journal = journal(&data);
    assert_eq!(check(&backup, &journal), journal.len());
}

#[test]
fn a_restore_killed_at_any_moment_is_whole_or_can_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    for title in ["Dye works", "Machine works", "Paper mill"] {
        open_case(&data, title);
    }
    accounts(&data);
    assert_eq!(back_up(&data, &backup).status, 0);
    let whole = contents(&data);
    let begun = Instant::now();
    assert_eq!(restore(&backup, &folder.path().join("another")).status, 0);
    let usual = begun.elapsed();
    for _ in 0..kills(6) {
        let again = folder.path().join("again");
        let mut running = start(&["restore", "--from", text(&backup), "--data", text(&again)]);
        thread::sleep(random(usual));
        running.kill().unwrap();
        running.wait().unwrap();
        if !again.join("store").exists() {
            // Half of one is never opened, and not in the way.
            let restored = restore(&backup, &again);
            assert_eq!(restored.status, 0, "{restored:?}");
        }
        assert_eq!(contents(&again), whole);
        let kept = fs::read(again.join("accounts.json")).unwrap();
        assert_eq!(kept, fs::read(data.join("accounts.json")).unwrap());
        fs::remove_dir_all(&again).unwrap();
    }
}
