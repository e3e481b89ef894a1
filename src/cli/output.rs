//! The output of results, and the options for it that verbs share.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use super::progress::Progress;
use crate::config::Case;
use crate::cosim::CosimResult;
use crate::coupling::Verdict;
use crate::input::printable;
use crate::report::{RunResults, html, run_page};
use crate::run::{Artifacts, Extras, summary_text};
use crate::schema::Summary;

/// The options of the output.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// Folder for run folders
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(super) out: PathBuf,
    /// Name of the run folder [default: from the model and scenario]
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// No progress and no notes on standard error; warnings and errors stay
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Print the summary as JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl OutputArgs {
    /// Returns the path of the run folder.
    pub(super) fn place(&self, default_name: &str) -> Result<PathBuf, Failure> {
        place(&self.out, self.name.as_deref().unwrap_or(default_name))
    }
}

/// Returns the path of the folder `name` below `out`.
pub(super) fn place(out: &Path, name: &str) -> Result<PathBuf, Failure> {
    let plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\']);
    if !plain {
        return Err(Failure::Usage(format!("--name `{name}` is no folder name; use --out for the folder above")));
    }
    Ok(out.join(name))
}

/// Returns a folder name from any text: characters other than letters, digits, dot, minus, underscore and equals
/// sign become a minus.
pub(super) fn folder_name(text: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '=') { c } else { '-' };
    let name: String = text.chars().map(plain).collect();
    name.trim_matches(['.', '-']).to_owned()
}

/// Writes the run folder of a job, with its report and its log.
pub(super) fn write(place: &Path, artifacts: &Artifacts, progress: Progress) -> Result<PathBuf, Failure> {
    let report = |folder: &Path, name: &str| match RunResults::read(folder, name).and_then(|run| html(&run_page(&run)))
    {
        Ok(report) => Some(report),
        // A failed report does not invalidate the results.
        Err(error) => {
            super::say(&format!("warning: there is no report.html: {error}"));
            None
        }
    };
    let extras = Extras { report: Some(&report), log: Some(Box::new(|| progress.finish())) };
    Ok(artifacts.write(place, extras)?)
}

/// Returns the output of a run: its summary, its durations, and the path of its results.
pub(super) fn text(summary: &Summary, case: &Case, split: &str, folder: &Path) -> String {
    let line = |label: &str, value: &str| format!("  {label:<18}{value}\n");
    let text =
        summary_text(summary, case) + &line("time spent", split) + &line("results", &folder.display().to_string());
    let text = printable(&text).into_owned();
    if super::colours(&std::io::stdout()) { coloured(&text) } else { text }
}

/// Returns a summary in colour: the verdict in green or red, words in capitals in yellow.
fn coloured(text: &str) -> String {
    use anstyle::{AnsiColor, Style};
    let style = |label: &str, value: &str| -> Option<Style> {
        let colour = match label.trim() {
            "verdict" if value == Verdict::Converged.name() => AnsiColor::Green,
            "verdict" => AnsiColor::Red,
            label if label.len() > 3 && label.chars().all(|c| c.is_uppercase() || c == ' ') => AnsiColor::Yellow,
            _ => return None,
        };
        Some(colour.on_default().bold())
    };
    let lines = text.lines().map(|line| match line.char_indices().nth(LABEL).map(|(at, _)| line.split_at(at)) {
        Some((label, value)) => match style(label, value) {
            Some(style) => format!("{label}{style}{value}{style:#}\n"),
            None => format!("{line}\n"),
        },
        None => format!("{line}\n"),
    });
    lines.collect()
}

/// The number of characters before the values of a summary.
const LABEL: usize = 20;

/// Returns the durations of the phases in one line.
pub(super) fn time_split(run: &CosimResult, read_seconds: f64) -> String {
    let records = || run.coupling.iter().flat_map(|coupling| &coupling.records);
    let dispatch: f64 = records().map(|record| record.seconds.dispatch).sum();
    let water_loop: f64 = records().map(|record| record.seconds.water_loop).sum();
    let solve = run.solve_seconds;
    let total = read_seconds + run.build_seconds + solve;
    if run.coupling.is_none() {
        return format!(
            "{total:.2} s: reading {read_seconds:.2}, building {:.2}, dispatch {solve:.2}",
            run.build_seconds
        );
    }
    format!(
        "{total:.2} s: reading {read_seconds:.2}, building {:.2}, dispatch {dispatch:.2}, loop {water_loop:.3}, gap \
         and bookkeeping {:.2}",
        run.build_seconds,
        (solve - dispatch - water_loop).max(0.0)
    )
}

#[cfg(test)]
mod tests {
    use super::coloured;

    #[test]
    fn verdicts_and_capitals_stand_out() {
        let text = "  case              Mine\n  verdict           Converged\n  BALANCING UNMET   plant: cold\n  \
            CO2               5 kg\n";
        let with = coloured(text);
        assert!(with.contains("\u{1b}[1m\u{1b}[32mConverged\u{1b}[0m"), "{with:?}");
        assert!(with.contains("\u{1b}[33mplant: cold"), "{with:?}");
        assert!(with.contains("  case              Mine\n") && with.contains("  CO2               5 kg\n"));
        assert!(coloured("  verdict           Stalled\n").contains("[31mStalled"));
    }
}
