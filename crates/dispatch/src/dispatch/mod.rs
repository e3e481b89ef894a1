//! The economic dispatch of a district: from COP series to the plan of least cost, with a certificate.
//!
//! The LP of the district is written once and decomposed into independent parts (sites without a link between them).
//! Between solves only the numbers that depend on the COPs are replaced. Cost, unmet demand and surplus are reported
//! separately in every account.

mod account;
mod build;
mod index;
mod joint_balances;
mod layout;
mod plan;
mod price;
mod shadow_prices;
mod shared;
mod shared_build;
mod shortage;
mod stores;

pub use account::{Account, CarrierTotals, ChosenCapacity, LimitUse, LinkTotals, PaidPeak, TechnologyTotals};
pub use build::first_problem;
pub use layout::{ConversionTerm, Quantity, Role};
pub use plan::{Decisions, DispatchError, Plan, PlanCertificate, Priced, ShortageReport};
pub use shadow_prices::Price;
pub use shared::{Limit, SharedQuantity, SharedRole};
pub use stores::StoreReport;

use std::collections::HashMap;

use anergy_data::series::Profile;
use anergy_lp::{Backend, Certificate, Component, Duals, Excess, LpError, Solution, Solver, StagedProblem, Violation};
use ndarray::Array2;
use rayon::prelude::*;

use crate::district::{District, VALUE_OF_LOST_LOAD_EUR_PER_KWH};
use index::{ConversionPlace, DispatchIndex, Owner};
use joint_balances::{JointBalances, Penalties};
use layout::DispatchLayout;
use price::{ClosingRow, FixedCapacities};

/// An independent part with its solver.
struct Part {
    component: Component,
    solver: Box<dyn Solver>,
    solution: Solution,
}

impl Part {
    /// Solves the part; a part without columns needs no solve.
    fn solve(&mut self) -> Result<(), LpError> {
        if self.component.problem.columns().is_empty() {
            return Ok(());
        }
        self.solver.solve(&self.component.problem, &mut self.solution)
    }
}

/// A district prepared for repeated dispatch at changing efficiencies.
pub struct Dispatch {
    district: District,
    layout: DispatchLayout,
    index: DispatchIndex,
    parts: Vec<Part>,
    /// Balances of conversion inputs that are closed one by one.
    closing: Vec<ClosingRow>,
    /// Balances that are closed jointly.
    joint: Vec<JointBalances>,
    /// Right-hand sides of balances without auxiliary demand, by balance; only of balances that have had one.
    base_sums: HashMap<usize, Profile>,
    solver_name: String,
}

impl std::fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<_> = self.parts.iter().map(|part| part.component.problem.name()).collect();
        f.debug_struct("Dispatch").field("parts", &parts).field("solver", &self.solver_name).finish_non_exhaustive()
    }
}

