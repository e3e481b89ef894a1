//! Calliope 0.6 models are read with Calliope's meaning, and errors are shown with their position.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use anergy::config::{Case, ConfigError, Level, Request};
use anergy::district::{Availability, Kind, StorageBoundary};

use common::{minimal_model, project, published_data};

fn load(edit: impl Fn(String) -> String, change: impl Fn(&mut Request)) -> Result<Case, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let mut request = Request { model: minimal_model(folder.path(), edit), ..Request::default() };
    change(&mut request);
    Case::load(&request)
}

fn kind(case: &Case, technology: &str) -> Kind {
    case.district.technology("house", technology).unwrap().kind.clone()
}

#[test]
fn the_minimal_model_is_read_with_calliopes_meaning() {
    let case = load(|text| text, |_| ()).unwrap();
    assert_eq!((case.name.as_str(), case.district.axis().len()), ("Minimal", 6));
    let Kind::Demand(heat) = kind(&case, "demand_heat") else { panic!("a demand") };
    assert_eq!((heat.power_kw.at(0), heat.power_kw.at(4)), (2.0, 10.0), "scaled, and positive");
    let Kind::Supply(grid) = kind(&case, "grid") else { panic!("a supply") };
    assert_eq!((grid.available, grid.capacity_kw), (Availability::Unlimited, 100.0));
    let Kind::Storage(tank) = kind(&case, "tank") else { panic!("a store") };
    assert_eq!(tank.boundary, StorageBoundary::Cyclic, "cyclic unless said otherwise");
    assert_eq!(case.district.shortage().surplus_eur_per_kwh, Some(1e3), "bigM on unused supply as on unmet demand");
}

#[test]
fn an_initial_level_fixes_the_end_of_a_cyclic_store() {
    let with = |text: String| {
        text.replace("storage_loss: 0.01", "storage_loss: 0.01, storage_initial: 3")
            .replace("name: Minimal", "name: Minimal\n  calliope_version: 0.6.3")
    };
    let Kind::Storage(tank) = kind(&load(with, |_| ()).unwrap(), "tank") else { panic!("a store") };
    assert_eq!(tank.boundary, StorageBoundary::CyclicFixed(3.0));
    let acyclic = |text: String| with(text).replace("mode: plan", "cyclic_storage: false");
    let Kind::Storage(tank) = kind(&load(acyclic, |_| ()).unwrap(), "tank") else { panic!("a store") };
    let StorageBoundary::Given(level) = tank.boundary else { panic!("a given level") };
    // Calliope takes the level into the first step without loss; in this model one step's share is lost first.
    assert!((level * 0.99 - 3.0).abs() < 1e-12);
}

#[test]
fn overrides_apply_by_name_by_scenario_and_with_settings_on_top() {
    let bare = load(|text| text, |request| request.scenario = Some("bare".into())).unwrap();
    assert!(bare.district.technology("house", "tank").is_none(), "exists: False");

    let both = load(|text| text, |request| request.scenario = Some("both".into())).unwrap();
    let warning = both.findings.iter().find(|finding| finding.message.contains("`lost`")).unwrap();
    assert_eq!(warning.level, Level::Warning);
    assert!(warning.message.contains("has no effect") && warning.message.contains("techs.pump.constraints.energy_eff"));
    assert!(warning.place.as_ref().unwrap().contains("model.yaml:"));
    let Kind::Conversion(pump) = kind(&both, "pump") else { panic!("a conversion") };
    assert_eq!(pump.efficiency.at(0), 4.0, "as in Calliope, the override changes nothing");

    let set = |request: &mut Request| request.settings = vec!["techs.grid.costs.monetary.om_prod=0.5".into()];
    let Kind::Supply(grid) = kind(&load(|text| text, set).unwrap(), "grid") else { panic!("a supply") };
    assert_eq!(grid.price_eur_per_kwh.at(0), 0.5);
}

