use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::checker::DEPTH_MAX;
use super::tokens::{NESTING_MAX, TOKENS_MAX};
use super::*;

/// The stack of a worker of the runtime, and of a test.
const WORKER_STACK: usize = 2 << 20;

struct Known {
    fields: BTreeMap<&'static str, GuardValue>,
}

impl Known {
    fn new() -> Self {
        let text = |value: &str| GuardValue::Text(value.into());
        Self {
            fields: BTreeMap::from([
                ("fee", GuardValue::Int(300)),
                ("staff", GuardValue::Int(-7)),
                ("most", GuardValue::Int(i64::MAX)),
                ("urgent", GuardValue::Bool(true)),
                ("kind", text("个体工商户")),
                ("class", text("ordinary")),
                ("signed_on", text("2023-03-23")),
            ]),
        }
    }
}

impl GuardFacts for Known {
    fn field(&self, name: &str) -> Option<GuardValue> {
        self.fields.get(name).cloned()
    }

    fn in_state(&self, name: &str) -> bool {
        name == "review"
    }

    fn has_document(&self, name: &str) -> bool {
        name == "lease"
    }

    fn is_unchanged(&self, state: &str) -> bool {
        state == "review"
    }
}

fn declared(name: &str) -> Option<FactKind> {
    let choice = |values: &[&str]| Some(FactKind::Choice(names(values)));
    match name {
        "fee" | "staff" | "most" | "unpaid" => Some(FactKind::Int),
        "urgent" | "approved" => Some(FactKind::Bool),
        "kind" | "note" => Some(FactKind::Text),
        "signed_on" | "filed_on" => Some(FactKind::Date),
        "class" => choice(&["ordinary", "hazardous", "restricted"]),
        "grade" => choice(&["first", "second"]),
        "former_class" => choice(&["ordinary", "other"]),
        _ => None,
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn compile(source: &str) -> Result<Guard, Vec<GuardFault>> {
    let scope = Scope {
        fields: &declared,
        field_names: names(&[
            "fee",
            "staff",
            "most",
            "unpaid",
            "urgent",
            "approved",
            "kind",
            "signed_on",
            "filed_on",
            "class",
            "note",
        ]),
        state_names: names(&["review", "issued"]),
        document_names: names(&["lease", "articles"]),
    };
    Guard::compile(source, &scope)
}

fn eval(source: &str) -> Result<bool, GuardError> {
    match compile(source) {
        Ok(guard) => guard.eval(&Known::new()),
        Err(faults) => panic!("{source}: {faults:#?}"),
    }
}

fn missing(name: &str) -> Result<bool, GuardError> {
    Err(GuardError::MissingField { name: name.into() })
}

fn arithmetic(operator: &'static str) -> Result<bool, GuardError> {
    Err(GuardError::Arithmetic { operator })
}

fn holds(rows: &[(&str, bool)]) {
    for (source, value) in rows {
        assert_eq!(eval(source), Ok(*value), "{source}");
        assert_eq!(
            eval_in_cel(source),
            Some(*value),
            "{source}: the other evaluator of CEL"
        );
    }
}

/// Checks faults against a source in which what each underlines stands in `«»`, in their order.
fn refused(rows: &[(&str, &[&str])]) {
    for (marked, codes) in rows {
        let mut source = String::new();
        let mut ranges = Vec::new();
        for c in marked.chars() {
            match c {
                '«' => ranges.push(source.len()..0),
                '»' => ranges.last_mut().unwrap().end = source.len(),
                _ => source.push(c),
            }
        }
        let faults = compile(&source).expect_err(marked);
        let expected: Vec<_> = codes.iter().copied().zip(ranges).collect();
        let found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.code, fault.range.clone()))
            .collect();
        assert_eq!(found, expected, "{marked}: {faults:#?}");
        assert!(found.len() == codes.len(), "{marked}: a code has no mark");
    }
}

