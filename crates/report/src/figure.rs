//! Figures as data, without their drawing. A page draws them with scripts, a print as SVG or PNG.

use super::axis::Axis;

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name in the page and as a file: letters, digits and minus.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its description, which is the caption and the alternative text.
    pub text: String,
    /// Its content.
    pub plot: Plot,
}

/// The content of a figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Plot {
    /// Lines, in panels one below the other.
    Lines {
        /// The horizontal axis of all panels.
        x: XAxis,
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
        /// The name of the values, with their unit.
        label: String,
    },
    /// A Sankey diagram of energy.
    Sankey {
        /// The nodes.
        nodes: Vec<Node>,
        /// The flows: source and target (indices of `nodes`), energy, kWh.
        flows: Vec<(usize, usize, f64)>,
    },
    /// A map of a network.
    Map(Map),
    /// Bars by category, with several series side by side.
    Bars {
        /// Whether the series are stacked.
        is_stacked: bool,
        /// Names of the categories.
        categories: Vec<String>,
        /// The name of the values, with their unit.
        label: String,
        /// The series: name, colour, values by category.
        series: Vec<(String, Colour, Vec<f64>)>,
    },
    /// Results by case, of which any two can be plotted against each other.
    Explorer(Explorer),
}

/// A horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub enum XAxis {
    /// Time.
    Time(Axis),
    /// Numbers, the same for all lines.
    Number {
        /// The name of the numbers, with their unit.
        label: String,
        /// The numbers.
        values: Vec<f64>,
    },
}

/// A panel of lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// The name of its values, with their unit.
    pub label: String,
    /// Whether its vertical axis is logarithmic.
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
    /// Its style.
    pub style: Style,
    /// Its values; NaN is a gap.
    pub values: Vec<f64>,
    /// A time axis of its own; `None` for that of the figure.
    pub axis: Option<Axis>,
}

/// The style of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A solid line.
    Plain,
    /// A line in the background, one of many.
    Faint,
    /// Points joined by a line.
    Points,
}

/// A layer of a stack.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// Whether it is a source, stacked upwards.
    pub is_source: bool,
    /// Its powers, kW.
    pub values: Vec<f64>,
}

/// A node of a Sankey diagram.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
}

/// A map of a network, with temperatures that change with time.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// The moments of the temperatures.
    pub axis: Axis,
    /// The nodes of the water.
    pub nodes: Vec<MapNode>,
    /// The pipes: name and ends (indices of `nodes`).
    pub pipes: Vec<(String, usize, usize)>,
}

/// A node of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapNode {
    /// Its name, and the names of the substations and plants there.
    pub name: String,
    /// Distance to the east, m.
    pub x_m: f64,
    /// Distance to the north, m.
    pub y_m: f64,
    /// Its label; `None` where nothing is connected.
    pub label: Option<String>,
    /// Its mean temperature, degrees Celsius.
    pub mean_c: f64,
    /// Its temperatures over time, degrees Celsius.
    pub temp_c: Vec<f64>,
}

/// Results by case.
#[derive(Debug, Clone, PartialEq)]
pub struct Explorer {
    /// Names of the cases.
    pub cases: Vec<String>,
    /// The verdict of each case.
    pub verdicts: Vec<String>,
    /// The columns: name, values by case.
    pub columns: Vec<(String, Vec<f64>)>,
    /// The columns that are shown at first: horizontally, vertically, as colour.
    pub first: [usize; 3],
    /// Whether colours fill the cells of a grid (both axes have few values) instead of points.
    pub is_grid: bool,
}

/// A colour by its use; light and dark pages and prints each define their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// A colour of the palette, counted from 0; the palette repeats.
    Nth(usize),
    /// The colour of demand, and of earlier iterations.
    Grey,
    /// The colour of unmet demand and other deficits.
    Alarm,
    /// The colour of surplus.
    Pale,
}

impl Line {
    /// Creates a solid line.
    #[must_use]
    pub fn new(name: impl Into<String>, colour: Colour, values: Vec<f64>) -> Self {
        Self { name: name.into(), colour, style: Style::Plain, values, axis: None }
    }
}

impl Panel {
    /// Creates a panel with a linear axis and no limits.
    #[must_use]
    pub fn new(label: impl Into<String>, lines: Vec<Line>) -> Self {
        Self { label: label.into(), is_log: false, lines, limits: Vec::new() }
    }
}

/// Returns a name for a page and for files from any text: characters other than ASCII letters and digits become a
/// minus.
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
