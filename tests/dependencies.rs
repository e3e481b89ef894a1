//! What the workspace depends on: licences, one version of what matters, and no arrow that points up.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use common::project;
use serde_json::Value;

/// Returns what `cargo metadata` tells of the workspace; `None`, with a word on standard error, where cargo is not
/// there.
fn metadata() -> Option<Value> {
    let arguments = ["metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"];
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(project("")).output();
    match output {
        Ok(output) if output.status.success() => Some(serde_json::from_slice(&output.stdout).unwrap()),
        found => {
            eprintln!("SKIPPED: cargo metadata: {found:?}");
            None
        }
    }
}

fn packages(metadata: &Value) -> impl Iterator<Item = (&str, &Value)> {
    metadata["packages"].as_array().unwrap().iter().map(|package| (package["name"].as_str().unwrap(), package))
}

/// The licences that deny.toml allows.
fn allowed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(project("deny.toml")).unwrap();
    let list = text.split("\nallow = [").nth(1).unwrap().split(']').next().unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_licence_is_allowed() {
    let Some(metadata) = metadata() else { return };
    let allowed = allowed();
    assert!(allowed.len() >= 5, "{allowed:?}");
    let mut wrong = Vec::new();
    for (name, package) in packages(&metadata) {
        let licence = package["license"].as_str().unwrap_or("none");
        let mode = spdx::ParseMode::LAX;
        let fine = spdx::Expression::parse_mode(licence, mode)
            .is_ok_and(|expression| expression.evaluate(|part| allowed.contains(&part.to_string())));
        if !fine && !name.starts_with("coin_cbc") {
            wrong.push(format!("{name}: {licence}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn numbers_come_from_one_version_of_each_library() {
    let Some(metadata) = metadata() else { return };
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, package) in packages(&metadata) {
        versions.entry(name).or_default().insert(package["version"].as_str().unwrap());
    }
    for name in ["nalgebra", "ndarray", "petgraph", "serde", "serde_json", "rayon", "csv"] {
        assert_eq!(versions.get(name).map(BTreeSet::len), Some(1), "{name}: {:?}", versions.get(name));
    }
}

/// The crates in the order of the table in `src/lib.rs`, from top to bottom.
const CRATES: [&str; 12] = [
    "anergy",
    "anergy-report",
    "anergy-study",
    "anergy-run",
    "anergy-config",
    "anergy-cosim",
    "anergy-dispatch",
    "anergy-building",
    "anergy-thermal",
    "anergy-lp",
    "anergy-data",
    "anergy-profile",
];

#[test]
fn a_crate_uses_only_what_stands_below_it() {
    let Some(metadata) = metadata() else { return };
    let ours: BTreeMap<&str, &Value> = packages(&metadata).filter(|(name, _)| name.starts_with("anergy")).collect();
    assert_eq!(ours.keys().copied().collect::<BTreeSet<_>>(), CRATES.into_iter().collect());
    let place = |name: &str| CRATES.iter().position(|known| *known == name);
    for (name, package) in &ours {
        for dependency in package["dependencies"].as_array().unwrap() {
            let used = dependency["name"].as_str().unwrap();
            assert!(place(used).is_none_or(|below| Some(below) > place(name)), "{name} uses {used}");
        }
    }
    // A report knows results alone, and the solver of linear programs nothing of energy.
    let uses = |name: &str| -> Vec<&str> {
        let dependencies = ours[name]["dependencies"].as_array().unwrap().iter();
        dependencies.filter_map(|one| one["name"].as_str()).filter(|one| one.starts_with("anergy")).collect()
    };
    let building = BTreeSet::from(["anergy-data", "anergy-profile", "anergy-thermal"]);
    assert_eq!(uses("anergy-report"), ["anergy-data"]);
    assert_eq!(uses("anergy-lp"), ["anergy-profile"]);
    assert_eq!(uses("anergy-thermal"), ["anergy-data"]);
    assert_eq!(uses("anergy-building").into_iter().collect::<BTreeSet<_>>(), building);
}
