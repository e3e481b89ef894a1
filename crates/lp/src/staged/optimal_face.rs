//! The optimal face of a problem, and a vertex of it.
//!
//! Where the optimum is degenerate, an interior-point method converges to an interior point of the optimal face. The
//! face is the feasible set with all active bounds and ranges fixed: every point of it is optimal with the same duals.
//! With costs that are all different, one vertex of the face is its only optimum, and a vertex of the face is a vertex
//! of the problem.

use super::proof::largest_sum;
use super::sizes::{mean_costs, mean_size_of, penalty_threshold};
use crate::stages::Lines;
use crate::{ColumnId, Duals, GlobalColumnId, GlobalRowId, RowId, Solution, StagedProblem};

/// Distance from a bound, as a share of the typical value, below which a value is at it.
const AT_BOUND: f64 = 1e-9;

/// The scale of the distances of values from their bounds.
#[derive(Debug, Clone, Copy)]
pub(super) enum ValueScale {
    /// The largest value.
    Largest,
    /// The typical value of a column, which a single large value does not affect.
    Typical,
}

/// The treatment of values at a bound.
#[derive(Debug, Clone, Copy)]
pub(super) enum BoundFixing {
    /// The value is fixed. Nothing can leave the face, but the face may have no interior then.
    Fixed,
    /// The distance from the bound costs this multiple of the other costs. The face is as well conditioned as the
    /// problem, but its values are at their bounds only approximately.
    Penalized(f64),
}

/// The attempts, in the order in which they are made.
pub(super) const FACE_ATTEMPTS: [(BoundFixing, ValueScale); 4] = [
    (BoundFixing::Fixed, ValueScale::Largest),
    (BoundFixing::Fixed, ValueScale::Typical),
    (BoundFixing::Penalized(1e3), ValueScale::Typical),
    (BoundFixing::Penalized(1e5), ValueScale::Typical),
];

/// Returns the optimal face of `problem` that contains `solution`, an optimum with these `duals`; its costs select one
/// vertex.
pub(super) fn optimal_face(
    problem: &StagedProblem,
    solution: &Solution,
    duals: &Duals,
    fixing: BoundFixing,
    scale: ValueScale,
) -> StagedProblem {
    let active = ActiveBounds::of(problem, solution, scale);
    let stages = problem.stages();
    let mut optimal_face = problem.clone();
    for (index, column) in problem.columns().iter().enumerate() {
        let (values, reduced) = (solution.values.row(index), duals.reduced_costs.row(index));
        let choices = (0..stages).map(|stage| {
            let bounds = [column.lower.at(stage), column.upper.at(stage)];
            let is_active = active.contains(bounds, values[stage], reduced[stage]);
            FaceColumn::of(bounds, values[stage], is_active.then_some(fixing), index * stages + stage)
        });
        let choices: Vec<FaceColumn> = choices.collect();
        optimal_face.set_costs(ColumnId(index), choices.iter().map(|choice| choice.price));
        let side = |side: usize| choices.iter().map(move |choice| choice.bounds[side]);
        optimal_face.set_bounds(ColumnId(index), side(0), side(1));
    }
    let (sums, global_sums) = problem.activities(&Lines::of(&solution.values.view()), &solution.globals);
    for (index, row) in problem.rows().iter().enumerate().filter(|(_, row)| row.lower != row.upper) {
        let (sums, duals) = (sums.line(index), duals.rows.row(index));
        let ranges = (0..stages).map(|stage| {
            let range = [row.lower.at(stage), row.upper.at(stage)];
            if active.contains(range, sums[stage], duals[stage]) { [sums[stage]; 2] } else { range }
        });
        let ranges: Vec<[f64; 2]> = ranges.collect();
        let side = |side: usize| ranges.iter().map(move |range| range[side]);
        optimal_face.set_ranges(RowId(index), side(0), side(1));
    }
    let first = problem.columns().len() * stages;
    for (index, column) in problem.global_columns().iter().enumerate() {
        let (bounds, value) = ([column.lower, column.upper], solution.globals[index]);
        let is_active = active.contains(bounds, value, duals.global_reduced_costs[index]);
        let FaceColumn { bounds, price } = FaceColumn::of(bounds, value, is_active.then_some(fixing), first + index);
        optimal_face.set_global_cost(GlobalColumnId(index), price);
        optimal_face.set_global_bounds(GlobalColumnId(index), bounds[0], bounds[1]);
    }
    for (index, row) in problem.global_rows().iter().enumerate().filter(|(_, row)| row.lower < row.upper) {
        if active.contains([row.lower, row.upper], global_sums[index], duals.global_rows[index]) {
            optimal_face.set_global_range(GlobalRowId(index), global_sums[index], global_sums[index]);
        }
    }
    optimal_face
}

