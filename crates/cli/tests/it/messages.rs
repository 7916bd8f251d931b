use std::fs;
use std::path::Path;

use crate::program::{Ran, Served, run, run_with};

const OPEN: [&str; 10] = [
    "case",
    "open",
    "company-registration",
    "--title",
    "示例公司",
    "--set=company_kind=limited",
    "--set=registered_capital=100万元",
    "--set=needs_pre_approval=否",
    "--as",
    "agent_officer",
];

/// A data directory with one case, and its number.
struct Desk {
    folder: tempfile::TempDir,
    number: String,
}

impl Desk {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ran = in_data(&folder.path().join("data"), &OPEN);
        assert_eq!(ran.status, 0, "{ran:?}");
        let number = ran.out.split(' ').next().unwrap().to_owned();
        Self { folder, number }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn fire(&self, event: &str, more: &[&str]) -> Ran {
        let mut arguments = vec!["case", "fire", &self.number, event];
        arguments.extend(more);
        in_data(&self.data(), &arguments)
    }
}

fn in_data(data: &Path, arguments: &[&str]) -> Ran {
    let mut arguments = arguments.to_vec();
    arguments.extend(["--data", data.to_str().unwrap()]);
    run(&arguments)
}

/// Checks status, code and words in both languages. The command must change nothing.
fn check(status: i32, code: &str, en: &str, zh: &str, command: impl Fn(&str) -> Ran) {
    for (language, words) in [("en", en), ("zh", zh)] {
        let ran = command(language);
        assert_eq!(ran.status, status, "{ran:?}");
        assert!(ran.err.contains(&format!("[{code}]")), "{code}: {ran:?}");
        assert!(ran.err.contains(words), "{words}: {ran:?}");
        assert_eq!(ran.err.matches(words).count(), 1, "said twice: {ran:?}");
    }
}

#[test]
fn refusals_exit_with_1_and_failures_with_2_with_code_and_remedy_in_both_languages() {
    let desk = Desk::open();
    let data = desk.data();
    check(
        1,
        "unknown-workflow",
        "Published are",
        "已发布的有",
        |language| {
            in_data(
                &data,
                &[
                    "case",
                    "open",
                    "company-regstration",
                    "--title",
                    "x",
                    "--as",
                    "applicant",
                    "--lang",
                    language,
                ],
            )
        },
    );
    check(
        1,
        "unknown-event",
        "Did you mean \"reserve_name\"?",
        "是否指“reserve_name”？",
        |language| desk.fire("reserve_nam", &["--as", "applicant", "--lang", language]),
    );
    check(
        1,
        "role-not-allowed",
        "is for Applicant or Agent officer",
        "须由申请人或代办员办理",
        |language| {
            desk.fire(
                "reserve_name",
                &[
                    "--set=company_name=示例",
                    "--as",
                    "tax_officer",
                    "--lang",
                    language,
                ],
            )
        },
    );
    check(
        1,
        "stale-revision",
        "You acted on version 9",
        "依据第 9 版填写",
        |language| {
            desk.fire(
                "reserve_name",
                &[
                    "--set=company_name=示例",
                    "--seen",
                    "9",
                    "--as",
                    "applicant",
                    "--lang",
                    language,
                ],
            )
        },
    );
    check(
        1,
        "late-record-needs-reason",
        "needs its reason",
        "补登须写明原因",
        |language| {
            // Opened and acted on within this test, so a moment ago is before it.
            desk.fire(
                "give_checklist",
                &[
                    "--at",
                    &just_now(&desk),
                    "--as",
                    "agent_officer",
                    "--lang",
                    language,
                ],
            )
        },
    );
    check(
        1,
        "case-not-found",
        "There is no case \"20990101-AAAAAA\"",
        "没有办件“20990101-AAAAAA”",
        |language| {
            in_data(
                &data,
                &["case", "show", "20990101-AAAAAA", "--lang", language],
            )
        },
    );
    check(
        2,
        "bad-argument",
        "--at is not right",
        "参数 --at 有误",
        |language| {
            desk.fire(
                "give_checklist",
                &[
                    "--at",
                    "yesterday",
                    "--as",
                    "agent_officer",
                    "--lang",
                    language,
                ],
            )
        },
    );
    for (event, set) in [
        ("reserve_name", "--set=company_name=示例"),
        ("start_drafting", ""),
        ("verify_identity", "--set=nobody_barred=是"),
    ] {
        let role = if event == "verify_identity" {
            "window_clerk"
        } else {
            "applicant"
        };
        let more: Vec<&str> = ["--as", role]
            .into_iter()
            .chain((!set.is_empty()).then_some(set))
            .collect();
        assert_eq!(desk.fire(event, &more).status, 0, "{event}");
    }
    check(
        1,
        "documents-missing",
        "Articles of association",
        "公司章程",
        |language| {
            desk.fire(
                "submit",
                &[
                    "--set=contribution_years=5",
                    "--as",
                    "applicant",
                    "--lang",
                    language,
                ],
            )
        },
    );
    let journal = in_data(&data, &["case", "show", &desk.number, "--format", "json"]).json();
    assert_eq!(journal["journal"].as_array().unwrap().len(), 4, "{journal}");
}

