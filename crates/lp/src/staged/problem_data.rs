//! The numbers of a problem in standard form, laid out such that the same step of every lane is contiguous in memory.

use std::borrow::Cow;

use anergy_profile::Profile;

use super::global_data::{GlobalCoefficient, GlobalData};
use super::lanes::{LANES, Lanes};
use super::standard_form::{GlobalEntry, StandardColumn, StandardForm};

/// The location of a coefficient: a constant, or the index of a series within a block.
#[derive(Debug, Clone, Copy)]
pub(super) enum Coefficient {
    Constant(f64),
    Series(usize),
}

/// A coefficient of a column in a row of the same stage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) row: usize,
    pub(super) coefficient: Coefficient,
}

/// A coefficient of a column of the stage before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lagged {
    pub(super) row: usize,
    pub(super) column: usize,
    coefficient: Coefficient,
    /// Coefficients in block 0, where the first stage may read nothing.
    first: Lanes,
    /// Whether the first stage reads the last one.
    pub(super) wraps: bool,
}

/// The mapping of stages to blocks and lanes: lane l holds the stages from `l * blocks` on, block i the i-th stage of
/// each lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LaneLayout {
    /// Number of stages of the problem.
    pub(super) stages: usize,
    /// Number of stages of a lane.
    pub(super) blocks: usize,
    /// Number of lanes in use: all, or one where the problem needs lanes of equal length and the stages cannot be
    /// divided evenly.
    pub(super) lanes: usize,
}

impl LaneLayout {
    /// Divides the stages among the given number of lanes.
    pub(super) fn new(stages: usize, lanes: usize) -> Self {
        Self { stages, blocks: stages.div_ceil(lanes).max(1), lanes }
    }

    /// Returns block and lane of a stage.
    #[inline]
    pub(super) fn place(self, stage: usize) -> (usize, usize) {
        (stage % self.blocks, stage / self.blocks)
    }

    /// Returns the stages beyond the last one, up to the end of the lanes in use.
    fn beyond(self) -> std::ops::Range<usize> {
        self.stages..self.blocks * self.lanes
    }

    /// Moves the numbers of the last block to the lanes of the first block that follow them: each lane takes the number
    /// of the lane before.
    #[inline(always)]
    pub(super) fn wrap_to_first(self, last: Lanes) -> Lanes {
        if self.lanes == 1 { last } else { last.rotated_from_previous() }
    }

    /// Moves the numbers of the first block to the lanes of the last block that precede them: each lane takes the
    /// number of the lane after.
    #[inline(always)]
    pub(super) fn wrap_to_last(self, first: Lanes) -> Lanes {
        if self.lanes == 1 { first } else { first.rotated_from_next() }
    }
}

/// The numbers of a problem in standard form, by lanes.
#[derive(Debug)]
pub(super) struct ProblemData {
    pub(super) lane_layout: LaneLayout,
    /// Number of columns per stage.
    pub(super) columns: usize,
    /// Number of rows per stage.
    pub(super) rows: usize,
    /// Number of states if the dynamics are diagonal, in which case the states are the last columns and their dynamics
    /// the last rows; `None` otherwise.
    pub(super) diagonal: Option<usize>,
    /// Upper bounds of the columns.
    pub(super) upper: Vec<Coefficient>,
    /// Costs of the columns.
    pub(super) cost: Vec<Coefficient>,
    /// Quadratic costs of the columns.
    pub(super) quadratic: Vec<Coefficient>,
    /// Whether any quadratic cost is not zero.
    pub(super) curved: bool,
    /// Entries of each column.
    pub(super) entries: Vec<Vec<Entry>>,
    /// Coefficients of columns in rows of the next stage, sorted by column.
    pub(super) lagged: Vec<Lagged>,
    /// For each column, the start of its lagged coefficients; one more element than columns.
    lagged_from: Vec<usize>,
    /// Right-hand sides of the rows, by block and row.
    pub(super) sums: Vec<Lanes>,
    /// 1 where a stage exists, by block.
    pub(super) exists: Vec<Lanes>,
    /// 1 where a state exists, by block: stages beyond the last one pass the states of a cyclic horizon through
    /// unchanged.
    pub(super) state_exists: Vec<Lanes>,
    /// 1 where the column may move and 0 where it is fixed, by column; `None` if it may move in every stage.
    pub(super) movable: Vec<Option<Coefficient>>,
    /// Value of the scaled original column at 0, by column; `None` if that is 0 in every stage.
    pub(super) origin: Vec<Option<Coefficient>>,
    /// Value at which the method starts, by column; `None` if it starts near 0.
    pub(super) initial_value: Vec<Option<Coefficient>>,
    /// Typical cost of a unit of a flow.
    pub(super) typical_cost: f64,
    /// Whether all costs are zero.
    pub(super) costless: bool,
    /// Columns without a lower bound.
    pub(super) free: Vec<usize>,
    /// Whether the cost of a column is a penalty, by column.
    pub(super) is_penalty: Vec<bool>,
    /// Numbers of the global columns and rows.
    pub(super) globals: GlobalData,
    /// Series of the coefficients, by block and series.
    series: Vec<Lanes>,
    series_per_block: usize,
}

