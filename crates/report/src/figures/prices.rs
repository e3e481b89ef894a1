//! The figures of the shadow prices of each carrier: the duals of the dispatch.

use anergy_data::schema::columns::prices::balance;

use super::{Grain, extremes, number};
use crate::figure::{Colour, Figure, Line, Panel, Plot, XAxis, identifier};
use crate::run::RunResults;

/// Returns the carrier prices, one figure per site, with its name.
pub(crate) fn prices(run: &RunResults, grain: Grain) -> Vec<(String, Figure)> {
    let Some(frame) = &run.prices else { return Vec::new() };
    let columns: Vec<(&str, &str, &[f64])> = frame.all_numbers().filter_map(price).collect();
    let mut sites: Vec<&str> = columns.iter().map(|(site, ..)| *site).collect();
    sites.dedup();
    let figure = |site: &str| {
        let own = columns.iter().filter(|(of, ..)| *of == site);
        let means = own.clone().filter_map(|(_, carrier, values)| {
            let [_, mean, _] = extremes(values)?;
            Some(format!("{carrier} {}", number(mean)))
        });
        let means: Vec<String> = means.collect();
        let line = |(index, (_, carrier, values)): (usize, &(&str, &str, &[f64]))| {
            Line::new(*carrier, Colour::Nth(index), grain.values(values))
        };
        let lines = own.enumerate().map(line).collect();
        let figure = Figure {
            id: format!("prices-{}", identifier(site)),
            title: format!("Carrier prices at {site}"),
            text: format!(
                "What one more kWh of demand would cost in the cheapest plan at the answer's COPs, EUR/kWh; means: {}.",
                means.join(", ")
            ),
            plot: Plot::Lines { x: XAxis::Time(grain.axis(&run.axis)), panels: vec![Panel::new("EUR/kWh", lines)] },
        };
        (site.to_owned(), figure)
    };
    sites.into_iter().map(figure).collect()
}

/// Returns site, carrier and price of a column `SITE||CARRIER|price_eur_per_kwh`; `None` for other columns.
fn price<'r>((name, values): (&'r str, &'r [f64])) -> Option<(&'r str, &'r str, &'r [f64])> {
    let (site, carrier) = balance(name)?;
    Some((site, carrier, values))
}
