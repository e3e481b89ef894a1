//! Shadow prices: the duals of a dispatch, assigned to balances, stores, technologies and limits.

use anergy_data::series::Profile;
use anergy_lp::{Backend, ColumnId, Duals, Solution, StagedProblem};
use ndarray::ArrayView1;

use super::{Dispatch, Plan, Role};

/// Prices are rounded to one part of this many of a EUR/kWh.
const PRICE_RESOLUTION: f64 = 1e12;

/// Cost of the largest power that breaks ties between plans of equal cost, as a share of the mean cost.
const PREFERENCE: f64 = 1e-6;
/// Two plans differ in a step if some power differs by more than this share of its largest value.
const TIE_TOLERANCE: f64 = 1e-3;

/// Share of the largest value of the plan below which a power is negligible.
const NEGLIGIBLE: f64 = 1e-4;

/// The shadow price or reduced cost of one kWh, one number per step.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// Index of the site.
    pub site: usize,
    /// Index of the technology at the site; `None` for a balance.
    pub technology: Option<usize>,
    /// Index of the carrier in the district.
    pub carrier: usize,
    /// Price by step, EUR/kWh.
    pub eur_per_kwh: Vec<f64>,
}

impl Dispatch {
    /// Returns the cost of serving one more kWh of each carrier at each site, in the order of the balances.
    pub fn prices<'a>(&'a self, duals: &'a Duals) -> impl Iterator<Item = Price> + 'a {
        self.layout.balances.iter().map(|balance| Price {
            site: balance.site,
            technology: None,
            carrier: balance.carrier,
            eur_per_kwh: self.per_kwh(duals.rows.row(balance.row.0)),
        })
    }

    /// Returns the saving from one more kWh in each store at the end of each step.
    pub fn stored<'a>(&'a self, duals: &'a Duals) -> impl Iterator<Item = Price> + 'a {
        self.layout.stores.iter().map(|store| {
            let quantity = &self.layout.quantities[store.level.index()];
            Price {
                site: quantity.site,
                technology: quantity.technology,
                carrier: quantity.carrier,
                // A level is in kWh already; a larger sum of its row means stored energy that was given, so the sign is
                // reversed.
                eur_per_kwh: duals.rows.row(store.row.0).iter().map(|dual| rounded(-dual)).collect(),
            }
        })
    }

    /// Returns the reduced cost of each technology's flows with their roles: positive at the lower bound, negative at
    /// the upper bound, zero between the bounds.
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

    /// Returns the saving from one more unit of each limit on the whole time, EUR per kWh or kg; `None` where a limit
    /// cannot bind.
    #[must_use]
    pub fn limit_prices_eur(&self, duals: &Duals) -> Vec<Option<f64>> {
        let price = |row: &Option<anergy_lp::GlobalRowId>| row.map(|row| 0.0 - duals.global_rows[row.index()]);
        self.layout.shared.limits.iter().map(|(_, row)| price(row)).collect()
    }

    /// Returns the number of steps in which another plan of the same cost, up to a millionth of the cost of power, is
    /// different: a measure of the degeneracy of the optimum.
    ///
    /// Each part is solved again with a small quadratic cost that prefers even powers; the powers that change are not
    /// determined by the optimum. `None` for a problem with quadratic costs, and where the solver finds no solution.
    #[must_use]
    pub fn tied_steps(&self, plan: &Plan, backend: &dyn Backend) -> Option<usize> {
        let mut even_values = plan.decisions.values.clone();
        for part in &self.parts {
            let component = &part.component;
            if component.problem.columns().is_empty() {
                continue;
            }
            let is_power =
                |column: usize| self.layout.quantities[component.columns[column].index()].role != Role::Level;
            if !component.problem.is_linear() {
                return None;
            }
            let Some(problem) = with_even_preference(&component.problem, is_power, &part.solution) else { continue };
            let mut even = Solution::zeros(&problem);
            backend.prepare(&problem).ok()?.solve(&problem, &mut even).ok()?;
            for (row, column) in even.values.rows().into_iter().zip(&component.columns) {
                even_values.row_mut(column.index()).assign(&row);
            }
        }
        self.layout.net_stores(&mut even_values);
        let mut tied = vec![false; self.district.axis().len()];
        let most = even_values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let rows = plan.decisions.values.rows().into_iter().zip(even_values.rows()).zip(&self.layout.quantities);
        for ((here, other), _) in rows.filter(|(_, quantity)| quantity.role != Role::Level) {
            let largest = here.iter().chain(&other).fold(NEGLIGIBLE * most, |largest, power| largest.max(power.abs()));
            for ((tied, here), other) in tied.iter_mut().zip(here).zip(other) {
                *tied |= (here - other).abs() > TIE_TOLERANCE * largest;
            }
        }
        Some(tied.into_iter().filter(|tied| *tied).count())
    }

    /// Converts EUR per kW in a step to EUR/kWh.
    fn per_kwh(&self, duals: ArrayView1<'_, f64>) -> Vec<f64> {
        let hours = self.district.axis().step_hours();
        duals.iter().map(|dual| rounded(dual / hours)).collect()
    }
}

/// Rounds a price to the resolution of the solver, and -0 to 0.
fn rounded(eur_per_kwh: f64) -> f64 {
    (eur_per_kwh * PRICE_RESOLUTION).round() / PRICE_RESOLUTION + 0.0
}

/// Returns `problem` with a quadratic cost of powers that is [`PREFERENCE`] times the mean cost (or 1 if nothing is
/// paid) at the largest power of `solution`; `None` if all powers are zero.
fn with_even_preference(
    problem: &StagedProblem,
    is_power: impl Fn(usize) -> bool,
    solution: &Solution,
) -> Option<StagedProblem> {
    let powers = || (0..problem.columns().len()).filter(|&column| is_power(column));
    let values = || powers().flat_map(|column| solution.values.row(column).into_iter());
    let largest = values().fold(0.0_f64, |largest, power| largest.max(power.abs()));
    let moved: f64 = values().map(|power| power.abs()).sum();
    if moved == 0.0 {
        return None;
    }
    let paid = |column: usize| match &problem.columns()[column].cost {
        Profile::Constant(0.0) => 0.0,
        cost => {
            solution.values.row(column).iter().enumerate().map(|(stage, power)| (cost.at(stage) * power).abs()).sum()
        }
    };
    let mean_cost = Some(powers().map(paid).sum::<f64>() / moved).filter(|cost| *cost > 0.0).unwrap_or(1.0);
    let mut with_even_preference = problem.clone();
    for column in powers() {
        with_even_preference.set_quadratic(ColumnId(column), PREFERENCE * mean_cost / largest);
    }
    Some(with_even_preference)
}
