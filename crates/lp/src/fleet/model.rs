//! The fleet: units, what they share, and the changes between solves.

use std::collections::BTreeMap;

use anergy_profile::Profile;
use ndarray::Array2;

use super::check::{Checked, check_finite, check_price, check_range};
use super::{
    FleetError, Initial, PeakColumn, PeakColumnId, SharedColumn, SharedColumnId, SharedRow, SharedRowId, Unit, UnitId,
};

/// The part of a unit that a term of a shared row multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    Input(usize),
    Output(usize),
}

/// Units with linear dynamics, and the rows and columns that they share in every step.
///
/// The objective to minimise is the sum of all costs of inputs, shared columns, peaks and slack, less the terminal
/// values.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    pub(super) name: String,
    pub(super) stages: usize,
    pub(super) pool: bool,
    pub(super) units: Vec<Unit>,
    pub(super) rows: Vec<SharedRow>,
    pub(super) columns: Vec<SharedColumn>,
    pub(super) peaks: Vec<PeakColumn>,
    /// Terms of each unit by shared row and part.
    pub(super) unit_terms: Vec<BTreeMap<(usize, Part), Profile>>,
    /// Coefficients by shared row and shared column.
    pub(super) column_terms: BTreeMap<(usize, usize), Profile>,
    /// Coefficients by shared row and peak.
    pub(super) peak_terms: BTreeMap<(usize, usize), Profile>,
}

impl Fleet {
    /// Creates a fleet without units over `stages` steps.
    #[must_use]
    pub fn new(name: impl Into<String>, stages: usize) -> Self {
        Self {
            name: name.into(),
            stages,
            pool: true,
            units: Vec::new(),
            rows: Vec::new(),
            columns: Vec::new(),
            peaks: Vec::new(),
            unit_terms: Vec::new(),
            column_terms: BTreeMap::new(),
            peak_terms: BTreeMap::new(),
        }
    }

    /// Sets whether units with equal data and equal terms in shared rows are solved as one unit of the size of all; the
    /// default is `true`. The optimal objective is the same: the mean of the solutions of equal units is feasible for
    /// each of them and costs as much. Each of them gets this mean as its solution.
    #[must_use]
    pub fn with_pool(mut self, pool: bool) -> Self {
        self.pool = pool;
        self
    }

    /// Returns the number of steps.
    #[must_use]
    pub fn stages(&self) -> usize {
        self.stages
    }

    /// Returns the units.
    #[must_use]
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// Returns the shared rows.
    #[must_use]
    pub fn rows(&self) -> &[SharedRow] {
        &self.rows
    }

    /// Returns the shared columns.
    #[must_use]
    pub fn columns(&self) -> &[SharedColumn] {
        &self.columns
    }

    /// Returns the peak columns.
    #[must_use]
    pub fn peaks(&self) -> &[PeakColumn] {
        &self.peaks
    }

    /// Adds a unit.
    ///
    /// # Errors
    /// Shapes that do not fit each other or the number of steps, numbers that are NaN or infinite, crossed bounds,
    /// negative prices.
    pub fn add_unit(&mut self, unit: Unit) -> Result<UnitId, FleetError> {
        unit.check(self.stages)?;
        self.units.push(unit);
        self.unit_terms.push(BTreeMap::new());
        Ok(UnitId(self.units.len() - 1))
    }

    /// Adds a shared row without terms.
    ///
    /// # Errors
    /// As [`Fleet::add_unit`].
    pub fn add_row(&mut self, row: SharedRow) -> Result<SharedRowId, FleetError> {
        let checked = Checked { owner: &row.name, stages: self.stages };
        check_range(checked, "the sum", &row.lower, &row.upper)?;
        check_price(checked, "a lack", row.lack_price.as_ref())?;
        check_price(checked, "an excess", row.excess_price.as_ref())?;
        self.rows.push(row);
        Ok(SharedRowId(self.rows.len() - 1))
    }

    /// Adds a shared column without terms.
    ///
    /// # Errors
    /// As [`Fleet::add_unit`].
    pub fn add_column(&mut self, column: SharedColumn) -> Result<SharedColumnId, FleetError> {
        let checked = Checked { owner: &column.name, stages: self.stages };
        check_range(checked, "the value", &column.lower, &column.upper)?;
        check_finite(checked, "the cost", &column.cost)?;
        self.columns.push(column);
        Ok(SharedColumnId(self.columns.len() - 1))
    }

