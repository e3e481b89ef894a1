//! Studies of one case by many schemes, to many tolerances, from many initial points.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use anergy::config::{Case, Request};
use anergy::cosim::solver;
use anergy::coupling::{Observer, Record, SchemeChoice};
use anergy::run::{run_case, starts};
use anergy::study::convergence::{ConvergenceError, Study, StudyPlan, Trial, TrialOutcome};

use common::{anergy, project, stderr, stdout};

fn request() -> Request {
    let window = ["2019-06-03", "2019-06-09"].map(str::to_owned);
    Request { model: project("configs/smart_district.yaml").into(), window: Some(window), ..Request::default() }
}

fn plan(schemes: &[SchemeChoice]) -> StudyPlan {
    StudyPlan { schemes: schemes.to_vec(), tolerances: vec![1e-2, 1e-4], starts: 2, windows: vec![None] }
}

/// The error that stops a study after some new trials.
#[derive(Debug)]
struct TrialLimit;

impl From<ConvergenceError> for TrialLimit {
    fn from(error: ConvergenceError) -> Self {
        panic!("{error}")
    }
}

#[test]
fn every_combination_is_run_once_despite_interruptions() {
    let plan = plan(&[SchemeChoice::Picard, SchemeChoice::Newton, SchemeChoice::Published]);
    let whole = Study::run(&request(), &plan, None, &mut (), |_| Ok::<_, TrialLimit>(())).unwrap();
    assert_eq!(whole.trials.len(), 3 * 2 * 2);
    for Trial { scheme, tolerance, ended, .. } in &whole.trials {
        let TrialOutcome { verdict, gap, cost_eur, .. } = ended.as_ref().unwrap();
        match *scheme {
            SchemeChoice::Published => assert_eq!(verdict, "StoppedByPaperRule"),
            _ => assert_eq!(verdict == "Converged", gap.unwrap() <= *tolerance, "{scheme:?}: {gap:?}"),
        }
        assert!(*cost_eur > 0.0);
    }
    let newton = whole.trials.iter().filter(|trial| trial.scheme == SchemeChoice::Newton);
    assert!(
        newton.clone().count() == 4 && newton.clone().all(|trial| trial.ended.as_ref().unwrap().verdict == "Converged")
    );

    // A study that is stopped after each trial and resumed gives the same result.
    let (mut known, mut stops) = (None, 0);
    let study = loop {
        let mut kept = None;
        let ran = Study::run(&request(), &plan, known.take(), &mut (), |study: &Study| {
            kept = Some(study.clone());
            Err::<(), _>(TrialLimit)
        });
        match ran {
            Ok(study) => break study,
            Err(TrialLimit) => (known, stops) = (kept, stops + 1),
        }
    };
    assert_eq!(stops, 12);
    assert!(study.table().to_csv() == whole.table().to_csv(), "seconds apart, the same study");
    // A plan with other initial points reuses the trials that both have.
    let other = StudyPlan { starts: 3, ..self::plan(&[SchemeChoice::Picard]) };
    let fresh = Study::run(&request(), &other, None, &mut (), |_| Ok::<_, TrialLimit>(())).unwrap();
    let mut new = 0;
    let continued = Study::run(&request(), &other, Some(study.clone()), &mut (), |_| {
        new += 1;
        Ok::<_, TrialLimit>(())
    });
    assert!(continued.unwrap().table().to_csv() == fresh.table().to_csv());
    assert_eq!(new, 2, "of 6 trials 4 are known: from the case's own COPs and from the coldest loop");
    // Another window shares no trials.
    let other = Request { window: Some(["2019-06-05", "2019-06-06"].map(str::to_owned)), ..request() };
    let mut new = 0;
    Study::run(&other, &plan, Some(study), &mut (), |_| {
        new += 1;
        Ok::<_, TrialLimit>(())
    })
    .unwrap();
    assert_eq!(new, 12);
}

/// An observer that stops after some iterations.
struct StopAfter(usize);

impl Observer for StopAfter {
    fn iteration(&mut self, _record: &Record) {
        self.0 = self.0.saturating_sub(1);
    }

    fn wants_to_stop(&self) -> bool {
        self.0 == 0
    }
}

