//! Measures: their faults, and the figures of the demonstration through the real engine.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::program::{root, run, start_listening};

#[test]
fn every_broken_measure_gives_its_fault_at_its_place() {
    let mut checked = 0;
    for entry in fs::read_dir(root().join("tests/broken-measures")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let expected: Vec<&str> = text
            .lines()
            .map_while(|line| line.strip_prefix("# expect: "))
            .collect();
        let ran = run(&["check", path.to_str().unwrap(), "--format", "json"]);
        let rows = ran.json();
        let found: Vec<String> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                assert!(row["help"]["zh"].is_string(), "{row}");
                let code = row["code"].as_str().unwrap();
                format!("{code} {}:{}", row["line"], row["column"])
            })
            .collect();
        assert_eq!(found, expected, "{}", path.display());
        assert_eq!(ran.status, i32::from(!expected.is_empty()), "{ran:?}");
        checked += 1;
    }
    assert!(checked >= 13);
}

#[test]
fn a_misspelt_field_comes_with_the_one_that_was_meant() {
    let ran = run(&["check", "tests/broken-measures/unknown-field.yaml"]);
    assert!(ran.out.contains("help: Did you mean `amount`?"), "{ran:?}");
}

/// What the figures of the article are, in the words they are said with.
const FIGURES: [(&str, &str, usize); 30] = [
    ("ceremony-february", "47", 47),
    ("ceremony-february-amount", "超300亿元", 47),
    ("contact-to-landing", "60天", 15),
    ("contact-to-landing-junlebao", "不到107天", 1),
    ("hong-kong-march", "17", 17),
    ("hong-kong-march-amount", "超140亿元", 17),
    ("hong-kong-march-investment", "11", 11),
    ("hong-kong-march-technology", "6", 6),
    ("landed-china-year", "1", 1),
    ("leads-under-negotiation", "近10", 9),
    ("planned", "15", 15),
    ("planned-amount", "约128亿元", 15),
    ("planned-foreign-from-10", "2", 2),
    ("planned-industry-leaders", "1", 1),
    ("planned-industry-leaders-amount", "30亿元", 1),
    ("planned-listed", "1", 1),
    ("planned-little-giants", "2", 2),
    ("planned-manufacturing", "10", 10),
    ("planned-manufacturing-share", "66.7%", 10),
    ("planned-over-10", "6", 6),
    ("planned-over-10-amount", "98亿元", 6),
    ("planned-over-10-share", "40%", 6),
    ("planned-over-10-share-by-amount", "76.6%", 6),
    ("planned-progress", "38.8%", 15),
    ("planned-progress-stretch", "25.6%", 15),
    ("record-award-to-first-pile", "5小时", 1),
    ("record-capital-increase", "30分钟", 1),
    ("record-registration", "115分钟", 1),
    ("shenzhen-march", "3", 3),
    ("shenzhen-march-amount", "达34亿元", 3),
];

fn report(data: &Path, names: &[&str]) -> (i32, Vec<(String, String, usize)>) {
    let mut arguments = vec!["report", "measures", "--format", "json", "--data"];
    arguments.push(data.to_str().unwrap());
    arguments.extend(names);
    let ran = run(&arguments);
    let figures = ran.json();
    let said = figures.as_array().unwrap().iter().map(|figure| {
        (
            figure["measure"].as_str().unwrap().to_owned(),
            figure["said"]["zh"].as_str().unwrap().to_owned(),
            figure["rows"].as_array().unwrap().len(),
        )
    });
    (ran.status, said.collect())
}

