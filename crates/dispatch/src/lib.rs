//! Districts and their linear dispatch.
//!
//! - [`district`]: the validated model: sites, carriers, technologies, links
//! - [`dispatch`]: a district and COPs into a linear program, a plan, its costs and its certificate

pub mod dispatch;
pub mod district;
