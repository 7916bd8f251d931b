use axum::http::{Method, StatusCode, header};
use groundbreak_engine::MigrationRequest;
use groundbreak_workflow::{Act, Actor, Data, GeneralAct, Relation};

use crate::desk::{CALENDAR, Desk, WORKFLOW, attach};

/// Every page there is, on a desk with a case in each stage.
async fn all_pages(desk: &Desk) -> Vec<String> {
    let (consulting, _) = desk.case("示例甲").await;
    let (submitted, _) = desk.submitted("示例乙").await;
    let (paused, id) = desk.submitted("示例丙").await;
    desk.fire(id, "approver", "correct").await;
    let (closed, id) = desk.submitted("示例丁").await;
    desk.fire(id, "approver", "issue").await;
    let (late, id) = desk.submitted("示例戊").await;
    desk.give(
        id,
        "clerk",
        Act::Comment {
            text: "第一行\n第二行".into(),
        },
    )
    .await;
    desk.advance("2023-03-23 15:30").await;
    let mut pages: Vec<String> = [
        "/desk",
        "/desk?view=mine",
        "/desk?view=closed",
        "/desk?light=red",
        "/desk?light=grey&workflow=licence",
        "/desk?q=甲",
        "/desk?q=nothing",
        "/desk/new",
        "/desk/new?workflow=licence",
        "/audit",
        "/workflows",
        "/sign-in",
        "/audit/rows?workflow=licence&clock=elapsed",
        "/audit/rows?workflow=licence&clock=elapsed&which=missed",
        "/audit/measures",
        "/audit/measures/licensed-capital",
        "/audit/register",
        "/audit/agenda/licence",
        "/projects/2303-440703-04-01-100015",
        "/cases/none",
        "/nowhere",
    ]
    .map(|page| page.replace('甲', "%E7%94%B2"))
    .to_vec();
    pages.push(format!("/desk?peek={submitted}"));
    for number in [&consulting, &submitted, &paused, &closed, &late] {
        pages.push(format!("/cases/{number}"));
        pages.push(format!("/cases/{number}/journal"));
        pages.push(format!("/cases/{number}/notice"));
        pages.push(format!("/cases/{number}/journal?kind=clocks"));
        pages.push(format!("/cases/{number}/note"));
        pages.push(format!("/cases/{number}/papers/articles"));
        pages.push(format!("/cases/{number}/clocks/elapsed"));
        for event in ["record", "submit", "issue", "correct"] {
            pages.push(format!("/cases/{number}/acts/{event}"));
        }
    }
    pages
}

#[tokio::test]
async fn every_page_is_whole_in_both_languages_and_holds_nothing_inline() {
    let mut desk = Desk::clerk().await;
    let pages = all_pages(&desk).await;
    for role in ["clerk", "approver"] {
        desk.become_(role).await;
        for page in &pages {
            for (lang, tag, brand) in [
                ("zh-CN", "<html lang=\"zh-CN\"", "办件台"),
                ("en", "<html lang=\"en\"", "Groundbreak"),
            ] {
                let mark = if page.contains('?') { '&' } else { '?' };
                let reply = desk.get(&format!("{page}{mark}lang={lang}")).await;
                let at = format!("{page} as {role} in {lang}");
                assert!(
                    reply.headers[header::CONTENT_TYPE]
                        .to_str()
                        .unwrap()
                        .starts_with("text/html"),
                    "{at}"
                );
                assert!(!reply.status.is_server_error(), "{at}: {}", reply.body);
                assert!(
                    reply.body.contains(tag) && reply.body.contains(brand),
                    "{at}"
                );
                assert!(
                    !reply.body.contains("Unknown localization"),
                    "{at}: {}",
                    reply.body
                );
                assert!(
                    !reply.body.contains(" style=") && !reply.body.contains("<style"),
                    "{at}"
                );
                for script in reply.body.split("<script").skip(1) {
                    assert!(
                        script.starts_with(" src=") && script.contains("></script>"),
                        "{at}"
                    );
                }
                for handler in [" onclick=", " onload=", " onsubmit=", "javascript:"] {
                    assert!(!reply.body.contains(handler), "{at}");
                }
                assert_eq!(reply.body.matches("<h1").count(), 1, "{at}");
                assert!(
                    reply.body.matches("class=\"btn p\"").count() <= 2,
                    "one main act, and the same in the bar: {at}"
                );
            }
        }
    }
}