fn help(source: &str) -> String {
    let faults = compile(source).expect_err(source);
    faults[0]
        .help
        .as_ref()
        .map_or_else(String::new, |help| help.en.clone())
}

#[test]
fn facts_states_and_documents_are_named() {
    holds(&[
        ("data.urgent", true),
        ("data.fee == 300", true),
        ("data.kind == '个体工商户'", true),
        ("at(\"review\")", true),
        ("at(\"issued\")", false),
        ("document(\"lease\") && !document(\"articles\")", true),
        ("has(data.fee)", true),
        ("has(data.unpaid)", false),
        ("true // 备注：一律通过", true),
    ]);
}

#[test]
fn numbers_are_whole_and_divide_towards_zero() {
    holds(&[
        (
            "data.fee + 1 == 301 && data.fee - 300 == 0 && data.fee * 2 == 600",
            true,
        ),
        ("data.staff / 2 == -3 && data.staff % 2 == -1", true),
        ("-data.staff == 7 && - -3 == 3 && 0x10 == 16", true),
        (
            "data.fee < 301 && data.fee <= 300 && data.fee > 299 && data.fee >= 300 && data.fee != 1",
            true,
        ),
        (
            "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 10 - 3 - 2 == 5",
            true,
        ),
        ("-9223372036854775808 < 0", true),
        ("(data.urgent ? 1 : 2) == 1", true),
    ]);
}

#[test]
fn dates_compare_as_text() {
    holds(&[
        ("data.signed_on < '2023-10-01'", true),
        ("data.signed_on >= '2023-03-23'", true),
        (
            "(data.urgent ? data.signed_on : '2022-01-01') > '2024-01-01'",
            false,
        ),
    ]);
}

#[test]
fn text_is_searched_and_measured_in_characters() {
    holds(&[
        (
            "data.kind.startsWith('个体') && data.kind.endsWith(\"户\") && data.kind.contains('工商')",
            true,
        ),
        ("data.kind.contains('企业')", false),
        ("data.kind.size() == 5 && size('') == 0", true),
        (r"'\u4f01业' == '企业' && r'\d' == '\\d'", true),
    ]);
}

#[test]
fn a_choice_is_compared_with_its_choices_only() {
    holds(&[
        (
            "data.class == 'ordinary' && data.class != 'hazardous'",
            true,
        ),
        ("data.class in ['hazardous', 'ordinary']", true),
        ("data.class.startsWith('ord')", true),
        ("data.class == data.kind", false),
    ]);
    let wrong = "guard-unknown-choice";
    refused(&[
        ("data.class == \"«ordinry»\"", &[wrong]),
        ("'«ordinry»' != data.class", &[wrong]),
        ("data.class in ['ordinary', '«other»']", &[wrong]),
        ("(data.urgent ? data.class : 'x') == '«x»'", &[wrong]),
        (
            "data.class == (data.urgent ? '«a»' : '«b»')",
            &[wrong, wrong],
        ),
        ("data.class == «''»", &[wrong]),
        ("data.class «<» 'ordinary'", &["guard-type"]),
        ("data.class «==» data.grade", &["guard-type"]),
    ]);
    assert!(compile("data.class == data.former_class").is_ok());
    assert_eq!(help("data.class == 'ordinry'"), "Did you mean `ordinary`?");
    assert_eq!(
        help("data.class == 'x'"),
        "There are: ordinary, hazardous, restricted."
    );
}

#[test]
fn a_date_is_compared_with_dates_only() {
    assert!(compile("data.signed_on <= data.filed_on").is_ok());
    refused(&[
        ("data.signed_on > '«2023»'", &["guard-not-a-date"]),
        ("'«2023-02-30»' == data.signed_on", &["guard-not-a-date"]),
        (
            "data.signed_on in ['2023-02-28', '«soon»']",
            &["guard-not-a-date"],
        ),
        ("data.signed_on «==» data.kind", &["guard-type"]),
        ("data.class «!=» data.signed_on", &["guard-type"]),
        ("data.signed_on «>» 20230323", &["guard-type"]),
    ]);
}

