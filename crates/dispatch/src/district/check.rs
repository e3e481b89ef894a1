//! Validation of the numbers of a district.

use std::fmt;

use anergy_data::series::{Profile, TimeAxis};

use super::{
    Availability, Conversion, DistrictError, Export, Investment, Kind, Link, Storage, StorageBoundary, Supply,
    SupplyTerms, Technology,
};

/// Largest price, power or energy; solvers cannot tell larger numbers from infinity.
const LARGEST: f64 = 1e12;

/// The technology or link that a number belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A technology at a site.
    Technology {
        /// The site.
        site: String,
        /// The technology.
        technology: String,
    },
    /// A link.
    Link(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Technology { site, technology } => write!(f, "{technology} at {site}"),
            Self::Link(name) => write!(f, "link {name}"),
        }
    }
}

/// The validation of the numbers of one technology or link.
struct Check<'a> {
    place: Place,
    axis: &'a TimeAxis,
}

impl Check<'_> {
    /// Checks length and range of a profile.
    fn profile(
        &self,
        key: &'static str,
        profile: &Profile,
        expected: &'static str,
        accept: impl Fn(f64) -> bool,
    ) -> Result<(), DistrictError> {
        if let Some(found) = profile.steps()
            && found != self.axis.len()
        {
            return Err(DistrictError::Length {
                place: Box::new(self.place.clone()),
                key,
                found,
                expected: self.axis.len(),
            });
        }
        let steps = profile.steps().unwrap_or(1);
        match (0..steps).find(|&step| !accept(profile.at(step))) {
            None => Ok(()),
            Some(step) => Err(DistrictError::Range {
                place: Box::new(self.place.clone()),
                key,
                value: profile.at(step),
                step: profile.steps().map(|_| step),
                when: profile.steps().map(|_| self.axis.label(step)),
                expected,
            }),
        }
    }

    /// Checks the range of a number.
    fn number(
        &self,
        key: &'static str,
        value: f64,
        expected: &'static str,
        accept: impl Fn(f64) -> bool,
    ) -> Result<(), DistrictError> {
        self.profile(key, &Profile::Constant(value), expected, accept)
    }

    /// Checks that a number is from 0 to 1e12.
    fn size(&self, key: &'static str, value: f64) -> Result<(), DistrictError> {
        self.number(key, value, "a number from 0 to 1e12", |v| (0.0..=LARGEST).contains(&v))
    }

    /// Checks that a number is from 0 to 1e12, or infinite for no limit.
    fn size_or_none(&self, key: &'static str, value: f64) -> Result<(), DistrictError> {
        let expected = "a number from 0 to 1e12, or inf";
        self.number(key, value, expected, |v| (0.0..=LARGEST).contains(&v) || v == f64::INFINITY)
    }

    /// Checks that a profile is from 0 to 1e12.
    fn power(&self, key: &'static str, profile: &Profile) -> Result<(), DistrictError> {
        self.profile(key, profile, "a number from 0 to 1e12", |v| (0.0..=LARGEST).contains(&v))
    }

    /// Checks that a profile is from -1e12 to 1e12.
    fn price(&self, key: &'static str, profile: &Profile) -> Result<(), DistrictError> {
        self.profile(key, profile, "a number from -1e12 to 1e12", |v| v.abs() <= LARGEST)
    }

    /// Checks that a number is above 0 and at most 1.
    fn efficiency(&self, key: &'static str, value: f64) -> Result<(), DistrictError> {
        self.number(key, value, "a number > 0 and <= 1", |v| v > 0.0 && v <= 1.0)
    }
}

impl Technology {
    pub(super) fn check(&self, site: &str, axis: &TimeAxis) -> Result<(), DistrictError> {
        let place = Place::Technology { site: site.to_owned(), technology: self.name.clone() };
        let check = Check { place, axis };
        match &self.kind {
            Kind::Supply(supply) => supply.check(&check)?,
            Kind::Export(Export { capacity_kw, price_eur_per_kwh, .. }) => {
                check.size_or_none("capacity_kw", *capacity_kw)?;
                check.price("price_eur_per_kwh", price_eur_per_kwh)?;
            }
            Kind::Demand(demand) => check.power("power_kw", &demand.power_kw)?,
            Kind::Storage(storage) => storage.check(&check)?,
            Kind::Conversion(conversion) => conversion.check(&check)?,
        }
        self.investment.check(&check)?;
        if !matches!(self.kind, Kind::Storage(_)) {
            let expected =
                "none: it is EUR per kWh of storage capacity, and nothing is stored here (`per_kw_eur` is per kW)";
            check.number("per_kwh_eur", self.investment.per_kwh_eur, expected, |cost| cost == 0.0)?;
        }
        let cost = self.annual_cost_eur();
        let key = if matches!(self.kind, Kind::Storage(_)) { "charge_kw" } else { "capacity_kw" };
        check.number(key, cost, "a finite capacity, as it costs per kW (EUR a year)", f64::is_finite)?;
        self.chosen_from.map_or(Ok(()), |least| self.check_choice(&check, least))
    }

