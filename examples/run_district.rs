//! Runs a district from its file and prints what it costs and whether dispatch and loop agree.
//!
//! ```text
//! cargo run --example run_district                     # the starter district
//! cargo run --example run_district -- my/district.yaml
//! ```

use std::error::Error;

use anergy::prelude::*;

/// Prints the relative gap of every iteration.
struct Gaps;

impl Observer for Gaps {
    fn iteration(&mut self, _record: &Record) {}

    fn gap(&mut self, iteration: usize, gap: &Gap) {
        println!("iteration {iteration}: relative gap {:.2e}", gap.relative);
    }
}

impl JobObserver for Gaps {}

fn main() -> Result<(), Box<dyn Error>> {
    let starter = concat!(env!("CARGO_MANIFEST_DIR"), "/configs/starter/district.yaml");
    let model = std::env::args().nth(1).unwrap_or_else(|| starter.to_owned());
    let request = Request { model: model.into(), ..Request::default() };
    let Artifacts { summary, ending, .. } = Job::new(request, "").run(None, &mut Gaps)?;
    println!("{}: {:.2} EUR, {:.0} kg CO2, {ending:?}", summary.case, summary.cost.total_eur, summary.co2_kg);
    if let Some(coupling) = summary.coupling {
        let [low_c, mean_c, high_c] = coupling.temp_c;
        println!("loop between {low_c:.1} and {high_c:.1} degrees Celsius, {mean_c:.1} in the mean");
        println!("{}", coupling.explanation);
    }
    Ok(())
}
