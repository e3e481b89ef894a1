//! Progress on standard error: a spinner on a terminal, plain lines otherwise, nothing when quiet.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::config::{Finding, Level};
use crate::coupling::{Gap, Observer, Record};
use crate::input::printable;
use crate::run::{JobObserver, Phase};

/// The progress of a run, shown to the user and recorded for `run.log`.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    began: Instant,
    log: String,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, quiet, began: Instant::now(), log: String::new() }
    }

    /// Shows the current activity.
    pub(super) fn doing(&mut self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
        self.remember(what);
    }

    /// Prints a line.
    pub(super) fn say(&mut self, line: &str) {
        self.remember(line);
        match &self.bar {
            Some(bar) => bar.println(printable(line)),
            None if !self.quiet => super::say(line),
            None => {}
        }
    }

    /// Prints a warning, also when quiet.
    pub(super) fn warn(&mut self, message: &str) {
        let line = format!("warning: {message}");
        self.say(&line);
        if self.quiet {
            super::say(&line);
        }
    }

    /// Ends the progress; returns the printed lines with seconds since the start, for `run.log`.
    pub(super) fn finish(self) -> String {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.log
    }

    fn remember(&mut self, line: &str) {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        let _ = writeln!(self.log, "{:9.3} {line}", self.began.elapsed().as_secs_f64());
    }
}

impl Observer for Progress {
    fn iteration(&mut self, record: &Record) {
        let change = record.residual.map_or_else(
            || format!("{:>24}", "-"),
            |residual| format!("{:>9.5} ({:>9.6} K)", residual.mean_relative, residual.max_k),
        );
        if record.iteration == 0 {
            self.say("iteration   planned EUR  at own COPs EUR  mean rel (max) change       max COP change  scheme");
        }
        let Record { iteration, scheme, step, cop_residual, .. } = record;
        let step = if record.is_average() { format!(" (step {step:.3})") } else { String::new() };
        let planned = record.cost.cost_eur - record.cost.charge_eur;
        let own = record.cost_at_own_cops_eur;
        self.say(&format!(
            "{iteration:>9}{planned:>14.2}{own:>17.2}  {change:<24}{cop_residual:>18.6}  {scheme}{step}"
        ));
        self.doing(&format!("iteration {}", iteration + 1));
    }

    fn gap(&mut self, iteration: usize, gap: &Gap) {
        let Gap { relative, absolute_eur, unmet_relative, unmet_kwh, .. } = gap;
        self.remember(&format!(
            "gap of iteration {iteration}: {relative:.3e} ({absolute_eur:.2} EUR), of unmet demand \
             {unmet_relative:.3e} ({unmet_kwh:+.3} kWh)"
        ));
    }

    fn wants_to_stop(&self) -> bool {
        super::interrupt::was_asked_for()
    }
}

impl JobObserver for Progress {
    fn phase(&mut self, phase: Phase) {
        self.doing(match phase {
            Phase::Reading => "reading",
            Phase::Dispatching => "dispatching",
        });
    }

    /// Prints findings. Warnings are printed even when quiet.
    fn findings(&mut self, findings: &[Finding]) {
        for Finding { level, place, message, .. } in findings {
            let place = place.as_ref().map_or_else(String::new, |place| format!("{place}: "));
            match level {
                Level::Default => self.remember(&format!("default: {message}")),
                Level::Note => self.say(&format!("note: {place}{message}")),
                Level::Warning | Level::Error => {
                    let word = if *level == Level::Error { "error" } else { "warning" };
                    let line = format!("{word}: {place}{message}");
                    self.say(&line);
                    if self.quiet {
                        super::say(&line);
                    }
                }
            }
        }
    }

    fn journal_begins(&mut self, replaces_unfinished: bool) {
        if replaces_unfinished {
            self.say("note: an unfinished run stood here; it is begun anew (--resume would have gone on with it)");
        }
        super::interrupt::watch();
    }
}
