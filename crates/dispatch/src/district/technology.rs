//! What can stand at a site.

use anergy_data::series::Profile;

use super::Investment;

/// Something that produces, consumes, stores or converts.
#[derive(Debug, Clone, PartialEq)]
pub struct Technology {
    /// Name, unique at its site.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// What it costs to have it.
    pub investment: Investment,
    /// Where the dispatch chooses the capacity (kW, of a store kWh), the least of it; the capacity of `kind` is then the most.
    pub chosen_from: Option<f64>,
}

/// What a technology does.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Brings a carrier in from outside.
    Supply(Supply),
    /// Sells a carrier to the outside.
    Export(Export),
    /// Takes a carrier out.
    Demand(Demand),
    /// Keeps a carrier for later.
    Storage(Storage),
    /// Turns one carrier into another, or into several.
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
    /// kg of CO2 per kWh brought.
    pub co2_kg_per_kwh: Profile,
    /// What it is bound to besides.
    pub terms: SupplyTerms,
}

/// Terms of a supply over the whole time of a run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SupplyTerms {
    /// EUR per kW of the largest power (mean of a step) in the time, paid once.
    pub demand_charge_eur_per_kw: f64,
    /// The most that it may bring in the time, kWh.
    pub limit_kwh: Option<f64>,
}

/// A way out for a carrier that somebody pays for.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// Carrier it takes.
    pub carrier: String,
    /// Largest power, kW.
    pub capacity_kw: f64,
    /// EUR earned per kWh; negative where one pays to get rid of it.
    pub price_eur_per_kwh: Profile,
}

/// How much a supply can or must bring.
#[derive(Debug, Clone, PartialEq)]
pub enum Availability {
    /// As much as the capacity allows.
    Unlimited,
    /// At most this, kW.
    UpTo(Profile),
    /// At most this for every kW of the capacity, kW.
    PerKw(Profile),
    /// Exactly this, kW, whether it is wanted or not.
    Forced(Profile),
}

impl Supply {
    /// The most that it may bring at a capacity of so many kW, kW; of a forced supply what its capacity allows.
    #[must_use]
    pub fn most_kw(&self, capacity_kw: f64) -> Profile {
        match &self.available {
            Availability::UpTo(power) => power.map(|power| power.min(capacity_kw)),
            Availability::PerKw(per_kw) => per_kw.map(|per_kw| per_kw.min(1.0) * capacity_kw),
            Availability::Unlimited | Availability::Forced(_) => Profile::Constant(capacity_kw),
        }
    }
}

/// A need for a carrier.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// Carrier it takes.
    pub carrier: String,
    /// What it takes, kW, >= 0.
    pub power_kw: Profile,
}

/// A store: level_t = (1 - loss)^dt level_{t-1} + charge_efficiency charge_t dt - discharge_t dt / discharge_efficiency.
#[derive(Debug, Clone, PartialEq)]
pub struct Storage {
    /// Carrier it keeps.
    pub carrier: String,
    /// Largest charging power, kW.
    pub charge_kw: f64,
    /// Largest discharging power, kW.
    pub discharge_kw: f64,
    /// Capacity, kWh.
    pub capacity_kwh: f64,
    /// Efficiency of charging, in (0, 1].
    pub charge_efficiency: f64,
    /// Efficiency of discharging, in (0, 1].
    pub discharge_efficiency: f64,
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
    /// Begins at whatever level is best; the end is free.
    Free,
    /// Begins where it ends, and what remains of the last level after one more step's loss is this, kWh (Calliope's cyclic
    /// storage with an initial level).
    CyclicFixed(f64),
}

/// One carrier in, one carrier out, at an efficiency (a COP, for a heat pump) that may vary; and what comes along with it.
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
    /// What comes along with the output: the heat of a CHP plant.
    pub byproducts: Vec<Byproduct>,
}

/// A carrier that comes along with the output of a conversion, in a fixed ratio.
#[derive(Debug, Clone, PartialEq)]
pub struct Byproduct {
    /// The carrier.
    pub carrier: String,
    /// kWh of it per kWh of output, >= 0.
    pub per_output: Profile,
}

impl Technology {
    /// The carriers it touches.
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

    /// Whether it brings `carrier` to its site from somewhere else.
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

    /// Annuity and upkeep of what is given, EUR per year; a capacity that the dispatch chooses is not in it.
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

    /// Annuity and upkeep of a kW, of a store of a kWh, EUR per year.
    #[must_use]
    pub fn annual_cost_per_unit_eur(&self) -> f64 {
        match &self.kind {
            Kind::Storage(_) => self.investment.annual_cost_eur(0.0, 1.0),
            _ => self.investment.annual_cost_eur(1.0, 0.0),
        }
    }
}
