//! Figures over projects that were signed and landed.

use groundbreak_audit::{Figure, figure};
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command, CommandId, Data, Library, Measures, Quantity, Value,
    Workflow, compile_measures, decide,
};

const HALL: &str = "\
id: hall
tz: Asia/Shanghai
weekly: { mon: [['09:00', '17:00']] }
";

const PROJECT: &str = "\
workflow: project
version: 1
title: { zh: 项目, en: Project }
calendar: hall
data:
  amount: { title: { zh: 投资额, en: Amount }, type: money, required: true }
  foreign: { title: { zh: 外资, en: Foreign }, type: boolean }
  kind: { title: { zh: 类别, en: Kind }, type: choice, choices: { a: { zh: 甲, en: A }, b: { zh: 乙, en: B } } }
roles:
  officer: { title: { zh: 专员, en: Officer } }
events:
  sign: { title: { zh: 签约, en: Sign }, by: [officer] }
  land: { title: { zh: 落地, en: Land }, by: [officer] }
  revise: { title: { zh: 更正, en: Correct }, by: [officer], asks: [amount], aside: true }
states:
  talks: { title: { zh: 洽谈, en: Talks }, on: { sign: signed } }
  signed: { title: { zh: 已签约, en: Signed }, on: { land: landed, revise: {} } }
  landed: { title: { zh: 已落地, en: Landed }, final: true }
";

const YI: i64 = 100_000_000;

/// What every measure below begins with.
const HEAD: &str = "title: { zh: 数字, en: A figure }
calibre: { zh: 全部, en: All of them }
workflow: project
";

/// Projects, and what happened to them.
struct Book {
    workflow: std::sync::Arc<Workflow>,
    cases: Vec<Case>,
}

impl Book {
    fn new() -> Self {
        let mut library = Library::new();
        library.add_calendar(HALL).unwrap();
        Self {
            workflow: library.add_workflow(PROJECT).unwrap(),
            cases: Vec::new(),
        }
    }

    /// Adds a project signed on a day of March 2023, at this time.
    fn signed(&mut self, yi: i64, more: &[(&str, Value)], at: &str) -> &mut Self {
        let number = self.cases.len() + 1;
        let id: CaseId = format!("0187{number:04x}-0000-7000-8000-0000{number:08x}")
            .parse()
            .unwrap();
        let mut data: Data = more
            .iter()
            .map(|(field, value)| ((*field).to_owned(), value.clone()))
            .collect();
        data.insert("amount".to_owned(), (yi * YI).into());
        let open = Act::Open {
            workflow: "project".to_owned(),
            version: None,
            title: format!("项目{number}"),
            data,
        };
        let opened = submit(&self.workflow, None, id, open, "03-01 09:00");
        let case = fire(&self.workflow, &opened, "sign", Data::new(), at);
        self.cases.push(case);
        self
    }

    fn happens(&mut self, project: usize, event: &str, data: Data, at: &str) {
        let case = &mut self.cases[project - 1];
        *case = fire(&self.workflow, case, event, data, at);
    }

    fn measures(&self, sources: &[(&str, &str)]) -> Measures {
        let texts: Vec<String> = sources
            .iter()
            .map(|(name, rest)| format!("measure: {name}\n{HEAD}{rest}\n"))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        match compile_measures(&texts, [self.workflow.as_ref()]) {
            Ok(measures) => measures,
            Err(faults) => panic!("{faults:#?}"),
        }
    }

    fn figure(&self, measures: &Measures, name: &str) -> Figure {
        let cases = self.cases.iter().map(|case| (self.workflow.as_ref(), case));
        figure(measures, name, cases).unwrap()
    }

    /// The figure of one measure: how it is said, and the projects behind it.
    fn said(&self, rest: &str) -> (String, Vec<String>, Vec<&'static str>) {
        let measures = self.measures(&[("one", rest)]);
        told(&self.figure(&measures, "one"))
    }
}

fn told(figure: &Figure) -> (String, Vec<String>, Vec<&'static str>) {
    (
        figure.said.zh.clone(),
        figure.rows.iter().map(|row| row.title.clone()).collect(),
        figure.findings.iter().map(|finding| finding.code).collect(),
    )
}

fn submit(workflow: &Workflow, case: Option<&Case>, id: CaseId, act: Act, at: &str) -> Case {
    let (day, time) = at.split_once(' ').unwrap();
    let now: Timestamp = format!("2023-{day}T{time}:00+08:00").parse().unwrap();
    let command = Command {
        id: CommandId::derived(id.0, at),
        case: id,
        actor: Actor::new("o", "Officer", "officer"),
        seen_revision: None,
        effective_at: None,
        act,
    };
    decide(workflow, case, &command, now).unwrap().case
}

fn fire(workflow: &Workflow, case: &Case, event: &str, data: Data, at: &str) -> Case {
    let act = Act::Fire {
        event: event.to_owned(),
        data,
        note: None,
    };
    submit(workflow, Some(case), case.id, act, at)
}

