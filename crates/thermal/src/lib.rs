//! The physics of a district on a water loop.
//!
//! - [`water_loop`]: well-mixed loops, networks of pipes, boreholes, balancing units
//! - [`heat_pump`]: COP models and their ranges of validity
//! - [`weather`]: sun, irradiance, EPW files, typical years, demands of buildings, photovoltaic yield

pub mod heat_pump;
pub mod water_loop;
pub mod weather;