#[test]
fn windows_are_cut_from_the_series() {
    let window = ["2015-01-01 02:00".to_owned(), "2015-01-01 04:00".to_owned()];
    let case = load(|text| text, |request| request.window = Some(window.clone())).unwrap();
    assert_eq!(case.district.axis().len(), 3);
    let Kind::Demand(heat) = kind(&case, "demand_heat") else { panic!("a demand") };
    assert_eq!(heat.power_kw.at(0), 6.0);
    let beyond = ["2015-01-01".to_owned(), "2015-01-02".to_owned()];
    let error = load(|text| text, |request| request.window = Some(beyond.clone())).unwrap_err().to_string();
    assert!(error.contains("covers 2015-01-01 00:00:00 to before 2015-01-01 06:00:00"), "{error}");
}

#[test]
fn errors_show_their_position() {
    // The text, its replacement, and the expected message; the expected line is that of the replacement unless a place
    // is given.
    let cases = [
        ("storage_loss: 0.01", "storage_los: 0.01", None, "did you mean `storage_loss`?"),
        ("om_prod: 0.3", "omprod: 0.3", None, "did you mean `om_prod`?"),
        ("mode: plan", "mode: operate", None, "`run.mode: operate` is not supported"),
        ("mode: plan", "mode: plam", None, "did you mean `plan`?"),
        ("mode: plan", "mdoe: plan", None, "did you mean `mode`?"),
        ("energy_cap_equals: 5,", "energy_cap_max: 5,", None, "`techs.tank.constraints.energy_cap_max` is not"),
        ("file=heat.csv", "file=hate.csv", None, "hate.csv: cannot be read"),
        ("file=heat.csv", "file=heat.csv:garden", None, "no column `garden`; the file has `house`"),
        ("resource: -1.5", "resource: 1.5", None, "must be negative or zero, found 1.5"),
        ("resource: -1.5", "resource: lots", None, "expected a number or file="),
        ("lifetime: 20", "lifetime: 0", None, "`lifetime` is 0"),
        ("parent: conversion", "parent: convrsion", None, "did you mean `conversion`?"),
        ("{grid: ,", "{gird: ,", None, "did you mean `grid`?"),
        ("bigM: 1e3", "bigM: much", None, "expected a number"),
        ("resource: inf", "resource: inf, storage_loss: 0.1", None, "does not apply to a supply"),
        ("locations:", "links: {a: 1}\nlocations:", None, "`links` is not supported"),
        ("model:\n", "import: [missing.yaml]\nmodel:\n", None, "missing.yaml cannot be read"),
        ("model:\n", "import: [model.yaml]\nmodel:\n", None, "imports itself"),
        (
            ", lifetime: 20",
            "",
            Some("model.yaml:"),
            "`constraints.lifetime (needed to annualise the investment)` is missing",
        ),
        ("storage_loss: 0.01", "storage_loss: 1.5", None, "tank at house: `storage_loss` is 1.5"),
        (
            "carrier_out: heat",
            "carrier_out: electricity",
            Some("model.yaml:14:"),
            "pump at house: consumes and produces the same carrier",
        ),
        ("energy_eff: file=cop.csv", "energy_eff: -2", None, "pump at house: `energy_eff` is -2"),
        // Settings that Calliope rejects are not read with another meaning.
        ("interest_rate: 0.05, ", "", Some("model.yaml:"), "`costs.monetary.interest_rate (needed to annualise"),
        ("om_prod: 0.001", "om_prod: 0.001, om_con: 0.05", None, "Calliope allows no `om_con` of a storage"),
        ("energy_cap_equals: 100", "energy_cap_equals: inf", None, "is inf; expected a finite number"),
        ("storage_cap_equals: 20", "storage_cap_equals: inf", None, "is inf; expected a finite number"),
        ("resource_scale: 2", "resource_scale: -2", None, "`resource_scale` is -2; expected a number >= 0"),
        ("{resource: -1.5}", "{resource_scale: 1}", Some("model.yaml:"), "`constraints.resource (of the demand"),
        (
            "{resource: -1.5}",
            "{resource: -1.5}\n    costs.monetary: {om_prod: 1}",
            Some("model.yaml:27:"),
            "costs of a demand",
        ),
        ("{resource: inf,", "{force_resource: true,", None, "an infinite resource cannot be forced"),
        (
            "storage_loss: 0.01",
            "storage_loss: 0.01, storage_initial: 3",
            None,
            "expected a share of the capacity from 0 to 1",
        ),
    ];
    for (from, to, place, what) in cases {
        let line = std::cell::Cell::new(0);
        let edit = |text: String| {
            let edited = text.replacen(from, to, 1);
            line.set(edited[..edited.find(to).unwrap()].matches('\n').count() + 1);
            edited
        };
        let error = load(edit, |_| ()).map(|_| ()).unwrap_err().to_string();
        let place = place.map_or_else(|| format!("model.yaml:{}:", line.get()), str::to_owned);
        assert!(error.contains(&place) && error.contains(what), "{from} -> {to} gave: {error}");
    }
}

