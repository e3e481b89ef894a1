//! The figures of the stores: levels and temperatures.

use anergy_data::schema::columns::timeseries;

use super::Grain;
use crate::figure::{Colour, Figure, Line, Panel, Plot, XAxis};
use crate::run::RunResults;

/// Returns the levels of all stores of a site, and the temperatures of those that heat pumps fill; one figure per site,
/// with its name.
pub(crate) fn storage(run: &RunResults, grain: Grain) -> Vec<(String, Figure)> {
    let levels: Vec<(&str, &str, &[f64])> = run.series.all_numbers().filter_map(level).collect();
    let mut sites: Vec<&str> = levels.iter().map(|(site, ..)| *site).collect();
    sites.dedup();
    let figure = |site: &str| {
        let own = levels.iter().filter(|(of, ..)| *of == site).enumerate();
        let mut filled = Vec::new();
        let mut temperatures = Vec::new();
        for (index, (_, store, level_kwh)) in own {
            let colour = Colour::Nth(index);
            filled.push(Line::new(*store, colour, grain.values(level_kwh)));
            let known = run.summary.stores.iter().find(|known| known.site == site && known.store == *store);
            if let Some(known) = known.filter(|known| known.kelvin_per_kwh != 0.0) {
                let temp_c: Vec<f64> =
                    level_kwh.iter().map(|level| known.at_empty_c + level * known.kelvin_per_kwh).collect();
                temperatures.push(Line::new(*store, colour, grain.values(&temp_c)));
            }
        }
        let most = filled.iter().map(|line| {
            let most = line.values.iter().copied().fold(0.0, f64::max);
            format!("{} up to {} kWh", line.name, super::number(most))
        });
        let text = format!(
            "Levels at the end of each step: {}.{}",
            most.collect::<Vec<_>>().join(", "),
            if temperatures.is_empty() { "" } else { " Below, the temperatures of the stores that heat pumps fill." }
        );
        let mut panels = vec![Panel::new("kWh", filled)];
        if !temperatures.is_empty() {
            panels.push(Panel::new("°C", temperatures));
        }
        let figure = Figure {
            id: format!("storage-{}", crate::figure::identifier(site)),
            title: format!("Stores at {site}"),
            text,
            plot: Plot::Lines { x: XAxis::Time(grain.axis(&run.axis)), panels },
        };
        (site.to_owned(), figure)
    };
    sites.into_iter().map(figure).collect()
}

/// Returns site, store and level of a column `SITE|STORE|CARRIER|level_kwh`; `None` for other columns.
fn level<'r>((name, values): (&'r str, &'r [f64])) -> Option<(&'r str, &'r str, &'r [f64])> {
    match timeseries::parts(name)? {
        [site, store, _, timeseries::LEVEL_KWH] => Some((site, store, values)),
        _ => None,
    }
}
