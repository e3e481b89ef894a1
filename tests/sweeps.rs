//! Sweeps: the table does not depend on threads, shards and interruptions.
#![cfg(feature = "parquet")]
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::AtomicBool;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anergy::config::Case;
use anergy::cosim::solver;
use anergy::results::{Column, Table};
use anergy::run::run_case;
use anergy::study::sweep::manifest::Manifest;
use anergy::study::sweep::{Shard, SweepError, SweepFile, Work, collect, progress};
use sha2::{Digest, Sha256};

const CASES: usize = 12;

/// A folder with a sweep file over the small district.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let text = format!("parameters:\n  water_loop.water_mass_kg: {{linspace: [20000, 60000], points: {CASES}}}\n");
        Self::with(&text)
    }

    fn with(parameters: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = env!("CARGO_MANIFEST_DIR");
        let model = format!("{root}/configs/small_district/model.yaml");
        // A tolerance that is reached in milliseconds.
        let set = "set: {coupling.gap_tolerance: 3e-3}";
        let case = format!("case: {{model: {model}, water_loop: {root}/networks/small_ring.yaml, {set}}}\n");
        fs::write(folder.path().join("masses.yaml"), case + parameters).unwrap();
        Self { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("masses.yaml")
    }

    /// Plans the sweep under a name.
    fn plan(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        Manifest::plan(&SweepFile::load(&self.file()).unwrap(), &folder, &AtomicBool::new(false)).unwrap();
        folder
    }
}

fn run(folder: &Path, shard: Shard, threads: usize, commit_every: usize) {
    let done = Work { shard, threads, commit_every }.run(folder, &mut ()).unwrap();
    assert_eq!(done.done, done.cases);
}