#[test]
fn a_list_of_constants_is_searched() {
    holds(&[
        ("data.kind in ['企业', '个体工商户']", true),
        ("!(data.fee in [1, -2, 300])", false),
        ("data.urgent in [false]", false),
        ("data.fee in []", false),
    ]);
}

#[test]
fn yes_and_no_are_compared_and_ordered() {
    holds(&[
        ("data.urgent == true && false < data.urgent", true),
        ("data.urgent ? at('issued') : true", false),
    ]);
}

#[test]
fn a_fact_that_is_not_known_is_an_error_unless_the_rest_settles_it() {
    let rows = [
        ("data.unpaid > 0", missing("unpaid")),
        ("data.unpaid > 0 || data.approved", missing("unpaid")),
        ("data.unpaid > 0 && data.fee == 300", missing("unpaid")),
        ("has(data.unpaid) && data.unpaid > 0", Ok(false)),
        ("data.unpaid > 0 && has(data.unpaid)", Ok(false)),
        ("!has(data.unpaid) || data.unpaid > 0", Ok(true)),
        ("data.unpaid > 0 || !has(data.unpaid)", Ok(true)),
        ("has(data.note) ? data.note == 'x' : data.urgent", Ok(true)),
        ("data.approved ? true : true", missing("approved")),
        ("data.note in []", missing("note")),
        ("!data.approved", missing("approved")),
    ];
    for (source, value) in rows {
        assert_eq!(eval(source), value, "{source}");
        assert_eq!(
            eval_in_cel(source),
            value.ok(),
            "{source}: the other evaluator of CEL"
        );
    }
}

#[test]
fn arithmetic_never_wraps() {
    let rows = [
        ("data.most + 1 > 0", arithmetic("+")),
        ("-data.most - 2 < 0", arithmetic("-")),
        ("-(-data.most - 1) > 0", arithmetic("-")),
        ("data.most * 2 > 0", arithmetic("*")),
        ("1 / (data.fee - 300) > 0", arithmetic("/")),
        ("(-data.most - 1) / -1 > 0", arithmetic("/")),
        ("1 % (data.fee - 300) > 0", arithmetic("%")),
        ("data.most + 1 > 0 || data.urgent", Ok(true)),
    ];
    for (source, value) in rows {
        assert_eq!(eval(source), value, "{source}");
        assert_eq!(
            eval_in_cel(source),
            value.ok(),
            "{source}: the other evaluator of CEL"
        );
    }
}

#[test]
fn a_fact_of_another_type_than_declared_is_an_error() {
    let mut facts = Known::new();
    facts.fields.insert("fee", GuardValue::Text("300".into()));
    let error = compile("data.fee == 300")
        .unwrap()
        .eval(&facts)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`fee` 应为整数，实为文字 / `fee` is declared as an integer but holds a text"
    );
}

#[test]
fn what_a_guard_names_must_exist() {
    refused(&[
        ("«fee» > 1", &["guard-unknown-name"]),
        ("«dat».fee > 1", &["guard-unknown-name"]),
        ("«request».auth.claims == 1", &["guard-unknown-name"]),
        ("data.«fea» > 1", &["guard-unknown-field"]),
        ("data . «fea» > 1", &["guard-unknown-field"]),
        ("has(data.«fea»)", &["guard-unknown-field"]),
        ("data.«fea».size() > 1", &["guard-unknown-field"]),
        ("data.«fea».more > 1", &["guard-unknown-field"]),
        ("at('«reviev»')", &["guard-unknown-state"]),
        ("at(«r'''reviev'''»)", &["guard-unknown-state"]),
        ("at(«\"\"»)", &["guard-unknown-state"]),
        (
            "document(\"«租赁合同»\") && at('«lease»')",
            &["guard-unknown-document", "guard-unknown-state"],
        ),
        ("«now»() > 1", &["guard-unknown-function"]),
        ("data.kind.«matches»('.*')", &["guard-unknown-function"]),
        (
            "data.kind == '企业' && data.«fea» > 1",
            &["guard-unknown-field"],
        ),
    ]);
}

