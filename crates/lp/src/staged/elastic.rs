//! The elastic form of a problem, whose optimum is zero if and only if the problem is feasible.

use crate::{Column, GlobalColumn, Lag, Row, RowId, StagedProblem};

/// Returns the problem with a violation column per row and direction at a cost of 1 per unit, and without all other
/// costs.
pub(super) fn elastic(problem: &StagedProblem) -> StagedProblem {
    let mut elastic = StagedProblem::new(problem.name(), problem.stages());
    for column in problem.columns() {
        elastic.add_column(Column { cost: 0.0.into(), ..column.clone() });
    }
    for (index, row) in problem.rows().iter().enumerate() {
        elastic.add_row(Row { name: row.name.clone(), lower: row.lower.clone(), upper: row.upper.clone() });
        for (what, sign) in [("lack", 1.0), ("excess", -1.0)] {
            let name = format!("{what} {}", row.name);
            let (lower, upper) = (0.0.into(), f64::INFINITY.into());
            let column = elastic.add_column(Column { name, lower, upper, cost: 1.0.into() });
            elastic.add_term(RowId(index), column, Lag::Same, sign);
        }
    }
    for term in problem.terms() {
        elastic.add_term(term.row, term.column, term.lag, term.coefficient.clone());
    }
    add_elastic_globals(problem, &mut elastic);
    elastic
}

/// Adds the global columns, rows and terms, with a violation column per global row and direction.
fn add_elastic_globals(problem: &StagedProblem, elastic: &mut StagedProblem) {
    for column in problem.global_columns() {
        elastic.add_global_column(GlobalColumn { cost: 0.0, ..column.clone() });
    }
    for row in problem.global_rows() {
        let index = elastic.add_global_row(row.clone());
        for (what, sign) in [("lack", 1.0), ("excess", -1.0)] {
            let name = format!("{what} {}", row.name);
            let column = elastic.add_global_column(GlobalColumn { name, lower: 0.0, upper: f64::INFINITY, cost: 1.0 });
            elastic.add_global_term(index, column, sign);
        }
    }
    for term in problem.spread_terms() {
        elastic.add_spread_term(term.row, term.column, term.coefficient.clone());
    }
    for term in problem.sum_terms() {
        elastic.add_sum_term(term.row, term.column, term.coefficient.clone());
    }
    for term in problem.global_terms() {
        elastic.add_global_term(term.row, term.column, term.coefficient);
    }
}
