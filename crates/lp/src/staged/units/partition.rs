//! Units of a problem: the parts into which its stages fall without a few coupling rows.
//!
//! The coupling rows are found from the pattern alone. Candidates are the rows without entries of the stage before, by
//! the number of their columns: a meter's balance or a cap over many units has more columns than any row of a unit. For
//! every threshold the operations of one factorisation are counted, and the cheapest choice is kept.

use indexmap::IndexMap;
use petgraph::unionfind::UnionFind;

use super::super::elimination_layout::EliminationLayout;
use super::super::lanes::LANES;
use super::super::problem_data::ProblemData;
use super::unit_shape::UnitShape;

/// A part of the stages that only coupling rows tie to the rest.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Unit {
    /// Its columns.
    pub(super) columns: Vec<usize>,
    /// Its rows: static ones, then dynamic ones.
    pub(super) rows: Vec<usize>,
    /// The coupling rows in which it has entries, as rows of the problem.
    pub(super) coupling_rows: Vec<usize>,
}

/// Units, and the rows that couple them.
#[derive(Debug, Default, PartialEq)]
pub(in super::super) struct Partition {
    /// The coupling rows.
    pub(in super::super) coupling_rows: Vec<usize>,
    /// Units by shape, in the order of their first row.
    pub(super) units: IndexMap<UnitShape, Vec<Unit>>,
    /// Columns with entries in coupling rows only.
    pub(super) shared_columns: Vec<usize>,
}

/// Rows with fewer columns are no candidates: no unit is that small.
const LEAST_COLUMNS: usize = 3;
/// Largest number of thresholds that are counted.
const MOST_THRESHOLDS: usize = 12;

/// Units are eliminated first if that takes at most this share of the operations of the other order.
const LEAST_GAIN: f64 = 0.7;
/// Largest number of entries of a stage, as a dense matrix, whose elimination is planned only to count its operations.
const MOST_PLANNED: usize = 40_000;
/// Largest number of coupling rows of all stages: the dense system takes half a gigabyte with twice as many.
const MOST_COUPLINGS: usize = 4000;

impl Partition {
    /// Returns the partition of the problem over `stages` stages with the fewest operations; `None` if eliminating stage
    /// by stage takes no more.
    pub(in super::super) fn cheapest(data: &ProblemData, stages: usize) -> Option<Self> {
        let degrees = degrees(data);
        let is_dynamic = dynamic_rows(data);
        let mut thresholds: Vec<usize> =
            (0..data.rows).filter(|&row| !is_dynamic[row]).map(|row| degrees[row]).collect();
        thresholds.retain(|&degree| degree >= LEAST_COLUMNS);
        thresholds.sort_unstable_by(|a, b| b.cmp(a));
        thresholds.dedup();
        thresholds.truncate(MOST_THRESHOLDS);
        let mut best = None;
        let mut fewest = LEAST_GAIN * operations_by_stages(data);
        for threshold in std::iter::once(usize::MAX).chain(thresholds) {
            let is_coupling: Vec<bool> =
                (0..data.rows).map(|row| !is_dynamic[row] && degrees[row] >= threshold).collect();
            let couplings = is_coupling.iter().filter(|is_coupling| **is_coupling).count();
            if couplings > MOST_COUPLINGS / stages.max(1) {
                break;
            }
            let partition = Self::of(data, &is_dynamic, &is_coupling);
            let operations = partition.operations(stages);
            if partition.count() > 1 && operations < fewest {
                fewest = operations;
                best = Some(partition);
            }
        }
        best
    }

    /// Returns the partition whose coupling rows have at least `degree` columns.
    #[cfg(test)]
    pub(in super::super) fn by_degree(data: &ProblemData, degree: usize) -> Self {
        let (degrees, is_dynamic) = (degrees(data), dynamic_rows(data));
        let is_coupling: Vec<bool> = (0..data.rows).map(|row| !is_dynamic[row] && degrees[row] >= degree).collect();
        Self::of(data, &is_dynamic, &is_coupling)
    }

    /// Returns the partition by the given coupling rows. A coupling row that touches one unit only goes back to it.
    fn of(data: &ProblemData, is_dynamic: &[bool], is_coupling: &[bool]) -> Self {
        let mut is_coupling = is_coupling.to_vec();
        let mut groups = Self::groups(data, &is_coupling);
        let has_own_row = columns_with_own_rows(data, &is_coupling);
        let mut first_unit = vec![None; data.rows];
        let mut couples = vec![false; data.rows];
        for (column, entries) in data.entries.iter().enumerate().filter(|(column, _)| has_own_row[*column]) {
            for entry in entries.iter().filter(|entry| is_coupling[entry.row]) {
                couples[entry.row] |= *first_unit[entry.row].get_or_insert(groups[column]) != groups[column];
            }
        }
        if (0..data.rows).any(|row| is_coupling[row] && !couples[row]) {
            is_coupling = couples;
            groups = Self::groups(data, &is_coupling);
        }
        Self::collect(data, is_dynamic, &is_coupling, &groups)
    }

