//! What can stand at a site.

use super::{DistrictError, Investment, check_profile};
use crate::series::{Profile, TimeAxis};

/// No price, power or energy of a district is larger; solvers cannot tell larger numbers from infinity.
const LARGEST: f64 = 1e12;

/// Something that produces, consumes, stores or converts.
#[derive(Debug, Clone, PartialEq)]
pub struct Technology {
    /// Name, unique at its site.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// What it costs to have it.
    pub investment: Investment,
}

/// What a technology does.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Brings a carrier in from outside.
    Supply(Supply),
    /// Takes a carrier out.
    Demand(Demand),
    /// Keeps a carrier for later.
    Storage(Storage),
    /// Turns one carrier into another.
    Conversion(Conversion),
}

/// A source of a carrier: grid, photovoltaics, ...
#[derive(Debug, Clone, PartialEq)]
pub struct Supply {
    /// Carrier it brings.
    pub carrier: String,
    /// Largest output, kW.
    pub capacity_kw: f64,
    /// How much there is to bring.
    pub available: Availability,
    /// EUR per kWh brought.
    pub price_eur_per_kwh: Profile,
}

/// How much a supply can or must bring.
#[derive(Debug, Clone, PartialEq)]
pub enum Availability {
    /// As much as the capacity allows.
    Unlimited,
    /// At most this, kW.
    UpTo(Profile),
    /// Exactly this, kW, whether it is wanted or not.
    Forced(Profile),
}

/// A need for a carrier.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// Carrier it takes.
    pub carrier: String,
    /// What it takes, kW, >= 0.
    pub power_kw: Profile,
}

/// A store: level_t = (1 - loss)^dt level_{t-1} + efficiency charge_t dt - discharge_t dt / efficiency.
#[derive(Debug, Clone, PartialEq)]
pub struct Storage {
    /// Carrier it keeps.
    pub carrier: String,
    /// Largest charging and discharging power, kW.
    pub power_kw: f64,
    /// Capacity, kWh.
    pub capacity_kwh: f64,
    /// Efficiency of charging and of discharging, each, in (0, 1].
    pub efficiency: f64,
    /// Share of the level that is lost per hour, in [0, 1).
    pub loss_per_hour: f64,
    /// Where the level begins and ends.
    pub boundary: StorageBoundary,
    /// EUR per kWh discharged.
    pub discharge_eur_per_kwh: Profile,
    /// EUR per kWh charged.
    pub charge_eur_per_kwh: Profile,
}

/// Where the level of a store begins and ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StorageBoundary {
    /// Begins at this level, kWh; the end is free.
    Given(f64),
    /// Begins where it ends.
    Cyclic,
    /// Begins where it ends, and what remains of the last level after one more step's loss is this, kWh (Calliope's cyclic
    /// storage with an initial level).
    CyclicFixed(f64),
}

/// One carrier in, one carrier out, at an efficiency (a COP, for a heat pump) that may vary.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    /// Carrier consumed.
    pub carrier_in: String,
    /// Carrier produced.
    pub carrier_out: String,
    /// Largest output, kW.
    pub capacity_kw: f64,
    /// Output over input, > 0.
    pub efficiency: Profile,
    /// EUR per kWh of output.
    pub output_eur_per_kwh: Profile,
    /// EUR per kWh of input.
    pub input_eur_per_kwh: Profile,
}

