//! From a model's document to a district.

use super::Options;
use super::document::Model;
use super::reader::{Reader, joined, map_of, number_of, text_of, truth_of};
use super::timeseries::{TimeSeries, Values};
use super::vocabulary::{CONSTRAINTS, COSTS, ESSENTIALS, LOCATION, MODEL, MONETARY, RUN, TECHNOLOGY, TOP, Vocabulary};
use crate::config::yaml::{Conflict, Entry, Map, Node, Span, Value};
use crate::config::{ConfigError, Finding, Inputs, Problem};
use crate::district::{
    Availability, Conversion, Demand, District, Investment, Kind, Shortage, Site, Storage, StorageBoundary, Supply,
    Technology,
};
use crate::series::Profile;

/// Calliope's own default of `run.bigM`.
const DEFAULT_BIG_M: f64 = 1e9;

impl Model {
    /// The district of this model.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line, key and what was expected: unknown or unsupported keys, wrong values, time series
    /// that are missing or faulty.
    pub fn district(
        &self,
        options: &Options<'_>,
        inputs: &mut Inputs,
        findings: &mut Vec<Finding>,
    ) -> Result<District, ConfigError> {
        let mut reader = Reader::new(options, findings);
        reader.check_keys("", self.document(), &TOP)?;
        let level = |key: &str, what: &str| match self.document().get(key) {
            Some(node) => map_of(node, what).cloned(),
            None => Ok(Map::default()),
        };
        let model = level("model", "the model's settings")?;
        let run = level("run", "the run's settings")?;
        let technologies = level("techs", "technologies")?;
        let locations = level("locations", "locations")?;
        reader.check_keys("model", &model, &MODEL)?;
        reader.check_keys("run", &run, &RUN)?;
        check_version(&mut reader, &model)?;
        let run = Run::read(&mut reader, &run)?;
        check_technologies(&mut reader, "techs", &technologies)?;

        let data_path =
            model.get("timeseries_data_path").map(|node| text_of(node, "timeseries_data_path")).transpose()?;
        let window = self.window(model.get("subset_time"))?;
        let mut series = TimeSeries::new(self.path(), data_path, window, options.corrections);
        let mut drafts = Vec::new();
        for Entry { key: site, key_span, value } in locations.entries() {
            if site.contains(',') || site.contains("--") {
                reader.unsupported(key_span, site, Some("several locations under one key; write them out"))?;
                continue;
            }
            let location = map_of(value, "a location")?;
            let path = joined("locations", site);
            reader.check_keys(&path, location, &LOCATION)?;
            let Some(node) = location.get("techs") else { continue };
            let here = map_of(node, "technologies")?;
            check_technologies(&mut reader, &joined(&path, "techs"), here)?;
            for Entry { key: name, key_span, value } in here.entries() {
                let Some(global) = technologies.get(name) else {
                    let known = technologies.entries().iter().map(|entry| entry.key.as_str());
                    return Err(key_span.error(Problem::unknown_key(name, known)));
                };
                let mut merged = map_of(global, "a technology")?.clone();
                merged.union(map_of(value, "a technology")?.clone(), Conflict::Replace)?;
                let exists = merged.get("exists").map_or(Ok(true), |node| truth_of(node, "exists"))?;
                if exists {
                    drafts.push(Draft { site: site.clone(), name: name.clone(), span: key_span.clone(), map: merged });
                }
            }
        }
        let step_hours = self.fix_axis(&mut series, &drafts, inputs)?;
        let mut sites: Vec<Site> = Vec::new();
        for draft in &drafts {
            let mut builder = Builder {
                draft,
                run: &run,
                step_hours,
                series: &mut series,
                inputs,
                reader: &mut reader,
                used: Vec::new(),
            };
            let technology = builder.technology()?;
            match sites.iter_mut().find(|site| site.name == draft.site) {
                Some(site) => site.technologies.push(technology),
                None => sites.push(Site { name: draft.site.clone(), technologies: vec![technology] }),
            }
        }
        reader.finish();
        let axis = series.axis().ok_or_else(|| self.no_series())?;
        Ok(District::new(axis, sites, run.shortage)?)
    }