impl ProblemData {
    /// Lays out memory for `form` and copies its numbers.
    pub(super) fn new(form: &StandardForm) -> Self {
        // Only diagonal states can be passed through the stages beyond the last one.
        let even = form.diagonal.is_some() || !form.is_ring() || form.stages.is_multiple_of(LANES);
        let lane_layout = LaneLayout::new(form.stages, if even { LANES } else { 1 });
        let (columns, rows) = (form.columns.len(), form.sums.len());
        let mut exists = vec![Lanes::ZERO; lane_layout.blocks];
        for stage in 0..lane_layout.stages {
            let (block, lane) = lane_layout.place(stage);
            exists[block].0[lane] = 1.0;
        }
        let passes_through = form.diagonal.is_some() && form.is_ring();
        let state_exists = if passes_through { vec![Lanes::ONE; lane_layout.blocks] } else { exists.clone() };
        let mut data = Self {
            lane_layout,
            columns,
            rows,
            diagonal: form.diagonal,
            upper: Vec::new(),
            cost: Vec::new(),
            quadratic: Vec::new(),
            curved: false,
            entries: vec![Vec::new(); columns],
            lagged: Vec::new(),
            lagged_from: Vec::new(),
            sums: vec![Lanes::ZERO; lane_layout.blocks * rows],
            exists,
            state_exists,
            movable: Vec::new(),
            origin: Vec::new(),
            initial_value: Vec::new(),
            typical_cost: 0.0,
            costless: false,
            free: Vec::new(),
            is_penalty: Vec::new(),
            globals: GlobalData::default(),
            series: Vec::new(),
            series_per_block: 0,
        };
        data.load(form);
        data
    }

