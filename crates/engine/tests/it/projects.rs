//! A project is all the cases that carry its code, their children, and what they are linked to.

use groundbreak_engine::workflow::{Act, CaseId, Data, GeneralAct, Relation};
use groundbreak_engine::{Belongs, Engine};

use crate::given::{CALENDAR, Place, fire, submit};
use crate::on_both_stores;

on_both_stores! {
    a_project_has_the_cases_that_carry_its_code_their_children_and_what_is_linked
    a_linked_case_with_the_code_of_another_project_belongs_to_that
    a_case_without_a_code_belongs_to_the_project_it_is_linked_to
}

const CODE: &str = "2303-440703-04-01-100015";
const OTHER: &str = "2304-440703-04-01-200038";

const WORKS: &str = "
workflow: works
version: 1
title: { zh: 工程, en: Works }
calendar: hall
data:
  code: { title: { zh: 项目代码, en: Project code }, type: project_code }
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events:
  begin: { title: { zh: 开工, en: Begin }, by: [clerk] }
  passed: { title: { zh: 通过, en: Passed }, by_case: true }
states:
  planned:
    title: { zh: 筹备, en: Planned }
    on: { begin: begun }
  begun:
    title: { zh: 已开工, en: Begun }
    invoke: { check: { workflow: inspection, done: passed } }
    on: { passed: over }
  over: { title: { zh: 完成, en: Over }, final: true }
";

const INSPECTION: &str = "
workflow: inspection
version: 1
title: { zh: 检查, en: Inspection }
calendar: hall
roles: { clerk: { title: { zh: 窗口, en: Clerk } } }
events:
  pass: { title: { zh: 通过, en: Pass }, by: [clerk] }
states:
  open: { title: { zh: 检查中, en: Open }, on: { pass: closed } }
  closed: { title: { zh: 已检查, en: Closed }, final: true }
";

async fn engine(place: &Place) -> Engine {
    let engine = place.engine().await;
    engine.publish_calendar(CALENDAR).await.unwrap();
    engine.publish_workflow(INSPECTION).await.unwrap();
    engine.publish_workflow(WORKS).await.unwrap();
    engine
}

/// Opens works that carry a code, or none.
async fn works(engine: &Engine, code: Option<&str>) -> CaseId {
    let id = engine.new_case_id();
    let open = Act::Open {
        workflow: "works".into(),
        version: None,
        title: "示例·厂房".into(),
        data: code
            .map(|code| Data::from([("code".to_owned(), code.into())]))
            .unwrap_or_default(),
    };
    submit(engine, id, open).await.unwrap();
    id
}

async fn link(engine: &Engine, case: CaseId, to: CaseId) {
    let number = engine.case(to).await.unwrap().unwrap().number.clone();
    let link = GeneralAct::Link {
        case: to,
        number,
        relation: Relation::SameProject,
        note: None,
    };
    submit(engine, case, Act::General(link)).await.unwrap();
}

async fn members(engine: &Engine, code: &str) -> Vec<(CaseId, Belongs)> {
    let project = engine.project(code).await.unwrap().unwrap();
    assert!(!project.cut);
    let members = project.cases.into_iter();
    members.map(|case| (case.case, case.belongs)).collect()
}

async fn a_project_has_the_cases_that_carry_its_code_their_children_and_what_is_linked(
    place: Place,
) {
    let engine = engine(&place).await;
    let lead = works(&engine, None).await;
    let land = works(&engine, Some(CODE)).await;
    // The same code, typed without its hyphens.
    let permits = works(&engine, Some(&CODE.replace('-', ""))).await;
    let elsewhere = works(&engine, Some(OTHER)).await;
    link(&engine, lead, land).await;
    submit(&engine, land, fire("begin")).await.unwrap();
    engine.advance_to(engine.now()).await.unwrap();
    let found = members(&engine, CODE).await;
    let child = found
        .iter()
        .find(|(_, belongs)| *belongs == Belongs::Child)
        .map(|(case, _)| *case);
    let child = child.expect("the inspection was opened");
    let expected = [
        (lead, Belongs::Linked),
        (land, Belongs::Carries),
        (permits, Belongs::Carries),
        (child, Belongs::Child),
    ];
    assert_eq!(found.len(), expected.len());
    for member in expected {
        assert!(found.contains(&member), "{member:?} in {found:?}");
    }
    assert_eq!(
        members(&engine, OTHER).await,
        [(elsewhere, Belongs::Carries)]
    );
    assert!(
        engine
            .project("2305-440703-04-01-100013")
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_linked_case_with_the_code_of_another_project_belongs_to_that(place: Place) {
    let engine = engine(&place).await;
    let land = works(&engine, Some(CODE)).await;
    let other = works(&engine, Some(OTHER)).await;
    link(&engine, land, other).await;
    assert_eq!(members(&engine, CODE).await, [(land, Belongs::Carries)]);
    assert_eq!(members(&engine, OTHER).await, [(other, Belongs::Carries)]);
}

async fn a_case_without_a_code_belongs_to_the_project_it_is_linked_to(place: Place) {
    let engine = engine(&place).await;
    let land = works(&engine, Some(CODE)).await;
    let lead = works(&engine, None).await;
    let alone = works(&engine, None).await;
    link(&engine, land, lead).await;
    for (case, codes) in [
        (land, vec![CODE.to_owned()]),
        (lead, vec![CODE.to_owned()]),
        (alone, Vec::new()),
    ] {
        let case = engine.case(case).await.unwrap().unwrap();
        assert_eq!(engine.projects_of(&case).await.unwrap(), codes);
    }
}
