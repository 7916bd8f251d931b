use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use groundbreak_engine::{Engine, EngineOptions};
use groundbreak_server::{Account, Accounts, ApiToken, ServerOptions, router};
use groundbreak_store::{Append, Store};
use groundbreak_workflow::CaseId;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::closed_loop::{Client, Measured, measure};
use super::connection::Connection;
use super::figures::{Report, Row, Times, progress, ratio};
use super::limit::{PlainFile, syncs};
use super::standard_case::{self, EVENTS, ROLE, STANDARD, TITLE};
use super::temporary;
use crate::directory;
use crate::screen::{Format, Screen};
use crate::trouble::Outcome;

/// How many single syncs are timed for their median.
const SYNCS: usize = 100;

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak bench case --clients 1,64 --seconds 5 --directory /var/lib/groundbreak"
)]
pub(crate) struct Arguments {
    /// How many clients work at once; one row for each number, 1 to 1024
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', default_value = "1,8,64,256",
        value_parser = clap::value_parser!(u32).range(1..=1024))]
    clients: Vec<u32>,
    /// How long is measured for each row, and as long again for the limit of the disk
    #[arg(long, value_name = "SECONDS", default_value_t = 5,
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How the clients reach the engine
    #[arg(long, value_enum, default_value_t)]
    over: Over,
    /// Folder on the disk to measure; what is made in it is removed again
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How clients reach the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Over {
    /// They call it.
    #[default]
    InProcess,
    /// Through the server, on kept connections within this machine.
    Http,
    /// Not at all: they append to the store what the engine would have decided.
    Store,
}

#[derive(Serialize)]
struct Figures {
    over: Over,
    clients: u32,
    operations_per_second: u64,
    limit_operations_per_second: u64,
    ratio_to_limit: f64,
    /// How long the record and the state of an operation are, on average.
    record_bytes: usize,
    state_bytes: usize,
    p50_ms: f64,
    p99_ms: f64,
    fdatasync_p50_ms: f64,
    operations: usize,
    seconds: u64,
}

impl Row for Figures {
    const BENCH: &'static str = "case";

    fn columns(screen: &Screen) -> Vec<&str> {
        vec![
            screen.word("客户端", "clients"),
            screen.word("操作/秒", "operations/s"),
            screen.word("磁盘极限/秒", "limit of the disk/s"),
            screen.word("比值", "ratio"),
            "p50 ms",
            "p99 ms",
            screen.word("单次 fdatasync p50 ms", "one fdatasync p50 ms"),
        ]
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.clients.to_string(),
            self.operations_per_second.to_string(),
            self.limit_operations_per_second.to_string(),
            format!("{:.3}", self.ratio_to_limit),
            format!("{:.2}", self.p50_ms),
            format!("{:.2}", self.p99_ms),
            format!("{:.2}", self.fdatasync_p50_ms),
        ]
    }
}

pub(super) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Outcome> {
    let folder = temporary(arguments.directory.as_ref())?;
    let (record_bytes, state_bytes) = bytes_a_command()?;
    let bytes = record_bytes + state_bytes;
    let mut report = Report::begin::<Figures>(arguments.format, screen);
    for (number, clients) in (0_usize..).zip(&arguments.clients) {
        progress(
            screen,
            &format!("{clients} 个客户端……"),
            &format!("{clients} clients…"),
        );
        let at = folder.path().join(number.to_string());
        std::fs::create_dir(&at)?;
        let window = Duration::from_secs(arguments.seconds);
        let limit_of = async |name| {
            let file = PlainFile::create(&at.join(name))?;
            let clients = (0..*clients).map(|_| Appender {
                file: file.clone(),
                bytes,
            });
            measure(clients.collect(), window / 2).await
        };
        let alone = Times::new(syncs(&at.join("syncs"), bytes, SYNCS)?);
        let before = limit_of("before").await?;
        let ours = cases(&at.join("data"), *clients, arguments.over, window).await?;
        let after = limit_of("after").await?;
        let limit = before.per_second.midpoint(after.per_second);
        let row = Figures {
            over: arguments.over,
            clients: *clients,
            operations_per_second: ours.per_second,
            limit_operations_per_second: limit,
            ratio_to_limit: ratio(ours.per_second, limit),
            record_bytes,
            state_bytes,
            p50_ms: ours.times.ms(50),
            p99_ms: ours.times.ms(99),
            fdatasync_p50_ms: alone.ms(50),
            operations: ours.times.len(),
            seconds: arguments.seconds,
        };
        report.add(&row, screen)?;
        std::fs::remove_dir_all(&at)?;
    }
    report.end(screen)?;
    Ok(Outcome::Good)
}

/// Returns how long the record and the state of a command of a standard case are, on average.
fn bytes_a_command() -> Result<(usize, usize)> {
    let appends = standard_case::appends()?;
    let mean =
        |bytes: fn(&Append) -> usize| appends.iter().map(bytes).sum::<usize>() / appends.len();
    Ok((mean(|it| it.record.len()), mean(|it| it.state.len())))
}

/// Who appends to the plain file.
struct Appender {
    file: PlainFile,
    bytes: usize,
}

impl Client for Appender {
    async fn next(&mut self) -> Result<bool> {
        self.file.append(vec![0x5a; self.bytes]).await?;
        Ok(true)
    }
}

