//! What most programs that use this library need.
//!
//! ```
//! use anergy::prelude::*;
//! ```

pub use anergy_config::{Case, ConfigError, LoopSource, Request};
pub use anergy_cosim::coupling::{Gap, Observer, Record, Verdict};
pub use anergy_data::schema::Summary;
pub use anergy_run::{Artifacts, Cancellation, Ending, Extras, Job, JobError, JobObserver, Resumed};
