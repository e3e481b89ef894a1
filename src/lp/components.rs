//! Splitting a problem into parts that share nothing.

use super::{ColumnId, RowId, StagedProblem, Term, TermId};

/// A part of a problem that shares no row and no column with the rest, as a problem of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// The part.
    pub problem: StagedProblem,
    /// For each column of the part, the column of the whole.
    pub columns: Vec<ColumnId>,
    /// For each row of the part, the row of the whole.
    pub rows: Vec<RowId>,
    /// For each term of the part, the term of the whole.
    pub terms: Vec<TermId>,
}

impl StagedProblem {
    /// The independent parts of this problem, found from its terms alone, in the order of their first column. A row without
    /// any term forms a part of its own, so that it is not lost.
    #[must_use]
    pub fn components(&self) -> Vec<Component> {
        let columns = self.columns().len();
        let mut groups = Groups::new(columns + self.rows().len());
        for term in self.terms() {
            groups.join(term.column.0, columns + term.row.0);
        }
        let mut parts: Vec<(usize, Component)> = Vec::new();
        for node in 0..columns + self.rows().len() {
            let root = groups.root(node);
            let index = parts.iter().position(|(known, _)| *known == root).unwrap_or_else(|| {
                let problem = StagedProblem::new(self.name(), self.stages());
                parts.push((root, Component { problem, columns: Vec::new(), rows: Vec::new(), terms: Vec::new() }));
                parts.len() - 1
            });
            let part = &mut parts[index].1;
            if node < columns {
                part.problem.add_column(self.columns()[node].clone());
                part.columns.push(ColumnId(node));
            } else {
                part.problem.add_row(self.rows()[node - columns].clone());
                part.rows.push(RowId(node - columns));
            }
        }
        for (_, part) in &mut parts {
            for (index, term) in self.terms().iter().enumerate() {
                let Some(column) = part.columns.iter().position(|&known| known == term.column) else {
                    continue;
                };
                let Some(row) = part.rows.iter().position(|&known| known == term.row) else {
                    continue;
                };
                let Term { lag, coefficient, .. } = term;
                part.problem.add_term(RowId(row), ColumnId(column), *lag, coefficient.clone());
                part.terms.push(TermId(index));
            }
        }
        parts.into_iter().map(|(_, part)| part).collect()
    }
}

/// Disjoint sets with path halving.
struct Groups(Vec<usize>);

impl Groups {
    fn new(len: usize) -> Self {
        Self((0..len).collect())
    }

    fn root(&mut self, mut node: usize) -> usize {
        while self.0[node] != node {
            self.0[node] = self.0[self.0[node]];
            node = self.0[node];
        }
        node
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lp::{Column, Lag, Row};

    fn column(name: &str) -> Column {
        Column { name: name.into(), lower: 0.0.into(), upper: 1.0.into(), cost: 1.0.into() }
    }

    fn row(name: &str) -> Row {
        Row::equal(name, 0.0)
    }

    #[test]
    fn parts_that_share_nothing_are_told_apart() {
        let mut whole = StagedProblem::new("whole", 3);
        let ids: Vec<_> = ["a", "b", "c", "d", "free"].iter().map(|name| whole.add_column(column(name))).collect();
        let (first, second, empty) = (whole.add_row(row("1")), whole.add_row(row("2")), whole.add_row(row("3")));
        whole.add_term(first, ids[0], Lag::Same, 1.0);
        whole.add_term(first, ids[2], Lag::PreviousCyclic, 2.0);
        whole.add_term(second, ids[1], Lag::Same, vec![1.0, 2.0, 3.0]);
        whole.add_term(second, ids[3], Lag::Same, 1.0);

        let parts = whole.components();
        let names = |part: &Component| part.problem.columns().iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        assert_eq!(parts.iter().map(names).collect::<Vec<_>>(), [vec!["a", "c"], vec!["b", "d"], vec!["free"], vec![]]);
        assert_eq!(parts[1].terms.iter().map(|t| t.0).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(parts[3].rows, [empty]);
        let terms: usize = parts.iter().map(|part| part.problem.terms().len()).sum();
        assert_eq!(terms, whole.terms().len());
    }

    #[test]
    fn a_shared_row_makes_one_part() {
        let mut whole = StagedProblem::new("whole", 2);
        let (a, b) = (whole.add_column(column("a")), whole.add_column(column("b")));
        let line = whole.add_row(row("line"));
        whole.add_term(line, a, Lag::Same, 1.0);
        whole.add_term(line, b, Lag::Same, -1.0);
        assert_eq!(whole.components().len(), 1);
        assert_eq!(whole.components()[0].problem, whole);
    }
}
