//! Iterative co-simulation of heat-pump districts on a shared water loop.
//!
//! Heat pumps choose when to run by price, sun and COP; running them moves the temperature of the loop that they draw from;
//! the loop's temperature is the COP. `anergy` alternates a linear dispatch of the whole energy system with a thermodynamic
//! simulation of the loop until both agree, and says honestly whether they do.
//!
//! The house, from top to bottom; a module uses only what stands below it:
//!
//! | module | what lives there |
//! |---|---|
//! | [`cli`] | one file per verb of the command line |
//! | [`report`] | pages and pictures of results, from result files alone |
//! | [`study`] | what users run: a case, its journal, the published case, studies of schemes and beginnings |
//! | [`equilibrium`] | dispatch and loop in agreement at once: Newton's method on the joint optimality conditions, the joint optimum |
//! | [`config`] | files into a case: districts of our own format, Calliope 0.6 models, lint |
//! | [`coupling`] | the fixed-point driver: schemes, residuals, gap, verdicts, journal |
//! | [`dispatch`] | a district and COPs into an LP, a plan, its costs and certificate |
//! | [`water_loop`] | the loop's physics |
//! | [`heat_pump`] | COP models and their ranges of validity |
//! | [`lp`] | the staged LP, solver backends, certificates |
//! | [`district`] | the validated model: sites, carriers, technologies |
//! | [`weather`] | sun, irradiance, EPW files, typical years, demands of buildings, photovoltaic yield |
//! | [`results`] | result tables, run folders, atomic writes |
//! | [`series`] | time axes, columns, CSV, outliers |

pub mod cli;
pub mod config;
pub mod coupling;
pub mod dispatch;
pub mod district;
pub mod equilibrium;
pub mod heat_pump;
pub mod lp;
pub mod report;
pub mod results;
pub mod series;
pub mod study;
pub mod water_loop;
pub mod weather;
