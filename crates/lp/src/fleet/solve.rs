//! Solving a fleet, and finding the reason why it is infeasible.

use anergy_profile::Profile;

use super::build::FleetProblem;
use super::{Fleet, FleetError, FleetSolution, UnitSolution};
use crate::{Backend, Excess, Lag, LpError, Solution, Solver, StagedProblem, TOLERANCE};

/// A solver with the memory for fleets of one pattern, for solves in succession.
///
/// Between solves, the numbers of the fleet may change. If the pattern changes too, for instance because a change makes
/// two equal units different, the next solve takes new memory.
pub struct FleetSolver<'b> {
    backend: &'b dyn Backend,
    prepared: Option<(Pattern, Box<dyn Solver>)>,
}

impl std::fmt::Debug for FleetSolver<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FleetSolver").field("backend", self.backend).finish_non_exhaustive()
    }
}

/// The positions of all terms of a problem.
#[derive(Debug, PartialEq)]
struct Pattern {
    sizes: [usize; 4],
    terms: Vec<(usize, usize, Lag)>,
    spread: Vec<(usize, usize)>,
}

impl Pattern {
    fn of(problem: &StagedProblem) -> Self {
        Self {
            sizes: [problem.stages(), problem.columns().len(), problem.rows().len(), problem.global_columns().len()],
            terms: problem.terms().iter().map(|term| (term.row.0, term.column.0, term.lag)).collect(),
            spread: problem.spread_terms().iter().map(|term| (term.row.0, term.column.0)).collect(),
        }
    }
}

impl<'b> FleetSolver<'b> {
    /// Creates a solver without memory.
    #[must_use]
    pub fn new(backend: &'b dyn Backend) -> Self {
        Self { backend, prepared: None }
    }

