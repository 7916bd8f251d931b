//! What is proven of a definition before it runs is what a case then shows.
//!
//! Each file of `tests/unsound` says what is to be found in it, where, and by which way a case
//! comes there. The engine takes that way, and shows the fault.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use groundbreak_engine::store::{MemoryStore, Put, Store};
use groundbreak_engine::workflow::sla::Timestamp;
use groundbreak_engine::{Engine, EngineOptions, PublishError, SimulatedTime};
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command, Completion, Data, Diagnostic, FieldType, Happening, Library,
    LibraryError, Limits, Severity, Value, Witness, Workflow, decide,
};

use crate::root;

/// A Thursday morning.
const START: Timestamp = Timestamp::from_millis(1_679_536_800_000);

struct Row {
    name: String,
    source: String,
    workflow: Arc<Workflow>,
    findings: Vec<Diagnostic>,
}

fn calendar(name: &str) -> String {
    let path = root().join("workflows/calendars").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn library() -> Library {
    let mut library = Library::new();
    for name in ["china.yaml", "pengjiang.yaml"] {
        library.add_calendar(&calendar(name)).unwrap();
    }
    library
}

fn rows() -> Vec<Row> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("tests/unsound"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let library = library();
    files
        .iter()
        .map(|path| row(path, library.clone()))
        .collect()
}

fn row(path: &std::path::Path, mut library: Library) -> Row {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let source = std::fs::read_to_string(path).unwrap();
    let workflow = match library.add_workflow(&source) {
        Ok(workflow) => workflow,
        Err(LibraryError::Faults(faults)) => panic!("{name}: {faults:?}"),
        Err(error) => panic!("{name}: {error}"),
    };
    let soundness = workflow.soundness(&Limits::default());
    assert!(soundness.complete, "{name}");
    Row {
        name,
        source,
        workflow,
        findings: soundness.findings,
    }
}

/// The head of a file as its findings would have it.
fn head(row: &Row) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in &row.findings {
        let place = finding.place(&row.source);
        let weight = match finding.severity {
            Severity::Error => "",
            Severity::Warning => " (warning)",
        };
        let line = row.source.lines().nth(place.line - 1).unwrap_or_default();
        let rest: String = line.chars().skip(place.column - 1).collect();
        let word = rest.split([' ', ':', ',']).next().unwrap_or_default();
        lines.push(format!("# expect: {}{weight} at {word}", finding.code));
        if let Some(witness) = &finding.witness {
            lines.push(format!("#   {}", way(witness)));
        }
    }
    if lines.is_empty() {
        lines.push("# expect: sound".to_owned());
    }
    lines
}

fn way(witness: &Witness) -> String {
    let mut parts = vec![witness.opened_in.join("+")];
    for step in &witness.steps {
        let what = match &step.happens {
            Happening::Event(event) => event.clone(),
            Happening::Timer(timer) => format!("due {timer}"),
            Happening::Document => "document".to_owned(),
        };
        parts.push(format!("{what} > {}", step.leads_to.join("+")));
    }
    parts.join("; ")
}