/// The instant the case was opened, in the form `--at` takes.
fn just_now(desk: &Desk) -> String {
    let shown = in_data(
        &desk.data(),
        &["case", "show", &desk.number, "--format", "json"],
    )
    .json();
    let millis = shown["situation"]["effective_at"].as_i64().unwrap();
    groundbreak_workflow::sla::Timestamp::from_millis(millis).to_string()
}

#[test]
fn a_paper_is_bound_by_its_digest_and_a_remark_is_kept() {
    let desk = Desk::open();
    let file = desk.folder.path().join("章程.pdf");
    fs::write(&file, "abc").unwrap();
    let ran = in_data(
        &desk.data(),
        &[
            "case",
            "attach",
            &desk.number,
            "articles",
            file.to_str().unwrap(),
            "--as",
            "agent_officer:林",
        ],
    );
    assert_eq!(ran.status, 0, "{ran:?}");
    let ran = in_data(
        &desk.data(),
        &[
            "case",
            "comment",
            &desk.number,
            "已电话告知",
            "--as",
            "window_clerk",
        ],
    );
    assert_eq!(ran.status, 0, "{ran:?}");
    let shown = in_data(
        &desk.data(),
        &["case", "show", &desk.number, "--lang", "zh"],
    );
    for words in ["章程.pdf", "ba7816bf8f01", "林", "已电话告知", "下一步"] {
        assert!(shown.out.contains(words), "{words}: {shown:?}");
    }
}

#[test]
fn a_directory_that_cannot_be_opened_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let list = |data: &Path, language: &str| in_data(data, &["case", "list", "--lang", language]);
    check(
        2,
        "no-data",
        "There is no data in",
        "中没有数据",
        |language| list(&folder.path().join("none"), language),
    );
    let future = folder.path().join("future");
    fs::create_dir_all(future.join("store")).unwrap();
    fs::write(future.join("store/format"), "groundbreak-store-sled 99\n").unwrap();
    check(
        2,
        "store-future-format",
        "has format 99",
        "格式为 99",
        |language| list(&future, language),
    );
    let other = folder.path().join("other");
    fs::create_dir_all(other.join("store")).unwrap();
    fs::write(other.join("store/holiday.jpg"), "").unwrap();
    check(
        2,
        "store-not-a-store",
        "holiday.jpg",
        "holiday.jpg",
        |language| list(&other, language),
    );
}

#[test]
fn a_directory_that_a_server_holds_is_left_alone_and_the_server_stops_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let accounts = data.join("accounts.json");
    let added = run(&[
        "user",
        "add",
        "--accounts",
        accounts.to_str().unwrap(),
        "--id",
        "lin",
        "--name",
        "林",
        "--role",
        "window_clerk",
        "--token",
    ]);
    assert_eq!(added.status, 0, "{added:?}");
    let server = Served::start(&data, &[]);
    check(
        2,
        "store-in-use",
        "is in use by another process",
        "正被另一个进程使用",
        |language| in_data(&data, &["case", "list", "--lang", language]),
    );
    assert_eq!(server.stop(), 0);
    assert_eq!(in_data(&data, &["case", "list"]).status, 0);
}

#[test]
fn nothing_is_served_that_nobody_could_enter() {
    let folder = tempfile::tempdir().unwrap();
    check(
        2,
        "no-accounts",
        "groundbreak user add",
        "groundbreak user add",
        |language| {
            in_data(
                &folder.path().join("data"),
                &["serve", "--listen", "127.0.0.1:0", "--lang", language],
            )
        },
    );
    let empty = folder.path().join("accounts.json");
    fs::write(&empty, "[]").unwrap();
    check(
        2,
        "no-accounts",
        "Make one first",
        "请先建立",
        |language| {
            let accounts = [
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--accounts",
                empty.to_str().unwrap(),
                "--lang",
                language,
            ];
            in_data(&folder.path().join("data"), &accounts)
        },
    );
    fs::write(&empty, "{").unwrap();
    check(
        2,
        "bad-accounts",
        "is not a file of accounts",
        "不是有效的账号文件",
        |language| {
            let accounts = [
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--accounts",
                empty.to_str().unwrap(),
                "--lang",
                language,
            ];
            in_data(&folder.path().join("data"), &accounts)
        },
    );
}

