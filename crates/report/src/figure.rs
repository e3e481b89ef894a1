//! Figures as data: what is to be seen, not how it is drawn. A page draws them with scripts, a print as SVG or PNG.

use super::axis::Axis;

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name in the page and among files: letters, digits and minus.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What is to be seen, for who cannot see it, and as its caption.
    pub text: String,
    /// What it shows.
    pub plot: Plot,
}

/// What a figure shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Plot {
    /// Lines, in panels one below the other.
    Lines {
        /// What all panels share.
        x: X,
        /// The panels.
        panels: Vec<Panel>,
    },
    /// Powers over time: sources stacked upwards, uses downwards.
    Stack {
        /// Time.
        axis: Axis,
        /// The powers, kW, >= 0.
        layers: Vec<Layer>,
    },
    /// Values by day and time of day.
    Carpet {
        /// Time; it begins with the first step of a day.
        axis: Axis,
        /// The values.
        values: Vec<f64>,
        /// What they are, with their unit.
        label: String,
    },
    /// Energy from where it comes to where it goes.
    Sankey {
        /// Names; the colour of those that belong to a carrier.
        nodes: Vec<Node>,
        /// From, to (of `nodes`), kWh.
        flows: Vec<(usize, usize, f64)>,
    },
    /// A network on its ground.
    Map(Map),
    /// Bars by category, of several series one beside the other.
    Bars {
        /// Whether they stand one on the other.
        is_stacked: bool,
        /// Names of the categories.
        categories: Vec<String>,
        /// What they are, with their unit.
        label: String,
        /// A series each: name, colour, values by category.
        series: Vec<(String, Colour, Vec<f64>)>,
    },
    /// Numbers by case, of which any two can be held against each other.
    Explorer(Explorer),
}

/// A horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub enum X {
    /// Time.
    Time(Axis),
    /// Numbers, the same for all lines.
    Number {
        /// What they are, with their unit.
        label: String,
        /// The numbers.
        values: Vec<f64>,
    },
}

/// A panel of lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What its lines are, with their unit.
    pub label: String,
    /// Whether its axis is logarithmic.
    pub is_log: bool,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Names and values of limits.
    pub limits: Vec<(String, f64)>,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// How it is drawn.
    pub style: Style,
    /// Its values; those that are not numbers are gaps.
    pub values: Vec<f64>,
    /// A time axis of its own, where it is not that of the figure.
    pub axis: Option<Axis>,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As a line.
    Plain,
    /// One among many, in the background.
    Faint,
    /// As points joined by a line.
    Points,
}

/// A layer of a stack.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// Whether it goes upwards: brings something.
    pub is_source: bool,
    /// Its powers, kW.
    pub values: Vec<f64>,
}

/// A node of a flow of energy.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
}

/// A network on its ground, with temperatures that change with time.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Moments of the temperatures.
    pub axis: Axis,
    /// Nodes of water.
    pub nodes: Vec<MapNode>,
    /// Name, ends (of `nodes`).
    pub pipes: Vec<(String, usize, usize)>,
}

/// A node of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapNode {
    /// Its name, and what stands there.
    pub name: String,
    /// East, m.
    pub x_m: f64,
    /// North, m.
    pub y_m: f64,
    /// Whether something stands there that has a label.
    pub label: Option<String>,
    /// Its mean temperature, degrees Celsius.
    pub mean_c: f64,
    /// Its temperatures over time, degrees Celsius.
    pub temp_c: Vec<f64>,
}

/// Numbers by case.
#[derive(Debug, Clone, PartialEq)]
pub struct Explorer {
    /// Names of the cases.
    pub cases: Vec<String>,
    /// How each ended.
    pub verdicts: Vec<String>,
    /// Columns: name, values by case.
    pub columns: Vec<(String, Vec<f64>)>,
    /// The columns that are first seen: horizontally, vertically, as colour.
    pub first: [usize; 3],
    /// Whether colours fill cells of a table (both axes have few values), not points.
    pub is_grid: bool,
}

/// A colour by its use, so that light and dark pages and prints each have theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One of the palette, counted from 0; later ones come again.
    Nth(usize),
    /// What is asked for: demand, the past.
    Grey,
    /// What is missing.
    Alarm,
    /// What is thrown away.
    Pale,
}

impl Line {
    /// A plain line.
    #[must_use]
    pub fn new(name: impl Into<String>, colour: Colour, values: Vec<f64>) -> Self {
        Self { name: name.into(), colour, style: Style::Plain, values, axis: None }
    }
}

impl Panel {
    /// Lines on a linear axis, without limits.
    #[must_use]
    pub fn new(label: impl Into<String>, lines: Vec<Line>) -> Self {
        Self { label: label.into(), is_log: false, lines, limits: Vec::new() }
    }
}

/// A name for a page and among files, made of any text: what is no ASCII letter or digit becomes a minus.
#[must_use]
pub fn identifier(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let mut id = String::new();
    for c in text.chars().map(plain) {
        if c != '-' || !(id.is_empty() || id.ends_with('-')) {
            id.push(c);
        }
    }
    id.trim_end_matches('-').to_owned()
}
