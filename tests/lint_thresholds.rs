//! Every threshold of the checks before solving, from both sides: a value on it has no finding, a value just beyond has
//! one.

#![allow(missing_docs, clippy::unwrap_used)]

use anergy::config::{Case, Level, Request};
use anergy::series::outliers;

fn steps(values: &[f64]) -> Vec<usize> {
    outliers(values).iter().map(|outlier| outlier.step).collect()
}

#[test]
fn an_outlier_is_a_hundred_times_its_neighbours() {
    for (value, found) in [(100.0, vec![5]), (99.9, vec![])] {
        let mut values = [1.0; 11];
        values[5] = value;
        assert_eq!(steps(&values), found, "{value}");
    }
}

#[test]
fn an_outlier_is_ten_times_all_other_values() {
    for (value, found) in [(100.0, vec![5]), (99.9, vec![])] {
        // The value is 100 times its neighbours in both cases; 10 is an ordinary value in the second half of the
        // series.
        let mut values = [[0.1; 20], [10.0; 20]].concat();
        values[5] = value;
        assert_eq!(steps(&values), found, "{value}");
    }
}

#[test]
fn three_consecutive_values_may_be_outliers() {
    for (len, found) in [(3, vec![50, 51, 52]), (4, vec![])] {
        let mut values = vec![1.0; 5000];
        values[50..50 + len].fill(1000.0);
        assert_eq!(steps(&values), found, "{len} in a row");
    }
}

#[test]
fn one_value_in_a_thousand_may_be_an_outlier_and_three_in_any_series() {
    let with = |len: usize, count: usize| {
        let mut values = vec![1.0; len];
        (0..count).for_each(|index| values[10 + 20 * index] = 1000.0);
        steps(&values).len()
    };
    for (len, count, found) in [(4000, 4, 4), (3999, 4, 0), (5000, 5, 5), (4999, 5, 0), (500, 3, 3), (500, 4, 0)] {
        assert_eq!(with(len, count), found, "{count} in {len} steps");
    }
}

/// Returns the warnings about a house with an electric demand of 5 kW and the technologies `techs`.
fn warnings(techs: &str, series: [f64; 2]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("t,x\n2019-04-15 00:00,{}\n2019-04-15 01:00,{}\n", series[0], series[1]);
    std::fs::write(folder.path().join("day.csv"), text).unwrap();
    let path = folder.path().join("district.yaml");
    let names: Vec<&str> = techs.lines().filter_map(|line| line.split_once(':').map(|(name, _)| name)).collect();
    let text = format!(
        "carriers: [electricity, heat]\ntechs:\n  need: {{kind: demand, carrier: electricity, power_kw: 5}}\n  \
         other: {{kind: demand, carrier: heat, power_kw: {{file: day.csv, column: x, scale: 0}}}}\n  {}\n\
         sites: {{house: {{techs: {{need: , other: , {}: }}}}}}\n",
        techs.replace('\n', "\n  "),
        names.join(": , ")
    );
    std::fs::write(&path, text).unwrap();
    let case = Case::load(&Request { model: path, ..Request::default() }).unwrap();
    let warnings = case.findings.into_iter().filter(|finding| finding.level == Level::Warning);
    warnings.map(|finding| finding.message).collect()
}

/// Asserts that the value `on` the threshold has no warning, and the value `beyond` it exactly one, with `words`.
fn assert_threshold(techs: &dyn Fn(&str) -> String, on: &str, beyond: &str, words: &str) {
    let said = |value: &str| -> Vec<String> {
        let all = warnings(&techs(value), [1.0, 1.0]);
        all.into_iter().filter(|message| message.contains(words)).collect()
    };
    assert_eq!(said(on), Vec::<String>::new(), "{on} is allowed");
    assert_eq!(said(beyond).len(), 1, "{beyond} has one warning: {:?}", warnings(&techs(beyond), [1.0, 1.0]));
}

#[test]
fn implausible_numbers_are_reported_beyond_the_threshold() {
    let grid = |price: &str| format!("grid: {{kind: import, carrier: electricity, price_eur_per_kwh: {price}}}");
    assert_threshold(&grid, "10", "10.01", "one per MWh?");
    assert_threshold(&grid, "-10", "-10.01", "one per MWh?");
    assert_threshold(&grid, "0.001", "-0.001", "also for what is wasted");
    assert_threshold(&grid, "0.001", "0", "a price is missing");
    let sun = |power: &str| {
        format!("{}\nsun: {{kind: supply, carrier: electricity, capacity_kw: 2, resource_kw: {power}}}", grid("0.3"))
    };
    assert_threshold(&sun, "3", "3.01", "its resource is 3.0 kW at a capacity of 2 kW");
    let pump = |cop: &str| {
        let pump = "pump: {kind: conversion, carrier_in: electricity, carrier_out: heat, capacity_kw: 9";
        format!("{}\n{pump}, efficiency: {cop}}}", grid("0.3"))
    };
    assert_threshold(&pump, "20", "20.01", "expected at most 20");
    let exporting = |price: &str| {
        let export = "export: {kind: export, carrier: electricity, capacity_kw: 3";
        format!("{}\n{export}, price_eur_per_kwh: {price}}}", grid("0.3"))
    };
    assert_threshold(&exporting, "0.3", "0.301", "buying to sell makes money");
    let small = |capacity: &str| {
        format!("grid: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.3, capacity_kw: {capacity}}}")
    };
    assert_threshold(&small, "5", "4.999", "the demand is above all capacity");
}

/// A COP below 1 has a warning where the machine is a heat pump at other times; a boiler's efficiency below 1 has none.
#[test]
fn cops_below_one_are_reported_for_heat_pumps_only() {
    let techs = "grid: {kind: import, carrier: electricity, price_eur_per_kwh: 0.3}\n\
                 pump: {kind: conversion, carrier_in: electricity, carrier_out: heat, capacity_kw: 9, \
                 efficiency: file=day.csv:x}";
    for (cops, count) in [([1.0, 3.0], 0), ([0.99, 3.0], 1), ([0.99, 1.0], 0), ([0.99, 1.01], 1)] {
        let all = warnings(techs, cops);
        let found = all.iter().filter(|message| message.contains("below 1")).count();
        assert_eq!(found, count, "{cops:?}: {all:?}");
    }
}
