//! Construction and evaluation of the columns and rows over all steps.

use anergy_data::series::Profile;
use anergy_lp::{ColumnId, GlobalColumn, GlobalColumnId, GlobalRow, GlobalRowId, Lag, Row, RowId, TOLERANCE};

use super::Decisions;
use super::build::LayoutBuilder;
use super::layout::{DispatchLayout, Role};
use super::shared::{CapacityLimit, Limit, OverLimit, SharedQuantity, SharedRole};
use crate::district::{Kind, StorageBoundary, SupplyTerms, Technology};

/// Share of a limit on the whole time by which it may be exceeded: the rounding error of a sum over thousands of steps.
const LIMIT_TOLERANCE: f64 = 1e-9;

impl DispatchLayout {
    /// Returns the excess of `decisions` over each limit. The least energy that has to be saved is that of the step
    /// with the largest use of the limit per kWh; left unserved at the price of lost load, it never costs less than the
    /// shadow price of the limit.
    pub(super) fn over_limits<'a>(&'a self, decisions: &'a Decisions) -> impl Iterator<Item = OverLimit> + 'a {
        self.problem.global_rows().iter().enumerate().map(move |(index, row)| {
            let (mut used, mut largest): (f64, f64) = (0.0, 0.0);
            for term in self.problem.sum_terms().iter().filter(|term| term.row.0 == index) {
                for (stage, &power) in decisions.values.row(term.column.0).iter().enumerate() {
                    used += term.coefficient.at(stage) * power;
                    if power > 0.0 {
                        largest = largest.max(term.coefficient.at(stage));
                    }
                }
            }
            let tolerance = TOLERANCE + LIMIT_TOLERANCE * row.upper.abs();
            let over = used - row.upper;
            let amount = if over > tolerance { over } else { 0.0 };
            let energy_kwh = if largest > 0.0 { amount / largest * self.step_hours } else { 0.0 };
            OverLimit { row: GlobalRowId(index), amount, tolerance, energy_kwh }
        })
    }
}

