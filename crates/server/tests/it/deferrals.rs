//! Papers that may follow later, over the desk and the API.

use axum::http::{Method, StatusCode};
use groundbreak_server::ServerOptions;

use crate::desk::{Desk, WORKFLOW, engine};

/// A licence that needs the lease as well, which may follow for three working days.
async fn with_lease() -> Desk {
    let engine = engine().await;
    let articles = "documents:\n";
    let lease = "documents:\n  lease: { title: { zh: 租赁合同副本, en: Copy of the lease }, class: secondary, defer: { within: 3 working days, clock: handling, by: [clerk], before: issue, on_fail: overdue } }\n";
    let events = "events:\n";
    let overdue = "events:\n  overdue: { title: { zh: 容缺逾期, en: Lease overdue } }\n";
    let clocks = "clocks:\n";
    let handling = "clocks:\n  handling: { title: { zh: 办理, en: Handling }, effect: statutory, budget: within 5 working days, start: entering submitted, stop: leaving submitted }\n";
    let source = WORKFLOW
        .replace("version: 1", "version: 2")
        .replace(articles, lease)
        .replace(events, overdue)
        .replace(clocks, handling)
        .replace("requires: [documents.main]", "requires: [documents.all]")
        .replace(
            "issue: issued, correct",
            "issue: issued, overdue: correcting, correct",
        );
    engine.publish_workflow(&source).await.unwrap();
    let workflows = engine.workflows();
    let options = ServerOptions::demo(workflows.iter().map(AsRef::as_ref));
    let mut desk = Desk::of(engine, options);
    desk.become_("clerk").await;
    desk
}

#[tokio::test]
async fn a_paper_is_deferred_extended_and_handed_in_at_the_desk() {
    let mut desk = with_lease().await;
    let (number, id) = desk.case("示例").await;
    let case = format!("/cases/{number}");
    let form = format!("{case}/papers/lease/defer");
    let page = desk.get(&case).await.body;
    assert!(page.contains(&format!("href=\"{form}\"")), "{page}");
    assert!(page.contains("容缺受理"), "{page}");
    // A letter is needed, and what was typed stays.
    let reply = desk.post(&form, &[("note", "原件在途")]).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in ["href=\"#f-input\"", "原件在途"] {
        assert!(reply.body.contains(said), "{said}: {}", reply.body);
    }
    // The main papers come first.
    let letter = [("data.input", "容缺承诺书12号"), ("note", "")];
    let reply = desk.post(&form, &letter).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reply.body.contains("公司章程"), "{}", reply.body);
    desk.give(id, "clerk", crate::desk::attach()).await;
    let reply = desk.post(&form, &letter).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let page = desk.get(&case).await.body;
    for said in ["前补交", "延长期限", "容缺承诺书12号"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // Its time is extended to a later one, for a reason.
    let extended = |until: &'static str| [("data.input", until), ("note", "台风")];
    for (until, said) in [
        ("明天", "请填日期与时间"),
        ("2023-03-27 10:00", "只能往后延"),
    ] {
        let reply = desk.post(&form, &extended(until)).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(reply.body.contains(said), "{said}: {}", reply.body);
    }
    let reply = desk.post(&form, &extended("2023-03-31 17:30")).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let case = desk.engine.case(id).await.unwrap().unwrap();
    assert_eq!(
        case.deferrals["lease"].letter, "容缺承诺书12号",
        "one deferral, extended"
    );
    // Who may not accept commitments is not offered the form.
    desk.become_("approver").await;
    let page = desk.get(&format!("/cases/{number}")).await.body;
    assert!(page.contains("前补交") && !page.contains(&form), "{page}");
    let reply = desk.post(&form, &extended("2023-04-07 17:30")).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_program_defers_papers_and_reads_the_checklist() {
    let mut desk = with_lease().await;
    let (number, id) = desk.case("示例").await;
    desk.give(id, "clerk", crate::desk::attach()).await;
    let path = format!("/cases/{number}/deferrals");
    let body = r#"{"documents":["lease"],"letter":"容缺承诺书12号"}"#;
    let key = [("idempotency-key", "018f0000-0000-7000-8000-000000000001")];
    let reply = desk.call("approver", Method::POST, &path, &[], body).await;
    assert_eq!(reply.problem(), "role-not-allowed");
    let reply = desk.call("clerk", Method::POST, &path, &key, body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let lease = |reply: &serde_json::Value| -> serde_json::Value {
        let papers = reply["case"]["papers"].as_array().unwrap();
        let lease = papers.iter().find(|paper| paper["name"] == "lease");
        lease.unwrap().clone()
    };
    let paper = lease(&reply.json());
    assert_eq!(paper["missing"], false);
    // 23 March is a Thursday: 24, 27 and 28 March are its working days.
    assert_eq!(paper["due_at"], 1_679_995_800_000_i64, "2023-03-28 17:30");
    // Sent again it is the same command.
    let again = desk.call("clerk", Method::POST, &path, &key, body).await;
    assert_eq!(again.json()["repeated"], true);
    let path = format!("{path}/lease");
    let body = r#"{"until":"2023-03-31T17:30:00+08:00","reason":"台风"}"#;
    let reply = desk.call("clerk", Method::POST, &path, &[], body).await;
    assert_eq!(lease(&reply.json())["due_at"], 1_680_255_000_000_i64);
    // When the time is over it is owed, and nothing may follow any more.
    desk.advance("2023-03-31 17:31").await;
    let path = format!("/cases/{number}/deferrals");
    let body = r#"{"documents":["lease"],"letter":"容缺承诺书13号"}"#;
    let reply = desk.call("clerk", Method::POST, &path, &[], body).await;
    assert_eq!(reply.problem(), "deferral-blocked");
}
