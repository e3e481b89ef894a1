//! Reports of results: their content, that they need only result files, and that no name can break them.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anergy::report::{Block, Cell, Page, RunResults, Table, figure::Plot, run_page};
use serde_json::Value;

use common::{anergy, contents, minimal_model, project, stderr, stdout};

/// Runs a week of the smart district; returns its run folder `folder`/results/NAME.
fn week(folder: &Path, name: &str, more: &[&str]) -> PathBuf {
    let model = project("configs/smart_district.yaml");
    let arguments = ["run", &model, "--window", "2019-01-14..2019-01-20", "--quiet", "--name", name];
    let output = anergy(folder, &[&arguments[..], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    folder.join("results").join(name)
}

fn report(folder: &Path, arguments: &[&str]) -> String {
    let output = anergy(folder, &[&["report"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stdout(&output)
}

/// Returns the figures of an HTML page.
fn figures(html: &str) -> BTreeMap<String, Value> {
    let begin = html.find("<script id=\"data\" type=\"application/json\">").unwrap();
    let text = &html[begin..];
    let text = &text[text.find('>').unwrap() + 1..text.find("</script>").unwrap()];
    let data: Value = serde_json::from_str(text).unwrap();
    data["figures"].as_object().unwrap().clone().into_iter().collect()
}

fn tables(page: &Page) -> impl Iterator<Item = &Table> {
    let blocks = page.sections.iter().flat_map(|section| &section.blocks);
    blocks.filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None })
}

fn number(cell: &Cell) -> f64 {
    cell.text().replace('\u{202f}', "").parse().unwrap()
}

#[test]
fn a_report_is_reproduced_from_the_result_files_alone() {
    let folder = tempfile::tempdir().unwrap();
    let run = week(folder.path(), "week", &[]);
    let files = contents(&run);
    let first = String::from_utf8(files["report.html"].clone()).unwrap();
    assert!(first.len() < 6_000_000);
    let found = figures(&first);
    let expected = [
        "carpet-cop-of-heat-pump-at-homes",
        "carpet-loop-temperature",
        "convergence",
        "dispatch-electricity-at-homes",
        "dispatch-heat-at-offices",
        "durations",
        "energy-flows",
        "loop-temperature",
        "prices-homes",
        "storage-offices",
    ];
    for name in expected {
        assert!(found.contains_key(name), "{name} among {:?}", found.keys());
    }
    // The page needs no network: no address is fetched, and a policy forbids it.
    assert!(first.contains("default-src 'none'"));
    for place in ["src=\"http", "href=\"http", "url(http", "@import", "src=\"//"] {
        assert!(!first.contains(place), "{place}");
    }
    fs::remove_file(run.join("report.html")).unwrap();
    let said = report(folder.path(), &["results/week"]);
    assert_eq!(said, "results/week/report.html\n");
    assert!(fs::read_to_string(run.join("report.html")).unwrap() == first, "the same files give the same report");
    // A later run replaces the folder with its report and images.
    report(folder.path(), &["results/week", "--svg", "--quiet"]);
    week(folder.path(), "week", &[]);
    assert!(contents(&run) == files, "the same run gives the same bytes");
}

#[test]
fn numbers_of_a_report_are_those_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let place = week(folder.path(), "week", &[]);
    let run = RunResults::read(&place, "week").unwrap();
    let page = run_page(&run);
    let summary: Value = serde_json::from_slice(&fs::read(place.join("summary.json")).unwrap()).unwrap();
    let balances = tables(&page).find(|table| table.caption.starts_with("Energy balances")).unwrap();
    assert_eq!(balances.rows.len(), summary["carriers"].as_array().unwrap().len());
    for row in &balances.rows {
        // Accuracy of 1e-9 relative to the energy moved (a carrier without demand moves none): the worst step, and the
        // sum.
        let moved = row[2..row.len() - 2].iter().filter(|cell| !cell.text().is_empty()).map(number).fold(0.0, f64::max);
        for residual in &row[row.len() - 2..] {
            assert!(number(residual).abs() <= 1e-9 * moved.max(1e-3), "{row:?}");
        }
    }
    // Flows into the loop and out of it differ by the heat that its water stores.
    let flows = page.figures().find_map(|figure| match &figure.plot {
        Plot::Sankey { nodes, flows } => Some((nodes, flows)),
        _ => None,
    });
    let (nodes, flows) = flows.unwrap();
    let water = nodes.iter().position(|node| node.name == "water loop").unwrap();
    let sum = |of: &dyn Fn(&(usize, usize, f64)) -> bool| {
        flows.iter().filter(|flow| of(flow)).map(|flow| flow.2).sum::<f64>()
    };
    let (into, out) = (sum(&|flow| flow.1 == water), sum(&|flow| flow.0 == water));
    let temperatures = fs::read_to_string(place.join("loop_temperature.csv")).unwrap();
    let last = |line: &str| line.rsplit(',').next().unwrap().parse::<f64>().unwrap();
    let lines: Vec<&str> = temperatures.lines().collect();
    let kept_k = last(lines[lines.len() - 1]) - last(lines[1]);
    // 200 000 kg of water, 4.18 kJ/kg K.
    let config = fs::read_to_string(place.join("config.resolved.yaml")).unwrap();
    assert!(config.contains("water_mass_kg: 200000"), "{config}");
    let kept_kwh = kept_k * 200_000.0 * 4.18 / 3600.0;
    assert!((into - out - kept_kwh).abs() < 2e-3 * into, "{into} in, {out} out, {kept_kwh} kept");
    // The inflow of every conversion and carrier equals its outflow.
    for (node, name) in nodes.iter().enumerate().map(|(node, of)| (node, &of.name)).filter(|(node, _)| *node != water) {
        let (gets, gives) = (sum(&|flow| flow.1 == node), sum(&|flow| flow.0 == node));
        let is_end = gets == 0.0 || gives == 0.0;
        assert!(is_end || (gets - gives).abs() < 1e-3 * gets.max(gives), "{name} gets {gets} and gives {gives}");
    }
}

#[test]
fn runs_are_compared_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    week(folder.path(), "plain", &[]);
    week(folder.path(), "batteries", &["--scenario", "batteries"]);
    let said = report(folder.path(), &["results/plain", "results/batteries", "--png"]);
    assert!(said.starts_with("results/comparison.html\nresults/figures ("), "{said}");
    let html = fs::read_to_string(folder.path().join("results/comparison.html")).unwrap();
    for part in ["Differences to plain", "scenario", "Seasonal COP, heat_pump at homes"] {
        assert!(html.contains(part), "{part}");
    }
    let found = figures(&html);
    assert!(found.contains_key("loop-temperatures") && found.contains_key("gaps"));
    assert_eq!(found["costs"]["categories"], serde_json::json!(["plain", "batteries"]));
    // There is an image of every figure.
    for figure in found.keys() {
        let png = fs::read(folder.path().join(format!("results/figures/{figure}.png"))).unwrap();
        assert!(png.starts_with(b"\x89PNG") && png.len() > 5000, "{figure}");
        let width = u32::from_be_bytes(png[16..20].try_into().unwrap());
        assert_eq!(width, 2125, "180 mm at 300 dots per inch");
    }
    // Runs of the same name are distinguished by the folder above.
    fs::create_dir_all(folder.path().join("other")).unwrap();
    fs::rename(folder.path().join("results/batteries"), folder.path().join("other/plain")).unwrap();
    report(folder.path(), &["results/plain", "other/plain", "--output", "both.html", "--quiet"]);
    let html = fs::read_to_string(folder.path().join("both.html")).unwrap();
    assert!(html.contains("results/plain") && html.contains("other/plain"));
}

#[test]
fn runs_of_any_length_are_compared_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    week(folder.path(), "week", &[]);
    // The same time in one step, and in six.
    let run = |name: &str, hours: usize| {
        let model = minimal_model(&folder.path().join(name), |text| text);
        for file in ["heat.csv", "cop.csv"] {
            let path = folder.path().join(name).join("series").join(file);
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.lines().take(hours + 1).collect::<Vec<_>>().join("\n") + "\n").unwrap();
        }
        let output = anergy(folder.path(), &["run", model.to_str().unwrap(), "--quiet", "--name", name]);
        (output.status.code() == Some(0)).then_some(format!("results/{name}"))
    };
    let short: Vec<String> =
        [("six", 6), ("two", 2)].into_iter().filter_map(|(name, hours)| run(name, hours)).collect();
    assert_eq!(short.len(), 2);
    report(folder.path(), &["results/week", &short[0], &short[1], "--quiet", "--png", "--svg"]);
    // One of the folders is the working directory.
    let output = anergy(&folder.path().join("results/week"), &["report", ".", "../six"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        !folder.path().join("results/week/comparison.html").exists()
            && folder.path().join("results/comparison.html").exists()
    );
}