/// Returns the bytes of the tables after collection.
fn tables(folder: &Path) -> [Vec<u8>; 2] {
    let collected = collect(folder, 1).unwrap();
    assert_eq!((collected.rows, collected.missing_shards.len()), (collected.cases, 0));
    collected.tables.map(|path| fs::read(path).unwrap())
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("segments")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Writes a table as a worker would: under the hash of its bytes.
fn put_segment(folder: &Path, table: &Table, first: usize, last: usize) {
    let bytes = table.to_parquet().unwrap();
    let hash: String = Sha256::digest(&bytes)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(folder.join("segments").join(format!("{first:09}-{last:09}-{hash}.parquet")), bytes).unwrap();
}

fn anergy(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_anergy")).args(arguments).output().unwrap()
}

#[test]
fn results_do_not_depend_on_threads_shards_and_segments() {
    let place = Place::new();
    let serial = place.plan("serial");
    run(&serial, Shard::WHOLE, 1, 100);
    let [parquet, csv] = tables(&serial);
    let text = String::from_utf8(csv.clone()).unwrap();
    assert_eq!(text.lines().count(), CASES + 1);
    assert!(text.lines().skip(1).all(|line| line.contains(",ok,Converged,,")), "{text}");
    assert_eq!(Table::from_parquet(parquet.clone()).unwrap().rows(), CASES);

    let two = place.plan("two");
    run(&two, Shard::WHOLE, 2, 5);
    assert_eq!(tables(&two), [parquet.clone(), csv.clone()]);

    let shards = place.plan("shards");
    for index in [2, 0, 1] {
        run(&shards, Shard { index, of: 3 }, 1, 2);
    }
    assert_eq!(segments(&shards).len(), 6, "four cases a shard, two a segment");
    assert_eq!(tables(&shards), [parquet, csv]);
}

#[test]
fn finished_cases_are_kept_and_damaged_ones_run_again() {
    let place = Place::new();
    let whole = place.plan("whole");
    run(&whole, Shard::WHOLE, 1, 4);
    let known = tables(&whole);
    let before = segments(&whole);
    run(&whole, Shard::WHOLE, 1, 4);
    assert_eq!(segments(&whole), before, "there was nothing to do");

    let bytes = fs::read(&before[1]).unwrap();
    fs::write(&before[1], &bytes[..bytes.len() - 100]).unwrap();
    let standing = progress(&whole, 3).unwrap();
    assert_eq!((standing.done, standing.missing, standing.broken_segments), (CASES - 4, 4, 1));
    assert_eq!(standing.missing_shards, [0, 1, 2]);
    let collected = collect(&whole, 1).unwrap();
    assert_eq!((collected.rows, collected.broken_segments), (CASES - 4, 1));
    // The name contains the hash of the content, so the repaired segment replaces the damaged one.
    run(&whole, Shard::WHOLE, 1, 4);
    assert_eq!(segments(&whole), before);
    assert_eq!(tables(&whole), known);
}

#[test]
fn equal_duplicates_are_counted_and_different_ones_are_an_error() {
    let place = Place::new();
    let whole = place.plan("whole");
    run(&whole, Shard::WHOLE, 1, 100);
    let known = tables(&whole);
    let other = place.plan("other");
    run(&other, Shard { index: 0, of: 2 }, 1, 100);
    let [segment] = &segments(&other)[..] else { panic!("one segment") };
    let target = whole.join("segments").join(segment.file_name().unwrap());
    fs::copy(segment, &target).unwrap();
    assert_eq!(collect(&whole, 1).unwrap().duplicates, CASES / 2);
    assert_eq!(tables(&whole), known);

    // The same cases with another cost, in a segment of its own.
    fs::remove_file(&target).unwrap();
    let table = Table::from_parquet(fs::read(segment).unwrap()).unwrap();
    let mut changed = Table::default();
    for (name, column) in table.into_columns() {
        let column = match column {
            Column::Number(values) if name == "cost_eur" => Column::Number(values.iter().map(|v| v + 1e-9).collect()),
            column => column,
        };
        changed.push(name, column);
    }
    put_segment(&whole, &changed, 0, CASES - 2);
    assert!(matches!(collect(&whole, 1), Err(SweepError::Different { case: 0, .. })));
}

#[test]
fn a_plan_never_changes() {
    let place = Place::new();
    let folder = place.plan("sweep");
    let manifest = fs::read(folder.join("manifest.json")).unwrap();
    assert_eq!(place.plan("sweep"), folder, "the same plan again is no mistake");
    assert_eq!(fs::read(folder.join("manifest.json")).unwrap(), manifest);
    let text = fs::read_to_string(place.file()).unwrap().replace("60000", "70000");
    fs::write(place.file(), text).unwrap();
    let other = Manifest::plan(&SweepFile::load(&place.file()).unwrap(), &folder, &AtomicBool::new(false));
    assert!(matches!(other, Err(SweepError::PlannedOtherwise { .. })));
    let out = anergy(&[
        "sweep",
        "plan",
        place.file().to_str().unwrap(),
        "--out",
        place.folder.path().to_str().unwrap(),
        "--name",
        "sweep",
    ]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("choose another --name"));
}

#[test]
fn errors_are_found_before_any_case_is_run() {
    let refused = |parameters: &str, expected: &[&str]| {
        let place = Place::with(parameters);
        let file = place.file();
        let out = place.folder.path().join("out");
        let output = anergy(&["sweep", "run", file.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        expected.iter().for_each(|expected| assert!(text.contains(expected), "{text}"));
        assert!(!out.exists() || fs::read_dir(out).unwrap().count() == 0, "nothing is left behind");
    };
    refused("parameters: {water_loop.water_mas_kg: [1e4, 2e4]}\n", &["water_mas_kg", "water_mass_kg", "masses.yaml:2"]);
    refused("parameters: {water_loop.water_mass_kg: [1e4, -2e4]}\n", &["water_mass_kg is -20000", "case 1"]);
    let reserved = "parameters: {water_loop.water_mass_kg: {values: [1e4, 2e4], as: cost_eur}}\n";
    refused(reserved, &["`cost_eur` is a column", "masses.yaml:2"]);
    refused("paramters: {water_loop.water_mass_kg: [1e4, 2e4]}\n", &["paramters", "parameters", "masses.yaml:2"]);
}

/// A representative case is a case of the sweep, not a combination that the design or a constraint excludes.
#[test]
fn only_cases_of_the_design_are_read_in_planning() {
    for rest in [
        "design: zip\nparameters: {water_loop.min_c: [5, 17], water_loop.initial_c: [10, 20]}\n",
        "parameters: {water_loop.min_c: {values: [5, 17], as: low}, water_loop.initial_c: {values: [10, 20], as: start}}\n\
         constraints: [low < start]\n",
    ] {
        let place = Place::with(rest);
        let manifest = Manifest::load(&place.plan("sweep")).unwrap();
        assert!((2..=3).contains(&manifest.cases));
    }
}

#[test]
fn options_without_effect_are_errors() {
    let place = Place::new();
    let folder = place.plan("sweep");
    let folder = folder.to_str().unwrap();
    for option in
        [&["--dry-run"][..], &["--shards", "3"], &["--parallel", "2"], &["--name", "other"], &["--threads", "0"]]
    {
        let output = anergy(&[&["sweep", "run", folder], option].concat());
        assert_eq!(output.status.code(), Some(2), "{option:?}");
    }
    assert_eq!(progress(Path::new(folder), usize::MAX).unwrap().done, 0, "nothing was run");
}

/// Rows of another sweep are not collected, whatever their names.
#[test]
fn rows_of_another_sweep_do_not_count() {
    let (place, other) = (Place::new(), Place::with("parameters: {water_loop.max_c: [24, 25]}\n"));
    let [folder, foreign] = [place.plan("sweep"), other.plan("sweep")];
    run(&foreign, Shard::WHOLE, 1, 100);
    for segment in segments(&foreign) {
        fs::copy(&segment, folder.join("segments").join(segment.file_name().unwrap())).unwrap();
    }
    assert_eq!(progress(&folder, 1).unwrap().done, 0);
    run(&folder, Shard::WHOLE, 2, 100);
    let collected = collect(&folder, 1).unwrap();
    assert_eq!((collected.rows, collected.foreign), (CASES, 2));
    let clean = place.plan("clean");
    run(&clean, Shard::WHOLE, 2, 100);
    assert_eq!(tables(&folder), tables(&clean));
}

#[test]
fn requested_series_are_stored() {
    let series = "outputs: {series: [loop|temperature_c, flats|chp|heat|output_kw]}\n";
    let parameters = "parameters:\n  water_loop.water_mass_kg: {linspace: [20000, 60000], points: 6}\n";
    let unknown = Place::with(&format!("{parameters}{series}"));
    let refused = Manifest::plan(
        &SweepFile::load(&unknown.file()).unwrap(),
        &unknown.folder.path().join("sweep"),
        &AtomicBool::new(false),
    );
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("no column `flats|chp|heat|output_kw`"), "{message}");

    let place = Place::with(&format!("{parameters}outputs: {{series: [\"loop|temperature_c\"]}}\n"));
    let [whole, parts] = ["whole", "parts"].map(|name| place.plan(name));
    run(&whole, Shard::WHOLE, 2, 100);
    run(&parts, Shard { index: 1, of: 2 }, 1, 2);
    run(&parts, Shard::WHOLE, 1, 1);
    let [a, b] = [&whole, &parts].map(|folder| fs::read(collect(folder, 1).unwrap().series.unwrap()).unwrap());
    assert_eq!(a, b);
    // If a file of series is damaged or missing, its rows count as missing until they are run again.
    let series = || fs::read_dir(parts.join("series")).unwrap().map(|entry| entry.unwrap().path()).next().unwrap();
    fs::write(series(), "cut short").unwrap();
    assert!(progress(&parts, 1).unwrap().broken_segments > 0);
    assert!(collect(&parts, 1).unwrap().rows < 6);
    run(&parts, Shard::WHOLE, 1, 1);
    fs::remove_dir_all(parts.join("series")).unwrap();
    assert_eq!(progress(&parts, 1).unwrap().done, 0);
    run(&parts, Shard::WHOLE, 1, 9);
    assert_eq!(fs::read(collect(&parts, 1).unwrap().series.unwrap()).unwrap(), a);
    let table = Table::from_parquet(a).unwrap();
    let Column::Fixed(kept) = &table.columns()[2].1 else { panic!("{:?}", table.columns()[2].0) };

    let file = SweepFile::load(&place.file()).unwrap();
    let case = Case::load(&file.cases().unwrap().request(&file.request(), 4)).unwrap();
    let steps = case.district.axis().len();
    assert_eq!(kept.len(), 6 * steps);
    let run = run_case(&case, solver(&case.district), &mut ()).unwrap();
    let temperatures = &run.coupling.unwrap().response.temp_c;
    let misses = kept[4 * steps..].iter().zip(temperatures).take(steps).map(|(kept, exact)| (kept - exact).abs());
    assert!(misses.fold(0.0, f64::max) <= 0.5e-3 + 1e-12);
}

#[test]
fn changed_input_is_an_error_and_a_failed_case_is_a_row() {
    let place = Place::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ring = place.folder.path().join("ring.yaml");
    fs::copy(root.join("networks/small_ring.yaml"), &ring).unwrap();
    let text = fs::read_to_string(place.file()).unwrap();
    let text = text.replace(root.join("networks/small_ring.yaml").to_str().unwrap(), ring.to_str().unwrap());
    // Two iterations are enough for a gap of nine tenths, and never for one of 1e-12.
    let text = text.replace("set: {coupling.gap_tolerance: 3e-3}", "set: {coupling.max_iterations: 2}");
    let text = &text[..text.find("parameters:").unwrap()];
    let parameters = "parameters:\n  coupling.gap_tolerance: [0.9, 1e-12]\n  water_loop.min_c: [12, 17]\n  \
        water_loop.max_c: [25, 17]\n";
    fs::write(place.file(), format!("{text}{parameters}")).unwrap();
    let folder = place.plan("sweep");
    run(&folder, Shard::WHOLE, 2, 100);
    let standing = progress(&folder, 1).unwrap();
    // A loop from 17 to 17 degrees is an error of two parameters together, which is found when the case is run.
    assert_eq!((standing.done, standing.not_converged, standing.failed), (8, 3, 2));
    let table = Table::from_parquet(tables(&folder)[0].clone()).unwrap();
    let cells = |name: &str| match &table.columns().iter().find(|(known, _)| known == name).unwrap().1 {
        Column::Text(values) => values.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(cells("status"), [["ok"; 3], ["not_converged"; 3]].map(|all| [&all[..], &["failed"]].concat()).concat());
    assert!(cells("error")[3].contains("max_c"), "{}", cells("error")[3]);
    fs::write(&ring, fs::read_to_string(&ring).unwrap() + "\n# changed\n").unwrap();
    let again = Work { shard: Shard::WHOLE, threads: 1, commit_every: 9 }.run(&folder, &mut ());
    assert!(matches!(again, Err(SweepError::Changed(path)) if path == ring));
}

/// After a worker was killed at any moment, its committed rows remain, and the next worker runs the others.
#[cfg(unix)]
#[test]
fn kill_and_interrupt_lose_only_running_cases() {
    let place = Place::new();
    let whole = place.plan("whole");
    run(&whole, Shard::WHOLE, 1, 100);
    let known = tables(&whole);
    for (signal, code) in [("KILL", None), ("INT", Some(5)), ("TERM", Some(5))] {
        let folder = place.plan(signal);
        let arguments = ["sweep", "run", folder.to_str().unwrap(), "--threads", "2", "--commit-every", "2", "--quiet"];
        let mut worker = Command::new(env!("CARGO_BIN_EXE_anergy"))
            .args(arguments)
            .env("ANERGY_TEST_SLEEP_MS", "300")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while segments(&folder).iter().filter(|path| path.extension().is_some_and(|end| end == "parquet")).count() < 2 {
            assert!(began.elapsed() < Duration::from_secs(60), "no segment came");
            sleep(Duration::from_millis(20));
        }
        let asked = Instant::now();
        assert!(
            Command::new("kill").args([&format!("-{signal}"), &worker.id().to_string()]).status().unwrap().success()
        );
        assert_eq!(worker.wait().unwrap().code(), code, "{signal}");
        assert!(asked.elapsed() < Duration::from_secs(5), "it ends within five seconds");
        let standing = progress(&folder, 1).unwrap();
        assert!((4..CASES).contains(&standing.done), "{signal}: {} are done", standing.done);
        let before = segments(&folder);
        run(&folder, Shard::WHOLE, 2, 100);
        let after = segments(&folder);
        assert!(before.iter().all(|path| after.contains(path)), "{signal}: what was committed stays");
        assert_eq!(tables(&folder), known, "{signal}");
    }
}

/// A million cases and their rows: planned in seconds, collected in about ten, block by block. Prints the durations.
#[test]
#[ignore = "half a gigabyte on disk; run in release"]
fn a_million_cases_are_planned_and_collected() {
    const SIDE: usize = 1000;
    const SCALARS: usize = 20;
    const SEGMENT: usize = 500;
    let place = Place::with(&format!(
        "parameters:\n  water_loop.water_mass_kg: {{linspace: [2e4, 6e4], points: {SIDE}}}\n  coupling.gap_tolerance: \
         {{logspace: [1e-4, 1e-2], points: {SIDE}}}\n"
    ));
    let out = place.folder.path().to_str().unwrap().to_owned();
    let began = Instant::now();
    let planned = anergy(&["sweep", "plan", place.file().to_str().unwrap(), "--out", &out, "--name", "sweep"]);
    assert!(planned.status.success());
    let plan_seconds = began.elapsed().as_secs_f64();
    let folder = place.folder.path().join("sweep");
    let cases = Manifest::load(&folder).unwrap().cases_of(&folder, Shard::WHOLE).unwrap();
    assert_eq!(cases.len(), SIDE * SIDE);
    let mut ids = cases.id.clone();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), cases.len(), "every case has an id of its own");

    // Two shards, interleaved.
    for first in (0..cases.len()).step_by(2 * SEGMENT) {
        for shard in 0..2 {
            let index: Vec<usize> = (first + shard..(first + 2 * SEGMENT).min(cases.len())).step_by(2).collect();
            let text = |text: &str| Column::Text(vec![text.to_owned(); index.len()]);
            let mut table = Table::default();
            table.push("id", Column::Text(index.iter().map(|&case| cases.id[case].clone()).collect()));
            table.push("status", text("ok"));
            table.push("verdict", text("Converged"));
            table.push("error", text(""));
            for scalar in 0..SCALARS {
                let value = |&case: &usize| ((case * 7919 + scalar) % 1_000_003) as f64 / 997.0;
                table.push(format!("scalar_{scalar:02}"), Column::Number(index.iter().map(value).collect()));
            }
            let (from, to) = (index[0], index[index.len() - 1]);
            table.push("index", Column::Count(index));
            put_segment(&folder, &table, from, to);
        }
    }
    drop((cases, ids));
    let began = Instant::now();
    let collected = anergy(&["sweep", "collect", folder.to_str().unwrap(), "--json"]);
    let collect_seconds = began.elapsed().as_secs_f64();
    assert!(collected.status.success(), "{}", String::from_utf8_lossy(&collected.stderr));
    let collected: serde_json::Value = serde_json::from_slice(&collected.stdout).unwrap();
    assert_eq!(collected["rows"], SIDE * SIDE);
    let bytes = fs::metadata(folder.join("table.csv")).unwrap().len();
    println!("plan {plan_seconds:.1} s, collect {collect_seconds:.1} s, table.csv {} MB", bytes >> 20);
}