#[test]
fn types_must_fit() {
    refused(&[
        ("data.kind «>» 1", &["guard-type"]),
        ("data.kind == '企业' && data.kind «==» 1", &["guard-type"]),
        ("data.fee «+» 'x' == 1", &["guard-type"]),
        ("data.kind «+» 'x' == 'y'", &["guard-type"]),
        ("«-»data.kind == 1", &["guard-type"]),
        ("«!»data.fee", &["guard-type"]),
        ("data.fee «&&» data.urgent", &["guard-type"]),
        ("data.urgent «||» data.kind", &["guard-type"]),
        ("data.fee «?» true : false", &["guard-type"]),
        ("(data.urgent «?» 1 : 'x') == 1", &["guard-type"]),
        ("data.kind in ['企业', «1»]", &["guard-type"]),
        ("data.kind in [data«.»note]", &["guard-type"]),
        ("data.kind «in» data.note", &["guard-type"]),
        ("data.fee.«size»() > 1", &["guard-type"]),
        ("data.kind.«startsWith»(1)", &["guard-type"]),
        ("data.kind.«startsWith»()", &["guard-type"]),
        ("«startsWith»(data.kind, 'x')", &["guard-type"]),
        ("«at»()", &["guard-type"]),
        ("at(data«.»kind)", &["guard-type"]),
        ("data.fee == «1.5»", &["guard-type"]),
        ("data.fee == «1u»", &["guard-type"]),
        ("data.fee == «null»", &["guard-type"]),
        ("data.kind == «b'x'»", &["guard-type"]),
        ("«data» == 1", &["guard-type"]),
        ("data.fee.«more» == 1", &["guard-type"]),
        ("at('review').«more»", &["guard-type"]),
        ("1 < 2 «<» 3", &["guard-type"]),
    ]);
    let faults = compile("data.kind > 1").unwrap_err();
    assert_eq!(
        faults[0].message.zh,
        "`>` 两边类型不同：左为文字，右为整数。"
    );
    assert_eq!(
        faults[0].message.en,
        "`>` has a text on its left and an integer on its right."
    );
}

#[test]
fn a_guard_as_a_whole_is_yes_or_no() {
    refused(&[
        ("  «data.fee + 1» // 费用", &["guard-not-boolean"]),
        ("«'企业'»", &["guard-not-boolean"]),
    ]);
}

#[test]
fn every_fault_is_reported_at_once() {
    refused(&[(
        "data.kind == '企业' && data.«fea» > 1 && at('«x»') || data.kind «>» 1 && «now»() == «1.0»",
        &[
            "guard-unknown-field",
            "guard-unknown-state",
            "guard-type",
            "guard-unknown-function",
            "guard-type",
        ],
    )]);
}

#[test]
fn lists_are_not_walked() {
    refused(&[
        ("[1, 2].«all»(x, x > data.fee)", &["guard-comprehension"]),
        (
            "[1].«exists»(x, [2].all(y, true))",
            &["guard-comprehension"],
        ),
        (
            "[1].«exists_one»(x, true) || [1].«map»(x, x) == 1",
            &["guard-comprehension", "guard-comprehension"],
        ),
        ("data.kind.«filter»(x, true)", &["guard-comprehension"]),
        ("[1].all(«1», true)", &["guard-comprehension"]),
        (
            "data.urgent && [1].«all»(x, true) && data.«fea» > 1",
            &["guard-comprehension", "guard-unknown-field"],
        ),
    ]);
}