#[tokio::test]
async fn english_pages_hold_no_chinese_but_names() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.submitted("Example company").await;
    desk.fire(id, "approver", "correct").await;
    desk.advance("2023-03-23 11:00").await;
    for page in [
        "/desk".into(),
        "/audit".into(),
        "/audit/measures".into(),
        "/audit/measures/licensed-capital".into(),
        "/workflows".into(),
        format!("/cases/{number}"),
        format!("/cases/{number}/clocks/elapsed"),
    ] {
        let body = desk.get(&format!("{page}?lang=en")).await.body;
        // The link to the other language says so in that language.
        let body = body.replace("中文", "");
        let chinese: String = body
            .chars()
            .filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c))
            .collect();
        assert_eq!(chinese, "", "{page}");
    }
}

#[tokio::test]
async fn what_people_type_is_shown_as_text() {
    let mut desk = Desk::clerk().await;
    let nasty = "<script>alert(1)</script>\"'&";
    let (number, id) = desk.case(nasty).await;
    desk.give(id, "clerk", Act::Comment { text: nasty.into() })
        .await;
    for page in [
        format!("/cases/{number}"),
        "/desk".into(),
        format!("/desk?peek={number}"),
        format!("/cases/{number}/note"),
        "/desk?q=%3Cscript%3E".into(),
    ] {
        let body = desk.get(&page).await.body;
        assert!(!body.contains("<script>"), "{page}");
        assert!(body.contains("&#60;script&#62;"), "{page}");
    }
}

#[tokio::test]
async fn the_list_puts_the_most_urgent_first_and_says_how_late() {
    let mut desk = Desk::clerk().await;
    desk.case("无时限").await;
    desk.submitted("先交").await;
    desk.advance("2023-03-23 12:00").await;
    desk.submitted("后交").await;
    desk.advance("2023-03-23 15:32").await;
    let body = desk.get("/desk").await.body;
    let place = |title: &str| {
        body.find(title)
            .unwrap_or_else(|| panic!("{title}: {body}"))
    };
    assert!(place("先交") < place("后交") && place("后交") < place("无时限</a>"));
    assert!(body.contains("超 <span data-n=\"m\">32</span> 分"));
    assert!(body.contains("剩 <span data-n=\"h\">1</span> 小时 <span data-n=\"m\">28</span> 分"));
    let red = desk.get("/desk?light=red").await.body;
    assert!(red.contains("先交") && !red.contains("后交"));
}

#[tokio::test]
async fn a_list_longer_than_a_page_goes_on_where_it_ended() {
    let mut desk = Desk::clerk().await;
    for n in 0..60 {
        desk.case(&format!("第{n:02}家")).await;
    }
    let first = desk.get("/desk").await.body;
    assert_eq!(first.matches("<tr class=\"row").count(), 50);
    let following = first
        .split("class=\"btn\" href=\"")
        .find(|part| part.starts_with("/desk?after="))
        .unwrap();
    let second = desk.get(following.split('"').next().unwrap()).await.body;
    assert_eq!(second.matches("<tr class=\"row").count(), 10);
    for n in 0..60 {
        let title = format!("第{n:02}家");
        assert!(
            first.contains(&title) ^ second.contains(&title),
            "{title} stands on one page"
        );
    }
}

#[tokio::test]
async fn a_search_for_a_number_opens_the_case() {
    let mut desk = Desk::clerk().await;
    let (number, _) = desk.case("示例").await;
    let reply = desk.get(&format!("/desk?q={number}")).await;
    assert_eq!(
        (reply.status, reply.location()),
        (StatusCode::SEE_OTHER, &*format!("/cases/{number}"))
    );
}

