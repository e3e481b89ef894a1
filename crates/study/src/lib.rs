//! Studies that consist of many runs: sweeps ([`sweep`]), the published case beside its published figures
//! ([`reproduce`]), the effect of each of its quirks ([`effects`]), and a case by every scheme ([`convergence`]).

pub mod convergence;
pub mod effects;
mod iccep2019;
pub mod reproduce;
pub mod sweep;
