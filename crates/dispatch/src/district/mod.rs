//! The validated model of a district: sites, their technologies, and the carriers that they exchange.
//!
//! A [`District`] depends on neither files nor solvers. [`District::new`] rejects every model that no dispatch could
//! use; the modules above rely on this.

mod capacity;
mod check;
mod costs;
mod link;
pub mod settings;
mod technology;

pub use capacity::{CapacityRange, CapacitySetting};
pub use check::Place;
pub use costs::{Investment, capital_recovery_factor};
pub use link::Link;
pub use technology::{
    Availability, Byproduct, Conversion, Demand, Export, Kind, Storage, StorageBoundary, Supply, SupplyTerms,
    Technology,
};

use std::collections::HashSet;

use anergy_data::series::TimeAxis;

/// Price of unmet demand where the model states none, EUR/kWh.
pub const VALUE_OF_LOST_LOAD_EUR_PER_KWH: f64 = 100.0;

/// The prices of unmet demand and of surplus, EUR/kWh. `None` forbids the one or the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shortage {
    /// Price of unmet demand of every carrier, EUR/kWh.
    pub unmet_eur_per_kwh: Option<f64>,
    /// Price of surplus of every carrier, EUR/kWh; 0 makes surplus free.
    pub surplus_eur_per_kwh: Option<f64>,
}

/// A location with its own balance of every carrier.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Name, unique in the district.
    pub name: String,
    /// Technologies of the site.
    pub technologies: Vec<Technology>,
}

/// A district over a span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct District {
    axis: TimeAxis,
    sites: Vec<Site>,
    links: Vec<Link>,
    carriers: Vec<String>,
    shortage: Shortage,
    co2_price_eur_per_kg: f64,
    co2_limit_kg: Option<f64>,
}

/// The reasons why a district is invalid.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum DistrictError {
    /// The district has no technology.
    #[error("the district has no site with a technology")]
    Empty,
    /// The time axis has no step.
    #[error("the time window holds no step")]
    NoTime,
    /// Two items have the same name.
    #[error("two {what} are named `{name}`")]
    Duplicate {
        /// `sites` or `technologies at SITE`.
        what: String,
        /// The name.
        name: String,
    },
    /// A name contains `|`, which joins names in result tables, or a control character.
    #[error(
        "one of the {what} is named `{}`; expected a name without `|`, which joins names in result tables, and without \
         control characters",
        name.escape_debug()
    )]
    Joins {
        /// `sites`, `carriers` or `technologies at SITE`.
        what: String,
        /// The name.
        name: String,
    },
    /// A series does not have one value a step.
    #[error("{place}: `{key}` has {found} values for {expected} time steps")]
    Length {
        /// Whose.
        place: Box<Place>,
        /// Which series.
        key: &'static str,
        /// Values found.
        found: usize,
        /// Steps of the axis.
        expected: usize,
    },
    /// A conversion consumes the carrier that it produces.
    #[error("{place}: consumes and produces the same carrier `{carrier}`")]
    SameCarrier {
        /// Whose.
        place: Box<Place>,
        /// The carrier.
        carrier: String,
    },
    /// A conversion names an output twice.
    #[error("{place}: produces the carrier `{carrier}` twice")]
    SameOutput {
        /// Whose.
        place: Box<Place>,
        /// The carrier.
        carrier: String,
    },
    /// A number is outside its range.
    #[error(
        "{place}: `{key}` is {}{}; expected {expected}",
        short(*value),
        when.as_ref().map(|w| format!(" at {w}")).unwrap_or_default()
    )]
    Range {
        /// Whose.
        place: Box<Place>,
        /// Which number.
        key: &'static str,
        /// Its value.
        value: f64,
        /// The step, of a series.
        step: Option<usize>,
        /// The step's stamp.
        when: Option<String>,
        /// The range.
        expected: &'static str,
    },
    /// A link to a site that the district does not have, or from a site to itself.
    #[error("link {link}: `{key}` is `{site}`; expected {expected}")]
    LinkEnd {
        /// The link.
        link: String,
        /// `from` or `to`.
        key: &'static str,
        /// What it names.
        site: String,
        /// What was expected.
        expected: String,
    },
    /// The limit on CO2 cannot be kept, or is no number.
    #[error(
        "`co2_limit_kg` is {}; expected a number from {} (what forced supplies emit) to 1e12",
        short(*value),
        short(*forced)
    )]
    Co2Limit {
        /// Its value.
        value: f64,
        /// What the forced supplies emit, kg.
        forced: f64,
    },
    /// The price of CO2 is no number.
    #[error("`co2_price_eur_per_t` is {value}; expected a number from 0 to 1e9")]
    Co2Price {
        /// Its value.
        value: f64,
    },
}