/// The scales that decide whether a bound is active.
struct ActiveBounds {
    /// Scale of the values.
    value: f64,
    /// Scale of the duals and reduced costs.
    worth: f64,
}

impl ActiveBounds {
    /// Computes the scales of values and costs.
    fn of(problem: &StagedProblem, solution: &Solution, scale: ValueScale) -> Self {
        let values = || solution.values.iter().chain(&solution.globals);
        let largest = values().fold(largest_sum(problem), |largest, value| largest.max(value.abs()));
        let value = match scale {
            ValueScale::Largest => largest,
            ValueScale::Typical => typical_size(solution, AT_BOUND * largest).unwrap_or(largest),
        };
        let costs = mean_costs(problem.columns().iter().map(|column| &column.cost));
        let threshold = penalty_threshold(&costs);
        let usual = costs.into_iter().take_while(|cost| *cost <= threshold).last();
        Self { value: value.max(f64::MIN_POSITIVE), worth: usual.unwrap_or(1.0) }
    }

    /// Returns whether a value is at one of its bounds, or relatively closer to it than its dual (relative to the scale
    /// of the duals) is large.
    fn contains(&self, bounds: [f64; 2], value: f64, worth: f64) -> bool {
        let [below, above] = bounds.map(|bound| (bound - value).abs() / self.value);
        below.min(above) <= AT_BOUND.max(worth.abs() / self.worth)
    }
}

/// Returns the median of the columns' mean values above `least`; `None` if there are none.
fn typical_size(solution: &Solution, least: f64) -> Option<f64> {
    let values = solution.values.rows().into_iter().filter_map(|values| mean_size_of(values.iter().copied()));
    let mut sizes: Vec<f64> = values.chain(solution.globals.iter().map(|value| value.abs())).collect();
    sizes.retain(|size| *size > least);
    sizes.sort_unstable_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied()
}

/// The bounds and the cost of a value in the face.
struct FaceColumn {
    bounds: [f64; 2],
    price: f64,
}

impl FaceColumn {
    /// Returns bounds and cost of the value with this number; `fixing` is `None` if it is at no bound.
    fn of(bounds: [f64; 2], value: f64, fixing: Option<BoundFixing>, number: usize) -> Self {
        let [lower, upper] = bounds;
        let own = distinct_price(number);
        let at_lower = value - lower <= upper - value;
        match fixing {
            Some(BoundFixing::Fixed) => Self { bounds: [value; 2], price: own },
            Some(BoundFixing::Penalized(factor)) => {
                Self { bounds, price: if at_lower { factor * own } else { -factor * own } }
            }
            None if lower.is_finite() => Self { bounds, price: own },
            None if upper.is_finite() => Self { bounds, price: -own },
            None => Self { bounds, price: 0.0 },
        }
    }
}

