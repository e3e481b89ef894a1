//! Convergence studies: a case by several schemes, to several tolerances, from several initial points, in several
//! windows.

use std::time::Instant;

use anergy_config::{Case, ConfigError, Request};
use anergy_cosim::coupling::{LoopCop, Observer, SchemeChoice, Stop, StoreTemperature, Verdict};
use anergy_cosim::{CosimError, solver};
use anergy_data::results::{Column, Table};
use anergy_data::schema::columns::convergence_study as column;
use anergy_data::schema::columns::timings::SECONDS;
use anergy_run::{run_case, starts};
use serde::{Deserialize, Serialize};

/// The plan of a study: every combination of its values is a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyPlan {
    /// The schemes.
    pub schemes: Vec<SchemeChoice>,
    /// Largest relative gaps that count as converged.
    pub tolerances: Vec<f64>,
    /// The number of initial points: see [`starts::loop_c`].
    pub starts: usize,
    /// The windows, first and last date; `None` for the case's own window.
    pub windows: Vec<Option<[String; 2]>>,
}

/// A trial: a combination and its outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The window; empty for the case's own window.
    pub window: String,
    /// The scheme.
    pub scheme: SchemeChoice,
    /// The tolerance.
    pub tolerance: f64,
    /// The number of the initial point, from 1.
    pub start: usize,
    /// The loop temperature from which the initial COPs follow, degrees Celsius; `None` for the case's own initial
    /// point.
    pub loop_c: Option<f64>,
    /// The outcome, or the reason why there is none.
    pub ended: Result<TrialOutcome, String>,
}

/// The outcome of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialOutcome {
    /// The verdict.
    pub verdict: String,
    /// The number of iterations after the first.
    pub iterations: usize,
    /// The relative gap of the solution; `None` where it is not known.
    pub gap: Option<f64>,
    /// The gap of the solution, EUR; `None` where it is not known.
    pub gap_eur: Option<f64>,
    /// The terminal residual: the last change of the loop temperature, largest over time, K; `None` with one iteration.
    pub residual_k: Option<f64>,
    /// The total cost, EUR.
    pub cost_eur: f64,
    /// The mean loop temperature of the solution, degrees Celsius.
    pub loop_c: f64,
    /// Wall-clock time of the run of the case, seconds; reading is not included.
    pub seconds: f64,
}

/// The finished trials of one plan, version and set of inputs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Study {
    /// The version and the inputs of the study, as a text.
    pub of: String,
    /// The trials, in the order of the plan.
    pub trials: Vec<Trial>,
}

/// The reasons why there is no study.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvergenceError {
    /// The case cannot be read in one of the windows.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The case has no loop.
    #[error("{0}: has no water loop, so there is nothing to converge; give one with --water-loop")]
    NoLoop(String),
    /// The plan is not valid.
    #[error("{0}")]
    Plan(String),
}

impl StudyPlan {
    fn check(&self) -> Result<(), ConvergenceError> {
        let refuse = |message: String| Err(ConvergenceError::Plan(message));
        if let Some(wrong) = self.tolerances.iter().find(|tolerance| !(tolerance.is_finite() && **tolerance > 0.0)) {
            return refuse(format!("--tolerances: {wrong} is no number > 0"));
        }
        if self.starts == 0 {
            return refuse("--starts: 0; expected at least 1".to_owned());
        }
        Ok(())
    }
}