#[test]
fn the_demonstration_gives_the_figures_of_the_article_and_a_corrected_amount_changes_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let mut demo = start_listening(&["demo", "--port", "0", "--data", data.to_str().unwrap()]);
    let mut line = String::new();
    BufReader::new(demo.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("http://"), "{line}");
    demo.kill().unwrap();
    demo.wait().unwrap();

    let (status, figures) = report(&data, &[]);
    let expected: Vec<(String, String, usize)> = FIGURES
        .iter()
        .map(|(name, said, rows)| ((*name).to_owned(), (*said).to_owned(), *rows))
        .collect();
    assert_eq!(figures, expected);
    assert_eq!(status, 0);

    appraised(&data);
    registered(&data);

    // Project 15 turns out to be ten times as large: over 1 billion, although only just.
    let list = |name: &str| {
        let data = data.to_str().unwrap();
        run(&["report", "measures", name, "--data", data, "--lang", "zh"]).out
    };
    assert!(!list("planned-over-10").contains("项目 15"));
    let planned = run(&[
        "report",
        "measures",
        "planned",
        "--format",
        "json",
        "--data",
        data.to_str().unwrap(),
    ])
    .json();
    let rows = planned[0]["rows"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|row| row["title"].as_str().unwrap().contains("项目 15"))
        .unwrap();
    let revised = run(&[
        "case",
        "fire",
        row["number"].as_str().unwrap(),
        "revise_amount",
        "--set=amount=1000000001",
        "--set=amount_relation=exactly",
        "--as",
        "promotion_officer",
        "--data",
        data.to_str().unwrap(),
    ]);
    assert_eq!(revised.status, 0, "{revised:?}");
    assert!(list("planned-over-10").contains("项目 15"));
    let (_, figures) = report(
        &data,
        &["planned-over-10", "planned-over-10-share", "planned-amount"],
    );
    let said: Vec<&str> = figures.iter().map(|(_, said, _)| said.as_str()).collect();
    // 约128亿元 is what the measure states, and it is no longer true.
    assert_eq!(said, ["7", "47%", "约128亿元"]);
    let (status, _) = report(&data, &["planned-amount"]);
    assert_eq!(status, 1);
    assert!(list("planned-amount").contains("约137亿元"));
}

/// What the register says of leaders, chains, officials on training and trips.
fn registered(data: &Path) {
    let report = ["report", "register", "--until", "2023-04-20", "--data"];
    let report = [&report[..], &[data.to_str().unwrap()]].concat();
    let standing = run(&[&report[..], &["--format", "json"]].concat()).json();
    let met: Vec<&str> = standing["leaders"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|leader| leader["met"] == true)
        .map(|leader| leader["title"]["zh"].as_str().unwrap())
        .collect();
    assert_eq!(met, ["区委副书记"]);
    assert_eq!(standing["attracted"], 12_790_000_000_i64);
    assert_eq!(standing["rosters"][0]["count"], 19);
    assert_eq!(standing["rosters"][0]["leads"].as_array().unwrap().len(), 2);
    assert_eq!(standing["trips"]["persons"], 83);
    assert_eq!(standing["trips"]["said"]["zh"], "80余");
    assert_eq!(standing["courses"]["list"].as_object().unwrap().len(), 2);
    let food = standing["chains"].as_array().unwrap();
    let food = food.iter().find(|chain| chain["name"] == "healthy_food");
    assert_eq!(food.unwrap()["yuan"], 5_000_000_000_i64);
    let shown = run(&[&report[..], &["--lang", "zh"]].concat()).out;
    assert!(shown.contains("“走出去”招商80余人次"), "{shown}");
    assert!(shown.contains("19 名，提报线索 2 条"), "{shown}");
}

/// The teams of the register, by what they attracted (in 10 million yuan) and their points. What they
/// attracted adds up to the figure of the district, 12.79 billion.
fn appraised(data: &Path) {
    let data = data.to_str().unwrap();
    let report = [
        "report",
        "appraisal",
        "--until",
        "2023-04-20",
        "--data",
        data,
    ];
    let ran = run(&[&report[..], &["--format", "json"]].concat());
    assert_eq!(ran.status, 0, "{ran:?}");
    let appraisal = ran.json();
    let teams = appraisal["teams"].as_array().unwrap();
    assert_eq!(teams.len(), 15);
    let standing: Vec<(&str, i64, i64)> = teams
        .iter()
        .map(|team| {
            let number = |key: &str| team[key].as_i64().unwrap();
            (
                team["code"].as_str().unwrap(),
                number("attracted") / 10_000_000,
                number("hundredths"),
            )
        })
        .filter(|(_, attracted, _)| *attracted > 0)
        .collect();
    assert_eq!(
        standing,
        [
            ("duruan", 20, 500),
            ("tangxia", 130, 2_000),
            ("hetang", 10, 500),
            ("shenzhen", 301, 4_600),
            ("park", 26, 1_200),
            ("science", 130, 2_550),
            ("commerce", 650, 9_400),
            ("culture", 12, 500),
        ]
    );
    // Every point is explained; a project counts once, and the day before it earned nothing.
    let shown = run(&[&report[..], &["--lang", "zh"]].concat()).out;
    assert!(
        shown.contains("10亿元以上重点项目 20 × 行业龙头 150% = 30"),
        "{shown}"
    );
    assert!(
        shown.contains("1亿元以上项目 5 × 国家级“小巨人” 120% = 6"),
        "{shown}"
    );
    let before = run(&[
        "report",
        "appraisal",
        "--until",
        "2023-03-13",
        "--data",
        data,
    ]);
    assert!(!before.out.contains(" = "), "{before:?}");
}