impl Dispatch {
    /// Writes the LP of `district`, decomposes it and prepares a solver for each part.
    ///
    /// # Errors
    /// [`DispatchError::Lp`] when a part is too large for the solver.
    pub fn new(district: District, backend: &dyn Backend) -> Result<Self, DispatchError> {
        let layout = DispatchLayout::new(&district);
        let mut parts = Vec::new();
        let components = layout.problem.components();
        let names = part_names(&components, &layout, &district);
        for (mut component, name) in components.into_iter().zip(names) {
            component.problem.rename(name);
            let solver = backend.prepare(&component.problem)?;
            let solution = Solution::zeros(&component.problem);
            parts.push(Part { component, solver, solution });
        }
        let index = DispatchIndex::new(&district, &layout, parts.iter().map(|part| &part.component));
        let mut rows: Vec<usize> = Vec::new();
        for conversion in &layout.conversions {
            let row = layout.problem.terms()[conversion.term.0].row.0;
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        let mut closing = ClosingRow::of(&layout.problem, &layout.shared.capacity_limits, rows.into_iter());
        let links = layout.quantities.iter().enumerate().filter(|(_, quantity)| quantity.link.is_some());
        let links: Vec<usize> = links.map(|(column, _)| column).collect();
        let over_limit_eur = lost_load_eur_per_kwh(&district);
        let penalties = Penalties { over_limit_eur, imbalance_eur: 2.0 * over_limit_eur };
        let joint = JointBalances::of(&layout, &links, &mut closing, penalties, backend)?;
        let base_sums = HashMap::new();
        Ok(Self { district, layout, index, parts, closing, joint, base_sums, solver_name: backend.name() })
    }

    /// Returns the district.
    #[must_use]
    pub fn district(&self) -> &District {
        &self.district
    }

    /// Returns name and version of the solver, and of the other solvers that answered parts of the last dispatch in its
    /// place: `staged 0.1.0, Clarabel 0.11.1 for "s0 + s1"`.
    #[must_use]
    pub fn solver_name(&self) -> String {
        let mut name = self.solver_name.clone();
        for part in &self.parts {
            if let Some(other) = part.solver.answered_by_fallback() {
                name += &format!(", {other} for \"{}\"", part.component.problem.name());
            }
        }
        name
    }

    /// Returns name, number of columns and number of rows, over all steps, of each independent part.
    #[must_use]
    pub fn parts(&self) -> Vec<(String, usize, usize)> {
        let size = |part: &Part| {
            let problem = &part.component.problem;
            let size = |of_stage: usize, shared: usize| problem.stages() * of_stage + shared;
            let columns = size(problem.columns().len(), problem.global_columns().len());
            (problem.name().to_owned(), columns, size(problem.rows().len(), problem.global_rows().len()))
        };
        self.parts.iter().map(size).collect()
    }

    /// Returns the meaning of each row of [`Decisions::values`].
    #[must_use]
    pub fn quantities(&self) -> &[Quantity] {
        &self.layout.quantities
    }

    /// Returns the meaning of each element of [`Decisions::globals`].
    #[must_use]
    pub fn shared_quantities(&self) -> &[SharedQuantity] {
        &self.layout.shared.quantities
    }

    /// Returns the index, for [`Dispatch::set_efficiency`], of the conversion `technology` at `site`; `None` if there
    /// is no such conversion.
    #[must_use]
    pub fn conversion(&self, site: &str, technology: &str) -> Option<usize> {
        self.index.conversion(site, technology)
    }

    /// Returns the row of [`Decisions::values`] with `role` of `technology` at `site`; `None` if there is none.
    #[must_use]
    pub fn quantity(&self, site: &str, technology: &str, role: Role) -> Option<usize> {
        self.index.quantity(site, technology, role)
    }

    /// Returns the row of [`Decisions::values`] with the power that enters the link `link` in direction `role`; `None`
    /// if there is none.
    #[must_use]
    pub fn link_quantity(&self, link: usize, role: Role) -> Option<usize> {
        self.index.column(Owner::Link(link), role)
    }

    /// Returns the row of [`Decisions::values`] with `role` (unmet demand or surplus) of the balance of a carrier at a
    /// site, both by their indices in the district; `None` if there is none.
    #[must_use]
    pub fn balance_quantity(&self, site: usize, carrier: usize, role: Role) -> Option<usize> {
        self.index.column(Owner::Balance(site, carrier), role)
    }

    /// Returns the LP at the current efficiencies; its columns are the rows of [`Decisions::values`].
    #[must_use]
    pub fn problem(&self) -> &StagedProblem {
        &self.layout.problem
    }

    /// Returns the columns and terms of a conversion in the LP.
    #[must_use]
    pub fn conversion_term(&self, conversion: usize) -> &ConversionTerm {
        &self.layout.conversions[conversion]
    }

    /// Returns the row of [`Decisions::values`] with the output of a conversion.
    #[must_use]
    pub fn conversion_output(&self, conversion: usize) -> usize {
        self.layout.conversions[conversion].output.index()
    }

    /// Returns the current efficiencies (COPs) of a conversion, one per step.
    #[must_use]
    pub fn efficiency(&self, conversion: usize) -> &[f64] {
        &self.layout.conversions[conversion].efficiency
    }

    /// Sets the efficiencies (COPs) of a conversion, one per step, all > 0.
    ///
    /// # Panics
    /// If the number of efficiencies is not the number of steps.
    pub fn set_efficiency(&mut self, conversion: usize, efficiency: impl ExactSizeIterator<Item = f64>) {
        self.layout.set_efficiency(conversion, efficiency);
        self.update_parts(conversion);
    }

    /// Sets a charge on the output of a conversion, EUR/kWh, one value per step: a cost that arises elsewhere (the
    /// balancing of the loop) and that the dispatch takes into account. The account reports it separately.
    ///
    /// # Panics
    /// If the number of values is not the number of steps.
    pub fn set_charge(&mut self, conversion: usize, charge_eur_per_kwh: Vec<f64>) {
        assert_eq!(charge_eur_per_kwh.len(), self.layout.problem.stages(), "one charge a step");
        let term = &mut self.layout.conversions[conversion];
        term.charge_eur_per_kwh = Some(charge_eur_per_kwh);
        self.layout.problem.set_costs(term.output, term.costs_eur(self.district.axis().step_hours()));
        self.update_parts(conversion);
    }

    /// Copies the coefficients and costs of a conversion into the parts.
    fn update_parts(&mut self, conversion: usize) {
        let ConversionPlace { part, term, output } = self.index.conversion_places[conversion];
        let conversion = &self.layout.conversions[conversion];
        let problem = &mut self.parts[part].component.problem;
        problem.set_coefficients(term, conversion.input_per_output());
        if conversion.has_changing_costs() {
            problem.set_costs(output, conversion.costs_eur(self.district.axis().step_hours()));
        }
    }

    /// Returns the index, for [`Dispatch::set_auxiliary`], of the balance of `carrier` at `site`; `None` if there is
    /// none.
    #[must_use]
    pub fn balance(&self, site: &str, carrier: &str) -> Option<usize> {
        self.index.balance(site, carrier)
    }

    /// Sets an auxiliary demand in addition to those of the district, kW, one value per step; it replaces the previous
    /// one.
    ///
    /// # Panics
    /// If the number of values is not the number of steps.
    pub fn set_auxiliary(&mut self, balance: usize, power_kw: &[f64]) {
        let row = self.layout.balances[balance].row;
        let base = self.base_sums.entry(balance).or_insert_with(|| self.layout.problem.rows()[row.0].lower.clone());
        assert_eq!(power_kw.len(), self.layout.problem.stages(), "one value a step");
        let sums = || power_kw.iter().enumerate().map(|(step, power)| base.at(step) + power);
        self.layout.problem.set_sums(row, sums());
        let (part, row) = self.index.balance_places[balance];
        self.parts[part].component.problem.set_sums(row, sums());
    }

    /// Finds the plan of least cost at the current efficiencies.
    ///
    /// # Errors
    /// [`DispatchError::Infeasible`] with sites, carriers and steps, [`DispatchError::Stores`] with stores;
    /// [`DispatchError::Lp`] when the solver fails or its solution violates an equation.
    pub fn solve(&mut self, backend: &dyn Backend) -> Result<Plan, DispatchError> {
        let mut decisions = self.zero_decisions();
        let mut duals = Some(Duals::zeros(&self.layout.problem));
        let solved: Vec<Result<(), LpError>> = self.parts.par_iter_mut().map(Part::solve).collect();
        for (part, solved) in self.parts.iter().zip(solved) {
            let problem = &part.component.problem;
            if problem.columns().is_empty() {
                if problem.rows().iter().all(|row| row.lower.all(|sum| sum <= 0.0) && row.upper.all(|sum| sum >= 0.0)) {
                    continue;
                }
                return Err(shortage::explain(&self.district, &self.layout, backend)?);
            }
            match solved {
                Ok(()) => {}
                Err(error @ (LpError::Infeasible { .. } | LpError::Unbounded { .. })) => {
                    return Err(self.explain_infeasible(problem, error, backend)?);
                }
                Err(error) => return Err(error.into()),
            }
            let Part { component, solution, .. } = part;
            for (row, column) in solution.values.rows().into_iter().zip(&component.columns) {
                decisions.values.row_mut(column.index()).assign(&row);
            }
            for (value, column) in solution.globals.iter().zip(&component.global_columns) {
                decisions.globals[column.index()] = *value;
            }
            match (&mut duals, &solution.duals) {
                (Some(whole), Some(part)) => component.write_duals(part, whole),
                _ => duals = None,
            }
        }
        self.layout.net_stores(&mut decisions.values);
        let plan = self.certified_with(decisions, duals)?;
        self.check_limits(&plan.decisions)?;
        Ok(plan)
    }

    /// Returns the reason why a part has no plan. The solver's answer does not decide between infeasible and unbounded,
    /// since presolve does not tell the two apart.
    fn explain_infeasible(
        &self,
        part: &StagedProblem,
        error: LpError,
        backend: &dyn Backend,
    ) -> Result<DispatchError, DispatchError> {
        let stores = stores::infeasible_stores(&self.district);
        if !stores.is_empty() {
            return Ok(DispatchError::Stores(stores));
        }
        if !shortage::is_allowed(&self.district) {
            return shortage::explain(&self.district, &self.layout, backend);
        }
        // Without negative costs nothing is unbounded: a part that then has a plan is feasible.
        let earns_nothing = part.with_absolute_costs();
        match backend.prepare(&earns_nothing)?.solve(&earns_nothing, &mut Solution::zeros(&earns_nothing)) {
            Ok(()) => Ok(LpError::Unbounded { problem: part.name().to_owned() }.into()),
            Err(LpError::Infeasible { .. }) => Ok(part.infeasible().into()),
            Err(_) => Ok(error.into()),
        }
    }

    /// Returns the same decisions at the current efficiencies. All decisions remain, chosen capacities included, while
    /// import, unmet demand and surplus close the balances of the conversion inputs; import stays within its chosen
    /// capacity, and its new peak is charged. A remaining imbalance is priced like unmet demand, or at
    /// [`VALUE_OF_LOST_LOAD_EUR_PER_KWH`] if that has no price, and so is the energy above a limit on the whole time.
    ///
    /// # Errors
    /// [`DispatchError::Lp`] when the joint closing of balances fails.
    pub fn price(&mut self, decisions: &Decisions) -> Result<Priced, DispatchError> {
        let Decisions { mut values, mut globals } = decisions.clone();
        let problem = &self.layout.problem;
        let capacities =
            FixedCapacities { problem, capacity_limits: &self.layout.shared.capacity_limits, globals: &globals };
        let mut imbalance: f64 = self.closing.iter().map(|row| row.close(capacities, &mut values)).sum();
        for rows in &mut self.joint {
            imbalance += rows.close(capacities, &mut values)?;
        }
        for (column, peak) in &self.layout.shared.peaks {
            globals[peak.index()] = values.row(column.index()).fold(0.0, |peak, power| power.max(peak));
        }
        let decisions = Decisions { values, globals };
        let short_kwh = imbalance * self.district.axis().step_hours();
        let voll = lost_load_eur_per_kwh(&self.district);
        let objective_eur = self.objective_eur(&decisions) + voll * short_kwh;
        Ok(Priced { decisions, objective_eur, short_kwh })
    }

    /// Returns the weighted sum of plans. With weights >= 0 that add up to 1 it satisfies every equation that all plans
    /// satisfy at the same efficiencies; [`Dispatch::price`] closes the others.
    #[must_use]
    pub fn blend(&self, plans: &[(&Decisions, f64)]) -> Decisions {
        let mut sum = self.zero_decisions();
        for (decisions, weight) in plans {
            sum.values.scaled_add(*weight, &decisions.values);
            sum.globals.iter_mut().zip(&decisions.globals).for_each(|(sum, value)| *sum += weight * value);
        }
        sum
    }

    /// Returns a plan with the given decisions, with its objective and certificate at the current efficiencies. A limit
    /// on the whole time may be exceeded, as by a plan for other efficiencies: the objective prices the excess.
    ///
    /// # Errors
    /// [`LpError::BadAnswer`] when the values violate an equation or a bound by more than the tolerance.
    pub fn certified(&self, decisions: Decisions) -> Result<Plan, DispatchError> {
        self.certified_with(decisions, None)
    }

    /// Returns a plan with the given decisions and duals.
    fn certified_with(&self, decisions: Decisions, duals: Option<Duals>) -> Result<Plan, DispatchError> {
        let Decisions { values, globals } = decisions;
        let solution = Solution { values, globals, objective: 0.0, duals };
        let certificate = Certificate::of(&self.layout.problem, &solution);
        let Solution { values, globals, duals, .. } = solution;
        let decisions = Decisions { values, globals };
        if let Some(Excess { violation, tolerance }) = &certificate.excess {
            return Err(self.bad_answer(violation, *tolerance).into());
        }
        let balances = self.layout.balances.iter().map(|balance| {
            let site = self.district.sites()[balance.site].name.clone();
            let carrier = self.district.carriers()[balance.carrier].clone();
            (site, carrier, certificate.row_residuals[balance.row.0])
        });
        let certificate = PlanCertificate {
            equation: certificate.row.size,
            bound: certificate.bound.size,
            tied_steps: None,
            gap: certificate.optimality.as_ref().map(|optimality| optimality.relative_gap.abs()),
            balances: balances.collect(),
        };
        let objective_eur = self.objective_eur(&decisions);
        Ok(Plan { decisions, objective_eur, certificate, duals })
    }

    /// Returns the objective of the LP plus the price of exceeded limits on the whole time, EUR.
    fn objective_eur(&self, decisions: &Decisions) -> f64 {
        let objective_eur = self.layout.problem.objective(decisions.values.view(), &decisions.globals);
        let over_kwh: f64 = self.layout.over_limits(decisions).map(|over| over.energy_kwh).sum();
        if over_kwh == 0.0 { objective_eur } else { objective_eur + lost_load_eur_per_kwh(&self.district) * over_kwh }
    }

    /// Returns an error if a solver's solution exceeds a limit on the whole time.
    fn check_limits(&self, decisions: &Decisions) -> Result<(), DispatchError> {
        let worst = self.layout.over_limits(decisions).max_by(|a, b| a.amount.total_cmp(&b.amount));
        worst.filter(|over| over.amount > 0.0).map_or(Ok(()), |over| {
            let name = self.layout.problem.global_rows()[over.row.index()].name.clone();
            Err(self.bad_answer(&Violation { size: over.amount, name, stage: None }, over.tolerance).into())
        })
    }

    /// Returns the error for a solution that violates a row or bound.
    fn bad_answer(&self, violation: &Violation, tolerance: f64) -> LpError {
        LpError::BadAnswer {
            problem: self.layout.problem.name().to_owned(),
            solver: self.solver_name(),
            name: violation.name.clone(),
            stage: violation.stage,
            violation: violation.size,
            tolerance,
        }
    }

    /// Creates decisions of zeros.
    fn zero_decisions(&self) -> Decisions {
        let values = Array2::zeros((self.layout.quantities.len(), self.district.axis().len()));
        Decisions { values, globals: vec![0.0; self.layout.shared.quantities.len()] }
    }
}

/// Returns the price of an imbalance, EUR/kWh: that of unmet demand, or the value of lost load if that has no price.
fn lost_load_eur_per_kwh(district: &District) -> f64 {
    district.shortage().unmet_eur_per_kwh.unwrap_or(VALUE_OF_LOST_LOAD_EUR_PER_KWH)
}

/// Returns the names of the parts: their sites, with their carriers if several parts have the same sites.
fn part_names(parts: &[Component], layout: &DispatchLayout, district: &District) -> Vec<String> {
    let listed = |part: &Component, name: &dyn Fn(&Quantity) -> String| {
        let mut names: Vec<String> = Vec::new();
        for column in &part.columns {
            let name = name(&layout.quantities[column.index()]);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(" + ")
    };
    let sites = |part: &Component| listed(part, &|quantity| district.sites()[quantity.site].name.clone());
    let carriers = |part: &Component| listed(part, &|quantity| district.carriers()[quantity.carrier].clone());
    let of_sites: Vec<String> = parts.iter().map(sites).collect();
    let name = |(part, name): (&Component, &String)| match of_sites.iter().filter(|other| *other == name).count() {
        _ if part.columns.is_empty() => "a balance without technology".to_owned(),
        1 => name.clone(),
        _ => format!("{name} ({})", carriers(part)),
    };
    parts.iter().zip(&of_sites).map(name).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use anergy_data::series::TimeAxis;
    use anergy_lp::Staged;

    use super::*;
    use crate::district::{Demand, Investment, Kind, Shortage, Site, Technology};

    /// A backend that leaves the problems of one name to another solver.
    #[derive(Debug)]
    struct Leaves(&'static str);

    struct LeavingSolver(Box<dyn Solver>, bool);

    impl Backend for Leaves {
        fn name(&self) -> String {
            "first 1.0".to_owned()
        }

        fn prepare(&self, problem: &StagedProblem) -> Result<Box<dyn Solver>, LpError> {
            let solver = Staged { alone: true, vertex: false }.prepare(problem)?;
            Ok(Box::new(LeavingSolver(solver, problem.name() == self.0)))
        }
    }

    impl Solver for LeavingSolver {
        fn solve(&mut self, problem: &StagedProblem, solution: &mut Solution) -> Result<(), LpError> {
            self.0.solve(problem, solution)
        }

        fn answered_by_fallback(&self) -> Option<String> {
            self.1.then(|| "second 2.0".to_owned())
        }
    }

    #[test]
    fn the_solver_of_each_part_is_named() {
        let axis = TimeAxis::new(jiff::civil::date(2019, 1, 1).at(0, 0, 0, 0), 60, 2);
        let site = |name: &str| {
            let demand = Demand { carrier: "heat".into(), power_kw: 1.0.into() };
            let (kind, investment) = (Kind::Demand(demand), Investment::default());
            let technologies = vec![Technology { name: "homes".into(), kind, investment, chosen_from: None }];
            Site { name: name.into(), technologies }
        };
        let shortage = Shortage { unmet_eur_per_kwh: Some(100.0), surplus_eur_per_kwh: Some(0.0) };
        let district = District::new(axis, vec![site("north"), site("south")], shortage).unwrap();
        for (left, expected) in [("none", "first 1.0"), ("south", "first 1.0, second 2.0 for \"south\"")] {
            let mut dispatch = Dispatch::new(district.clone(), &Leaves(left)).unwrap();
            dispatch.solve(&Leaves(left)).unwrap();
            assert_eq!(dispatch.solver_name(), expected);
        }
    }
}