impl Technology {
    /// The carriers it touches.
    #[must_use]
    pub fn carriers(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Supply(supply) => vec![&supply.carrier],
            Kind::Demand(demand) => vec![&demand.carrier],
            Kind::Storage(storage) => vec![&storage.carrier],
            Kind::Conversion(conversion) => vec![&conversion.carrier_in, &conversion.carrier_out],
        }
    }

    /// The carrier that it brings to its site from somewhere else, if any.
    #[must_use]
    pub fn brings(&self) -> Option<&str> {
        match &self.kind {
            Kind::Supply(supply) => Some(&supply.carrier),
            Kind::Conversion(conversion) => Some(&conversion.carrier_out),
            Kind::Demand(_) | Kind::Storage(_) => None,
        }
    }

    /// Annuity and upkeep, EUR per year.
    #[must_use]
    pub fn annual_cost_eur(&self) -> f64 {
        let (kw, kwh) = match &self.kind {
            Kind::Supply(supply) => (supply.capacity_kw, 0.0),
            Kind::Demand(_) => (0.0, 0.0),
            Kind::Storage(storage) => (storage.power_kw, storage.capacity_kwh),
            Kind::Conversion(conversion) => (conversion.capacity_kw, 0.0),
        };
        self.investment.annual_cost_eur(kw, kwh)
    }

    pub(super) fn check(&self, site: &str, axis: &TimeAxis) -> Result<(), DistrictError> {
        let place = format!("{} at {site}", self.name);
        let check = |what, profile: &Profile, expected, accept: fn(f64) -> bool| {
            check_profile(&place, what, profile, axis, expected, accept)
        };
        let number = |what, value: f64, expected, accept: fn(f64) -> bool| {
            check_profile(&place, what, &Profile::Constant(value), axis, expected, accept)
        };
        let capacity = |what, value| number(what, value, "a number from 0 to 1e12", |v| (0.0..=LARGEST).contains(&v));
        let price = |what, profile| check(what, profile, "a number from -1e12 to 1e12", |v| v.abs() <= LARGEST);
        match &self.kind {
            Kind::Supply(supply) => {
                number("the capacity", supply.capacity_kw, "a number from 0 to 1e12, or inf", |v| {
                    (0.0..=LARGEST).contains(&v) || v == f64::INFINITY
                })?;
                price("the price", &supply.price_eur_per_kwh)?;
                match &supply.available {
                    Availability::Unlimited => Ok(()),
                    Availability::UpTo(power) | Availability::Forced(power) => {
                        check("the resource", power, "a number from 0 to 1e12", |v| (0.0..=LARGEST).contains(&v))
                    }
                }
            }
            Kind::Demand(demand) => {
                check("the demand", &demand.power_kw, "a number from 0 to 1e12", |v| (0.0..=LARGEST).contains(&v))
            }
            Kind::Storage(storage) => {
                capacity("the power", storage.power_kw)?;
                capacity("the storage capacity", storage.capacity_kwh)?;
                number("the efficiency", storage.efficiency, "a number > 0 and <= 1", |v| v > 0.0 && v <= 1.0)?;
                number("the loss", storage.loss_per_hour, "a number >= 0 and < 1", |v| (0.0..1.0).contains(&v))?;
                price("the discharging cost", &storage.discharge_eur_per_kwh)?;
                price("the charging cost", &storage.charge_eur_per_kwh)?;
                match storage.boundary {
                    StorageBoundary::Cyclic => Ok(()),
                    StorageBoundary::Given(level) | StorageBoundary::CyclicFixed(level) => {
                        capacity("the initial level", level)?;
                        // A given level has one step's loss before it counts, a fixed cyclic one is what is left after one.
                        let fixed = matches!(storage.boundary, StorageBoundary::CyclicFixed(_));
                        let kept = (1.0 - storage.loss_per_hour).powf(axis.step_hours());
                        let needed = if fixed { level / kept } else { level * kept };
                        if needed > storage.capacity_kwh * (1.0 + 1e-12) {
                            return Err(DistrictError::Range {
                                place,
                                what: "the initial level",
                                value: level,
                                when: "the start".to_owned(),
                                expected: "at most the storage capacity (what is lost before the next step included)",
                            });
                        }
                        Ok(())
                    }
                }
            }
            Kind::Conversion(conversion) => {
                if conversion.carrier_in == conversion.carrier_out {
                    return Err(DistrictError::SameCarrier { place, carrier: conversion.carrier_in.clone() });
                }
                capacity("the capacity", conversion.capacity_kw)?;
                check("the efficiency", &conversion.efficiency, "a number from 1e-6 to 1e6", |v| {
                    (1e-6..=1e6).contains(&v)
                })?;
                price("the output cost", &conversion.output_eur_per_kwh)?;
                price("the input cost", &conversion.input_eur_per_kwh)
            }
        }
    }
}
