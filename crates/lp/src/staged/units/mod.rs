//! Normal equations with the units eliminated first: each unit over all its time, then the rows that couple them.
//!
//! Most problems of many units are narrow: a few rows of a stage (a meter's balance, a cap, a hub) tie units that have
//! a few states each. Eliminating stage by stage costs the cube of the number of all states of a stage. Eliminating
//! unit by unit leaves a dense system over the coupling rows of all stages instead, S = D + sum over units of
//! B theta B' - B theta A' (A theta A')^-1 A theta B', whose size does not depend on the number of units.

mod coupling_system;
mod partition;
mod unit_elimination;
mod unit_group;
mod unit_shape;
mod unit_solution;

use std::collections::HashMap;

use rayon::prelude::*;

pub(super) use self::coupling_system::{AssemblyBuffers, add_forms};
pub(super) use self::partition::Partition;
pub(super) use self::unit_elimination::{EliminationBuffers, StageForms};
pub(super) use self::unit_group::UnitGroup;
use super::dense::Cholesky;
use super::lanes::{LANES, Lanes};
use super::problem_data::{Coefficient, ProblemData};

/// Share of its original diagonal below which a pivot of the coupling rows is rounding error.
const COUPLING_PIVOT_FLOOR: f64 = 1e-15;
/// Largest number of parts of the units that are factored side by side. It does not depend on the number of threads,
/// so that sums do not either.
const MOST_PARTS: usize = 4;

/// Largest number of entries that the parts' systems over the coupling rows have together: 64 MB.
const MOST_ENTRIES: usize = 1 << 23;

/// The factored normal equations of a problem whose units are eliminated first.
#[derive(Debug)]
pub(super) struct UnitsFirst {
    /// Dual regularisation; see
    /// [`NormalEquations::set_regularization`](super::normal_equations::NormalEquations::set_regularization).
    pub(super) regularization: f64,
    stages: usize,
    coupling_rows: Vec<usize>,
    /// Columns with entries in coupling rows only: for each its entries, by position of the coupling row.
    shared_columns: Vec<(usize, Vec<(usize, Coefficient)>)>,
    parts: Vec<Part>,
    system: Cholesky,
    /// Right-hand side and then duals of the coupling rows, by row and stage.
    duals: Vec<f64>,
}

/// Some of the units, with the work space to factor them.
#[derive(Debug, Default)]
struct Part {
    groups: Vec<UnitGroup>,
    elimination: EliminationBuffers,
    forms: StageForms,
    assembly: AssemblyBuffers,
    /// What the units leave of the system over the coupling rows; lower triangle.
    system: Vec<f64>,
    /// What they leave of its right-hand side.
    sums: Vec<f64>,
}

impl UnitsFirst {
    /// Returns the number of stages that take part in the elimination: those beyond the last one too if states pass
    /// through them.
    pub(super) fn stages_of(data: &ProblemData) -> usize {
        let passes_through = data.state_exists.iter().zip(&data.exists).any(|(state, flow)| state != flow);
        if passes_through { data.lane_layout.blocks * data.lane_layout.lanes } else { data.lane_layout.stages }
    }

    /// Lays out memory for the units of `partition`.
    pub(super) fn new(data: &ProblemData, partition: Partition) -> Self {
        let stages = Self::stages_of(data);
        let Partition { coupling_rows, units, shared_columns } = partition;
        let mut groups = Vec::new();
        for (shape, units) in units {
            let side_by_side = units.chunks(LANES);
            groups.extend(side_by_side.map(|units| UnitGroup::new(data, stages, shape.clone(), units.to_vec())));
        }
        let size = coupling_rows.len() * stages;
        let count = MOST_PARTS.min(groups.len()).min(MOST_ENTRIES / (size * size).max(1)).max(1);
        let mut parts: Vec<Part> = (0..count).map(|_| Part::default()).collect();
        for (index, group) in groups.into_iter().enumerate() {
            parts[index % count].groups.push(group);
        }
        for part in &mut parts {
            part.sums = vec![0.0; size];
            part.system = vec![0.0; if count > 1 { size * size } else { 0 }];
        }
        let mut units_first = Self {
            regularization: 0.0,
            stages,
            shared_columns: shared_columns.into_iter().map(|column| (column, Vec::new())).collect(),
            coupling_rows,
            parts,
            system: Cholesky::new(size),
            duals: vec![0.0; size],
        };
        units_first.load_shared(data);
        units_first
    }

    /// Copies the numbers of `data`, whose pattern must be the one of this layout.
    pub(super) fn load(&mut self, data: &ProblemData) {
        self.parts.iter_mut().flat_map(|part| &mut part.groups).for_each(|group| group.load(data));
        self.load_shared(data);
    }