/// Returns a cost between 1 and 2 that differs from those of all other numbers.
#[expect(clippy::cast_precision_loss, reason = "any digits will do")]
fn distinct_price(number: usize) -> f64 {
    // The mixing function of SplitMix64.
    let mut bits = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    1.0 + ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Backend, Certificate, Column, GlobalColumn, Lag, Row, Staged};

    /// Creates a problem with two sources of the same cost and a store without losses: with 12 stages and 3 rows almost
    /// every plan is optimal.
    fn ties(largest: f64) -> StagedProblem {
        let stages = 12;
        let mut problem = StagedProblem::new("ties", stages);
        let mut column = |name: &str, upper: f64, cost: f64| {
            problem.add_column(Column { name: name.into(), lower: 0.0.into(), upper: upper.into(), cost: cost.into() })
        };
        let sources = [column("here", 3.0, 0.2), column("there", 4.0, 0.2)];
        let [charge, discharge, level] = [column("in", 2.0, 0.0), column("out", 2.0, 0.0), column("level", 5.0, 0.0)];
        let unmet = column("unmet", f64::INFINITY, 1e6);
        let demand: Vec<f64> = (0..stages).map(|hour| [2.0, 5.0, 6.5, 8.0][hour % 4]).collect();
        let demand: Vec<f64> =
            demand.into_iter().enumerate().map(|(t, kw)| if t == 7 { largest } else { kw }).collect();
        let balance = problem.add_row(Row::equal("balance", demand));
        let stored = problem.add_row(Row::equal("stored", 0.0));
        let range = Row { name: "range".into(), lower: (-1.0).into(), upper: 6.0.into() };
        let range = problem.add_row(range);
        for (row, column, lag, coefficient) in [
            (balance, sources[0], Lag::Same, 1.0),
            (balance, sources[1], Lag::Same, 1.0),
            (balance, charge, Lag::Same, -1.0),
            (balance, discharge, Lag::Same, 1.0),
            (balance, unmet, Lag::Same, 1.0),
            (stored, level, Lag::Same, 1.0),
            (stored, level, Lag::PreviousCyclic, -1.0),
            (stored, charge, Lag::Same, -1.0),
            (stored, discharge, Lag::Same, 1.0),
            (range, sources[0], Lag::Same, 1.0),
            (range, sources[1], Lag::Same, 0.5),
        ] {
            problem.add_term(row, column, lag, coefficient);
        }
        let base = GlobalColumn { name: "base".into(), lower: 0.0, upper: 0.5, cost: 2.4 };
        let base = problem.add_global_column(base);
        problem.add_spread_term(balance, base, 1.0);
        problem
    }

    /// One value of the demand is too large by orders of magnitude, which must not affect the others.
    #[test]
    fn a_vertex_is_found_beside_an_outlier() {
        let problem = ties(5e5);
        let mut vertex = Solution::zeros(&problem);
        Staged { alone: true, vertex: true }.prepare(&problem).unwrap().solve(&problem, &mut vertex).unwrap();
        assert!(within(&problem, &vertex) <= problem.rows().len() * problem.stages());
        let mut interior = Solution::zeros(&problem);
        Staged { alone: true, vertex: false }.prepare(&problem).unwrap().solve(&problem, &mut interior).unwrap();
        let usual =
            |solution: &Solution| solution.values.rows().into_iter().take(2).map(|row| 0.2 * row.sum()).sum::<f64>();
        assert!((usual(&vertex) - usual(&interior)).abs() < 1e-6, "{} {}", usual(&vertex), usual(&interior));
    }

    /// Returns the number of values and row sums that lie strictly between their bounds.
    fn within(problem: &StagedProblem, solution: &Solution) -> usize {
        let inside = |lower: f64, upper: f64, value: f64| (value - lower).min(upper - value) > 1e-7;
        let mut count = 0;
        for (column, values) in problem.columns().iter().zip(solution.values.rows()) {
            let values = values.into_iter().enumerate();
            count += values.filter(|(t, value)| inside(column.lower.at(*t), column.upper.at(*t), **value)).count();
        }
        let (sums, _) = problem.activities(&Lines::of(&solution.values.view()), &solution.globals);
        for (index, row) in problem.rows().iter().enumerate() {
            let sums = sums.line(index).iter().enumerate();
            count += sums.filter(|(t, sum)| inside(row.lower.at(*t), row.upper.at(*t), **sum)).count();
        }
        let shared = problem.global_columns().iter().zip(&solution.globals);
        count + shared.filter(|(column, value)| inside(column.lower, column.upper, **value)).count()
    }

    #[test]
    fn a_degenerate_optimum_ends_at_a_vertex() {
        let problem = ties(8.0);
        let rows = problem.rows().len() * problem.stages();
        let mut interior = Solution::zeros(&problem);
        Staged { alone: true, vertex: false }.prepare(&problem).unwrap().solve(&problem, &mut interior).unwrap();
        assert!(within(&problem, &interior) > rows, "there are ties: {} of {rows}", within(&problem, &interior));
        let mut solver = Staged { alone: true, vertex: true }.prepare(&problem).unwrap();
        let mut vertex = Solution::zeros(&problem);
        solver.solve(&problem, &mut vertex).unwrap();
        assert!(within(&problem, &vertex) <= rows, "{} of {rows}", within(&problem, &vertex));
        assert!((vertex.objective - interior.objective).abs() < 1e-9 * interior.objective);
        let certificate = Certificate::of(&problem, &vertex);
        assert!(certificate.worst().size < 1e-9 && certificate.optimality.unwrap().relative_gap < 1e-10);
        let mut again = Solution::zeros(&problem);
        solver.solve(&problem, &mut again).unwrap();
        assert_eq!(vertex, again, "the same vertex each time");
    }
}
