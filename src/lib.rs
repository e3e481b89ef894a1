//! Iterative co-simulation of heat-pump districts on a shared water loop.
//!
//! Heat pumps choose when to run by price, sun and COP; running them changes the temperature of the loop that they draw
//! from; the loop temperature determines the COP. `anergy` alternates a linear dispatch of the whole energy system with
//! a thermodynamic simulation of the loop until both agree, and measures how well they agree.
//!
//! # Run a district
//!
//! A [`Job`](run::Job) reads a district from its file, runs it and returns [`Artifacts`](run::Artifacts): the answer,
//! its summary, and all tables that the command line writes to a run folder.
//!
//! ```
//! use anergy::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/configs/starter");
//! // Relative paths begin in the job's own directory.
//! let request = Request { model: "district.yaml".into(), ..Request::default() };
//! let artifacts = Job::new(request, directory).run(None, &mut ())?;
//! assert_eq!(artifacts.ending, Ending::Done);
//!
//! let summary = &artifacts.summary;
//! let coupling = summary.coupling.as_ref().expect("the district has a loop");
//! println!("{:.2} EUR; loop between {:.1} and {:.1} degrees Celsius", summary.cost.total_eur, coupling.temp_c[0], coupling.temp_c[2]);
//! assert!(coupling.gap.expect("the gap was measured").relative < 1e-3);
//! # let folder = tempfile::tempdir()?;
//! # let place = folder.path().join("my_district");
//! // The run folder: timeseries.csv, summary.json and the other result files.
//! artifacts.write(&place, Extras::default())?;
//! # assert!(place.join("summary.json").is_file());
//! # Ok(())
//! # }
//! ```
//!
//! # Sweep a parameter
//!
//! Jobs change nothing outside themselves, so several run side by side. The command `anergy sweep` ([`study::sweep`])
//! adds designs, resumption and clusters.
//!
//! ```
//! use anergy::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/configs/starter");
//! let costs_eur = std::thread::scope(|scope| {
//!     let jobs = [1e4, 4e4].map(|mass_kg| {
//!         let settings = vec![format!("water_loop.water_mass_kg={mass_kg}")];
//!         let request = Request { model: "district.yaml".into(), settings, ..Request::default() };
//!         scope.spawn(move || Job::new(request, directory).run(None, &mut ()).map(|done| done.summary.cost.total_eur))
//!     });
//!     jobs.map(|job| job.join().expect("no job panics"))
//! });
//! for cost_eur in costs_eur {
//!     println!("{:.2} EUR", cost_eur?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # A loop of one's own
//!
//! Dispatch and loop are participants that the driver sees through two traits. Whatever implements
//! [`LoopModel`](coupling::LoopModel) can take the place of the loop: another simulator, a measured series, a test
//! double. The example `own_loop` couples the starter district with a lake; here is a loop of constant temperature.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use anergy::coupling::{LoopModel, LoopRequest, LoopResponse, LoopSignal};
//! use ndarray::{Array1, Array2};
//!
//! /// Water at 10 degrees Celsius, whatever is taken from it, and heat pumps of COP 4 at that temperature.
//! struct Spring;
//!
//! impl LoopModel for Spring {
//!     type Error = Infallible;
//!
//!     fn simulate(&mut self, request: &LoopRequest) -> Result<LoopResponse, Infallible> {
//!         let (pumps, steps) = request.output_kw.dim();
//!         Ok(LoopResponse {
//!             temp_c: Array1::from_elem(steps + 1, 10.0),
//!             signal: LoopSignal::of_cops(Array2::from_elem((pumps, steps), 4.0)),
//!             ..LoopResponse::zeros(pumps, steps)
//!         })
//!     }
//! }
//!
//! let request = LoopRequest::new(Array2::from_elem((1, 24), 5.0), Array2::zeros((1, 24)));
//! let Ok(response) = Spring.simulate(&request);
//! assert_eq!(response.temp_c.len(), 25);
//! ```
//!
//! # The workspace
//!
//! This crate is the command line ([`cli`]) and the front of a workspace of crates, named here from top to bottom; a
//! crate uses only crates below it:
//!
//! | here | crate | contents |
//! |---|---|---|
//! | [`report`] | `anergy-report` | pages and pictures of results, from result files alone |
//! | [`study`] | `anergy-study` | sweeps, the published case, its effects, convergence studies |
//! | [`run`] | `anergy-run` | one job: journal, summary and tables, run folder |
//! | [`config`] | `anergy-config` | files into a case: districts in the format of this project, Calliope 0.6 models, lint |
//! | [`cosim`], [`coupling`], [`equilibrium`], [`participants`] | `anergy-cosim` | the coupled district and its fixed point: schemes, residuals, gap, verdicts, Newton's method, the joint optimum |
//! | [`dispatch`], [`district`] | `anergy-dispatch` | sites, carriers, technologies; a district and COPs into an LP, a plan, its costs and certificate |
//! | [`building`] | `anergy-building` | thermal networks of buildings: archetypes, gains, free temperatures, ideal loads |
//! | [`water_loop`], [`heat_pump`], [`weather`] | `anergy-thermal` | physics of the loop, COP models, sun and weather |
//! | [`lp`] | `anergy-lp` | the staged LP, solver backends, certificates |
//! | [`schema`], [`results`], [`series`], [`input`] | `anergy-data` | the schema of results, run folders, atomic writes; time axes, columns, CSV, outliers; input files of limited size |
//! | [`series::Profile`] | `anergy-profile` | a constant, or one value per step |

pub mod cli;
pub mod prelude;

pub use anergy_building as building;
pub use anergy_config as config;
pub use anergy_cosim as cosim;
pub use anergy_cosim::{coupling, equilibrium, participants};
pub use anergy_data::{input, results, schema, series};
pub use anergy_dispatch::{dispatch, district};
pub use anergy_lp as lp;
pub use anergy_report as report;
pub use anergy_run as run;
pub use anergy_study as study;
pub use anergy_thermal::{heat_pump, water_loop, weather};
