//! Decomposition of a problem into independent components.

use petgraph::unionfind::UnionFind;

use super::{ColumnId, Duals, GlobalColumnId, GlobalRowId, RowId, StagedProblem, TermId};

/// A part of a problem that shares no row and no column with the rest, as a problem of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// The part as a problem.
    pub problem: StagedProblem,
    /// For each column of the part, its index in the whole problem.
    pub columns: Vec<ColumnId>,
    /// For each row of the part, its index in the whole problem.
    pub rows: Vec<RowId>,
    /// For each term of the part, its index in the whole problem.
    pub terms: Vec<TermId>,
    /// For each global column of the part, its index in the whole problem.
    pub global_columns: Vec<GlobalColumnId>,
    /// For each global row of the part, its index in the whole problem.
    pub global_rows: Vec<GlobalRowId>,
}

impl Component {
    /// Writes the duals of the part into those of the whole problem.
    pub fn write_duals(&self, part: &Duals, whole: &mut Duals) {
        for (row, &place) in part.rows.rows().into_iter().zip(&self.rows) {
            whole.rows.row_mut(place.0).assign(&row);
        }
        for (column, place) in part.reduced_costs.rows().into_iter().zip(&self.columns) {
            whole.reduced_costs.row_mut(place.index()).assign(&column);
        }
        for (dual, row) in part.global_rows.iter().zip(&self.global_rows) {
            whole.global_rows[row.index()] = *dual;
        }
        for (reduced, column) in part.global_reduced_costs.iter().zip(&self.global_columns) {
            whole.global_reduced_costs[column.index()] = *reduced;
        }
    }
}

impl StagedProblem {
    /// Returns the independent parts of this problem, found from its terms alone, in the order of their first column. A
    /// row, global column or global row without any term forms a part of its own, so that it is not lost.
    #[must_use]
    pub fn components(&self) -> Vec<Component> {
        let mut parts = Vec::new();
        let (groups, ends) = self.groups();
        let mut part_of_group = vec![None; groups.len()];
        // Part of each column, row, global column and global row, and its number there.
        let mut places = Vec::with_capacity(groups.len());
        for (node, &group) in groups.iter().enumerate() {
            let index = *part_of_group[group].get_or_insert_with(|| {
                parts.push(Component::empty(self));
                parts.len() - 1
            });
            let part: &mut Component = &mut parts[index];
            let number = if node < ends[0] {
                part.take_column(self, ColumnId(node));
                part.columns.len()
            } else if node < ends[1] {
                part.problem.add_row(self.rows()[node - ends[0]].clone());
                part.rows.push(RowId(node - ends[0]));
                part.rows.len()
            } else if node < ends[2] {
                part.problem.add_global_column(self.global_columns()[node - ends[1]].clone());
                part.global_columns.push(GlobalColumnId(node - ends[1]));
                part.global_columns.len()
            } else {
                part.problem.add_global_row(self.global_rows()[node - ends[2]].clone());
                part.global_rows.push(GlobalRowId(node - ends[2]));
                part.global_rows.len()
            };
            places.push((index, number - 1));
        }
        self.deal_terms(&mut parts, &places, ends);
        parts
    }

    /// Gives every part the terms between its columns and rows. `places` holds the part of each column, row, global
    /// column and global row and its number there; `ends`, where the first three kinds end.
    fn deal_terms(&self, parts: &mut [Component], places: &[(usize, usize)], ends: [usize; 3]) {
        let column = |id: ColumnId| places[id.0];
        let row = |id: RowId| RowId(places[ends[0] + id.0].1);
        let global_column = |id: GlobalColumnId| places[ends[1] + id.0];
        let global_row = |id: GlobalRowId| GlobalRowId(places[ends[2] + id.0].1);
        for (index, term) in self.terms().iter().enumerate() {
            let (part, number) = column(term.column);
            let part = &mut parts[part];
            part.problem.add_term(row(term.row), ColumnId(number), term.lag, term.coefficient.clone());
            part.terms.push(TermId(index));
        }
        for term in self.spread_terms() {
            let (part, number) = global_column(term.column);
            let problem = &mut parts[part].problem;
            problem.add_spread_term(row(term.row), GlobalColumnId(number), term.coefficient.clone());
        }
        for term in self.sum_terms() {
            let (part, number) = column(term.column);
            parts[part].problem.add_sum_term(global_row(term.row), ColumnId(number), term.coefficient.clone());
        }
        for term in self.global_terms() {
            let (part, number) = global_column(term.column);
            let problem = &mut parts[part].problem;
            problem.add_global_term(global_row(term.row), GlobalColumnId(number), term.coefficient);
        }
    }

