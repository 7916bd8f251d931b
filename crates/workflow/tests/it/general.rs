//! What can be done on every case: what scenarios cannot say of it.

use std::collections::{BTreeMap, BTreeSet};

use groundbreak_workflow::{
    Act, Actor, Case, Commit, Data, Decision, Entry, GeneralKind, Library, Permission, Refusal,
    decode_case, decode_commit, encode_case, encode_commit,
};

use crate::decide::Day;
use crate::{HALL, PERMIT};

fn clerk(id: &str) -> Actor {
    Actor::new(id, id, "clerk")
}

/// Does a general act at a time, with what is typed into its inputs.
fn act<const N: usize>(
    day: &mut Day,
    time: &str,
    actor: Actor,
    kind: GeneralKind,
    typed: [(&str, &str); N],
) -> Result<Decision, Refusal> {
    day.at(time);
    let typed: BTreeMap<String, String> = typed
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let act = kind.fill(&day.workflow, &typed)?;
    day.submit(actor, Act::General(act))
}

fn code(result: Result<Decision, Refusal>) -> &'static str {
    result.map_or_else(|refusal| refusal.code(), |_| "done")
}

/// A permit that nobody moves on while nobody holds it, without facts.
fn held() -> Day {
    let source = PERMIT
        .replace("calendar: hall\n", "calendar: hall\nneeds_handler: true\n")
        .replace("type: text, required: true", "type: text");
    Day::under(&source)
}

#[test]
fn a_workflow_may_want_a_person_and_a_team_at_every_step() {
    let mut day = held();
    let fire = |day: &mut Day, event| day.fire("09:01", "c1", "clerk", event, Data::new());
    assert_eq!(code(fire(&mut day, "withdraw")), "no-handler");
    let claim = |day: &mut Day, team| act(day, "09:02", clerk("c1"), GeneralKind::Claim, team);
    let refusal = claim(&mut day, [("team", "")]).unwrap_err();
    assert_eq!(refusal.code(), "invalid-input");
    assert!(refusal.text().zh.contains("专人专班"), "{refusal}");
    claim(&mut day, [("team", "专班一")]).unwrap();
    let handler = day.case().handling.handler.clone().unwrap();
    assert_eq!(
        (handler.person.id.as_str(), handler.team.as_deref()),
        ("c1", Some("专班一"))
    );
    // The team stays when the case is passed on.
    let to = [("to", "c2"), ("reason", "换班")];
    act(&mut day, "09:03", clerk("c1"), GeneralKind::Transfer, to).unwrap();
    let handler = day.case().handling.handler.clone().unwrap();
    assert_eq!(
        (handler.person.id.as_str(), handler.team.as_deref()),
        ("c2", Some("专班一"))
    );
    assert_eq!(code(fire(&mut day, "withdraw")), "done");
}

#[test]
fn the_department_of_who_claims_is_the_team_when_no_other_is_named() {
    let mut day = held();
    let actor = Actor {
        department: Some("住建局".into()),
        ..clerk("c1")
    };
    act(&mut day, "09:02", actor, GeneralKind::Claim, []).unwrap();
    let handler = day.case().handling.handler.clone().unwrap();
    assert_eq!(handler.team.as_deref(), Some("住建局"));
}

#[test]
fn what_was_done_is_told_by_the_journal_alone() {
    let mut day = held();
    act(
        &mut day,
        "09:02",
        clerk("c1"),
        GeneralKind::Claim,
        [("team", "一组")],
    )
    .unwrap();
    let to = [
        ("to", "c3"),
        ("until", "2023-03-23 11:00"),
        ("reason", "开会"),
    ];
    act(&mut day, "09:03", clerk("c1"), GeneralKind::Delegate, to).unwrap();
    let of = [("of", "c4"), ("question", "可否")];
    act(&mut day, "09:04", clerk("c1"), GeneralKind::AskReview, of).unwrap();
    act(
        &mut day,
        "09:05",
        clerk("c2"),
        GeneralKind::Urge,
        [("text", "快")],
    )
    .unwrap();
    let other = "018f0000-0000-7000-8000-000000000001";
    let link = [
        ("case", other),
        ("number", "20230322-000001"),
        ("relation", "blocks"),
    ];
    act(&mut day, "09:06", clerk("c2"), GeneralKind::Link, link).unwrap();
    let decoded: Vec<Commit> = day
        .journal
        .iter()
        .map(|commit| decode_commit(&encode_commit(commit)).unwrap())
        .collect();
    assert_eq!(decoded, day.journal);
    let folded = Case::fold(&decoded).unwrap().unwrap();
    assert_eq!(&folded, day.case());
    assert_eq!(&decode_case(&encode_case(&folded)).unwrap(), day.case());
    assert_eq!(folded.links[0].case.to_string(), other);
    assert_eq!(
        folded.handling.delegations[0].roles,
        BTreeSet::from(["clerk".into()])
    );
}

