use axum::http::{Method, StatusCode, header};

use crate::desk::Desk;

const POST: Method = Method::POST;
const GET: Method = Method::GET;
const KEY: &str = "0191c2f0-7b5e-7cc0-9d2a-5c3f1a2b3c4d";

/// Who calls what, with which headers and body; the status and the code of the problem.
type Row<'a> = (
    &'a str,
    Method,
    &'a str,
    &'a [(&'a str, &'a str)],
    &'a str,
    u16,
    &'a str,
);

#[tokio::test]
async fn errors_are_problems_with_a_code() {
    let mut desk = Desk::demo().await;
    let (number, id) = desk.submitted("示例").await;
    let (fresh, _) = desk.case("示例二").await;
    let events = format!("/cases/{number}/events");
    let fresh_events = format!("/cases/{fresh}/events");
    let documents = format!("/cases/{fresh}/documents");
    let effect = format!("/cases/{fresh}/effects/1");
    let no_effect = format!("/cases/{fresh}/effects/x");
    let rows: [Row<'_>; 26] = [
        (
            "clerk",
            POST,
            &effect,
            &[],
            r#"{"act":"resend"}"#,
            409,
            "effect-not-waiting",
        ),
        (
            "clerk",
            POST,
            &effect,
            &[],
            r#"{"act":"drop","reason":"x","note":"y"}"#,
            400,
            "malformed",
        ),
        (
            "clerk",
            POST,
            &no_effect,
            &[],
            r#"{"act":"resend"}"#,
            400,
            "malformed",
        ),
        (
            "clerk",
            GET,
            "/cases?given_up=yes",
            &[],
            "",
            400,
            "malformed",
        ),
        ("", GET, "/cases", &[], "", 401, "sign-in-first"),
        ("nobody", GET, "/cases", &[], "", 401, "sign-in-first"),
        ("clerk", GET, "/nowhere", &[], "", 404, "not-found"),
        (
            "clerk",
            Method::DELETE,
            "/cases",
            &[],
            "",
            405,
            "method-not-allowed",
        ),
        ("clerk", GET, "/cases/none", &[], "", 404, "case-not-found"),
        (
            "clerk",
            GET,
            "/cases/0191c2f0-7b5e-7cc0-9d2a-5c3f1a2b3c4d/journal",
            &[],
            "",
            404,
            "case-not-found",
        ),
        ("clerk", GET, "/cases?limit=many", &[], "", 400, "malformed"),
        ("clerk", GET, "/cases?colour=red", &[], "", 400, "malformed"),
        ("clerk", GET, "/cases?after=x", &[], "", 400, "malformed"),
        ("clerk", POST, "/cases", &[], "{", 400, "malformed"),
        (
            "clerk",
            POST,
            "/cases",
            &[],
            "{\"title\":1}",
            400,
            "malformed",
        ),
        (
            "clerk",
            POST,
            "/cases",
            &[],
            r#"{"workflow":"none","title":"x"}"#,
            404,
            "unknown-workflow",
        ),
        (
            "clerk",
            POST,
            "/cases",
            &[],
            r#"{"workflow":"licence","title":"x"}"#,
            422,
            "invalid-data",
        ),
        (
            "clerk",
            POST,
            "/cases",
            &[("idempotency-key", "x")],
            r#"{"workflow":"licence","title":"x"}"#,
            400,
            "malformed",
        ),
        (
            "clerk",
            POST,
            &events,
            &[],
            r#"{"event":"issue"}"#,
            403,
            "role-not-allowed",
        ),
        (
            "clerk",
            POST,
            &events,
            &[],
            r#"{"event":"submit"}"#,
            409,
            "not-allowed-here",
        ),
        (
            "clerk",
            POST,
            &events,
            &[],
            r#"{"event":"nothing"}"#,
            422,
            "unknown-event",
        ),
        (
            "approver",
            POST,
            &events,
            &[("if-match", "\"1\"")],
            r#"{"event":"issue"}"#,
            412,
            "stale-revision",
        ),
        (
            "approver",
            POST,
            &events,
            &[("if-match", "W/x")],
            r#"{"event":"issue"}"#,
            400,
            "malformed",
        ),
        (
            "clerk",
            POST,
            &fresh_events,
            &[],
            r#"{"event":"submit"}"#,
            422,
            "documents-missing",
        ),
        (
            "clerk",
            POST,
            &documents,
            &[],
            r#"{"document":"articles","file_name":"a","digest":"12"}"#,
            422,
            "invalid-input",
        ),
        (
            "clerk",
            GET,
            "/workflows/none",
            &[],
            "",
            404,
            "unknown-workflow",
        ),
    ];
    for (role, method, path, headers, body, status, code) in rows {
        let reply = desk.call(role, method.clone(), path, headers, body).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (status, code),
            "{role} {method} {path} {body}: {}",
            reply.body
        );
    }
    assert_eq!(
        desk.engine.case(id).await.unwrap().unwrap().revision,
        4,
        "nothing was written"
    );
}

