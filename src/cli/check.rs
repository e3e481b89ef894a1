//! `anergy check`: reads a case, and reports its content and suspicious values, without solving.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Failure;
use super::case::CaseArgs;
use super::progress::Progress;
use crate::config::{Case, Finding, Level};
use crate::district::Kind;
use crate::lp::{write_lp, write_mps};
use crate::results::write_file;
use crate::run::JobObserver as _;
use crate::run::{first_problem, wrapped};

/// Read a case and say what looks wrong with it, without solving
#[derive(Debug, Args)]
#[command(
    after_help = "Errors (exit 2): keys and values that cannot be read, time stamps that are missing or repeated, gaps \
    without a fill rule.\nWarnings (exit 0, with --strict 2): values far off all others, demand above all capacity \
    (in a step, or over\ntime when stores run empty), COPs that \
    move the wrong way or leave their range, prices that make money by themselves.\n\nExamples:\n  \
    anergy check configs/smart_district.yaml\n  \
    anergy check smarti/model_op.yaml --scenario zero_alt_storage --strict\n  \
    anergy check configs/smart_district.yaml --write-model district.mps"
)]
pub(super) struct Check {
    #[command(flatten)]
    case: CaseArgs,
    /// List what the file leaves to the defaults, too
    #[arg(long)]
    defaults: bool,
    /// Write the first linear program that a run would solve, for other solvers: .mps (free MPS) or .lp (CPLEX LP)
    #[arg(long, value_name = "FILE", value_parser = ModelFile::parse)]
    write_model: Option<ModelFile>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// A path whose extension determines the format.
#[derive(Debug, Clone)]
struct ModelFile {
    path: PathBuf,
    format: ModelFormat,
}

#[derive(Debug, Clone, Copy)]
enum ModelFormat {
    Mps,
    Lp,
}

impl ModelFile {
    fn parse(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        let format = match extension.as_deref() {
            Some("mps") => ModelFormat::Mps,
            Some("lp") => ModelFormat::Lp,
            _ => return Err("the name ends with .mps (free MPS) or .lp (CPLEX LP)".to_owned()),
        };
        Ok(Self { path, format })
    }

    fn write(&self, case: &Case) -> Result<(), Failure> {
        let problem = first_problem(case);
        let written = write_file(&self.path, |file| match self.format {
            ModelFormat::Mps => write_mps(&problem, file),
            ModelFormat::Lp => write_lp(&problem, file),
        });
        written.map_err(|source| Failure::Write { path: self.path.clone(), source })?;
        let stages = problem.stages();
        let size = |of_stage: usize, once: usize| of_stage * stages + once;
        super::say(&format!(
            "{}: {} columns, {} rows",
            self.path.display(),
            size(problem.columns().len(), problem.global_columns().len()),
            size(problem.rows().len(), problem.global_rows().len()),
        ));
        Ok(())
    }
}

/// The content of a case.
#[derive(Debug, Serialize)]
struct Overview<'a> {
    case: &'a str,
    from: String,
    to: String,
    steps: usize,
    step_minutes: i64,
    /// Clock of the time stamps; absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<String>,
    sites: Vec<SiteOverview<'a>>,
    links: usize,
    on_the_loop: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<NetworkOverview>,
    findings: &'a [Finding],
}

#[derive(Debug, Serialize)]
struct SiteOverview<'a> {
    site: &'a str,
    technologies: usize,
    /// Demand of each carrier: kWh over the time, and its peak in kW.
    demands: Vec<DemandOverview<'a>>,
}

#[derive(Debug, Serialize)]
struct DemandOverview<'a> {
    carrier: &'a str,
    energy_kwh: f64,
    peak_kw: f64,
}

/// The size of a network of pipes.
#[derive(Debug, Serialize)]
struct NetworkOverview {
    pipes: usize,
    length_m: f64,
    volume_m3: f64,
    substations: usize,
    plants: usize,
}

impl NetworkOverview {
    fn of(case: &Case) -> Option<Self> {
        let network = case.coupled.as_ref()?.water_loop.network()?;
        // The short pipes past the buildings of a ring are not counted.
        let sizes: Vec<[f64; 2]> = network
            .pipe_sizes_m()
            .enumerate()
            .filter(|(pipe, _)| !network.is_beside(*pipe))
            .map(|(_, size)| size)
            .collect();
        let volume_m3 =
            |[length_m, diameter_m]: &[f64; 2]| 0.25 * std::f64::consts::PI * diameter_m * diameter_m * length_m;
        Some(Self {
            pipes: sizes.len(),
            length_m: sizes.iter().map(|[length_m, _]| length_m).sum(),
            volume_m3: sizes.iter().map(volume_m3).sum(),
            substations: network.substation_names().len(),
            plants: network.plant_names().len(),
        })
    }
}

