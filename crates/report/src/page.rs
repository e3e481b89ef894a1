//! A page as data: sections of headline figures, text, tables and figures.

use super::figure::Figure;

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// The text below the title.
    pub subtitle: String,
    /// A badge with the verdict; `None` without one.
    pub badge: Option<(String, Tone)>,
    /// The sections.
    pub sections: Vec<Section>,
}

/// The tone of a figure or badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A good result.
    Good,
    /// A result that needs attention.
    Warning,
    /// A neutral result.
    Plain,
}

impl Tone {
    /// Returns the CSS class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Plain => "plain",
        }
    }
}

/// A section.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its anchor.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its content.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Headline figures.
    Tiles(Vec<Tile>),
    /// A paragraph.
    Text(String),
    /// A table.
    Table(Table),
    /// A figure.
    Figure(Figure),
    /// Figures of which one is shown at a time, each with its name.
    Choice {
        /// The label of the choice.
        label: &'static str,
        /// The figures.
        figures: Vec<(String, Figure)>,
    },
}

/// A headline figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Its name.
    pub label: String,
    /// The number.
    pub value: String,
    /// Its unit.
    pub unit: &'static str,
    /// An additional note.
    pub note: String,
    /// Its tone.
    pub tone: Tone,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The headings of the columns.
    pub heads: Vec<String>,
    /// The rows; cells with numbers are aligned to the right.
    pub rows: Vec<Vec<Cell>>,
    /// Whether it is folded at first.
    pub is_folded: bool,
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// A number as text.
    Number(String),
}

impl Cell {
    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }

    /// Returns whether the cell is a number.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }
}

impl Section {
    /// Creates a section without its empty parts; `None` when it has no parts.
    #[must_use]
    pub fn of(id: &'static str, title: &'static str, blocks: Vec<Option<Block>>) -> Option<Self> {
        let blocks: Vec<Block> = blocks.into_iter().flatten().collect();
        (!blocks.is_empty()).then_some(Self { id, title, blocks })
    }
}

impl Block {
    /// Creates a choice among figures; a single figure is shown without one.
    #[must_use]
    pub fn choice(label: &'static str, mut figures: Vec<(String, Figure)>) -> Option<Self> {
        match figures.len() {
            0 => None,
            1 => figures.pop().map(|(_, figure)| Self::Figure(figure)),
            _ => Some(Self::Choice { label, figures }),
        }
    }
}

impl Page {
    /// Returns all figures, in order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        let blocks = self.sections.iter().flat_map(|section| &section.blocks);
        blocks.flat_map(|block| match block {
            Block::Figure(figure) => vec![figure],
            Block::Choice { figures, .. } => figures.iter().map(|(_, figure)| figure).collect(),
            Block::Tiles(_) | Block::Text(_) | Block::Table(_) => Vec::new(),
        })
    }

    /// Makes the names of all figures unique, where their titles differ only in special characters.
    #[must_use]
    pub fn with_own_ids(mut self) -> Self {
        let mut seen: Vec<String> = Vec::new();
        let mut own = |figure: &mut Figure| {
            let wanted = if figure.id.is_empty() { "figure".to_owned() } else { figure.id.clone() };
            let later = (2..).map(|count| format!("{wanted}-{count}"));
            let mut candidates = std::iter::once(wanted.clone()).chain(later);
            if let Some(id) = candidates.find(|id| !seen.contains(id)) {
                seen.push(id.clone());
                figure.id = id;
            }
        };
        for block in self.sections.iter_mut().flat_map(|section| &mut section.blocks) {
            match block {
                Block::Figure(figure) => own(figure),
                Block::Choice { figures, .. } => figures.iter_mut().for_each(|(_, figure)| own(figure)),
                Block::Tiles(_) | Block::Text(_) | Block::Table(_) => {}
            }
        }
        self
    }
}
