//! The content of papers, over the desk and the API.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode, header};
use groundbreak_papers::Papers;
use groundbreak_server::ServerOptions;

use crate::desk::{Desk, engine};
use crate::forms::{multipart, upload};

const PDF: &[u8] = b"%PDF-1.7\n% articles of association\n";

/// A desk that keeps papers of up to 1 MiB, with a clerk signed in.
async fn keeping(folder: &tempfile::TempDir) -> Desk {
    let engine = engine().await;
    let workflows = engine.workflows();
    let mut options = ServerOptions::demo(workflows.iter().map(AsRef::as_ref));
    let papers = Papers::in_folder(folder.path()).unwrap();
    options.papers = Some(papers.with_bytes_max(1 << 20));
    let mut desk = Desk::of(engine, options);
    desk.become_("clerk").await;
    desk
}

fn put(name: &str, content: &[u8], token: &str) -> Request<Body> {
    Request::post(format!("/api/v1/papers?file_name={name}"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(content.to_vec()))
        .unwrap()
}

#[tokio::test]
async fn a_paper_is_taken_out_as_it_was_handed_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = keeping(&folder).await;
    let (number, _) = desk.case("示例").await;
    let path = format!("/cases/{number}/papers/articles");
    let reply = upload(
        &mut desk,
        &path,
        multipart(&[("file", Some("章程.pdf"), PDF)]),
    )
    .await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    let page = desk.get(&path).await.body;
    let link = page
        .split("href=\"")
        .find(|part| part.starts_with(&format!("{path}/")));
    let link = link.unwrap().split('"').next().unwrap().to_owned();
    let reply = desk.get(&link).await;
    assert_eq!((reply.status, reply.body.as_bytes()), (StatusCode::OK, PDF));
    assert_eq!(reply.headers[header::CONTENT_TYPE], "application/pdf");
    assert_eq!(
        reply.headers[header::CONTENT_DISPOSITION],
        "attachment; filename*=UTF-8''%E7%AB%A0%E7%A8%8B.pdf"
    );
    // Through another case it cannot be read, and without signing in not at all.
    let (other, _) = desk.case("另一件").await;
    let elsewhere = desk.get(&link.replace(&number, &other)).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
    desk.forget_cookies();
    let options = ServerOptions::new(groundbreak_server::Accounts::of(Vec::new()).unwrap());
    let mut nobody = Desk::of(desk.engine.clone(), options);
    assert_ne!(nobody.get(&link).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_paper_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = keeping(&folder).await;
    let (number, _) = desk.case("示例").await;
    let path = format!("/cases/{number}/papers/articles");
    let large = [PDF, &vec![b'x'; 1 << 20]].concat();
    let rows: [(&str, &[u8], &str, StatusCode); 5] = [
        ("a.pdf", b"", "空文件", StatusCode::UNPROCESSABLE_ENTITY),
        ("a.pdf", &large, "超过 1 MiB", StatusCode::PAYLOAD_TOO_LARGE),
        (
            "a.exe",
            b"MZ\x90",
            "PDF、OFD",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "a.png",
            PDF,
            "文件名写的是 PNG",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "articles",
            PDF,
            "看不出是什么",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ];
    for (name, content, said, status) in rows {
        let reply = upload(
            &mut desk,
            &path,
            multipart(&[("file", Some(name), content)]),
        )
        .await;
        assert_eq!(reply.status, status, "{name}");
        assert!(reply.body.contains(said), "{name}: {}", reply.body);
        let reply = desk.send(put(name, content, "demo-clerk")).await;
        assert_eq!(
            (reply.status, &*reply.problem()),
            (status, "file-not-taken")
        );
    }
    let page = desk.get(&path).await.body;
    assert!(!page.contains(&format!("{path}/")), "nothing was recorded");
}

/// A body of five GiB that begins like a PDF, and how many bytes of it were taken.
fn five_gib(before: &'static str) -> (Body, Arc<AtomicU64>) {
    const PIECE: &[u8] = &[b'x'; 64 << 10];
    let taken = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&taken);
    let begins = [Bytes::from(before), Bytes::from(PDF)];
    let goes_on = (0..(5_u64 << 30) / PIECE.len() as u64).map(|_| Bytes::from_static(PIECE));
    let pieces = begins.into_iter().chain(goes_on).map(move |piece| {
        count.fetch_add(piece.len() as u64, Ordering::Relaxed);
        Ok::<_, Infallible>(piece)
    });
    (Body::from_stream(futures::stream::iter(pieces)), taken)
}

#[tokio::test]
async fn five_gibibytes_are_refused_after_no_more_than_is_taken_and_nothing_stays_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = keeping(&folder).await;
    let (number, _) = desk.case("示例").await;
    let path = format!("/cases/{number}/papers/articles");

    let (body, taken) = five_gib("");
    let program = Request::post("/api/v1/papers?file_name=a.pdf")
        .header(header::AUTHORIZATION, "Bearer demo-clerk")
        .body(body)
        .unwrap();
    let reply = desk.send(program).await;
    assert_eq!(
        (reply.status, &*reply.problem()),
        (StatusCode::PAYLOAD_TOO_LARGE, "file-not-taken")
    );
    assert!(reply.body.contains("超过 1 MiB"), "{}", reply.body);
    assert!(reply.body.contains("more than 1 MiB"), "{}", reply.body);
    assert!(taken.load(Ordering::Relaxed) < 2 << 20, "{taken:?}");

    let (body, taken) = five_gib(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n",
    );
    let form = desk
        .request(Method::POST, &path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(body)
        .unwrap();
    let reply = desk.send(form).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(reply.body.contains("超过 1 MiB"), "{}", reply.body);
    assert!(taken.load(Ordering::Relaxed) < 2 << 20, "{taken:?}");

    let incoming = folder.path().join("incoming");
    let left = std::fs::read_dir(incoming).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing stays behind");
}

#[tokio::test]
async fn a_program_hands_in_a_paper_and_takes_it_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = keeping(&folder).await;
    let (number, _) = desk.case("示例").await;
    let nobody = desk.send(put("a.pdf", PDF, "unknown")).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    let reply = desk.send(put("a.pdf", PDF, "demo-clerk")).await;
    assert_eq!(reply.status, StatusCode::CREATED);
    let taken: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    let digest = taken["digest"].as_str().unwrap().to_owned();
    let content = format!("/cases/{number}/documents/articles/{digest}");
    let before = desk.call("clerk", Method::GET, &content, &[], "").await;
    assert_eq!(before.status, StatusCode::NOT_FOUND, "no case records it");
    let attach =
        format!("{{\"document\":\"articles\",\"file_name\":\"a.pdf\",\"digest\":\"{digest}\"}}");
    let path = format!("/cases/{number}/documents");
    let attached = desk.call("clerk", Method::POST, &path, &[], &attach).await;
    assert!(attached.status.is_success(), "{}", attached.body);
    let reply = desk.call("clerk", Method::GET, &content, &[], "").await;
    assert_eq!((reply.status, reply.body.as_bytes()), (StatusCode::OK, PDF));
    // What is gone from where it was kept is said to be.
    std::fs::remove_dir_all(folder.path().join("sha256")).unwrap();
    let reply = desk.call("clerk", Method::GET, &content, &[], "").await;
    assert_eq!(
        (reply.status, &*reply.problem()),
        (StatusCode::NOT_FOUND, "content-not-kept")
    );
}