impl Study {
    /// Runs the trials of `plan` that are not in `known`, for the case of `request`; calls `keep` after every new
    /// trial.
    ///
    /// # Errors
    /// [`ConvergenceError`], and any error of `keep`. A trial that fails is a row of the study.
    pub fn run<E: From<ConvergenceError>>(
        request: &Request,
        plan: &StudyPlan,
        known: Option<Self>,
        observer: &mut dyn Observer,
        mut keep: impl FnMut(&Self) -> Result<(), E>,
    ) -> Result<Self, E> {
        plan.check()?;
        let load = |window: &Option<[String; 2]>| {
            let window = window.clone().or_else(|| request.window.clone());
            Case::load(&Request { window, ..request.clone() })
        };
        let cases: Result<Vec<Case>, _> = plan.windows.iter().map(load).collect();
        let cases = cases.map_err(ConvergenceError::from)?;
        if let Some(case) = cases.iter().find(|case| case.coupled.is_none()) {
            return Err(ConvergenceError::NoLoop(case.name.clone()).into());
        }
        let of = cases.first().map_or_else(String::new, |case| identity(case, request.window.as_ref()));
        let known = known.filter(|known| known.of == of).map_or_else(Vec::new, |known| known.trials);
        let mut study = Self { of, trials: Vec::new() };
        for (window, case) in plan.windows.iter().zip(&cases) {
            let window = window.as_ref().map_or_else(String::new, |[first, last]| format!("{first}..{last}"));
            for &scheme in &plan.schemes {
                for (&tolerance, start) in plan.tolerances.iter().flat_map(|t| (0..plan.starts).map(move |s| (t, s))) {
                    let loop_c = starts::loop_c(case, start, plan.starts);
                    let trial =
                        |ended| Trial { window: window.clone(), scheme, tolerance, start: start + 1, loop_c, ended };
                    let same = |known: &&Trial| {
                        (known.window.as_str(), known.scheme, known.tolerance, known.loop_c)
                            == (window.as_str(), scheme, tolerance, loop_c)
                    };
                    if let Some(known) = known.iter().find(same) {
                        study.trials.push(trial(known.ended.clone()));
                        continue;
                    }
                    if observer.wants_to_stop() {
                        return Ok(study);
                    }
                    let ended = run_trial(starts::beginning_at(case, loop_c), scheme, tolerance, observer);
                    if observer.wants_to_stop()
                        && ended.as_ref().is_ok_and(|ended| ended.verdict == Verdict::Interrupted.name())
                    {
                        return Ok(study);
                    }
                    study.trials.push(trial(ended.map_err(|error| error.to_string())));
                    keep(&study)?;
                }
            }
        }
        Ok(study)
    }

    /// Returns one row per trial, without durations.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = self.keys();
        let ended = |of: &dyn Fn(&TrialOutcome) -> f64| {
            Column::Number(self.trials.iter().map(|trial| trial.ended.as_ref().map_or(f64::NAN, of)).collect())
        };
        let verdict = |trial: &Trial| trial.ended.as_ref().map_or("", |ended| &ended.verdict).to_owned();
        let problem = |trial: &Trial| trial.ended.as_ref().err().cloned().unwrap_or_default();
        table.push(column::VERDICT, Column::Text(self.trials.iter().map(verdict).collect()));
        #[expect(clippy::cast_precision_loss, reason = "iterations are few")]
        table.push(column::ITERATIONS, ended(&|ended| ended.iterations as f64));
        table.push(column::RELATIVE_GAP, ended(&|ended| ended.gap.unwrap_or(f64::NAN)));
        table.push(column::GAP_EUR, ended(&|ended| ended.gap_eur.unwrap_or(f64::NAN)));
        table.push(column::RESIDUAL_K, ended(&|ended| ended.residual_k.unwrap_or(f64::NAN)));
        table.push(column::COST_EUR, ended(&|ended| ended.cost_eur));
        table.push(column::LOOP_C, ended(&|ended| ended.loop_c));
        table.push(column::PROBLEM, Column::Text(self.trials.iter().map(problem).collect()));
        table
    }

    /// Returns the duration of every trial.
    #[must_use]
    pub fn timings(&self) -> Table {
        let mut table = self.keys();
        let seconds = |trial: &Trial| trial.ended.as_ref().map_or(f64::NAN, |ended| ended.seconds);
        table.push(SECONDS, Column::Number(self.trials.iter().map(seconds).collect()));
        table
    }

    fn keys(&self) -> Table {
        let trials = &self.trials;
        let mut table = Table::default();
        table.push(column::WINDOW, Column::Text(trials.iter().map(|trial| trial.window.clone()).collect()));
        table.push(column::SCHEME, Column::Text(trials.iter().map(|trial| trial.scheme.name().to_owned()).collect()));
        table.push(column::TOLERANCE, Column::Number(trials.iter().map(|trial| trial.tolerance).collect()));
        table.push(column::START, Column::Count(trials.iter().map(|trial| trial.start).collect()));
        table
    }

    /// Returns the study as aligned text with durations.
    #[must_use]
    pub fn to_text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = format!(
            "{:<24}{:<16}{:>9}{:>7}{:>6}{:>10}{:>12}{:>11}{:>15}{:>9}  verdict\n",
            "window", "scheme", "asked", "start", "its", "gap", "gap EUR", "moved K", "cost EUR", "s"
        );
        let optional = |value: Option<f64>, digits: usize| {
            value.map_or_else(
                || "-".to_owned(),
                |value| if digits == 0 { format!("{value:.1e}") } else { format!("{value:.digits$}") },
            )
        };
        for Trial { window, scheme, tolerance, start, ended, .. } in &self.trials {
            let window = if window.is_empty() { "as given" } else { window };
            let key = format!("{window:<24}{:<16}{tolerance:>9.0e}{start:>7}", scheme.name());
            // Writing to a string cannot fail.
            let _ = match ended {
                Ok(TrialOutcome { verdict, iterations, gap, gap_eur, residual_k, cost_eur, seconds, .. }) => writeln!(
                    text,
                    "{key}{iterations:>6}{:>10}{:>12}{:>11}{cost_eur:>15.2}{seconds:>9.2}  {verdict}",
                    optional(*gap, 0),
                    optional(*gap_eur, 2),
                    optional(*residual_k, 4)
                ),
                Err(problem) => writeln!(text, "{key}  none: {problem}"),
            };
        }
        text
    }
}