#[test]
fn who_acts_for_the_holder_signs_with_both_names() {
    let mut day = held();
    act(
        &mut day,
        "09:02",
        clerk("c1"),
        GeneralKind::Claim,
        [("team", "一组")],
    )
    .unwrap();
    let to = [
        ("to", "r1"),
        ("until", "2023-03-23 11:00"),
        ("reason", "开会"),
    ];
    act(&mut day, "09:03", clerk("c1"), GeneralKind::Delegate, to).unwrap();
    let done = day
        .fire("10:59", "r1", "reviewer", "withdraw", Data::new())
        .unwrap();
    let by = done.commit.by;
    assert_eq!((by.id.as_str(), by.role.as_deref()), ("r1", Some("clerk")));
    assert_eq!(by.on_behalf_of.map(|person| person.id), Some("c1".into()));
    let both = BTreeSet::from(["c1".to_owned(), "r1".to_owned()]);
    assert_eq!(day.case().acted["clerk"], both);
}

#[test]
fn a_corrected_fact_keeps_both_values() {
    let source = PERMIT.replace(
        "clerk: { title: { zh: 窗口, en: Clerk }, may_record_late: true }",
        "clerk: { title: { zh: 窗口, en: Clerk }, may_record_late: true, may: [correct] }",
    );
    let mut library = Library::new();
    library.add_calendar(HALL).unwrap();
    let mut day = Day::begin();
    day.workflow = library.add_workflow(&source).unwrap();
    let right = [
        ("field", "applicant"),
        ("value", "乙公司"),
        ("reason", "录错"),
    ];
    let done = act(&mut day, "09:05", clerk("c1"), GeneralKind::Correct, right).unwrap();
    let [Entry::General(kept), Entry::FactsRecorded { data }] = &done.commit.entries[..] else {
        panic!("{:?}", done.commit.entries)
    };
    assert_eq!(kept.before, Some("甲公司".into()));
    assert_eq!(data["applicant"], "乙公司".into());
    assert_eq!(done.commit.by.role.as_deref(), Some("clerk"));
}

#[test]
fn what_no_role_may_do_says_what_the_definition_lacks() {
    let mut day = held();
    let to = [("to", "c2"), ("due_at", "2023-03-24 09:00"), ("text", "查")];
    let refused = act(&mut day, "09:02", clerk("c1"), GeneralKind::Supervise, to).unwrap_err();
    assert_eq!(refused.code(), "no-role-may");
    assert!(refused.text().en.contains("may: [supervise]"), "{refused}");
    // As programs read it, the code stands where that of any refusal does.
    let json = serde_json::to_value(&refused).unwrap();
    assert_eq!(json["code"], "no-role-may");
}

#[test]
fn a_permission_that_is_none_is_a_fault_with_what_it_may_have_meant() {
    let mut library = Library::new();
    library.add_calendar(HALL).unwrap();
    let source = PERMIT.replace(
        "reviewer: { title: { zh: 审查人, en: Reviewer } }",
        "reviewer: { title: { zh: 审查人, en: Reviewer }, may: [assing, extend, suspend] }",
    );
    let faults = library.add_workflow(&source).unwrap_err();
    let faults = format!("{faults:?}");
    assert!(faults.contains("unknown-permission"), "{faults}");
    assert!(faults.contains("Did you mean `assign`?"), "{faults}");
}

#[test]
fn a_role_may_have_nothing_to_do_but_what_it_may_on_every_case() {
    let mut library = Library::new();
    library.add_calendar(HALL).unwrap();
    let source = PERMIT.replace(
        "roles:\n",
        "roles:\n  desk: { title: { zh: 督查, en: Desk }, may: [supervise] }\n",
    );
    let workflow = library.add_workflow(&source).unwrap();
    assert_eq!(workflow.roles["desk"].may, [Permission::Supervise]);
}

#[test]
fn every_kind_has_a_name_and_can_be_named() {
    for kind in GeneralKind::ALL {
        assert_eq!(GeneralKind::named(kind.name()), Some(kind));
        let title = kind.title();
        assert!(!title.zh.is_empty() && !title.en.is_empty());
    }
}

#[test]
fn what_is_offered_is_what_may_be_done() {
    let mut day = held();
    let offered = |day: &Day, actor: &Actor, now: &str| {
        day.workflow
            .general_acts(day.case(), actor, crate::decide::instant(now))
    };
    let (one, other) = (clerk("c1"), clerk("c2"));
    assert!(offered(&day, &one, "09:01").contains(&GeneralKind::Claim));
    act(
        &mut day,
        "09:02",
        one.clone(),
        GeneralKind::Claim,
        [("team", "一组")],
    )
    .unwrap();
    assert!(!offered(&day, &other, "09:03").contains(&GeneralKind::Claim));
    assert!(!offered(&day, &other, "09:03").contains(&GeneralKind::Transfer));
    assert!(offered(&day, &one, "09:03").contains(&GeneralKind::Transfer));
    act(
        &mut day,
        "09:04",
        other.clone(),
        GeneralKind::Urge,
        [("text", "快")],
    )
    .unwrap();
    assert!(!offered(&day, &other, "10:03").contains(&GeneralKind::Urge));
    assert!(offered(&day, &other, "10:04").contains(&GeneralKind::Urge));
}