    fn load_shared(&mut self, data: &ProblemData) {
        let place: HashMap<usize, usize> = self.coupling_rows.iter().enumerate().map(|(at, &row)| (row, at)).collect();
        for (column, entries) in &mut self.shared_columns {
            let of_column = data.entries[*column].iter();
            *entries = of_column.filter_map(|entry| Some((*place.get(&entry.row)?, entry.coefficient))).collect();
        }
    }

    /// Factors A theta A' at `theta` (by block and column).
    pub(super) fn factor(&mut self, data: &ProblemData, theta: &[Lanes]) {
        let size = self.coupling_rows.len() * self.stages;
        let regularization = self.regularization;
        self.system.clear();
        match &mut self.parts[..] {
            [part] => part.factor(data, theta, regularization, size, Some(self.system.values_mut())),
            parts => {
                parts.par_iter_mut().for_each(|part| part.factor(data, theta, regularization, size, None));
                let system = self.system.values_mut();
                for part in &self.parts {
                    for row in 0..size {
                        let at = row * size..row * size + row + 1;
                        system[at.clone()].iter_mut().zip(&part.system[at]).for_each(|(sum, more)| *sum += more);
                    }
                }
            }
        }
        for (column, entries) in &self.shared_columns {
            for stage in 0..self.stages {
                let (block, lane) = data.lane_layout.place(stage);
                let weight = theta[block * data.columns + column].0[lane];
                for &(first, a) in entries {
                    let weighted = weight * data.at(a, block).0[lane];
                    for &(second, b) in entries.iter().filter(|(second, _)| *second <= first) {
                        let at = [first, second].map(|row| coupling_system::place(row, stage, self.stages));
                        self.system.add(at[0], at[1], weighted * data.at(b, block).0[lane]);
                    }
                }
            }
        }
        self.system.factor(COUPLING_PIVOT_FLOOR);
    }

    /// Solves A theta A' y = rhs in place (by block and row).
    pub(super) fn solve(&mut self, data: &ProblemData, rhs: &mut [Lanes]) {
        let given = &*rhs;
        let coupled = !self.coupling_rows.is_empty();
        self.parts.par_iter_mut().for_each(|part| part.solve_units(data, given, coupled));
        if coupled {
            let stages = self.stages;
            for (at, &row) in self.coupling_rows.iter().enumerate() {
                for stage in 0..stages {
                    let (block, lane) = data.lane_layout.place(stage);
                    self.duals[coupling_system::place(at, stage, stages)] = given[block * data.rows + row].0[lane];
                }
            }
            for part in &self.parts {
                self.duals.iter_mut().zip(&part.sums).for_each(|(sum, more)| *sum += more);
            }
            self.system.solve(&mut self.duals);
            let duals = &self.duals;
            // The solution for the right-hand sides alone, less that for the duals, would lose digits.
            self.parts.par_iter_mut().for_each(|part| part.solve_with_duals(data, given, duals));
            for (at, &row) in self.coupling_rows.iter().enumerate() {
                for stage in 0..stages {
                    let (block, lane) = data.lane_layout.place(stage);
                    rhs[block * data.rows + row].0[lane] = self.duals[coupling_system::place(at, stage, stages)];
                }
            }
        }
        for group in self.parts.iter().flat_map(|part| &part.groups) {
            group.scatter_solution(data, rhs);
        }
    }
}

impl Part {
    /// Factors the units and adds what they leave to `system`, or to the part's own if there is none.
    fn factor(
        &mut self,
        data: &ProblemData,
        theta: &[Lanes],
        regularization: f64,
        size: usize,
        system: Option<&mut [f64]>,
    ) {
        self.system.fill(0.0);
        let system = system.unwrap_or(&mut self.system);
        for group in &mut self.groups {
            group.gather_weights(data, theta);
            group.factor_and_add(
                regularization,
                size,
                (&mut self.elimination, &mut self.forms, &mut self.assembly),
                system,
            );
        }
    }

    /// Solves for the units alone; subtracts what the solutions contribute to the coupling rows.
    fn solve_units(&mut self, data: &ProblemData, rhs: &[Lanes], coupled: bool) {
        self.sums.fill(0.0);
        for group in &mut self.groups {
            group.gather_rhs(data, rhs);
            group.solve_units(&mut self.elimination, coupled.then_some(&mut self.sums[..]));
        }
    }

    /// Solves for the units at the duals of the coupling rows.
    fn solve_with_duals(&mut self, data: &ProblemData, rhs: &[Lanes], duals: &[f64]) {
        for group in &mut self.groups {
            if group.shape.couplings() > 0 {
                group.gather_rhs(data, rhs);
                group.solve_at(duals, &mut self.elimination);
            }
        }
    }
}
