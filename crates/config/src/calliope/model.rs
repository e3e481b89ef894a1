//! A Calliope model: its name and its window of time.

use anergy_data::series::TimeWindow;

use crate::ConfigError;
use crate::document::{self, Document};
use crate::yaml::{Map, Node};

/// A Calliope model with imports, overrides and settings worked in.
#[derive(Debug, Clone)]
pub struct Model {
    pub(super) document: Document,
}

impl Model {
    /// A document read as a Calliope model; `window` takes the place of its own.
    ///
    /// # Errors
    /// When the model has no place for a window.
    pub fn new(mut document: Document, window: Option<&[String; 2]>) -> Result<Self, ConfigError> {
        if let Some([from, to]) = window {
            let (span, value) = document::dates(from, to);
            document.put("model.subset_time", &span, value)?;
        }
        Ok(Self { document })
    }

    /// The model's own name, or that of its file.
    #[must_use]
    pub fn name(&self) -> String {
        let named = self.document.map().get("model").and_then(Node::as_map).and_then(|model| model.get("name"));
        named.and_then(Node::as_text).map_or_else(|| self.document.stem(), str::to_owned)
    }

    /// Everything that it says.
    #[must_use]
    pub fn map(&self) -> &Map {
        self.document.map()
    }

    /// The time window, `subset_time`.
    pub(super) fn window(subset_time: Option<&Node>) -> Result<Option<TimeWindow>, ConfigError> {
        subset_time.map_or(Ok(None), document::window)
    }
}
