//! The technologies of a site.

use anergy_data::series::Profile;

use super::Investment;

/// A device that produces, consumes, stores or converts a carrier.
#[derive(Debug, Clone, PartialEq)]
pub struct Technology {
    /// Name, unique at its site.
    pub name: String,
    /// Kind of the technology with its parameters.
    pub kind: Kind,
    /// Investment cost and fixed upkeep.
    pub investment: Investment,
    /// Least capacity (kW, or kWh for a store) if the dispatch chooses the capacity, the capacity of `kind` being the
    /// largest; `None` if the capacity is given.
    pub chosen_from: Option<f64>,
}

/// The kind of a technology.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Imports or generates a carrier.
    Supply(Supply),
    /// Sells a carrier to the outside.
    Export(Export),
    /// Consumes a carrier.
    Demand(Demand),
    /// Stores a carrier.
    Storage(Storage),
    /// Converts one carrier into one or several others.
    Conversion(Conversion),
}

/// A source of a carrier, such as a grid or photovoltaics.
#[derive(Debug, Clone, PartialEq)]
pub struct Supply {
    /// Carrier that it supplies.
    pub carrier: String,
    /// Largest output, kW.
    pub capacity_kw: f64,
    /// Available power.
    pub available: Availability,
    /// Price of the supplied energy, EUR/kWh.
    pub price_eur_per_kwh: Profile,
    /// CO2 of the supplied energy, kg/kWh.
    pub co2_kg_per_kwh: Profile,
    /// Terms over the whole time.
    pub terms: SupplyTerms,
}

/// The terms of a supply over the whole time of a run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SupplyTerms {
    /// Demand charge by the largest mean power of a step, EUR/kW, paid once.
    pub demand_charge_eur_per_kw: f64,
    /// Largest energy over the time of the run, kWh; `None` for no limit.
    pub limit_kwh: Option<f64>,
}

/// A sale of a carrier to the outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// Carrier it takes.
    pub carrier: String,
    /// Largest power, kW.
    pub capacity_kw: f64,
    /// Revenue, EUR/kWh; negative for a disposal that costs money.
    pub price_eur_per_kwh: Profile,
}

/// The available power of a supply.
#[derive(Debug, Clone, PartialEq)]
pub enum Availability {
    /// Up to the capacity.
    Unlimited,
    /// At most this power, kW.
    UpTo(Profile),
    /// At most this power per kW of capacity, kW.
    PerKw(Profile),
    /// Exactly this power, kW, whether it is needed or not.
    Forced(Profile),
}

impl Supply {
    /// Returns the largest power at a capacity of `capacity_kw`, kW; for a forced supply the capacity.
    #[must_use]
    pub fn most_kw(&self, capacity_kw: f64) -> Profile {
        match &self.available {
            Availability::UpTo(power) => power.map(|power| power.min(capacity_kw)),
            Availability::PerKw(per_kw) => per_kw.map(|per_kw| per_kw.min(1.0) * capacity_kw),
            Availability::Unlimited | Availability::Forced(_) => Profile::Constant(capacity_kw),
        }
    }
}

/// A demand of a carrier.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// Carrier it takes.
    pub carrier: String,
    /// Demand, kW, >= 0.
    pub power_kw: Profile,
}

/// A store with the dynamics level_t = (1 - loss)^dt level_{t-1} + charge_efficiency charge_t dt - discharge_t dt /
/// discharge_efficiency.
#[derive(Debug, Clone, PartialEq)]
pub struct Storage {
    /// Carrier it keeps.
    pub carrier: String,
    /// Largest charging power, kW; infinite for no limit.
    pub charge_kw: f64,
    /// Largest discharging power, kW; infinite for no limit.
    pub discharge_kw: f64,
    /// Capacity, kWh.
    pub capacity_kwh: f64,
    /// Efficiency of charging, in (0, 1].
    pub charge_efficiency: f64,
    /// Efficiency of discharging, in (0, 1].
    pub discharge_efficiency: f64,
    /// Share of the level lost per hour, in [0, 1).
    pub loss_per_hour: f64,
    /// Condition on the first and the last level.
    pub boundary: StorageBoundary,
    /// EUR per kWh discharged.
    pub discharge_eur_per_kwh: Profile,
    /// EUR per kWh charged.
    pub charge_eur_per_kwh: Profile,
}

