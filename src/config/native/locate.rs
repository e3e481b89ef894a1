//! Where a number that the district refuses stands: the key, or the line of a time series.

use super::reader::Written;
use crate::config::timeseries::UsedColumn;
use crate::config::{ConfigError, Problem};
use crate::district::{DistrictError, Place};

/// An error of the district with its position.
pub(super) fn locate(error: DistrictError, written: &Written, columns: &[UsedColumn]) -> ConfigError {
    let (place, key, step) = match &error {
        DistrictError::Range { place, key, step, .. } => (place, *key, *step),
        DistrictError::Length { place, key, .. } => (place, *key, None),
        DistrictError::SameCarrier { place, .. } => (place, "carrier_in", None),
        DistrictError::SameOutput { place, .. } => (place, "carrier_ratios", None),
        DistrictError::LinkEnd { link, key, .. } => (&Place::Link(link.clone()), *key, None),
        DistrictError::Co2Price { .. } => {
            return match &written.co2_span {
                Some(span) => span.error(Problem::Wrong(error.to_string())),
                None => error.into(),
            };
        }
        DistrictError::Empty | DistrictError::NoTime | DistrictError::Duplicate { .. } => return error.into(),
    };
    let reader = place.to_string();
    let keys = written_as(key);
    let used = columns.iter().find(|used| used.reader == reader && keys.contains(&used.key));
    let of_file = step.zip(used).map_or_else(String::new, |(step, used)| format!(" ({})", used.column.place(step)));
    let span = match place {
        Place::Technology { site, technology } => {
            let draft = written.drafts.iter().find(|draft| draft.site == *site && draft.name == *technology);
            draft.map(|draft| draft.span(&keys))
        }
        Place::Link(name) => written.links.iter().find(|(known, ..)| known == name).map(|(_, node, _)| {
            let value = node.as_map().and_then(|map| keys.iter().find_map(|key| map.get(key)));
            &value.unwrap_or(node).span
        }),
    };
    match span {
        Some(span) => span.error(Problem::Wrong(format!("{error}{of_file}"))),
        None => error.into(),
    }
}

/// The keys of a configuration behind a number of the district, the most telling first.
fn written_as(key: &'static str) -> Vec<&'static str> {
    match key {
        "charge_kw" => vec!["charge_kw", "power_kw"],
        "discharge_kw" => vec!["discharge_kw", "power_kw"],
        "charge_efficiency" => vec!["charge_efficiency", "efficiency"],
        "discharge_efficiency" => vec!["discharge_efficiency", "efficiency"],
        "efficiency" => vec!["efficiency", "cop_series", "source_c", "cop"],
        "resource_kw" => vec!["resource_kw", "resource_per_kw"],
        "initial_kwh" => vec!["boundary"],
        "interest_rate" | "lifetime_years" | "per_kw_eur" | "per_kwh_eur" | "upkeep_eur_per_kw_year" => vec!["investment"],
        own => vec![own],
    }
}