    /// Checks a capacity that the dispatch chooses: its range, its cost, and that the technology may run below it.
    fn check_choice(&self, check: &Check<'_>, least: f64) -> Result<(), DistrictError> {
        let (key, min, max, most) = match &self.kind {
            Kind::Supply(supply) => ("capacity_kw", "capacity_kw.min", "capacity_kw.max", supply.capacity_kw),
            Kind::Export(export) => ("capacity_kw", "capacity_kw.min", "capacity_kw.max", export.capacity_kw),
            Kind::Conversion(unit) => ("capacity_kw", "capacity_kw.min", "capacity_kw.max", unit.capacity_kw),
            Kind::Storage(storage) => ("capacity_kwh", "capacity_kwh.min", "capacity_kwh.max", storage.capacity_kwh),
            Kind::Demand(_) => return Ok(()),
        };
        check.size(max, most)?;
        check.number(min, least, "a number from 0 to `max`", |v| (0.0..=most).contains(&v))?;
        if let Kind::Supply(Supply { available: Availability::Forced(_), .. }) = &self.kind {
            check.number(key, most, "one capacity, as what it brings is forced (`curtailable: false`)", |_| false)?;
        }
        let cost = self.annual_cost_per_unit_eur();
        check.number(key, cost, "an investment of 0 or more, as its size is chosen (EUR a year per unit)", |v| {
            (0.0..=LARGEST).contains(&v)
        })
    }
}

impl Supply {
    fn check(&self, check: &Check<'_>) -> Result<(), DistrictError> {
        check.size_or_none("capacity_kw", self.capacity_kw)?;
        check.price("price_eur_per_kwh", &self.price_eur_per_kwh)?;
        check.price("co2_kg_per_kwh", &self.co2_kg_per_kwh)?;
        let SupplyTerms { demand_charge_eur_per_kw, limit_kwh } = self.terms;
        check.size("demand_charge_eur_per_kw", demand_charge_eur_per_kw)?;
        limit_kwh.map_or(Ok(()), |limit| check.size("import_limit_kwh", limit))?;
        match &self.available {
            Availability::Unlimited => Ok(()),
            Availability::UpTo(power) | Availability::PerKw(power) => check.power("resource_kw", power),
            Availability::Forced(power) => {
                check.power("resource_kw", power)?;
                let most = self.capacity_kw * (1.0 + 1e-9);
                check.profile("resource_kw", power, "at most `capacity_kw`, as it is forced", |v| v <= most)
            }
        }
    }
}

impl Storage {
    fn check(&self, check: &Check<'_>) -> Result<(), DistrictError> {
        check.size_or_none("charge_kw", self.charge_kw)?;
        check.size_or_none("discharge_kw", self.discharge_kw)?;
        check.size("capacity_kwh", self.capacity_kwh)?;
        check.efficiency("charge_efficiency", self.charge_efficiency)?;
        check.efficiency("discharge_efficiency", self.discharge_efficiency)?;
        check.number("loss_per_hour", self.loss_per_hour, "a number >= 0 and < 1", |v| (0.0..1.0).contains(&v))?;
        check.price("discharge_eur_per_kwh", &self.discharge_eur_per_kwh)?;
        check.price("charge_eur_per_kwh", &self.charge_eur_per_kwh)?;
        let retained = (1.0 - self.loss_per_hour).powf(check.axis.step_hours());
        // A given level loses one step's share before the first step; a fixed cyclic level is what remains after one.
        let (level, needed) = match self.boundary {
            StorageBoundary::Cyclic | StorageBoundary::Free => return Ok(()),
            StorageBoundary::Given(level) => (level, level * retained),
            StorageBoundary::CyclicFixed(level) => (level, level / retained),
        };
        check.size("initial_kwh", level)?;
        let expected = "at most `capacity_kwh` (what is lost before the next step included)";
        check.number("initial_kwh", level, expected, |_| needed <= self.capacity_kwh * (1.0 + 1e-12))
    }
}

impl Conversion {
    fn check(&self, check: &Check<'_>) -> Result<(), DistrictError> {
        let byproducts = self.byproducts.iter().map(|byproduct| &byproduct.carrier);
        let outputs: Vec<&String> = std::iter::once(&self.carrier_out).chain(byproducts).collect();
        let twice = outputs.iter().enumerate().find(|(index, carrier)| outputs[..*index].contains(carrier));
        if let Some((_, carrier)) = twice {
            return Err(DistrictError::SameOutput {
                place: Box::new(check.place.clone()),
                carrier: (*carrier).clone(),
            });
        }
        if outputs.contains(&&self.carrier_in) {
            return Err(DistrictError::SameCarrier {
                place: Box::new(check.place.clone()),
                carrier: self.carrier_in.clone(),
            });
        }
        check.size("capacity_kw", self.capacity_kw)?;
        check.profile("efficiency", &self.efficiency, "a number from 1e-6 to 1e6", |v| (1e-6..=1e6).contains(&v))?;
        check.price("output_eur_per_kwh", &self.output_eur_per_kwh)?;
        check.price("input_eur_per_kwh", &self.input_eur_per_kwh)?;
        for byproduct in &self.byproducts {
            check.profile("carrier_ratios", &byproduct.per_output, "a number from 0 to 1e6", |v| {
                (0.0..=1e6).contains(&v)
            })?;
        }
        Ok(())
    }
}

impl Investment {
    fn check(&self, check: &Check<'_>) -> Result<(), DistrictError> {
        if let Some(years) = self.lifetime_years {
            check.number("lifetime_years", years, "years > 0", |v| v.is_finite() && v > 0.0)?;
        }
        let rate = "a share of one, from 0 to below 10";
        check.number("interest_rate", self.interest_rate, rate, |v| (0.0..10.0).contains(&v))?;
        check.price("per_kw_eur", &self.per_kw_eur.into())?;
        check.price("per_kwh_eur", &self.per_kwh_eur.into())?;
        check.price("upkeep_eur_per_kw_year", &self.upkeep_eur_per_kw_year.into())
    }
}

impl Link {
    pub(super) fn check(&self, axis: &TimeAxis) -> Result<(), DistrictError> {
        let check = Check { place: Place::Link(self.name.clone()), axis };
        check.size("capacity_kw", self.capacity_kw)?;
        check.efficiency("efficiency", self.efficiency)?;
        // With a negative price, sending power in circles would earn money.
        check.power("price_eur_per_kwh", &self.price_eur_per_kwh)
    }
}
