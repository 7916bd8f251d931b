//! Cases move to another version of their workflow, on a disk.

use std::collections::{BTreeMap, BTreeSet};

use groundbreak_engine::workflow::{
    Act, Actor, Case, CaseId, Command, Commit, Data, Entry, Mapping, MigrationFault, Refusal, Value,
};
use groundbreak_engine::{
    Engine, MigrationError, MigrationOutcome, MigrationReport, MigrationRequest, SubmitError,
};

use crate::faulty::FaultyStore;
use crate::given::{CALENDAR, Place, after, clerk, command, comment, fire, open};

mod clocks;
mod places;
mod runs;

/// A definition. `@x` in it stands for a title, and every event is the clerk's.
fn definition(version: u32, events: &str, rest: &str) -> String {
    let events: String = events
        .split(' ')
        .map(|event| format!("  {event}: {{ @{event}, by: [clerk] }}\n"))
        .collect();
    let text = format!(
        "workflow: permit\nversion: {version}\n@permit\ncalendar: hall\nroles: {{ clerk: {{ @clerk }} }}\nevents:\n{events}{rest}"
    );
    let mut parts = text.split('@');
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_alphanumeric() && c != '_');
        let (name, rest) = part.split_at(end.unwrap_or(part.len()));
        written += &format!("title: {{ zh: {name}, en: {name} }}{rest}");
    }
    written
}

/// A run with the first version published.
struct Run {
    place: Place,
    engine: Engine,
}

impl Run {
    async fn begin(first: &str) -> Self {
        let place = Place::disk();
        let engine = open(place.store(), after(0)).await;
        engine.publish_calendar(CALENDAR).await.unwrap();
        engine.publish_workflow(first).await.unwrap();
        Self { place, engine }
    }

    async fn case(&self, data: Data, events: &str) -> CaseId {
        let id = self.engine.new_case_id();
        let act = Act::Open {
            workflow: "permit".into(),
            version: None,
            title: "Precision Motors".into(),
            data,
        };
        self.give(id, act).await.unwrap();
        for event in events.split(' ').filter(|event| !event.is_empty()) {
            self.give(id, fire(event)).await.unwrap();
        }
        id
    }

    async fn give(&self, id: CaseId, act: Act) -> Result<(), SubmitError> {
        let command = command(&self.engine, id, clerk(), act);
        self.engine.submit(command).await.map(|_| ())
    }

    async fn read(&self, id: CaseId) -> Case {
        Case::clone(&self.engine.case(id).await.unwrap().unwrap())
    }

    async fn entries(&self, id: CaseId) -> Vec<Entry> {
        let journal = self.engine.journal(id).await.unwrap();
        journal
            .into_iter()
            .flat_map(|commit| commit.entries)
            .collect()
    }

    /// Migrates, after the plan has said what comes.
    async fn migrate(&self, request: &MigrationRequest) -> MigrationReport {
        let planned = self.engine.plan_migration(request).await.unwrap();
        let report = self
            .engine
            .migrate(request, operator(), "new rules")
            .await
            .unwrap();
        let short = |report: &MigrationReport| -> Vec<String> {
            report
                .cases
                .iter()
                .map(|case| told(&case.outcome))
                .collect()
        };
        assert_eq!(short(&planned), short(&report), "planned and done");
        report
    }

    /// Every case is what its journal tells, and comes back from the disk as it is.
    async fn reopened(self) -> Self {
        let all = self
            .engine
            .list(&groundbreak_engine::ListQuery::all(100))
            .await
            .unwrap();
        let mut before = Vec::new();
        for id in all.cases {
            let journal: Vec<Commit> = self.engine.journal(id).await.unwrap();
            let folded = Case::fold(&journal).unwrap().unwrap();
            let case = self.read(id).await;
            assert_eq!(folded, case);
            before.push((case, journal));
        }
        let now = self.engine.now();
        self.engine.shutdown().await.unwrap();
        let store = FaultyStore::on(self.place.store());
        // States may be thrown away: then the journal tells the same.
        store.garble_states();
        let engine = open(store, now).await;
        for (case, journal) in before {
            assert_eq!(engine.journal(case.id).await.unwrap(), journal);
            assert_eq!(*engine.case(case.id).await.unwrap().unwrap(), case);
            engine.situation(case.id).await.unwrap().unwrap();
        }
        engine.shutdown().await.unwrap();
        drop(engine);
        let engine = self.place.engine_at(now).await;
        Self {
            place: self.place,
            engine,
        }
    }
}

