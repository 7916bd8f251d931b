use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use groundbreak_engine::{Engine, EngineOptions};
use groundbreak_server::{Accounts, ServerOptions, router};
use tokio::net::TcpListener;

use crate::archiving::Archiving;
use crate::definitions::{self, DefinitionFile, read_text};
use crate::directory;
use crate::host::{self, StopSignal};
use crate::papers;
use crate::screen::Screen;
use crate::signing::Signing;
use crate::trouble::{Outcome, Trouble};

/// More than the most accounts a file may hold take.
const ACCOUNTS_BYTES_MAX: u64 = 16 << 20;

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak serve --data /var/lib/groundbreak --listen 127.0.0.1:8404"
)]
pub(crate) struct Arguments {
    /// Data directory; made if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:8404", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// File of accounts. Without it, accounts.json in the data directory
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// Folder of calendars, workflows and blocks laid over the shipped ones, and of measures and a register of the district to show; may be repeated, the later over the earlier
    #[arg(long, value_name = "DIR")]
    workflows: Vec<PathBuf>,
    /// Back up into this directory all the time, a second or two behind; `restore` takes it
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// Where papers are kept: a folder, or s3://BUCKET/FOLDER with the AWS_… settings of the environment. Without it, papers in the data directory
    #[arg(long, value_name = "PLACE")]
    papers: Option<String>,
    /// Browsers reach the desk over HTTPS alone, by a proxy in front of it
    #[arg(long)]
    https: bool,
}

pub(crate) async fn run(arguments: Arguments, screen: &mut Screen) -> Result<Outcome> {
    host::log();
    let accounts_path = arguments
        .accounts
        .unwrap_or_else(|| directory::accounts_path(&arguments.data));
    let accounts = read_accounts(&accounts_path)?;
    let definitions = DefinitionFile::overlaid(&arguments.workflows)?;
    let (mut measures, mut districts) = (Vec::new(), Vec::new());
    for folder in &arguments.workflows {
        measures.extend(DefinitionFile::read_measures(folder)?);
        districts.extend(DefinitionFile::read_districts(folder)?);
    }
    // Taken before the data is opened: recovering takes a while, a taken port does not.
    let listener = TcpListener::bind(arguments.listen)
        .await
        .map_err(|source| Trouble::CannotListen {
            address: arguments.listen.to_string(),
            source,
        })?;
    let address = listener.local_addr().unwrap_or(arguments.listen);
    if !address.ip().is_loopback() && !arguments.https {
        let warning = screen.word(
            "注意：正在监听本机以外的地址，而 HTTP 不加密，密码可被窃听。请在前面设置 HTTPS 代理，并加 --https。",
            "Note: this listens beyond this machine, and HTTP is not encrypted: passwords can be overheard. Put an HTTPS proxy in front, and add --https.",
        );
        eprintln!("{}", screen.yellow(warning));
    }
    let stop = StopSignal::listen()?;
    let papers = match &arguments.papers {
        Some(place) => papers::at(place)?,
        None => papers::in_directory(&arguments.data)?,
    };
    let store = directory::create(&arguments.data)?;
    let engine = Engine::open(Arc::clone(&store), EngineOptions::default()).await?;
    definitions::publish(&engine, &definitions).await?;
    let archiving = match arguments.archive {
        Some(path) => Some(Archiving::start(path, Arc::clone(&store), accounts_path).await?),
        None => None,
    };
    let signing = Signing::start(arguments.data, store)?;
    let mut options = ServerOptions::new(accounts);
    options.https = arguments.https;
    options.papers = Some(papers);
    options.measures = definitions::measures(&measures, &engine.workflows())?;
    let district = districts.last();
    options.district = district
        .map(|file| definitions::district(file, &engine.workflows()))
        .transpose()?;
    let router = router(engine.clone(), options);
    screen.line(format!(
        "{} http://{address}/",
        screen.word("正在服务", "Serving at")
    ))?;
    screen.flush()?;
    host::serve(listener, router, engine, archiving, signing, stop).await?;
    screen.line(screen.word("已停止。", "Stopped."))?;
    Ok(Outcome::Good)
}

/// Reads who may sign in. A desk that nobody could enter is not served.
fn read_accounts(path: &Path) -> Result<Accounts> {
    if !path.exists() {
        return Err(Trouble::NoAccounts {
            path: path.to_owned(),
        }
        .into());
    }
    let accounts = Accounts::read(&read_text(path, ACCOUNTS_BYTES_MAX)?).map_err(|error| {
        Trouble::BadAccounts {
            path: path.to_owned(),
            problem: error.to_string(),
        }
    })?;
    if accounts.is_empty() {
        return Err(Trouble::NoAccounts {
            path: path.to_owned(),
        }
        .into());
    }
    Ok(accounts)
}
