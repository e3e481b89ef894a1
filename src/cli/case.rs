//! The options that select a case, shared by all verbs that read one.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::output;
use crate::config::switches::Preset;
use crate::config::{Case, LoopSource, Request};
use crate::run::Job;

/// The options that select a case and change it.
#[derive(Debug, Args)]
pub(super) struct CaseArgs {
    /// A district of our own format, or a Calliope 0.6 model
    #[arg(value_name = "DISTRICT.yaml")]
    model: PathBuf,
    /// A scenario of the file, or overrides separated by commas
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// The water loop: beside a Calliope model its loop file; for a district, in place of its own
    #[arg(long, value_name = "FILE")]
    water_loop: Option<PathBuf>,
    /// Set all switches of a Calliope model's loop file at once
    #[arg(long, value_parser = preset, value_name = "published|corrected|equilibrium_reference")]
    preset: Option<Preset>,
    /// Set one key by its dotted path
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Time window in place of the file's own: two dates, or one (2015-07 is July)
    #[arg(long, value_name = "START..END", value_parser = window)]
    window: Option<[String; 2]>,
    /// Warn of what is not supported in a Calliope model instead of refusing it
    #[arg(long)]
    ignore_unsupported: bool,
    /// Take every warning for an error, also that of demand which is not served
    #[arg(long)]
    strict: bool,
}

impl CaseArgs {
    /// Returns the request.
    pub(super) fn request(&self) -> Request {
        Request {
            model: self.model.clone(),
            scenario: self.scenario.clone(),
            water_loop: self.water_loop.clone().map(LoopSource::File),
            preset: self.preset,
            settings: self.settings.clone(),
            window: self.window.clone(),
            ignore_unsupported: self.ignore_unsupported,
        }
    }

    /// Returns the job that runs the case in the working directory.
    pub(super) fn job(&self) -> Job {
        let mut job = Job::new(self.request(), "");
        job.strict = self.strict;
        job
    }

    /// Reads the case.
    pub(super) fn load(&self) -> Result<Case, Failure> {
        Ok(self.job().read()?)
    }

    /// Returns the default name of results of the case: the name of the file (of its folder, where the file has a
    /// generic name), the scenario, the time window and the settings.
    pub(super) fn default_name(&self) -> String {
        let name = |name: &std::ffi::OsStr| name.to_string_lossy().into_owned();
        let stem = self.model.file_stem().map(name).unwrap_or_default();
        let folder = self.model.parent().and_then(|parent| parent.file_name()).map(name);
        let plain = ["model", "district", "config"].iter().any(|word| stem.starts_with(word));
        let model = folder.filter(|_| plain).unwrap_or(stem);
        let scenario = self.scenario.as_ref().map_or_else(String::new, |scenario| format!("-{scenario}"));
        let window = self.window.as_ref().map_or_else(String::new, |[from, to]| match from == to {
            true => format!("-{from}"),
            false => format!("-{from}..{to}"),
        });
        let name = output::folder_name(&format!("{model}{scenario}{window}{}", self.told_settings()));
        if name.is_empty() { "run".to_owned() } else { name }
    }

    /// Returns the settings for the name of a folder: the last parts of their keys, and their values; where that is
    /// long, or not all of it may stand in a name, with a hash that tells it from all others.
    fn told_settings(&self) -> String {
        let mut all: Vec<String> = self.preset.iter().map(|preset| format!("{preset:?}").to_lowercase()).collect();
        all.extend(self.settings.iter().cloned());
        if all.is_empty() {
            return String::new();
        }
        let last = |setting: &String| {
            let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
            format!("-{}={}", key.trim().rsplit('.').next().unwrap_or_default(), value.trim())
        };
        let told: String = all.iter().map(last).collect();
        let plain = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_' | '=');
        if told.len() <= MOST_TOLD && told.chars().all(plain) && all.len() == 1 {
            return told;
        }
        let short: String = told.chars().take(MOST_TOLD).collect();
        format!("{short}-{}", &crate::results::sha256(all.join("\n").as_bytes())[..8])
    }
}

/// The largest number of characters of settings in the name of a folder.
const MOST_TOLD: usize = 40;

/// Parses the name of a preset; the error suggests the most similar one.
fn preset(text: &str) -> Result<Preset, String> {
    let node = crate::config::yaml::Node {
        value: crate::config::yaml::Value::Scalar { text: text.to_owned(), quoted: true },
        span: crate::config::yaml::Span::nowhere("--preset", text),
        origin: None,
    };
    crate::config::yaml::from_node(&node).map_err(|error| error.message())
}

/// Parses `START..END`, or one date for both.
pub(super) fn window(text: &str) -> Result<[String; 2], String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (first.trim(), last.trim());
    match crate::series::TimeWindow::between(first, last) {
        Ok(_) => Ok([first.to_owned(), last.to_owned()]),
        Err(error) => Err(error.to_string()),
    }
}
