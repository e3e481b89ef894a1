//! What a little more would be worth: the duals of a dispatch, by what they stand for.

use ndarray::ArrayView1;

use super::{Dispatch, Role};
use crate::lp::Duals;

/// Prices are told to this, EUR/kWh.
const DIGIT: f64 = 1e-12;

/// What one more kWh is worth, one number a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// Index of the site.
    pub site: usize,
    /// Index of the technology at the site; `None` for a balance.
    pub technology: Option<usize>,
    /// Index of the carrier in the district.
    pub carrier: usize,
    /// EUR/kWh.
    pub eur_per_kwh: Vec<f64>,
}

impl Dispatch {
    /// What serving one more kWh of each carrier at each site would cost, in the order of the balances.
    pub fn prices<'a>(&'a self, duals: &'a Duals) -> impl Iterator<Item = Price> + 'a {
        self.layout.balances.iter().map(|balance| Price {
            site: balance.site,
            technology: None,
            carrier: balance.carrier,
            eur_per_kwh: self.per_kwh(duals.rows.row(balance.row.0)),
        })
    }

    /// What one more kWh in each store, at the end of each step, would save.
    pub fn stored<'a>(&'a self, duals: &'a Duals) -> impl Iterator<Item = Price> + 'a {
        self.layout.levels.iter().map(|&(quantity, row)| {
            let quantity = &self.layout.quantities[quantity];
            Price {
                site: quantity.site,
                technology: quantity.technology,
                carrier: quantity.carrier,
                // A level is kWh already, and a row that may sum to more is one that was given some.
                eur_per_kwh: duals.rows.row(row.0).iter().map(|dual| rounded(-dual)).collect(),
            }
        })
    }

    /// What each technology's flows fall short of paying for themselves (> 0: they stay at their least) or earn beyond it (< 0:
    /// they are at their most), with the role of each.
    pub fn reduced_costs<'a>(&'a self, duals: &'a Duals) -> impl Iterator<Item = (Role, Price)> + 'a {
        let quantities = self.layout.quantities.iter().enumerate();
        let flows = quantities.filter(|(_, quantity)| quantity.technology.is_some() && quantity.role != Role::Level);
        flows.map(|(index, quantity)| {
            let price = Price {
                site: quantity.site,
                technology: quantity.technology,
                carrier: quantity.carrier,
                eur_per_kwh: self.per_kwh(duals.reduced_costs.row(index)),
            };
            (quantity.role, price)
        })
    }

    /// What a unit more of each limit on the whole time would save, EUR per kWh or kg; `None` where a limit cannot bind.
    #[must_use]
    pub fn limit_prices_eur(&self, duals: &Duals) -> Vec<Option<f64>> {
        let price = |row: &Option<crate::lp::GlobalRowId>| row.map(|row| 0.0 - duals.global_rows[row.index()]);
        self.layout.shared.limits.iter().map(|(_, row)| price(row)).collect()
    }

    /// EUR per kW in a step to EUR/kWh.
    fn per_kwh(&self, duals: ArrayView1<'_, f64>) -> Vec<f64> {
        let hours = self.district.axis().step_hours();
        duals.iter().map(|dual| rounded(dual / hours)).collect()
    }
}

/// To the last digit that means anything; what is left of 0 is 0.
fn rounded(eur_per_kwh: f64) -> f64 {
    (eur_per_kwh / DIGIT).round() * DIGIT + 0.0
}