    /// Adds a peak column without terms.
    ///
    /// # Errors
    /// As [`Fleet::add_unit`].
    pub fn add_peak(&mut self, peak: PeakColumn) -> Result<PeakColumnId, FleetError> {
        let checked = Checked { owner: &peak.name, stages: 1 };
        check_range(checked, "the value", &peak.lower.into(), &peak.upper.into())?;
        check_finite(checked, "the cost", &peak.cost.into())?;
        self.peaks.push(peak);
        Ok(PeakColumnId(self.peaks.len() - 1))
    }

    /// Sets the coefficient, by step, of an input of a unit in a shared row.
    ///
    /// # Errors
    /// [`FleetError::Unknown`] for an index without an element; a series of the wrong length or with a number that is
    /// not finite.
    pub fn set_input_term(
        &mut self,
        row: SharedRowId,
        unit: UnitId,
        input: usize,
        coefficient: impl Into<Profile>,
    ) -> Result<(), FleetError> {
        self.input(unit, input)?;
        let coefficient = self.coefficient(row, coefficient.into())?;
        self.unit_terms[unit.0].insert((row.0, Part::Input(input)), coefficient);
        Ok(())
    }

    /// Sets the coefficient, by step, of an output of a unit in a shared row. It multiplies the whole output, offset
    /// included.
    ///
    /// # Errors
    /// As [`Fleet::set_input_term`].
    pub fn set_output_term(
        &mut self,
        row: SharedRowId,
        unit: UnitId,
        output: usize,
        coefficient: impl Into<Profile>,
    ) -> Result<(), FleetError> {
        self.output(unit, output)?;
        let coefficient = self.coefficient(row, coefficient.into())?;
        self.unit_terms[unit.0].insert((row.0, Part::Output(output)), coefficient);
        Ok(())
    }

    /// Sets the coefficient, by step, of a shared column in a shared row.
    ///
    /// # Errors
    /// As [`Fleet::set_input_term`].
    pub fn set_column_term(
        &mut self,
        row: SharedRowId,
        column: SharedColumnId,
        coefficient: impl Into<Profile>,
    ) -> Result<(), FleetError> {
        self.known("shared column", column.0, self.columns.len())?;
        let coefficient = self.coefficient(row, coefficient.into())?;
        self.column_terms.insert((row.0, column.0), coefficient);
        Ok(())
    }

    /// Sets the coefficient, by step, of a peak column in a shared row.
    ///
    /// # Errors
    /// As [`Fleet::set_input_term`].
    pub fn set_peak_term(
        &mut self,
        row: SharedRowId,
        peak: PeakColumnId,
        coefficient: impl Into<Profile>,
    ) -> Result<(), FleetError> {
        self.known("peak column", peak.0, self.peaks.len())?;
        let coefficient = self.coefficient(row, coefficient.into())?;
        self.peak_terms.insert((row.0, peak.0), coefficient);
        Ok(())
    }

    /// Replaces the bounds of an input.
    ///
    /// # Errors
    /// As [`Fleet::add_unit`] and [`Fleet::set_input_term`]; the fleet is then unchanged. The same holds for the other
    /// methods that replace numbers.
    pub fn set_input_bounds(
        &mut self,
        unit: UnitId,
        input: usize,
        lower: impl Into<Profile>,
        upper: impl Into<Profile>,
    ) -> Result<(), FleetError> {
        self.input(unit, input)?;
        self.change(unit, |unit| {
            (unit.inputs[input].lower, unit.inputs[input].upper) = (lower.into(), upper.into());
        })
    }

    /// Replaces the cost of an input.
    ///
    /// # Errors
    /// As [`Fleet::set_input_bounds`].
    pub fn set_input_cost(&mut self, unit: UnitId, input: usize, cost: impl Into<Profile>) -> Result<(), FleetError> {
        self.input(unit, input)?;
        self.change(unit, |unit| unit.inputs[input].cost = cost.into())
    }

    /// Replaces the bounds of an output.
    ///
    /// # Errors
    /// As [`Fleet::set_input_bounds`].
    pub fn set_output_bounds(
        &mut self,
        unit: UnitId,
        output: usize,
        lower: impl Into<Profile>,
        upper: impl Into<Profile>,
    ) -> Result<(), FleetError> {
        self.output(unit, output)?;
        self.change(unit, |unit| {
            (unit.outputs[output].lower, unit.outputs[output].upper) = (lower.into(), upper.into());
        })
    }

    /// Replaces the offset of an output.
    ///
    /// # Errors
    /// As [`Fleet::set_input_bounds`].
    pub fn set_output_offset(
        &mut self,
        unit: UnitId,
        output: usize,
        offset: impl Into<Profile>,
    ) -> Result<(), FleetError> {
        self.output(unit, output)?;
        self.change(unit, |unit| unit.outputs[output].offset = offset.into())
    }