fn operator() -> Actor {
    Actor {
        id: "wang".into(),
        name: "王".into(),
        roles: BTreeSet::new(),
        department: None,
    }
}

fn told(outcome: &MigrationOutcome) -> String {
    match outcome {
        MigrationOutcome::Moves { places } => {
            let places: Vec<&str> = places.iter().map(|place| place.state.as_str()).collect();
            places.join(" ")
        }
        MigrationOutcome::Kept(obstacles) => {
            let codes: Vec<&str> = obstacles.iter().map(|obstacle| obstacle.code()).collect();
            format!("! {}", codes.join(" "))
        }
        MigrationOutcome::Damaged(failure) => failure.code().to_owned(),
    }
}

fn pairs(lines: &str) -> BTreeMap<String, String> {
    let lines = lines.split(' ').filter_map(|line| line.split_once('='));
    lines
        .map(|(old, new)| (old.to_owned(), new.to_owned()))
        .collect()
}

/// A mapping: `old=new` renames, `-state` drops.
fn mapping(text: &str) -> Mapping {
    Mapping {
        states: pairs(text),
        drop: text
            .split(' ')
            .filter_map(|word| word.strip_prefix('-'))
            .map(str::to_owned)
            .collect(),
        ..Mapping::default()
    }
}

fn to_second(mapping: Mapping) -> MigrationRequest {
    MigrationRequest {
        mapping,
        ..MigrationRequest::new("permit", 2)
    }
}

/// Opens a case under the first version, sends the events, publishes the second, and tells where the
/// case is after the migration or why it stays.
async fn check(first: &str, events: &str, second: &str, by: &str, expected: &str) {
    let run = Run::begin(first).await;
    let id = run.case(Data::new(), events).await;
    let before = run.read(id).await;
    run.engine.publish_workflow(second).await.unwrap();
    let report = run.migrate(&to_second(mapping(by))).await;
    assert_eq!(told(&report.cases[0].outcome), expected);
    let now = run.read(id).await;
    if expected.starts_with('!') {
        assert_eq!(now, before, "it stays as it was");
    } else {
        assert_eq!((now.version, now.digest == before.digest), (2, false));
        run.give(id, comment("goes on")).await.unwrap();
    }
    run.reopened().await.engine.shutdown().await.unwrap();
}

const SIMPLE: &str = "states:
  waiting: { @waiting, on: { go: review } }
  review: { @review, on: { go: ended } }
  ended: { @ended, final: true }
";

/// `SIMPLE`, with `review` called `examination`.
fn renamed() -> String {
    definition(2, "go", &SIMPLE.replace("review", "examination"))
}

fn simple(version: u32) -> String {
    definition(version, "go", SIMPLE)
}

/// A definition with these fields.
fn with_fields(version: u32, fields: &str) -> String {
    definition(version, "go", &format!("data:\n{fields}{SIMPLE}"))
}

