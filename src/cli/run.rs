//! `anergy run`: one case to its end.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::output::{self, OutputArgs};
use super::progress::Progress;
use super::{Failure, exit};
use crate::config::switches::Preset;
use crate::config::{Case, LoopSource, Request};
use crate::coupling::Verdict;
use crate::results::RunFolder;
use crate::study::{self, Summary, converge};

/// Run a Calliope 0.6 model, alone or with a water loop
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy run configs/small_district/model.yaml --water-loop networks/small_ring.yaml\n  \
    anergy run smarti/model_op.yaml --scenario zero_alt_storage --water-loop networks/iccep2019.yaml\n  \
    anergy run smarti/model_op.yaml --scenario zero_alt_storage --water-loop networks/iccep2019.yaml \\\n      \
    --preset corrected --window 2015-07-01..2015-07-31 --set switches.loop_limit=clamp")]
pub(super) struct Run {
    /// The model file
    #[arg(value_name = "MODEL.yaml")]
    model: PathBuf,
    /// A scenario of the model, or overrides separated by commas
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// The water loop that the heat pumps draw from; a plain dispatch without it
    #[arg(long, value_name = "FILE")]
    water_loop: Option<PathBuf>,
    /// Set all switches of the loop file at once
    #[arg(long, value_parser = preset, value_name = "published|corrected|equilibrium_reference")]
    preset: Option<Preset>,
    /// Set one key of the model or of the loop file
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Time window in place of the model's own: two dates, or one (2015-07 is July)
    #[arg(long, value_name = "START..END", value_parser = window)]
    window: Option<[String; 2]>,
    /// Warn of what is not supported instead of refusing it
    #[arg(long)]
    ignore_unsupported: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// A preset by its name, with the nearest one suggested.
pub(super) fn preset(text: &str) -> Result<Preset, String> {
    let node = crate::config::yaml::Node {
        value: crate::config::yaml::Value::Scalar { text: text.to_owned(), quoted: true },
        span: crate::config::yaml::Span::nowhere("--preset", text),
        origin: None,
    };
    crate::config::yaml::from_node(&node).map_err(|error| error.message())
}

/// `START..END`, or one date for both.
pub(super) fn window(text: &str) -> Result<[String; 2], String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (first.trim(), last.trim());
    match crate::series::TimeWindow::between(first, last) {
        Ok(_) => Ok([first.to_owned(), last.to_owned()]),
        Err(error) => Err(error.to_string()),
    }
}

impl Run {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        let mut progress = Progress::new(self.output.quiet);
        let backend = study::solver()?;
        let place = self.output.place(&self.default_name())?;
        RunFolder::check(&place).map_err(Failure::Place)?;
        progress.doing("reading");
        let began = Instant::now();
        let case = Case::load(&Request {
            model: self.model.clone(),
            scenario: self.scenario.clone(),
            water_loop: self.water_loop.clone().map(LoopSource::File),
            preset: self.preset,
            settings: self.settings.clone(),
            window: self.window.clone(),
            ignore_unsupported: self.ignore_unsupported,
        })?;
        let read_seconds = began.elapsed().as_secs_f64();
        progress.findings(&case.findings);
        progress.doing("dispatching");
        let run = converge::run(&case, backend, &mut progress)?;
        let summary = Summary::of(&case, &run);
        let split = output::time_split(&run, read_seconds);
        let folder = output::write(&place, &case, &run, &summary, &[], progress, read_seconds)?;
        super::print(&if self.output.json {
            format!("{}\n", serde_json::to_string_pretty(&summary)?)
        } else {
            output::text(&summary, &split, &folder)
        })?;
        Ok(match run.coupling.map(|coupling| coupling.verdict) {
            None | Some(Verdict::Converged | Verdict::StoppedByPaperRule { .. }) => 0,
            Some(_) => exit::NOT_CONVERGED,
        })
    }

    /// The model's folder (or its file, where it lies in none) and the scenario.
    fn default_name(&self) -> String {
        let folder = self.model.parent().and_then(|parent| parent.file_name());
        let stem = self.model.file_stem();
        let model = folder.or(stem).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let scenario = self.scenario.as_ref().map_or_else(String::new, |scenario| format!("-{scenario}"));
        let name = output::folder_name(&format!("{model}{scenario}"));
        if name.is_empty() { "run".to_owned() } else { name }
    }
}