#[test]
fn the_form_must_be_right() {
    refused(&[
        ("«»", &["guard-syntax"]),
        ("«  // 无»", &["guard-syntax"]),
        ("data.kind == '企业' «&&»", &["guard-syntax"]),
        ("data.fee «=» 1", &["guard-syntax"]),
        ("data.urgent «&» data.approved", &["guard-syntax"]),
        ("data.urgent «and» data.approved", &["guard-syntax"]),
        ("(«*» data.fee) || (data.fee *)", &["guard-syntax"]),
        ("(data.kind «'x'»)", &["guard-syntax"]),
        (
            "data.kind == «'\\q'» || data.fee > «9223372036854775808»",
            &["guard-syntax", "guard-syntax"],
        ),
        ("«in»('review')", &["guard-syntax"]),
        ("«(»data.fee > 1", &["guard-syntax"]),
        ("data.fee > 1«)»", &["guard-syntax"]),
        ("data.fee in «[»1)", &["guard-syntax"]),
        ("data.kind == «'企业»", &["guard-syntax"]),
        ("data.kind == «“企业”»", &["guard-syntax"]),
        ("data.kind == «企业»", &["guard-syntax"]),
        ("at«（»'review'«）»", &["guard-syntax", "guard-syntax"]),
        ("data.fee > 1 «#» «费用»", &["guard-syntax", "guard-syntax"]),
        ("data.fee > «99999999999999999999»", &["guard-syntax"]),
        ("data.fee > -«99999999999999999999»", &["guard-syntax"]),
        ("data.kind == «'\\q'»", &["guard-syntax"]),
        ("«for» == 1", &["guard-syntax"]),
        ("data«.1»", &["guard-syntax"]),
        ("data.urgent ? «true»", &["guard-syntax"]),
        ("has(«fee»)", &["guard-syntax"]),
        ("data«[»'fee'] == 1", &["guard-syntax"]),
        ("«{»'a': 1} == 1", &["guard-syntax"]),
        ("«[»1] == 1", &["guard-syntax"]),
    ]);
}

#[test]
fn remedies_are_named() {
    let rows = [
        ("fee > 1", "Write `data.fee`."),
        ("review", "Write `at(\"review\")`."),
        ("lease", "Write `document(\"lease\")`."),
        ("data.fea > 1", "Did you mean `fee`?"),
        ("at('reviev')", "Did you mean `review`?"),
        ("document('leese')", "Did you mean `lease`?"),
        (
            "data.kind.startWith('x')",
            "Write `data.name.startsWith(\"text\")`.",
        ),
        ("data.urgent and data.approved", "Write `&&`."),
        ("data.urgent & data.approved", "Write `&&`."),
        ("data.fee = 1", "Write `==`."),
        ("in('review')", "Write `at(\"state\")`."),
        ("at（'review')", "Write `(`."),
        ("data.kind == “企业”", "Write `\"企业\"`."),
        ("data.kind == 企业", "Put text in quotes: `\"企业\"`."),
        (
            "data.fee == null",
            "Ask `has(data.name)` whether a fact is known.",
        ),
    ];
    for (source, remedy) in rows {
        assert_eq!(help(source), remedy, "{source}");
    }
}

#[test]
fn length_is_bounded_in_bytes() {
    let comment = "企".repeat((LENGTH_MAX - "true //".len()) / 3);
    let longest = format!("true //{comment}");
    assert!(compile(&longest).is_ok());
    let faults = compile(&format!("{longest}业业")).unwrap_err();
    assert_eq!(faults[0].code, "guard-too-long");
    assert_eq!(faults[0].range.end, longest.len() + 6);
    assert!(faults[0].range.start <= LENGTH_MAX && longest.is_char_boundary(faults[0].range.start));
}

