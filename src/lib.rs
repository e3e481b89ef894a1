//! Iterative co-simulation of heat-pump districts on a shared water loop.
//!
//! Heat pumps choose when to run by price, sun and COP; running them moves the temperature of the loop that they draw from;
//! the loop's temperature is the COP. `anergy` alternates a linear dispatch of the whole energy system with a thermodynamic
//! simulation of the loop until both agree, and says honestly whether they do.
//!
//! This crate is the command line ([`cli`]) and the front of a workspace of crates, which are named here from top to bottom; a crate uses only
//! what stands below it:
//!
//! | here | crate | what lives there |
//! |---|---|---|
//! | [`report`] | `anergy-report` | pages and pictures of results, from result files alone |
//! | [`study`] | `anergy-study` | sweeps, the published case, its effects, convergence studies |
//! | [`run`] | `anergy-run` | one run: journal, summary and tables, run folder |
//! | [`config`] | `anergy-config` | files into a case: districts of our own format, Calliope 0.6 models, lint |
//! | [`cosim`], [`coupling`], [`equilibrium`], [`participants`] | `anergy-cosim` | the coupled district and its fixed point: schemes, residuals, gap, verdicts, Newton's method, the joint optimum |
//! | [`dispatch`], [`district`] | `anergy-dispatch` | sites, carriers, technologies; a district and COPs into an LP, a plan, its costs and certificate |
//! | [`water_loop`], [`heat_pump`], [`weather`] | `anergy-thermal` | the loop's physics, COP models, sun and weather |
//! | [`lp`] | `anergy-lp` | the staged LP, solver backends, certificates |
//! | [`results`], [`schema`], [`series`] | `anergy-data` | result tables, run folders, atomic writes; fields, columns and file names of results; time axes, columns, CSV, outliers |

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