    /// Returns the group of each column and then of each row that are tied without the coupling rows.
    fn groups(data: &ProblemData, is_coupling: &[bool]) -> Vec<usize> {
        let mut groups = UnionFind::new(data.columns + data.rows);
        for (column, entries) in data.entries.iter().enumerate() {
            for entry in entries.iter().filter(|entry| !is_coupling[entry.row]) {
                groups.union(column, data.columns + entry.row);
            }
        }
        for lagged in &data.lagged {
            groups.union(lagged.column, data.columns + lagged.row);
        }
        groups.into_labeling()
    }

    /// Collects the units of the groups, in the order of their first row.
    fn collect(data: &ProblemData, is_dynamic: &[bool], is_coupling: &[bool], groups: &[usize]) -> Self {
        let mut partition =
            Self { coupling_rows: (0..data.rows).filter(|&row| is_coupling[row]).collect(), ..Self::default() };
        let mut unit_of_group = vec![None; groups.len()];
        let mut units: Vec<Unit> = Vec::new();
        let ordered =
            (0..data.rows).filter(|&row| !is_dynamic[row]).chain((0..data.rows).filter(|&row| is_dynamic[row]));
        for row in ordered.filter(|&row| !is_coupling[row]) {
            let unit = *unit_of_group[groups[data.columns + row]].get_or_insert_with(|| {
                units.push(Unit { columns: Vec::new(), rows: Vec::new(), coupling_rows: Vec::new() });
                units.len() - 1
            });
            units[unit].rows.push(row);
        }
        let has_own_row = columns_with_own_rows(data, is_coupling);
        for column in 0..data.columns {
            match unit_of_group[groups[column]].filter(|_| has_own_row[column]) {
                Some(unit) => {
                    units[unit].columns.push(column);
                    let coupled = data.entries[column].iter().filter(|entry| is_coupling[entry.row]);
                    units[unit].coupling_rows.extend(coupled.map(|entry| entry.row));
                }
                None => partition.shared_columns.push(column),
            }
        }
        for unit in &mut units {
            unit.coupling_rows.sort_unstable();
            unit.coupling_rows.dedup();
        }
        let mut local = vec![0; data.rows];
        let mut coupling_index = vec![0; data.rows];
        partition.coupling_rows.iter().enumerate().for_each(|(index, &row)| coupling_index[row] = index);
        for unit in units {
            let shape = unit.shape(data, is_dynamic, is_coupling, &coupling_index, &mut local);
            partition.units.entry(shape).or_default().push(unit);
        }
        partition
    }

    /// Returns the number of units.
    pub(in super::super) fn count(&self) -> usize {
        self.units.values().map(Vec::len).sum()
    }

    /// Returns the operations of a factorisation over `stages` stages. Units of one shape share vectors.
    fn operations(&self, stages: usize) -> f64 {
        let couplings = (self.coupling_rows.len() * stages) as f64;
        let stages = stages as f64;
        let (mut elimination, mut pairs) = (0.0, 0.0);
        for (shape, units) in &self.units {
            let groups = units.len().div_ceil(LANES) as f64;
            let rows = shape.couplings() as f64 * stages;
            elimination += groups * stages * shape.operations();
            pairs += groups * 0.5 * rows * rows * 1.5 * shape.passed_on() as f64;
        }
        // Its vectors hold half of what those of the units do in the same time.
        let dense = (couplings.powi(3) / 6.0 + couplings * couplings) * 2.0 / LANES as f64;
        elimination + pairs + dense
    }
}

