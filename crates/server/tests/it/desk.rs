//! A desk to test: one small workflow, an afternoon in March 2023, and a browser that keeps
//! cookies.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use groundbreak_engine::{Engine, EngineOptions, SimulatedTime};
use groundbreak_server::{Accounts, ServerOptions, router};
use groundbreak_store::MemoryStore;
use groundbreak_workflow::sla::parse_local;
use groundbreak_workflow::{Act, CaseId, Command, Data};
use tower::ServiceExt;

pub(crate) const CALENDAR: &str = r#"
id: hall
title: { zh: 示例大厅, en: Example hall }
tz: Asia/Shanghai
weekly:
  mon: [["08:30", "12:00"], ["14:30", "17:30"]]
  tue: [["08:30", "12:00"], ["14:30", "17:30"]]
  wed: [["08:30", "12:00"], ["14:30", "17:30"]]
  thu: [["08:30", "12:00"], ["14:30", "17:30"]]
  fri: [["08:30", "12:00"], ["14:30", "17:30"]]
"#;

pub(crate) const WORKFLOW: &str = r#"
workflow: licence
version: 1
title: { zh: 执照办理, en: Licence }
calendar: hall
same_by: [company]
data:
  company: { title: { zh: 企业名称, en: Company }, type: text, required: true }
  capital: { title: { zh: 注册资本, en: Capital }, type: money }
  kind:
    title: { zh: 类型, en: Kind }
    type: choice
    choices: { limited: { zh: 有限公司, en: Limited }, stock: { zh: 股份公司, en: Stock } }
  project: { title: { zh: 项目代码, en: Project code }, type: project_code }
  defects: { title: { zh: 补正内容, en: What to correct }, type: text }
  founded: { title: { zh: 成立日期, en: Founded }, type: date }
roles:
  clerk: { title: { zh: 综合窗口, en: Window clerk }, may_record_late: true }
  approver: { title: { zh: 审批人, en: Approver }, not_same_person_as: [clerk], may: [suspend, supervise] }
documents:
  articles: { title: { zh: 公司章程, en: Articles }, class: main, law: { zh: 公司法第十一条, en: "Company Law, article 11" } }
gates:
  enough:
    title: { zh: 注册资本已登记, en: The capital is recorded }
    when: has(data.capital)
    law: { zh: 示例法第一条, en: "Example Law, article 1" }
events:
  record: { title: { zh: 登记资本, en: Record the capital }, by: [clerk], asks: [capital, kind, founded] }
  submit: { title: { zh: 提交材料, en: Hand in the papers }, by: [clerk] }
  correct: { title: { zh: 要求补正, en: Ask for a correction }, by: [approver] }
  tell: { title: { zh: 一次性告知, en: Give the notice }, by: [clerk], asks: [defects], aside: true, notice: true }
  issue: { title: { zh: 核发执照, en: Issue the licence }, by: [approver] }
clocks:
  elapsed:
    title: { zh: 提交到发照, en: Submission to licence }
    effect: promised
    budget: within 5h
    start: entering submitted
    stop: entering issued
    paused_by: [applicant_correction]
    warn: [80%]
    law: { zh: 示例承诺, en: Example promise }
states:
  consulting:
    title: { zh: 提前介入, en: Early involvement }
    on:
      record: {}
      tell: correcting
      submit: { to: submitted, requires: [documents.main], gates: [enough] }
  submitted:
    title: { zh: 已受理, en: Accepted }
    on: { issue: issued, correct: correcting }
  correcting:
    title: { zh: 补正, en: Correction }
    aside: true
    pauses: applicant_correction
    on: { submit: submitted }
  issued: { title: { zh: 已发照, en: Licence issued }, final: true }
"#;

/// How much capital the companies have that were given a licence.
pub(crate) const MEASURE: &str = r#"
measure: licensed-capital
title: { zh: 已发照资本, en: Capital licensed }
calibre: { zh: 已发照企业的注册资本, en: Capital of the companies with a licence }
workflow: licence
reached: [issued]
cut_off: 2023-03-24
filter: data.kind == "limited"
value: sum
amount: capital
say: { unit: wan, word: over, number: 239 }
"#;

pub(crate) struct Desk {
    pub(crate) engine: Engine,
    router: Router,
    cookies: BTreeMap<String, String>,
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The code of a problem, after checking that it is one.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json",
            "{}",
            self.body
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        for language in ["zh", "en"] {
            assert!(!problem["title"][language].as_str().unwrap().is_empty());
            assert!(!problem["detail"][language].as_str().unwrap().is_empty());
        }
        problem["code"].as_str().unwrap().to_owned()
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let start = self.body.split(&format!("name=\"{name}\" value=\"")).nth(1);
        start
            .unwrap_or_else(|| panic!("no field {name}: {}", self.body))
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    }
}

