//! Iterative co-simulation of heat-pump districts on a shared water loop.
//!
//! Heat pumps choose when to run by price, sun and COP; their operation changes the temperature of the loop; the loop's
//! temperature determines the COP. `anergy` alternates a linear dispatch of the whole energy system with a
//! thermodynamic simulation of the loop until both agree, and reports whether they do.
//!
//! This crate is the command line ([`cli`]) and the facade of a workspace of crates, listed from top to bottom; a crate
//! uses only crates below it:
//!
//! | here | crate | content |
//! |---|---|---|
//! | [`report`] | `anergy-report` | pages and images of results, from result files alone |
//! | [`study`] | `anergy-study` | sweeps, the published case, its effects, convergence studies |
//! | [`run`] | `anergy-run` | one run: journal, summary and tables, run folder |
//! | [`config`] | `anergy-config` | files into a case: district files, Calliope 0.6 models, lint |
//! | [`cosim`], [`coupling`], [`equilibrium`], [`participants`] | `anergy-cosim` | the coupled district, its schemes
//! and its gap |
//! | [`dispatch`], [`district`] | `anergy-dispatch` | sites, carriers, technologies; the dispatch LP and its plan |
//! | [`water_loop`], [`heat_pump`], [`weather`] | `anergy-thermal` | the loop's physics, COP models, sun and weather |
//! | [`lp`] | `anergy-lp` | the staged LP, solver backends, certificates |
//! | [`results`], [`schema`], [`series`] | `anergy-data` | results and their schema; time axes, columns, CSV |

pub mod cli;

pub use anergy_config as config;
pub use anergy_cosim as cosim;
pub use anergy_cosim::{coupling, equilibrium, participants};
pub use anergy_data::{results, schema, series};
pub use anergy_dispatch::{dispatch, district};
pub use anergy_lp as lp;
pub use anergy_report as report;
pub use anergy_run as run;
pub use anergy_study as study;
pub use anergy_thermal::{heat_pump, water_loop, weather};
