//! Construction of a district from a model's document.

use anergy_data::series::FileColumn;
use anergy_dispatch::district::{District, Place, Shortage, Site};

use super::Options;
use super::builder::TechnologyBuilder;
use super::model::Model;
use super::reader::{ModelReader, joined, map_of, number_of, text_of, truth_of};
use super::version::Version;
use super::vocabulary::{CONSTRAINTS, COSTS, ESSENTIALS, LOCATION, MODEL, MONETARY, RUN, TECHNOLOGY, TOP, Vocabulary};
use crate::locate::{Places, locate};
use crate::timeseries::{TimeSeries, UsedColumn};
use crate::yaml::{Conflict, Entry, Map, Node, Span, Value};
use crate::{ConfigError, Finding, Inputs, Problem};

/// The name of the origin of values from `--set`.
const SETTING: &str = crate::SETTING;

/// Calliope's default of `run.bigM`.
const DEFAULT_BIG_M: f64 = 1e9;

impl Model {
    /// Reads the district of this model, and the columns of time series that it uses.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line, key and what was expected: unknown or unsupported keys, wrong values, time
    /// series that are missing or faulty.
    pub fn district(
        &self,
        options: &Options<'_>,
        inputs: &mut Inputs,
        findings: &mut Vec<Finding>,
    ) -> Result<(District, Vec<UsedColumn>), ConfigError> {
        let mut reader = ModelReader::new(options, findings);
        reader.check_keys("", self.map(), &TOP)?;
        let level = |key: &str, what: &str| match self.map().get(key) {
            Some(node) => map_of(node, what).cloned(),
            None => Ok(Map::default()),
        };
        let model = level("model", "the model's settings")?;
        let run = level("run", "the run's settings")?;
        let technologies = level("techs", "technologies")?;
        let locations = level("locations", "locations")?;
        reader.check_keys("model", &model, &MODEL)?;
        reader.check_keys("run", &run, &RUN)?;
        let version = Version::read(&mut reader, &model)?;
        let run = RunSettings::read(&run)?;
        check_technologies(&mut reader, "techs", &technologies)?;

        let data_path =
            model.get("timeseries_data_path").map(|node| text_of(node, "timeseries_data_path")).transpose()?;
        let window = Self::window(model.get("subset_time"))?;
        let folder = TimeSeries::folder_of(self.document.path(), data_path);
        let mut series = TimeSeries::new(folder, window, options.corrections);
        let site_technologies = site_technologies(&mut reader, &technologies, &locations)?;
        let step_hours = self.fix_axis(&mut series, &site_technologies, inputs)?;
        let mut sites: Vec<Site> = Vec::new();
        for tech in &site_technologies {
            let mut builder = TechnologyBuilder {
                tech,
                run: &run,
                version,
                step_hours,
                series: &mut series,
                inputs,
                reader: &mut reader,
                used: Vec::new(),
            };
            let technology = builder.technology()?;
            match sites.iter_mut().find(|site| site.name == tech.site) {
                Some(site) => site.technologies.push(technology),
                None => sites.push(Site { name: tech.site.clone(), technologies: vec![technology] }),
            }
        }
        reader.finish();
        let axis = series.axis().ok_or_else(|| self.no_series())?;
        let district = District::new(axis, sites, run.shortage);
        Ok((
            district.map_err(|error| locate(error, &CalliopePositions(&site_technologies), series.used()))?,
            series.into_used(),
        ))
    }

    /// Reads one file to fix the time axis; returns the length of a step in hours.
    fn fix_axis(
        &self,
        series: &mut TimeSeries<'_>,
        site_technologies: &[CalliopeTechnology],
        inputs: &mut Inputs,
    ) -> Result<f64, ConfigError> {
        let node =
            site_technologies.iter().find_map(|tech| first_reference(&tech.map)).ok_or_else(|| self.no_series())?;
        let reference = node.as_text().and_then(|text| text.strip_prefix("file=")).unwrap_or_default();
        Ok(series.begin_with(&FileColumn::parse(reference), &node.span, inputs)?.step_hours())
    }

    fn no_series(&self) -> ConfigError {
        let path = self.document.path().display();
        ConfigError::Mismatch(format!("{path}: no technology reads a time series, so the time axis is unknown"))
    }
}

/// A technology at a site, with the site's settings merged over the technology's own.
pub(super) struct CalliopeTechnology {
    pub(super) site: String,
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) map: Map,
}

/// The positions in a model of the numbers of a district.
struct CalliopePositions<'a>(&'a [CalliopeTechnology]);

impl Places for CalliopePositions<'_> {
    fn find(&self, place: &Place, key: &'static str) -> Option<(String, &Span)> {
        let Place::Technology { site, technology } = place else { return None };
        let tech = self.0.iter().find(|tech| tech.site == *site && tech.name == *technology)?;
        let found = written_as(key).iter().find_map(|path| {
            let (first, rest) = path.split_once('.')?;
            Some((*path, &tech.map.get(first)?.at(rest)?.span))
        });
        let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        Some(found.map_or_else(|| (key.to_owned(), &tech.span), |(path, span)| (name(path), span)))
    }

    fn series_keys(&self, key: &'static str) -> Vec<&'static str> {
        written_as(key).iter().map(|path| path.rsplit('.').next().unwrap_or_default()).collect()
    }
}