/// Returns the text that identifies the inputs of a study. The plan is not part of it, because trials are looked up one
/// by one.
fn identity(case: &Case, window: Option<&[String; 2]>) -> String {
    let hashes: Vec<&str> = case.inputs.iter().map(|input| input.sha256.as_str()).collect();
    let resolved = serde_json::to_string(&case.resolved).unwrap_or_default();
    let request = anergy_config::sha256(resolved.as_bytes());
    let window = window.map_or_else(String::new, |window| window.join(".."));
    format!("anergy {} {request} {window} {}", env!("CARGO_PKG_VERSION"), hashes.join(" "))
}

fn run_trial(
    mut case: Case,
    scheme: SchemeChoice,
    tolerance: f64,
    observer: &mut dyn Observer,
) -> Result<TrialOutcome, CosimError> {
    let began = Instant::now();
    if let Some(coupled) = &mut case.coupled {
        let settings = &mut coupled.settings;
        settings.scheme = Some(scheme);
        settings.gap_tolerance = Some(tolerance);
        if scheme == SchemeChoice::Published {
            settings.stop = Stop::Paper;
            settings.loop_cop = LoopCop::AsDispatched;
            settings.store_temperature = StoreTemperature::Frozen;
        } else if settings.gap_is_free() {
            settings.stop = Stop::Gap;
        } else if scheme.is_accelerated() {
            settings.stop = Stop::Residual;
        }
        settings.check()?;
    }
    let run = run_case(&case, solver(&case.district), observer)?;
    let Some(coupling) = &run.coupling else { unreachable!("a case without a loop was refused") };
    let answer = &coupling.records[coupling.answer];
    Ok(TrialOutcome {
        verdict: coupling.verdict.name().to_owned(),
        iterations: coupling.records.len() - 1,
        gap: coupling.gap.map(|gap| gap.relative),
        gap_eur: coupling.gap.map(|gap| gap.absolute_eur),
        residual_k: coupling.records.last().and_then(|last| last.residual).map(|residual| residual.max_k),
        cost_eur: run.total_eur(),
        loop_c: answer.temp_c[1],
        seconds: began.elapsed().as_secs_f64(),
    })
}