#[tokio::test]
async fn the_body_of_a_call_is_json_of_a_bounded_size() {
    let mut desk = Desk::demo().await;
    let request = |kind: &str, body: String| {
        axum::http::Request::post("/api/v1/cases")
            .header(header::AUTHORIZATION, "Bearer demo-clerk")
            .header(header::CONTENT_TYPE, kind)
            .body(body.into())
            .unwrap()
    };
    let reply = desk.send(request("text/plain", "x".into())).await;
    assert_eq!(
        (reply.status, &*reply.problem()),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type")
    );
    let large = format!("{{\"title\":\"{}\"}}", "x".repeat(300 * 1024));
    let reply = desk.send(request("application/json", large)).await;
    assert_eq!(
        (reply.status, &*reply.problem()),
        (StatusCode::PAYLOAD_TOO_LARGE, "too-large")
    );
}

#[tokio::test]
async fn a_case_goes_from_its_opening_to_its_end() {
    let mut desk = Desk::demo().await;
    let body = r#"{"workflow":"licence","title":"示例","data":{"company":"示例"}}"#;
    let opened = desk.call("clerk", POST, "/cases", &[], body).await;
    assert_eq!(
        (
            opened.status,
            opened.headers[header::ETAG].to_str().unwrap()
        ),
        (StatusCode::CREATED, "\"1\"")
    );
    let number = opened.json()["case"]["number"].as_str().unwrap().to_owned();
    let id = opened.json()["case"]["id"].as_str().unwrap().to_owned();
    assert_eq!(opened.location(), format!("/api/v1/cases/{id}"));

    let digest = "ab".repeat(32);
    let steps = [
        ("clerk", "documents", format!(r#"{{"document":"articles","file_name":"a.pdf","digest":"{digest}"}}"#)),
        ("clerk", "events", r#"{"event":"record","data":{"capital":1200000,"kind":"limited","founded":"2023-03-01"}}"#.into()),
        ("clerk", "comments", r#"{"text":"材料齐全"}"#.into()),
        ("clerk", "events", r#"{"event":"submit"}"#.into()),
        ("approver", "events", r#"{"event":"issue","note":"同意"}"#.into()),
    ];
    for ((role, what, body), revision) in steps.iter().zip(2..) {
        let etag = format!("\"{}\"", revision - 1);
        let reply = desk
            .call(
                role,
                POST,
                &format!("/cases/{number}/{what}"),
                &[("if-match", &etag)],
                body,
            )
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{what}: {}", reply.body);
        assert_eq!(reply.json()["case"]["revision"], revision);
        assert_eq!(reply.json()["repeated"], false);
    }
    let case = desk
        .call("clerk", GET, &format!("/cases/{id}"), &[], "")
        .await;
    assert_eq!(
        (
            &case.json()["closed"],
            case.headers[header::ETAG].to_str().unwrap()
        ),
        (&true.into(), "\"6\"")
    );
    let journal = desk
        .call("clerk", GET, &format!("/cases/{number}/journal"), &[], "")
        .await;
    assert_eq!(journal.json()["commits"].as_array().unwrap().len(), 6);
    let report = desk
        .call(
            "clerk",
            GET,
            "/reports/turnaround?workflow=licence",
            &[],
            "",
        )
        .await
        .json();
    assert_eq!(
        (&report["total"], &report["clocks"][0]["attainment"]["met"]),
        (&1.into(), &1.into())
    );
}

#[tokio::test]
async fn the_same_key_is_carried_out_once() {
    let mut desk = Desk::demo().await;
    let body = r#"{"workflow":"licence","title":"示例","data":{"company":"示例"}}"#;
    let first = desk
        .call("clerk", POST, "/cases", &[("idempotency-key", KEY)], body)
        .await;
    let second = desk
        .call("clerk", POST, "/cases", &[("idempotency-key", KEY)], body)
        .await;
    assert_eq!(
        (first.status, second.status),
        (StatusCode::CREATED, StatusCode::OK),
        "{}",
        second.body
    );
    assert_eq!(first.json()["case"]["id"], second.json()["case"]["id"]);
    assert_eq!(second.json()["repeated"], true);
    let list = desk.call("clerk", GET, "/cases", &[], "").await.json();
    assert_eq!(list["total"], 1);
}

#[tokio::test]
async fn a_list_is_filtered_ordered_and_paged() {
    let mut desk = Desk::demo().await;
    for n in 0..5 {
        desk.submitted(&format!("示例{n}")).await;
        desk.advance(&format!("2023-03-23 10:0{}", n + 1)).await;
    }
    desk.case("未提交").await;
    let list = desk
        .call("clerk", GET, "/cases?limit=2&role=approver", &[], "")
        .await
        .json();
    assert_eq!(
        (&list["total"], list["cases"].as_array().unwrap().len()),
        (&5.into(), 2)
    );
    assert_eq!(
        (
            &list["cases"][0]["title"],
            &list["cases"][0]["clock"]["light"]
        ),
        (&"示例0".into(), &"green".into())
    );
    let mut seen = 2;
    let mut next = list["next"].as_str().map(str::to_owned);
    while let Some(after) = next {
        let after = after.replace('~', "%7E");
        let page = desk
            .call(
                "clerk",
                GET,
                &format!("/cases?limit=2&role=approver&after={after}"),
                &[],
                "",
            )
            .await
            .json();
        seen += page["cases"].as_array().unwrap().len();
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, 5);
    let due = desk
        .call(
            "clerk",
            GET,
            "/cases?due_before=2023-03-23T15:02:00%2B08:00",
            &[],
            "",
        )
        .await
        .json();
    assert_eq!(due["total"], 2);
    assert_eq!(
        desk.call("clerk", GET, "/cases?status=closed", &[], "")
            .await
            .json()["total"],
        0
    );
}

#[tokio::test]
async fn a_workflow_is_told_as_a_summary_or_as_its_text() {
    let mut desk = Desk::demo().await;
    let summary = desk
        .call("clerk", GET, "/workflows/licence", &[], "")
        .await
        .json();
    assert_eq!(
        (&summary["version"], &summary["title"]["en"]),
        (&1.into(), &"Licence".into())
    );
    let text = desk
        .call(
            "clerk",
            GET,
            "/workflows/licence",
            &[("accept", "application/yaml")],
            "",
        )
        .await;
    assert_eq!(text.body, crate::desk::WORKFLOW);
    assert_eq!(
        desk.call("clerk", GET, "/workflows", &[], "").await.json()["workflows"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn the_health_of_the_process_needs_no_account() {
    let mut desk = Desk::demo().await;
    assert_eq!(
        desk.call("", GET, "/healthz", &[], "").await.status,
        StatusCode::OK
    );
    assert_eq!(desk.get("/healthz").await.body, "ok\n");
}
