//! The positions of the numbers of a district in a district file.

use anergy_dispatch::district::Place;

use super::reader::ParsedDistrict;
use crate::locate::Places;
use crate::yaml::Span;

impl Places for ParsedDistrict {
    fn find(&self, place: &Place, key: &'static str) -> Option<(String, &Span)> {
        let node = match place {
            Place::Technology { site, technology } => {
                let tech = self.site_technologies.iter().find(|tech| tech.site == *site && tech.name == *technology);
                &tech?.node
            }
            Place::Link(name) => self.links.iter().find(|(known, ..)| known == name).map(|(_, node, _)| node)?,
        };
        let found = written_as(key).into_iter().find_map(|path| Some((path, node.at(path)?)));
        let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        Some(found.map_or_else(|| (key.to_owned(), &node.span), |(path, found)| (name(path), &found.span)))
    }

    fn co2_price(&self) -> Option<&Span> {
        self.co2_span.as_ref()
    }

    fn co2_limit(&self) -> Option<&Span> {
        self.co2_limit_span.as_ref()
    }

    fn series_keys(&self, key: &'static str) -> Vec<&'static str> {
        written_as(key)
    }
}

/// Returns the keys of a configuration for a number of the district, the most specific first.
fn written_as(key: &'static str) -> Vec<&'static str> {
    match key {
        "charge_kw" => vec!["charge_kw", "power_kw"],
        "discharge_kw" => vec!["discharge_kw", "power_kw"],
        "charge_efficiency" => vec!["charge_efficiency", "efficiency"],
        "discharge_efficiency" => vec!["discharge_efficiency", "efficiency"],
        "efficiency" => vec!["efficiency", "cop_series", "source_c", "cop"],
        "resource_kw" => vec!["resource_kw", "resource_per_kw"],
        "initial_kwh" => vec!["boundary.initial_kwh", "boundary.cyclic_through_kwh"],
        "interest_rate" => vec!["investment.interest_rate"],
        "lifetime_years" => vec!["investment.lifetime_years"],
        "per_kw_eur" => vec!["investment.per_kw_eur"],
        "per_kwh_eur" => vec!["investment.per_kwh_eur"],
        "upkeep_eur_per_kw_year" => vec!["investment.upkeep_eur_per_kw_year"],
        own => vec![own],
    }
}
