//! A page as data: sections of headline figures, text, tables and figures.

use super::figure::Figure;

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What stands below it.
    pub subtitle: String,
    /// A word on whether the answer can be trusted, and whether it is a good one.
    pub badge: Option<(String, Tone)>,
    /// The sections.
    pub sections: Vec<Section>,
}

/// How something is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Worth a look.
    Warning,
    /// Neither.
    Plain,
}

impl Tone {
    /// The class of its elements.
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
    /// What is in it.
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
    /// Figures of which one is seen at a time, each with its name.
    Choice {
        /// What is chosen.
        label: &'static str,
        /// The figures.
        figures: Vec<(String, Figure)>,
    },
}

/// A headline figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// What it is.
    pub label: String,
    /// The number.
    pub value: String,
    /// Its unit.
    pub unit: &'static str,
    /// A word more.
    pub note: String,
    /// How it is to be taken.
    pub tone: Tone,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Heads of the columns.
    pub heads: Vec<String>,
    /// The rows; cells that are numbers stand to the right.
    pub rows: Vec<Vec<Cell>>,
    /// Whether it is closed at first.
    pub is_folded: bool,
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// A number, as it is shown.
    Number(String),
}

impl Cell {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }

    /// Whether it is a number.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }
}

impl Section {
    /// A section without its empty parts; `None` when nothing is left.
    #[must_use]
    pub fn of(id: &'static str, title: &'static str, blocks: Vec<Option<Block>>) -> Option<Self> {
        let blocks: Vec<Block> = blocks.into_iter().flatten().collect();
        (!blocks.is_empty()).then_some(Self { id, title, blocks })
    }
}

impl Block {
    /// A choice among figures; a single one needs none.
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
    /// All figures, in order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        let blocks = self.sections.iter().flat_map(|section| &section.blocks);
        blocks.flat_map(|block| match block {
            Block::Figure(figure) => vec![figure],
            Block::Choice { figures, .. } => figures.iter().map(|(_, figure)| figure).collect(),
            Block::Tiles(_) | Block::Text(_) | Block::Table(_) => Vec::new(),
        })
    }

    /// Gives every figure a name of its own, where names of things differ in signs alone.
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
