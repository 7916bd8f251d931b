//! Data directories are backed up and made anew from what was backed up.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use groundbreak_archive::{Archive, Backup};
use groundbreak_engine::{Engine, EngineOptions};
use groundbreak_store::{DueTimer, MemoryStore, Page, Position, Query, Record, Store};
use groundbreak_store_sled::{SledOptions, SledStore};
use groundbreak_workflow::{Act, Actor, Command, Data};

use crate::program::{Ran, Served, run};

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn back_up(data: &Path, to: &Path) -> Ran {
    run(&[
        "backup",
        "--data",
        text(data),
        "--to",
        text(to),
        "--format",
        "json",
    ])
}

pub(crate) fn restore(from: &Path, data: &Path) -> Ran {
    run(&[
        "restore",
        "--from",
        text(from),
        "--data",
        text(data),
        "--format",
        "json",
    ])
}

const CALENDAR: &str = "{ id: hall, tz: Asia/Shanghai, weekly: { mon: [['08:30', '17:30']] } }";
const WORKFLOW: &str = "
workflow: permit
version: 1
title: { zh: 许可, en: Permit }
calendar: hall
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events: { accept: { title: { zh: 受理, en: Accept it }, by: [clerk] } }
clocks:
  review:
    title: { zh: 审查, en: Review }
    effect: promised
    budget: within 20 working days
    start: entering received
    stop: leaving received
    warn: [50%]
states:
  received:
    title: { zh: 已收件, en: Received }
    on: { accept: accepted }
    after: [{ delay: 10000h, to: accepted }]
  accepted: { title: { zh: 已受理, en: Accepted }, final: true }
";

fn opening(engine: &Engine, title: &str) -> Command {
    Command {
        id: engine.new_command_id(),
        case: engine.new_case_id(),
        actor: Actor::new("lin", "林", "clerk"),
        seen_revision: None,
        effective_at: None,
        act: Act::Open {
            workflow: "permit".into(),
            version: None,
            title: title.into(),
            data: Data::new(),
        },
    }
}

/// Opens a case in a directory, which is made when it is not there.
pub(crate) fn open_case(data: &Path, title: &str) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = SledStore::open(data.join("store"), SledOptions::default()).unwrap();
        let engine = Engine::open(Arc::new(store), EngineOptions::default())
            .await
            .unwrap();
        engine.publish_calendar(CALENDAR).await.unwrap();
        engine.publish_workflow(WORKFLOW).await.unwrap();
        let opening = opening(&engine, title);
        engine.submit(opening).await.unwrap();
        engine.shutdown().await.unwrap();
    });
}

pub(crate) fn accounts(data: &Path) -> String {
    let accounts = data.join("accounts.json");
    let ran = run(&[
        "user",
        "add",
        "--accounts",
        text(&accounts),
        "--id",
        "tester",
        "--name",
        "测试",
        "--role",
        "clerk",
        "--token",
    ]);
    assert_eq!(ran.status, 0, "{ran:?}");
    ran.out.lines().last().unwrap().to_owned()
}

/// Everything that can be asked of a directory, positions and cursors left out.
#[derive(Debug, PartialEq)]
pub(crate) struct Contents {
    pub(crate) records: Vec<Record>,
    states: Vec<(u64, Vec<u8>)>,
    timers: Vec<DueTimer>,
    pages: Vec<Page>,
    definitions: Vec<(String, Vec<u8>)>,
}

pub(crate) fn contents(data: &Path) -> Contents {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = SledStore::open(data.join("store"), SledOptions::default()).unwrap();
        let mut records = store.read_all(Position::START, 10_000).await.unwrap();
        let mut states = Vec::new();
        for record in &mut records {
            record.position = Position::START;
            let snapshot = store.load(record.case).await.unwrap().unwrap();
            states.push((snapshot.revision, snapshot.state));
        }
        let mut pages = Vec::new();
        for (name, value) in [("status", "open"), ("workflow", "permit")] {
            pages.push(
                store
                    .query(&Query::all(1_000).with(name, value))
                    .await
                    .unwrap(),
            );
        }
        let mut definitions = Vec::new();
        for key in store.list_metadata("", "", 1_000).await.unwrap() {
            let value = store.metadata(&key).await.unwrap().unwrap();
            definitions.push((key, value));
        }
        let timers = store.due_timers(i64::MAX, None, 10_000).await.unwrap();
        store.close().await.unwrap();
        Contents {
            records,
            states,
            timers,
            pages,
            definitions,
        }
    })
}

