//! District files, from the file to the result; most tests need the solver.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use anergy::config::{Case, ConfigError, Level, Request};
use proptest::prelude::*;

use common::{anergy, project, stderr, stdout};

fn load(path: &Path) -> Result<Case, ConfigError> {
    Case::load(&Request { model: path.to_owned(), ..Request::default() })
}

/// Returns a new starter district in `folder`.
fn starter(folder: &Path) -> PathBuf {
    let output = anergy(folder, &["new", "mine"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    folder.join("mine/district.yaml")
}

/// The first lines of every file of tests/broken state its command, exit code and message.
#[test]
fn broken_districts_are_refused_with_file_line_and_value() {
    let folder = PathBuf::from(project("tests/broken"));
    let mut count = 0;
    let mut failures = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        count += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let head = |key: &str| {
            let prefix = format!("# {key}: ");
            text.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect::<Vec<_>>()
        };
        let code: i32 = head("exit")[0].parse().unwrap();
        let arguments = head("args");
        let arguments: Vec<&str> = arguments.iter().flat_map(|line| line.split(' ')).collect();
        let verb = if code == 2 { "check" } else { "run" };
        let results = tempfile::tempdir().unwrap();
        let output = anergy(results.path(), &[&[verb, path.to_str().unwrap()][..], &arguments].concat());
        let said = stderr(&output);
        // Long lines are wrapped for the terminal.
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let missing: Vec<String> = head("says").into_iter().filter(|says| !flat.contains(says)).collect();
        if output.status.code() != Some(code) || !missing.is_empty() || said.contains("panicked") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            failures.push(format!("{name}: exit {:?}, without {missing:?}:\n{said}", output.status.code()));
        }
    }
    assert!(count >= 40, "{count} broken districts were found");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_new_district_runs_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let district = starter(folder.path());
    let check = anergy(folder.path(), &["check", district.to_str().unwrap(), "--strict"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
    let run = anergy(folder.path(), &["run", district.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(0), "{}", stdout(&run));
    assert!(stdout(&run).contains("Converged"), "{}", stdout(&run));
    let again = anergy(folder.path(), &["new", "mine"]);
    assert_eq!(again.status.code(), Some(2), "an existing folder is left alone");
    for arguments in [&["--scenario", "bare_and_sunny"][..], &["--set", "water_loop.ground.conductance_kw_per_k=2"]] {
        let output = anergy(folder.path(), &[&["run", district.to_str().unwrap(), "-q"][..], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    }
}

#[test]
fn districts_match_the_schema_and_misspelt_ones_do_not() {
    let schema = anergy::config::native::json_schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let read = |path: &str| -> serde_json::Value {
        serde_yaml::from_str(&std::fs::read_to_string(project(path)).unwrap()).unwrap()
    };
    for path in ["configs/smart_district.yaml", "configs/starter/district.yaml"] {
        let errors: Vec<String> = validator.iter_errors(&read(path)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{path}: {errors:?}");
    }
    for name in ["misspelt_key", "misspelt_kind", "misplaced_key", "loop_key_misspelt", "text_for_number"] {
        assert!(!validator.is_valid(&read(&format!("tests/broken/{name}.yaml"))), "{name}");
    }
}

/// Returns the properties of a case that do not depend on the order of its parts.
fn order_independent_content(case: &Case) -> String {
    let mut sites: Vec<String> = Vec::new();
    for site in case.district.sites() {
        let mut technologies: Vec<String> =
            site.technologies.iter().map(|technology| format!("{technology:?}")).collect();
        technologies.sort();
        sites.push(format!("{} {technologies:?}", site.name));
    }
    sites.sort();
    let mut pumps: Vec<String> =
        case.coupled.iter().flat_map(|coupled| &coupled.pumps).map(|pump| format!("{pump:?}")).collect();
    pumps.sort();
    let coupled = case.coupled.as_ref().map(|coupled| format!("{:?} {:?}", coupled.water_loop, coupled.settings));
    let (links, shortage, axis) = (case.district.links(), case.district.shortage(), case.district.axis());
    format!("{} {sites:?} {pumps:?} {coupled:?} {links:?} {shortage:?} {axis:?}", case.name)
}

/// A mutation of the structure of a file.
#[derive(Debug, Clone)]
enum Mutation {
    /// One letter of a key is replaced.
    Misspell {
        line: usize,
        at: usize,
        letter: char,
    },
    Move {
        line: usize,
        to: usize,
    },
    Indent {
        line: usize,
        by: isize,
    },
    Duplicate {
        line: usize,
        to: usize,
    },
    Drop {
        line: usize,
    },
    /// The value of a key is removed.
    Empty {
        line: usize,
    },
}

impl Mutation {
    fn any(lines: usize) -> impl Strategy<Value = Self> {
        prop_oneof![
            (0..lines, 0usize..30, proptest::char::range('a', 'z')).prop_map(|(line, at, letter)| Self::Misspell {
                line,
                at,
                letter
            }),
            (0..lines, 0..lines).prop_map(|(line, to)| Self::Move { line, to }),
            (0..lines, prop_oneof![Just(-4isize), Just(-2), Just(-1), Just(1), Just(2), Just(4)])
                .prop_map(|(line, by)| Self::Indent { line, by }),
            (0..lines, 0..lines).prop_map(|(line, to)| Self::Duplicate { line, to }),
            (0..lines).prop_map(|line| Self::Drop { line }),
            (0..lines).prop_map(|line| Self::Empty { line }),
        ]
    }

    fn apply(&self, lines: &mut Vec<String>) {
        match *self {
            Self::Misspell { line, at, letter } => {
                let text = &lines[line];
                let Some(end) = text.find(':') else { return };
                let start = text.len() - text.trim_start().len();
                if start >= end {
                    return;
                }
                let at = start + at % (end - start);
                lines[line].replace_range(at..=at, &letter.to_string());
            }
            Self::Move { line, to } => {
                let text = lines.remove(line);
                lines.insert(to.min(lines.len()), text);
            }
            Self::Indent { line, by } => {
                let text = lines[line].trim_start();
                let indent = lines[line].len() - text.len();
                lines[line] = " ".repeat(indent.saturating_add_signed(by)) + text;
            }
            Self::Duplicate { line, to } => {
                let text = lines[line].clone();
                lines.insert(to, text);
            }
            Self::Drop { line } => {
                lines.remove(line);
            }
            Self::Empty { line } => {
                let key = lines[line].find(": ").map_or(lines[line].len(), |colon| colon + 1);
                lines[line].truncate(key);
            }
        }
    }
}

/// Returns the starter's lines without comments and without the scenario, which is not in use and cannot change
/// anything.
fn lines() -> Vec<String> {
    let text = std::fs::read_to_string(project("configs/starter/district.yaml")).unwrap();
    let end = text.find("# Changes by name").unwrap();
    let bare = text[..end].lines().map(|line| line.split(" #").next().unwrap_or_default().trim_end().to_owned());
    bare.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// After any mutation of the lines, the file is an error with line and key, or the district is the same, or the
    /// change is in the findings. Names are free: a site with another name is another site.
    #[test]
    fn every_mutation_is_reported_or_without_effect(mutation in Mutation::any(71)) {
        let lines = lines();
        prop_assert!(lines.len() >= 71, "{} lines", lines.len());
        let folder = tempfile::tempdir().unwrap();
        let series = folder.path().join("timeseries");
        std::fs::create_dir(&series).unwrap();
        std::fs::copy(project("configs/starter/timeseries/week.csv"), series.join("week.csv")).unwrap();
        let path = folder.path().join("district.yaml");
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        let original = load(&path).unwrap();
        let mut mutated = lines.clone();
        mutation.apply(&mut mutated);
        std::fs::write(&path, mutated.join("\n") + "\n").unwrap();
        match load(&path) {
            Err(error) => {
                let message = error.to_string();
                prop_assert!(error.span().is_some() && message.contains("district.yaml:"), "{mutation:?}: {message}");
            }
            Ok(case) if order_independent_content(&case) == order_independent_content(&original) => {}
            Ok(case) => {
                let misspelt = matches!(mutation, Mutation::Misspell { .. });
                let named = misspelt && (case.district.sites()[0].name != "house" || case.name != "My district");
                prop_assert!(named || case.findings != original.findings, "{mutation:?}:\n{}", mutated.join("\n"));
            }
        }
    }
}

/// Returns the costs in the summary of a run.
fn costs(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let output = anergy(folder, &[&["run", "--json", "-q"][..], arguments].concat());
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

fn same_figures(direct: &serde_json::Value, imported: &serde_json::Value) {
    for key in ["total_eur", "operation_eur", "forced_supply_eur", "annualised_eur"] {
        let figure = |summary: &serde_json::Value| summary["cost"][key].as_f64().unwrap();
        let (a, b) = (figure(direct), figure(imported));
        assert!((a - b).abs() <= 1e-6 + 1e-9 * a.abs(), "{key}: {a} and {b}");
    }
    for key in ["verdict", "last_iteration", "limit_steps"] {
        assert_eq!(direct["coupling"][key], imported["coupling"][key], "{key}");
    }
    for (a, b) in (0..3).map(|index| (&direct["coupling"]["temp_c"][index], &imported["coupling"]["temp_c"][index])) {
        if let (Some(a), Some(b)) = (a.as_f64(), b.as_f64()) {
            assert!((a - b).abs() < 1e-6, "loop temperature {a} and {b}");
        }
    }
}

#[test]
fn an_imported_model_gives_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    let (model, ring) = (project("configs/small_district/model.yaml"), project("networks/small_ring.yaml"));
    for (to, arguments) in [
        ("coupled", vec![model.as_str(), "--water-loop", &ring]),
        ("plain", vec![model.as_str()]),
        ("scenario", vec![model.as_str(), "--scenario", "dear_and_bare", "--water-loop", &ring]),
    ] {
        let output = anergy(folder.path(), &[&["import", "--to", to][..], &arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{to}: {}", stderr(&output));
        let imported = format!("{to}/district.yaml");
        same_figures(&costs(folder.path(), &arguments), &costs(folder.path(), &[&imported]));
    }
}

#[test]
fn the_imported_paper_case_gives_the_same_figures() {
    let Some(data) = common::published_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (model, ring) = (data.join("smarti/model_op.yaml"), project("networks/iccep2019.yaml"));
    let model = model.to_str().unwrap();
    for preset in ["published", "corrected"] {
        let arguments = [
            model,
            "--scenario",
            "zero_alt_storage",
            "--water-loop",
            &ring,
            "--preset",
            preset,
            "--window",
            "2015-01-01..2015-01-07",
        ];
        let output = anergy(folder.path(), &[&["import", "--to", preset][..], &arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{preset}: {}", stderr(&output));
        let imported = format!("{preset}/district.yaml");
        same_figures(&costs(folder.path(), &arguments), &costs(folder.path(), &[&imported]));
    }
}

#[test]
fn the_outlier_of_the_published_data_is_named_before_solving() {
    let Some(data) = common::published_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let model = data.join("smarti/model_op.yaml");
    let arguments = ["check", model.to_str().unwrap(), "--scenario", "zero_alt_storage", "--window", "2015"];
    let output = anergy(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stderr(&output);
    for part in
        ["demand_co.csv:7094", "2015-10-23 12:00:00", "-164029", "-149.466309", "-153.6931559", "kWh cannot be met"]
    {
        assert!(said.contains(part), "{part} in {said}");
    }
    let strict = anergy(folder.path(), &[&arguments[..], &["--strict"]].concat());
    assert_eq!(strict.status.code(), Some(2));
}

#[test]
fn findings_of_a_healthy_district_are_defaults_alone() {
    let case = load(Path::new(&project("configs/starter/district.yaml"))).unwrap();
    let others: Vec<_> = case.findings.iter().filter(|finding| finding.level != Level::Default).collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(!case.findings.is_empty(), "what is left to defaults is said");
}

#[test]
fn the_published_schema_is_that_of_this_version() {
    let published = std::fs::read_to_string(project("configs/district.schema.json")).unwrap();
    let published: serde_json::Value = serde_json::from_str(&published).unwrap();
    assert!(
        published == anergy::config::native::json_schema(),
        "write it anew: anergy schema > configs/district.schema.json"
    );
}

/// Suspicious numbers are reported by `check` with place and size.
#[test]
fn implausible_numbers_are_reported_with_place_and_size() {
    let folder = tempfile::tempdir().unwrap();
    let district = starter(folder.path());
    let cases: [(&[&str], &[&str]); 9] = [
        (&["techs.grid.price_eur_per_kwh=220"], &["grid at house", "220 EUR/kWh", "one per MWh?"]),
        (&["techs.feed_in.price_eur_per_kwh=0.23"], &["feed_in sells electricity at house", "buying to sell"]),
        (&["techs.solar.resource_per_kw=750"], &["solar at house: its resource is 15000.0 kW at a capacity of 20 kW"]),
        (
            &["techs.heat_pump.capacity_kw=0", "techs.tank.power_kw=0"],
            &["heat at house: the demand is above all", "kWh cannot be met"],
        ),
        (
            &["techs.heat_pump.cop={model: quadratic, coefficients: [2, 0.05, 0], valid_lift_k: [5, 60]}"],
            &["the COP of heat_pump at house moves the wrong way as the loop warms from 6 to 25 C"],
        ),
        (
            &["techs.heat_pump.cop={model: quadratic, coefficients: [8, -0.1, 0], valid_lift_k: [40, 60]}"],
            &["heat_pump at house works outside lifts of 40 to 60 K over", "with an empty and with a full store"],
        ),
        (
            &["techs.heat_pump.cop={model: en14511, source_c: [0, 20], sink_c: [30, 60], cop: [[0.5, 0.4], [0.9, \
                 0.8]]}"],
            &["the COP of heat_pump at house falls to 0.", "expected at least 1", "warms its source"],
        ),
        (&["techs.heat_pump.start_cop=0.9"], &["heat_pump at house: its COP is 0.90 (always), below 1"]),
        (&["techs.spare={kind: import, carrier: heat, price_eur_per_kwh: 1}"], &["unknown key `spare`"]),
    ];
    for (settings, says) in cases {
        let mut arguments = vec!["check", district.to_str().unwrap(), "--strict"];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        let output = anergy(folder.path(), &arguments);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{settings:?}: {said}");
        for part in says {
            assert!(said.contains(part), "{settings:?}: {part} in {said}");
        }
    }
}

/// A heat pump that takes more electricity than it delivers heat, on a loop and on a source of its own.
#[test]
fn a_heat_pump_that_warms_its_source_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let district = |source: &str, more: &str| {
        let text = format!(
            "name: resistance
carriers: [electricity, heat]
time: {{start: 2024-01-01, end: 2024-01-01, step_minutes: 60}}
techs:
  mains: {{kind: import, carrier: electricity, price_eur_per_kwh: 0.1}}
  rooms: {{kind: demand, carrier: heat, power_kw: 3}}
  machine: {{kind: heat_pump, service: heating, carrier_out: heat, capacity_kw: 8, sink_c: 40, {source}}}
sites: {{hall: {{techs: {{mains: , rooms: , machine: }}}}}}
{more}"
        );
        let path = folder.path().join("district.yaml");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let cop = "cop: {model: quadratic, coefficients: [0.6, 0, 0], valid_lift_k: [0, 60]}";
    let own = [format!("{cop}, source_c: 8"), format!("{cop}, cop_series: 0.6")];
    for source in own {
        let output = anergy(folder.path(), &["check", &district(&source, ""), "--strict"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("machine at hall: its COP is 0.60; expected at least 1 in heating"), "{said}");
    }
    let ring = "water_loop: {water_mass_kg: 30000, initial_c: 9, min_c: 4, max_c: 25}";
    let path = district(cop, ring);
    let output = anergy(folder.path(), &["check", &path, "--strict"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("the COP of machine at hall falls to 0.60"), "{}", stderr(&output));
    let output = anergy(folder.path(), &["run", &path, "--out", "out"]);
    let said = stdout(&output);
    assert!(said.contains("COP below 1") && said.contains("machine at hall: 24 of 24 running steps"), "{said}");
    // At a COP of 1, that of an electric heater, no heat flows to the source.
    let output = anergy(folder.path(), &["check", &district(&cop.replace("0.6,", "1,"), ring), "--strict"]);
    assert!(!stderr(&output).contains("below"), "{}", stderr(&output));
}

/// Loads the starter with settings, from a file to which `edit` was applied.
fn with(settings: &[&str], scenario: Option<&str>, edit: impl Fn(String) -> String) -> Result<Case, String> {
    let folder = tempfile::tempdir().unwrap();
    let series = folder.path().join("timeseries");
    std::fs::create_dir(&series).unwrap();
    std::fs::copy(project("configs/starter/timeseries/week.csv"), series.join("week.csv")).unwrap();
    let text = edit(std::fs::read_to_string(project("configs/starter/district.yaml")).unwrap());
    let model = folder.path().join("district.yaml");
    std::fs::write(&model, text).unwrap();
    let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
    let scenario = scenario.map(str::to_owned);
    Case::load(&Request { model, settings, scenario, ..Request::default() }).map_err(|error| error.to_string())
}

#[test]
fn a_change_without_effect_is_reported() {
    let error = with(&["techs.battery.capacity_kwh=5"], None, |text| text).unwrap_err();
    assert!(
        error.contains("has no effect at house") && error.contains("sites.house.techs.battery.capacity_kwh"),
        "{error}"
    );
    let edit =
        |text: String| text.replace("sites.house.techs.battery.capacity_kwh: 0", "techs.battery.capacity_kwh: 0");
    let case = with(&[], Some("no_battery"), edit).unwrap();
    assert!(
        case.findings.iter().any(|finding| finding.level == Level::Warning && finding.message.contains("no effect"))
    );
    let error = with(&["water_loop="], None, |text| text).unwrap_err();
    assert!(error.contains("set to nothing"), "{error}");
    let error = with(&["import=x.yaml"], None, |text| text).unwrap_err();
    assert!(error.contains("`import` is not supported"), "{error}");
    let correction =
        "corrections: [{file: week.csv, column: heat_kw, at: 2018-01-01, divide_by: 2, only_above: 0, because: x}]\n";
    let case = with(&[], None, |text| correction.to_owned() + &text).unwrap();
    assert!(case.findings.iter().any(|finding| finding.message.contains("no effect")), "{:?}", case.findings);
}

#[test]
fn inconsistent_times_are_errors() {
    let error = with(&["time.start=2019-04-15"], None, |text| text).unwrap_err();
    assert!(error.contains("`time.end` is missing"), "{error}");
    let error = with(&["time.step_minutes=420"], None, |text| text);
    assert_eq!(error.unwrap().district.axis().len(), 24, "a week is 24 times seven hours");
    let error = with(&["time.step_minutes=780"], None, |text| text).unwrap_err();
    assert!(error.contains("step of 60 min") && error.contains("780 min"), "{error}");
    let case = with(&["time.step_minutes=30"], None, |text| text).unwrap();
    assert!(case.findings.iter().any(|finding| finding.message.contains("held for a run in steps of 30 min")));
}

#[test]
fn files_of_different_utc_offsets_do_not_mix_in_a_case() {
    let folder = tempfile::tempdir().unwrap();
    for (name, offset) in [("a.csv", "+01:00"), ("b.csv", "Z")] {
        let rows = (0..4).map(|hour| format!("2019-01-01T0{hour}:00:00{offset},1\n")).collect::<String>();
        std::fs::write(folder.path().join(name), format!("t,house\n{rows}")).unwrap();
    }
    let text = "carriers: [electricity]
techs:
  grid: {kind: import, carrier: electricity, price_eur_per_kwh: file=a.csv}
  light: {kind: demand, carrier: electricity, power_kw: file=b.csv}
sites.house.techs: {grid: , light: }
";
    let model = folder.path().join("district.yaml");
    std::fs::write(&model, text).unwrap();
    let error = load(&model).unwrap_err().to_string();
    assert!(error.contains("b.csv") && error.contains("+01"), "{error}");
}

#[test]
fn gaps_are_filled_by_the_fill_rule_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let rows = ["", "2", "", "", "8", ""].iter().enumerate();
    let rows = rows.map(|(hour, value)| format!("2019-01-01 0{hour}:00:00,{value}\n")).collect::<String>();
    std::fs::write(folder.path().join("s.csv"), format!("t,house\n{rows}")).unwrap();
    let model = folder.path().join("district.yaml");
    let filled = |fill: &str| {
        let text = format!(
            "carriers: [electricity]
techs:
  grid: {{kind: import, carrier: electricity, price_eur_per_kwh: 1}}
  light: {{kind: demand, carrier: electricity, power_kw: {{file: s.csv, scale: 10, fill: {fill}}}}}
sites.house.techs: {{grid: , light: }}
"
        );
        std::fs::write(&model, text).unwrap();
        let case = load(&model).map_err(|error| error.to_string())?;
        assert!(case.findings.iter().any(|finding| finding.message.contains("4 gaps of `power_kw` filled")), "{fill}");
        let anergy::district::Kind::Demand(demand) = &case.district.technology("house", "light").unwrap().kind else {
            panic!("a demand")
        };
        Ok::<_, String>((0..6).map(|step| demand.power_kw.at(step)).collect::<Vec<_>>())
    };
    assert_eq!(filled("0.5").unwrap(), [5.0, 20.0, 5.0, 5.0, 80.0, 5.0]);
    assert_eq!(filled("interpolate").unwrap(), [20.0, 20.0, 40.0, 60.0, 80.0, 80.0]);
    let error = filled("previous").unwrap_err();
    assert!(error.contains("s.csv:2") && error.contains("no value beside it"), "{error}");
}