fn titles(numbers: &[usize]) -> Vec<String> {
    numbers
        .iter()
        .map(|number| format!("项目{number}"))
        .collect()
}

const SIGNED: &str = "reached: [signed]\ncut_off: 2023-03-18\n";

fn book() -> Book {
    let mut book = Book::new();
    book.signed(30, &[("foreign", false.into())], "03-15 10:00")
        .signed(10, &[("foreign", true.into())], "03-14 10:00")
        .signed(8, &[], "03-18 23:59")
        // The day after, where the workflow is at home; in UTC it is the same day.
        .signed(99, &[("foreign", false.into())], "03-19 00:00");
    book
}

#[test]
fn a_figure_takes_what_came_by_the_cut_off_date_and_lists_it_in_that_order() {
    assert_eq!(
        book().said(&format!("{SIGNED}value: count")),
        ("3".into(), titles(&[2, 1, 3]), vec![])
    );
    assert_eq!(
        book().said(&format!(
            "{SIGNED}value: sum\namount: amount\nsay: {{ word: about }}"
        )),
        ("约48亿元".into(), titles(&[2, 1, 3]), vec![])
    );
}

#[test]
fn over_ten_does_not_include_ten_and_from_ten_does() {
    let rows = [
        ("data.amount > 1000000000", titles(&[1])),
        ("data.amount >= 1000000000", titles(&[2, 1])),
    ];
    for (filter, behind) in rows {
        let (_, rows, _) = book().said(&format!("{SIGNED}filter: {filter}\nvalue: count"));
        assert_eq!(rows, behind, "{filter}");
    }
}

#[test]
fn a_case_that_lacks_a_fact_is_not_counted_in_silence() {
    let book = book();
    let measures = book.measures(&[(
        "foreign",
        &format!("{SIGNED}filter: data.foreign\nvalue: count"),
    )]);
    let figure = book.figure(&measures, "foreign");
    assert_eq!(
        told(&figure),
        ("1".into(), titles(&[2]), vec!["measure-undecided"])
    );
    assert_eq!(figure.left_out[0].title, "项目3");
    assert_eq!(figure.left_out[0].why.zh, "未填写 `foreign`");
    let asked = format!("{SIGNED}filter: has(data.foreign) && data.foreign\nvalue: count");
    assert_eq!(book.said(&asked), ("1".into(), titles(&[2]), vec![]));
}

#[test]
fn a_share_is_by_count_or_by_amount_of_another_figure() {
    let book = book();
    let over = "filter: data.amount > 1000000000\n";
    let measures = book.measures(&[
        ("all", &format!("{SIGNED}value: count")),
        ("all-amount", &format!("{SIGNED}value: sum\namount: amount")),
        (
            "by-count",
            &format!("{SIGNED}{over}value: share_by_count\nof: all"),
        ),
        (
            "by-amount",
            &format!("{SIGNED}{over}value: share_by_amount\nof: all-amount\namount: amount"),
        ),
        (
            "progress",
            &format!("{SIGNED}value: progress\namount: amount\ntarget: 33000000000"),
        ),
    ]);
    for (name, said) in [
        ("by-count", "33.3%"),
        ("by-amount", "62.5%"),
        ("progress", "14.5%"),
    ] {
        assert_eq!(book.figure(&measures, name).said.zh, said, "{name}");
    }
    assert_eq!(
        book.figure(&measures, "by-amount").exact,
        Some(Quantity::Share {
            part: 30 * YI,
            whole: 48 * YI
        })
    );
}

#[test]
fn a_share_of_nothing_is_no_figure() {
    let book = Book::new();
    let measures = book.measures(&[
        ("all", &format!("{SIGNED}value: count")),
        ("share", &format!("{SIGNED}value: share_by_count\nof: all")),
    ]);
    assert_eq!(
        told(&book.figure(&measures, "share")),
        ("–".into(), vec![], vec!["measure-of-nothing"])
    );
}

#[test]
fn a_word_that_is_not_true_of_the_figure_is_a_finding_with_the_words_that_are() {
    let book = book();
    for (say, good) in [
        ("word: over, number: 48", false),
        ("word: over, number: 47", true),
        ("word: reached, number: 48", true),
        ("word: about, number: 47", false),
        ("number: 48", true),
    ] {
        let rest = format!("{SIGNED}value: sum\namount: amount\nsay: {{ {say} }}");
        let (_, _, findings) = book.said(&rest);
        assert_eq!(findings.is_empty(), good, "{say}");
    }
    let rest = format!("{SIGNED}value: sum\namount: amount\nsay: {{ word: over, number: 48 }}");
    let measures = book.measures(&[("one", &rest)]);
    let finding = &book.figure(&measures, "one").findings[0];
    assert_eq!(finding.code, "measure-word-untrue");
    assert!(finding.help.zh.contains("超47亿元"), "{finding:?}");
}

