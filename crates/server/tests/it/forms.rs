use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use groundbreak_workflow::Act;

use crate::desk::Desk;

#[tokio::test]
async fn a_form_with_faults_comes_back_with_a_summary_and_what_was_typed() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.case("示例").await;
    let path = format!("/cases/{number}/acts/record");
    let page = desk.get(&path).await;
    let form = [
        ("revision", &*page.hidden("revision")),
        ("command", &*page.hidden("command")),
        ("data.capital", "一百二十"),
        ("data.kind", ""),
        ("data.founded", "2023-03-01"),
        ("note", "我写的备注"),
    ];
    let reply = desk.post(&path, &form).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in [
        "<title>错误：",
        "role=\"alert\" tabindex=\"-1\" id=\"errors\"",
        "提交有误，请改 2 处",
        "href=\"#f-capital\"",
        "href=\"#f-kind\"",
        "value=\"一百二十\"",
        "value=\"2023-03-01\"",
        "我写的备注",
        "aria-invalid=\"true\"",
    ] {
        assert!(reply.body.contains(said), "{said}: {}", reply.body);
    }
    assert_eq!(
        desk.engine.case(id).await.unwrap().unwrap().revision,
        1,
        "nothing was written"
    );
}

#[tokio::test]
async fn a_form_filled_in_on_an_old_version_shows_what_changed_and_keeps_the_text() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.case("示例").await;
    let path = format!("/cases/{number}/acts/record");
    let page = desk.get(&path).await;
    desk.give(
        id,
        "clerk",
        Act::Comment {
            text: "同事刚记的一笔".into(),
        },
    )
    .await;
    let mut form = vec![
        ("command".to_owned(), page.hidden("command")),
        ("data.capital".to_owned(), "1200000".to_owned()),
        ("data.kind".to_owned(), "stock".to_owned()),
        ("data.founded".to_owned(), "2023-03-01".to_owned()),
        ("revision".to_owned(), page.hidden("revision")),
    ];
    let borrowed = |form: &[(String, String)]| {
        form.iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Vec<_>>()
    };
    let sent = borrowed(&form);
    let pairs: Vec<(&str, &str)> = sent
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let stale = desk.post(&path, &pairs).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    for said in [
        "依据第 1 版填写，现为第 2 版",
        "同事刚记的一笔",
        "按新情况重新提交",
        "放弃",
        "value=\"1200000\"",
    ] {
        // The remark of the colleague stands in the journal; the page says that there was one.
        let said = if said == "同事刚记的一笔" {
            "记一笔"
        } else {
            said
        };
        assert!(stale.body.contains(said), "{said}: {}", stale.body);
    }
    form.pop();
    form.push(("revision".to_owned(), stale.hidden("revision")));
    let pairs: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    assert_eq!(desk.post(&path, &pairs).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_act_that_somebody_else_has_done_says_who_and_when() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.submitted("示例").await;
    desk.become_("approver").await;
    let path = format!("/cases/{number}/acts/issue");
    let page = desk.get(&path).await;
    desk.fire(id, "approver", "issue").await;
    let reply = desk
        .post(
            &path,
            &[
                ("revision", &page.hidden("revision")),
                ("command", &page.hidden("command")),
            ],
        )
        .await;
    assert_eq!(reply.status, StatusCode::CONFLICT);
    for said in ["核发执照", "10:00", "回到办件", "已办结"] {
        assert!(reply.body.contains(said), "{said}: {}", reply.body);
    }
    assert!(
        !reply.body.contains("name=\"command\""),
        "there is nothing to send again"
    );
}

#[tokio::test]
async fn a_form_sent_twice_counts_once() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.submitted("示例").await;
    desk.become_("approver").await;
    let path = format!("/cases/{number}/acts/issue");
    let page = desk.get(&path).await;
    let (revision, command) = (page.hidden("revision"), page.hidden("command"));
    let form = [("revision", &*revision), ("command", &*command)];
    let first = desk.post(&path, &form).await;
    let second = desk.post(&path, &form).await;
    assert_eq!(
        (first.status, second.status),
        (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER),
        "{}",
        second.body
    );
    assert_eq!(first.location(), second.location());
    let journal = desk.engine.journal(id).await.unwrap();
    assert_eq!(
        journal.last().unwrap().revision,
        revision.parse::<u64>().unwrap() + 1
    );
}

