//! Calliope 0.6 models are read with Calliope's meaning, and what is wrong with them is shown where it stands.

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
fn the_minimal_model_means_what_it_says() {
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
    let with = |text: String| text.replace("storage_loss: 0.01", "storage_loss: 0.01, storage_initial: 3");
    let Kind::Storage(tank) = kind(&load(with, |_| ()).unwrap(), "tank") else { panic!("a store") };
    assert_eq!(tank.boundary, StorageBoundary::CyclicFixed(3.0));
    let acyclic = |text: String| with(text).replace("mode: plan", "cyclic_storage: false");
    let Kind::Storage(tank) = kind(&load(acyclic, |_| ()).unwrap(), "tank") else { panic!("a store") };
    let StorageBoundary::Given(level) = tank.boundary else { panic!("a given level") };
    // Calliope takes it whole into the first step, ours loses one step's share first.
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
    assert!(error.contains("covers 2015-01-01 00:00:00 to 2015-01-01 05:00:00"), "{error}");
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    // What is changed, into what, and what the message must say; the line is that of the change unless a place is given.
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
fn what_is_unsupported_can_be_ignored_and_what_is_misspelt_cannot() {
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
fn the_published_model_is_read_whole() {
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
fn what_an_override_adds_to_a_model_is_worth_a_word() {
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
fn a_carrier_that_nothing_brings_is_worth_a_word() {
    let heet = |text: String| text.replace("parent: storage, carrier: heat", "parent: storage, carrier: heet");
    let case = load(heet, |_| ()).unwrap();
    assert!(
        case.findings.iter().any(|finding| finding.message.contains("heet is taken at house")),
        "{:?}",
        case.findings
    );
}