#[test]
fn accounts_are_added_one_by_one_and_only_their_owner_reads_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.json");
    let file = path.to_str().unwrap();
    let add = |id: &str, password: &str, language: &str| {
        run_with(
            &[
                "user",
                "add",
                "--accounts",
                file,
                "--id",
                id,
                "--name",
                "林",
                "--role",
                "window_clerk",
                "--lang",
                language,
            ],
            password,
        )
    };
    check(
        2,
        "bad-password",
        "at least 12 characters",
        "至少 12 个字符",
        |language| add("lin", "short\n", language),
    );
    assert!(!path.exists());
    assert_eq!(add("lin", "correct horse battery\n", "en").status, 0);
    check(
        2,
        "account-exists",
        "There is an account \"lin\" already",
        "账号“lin”已存在",
        |language| add("lin", "correct horse battery\n", language),
    );
    check(
        2,
        "bad-accounts",
        "an id has",
        "不是有效的账号文件",
        |language| add("l i n", "correct horse battery\n", language),
    );
    let token = run(&[
        "user",
        "add",
        "--accounts",
        file,
        "--id",
        "he",
        "--name",
        "何",
        "--role",
        "a",
        "--role",
        "b",
        "--token",
    ]);
    assert!(
        token.out.lines().last().unwrap().starts_with("gb_"),
        "{token:?}"
    );
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("$argon2id$") && !text.contains("correct horse") && !text.contains("gb_"),
        "{text}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn bad_usage_exits_with_2_and_help_is_written_in_both_languages() {
    assert_eq!(run(&["frobnicate"]).status, 2);
    assert_eq!(run(&["case", "fire"]).status, 2);
    assert_eq!(run(&["--lang", "fr", "version"]).status, 2);
    assert_eq!(run(&["demo", "--port", "70000"]).status, 2);
    let commands = [
        "demo", "serve", "user", "check", "schema", "replay", "case", "report", "version",
    ];
    for (language, words) in [("en", "Commands:"), ("zh", "命令：")] {
        let ran = run(&["--help", "--lang", language]);
        assert_eq!(ran.status, 0);
        assert!(
            ran.out.contains(words) && commands.iter().all(|command| ran.out.contains(command)),
            "{ran:?}"
        );
    }
    for (language, words) in [
        ("en", "Example: groundbreak replay"),
        ("zh", "示例：groundbreak replay"),
    ] {
        let ran = run(&["replay", "--help", "--lang", language]);
        assert!(ran.out.contains(words), "{ran:?}");
    }
}

#[test]
fn figures_are_computed_from_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().to_str().unwrap();
    assert_eq!(
        run(&[
            "replay",
            "tests/scenarios/registration-under-two-hours.txt",
            "--keep",
            keep
        ])
        .status,
        0
    );
    let data = folder.path().join("registration-under-two-hours");
    let report = in_data(&data, &["report", "turnaround", "--format", "json"]).json();
    let clock = report["clocks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|clock| clock["clock"] == "registration_elapsed")
        .unwrap();
    assert_eq!(
        (
            clock["attainment"]["met"].as_u64(),
            clock["wall"]["p50_ms"].as_i64()
        ),
        (Some(1), Some(115 * 60_000))
    );
    let human = in_data(&data, &["report", "turnaround", "--lang", "zh"]);
    assert!(
        human.out.contains("提交到出照")
            && human.out.contains("1h55m")
            && human.out.contains("100%"),
        "{human:?}"
    );
    for (dates, cases) in [
        (["--from", "2023-03-14"], 1),
        (["--from", "2023-03-15"], 0),
        (["--to", "2023-03-13"], 0),
    ] {
        let report = in_data(
            &data,
            &[&["report", "turnaround", "--format", "json"], &dates[..]].concat(),
        )
        .json();
        assert_eq!(report["cases"], cases, "{dates:?}");
    }
    check(
        2,
        "bad-argument",
        "a date is needed",
        "应为日期",
        |language| {
            in_data(
                &data,
                &[
                    "report",
                    "turnaround",
                    "--from",
                    "March",
                    "--lang",
                    language,
                ],
            )
        },
    );
}

#[test]
fn the_demonstration_is_there_in_a_moment_and_gone_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_groundbreak"))
        .args(["demo", "--port", "0"])
        .env("TMPDIR", folder.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let chinese = lines.next().unwrap().unwrap();
    let english = lines.next().unwrap().unwrap();
    assert!(
        chinese.contains("演示窗口已打开：http://127.0.0.1:")
            && english.contains("The desk is open: http://127.0.0.1:")
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let stopped = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(stopped.success());
    assert!(child.wait().unwrap().success());
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "the data was not removed"
    );
    assert!(!data.exists());
}

#[test]
fn a_taken_port_is_passed_over_and_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_groundbreak"))
        .args(["demo", "--lang", "en", "--port", &port.to_string()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let line = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()))
        .next()
        .unwrap()
        .unwrap();
    assert!(
        !line.contains(&format!(":{port}/")) && line.contains("http://127.0.0.1:"),
        "{line}"
    );
    let stopped = std::process::Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(stopped.success());
    let said = child.wait_with_output().unwrap();
    assert!(said.status.success());
    assert!(String::from_utf8_lossy(&said.stderr).contains("The port is taken; using"));
}