#[test]
fn what_is_restored_is_what_was_backed_up_and_opens() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    let again = folder.path().join("again");
    for title in ["Machine works", "Paper mill", "Dye works"] {
        open_case(&data, title);
    }
    accounts(&data);
    let first = back_up(&data, &backup);
    assert_eq!(first.status, 0, "{first:?}");
    let records = first.json()["records"].as_u64().unwrap();
    assert!(records >= 3);
    open_case(&data, "Glass works");
    let second = back_up(&data, &backup).json();
    assert!(second["added"].as_u64().unwrap() >= 1);
    assert_eq!(
        second["added"].as_u64().unwrap() + records,
        second["records"].as_u64().unwrap()
    );
    assert_eq!(second["accounts"], true);

    let restored = restore(&backup, &again);
    assert_eq!(restored.status, 0, "{restored:?}");
    assert_eq!(restored.json()["cases"], 4);
    assert_eq!(restored.json()["records"], second["records"]);
    assert_eq!(
        fs::read(again.join("accounts.json")).unwrap(),
        fs::read(data.join("accounts.json")).unwrap()
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(again.join("accounts.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let (before, now) = (contents(&data), contents(&again));
    assert_eq!(now, before);
    assert_eq!((before.pages[0].total, before.pages[1].total), (4, 4));
    assert!(before.timers.len() > 4);

    let server = Served::start(&again, &[]);
    assert_eq!(server.stop(), 0);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = SledStore::open(again.join("store"), SledOptions::default()).unwrap();
        let engine = Engine::open(Arc::new(store), EngineOptions::default())
            .await
            .unwrap();
        engine.shutdown().await.unwrap();
    });
}

#[test]
fn a_restore_goes_into_an_empty_directory_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    open_case(&data, "Machine works");
    assert_eq!(back_up(&data, &backup).status, 0);
    let refused = restore(&backup, &data);
    assert_eq!(refused.status, 2);
    assert!(
        refused.err.contains("error[directory-not-empty]"),
        "{refused:?}"
    );
    // What a restore that was cut short left behind is made anew.
    let again = folder.path().join("again");
    fs::create_dir_all(again.join("store.restoring")).unwrap();
    fs::write(again.join("store.restoring/format"), "half").unwrap();
    fs::write(again.join("accounts.json"), "[]").unwrap();
    let restored = restore(&backup, &again);
    assert_eq!(restored.status, 0, "{restored:?}");
    assert!(!again.join("store.restoring").exists());
    assert_eq!(contents(&again), contents(&data));
}

