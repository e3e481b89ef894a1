//! Carpet plots: values by day and hour.

use anergy_data::schema::columns::timeseries;

use super::{extremes, number};
use crate::axis::{Axis, DAY_MS, means};
use crate::figure::{Figure, Plot, identifier};
use crate::run::RunResults;

/// The largest number of heat pumps with a carpet plot.
pub(crate) const MOST_PUMPS: usize = 40;
/// The largest number of steps per day in a carpet plot.
const MOST_PER_DAY: usize = 24;

/// Returns carpet plots of the loop temperature and of every heat pump's COP, each with its name; empty for a run
/// without a whole day.
pub(crate) fn carpets(run: &RunResults) -> Vec<(String, Figure)> {
    let temperature = run.series.numbers(timeseries::LOOP_TEMPERATURE_C).map(|values| {
        let name = "Loop temperature".to_owned();
        (name, "°C", values.to_vec())
    });
    let validity = run.summary.coupling.iter().flat_map(|coupling| &coupling.validity);
    let cops = validity.filter_map(|pump| {
        let (site, technology) = (&pump.site, &pump.technology);
        let values = run.series.numbers(&timeseries::efficiency(site, technology))?;
        Some((format!("COP of {technology} at {site}"), "COP", values.to_vec()))
    });
    temperature
        .into_iter()
        .chain(cops.take(MOST_PUMPS))
        .filter_map(|(name, unit, values)| carpet(run, &name, unit, &values))
        .collect()
}

fn carpet(run: &RunResults, name: &str, unit: &str, values: &[f64]) -> Option<(String, Figure)> {
    let axis = &run.axis;
    let per_day = axis.steps_per_day()?;
    if axis.days() < 2.0 {
        return None;
    }
    let [low, mean, high] = extremes(values)?;
    let (cells_axis, cells, block) = cells(axis, per_day, values);
    let text = format!(
        "{name} by day and hour: {} to {}, {} on average{}.",
        number(low),
        number(high),
        number(mean),
        if block > 1 { format!("; each cell is the mean of {block} steps") } else { String::new() }
    );
    let plot = Plot::Carpet { axis: cells_axis, values: cells, label: unit.to_owned() };
    let figure =
        Figure { id: format!("carpet-{}", identifier(name)), title: format!("{name} by day and hour"), text, plot };
    Some((name.to_owned(), figure))
}

/// Returns the values from the beginning of their first day, NaN before their first step; at most [`MOST_PER_DAY`] per
/// day, each the mean of a block of steps.
fn cells(axis: &Axis, per_day: usize, values: &[f64]) -> (Axis, Vec<f64>, usize) {
    let before = (axis.start_ms.rem_euclid(DAY_MS) / axis.step_ms).floor() as usize;
    let mut all = vec![f64::NAN; before];
    all.extend_from_slice(values);
    let finest = per_day.div_ceil(MOST_PER_DAY);
    let block = (finest..=per_day).find(|block| per_day.is_multiple_of(*block)).unwrap_or(per_day);
    let start = Axis { start_ms: axis.start_ms - before as f64 * axis.step_ms, len: all.len(), ..*axis };
    (start.coarser(block), means(&all, block), block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_the_cell_of_its_day_and_hour() {
        let hour = 3_600_000.0;
        for (start_h, step_h) in [(0.0, 1.0), (0.5, 1.0), (10.25, 0.25), (23.0, 1.0), (5.0, 7.0 / 60.0 * 60.0 / 7.0)] {
            let axis = Axis { start_ms: start_h * hour, step_ms: step_h * hour, len: 100 };
            let per_day = axis.steps_per_day().unwrap();
            // Each value is its time in hours since 1970.
            let values: Vec<f64> = (0..axis.len).map(|step| start_h + step_h * step as f64).collect();
            let (cells_axis, cells, block) = cells(&axis, per_day, &values);
            let per_row = per_day / block;
            for (index, value) in cells.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
                assert_eq!(
                    (value / 24.0).floor(),
                    (index / per_row) as f64,
                    "day of {value} h in a carpet from {start_h} h"
                );
                let at = cells_axis.at(index) / hour;
                assert!((value - at).abs() <= step_h * block as f64, "{value} h at {at} h");
            }
            assert!(cells.iter().any(|value| !value.is_nan()));
        }
    }
}
