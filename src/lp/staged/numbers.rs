//! The numbers of a boxed problem, laid out so that the same hour of every stretch of time lies side by side.

use super::form::Form;
use super::lanes::{LANES, Lanes};
use crate::series::Profile;

/// Where a coefficient is found: the same for all stages, or the n-th of the series of a block.
#[derive(Debug, Clone, Copy)]
pub(super) enum Coefficient {
    Constant(f64),
    Series(usize),
}

/// A coefficient of a column in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) row: usize,
    pub(super) coefficient: Coefficient,
}

/// How stages map to blocks and lanes: lane l holds the stages `l * blocks ..`, block i the i-th of each lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    /// Stages of the problem.
    pub(super) stages: usize,
    /// Stages of a lane.
    pub(super) blocks: usize,
}

impl Cut {
    pub(super) fn new(stages: usize) -> Self {
        Self { stages, blocks: stages.div_ceil(LANES).max(1) }
    }

    /// Block and lane of a stage.
    #[inline]
    pub(super) fn place(self, stage: usize) -> (usize, usize) {
        (stage % self.blocks, stage / self.blocks)
    }

    /// Calls `f(block, lane, stage)` for all stages, those beyond the last one included.
    fn for_each(self, mut f: impl FnMut(usize, usize, usize)) {
        for lane in 0..LANES {
            for block in 0..self.blocks {
                f(block, lane, lane * self.blocks + block);
            }
        }
    }
}

/// A boxed problem in lanes.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) cut: Cut,
    /// Columns, the states last.
    pub(super) columns: usize,
    /// Columns that are no states.
    pub(super) flows: usize,
    /// Rows, those without dynamics first; row `statics + k` is that of state k.
    pub(super) rows: usize,
    /// Rows without dynamics.
    pub(super) statics: usize,
    /// Whether the first stage follows upon the last.
    pub(super) cyclic: bool,
    /// Upper bounds of the columns.
    pub(super) upper: Vec<Coefficient>,
    /// Costs of the columns.
    pub(super) cost: Vec<Coefficient>,
    /// Quadratic costs of the columns.
    pub(super) quadratic: Vec<Coefficient>,
    /// Whether any quadratic cost is not 0.
    pub(super) curved: bool,
    /// Entries of each flow.
    pub(super) entries: Vec<Vec<Entry>>,
    /// What is left of state k of the stage before.
    pub(super) kept: Vec<Coefficient>,
    /// The same in block 0, where the first lane has no predecessor unless the horizon is cyclic.
    pub(super) first_kept: Vec<Lanes>,
    /// Sums of the rows, by block and row.
    pub(super) sums: Vec<Lanes>,
    /// 1 where a stage exists, by block.
    pub(super) exists: Vec<Lanes>,
    /// 1 where a state exists: with a cyclic horizon the stages beyond the last one hand the states through.
    pub(super) state_exists: Vec<Lanes>,
    /// The series, by block and series.
    series: Vec<Lanes>,
    series_per_block: usize,
}

impl Numbers {
    /// Lays out memory for `form` and copies its numbers.
    pub(super) fn new(form: &Form) -> Self {
        let cut = Cut::new(form.stages);
        let (columns, rows) = (form.columns.len(), form.sums.len());
        let states = form.kept.len();
        let mut exists = vec![Lanes::ZERO; cut.blocks];
        cut.for_each(|block, lane, stage| exists[block].0[lane] = f64::from(u8::from(stage < cut.stages)));
        let state_exists = if form.cyclic { vec![Lanes::ONE; cut.blocks] } else { exists.clone() };
        let mut numbers = Self {
            cut,
            columns,
            flows: columns - states,
            rows,
            statics: rows - states,
            cyclic: form.cyclic,
            upper: Vec::new(),
            cost: Vec::new(),
            quadratic: Vec::new(),
            curved: false,
            entries: Vec::new(),
            kept: Vec::new(),
            first_kept: vec![Lanes::ZERO; states],
            sums: vec![Lanes::ZERO; cut.blocks * rows],
            exists,
            state_exists,
            series: Vec::new(),
            series_per_block: 0,
        };
        numbers.load(form);
        numbers
    }