    /// Reads one series so that the time axis is known; returns the length of a step in hours.
    fn fix_axis(&self, series: &mut TimeSeries<'_>, drafts: &[Draft], inputs: &mut Inputs) -> Result<f64, ConfigError> {
        let found = drafts.iter().find_map(|draft| first_reference(&draft.map).map(|node| (draft, node)));
        let (draft, node) = found.ok_or_else(|| self.no_series())?;
        series.values(node, "", &draft.site, 0.0, inputs, &mut Vec::new())?;
        Ok(series.axis().ok_or_else(|| self.no_series())?.step_hours())
    }

    fn no_series(&self) -> ConfigError {
        let path = self.path().display();
        ConfigError::Mismatch(format!("{path}: no technology reads a time series, so the time axis is unknown"))
    }
}

/// A technology at a site, with the site's settings on top of the technology's own.
struct Draft {
    site: String,
    name: String,
    span: Span,
    map: Map,
}

/// The first `file=` of a mapping.
fn first_reference(map: &Map) -> Option<&Node> {
    map.entries().iter().find_map(|entry| match &entry.value.value {
        Value::Map(map) => first_reference(map),
        Value::Scalar { text, .. } if text.starts_with("file=") => Some(&entry.value),
        _ => None,
    })
}

fn check_version(reader: &mut Reader<'_>, model: &Map) -> Result<(), ConfigError> {
    let Some(node) = model.get("calliope_version") else { return Ok(()) };
    let version = text_of(node, "calliope_version")?;
    if !version.starts_with("0.6") {
        let reason = format!("this is a model for Calliope {version}; models for 0.6 are read");
        return reader.unsupported(&node.span, "model.calliope_version", Some(&reason));
    }
    if version != "0.6.3" {
        reader.findings.push(Finding::note(format!("a model for Calliope {version}, read as one for 0.6.3")));
    }
    Ok(())
}

