//! Duration curves: for how many hours a quantity had at least a value.

use anergy_data::schema::columns::timeseries;
use anergy_data::schema::{TechnologyKind, TechnologySummary};

use super::extremes;
use crate::axis::duration;
use crate::figure::{Colour, Figure, Line, Panel, Plot, XAxis};
use crate::run::RunResults;

/// The number of points of a curve.
pub(crate) const POINTS: usize = 500;

/// Returns equidistant hours, from 0 to the length of the run.
pub(crate) fn hours(run: &RunResults, points: usize) -> XAxis {
    let hours = run.axis.step_hours() * run.axis.len as f64;
    let values = (0..points).map(|index| hours * index as f64 / (points.max(2) - 1) as f64).collect();
    XAxis::Number { label: "hours".to_owned(), values }
}

/// The largest number of curves of powers.
const MOST_CURVES: usize = 11;

/// Returns the number of points of a curve for a run of `steps` steps.
pub(crate) fn points(steps: usize) -> usize {
    steps.clamp(2, POINTS)
}

/// Returns the curves of imports, exports and heat pumps, and of the loop temperature.
pub(crate) fn durations(run: &RunResults) -> Option<Figure> {
    let points = points(run.axis.len);
    let power = |technology: &TechnologySummary| {
        let quantity = match technology.kind {
            TechnologyKind::Import => timeseries::SUPPLY_KW,
            TechnologyKind::Export => timeseries::EXPORT_KW,
            TechnologyKind::HeatPump => timeseries::OUTPUT_KW,
            _ => return None,
        };
        let TechnologySummary { site, technology, carrier, .. } = technology;
        let values = run.series.numbers(&timeseries::name(site, technology, carrier, quantity))?;
        Some((format!("{technology} at {site}"), duration(values, points)))
    };
    let mut powers: Vec<(String, Vec<f64>)> = run.summary.technologies.iter().filter_map(power).collect();
    let all = powers.len();
    powers.sort_by(|(_, a), (_, b)| b.iter().sum::<f64>().total_cmp(&a.iter().sum::<f64>()));
    powers.truncate(MOST_CURVES);
    let powers = powers.into_iter().enumerate();
    let powers: Vec<Line> = powers.map(|(index, (name, values))| Line::new(name, Colour::Nth(index), values)).collect();
    let temperature = run.series.numbers(timeseries::LOOP_TEMPERATURE_C);
    let mut panels = Vec::new();
    if !powers.is_empty() {
        panels.push(Panel::new("kW", powers));
    }
    if let Some(values) = temperature {
        panels.push(Panel::new("°C", vec![Line::new("loop temperature", Colour::Nth(0), duration(values, points))]));
    }
    if panels.is_empty() {
        return None;
    }
    let most = panels.iter().flat_map(|panel| &panel.lines).filter_map(|line| {
        let [low, _, high] = extremes(&line.values)?;
        // Values below the solver's tolerance are zero.
        let low = if low.abs() < 1e-6 { 0.0 } else { low };
        Some(format!("{} {} to {}", line.name, super::number(low), super::number(high)))
    });
    let text = format!(
        "For how many hours each was at least so high, with {points} points a curve{}: {}.",
        if all > MOST_CURVES { format!(" (of {all}, the {MOST_CURVES} with the most energy)") } else { String::new() },
        most.collect::<Vec<_>>().join(", ")
    );
    Some(Figure {
        id: "durations".to_owned(),
        title: "Duration curves".to_owned(),
        text,
        plot: Plot::Lines { x: hours(run, points), panels },
    })
}
