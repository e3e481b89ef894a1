//! The staged linear program: a pattern of columns, rows and terms, repeated in every stage.

use anergy_profile::Profile;
use ndarray::ArrayView2;

use super::LpError;
use super::globals::{GlobalColumnId, Globals};

/// Index of a column of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId(pub usize);

/// Index of a row of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub usize);

/// Index of a term of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermId(pub usize);

impl ColumnId {
    /// Position among the columns of its problem.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// A variable of every stage, `lower <= x_t <= upper`, at `cost` each.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name, without the stage.
    pub name: String,
    /// Lower bounds; may be `-inf`.
    pub lower: Profile,
    /// Upper bounds; may be `inf`.
    pub upper: Profile,
    /// Objective coefficients.
    pub cost: Profile,
}

/// A constraint of every stage, `lower <= sum of terms <= upper`.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name, without the stage.
    pub name: String,
    /// Least sums; may be `-inf`.
    pub lower: Profile,
    /// Largest sums; may be `inf`.
    pub upper: Profile,
}

impl Row {
    /// An equality, `sum of terms = rhs`.
    #[must_use]
    pub fn equal(name: impl Into<String>, rhs: impl Into<Profile>) -> Self {
        let rhs = rhs.into();
        Self { name: name.into(), lower: rhs.clone(), upper: rhs }
    }
}

/// Which stage's value of the column a term takes into the row of stage t.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lag {
    /// x_t.
    Same,
    /// x_{t-1}; nothing in the first stage (what was there before belongs into its bounds).
    Previous,
    /// x_{t-1}, and the last stage's value in the first stage.
    PreviousCyclic,
}

impl Lag {
    /// The row's stage that takes up the column's value of stage `stage`, out of `stages`.
    #[must_use]
    #[inline]
    pub fn row_stage(self, stage: usize, stages: usize) -> Option<usize> {
        match self {
            Self::Same => Some(stage),
            Self::Previous => (stage + 1 < stages).then_some(stage + 1),
            Self::PreviousCyclic => Some((stage + 1) % stages),
        }
    }

    /// The column's stage whose value the row of stage `stage` takes up, out of `stages`.
    #[must_use]
    #[inline]
    pub fn column_stage(self, stage: usize, stages: usize) -> Option<usize> {
        match self {
            Self::Same => Some(stage),
            Self::Previous => stage.checked_sub(1),
            Self::PreviousCyclic => Some((stage + stages - 1) % stages),
        }
    }
}

/// `coefficient_t * column` in a row; the coefficient is that of the row's stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The row.
    pub row: RowId,
    /// The column.
    pub column: ColumnId,
    /// Which stage's value of the column.
    pub lag: Lag,
    /// Coefficients by stage of the row.
    pub coefficient: Profile,
}

/// A linear program whose pattern of columns, rows and terms repeats in each of `stages` stages: minimise the sum of
/// `cost * x` over all columns and stages. Two things may go beyond: a convex diagonal term `1/2 q x^2`
/// ([`StagedProblem::set_quadratic`]), and columns and rows that all stages share ([`StagedProblem::add_global_column`],
/// [`StagedProblem::add_global_row`]).
#[derive(Debug, Clone, PartialEq)]
pub struct StagedProblem {
    name: String,
    stages: usize,
    columns: Vec<Column>,
    rows: Vec<Row>,
    terms: Vec<Term>,
    quadratic: Vec<Profile>,
    pub(super) globals: Globals,
}

impl StagedProblem {
    /// An empty problem.
    #[must_use]
    pub fn new(name: impl Into<String>, stages: usize) -> Self {
        Self {
            name: name.into(),
            stages,
            columns: Vec::new(),
            rows: Vec::new(),
            terms: Vec::new(),
            quadratic: Vec::new(),
            globals: Globals::default(),
        }
    }

    /// What the problem is called in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Calls the problem `name` in messages.
    pub fn rename(&mut self, name: impl Into<String>) {
        self.name = name.into();
    }

    /// Number of stages.
    #[must_use]
    pub fn stages(&self) -> usize {
        self.stages
    }

    /// Columns of one stage.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Rows of one stage.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Terms of one stage.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Adds a column.
    ///
    /// # Panics
    /// If a profile's length is not the number of stages.
    pub fn add_column(&mut self, column: Column) -> ColumnId {
        for profile in [&column.lower, &column.upper, &column.cost] {
            self.assert_fits(profile, &column.name);
        }
        self.columns.push(column);
        self.quadratic.push(Profile::Constant(0.0));
        ColumnId(self.columns.len() - 1)
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If a profile's length is not the number of stages.
    pub fn add_row(&mut self, row: Row) -> RowId {
        for profile in [&row.lower, &row.upper] {
            self.assert_fits(profile, &row.name);
        }
        self.rows.push(row);
        RowId(self.rows.len() - 1)
    }

    /// Adds a term to a row.
    ///
    /// # Panics
    /// If the row or column is not of this problem, a profile's length is not the number of stages, or the same column
    /// stands twice in a row with the same lag.
    pub fn add_term(&mut self, row: RowId, column: ColumnId, lag: Lag, coefficient: impl Into<Profile>) -> TermId {
        assert!(row.0 < self.rows.len() && column.0 < self.columns.len(), "row and column belong to this problem");
        let coefficient = coefficient.into();
        self.assert_fits(&coefficient, &self.rows[row.0].name);
        assert!(
            !self.terms.iter().any(|term| term.row == row && term.column == column && term.lag == lag),
            "column {} stands once in row {}",
            self.columns[column.0].name,
            self.rows[row.0].name
        );
        self.terms.push(Term { row, column, lag, coefficient });
        TermId(self.terms.len() - 1)
    }

    /// The quadratic part q of a column's cost, `cost x + 1/2 q x^2`; zero unless set.
    #[must_use]
    pub fn quadratic(&self, column: ColumnId) -> &Profile {
        &self.quadratic[column.0]
    }

    /// Whether no column has a quadratic cost.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        self.quadratic.iter().all(|quadratic| quadratic.all(|q| q == 0.0))
    }

