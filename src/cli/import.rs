//! `anergy import`: converts a Calliope model to a district file.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::case::CaseArgs;
use super::new::write_folder;
use super::progress::Progress;
use crate::config::{Format, native};
use crate::run::JobObserver as _;

/// Turn a Calliope 0.6 model, and its loop file if there is one, into a district of our own format
#[derive(Debug, Args)]
#[command(
    after_help = "Writes DIR/district.yaml and DIR/series.csv, with the scenario, gaps, corrections and units worked \
        in; \
    run from there, the district gives the same costs.\n\nExamples:\n  anergy import \
    configs/small_district/model.yaml --water-loop networks/small_ring.yaml --to small\n  anergy run \
    small/district.yaml"
)]
pub(super) struct Import {
    #[command(flatten)]
    case: CaseArgs,
    /// Folder to write to; must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

impl Import {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        let case = self.case.load()?;
        Progress::new(false).findings(&case.findings);
        super::refuse_errors(&case.findings)?;
        if case.format == Format::District {
            let message = "this is a district of our own format already; `import` reads Calliope models";
            return Err(Failure::Usage(message.to_owned()));
        }
        let (file, series) = native::district_file(&case);
        let head =
            format!("# {}, imported. Powers in kW; see `anergy schema` for all keys.\n", case.name.replace('\n', " "));
        let text = head + &serde_yaml::to_string(&file)?;
        let files = [("district.yaml", text.into_bytes()), (native::SERIES, series.to_csv())];
        write_folder(&self.to, &files)?;
        super::print(&format!("{}\n", self.to.join("district.yaml").display()))?;
        Ok(0)
    }
}
