//! Districts and their linear dispatch.
//!
//! - [`district`]: the validated model of sites, carriers, technologies and links
//! - [`dispatch`]: the linear program of a district at given COPs, its plan, cost and certificate

pub mod dispatch;
pub mod district;
