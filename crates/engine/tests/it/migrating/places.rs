//! Where cases are after a migration, and why some stay.

use groundbreak_engine::workflow::Data;

use super::{Run, check, definition, mapping, renamed, simple, to_second, told};
use crate::given::{CALENDAR, fire};

#[tokio::test]
async fn a_state_of_the_same_name_is_the_same() {
    check(&simple(1), "go", &simple(2), "", "review").await;
}

#[tokio::test]
async fn a_renamed_state_needs_a_line() {
    let codes = "! migrate-no-counterpart";
    check(&simple(1), "go", &renamed(), "", codes).await;
    check(
        &simple(1),
        "go",
        &renamed(),
        "review=examination",
        "examination",
    )
    .await;
}

#[tokio::test]
async fn a_removed_state_that_no_case_is_in_needs_no_line() {
    check(&simple(1), "", &renamed(), "", "waiting").await;
}

#[tokio::test]
async fn no_mapping_ends_a_case() {
    check(
        &simple(1),
        "go",
        &renamed(),
        "review=ended",
        "! migrate-would-end",
    )
    .await;
}

const ONE_REGION: &str = "states:
  handling:
    @handling
    parallel:
      papers: { @papers, states: { collecting: { @collecting, on: { go: collected } }, collected: { @c, final: true } } }
    done: ended
  ended: { @ended, final: true }
";

const TWO_REGIONS: &str = "states:
  handling:
    @handling
    parallel:
      papers: { @papers, states: { collecting: { @collecting, on: { go: collected } }, collected: { @c, final: true } } }
      site: { @site, states: { visiting: { @visiting, on: { see: visited } }, visited: { @v, final: true } } }
    done: ended
  ended: { @ended, final: true }
";

#[tokio::test]
async fn a_new_region_begins_where_it_begins() {
    let (first, second) = (
        definition(1, "go", ONE_REGION),
        definition(2, "go see", TWO_REGIONS),
    );
    check(&first, "", &second, "", "collecting visiting").await;
}

#[tokio::test]
async fn a_region_that_is_gone_is_dropped_when_asked() {
    let (first, second) = (
        definition(1, "go see", TWO_REGIONS),
        definition(2, "go", ONE_REGION),
    );
    check(&first, "", &second, "", "! migrate-no-counterpart").await;
    check(&first, "", &second, "-site", "collecting").await;
    check(&first, "", &second, "visiting=collecting", "collecting").await;
    check(
        &first,
        "",
        &second,
        "-site -papers",
        "! migrate-no-counterpart migrate-no-counterpart",
    )
    .await;
    check(
        &first,
        "",
        &second,
        "visiting=collected",
        "! migrate-not-together",
    )
    .await;
}

#[tokio::test]
async fn what_is_done_when_a_region_is_gone_leads_on() {
    let (first, second) = (
        definition(1, "go see", TWO_REGIONS),
        definition(2, "go", ONE_REGION),
    );
    let run = Run::begin(&first).await;
    let id = run.case(Data::new(), "go").await;
    run.engine.publish_workflow(second).await.unwrap();
    let report = run.migrate(&to_second(mapping("-site"))).await;
    assert_eq!(told(&report.cases[0].outcome), "ended");
    let run = run.reopened().await;
    assert!(run.engine.situation(id).await.unwrap().unwrap().closed);
    // A closed case never moves.
    let report = run.migrate(&to_second(mapping("-site"))).await;
    assert!(report.cases.is_empty() && report.is_whole());
}

const HISTORY: &str = "states:
  office:
    @office
    states:
      desk: { @desk, on: { go: back } }
      back: { @back, on: { go: ended } }
      last: { history: shallow, default: desk }
    on: { rest: resting }
  resting: { @resting, on: { wake: last } }
  ended: { @ended, final: true }
";

#[tokio::test]
async fn what_a_history_remembers_is_carried_over() {
    let first = definition(1, "go rest wake", HISTORY);
    let second = HISTORY.replace("back", "archive").replace("last", "place");
    let second = definition(2, "go rest wake", &second);
    let run = Run::begin(&first).await;
    let id = run.case(Data::new(), "go rest").await;
    run.engine.publish_workflow(second).await.unwrap();
    let kept = run.migrate(&to_second(mapping("last=place"))).await;
    assert_eq!(told(&kept.cases[0].outcome), "! migrate-memory");
    let report = run
        .migrate(&to_second(mapping("last=place back=archive")))
        .await;
    assert_eq!(told(&report.cases[0].outcome), "resting");
    let run = run.reopened().await;
    run.give(id, fire("wake")).await.unwrap();
    assert!(run.read(id).await.is_in("archive"));
}

#[tokio::test]
async fn a_memory_that_is_dropped_leaves_the_default() {
    let first = definition(1, "go rest wake", HISTORY);
    let second = definition(2, "go rest wake", &HISTORY.replace("back", "archive"));
    let run = Run::begin(&first).await;
    let id = run.case(Data::new(), "go rest").await;
    run.engine.publish_workflow(second).await.unwrap();
    run.migrate(&to_second(mapping("-back"))).await;
    let run = run.reopened().await;
    run.give(id, fire("wake")).await.unwrap();
    assert!(run.read(id).await.is_in("desk"));
}

#[tokio::test]
async fn a_case_does_not_move_to_another_calendar() {
    let run = Run::begin(&simple(1)).await;
    run.case(Data::new(), "").await;
    let annex = CALENDAR.replace("id: hall", "id: annex");
    run.engine.publish_calendar(annex).await.unwrap();
    let second = simple(2).replace("calendar: hall", "calendar: annex");
    run.engine.publish_workflow(second).await.unwrap();
    let report = run.migrate(&to_second(mapping(""))).await;
    assert_eq!(told(&report.cases[0].outcome), "! migrate-other-calendar");
}

#[tokio::test]
async fn a_case_does_not_move_to_where_it_could_not_come_to_its_end() {
    // By the second version the site is visited while papers are collected, and papers are
    // complete when it was. A case whose papers are complete already could do neither.
    let second = TWO_REGIONS
        .replace(
            "go: collected",
            "go: { to: collected, if: at(\"visited\") }",
        )
        .replace(
            "see: visited",
            "see: { to: visited, if: at(\"collecting\") }",
        );
    let (first, second) = (
        definition(1, "go see", TWO_REGIONS),
        definition(2, "go see", &second),
    );
    check(&first, "", &second, "", "collecting visiting").await;
    check(&first, "go", &second, "", "! migrate-cannot-complete").await;
    let mapping = "collected=collecting";
    check(&first, "go", &second, mapping, "collecting visiting").await;
}
