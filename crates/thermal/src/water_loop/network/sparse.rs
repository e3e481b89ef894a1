//! Sparse linear systems with a fixed pattern: symbolic factorisation once, numerical solution at every step without
//! branches or allocations.
//!
//! The pattern is that of an undirected graph. The elimination order is by minimum degree, and every multiplication
//! of the factorisation is stored in advance. There is no pivoting: the matrices of networks (Laplacians, and
//! balances of mixing flows) are diagonally dominant.

use std::collections::BTreeSet;

/// The pattern of a matrix, and the operations of its factorisation.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    size: usize,
    /// Index of each row's diagonal entry among the values.
    diagonal: Vec<usize>,
    /// Rows in elimination order, with the ends of their neighbours and products in the lists below.
    columns: Vec<EliminatedRow>,
    /// Neighbours not yet eliminated: row, index of its entry in this column, index of this row's entry in its
    /// column.
    below: Vec<[u32; 3]>,
    /// `values[0] -= values[1] * values[2]`.
    products: Vec<[u32; 3]>,
    values: usize,
    /// Indices of the entries (i, j) and (j, i) of the edges, in the order in which they were given.
    edges: Vec<[usize; 2]>,
}

#[derive(Debug, Clone, Copy)]
struct EliminatedRow {
    row: usize,
    below: usize,
    products: usize,
}

impl Pattern {
    /// Creates the pattern of `size` rows with a pair of entries for each edge.
    pub(super) fn new(size: usize, edges: &[[usize; 2]]) -> Self {
        let mut open: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); size];
        for &[i, j] in edges.iter().filter(|[i, j]| i != j) {
            open[i].insert(j);
            open[j].insert(i);
        }
        let mut place = std::collections::HashMap::new();
        let diagonal: Vec<usize> = (0..size).collect();
        let mut values = size;
        let mut at = |i: usize, j: usize, values: &mut usize| {
            if i == j {
                return i;
            }
            *place.entry((i, j)).or_insert_with(|| {
                *values += 1;
                *values - 1
            })
        };
        let mut by_degree: BTreeSet<(usize, usize)> = (0..size).map(|row| (open[row].len(), row)).collect();
        let small = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let (mut columns, mut below, mut products) = (Vec::with_capacity(size), Vec::new(), Vec::new());
        while let Some((_, row)) = by_degree.pop_first() {
            let neighbours: Vec<usize> = std::mem::take(&mut open[row]).into_iter().collect();
            for &i in &neighbours {
                by_degree.remove(&(open[i].len(), i));
            }
            for &i in &neighbours {
                for &j in &neighbours {
                    let entry = [at(i, j, &mut values), at(i, row, &mut values), at(row, j, &mut values)];
                    products.push(entry.map(small));
                    if i != j {
                        open[i].insert(j);
                    }
                }
                open[i].remove(&row);
            }
            for &i in &neighbours {
                by_degree.insert((open[i].len(), i));
            }
            for &i in &neighbours {
                below.push([i, at(i, row, &mut values), at(row, i, &mut values)].map(small));
            }
            columns.push(EliminatedRow { row, below: below.len(), products: products.len() });
        }
        let edges = edges.iter().map(|&[i, j]| [at(i, j, &mut values), at(j, i, &mut values)]).collect();
        Self { size, diagonal, columns, below, products, values, edges }
    }

    /// Returns the number of values of a matrix.
    pub(super) fn values(&self) -> usize {
        self.values
    }

    /// Returns the index of the diagonal entry of a row.
    pub(super) fn diagonal(&self, row: usize) -> usize {
        self.diagonal[row]
    }

    /// Returns the indices of the entries (i, j) and (j, i) of an edge [i, j].
    pub(super) fn edge(&self, edge: usize) -> [usize; 2] {
        self.edges[edge]
    }

    /// Solves for the right-hand side `x`, which becomes the solution; `values` become the factors.
    pub(super) fn solve(&self, values: &mut [f64], x: &mut [f64]) {
        debug_assert_eq!((values.len(), x.len()), (self.values, self.size));
        let (mut below, mut products) = (0, 0);
        for column in &self.columns {
            let (pivot, right) = (1.0 / values[column.row], x[column.row]);
            for &[i, entry, _] in &self.below[below..column.below] {
                let factor = values[entry as usize] * pivot;
                values[entry as usize] = factor;
                x[i as usize] -= factor * right;
            }
            for &[to, left, right] in &self.products[products..column.products] {
                values[to as usize] -= values[left as usize] * values[right as usize];
            }
            (below, products) = (column.below, column.products);
        }
        for (place, column) in self.columns.iter().enumerate().rev() {
            let from = if place == 0 { 0 } else { self.columns[place - 1].below };
            let mut sum = x[column.row];
            for &[j, _, entry] in &self.below[from..column.below] {
                sum -= values[entry as usize] * x[j as usize];
            }
            x[column.row] = sum / values[column.row];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_solution_satisfies_the_equations(
            size in 2usize..25,
            pairs in proptest::collection::vec((0usize..25, 0usize..25, 0.1f64..5.0, 0.1f64..5.0), 1..60),
        ) {
            let edges: Vec<[usize; 2]> = pairs.iter().map(|(i, j, ..)| [i % size, j % size]).filter(|[i, j]| i != j).collect();
            let pattern = Pattern::new(size, &edges);
            let mut values = vec![0.0; pattern.values()];
            let mut dense = vec![vec![0.0; size]; size];
            for (edge, (&[i, j], (.., forward, back))) in edges.iter().zip(&pairs).enumerate() {
                let [there, here] = pattern.edge(edge);
                values[there] -= forward;
                values[here] -= back;
                dense[i][j] -= forward;
                dense[j][i] -= back;
                for (row, sum) in [(i, *forward), (j, *back)] {
                    values[pattern.diagonal(row)] += sum;
                    dense[row][row] += sum;
                }
            }
            for row in 0..size {
                values[pattern.diagonal(row)] += 0.5;
                dense[row][row] += 0.5;
            }
            let right: Vec<f64> = (0..size).map(|row| (row as f64 * 1.7).sin()).collect();
            let mut x = right.clone();
            pattern.solve(&mut values, &mut x);
            for (row, right) in dense.iter().zip(&right) {
                let sum: f64 = row.iter().zip(&x).map(|(a, x)| a * x).sum();
                prop_assert!((sum - right).abs() < 1e-11);
            }
        }
    }
}
