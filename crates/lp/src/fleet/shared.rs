//! Rows and columns that the units share.

use anergy_profile::Profile;

/// The index of a unit of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(pub usize);

/// The index of a shared row of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharedRowId(pub usize);

/// The index of a shared column of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharedColumnId(pub usize);

/// The index of a peak column of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeakColumnId(pub usize);

/// A row that units share, `lower_t <= sum of terms <= upper_t`: a cap, or the balance of a meter.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedRow {
    /// Name in messages.
    pub name: String,
    /// Least sum by step; may be `-inf`.
    pub lower: Profile,
    /// Largest sum by step; may be `inf`.
    pub upper: Profile,
    /// Price per unit and step by which the sum is below its least value; `None` if it may not be.
    pub lack_price: Option<Profile>,
    /// Price per unit and step by which the sum is above its largest value; `None` if it may not be.
    pub excess_price: Option<Profile>,
}

impl SharedRow {
    /// Creates the row `sum of terms <= upper`.
    #[must_use]
    pub fn at_most(name: impl Into<String>, upper: impl Into<Profile>) -> Self {
        Self {
            name: name.into(),
            lower: f64::NEG_INFINITY.into(),
            upper: upper.into(),
            lack_price: None,
            excess_price: None,
        }
    }

    /// Creates the row `sum of terms = sum`.
    #[must_use]
    pub fn equal(name: impl Into<String>, sum: impl Into<Profile>) -> Self {
        let lower = sum.into();
        Self { name: name.into(), upper: lower.clone(), lower, lack_price: None, excess_price: None }
    }
}

/// A variable of every step that belongs to no unit, such as the import of a community or the use of its photovoltaics.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedColumn {
    /// Name in messages.
    pub name: String,
    /// Lower bound by step; may be `-inf`.
    pub lower: Profile,
    /// Upper bound by step; may be `inf`.
    pub upper: Profile,
    /// Cost per unit, by step.
    pub cost: Profile,
}

/// A variable that exists once for all steps, such as a peak of power: with coefficient -1 in a row that is at most 0,
/// it is at least the sum of the row's other terms in every step.
#[derive(Debug, Clone, PartialEq)]
pub struct PeakColumn {
    /// Name in messages.
    pub name: String,
    /// Lower bound; may be `-inf`.
    pub lower: f64,
    /// Upper bound; may be `inf`.
    pub upper: f64,
    /// Cost per unit.
    pub cost: f64,
}