    /// Replaces the disturbances of a unit (n x stages).
    ///
    /// # Errors
    /// As [`Fleet::set_input_bounds`].
    pub fn set_disturbance(&mut self, unit: UnitId, disturbance: Array2<f64>) -> Result<(), FleetError> {
        self.change(unit, |unit| unit.disturbance = Some(disturbance))
    }

    /// Replaces the states before the first step, as a receding horizon does.
    ///
    /// # Errors
    /// As [`Fleet::set_input_bounds`].
    pub fn set_initial(&mut self, unit: UnitId, initial: Initial) -> Result<(), FleetError> {
        self.change(unit, |unit| unit.initial = initial)
    }

    /// Replaces the range of a shared row.
    ///
    /// # Errors
    /// As [`Fleet::set_input_bounds`].
    pub fn set_row_range(
        &mut self,
        row: SharedRowId,
        lower: impl Into<Profile>,
        upper: impl Into<Profile>,
    ) -> Result<(), FleetError> {
        self.known("shared row", row.0, self.rows.len())?;
        let (lower, upper) = (lower.into(), upper.into());
        let checked = Checked { owner: &self.rows[row.0].name, stages: self.stages };
        check_range(checked, "the sum", &lower, &upper)?;
        (self.rows[row.0].lower, self.rows[row.0].upper) = (lower, upper);
        Ok(())
    }

    /// Replaces the bounds and the cost of a shared column.
    ///
    /// # Errors
    /// As [`Fleet::set_input_bounds`].
    pub fn set_column(
        &mut self,
        column: SharedColumnId,
        lower: impl Into<Profile>,
        upper: impl Into<Profile>,
        cost: impl Into<Profile>,
    ) -> Result<(), FleetError> {
        self.known("shared column", column.0, self.columns.len())?;
        let (lower, upper, cost) = (lower.into(), upper.into(), cost.into());
        let known = &mut self.columns[column.0];
        let checked = Checked { owner: &known.name, stages: self.stages };
        check_range(checked, "the value", &lower, &upper)?;
        check_finite(checked, "the cost", &cost)?;
        (known.lower, known.upper, known.cost) = (lower, upper, cost);
        Ok(())
    }

    /// Replaces the bounds and the cost of a peak column.
    ///
    /// # Errors
    /// As [`Fleet::set_input_bounds`].
    pub fn set_peak(&mut self, peak: PeakColumnId, lower: f64, upper: f64, cost: f64) -> Result<(), FleetError> {
        self.known("peak column", peak.0, self.peaks.len())?;
        let known = &mut self.peaks[peak.0];
        let checked = Checked { owner: &known.name, stages: 1 };
        check_range(checked, "the value", &lower.into(), &upper.into())?;
        check_finite(checked, "the cost", &cost.into())?;
        (known.lower, known.upper, known.cost) = (lower, upper, cost);
        Ok(())
    }

    /// Applies a change to a copy of a unit, and replaces the unit if the copy passes the checks.
    fn change(&mut self, unit: UnitId, change: impl FnOnce(&mut Unit)) -> Result<(), FleetError> {
        self.known("unit", unit.0, self.units.len())?;
        let mut changed = self.units[unit.0].clone();
        change(&mut changed);
        changed.check(self.stages)?;
        self.units[unit.0] = changed;
        Ok(())
    }

    fn input(&self, unit: UnitId, input: usize) -> Result<(), FleetError> {
        self.known("unit", unit.0, self.units.len())?;
        self.known("input of this unit with index", input, self.units[unit.0].inputs.len())
    }

    fn output(&self, unit: UnitId, output: usize) -> Result<(), FleetError> {
        self.known("unit", unit.0, self.units.len())?;
        self.known("output of this unit with index", output, self.units[unit.0].outputs.len())
    }

    fn coefficient(&self, row: SharedRowId, coefficient: Profile) -> Result<Profile, FleetError> {
        self.known("shared row", row.0, self.rows.len())?;
        let checked = Checked { owner: &self.rows[row.0].name, stages: self.stages };
        check_finite(checked, "a coefficient", &coefficient)?;
        Ok(coefficient)
    }

    fn known(&self, what: &'static str, index: usize, count: usize) -> Result<(), FleetError> {
        if index < count { Ok(()) } else { Err(FleetError::Unknown { fleet: self.name.clone(), what, index }) }
    }
}
