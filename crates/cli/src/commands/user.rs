use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use groundbreak_server::{Account, Accounts, ApiToken, PasswordError, hash_password};
use groundbreak_workflow::Text;

use crate::definitions::read_text;
use crate::screen::Screen;
use crate::trouble::{Outcome, Trouble};

const ACCOUNTS_BYTES_MAX: u64 = 16 << 20;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add an account; the password is asked for, or read from standard input
    Add(AddArguments),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak user add --accounts accounts.json --id lin --name 林 --role window_clerk"
)]
pub(crate) struct AddArguments {
    /// File of accounts; made if it is not there
    #[arg(long, value_name = "FILE")]
    accounts: PathBuf,
    /// What the journal calls the account: letters, digits and -_.@
    #[arg(long)]
    id: String,
    /// Name, as screens show it
    #[arg(long)]
    name: String,
    /// Role, by the name a workflow gives it; may be given several times
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<String>,
    /// Department
    #[arg(long)]
    department: Option<String>,
    /// Make an API token instead of a password, and print it this once
    #[arg(long)]
    token: bool,
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    match command {
        Command::Add(arguments) => add(arguments, screen),
    }
}

fn add(arguments: AddArguments, screen: &mut Screen) -> Result<Outcome> {
    let path = &arguments.accounts;
    let mut accounts = read(path)?;
    if accounts.iter().any(|account| account.id == arguments.id) {
        return Err(Trouble::AccountExists { id: arguments.id }.into());
    }
    let mut account = Account {
        id: arguments.id,
        name: arguments.name,
        name_en: None,
        roles: arguments.roles.into_iter().collect::<BTreeSet<_>>(),
        department: arguments.department,
        password: None,
        token_sha256: None,
    };
    // Everything but the secret is checked before anybody types one.
    check(path, &accounts, &account)?;
    let mut secret = None;
    if arguments.token {
        let token =
            ApiToken::create().map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
        account.token_sha256 = Some(token.sha256);
        secret = Some(token.secret);
    } else {
        let password = read_password(screen)?;
        account.password = Some(hash_password(&password).map_err(bad_password)?);
    }
    check(path, &accounts, &account)?;
    let id = account.id.clone();
    accounts.push(account);
    write(path, &accounts)?;
    screen.say(&Text::new(
        format!("已将账号“{id}”写入 {}。", path.display()),
        format!("Account \"{id}\" was written to {}.", path.display()),
    ))?;
    if let Some(secret) = secret {
        screen.line(screen.word("API 令牌（只显示这一次）：", "API token (shown this once):"))?;
        screen.line(secret)?;
    }
    Ok(Outcome::Good)
}

fn bad_password(error: PasswordError) -> Trouble {
    let zh = match error {
        PasswordError::TooShort => "密码至少 12 个字符。".to_owned(),
        PasswordError::TooLong => "密码过长，最多 256 字节。".to_owned(),
        ref other => format!("密码未能处理：{other}。"),
    };
    Trouble::BadPassword {
        problem: Text::new(zh, format!("{error}.")),
    }
}

fn read(path: &Path) -> Result<Vec<Account>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = read_text(path, ACCOUNTS_BYTES_MAX)?;
    serde_json::from_str(&text).map_err(|error| {
        Trouble::BadAccounts {
            path: path.to_owned(),
            problem: error.to_string(),
        }
        .into()
    })
}

fn check(path: &Path, accounts: &[Account], account: &Account) -> Result<()> {
    let mut all = accounts.to_vec();
    all.push(account.clone());
    Accounts::of(all).map_err(|error| Trouble::BadAccounts {
        path: path.to_owned(),
        problem: error.to_string(),
    })?;
    Ok(())
}

/// Writes the file beside its place, readable by its owner alone, and puts it there in one step:
/// at no moment is there half a file.
fn write(path: &Path, accounts: &[Account]) -> Result<()> {
    let unwritable = |source| Trouble::Unwritable {
        path: path.to_owned(),
        source,
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(unwritable)?;
    // A temporary file has mode 0600 from its first moment.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    serde_json::to_writer_pretty(&mut file, accounts)
        .context("the accounts could not be written as JSON")?;
    file.write_all(b"\n").map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    file.persist(path)
        .map_err(|error| unwritable(error.error))?;
    // The new name is durable when the folder is.
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(unwritable)?;
    Ok(())
}

/// Reads a password: twice and unseen from a terminal, one line from anything else.
fn read_password(screen: &Screen) -> Result<String> {
    if !io::stdin().is_terminal() {
        return read_line();
    }
    let hidden = Echo::off();
    if hidden.is_none() {
        eprintln!(
            "{}",
            screen.word(
                "注意：此终端会显示输入内容。",
                "Note: this terminal shows what you type."
            )
        );
    }
    let first = ask(screen.word("密码：", "Password: "))?;
    let second = ask(screen.word("再输一次：", "Again: "))?;
    drop(hidden);
    if first != second {
        let problem = Text::new("两次输入不一致。", "The two do not agree.");
        return Err(Trouble::BadPassword { problem }.into());
    }
    Ok(first)
}

fn ask(question: &str) -> Result<String> {
    eprint!("{question}");
    io::stderr().flush().context("the terminal went away")?;
    let line = read_line()?;
    eprintln!();
    Ok(line)
}

fn read_line() -> Result<String> {
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .context("the password could not be read")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// A terminal that does not show what is typed, until this is dropped.
///
/// A shell holds the terminal meanwhile, and turns it back when its input ends: when this is
/// dropped, and when this process is ended by Ctrl-C or otherwise.
struct Echo {
    shell: std::process::Child,
}

impl Echo {
    fn off() -> Option<Self> {
        let script =
            "trap '' INT; stty -echo </dev/tty && echo off; read -r _; stty echo </dev/tty";
        let mut shell = Program::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut said = String::new();
        let off = io::BufReader::new(shell.stdout.take()?)
            .read_line(&mut said)
            .is_ok()
            && said.trim() == "off";
        let echo = Self { shell };
        off.then_some(echo)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // Its end of input is what the shell waits for.
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
