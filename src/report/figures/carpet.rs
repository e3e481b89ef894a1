//! Carpets: values by day and hour.

use super::{extremes, number};
use crate::report::axis::{Axis, DAY_MS, means};
use crate::report::figure::{Figure, Plot, identifier};
use crate::report::run::RunResults;

/// Steps of a day in a carpet, at most.
const MOST_PER_DAY: usize = 24;

/// Carpets of the loop temperature and of every heat pump's COP, each with its name; none where there is no day.
pub(crate) fn carpets(run: &RunResults) -> Vec<(String, Figure)> {
    let temperature = run.series.numbers("loop|temperature_c").map(|values| {
        let name = "Loop temperature".to_owned();
        (name, "°C", values.to_vec())
    });
    let validity = run.summary.coupling.iter().flat_map(|coupling| &coupling.validity);
    let cops = validity.filter_map(|pump| {
        let (site, technology) = (&pump.site, &pump.technology);
        let values = run.series.numbers(&format!("{site}|{technology}|efficiency"))?;
        Some((format!("COP of {technology} at {site}"), "COP", values.to_vec()))
    });
    temperature.into_iter().chain(cops).filter_map(|(name, unit, values)| carpet(run, &name, unit, &values)).collect()
}

fn carpet(run: &RunResults, name: &str, unit: &str, values: &[f64]) -> Option<(String, Figure)> {
    let axis = &run.axis;
    let per_day = axis.steps_per_day()?;
    if axis.days() < 2.0 {
        return None;
    }
    let [low, mean, high] = extremes(values)?;
    // A carpet begins at midnight.
    let before = (axis.start_ms.rem_euclid(DAY_MS) / axis.step_ms).round() as usize;
    let mut all = vec![f64::NAN; before];
    all.extend_from_slice(values);
    let block = per_day.div_ceil(MOST_PER_DAY);
    let block = (block..=per_day).find(|block| per_day.is_multiple_of(*block)).unwrap_or(per_day);
    let start = Axis { start_ms: axis.start_ms - before as f64 * axis.step_ms, len: all.len(), ..*axis };
    let text = format!(
        "{name} by day and hour: {} to {}, {} on average{}.",
        number(low),
        number(high),
        number(mean),
        if block > 1 { format!("; each cell is the mean of {block} steps") } else { String::new() }
    );
    let plot = Plot::Carpet { axis: start.coarser(block), values: means(&all, block), label: unit.to_owned() };
    let figure =
        Figure { id: format!("carpet-{}", identifier(name)), title: format!("{name} by day and hour"), text, plot };
    Some((name.to_owned(), figure))
}