#[test]
fn each_definition_has_the_findings_it_says() {
    let mut wrong = Vec::new();
    let rows = rows();
    assert!(rows.len() >= 40);
    for row in &rows {
        let written: Vec<&str> = row
            .source
            .lines()
            .take_while(|line| line.starts_with('#'))
            .filter(|line| line.starts_with("# expect") || line.starts_with("#   "))
            .collect();
        let found = head(row);
        if written != found {
            wrong.push(format!("{}\n{}", row.name, found.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "found instead:\n{}", wrong.join("\n"));
}

/// Facts that are given whenever an act asks for them.
type Facts = Data;

/// Every way to give the facts of a workflow, and to leave them out.
fn every_fact(workflow: &Workflow) -> Vec<Facts> {
    let mut all = vec![Facts::new()];
    for (name, field) in &workflow.fields {
        let values: Vec<Value> = match field.kind {
            FieldType::Boolean => vec![Value::Boolean(true), Value::Boolean(false)],
            FieldType::Integer => vec![Value::Integer(1), Value::Integer(9)],
            _ => field.choices.keys().cloned().map(Value::Text).collect(),
        };
        let given: Vec<Facts> = all
            .iter()
            .flat_map(|facts| {
                values.iter().map(|value| {
                    let mut facts = facts.clone();
                    facts.insert(name.clone(), value.clone());
                    facts
                })
            })
            .collect();
        if field.required {
            all = given;
        } else {
            all.extend(given);
        }
    }
    all
}

/// Somebody who has every role of the workflow.
fn person(workflow: &Workflow, id: &str) -> Actor {
    let mut actor = Actor::new(id, "林", "clerk");
    actor.roles.extend(workflow.roles.keys().cloned());
    actor
}

fn fire(workflow: &Workflow, event: &str, facts: &Facts) -> Act {
    let asks = &workflow.events[event].asks;
    let data = facts
        .iter()
        .filter(|(name, _)| asks.contains(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Act::Fire {
        event: event.to_owned(),
        data,
        note: None,
    }
}

fn attach(document: &str) -> Act {
    Act::Attach {
        document: document.to_owned(),
        file_name: "form.pdf".to_owned(),
        digest: "0".repeat(64),
        note: None,
    }
}

/// An engine that has the workflow in its store, as an older program may have published it.
async fn engine(row: &Row) -> Engine {
    let store = Arc::new(MemoryStore::new());
    let texts = [
        format!("calendar\n{}", calendar("china.yaml")),
        format!("calendar\n{}", calendar("pengjiang.yaml")),
        format!("workflow\n{}", row.source),
    ];
    for (number, text) in texts.into_iter().enumerate() {
        let key = format!("definition/{:010}", number + 1);
        store
            .put_metadata(&key, text.into_bytes(), Put::Create)
            .await
            .unwrap();
    }
    let options = EngineOptions {
        time: Arc::new(SimulatedTime::new(START)),
        ..EngineOptions::default()
    };
    Engine::open(store, options).await.unwrap()
}

/// The innermost states a case is in.
fn leaves(workflow: &Workflow, case: &Case) -> BTreeSet<String> {
    let around: BTreeSet<&String> = case
        .active
        .iter()
        .filter_map(|state| workflow.states[state].parent.as_ref())
        .collect();
    case.active
        .iter()
        .filter(|state| !around.contains(state))
        .cloned()
        .collect()
}

/// Takes a witness's way. Returns the case, or why the engine did not do the last step; nothing
/// when these facts lead another way.
async fn replay(row: &Row, witness: &Witness, facts: &Facts) -> Option<Result<Case, String>> {
    let workflow = &row.workflow;
    let engine = engine(row).await;
    let id = engine.new_case_id();
    let command = |act| Command {
        id: engine.new_command_id(),
        case: id,
        actor: person(workflow, "lin"),
        seen_revision: None,
        effective_at: None,
        act,
    };
    let opening = command(Act::Open {
        workflow: workflow.name.clone(),
        version: None,
        title: "Precision Motors".into(),
        data: facts
            .iter()
            .filter(|(name, _)| workflow.fields[*name].required)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    });
    // The engine looks one act ahead, to say who may act, and so meets a livelock one step early.
    if let Err(error) = engine.submit(opening).await {
        return Some(Err(format!("{error:?}")));
    }
    let mut case = engine.case(id).await.unwrap().unwrap();
    if leaves(workflow, &case) != witness.opened_in.iter().cloned().collect() {
        return None;
    }
    for step in &witness.steps {
        let done = match &step.happens {
            Happening::Event(event) => engine
                .submit(command(fire(workflow, event, facts)))
                .await
                .map(drop)
                .map_err(|error| format!("{error:?}")),
            Happening::Document => {
                let document = workflow.documents.keys().next().unwrap();
                let sent = engine.submit(command(attach(document))).await;
                sent.map(drop).map_err(|error| format!("{error:?}"))
            }
            Happening::Timer(timer) => {
                let due_at = case.armed[timer];
                let advanced = engine.advance_to(due_at).await;
                advanced.map(drop).map_err(|error| format!("{error:?}"))
            }
        };
        if let Err(error) = done {
            return (!error.starts_with("Refused")).then_some(Err(error));
        }
        case = engine.case(id).await.unwrap().unwrap();
        if leaves(workflow, &case) != step.leads_to.iter().cloned().collect() {
            return None;
        }
    }
    Some(Ok(Case::clone(&case)))
}

/// Everything that can come of a case by real acts, documents and timers, with any facts: the
/// states it enters, and whether it ends.
fn everything_after(workflow: &Workflow, case: Option<&Case>) -> (BTreeSet<String>, bool) {
    let id = CaseId(uuid::Uuid::from_u128(1));
    let mut now = START;
    let command = |act, actor, number| Command {
        id: groundbreak_workflow::CommandId(uuid::Uuid::from_u128(number)),
        case: case.map_or(id, |case| case.id),
        actor,
        seen_revision: None,
        effective_at: None,
        act,
    };
    let every_fact = every_fact(workflow);
    let mut numbers = 2..;
    let mut waiting: VecDeque<Case> = case.cloned().into_iter().collect();
    if case.is_none() {
        // On a Friday a working day ends later than two days do.
        let openings = [START, START.saturating_add_millis(24 * 3_600_000)];
        for (facts, at) in every_fact
            .iter()
            .flat_map(|facts| openings.map(|at| (facts, at)))
        {
            now = at;
            let act = Act::Open {
                workflow: workflow.name.clone(),
                version: None,
                title: "Precision Motors".into(),
                data: facts.clone(),
            };
            let opening = command(act, person(workflow, "lin"), numbers.next().unwrap());
            waiting.extend(decide(workflow, None, &opening, now).map(|decision| decision.case));
        }
    }
    let mut seen = HashSet::new();
    let mut entered = BTreeSet::new();
    let mut ends = false;
    while let Some(case) = waiting.pop_front() {
        entered.extend(case.stays.keys().cloned());
        ends |= workflow.is_closed(&case);
        let documents: Vec<&String> = case.documents.keys().collect();
        let armed: Vec<&String> = case.armed.keys().collect();
        let next = workflow.next_timer(&case).unwrap();
        let next = next.as_ref();
        let key = format!(
            "{:?} {:?} {:?} {documents:?} {armed:?} {:?}",
            case.active,
            case.remembered,
            case.data,
            next.map(|timer| &timer.id)
        );
        if !seen.insert(key) {
            continue;
        }
        assert!(
            seen.len() < 5_000,
            "{} is too large to search",
            workflow.name
        );
        now = now.max(case.recorded_at);
        let somebody_new = || person(workflow, &format!("person {}", case.revision));
        let mut acts: Vec<(Act, Actor, Timestamp)> = Vec::new();
        for event in workflow.events.keys() {
            for facts in &every_fact {
                acts.push((fire(workflow, event, facts), somebody_new(), now));
            }
        }
        for document in workflow.documents.keys() {
            acts.push((attach(document), somebody_new(), now));
        }
        if let Some(timer) = next {
            acts.push((Act::Tick, Actor::clock(), timer.due_at.max(now)));
        }
        for (act, actor, at) in acts {
            let command = command(act, actor, numbers.next().unwrap());
            if let Ok(decision) = decide(workflow, Some(&case), &command, at) {
                waiting.push_back(decision.case);
            }
        }
    }
    (entered, ends)
}

#[tokio::test]
async fn the_engine_takes_every_witness_and_shows_the_fault() {
    let mut replayed = 0;
    for row in rows() {
        for finding in &row.findings {
            let Some(witness) = &finding.witness else {
                continue;
            };
            let mut shown = None;
            for facts in every_fact(&row.workflow) {
                shown = shown.or(replay(&row, witness, &facts).await);
            }
            let name = format!("{}: {}", row.name, finding.code);
            let shown = shown.unwrap_or_else(|| panic!("{name}: no facts lead this way"));
            match (finding.code, shown) {
                ("livelock", Err(error)) => {
                    assert!(error.contains("does not come to rest"), "{name}: {error}");
                }
                ("cannot-complete" | "dead-end", Ok(case)) => {
                    let (_, ends) = everything_after(&row.workflow, Some(&case));
                    assert!(!ends, "{name}: the case can end after all");
                }
                ("always-preempted" | "segments-overlap", Ok(_)) => {}
                (_, shown) => panic!("{name}: {shown:?}"),
            }
            replayed += 1;
        }
    }
    assert!(replayed >= 20, "{replayed} witnesses");
}

#[test]
fn no_real_act_comes_where_nothing_leads() {
    for row in rows() {
        if row
            .findings
            .iter()
            .any(|finding| finding.code == "livelock")
        {
            continue;
        }
        let (entered, ends) = everything_after(&row.workflow, None);
        let unreachable: BTreeSet<&str> = row
            .findings
            .iter()
            .filter(|finding| finding.code == "unreachable-state")
            .map(|finding| &row.source[finding.span.clone()])
            .collect();
        for state in row.workflow.states.keys() {
            let history = state == "was";
            let reported = unreachable.contains(state.as_str());
            assert_eq!(
                entered.contains(state),
                !reported && !history,
                "{}: {state}",
                row.name
            );
        }
        assert!(ends || unreachable.contains("z"), "{}", row.name);
    }
}

#[tokio::test]
async fn a_sound_case_can_be_completed_by_the_way_that_is_told() {
    for row in rows().iter().filter(|row| row.findings.is_empty()) {
        let witness = opening_completes(&row.workflow);
        let mut shown = None;
        for facts in every_fact(&row.workflow) {
            shown = shown.or(replay(row, &witness, &facts).await);
        }
        let case = shown.expect("some facts lead this way").unwrap();
        assert!(row.workflow.is_closed(&case), "{}", row.name);
    }
}

fn opening_completes(workflow: &Workflow) -> Witness {
    match workflow.can_be_completed(&Limits::default()) {
        Completion::Yes(witness) => witness,
        other => panic!("{}: {other:?}", workflow.name),
    }
}

#[tokio::test]
async fn what_is_unsound_is_not_published_and_what_only_warns_is() {
    for row in rows() {
        let engine = Engine::open(Arc::new(MemoryStore::new()), EngineOptions::default())
            .await
            .unwrap();
        for name in ["china.yaml", "pengjiang.yaml"] {
            engine.publish_calendar(&calendar(name)).await.unwrap();
        }
        let errors: Vec<&Diagnostic> = row
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect();
        match engine.publish_workflow(&row.source).await {
            Ok(_) => assert!(errors.is_empty(), "{}", row.name),
            Err(PublishError::Library(LibraryError::Faults(faults))) => {
                assert_eq!(faults.iter().collect::<Vec<_>>(), errors, "{}", row.name);
            }
            Err(error) => panic!("{}: {error}", row.name),
        }
    }
}