#[tokio::test]
async fn a_locked_step_names_what_is_missing_the_law_and_where_to_mend_it() {
    let mut desk = Desk::clerk().await;
    let (number, _) = desk.case("示例").await;
    let body = desk.get(&format!("/cases/{number}")).await.body;
    for said in [
        "提交材料",
        "公司章程",
        "注册资本已登记",
        "示例法第一条",
        &format!("/cases/{number}/papers/articles"),
    ] {
        assert!(body.contains(said), "{said}");
    }
}

#[tokio::test]
async fn a_paused_clock_shows_no_due_date_and_whose_time_it_is() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.submitted("示例").await;
    desk.advance("2023-03-23 10:30").await;
    desk.fire(id, "approver", "correct").await;
    desk.advance("2023-03-23 16:00").await;
    let body = desk.get(&format!("/cases/{number}")).await.body;
    assert!(body.contains("暂停中，恢复后计算") && !body.contains("应办结"));
    let clock = desk
        .get(&format!("/cases/{number}/clocks/elapsed"))
        .await
        .body;
    assert!(clock.contains("申请人补正"));
    assert!(clock.contains("历时 6 小时 00 分 ＝ 机关 30 分 ＋ 暂停 5 小时 30 分 ＋ 非办公时间 0"));
}

#[tokio::test]
async fn what_was_recorded_late_says_by_how_much() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.case("示例").await;
    desk.give(id, "clerk", crate::desk::attach()).await;
    desk.advance("2023-03-23 11:06").await;
    let page = desk.get(&format!("/cases/{number}/acts/record")).await;
    let form = [
        ("revision", &*page.hidden("revision")),
        ("command", &*page.hidden("command")),
        ("data.capital", "120万元"),
        ("data.kind", "limited"),
        ("data.founded", "2023-03-01"),
        ("note", "网络故障"),
        ("late_date", "2023-03-23"),
        ("late_time", "1100"),
    ];
    let reply = desk
        .post(&format!("/cases/{number}/acts/record"), &form)
        .await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let body = desk.get(&format!("/cases/{number}")).await.body;
    assert!(
        body.contains("（11:06 补登，晚 6 分）")
            && body.contains("网络故障")
            && body.contains("120 万元"),
        "{body}"
    );
}

#[tokio::test]
async fn the_figures_of_the_audit_open_as_many_rows_as_they_count() {
    let mut desk = Desk::clerk().await;
    for n in 0..3 {
        let (_, id) = desk.submitted(&format!("示例{n}")).await;
        desk.advance(&format!("2023-03-23 1{}:30", n)).await;
        desk.fire(id, "approver", "issue").await;
    }
    let (_, late) = desk.submitted("迟").await;
    desk.advance("2023-03-24 09:00").await;
    desk.fire(late, "approver", "issue").await;
    let audit = desk.get("/audit").await.body;
    assert!(
        audit.contains("3 / 4 件") && audit.contains("按时 3，超期 1"),
        "{audit}"
    );
    let rows = desk
        .get("/audit/rows?workflow=licence&clock=elapsed")
        .await
        .body;
    assert_eq!(rows.matches("/clocks/elapsed\"").count(), 4);
    let missed = desk
        .get("/audit/rows?workflow=licence&clock=elapsed&which=missed")
        .await
        .body;
    assert_eq!(missed.matches("/clocks/elapsed\"").count(), 1);
    assert!(missed.contains("迟"));
}

