//! What a plan costs and moves: money, energy, unmet demand and surplus, each for itself.

use ndarray::Array2;

use super::{Dispatch, Role};
use crate::district::{Availability, Kind};

/// Energy of one technology over the whole time, kWh.
#[derive(Debug, Clone, PartialEq)]
pub struct TechnologyTotals {
    /// Site.
    pub site: String,
    /// Technology.
    pub technology: String,
    /// Delivered to its carrier: supply, output of a conversion, discharge.
    pub delivered_kwh: f64,
    /// Taken from its carrier: demand, input of a conversion, charge.
    pub taken_kwh: f64,
}

/// Unmet demand and surplus of one carrier at one site, kWh.
#[derive(Debug, Clone, PartialEq)]
pub struct CarrierTotals {
    /// Site.
    pub site: String,
    /// Carrier.
    pub carrier: String,
    /// Demand left unserved.
    pub unmet_kwh: f64,
    /// Production not used.
    pub surplus_kwh: f64,
}

/// The account of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Money that depends on the dispatch: import, operation, wear; EUR.
    pub operation_eur: f64,
    /// Money for forced supply, EUR.
    pub forced_eur: f64,
    /// Annuities and upkeep for the time of the run, EUR.
    pub annualised_eur: f64,
    /// The prices put on unmet demand and surplus, EUR. Not money anyone pays.
    pub penalty_eur: f64,
    /// Sum of the absolute terms of what the dispatch minimises, EUR: the scale of a relative gap.
    pub absolute_terms_eur: f64,
    /// Each technology's energy.
    pub technologies: Vec<TechnologyTotals>,
    /// Each balance's unmet demand and surplus.
    pub carriers: Vec<CarrierTotals>,
}

impl Account {
    /// All money, EUR: operation, forced supply and annuities, without the prices of unmet demand and surplus.
    #[must_use]
    pub fn cost_eur(&self) -> f64 {
        self.operation_eur + self.forced_eur + self.annualised_eur
    }

    /// Demand left unserved, all sites and carriers, kWh.
    #[must_use]
    pub fn unmet_kwh(&self) -> f64 {
        self.carriers.iter().map(|carrier| carrier.unmet_kwh).sum()
    }

    /// Production not used, all sites and carriers, kWh.
    #[must_use]
    pub fn surplus_kwh(&self) -> f64 {
        self.carriers.iter().map(|carrier| carrier.surplus_kwh).sum()
    }

    /// The totals of `technology` at `site`.
    #[must_use]
    pub fn technology(&self, site: &str, technology: &str) -> Option<&TechnologyTotals> {
        self.technologies.iter().find(|totals| totals.site == site && totals.technology == technology)
    }
}

impl Dispatch {
    /// The account of a plan (values of shape quantities x steps) at the efficiencies now in force.
    #[must_use]
    pub fn account(&self, values: &Array2<f64>) -> Account {
        let district = &self.district;
        let dt = district.axis().step_hours();
        let energy = |quantity: usize| values.row(quantity).sum() * dt;
        let mut account = Account {
            operation_eur: 0.0,
            forced_eur: self.layout.forced_cost_eur,
            annualised_eur: district.annualised_cost_eur(),
            penalty_eur: 0.0,
            absolute_terms_eur: 0.0,
            technologies: Vec::new(),
            carriers: Vec::new(),
        };
        // The prices of shortage and surplus are summed apart: next to 1e6 EUR/kWh the money would lose its digits.
        let columns = self.layout.problem.columns().iter().zip(&self.layout.quantities).zip(values.rows());
        for ((column, quantity), values) in columns {
            let costs = || values.iter().enumerate().map(|(step, value)| column.cost.at(step) * value);
            account.absolute_terms_eur += costs().map(f64::abs).sum::<f64>();
            if !matches!(quantity.role, Role::Unmet | Role::Surplus) {
                account.operation_eur += costs().sum::<f64>();
            }
        }
        for balance in &self.layout.balances {
            let find = |role| {
                let same = |q: &super::Quantity| {
                    q.technology.is_none() && q.site == balance.site && q.carrier == balance.carrier && q.role == role
                };
                self.layout.quantities.iter().position(same).map_or(0.0, energy)
            };
            let (unmet_kwh, surplus_kwh) = (find(Role::Unmet), find(Role::Surplus));
            let shortage = district.shortage();
            account.penalty_eur += shortage.unmet_eur_per_kwh.unwrap_or(0.0) * unmet_kwh;
            account.penalty_eur += shortage.surplus_eur_per_kwh.unwrap_or(0.0) * surplus_kwh;
            account.carriers.push(CarrierTotals {
                site: district.sites()[balance.site].name.clone(),
                carrier: district.carriers()[balance.carrier].clone(),
                unmet_kwh,
                surplus_kwh,
            });
        }
        for (site_index, site) in district.sites().iter().enumerate() {
            for (index, technology) in site.technologies.iter().enumerate() {
                let find = |role| {
                    let same =
                        |q: &super::Quantity| q.site == site_index && q.technology == Some(index) && q.role == role;
                    self.layout.quantities.iter().position(same).map_or(0.0, energy)
                };
                let steps = district.axis().len();
                let (delivered_kwh, taken_kwh) = match &technology.kind {
                    Kind::Supply(supply) => match &supply.available {
                        Availability::Forced(power) => ((0..steps).map(|step| power.at(step)).sum::<f64>() * dt, 0.0),
                        _ => (find(Role::Supply), 0.0),
                    },
                    Kind::Demand(demand) => (0.0, (0..steps).map(|step| demand.power_kw.at(step)).sum::<f64>() * dt),
                    Kind::Storage(_) => (find(Role::Discharge), find(Role::Charge)),
                    Kind::Conversion(_) => {
                        (find(Role::Output), self.input_kw(values, site_index, index).iter().sum::<f64>() * dt)
                    }
                };
                account.technologies.push(TechnologyTotals {
                    site: site.name.clone(),
                    technology: technology.name.clone(),
                    delivered_kwh,
                    taken_kwh,
                });
            }
        }
        account
    }

    /// Input of a conversion at the efficiencies now in force, kW by step; empty when it is none.
    #[must_use]
    pub fn input_kw(&self, values: &Array2<f64>, site: usize, technology: usize) -> Vec<f64> {
        let found = self.layout.conversions.iter().find(|known| known.site == site && known.technology == technology);
        found.map_or_else(Vec::new, |conversion| {
            let output = values.row(conversion.output.index());
            output.iter().zip(&conversion.efficiency).map(|(power, efficiency)| power / efficiency).collect()
        })
    }
}