    /// The group of each column, row, global column and global row, and where the first three kinds end.
    fn groups(&self) -> (Vec<usize>, [usize; 3]) {
        let rows = self.columns().len();
        let global_columns = rows + self.rows().len();
        let global_rows = global_columns + self.global_columns().len();
        let mut groups = UnionFind::new(global_rows + self.global_rows().len());
        for term in self.terms() {
            groups.union(term.column.0, rows + term.row.0);
        }
        for term in self.spread_terms() {
            groups.union(global_columns + term.column.0, rows + term.row.0);
        }
        for term in self.sum_terms() {
            groups.union(term.column.0, global_rows + term.row.0);
        }
        for term in self.global_terms() {
            groups.union(global_columns + term.column.0, global_rows + term.row.0);
        }
        (groups.into_labeling(), [rows, global_columns, global_rows])
    }
}

impl Component {
    /// Creates a part without columns and rows.
    fn empty(whole: &StagedProblem) -> Self {
        Self {
            problem: StagedProblem::new(whole.name(), whole.stages()),
            columns: Vec::new(),
            rows: Vec::new(),
            terms: Vec::new(),
            global_columns: Vec::new(),
            global_rows: Vec::new(),
        }
    }

    /// Adds a column of the whole problem to the part.
    fn take_column(&mut self, whole: &StagedProblem, column: ColumnId) {
        let own = self.problem.add_column(whole.columns()[column.0].clone());
        self.problem.set_quadratic(own, whole.quadratic(column).clone());
        self.columns.push(column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, GlobalColumn, GlobalRow, Lag, Row};

    fn column(name: &str) -> Column {
        Column { name: name.into(), lower: 0.0.into(), upper: 1.0.into(), cost: 1.0.into() }
    }

    fn row(name: &str) -> Row {
        Row::equal(name, 0.0)
    }

    #[test]
    fn independent_parts_are_separated() {
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
    fn global_columns_and_rows_connect_parts() {
        let mut whole = StagedProblem::new("whole", 2);
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| whole.add_column(column(name)));
        whole.set_quadratic(c, 3.0);
        let [of_a, of_b, of_c] = ["a", "b", "c"].map(|name| whole.add_row(row(name)));
        for (row, column) in [(of_a, a), (of_b, b), (of_c, c)] {
            whole.add_term(row, column, Lag::Same, 1.0);
        }
        assert_eq!(whole.components().len(), 4);

        let global = |name: &str| GlobalColumn { name: name.into(), lower: 0.0, upper: 1.0, cost: 1.0 };
        let alone = whole.add_global_column(global("alone"));
        let shared = whole.add_global_column(global("shared"));
        whole.add_spread_term(of_a, shared, vec![-1.0, -2.0]);
        whole.add_spread_term(of_b, shared, -1.0);
        let limit = whole.add_global_row(GlobalRow { name: "limit".into(), lower: 0.0, upper: 1.0 });
        whole.add_sum_term(limit, c, vec![2.0, 3.0]);
        whole.add_sum_term(limit, d, 1.0);
        let parts = whole.components();
        let columns: Vec<_> = parts.iter().map(|part| part.columns.clone()).collect();
        assert_eq!(columns, [vec![a, b], vec![c, d], vec![]]);
        assert_eq!((&parts[0].global_columns, &parts[1].global_rows), (&vec![shared], &vec![limit]));
        assert_eq!(parts[2].global_columns, [alone]);
        assert_eq!(parts[0].problem.spread_terms().len(), 2);
        assert_eq!(parts[1].problem.sum_terms()[0].coefficient, vec![2.0, 3.0].into());
        assert_eq!(parts[1].problem.quadratic(ColumnId(0)), &3.0.into());

        whole.add_global_term(limit, shared, 1.0);
        let parts = whole.components();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].problem.global_terms().len(), 1);
    }

    #[test]
    fn a_common_row_connects_its_columns() {
        let mut whole = StagedProblem::new("whole", 2);
        let (a, b) = (whole.add_column(column("a")), whole.add_column(column("b")));
        let line = whole.add_row(row("line"));
        whole.add_term(line, a, Lag::Same, 1.0);
        whole.add_term(line, b, Lag::Same, -1.0);
        assert_eq!(whole.components().len(), 1);
        assert_eq!(whole.components()[0].problem, whole);
    }
}