impl District {
    /// Creates a district without links and without limits on CO2.
    ///
    /// # Errors
    /// A [`DistrictError`] when names repeat, the length of a series is not the number of steps of `axis`, or a number
    /// is outside its physical range.
    pub fn new(axis: TimeAxis, sites: Vec<Site>, shortage: Shortage) -> Result<Self, DistrictError> {
        if axis.is_empty() {
            return Err(DistrictError::NoTime);
        }
        if sites.iter().all(|site| site.technologies.is_empty()) {
            return Err(DistrictError::Empty);
        }
        unique("sites", sites.iter().map(|site| site.name.as_str()))?;
        let mut carriers: Vec<String> = Vec::new();
        for site in &sites {
            let names = site.technologies.iter().map(|technology| technology.name.as_str());
            unique(&format!("technologies at {}", site.name), names)?;
            for technology in &site.technologies {
                technology.check(&site.name, &axis)?;
                for carrier in technology.carriers() {
                    if !carriers.iter().any(|known| known == carrier) {
                        carriers.push(carrier.to_owned());
                    }
                }
            }
        }
        unique("carriers", carriers.iter().map(String::as_str))?;
        Ok(Self { axis, sites, links: Vec::new(), carriers, shortage, co2_price_eur_per_kg: 0.0, co2_limit_kg: None })
    }

    /// Returns the district with links between its sites.
    ///
    /// # Errors
    /// A [`DistrictError`] when names repeat, an end is no site of the district, or a number is outside its range.
    pub fn with_links(mut self, links: Vec<Link>) -> Result<Self, DistrictError> {
        unique("links", links.iter().map(|link| link.name.as_str()))?;
        for link in &links {
            for (key, site, other) in [("from", &link.from, None), ("to", &link.to, Some(&link.from))] {
                let known: Vec<&str> = self.sites.iter().map(|site| site.name.as_str()).collect();
                if !known.contains(&site.as_str()) || other == Some(site) {
                    let others: Vec<&str> =
                        known.into_iter().filter(|name| other.is_none_or(|other| name != other)).collect();
                    let expected = format!("one of the sites {}", others.join(", "));
                    return Err(DistrictError::LinkEnd { link: link.name.clone(), key, site: site.clone(), expected });
                }
            }
            link.check(&self.axis)?;
            if !self.carriers.contains(&link.carrier) {
                self.carriers.push(link.carrier.clone());
            }
        }
        self.links = links;
        Ok(self)
    }

    /// Returns the district with a price of the CO2 that its supplies emit, EUR per tonne.
    ///
    /// # Errors
    /// [`DistrictError::Co2Price`].
    pub fn with_co2_price(self, eur_per_t: f64) -> Result<Self, DistrictError> {
        if !(0.0..=1e9).contains(&eur_per_t) {
            return Err(DistrictError::Co2Price { value: eur_per_t });
        }
        Ok(Self { co2_price_eur_per_kg: eur_per_t / 1000.0, ..self })
    }

    /// Returns the district with a limit on the CO2 that its supplies emit over its time, kg; `None` for no limit.
    ///
    /// # Errors
    /// [`DistrictError::Co2Limit`] when the limit is not a number, or below the CO2 of its forced supplies.
    pub fn with_co2_limit(self, limit_kg: Option<f64>) -> Result<Self, DistrictError> {
        let forced = self.forced_co2_kg();
        match limit_kg {
            Some(value) if !(forced.max(0.0)..=1e12).contains(&value) => {
                Err(DistrictError::Co2Limit { value, forced: forced.max(0.0) })
            }
            _ => Ok(Self { co2_limit_kg: limit_kg, ..self }),
        }
    }

    /// Returns the time axis.
    #[must_use]
    pub fn axis(&self) -> &TimeAxis {
        &self.axis
    }

