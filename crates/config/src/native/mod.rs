//! District files: sites, technologies by kind, links, the water loop and its coupling in one file.
//!
//! The settings belong to the modules that use them ([`anergy_dispatch::district::settings`],
//! [`anergy_cosim::HeatPumpSettings`], the loop's and the coupling's own); this module combines them ([`settings`]),
//! reads them with their positions (`reader`) and builds the district ([`build()`]).

mod build;
mod defaults;
mod heat_pumps;
mod locate;
mod reader;
mod schema;
pub mod settings;
mod write;

pub use build::{Built, build};
pub use schema::json_schema;
pub(crate) use schema::{allow_dotted_keys, close_loops};
pub use write::{SERIES, district_file};