impl LayoutBuilder<'_> {
    /// Limits `column` by the capacity of the technology if that is chosen, and returns the capacity's column; `None`
    /// if the capacity is given.
    pub(super) fn within_capacity(
        &mut self,
        site: usize,
        technology: usize,
        column: ColumnId,
        per_unit: Profile,
    ) -> Option<GlobalColumnId> {
        let at = &self.district.sites()[site];
        let Technology { name, kind, chosen_from, .. } = &at.technologies[technology];
        let lower = (*chosen_from)?;
        let upper = match kind {
            Kind::Supply(supply) => supply.capacity_kw,
            Kind::Export(export) => export.capacity_kw,
            Kind::Conversion(conversion) => conversion.capacity_kw,
            Kind::Storage(storage) => storage.capacity_kwh,
            Kind::Demand(_) => return None,
        };
        let cost = self.district.share_of_year() * at.technologies[technology].annual_cost_per_unit_eur();
        let name = format!("{} {name} capacity", at.name);
        let capacity = self.layout.problem.add_global_column(GlobalColumn { name, lower, upper, cost });
        self.layout.shared.quantities.push(SharedQuantity { site, technology, role: SharedRole::Capacity });
        self.at_most(column, capacity, &per_unit);
        self.layout.shared.capacity_limits.push(CapacityLimit { column, capacity, per_unit });
        Some(capacity)
    }

    /// Adds the row `column_t - per_unit_t * most <= 0`.
    fn at_most(&mut self, column: ColumnId, most: GlobalColumnId, per_unit: &Profile) {
        let problem = &mut self.layout.problem;
        let name = format!("{} within {}", problem.columns()[column.0].name, problem.global_columns()[most.0].name);
        let row = problem.add_row(Row { name, lower: f64::NEG_INFINITY.into(), upper: 0.0.into() });
        problem.add_term(row, column, Lag::Same, 1.0);
        problem.add_spread_term(row, most, per_unit.map(|per_unit| -per_unit));
    }

    /// Limits the level before the first step by the chosen capacity of the store; `row` is the row of the level's
    /// dynamics.
    pub(super) fn before_the_first_step(
        &mut self,
        row: RowId,
        capacity: GlobalColumnId,
        boundary: StorageBoundary,
        retained: f64,
    ) {
        let stages = self.district.axis().len();
        let problem = &mut self.layout.problem;
        match boundary {
            StorageBoundary::Cyclic | StorageBoundary::CyclicFixed(_) => {}
            StorageBoundary::Given(initial) => {
                let GlobalColumn { lower, upper, .. } = problem.global_columns()[capacity.0];
                problem.set_global_bounds(capacity, lower.max(retained * initial).min(upper), upper);
            }
            // The slack of the level's row in the first step is the remainder of the level before it.
            StorageBoundary::Free => {
                let first = |first: f64, later: f64| {
                    let mut values = vec![later; stages];
                    values[0] = first;
                    Profile::Series(values)
                };
                let name = format!("{} before the first step", problem.rows()[row.0].name);
                let upper = first(0.0, f64::INFINITY);
                let before = problem.add_row(Row { name, lower: f64::NEG_INFINITY.into(), upper });
                let terms = problem.terms().iter().filter(|term| term.row == row && term.lag == Lag::Same);
                let terms: Vec<_> = terms.map(|term| (term.column, term.coefficient.clone())).collect();
                for (column, coefficient) in terms {
                    problem.add_term(before, column, Lag::Same, coefficient);
                }
                problem.add_spread_term(before, capacity, first(-retained, 0.0));
            }
        }
    }

    /// Adds the demand charge and the energy limit of a supply.
    pub(super) fn supply_terms(
        &mut self,
        site: usize,
        technology: usize,
        column: ColumnId,
        terms: SupplyTerms,
        capacity_kw: f64,
    ) {
        let name = self.layout.problem.columns()[column.0].name.clone();
        let cost = terms.demand_charge_eur_per_kw;
        if cost != 0.0 {
            let peak = GlobalColumn { name: format!("{name} peak"), lower: 0.0, upper: capacity_kw, cost };
            let peak = self.layout.problem.add_global_column(peak);
            self.layout.shared.quantities.push(SharedQuantity { site, technology, role: SharedRole::Peak });
            self.at_most(column, peak, &1.0.into());
            self.layout.shared.peaks.push((column, peak));
        }
        if let Some(upper) = terms.limit_kwh {
            let row = GlobalRow { name: format!("{name} limit"), lower: f64::NEG_INFINITY, upper };
            let row = self.layout.problem.add_global_row(row);
            self.layout.problem.add_sum_term(row, column, self.dt);
            self.layout.shared.limits.push((Limit::Supply { site, technology }, Some(row)));
        }
    }

    /// Adds the limit on the CO2 of all supplies, less the CO2 of forced supply.
    pub(super) fn co2_limit(&mut self) {
        let Some(limit_kg) = self.district.co2_limit_kg() else { return };
        let mut row = None;
        for (column, quantity) in self.layout.quantities.iter().enumerate() {
            let Some(technology) = quantity.technology.filter(|_| quantity.role == Role::Supply) else { continue };
            let Kind::Supply(supply) = &self.district.sites()[quantity.site].technologies[technology].kind else {
                continue;
            };
            if supply.co2_kg_per_kwh.all(|co2| co2 == 0.0) {
                continue;
            }
            let problem = &mut self.layout.problem;
            let row = *row.get_or_insert_with(|| {
                let upper = limit_kg - self.district.forced_co2_kg();
                problem.add_global_row(GlobalRow { name: "CO2 limit".to_owned(), lower: f64::NEG_INFINITY, upper })
            });
            problem.add_sum_term(row, ColumnId(column), supply.co2_kg_per_kwh.map(|co2| co2 * self.dt));
        }
        self.layout.shared.limits.push((Limit::Co2, row));
    }
}
