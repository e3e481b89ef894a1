//! The staged linear program: a pattern of columns, rows and terms that repeats in every stage.

use std::collections::HashSet;

use anergy_profile::Profile;
use ndarray::ArrayView2;

use super::LpError;
use super::globals::{GlobalColumnId, GlobalRowId, Globals};

/// The index of a column of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId(pub usize);

/// The index of a row of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub usize);

/// The index of a term of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermId(pub usize);

impl ColumnId {
    /// Returns the position among the columns of the problem.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// A variable of every stage, `lower <= x_t <= upper`, with the linear cost `cost_t x_t`.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name, without the stage.
    pub name: String,
    /// Lower bound by stage; may be `-inf`.
    pub lower: Profile,
    /// Upper bound by stage; may be `inf`.
    pub upper: Profile,
    /// Objective coefficient by stage.
    pub cost: Profile,
}

/// A constraint of every stage, `lower <= sum of terms <= upper`.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name, without the stage.
    pub name: String,
    /// Least sum of the terms by stage; may be `-inf`.
    pub lower: Profile,
    /// Largest sum of the terms by stage; may be `inf`.
    pub upper: Profile,
}

impl Row {
    /// Creates the equality `sum of terms = rhs`.
    #[must_use]
    pub fn equal(name: impl Into<String>, rhs: impl Into<Profile>) -> Self {
        let rhs = rhs.into();
        Self { name: name.into(), lower: rhs.clone(), upper: rhs }
    }
}

/// The stage whose column value a term contributes to the row of stage t.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lag {
    /// The value of the same stage, x_t.
    Same,
    /// The value of the stage before, x_{t-1}; nothing in the first stage, where a known initial value belongs on the
    /// row's right-hand side.
    Previous,
    /// The value of the stage before, x_{t-1}; in the first stage, the value of the last stage.
    PreviousCyclic,
}

impl Lag {
    /// Returns the stage of the row to which the column's value of stage `stage` contributes, out of `stages`; `None`
    /// where it contributes to no row.
    #[must_use]
    #[inline]
    pub fn row_stage(self, stage: usize, stages: usize) -> Option<usize> {
        match self {
            Self::Same => Some(stage),
            Self::Previous => (stage + 1 < stages).then_some(stage + 1),
            Self::PreviousCyclic => Some((stage + 1) % stages),
        }
    }

    /// Returns the stage of the column that contributes to the row of stage `stage`, out of `stages`; `None` where
    /// there is none.
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

/// A term `coefficient_t * column` of a row; the coefficient is the one of the row's stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The row.
    pub row: RowId,
    /// The column.
    pub column: ColumnId,
    /// Stage of the column's value relative to the row.
    pub lag: Lag,
    /// Coefficient by stage of the row.
    pub coefficient: Profile,
}

/// The row and column of a term; a problem has at most one term with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum TermPlace {
    Stage(RowId, ColumnId, Lag),
    Spread(RowId, GlobalColumnId),
    Sum(GlobalRowId, ColumnId),
    Global(GlobalRowId, GlobalColumnId),
}

/// A linear program whose pattern of columns, rows and terms repeats in each of `stages` stages.
///
/// The objective to minimise is the sum of `cost * x` over all columns and stages. Two extensions go beyond the
/// pattern: a convex diagonal term `1/2 q x^2` per column ([`StagedProblem::set_quadratic`]), and columns and rows that
/// all stages share ([`StagedProblem::add_global_column`], [`StagedProblem::add_global_row`]).
#[derive(Debug, Clone, PartialEq)]
pub struct StagedProblem {
    name: String,
    stages: usize,
    columns: Vec<Column>,
    rows: Vec<Row>,
    terms: Vec<Term>,
    quadratic: Vec<Profile>,
    pub(super) globals: Globals,
    /// Places of all terms.
    pub(super) places: HashSet<TermPlace>,
}

