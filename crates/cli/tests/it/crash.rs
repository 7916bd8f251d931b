//! Kills the real server at random moments under load, and looks at what it left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;
use std::time::Duration;

use groundbreak_engine::{Engine, EngineOptions, SystemTime, TimeSource};
use groundbreak_store::Position;
use groundbreak_store_sled::{SledOptions, SledStore};
use groundbreak_workflow::{Case, CaseId, Commit, Entry};
use uuid::Uuid;

use crate::program::{Served, run};

/// Timers and a clock of seconds, so that some fall due while nothing runs.
const WORKFLOW: &str = "\
workflow: ticking
version: 1
title: { zh: 嘀嗒, en: Ticking }
calendar: pengjiang
roles:
  tester: { title: { zh: 测试, en: Tester } }
events:
  wind: { title: { zh: 上弦, en: Wind it up }, by: [tester] }
  end: { title: { zh: 结束, en: End it }, by: [tester] }
clocks:
  pace:
    title: { zh: 快慢, en: Pace }
    effect: internal
    budget: under 2s
    start: entering ticking
    stop: leaving ticking
    warn: [50%]
states:
  still:
    title: { zh: 静止, en: Still }
    on: { wind: ticking, end: ended }
  ticking:
    title: { zh: 走动, en: Ticking }
    after: [{ delay: 1s, to: struck }]
  struck:
    title: { zh: 已报时, en: Struck }
    on: { wind: ticking, end: ended }
  ended: { title: { zh: 已结束, en: Ended }, final: true }
";

const CLIENTS: usize = 6;

/// Commands that were acknowledged, by case.
type Acknowledged = Arc<Mutex<BTreeMap<Uuid, BTreeSet<Uuid>>>>;

/// One request over a connection of its own; `None` when the server went away.
pub(crate) fn post(
    address: &str,
    token: &str,
    path: &str,
    command: Uuid,
    body: &str,
) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let length = body.len();
    let request = format!(
        "POST /api/v1{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {command}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer);
    let head = String::from_utf8_lossy(&answer);
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    // An answer that was cut off after its head is an answer nevertheless.
    ended.map_or(Some(status), |_| Some(status))
}