    /// Copies the numbers of `form`, which has the pattern that this was made for.
    pub(super) fn load(&mut self, form: &Form) {
        let mut shelf = Shelf::default();
        self.upper = form.columns.iter().map(|column| shelf.put(&column.upper)).collect();
        self.cost = form.columns.iter().map(|column| shelf.put(&column.cost)).collect();
        self.quadratic = form.columns.iter().map(|column| shelf.put(&column.quadratic)).collect();
        self.curved = form.columns.iter().any(|column| !column.quadratic.all(|q| q == 0.0));
        self.entries.resize(self.flows, Vec::new());
        self.entries.iter_mut().for_each(Vec::clear);
        for entry in &form.entries {
            let coefficient = shelf.put(&entry.coefficient);
            self.entries[entry.column].push(Entry { row: entry.row, coefficient });
        }
        let cut = self.cut;
        // Stages beyond the last one hand the states of a cyclic horizon through unchanged, and have none of another.
        let beyond = f64::from(u8::from(self.cyclic));
        let padded: Vec<Profile> = if cut.stages < cut.blocks * LANES {
            let long = |kept: &Profile| Profile::Series((0..cut.stages).map(|stage| kept.at(stage)).collect());
            form.kept.iter().map(long).collect()
        } else {
            form.kept.clone()
        };
        self.kept = padded.iter().map(|kept| shelf.put(kept)).collect();
        shelf.lay_out(cut, &mut self.series);
        self.series_per_block = shelf.profiles.len();
        for coefficient in &self.kept {
            let Coefficient::Series(index) = *coefficient else { continue };
            for stage in cut.stages..cut.blocks * LANES {
                let (block, lane) = cut.place(stage);
                self.series[block * self.series_per_block + index].0[lane] = beyond;
            }
        }
        for state in 0..self.kept.len() {
            let mut first = self.at(self.kept[state], 0);
            if !self.cyclic {
                first.0[0] = 0.0;
            }
            self.first_kept[state] = first;
        }
        let rows = self.rows;
        for (row, sums) in form.sums.iter().enumerate() {
            for (stage, &sum) in sums.iter().enumerate() {
                let (block, lane) = cut.place(stage);
                self.sums[block * rows + row].0[lane] = sum;
            }
        }
    }

    /// A coefficient in a block.
    #[inline(always)]
    pub(super) fn at(&self, coefficient: Coefficient, block: usize) -> Lanes {
        match coefficient {
            Coefficient::Constant(value) => Lanes::splat(value),
            Coefficient::Series(index) => self.series[block * self.series_per_block + index],
        }
    }

    /// What is left of state k of the block before.
    #[inline(always)]
    pub(super) fn kept_at(&self, state: usize, block: usize) -> Lanes {
        if block == 0 { self.first_kept[state] } else { self.at(self.kept[state], block) }
    }

    /// What `block` keeps of state k of the block before, by lane of the block before: what block 0 keeps belongs to the last
    /// block of the lane before.
    #[inline(always)]
    pub(super) fn kept_after(&self, state: usize, block: usize) -> Lanes {
        if block == 0 { self.first_kept[state].from_next() } else { self.at(self.kept[state], block) }
    }

    /// Number of states.
    #[inline(always)]
    pub(super) fn states(&self) -> usize {
        self.rows - self.statics
    }
}

/// Collects the series that a block needs, each once.
#[derive(Default)]
struct Shelf<'a> {
    profiles: Vec<&'a [f64]>,
}

impl<'a> Shelf<'a> {
    fn put(&mut self, profile: &'a Profile) -> Coefficient {
        match profile {
            Profile::Constant(value) => Coefficient::Constant(*value),
            Profile::Series(values) => {
                self.profiles.push(values);
                Coefficient::Series(self.profiles.len() - 1)
            }
        }
    }

    /// Copies the series side by side; what lies beyond the last stage repeats it.
    fn lay_out(&self, cut: Cut, series: &mut Vec<Lanes>) {
        let count = self.profiles.len();
        series.resize(count * cut.blocks, Lanes::ZERO);
        for (index, values) in self.profiles.iter().enumerate() {
            cut.for_each(|block, lane, stage| {
                series[block * count + index].0[lane] = values[stage.min(cut.stages - 1)];
            });
        }
    }
}