#[tokio::test]
async fn a_figure_opens_the_list_behind_it_and_says_when_its_word_is_not_true() {
    let mut desk = Desk::clerk().await;
    let (first, id) = desk.submitted("示例甲").await;
    desk.fire(id, "approver", "issue").await;
    let (waiting, _) = desk.submitted("示例乙").await;
    let page = "/audit/measures/licensed-capital";
    let one = desk.get(page).await.body;
    assert!(one.contains("[measure-word-untrue]"), "{one}");
    assert!(
        desk.get("/audit")
            .await
            .body
            .contains("href=\"/audit/measures\"")
    );
    assert!(desk.get("/audit/measures").await.body.contains("不能公布"));

    let (second, id) = desk.submitted("示例丙").await;
    desk.fire(id, "approver", "issue").await;
    let two = desk.get(page).await.body;
    assert!(two.contains("已发照资本 超239万元"), "{two}");
    assert!(!two.contains("measure-word-untrue"), "{two}");
    for number in [&first, &second] {
        assert!(two.contains(&format!("href=\"/cases/{number}\"")), "{two}");
    }
    assert!(!two.contains(&format!("/cases/{waiting}")), "{two}");
    let all = desk.get("/audit/measures").await.body;
    assert!(all.contains(&format!("href=\"{page}\"")) && all.contains("超239万元"));
    assert!(!all.contains("不能公布"));

    for (path, found) in [("/licensed-capital", true), ("/none", false)] {
        let page = desk.get(&format!("/audit/measures{path}")).await;
        assert_eq!(page.status == StatusCode::OK, found, "{path}");
        let path = format!("/reports/measures{path}");
        let reply = desk.call("clerk", Method::GET, &path, &[], "").await;
        if found {
            let figure = reply.json();
            assert_eq!(figure["exact"]["yuan"], 2_400_000);
            assert_eq!(figure["rows"].as_array().unwrap().len(), 2);
        } else {
            assert_eq!(reply.problem(), "not-found");
        }
    }
    let all = desk
        .call("clerk", Method::GET, "/reports/measures", &[], "")
        .await;
    assert_eq!(all.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn choices_of_language_and_theme_are_kept() {
    let mut desk = Desk::clerk().await;
    desk.get("/desk?lang=en&theme=dark").await;
    let body = desk.get("/desk").await.body;
    assert!(body.contains("<html lang=\"en\" data-theme=\"dark\""));
    desk.get("/desk?lang=zh-CN").await;
    assert!(
        desk.get("/desk")
            .await
            .body
            .contains("<html lang=\"zh-CN\" data-theme=\"dark\"")
    );
}

#[tokio::test]
async fn a_newcomer_to_the_demonstration_can_bring_a_case_to_its_end() {
    let mut desk = Desk::demo().await;
    let reply = desk.get("/").await;
    assert_eq!(
        (reply.status, reply.location()),
        (StatusCode::SEE_OTHER, "/desk")
    );
    assert_eq!(desk.get("/desk").await.status, StatusCode::OK);
    desk.become_("clerk").await;
    let (number, _) = desk.submitted("示例").await;
    // The next step is the approver's, and the page offers to become one.
    let body = desk.get(&format!("/cases/{number}")).await.body;
    assert!(
        body.contains("name=\"account\" value=\"demo-approver\"")
            && body.contains("action=\"/switch\"")
    );
    let form = format!("/cases/{number}/acts/issue");
    let reply = desk
        .post("/switch", &[("account", "demo-approver"), ("next", &form)])
        .await;
    assert_eq!(reply.location(), form);
    let page = desk.get(&form).await;
    assert!(page.body.contains("转入：已发照"), "{}", page.body);
    let reply = desk
        .post(
            &form,
            &[
                ("revision", &page.hidden("revision")),
                ("command", &page.hidden("command")),
            ],
        )
        .await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    let done = desk.get(reply.location()).await.body;
    assert!(done.contains("已于 10:00 登记：核发执照") && done.contains("按时办结"));
}

#[tokio::test]
async fn a_new_case_is_opened_with_the_facts_it_needs() {
    let mut desk = Desk::clerk().await;
    let page = desk.get("/desk/new?workflow=licence").await;
    let reply = desk
        .post(
            "/desk/new",
            &[
                ("workflow", "licence"),
                ("case", &page.hidden("case")),
                ("command", &page.hidden("command")),
                ("title", "示例新公司"),
                ("data.company", "示例新公司"),
            ],
        )
        .await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let body = desk.get(reply.location()).await.body;
    assert!(body.contains("<h1>示例新公司</h1>"));
    let case = page.hidden("case").parse().unwrap();
    assert_eq!(
        desk.engine.case(case).await.unwrap().unwrap().data,
        Data::from([("company".to_owned(), "示例新公司".into())])
    );
}

#[tokio::test]
async fn a_calendar_that_was_updated_shows_in_the_journal_and_at_the_clock() {
    let mut desk = Desk::clerk().await;
    let (number, _) = desk.submitted("示例甲").await;
    let second = CALENDAR.replace("id: hall\n", "id: hall\nversion: 2\n");
    desk.engine.publish_calendar(second).await.unwrap();
    let journal = desk.get(&format!("/cases/{number}/journal")).await.body;
    for said in ["日历更新，时限重新计算", "「提交到发照」到期不变，仍为"]
    {
        assert!(journal.contains(said), "{said}: {journal}");
    }
    let clock = desk.get(&format!("/cases/{number}/clocks/elapsed")).await;
    assert_eq!(clock.status, StatusCode::OK);
    assert!(clock.body.contains("第 2 版"), "{}", clock.body);
}

#[tokio::test]
async fn a_case_that_moved_to_another_version_goes_on_at_the_desk_and_says_so() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.submitted("Precision Motors").await;
    let second = WORKFLOW
        .replace("version: 1", "version: 2")
        .replace("submitted", "accepted")
        .replace("within 5h", "within 4h")
        .replace("提交材料", "交齐材料")
        .replace("Hand in the papers", "Hand in everything");
    desk.engine.publish_workflow(second).await.unwrap();
    let mut request = MigrationRequest::new("licence", 2);
    let line = ("submitted".to_owned(), "accepted".to_owned());
    request.mapping.states.insert(line.0, line.1);
    let operator = Actor::new("wang", "王科", "operator");
    let report = desk
        .engine
        .migrate(&request, operator, "新规施行")
        .await
        .unwrap();
    assert!(
        report.is_whole() && report.cases.len() == 1,
        "{:?}",
        report.cases
    );
    for (language, words) in [
        (
            "zh",
            [
                "流程由第 1 版迁至第 2 版",
                "新规施行",
                "「提交到发照」时限由5 小时以内改为4 小时以内",
                // What was done before is told as it was called then.
                "提交材料",
                "王科",
            ],
        ),
        (
            "en",
            [
                "Moved from version 1 of the workflow to version 2",
                "新规施行",
                "the limit was within 5 hours, and is now within 4 hours",
                "Hand in the papers",
                "王科",
            ],
        ),
    ] {
        for page in ["", "/journal"] {
            let path = format!("/cases/{number}{page}?lang={language}");
            let reply = desk.get(&path).await;
            assert_eq!(reply.status, StatusCode::OK);
            let body = reply.body.replace("&#34;", "\"");
            for said in words {
                assert!(body.contains(said), "{path}: {said}: {body}");
            }
        }
    }
    // The case goes on, and its clock page, its API and the report with it.
    desk.fire(id, "approver", "issue").await;
    for page in [
        format!("/cases/{number}"),
        format!("/cases/{number}/clocks/elapsed"),
        "/audit".to_owned(),
    ] {
        assert_eq!(desk.get(&page).await.status, StatusCode::OK, "{page}");
    }
    let reply = desk
        .call(
            "clerk",
            Method::GET,
            &format!("/cases/{number}/journal"),
            &[],
            "",
        )
        .await;
    assert!(
        reply.body.contains("\"kind\":\"migrated\""),
        "{}",
        reply.body
    );
}

#[tokio::test]
async fn a_workflow_and_a_case_have_a_picture() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.submitted("示例甲").await;
    desk.fire(id, "approver", "correct").await;
    let page = desk.get("/workflows").await;
    assert!(
        page.body
            .contains("<img src=\"/workflows/licence/1/chart.svg\"")
    );
    let page = desk.get(&format!("/cases/{number}")).await;
    let chart = format!("/cases/{number}/chart.svg");
    assert!(page.body.contains(&format!("<img src=\"{chart}\"")));

    let of_workflow = desk.get("/workflows/licence/1/chart.svg").await;
    assert_eq!(of_workflow.status, StatusCode::OK);
    assert_eq!(of_workflow.headers[header::CONTENT_TYPE], "image/svg+xml");
    assert!(!of_workflow.body.contains("当前所在"));
    let of_case = desk.get(&chart).await;
    assert_eq!(of_case.headers[header::CONTENT_TYPE], "image/svg+xml");
    assert!(
        of_case.body.contains("当前所在：补正。"),
        "{}",
        of_case.body
    );
    let english = desk.get(&format!("{chart}?lang=en")).await;
    assert!(english.body.contains("The case is in: Correction."));
}