impl Desk {
    /// A demonstration, with nobody signed in yet.
    pub(crate) async fn demo() -> Self {
        let engine = engine().await;
        let workflows = engine.workflows();
        let mut options = ServerOptions::demo(workflows.iter().map(AsRef::as_ref));
        let measured = workflows.iter().map(AsRef::as_ref);
        options.measures = groundbreak_workflow::compile_measures(&[MEASURE], measured).unwrap();
        Self::of(engine, options)
    }

    pub(crate) fn of(engine: Engine, options: ServerOptions) -> Self {
        Self {
            router: router(engine.clone(), options),
            engine,
            cookies: BTreeMap::new(),
        }
    }

    /// A demonstration with a clerk signed in.
    pub(crate) async fn clerk() -> Self {
        let mut desk = Self::demo().await;
        desk.become_("clerk").await;
        desk
    }

    /// Signs in as the example account with this role.
    pub(crate) async fn become_(&mut self, role: &str) {
        let reply = self
            .post(
                "/switch",
                &[("account", &format!("demo-{role}")), ("next", "/desk")],
            )
            .await;
        assert_eq!(
            (reply.status, reply.location()),
            (StatusCode::SEE_OTHER, "/desk")
        );
    }

    pub(crate) async fn send(&mut self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Sends a request and leaves its body to be read as it comes.
    pub(crate) async fn open(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, cookies.join("; "))
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Reply {
        let body: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body.join("&")))
            .unwrap();
        self.send(request).await
    }

    /// Calls the API as the example account with this role.
    pub(crate) async fn call(
        &mut self,
        role: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"));
        if !role.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer demo-{role}"));
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub(crate) fn forget_cookies(&mut self) {
        self.cookies.clear();
    }

    /// Opens a case, and returns its number and id.
    pub(crate) async fn case(&self, title: &str) -> (String, CaseId) {
        let id = self.engine.new_case_id();
        let data = Data::from([("company".to_owned(), title.into())]);
        let act = Act::Open {
            workflow: "licence".into(),
            version: None,
            title: title.into(),
            data,
        };
        self.give(id, "clerk", act).await;
        let case = self.engine.case(id).await.unwrap().unwrap();
        (case.number.clone(), id)
    }

    /// Opens a case and brings it to where the approver decides.
    pub(crate) async fn submitted(&self, title: &str) -> (String, CaseId) {
        let (number, id) = self.case(title).await;
        let data = Data::from([
            ("capital".to_owned(), 1_200_000.into()),
            ("kind".to_owned(), "limited".into()),
            ("founded".to_owned(), "2023-03-01".into()),
        ]);
        self.give(
            id,
            "clerk",
            Act::Fire {
                event: "record".into(),
                data,
                note: None,
            },
        )
        .await;
        self.give(id, "clerk", attach()).await;
        self.fire(id, "clerk", "submit").await;
        (number, id)
    }

    pub(crate) async fn fire(&self, case: CaseId, role: &str, event: &str) {
        self.give(
            case,
            role,
            Act::Fire {
                event: event.into(),
                data: Data::new(),
                note: None,
            },
        )
        .await;
    }

    pub(crate) async fn give(&self, case: CaseId, role: &str, act: Act) {
        let workflows = self.engine.workflows();
        let accounts = Accounts::demo(workflows.iter().map(AsRef::as_ref));
        let actor = accounts.get(&format!("demo-{role}")).unwrap().actor();
        let id = self.engine.new_command_id();
        let command = Command {
            id,
            case,
            actor,
            seen_revision: None,
            effective_at: None,
            act,
        };
        self.engine.submit(command).await.unwrap();
    }

    pub(crate) async fn advance(&self, local: &str) {
        self.engine
            .advance_to(parse_local(chrono_tz::Asia::Shanghai, local).unwrap())
            .await
            .unwrap();
    }
}

pub(crate) fn attach() -> Act {
    Act::Attach {
        document: "articles".into(),
        file_name: "articles.pdf".into(),
        digest: "ab".repeat(32),
        note: None,
    }
}

pub(crate) async fn engine() -> Engine {
    let time =
        SimulatedTime::new(parse_local(chrono_tz::Asia::Shanghai, "2023-03-23 10:00").unwrap());
    let options = EngineOptions {
        time: Arc::new(time),
        ..EngineOptions::default()
    };
    let engine = Engine::open(Arc::new(MemoryStore::new()), options)
        .await
        .unwrap();
    engine.publish_calendar(CALENDAR).await.unwrap();
    engine.publish_workflow(WORKFLOW).await.unwrap();
    engine
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
