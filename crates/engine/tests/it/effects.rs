//! Effects: after what they follow from is durable, at least once, under one key; and what cases do
//! to one another exactly once.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use groundbreak_engine::store::{MemoryStore, Position, Store};
use groundbreak_engine::workflow::sla::Timestamp;
use groundbreak_engine::workflow::{
    Act, Actor, CaseId, Data, Effect, EffectId, EffectOutcome, Entry, Parent, PendingEffect,
    Refusal, Value,
};
use groundbreak_engine::{
    Deliver, Engine, EngineOptions, ListQuery, Message, MigrationRequest, SimulatedTime,
    SubmitError, SystemTime, rebuild,
};
use uuid::Uuid;

use crate::faulty::FaultyStore;
use crate::given::{
    CALENDAR, HOUR, Place, START, after, clerk, command, comment, fire, options, submit,
};
use crate::on_both_stores;

on_both_stores! {
    a_message_is_delivered_with_its_facts_and_that_is_recorded
    what_was_delivered_and_not_recorded_is_delivered_again_under_the_same_key
    without_a_deliverer_messages_wait_and_are_fetched
    a_child_is_opened_once_and_its_end_is_told_once
    a_child_opened_before_a_crash_is_not_opened_again_after_it
    a_message_that_is_never_delivered_is_found_and_sent_again
    effects_that_wait_survive_a_restart_and_a_rebuild
}

const PROJECT: &str = "
workflow: project
version: 1
title: { zh: 项目, en: Project }
calendar: hall
data:
  company: { title: { zh: 企业, en: Company }, type: text }
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events:
  begin: { title: { zh: 开始, en: Begin }, by: [clerk] }
  announce: { title: { zh: 公告, en: Announce }, by: [clerk] }
  hurry: { title: { zh: 催办, en: Hurry }, by: [clerk] }
  registered: { title: { zh: 已登记, en: Registered }, by_case: true }
states:
  preparing:
    title: { zh: 准备, en: Preparing }
    on:
      begin: registering
      announce: { message: [{ name: announced, data: [company] }] }
  registering:
    title: { zh: 登记, en: Registering }
    invoke:
      registration: { workflow: company, data: { name: company }, done: registered }
    on:
      registered: finished
      hurry: { send: [{ event: hurried, to: registration }] }
  finished: { title: { zh: 完成, en: Finished }, final: true }
";

const COMPANY: &str = "
workflow: company
version: 1
title: { zh: 企业登记, en: Company }
calendar: hall
data:
  name: { title: { zh: 名称, en: Name }, type: text, required: true }
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events:
  license: { title: { zh: 发照, en: License it }, by: [clerk] }
  hurried: { title: { zh: 被催办, en: Hurried }, by_case: true }
states:
  open:
    title: { zh: 办理中, en: Open }
    on: { license: licensed, hurried: hurried_once }
  hurried_once:
    title: { zh: 已催办, en: Hurried once }
    on: { license: licensed }
  licensed: { title: { zh: 已发照, en: Licensed }, final: true }
";

/// Somebody outside, who remembers what came.
struct Outside {
    came: Mutex<Vec<Message>>,
    /// What is answered; nothing at all while it is `None`.
    answer: Mutex<Option<EffectOutcome>>,
    takes: Duration,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    panics: AtomicBool,
}

impl Outside {
    fn answering(answer: Option<EffectOutcome>) -> Arc<Self> {
        Self::slow(answer, Duration::ZERO)
    }

    fn slow(answer: Option<EffectOutcome>, takes: Duration) -> Arc<Self> {
        Arc::new(Self {
            came: Mutex::default(),
            answer: Mutex::new(answer),
            takes,
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            panics: AtomicBool::new(false),
        })
    }

