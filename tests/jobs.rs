//! Jobs in one process: each has its own base directory, and none changes a state that another job uses.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use anergy::config::Request;
use anergy::coupling::{Observer, Record, Verdict};
use anergy::run::{Artifacts, Cancellation, Ending, Extras, Job, JobObserver, Resumed};
use common::{anergy, contents, project, stderr};

/// Returns a folder with a copy of the small district whose loop has `mass_kg` of water.
fn district(mass_kg: f64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &Path, to: &Path| {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    };
    let from = PathBuf::from(project("configs/starter"));
    for name in ["district.yaml", "timeseries/week.csv"] {
        copy(&from.join(name), &folder.path().join(name));
    }
    let path = folder.path().join("district.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = text
        .lines()
        .map(|line| match line.split_once("water_mass_kg:") {
            Some((before, _)) => format!("{before}water_mass_kg: {mass_kg}"),
            None => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    assert_ne!(changed, text);
    std::fs::write(&path, changed).unwrap();
    folder
}

fn request() -> Request {
    Request { model: "district.yaml".into(), ..Request::default() }
}

const ARGUMENTS: [&str; 5] = ["run", "district.yaml", "-q", "--name", "it"];

fn without_report(folder: &Path) -> Vec<(String, Vec<u8>)> {
    contents(folder).into_iter().filter(|(name, _)| name != "report.html").collect()
}

/// Two jobs with the same relative paths that run at the same time write the same files as the command line in each
/// folder.
#[test]
fn parallel_jobs_have_their_own_directories() {
    let folders = [1e5, 3e5].map(district);
    let run = |folder: &Path| {
        let place = folder.join("results/job");
        let artifacts = Job::new(request(), folder).run(Some(&place), &mut ()).unwrap();
        artifacts.write(&place, Extras::default()).unwrap();
        artifacts
    };
    let [first, second] = &folders;
    let both: [Artifacts; 2] = std::thread::scope(|scope| {
        let other = scope.spawn(|| run(second.path()));
        [run(first.path()), other.join().unwrap()]
    });
    assert_ne!(both[0].summary.cost.total_eur, both[1].summary.cost.total_eur, "the loops differ");
    for (folder, artifacts) in folders.iter().zip(&both) {
        let by_command = anergy(folder.path(), &ARGUMENTS);
        assert_eq!(by_command.status.code(), Some(i32::from(artifacts.ending.exit_code())), "{}", stderr(&by_command));
        let [job, command] = ["job", "it"].map(|name| without_report(&folder.path().join("results").join(name)));
        assert!(job == command, "the run folders differ");
    }
}

/// An observer that cancels the job in its second iteration.
struct StopAfter(Cancellation);

impl Observer for StopAfter {
    fn iteration(&mut self, record: &Record) {
        if record.iteration == 1 {
            self.0.cancel();
        }
    }
}

impl JobObserver for StopAfter {}

#[test]
fn a_cancelled_job_is_resumed_to_the_same_bytes() {
    let folder = district(2e5);
    let [whole, cut] = ["whole", "cut"].map(|name| folder.path().join("results").join(name));
    let job = Job::new(request(), folder.path());
    job.run(Some(&whole), &mut ()).unwrap().write(&whole, Extras::default()).unwrap();

    let cancellation = Cancellation::default();
    let mut observer = cancellation.with(StopAfter(cancellation.clone()));
    let artifacts = job.run(Some(&cut), &mut observer).unwrap();
    assert_eq!(artifacts.ending, Ending::Incomplete);
    assert_eq!(artifacts.run.coupling.as_ref().unwrap().verdict, Verdict::Interrupted);
    artifacts.write(&cut, Extras::default()).unwrap();
    drop(observer);

    let Resumed::Unfinished(resumed) = Job::resume(&cut).unwrap() else { panic!("it has not ended") };
    resumed.run(Some(&cut), &mut ()).unwrap().write(&cut, Extras::default()).unwrap();
    assert!(without_report(&whole) == without_report(&cut), "the run folders differ");
    assert!(matches!(Job::resume(&cut), Ok(Resumed::Ended)));
}

/// An interrupted job without a journal has results like any other, and they take no journal of another run with them.
#[test]
fn an_interrupted_job_without_a_journal_can_be_written() {
    let folder = district(2e5);
    let place = folder.path().join("results/cut");
    std::fs::create_dir_all(place.join("journal")).unwrap();
    let cancellation = Cancellation::default();
    let artifacts = Job::new(request(), folder.path()).run(None, &mut cancellation.with(())).unwrap();
    assert_eq!(artifacts.ending, Ending::Done, "nobody has cancelled it");
    cancellation.cancel();
    let artifacts = Job::new(request(), folder.path()).run(None, &mut cancellation.with(())).unwrap();
    assert_eq!(artifacts.ending, Ending::Incomplete);
    let elsewhere = folder.path().join("results/elsewhere");
    for place in [&place, &elsewhere] {
        artifacts.write(place, Extras::default()).unwrap();
        assert!(place.join("summary.json").is_file() && !place.join("journal").exists());
    }
}

/// A job without a run folder writes no file.
#[test]
fn a_job_without_a_run_folder_writes_no_file() {
    let folder = district(2e5);
    Job::new(request(), folder.path()).run(None, &mut ()).unwrap();
    assert!(!folder.path().join("results").exists() && !folder.path().join("journal").exists());
}