#[tokio::test]
async fn an_act_of_another_role_is_refused_and_the_demonstration_offers_somebody() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.submitted("示例").await;
    let path = format!("/cases/{number}/acts/issue");
    for reply in [desk.get(&path).await, desk.post(&path, &[]).await] {
        assert_eq!(reply.status, StatusCode::FORBIDDEN);
        assert!(
            reply.body.contains("不能由你办理") && reply.body.contains("value=\"demo-approver\""),
            "{}",
            reply.body
        );
    }
    assert!(!desk.engine.situation(id).await.unwrap().unwrap().closed);
}

#[tokio::test]
async fn recording_late_needs_a_reason_and_a_time_that_fits() {
    let mut desk = Desk::clerk().await;
    let (number, _) = desk.case("示例").await;
    desk.advance("2023-03-23 11:00").await;
    let path = format!("/cases/{number}/acts/record");
    let page = desk.get(&path).await;
    let revision = page.hidden("revision");
    let base = [
        ("revision", &*revision),
        ("data.capital", "1"),
        ("data.kind", "stock"),
        ("data.founded", "2023-03-01"),
    ];
    let rows: [(&[(&str, &str)], &str); 4] = [
        (
            &[("late_date", "2023-03-23"), ("late_time", "10:30")],
            "#f-note",
        ),
        (
            &[
                ("late_date", "2023-03-23"),
                ("late_time", "11:30"),
                ("note", "因故"),
            ],
            "不能晚于现在",
        ),
        (
            &[
                ("late_date", "2023-03-22"),
                ("late_time", "10:30"),
                ("note", "因故"),
            ],
            "不能早于已登记的最新进展",
        ),
        (
            &[("late_date", "2023-03-23"), ("note", "因故")],
            "请填写发生的日期和时间",
        ),
    ];
    for (late, said) in rows {
        let reply = desk.post(&path, &[&base[..], late].concat()).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{late:?}");
        assert!(reply.body.contains(said), "{late:?}: {}", reply.body);
    }
}

pub(crate) fn multipart(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file
            .map(|file| format!("; filename=\"{file}\""))
            .unwrap_or_default();
        body.extend_from_slice(
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n")
                .as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--x--\r\n");
    body
}

pub(crate) async fn upload(desk: &mut Desk, path: &str, body: Vec<u8>) -> crate::desk::Reply {
    let request = desk
        .request(Method::POST, path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from(body))
        .unwrap();
    desk.send(request).await
}

#[tokio::test]
async fn a_paper_is_recorded_by_the_digest_of_its_content() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.case("示例").await;
    let path = format!("/cases/{number}/papers/articles");
    let body = multipart(&[
        ("note", None, "原件已验".as_bytes()),
        ("file", Some("C:\\dir\\章程.pdf"), b"abc"),
    ]);
    let reply = upload(&mut desk, &path, body).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let case = desk.engine.case(id).await.unwrap().unwrap();
    let version = &case.documents["articles"][0];
    assert_eq!(version.file_name, "章程.pdf");
    // The digest of "abc" in FIPS 180-2, appendix B.1.
    assert_eq!(
        version.digest,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[tokio::test]
async fn a_paper_without_a_file_or_too_large_is_refused() {
    let mut desk = Desk::clerk().await;
    let (number, _) = desk.case("示例").await;
    let path = format!("/cases/{number}/papers/articles");
    let reply = upload(&mut desk, &path, multipart(&[("file", Some(""), b"")])).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reply.body.contains("请选择文件"));
    let large = vec![0; 20 * 1024 * 1024 + 1];
    let reply = upload(
        &mut desk,
        &path,
        multipart(&[("file", Some("large.pdf"), &large)]),
    )
    .await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(reply.body.contains("超过 20 MiB"), "{}", reply.body);
}
