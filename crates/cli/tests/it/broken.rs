use std::fs;

use crate::program::{root, run};

#[test]
fn every_broken_definition_gives_its_fault_at_its_place() {
    let mut files: Vec<_> = fs::read_dir(root().join("tests/broken"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    files.sort();
    assert!(files.len() >= 16);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        // A file with several faults has a line for each.
        let expected: Vec<&str> = text
            .lines()
            .map_while(|line| line.strip_prefix("# expect: "))
            .map(str::trim)
            .collect();
        assert!(!expected.is_empty(), "{}", path.display());
        let ran = run(&["check", path.to_str().unwrap(), "--format", "json"]);
        let rows = ran.json();
        let found: Vec<String> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                format!(
                    "{} {}:{}",
                    row["code"].as_str().unwrap(),
                    row["line"],
                    row["column"]
                )
            })
            .collect();
        assert_eq!(found, expected, "{}", path.display());
        assert_eq!(ran.status, 1, "{}", path.display());
        for language in ["zh", "en"] {
            assert!(
                !rows[0]["message"][language].as_str().unwrap().is_empty(),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn what_is_shipped_has_no_fault() {
    let ran = run(&["check"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
    for name in [
        "china",
        "pengjiang",
        "land-to-groundbreaking",
        "company-registration",
        "capital-increase",
        "matter",
        "investment-lead",
    ] {
        assert!(ran.out.contains(name), "{ran:?}");
    }
    assert_eq!(
        run(&["check", "--format", "json"]).json(),
        serde_json::json!([])
    );
}

#[test]
fn a_fault_is_drawn_with_its_text_underlined_and_what_to_do() {
    let file = "tests/broken/02-misspelt-key.yaml";
    for (language, message, help) in [
        ("en", "clas", "help: Did you mean `class`?"),
        ("zh", "clas", "建议：是否指 `class`？"),
    ] {
        let ran = run(&["check", file, "--lang", language]);
        assert_eq!(ran.status, 1);
        assert!(
            ran.out.contains("02-misspelt-key.yaml:18:53 unknown-key"),
            "{ran:?}"
        );
        // The drawing agrees on the column, although Chinese text stands before it.
        assert!(
            ran.out
                .contains("[tests/broken/02-misspelt-key.yaml:18:53]"),
            "{ran:?}"
        );
        assert!(
            ran.out.contains(message) && ran.out.contains(help) && ran.out.contains("────"),
            "{ran:?}"
        );
    }
}

#[test]
fn calendars_are_checked_in_whatever_order_they_come() {
    let folder = tempfile::tempdir().unwrap();
    let child = folder.path().join("a.yaml");
    let parent = folder.path().join("b.yaml");
    fs::write(
        &child,
        "id: window\ninherits: hall\nweekly: { sat: [['09:00', '12:00']] }\n",
    )
    .unwrap();
    fs::write(
        &parent,
        "id: hall\ntz: Asia/Shanghai\nweekly: { mon: [['09:00', '12:00']] }\n",
    )
    .unwrap();
    let (child, parent) = (child.to_str().unwrap(), parent.to_str().unwrap());
    let ran = run(&["check", child, parent]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(
        ran.out.contains("ok calendar hall v1") && ran.out.contains("ok calendar window v1"),
        "{ran:?}"
    );
    // Without its parent it has a fault; with the folder of calendars it has none.
    assert_eq!(run(&["check", child]).status, 1);
    fs::rename(child, folder.path().join("child.txt")).unwrap();
    let child = folder.path().join("child.txt");
    assert_eq!(
        run(&[
            "check",
            child.to_str().unwrap(),
            "--calendars",
            folder.path().to_str().unwrap()
        ])
        .status,
        0
    );
}

#[test]
fn the_schema_is_json_and_names_the_parts_of_a_definition() {
    let schema = run(&["schema"]).json();
    for key in ["workflow", "states", "clocks", "roles"] {
        let part = &schema["$defs"]["Definition"]["properties"][key];
        assert!(part.is_object(), "{key}");
    }
}

#[test]
fn faults_are_told_to_other_programs_in_sarif() {
    let file = "tests/broken/51-many-faults.yaml";
    let rows = run(&["check", file, "--format", "json"]).json();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows[1]["severity"], "error");
    assert_eq!(
        (&rows[1]["end_line"], &rows[1]["end_column"]),
        (&24.into(), &57.into())
    );
    let ran = run(&["check", file, "--format", "sarif", "--lang", "zh"]);
    assert_eq!(ran.status, 1);
    let log = ran.json();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), rows.len());
    for (result, row) in results.iter().zip(rows) {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(result["ruleId"], row["code"]);
        assert_eq!(result["level"], row["severity"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], file);
        assert_eq!(
            place["region"],
            serde_json::json!({
                "startLine": row["line"],
                "startColumn": row["column"],
                "endLine": row["end_line"],
                "endColumn": row["end_column"],
            })
        );
        let text = result["message"]["text"].as_str().unwrap();
        assert!(text.starts_with(row["message"]["zh"].as_str().unwrap()));
    }
    for rule in rules {
        let page = rule["helpUri"].as_str().unwrap();
        assert!(root().join(page).is_file(), "{page}");
        let help = rule["help"]["text"].as_str().unwrap();
        assert!(help.contains(|c: char| c > '\u{4e00}') && help.lines().count() == 3);
    }
    let nothing = crate::program::run(&["check", "--format", "sarif"]).json();
    assert_eq!(nothing["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn a_very_long_line_is_cut_around_its_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.yaml");
    let text = fs::read_to_string(root().join("tests/broken/02-misspelt-key.yaml")).unwrap();
    let long = "字".repeat(20_000);
    fs::write(&path, text.replace("申请表", &long)).unwrap();
    let ran = run(&["check", path.to_str().unwrap()]);
    assert!(
        ran.out.contains(":18:20050 unknown-key"),
        "{:.300}",
        ran.out
    );
    assert!(ran.out.chars().count() < 2_000, "{}", ran.out.len());
}

#[test]
fn a_fault_inside_a_block_is_shown_in_the_file_of_the_block_with_the_use_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let whole = root().join("workflows");
    let definition = folder.path().join("land.yaml");
    fs::copy(whole.join("land-to-groundbreaking.yaml"), &definition).unwrap();
    fs::create_dir(folder.path().join("blocks")).unwrap();
    let block = folder.path().join("blocks/pre-review.yaml");
    let text = fs::read_to_string(whole.join("blocks/pre-review.yaml")).unwrap();
    let text = text.replacen("at(\"land_lost\")", "at(\"land_lots\")", 1);
    fs::write(&block, &text).unwrap();
    // Columns begin with 1.
    let (line, column): (usize, usize) = text
        .lines()
        .zip(1..)
        .find_map(|(line, number)| Some((number, line.find("land_lots")? + 1)))
        .unwrap();
    let definition = definition.to_str().unwrap();
    let rows = run(&["check", definition, "--format", "json"]).json();
    let rows = rows.as_array().unwrap();
    // One fault, told once, although the block is used eleven times.
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0]["code"], "guard-unknown-state");
    assert_eq!(rows[0]["file"], block.to_str().unwrap());
    assert_eq!(
        (&rows[0]["line"], &rows[0]["column"]),
        (&line.into(), &column.into())
    );
    assert_eq!(rows[0]["used_at"][0]["file"], definition);
    let used = rows[0]["used_at"][0]["line"].as_u64().unwrap();
    let ran = run(&["check", definition]);
    assert!(
        ran.out.contains(&format!(
            "pre-review.yaml:{line}:{column} guard-unknown-state"
        )),
        "{ran:?}"
    );
    assert!(
        ran.out.contains(&format!("used at: {definition}:{used}:")),
        "{ran:?}"
    );
    // Blocks that are not beside it are those that come with the program.
    fs::remove_file(&block).unwrap();
    assert_eq!(run(&["check", definition]).status, 0);
    let misspelt = fs::read_to_string(definition).unwrap();
    fs::write(
        definition,
        misspelt.replace("use: pre-review", "use: pre-reviw"),
    )
    .unwrap();
    let ran = run(&["check", definition]);
    assert!(
        ran.out.contains("help: Did you mean `pre-review`?"),
        "{ran:?}"
    );
}

#[test]
fn what_is_no_text_file_is_refused_at_once_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let gbk = folder.path().join("gbk.yaml");
    fs::write(
        &gbk,
        b"workflow: x\nversion: 1\ntitle: { zh: \xc6\xf3\xd2\xb5 }\n",
    )
    .unwrap();
    for (language, words) in [
        ("en", "line 3, from byte 36"),
        ("zh", "第 3 行（第 36 字节起）"),
    ] {
        let ran = run(&["check", gbk.to_str().unwrap(), "--lang", language]);
        assert_eq!(ran.status, 2);
        assert!(
            ran.err.contains("error[not-utf8]") || ran.err.contains("错误[not-utf8]"),
            "{ran:?}"
        );
        assert!(ran.err.contains(words), "{ran:?}");
    }
    let pipe = folder.path().join("pipe.yaml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for path in ["/dev/zero", pipe.to_str().unwrap()] {
        let ran = run(&["check", path]);
        assert_eq!(ran.status, 2);
        assert!(ran.err.contains("error[not-a-file]"), "{ran:?}");
    }
}
