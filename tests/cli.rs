//! The program as a user runs it: output, files, and failures.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::{anergy, contents, minimal_model, project, published_data, stderr, stdout};

#[test]
fn a_run_prints_its_summary_and_writes_the_same_bytes_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (model, ring) = (project("configs/small_district/model.yaml"), project("networks/small_ring.yaml"));
    let run = |name: &str| {
        let output = anergy(folder.path(), &["run", &model, "--water-loop", &ring, "--name", name]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        output
    };
    let output = run("first");
    let text = stdout(&output);
    for part in ["Small district", "Converged", "gap", "homes", "offices", "certificate", "results/first"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(stderr(&output).contains("iteration"), "progress goes to standard error");
    run("second");
    let (first, second) =
        (contents(&folder.path().join("results/first")), contents(&folder.path().join("results/second")));
    let names: Vec<_> = first.keys().map(String::as_str).collect();
    let mut expected = vec![
        "config.resolved.yaml",
        "convergence.csv",
        "loop_temperature.csv",
        "prices.csv",
        "report.html",
        "summary.json",
        "timeseries.csv",
    ];
    if cfg!(feature = "parquet") {
        expected.push("timeseries.parquet");
    }
    assert_eq!(names, expected);
    assert!(first == second, "the same input gives the same bytes");
    let summary: serde_json::Value = serde_json::from_slice(&first["summary.json"]).unwrap();
    assert_eq!(summary["coupling"]["verdict"], "converged");
    assert_eq!(summary["steps"], 120);
    let header = String::from_utf8_lossy(&first["timeseries.csv"]).lines().next().unwrap().to_owned();
    assert!(header.contains("homes|tank_heat|heat|level_kwh") && header.contains("loop|temperature_c"), "{header}");
}

#[test]
fn quiet_and_json_options_work() {
    let folder = tempfile::tempdir().unwrap();
    let model = minimal_model(folder.path(), |text| text);
    let output = anergy(folder.path(), &["run", model.to_str().unwrap(), "--quiet", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "");
    let summary: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(summary["coupling"].is_null() && summary["cost"]["total_eur"].as_f64().unwrap() > 0.0);
}

#[test]
fn input_errors_exit_with_two_and_show_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let model = minimal_model(folder.path(), |text| text.replace("storage_loss", "storage_los"));
    let output = anergy(folder.path(), &["run", model.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let text = stderr(&output);
    for part in ["unknown key `storage_los`; did you mean `storage_loss`?", "model.yaml:19:", "^^^^^^^^^^^"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let left = std::fs::read_dir(folder.path().join("results")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "a refused run writes nothing");
    minimal_model(folder.path(), |text| text);

    for arguments in [
        &["run", "no/such/model.yaml"][..],
        &["run", "model.yaml", "--scenario", "none"],
        &["run", "model.yaml", "--preset", "publishd"],
        &["run", "model.yaml", "--preset", "published"],
        &["run", "model.yaml", "--set", "techs.gird.costs.monetary.om_prod=9"],
        &["run", "model.yaml", "--set", "techs.pump.energy_eff=9"],
        &["run", "model.yaml", "--set", "techs.grid.costss.monetary.om_prod=9"],
        &["run", "model.yaml", "--set", "locations.hose.techs.tank.exists=false"],
        &["run", "model.yaml", "--set", "techs.grid.costs.monetary.om_prod=1e300"],
        &["run", "model.yaml", "--out", "model.yaml"],
        &["run", "model.yaml", "--window", "yesterday..today"],
        &["run", "model.yaml", "--set", "nonsense"],
        &["run", "model.yaml", "--name", "../escape"],
        &["run"],
        &["check", "model.yaml", "--write-model", "no/such/folder/model.lp"],
        &["reproduce", "iccep2019", "--data", "no/such/folder"],
        &["reproduce", "iccep2019", "--data", ".", "--window", "wek"],
        &["frobnicate"],
    ] {
        let output = anergy(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("error"), "{arguments:?}: {}", stderr(&output));
    }
}

/// `check` writes the LP that `run` solves: another solver finds the same costs.
#[test]
fn the_written_model_has_the_same_optimum_in_another_solver() {
    let folder = tempfile::tempdir().unwrap();
    minimal_model(folder.path(), |text| text);
    for name in ["model.mps", "model.lp"] {
        let output = anergy(folder.path(), &["check", "model.yaml", "--write-model", name]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stderr(&output).contains(&format!("{name}: 54 columns, 18 rows")), "{}", stderr(&output));
        assert!(std::fs::read_to_string(folder.path().join(name)).unwrap().contains("house_grid_t5"));
    }
    let output = anergy(folder.path(), &["check", "model.yaml", "--write-model", "model.txt"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("ends with .mps (free MPS) or .lp (CPLEX LP)"), "{}", stderr(&output));

    let solve = ["model.mps", "solve", "solution", "answer.txt"];
    if std::process::Command::new("cbc").args(solve).current_dir(folder.path()).output().is_err() {
        eprintln!("SKIPPED: the program `cbc` is not installed (Debian: coinor-cbc)");
        return;
    }
    let answer = std::fs::read_to_string(folder.path().join("answer.txt")).unwrap();
    let value = answer.lines().next().and_then(|line| line.strip_prefix("Optimal - objective value"));
    let objective: f64 = value.unwrap().trim().parse().unwrap();
    let output = anergy(folder.path(), &["run", "model.yaml", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let cost = |key: &str| summary["cost"][key].as_f64().unwrap();
    let expected = cost("operation_eur") + cost("co2_eur");
    assert!((objective - expected).abs() < 1e-6, "{objective} {expected}");
}

#[test]
fn an_infeasible_district_exits_with_four_and_names_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let strict = |text: String| {
        text.replace("ensure_feasibility: true", "ensure_feasibility: false")
            .replace("resource_scale: 2", "resource_scale: 4")
    };
    let model = minimal_model(folder.path(), strict);
    let output = anergy(folder.path(), &["run", model.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let text = stderr(&output);
    for part in ["cannot be met", "house: short of", "kWh of heat", "2015-01-01 0"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn running_out_of_iterations_exits_with_three() {
    let folder = tempfile::tempdir().unwrap();
    let (model, ring) = (project("configs/small_district/model.yaml"), project("networks/small_ring.yaml"));
    let settings = ["--set", "coupling.gap_tolerance=1e-12", "--set", "coupling.max_iterations=1"];
    let output = anergy(folder.path(), &[&["run", &model, "--water-loop", &ring][..], &settings].concat());
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let text = stdout(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("not converged") && text.contains("Try more max_iterations"), "{text}");
}

#[test]
fn a_closed_output_is_not_a_failure() {
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    let model = minimal_model(folder.path(), |text| text);
    let mut child = Command::new(env!("CARGO_BIN_EXE_anergy"))
        .args(["run", model.to_str().unwrap(), "--quiet"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}

#[test]
fn reproduce_reports_compared_and_uncompared_figures() {
    let Some(data) = published_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = data.to_str().unwrap();
    let output = anergy(folder.path(), &["reproduce", "iccep2019", "--data", data, "-q"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let text = stdout(&output);
    for part in ["StoppedByPaperRule", "not converged", "29589.541", "hour by hour against", "within tolerance"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(folder.path().join("results/iccep2019-smarti-week/comparison.csv").is_file());

    // A modified reference must be detected: every temperature of one iteration is changed by a thousandth of a kelvin.
    let reference = folder.path().join("reference/week");
    std::fs::create_dir_all(&reference).unwrap();
    let table =
        std::fs::read_to_string(folder.path().join("results/iccep2019-smarti-week/loop_temperature.csv")).unwrap();
    let mut off = String::from("step");
    (0..12).for_each(|iteration| off += &format!(",iter_{iteration}"));
    off.push('\n');
    for (step, line) in table.lines().skip(1).enumerate() {
        off += &step.to_string();
        for (iteration, cell) in line.split(',').skip(1).enumerate() {
            let shift = if iteration == 1 { 1e-3 } else { 0.0 };
            off += &format!(",{}", cell.parse::<f64>().unwrap() + shift);
        }
        off.push('\n');
    }
    std::fs::write(reference.join("T_ring.csv"), off).unwrap();
    let reference = folder.path().join("reference");
    let arguments = ["reproduce", "iccep2019", "--data", data, "--reference", reference.to_str().unwrap(), "-q"];
    let output = anergy(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(6));
    assert!(stdout(&output).contains("OUTSIDE TOLERANCE"));

    let empty = folder.path().join("empty");
    std::fs::create_dir_all(&empty).unwrap();
    let arguments = ["reproduce", "iccep2019", "--data", data, "--reference", empty.to_str().unwrap(), "-q"];
    let output = anergy(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("loop temperature hour by hour: not compared"));
}

#[test]
fn a_full_disk_behind_standard_output_is_a_failure() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        eprintln!("SKIPPED: this system has no /dev/full");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let model = minimal_model(folder.path(), |text| text);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_anergy"))
        .args(["run", model.to_str().unwrap(), "--quiet"])
        .current_dir(folder.path())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot print the results"), "{}", stderr(&output));
}

#[test]
fn contradictory_loop_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let model = project("configs/small_district/model.yaml");
    let ring = std::fs::read_to_string(project("networks/small_ring.yaml")).unwrap();
    let cases = [
        ("valid_lift_k: [10, 50]", "valid_lift_k: [50, 10]", 2, "the lower one first"),
        (
            "coefficients: [8.5,",
            "coefficients: [0.5,",
            2,
            "heat_pumps.heat_pump_heat.cop.coefficients is [0.5, -0.15, 0.0009]",
        ),
        ("outside: clamp}", "outside: clamp, grade: 1}", 2, "grade"),
        ("max_c: 24", "max_c: 24\n  ground: {conductance_kw_per_k: -1, temp_c: 9}", 2, "conductance_kw_per_k is -1"),
        ("max_c: 24", "max_c: 24\n  ground: {conductance_kw_per_k: 1, temp_c: file=ground.csv}", 2, "ground.csv"),
        ("max_c: 24", "max_c: 24\n  balancing: {heating: {capacity: 9}}", 2, "did you mean `capacity_kw`?"),
        ("technology: heat_pump_hot_water", "technology: heat_pump_heat", 2, "names `heat_pump_heat` twice"),
        ("tank_hot_water, base_c", "tank_heat, base_c", 2, "names `tank_heat` twice"),
        ("min_c: 12", "min_c: 30", 2, "max_c is 24"),
        ("start_cop: 5.5", "start_cop: 0", 2, "start_cop is 0"),
        ("sink_c: 35", "sinkc: 35", 2, "did you mean `sink_c`?"),
        ("store: tank_heat", "store: tank_haet", 0, "store `tank_haet` stands nowhere"),
    ];
    for (from, to, code, what) in cases {
        assert!(ring.contains(from), "{from}");
        std::fs::write(folder.path().join("ring.yaml"), ring.replacen(from, to, 1)).unwrap();
        let output = anergy(folder.path(), &["run", &model, "--water-loop", "ring.yaml", "-q"]);
        assert_eq!(output.status.code(), Some(code), "{to}: {}", stderr(&output));
        assert!(stderr(&output).contains(what), "{to}: {}", stderr(&output));
    }
}

#[test]
fn completions_and_manuals_contain_every_verb() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = anergy(folder.path(), &["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).contains("reproduce") && stdout(&output).contains("window"), "{shell}");
    }
    let output = anergy(folder.path(), &["man", "pages"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for page in ["anergy", "anergy-run", "anergy-check", "anergy-study-convergence"] {
        let text = std::fs::read_to_string(folder.path().join(format!("pages/{page}.1"))).unwrap();
        assert!(text.starts_with(".ie") && text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
}

#[test]
fn only_terminals_get_colours() {
    let folder = tempfile::tempdir().unwrap();
    let (model, ring) = (project("configs/small_district/model.yaml"), project("networks/small_ring.yaml"));
    let output = anergy(folder.path(), &["run", &model, "--water-loop", &ring, "-q"]);
    assert!(!stdout(&output).contains('\u{1b}'), "{}", stdout(&output));
    let course = stdout(&output).lines().find(|line| line.contains("loop over time")).unwrap().to_owned();
    assert!(course.chars().filter(|c| ('▁'..='█').contains(c)).count() == 60, "{course}");
}
