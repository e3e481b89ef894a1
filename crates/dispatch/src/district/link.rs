//! Lines and pipes between sites.

use anergy_data::series::Profile;

/// A line or pipe that carries one carrier between two sites.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Name, unique in the district.
    pub name: String,
    /// Site at one end.
    pub from: String,
    /// Site at the other end.
    pub to: String,
    /// What it carries.
    pub carrier: String,
    /// Largest power that enters it, kW, in each direction.
    pub capacity_kw: f64,
    /// What arrives of what enters, in (0, 1].
    pub efficiency: f64,
    /// Whether it carries only from `from` to `to`.
    pub one_way: bool,
    /// EUR per kWh that enters it.
    pub price_eur_per_kwh: Profile,
}
