//! The rooms, the arrows between them, and what may not be in some of them.
//! docs/architecture.md says why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::{root, sources};

/// From each room, the rooms it may name. There are no other arrows.
const ARROWS: [(&str, &[&str]); 14] = [
    ("groundbreak-papers", &[]),
    ("groundbreak-statechart", &[]),
    ("groundbreak-sla", &[]),
    ("groundbreak-scxml", &["groundbreak-statechart"]),
    (
        "groundbreak-workflow",
        &["groundbreak-statechart", "groundbreak-sla"],
    ),
    (
        "groundbreak-audit",
        &["groundbreak-workflow", "groundbreak-sla"],
    ),
    ("groundbreak-draw", &["groundbreak-workflow"]),
    ("groundbreak-proof", &[]),
    ("groundbreak-store", &[]),
    ("groundbreak-store-sled", &["groundbreak-store"]),
    ("groundbreak-archive", &["groundbreak-store"]),
    (
        "groundbreak-engine",
        &["groundbreak-workflow", "groundbreak-store"],
    ),
    (
        "groundbreak-server",
        &[
            "groundbreak-engine",
            "groundbreak-audit",
            "groundbreak-draw",
            "groundbreak-papers",
            "groundbreak-workflow",
        ],
    ),
    (
        "groundbreak",
        &[
            "groundbreak-archive",
            "groundbreak-server",
            "groundbreak-engine",
            "groundbreak-audit",
            "groundbreak-draw",
            "groundbreak-papers",
            "groundbreak-workflow",
            "groundbreak-scxml",
            "groundbreak-proof",
            "groundbreak-store",
            "groundbreak-store-sled",
        ],
    ),
];

/// Rooms that read no clock, file, network, environment or random source.
const PURE: [&str; 7] = [
    "statechart",
    "scxml",
    "sla",
    "workflow",
    "audit",
    "draw",
    "proof",
];

/// What a pure room may not name.
const IMPURE: [&str; 14] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::io::stdin",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "now_v7",
    "new_v4",
    "getrandom",
    "rand::",
    "tokio",
];

/// The dependencies of each package of the workspace, those for tests and examples left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap();
            let normal = dependencies
                .iter()
                .filter(|dependency| dependency["kind"].is_null());
            (
                text(&package["name"]),
                normal.map(|dependency| text(&dependency["name"])).collect(),
            )
        })
        .collect()
}

#[test]
fn the_arrows_between_rooms_are_those_of_the_plan() {
    let dependencies = dependencies();
    for (room, may) in ARROWS {
        let names = dependencies
            .get(room)
            .unwrap_or_else(|| panic!("there is no room {room}"));
        let arrows: BTreeSet<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| name.starts_with("groundbreak"))
            .collect();
        let may: BTreeSet<&str> = may.iter().copied().collect();
        assert!(
            arrows.is_subset(&may),
            "{room} names {:?}, and may name {may:?}",
            arrows.difference(&may)
        );
    }
    let rooms: BTreeSet<&str> = ARROWS
        .iter()
        .map(|(room, _)| *room)
        .chain(["groundbreak-tests"])
        .collect();
    let found: BTreeSet<&str> = dependencies.keys().map(String::as_str).collect();
    assert_eq!(found, rooms, "a room without a place in the plan");
}

#[test]
fn only_the_server_knows_http_and_only_the_command_line_names_a_concrete_store() {
    for (room, names) in dependencies() {
        let http = names.contains("axum") || names.contains("tower-http");
        assert!(
            !http || ["groundbreak-server", "groundbreak"].contains(&room.as_str()),
            "{room} knows HTTP"
        );
        let sled = names.contains("sled");
        assert!(
            !sled || room == "groundbreak-store-sled",
            "{room} names sled"
        );
        assert!(
            !names.contains("elkrs") || room == "groundbreak-draw",
            "{room} names the layout library"
        );
        let terminal = names.contains("clap") || names.contains("miette");
        assert!(
            !terminal || room == "groundbreak",
            "{room} knows the terminal"
        );
    }
}

#[test]
fn pure_rooms_read_nothing_from_outside() {
    for room in PURE {
        for path in sources(&root().join("crates").join(room).join("src")) {
            let source = std::fs::read_to_string(&path).unwrap();
            for (number, line) in source
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim_start().starts_with("//"))
            {
                for impure in IMPURE {
                    assert!(
                        !line.contains(impure),
                        "{}:{}: {impure}",
                        path.display(),
                        number + 1
                    );
                }
            }
        }
    }
}

#[test]
fn every_room_keeps_the_common_lints_and_forbids_unsafe_code() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let path = entry.unwrap().path().join("Cargo.toml");
        let manifest = std::fs::read_to_string(&path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn there_is_no_drawer_for_odds_and_ends() {
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        for path in sources(&entry.unwrap().path().join("src")) {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let folder = path
                .parent()
                .and_then(Path::file_name)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            for name in [
                "utils", "util", "common", "helpers", "misc", "types", "manager",
            ] {
                assert!(stem != name && folder != name, "{}", path.display());
            }
        }
    }
}
