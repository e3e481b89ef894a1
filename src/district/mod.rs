//! The validated model of a district: sites, the technologies at them, and the carriers they exchange.
//!
//! A [`District`] knows neither files nor solvers. [`District::new`] refuses what no dispatch could make sense of; every
//! module above may rely on what it accepted.

mod costs;
mod technology;

pub use costs::{Investment, capital_recovery_factor};
pub use technology::{Availability, Conversion, Demand, Kind, Storage, StorageBoundary, Supply, Technology};

use std::collections::HashSet;

use crate::series::{Profile, TimeAxis};

/// What it costs not to serve a demand, and not to use what is produced, EUR/kWh. `None` forbids it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shortage {
    /// Price of a kWh of demand left unserved, on every carrier.
    pub unmet_eur_per_kwh: Option<f64>,
    /// Price of a kWh that is produced and not used, on every carrier; 0 makes surplus free.
    pub surplus_eur_per_kwh: Option<f64>,
}

/// A place with its own balance of every carrier.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Name, unique in the district.
    pub name: String,
    /// What stands there.
    pub technologies: Vec<Technology>,
}

/// A district over a span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct District {
    axis: TimeAxis,
    sites: Vec<Site>,
    carriers: Vec<String>,
    shortage: Shortage,
}

/// What makes a district meaningless.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum DistrictError {
    /// Nothing to dispatch.
    #[error("the district has no site with a technology")]
    Empty,
    /// No time to dispatch in.
    #[error("the time window holds no step")]
    NoTime,
    /// Two things of one name.
    #[error("two {what} are named `{name}`")]
    Duplicate {
        /// `sites` or `technologies at SITE`.
        what: String,
        /// The name.
        name: String,
    },
    /// A series does not have one value a step.
    #[error("{place}: {what} has {found} values for {expected} time steps")]
    Length {
        /// Site and technology.
        place: String,
        /// Which series.
        what: &'static str,
        /// Values found.
        found: usize,
        /// Steps of the axis.
        expected: usize,
    },
    /// A conversion that gives what it takes.
    #[error("{place}: consumes and produces the same carrier `{carrier}`")]
    SameCarrier {
        /// Site and technology.
        place: String,
        /// The carrier.
        carrier: String,
    },
    /// A number is outside its range.
    #[error("{place}: {what} is {value} at {when}; expected {expected}")]
    Range {
        /// Site and technology.
        place: String,
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f64,
        /// The stamp, or `all times`.
        when: String,
        /// The range.
        expected: &'static str,
    },
}

impl District {
    /// Puts a district together.
    ///
    /// # Errors
    /// A [`DistrictError`] when names repeat, a series has not one value a step of `axis`, or a number is outside its
    /// physical range.
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
        Ok(Self { axis, sites, carriers, shortage })
    }

    /// The time axis.
    #[must_use]
    pub fn axis(&self) -> &TimeAxis {
        &self.axis
    }

    /// The sites.
    #[must_use]
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// All carriers, in the order in which they first appear.
    #[must_use]
    pub fn carriers(&self) -> &[String] {
        &self.carriers
    }

    /// What shortage and surplus cost.
    #[must_use]
    pub fn shortage(&self) -> Shortage {
        self.shortage
    }

    /// The same district with other prices of shortage and surplus.
    #[must_use]
    pub fn with_shortage(self, shortage: Shortage) -> Self {
        Self { shortage, ..self }
    }

    /// The technology `name` at `site`.
    #[must_use]
    pub fn technology(&self, site: &str, name: &str) -> Option<&Technology> {
        let site = self.sites.iter().find(|known| known.name == site)?;
        site.technologies.iter().find(|technology| technology.name == name)
    }

    /// Sites and carriers that something takes and nothing brings.
    #[must_use]
    pub fn carriers_without_source(&self) -> Vec<(&str, &str)> {
        let mut found = Vec::new();
        for site in &self.sites {
            for carrier in &self.carriers {
                let touches =
                    site.technologies.iter().any(|technology| technology.carriers().contains(&carrier.as_str()));
                let brings = site.technologies.iter().any(|technology| technology.brings() == Some(carrier));
                if touches && !brings {
                    found.push((site.name.as_str(), carrier.as_str()));
                }
            }
        }
        found
    }

    /// The annualised cost of everything that stands in the district for the span of the axis, EUR: a year's annuity and
    /// fixed upkeep, times the hours of the axis over 8760.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
    pub fn annualised_cost_eur(&self) -> f64 {
        let share_of_year = self.axis.len() as f64 * self.axis.step_hours() / 8760.0;
        let technologies = self.sites.iter().flat_map(|site| &site.technologies);
        share_of_year * technologies.map(Technology::annual_cost_eur).sum::<f64>()
    }
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), DistrictError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(DistrictError::Duplicate { what: what.to_owned(), name: name.to_owned() });
        }
    }
    Ok(())
}

/// Checks one profile of a technology for its length and range.
fn check_profile(
    place: &str,
    what: &'static str,
    profile: &Profile,
    axis: &TimeAxis,
    expected: &'static str,
    accept: impl Fn(f64) -> bool,
) -> Result<(), DistrictError> {
    if let Some(found) = profile.steps()
        && found != axis.len()
    {
        return Err(DistrictError::Length { place: place.to_owned(), what, found, expected: axis.len() });
    }
    let steps = profile.steps().unwrap_or(1);
    match (0..steps).find(|&step| !accept(profile.at(step))) {
        None => Ok(()),
        Some(step) => Err(DistrictError::Range {
            place: place.to_owned(),
            what,
            value: profile.at(step),
            when: profile.steps().map_or_else(|| "all times".to_owned(), |_| axis.label(step)),
            expected,
        }),
    }
}