#[test]
fn interrupted_runs_are_neither_trials_nor_initial_points() {
    let plan = StudyPlan { tolerances: vec![1e-9], ..plan(&[SchemeChoice::Msa]) };
    let study = Study::run(&request(), &plan, None, &mut StopAfter(3), |_| Ok::<_, TrialLimit>(())).unwrap();
    assert!(study.trials.is_empty(), "{:?}", study.trials);

    let case = Case::load(&request()).unwrap();
    let backend = solver(&case.district);
    let first = run_case(&case, backend, &mut ()).unwrap();
    let spread = starts::spread(&case, &first, 3, backend, &mut StopAfter(1)).unwrap();
    assert_eq!((spread.beginnings.len(), spread.asked, spread.is_complete()), (1, 3, false));
    assert!(starts::spread_in_words(&spread).contains("1 of 3 beginnings"), "{}", starts::spread_in_words(&spread));
}

#[test]
fn initial_points_span_the_loops_range_and_the_spread_is_that_of_their_solutions() {
    let case = Case::load(&request()).unwrap();
    let loop_c: Vec<_> = (0..4).map(|index| starts::loop_c(&case, index, 4)).collect();
    assert_eq!(loop_c, [None, Some(5.0), Some(15.0), Some(25.0)]);
    let of = |loop_c| starts::beginning_at(&case, loop_c);
    let cops = |case: &Case| case.coupled.as_ref().unwrap().pumps.iter().map(|pump| pump.start_cop).collect::<Vec<_>>();
    assert_eq!(cops(&of(None)), cops(&case));
    assert!(cops(&of(Some(25.0)))[0] > cops(&of(Some(5.0)))[0], "a warmer loop begins with better heating COPs");

    let backend = solver(&case.district);
    let run = |case: &Case| run_case(case, backend, &mut ()).unwrap();
    let spread = starts::spread(&case, &run(&case), 3, backend, &mut ()).unwrap();
    assert_eq!(spread.beginnings.len(), 3);
    let runs: Vec<_> = [None, Some(5.0), Some(25.0)].map(of).iter().map(run).collect();
    let temperature = |index: usize, at: usize| runs[index].coupling.as_ref().unwrap().response.temp_c[at];
    let widest = (0..=168).map(|at| {
        let of = [0, 1, 2].map(|index| temperature(index, at));
        of.into_iter().fold(f64::MIN, f64::max) - of.into_iter().fold(f64::MAX, f64::min)
    });
    assert_eq!(spread.temp_k, widest.fold(0.0, f64::max));
    assert!(spread.cost_eur >= 0.0 && spread.cost_relative < 1e-2, "{spread:?}");
    let text = starts::spread_in_words(&spread);
    assert!(text.contains("3 beginnings, 3 converged"), "{text}");
}

#[test]
fn studies_print_and_write_a_table_and_reject_invalid_options() {
    let folder = tempfile::tempdir().unwrap();
    let model = project("configs/smart_district.yaml");
    let run = |more: &[&str]| anergy(folder.path(), &[&["study", "convergence", &model, "-q"], more].concat());
    let output = run(&["--windows", "2019-06-03,2019-06-04..2019-06-05", "--schemes", "picard,auto"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert_eq!(text.matches("Converged").count(), 8, "{text}");
    let study = folder.path().join("results/smart_district-convergence");
    let csv = std::fs::read_to_string(study.join("convergence_study.csv")).unwrap();
    assert_eq!(csv.lines().count(), 9, "{csv}");
    assert!(csv.starts_with("window,scheme,tolerance,start,verdict,iterations,relative_gap"), "{csv}");
    assert!(!study.join("convergence_study.journal.json").exists() && study.join("timings.csv").exists());
    for (nonsense, expected) in [
        (&["--schemes", "picrad"][..], "picard"),
        (&["--tolerances", "0"], "--tolerances: 0 is no number > 0"),
        (&["--starts", "0"], "--starts: 0"),
        (&["--windows", "2019-13"], "2019-13"),
    ] {
        let output = run(nonsense);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    let output = anergy(folder.path(), &["study", "convergence", &project("configs/small_district/model.yaml"), "-q"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no water loop"), "{}", stderr(&output));

    let starts =
        anergy(folder.path(), &["run", &model, "-q", "--window", "2019-06-03", "--starts", "3", "--name", "s"]);
    assert_eq!(starts.status.code(), Some(0), "{}", stderr(&starts));
    assert!(stdout(&starts).contains("3 beginnings"), "{}", stdout(&starts));
    assert_eq!(std::fs::read_to_string(folder.path().join("results/s/starts.csv")).unwrap().lines().count(), 4);
}
