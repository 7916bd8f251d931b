use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Keys that are put together at run time: their beginning, and what may follow.
const FAMILIES: &[(&str, &[&str])] = &[
    (
        "month-",
        &[
            "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
        ],
    ),
    ("weekday-", &["1", "2", "3", "4", "5", "6", "7"]),
    ("unit-", &["minute", "hour", "day"]),
    ("theme-", &["auto", "light", "dark"]),
    (
        "journal-",
        &["all", "acts", "papers", "clocks", "notes", "late"],
    ),
    (
        "group-",
        &[
            "overdue-more",
            "today-more",
            "later-more",
            "paused-more",
            "no-clock-more",
            "closed-more",
        ],
    ),
    (
        "problem-",
        &[
            "sign-in-first",
            "forbidden",
            "not-found",
            "method-not-allowed",
            "not-acceptable",
            "timeout",
            "too-large",
            "file-not-taken",
            "content-not-kept",
            "unsupported-media-type",
            "malformed",
            "overloaded",
            "internal",
            "failed",
            "cross-site",
        ],
    ),
];

fn files(directory: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found
}

/// The keys of a language, each with the values it takes.
fn keys(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files(&format!("locales/{language}"), "ftl") {
        let mut last = String::new();
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            if let Some((key, _)) = line
                .split_once(" = ")
                .filter(|(key, _)| !key.starts_with([' ', '#']))
            {
                assert!(
                    keys.insert(key.to_owned(), BTreeSet::new()).is_none(),
                    "{language}: {key} is there twice"
                );
                last = key.to_owned();
            }
            let values = line
                .split('$')
                .skip(1)
                .map(|rest| rest.split([' ', '}']).next().unwrap().to_owned());
            keys.entry(last.clone()).or_default().extend(values);
        }
        keys.remove("");
    }
    keys
}

fn used() -> BTreeSet<String> {
    let sources = files("src", "rs")
        .into_iter()
        .chain(files("templates", "html"));
    let mut used = BTreeSet::new();
    for file in sources {
        for quoted in std::fs::read_to_string(file).unwrap().split('"') {
            used.insert(quoted.to_owned());
        }
    }
    used
}

fn of_families() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (beginning, ends) in FAMILIES {
        for end in *ends {
            keys.insert(format!("{beginning}{end}"));
            if *beginning == "problem-" {
                keys.insert(format!("problem-{end}-title"));
            }
        }
    }
    keys
}

#[test]
fn both_languages_have_the_same_keys_with_the_same_values() {
    let (chinese, english) = (keys("zh-CN"), keys("en"));
    let names =
        |keys: &BTreeMap<String, BTreeSet<String>>| keys.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&chinese), names(&english));
    // Amounts are said in 万元 in Chinese and in full in English, which alone has a plural.
    let differ = ["money-wan", "unit-working-day"];
    for (key, values) in &chinese {
        assert!(
            differ.contains(&key.as_str()) || *values == english[key],
            "{key}: {values:?} and {:?}",
            english[key]
        );
    }
}

#[test]
fn every_key_that_is_used_has_words() {
    let keys = keys("zh-CN");
    for key in of_families() {
        assert!(keys.contains_key(&key), "{key}");
    }
    for file in files("templates", "html") {
        let text = std::fs::read_to_string(&file).unwrap();
        for call in ["w.t(\"", "w.n(\"", "w.s(\"", "w.with(\""] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                assert!(keys.contains_key(key), "{}: {key}", file.display());
            }
        }
    }
    for file in files("src", "rs") {
        let text = std::fs::read_to_string(&file).unwrap();
        for call in [
            "words.t(\"",
            "words.n(\"",
            "words.s(\"",
            "words.with(\"",
            "words.numbers(\"",
            "both(\"",
            "words().s(\"",
            "words().t(\"",
        ] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                assert!(keys.contains_key(key), "{}: {key}", file.display());
            }
        }
    }
}

#[test]
fn no_words_are_left_that_nobody_uses() {
    let (used, families) = (used(), of_families());
    let unused: Vec<String> = keys("zh-CN")
        .into_keys()
        .filter(|key| !used.contains(key) && !families.contains(key))
        .collect();
    assert_eq!(unused, Vec::<String>::new());
}

#[test]
fn the_script_is_small_and_the_styles_are_too() {
    let size = |name: &str| {
        std::fs::metadata(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("assets")
                .join(name),
        )
        .unwrap()
        .len()
    };
    assert!(size("desk.js") <= 4_096, "{}", size("desk.js"));
    assert!(size("desk.css") <= 30_000, "{}", size("desk.css"));
}