#[tokio::test]
async fn facts_that_do_not_fit_keep_a_case_until_the_operator_says_what_to_do() {
    let first = "  area: { @area, type: integer }\n  kind: { @kind, type: text }\n";
    let second = "  kind: { @kind, type: choice, choices: { a: { zh: a, en: a }, b: { zh: b, en: b } } }\n  fee: { @fee, type: money, required: true }\n";
    let run = Run::begin(&with_fields(1, first)).await;
    let data = |area: Option<i64>, kind: &str| -> Data {
        let kind = ("kind".to_owned(), Value::from(kind));
        let area = area.map(|area| ("area".to_owned(), Value::from(area)));
        std::iter::once(kind).chain(area).collect()
    };
    let odd = run.case(data(Some(3), "x"), "").await;
    let good = run.case(data(None, "b"), "").await;
    run.engine
        .publish_workflow(with_fields(2, second))
        .await
        .unwrap();
    let mut request = to_second(Mapping::default());
    let report = run.migrate(&request).await;
    assert_eq!(
        told(&report.cases[0].outcome),
        "! migrate-fact-unknown migrate-fact-not-taken migrate-fact-missing"
    );
    assert_eq!(told(&report.cases[1].outcome), "! migrate-fact-missing");
    request.mapping.forget.insert("area".into());
    request.mapping.set.insert("kind".into(), Value::from("a"));
    request.mapping.set.insert("fee".into(), Value::from(120));
    let report = run.migrate(&request).await;
    assert!(report.is_whole());
    let run = run.reopened().await;
    let facts = |kind: &str| {
        Data::from([
            ("kind".into(), Value::from(kind)),
            ("fee".into(), Value::from(120)),
        ])
    };
    assert_eq!(run.read(odd).await.data, facts("a"));
    // What is good stays.
    assert_eq!(run.read(good).await.data, facts("b"));
}