#[test]
fn depth_and_number_of_parts_are_bounded() {
    let nested = |depth: usize| format!("{}true{}", "(!".repeat(depth), ")".repeat(depth));
    let sum = |terms: usize| format!("{} == 1", vec!["1"; terms].join("+"));
    let list = |items: usize| format!("data.fee in [{}]", vec!["1"; items].join(","));
    let rows = [
        (nested(NESTING_MAX), true),
        (nested(NESTING_MAX + 1), false),
        // A sum of n terms is a tree n deep, under the comparison.
        (sum(DEPTH_MAX - 1), true),
        (sum(DEPTH_MAX), false),
        // `data . fee in [ ]` are six.
        (list((TOKENS_MAX - 6).div_ceil(2)), true),
        (list((TOKENS_MAX - 6).div_ceil(2) + 1), false),
        // Chains of `&&` and `||` are balanced, so that only their length counts.
        (vec!["data.urgent"; 120].join(" && "), true),
    ];
    for (source, good) in rows {
        let codes: Vec<_> = compile(&source)
            .err()
            .into_iter()
            .flatten()
            .map(|fault| fault.code)
            .collect();
        let expected: &[&str] = if good { &[] } else { &["guard-too-complex"] };
        assert_eq!(codes, expected, "{source}");
    }
}

#[test]
fn the_deepest_guards_fit_the_stack_of_a_worker() {
    on_a_worker(|| {
        let room = LENGTH_MAX - 64;
        let shapes = [
            "(", "!", "-", "!-", "-!", "[", "{", "1+", "a?b:", "a?", "a.", "a.b().", "f(", "a.b(",
            "a[", "size(", "1 in ", "true&&", "a||b&&",
        ];
        for shape in shapes {
            for times in [
                NESTING_MAX,
                DEPTH_MAX,
                TOKENS_MAX / 4,
                TOKENS_MAX / 2 - 2,
                room / shape.len(),
            ] {
                let open = shape.repeat(times);
                let close: String = shape
                    .repeat(times)
                    .chars()
                    .rev()
                    .filter_map(|c| match c {
                        '(' => Some(')'),
                        '[' => Some(']'),
                        '{' => Some('}'),
                        _ => None,
                    })
                    .collect();
                check_total(&open);
                check_total(&format!("{open}1"));
                check_total(&format!("{open}true{close}"));
                check_total(&format!("{open}data.fee{close}"));
            }
        }
    });
}

/// Pieces that guards are made of, and some that they are not, between spaces.
const PIECES: &str = "data . fee kind ( ) [ ] { } ' \" ''' ` \\ r' b\" 企业 “ ” （ ， && || & ! != == = < - + / // % * \
    ? : , in has at all exists map 1 0x 1. .5 1e 9223372036854775808 true null for x \u{85} \\u \\x4 \\8";

#[test]
fn no_text_makes_the_compiler_panic() {
    on_a_worker(|| {
        let mut runner = runner(4000);
        runner
            .run(&prop::collection::vec(any::<u8>(), 0..300), |bytes| {
                check_total(&String::from_utf8_lossy(&bytes));
                Ok(())
            })
            .unwrap();
        runner
            .run(&any::<String>(), |text| {
                check_total(&text);
                Ok(())
            })
            .unwrap();
        let pieces = PIECES.split(' ').chain([" ", "\n", "\r", "\0"]);
        let pieces = prop::sample::select(pieces.collect::<Vec<_>>());
        let soup = prop::collection::vec(pieces, 0..60);
        runner
            .run(&soup, |pieces| {
                check_total(&pieces.concat());
                check_total(&pieces.join(" "));
                Ok(())
            })
            .unwrap();
    });
}

/// Compiles, and evaluates what compiles. Faults must lie inside the source, between characters.
fn check_total(source: &str) {
    match compile(source) {
        Ok(guard) => {
            let _ = guard.eval(&Known::new());
        }
        Err(faults) => {
            assert!(!faults.is_empty(), "{source:?} is refused for nothing");
            for fault in faults {
                assert!(
                    source.get(fault.range.clone()).is_some(),
                    "{source:?}: {fault:?}"
                );
            }
        }
    }
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    })
}