/// Sends commands until told to stop. One whose answer was lost is sent again, with the same id.
fn client(address: &RwLock<String>, token: &str, acknowledged: &Acknowledged, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        let case = Uuid::new_v4();
        let open = format!("{{\"workflow\":\"ticking\",\"title\":\"示例\",\"id\":\"{case}\"}}");
        let mut commands = vec![("/cases".to_owned(), open)];
        for text in ["一", "二", "三"] {
            commands.push((
                format!("/cases/{case}/comments"),
                format!("{{\"text\":\"{text}\"}}"),
            ));
            commands.push((
                format!("/cases/{case}/events"),
                "{\"event\":\"wind\"}".to_owned(),
            ));
        }
        for (path, body) in commands {
            let command = Uuid::new_v4();
            let status = loop {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let address = address.read().unwrap().clone();
                match post(&address, token, &path, command, &body) {
                    // Busy, or stopping: the same again.
                    None | Some(503) => thread::sleep(Duration::from_millis(20)),
                    Some(status) => break status,
                }
            };
            match status {
                200 | 201 => {
                    acknowledged
                        .lock()
                        .unwrap()
                        .entry(case)
                        .or_default()
                        .insert(command);
                }
                // It ticks already.
                409 => {}
                other => panic!("{path} {body}: {other}"),
            }
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_timers_fire_once_however_often_the_server_is_killed() {
    let kills: u32 = std::env::var("GROUNDBREAK_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(5);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let workflows = folder.path().join("workflows");
    fs::create_dir_all(&workflows).unwrap();
    fs::write(workflows.join("ticking.yaml"), WORKFLOW).unwrap();
    let accounts = folder.path().join("accounts.json");
    let accounts = accounts.to_str().unwrap();
    let added = run(&[
        "user",
        "add",
        "--accounts",
        accounts,
        "--id",
        "tester",
        "--name",
        "测试",
        "--role",
        "tester",
        "--token",
    ]);
    let token = added.out.lines().last().unwrap().to_owned();
    let start = || {
        Served::start(
            &data,
            &[
                "--accounts",
                accounts,
                "--workflows",
                workflows.to_str().unwrap(),
            ],
        )
    };

    let mut server = start();
    let address = Arc::new(RwLock::new(server.address.clone()));
    let acknowledged = Acknowledged::default();
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (address, acknowledged, stop) = (
                Arc::clone(&address),
                Arc::clone(&acknowledged),
                Arc::clone(&stop),
            );
            let token = token.clone();
            thread::spawn(move || client(&address, &token, &acknowledged, &stop))
        })
        .collect();
    for kill in 0..kills {
        // Random bits of a UUID choose the moment.
        thread::sleep(Duration::from_millis(
            100 + u64::try_from(Uuid::new_v4().as_u128() % 900).unwrap(),
        ));
        server.kill();
        if kill + 1 == kills {
            stop.store(true, Ordering::SeqCst);
            break;
        }
        server = start();
        address.write().unwrap().clone_from(&server.address);
    }
    for client in clients {
        client.join().unwrap();
    }
    // Long enough that what was armed last falls due while nothing runs.
    thread::sleep(Duration::from_secs(3));
    let acknowledged = acknowledged.lock().unwrap().clone();
    verify(&data, &acknowledged);
}

fn verify(data: &Path, acknowledged: &BTreeMap<Uuid, BTreeSet<Uuid>>) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = SledStore::open(data.join("store"), SledOptions::default()).unwrap();
        let opened_at = SystemTime.now();
        // The engine fires what fell due meanwhile before it is there.
        let engine = Engine::open(Arc::new(store), EngineOptions::default())
            .await
            .unwrap();
        let mut journals: BTreeMap<CaseId, Vec<Commit>> = BTreeMap::new();
        let mut after = Position::START;
        loop {
            let commits = engine.commits(after, 1_000).await.unwrap();
            let Some(last) = commits.last() else { break };
            after = last.position;
            for recorded in commits {
                journals
                    .entry(recorded.commit.case)
                    .or_default()
                    .push(recorded.commit);
            }
        }
        let commands: usize = acknowledged.values().map(BTreeSet::len).sum();
        assert!(commands > 50, "only {commands} commands were acknowledged");
        for (case, commands) in acknowledged {
            let journal = journals
                .get(&CaseId(*case))
                .map(Vec::as_slice)
                .unwrap_or_default();
            for command in commands {
                let times = journal
                    .iter()
                    .filter(|commit| commit.command.0 == *command)
                    .count();
                assert_eq!(times, 1, "command {command} of case {case}");
            }
        }
        let mut late = 0;
        for (id, journal) in &journals {
            let revisions: Vec<u64> = journal.iter().map(|commit| commit.revision).collect();
            assert_eq!(
                revisions,
                (1..=journal.len() as u64).collect::<Vec<_>>(),
                "case {id}"
            );
            let folded = Case::fold(journal).unwrap().unwrap();
            let read = engine.case(*id).await.unwrap().unwrap();
            assert_eq!(*read, folded, "case {id}");
            late += check_timers(&folded, journal, opened_at.as_millis());
        }
        assert!(late > 0, "no timer fell due while nothing ran");
        println!(
            "{} cases, {commands} acknowledged commands, {late} late timers",
            journals.len()
        );
        engine.shutdown().await.unwrap();
    });
}

/// Every timer fired once for each time it fell due, none is overdue, and those that fired late
/// say so. Returns how many were late.
fn check_timers(case: &Case, journal: &[Commit], opened_at: i64) -> usize {
    let mut fired = BTreeSet::new();
    let mut late = 0;
    for commit in journal {
        for entry in &commit.entries {
            let Entry::TimerFired {
                timer,
                due_at,
                late_ms,
            } = entry
            else {
                continue;
            };
            assert!(
                fired.insert((timer.clone(), *due_at)),
                "{timer} of case {} fired twice",
                case.id
            );
            let lateness = commit.recorded_at.millis_since(*due_at);
            assert_eq!(
                late_ms.is_some(),
                lateness > Entry::LATE_MS,
                "{timer} of case {}",
                case.id
            );
            late += usize::from(late_ms.is_some());
        }
    }
    for (timer, due_at) in &case.armed {
        assert!(
            due_at.as_millis() > opened_at,
            "{timer} of case {} is overdue",
            case.id
        );
    }
    late
}
