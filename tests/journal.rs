//! Runs that are stopped and resumed: they give the same bytes, or an error.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{anergy, contents, project, stderr};

/// A year that averaging solves, with fast iterations, and a fortnight that Newton's method solves, with slow
/// iterations.
const CASES: [&[&str]; 2] = [&[], &["--window", "2019-02-01..2019-02-14", "--set", "coupling.scheme=newton"]];

fn run<'a>(model: &'a str, name: &'a str, case: &[&'a str]) -> Vec<&'a str> {
    [&["run", model, "-q", "--name", name], case].concat()
}

/// Starts a run in `folder` and kills it after the duration `after`.
fn killed_after(folder: &Path, arguments: &[&str], after: Duration) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anergy"));
    command.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_run_is_resumed_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let model = project("configs/smart_district.yaml");
    let (mut went_on, mut random) = (0, 20_261_122_u64);
    for case in CASES {
        let began = Instant::now();
        let whole = anergy(folder.path(), &run(&model, "whole", case));
        let lasted = began.elapsed();
        assert!(matches!(whole.status.code(), Some(0 | 3)), "{}", stderr(&whole));
        let expected = contents(&folder.path().join("results/whole"));
        assert!(!expected.contains_key("journal"), "a run that has ended needs no journal");
        for round in 0..5 {
            // Numerical Recipes' linear congruential generator, for arbitrary moments.
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) % (1 << 32);
            let share = f64::from(u32::try_from(random).unwrap()) / f64::from(u32::MAX);
            let name = format!("killed-{round}");
            let place = folder.path().join("results").join(&name);
            killed_after(folder.path(), &run(&model, &name, case), lasted.mul_f64(share));
            if !place.join("journal").exists() {
                // The run was killed before its journal began, or after its end.
                let _ = std::fs::remove_dir_all(&place);
                continue;
            }
            let resumed = anergy(Path::new("/"), &["run", "-q", "--resume", &place.to_string_lossy()]);
            assert_eq!(resumed.status.code(), whole.status.code(), "{}", stderr(&resumed));
            let found = contents(&place);
            assert!(found.keys().eq(expected.keys()), "{:?}", found.keys());
            for (name, bytes) in &expected {
                assert!(found[name] == *bytes, "{name} differs after a kill at {share:.2} of {case:?}");
            }
            std::fs::remove_dir_all(&place).unwrap();
            went_on += 1;
        }
    }
    println!("{went_on} of 10 runs had begun and not ended");
    assert!(went_on >= 5, "{went_on} of 10 runs had begun and not ended when they were killed");
}

/// Returns the run folder of a killed run of a copy of a district with its series.
fn stopped(folder: &Path) -> PathBuf {
    for file in ["small_district/model.yaml", "small_district/technologies.yaml"] {
        let to = folder.join(file);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(project(&format!("configs/{file}")), to).unwrap();
    }
    let series = folder.join("small_district/timeseries");
    std::fs::create_dir_all(&series).unwrap();
    for entry in std::fs::read_dir(project("configs/small_district/timeseries")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), series.join(entry.file_name())).unwrap();
    }
    std::fs::copy(project("networks/small_ring.yaml"), folder.join("ring.yaml")).unwrap();
    // The tolerance is out of reach, so the run has not ended when it is killed.
    let endless = ["--set", "coupling.scheme=msa", "--set", "coupling.gap_tolerance=1e-12"];
    let endless = [&endless[..], &["--set", "coupling.max_iterations=100000"]].concat();
    let run = ["run", "small_district/model.yaml", "--water-loop", "ring.yaml", "-q", "--name", "stopped"];
    let journal = folder.join("results/stopped/journal");
    let mut command = Command::new(env!("CARGO_BIN_EXE_anergy"));
    let mut child = command.args([&run[..], &endless].concat()).current_dir(folder).spawn().unwrap();
    while !journal.join("iteration-0003").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    folder.join("results/stopped")
}

