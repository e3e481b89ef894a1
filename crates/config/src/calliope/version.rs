//! The version of Calliope of a model, and the rules that differ between versions.

use super::reader::{ModelReader, text_of};
use crate::yaml::Map;
use crate::{ConfigError, Finding};

/// The last version of the 0.6 series whose rules are implemented.
const NEWEST: u32 = 10;

/// The third number of a version 0.6.x; `None` when the model does not state it, and then the rules of the newest
/// version apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version(Option<u32>);

impl Version {
    /// Reads `model.calliope_version`; any series other than 0.6 is an error.
    pub(super) fn read(reader: &mut ModelReader<'_>, model: &Map) -> Result<Self, ConfigError> {
        let Some(node) = model.get("calliope_version") else { return Ok(Self(None)) };
        let text = text_of(node, "calliope_version")?;
        let mut numbers = text.split('.');
        if (numbers.next(), numbers.next()) != (Some("0"), Some("6")) {
            let reason = format!("this is a model for Calliope {text}; models for 0.6 are read");
            reader.unsupported(&node.span, "model.calliope_version", Some(&reason))?;
            return Ok(Self(None));
        }
        // `0.6.6-post1` and `0.6.5.dev` follow the rules of their number.
        let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
        let patch: Option<u32> = numbers.next().and_then(digits);
        if patch.is_some_and(|patch| patch > NEWEST) {
            let message = format!("a model for Calliope {text}, read as one for 0.6.{NEWEST}");
            reader.findings.push(Finding::note(message));
        }
        Ok(Self(patch))
    }

    /// Returns whether the model states its version.
    pub(super) fn is_stated(self) -> bool {
        self.0.is_some()
    }

    /// Returns whether `storage_initial` is a share of the capacity (since 0.6.5) instead of an energy in kWh.
    pub(super) fn initial_level_is_a_share(self) -> bool {
        self.0.unwrap_or(NEWEST) >= 5
    }

    /// Returns whether `om_annual` counts without a cost of capacity beside it (since 0.6.9). In earlier versions the
    /// cost of investment, of which it is a part, exists only for technologies with a key of costs that contains
    /// `_cap`, `_area` or `.purchase` (Calliope, `core/preprocess/sets.py`).
    pub(super) fn counts_upkeep_alone(self) -> bool {
        self.0.unwrap_or(NEWEST) >= 9
    }
}
