//! `anergy schema`: the JSON Schemas of district files, loop files and sweep files.

use clap::{Args, ValueEnum};

use super::Failure;
use crate::config::{loop_file, native};
use crate::study::sweep;

/// Print the JSON Schema of district files, loop files or sweep files, for completion and checks in an editor
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy schema > anergy.schema.json\n  \
    anergy schema loop > loop.schema.json\n  \
    anergy schema sweep > sweep.schema.json\n\n\
    and as the first line of a district file, for editors with the YAML language server:\n  \
    # yaml-language-server: $schema=anergy.schema.json")]
pub(super) struct Schema {
    /// Which files
    #[arg(value_enum, default_value_t = Files::District)]
    files: Files,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Files {
    District,
    Loop,
    Sweep,
}

impl Schema {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        let schema = match self.files {
            Files::District => native::json_schema(),
            Files::Loop => loop_file::json_schema(),
            Files::Sweep => sweep::json_schema(),
        };
        super::print(&format!("{}\n", serde_json::to_string_pretty(&schema)?))?;
        Ok(0)
    }
}