    /// Copies the numbers of `form`, whose pattern must be the one of this layout.
    pub(super) fn load<'a>(&mut self, form: &'a StandardForm) {
        let mut store = SeriesStore::default();
        self.upper = form.columns.iter().map(|column| store.put(&column.upper)).collect();
        let [costs, quadratic] = self.padded_costs(form);
        self.cost = costs.iter().map(|cost| store.put(cost)).collect();
        self.movable =
            form.columns.iter().map(|column| column.movable.as_ref().map(|movable| store.put(movable))).collect();
        self.origin =
            form.columns.iter().map(|column| column.origin.as_ref().map(|origin| store.put(origin))).collect();
        self.initial_value = form
            .columns
            .iter()
            .map(|column| column.initial_value.as_ref().map(|initial_value| store.put(initial_value)))
            .collect();
        self.typical_cost = form.typical_cost;
        self.costless = form.columns.iter().all(|column| column.cost.all(|cost| cost == 0.0))
            && form.globals.columns.iter().all(|column| column.cost == 0.0);
        self.free = (0..self.columns).filter(|&column| form.columns[column].initial_value.is_some()).collect();
        self.is_penalty = form.columns.iter().map(|column| column.is_penalty).collect();
        self.quadratic = quadratic.iter().map(|quadratic| store.put(quadratic)).collect();
        self.curved = form.columns.iter().any(|column| !column.quadratic.all(|q| q == 0.0));
        self.entries.iter_mut().for_each(Vec::clear);
        for entry in &form.entries {
            let coefficient = store.put(&entry.coefficient);
            self.entries[entry.column].push(Entry { row: entry.row, coefficient });
        }
        let padded = self.padded_lags(form);
        let lagged = form.lagged.iter().zip(&padded).map(|(entry, coefficient)| Lagged {
            row: entry.row,
            column: entry.column,
            coefficient: store.put(coefficient),
            first: Lanes::ZERO,
            wraps: entry.wraps,
        });
        self.lagged = lagged.collect();
        let mut shared = |entry: &'a GlobalEntry| GlobalCoefficient {
            row: entry.row,
            column: entry.column,
            coefficient: store.put(&entry.coefficient),
        };
        let spread = form.globals.spread.iter().map(&mut shared).collect();
        let summed = form.globals.summed.iter().map(&mut shared).collect();
        self.globals = GlobalData::new(&form.globals, spread, summed, self.columns);
        store.lay_out(self.lane_layout, &mut self.series);
        self.series_per_block = store.profiles.len();
        for (index, entry) in form.lagged.iter().enumerate() {
            let mut first = self.at(self.lagged[index].coefficient, 0);
            if !entry.wraps {
                first.0[0] = 0.0;
            }
            self.lagged[index].first = first;
        }
        let of_column = |column: usize| self.lagged.partition_point(|lagged| lagged.column < column);
        self.lagged_from = (0..=self.columns).map(of_column).collect();
        for (row, sums) in form.sums.iter().enumerate() {
            for (stage, &sum) in sums.iter().enumerate() {
                let (block, lane) = self.lane_layout.place(stage);
                self.sums[block * self.rows + row].0[lane] = sum;
            }
        }
    }

    /// Returns the lagged coefficients, extended to the stages beyond the last one: on a ring the states pass through
    /// unchanged, otherwise there is no coupling.
    fn padded_lags<'a>(&self, form: &'a StandardForm) -> Vec<Cow<'a, Profile>> {
        let beyond = if form.is_ring() { -1.0 } else { 0.0 };
        form.lagged.iter().map(|entry| self.padded(&entry.coefficient, beyond)).collect()
    }

    /// Returns the linear and quadratic costs of the columns; states that pass through the stages beyond the last one
    /// cost nothing there.
    fn padded_costs<'a>(&self, form: &'a StandardForm) -> [Vec<Cow<'a, Profile>>; 2] {
        let flows = self.flows();
        [|column: &'a StandardColumn| &column.cost, |column: &'a StandardColumn| &column.quadratic].map(|of| {
            let profiles = form.columns.iter().map(of).enumerate();
            profiles
                .map(
                    |(column, profile)| if column < flows { Cow::Borrowed(profile) } else { self.padded(profile, 0.0) },
                )
                .collect()
        })
    }

    /// Returns `profile`, extended by the value `beyond` in the stages beyond the last one.
    fn padded<'a>(&self, profile: &'a Profile, beyond: f64) -> Cow<'a, Profile> {
        if self.lane_layout.beyond().is_empty() || *profile == Profile::Constant(beyond) {
            return Cow::Borrowed(profile);
        }
        let stages = (0..self.lane_layout.stages).map(|stage| profile.at(stage));
        Cow::Owned(Profile::Series(stages.chain(self.lane_layout.beyond().map(|_| beyond)).collect()))
    }

    /// Returns a coefficient in a block.
    #[inline(always)]
    pub(super) fn at(&self, coefficient: Coefficient, block: usize) -> Lanes {
        match coefficient {
            Coefficient::Constant(value) => Lanes::splat(value),
            Coefficient::Series(index) => self.series[block * self.series_per_block + index],
        }
    }

    /// Returns the lagged coefficient with which a row of `block` reads the block before.
    #[inline(always)]
    pub(super) fn lagged_at(&self, lagged: &Lagged, block: usize) -> Lanes {
        if block == 0 { lagged.first } else { self.at(lagged.coefficient, block) }
    }

    /// Returns the lagged coefficient with which a row of `block` reads the block before, in the lanes of the block
    /// before.
    #[inline(always)]
    pub(super) fn lagged_after(&self, lagged: &Lagged, block: usize) -> Lanes {
        if block == 0 { self.lane_layout.wrap_to_last(lagged.first) } else { self.at(lagged.coefficient, block) }
    }

    /// Returns the range of a column's lagged coefficients.
    #[inline(always)]
    pub(super) fn lagged_of(&self, column: usize) -> std::ops::Range<usize> {
        self.lagged_from[column]..self.lagged_from[column + 1]
    }

    /// Returns the block that follows `block`.
    #[inline(always)]
    pub(super) fn after(&self, block: usize) -> usize {
        if block + 1 == self.lane_layout.blocks { 0 } else { block + 1 }
    }

    /// Returns the number of states of diagonal dynamics; 0 for any other dynamics.
    #[inline(always)]
    pub(super) fn states(&self) -> usize {
        self.diagonal.unwrap_or(0)
    }

    /// Returns the number of columns that are no states of diagonal dynamics.
    #[inline(always)]
    pub(super) fn flows(&self) -> usize {
        self.columns - self.states()
    }

    /// Returns the number of rows that are no dynamics of diagonal states.
    #[inline(always)]
    pub(super) fn statics(&self) -> usize {
        self.rows - self.states()
    }

    /// Returns 1 where a column of a block exists.
    #[inline(always)]
    pub(super) fn exists_at(&self, column: usize, block: usize) -> Lanes {
        if column < self.flows() { self.exists[block] } else { self.state_exists[block] }
    }

    /// Returns 1 where a column of a block exists and may move.
    #[inline(always)]
    pub(super) fn column_exists(&self, column: usize, block: usize) -> Lanes {
        let exists = self.exists_at(column, block);
        match self.movable[column] {
            Some(movable) => exists * self.at(movable, block),
            None => exists,
        }
    }

    /// Returns 1 where a row of a block exists.
    #[inline(always)]
    pub(super) fn row_exists(&self, row: usize, block: usize) -> Lanes {
        if row < self.statics() { self.exists[block] } else { self.state_exists[block] }
    }

    /// Returns the share of diagonal state k that is retained from the block before.
    #[inline(always)]
    pub(super) fn retention_at(&self, state: usize, block: usize) -> Lanes {
        -self.lagged_at(&self.lagged[state], block)
    }

    /// Returns the share of diagonal state k that is retained from the block before, in the lanes of the block before.
    #[inline(always)]
    pub(super) fn retention_after(&self, state: usize, block: usize) -> Lanes {
        -self.lagged_after(&self.lagged[state], block)
    }
}

/// A collection of the series that the coefficients refer to.
#[derive(Default)]
struct SeriesStore<'a> {
    profiles: Vec<&'a [f64]>,
}

impl<'a> SeriesStore<'a> {
    /// Adds a profile and returns its coefficient.
    fn put(&mut self, profile: &'a Profile) -> Coefficient {
        match profile {
            Profile::Constant(value) => Coefficient::Constant(*value),
            Profile::Series(values) => {
                self.profiles.push(values);
                Coefficient::Series(self.profiles.len() - 1)
            }
        }
    }

    /// Copies the series by block; beyond its end a series repeats its last value.
    fn lay_out(&self, lane_layout: LaneLayout, series: &mut Vec<Lanes>) {
        let count = self.profiles.len();
        series.clear();
        series.resize(count * lane_layout.blocks, Lanes::ZERO);
        for (index, values) in self.profiles.iter().enumerate() {
            let last = values.len() - 1;
            for lane in 0..LANES {
                let from = lane * lane_layout.blocks;
                for block in 0..lane_layout.blocks {
                    series[block * count + index].0[lane] = values[(from + block).min(last)];
                }
            }
        }
    }
}
