//! Runs one district with several amounts of water in its loop, all cores at once, and prints a table.
//!
//! The command `anergy sweep` does this for many parameters, resumes after an interruption and runs on clusters; here
//! is what a program of one's own needs.
//!
//! ```text
//! cargo run --example loop_mass_sweep
//! ```

use std::error::Error;
use std::thread;

use anergy::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/configs/starter");
    let masses_kg = [5e3, 1e4, 2e4, 4e4];
    let runs: Vec<Result<Artifacts, JobError>> = thread::scope(|scope| {
        let jobs = masses_kg.map(|mass_kg| {
            let settings = vec![format!("water_loop.water_mass_kg={mass_kg}")];
            let request = Request { model: "district.yaml".into(), settings, ..Request::default() };
            scope.spawn(move || Job::new(request, directory).run(None, &mut ()))
        });
        jobs.into_iter().filter_map(|job| job.join().ok()).collect()
    });
    println!("{:>10}{:>12}{:>12}{:>12}", "kg", "EUR", "coldest C", "warmest C");
    for (mass_kg, run) in masses_kg.iter().zip(runs) {
        let summary = run?.summary;
        let [low_c, _, high_c] = summary.coupling.map_or([f64::NAN; 3], |coupling| coupling.temp_c);
        println!("{mass_kg:>10}{:>12.2}{low_c:>12.2}{high_c:>12.2}", summary.cost.total_eur);
    }
    Ok(())
}
