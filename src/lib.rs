#![doc = "scratch"]
pub mod coupling;
pub mod dispatch;
pub mod district;
pub mod heat_pump;
pub mod lp;
pub mod series;
pub mod water_loop;