    /// Returns the sites.
    #[must_use]
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// Returns the links between sites.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Returns the price of CO2, EUR/kg.
    #[must_use]
    pub fn co2_price_eur_per_kg(&self) -> f64 {
        self.co2_price_eur_per_kg
    }

    /// Returns the limit on the CO2 of the supplies over the time of the axis, kg; `None` for no limit.
    #[must_use]
    pub fn co2_limit_kg(&self) -> Option<f64> {
        self.co2_limit_kg
    }

    /// Returns the CO2 of the forced supplies, kg.
    #[must_use]
    pub fn forced_co2_kg(&self) -> f64 {
        let technologies = self.sites.iter().flat_map(|site| &site.technologies);
        let forced = technologies.filter_map(|technology| match &technology.kind {
            Kind::Supply(Supply { available: Availability::Forced(power), co2_kg_per_kwh, .. }) => {
                let of_step = |step| power.at(step) * co2_kg_per_kwh.at(step) * self.axis.step_hours();
                Some((0..self.axis.len()).map(of_step).sum::<f64>())
            }
            _ => None,
        });
        forced.sum()
    }

    /// Returns all carriers, in the order of their first appearance.
    #[must_use]
    pub fn carriers(&self) -> &[String] {
        &self.carriers
    }

    /// Returns the prices of unmet demand and surplus.
    #[must_use]
    pub fn shortage(&self) -> Shortage {
        self.shortage
    }

    /// Returns the district with other prices of unmet demand and surplus.
    #[must_use]
    pub fn with_shortage(self, shortage: Shortage) -> Self {
        Self { shortage, ..self }
    }

    /// Returns the technology `name` at `site`; `None` if there is none.
    #[must_use]
    pub fn technology(&self, site: &str, name: &str) -> Option<&Technology> {
        let site = self.sites.iter().find(|known| known.name == site)?;
        site.technologies.iter().find(|technology| technology.name == name)
    }

    /// Returns whether a technology or a link at `site` has the carrier `carrier`.
    #[must_use]
    pub fn touches(&self, site: &Site, carrier: &str) -> bool {
        site.technologies.iter().any(|technology| technology.carriers().contains(&carrier))
            || self.links.iter().any(|link| link.carrier == carrier && (link.from == site.name || link.to == site.name))
    }

    /// Returns the sites and carriers with a consumer but no producer.
    #[must_use]
    pub fn carriers_without_source(&self) -> Vec<(&str, &str)> {
        let mut found = Vec::new();
        for site in &self.sites {
            for carrier in &self.carriers {
                let linked = self.links.iter().any(|link| {
                    link.carrier == *carrier && (link.to == site.name || !link.one_way && link.from == site.name)
                });
                let brings = site.technologies.iter().any(|technology| technology.brings(carrier));
                if self.touches(site, carrier) && !brings && !linked {
                    found.push((site.name.as_str(), carrier.as_str()));
                }
            }
        }
        found
    }

    /// Returns the hours of the axis divided by 8760.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
    pub fn share_of_year(&self) -> f64 {
        self.axis.len() as f64 * self.axis.step_hours() / 8760.0
    }

    /// Returns the annualised cost of the given capacities for the span of the axis, EUR: annuity and fixed upkeep of a
    /// year, times [`District::share_of_year`]. Capacities that the dispatch chooses are not included.
    #[must_use]
    pub fn annualised_cost_eur(&self) -> f64 {
        let technologies = self.sites.iter().flat_map(|site| &site.technologies);
        self.share_of_year() * technologies.map(Technology::annual_cost_eur).sum::<f64>()
    }
}

/// Returns an error if a name repeats, or contains `|` or a control character.
fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), DistrictError> {
    let mut seen = HashSet::new();
    for name in names {
        if name.contains(|sign: char| sign == '|' || sign.is_control()) {
            return Err(DistrictError::Joins { what: what.to_owned(), name: name.to_owned() });
        }
        if !seen.insert(name) {
            return Err(DistrictError::Duplicate { what: what.to_owned(), name: name.to_owned() });
        }
    }
    Ok(())
}

/// Formats a number for a message, with an exponent if it is very large or very small.
fn short(value: f64) -> String {
    let plain = value == 0.0 || !value.is_finite() || (1e-6..1e9).contains(&value.abs());
    if plain { value.to_string() } else { format!("{value:e}") }
}