#[test]
fn a_damaged_backup_is_named_and_nothing_is_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    open_case(&data, "Machine works");
    assert_eq!(back_up(&data, &backup).status, 0);
    for entry in fs::read_dir(&backup).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "lock" {
            continue;
        }
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(&path, bytes).unwrap();
        let refused = restore(&backup, &folder.path().join("again"));
        assert_eq!(refused.status, 2, "{name}: {refused:?}");
        assert!(refused.err.contains("error[backup-damaged]"), "{refused:?}");
        assert!(refused.err.contains(&name), "{refused:?}");
        assert!(!folder.path().join("again").exists());
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn a_backup_of_a_directory_that_is_served_is_refused_and_the_archive_of_the_server_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let (data, archive) = (folder.path().join("data"), folder.path().join("archive"));
    open_case(&data, "Dye works");
    let token = accounts(&data);
    let server = Served::start(&data, &["--archive", text(&archive)]);
    let refused = back_up(&data, &folder.path().join("backup"));
    assert!(refused.err.contains("error[store-in-use]"), "{refused:?}");

    let case = uuid::Uuid::new_v4();
    let body = format!("{{\"workflow\":\"permit\",\"title\":\"Machine works\",\"id\":\"{case}\"}}");
    let status = crate::crash::post(
        &server.address,
        &token,
        "/cases",
        uuid::Uuid::new_v4(),
        &body,
    );
    assert_eq!(status, Some(201));
    // It is there within seconds, and stays when the server and its directory are lost.
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let backup = Backup::open(&archive).unwrap();
        if backup.manifest().journal.count > 1 {
            break;
        }
        assert!(Instant::now() < deadline, "nothing was archived");
        std::thread::sleep(Duration::from_millis(100));
    }
    server.kill();
    let again = folder.path().join("again");
    let restored = restore(&archive, &again);
    assert_eq!(restored.status, 0, "{restored:?}");
    assert_eq!(restored.json()["accounts"], true);
    assert!(
        contents(&again)
            .records
            .iter()
            .any(|record| record.case == case)
    );

    // The next server goes on with it, and one that is stopped in order leaves nothing out.
    let server = Served::start(&data, &["--archive", text(&archive)]);
    let command = uuid::Uuid::new_v4();
    let path = format!("/cases/{case}/comments");
    let status = crate::crash::post(&server.address, &token, &path, command, "{\"text\":\"x\"}");
    assert!(matches!(status, Some(200 | 201)), "{status:?}");
    assert_eq!(server.stop(), 0);
    let backup = Backup::open(&archive).unwrap();
    backup.check().unwrap();
    assert!(
        backup
            .records()
            .any(|record| record.unwrap().command == command)
    );
    // The archive of another directory is not written to.
    let other = folder.path().join("other");
    open_case(&other, "Paper mill");
    let refused = back_up(&other, &archive);
    assert!(
        refused.err.contains("error[backup-other-journal]"),
        "{refused:?}"
    );
}

/// `GROUNDBREAK_RESTORED` says how many cases; 1,000 without it.
#[cfg(target_os = "linux")]
#[test]
fn a_restore_holds_few_of_the_cases_in_memory() {
    let set = std::env::var("GROUNDBREAK_RESTORED");
    let cases: u64 = set.map_or(1_000, |cases| cases.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (backup, again) = (folder.path().join("backup"), folder.path().join("again"));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let engine = Engine::open(Arc::clone(&store), EngineOptions::default())
            .await
            .unwrap();
        engine.publish_calendar(CALENDAR).await.unwrap();
        engine.publish_workflow(WORKFLOW).await.unwrap();
        let mut opened = Vec::new();
        for _ in 0..cases {
            let opening = opening(&engine, "Machine works");
            let case = opening.case;
            // Among very many of one day, a number is taken now and then.
            if engine.submit(opening).await.is_ok() {
                opened.push(case);
            }
        }
        // Most of them are not held any more when they go on.
        for case in opened {
            let act = Act::Fire {
                event: "accept".into(),
                data: Data::new(),
                note: None,
            };
            let accepting = Command {
                case,
                act,
                ..opening(&engine, "")
            };
            engine.submit(accepting).await.unwrap();
        }
        let mut archive = Archive::open(&backup, "groundbreak test").unwrap();
        archive.follow(store.as_ref()).await.unwrap();
    });
    let began = Instant::now();
    let mut restoring =
        crate::program::start(&["restore", "--from", text(&backup), "--data", text(&again)]);
    let status = format!("/proc/{}/status", restoring.id());
    let mut peak_kib = 0;
    while restoring.try_wait().unwrap().is_none() {
        let told = fs::read_to_string(&status).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak_kib = kib.unwrap_or(0).max(peak_kib);
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(restoring.wait().unwrap().success());
    let took = began.elapsed().as_secs_f64();
    println!(
        "{cases} cases, {} records: {} MiB, {took:.1} s",
        2 * cases,
        peak_kib >> 10
    );
    assert!(peak_kib > 0 && peak_kib < 2 << 20, "{peak_kib} KiB");
}