    fn answer(&self, answer: Option<EffectOutcome>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn came(&self) -> Vec<Message> {
        self.came.lock().unwrap().clone()
    }

    fn keys(&self) -> Vec<Uuid> {
        self.came().iter().map(|message| message.key).collect()
    }
}

#[async_trait]
impl Deliver for Outside {
    async fn deliver(&self, message: &Message) -> EffectOutcome {
        self.came.lock().unwrap().push(message.clone());
        assert!(!self.panics.load(Ordering::SeqCst), "told to panic");
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(under_way, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        let answer = self.answer.lock().unwrap().clone();
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

fn no() -> Option<EffectOutcome> {
    Some(EffectOutcome::Failed {
        problem: "no".into(),
    })
}

const YES: Option<EffectOutcome> = Some(EffectOutcome::Delivered);

/// An engine on simulated time.
async fn simulated(
    store: Arc<dyn Store>,
    now: Timestamp,
    outside: Option<&Arc<Outside>>,
) -> Engine {
    let options = EngineOptions {
        deliver: outside.map(|outside| Arc::clone(outside) as Arc<dyn Deliver>),
        ..options(SimulatedTime::new(now))
    };
    published(Engine::open(store, options).await.unwrap()).await
}

/// An engine on the time of the machine.
async fn live(store: Arc<dyn Store>, outside: Option<&Arc<Outside>>) -> Engine {
    let options = EngineOptions {
        time: Arc::new(SystemTime),
        deliver: outside.map(|outside| Arc::clone(outside) as Arc<dyn Deliver>),
        ..EngineOptions::default()
    };
    published(Engine::open(store, options).await.unwrap()).await
}

async fn published(engine: Engine) -> Engine {
    engine.publish_calendar(CALENDAR).await.unwrap();
    engine.publish_workflow(PROJECT).await.unwrap();
    engine.publish_workflow(COMPANY).await.unwrap();
    engine
}

async fn project(engine: &Engine) -> CaseId {
    let id = engine.new_case_id();
    let company = Value::Text("Invented Motors".into());
    let act = Act::Open {
        workflow: "project".into(),
        version: None,
        title: "Works of Invented Motors".into(),
        data: Data::from([("company".to_owned(), company)]),
    };
    submit(engine, id, act).await.unwrap();
    id
}

/// Lets simulated time pass.
async fn pass(engine: &Engine, millis: i64) {
    let to = engine.now().saturating_add_millis(millis);
    let advanced = engine.advance_to(to).await.unwrap();
    assert!(advanced.skipped.is_empty(), "{advanced:?}");
}

/// Waits until something is so.
async fn until<F: Future<Output = bool>>(mut is_so: impl FnMut() -> F) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so().await {
        assert!(Instant::now() < end, "it never came to be so");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn entries(engine: &Engine, case: CaseId) -> Vec<Entry> {
    let journal = engine.journal(case).await.unwrap();
    journal
        .into_iter()
        .flat_map(|commit| commit.entries)
        .collect()
}

async fn is_idle(engine: &Engine, case: CaseId) -> bool {
    engine.case(case).await.unwrap().unwrap().effects.is_empty()
}

async fn fired(engine: &Engine, case: CaseId, event: &str) -> usize {
    let entries = entries(engine, case).await;
    let fired = |entry: &&Entry| matches!(entry, Entry::Fired { event: it, .. } if it == event);
    entries.iter().filter(fired).count()
}

/// The child that was asked for last.
async fn child_of(engine: &Engine, case: CaseId) -> CaseId {
    let asked = entries(engine, case).await;
    let mut children = asked.into_iter().filter_map(|entry| match entry {
        Entry::EffectAsked {
            what: Effect::Open { child, .. },
            ..
        } => Some(child),
        _ => None,
    });
    children.next_back().unwrap()
}

async fn a_message_is_delivered_with_its_facts_and_that_is_recorded(place: Place) {
    let outside = Outside::answering(YES);
    let engine = live(place.store(), Some(&outside)).await;
    let case = project(&engine).await;
    submit(&engine, case, fire("announce")).await.unwrap();
    until(|| is_idle(&engine, case)).await;
    let came = outside.came();
    assert_eq!(came.len(), 1, "{came:?}");
    assert_eq!((came[0].case, came[0].attempt), (case, 1));
    assert_eq!(
        (came[0].name.as_str(), came[0].effect),
        ("announced", EffectId(1))
    );
    let company = Value::Text("Invented Motors".into());
    assert_eq!(came[0].data, Data::from([("company".to_owned(), company)]));
    let journal = engine.journal(case).await.unwrap();
    let delivered = journal.last().unwrap();
    assert!(matches!(
        delivered.entries[..],
        [Entry::EffectDelivered { attempt: 1, .. }]
    ));
    assert!(delivered.by.id == Actor::CLOCK_ID);
    engine.shutdown().await.unwrap();
}

async fn what_was_delivered_and_not_recorded_is_delivered_again_under_the_same_key(place: Place) {
    // It took the message, and the answer never came.
    let outside = Outside::answering(None);
    let engine = live(place.store(), Some(&outside)).await;
    let case = project(&engine).await;
    submit(&engine, case, fire("announce")).await.unwrap();
    until(|| async { !outside.came().is_empty() }).await;
    engine.shutdown().await.unwrap();
    drop(engine);

    outside.answer(YES);
    let engine = live(place.store(), Some(&outside)).await;
    until(|| is_idle(&engine, case)).await;
    let keys = outside.keys();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
    assert_eq!(keys[0], EffectId(1).key(case));
    engine.shutdown().await.unwrap();
}

async fn without_a_deliverer_messages_wait_and_are_fetched(place: Place) {
    let engine = simulated(place.store(), START, None).await;
    let case = project(&engine).await;
    submit(&engine, case, fire("announce")).await.unwrap();
    pass(&engine, 48 * HOUR).await;
    let waiting = engine.waiting_messages(10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (waiting[0].attempt, waiting[0].key),
        (1, EffectId(1).key(case))
    );
    let no = no().unwrap();
    engine.settle_message(&waiting[0], no).await.unwrap();
    assert_eq!(engine.waiting_messages(10).await.unwrap(), []);
    pass(&engine, 1_000).await;
    let waiting = engine.waiting_messages(10).await.unwrap();
    assert_eq!(waiting[0].attempt, 2);
    let yes = EffectOutcome::Delivered;
    let first = engine
        .settle_message(&waiting[0], yes.clone())
        .await
        .unwrap();
    let again = engine.settle_message(&waiting[0], yes).await.unwrap();
    assert!(again.repeated && again.commit == first.commit);
    assert!(is_idle(&engine, case).await);
    engine.shutdown().await.unwrap();
}

async fn a_child_is_opened_once_and_its_end_is_told_once(place: Place) {
    let engine = simulated(place.store(), START, None).await;
    let case = project(&engine).await;
    submit(&engine, case, fire("begin")).await.unwrap();
    pass(&engine, 0).await;
    let child = child_of(&engine, case).await;
    let opened = engine.case(child).await.unwrap().unwrap();
    assert_eq!(opened.parent.as_ref().unwrap().case, case);
    assert_eq!(opened.data["name"], Value::Text("Invented Motors".into()));
    let found = ListQuery {
        parent: Some(case),
        ..ListQuery::all(10)
    };
    assert_eq!(engine.list(&found).await.unwrap().cases, [child]);
    // An event on the way down, and the end on the way up.
    submit(&engine, case, fire("hurry")).await.unwrap();
    pass(&engine, 0).await;
    assert!(
        engine
            .case(child)
            .await
            .unwrap()
            .unwrap()
            .is_in("hurried_once")
    );
    submit(&engine, child, fire("license")).await.unwrap();
    pass(&engine, 0).await;
    assert!(engine.case(case).await.unwrap().unwrap().is_in("finished"));
    assert_eq!(fired(&engine, case, "registered").await, 1);
    let journal = engine.journal(case).await.unwrap();
    let told = journal
        .iter()
        .find(|commit| commit.by.id == format!("case/{child}"));
    assert_eq!(told.unwrap().by.name, opened.number);
    assert!(is_idle(&engine, child).await);
    engine.shutdown().await.unwrap();
}

async fn a_child_opened_before_a_crash_is_not_opened_again_after_it(place: Place) {
    let store = FaultyStore::on(place.store());
    let engine = simulated(store.clone(), START, None).await;
    let case = project(&engine).await;
    submit(&engine, case, fire("begin")).await.unwrap();
    // The child is opened, and then the disk goes away.
    store.loses_appends_after(1);
    engine.advance_to(engine.now()).await.unwrap();
    let child = child_of(&engine, case).await;
    assert!(!is_idle(&engine, case).await);
    assert_eq!(engine.journal(child).await.unwrap().len(), 1);
    drop(engine);
    store.close().await.unwrap();
    drop(store);

    let engine = simulated(place.store(), after(1), None).await;
    pass(&engine, 0).await;
    assert!(is_idle(&engine, case).await);
    assert_eq!(engine.journal(child).await.unwrap().len(), 1);
    let of_company = ListQuery {
        workflow: Some("company".into()),
        ..ListQuery::all(10)
    };
    assert_eq!(engine.list(&of_company).await.unwrap().cases, [child]);
    engine.shutdown().await.unwrap();
}

async fn a_message_that_is_never_delivered_is_found_and_sent_again(place: Place) {
    let outside = Outside::answering(no());
    let engine = simulated(place.store(), START, Some(&outside)).await;
    let case = project(&engine).await;
    submit(&engine, case, fire("announce")).await.unwrap();
    let dead = ListQuery {
        given_up: true,
        ..ListQuery::all(10)
    };
    pass(&engine, 11 * HOUR).await;
    assert_eq!(engine.list(&dead).await.unwrap().cases, []);
    pass(&engine, 13 * HOUR).await;
    assert_eq!(engine.list(&dead).await.unwrap().cases, [case]);
    let attempts = usize::try_from(PendingEffect::ATTEMPTS_MAX).unwrap();
    assert_eq!(outside.came().len(), attempts);
    let mut keys = outside.keys();
    keys.dedup();
    assert_eq!(keys.len(), 1);
    pass(&engine, 240 * HOUR).await;
    assert_eq!(outside.came().len(), attempts);

    outside.answer(YES);
    let again = command(
        &engine,
        case,
        clerk(),
        Act::ResendEffect {
            effect: EffectId(1),
            note: Some("the gateway is back".into()),
        },
    );
    engine.submit(again.clone()).await.unwrap();
    assert!(engine.submit(again).await.unwrap().repeated);
    pass(&engine, 0).await;
    assert_eq!(outside.came().len(), attempts + 1);
    assert!(is_idle(&engine, case).await);
    assert_eq!(engine.list(&dead).await.unwrap().cases, []);
    engine.shutdown().await.unwrap();
}

async fn effects_that_wait_survive_a_restart_and_a_rebuild(place: Place) {
    let engine = simulated(place.store(), START, None).await;
    let mut cases = Vec::new();
    for _ in 0..20 {
        let case = project(&engine).await;
        submit(&engine, case, fire("announce")).await.unwrap();
        submit(&engine, case, fire("begin")).await.unwrap();
        cases.push(case);
    }
    engine.shutdown().await.unwrap();
    drop(engine);

    // Made anew from its journal.
    let old = place.store();
    let mut metadata = Vec::new();
    for key in old.list_metadata("", "", 1_000).await.unwrap() {
        let value = old.metadata(&key).await.unwrap().unwrap();
        metadata.push((key, value));
    }
    let records = old.read_all(Position::START, 10_000).await.unwrap();
    let records = records.into_iter().map(Ok::<_, std::convert::Infallible>);
    let anew = MemoryStore::new();
    let rebuilt = rebuild(&anew, metadata, records, |_| {}).await.unwrap();
    assert!(rebuilt.damaged.is_empty());
    old.close().await.unwrap();
    drop(old);

    for store in [place.store(), Arc::new(anew)] {
        let outside = Outside::answering(YES);
        let engine = live(store, Some(&outside)).await;
        for case in &cases {
            until(|| is_idle(&engine, *case)).await;
        }
        assert_eq!(outside.came().len(), 20);
        let children = ListQuery {
            workflow: Some("company".into()),
            ..ListQuery::all(100)
        };
        assert_eq!(engine.list(&children).await.unwrap().total, 20);
        engine.shutdown().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_delivered_before_what_it_follows_from_is_durable() {
    let outside = Outside::answering(YES);
    let store = FaultyStore::on(Place::memory().store());
    let engine = live(store.clone(), Some(&outside)).await;
    let case = project(&engine).await;
    // While the disk writes, nothing goes out.
    let writing = store.appending.write().await;
    let announcing = {
        let engine = engine.clone();
        tokio::spawn(async move { submit(&engine, case, fire("announce")).await })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(outside.came(), []);
    drop(writing);
    announcing.await.unwrap().unwrap();
    until(|| is_idle(&engine, case)).await;
    assert_eq!(outside.came().len(), 1);
    // What was lost never goes out.
    store.loses_appends.store(true, Ordering::SeqCst);
    let lost = submit(&engine, case, fire("announce")).await;
    assert!(matches!(lost, Err(SubmitError::Unknown { .. })), "{lost:?}");
    store.loses_appends.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(outside.came().len(), 1);
    engine.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_on_one_store_open_each_child_once_and_tell_each_end_once() {
    let store = Place::memory().store();
    let outside = Outside::answering(YES);
    let here = live(store.clone(), Some(&outside)).await;
    let there = live(store, Some(&outside)).await;
    let mut cases = Vec::new();
    for number in 0..50 {
        let engine = if number % 2 == 0 { &here } else { &there };
        let case = project(engine).await;
        submit(engine, case, fire("announce")).await.unwrap();
        submit(engine, case, fire("begin")).await.unwrap();
        cases.push(case);
    }
    for case in &cases {
        let child = child_of(&here, *case).await;
        until(|| async { there.case(child).await.unwrap().is_some() }).await;
        submit(&there, child, fire("license")).await.unwrap();
    }
    for case in &cases {
        until(|| async {
            let journal = there.journal(*case).await.unwrap();
            journal.iter().any(|commit| {
                matches!(&commit.entries[0], Entry::Fired { event, .. } if event == "registered")
            })
        })
        .await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let of_company = ListQuery {
        workflow: Some("company".into()),
        ..ListQuery::all(100)
    };
    assert_eq!(here.list(&of_company).await.unwrap().total, 50);
    let mut by_key: BTreeMap<Uuid, usize> = BTreeMap::new();
    for key in outside.keys() {
        *by_key.entry(key).or_default() += 1;
    }
    assert_eq!(by_key.len(), 50);
    for case in &cases {
        assert_eq!(fired(&here, *case, "registered").await, 1);
        let entries = entries(&here, *case).await;
        let delivered = |entry: &&Entry| matches!(entry, Entry::EffectDelivered { .. });
        assert_eq!(entries.iter().filter(delivered).count(), 2);
    }
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_messages_due_at_once_hold_up_no_command() {
    let outside = Outside::slow(YES, Duration::from_millis(10));
    let place = Place::memory();
    let engine = live(place.store(), None).await;
    let mut cases = Vec::new();
    for _ in 0..1_000 {
        let case = project(&engine).await;
        submit(&engine, case, fire("announce")).await.unwrap();
        cases.push(case);
    }
    engine.shutdown().await.unwrap();
    drop(engine);

    let engine = live(place.store(), Some(&outside)).await;
    // The case whose message comes last takes commands while the others are delivered.
    let last = cases[999];
    for number in 0..20 {
        let begun = Instant::now();
        submit(&engine, last, comment(&number.to_string()))
            .await
            .unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    assert!(
        outside.came().len() < 900,
        "the commands waited for the messages"
    );
    for case in &cases {
        until(|| is_idle(&engine, *case)).await;
    }
    assert_eq!(outside.came().len(), 1_000);
    assert!(outside.most_under_way.load(Ordering::SeqCst) <= 16);
    engine.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_on_a_case_does_not_wait_for_its_message() {
    let outside = Outside::answering(None);
    let engine = live(Place::memory().store(), Some(&outside)).await;
    let case = project(&engine).await;
    submit(&engine, case, fire("announce")).await.unwrap();
    until(|| async { !outside.came().is_empty() }).await;
    submit(&engine, case, comment("meanwhile")).await.unwrap();
    submit(&engine, case, fire("begin")).await.unwrap();
    // A child is opened while the outside hangs.
    let child = child_of(&engine, case).await;
    until(|| async { engine.case(child).await.unwrap().is_some() }).await;
    engine.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_or_fails_is_asked_again() {
    let outside = Outside::answering(None);
    let engine = simulated(Place::memory().store(), START, Some(&outside)).await;
    let case = project(&engine).await;
    submit(&engine, case, fire("announce")).await.unwrap();
    pass(&engine, 0).await;
    let problem = |case: &groundbreak_engine::workflow::Case| {
        case.effects[&EffectId(1)].problem.clone().unwrap()
    };
    let found = engine.case(case).await.unwrap().unwrap();
    assert_eq!(
        problem(&found),
        "30 秒内没有回应。 / There was no answer within 30 s."
    );
    outside.panics.store(true, Ordering::SeqCst);
    pass(&engine, 1_000).await;
    let found = engine.case(case).await.unwrap().unwrap();
    assert!(problem(&found).contains("The delivery ended early"));
    outside.panics.store(false, Ordering::SeqCst);
    outside.answer(Some(EffectOutcome::Rejected {
        problem: "410 gone".into(),
    }));
    pass(&engine, 2_000).await;
    let found = engine.case(case).await.unwrap().unwrap();
    assert!(found.effects[&EffectId(1)].is_given_up());
    assert_eq!(outside.came().len(), 3);
}

#[tokio::test]
async fn a_case_that_refuses_is_asked_again_and_then_left() {
    let engine = simulated(Place::memory().store(), START, None).await;
    let case = project(&engine).await;
    submit(&engine, case, fire("begin")).await.unwrap();
    pass(&engine, 0).await;
    let child = child_of(&engine, case).await;
    submit(&engine, case, fire("hurry")).await.unwrap();
    submit(&engine, case, fire("hurry")).await.unwrap();
    // The second finds the child where it answers to that no more.
    pass(&engine, 24 * HOUR).await;
    let found = engine.case(case).await.unwrap().unwrap();
    assert_eq!(found.effects.len(), 1);
    let left = &found.effects[&EffectId(3)];
    assert!(left.is_given_up());
    assert!(
        left.problem
            .as_ref()
            .unwrap()
            .starts_with("not-allowed-here: "),
        "{left:?}"
    );
    assert_eq!(fired(&engine, child, "hurried").await, 1);
    let drop = Act::DropEffect {
        effect: EffectId(3),
        reason: "once is enough".into(),
    };
    submit(&engine, case, drop).await.unwrap();
    assert!(is_idle(&engine, case).await);
}

#[tokio::test]
async fn a_migration_keeps_what_waits_and_the_child_that_was_opened() {
    let engine = simulated(Place::memory().store(), START, None).await;
    let case = project(&engine).await;
    submit(&engine, case, fire("announce")).await.unwrap();
    submit(&engine, case, fire("begin")).await.unwrap();
    let second = PROJECT.replace("version: 1", "version: 2");
    engine.publish_workflow(second).await.unwrap();
    let request = MigrationRequest::new("project", 2);
    let report = engine
        .migrate(&request, Actor::new("wei", "韦", "operator"), "new rules")
        .await
        .unwrap();
    assert_eq!(report.cases.len(), 1, "{report:?}");
    let found = engine.case(case).await.unwrap().unwrap();
    assert_eq!((found.version, found.effects.len()), (2, 2), "{report:?}");
    pass(&engine, 0).await;
    assert_eq!(engine.waiting_messages(10).await.unwrap().len(), 1);
    let child = child_of(&engine, case).await;
    submit(&engine, child, fire("license")).await.unwrap();
    pass(&engine, 0).await;
    assert!(engine.case(case).await.unwrap().unwrap().is_in("finished"));
}

#[tokio::test]
async fn nobody_passes_for_a_case() {
    let engine = simulated(Place::memory().store(), START, None).await;
    let case = project(&engine).await;
    submit(&engine, case, fire("begin")).await.unwrap();
    let other = CaseId(Uuid::from_u128(5));
    let parent = Parent {
        case: other,
        name: "x".into(),
        done: None,
    };
    let open = Act::OpenChild {
        workflow: "company".into(),
        title: "x".into(),
        data: Data::new(),
        parent,
    };
    let forged = [
        (
            Actor::case(other, "20230323-ABCDEF"),
            case,
            fire("registered"),
        ),
        (
            Actor::case(other, "20230323-ABCDEF"),
            engine.new_case_id(),
            open.clone(),
        ),
        (clerk(), engine.new_case_id(), open),
        (clerk(), case, fire("registered")),
    ];
    for (actor, case, act) in forged {
        let refused = engine.submit(command(&engine, case, actor, act)).await;
        assert!(
            matches!(refused, Err(SubmitError::Refused(Refusal::OnlyCases))),
            "{refused:?}"
        );
    }
    let settle = Act::SettleEffect {
        effect: EffectId(1),
        attempt: 1,
        outcome: EffectOutcome::Delivered,
    };
    let refused = submit(&engine, case, settle).await;
    assert!(matches!(
        refused,
        Err(SubmitError::Refused(Refusal::OnlyTheClock))
    ));
}
