//! Reports: pages and images of results, from the files of run folders alone.
//!
//! The schema of those files is declared in [`anergy_data::schema`].
//!
//! A report is made in three steps: files are read ([`RunResults`]), a page is made of them as data ([`run_page`];
//! figures are [`figure::Figure`]), and the page is written as self-contained HTML ([`html()`]), or its figures as
//! images.

#![expect(clippy::cast_precision_loss, reason = "time axes and tables have far fewer than 2^52 rows")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of steps and days are small and positive"
)]

mod axis;
mod comparison;
mod effects;
mod error;
pub mod figure;
mod figures;
mod flows;
mod frame;
mod headline;
mod html;
mod page;
pub mod print;
mod run;
mod run_page;
mod sweep_page;
mod tables;
mod trust;

pub use axis::Axis;
pub use comparison::comparison_page;
pub use effects::effects_page;
pub use error::ReportError;
pub use frame::Frame;
pub use html::html;
pub use page::{Block, Cell, Page, Section, Table, Tile, Tone};
pub use run::RunResults;
pub use run_page::run_page;
pub use sweep_page::sweep_page;