#[tokio::test]
async fn a_picture_that_is_not_there_is_not_found() {
    let mut desk = Desk::clerk().await;
    for path in [
        "/workflows/licence/2/chart.svg",
        "/workflows/none/1/chart.svg",
        "/workflows/licence/1/chart.svg?only=none",
        "/cases/none/chart.svg",
    ] {
        assert_eq!(desk.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_one_time_notice_says_what_was_missing_when_it_was_given() {
    let mut desk = Desk::clerk().await;
    let (number, id) = desk.case("示例").await;
    let path = format!("/cases/{number}/notice");
    let case = desk.get(&format!("/cases/{number}")).await.body;
    assert!(case.contains(&format!("href=\"{path}\"")), "{case}");
    let draft = desk.get(&path).await.body;
    for said in [
        "草稿，尚未出具",
        "公司章程",
        "公司法第十一条",
        "示例大厅",
        "五个工作日",
        "申请人签收",
    ] {
        assert!(draft.contains(said), "{said}: {draft}");
    }
    let act = Act::Fire {
        event: "tell".into(),
        data: Data::from([("defects".to_owned(), "章程缺法定代表人签名".into())]),
        note: None,
    };
    desk.give(id, "clerk", act).await;
    // A paper that comes after it does not change what it said.
    desk.give(id, "clerk", attach()).await;
    let given = desk.get(&path).await.body;
    for said in ["章程缺法定代表人签名", "公司章程", "示例·综合窗口"] {
        assert!(given.contains(said), "{said}: {given}");
    }
    assert!(!given.contains("草稿"), "{given}");
    let english = desk.get(&format!("{path}?lang=en")).await.body;
    for said in [
        "One-time notice",
        "Articles",
        "Company Law, article 11",
        "within five working days",
    ] {
        assert!(english.contains(said), "{said}: {english}");
    }
}

#[tokio::test]
async fn a_project_shows_all_its_cases_and_is_found_by_its_code() {
    const CODE: &str = "2303-440703-04-01-100015";
    let mut desk = Desk::clerk().await;
    let id = desk.engine.new_case_id();
    let open = Act::Open {
        workflow: "licence".into(),
        version: None,
        title: "示例·厂房".into(),
        data: Data::from([
            ("company".to_owned(), "示例公司".into()),
            ("project".to_owned(), CODE.into()),
        ]),
    };
    desk.give(id, "clerk", open).await;
    let (lead, lead_id) = desk.case("示例·线索").await;
    let (other, _) = desk.case("示例·无关").await;
    let number = desk.engine.case(id).await.unwrap().unwrap().number.clone();
    let link = GeneralAct::Link {
        case: id,
        number: number.clone(),
        relation: Relation::SameProject,
        note: None,
    };
    desk.give(lead_id, "clerk", Act::General(link)).await;

    let path = format!("/projects/{CODE}");
    for case in [&number, &lead] {
        let page = desk.get(&format!("/cases/{case}")).await.body;
        assert!(page.contains(&format!("href=\"{path}\"")), "{page}");
    }
    let typed = desk
        .get(&format!("/desk?q={}", CODE.replace('-', "")))
        .await;
    assert_eq!(
        (typed.status, typed.location()),
        (StatusCode::SEE_OTHER, &*path)
    );
    let page = desk.get(&path).await.body;
    for said in [&*number, &*lead, "关联", "2 个办件，2 个在办"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains(&other), "{page}");

    let answer = desk.call("clerk", Method::GET, &path, &[], "").await.json();
    let cases = answer["cases"].as_array().unwrap();
    let belongs: Vec<_> = cases.iter().map(|case| case["belongs"].as_str()).collect();
    assert!(belongs.contains(&Some("carries")) && belongs.contains(&Some("linked")));
    assert_eq!(cases.len(), 2);
    let listed = format!("/cases?project={CODE}");
    let listed = desk
        .call("clerk", Method::GET, &listed, &[], "")
        .await
        .json();
    assert_eq!(listed["total"], 1);
    for (path, status, code) in [
        ("/projects/2305-440703-04-01-100013", 404, "not-found"),
        ("/projects/2303-440703-04-01-100016", 400, "malformed"),
        ("/cases?project=1", 400, "malformed"),
    ] {
        let reply = desk.call("clerk", Method::GET, path, &[], "").await;
        assert_eq!((reply.status.as_u16(), &*reply.problem()), (status, code));
    }
}

#[tokio::test]
async fn who_opens_a_second_case_about_the_same_is_told_of_the_first() {
    let mut desk = Desk::clerk().await;
    let (first, first_id) = desk.case("Example Foods").await;
    let (second, _) = desk.case("example  foods").await;
    let (other, _) = desk.case("另一家").await;
    let page = desk.get(&format!("/cases/{second}")).await.body;
    assert!(page.contains("可能是同一件事"), "{page}");
    assert!(page.contains(&format!("href=\"/cases/{first}\"")), "{page}");
    let page = desk.get(&format!("/cases/{other}")).await.body;
    assert!(!page.contains("可能是同一件事"), "{page}");
    let path = format!("/cases/{second}/same");
    let same = desk.call("clerk", Method::GET, &path, &[], "").await.json();
    assert_eq!(same["total"], 1);
    assert_eq!(same["cases"][0]["number"], *first);
    // What is closed is about nothing any more.
    let data = Data::from([
        ("capital".to_owned(), 1_200_000.into()),
        ("kind".to_owned(), "limited".into()),
        ("founded".to_owned(), "2023-03-01".into()),
    ]);
    let record = Act::Fire {
        event: "record".into(),
        data,
        note: None,
    };
    desk.give(first_id, "clerk", record).await;
    desk.give(first_id, "clerk", attach()).await;
    desk.fire(first_id, "clerk", "submit").await;
    desk.fire(first_id, "approver", "issue").await;
    let same = desk.call("clerk", Method::GET, &path, &[], "").await.json();
    assert_eq!(same["total"], 0);
}

#[tokio::test]
async fn the_agenda_of_a_meeting_is_what_is_under_way_stage_by_stage() {
    let mut desk = Desk::clerk().await;
    let (consulting, _) = desk.case("示例·提前介入").await;
    let (late, _) = desk.submitted("示例·超期").await;
    let (closed, id) = desk.submitted("示例·已办结").await;
    desk.fire(id, "approver", "issue").await;
    desk.advance("2023-03-23 15:30").await;
    let (fresh, _) = desk.submitted("示例·新受理").await;
    let page = desk.get("/audit/agenda/licence").await.body;
    let place = |said: &str| page.find(said).unwrap_or_else(|| panic!("{said}: {page}"));
    assert!(place(&consulting) < place(&late), "by stage");
    assert!(place(&late) < place(&fresh), "what is overdue first");
    assert!(!page.contains(&closed), "{page}");
    let nothing = desk.get("/audit/agenda/nothing").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}
