//! `anergy schema`: the JSON Schema of district files.

use clap::Args;

use super::Failure;
use crate::config::native;

/// Print the JSON Schema of district files, for completion and checks in an editor
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy schema > anergy.schema.json\n\n\
    and as the first line of a district file, for editors with the YAML language server:\n  \
    # yaml-language-server: $schema=anergy.schema.json")]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        super::print(&format!("{}\n", serde_json::to_string_pretty(&native::json_schema())?))?;
        Ok(0)
    }
}