    /// Gives a column the cost `cost x + 1/2 q x^2`.
    ///
    /// # Panics
    /// If the profile's length is not the number of stages, or a value is below zero or no number: the problem stays convex.
    pub fn set_quadratic(&mut self, column: ColumnId, q: impl Into<Profile>) {
        let q = q.into();
        self.assert_fits(&q, &self.columns[column.0].name);
        assert!(q.all(|q| q >= 0.0), "{}: a quadratic cost is not below zero", self.columns[column.0].name);
        self.quadratic[column.0] = q;
    }

    /// Replaces a term's coefficients, in place where they are a series already.
    ///
    /// # Panics
    /// If there is not one coefficient a stage.
    pub fn set_coefficients(&mut self, term: TermId, coefficients: impl ExactSizeIterator<Item = f64>) {
        assert_eq!(coefficients.len(), self.stages, "one coefficient a stage");
        replace(&mut self.terms[term.0].coefficient, coefficients);
    }

    /// Replaces the sums of an equality row, in place where they are a series already.
    ///
    /// # Panics
    /// If there is not one sum a stage.
    pub fn set_sums(&mut self, row: RowId, sums: impl Iterator<Item = f64>) {
        let row = &mut self.rows[row.0];
        replace(&mut row.lower, sums);
        row.upper.clone_from(&row.lower);
        assert_eq!(row.lower.steps(), Some(self.stages), "one sum a stage");
    }

    /// Replaces a column's costs, in place where they are a series already.
    ///
    /// # Panics
    /// If there is not one cost a stage.
    pub fn set_costs(&mut self, column: ColumnId, costs: impl ExactSizeIterator<Item = f64>) {
        assert_eq!(costs.len(), self.stages, "one cost a stage");
        replace(&mut self.columns[column.0].cost, costs);
    }

    /// Whether something in it earns.
    #[must_use]
    pub fn has_negative_cost(&self) -> bool {
        self.columns.iter().any(|column| !column.cost.all(|cost| cost >= 0.0))
            || self.global_columns().iter().any(|column| column.cost < 0.0)
    }

    /// The same problem with the size of every cost in its place: feasible where it is, and never unbounded if no bound
    /// below is infinite.
    #[must_use]
    pub fn with_absolute_costs(&self) -> Self {
        let mut problem = self.clone();
        problem.columns.iter_mut().for_each(|column| column.cost = column.cost.map(f64::abs));
        for (index, column) in self.global_columns().iter().enumerate() {
            problem.set_global_cost(GlobalColumnId(index), column.cost.abs());
        }
        problem
    }

    /// The error that says that it is infeasible.
    #[must_use]
    pub fn infeasible(&self) -> LpError {
        LpError::Infeasible {
            problem: self.name.clone(),
            columns: self.columns.len(),
            rows: self.rows.len(),
            stages: self.stages,
        }
    }

    /// Replaces a column's bounds, in place where they are series already.
    ///
    /// # Panics
    /// If there is not one bound of each kind a stage.
    pub fn set_bounds(
        &mut self,
        column: ColumnId,
        lower: impl ExactSizeIterator<Item = f64>,
        upper: impl ExactSizeIterator<Item = f64>,
    ) {
        assert_eq!((lower.len(), upper.len()), (self.stages, self.stages), "one bound of each kind a stage");
        replace(&mut self.columns[column.0].lower, lower);
        replace(&mut self.columns[column.0].upper, upper);
    }

    /// Replaces the least and the largest sums of a row, in place where they are series already.
    ///
    /// # Panics
    /// If there is not one of each kind a stage.
    pub fn set_ranges(
        &mut self,
        row: RowId,
        lower: impl ExactSizeIterator<Item = f64>,
        upper: impl ExactSizeIterator<Item = f64>,
    ) {
        assert_eq!((lower.len(), upper.len()), (self.stages, self.stages), "one sum of each kind a stage");
        replace(&mut self.rows[row.0].lower, lower);
        replace(&mut self.rows[row.0].upper, upper);
    }

    /// The objective at `values` (shape columns x stages) and values of the global columns.
    #[must_use]
    pub fn objective(&self, values: ArrayView2<'_, f64>, globals: &[f64]) -> f64 {
        let columns = self.columns.iter().zip(&self.quadratic).zip(values.rows());
        let of_stages: f64 = columns
            .map(|((column, quadratic), row)| {
                let linear: f64 = row.iter().enumerate().map(|(stage, value)| column.cost.at(stage) * value).sum();
                if *quadratic == Profile::Constant(0.0) {
                    return linear;
                }
                let curved = row.iter().enumerate().map(|(stage, value)| 0.5 * quadratic.at(stage) * value * value);
                linear + curved.sum::<f64>()
            })
            .sum();
        of_stages + self.global_columns().iter().zip(globals).map(|(column, value)| column.cost * value).sum::<f64>()
    }

    pub(super) fn assert_fits(&self, profile: &Profile, name: &str) {
        let steps = profile.steps().unwrap_or(self.stages);
        assert_eq!(steps, self.stages, "{name}: one value a stage");
    }
}

fn replace(profile: &mut Profile, values: impl Iterator<Item = f64>) {
    if let Profile::Series(old) = profile {
        old.iter_mut().zip(values).for_each(|(value, new)| *value = new);
    } else {
        *profile = Profile::Series(values.collect());
    }
}
