//! Columns and rows over all steps: chosen capacities, peaks with a demand charge, limits on the whole time.

use anergy_data::series::Profile;
use anergy_lp::{ColumnId, GlobalColumnId, GlobalRowId};

/// The meaning of a global column of the dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedRole {
    /// Chosen capacity, kW, or kWh for a store.
    Capacity,
    /// Largest power over the whole time, kW.
    Peak,
}

/// A global column of the dispatch and the technology it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedQuantity {
    /// Index of the site in the district.
    pub site: usize,
    /// Index of the technology at the site.
    pub technology: usize,
    /// Role of the column.
    pub role: SharedRole,
}

/// A limit on the whole time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Limit on the energy of a supply, kWh.
    Supply {
        /// Index of the site in the district.
        site: usize,
        /// Index of the technology at the site.
        technology: usize,
    },
    /// Limit on the CO2 of all supplies, kg.
    Co2,
}

/// A flow or level under a chosen capacity: `column_t <= per_unit_t * capacity`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CapacityLimit {
    /// The column.
    pub(super) column: ColumnId,
    /// The capacity.
    pub(super) capacity: GlobalColumnId,
    /// Limit per unit of the capacity.
    pub(super) per_unit: Profile,
}

/// The meaning of the global columns and rows of a layout.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedLayout {
    /// Meaning of each global column.
    pub(super) quantities: Vec<SharedQuantity>,
    /// Limits with their rows; a limit on nothing has no row.
    pub(super) limits: Vec<(Limit, Option<GlobalRowId>)>,
    /// Flows and levels under chosen capacities.
    pub(super) capacity_limits: Vec<CapacityLimit>,
    /// Flows with a demand charge.
    pub(super) peaks: Vec<(ColumnId, GlobalColumnId)>,
}

/// The excess of a plan over a limit on the whole time.
#[derive(Debug, Clone, Copy)]
pub(super) struct OverLimit {
    /// Row of the limit.
    pub(super) row: GlobalRowId,
    /// Excess in the unit of the limit; 0 within the tolerance.
    pub(super) amount: f64,
    /// Accepted excess.
    pub(super) tolerance: f64,
    /// Least energy that would have to be saved to keep the limit, kWh.
    pub(super) energy_kwh: f64,
}