#[test]
fn a_register_whose_numbers_do_not_agree_is_not_accepted() {
    let shipped = fs::read_to_string(root().join("workflows/districts/pengjiang.yaml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("district.yaml");
    for (old, new, code, text) in [
        (
            "teams_total: 15",
            "teams_total: 16",
            "teams-differ",
            "6 + 2 + 1 + 6 = 15",
        ),
        (
            "kind: park, pledge",
            "kind: town, pledge",
            "teams-differ",
            "`park` is to have 1",
        ),
        (
            "kind: park, pledge",
            "kind: pork, pledge",
            "teams-differ",
            "no kind of team `pork`",
        ),
        (
            "stretch: 50000000000",
            "stretch: 33000000000",
            "targets-differ",
            "stretch",
        ),
        (
            "pledge: 5000000000",
            "pledge: 500000000",
            "targets-differ",
            "less than the target",
        ),
        ("\"440703\"", "\"44070\"", "bad-division", "44070"),
        (
            "in_force: 2023-01-16",
            "in_force: 16 January",
            "bad-cut-off",
            "16 January",
        ),
        (
            "reached: landing",
            "reached: landin",
            "unknown-state",
            "landin",
        ),
        (
            "amount: amount",
            "amount: investor",
            "unknown-field",
            "investor",
        ),
        (
            "when: data.listed",
            "when: data.lsted",
            "guard-unknown-field",
            "lsted",
        ),
    ] {
        let changed = shipped.replacen(old, new, 1);
        assert_ne!(changed, shipped, "{old}");
        fs::write(&path, changed).unwrap();
        let ran = run(&["check", path.to_str().unwrap(), "--format", "json"]);
        assert_eq!(ran.status, 1, "{new}: {ran:?}");
        let rows = ran.json();
        let told = rows.as_array().unwrap().iter().any(|row| {
            row["code"] == code && row["message"]["en"].as_str().unwrap().contains(text)
        });
        assert!(told, "{new}: {rows:#}");
    }
    for (old, new, text) in [
        ("organisation: congress", "organisation: congres", "congres"),
        ("clause: leaders", "clause: leader", "leader"),
        ("leader: sponsor", "leader: amount", "amount"),
        ("source: trainees", "source: trainee", "trainee"),
        ("to: 2023-02-14", "to: 2023-02-12", "ends before it begins"),
        ("{ commerce: 5,", "{ comerce: 5,", "comerce"),
        ("led_by: deputy_head", "led_by: deputy_hed", "deputy_hed"),
        ("event: shenzhen-2023-03-15", "event: shenzhen", "shenzhen"),
        ("number: 80", "number: 90", "They come to 83"),
        (
            "groups: [traditional]",
            "groups: [traditonal]",
            "traditonal",
        ),
        ("classes: [C34,", "classes: [c34,", "c34"),
        (
            "[投资第一产业预制菜产业园,",
            "[第一产业预制菜产业园,",
            "two projects",
        ),
    ] {
        let changed = shipped.replacen(old, new, 1);
        assert_ne!(changed, shipped, "{old}");
        fs::write(&path, changed).unwrap();
        let ran = run(&["check", path.to_str().unwrap(), "--format", "json"]);
        assert_eq!(ran.status, 1, "{new}: {ran:?}");
        let rows = ran.json();
        let told = rows.as_array().unwrap().iter().any(|row| {
            row["code"] == "register-differs"
                && row["message"]["en"].as_str().unwrap().contains(text)
        });
        assert!(told, "{new}: {rows:#}");
    }
    fs::write(&path, shipped).unwrap();
    assert_eq!(run(&["check", path.to_str().unwrap()]).status, 0);
}

#[test]
fn a_measure_that_does_not_exist_is_told_with_the_one_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let opened = run(&[
        "case",
        "open",
        "matter",
        "--title",
        "示例",
        "--set=matter=示例",
        "--set=applicant=示例",
        "--as",
        "window_clerk",
        "--data",
        data.to_str().unwrap(),
    ]);
    assert_eq!(opened.status, 0, "{opened:?}");
    let ran = run(&[
        "report",
        "measures",
        "planed",
        "--data",
        data.to_str().unwrap(),
    ]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("Did you mean \"planned\"?"), "{ran:?}");
}