#[test]
fn faulty_series_are_refused_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let model = minimal_model(folder.path(), |text| text);
    let path = folder.path().join("series/heat.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("03:00:00,-4", "03:00:00,4")).unwrap();
    let error = Case::load(&Request { model, ..Request::default() }).unwrap_err().to_string();
    assert!(error.contains("heat.csv:5, column `house`") && error.contains("must be negative"), "{error}");
}

#[test]
fn gaps_take_calliopes_default_and_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let model = minimal_model(folder.path(), |text| text);
    let path = folder.path().join("series/heat.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("03:00:00,-4", "03:00:00,")).unwrap();
    let case = Case::load(&Request { model, ..Request::default() }).unwrap();
    let Kind::Demand(heat) = kind(&case, "demand_heat") else { panic!("a demand") };
    assert_eq!(heat.power_kw.at(3), 0.0);
    let finding = case.findings.iter().find(|finding| finding.message.contains("gap")).unwrap();
    assert!(finding.message.contains("heat.csv:5"), "{}", finding.message);
}

#[test]
fn unsupported_keys_can_be_ignored_and_misspelt_ones_cannot() {
    let ignore = |request: &mut Request| request.ignore_unsupported = true;
    let limited = |text: String| text.replacen("energy_cap_equals: 5", "energy_cap_equals: 5, charge_rate: 0.5", 1);
    assert!(load(limited, |_| ()).is_err());
    let case = load(limited, ignore).unwrap();
    assert!(case.findings.iter().any(|finding| finding.message.contains("charge_rate")));
    assert!(load(|text| text.replacen("om_prod: 0.3", "om_prd: 0.3", 1), ignore).is_err());
}

#[test]
fn unknown_scenarios_and_settings_are_refused() {
    let error = load(|text| text, |request| request.scenario = Some("bear".into())).unwrap_err().to_string();
    assert!(error.contains("`bear`") && error.contains("did you mean `bare`?"), "{error}");
    for setting in ["no equals sign", "=1", "switches.loop_limit=clamp", "tehcs.grid.exists=False"] {
        assert!(load(|text| text, |request| request.settings = vec![setting.into()]).is_err(), "{setting}");
    }
}

#[test]
fn two_overrides_must_not_set_the_same_key() {
    let twice = |text: String| text.replace("  lost:\n", "  lost:\n    locations.house.techs.tank.exists: True\n");
    let error = load(twice, |request| request.scenario = Some("both".into())).unwrap_err().to_string();
    assert!(error.contains("`exists` is defined twice"), "{error}");
}

#[test]
fn the_small_district_is_read_without_a_warning() {
    let request = Request {
        model: project("configs/small_district/model.yaml").into(),
        water_loop: Some(anergy::config::LoopSource::File(project("networks/small_ring.yaml").into())),
        ..Request::default()
    };
    let case = Case::load(&request).unwrap();
    let warnings: Vec<_> = case.findings.iter().filter(|finding| finding.level == Level::Warning).collect();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(case.coupled.unwrap().pumps.len(), 5);
}