#[test]
fn a_corrected_amount_changes_the_figure_and_the_list() {
    let mut book = book();
    let rest = format!("{SIGNED}filter: data.amount > 1000000000\nvalue: sum\namount: amount");
    assert_eq!(book.said(&rest), ("30亿元".into(), titles(&[1]), vec![]));
    let corrected = Data::from([("amount".to_owned(), (11 * YI).into())]);
    book.happens(2, "revise", corrected, "03-20 09:00");
    assert_eq!(book.said(&rest), ("41亿元".into(), titles(&[2, 1]), vec![]));
}

#[test]
fn at_a_state_is_where_a_case_was_on_that_day_and_reached_is_whether_it_had_been_there() {
    let mut book = book();
    book.happens(1, "land", Data::new(), "03-18 12:00");
    book.happens(2, "land", Data::new(), "03-19 12:00");
    let rows = [
        ("at: [signed]", titles(&[2, 3])),
        ("reached: [signed]", titles(&[2, 1, 3])),
        ("at: [landed]", titles(&[1])),
        ("at: [signed, landed]", titles(&[2, 1, 3])),
        // Each once, since when it first came in.
        ("reached: [signed, landed]", titles(&[2, 1, 3])),
    ];
    for (population, mut behind) in rows {
        let (_, mut rows, _) =
            book.said(&format!("{population}\ncut_off: 2023-03-18\nvalue: count"));
        rows.sort();
        behind.sort();
        assert_eq!(rows, behind, "{population}");
    }
}

#[test]
fn parts_make_up_the_whole_or_it_is_a_finding() {
    let mut book = Book::new();
    book.signed(1, &[("kind", "a".into())], "03-15 10:00")
        .signed(1, &[("kind", "b".into())], "03-15 10:00");
    let part = |filter: &str| format!("{SIGNED}filter: {filter}\nvalue: count");
    let whole = format!("{SIGNED}value: count\nparts: [one, other]");
    for (one, other, findings) in [
        ("data.kind == 'a'", "data.kind == 'b'", vec![]),
        (
            "data.kind == 'a'",
            "data.kind == 'a'",
            vec!["measure-parts-differ"],
        ),
        (
            "data.amount > 0",
            "data.kind == 'b'",
            vec!["measure-parts-differ"],
        ),
    ] {
        let measures = book.measures(&[
            ("whole", &whole),
            ("one", &part(one)),
            ("other", &part(other)),
        ]);
        let figure = book.figure(&measures, "whole");
        assert_eq!(told(&figure).2, findings, "{one}, {other}");
    }
}

#[test]
fn a_time_is_the_shortest_the_middle_or_the_longest_and_each_record_is_marked() {
    let mut book = Book::new();
    // Two days, one day, three days and six hours.
    book.signed(1, &[], "03-02 09:00");
    book.signed(2, &[], "03-03 09:00");
    book.signed(3, &[], "03-04 09:00");
    book.happens(1, "land", Data::new(), "03-04 09:00");
    book.happens(2, "land", Data::new(), "03-04 10:00");
    book.happens(3, "land", Data::new(), "03-07 15:00");
    let rest = |value: &str, unit: &str| {
        format!(
            "reached: [landed]\nsince: [signed]\ncut_off: 2023-03-31\nvalue: {value}\nsay: {{ unit: {unit} }}"
        )
    };
    let rows = [
        ("shortest", "hours", "25小时"),
        ("shortest", "minutes", "1500分钟"),
        ("median", "days", "2天"),
        ("longest", "hours", "78小时"),
    ];
    for (value, unit, said) in rows {
        let (zh, titles, findings) = book.said(&rest(value, unit));
        assert_eq!((zh.as_str(), findings.len()), (said, 0));
        assert_eq!(
            titles,
            self::titles(&[2, 1, 3]),
            "the quickest stands first"
        );
    }
    let measures = book.measures(&[("one", &rest("shortest", "hours"))]);
    let figure = book.figure(&measures, "one");
    let records: Vec<_> = figure.rows.iter().filter(|row| row.record).collect();
    assert_eq!(
        records
            .iter()
            .map(|row| row.title.as_str())
            .collect::<Vec<_>>(),
        ["项目2", "项目1"],
        "each was the quickest when it came"
    );
    assert_eq!(records[0].said().unwrap().zh, "1天1小时 · 当时最快");
    assert_eq!(figure.rows[2].said().unwrap().en, "3 d 6 h");
}

#[test]
fn a_case_that_never_was_where_times_begin_is_listed_and_a_time_of_none_is_no_figure() {
    let mut book = Book::new();
    book.signed(1, &[], "03-02 09:00");
    let rest = "reached: [signed]\nsince: [landed]\ncut_off: 2023-03-31\nvalue: median";
    let measures = book.measures(&[("one", rest)]);
    let figure = book.figure(&measures, "one");
    assert_eq!(figure.left_out.len(), 1);
    assert_eq!(figure.left_out[0].why.zh, "没有先经过“已落地”");
    let codes: Vec<_> = figure.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["measure-of-nothing", "measure-undecided"]);
}
