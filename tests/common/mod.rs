//! What the integration tests share.

#![allow(dead_code, missing_docs, clippy::unwrap_used)]

pub mod toys;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of the reference data beside the project: `None`, with a word on standard error, where it is not there.
/// With `ANERGY_REQUIRE_DATA=1`, as in the checks before a change lands, a missing folder fails the test.
pub fn reference_data(path: &str) -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if data.is_dir() {
        return Some(data);
    }
    let required = std::env::var_os("ANERGY_REQUIRE_DATA").is_some_and(|value| value == "1");
    assert!(!required, "ANERGY_REQUIRE_DATA=1, but the reference data are not at {}", data.display());
    eprintln!("SKIPPED: the reference data are not at {}", data.display());
    None
}

/// The published case.
pub fn published_data() -> Option<PathBuf> {
    reference_data("cases/iccep2019")
}

/// A file of the project.
pub fn project(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).to_string_lossy().into_owned()
}

/// Runs the program in `folder`.
pub fn anergy(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_anergy")).args(arguments).current_dir(folder).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The files of a run folder but for those with durations.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named =
        entries.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()));
    named.filter(|(name, _)| name != "run.log" && name != "timings.csv").collect()
}

/// A minimal model in `folder`: a grid, a heat pump, a store and two demands at one site, six hours. `edit` may change
/// the model's text.
pub fn minimal_model(folder: &Path, edit: impl Fn(String) -> String) -> PathBuf {
    let model = "\
model:
  name: Minimal
  timeseries_data_path: series
run:
  mode: plan
  ensure_feasibility: true
  bigM: 1e3
techs:
  grid:
    essentials: {parent: supply, carrier_out: electricity}
    constraints: {resource: inf, energy_cap_equals: 100}
    costs.monetary: {om_prod: 0.3}
  pump:
    essentials: {parent: conversion, carrier_in: electricity, carrier_out: heat}
    constraints: {energy_cap_equals: 10, energy_eff: file=cop.csv, lifetime: 20}
    costs.monetary: {interest_rate: 0.05, energy_cap: 500, om_prod: 0.01}
  tank:
    essentials: {parent: storage, carrier: heat}
    constraints: {energy_cap_equals: 5, storage_cap_equals: 20, storage_loss: 0.01}
    costs.monetary: {om_prod: 0.001}
  demand_heat:
    essentials: {parent: demand, carrier: heat}
    constraints: {resource: file=heat.csv, resource_scale: 2}
  demand_electricity:
    essentials: {parent: demand, carrier: electricity}
    constraints: {resource: -1.5}
locations:
  house:
    techs: {grid: , pump: , tank: , demand_heat: , demand_electricity: }
overrides:
  bare:
    locations.house.techs.tank.exists: False
  lost:
    techs.pump.energy_eff: 9
scenarios:
  both: bare,lost
";
    std::fs::create_dir_all(folder.join("series")).unwrap();
    let series = |name: &str, values: [f64; 6]| {
        let mut text = String::from("t,house\n");
        for (hour, value) in values.iter().enumerate() {
            text += &format!("2015-01-01 0{hour}:00:00,{value}\n");
        }
        std::fs::write(folder.join("series").join(name), text).unwrap();
    };
    series("heat.csv", [-1.0, -2.0, -3.0, -4.0, -5.0, -2.0]);
    series("cop.csv", [4.0, 3.9, 3.5, 3.0, 2.5, 3.2]);
    let path = folder.join("model.yaml");
    std::fs::write(&path, edit(model.to_owned())).unwrap();
    path
}
