//! `anergy schema`: prints the JSON Schemas of district files, loop files and sweep files, and the reference of their
//! keys.

use clap::{Args, ValueEnum};

use super::Failure;
use crate::config::{key_reference, loop_file, native};
use crate::study::sweep;

/// Print the JSON Schema of district files, loop files or sweep files, for completion and checks in an editor
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy schema > anergy.schema.json\n  \
    anergy schema loop > loop.schema.json\n  \
    anergy schema sweep > sweep.schema.json\n  \
    anergy schema --format markdown district > keys.md\n\n\
    and as the first line of a district file, for editors with the YAML language server:\n  \
    # yaml-language-server: $schema=anergy.schema.json")]
pub(super) struct Schema {
    /// Which files
    #[arg(value_enum, default_value_t = Files::District)]
    files: Files,
    /// As a schema for editors, or as tables of all keys for readers
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Markdown,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Files {
    District,
    Loop,
    Sweep,
}

impl Schema {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        let text = match self.format {
            Format::Json => format!("{}\n", serde_json::to_string_pretty(&self.schema())?),
            Format::Markdown => match self.files {
                Files::District => key_reference::district_page(),
                Files::Loop => key_reference::loop_page(),
                Files::Sweep => key_reference::sweep_page(&self.schema()),
            },
        };
        super::print_unchanged(&text)?;
        Ok(0)
    }

    fn schema(&self) -> serde_json::Value {
        match self.files {
            Files::District => native::json_schema(),
            Files::Loop => loop_file::json_schema(),
            Files::Sweep => sweep::json_schema(),
        }
    }
}