#[test]
fn all_of_the_published_model_is_read() {
    let Some(data) = published_data() else { return };
    let request = Request {
        model: data.join("smarti/model_op.yaml"),
        scenario: Some("zero_alt_storage".into()),
        ..Request::default()
    };
    let case = Case::load(&request).unwrap();
    let lost = case.findings.iter().filter(|finding| finding.message.contains("has no effect")).count();
    assert_eq!(lost, 3, "the three COP overrides beside `constraints`");
    let listed = case.findings.iter().find(|finding| finding.message.starts_with("accepted without effect")).unwrap();
    for key in ["run.solver", "run.zero_threshold", "run.operation", "name", "color"] {
        assert!(listed.message.contains(key), "{key} in {}", listed.message);
    }
    assert!(
        case.findings.iter().any(|finding| finding.message.contains("solar_resource.csv:8761")),
        "the gap in the last row"
    );
    let pump = |site| case.district.technology(site, "hp_clim_hot").unwrap().kind.clone();
    let (Kind::Conversion(homes), Kind::Conversion(shops)) = (pump("buildings"), pump("commercial")) else {
        panic!("conversions")
    };
    assert_eq!((homes.capacity_kw, shops.capacity_kw), (3200.0, 1200.0));
    let annualised = case.district.annualised_cost_eur();
    assert!((annualised - 901_813.96).abs() < 0.01, "{annualised}");
}

#[test]
fn additions_of_an_override_are_reported() {
    let astray = |text: String| text.replace("  bare:\n", "  bare:\n    locations.huose.techs.tank.exists: False\n");
    let case = load(astray, |request| request.scenario = Some("bare".into())).unwrap();
    let warning = case.findings.iter().find(|finding| finding.message.contains("`huose`")).unwrap();
    assert!(warning.message.contains("did you mean `house`?"), "{}", warning.message);
    let misspelt =
        |text: String| text.replace("  bare:\n", "  bare:\n    techs.grid.constrants.energy_cap_equals: 1\n");
    let error = load(misspelt, |request| request.scenario = Some("bare".into())).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("did you mean `constraints`?"), "{error}");
}

#[test]
fn a_carrier_without_a_supply_is_reported() {
    let heet = |text: String| text.replace("parent: storage, carrier: heat", "parent: storage, carrier: heet");
    let case = load(heet, |_| ()).unwrap();
    assert!(
        case.findings.iter().any(|finding| finding.message.contains("heet is taken at house")),
        "{:?}",
        case.findings
    );
}

/// Reads the minimal model for a version of Calliope, with one replacement.
fn versioned(version: &str, from: &str, to: &str) -> Result<Case, ConfigError> {
    let edit = |text: String| {
        assert!(text.contains(from), "{from}");
        let named = format!("name: Minimal\n  calliope_version: {version}");
        text.replacen(from, to, 1).replace("name: Minimal", if version.is_empty() { "name: Minimal" } else { &named })
    };
    load(edit, |_| ())
}

fn warned(case: &Case, words: &str) -> bool {
    case.findings.iter().any(|finding| finding.level == Level::Warning && finding.message.contains(words))
}

#[test]
fn a_supply_without_a_resource_is_limited_by_its_capacity() {
    for version in ["0.6.3", "0.6.10"] {
        for parent in ["supply", "supply_plus"] {
            let absent = format!(
                "essentials: {{parent: {parent}, carrier_out: electricity}}\n    constraints: {{energy_cap_equals: \
                 100}}"
            );
            let given = "essentials: {parent: supply, carrier_out: electricity}\n    constraints: {resource: inf, \
                         energy_cap_equals: 100}";
            let case = versioned(version, given, &absent).unwrap();
            let Kind::Supply(grid) = kind(&case, "grid") else { panic!("a supply") };
            assert_eq!((grid.available, grid.capacity_kw), (Availability::Unlimited, 100.0), "{version} {parent}");
        }
    }
}

