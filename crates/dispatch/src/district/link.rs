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
    /// Carrier that it transports.
    pub carrier: String,
    /// Largest power that enters, kW, in each direction.
    pub capacity_kw: f64,
    /// Share of the entering power that arrives, in (0, 1].
    pub efficiency: f64,
    /// Whether it transports only from `from` to `to`.
    pub one_way: bool,
    /// Price of the entering energy, EUR/kWh.
    pub price_eur_per_kwh: Profile,
}