impl Check {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        let case = self.case.load()?;
        let overview = Overview::of(&case);
        if self.json {
            super::print_unchanged(&format!("{}\n", serde_json::to_string_pretty(&overview)?))?;
        } else {
            Progress::new(false).findings(&case.findings);
            super::print(&overview.to_text(self.defaults))?;
        }
        super::refuse_errors(&case.findings)?;
        if let Some(file) = &self.write_model {
            file.write(&case)?;
        }
        Ok(0)
    }
}

impl<'a> Overview<'a> {
    fn of(case: &'a Case) -> Self {
        let axis = case.district.axis();
        let dt = axis.step_hours();
        let sites = case.district.sites().iter().map(|site| {
            let demands = case.district.carriers().iter().filter_map(|carrier| {
                let power = |step: usize| -> f64 {
                    let of_carrier = site.technologies.iter().filter_map(|technology| match &technology.kind {
                        Kind::Demand(demand) if demand.carrier == *carrier => Some(demand.power_kw.at(step)),
                        _ => None,
                    });
                    of_carrier.sum()
                };
                let energy_kwh = (0..axis.len()).map(|step| power(step) * dt).sum::<f64>();
                let peak_kw = (0..axis.len()).map(power).fold(0.0, f64::max);
                (peak_kw > 0.0).then_some(DemandOverview { carrier, energy_kwh, peak_kw })
            });
            SiteOverview { site: &site.name, technologies: site.technologies.len(), demands: demands.collect() }
        });
        Self {
            case: &case.name,
            from: axis.label(0),
            to: axis.label(axis.len()),
            clock: axis.clock(),
            steps: axis.len(),
            step_minutes: axis.step_minutes(),
            sites: sites.collect(),
            links: case.district.links().len(),
            on_the_loop: case.coupled.as_ref().map_or(0, |coupled| coupled.pumps.len()),
            network: NetworkOverview::of(case),
            findings: &case.findings,
        }
    }

    fn to_text(&self, with_defaults: bool) -> String {
        let mut text = String::new();
        let mut line = |label: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {label:<18}{value}");
        };
        let Self { case, from, to, steps, step_minutes, links, on_the_loop, .. } = self;
        line("case", (*case).to_owned());
        let clock = self.clock.as_ref().map_or_else(String::new, |clock| format!(", {clock}"));
        line("time", format!("{from} to {to} ({steps} steps of {step_minutes} min{clock})"));
        for SiteOverview { site, technologies, demands } in &self.sites {
            line(site, format!("{technologies} technologies"));
            for DemandOverview { carrier, energy_kwh, peak_kw } in demands {
                line("", format!("{carrier:<22}{energy_kwh:>12.0} kWh wanted, {peak_kw:.1} kW at most"));
            }
        }
        if *links > 0 {
            line("links", links.to_string());
        }
        line("on the loop", format!("{on_the_loop} heat pumps"));
        if let Some(NetworkOverview { pipes, length_m, volume_m3, substations, plants }) = &self.network {
            let words = format!(
                "{pipes} pipes of {length_m:.0} m with {volume_m3:.1} m3, {substations} substations, {plants} plants"
            );
            line("network", words);
        }
        let count = |level: Level| self.findings.iter().filter(|finding| finding.level == level).count();
        let warnings = count(Level::Warning) + count(Level::Error);
        line("findings", format!("{warnings} to look at, {} to know", count(Level::Note)));
        if !with_defaults {
            let keys = count(Level::Default);
            line("defaults", format!("{keys} keys are left to them (--defaults lists them)"));
            return text;
        }
        let defaults = self.findings.iter().filter(|finding| finding.level == Level::Default);
        for (index, finding) in defaults.enumerate() {
            let label = if index == 0 { "defaults" } else { "" };
            for (row, part) in wrapped(&finding.message, 92).into_iter().enumerate() {
                line(if row == 0 { label } else { "" }, part);
            }
        }
        text
    }
}