/// Returns Calliope's keys for a number of the district.
fn written_as(key: &'static str) -> &'static [&'static str] {
    match key {
        "capacity_kw" | "charge_kw" | "discharge_kw" => &["constraints.energy_cap_equals"],
        "capacity_kwh" => &["constraints.storage_cap_equals"],
        "efficiency" | "charge_efficiency" | "discharge_efficiency" => &["constraints.energy_eff"],
        "loss_per_hour" => &["constraints.storage_loss"],
        "initial_kwh" => &["constraints.storage_initial"],
        "resource_kw" | "power_kw" => &["constraints.resource"],
        "lifetime_years" => &["constraints.lifetime"],
        "price_eur_per_kwh" | "output_eur_per_kwh" | "discharge_eur_per_kwh" => &["costs.monetary.om_prod"],
        "input_eur_per_kwh" | "charge_eur_per_kwh" => &["costs.monetary.om_con"],
        "interest_rate" => &["costs.monetary.interest_rate"],
        "per_kw_eur" => &["costs.monetary.energy_cap"],
        "per_kwh_eur" => &["costs.monetary.storage_cap"],
        "upkeep_eur_per_kw_year" => &["costs.monetary.om_annual"],
        "carrier_in" => &["essentials.carrier_in"],
        _ => &[],
    }
}

/// Returns every technology at every site that is not switched off, with the site's settings merged over the
/// technology's own.
fn site_technologies(
    reader: &mut ModelReader<'_>,
    technologies: &Map,
    locations: &Map,
) -> Result<Vec<CalliopeTechnology>, ConfigError> {
    // A technology that only a setting names, or that an override names and no site has, has a misspelt name.
    for Entry { key, key_span, value } in technologies.entries() {
        let stands = locations.entries().iter().filter_map(|location| location.value.as_map()?.get("techs")?.as_map());
        if let Some(origin) = &value.origin
            && !stands.into_iter().any(|techs| techs.get(key).is_some())
        {
            let known = technologies.entries().iter().filter(|entry| entry.value.origin.is_none());
            let known: Vec<&str> = known.map(|entry| entry.key.as_str()).collect();
            introduced(reader, key_span, origin, &format!("the technology `{key}`"), key, &known)?;
        }
    }
    let mut site_technologies = Vec::new();
    for Entry { key: site, key_span, value } in locations.entries() {
        if site.contains(',') || site.contains("--") {
            reader.unsupported(key_span, site, Some("several locations under one key; write them out"))?;
            continue;
        }
        if let Some(name) = &value.origin {
            let known = locations.entries().iter().filter(|entry| entry.value.origin.is_none());
            let known: Vec<&str> = known.map(|entry| entry.key.as_str()).collect();
            introduced(reader, key_span, name, &format!("the location `{site}`"), site, &known)?;
        }
        let location = map_of(value, "a location")?;
        let path = joined("locations", site);
        reader.check_keys(&path, location, &LOCATION)?;
        let Some(node) = location.get("techs") else { continue };
        let here = map_of(node, "technologies")?;
        check_technologies(reader, &joined(&path, "techs"), here)?;
        for Entry { key: name, key_span, value } in here.entries() {
            let Some(global) = technologies.get(name) else {
                let known = technologies.entries().iter().map(|entry| entry.key.as_str());
                return Err(key_span.error(Problem::unknown_key(name, known)));
            };
            if let Some(origin) = &value.origin {
                let known = here.entries().iter().filter(|entry| entry.value.origin.is_none());
                let known: Vec<&str> = known.map(|entry| entry.key.as_str()).collect();
                introduced(reader, key_span, origin, &format!("the technology `{name}` at `{site}`"), name, &known)?;
            }
            let mut merged = map_of(global, "a technology")?.clone();
            merged.union(settings_at(reader, &joined(&path, &format!("techs.{name}")), value)?, Conflict::Replace)?;
            let exists = merged.get("exists").map_or(Ok(true), |node| truth_of(node, "exists"))?;
            if exists {
                site_technologies.push(CalliopeTechnology {
                    site: site.clone(),
                    name: name.clone(),
                    span: key_span.clone(),
                    map: merged,
                });
            }
        }
    }
    Ok(site_technologies)
}

/// Returns a technology's settings at a site, without `essentials`: Calliope reads those from `techs` alone and ignores
/// them at a site.
fn settings_at(reader: &mut ModelReader<'_>, path: &str, value: &Node) -> Result<Map, ConfigError> {
    let mut settings = map_of(value, "a technology")?.clone();
    let essentials = settings.get("essentials").and_then(Node::as_map).cloned().unwrap_or_default();
    settings.remove("essentials");
    for entry in essentials.entries().iter().filter(|entry| ESSENTIALS.read.contains(&entry.key.as_str())) {
        let message = format!(
            "{path}.essentials.{} has no effect: Calliope reads `essentials` only under `techs`, not under `locations`",
            entry.key
        );
        reader.findings.push(Finding::warning(Some(&entry.key_span), message));
    }
    Ok(settings)
}

/// Handles a technology or site that only an override or a setting adds. An override may add to a model, with a
/// warning; a setting of an unknown name is an error.
fn introduced(
    reader: &mut ModelReader<'_>,
    span: &Span,
    origin: &str,
    what: &str,
    name: &str,
    known: &[&str],
) -> Result<(), ConfigError> {
    let problem = Problem::unknown_key(name, known.iter().copied());
    if origin == SETTING {
        return Err(span.error(problem));
    }
    let message = format!("the override `{origin}` adds {what}, which the model does not have ({problem})");
    reader.findings.push(Finding::warning(Some(span), message));
    Ok(())
}

/// Returns the first `file=` value of a mapping.
fn first_reference(map: &Map) -> Option<&Node> {
    map.entries().iter().find_map(|entry| match &entry.value.value {
        Value::Map(map) => first_reference(map),
        Value::Scalar { text, .. } if text.starts_with("file=") => Some(&entry.value),
        _ => None,
    })
}

/// Checks the keys of technologies, at all levels, before sites and technologies are merged: each mistake is reported
/// once, at its own place.
fn check_technologies(reader: &mut ModelReader<'_>, path: &str, technologies: &Map) -> Result<(), ConfigError> {
    for Entry { key, value, .. } in technologies.entries() {
        let path = joined(path, key);
        let map = map_of(value, "a technology")?;
        let mut checked = map.clone();
        for entry in map.entries() {
            // Calliope reads only the groups of a technology; it silently ignores a key of a group that is outside the
            // group.
            let group = [("constraints", &CONSTRAINTS), ("essentials", &ESSENTIALS), ("costs.monetary", &MONETARY)]
                .into_iter()
                .find(|(_, level)| level.known().any(|known| known == entry.key));
            if let (Some(name), Some((group, _))) = (&entry.value.origin, group)
                && name.as_ref() != SETTING
                && !TECHNOLOGY.known().any(|known| known == entry.key)
            {
                checked.remove(&entry.key);
                let message = format!(
                    "the override `{name}` sets {path}.{key}, which has no effect; `{key}` is read only as \
                     {path}.{group}.{key}",
                    key = entry.key
                );
                reader.findings.push(Finding::warning(Some(&entry.key_span), message));
            }
        }
        reader.check_keys(&path, &checked, &TECHNOLOGY)?;
        let groups: [(&str, &Vocabulary); 3] =
            [("essentials", &ESSENTIALS), ("constraints", &CONSTRAINTS), ("costs", &COSTS)];
        for (group, level) in groups {
            if let Some(node) = map.get(group) {
                reader.check_keys(&joined(&path, group), map_of(node, "a group of settings")?, level)?;
            }
        }
        if let Some(monetary) = map.get("costs").and_then(Node::as_map).and_then(|costs| costs.get("monetary")) {
            reader.check_keys(&joined(&path, "costs.monetary"), map_of(monetary, "costs")?, &MONETARY)?;
        }
    }
    Ok(())
}

/// The settings under `run` that apply to the dispatch.
pub(super) struct RunSettings {
    pub(super) shortage: Shortage,
    pub(super) cyclic_storage: bool,
}

impl RunSettings {
    fn read(map: &Map) -> Result<Self, ConfigError> {
        if let Some(node) = map.get("mode") {
            let mode = text_of(node, "mode")?;
            if mode != "plan" {
                let reason = "the whole time is dispatched at once, with perfect foresight; use `mode: plan`";
                let known = ["plan", "operate"];
                if !known.contains(&mode) {
                    return Err(node.span.error(Problem::unknown_choice(mode, known)));
                }
                let (what, reason) = (format!("run.mode: {mode}"), Some(reason.to_owned()));
                return Err(node.span.error(Problem::Unsupported { what, reason }));
            }
        }
        if let Some(node) = map.get("objective") {
            let objective = text_of(node, "objective")?;
            if objective != "minmax_cost_optimization" {
                let (what, reason) = (format!("run.objective: {objective}"), Some("cost is minimised".to_owned()));
                return Err(node.span.error(Problem::Unsupported { what, reason }));
            }
        }
        let truth = |key: &str, default| map.get(key).map_or(Ok(default), |node| truth_of(node, key));
        let big_m = match map.get("bigM") {
            None => DEFAULT_BIG_M,
            Some(node) => {
                let value = number_of(node, "bigM")?;
                if !(value.is_finite() && value > 0.0) {
                    return Err(node.span.error(Problem::Wrong(format!("`bigM` is {value}; expected a number > 0"))));
                }
                value
            }
        };
        let price = truth("ensure_feasibility", false)?.then_some(big_m);
        let shortage = Shortage { unmet_eur_per_kwh: price, surplus_eur_per_kwh: price };
        Ok(Self { shortage, cyclic_storage: truth("cyclic_storage", true)? })
    }
}
