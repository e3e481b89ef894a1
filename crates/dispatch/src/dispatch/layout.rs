//! The layout of a district as one staged LP, and the meaning of its columns.

use anergy_data::series::Profile;
use anergy_lp::{ColumnId, RowId, StagedProblem, TermId};
use ndarray::{Array2, Zip, s};

use super::shared::SharedLayout;
use crate::district::District;

/// The meaning of a column of the dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Output of a supply, kW.
    Supply,
    /// Power sold to the outside, kW.
    Export,
    /// Output of a conversion, kW.
    Output,
    /// Charging of a store, kW.
    Charge,
    /// Discharging of a store, kW.
    Discharge,
    /// Level of a store at the end of the step, kWh.
    Level,
    /// Demand left unserved, kW.
    Unmet,
    /// Production that is not used, kW.
    Surplus,
    /// Power that enters a link at its `from` end, kW.
    Forward,
    /// Power that enters a link at its `to` end, kW.
    Backward,
}

/// A column of the dispatch and the technology it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// Index of the site in the district; for a link, of the site where the power enters.
    pub site: usize,
    /// Index of the technology at the site; `None` for unmet demand, surplus and links.
    pub technology: Option<usize>,
    /// Index of the link; `None` for columns of technologies and balances.
    pub link: Option<usize>,
    /// Index of the carrier in the district (for a conversion, of its output).
    pub carrier: usize,
    /// Role of the column.
    pub role: Role,
}

/// The balance row of a carrier at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Index of the site.
    pub site: usize,
    /// Index of the carrier.
    pub carrier: usize,
    /// The row.
    pub row: RowId,
}

/// The input term of a conversion: -1/efficiency in the balance of the carrier it consumes.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversionTerm {
    /// Index of the site.
    pub site: usize,
    /// Index of the technology at the site.
    pub technology: usize,
    /// Column of its output.
    pub output: ColumnId,
    /// The term.
    pub term: TermId,
    /// Current efficiencies, output over input, one per step.
    pub efficiency: Vec<f64>,
    /// Cost by output, EUR/kWh.
    pub output_eur_per_kwh: Profile,
    /// Cost by input, EUR/kWh; `None` if there is none.
    pub input_eur_per_kwh: Option<Profile>,
    /// Charge by output and step, EUR/kWh, which steers the dispatch but is not paid; `None` without one, see
    /// [`Dispatch::set_charge`](super::Dispatch::set_charge).
    pub charge_eur_per_kwh: Option<Vec<f64>>,
}

impl ConversionTerm {
    /// Returns the cost of a kWh of output in step `step`, EUR/kWh, cost of the input and charge included.
    #[must_use]
    pub fn cost_eur_per_kwh(&self, step: usize, efficiency: f64) -> f64 {
        self.output_eur_per_kwh.at(step)
            + self.input_eur_per_kwh.as_ref().map_or(0.0, |price| price.at(step) / efficiency)
            + self.charge_eur_per_kwh.as_ref().map_or(0.0, |charge| charge[step])
    }

    /// Returns whether the costs depend on the efficiency or on a charge.
    pub(super) fn has_changing_costs(&self) -> bool {
        self.input_eur_per_kwh.is_some() || self.charge_eur_per_kwh.is_some()
    }

    /// Returns the coefficients of the input term, one per step.
    pub(super) fn input_per_output(&self) -> impl ExactSizeIterator<Item = f64> {
        self.efficiency.iter().map(|eta| -1.0 / eta)
    }

    /// Returns the cost of a kW of output over a step of `step_hours`, EUR, one per step.
    pub(super) fn costs_eur(&self, step_hours: f64) -> impl ExactSizeIterator<Item = f64> {
        let efficiencies = self.efficiency.iter().enumerate();
        efficiencies.map(move |(step, &efficiency)| self.cost_eur_per_kwh(step, efficiency) * step_hours)
    }
}

/// The columns of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreColumns {
    /// Charging power, kW.
    pub charge: ColumnId,
    /// Discharging power, kW.
    pub discharge: ColumnId,
    /// Level at the end of the step, kWh.
    pub level: ColumnId,
    /// Row of the level's dynamics.
    pub row: RowId,
    /// Whether simultaneous charging and discharging changes nothing, because the round trip is lossless and free.
    pub passes_through: bool,
}

/// A district as a staged LP, with the meaning of its columns and balance rows.
#[derive(Debug, Clone)]
pub struct DispatchLayout {
    /// The LP of the whole district.
    pub problem: StagedProblem,
    /// Meaning of each column.
    pub quantities: Vec<Quantity>,
    /// The balance rows.
    pub balances: Vec<Balance>,
    /// The stores.
    pub stores: Vec<StoreColumns>,
    /// The conversions.
    pub conversions: Vec<ConversionTerm>,
    /// Columns and rows over all steps.
    pub(super) shared: SharedLayout,
    /// Length of a step, hours.
    pub step_hours: f64,
    /// Cost of forced supply, which the dispatch cannot choose, EUR.
    pub forced_cost_eur: f64,
}

impl DispatchLayout {
    /// Sets the efficiencies of a conversion, one per step.
    ///
    /// # Panics
    /// If the number of efficiencies is not the number of steps.
    pub fn set_efficiency(&mut self, conversion: usize, efficiency: impl ExactSizeIterator<Item = f64>) {
        let conversion = &mut self.conversions[conversion];
        assert_eq!(efficiency.len(), conversion.efficiency.len(), "one efficiency a step");
        conversion.efficiency.iter_mut().zip(efficiency).for_each(|(old, new)| *old = new);
        self.problem.set_coefficients(conversion.term, conversion.input_per_output());
        if conversion.has_changing_costs() {
            self.problem.set_costs(conversion.output, conversion.costs_eur(self.step_hours));
        }
    }

    /// Subtracts simultaneous charging and discharging from both, in stores where that changes nothing. An optimum may
    /// contain any amount of it; `values` has a row for each quantity.
    pub(super) fn net_stores(&self, values: &mut Array2<f64>) {
        for store in self.stores.iter().filter(|store| store.passes_through) {
            let (mut charge, mut discharge) =
                values.multi_slice_mut((s![store.charge.index(), ..], s![store.discharge.index(), ..]));
            Zip::from(&mut charge).and(&mut discharge).for_each(|charge, discharge| {
                let through = charge.min(*discharge).max(0.0);
                *charge -= through;
                *discharge -= through;
            });
        }
    }

    /// Returns the index of the conversion `technology` at `site`; `None` if there is no such conversion.
    pub(super) fn conversion(&self, district: &District, site: &str, technology: &str) -> Option<usize> {
        self.conversions.iter().position(|conversion| {
            let at = &district.sites()[conversion.site];
            at.name == site && at.technologies[conversion.technology].name == technology
        })
    }
}