impl StagedProblem {
    /// Creates a problem without columns and rows.
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
            places: HashSet::new(),
        }
    }

    /// Returns the name of the problem in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sets the name of the problem in messages.
    pub fn rename(&mut self, name: impl Into<String>) {
        self.name = name.into();
    }

    /// Returns the number of stages.
    #[must_use]
    pub fn stages(&self) -> usize {
        self.stages
    }

    /// Returns the columns of one stage.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns the rows of one stage.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Returns the terms of one stage.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Adds a column and returns its index.
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

    /// Adds a row without terms and returns its index.
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

    /// Adds a term to a row and returns its index.
    ///
    /// # Panics
    /// If the row or column does not belong to this problem, the profile's length is not the number of stages, or the
    /// row already has a term of the same column with the same lag.
    pub fn add_term(&mut self, row: RowId, column: ColumnId, lag: Lag, coefficient: impl Into<Profile>) -> TermId {
        assert!(row.0 < self.rows.len() && column.0 < self.columns.len(), "row and column belong to this problem");
        let coefficient = coefficient.into();
        self.assert_fits(&coefficient, &self.rows[row.0].name);
        assert!(
            self.places.insert(TermPlace::Stage(row, column, lag)),
            "column {} stands once in row {}",
            self.columns[column.0].name,
            self.rows[row.0].name
        );
        self.terms.push(Term { row, column, lag, coefficient });
        TermId(self.terms.len() - 1)
    }

    /// Returns the quadratic cost q of a column, `cost x + 1/2 q x^2`; zero unless set.
    #[must_use]
    pub fn quadratic(&self, column: ColumnId) -> &Profile {
        &self.quadratic[column.0]
    }

    /// Returns whether no column has a quadratic cost.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        self.quadratic.iter().all(|quadratic| quadratic.all(|q| q == 0.0))
    }

    /// Sets the cost of a column to `cost x + 1/2 q x^2`.
    ///
    /// # Panics
    /// If the profile's length is not the number of stages, or a value is negative or NaN, which would make the problem
    /// non-convex.
    pub fn set_quadratic(&mut self, column: ColumnId, q: impl Into<Profile>) {
        let q = q.into();
        self.assert_fits(&q, &self.columns[column.0].name);
        assert!(q.all(|q| q >= 0.0), "{}: a quadratic cost is not below zero", self.columns[column.0].name);
        self.quadratic[column.0] = q;
    }

    /// Replaces the coefficients of a term, in place where they already are a series.
    ///
    /// # Panics
    /// If the number of coefficients is not the number of stages.
    pub fn set_coefficients(&mut self, term: TermId, coefficients: impl ExactSizeIterator<Item = f64>) {
        assert_eq!(coefficients.len(), self.stages, "one coefficient a stage");
        replace(&mut self.terms[term.0].coefficient, coefficients);
    }

    /// Replaces the right-hand sides of an equality row, in place where they already are a series.
    ///
    /// # Panics
    /// If the number of sums is not the number of stages.
    pub fn set_sums(&mut self, row: RowId, sums: impl Iterator<Item = f64>) {
        let row = &mut self.rows[row.0];
        replace(&mut row.lower, sums);
        row.upper.clone_from(&row.lower);
        assert_eq!(row.lower.steps(), Some(self.stages), "one sum a stage");
    }

    /// Replaces the costs of a column, in place where they already are a series.
    ///
    /// # Panics
    /// If the number of costs is not the number of stages.
    pub fn set_costs(&mut self, column: ColumnId, costs: impl ExactSizeIterator<Item = f64>) {
        assert_eq!(costs.len(), self.stages, "one cost a stage");
        replace(&mut self.columns[column.0].cost, costs);
    }

    /// Returns whether a column or a global column has a negative cost.
    #[must_use]
    pub fn has_negative_cost(&self) -> bool {
        self.columns.iter().any(|column| !column.cost.all(|cost| cost >= 0.0))
            || self.global_columns().iter().any(|column| column.cost < 0.0)
    }

    /// Returns a copy of the problem in which every cost is replaced by its absolute value. The copy is feasible if and
    /// only if the problem is, and it is bounded if no lower bound is infinite.
    #[must_use]
    pub fn with_absolute_costs(&self) -> Self {
        let mut problem = self.clone();
        problem.columns.iter_mut().for_each(|column| column.cost = column.cost.map(f64::abs));
        for (index, column) in self.global_columns().iter().enumerate() {
            problem.set_global_cost(GlobalColumnId(index), column.cost.abs());
        }
        problem
    }

    /// Returns the error that reports this problem as infeasible.
    #[must_use]
    pub fn infeasible(&self) -> LpError {
        LpError::Infeasible {
            problem: self.name.clone(),
            columns: self.columns.len(),
            rows: self.rows.len(),
            stages: self.stages,
        }
    }

    /// Replaces the bounds of a column, in place where they already are series.
    ///
    /// # Panics
    /// If the number of lower or of upper bounds is not the number of stages.
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

    /// Replaces the least and the largest sums of a row, in place where they already are series.
    ///
    /// # Panics
    /// If the number of least or of largest sums is not the number of stages.
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

    /// Returns the objective at `values` (shape columns x stages) and at the values `globals` of the global columns.
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

    /// Panics if a profile is a series whose length is not the number of stages.
    pub(super) fn assert_fits(&self, profile: &Profile, name: &str) {
        let steps = profile.steps().unwrap_or(self.stages);
        assert_eq!(steps, self.stages, "{name}: one value a stage");
    }
}

/// Replaces the values of a profile, reusing its memory where it already is a series.
fn replace(profile: &mut Profile, values: impl Iterator<Item = f64>) {
    if let Profile::Series(old) = profile {
        old.iter_mut().zip(values).for_each(|(value, new)| *value = new);
    } else {
        *profile = Profile::Series(values.collect());
    }
}

/// Returns, for each of `groups` groups, the positions of its elements among all elements, given the group of each.
pub(super) fn grouped(groups: usize, of_element: impl Iterator<Item = usize>) -> Vec<Vec<usize>> {
    let mut positions = vec![Vec::new(); groups];
    of_element.enumerate().for_each(|(position, group)| positions[group].push(position));
    positions
}
