//! What users run many times: sweeps ([`sweep`]), the published case against its published figures ([`reproduce`]), what
//! each of its quirks does to it ([`effects`]), and a case by every scheme ([`convergence`]).

pub mod convergence;
pub mod effects;
mod iccep2019;
pub mod reproduce;
pub mod sweep;