fn refusal(place: &Path) -> String {
    let output = anergy(place.parent().unwrap(), &["run", "-q", "--resume", &place.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    stderr(&output)
}

fn edit(path: &Path, edit: impl Fn(String) -> String) {
    let before = std::fs::read_to_string(path).unwrap();
    let after = edit(before.clone());
    assert_ne!(before, after);
    std::fs::write(path, after).unwrap();
}

#[test]
fn a_run_whose_files_have_changed_is_not_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let place = stopped(folder.path());
    let series = std::fs::read_dir(folder.path().join("small_district/timeseries")).unwrap().next().unwrap();
    let series = series.unwrap().path();
    for file in [folder.path().join("ring.yaml"), folder.path().join("small_district/technologies.yaml"), series] {
        let before = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{before}\n")).unwrap();
        let message = refusal(&place);
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(message.contains(&name) && message.contains("has changed since it began"), "{message}");
        std::fs::write(&file, before).unwrap();
    }
    let asked = place.join("journal/run.json");
    edit(&asked, |text| text.replace("\"anergy\": \"", "\"anergy\": \"0.0."));
    assert!(refusal(&place).contains("it was begun by anergy 0.0."));
    edit(&asked, |text| text.replace("\"anergy\": \"0.0.", "\"anergy\": \""));
    edit(&asked, |text| text.replace("max_iterations: 100000", "max_iterations: 7"));
    assert!(refusal(&place).contains("had `max_iterations: 7`, now `max_iterations: 100000`"));
}

#[test]
fn a_damaged_or_foreign_journal_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let place = stopped(folder.path());
    let kept = place.join("journal/iteration-0002");
    let bytes = std::fs::read(&kept).unwrap();
    let damaged = |bytes: &[u8], expected: &str| {
        std::fs::write(&kept, bytes).unwrap();
        let message = refusal(&place);
        assert!(message.contains(expected), "{message}");
    };
    damaged(&bytes[..bytes.len() - 9], "its bytes are not those that were written");
    damaged(b"", "it has no end of its first line");
    damaged(&std::fs::read(place.join("journal/iteration-0001")).unwrap(), "it holds iteration 1");
    // The record is changed as if another machine had rounded differently.
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let other = head.replace(r#"\"cop_residual\":"#, r#"\"cop_residual\":1"#);
    assert_ne!(head, other);
    damaged(&[other.as_bytes(), &bytes[end..]].concat(), "iteration 2 of the journal comes out differently here");
}

#[test]
fn resuming_without_a_journal_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(refusal(&folder.path().join("nowhere")).contains("no run was begun there"));
    let ended = ["run", &project("configs/smart_district.yaml"), "-q", "--name", "ended", "--window", "2019-06-01"];
    assert_eq!(anergy(folder.path(), &ended).status.code(), Some(0));
    let again = anergy(folder.path(), &["run", "--resume", "results/ended"]);
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    assert!(stderr(&again).contains("this run has ended"));
}

/// Ctrl-C: the run returns the best iterate with the verdict `Interrupted`, and a journal to resume from.
#[cfg(unix)]
#[test]
fn an_interrupted_run_has_its_verdict_and_can_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let model = project("configs/smart_district.yaml");
    let whole = anergy(folder.path(), &run(&model, "whole", &[]));
    let mut command = Command::new(env!("CARGO_BIN_EXE_anergy"));
    let mut child =
        command.args(run(&model, "asked", &[])).current_dir(folder.path()).stdout(Stdio::null()).spawn().unwrap();
    let place = folder.path().join("results/asked");
    while !place.join("journal/iteration-0001").exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let asked = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(asked.success());
    assert_eq!(child.wait().unwrap().code(), Some(5));
    let summary = std::fs::read_to_string(place.join("summary.json")).unwrap();
    assert!(summary.contains(r#""verdict": "interrupted""#), "{summary}");
    let resumed = anergy(folder.path(), &["run", "-q", "--resume", "results/asked"]);
    assert_eq!(resumed.status.code(), whole.status.code(), "{}", stderr(&resumed));
    assert!(contents(&place) == contents(&folder.path().join("results/whole")));
}