    /// Solves a fleet.
    ///
    /// # Errors
    /// [`FleetError::Shape`] for a fleet of 0 steps; [`FleetError::UnboundedState`] if a state has no implied bounds;
    /// [`FleetError::InfeasibleUnit`] or [`FleetError::InfeasibleRow`] if the fleet is infeasible and the reason was
    /// found; otherwise the solver's error, which is [`LpError::BadAnswer`] for a solution that the certificate refuses.
    pub fn solve(&mut self, fleet: &Fleet) -> Result<FleetSolution, FleetError> {
        let built = FleetProblem::of(fleet)?;
        let pattern = Pattern::of(&built.problem);
        if self.prepared.as_ref().is_none_or(|(known, _)| *known != pattern) {
            self.prepared = None;
        }
        let solver = match &mut self.prepared {
            Some((_, solver)) => solver,
            unprepared => &mut unprepared.insert((pattern, self.backend.prepare(&built.problem)?)).1,
        };
        let mut solution = Solution::zeros(&built.problem);
        match solver.solve(&built.problem, &mut solution) {
            Ok(()) => {
                let name = solver.answered_by_fallback().unwrap_or_else(|| self.backend.name());
                accepted(fleet, FleetSolution::of(fleet, &built, &solution, name))
            }
            Err(error @ LpError::Infeasible { .. }) => {
                Err(fleet.reason_of_infeasibility(self.backend).unwrap_or(FleetError::Lp(error)))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Fleet {
    /// Solves the fleet once. [`FleetSolver`] keeps the solver's memory between solves.
    ///
    /// # Errors
    /// Those of [`FleetSolver::solve`].
    pub fn solve(&self, backend: &dyn Backend) -> Result<FleetSolution, FleetError> {
        FleetSolver::new(backend).solve(self)
    }

    /// Returns the linear program, for a look at it or to write it to a file.
    ///
    /// # Errors
    /// [`FleetError::Shape`] for a fleet of 0 steps; [`FleetError::UnboundedState`] if a state has no implied bounds.
    pub fn problem(&self) -> Result<StagedProblem, FleetError> {
        Ok(FleetProblem::of(self)?.problem)
    }

    /// Solves the fleet without looking for a reason if it is infeasible; `None` if there is no solution.
    fn solve_elastic(&self, backend: &dyn Backend) -> Option<FleetSolution> {
        let built = FleetProblem::of(self).ok()?;
        let mut solution = Solution::zeros(&built.problem);
        backend.prepare(&built.problem).ok()?.solve(&built.problem, &mut solution).ok()?;
        Some(FleetSolution::of(self, &built, &solution, backend.name()))
    }

    /// Returns the unit that is infeasible without the shared rows, or else the shared row that is violated where the sum
    /// of violations is smallest; `None` if neither can be found.
    fn reason_of_infeasibility(&self, backend: &dyn Backend) -> Option<FleetError> {
        let built = FleetProblem::of(self).ok()?;
        for pool in &built.pools {
            if let Some(reason) = self.reason_of_unit(pool.unit, backend) {
                return Some(reason);
            }
        }
        let mut elastic = self.without_costs();
        for row in &mut elastic.rows {
            (row.lack_price, row.excess_price) = (elastic_price(&row.lack_price), elastic_price(&row.excess_price));
        }
        let solution = elastic.solve_elastic(backend)?;
        let violation = |row: usize, stage: usize| {
            let prices = [&self.rows[row].lack_price, &self.rows[row].excess_price];
            hard_violation(prices, [solution.row_lack[[row, stage]], solution.row_excess[[row, stage]]])
        };
        let (row, stage, shortfall) = largest(self.rows.len(), self.stages, violation)?;
        Some(FleetError::InfeasibleRow { row: self.rows[row].name.clone(), stage, shortfall })
    }

    /// Returns the output that the unit alone cannot keep, if there is one.
    fn reason_of_unit(&self, unit: usize, backend: &dyn Backend) -> Option<FleetError> {
        let mut alone = self.without_costs();
        let mut elastic = alone.units.swap_remove(unit);
        for output in &mut elastic.outputs {
            output.lack_price = elastic_price(&output.lack_price);
            output.excess_price = elastic_price(&output.excess_price);
        }
        let mut fleet = Fleet::new(elastic.name.clone(), self.stages);
        fleet.add_unit(elastic).ok()?;
        let solution: UnitSolution = fleet.solve_elastic(backend)?.units.pop()?;
        let outputs = &self.units[unit].outputs;
        let violation = |output: usize, stage: usize| {
            let prices = [&outputs[output].lack_price, &outputs[output].excess_price];
            hard_violation(prices, [solution.lack[[output, stage]], solution.excess[[output, stage]]])
        };
        let (output, stage, shortfall) = largest(outputs.len(), self.stages, violation)?;
        let output = outputs[output].name.clone();
        Some(FleetError::InfeasibleUnit { unit: self.units[unit].name.clone(), output, stage, shortfall })
    }

    /// Returns a copy in which everything but slack is free of cost, and slack too where it was allowed.
    fn without_costs(&self) -> Self {
        let mut copy = self.clone();
        let nothing = Profile::Constant(0.0);
        for unit in &mut copy.units {
            unit.terminal_value = None;
            unit.inputs.iter_mut().for_each(|input| input.cost = nothing.clone());
            for price in unit.outputs.iter_mut().flat_map(|output| [&mut output.lack_price, &mut output.excess_price]) {
                *price = price.as_ref().map(|_| nothing.clone());
            }
        }
        for price in copy.rows.iter_mut().flat_map(|row| [&mut row.lack_price, &mut row.excess_price]) {
            *price = price.as_ref().map(|_| nothing.clone());
        }
        copy.columns.iter_mut().for_each(|column| column.cost = nothing.clone());
        copy.peaks.iter_mut().for_each(|peak| peak.cost = 0.0);
        copy
    }
}

/// Returns the solution, or an error if its certificate has a violation that is not accepted.
fn accepted(fleet: &Fleet, found: FleetSolution) -> Result<FleetSolution, FleetError> {
    let certificate = &found.certificate;
    match certificate.excess.as_ref().or(certificate.global_excess.as_ref()) {
        None => Ok(found),
        Some(Excess { violation, tolerance }) => Err(FleetError::Lp(LpError::BadAnswer {
            problem: fleet.name.clone(),
            solver: found.solver.clone(),
            name: violation.name.clone(),
            stage: violation.stage,
            violation: violation.size,
            tolerance: *tolerance,
        })),
    }
}

/// Returns the larger of lack and excess, apart from those that have a price in the fleet.
fn hard_violation(prices: [&Option<Profile>; 2], sizes: [f64; 2]) -> f64 {
    let hard = prices.into_iter().zip(sizes).filter(|(price, _)| price.is_none());
    hard.map(|(_, size)| size).fold(0.0, f64::max)
}

/// Returns the price of a slack where hard bounds cost 1 per unit and soft ones nothing.
fn elastic_price(price: &Option<Profile>) -> Option<Profile> {
    Some(price.clone().unwrap_or(Profile::Constant(1.0)))
}

/// Returns the place and size of the largest violation above the tolerance.
fn largest(lines: usize, stages: usize, violation: impl Fn(usize, usize) -> f64) -> Option<(usize, usize, f64)> {
    let all = (0..lines).flat_map(|line| (0..stages).map(move |stage| (line, stage)));
    let sized = all.map(|(line, stage)| (line, stage, violation(line, stage)));
    sized.filter(|(_, _, size)| *size > TOLERANCE).max_by(|a, b| a.2.total_cmp(&b.2))
}
