//! `anergy reproduce`: compares a published case with its published figures.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::output::{self, OutputArgs};
use super::progress::Progress;
use super::{Failure, case, exit};
use crate::cosim::solver;
use crate::results::{Column, RunFolder, Table, write_file};
use crate::run::{Artifacts, JobObserver as _};
use crate::schema::columns::comparison as column;
use crate::schema::files;
use crate::study::effects::Effects;
use crate::study::reproduce::{Comparison, Published, Reproduction, Scenario, TemperatureComparison, Window};

/// Run a published case and compare it with its published figures
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy reproduce iccep2019 --data path/to/cases/iccep2019\n  \
    anergy reproduce iccep2019 --data path/to/cases/iccep2019 --window year\n  \
    anergy reproduce iccep2019 --data path/to/cases/iccep2019 --scenario baseline\n  \
    anergy reproduce iccep2019 --data path/to/cases/iccep2019 --window year --effects")]
pub(super) struct Reproduce {
    /// The published case
    #[arg(value_enum)]
    case: PublishedCase,
    /// Folder of the published data, with smarti/ and baseline/ in it
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Folder of the reference results, with week/ and year/ in it [default: ../../reference/iccep2019 beside DIR, if
    /// there]
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
    /// week, january, july, year, or START..END
    #[arg(long, value_name = "WINDOW", default_value = "week", value_parser = window)]
    window: Window,
    /// The smart district, or the baseline without stores and loop
    #[arg(long, value_enum, default_value = "smarti")]
    scenario: PublishedScenario,
    /// Run it as published, with each of its quirks alone mended, and with all mended: what does each do to the
    /// results? Writes effects.csv; what was finished before an interruption is not run again
    #[arg(long, conflicts_with = "reference")]
    effects: bool,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PublishedCase {
    /// Smart district, ICCEP 2019
    Iccep2019,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PublishedScenario {
    Smarti,
    Baseline,
}

fn window(text: &str) -> Result<Window, String> {
    match text {
        "week" => Ok(Window::Week),
        "january" => Ok(Window::January),
        "july" => Ok(Window::July),
        "year" => Ok(Window::Year),
        _ if !text.contains("..") && !text.starts_with(|c: char| c.is_ascii_digit()) => {
            Err(format!("`{text}` is none of week, january, july, year, START..END"))
        }
        _ => case::window(text).map(|[first, last]| Window::Between(first, last)),
    }
}

impl Reproduce {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        let PublishedCase::Iccep2019 = self.case;
        let scenario = match self.scenario {
            PublishedScenario::Smarti => Scenario::Smarti,
            PublishedScenario::Baseline => Scenario::Baseline,
        };
        if self.effects {
            return self.effects(scenario);
        }
        if let Some(missing) = self.reference.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(Failure::Usage(format!("--reference {}: no such folder", missing.display())));
        }
        let name = format!("iccep2019-{}-{}", scenario.name(), self.window.name());
        let place = self.output.place(&output::folder_name(&name))?;
        RunFolder::check(&place).map_err(Failure::Place)?;
        let beside = self.data.join("../../reference/iccep2019");
        let reference = self.reference.clone().or_else(|| beside.is_dir().then_some(beside));
        let mut progress = Progress::new(self.output.quiet);
        progress.doing("reading");
        let published = Published::load(&self.data, reference.as_deref(), &self.window, scenario)?;
        let backend = solver(&published.case.district);
        progress.findings(&published.case.findings);
        progress.doing("dispatching");
        let found = published.run(backend, &mut progress)?;
        let split = output::time_split(&found.run, found.read_seconds);
        let (within, compared) = (found.is_within(), found.is_compared());
        let (text, extra) = (comparison_text(&found), vec![(files::COMPARISON, comparison_table(&found))]);
        let Reproduction { case, run, figures, temperatures, read_seconds, .. } = found;
        let artifacts = Artifacts::of_run(case, run, read_seconds, extra);
        let folder = output::write(&place, &artifacts, progress)?;
        let summary = &artifacts.summary;
        if self.output.json {
            let json = serde_json::json!({
                "summary": summary, "figures": figures, "temperatures": temperatures, "within_tolerance": within,
            });
            super::print_unchanged(&format!("{}\n", serde_json::to_string_pretty(&json)?))?;
        } else {
            let verdict = match (within, compared) {
                (true, true) => "within tolerance",
                (true, false) => "nothing was compared: nothing is published for this window and scenario",
                (false, _) => "OUTSIDE TOLERANCE",
            };
            super::print_unchanged(&format!(
                "{}{text}{verdict}\n",
                output::text(summary, &artifacts.case, &split, &folder)
            ))?;
        }
        Ok(if within { 0 } else { exit::OUTSIDE_TOLERANCE })
    }

    fn effects(self, scenario: Scenario) -> Result<u8, Failure> {
        if scenario == Scenario::Baseline {
            return Err(Failure::Usage(
                "--effects: the baseline has no loop and no switches; leave out --scenario".to_owned(),
            ));
        }
        let name = format!("iccep2019-effects-{}", self.window.name());
        let folder = self.output.place(&output::folder_name(&name))?;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Failure::Write { path, source }
        };
        std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
        let [journal, csv] = [files::EFFECTS_JOURNAL, files::EFFECTS].map(|file| folder.join(file));
        // A file that cannot be read counts as empty.
        let known = std::fs::read(&journal).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut progress = Progress::new(self.output.quiet);
        progress.doing("running the variants");
        let keep = |effects: &Effects| -> Result<(), Failure> {
            let json = serde_json::to_string_pretty(effects)? + "\n";
            write_file(&csv, |file| file.write_all(&effects.table().to_csv())).map_err(failed(&csv))?;
            write_file(&journal, |file| file.write_all(json.as_bytes())).map_err(failed(&journal))
        };
        let wanted: Vec<&str> = Effects::variants().collect();
        let effects = Effects::run(&self.data, &self.window, &wanted, known, &mut progress, keep)?;
        drop(progress);
        let text = match self.output.json {
            true => serde_json::to_string_pretty(&effects)? + "\n",
            false => format!("{}\nwritten to {}\n", effects.to_text(), csv.display()),
        };
        super::print(&text)?;
        Ok(0)
    }
}