/// The condition on the first and the last level of a store.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StorageBoundary {
    /// Begins at this level, kWh; the last level is free.
    Given(f64),
    /// Begins where it ends.
    Cyclic,
    /// Begins at the optimal level; the last level is free.
    Free,
    /// Begins where it ends; the last level after the loss of one more step is this, kWh (Calliope's cyclic storage
    /// with an initial level).
    CyclicFixed(f64),
}

/// A conversion of one carrier into another, at an efficiency (a COP for a heat pump) that may vary, with optional
/// byproducts.
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
    /// Cost by output, EUR/kWh.
    pub output_eur_per_kwh: Profile,
    /// Cost by input, EUR/kWh.
    pub input_eur_per_kwh: Profile,
    /// Byproducts of the output, such as the heat of a CHP plant.
    pub byproducts: Vec<Byproduct>,
}

/// A carrier that is produced in a fixed ratio to the output of a conversion.
#[derive(Debug, Clone, PartialEq)]
pub struct Byproduct {
    /// The carrier.
    pub carrier: String,
    /// Energy per energy of output, kWh/kWh, >= 0.
    pub per_output: Profile,
}

impl Technology {
    /// Returns the carriers that the technology produces or consumes.
    #[must_use]
    pub fn carriers(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Supply(supply) => vec![&supply.carrier],
            Kind::Export(export) => vec![&export.carrier],
            Kind::Demand(demand) => vec![&demand.carrier],
            Kind::Storage(storage) => vec![&storage.carrier],
            Kind::Conversion(conversion) => {
                let byproducts = conversion.byproducts.iter().map(|byproduct| byproduct.carrier.as_str());
                [conversion.carrier_in.as_str(), &conversion.carrier_out].into_iter().chain(byproducts).collect()
            }
        }
    }

    /// Returns whether the technology produces or imports `carrier`; stores do not count.
    #[must_use]
    pub fn brings(&self, carrier: &str) -> bool {
        match &self.kind {
            Kind::Supply(supply) => supply.carrier == carrier,
            Kind::Conversion(conversion) => {
                conversion.carrier_out == carrier
                    || conversion.byproducts.iter().any(|byproduct| byproduct.carrier == carrier)
            }
            Kind::Export(_) | Kind::Demand(_) | Kind::Storage(_) => false,
        }
    }

    /// Returns annuity and upkeep of the given capacity, EUR per year; a capacity that the dispatch chooses is not
    /// included.
    #[must_use]
    pub fn annual_cost_eur(&self) -> f64 {
        let (kw, kwh) = match &self.kind {
            Kind::Storage(storage) if self.chosen_from.is_some() => (storage.charge_kw.max(storage.discharge_kw), 0.0),
            _ if self.chosen_from.is_some() => return 0.0,
            Kind::Supply(supply) => (supply.capacity_kw, 0.0),
            Kind::Export(export) => (export.capacity_kw, 0.0),
            Kind::Demand(_) => (0.0, 0.0),
            Kind::Storage(storage) => (storage.charge_kw.max(storage.discharge_kw), storage.capacity_kwh),
            Kind::Conversion(conversion) => (conversion.capacity_kw, 0.0),
        };
        self.investment.annual_cost_eur(kw, kwh)
    }

    /// Returns annuity and upkeep of one kW, or of one kWh for a store, EUR per year.
    #[must_use]
    pub fn annual_cost_per_unit_eur(&self) -> f64 {
        match &self.kind {
            Kind::Storage(_) => self.investment.annual_cost_eur(0.0, 1.0),
            _ => self.investment.annual_cost_eur(1.0, 0.0),
        }
    }
}
