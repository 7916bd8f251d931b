use groundbreak_draw::{DrawError, View, folded, svg};

use crate::given::{SHIPPED, chinese, compiled, english, shipped, writing};

#[test]
fn the_same_workflow_gives_the_same_picture_byte_by_byte() {
    for name in SHIPPED {
        assert_eq!(chinese(&shipped(name)), chinese(&shipped(name)), "{name}");
    }
}

#[test]
fn titles_are_shown_and_names_are_not() {
    for name in SHIPPED {
        let workflow = shipped(name);
        for picture in [chinese(&workflow), english(&workflow)] {
            for line in writing(&picture) {
                // English titles can be one word, which a name can be too.
                assert!(!line.contains('_'), "{name}: {line}");
            }
        }
    }
}

#[test]
fn every_box_of_a_shipped_workflow_lies_on_the_page() {
    for name in SHIPPED {
        let picture = chinese(&shipped(name));
        let attribute = |line: &str, key: &str| -> f64 {
            let (_, rest) = line.split_once(&format!(" {key}=\"")).unwrap();
            rest.split_once('"').unwrap().0.parse().unwrap()
        };
        let page = picture.lines().next().unwrap();
        let (width, height) = (attribute(page, "width"), attribute(page, "height"));
        assert!(width <= 1_600.0, "{name} is {width} wide");
        for line in picture.lines().filter(|line| line.starts_with("<rect")) {
            let right = attribute(line, "x") + attribute(line, "width");
            let bottom = attribute(line, "y") + attribute(line, "height");
            assert!(right <= width && bottom <= height, "{name}: {line}");
        }
    }
}

#[test]
fn a_clock_shows_its_budget_where_it_starts_and_its_number_where_it_ends() {
    let lines = writing(&chinese(&shipped("matter")));
    let has = |text: &str| lines.iter().any(|line| line == text);
    assert!(has("1 · 5 个工作日以内"), "{lines:?}");
    assert!(has("离开时 1"), "{lines:?}");
    assert!(has("许可决定：20 个工作日以内（法定）"), "{lines:?}");
    assert!(has("进入“已受理”起，进入“已作出决定”止"), "{lines:?}");
}

#[test]
fn a_wait_shows_how_long_it_is() {
    let lines = writing(&chinese(&shipped("matter")));
    assert!(
        lines.iter().any(|line| line == "满 5 个工作日"),
        "{lines:?}"
    );
    let lines = writing(&english(&shipped("matter")));
    assert!(
        lines.iter().any(|line| line == "after 5 working"),
        "{lines:?}"
    );
}

#[test]
fn a_large_workflow_is_folded_to_a_page_and_each_fold_can_be_drawn_alone() {
    let land = shipped("land-to-groundbreaking");
    let names = folded(&land, &View::default()).unwrap();
    assert_eq!(
        names,
        [
            "announced",
            "listing",
            "awarded",
            "land_lost",
            "pre_reviews"
        ]
    );
    for only in names {
        let view = View {
            only: Some(only),
            ..View::default()
        };
        let picture = svg(&land, &view).unwrap();
        let title = &land.states[only].title.zh;
        assert!(picture.contains(&format!("<title id=\"title\">{title}</title>")));
    }
}

#[test]
fn every_depth_of_every_shipped_workflow_can_be_drawn() {
    for name in SHIPPED {
        let workflow = shipped(name);
        for depth in 0..8 {
            let view = View {
                depth: Some(depth),
                ..View::default()
            };
            assert!(svg(&workflow, &view).is_ok(), "{name} at {depth}");
        }
    }
}

#[test]
fn a_state_that_is_not_there_is_asked_back() {
    let view = View {
        only: Some("submited"),
        ..View::default()
    };
    let error = svg(&shipped("company-registration"), &view).unwrap_err();
    let meant = Some("submitted".to_owned());
    let state = "submited".to_owned();
    assert_eq!(error, DrawError::UnknownState { state, meant });
}

#[test]
fn more_states_than_a_picture_holds_are_refused() {
    let states: String = (0..500)
        .map(|state| {
            let next = (state + 1) % 500;
            format!("  s{state}: {{ title: {{ zh: 环节, en: Step }}, on: {{ go: s{next}, end: last }} }}\n")
        })
        .collect();
    let workflow = compiled(&format!(
        "workflow: wide\nversion: 1\ntitle: {{ zh: 宽, en: Wide }}\ncalendar: hall\nroles:\n  clerk: {{ title: {{ zh: 窗口, en: Clerk }} }}\nevents:\n  go: {{ title: {{ zh: 去, en: Go }}, by: [clerk] }}\n  end: {{ title: {{ zh: 完, en: End }}, by: [clerk] }}\nstates:\n{states}  last: {{ title: {{ zh: 完, en: End }}, final: true }}\n"
    ));
    let error = svg(&workflow, &View::default()).unwrap_err();
    assert_eq!(
        error,
        DrawError::TooLarge {
            states: 501,
            max: 400
        }
    );
    assert_eq!(error.code(), "chart-too-large");
}