#[test]
fn the_initial_level_is_a_share_of_the_capacity_since_0_6_5() {
    let level = |version: &str, initial: &str| {
        let to = format!("storage_loss: 0.01, storage_initial: {initial}");
        let case = versioned(version, "storage_loss: 0.01", &to).unwrap();
        let Kind::Storage(tank) = kind(&case, "tank") else { panic!("a store") };
        let StorageBoundary::CyclicFixed(level) = tank.boundary else { panic!("{:?}", tank.boundary) };
        (level, warned(&case, "is read as a share of the capacity"))
    };
    for version in ["0.6.3", "0.6.4"] {
        assert_eq!(level(version, "0.5"), (0.5, false), "{version}");
    }
    for version in ["0.6.5", "0.6.8", "0.6.10", "0.6.10.post1"] {
        assert_eq!(level(version, "0.5"), (10.0, false), "{version}");
    }
    assert_eq!(level("", "0.5"), (10.0, true), "as the newest, with a warning");
    assert_eq!(level("", "0"), (0.0, false), "nothing is nothing in either");
    let error = versioned("0.6.4", "storage_loss: 0.01", "storage_loss: 0.01, storage_initial: 21").unwrap_err();
    assert!(error.to_string().contains("21"), "{error}");
    for version in ["0.60", "0.7.0", "0.5.2", "1.6.3"] {
        let error = versioned(version, "bigM: 1e3", "bigM: 1e3").unwrap_err().to_string();
        assert!(error.contains("models for 0.6 are read"), "{version}: {error}");
    }
}

#[test]
fn essentials_at_a_location_are_ignored_and_reported() {
    let case =
        versioned("0.6.10", "tank: ,", "tank: {essentials.carrier: electricity, constraints.storage_cap_equals: 7},");
    let case = case.unwrap();
    let Kind::Storage(tank) = kind(&case, "tank") else { panic!("a store") };
    assert_eq!((tank.carrier.as_str(), tank.capacity_kwh), ("heat", 7.0));
    assert!(warned(&case, "locations.house.techs.tank.essentials.carrier has no effect"), "{:?}", case.findings);
    let case = versioned("0.6.10", "tank: ,", "tank: {essentials.name: Tank},").unwrap();
    assert!(!warned(&case, "has no effect"), "a name says nothing: {:?}", case.findings);
}

#[test]
fn a_yearly_cost_alone_counts_since_0_6_9() {
    let upkeep = |version: &str, costs: &str| {
        let case = versioned(version, "om_prod: 0.001", costs).unwrap();
        let tank = case.district.technology("house", "tank").unwrap().investment.upkeep_eur_per_kw_year;
        (
            tank,
            warned(&case, "`om_annual` of tank at house has no effect"),
            warned(&case, "is counted, as the model has no"),
        )
    };
    for version in ["0.6.3", "0.6.8"] {
        assert_eq!(upkeep(version, "om_annual: 7"), (0.0, true, false), "{version}");
    }
    for version in ["0.6.9", "0.6.10"] {
        assert_eq!(upkeep(version, "om_annual: 7"), (7.0, false, false), "{version}");
    }
    assert_eq!(upkeep("", "om_annual: 7"), (7.0, false, true));
    // Beside a cost of capacity, even of zero, it counts in all versions.
    let beside = |text: String| {
        text.replace("name: Minimal", "name: Minimal\n  calliope_version: 0.6.3")
            .replace("storage_loss: 0.01", "storage_loss: 0.01, lifetime: 20")
            .replace("om_prod: 0.001", "om_annual: 7, storage_cap: 0, interest_rate: 0")
    };
    let case = load(beside, |_| ()).unwrap();
    assert_eq!(case.district.technology("house", "tank").unwrap().investment.upkeep_eur_per_kw_year, 7.0);
}