#[test]
fn foreign_images_are_not_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let run = week(folder.path(), "week", &[]);
    report(folder.path(), &["results/week", "--svg", "--quiet"]);
    fs::write(run.join("figures/mine.ai"), "precious").unwrap();
    let model = project("configs/smart_district.yaml");
    let output =
        anergy(folder.path(), &["run", &model, "--window", "2019-01-14..2019-01-14", "--name", "week", "--quiet"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(fs::read_to_string(run.join("figures/mine.ai")).unwrap(), "precious");
}

#[test]
fn technologies_with_the_name_of_a_carrier_are_distinguished() {
    let folder = tempfile::tempdir().unwrap();
    // A supply with the name of its carrier, and a heat pump with the name of the loop.
    let model = minimal_model(folder.path(), |text| text.replace("grid:", "electricity:").replace("pump", "heat"));
    let output = anergy(folder.path(), &["run", model.to_str().unwrap(), "--quiet", "--name", "alike"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let run = RunResults::read(&folder.path().join("results/alike"), "alike").unwrap();
    let page = run_page(&run);
    let flows = page.figures().find_map(|figure| match &figure.plot {
        Plot::Sankey { nodes, flows } => Some((nodes, flows)),
        _ => None,
    });
    let (nodes, flows) = flows.unwrap();
    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    assert!(names.contains(&"electricity (carrier)") && names.contains(&"electricity (outside)"), "{names:?}");
    assert!(names.contains(&"heat (carrier)") && names.contains(&"heat (technology)"), "{names:?}");
    let at = |name: &str| names.iter().position(|known| *known == name).unwrap();
    let through =
        flows.iter().any(|(from, to, _)| [*from, *to] == [at("electricity (outside)"), at("electricity (carrier)")]);
    assert!(through, "{flows:?}");
}

#[test]
fn names_are_escaped_in_reports() {
    let folder = tempfile::tempdir().unwrap();
    let evil = r#"Süd </script><script>alert('x')</script> & "Öst" O'Brien <b>日本</b>"#;
    let yaml = evil.replace('\'', "''");
    let model = minimal_model(folder.path(), |text| {
        let named = text.replace("name: Minimal", &format!("name: '{yaml}'"));
        named
            .replace("  tank:", &format!("  '{yaml}':"))
            .replace("tank: ,", &format!("'{yaml}': ,"))
            .replace("tank", "store")
    });
    assert!(fs::read_to_string(&model).unwrap().matches(&yaml).count() >= 3, "the name is in the model");
    let output = anergy(folder.path(), &["run", model.to_str().unwrap(), "--quiet", "--name", "evil"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let html = fs::read_to_string(folder.path().join("results/evil/report.html")).unwrap();
    assert!(!html.contains("<script>alert") && !html.contains("<b>日本"), "markup got into the page");
    assert_eq!(html.matches("</script>").count(), 4, "the page's own scripts and no other");
    let found = figures(&html);
    let levels = found["storage-house"]["panels"][0]["lines"][0]["name"].as_str().unwrap();
    assert_eq!(levels, evil, "names are shown as they are");
    report(folder.path(), &["results/evil", "--svg", "--png", "--quiet"]);
    for entry in fs::read_dir(folder.path().join("results/evil/figures")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "svg") {
            let svg = fs::read_to_string(&path).unwrap();
            assert!(!svg.contains("<script") && !svg.contains("<b>"), "{}", path.display());
        }
    }
}

#[test]
fn ambiguous_names_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let model = minimal_model(folder.path(), |text| text.replace("tank", "'t|nk'"));
    let output = anergy(folder.path(), &["check", model.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`t|nk`; expected a name without `|`"), "{}", stderr(&output));
}

#[test]
fn damaged_results_are_errors_with_their_position() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str], word: &str| {
        let output = anergy(folder.path(), &[&["report"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(word), "{word} in {}", stderr(&output));
    };
    refused(&["nowhere"], "nowhere: no results");
    let run = week(folder.path(), "week", &[]);
    let series = fs::read_to_string(run.join("timeseries.csv")).unwrap();
    let lines: Vec<&str> = series.lines().collect();
    let with = |lines: &[&str], last: &str| {
        fs::write(run.join("timeseries.csv"), format!("{}\n{last}", lines.join("\n"))).unwrap()
    };
    // The file is cut within a line, or at the end of a line, or lacks a line.
    with(&lines[..20], "2019-01-14 19:00:00,1");
    refused(&["results/week"], "timeseries.csv:21:");
    with(&lines[..20], "");
    refused(&["results/week"], "ends after 19 steps; expected the 168");
    with(&[&lines[..30], &lines[31..]].concat(), "");
    refused(&["results/week"], "timeseries.csv:31: expected a column `timestamp` of evenly spaced");
    // A cell that is not a number.
    for (wrong, word) in [
        ("12;5", "`12;5` in column `homes|grid|electricity|supply_kw`"),
        ("", "no finite number"),
        ("inf", "no finite"),
    ] {
        let mut cells: Vec<&str> = lines[5].split(',').collect();
        cells[1] = wrong;
        let line = cells.join(",");
        with(&[&lines[..5], &[line.as_str()], &lines[6..]].concat(), "");
        refused(&["results/week"], &format!("timeseries.csv:6: {word}"));
    }
    fs::remove_file(run.join("timeseries.csv")).unwrap();
    refused(&["results/week"], "timeseries.csv");
    fs::write(run.join("summary.json"), "{").unwrap();
    refused(&["results/week"], "summary.json");
    fs::remove_file(run.join("summary.json")).unwrap();
    fs::create_dir(run.join("journal")).unwrap();
    refused(&["results/week"], "--resume");
    let effects = folder.path().join("effects");
    fs::create_dir(&effects).unwrap();
    fs::write(effects.join("effects.csv"), "variant\npublished\n").unwrap();
    refused(&["effects"], "effects.csv:1: no column");
    refused(&["effects", "effects"], "only runs");
}

#[test]
fn a_report_omits_missing_parts() {
    let folder = tempfile::tempdir().unwrap();
    let run = week(folder.path(), "week", &[]);
    for file in ["prices.csv", "convergence.csv", "loop_temperature.csv", "config.resolved.yaml"] {
        fs::remove_file(run.join(file)).unwrap();
    }
    report(folder.path(), &["results/week", "--quiet"]);
    let found = figures(&fs::read_to_string(run.join("report.html")).unwrap());
    assert!(!found.contains_key("prices-homes") && !found.contains_key("convergence"));
    assert!(found.contains_key("energy-flows"));
    // A run of one step has no whole day and no line, but a report.
    let model = minimal_model(folder.path(), |text| text);
    let arguments = ["run", model.to_str().unwrap(), "--quiet", "--name", "hours"];
    let output = anergy(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let html = fs::read_to_string(folder.path().join("results/hours/report.html")).unwrap();
    assert!(html.contains("There is no loop") && !figures(&html).contains_key("loop-temperature"));
}

#[test]
fn effects_are_shown_switch_by_switch() {
    let folder = tempfile::tempdir().unwrap();
    let header = "variant,flipped_to,cost_eur,cost_difference_eur,grid_kwh,unmet_kwh,surplus_kwh,loop_c,low_limit_steps,\
                  high_limit_steps,created_kwh,vanished_kwh,gap_eur,relative_gap,verdict,iterations,mean_from,mean_to";
    let rows = "published,,1000,0,500,0,5,12.5,5,0,9e4,0,1e6,45,StoppedByPaperRule,11,7,11\n\
                loop_limit,balance,1040,40,530,0,0,10.25,154,0,0,0,1e5,2,StoppedByPaperRule,11,7,11\n\
                corrected,,1100,100,560,0,0,10.5,147,0,0,0,0.5,6e-5,Converged,20,20,20\n";
    fs::write(folder.path().join("effects.csv"), format!("{header}\n{rows}")).unwrap();
    report(folder.path(), &[".", "--quiet"]);
    let html = fs::read_to_string(folder.path().join("report.html")).unwrap();
    let found = figures(&html);
    assert_eq!(found["effects-cost"]["categories"], serde_json::json!(["loop_limit", "corrected"]));
    assert_eq!(found["effects-grid"]["series"][0][2], serde_json::json!([30.0, 60.0]));
    for part in ["Published", "Corrected", "+10.0", "Converged", "StoppedByPaperRule"] {
        assert!(html.contains(part), "{part}");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn a_sweep_shows_its_cases() {
    let folder = tempfile::tempdir().unwrap();
    let model = project("configs/smart_district.yaml");
    let sweep = format!(
        "name: Tanks & \"loops\"\ncase: {{model: '{model}', window: 2019-01-14..2019-01-15}}\ndesign: \
         grid\nparameters:\n  \
         water_loop.water_mass_kg: {{values: [1e5, 2e5, 4e5], as: mass_kg}}\n  scenario: [base, batteries]\n"
    );
    fs::write(folder.path().join("sweep.yaml"), sweep).unwrap();
    let output = anergy(folder.path(), &["sweep", "run", "sweep.yaml", "--name", "tanks", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    report(folder.path(), &["results/tanks", "--svg", "--quiet"]);
    let html = fs::read_to_string(folder.path().join("results/tanks/report.html")).unwrap();
    let found = figures(&html);
    assert_eq!(found["scatter"]["cases"].as_array().unwrap().len(), 6);
    assert_eq!(found["heat-map"]["grid"], true);
    assert_eq!(found["heat-map"]["columns"][1][0], "scenario (0: base, 1: batteries)");
    let counts: f64 = found["verdicts"]["series"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|series| series[2].as_array().unwrap())
        .map(|count| count.as_f64().unwrap())
        .sum();
    assert_eq!(counts, 6.0, "every case ended somehow");
    assert!(
        html.contains("Tanks &amp; &quot;loops&quot;") || html.contains("Tanks &#38; &#34;loops&#34;"),
        "the title is escaped"
    );
    // A table without one of its parameters is an error.
    let table = folder.path().join("results/tanks/table.csv");
    let whole = fs::read_to_string(&table).unwrap();
    fs::write(&table, whole.replacen("mass_kg", "mass", 1)).unwrap();
    let output = anergy(folder.path(), &["report", "results/tanks"]);
    assert!(output.status.code() == Some(2) && stderr(&output).contains("no column `mass_kg`"), "{}", stderr(&output));
    fs::write(&table, whole).unwrap();
    // The sweep can be resumed, and its folder is still a sweep's folder.
    let output = anergy(folder.path(), &["sweep", "run", "results/tanks", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}