impl Unit {
    /// Returns the shape of the unit; `local` is work space with one number per row.
    fn shape(
        &self,
        data: &ProblemData,
        is_dynamic: &[bool],
        is_coupling: &[bool],
        coupling_index: &[usize],
        local: &mut [usize],
    ) -> UnitShape {
        let statics = self.rows.iter().filter(|&&row| !is_dynamic[row]).count();
        self.rows.iter().chain(&self.coupling_rows).for_each(|&row| local[row] = 0);
        self.rows.iter().enumerate().for_each(|(place, &row)| local[row] = place);
        self.coupling_rows.iter().enumerate().for_each(|(place, &row)| local[row] = place);
        let places = |rows: &mut dyn Iterator<Item = usize>, first: usize| {
            let mut places: Vec<usize> = rows.map(|row| local[row] - first).collect();
            places.sort_unstable();
            places.dedup();
            places
        };
        let entries_of = |column: usize, coupled: bool| {
            let entries = data.entries[column].iter().map(|entry| entry.row);
            places(&mut entries.filter(|&row| is_coupling[row] == coupled), 0)
        };
        let lagged_of = |column: usize| places(&mut data.lagged_of(column).map(|at| data.lagged[at].row), statics);
        UnitShape {
            statics,
            dynamics: self.rows.len() - statics,
            is_ring: self.columns.iter().any(|&column| data.lagged_of(column).any(|at| data.lagged[at].wraps)),
            entries: self.columns.iter().map(|&column| entries_of(column, false)).collect(),
            coupled: self.columns.iter().map(|&column| entries_of(column, true)).collect(),
            lagged: self.columns.iter().map(|&column| lagged_of(column)).collect(),
            coupling_rows: self.coupling_rows.iter().map(|&row| coupling_index[row]).collect(),
        }
    }
}

impl UnitShape {
    /// Counts the operations of the elimination of a stage; estimates them for a unit that is too large to plan.
    fn operations(&self) -> f64 {
        let carried = self.auxiliaries() as f64;
        let of_forms = carried.powi(3) + 0.5 * (self.remaining() * self.remaining() * self.columns()) as f64;
        if self.columns() * self.width() <= MOST_PLANNED {
            let [_, stage] = self.plans();
            return stage.plan.operations() + of_forms;
        }
        let entries: usize = self.entries.iter().chain(&self.lagged).map(Vec::len).sum();
        let sizes = [self.statics, self.dynamics, entries].map(|size| size as f64);
        operations_of_stage(sizes, self.passed_on() as f64, self.couplings() as f64 + carried) + of_forms
    }
}

/// Estimates the operations of the elimination of a stage: its static and dynamic rows against the columns that share
/// an entry, and the columns passed on; `carried` is the number of positions that are never eliminated.
fn operations_of_stage([statics, dynamics, entries]: [f64; 3], passed_on: f64, carried: f64) -> f64 {
    let columns_of_row = entries / (statics + dynamics).max(1.0);
    let of_statics = 2.0 * statics * columns_of_row * columns_of_row;
    let of_states = 2.0 * (dynamics + passed_on) * (passed_on + columns_of_row) * (passed_on + carried);
    of_statics + of_states
}

/// Counts the operations of a factorisation stage by stage, whose vectors hold stages; estimates them for a problem
/// that is too large to plan.
fn operations_by_stages(data: &ProblemData) -> f64 {
    let blocks = data.lane_layout.blocks as f64;
    if let Some(states) = data.diagonal {
        // The static rows are eliminated from dense columns.
        let statics = (data.statics() * data.flows() * data.rows) as f64;
        return blocks * (statics + 3.0 * (states as f64).powi(3));
    }
    if data.columns * data.rows <= MOST_PLANNED {
        let [_, stage] = EliminationLayout::new(data).plans(data);
        return blocks * stage.operations();
    }
    let dynamics = dynamic_rows(data).into_iter().filter(|is_dynamic| *is_dynamic).count();
    let entries = data.entries.iter().map(Vec::len).sum::<usize>() + data.lagged.len();
    let sizes = [data.rows - dynamics, dynamics, entries].map(|size| size as f64);
    blocks * operations_of_stage(sizes, 2.0 * dynamics as f64, 0.0)
}

/// Returns the number of columns of each row.
fn degrees(data: &ProblemData) -> Vec<usize> {
    let mut degrees = vec![0; data.rows];
    for entry in data.entries.iter().flatten() {
        degrees[entry.row] += 1;
    }
    degrees
}

/// Returns whether each row has entries of the stage before.
fn dynamic_rows(data: &ProblemData) -> Vec<bool> {
    let mut is_dynamic = vec![false; data.rows];
    data.lagged.iter().for_each(|lagged| is_dynamic[lagged.row] = true);
    is_dynamic
}

/// Returns whether each column has an entry in a row that does not couple.
fn columns_with_own_rows(data: &ProblemData, is_coupling: &[bool]) -> Vec<bool> {
    let own = |column: usize| {
        data.entries[column].iter().any(|entry| !is_coupling[entry.row]) || !data.lagged_of(column).is_empty()
    };
    (0..data.columns).map(own).collect()
}