/// Checks the keys of technologies, all levels down, before sites and technologies are joined: so each mistake is
/// reported once, where it stands.
fn check_technologies(reader: &mut Reader<'_>, path: &str, technologies: &Map) -> Result<(), ConfigError> {
    for Entry { key, value, .. } in technologies.entries() {
        let path = joined(path, key);
        let map = map_of(value, "a technology")?;
        let mut checked = map.clone();
        for entry in map.entries() {
            // Calliope looks only at the groups of a technology; a value beside them is lost without a word.
            if let (Some(name), false) = (&entry.value.origin, TECHNOLOGY.known().any(|known| known == entry.key)) {
                checked.remove(&entry.key);
                let group = [("constraints", &CONSTRAINTS), ("essentials", &ESSENTIALS), ("costs.monetary", &MONETARY)]
                    .into_iter()
                    .find(|(_, level)| level.known().any(|known| known == entry.key));
                let remedy = group.map_or_else(String::new, |(group, _)| {
                    format!("; `{}` is read only as {path}.{group}.{}", entry.key, entry.key)
                });
                let message = format!("the override `{name}` sets {path}.{}, which has no effect{remedy}", entry.key);
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

/// What the run's settings say of the dispatch.
struct Run {
    shortage: Shortage,
    cyclic_storage: bool,
}

impl Run {
    fn read(reader: &mut Reader<'_>, map: &Map) -> Result<Self, ConfigError> {
        if let Some(node) = map.get("mode") {
            let mode = text_of(node, "mode")?;
            if mode != "plan" {
                let reason = "the whole time is dispatched at once, with perfect foresight; use `mode: plan`";
                let known = ["plan", "operate"];
                if !known.contains(&mode) {
                    return Err(node.span.error(Problem::unknown_choice(mode, known)));
                }
                reader.unsupported(&node.span, &format!("run.mode: {mode}"), Some(reason))?;
            }
        }
        if let Some(node) = map.get("objective") {
            let objective = text_of(node, "objective")?;
            if objective != "minmax_cost_optimization" {
                reader.unsupported(&node.span, &format!("run.objective: {objective}"), Some("cost is minimised"))?;
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

/// Builds one technology at one site.
struct Builder<'a, 'b> {
    draft: &'a Draft,
    run: &'a Run,
    step_hours: f64,
    series: &'a mut TimeSeries<'b>,
    inputs: &'a mut Inputs,
    reader: &'a mut Reader<'b>,
    used: Vec<&'static str>,
}

impl<'a> Builder<'a, '_> {
    fn technology(&mut self) -> Result<Technology, ConfigError> {
        let parent = self.essential("parent")?;
        let kind = match parent.1.as_str() {
            "supply" | "supply_plus" => self.supply()?,
            "demand" => self.demand()?,
            "storage" => self.storage()?,
            "conversion" | "conversion_plus" => self.conversion()?,
            other => {
                let known = ["supply", "supply_plus", "demand", "storage", "conversion", "conversion_plus"];
                if other == "transmission" {
                    self.reader.unsupported(&parent.0, "transmission", Some("sites are not linked in this version"))?;
                }
                return Err(parent.0.error(Problem::unknown_choice(other, known)));
            }
        };
        let investment = self.investment()?;
        let constraints = self.group("constraints").cloned().unwrap_or_default();
        for entry in constraints.entries() {
            let key = entry.key.as_str();
            if CONSTRAINTS.read.contains(&key) && key != "lifetime" && !self.used.contains(&key) {
                let message = format!("`{key}` does not apply to a {} ({})", parent.1, self.place());
                return Err(entry.key_span.error(Problem::Wrong(message)));
            }
        }
        Ok(Technology { name: self.draft.name.clone(), kind, investment })
    }

    fn supply(&mut self) -> Result<Kind, ConfigError> {
        let carrier = self.carrier(&["carrier_out", "carrier"])?;
        let capacity_kw = self.capacity_kw("energy_cap_equals")?;
        let efficiency = self.constant("energy_eff", 1.0)?;
        let force = self.truth("force_resource", false)?;
        let unlimited = self.constraint("resource").is_some_and(|node| node.as_number() == Some(f64::INFINITY));
        let available = if unlimited {
            self.used.extend(["resource", "resource_scale", "resource_unit"]);
            if force {
                let span = self.constraint("force_resource").map_or(&self.draft.span, |node| &node.span).clone();
                return Err(span.error(Problem::Wrong("an infinite resource cannot be forced".to_owned())));
            }
            Availability::Unlimited
        } else {
            let Values { profile, column } = self.resource(capacity_kw)?;
            let power = profile.map(|energy| energy * efficiency / self.step_hours);
            let steps = power.steps().unwrap_or(1);
            if let Some(step) = (0..steps).find(|&step| power.at(step) < 0.0) {
                let place = column.map_or_else(String::new, |column| format!(" ({})", column.place(step)));
                return Err(self.wrong_resource(format!("is negative: {}{place}", power.at(step))));
            }
            if force && let Some(step) = (0..steps).find(|&step| power.at(step) > capacity_kw * (1.0 + 1e-9)) {
                let message = format!("forces {} kW through a capacity of {capacity_kw} kW", power.at(step));
                return Err(self.wrong_resource(message));
            }
            if force { Availability::Forced(power) } else { Availability::UpTo(power) }
        };
        let price_eur_per_kwh = self.price("om_prod")?;
        self.refuse_price("om_con")?;
        Ok(Kind::Supply(Supply { carrier, capacity_kw, available, price_eur_per_kwh }))
    }

    fn demand(&mut self) -> Result<Kind, ConfigError> {
        let carrier = self.carrier(&["carrier", "carrier_in"])?;
        if !self.truth("force_resource", true)? {
            let span = self.constraint("force_resource").map_or(&self.draft.span, |node| &node.span).clone();
            self.reader.unsupported(&span, "force_resource: false", Some("a demand must be met"))?;
        }
        let Values { profile, column } = self.resource(f64::NAN)?;
        let steps = profile.steps().unwrap_or(1);
        if let Some(step) = (0..steps).find(|&step| profile.at(step) > 0.0) {
            let place = column.map_or_else(String::new, |column| format!(" ({})", column.place(step)));
            let message = format!("of a demand must be negative or zero, found {}{place}", profile.at(step));
            return Err(self.wrong_resource(message));
        }
        self.refuse_price("om_con")?;
        self.refuse_price("om_prod")?;
        Ok(Kind::Demand(Demand { carrier, power_kw: profile.map(|energy| (-energy).max(0.0) / self.step_hours) }))
    }

    fn storage(&mut self) -> Result<Kind, ConfigError> {
        let carrier = self.carrier(&["carrier"])?;
        let initial = self.constraint("storage_initial").map(|node| number_of(node, "storage_initial")).transpose()?;
        self.used.push("storage_initial");
        let boundary = match (self.run.cyclic_storage, initial) {
            (true, Some(level)) => StorageBoundary::CyclicFixed(level),
            (true, None) => StorageBoundary::Cyclic,
            (false, level) => StorageBoundary::Given(level.unwrap_or(0.0)),
        };
        Ok(Kind::Storage(Storage {
            carrier,
            power_kw: self.capacity_kw("energy_cap_equals")?,
            capacity_kwh: self.capacity_kw("storage_cap_equals")?,
            efficiency: self.constant("energy_eff", 1.0)?,
            loss_per_hour: self.constant("storage_loss", 0.0)?,
            boundary,
            discharge_eur_per_kwh: self.price("om_prod")?,
            charge_eur_per_kwh: self.price("om_con")?,
        }))
    }

    fn conversion(&mut self) -> Result<Kind, ConfigError> {
        let carrier_in = self.carrier(&["carrier_in"])?;
        let carrier_out = self.carrier(&["carrier_out"])?;
        for (key, carrier) in [("primary_carrier_in", &carrier_in), ("primary_carrier_out", &carrier_out)] {
            let Some(node) = self.group("essentials").and_then(|map| map.get(key)) else { continue };
            if node.as_text() != Some(carrier) {
                let message = format!("`{key}` is {}; expected the one carrier there is, `{carrier}`", node.describe());
                return Err(node.span.error(Problem::Wrong(message)));
            }
        }
        Ok(Kind::Conversion(Conversion {
            carrier_in,
            carrier_out,
            capacity_kw: self.capacity_kw("energy_cap_equals")?,
            efficiency: self.series_of("constraints", "energy_eff", 1.0)?.profile,
            output_eur_per_kwh: self.price("om_prod")?,
            input_eur_per_kwh: self.price("om_con")?,
        }))
    }

    /// The resource in kWh per step, scaled.
    fn resource(&mut self, capacity_kw: f64) -> Result<Values, ConfigError> {
        let scale = self.constant("resource_scale", 1.0)?;
        self.used.push("resource_unit");
        let unit = match self.constraint("resource_unit") {
            None => 1.0,
            Some(node) => match text_of(node, "resource_unit")? {
                "energy" => 1.0,
                "energy_per_cap" if !capacity_kw.is_nan() => capacity_kw,
                "energy_per_cap" => {
                    let message = "`resource_unit: energy_per_cap` needs a capacity, and a demand has none".to_owned();
                    return Err(node.span.error(Problem::Wrong(message)));
                }
                "energy_per_area" => {
                    let span = node.span.clone();
                    self.reader.unsupported(&span, "resource_unit: energy_per_area", None)?;
                    1.0
                }
                other => {
                    let known = ["energy", "energy_per_cap", "energy_per_area"];
                    return Err(node.span.error(Problem::unknown_choice(other, known)));
                }
            },
        };
        let values = self.series_of("constraints", "resource", 0.0)?;
        Ok(Values { profile: values.profile.map(|value| value * scale * unit), column: values.column })
    }

    fn investment(&mut self) -> Result<Investment, ConfigError> {
        let lifetime =
            self.constraint("lifetime").map(|node| number_of(node, "lifetime").map(|n| (n, node.span.clone())));
        let lifetime = lifetime.transpose()?;
        if let Some((years, span)) = &lifetime
            && !(years.is_finite() && *years > 0.0)
        {
            return Err(span.error(Problem::Wrong(format!("`lifetime` is {years}; expected years > 0"))));
        }
        let cost =
            |key: &str| self.monetary().and_then(|map| map.get(key)).map_or(Ok(0.0), |node| number_of(node, key));
        let investment = Investment {
            interest_rate: cost("interest_rate")?,
            lifetime_years: lifetime.map(|(years, _)| years),
            per_kw_eur: cost("energy_cap")?,
            per_kwh_eur: cost("storage_cap")?,
            upkeep_eur_per_kw_year: cost("om_annual")?,
        };
        let invested = investment.per_kw_eur != 0.0 || investment.per_kwh_eur != 0.0;
        if invested && investment.lifetime_years.is_none() {
            let key = "constraints.lifetime (needed to annualise the investment)".to_owned();
            return Err(self.draft.span.error(Problem::MissingKey { key }));
        }
        Ok(investment)
    }

    fn group(&self, name: &str) -> Option<&'a Map> {
        let draft: &'a Draft = self.draft;
        draft.map.get(name).and_then(Node::as_map)
    }

    fn monetary(&self) -> Option<&'a Map> {
        self.group("costs")?.get("monetary")?.as_map()
    }

    fn constraint(&self, key: &str) -> Option<&'a Node> {
        self.group("constraints")?.get(key)
    }

    fn place(&self) -> String {
        format!("{} at {}", self.draft.name, self.draft.site)
    }

    fn wrong_resource(&self, message: String) -> ConfigError {
        let span = self.constraint("resource").map_or(&self.draft.span, |node| &node.span);
        span.error(Problem::Wrong(format!("the `resource` of {} {message}", self.place())))
    }

    fn essential(&self, key: &str) -> Result<(Span, String), ConfigError> {
        let missing = || self.draft.span.error(Problem::MissingKey { key: format!("essentials.{key}") });
        let node = self.group("essentials").and_then(|map| map.get(key)).ok_or_else(missing)?;
        Ok((node.span.clone(), text_of(node, key)?.to_owned()))
    }

    /// The one carrier under the first of `keys` that is there.
    fn carrier(&self, keys: &[&str]) -> Result<String, ConfigError> {
        let present = keys.iter().find(|key| self.group("essentials").is_some_and(|map| map.get(key).is_some()));
        self.essential(present.unwrap_or(&keys[0])).map(|(_, carrier)| carrier)
    }

    fn capacity_kw(&mut self, key: &'static str) -> Result<f64, ConfigError> {
        self.used.push(key);
        let missing = || {
            let key = format!("constraints.{key} (of {}; sizes are given here, not optimised)", self.place());
            self.draft.span.error(Problem::MissingKey { key })
        };
        let node = self.constraint(key).ok_or_else(missing)?;
        let value = number_of(node, key)?;
        if value.is_nan() || value < 0.0 {
            return Err(node.span.error(Problem::Wrong(format!("`{key}` is {value}; expected a number >= 0"))));
        }
        Ok(value)
    }

    fn constant(&mut self, key: &'static str, default: f64) -> Result<f64, ConfigError> {
        self.used.push(key);
        self.constraint(key).map_or(Ok(default), |node| number_of(node, key))
    }

    fn truth(&mut self, key: &'static str, default: bool) -> Result<bool, ConfigError> {
        self.used.push(key);
        self.constraint(key).map_or(Ok(default), |node| truth_of(node, key))
    }

    fn price(&mut self, key: &'static str) -> Result<Profile, ConfigError> {
        Ok(self.series_of("costs.monetary", key, 0.0)?.profile)
    }

    fn refuse_price(&mut self, key: &str) -> Result<(), ConfigError> {
        let Some(entry) = self.monetary().and_then(|map| map.entry(key)) else { return Ok(()) };
        let (span, what) = (entry.key_span.clone(), format!("costs.monetary.{key} of {}", self.place()));
        self.reader.unsupported(&span, &what, None)
    }

    fn series_of(&mut self, group: &str, key: &'static str, default: f64) -> Result<Values, ConfigError> {
        self.used.push(key);
        let map = if group == "constraints" { self.group("constraints") } else { self.monetary() };
        let Some(node) = map.and_then(|map| map.get(key)) else {
            return Ok(Values { profile: Profile::Constant(default), column: None });
        };
        self.series.values(node, key, &self.draft.site, default, self.inputs, self.reader.findings)
    }
}
