//! The form of a problem that says whether it contradicts itself.

use crate::{Column, GlobalColumn, Lag, Row, RowId, StagedProblem};

/// The same rows and bounds, each row missed at a price of 1 a unit, at no other cost.
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
    share_elastically(problem, &mut elastic);
    elastic
}

/// The same for what all stages share.
fn share_elastically(problem: &StagedProblem, elastic: &mut StagedProblem) {
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