/// Measures standard cases on a new data directory.
async fn cases(data: &Path, clients: u32, over: Over, window: Duration) -> Result<Measured> {
    let store = directory::create(data)?;
    if over == Over::Store {
        let appends = Arc::new(standard_case::appends()?);
        let clerks = (0..clients).map(|_| {
            let (store, appends) = (Arc::clone(&store), Arc::clone(&appends));
            Clerk::new(Desk::Store(store, appends))
        });
        let measured = measure(clerks.collect(), window).await;
        store.close().await?;
        return measured;
    }
    let engine = Engine::open(store, EngineOptions::default()).await?;
    standard_case::publish(&engine).await?;
    let measured = if over == Over::Http {
        let served = Served::start(engine.clone()).await?;
        let mut clerks = Vec::new();
        for _ in 0..clients {
            let connection = Connection::open(served.address, &served.token).await?;
            clerks.push(Clerk::new(Desk::Server(connection)));
        }
        let measured = measure(clerks, window).await;
        served.task.abort();
        measured
    } else {
        let clerks = (0..clients).map(|_| Clerk::new(Desk::Engine(engine.clone())));
        measure(clerks.collect(), window).await
    };
    engine.shutdown().await?;
    measured
}

/// The server, on a free port of this machine.
struct Served {
    address: SocketAddr,
    token: String,
    task: JoinHandle<()>,
}

impl Served {
    async fn start(engine: Engine) -> Result<Self> {
        let token = ApiToken::create().context("the machine gave no random numbers")?;
        let actor = standard_case::actor();
        let accounts = Accounts::of(vec![Account {
            id: actor.id,
            name: actor.name,
            name_en: None,
            roles: BTreeSet::from([ROLE.to_owned()]),
            department: None,
            password: None,
            token_sha256: Some(token.sha256),
        }])?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = router(engine, ServerOptions::new(accounts));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the measured server failed");
            }
        });
        Ok(Self {
            address,
            token: token.secret,
            task,
        })
    }
}

/// Where a clerk gives commands.
pub(super) enum Desk {
    Engine(Engine),
    Server(Connection),
    /// With what is appended for each command of a case.
    Store(Arc<dyn Store>, Arc<Vec<Append>>),
}

/// Who carries one standard case after the other from its opening to its end, and then reads it.
pub(super) struct Clerk {
    desk: Desk,
    case: CaseId,
    /// How many commands of the case are done.
    done: usize,
}

impl Clerk {
    pub(super) fn new(desk: Desk) -> Self {
        Self {
            desk,
            case: CaseId(Uuid::now_v7()),
            done: 0,
        }
    }

    fn begin_another(&mut self) {
        self.case = CaseId(Uuid::now_v7());
        self.done = 0;
    }
}

impl Client for Clerk {
    async fn next(&mut self) -> Result<bool> {
        if self.done > EVENTS.len() {
            self.desk.read(self.case).await?;
            self.begin_another();
            return Ok(false);
        }
        if self.done == 0 {
            self.desk.open(self.case).await?;
        } else {
            self.desk.fire(self.case, self.done).await?;
        }
        self.done += 1;
        Ok(true)
    }
}

impl Desk {
    async fn open(&mut self, case: CaseId) -> Result<()> {
        match self {
            Self::Engine(engine) => {
                let opening = standard_case::opening(STANDARD, case, engine.new_command_id());
                engine.submit(opening).await?;
            }
            Self::Server(connection) => {
                let body =
                    format!(r#"{{"workflow":"{STANDARD}","title":"{TITLE}","id":"{case}"}}"#);
                let status = connection.send("POST", "/cases", &body).await?;
                if status != 201 {
                    bail!("the server answered {status} to an opening");
                }
            }
            Self::Store(store, appends) => {
                append(store.as_ref(), appends, case, 0).await?;
            }
        }
        Ok(())
    }

    /// Gives the command that comes after `done` others.
    async fn fire(&mut self, case: CaseId, done: usize) -> Result<()> {
        let event = EVENTS.get(done - 1).context("a case has ended")?;
        match self {
            Self::Engine(engine) => {
                let firing = standard_case::firing(event, case, engine.new_command_id());
                engine.submit(firing).await?;
            }
            Self::Server(connection) => {
                let body = format!(r#"{{"event":"{event}"}}"#);
                let path = format!("/cases/{case}/events");
                let status = connection.send("POST", &path, &body).await?;
                if status != 200 {
                    bail!("the server answered {status} to {event}");
                }
            }
            Self::Store(store, appends) => append(store.as_ref(), appends, case, done).await?,
        }
        Ok(())
    }

    async fn read(&mut self, case: CaseId) -> Result<()> {
        match self {
            Self::Engine(engine) => {
                engine.situation(case).await?.context("a case is gone")?;
            }
            Self::Server(connection) => {
                let status = connection
                    .send("GET", &format!("/cases/{case}"), "")
                    .await?;
                if status != 200 {
                    bail!("the server answered {status} to a reading");
                }
            }
            Self::Store(store, _) => {
                store.load(case.0).await?.context("a case is gone")?;
            }
        }
        Ok(())
    }
}

/// Appends, to a case of its own, what is written for one of the commands.
async fn append(store: &dyn Store, appends: &[Append], case: CaseId, done: usize) -> Result<()> {
    let append = Append {
        case: case.0,
        command: Uuid::now_v7(),
        ..appends.get(done).context("a case has ended")?.clone()
    };
    store.append(append).await?;
    Ok(())
}