fn on_a_worker(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(WORKER_STACK)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

/// Evaluates with the evaluator of the parser's authors: `None` for any error.
fn eval_in_cel(source: &str) -> Option<bool> {
    use cel::objects::{Key, Map};
    use cel::{Context, Value};

    let mut context = Context::default();
    let data = Known::new().fields.into_iter().map(|(name, value)| {
        let value = match value {
            GuardValue::Bool(value) => Value::Bool(value),
            GuardValue::Int(value) => Value::Int(value),
            GuardValue::Text(value) => Value::String(Arc::new(value)),
        };
        (Key::String(Arc::new(name.to_owned())), value)
    });
    let data = Map {
        map: Arc::new(data.collect()),
    };
    context.add_variable_from_value("data", Value::Map(data));
    context
        .add_function("at", |name: Arc<String>| Known::new().in_state(&name))
        .unwrap();
    context
        .add_function("document", |name: Arc<String>| {
            Known::new().has_document(&name)
        })
        .unwrap();
    let expression = cel::parser::PrattParser::new().parse(source).unwrap();
    match Value::resolve(&expression, &context) {
        Ok(Value::Bool(value)) => Some(value),
        Ok(other) => panic!("{source}: {other:?}"),
        Err(_) => None,
    }
}

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|value| value.to_string()),
        (-5_i64..5).prop_map(|value| value.to_string()),
        prop::sample::select(
            &[
                "data.fee",
                "data.staff",
                "data.most",
                "data.unpaid",
                "size(data.kind)"
            ][..]
        )
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let sign = prop::sample::select(&["+", "-", "*", "/", "%"][..]);
        prop_oneof![
            (inner.clone(), sign, inner.clone())
                .prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
            inner.prop_map(|inner| format!("-({inner})")),
        ]
    })
}

fn words() -> impl Strategy<Value = String> {
    prop::sample::select(&["data.kind", "data.note", "'2023-03'", "\"个体\"", "''"][..])
        .prop_map(str::to_owned)
}

fn condition() -> impl Strategy<Value = String> {
    let relation = || prop::sample::select(&["==", "!=", "<", "<=", ">", ">="][..]);
    let search = prop::sample::select(&["startsWith", "endsWith", "contains"][..]);
    let leaf = prop_oneof![
        prop::sample::select(
            &[
                "data.urgent",
                "data.approved",
                "has(data.fee)",
                "has(data.unpaid)",
                "at('review')",
                "document('articles')",
                "true",
                "false"
            ][..]
        )
        .prop_map(str::to_owned),
        (number(), relation(), number())
            .prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
        (words(), relation(), words())
            .prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
        (words(), search, words())
            .prop_map(|(whole, search, part)| format!("{whole}.{search}({part})")),
        words().prop_map(|words| format!("{words} in ['2023-03', '个体工商户']")),
        number().prop_map(|number| format!("{number} in [1, 300, -7]")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} && {right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} || {right})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(when, then, otherwise)| format!("(({when}) ? {then} : {otherwise})")),
            inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}

#[test]
fn every_well_typed_guard_means_what_cel_says() {
    runner(3000)
        .run(&condition(), |source| {
            let guard = match compile(&source) {
                Ok(guard) => guard,
                // A generated guard may be too long or too deep, but has no other fault.
                Err(faults) => {
                    let bounds = ["guard-too-long", "guard-too-complex"];
                    prop_assert!(
                        faults.iter().all(|fault| bounds.contains(&fault.code)),
                        "{source}: {faults:?}"
                    );
                    return Ok(());
                }
            };
            prop_assert_eq!(
                guard.eval(&Known::new()).ok(),
                eval_in_cel(&source),
                "{}",
                source
            );
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_guard_keeps_its_text_and_is_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + fmt::Debug>() {}
    shared::<Guard>();
    let guard = compile("data.urgent // 加急").unwrap();
    assert_eq!(guard.clone().source(), "data.urgent // 加急");
}
