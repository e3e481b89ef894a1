//! The figures of the dispatch: sources and uses of each carrier at each site, over time.

use super::{Grain, number};
use crate::figure::{Colour, Figure, Layer, Plot, identifier};
use crate::flows::{Flow, FlowKind, balances};
use crate::run::RunResults;

/// The smallest energy of a layer that is shown, kWh.
const NOTHING_KWH: f64 = 1e-3;

/// Returns a stack per carrier and site, each with its name.
pub(crate) fn dispatch(run: &RunResults, flows: &[Flow<'_>], grain: Grain) -> Vec<(String, Figure)> {
    let stack = |(site, carrier): (&str, &str)| {
        let own = flows.iter().filter(|flow| flow.site == site && flow.carrier == carrier);
        let step_hours = run.axis.step_hours();
        let shown: Vec<&Flow<'_>> = own.filter(|flow| flow.kwh(step_hours) > NOTHING_KWH).collect();
        if shown.is_empty() {
            return None;
        }
        let colours = colours(&shown);
        let layers = shown.iter().zip(colours).map(|(flow, colour)| Layer {
            name: flow.name(),
            colour,
            is_source: flow.what.is_source(),
            values: grain.values(flow.kw),
        });
        let name = format!("{carrier} at {site}");
        let energy = |is_source: bool| {
            let side = shown.iter().filter(|flow| flow.what.is_source() == is_source);
            let words = side.map(|flow| format!("{} {}", flow.name(), number(flow.kwh(step_hours))));
            words.collect::<Vec<_>>().join(", ")
        };
        let figure = Figure {
            id: format!("dispatch-{}", identifier(&name)),
            title: format!("Dispatch of {name}"),
            text: format!("kWh in all, upwards: {}; downwards: {}.", energy(true), energy(false)),
            plot: Plot::Stack { axis: grain.axis(&run.axis), layers: layers.collect() },
        };
        Some((name, figure))
    };
    balances(flows).into_iter().filter_map(stack).collect()
}

/// Returns the colours of layers: a technology has the same colour on both sides of the stack.
fn colours<'r>(flows: &[&Flow<'r>]) -> Vec<Colour> {
    let mut names: Vec<&'r str> = Vec::new();
    let mut colours = Vec::with_capacity(flows.len());
    for flow in flows {
        colours.push(match flow.what {
            FlowKind::Demand => Colour::Grey,
            FlowKind::Unmet => Colour::Alarm,
            FlowKind::Surplus => Colour::Pale,
            _ => {
                let known = names.iter().position(|name| *name == flow.technology);
                Colour::Nth(known.unwrap_or_else(|| {
                    names.push(flow.technology);
                    names.len() - 1
                }))
            }
        });
    }
    colours
}