#[tokio::test]
async fn who_acted_stays_known_under_the_new_name_of_a_role() {
    let text = |version, reviewer: &str| {
        format!(
            "workflow: permit\nversion: {version}\ntitle: {{ zh: x, en: x }}\ncalendar: hall\nroles:\n  {reviewer}: {{ title: {{ zh: x, en: x }} }}\n  approver: {{ title: {{ zh: y, en: y }}, not_same_person_as: [{reviewer}] }}\nevents:\n  check: {{ title: {{ zh: x, en: x }}, by: [{reviewer}] }}\n  grant: {{ title: {{ zh: y, en: y }}, by: [approver] }}\nstates:\n  review: {{ title: {{ zh: x, en: x }}, on: {{ check: checked }} }}\n  checked: {{ title: {{ zh: x, en: x }}, on: {{ grant: granted }} }}\n  granted: {{ title: {{ zh: y, en: y }}, final: true }}\n"
        )
    };
    let run = Run::begin(&text(1, "reviewer")).await;
    let as_role = |role: &str| Actor::new("lin", "林", role);
    let id = run.engine.new_case_id();
    let give = |act, role: &str| {
        let command = Command {
            actor: as_role(role),
            ..command(&run.engine, id, clerk(), act)
        };
        run.engine.submit(command)
    };
    let act = Act::Open {
        workflow: "permit".into(),
        version: None,
        title: "x".into(),
        data: Data::new(),
    };
    give(act, "reviewer").await.unwrap();
    give(fire("check"), "reviewer").await.unwrap();
    run.engine
        .publish_workflow(text(2, "examiner"))
        .await
        .unwrap();
    let mut request = to_second(Mapping::default());
    let report = run.migrate(&request).await;
    assert_eq!(told(&report.cases[0].outcome), "! migrate-role-gone");
    request.mapping.roles = pairs("reviewer=examiner");
    assert!(run.migrate(&request).await.is_whole());
    let refused = give(fire("grant"), "approver").await;
    assert!(
        matches!(
            refused,
            Err(SubmitError::Refused(Refusal::SamePerson { .. }))
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn publishing_a_version_touches_no_running_case() {
    let run = Run::begin(&simple(1)).await;
    let id = run.case(Data::new(), "go").await;
    let before = (run.read(id).await, run.engine.journal(id).await.unwrap());
    let second = run.engine.publish_workflow(renamed()).await.unwrap();
    assert_eq!(
        (run.read(id).await, run.engine.journal(id).await.unwrap()),
        before
    );
    let run = run.reopened().await;
    assert_eq!(run.read(id).await, before.0);
    let first = run.engine.workflow("permit", Some(1)).unwrap();
    assert_eq!(before.0.digest, first.digest);
    assert_ne!(before.0.digest, second.digest);
    // It goes on as its own version has it, and new ones begin on the new version.
    let new = run.case(Data::new(), "go").await;
    assert!(run.read(new).await.is_in("examination"));
    run.give(id, fire("go")).await.unwrap();
    assert!(run.read(id).await.is_in("ended"));
}

#[tokio::test]
async fn a_case_is_not_run_under_another_text() {
    let run = Run::begin(&simple(1)).await;
    let id = run.case(Data::new(), "go").await;
    run.engine.shutdown().await.unwrap();
    let store = FaultyStore::on(run.place.store());
    store.alter_snapshots(|snapshot| {
        let mut case = groundbreak_engine::workflow::decode_case(&snapshot.state).unwrap();
        case.digest = "0".repeat(64);
        snapshot.state = groundbreak_engine::workflow::encode_case(&case);
    });
    let engine = open(store, after(0)).await;
    let given = command(&engine, id, clerk(), fire("go"));
    let refused = engine.submit(given).await;
    assert_eq!(refused.unwrap_err().code(), "case-damaged");
}

#[tokio::test]
async fn the_entry_names_who_and_why_and_both_versions() {
    let run = Run::begin(&simple(1)).await;
    let id = run.case(Data::new(), "go").await;
    run.engine.publish_workflow(renamed()).await.unwrap();
    let request = to_second(mapping("review=examination"));
    for (actor, reason) in [(operator(), " "), (Actor::clock(), "x")] {
        let refused = run.engine.migrate(&request, actor, reason).await;
        assert!(
            matches!(refused, Err(MigrationError::Refused(_))),
            "{refused:?}"
        );
    }
    run.migrate(&request).await;
    let journal = run.engine.journal(id).await.unwrap();
    let commit = journal.last().unwrap();
    assert_eq!(commit.by.id, "wang");
    let [Entry::Migrated(migrated)] = commit.entries.as_slice() else {
        panic!("{:?}", commit.entries);
    };
    assert_eq!((migrated.from_version, migrated.version), (1, 2));
    assert_eq!(migrated.reason, "new rules");
    assert_eq!(migrated.renamed, pairs("review=examination"));
    let case = run.read(id).await;
    assert_eq!(case.entered_at("examination"), Some(after(0)));
    let versions = run.engine.versions(&case, &journal).unwrap();
    let told: Vec<u32> = (1..=3)
        .map(|revision| versions.at(revision).version)
        .collect();
    assert_eq!(told, [1, 1, 2]);
}

#[tokio::test]
async fn requests_that_do_not_fit_are_told_before_any_case_is_looked_at() {
    let run = Run::begin(&simple(1)).await;
    run.case(Data::new(), "").await;
    run.engine.publish_workflow(renamed()).await.unwrap();
    let code = async |request: MigrationRequest| {
        let error = run.engine.plan_migration(&request).await.unwrap_err();
        assert!(!error.text().zh.is_empty() && !error.text().en.is_empty());
        let suggestion = match &error {
            MigrationError::Fault(MigrationFault::UnknownName { suggestion, .. }) => {
                suggestion.clone()
            }
            _ => None,
        };
        format!("{} {}", error.code(), suggestion.unwrap_or_default())
    };
    let to = |version| MigrationRequest::new("permit", version);
    let rows = [
        (to(3), "unknown-workflow "),
        (to(1), "migration-not-newer "),
        (
            MigrationRequest {
                from: Some(2),
                ..to(2)
            },
            "migration-not-newer ",
        ),
        (
            to_second(mapping("reveiw=examination")),
            "mapping-unknown-name review",
        ),
        (
            to_second(mapping("review=examinatoin")),
            "mapping-unknown-name examination",
        ),
        (to_second(mapping("-nowhere")), "mapping-unknown-name "),
        (
            to_second(mapping("review=examination -review")),
            "mapping-contradiction ",
        ),
    ];
    for (request, expected) in rows {
        assert_eq!(code(request).await, expected);
    }
    let mut unknown = to_second(Mapping::default());
    unknown.mapping.set.insert("area".into(), Value::from(1));
    assert_eq!(code(unknown).await, "invalid-data ");
    // Back to a lower version when it is asked for.
    let id = run.case(Data::new(), "").await;
    let back = MigrationRequest {
        backwards: true,
        ..to(1)
    };
    assert_eq!(run.migrate(&back).await.cases.len(), 1);
    assert_eq!(run.read(id).await.version, 1);
}