fn comparison_text(found: &Reproduction) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("\n");
    // Writing to a string cannot fail.
    if found.figures.is_empty() {
        let _ = writeln!(text, "published figures: none for this window and scenario, not compared");
    } else {
        let _ = writeln!(
            text,
            "{:>3}  {:<38}{:>16}{:>16}{:>13}  judged",
            "it", "published figures", "published", "ours", "difference"
        );
    }
    for figure in &found.figures {
        let iteration = figure.iteration.map_or_else(String::new, |iteration| iteration.to_string());
        let Comparison { figure: name, published, ours, tolerance, .. } = figure;
        let judged = match tolerance {
            None => "shown only".to_owned(),
            Some(tolerance) => format!("{} (<= {tolerance})", if figure.is_within() { "ok" } else { "OUTSIDE" }),
        };
        let digits = if published.abs() < 1.0 { 8 } else { 3 };
        let difference = figure.difference();
        let _ = writeln!(
            text,
            "{iteration:>3}  {name:<38}{published:>16.digits$}{ours:>16.digits$}{difference:>13.1e}  {judged}"
        );
    }
    text.push('\n');
    match (&found.temperatures, &found.reference) {
        (Some(temperatures), Some(file)) => {
            let _ = writeln!(text, "loop temperature hour by hour against {}", file.display());
            let _ =
                writeln!(text, "{:>3}  {:>12}{:>12}  {:<28}judged", "it", "mean K", "max K", "first step over 1e-6 K");
            for comparison in temperatures {
                let TemperatureComparison { iteration, mean_k, max_k, first_step, judged } = comparison;
                let first = first_step.map_or_else(|| "none".to_owned(), |step| step.to_string());
                let judged = match judged {
                    None => "shown only".to_owned(),
                    Some((what, limit)) => {
                        format!("{} ({what} <= {limit:e})", if comparison.is_within() { "ok" } else { "OUTSIDE" })
                    }
                };
                let _ = writeln!(text, "{iteration:>3}  {mean_k:>12.2e}{max_k:>12.2e}  {first:<28}{judged}");
            }
        }
        _ => {
            let _ = writeln!(
                text,
                "loop temperature hour by hour: not compared (no reference for this window and scenario)"
            );
        }
    }
    text
}

fn comparison_table(found: &Reproduction) -> Table {
    let mut table = Table::default();
    let text = |of: &dyn Fn(&Comparison) -> String| Column::Text(found.figures.iter().map(of).collect());
    let number = |of: &dyn Fn(&Comparison) -> f64| Column::Number(found.figures.iter().map(of).collect());
    table.push(column::FIGURE, text(&|figure| figure.figure.clone()));
    table.push(column::ITERATION, text(&|figure| figure.iteration.map_or_else(String::new, |k| k.to_string())));
    table.push(column::PUBLISHED, number(&|figure| figure.published));
    table.push(column::OURS, number(&|figure| figure.ours));
    table.push(column::DIFFERENCE, number(&Comparison::difference));
    table.push(column::TOLERANCE, number(&|figure| figure.tolerance.unwrap_or(f64::NAN)));
    table
}
