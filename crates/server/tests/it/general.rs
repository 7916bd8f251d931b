//! What can be done on every case, by call and by form.

use axum::http::{Method, StatusCode};

use crate::desk::Desk;

const POST: Method = Method::POST;

#[tokio::test]
async fn a_case_is_claimed_urged_supervised_suspended_and_linked_by_calls() {
    let mut desk = Desk::demo().await;
    let (number, id) = desk.submitted("示例").await;
    let (other, _) = desk.case("示例二").await;
    let path = format!("/cases/{number}/acts");
    let link = format!(r#"{{"act":"link","with":{{"case":"{other}","relation":"same_project"}}}}"#);
    let itself =
        format!(r#"{{"act":"link","with":{{"case":"{number}","relation":"same_project"}}}}"#);
    let supervise = r#"{"act":"supervise","with":{"to":"demo-clerk","due_at":"2030-01-02 10:00","text":"说明进度"}}"#;
    let suspend = r#"{"act":"suspend","with":{"reason":"applicant_correction","law":"示例法第二条","approved_by":"分管领导"}}"#;
    let rows: [(&str, &str, u16, &str); 15] = [
        (
            "clerk",
            r#"{"act":"claim","with":{"team":"一组"}}"#,
            200,
            "",
        ),
        ("approver", r#"{"act":"claim"}"#, 409, "already-held"),
        (
            "approver",
            r#"{"act":"release","with":{"reason":"x"}}"#,
            403,
            "not-the-handler",
        ),
        (
            "clerk",
            r#"{"act":"transfer","with":{"to":"nobody","reason":"x"}}"#,
            422,
            "invalid-input",
        ),
        (
            "clerk",
            r#"{"act":"transfer","with":{"to":"demo-approver"}}"#,
            422,
            "invalid-input",
        ),
        (
            "clerk",
            r#"{"act":"transfer","with":{"to":"demo-approver","reason":"换班"}}"#,
            200,
            "",
        ),
        (
            "clerk",
            r#"{"act":"urge","with":{"text":"请尽快"}}"#,
            200,
            "",
        ),
        (
            "clerk",
            r#"{"act":"urge","with":{"text":"请尽快"}}"#,
            409,
            "urged-recently",
        ),
        ("clerk", supervise, 403, "role-not-allowed"),
        ("approver", supervise, 200, ""),
        (
            "clerk",
            r#"{"act":"sign_order","with":{"order":1}}"#,
            200,
            "",
        ),
        (
            "clerk",
            r#"{"act":"extend","with":{"clock":"elapsed","by":"1h","reason":"x","approved_by":"y"}}"#,
            403,
            "no-role-may",
        ),
        ("approver", suspend, 200, ""),
        ("clerk", &itself, 422, "invalid-input"),
        ("clerk", &link, 200, ""),
    ];
    for (role, body, status, code) in rows {
        let reply = desk.call(role, POST, &path, &[], body).await;
        assert_eq!(reply.status.as_u16(), status, "{body}: {}", reply.body);
        if !code.is_empty() {
            assert_eq!(reply.problem(), code, "{body}");
        }
    }
    let unknown = desk
        .call("clerk", POST, &path, &[], r#"{"act":"dance"}"#)
        .await;
    assert!(unknown.status.is_client_error(), "{}", unknown.body);
    let case = desk.engine.case(id).await.unwrap().unwrap();
    let handler = case.handling.handler.as_ref().unwrap();
    assert_eq!(handler.person.id, "demo-approver");
    // The register gives the name, whatever the call says.
    assert_ne!(handler.person.name, "demo-approver");
    assert_eq!(case.links[0].number, other);
    let reading = desk.engine.situation(id).await.unwrap().unwrap();
    assert!(!reading.suspensions.is_empty());
    let offered = desk.call("approver", Method::GET, &path, &[], "").await;
    let offered: Vec<String> = offered
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["act"].as_str().unwrap().to_owned())
        .collect();
    for act in ["transfer", "resume", "supervise", "urge"] {
        assert!(offered.iter().any(|one| one == act), "{act}: {offered:?}");
    }
    assert!(!offered.iter().any(|one| one == "claim"), "{offered:?}");
}

#[tokio::test]
async fn a_call_sent_again_is_carried_out_once() {
    let mut desk = Desk::demo().await;
    let (number, id) = desk.case("示例").await;
    let key = "0191c2f0-7b5e-7cc0-9d2a-5c3f1a2b3c4d";
    let path = format!("/cases/{number}/acts");
    let headers = [("idempotency-key", key)];
    let body = r#"{"act":"urge","with":{"text":"请尽快"}}"#;
    for repeated in [false, true] {
        let reply = desk.call("clerk", POST, &path, &headers, body).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        assert_eq!(reply.json()["repeated"], repeated);
    }
    let other = r#"{"act":"urge","with":{"text":"别的"}}"#;
    let reply = desk.call("clerk", POST, &path, &headers, other).await;
    assert_eq!(reply.problem(), "command-reused");
    let case = desk.engine.case(id).await.unwrap().unwrap();
    assert_eq!(case.handling.urges, 1);
}

#[tokio::test]
async fn the_page_of_a_case_offers_what_its_visitor_may_do_and_shows_who_holds_it() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.case("示例").await;
    let page = desk.get(&format!("/cases/{number}")).await.body;
    let claim = format!("/cases/{number}/general/claim");
    assert!(page.contains(&claim), "{page}");
    assert!(page.contains("无人领办"), "{page}");
    assert!(!page.contains("general/suspend"), "{page}");
    let form = desk.get(&claim).await;
    assert_eq!(form.status, StatusCode::OK);
    let done = desk
        .post(
            &claim,
            &[
                ("command", &form.hidden("command")),
                ("data.team", "第一专班"),
            ],
        )
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = desk.get(done.location()).await.body;
    assert!(page.contains("领办") && page.contains("第一专班"), "{page}");
    assert!(page.contains("general/transfer"), "{page}");
    // What is wrong stands at its input, and nothing is written.
    let transfer = format!("/cases/{number}/general/transfer");
    let wrong = desk.post(&transfer, &[("data.to", "demo-approver")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("请填写“理由”"), "{}", wrong.body);
    let case = desk.engine.case(id).await.unwrap().unwrap();
    assert!(case.handling.is_held_by("demo-clerk"));
    // A refusal is said at the head of the form.
    let again = desk.post(&claim, &[("data.team", "第一专班")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("领办。请由其转办"), "{}", again.body);
    let nothing = desk.get(&format!("/cases/{number}/general/dance")).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}
