use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use futures::StreamExt;
use groundbreak_server::{Account, Accounts, ServerOptions, hash_password, router};
use groundbreak_workflow::Act;
use tower::ServiceExt;

use crate::desk::{Desk, engine};

const PASSWORD: &str = "correct horse battery staple";

/// A desk that is no demonstration, with one account.
async fn closed_desk() -> Desk {
    let hash = hash_password(PASSWORD).unwrap();
    let json = format!(r#"[{{"id":"lin","name":"示例","roles":["clerk"],"password":"{hash}"}}]"#);
    Desk::of(
        engine().await,
        ServerOptions::new(Accounts::read(&json).unwrap()),
    )
}

#[tokio::test]
async fn nothing_is_shown_to_who_is_not_signed_in() {
    let mut desk = closed_desk().await;
    let (number, _) = desk.submitted("示例").await;
    let pages = [
        "/desk".to_owned(),
        "/desk/new".into(),
        "/audit".into(),
        "/audit/rows".into(),
        "/workflows".into(),
        format!("/cases/{number}"),
        format!("/cases/{number}/journal"),
        format!("/cases/{number}/note"),
        format!("/cases/{number}/clocks/elapsed"),
        format!("/cases/{number}/papers/articles"),
        format!("/cases/{number}/acts/issue"),
        format!("/cases/{number}/events"),
        format!("/cases/{number}/chart.svg"),
        "/workflows/licence/1/chart.svg".into(),
    ];
    for page in pages {
        let reply = desk.get(&page).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{page}");
        assert!(
            reply.location().starts_with("/sign-in?next="),
            "{page}: {}",
            reply.location()
        );
    }
    let reply = desk.post(&format!("/cases/{number}/acts/issue"), &[]).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert!(reply.body.contains("请先登录"));
}

#[tokio::test]
async fn a_password_opens_a_session_and_leads_back() {
    let mut desk = closed_desk().await;
    for (id, password) in [
        ("lin", "wrong"),
        ("nobody", PASSWORD),
        ("", ""),
        ("lin", &"x".repeat(300)),
    ] {
        let reply = desk
            .post(
                "/sign-in",
                &[("id", id), ("password", password), ("next", "/audit")],
            )
            .await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{id}");
        assert!(reply.body.contains("账号或密码不对") && desk.cookie("groundbreak").is_none());
        assert!(
            password.is_empty() || !reply.body.contains(&format!("\"{password}\"")),
            "a password is not shown again"
        );
    }
    let reply = desk
        .post(
            "/sign-in",
            &[("id", "lin"), ("password", PASSWORD), ("next", "/audit")],
        )
        .await;
    assert_eq!(
        (reply.status, reply.location()),
        (StatusCode::SEE_OTHER, "/audit")
    );
    let cookie = reply.headers[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(desk.get("/audit").await.status, StatusCode::OK);
}

#[tokio::test]
async fn each_sign_in_has_a_secret_of_its_own_and_signing_out_ends_it() {
    let mut desk = closed_desk().await;
    let form = [
        ("id", "lin"),
        ("password", PASSWORD),
        ("next", "//evil.example"),
    ];
    let reply = desk.post("/sign-in", &form).await;
    assert_eq!(reply.location(), "/desk", "a sign-in leads nowhere else");
    let first = desk.cookie("groundbreak").unwrap().to_owned();
    desk.post("/sign-in", &form).await;
    let second = desk.cookie("groundbreak").unwrap().to_owned();
    assert_ne!(first, second);
    let with = |secret: &str| {
        Request::get("/desk")
            .header(header::COOKIE, format!("groundbreak={secret}"))
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(
        desk.send(with(&first)).await.status,
        StatusCode::SEE_OTHER,
        "the older secret is worth nothing"
    );
    assert_eq!(desk.send(with(&second)).await.status, StatusCode::OK);
    desk.post("/sign-out", &[]).await;
    assert_eq!(desk.send(with(&second)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_sent_from_another_site_is_refused() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.case("示例").await;
    let path = format!("/cases/{number}/note");
    let rows = [
        (
            vec![("sec-fetch-site", "cross-site")],
            StatusCode::FORBIDDEN,
        ),
        (vec![("sec-fetch-site", "same-site")], StatusCode::FORBIDDEN),
        (
            vec![("origin", "https://evil.example"), ("host", "desk.example")],
            StatusCode::FORBIDDEN,
        ),
        (
            vec![("origin", "http://desk.example"), ("host", "desk.example")],
            StatusCode::SEE_OTHER,
        ),
        (
            vec![("sec-fetch-site", "same-origin")],
            StatusCode::SEE_OTHER,
        ),
    ];
    for (headers, status) in rows {
        let before = desk.engine.case(id).await.unwrap().unwrap().revision;
        let mut request = desk
            .request(Method::POST, &path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let reply = desk.send(request.body(Body::from("note=x")).unwrap()).await;
        assert_eq!(reply.status, status, "{headers:?}");
        let written = desk.engine.case(id).await.unwrap().unwrap().revision - before;
        assert_eq!(written == 1, status == StatusCode::SEE_OTHER, "{headers:?}");
    }
}

#[tokio::test]
async fn accounts_are_changed_in_a_demonstration_only() {
    let mut desk = closed_desk().await;
    desk.post("/sign-in", &[("id", "lin"), ("password", PASSWORD)])
        .await;
    assert_eq!(
        desk.post("/switch", &[("account", "lin")]).await.status,
        StatusCode::NOT_FOUND
    );
    assert!(!desk.get("/desk").await.body.contains("/switch"));
    desk.forget_cookies();
    let reply = desk.get("/").await;
    assert_eq!(
        desk.cookie("groundbreak"),
        None,
        "nobody is signed in by coming"
    );
    assert_eq!(reply.location(), "/desk");
}

#[tokio::test]
async fn every_response_tells_the_browser_what_is_allowed() {
    let mut desk = Desk::clerk().await;
    for page in [
        "/desk",
        "/nowhere",
        "/api/v1/cases",
        "/healthz",
        "/assets/0/desk.css",
        "/",
    ] {
        let headers = desk.get(page).await.headers;
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{page}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{page}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{page}");
        assert_eq!(headers[header::REFERRER_POLICY], "same-origin", "{page}");
        let kept = headers[header::CACHE_CONTROL].to_str().unwrap();
        assert_eq!(
            kept == "no-store",
            !page.starts_with("/assets"),
            "{page}: {kept}"
        );
    }
}

#[tokio::test]
async fn over_https_the_session_is_bound_to_it() {
    let engine = engine().await;
    let workflows = engine.workflows();
    let mut options = ServerOptions::demo(workflows.iter().map(AsRef::as_ref));
    options.https = true;
    let mut desk = Desk::of(engine, options);
    let reply = desk.get("/").await;
    let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-groundbreak=") && cookie.contains("; Secure"),
        "{cookie}"
    );
    assert!(
        reply
            .headers
            .contains_key(header::STRICT_TRANSPORT_SECURITY)
    );
}

#[tokio::test]
async fn a_stream_tells_when_the_case_moves_on_and_their_number_is_bounded() {
    let engine = engine().await;
    let workflows = engine.workflows();
    let mut options = ServerOptions::demo(workflows.iter().map(AsRef::as_ref));
    options.streams_max = 1;
    let mut desk = Desk::of(engine.clone(), options);
    desk.become_("clerk").await;
    let (number, id) = desk.case("示例").await;
    let stream = format!("/cases/{number}/events?since=1");
    // A second router would have a bound of its own; the streams are asked of this one.
    let request = desk
        .request(Method::GET, &stream)
        .body(Body::empty())
        .unwrap();
    let response = desk.open(request).await;
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/event-stream"
    );
    let refused = desk.get(&stream).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers.contains_key(header::RETRY_AFTER));
    desk.give(id, "clerk", Act::Comment { text: "x".into() })
        .await;
    let mut body = response.into_body().into_data_stream();
    let told = String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert_eq!(told, "id: 2\nevent: case\ndata: {\"v\":2}\n\n");
    drop(body);
    // Who comes back after a while is told at once.
    let request = desk
        .request(Method::GET, &stream)
        .body(Body::empty())
        .unwrap();
    let mut body = desk.open(request).await.into_body().into_data_stream();
    assert!(
        String::from_utf8(body.next().await.unwrap().unwrap().to_vec())
            .unwrap()
            .contains("id: 2")
    );
}

#[tokio::test]
async fn an_account_without_a_token_is_unknown_to_the_api() {
    let account = Account {
        id: "lin".into(),
        name: "示例".into(),
        name_en: None,
        roles: ["clerk".into()].into(),
        department: None,
        password: None,
        token_sha256: None,
    };
    let app = router(
        engine().await,
        ServerOptions::new(Accounts::of(vec![account]).unwrap()),
    );
    for secret in ["", "lin", "demo-clerk"] {
        let request = Request::get("/api/v1/cases")
            .header(header::AUTHORIZATION, format!("Bearer {secret}"))
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            app.clone().oneshot(request).await.unwrap().status(),
            StatusCode::UNAUTHORIZED
        );
    }
}
