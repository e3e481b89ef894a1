//! The figure of the loop temperature over time: the solution, its limits, and every iteration.

use std::path::Path;

use anergy_data::schema::columns::loop_temperature::iteration_c;
use anergy_data::schema::files::LOOP_TEMPERATURE;

use super::extremes;
use crate::axis::{Axis, envelope};
use crate::figure::{Colour, Figure, Line, Panel, Plot, Style, XAxis};
use crate::run::RunResults;

/// The number of points of all lines in the background together.
const FAINT_POINTS: usize = 60_000;

/// Returns the loop's temperature with its limits; every other iteration is a line in the background.
pub(crate) fn temperature(run: &RunResults) -> Option<Figure> {
    let coupling = run.summary.coupling.as_ref()?;
    let frame = run.temperatures.as_ref()?;
    let axis = frame.axis(Path::new(LOOP_TEMPERATURE)).ok()?;
    let columns: Vec<(&str, &[f64])> = frame.all_numbers().collect();
    let answer = iteration_c(coupling.answer);
    let [low, mean, high] = extremes(frame.numbers(&answer)?)?;
    let mut lines: Vec<Line> = Vec::new();
    let per_line = (FAINT_POINTS / columns.len().max(1)).clamp(200, 1500);
    for (name, values) in columns.iter().filter(|(name, _)| *name != answer) {
        let name = name.trim_end_matches("_c").replace('_', " ");
        lines.push(Line { style: Style::Faint, ..thin(&name, Colour::Grey, values, &axis, per_line) });
    }
    let values = frame.numbers(&answer)?.to_vec();
    lines.push(Line::new(format!("answer (iteration {})", coupling.answer), Colour::Nth(0), values));
    let thinned = lines.iter().any(|line| line.axis.is_some());
    let limits = coupling.violations.iter().zip(["lowest", "highest"]);
    let limits = limits.map(|(violation, name)| (format!("{name} allowed"), violation.limit_c)).collect();
    let is_network = run.summary.network.is_some();
    let of = if is_network { "Mean temperature of all water and pipe walls" } else { "Loop temperature" };
    let text = format!(
        "{of}, at the start of each step: {low:.2} to {high:.2} °C, {mean:.2} °C on average. Grey: the other {} \
         iterations{}.{}",
        columns.len().saturating_sub(1),
        if thinned { ", thinned to their extremes" } else { "" },
        if is_network { " The limits are those of the water that substations get, not of this mean." } else { "" }
    );
    let panel = Panel { limits, ..Panel::new("°C", lines) };
    let plot = Plot::Lines { x: XAxis::Time(axis), panels: vec![panel] };
    Some(Figure { id: "loop-temperature".to_owned(), title: "Loop temperature".to_owned(), text, plot })
}

/// Returns a line of at most about `points` points that keeps its peaks.
fn thin(name: &str, colour: Colour, values: &[f64], axis: &Axis, points: usize) -> Line {
    let block = (2 * values.len()).div_ceil(points);
    let thinned = envelope(values, block);
    let own = (block >= 3).then_some(Axis { step_ms: 0.5 * axis.step_ms * block as f64, len: thinned.len(), ..*axis });
    Line { axis: own, ..Line::new(name, colour, thinned) }
}
