//! Construction of one technology at one site from its merged settings.

use anergy_data::series::{FileColumn, Profile};
use anergy_dispatch::district::{
    Availability, Conversion, Demand, Investment, Kind, Storage, StorageBoundary, Supply, SupplyTerms, Technology,
};

use super::reader::{ModelReader, number_of, text_of, truth_of};
use super::technologies::{CalliopeTechnology, RunSettings};
use super::version::Version;
use super::vocabulary::{CONSTRAINTS, MONETARY};
use crate::column::Column;
use crate::timeseries::{SeriesRequest, TimeSeries};
use crate::yaml::{Map, Node, Span};
use crate::{ConfigError, Finding, Inputs, Problem};

/// The values of a setting over time, with the column of the file they were read from; no column for a constant.
struct SeriesValues {
    profile: Profile,
    column: Option<Column>,
}

/// The builder of one technology at one site.
pub(super) struct TechnologyBuilder<'a, 'b> {
    pub(super) tech: &'a CalliopeTechnology,
    pub(super) run: &'a RunSettings,
    pub(super) version: Version,
    pub(super) step_hours: f64,
    pub(super) series: &'a mut TimeSeries<'b>,
    pub(super) inputs: &'a mut Inputs,
    pub(super) reader: &'a mut ModelReader<'b>,
    /// The constraints that were read; all others are errors.
    pub(super) used: Vec<&'static str>,
}

impl<'a> TechnologyBuilder<'a, '_> {
    pub(super) fn technology(&mut self) -> Result<Technology, ConfigError> {
        let parent = self.essential("parent")?;
        let kind = match parent.1.as_str() {
            "supply" | "supply_plus" => self.supply()?,
            "demand" => self.demand()?,
            "storage" => self.storage()?,
            "conversion" | "conversion_plus" => self.conversion()?,
            other => {
                let known = ["supply", "supply_plus", "demand", "storage", "conversion", "conversion_plus"];
                if other == "transmission" {
                    let reason = Some("sites are not linked in this version".to_owned());
                    return Err(parent.0.error(Problem::Unsupported { what: other.to_owned(), reason }));
                }
                return Err(parent.0.error(Problem::unknown_choice(other, known)));
            }
        };
        let investment = if matches!(kind, Kind::Demand(_)) { Investment::default() } else { self.investment()? };
        let constraints = self.group("constraints").cloned().unwrap_or_default();
        for entry in constraints.entries() {
            let key = entry.key.as_str();
            if CONSTRAINTS.read.contains(&key) && key != "lifetime" && !self.used.contains(&key) {
                let message = format!("`{key}` does not apply to a {} ({})", parent.1, self.place());
                return Err(entry.key_span.error(Problem::Wrong(message)));
            }
        }
        Ok(Technology { name: self.tech.name.clone(), kind, investment, chosen_from: None })
    }

    fn supply(&mut self) -> Result<Kind, ConfigError> {
        let carrier = self.carrier(&["carrier_out", "carrier"])?;
        let capacity_kw = self.capacity("energy_cap_equals")?;
        let efficiency = self.constant("energy_eff", 1.0)?;
        let force = self.truth("force_resource", false)?;
        // Calliope's groups of technologies `supply` and `supply_plus` have `resource: inf`.
        let unlimited = self.constraint("resource").is_none_or(|node| node.as_number() == Some(f64::INFINITY));
        let available = if unlimited {
            self.used.extend(["resource", "resource_unit"]);
            if self.resource_scale()? == 0.0 {
                return Err(self.wrong_resource("is infinite, and `resource_scale: 0` leaves no number".to_owned()));
            }
            if force {
                let span = self.constraint("force_resource").map_or(&self.tech.span, |node| &node.span).clone();
                return Err(span.error(Problem::Wrong("an infinite resource cannot be forced".to_owned())));
            }
            Availability::Unlimited
        } else {
            let SeriesValues { profile, column } = self.resource(capacity_kw)?;
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
        self.refuse_cost("om_con", None)?;
        let co2_kg_per_kwh = 0.0.into();
        let terms = SupplyTerms::default();
        Ok(Kind::Supply(Supply { carrier, capacity_kw, available, price_eur_per_kwh, co2_kg_per_kwh, terms }))
    }

    fn demand(&mut self) -> Result<Kind, ConfigError> {
        let carrier = self.carrier(&["carrier", "carrier_in"])?;
        if !self.truth("force_resource", true)? {
            let span = self.constraint("force_resource").map_or(&self.tech.span, |node| &node.span).clone();
            self.reader.unsupported(&span, "force_resource: false", Some("a demand must be met"))?;
        }
        if self.constraint("resource").is_none() {
            let key = format!("constraints.resource (of the demand {})", self.place());
            return Err(self.tech.span.error(Problem::MissingKey { key }));
        }
        let SeriesValues { profile, column } = self.resource(f64::NAN)?;
        let steps = profile.steps().unwrap_or(1);
        if let Some(step) = (0..steps).find(|&step| profile.at(step) > 0.0) {
            let place = column.map_or_else(String::new, |column| format!(" ({})", column.place(step)));
            let message = format!("of a demand must be negative or zero, found {}{place}", profile.at(step));
            return Err(self.wrong_resource(message));
        }
        for key in MONETARY.read {
            self.refuse_cost(key, Some("Calliope allows no costs of a demand"))?;
        }
        Ok(Kind::Demand(Demand { carrier, power_kw: profile.map(|energy| (-energy).max(0.0) / self.step_hours) }))
    }

    fn storage(&mut self) -> Result<Kind, ConfigError> {
        let carrier = self.carrier(&["carrier"])?;
        let capacity_kwh = self.capacity("storage_cap_equals")?;
        let initial = self.initial_kwh(capacity_kwh)?;
        let loss = self.constant("storage_loss", 0.0)?;
        let boundary = match (self.run.cyclic_storage, initial) {
            (true, Some(level)) => StorageBoundary::CyclicFixed(level),
            (true, None) => StorageBoundary::Cyclic,
            // Calliope takes the initial level into the first step without loss; in this model that step's loss still
            // applies to it.
            (false, level) => StorageBoundary::Given(level.unwrap_or(0.0) / (1.0 - loss).powf(self.step_hours)),
        };
        let power_kw = self.capacity("energy_cap_equals")?;
        let efficiency = self.constant("energy_eff", 1.0)?;
        self.refuse_cost(
            "om_con",
            Some("Calliope allows no `om_con` of a storage; `om_prod` is charged on discharging"),
        )?;
        Ok(Kind::Storage(Storage {
            carrier,
            charge_kw: power_kw,
            discharge_kw: power_kw,
            capacity_kwh,
            charge_efficiency: efficiency,
            discharge_efficiency: efficiency,
            loss_per_hour: loss,
            boundary,
            discharge_eur_per_kwh: self.price("om_prod")?,
            charge_eur_per_kwh: 0.0.into(),
        }))
    }

    /// Returns the energy in a store of `capacity_kwh` at the beginning, kWh; `None` where the model does not give it.
    fn initial_kwh(&mut self, capacity_kwh: f64) -> Result<Option<f64>, ConfigError> {
        self.used.push("storage_initial");
        let Some(node) = self.constraint("storage_initial") else { return Ok(None) };
        let initial = number_of(node, "storage_initial")?;
        if !self.version.initial_level_is_a_share() {
            return Ok(Some(initial));
        }
        if !(0.0..=1.0).contains(&initial) {
            let message = format!(
                "`storage_initial` is {initial}; expected a share of the capacity from 0 to 1, as from Calliope 0.6.5 \
                 on (in kWh in models with `calliope_version: 0.6.4` or before)"
            );
            return Err(node.span.error(Problem::Wrong(message)));
        }
        if !self.version.is_stated() && initial != 0.0 {
            let message = "`storage_initial` is read as a share of the capacity, as from Calliope 0.6.5 on, because \
                the model has no `calliope_version: 0.6.x`; up to 0.6.4 it is in kWh";
            self.reader.findings.push(Finding::warning(Some(&node.span), message.to_owned()));
        }
        Ok(Some(initial * capacity_kwh))
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
            capacity_kw: self.capacity("energy_cap_equals")?,
            efficiency: self.series_of("constraints", "energy_eff", 1.0)?.profile,
            output_eur_per_kwh: self.price("om_prod")?,
            input_eur_per_kwh: self.price("om_con")?,
            byproducts: Vec::new(),
        }))
    }

    /// Returns the resource, kWh per step, scaled.
    fn resource(&mut self, capacity_kw: f64) -> Result<SeriesValues, ConfigError> {
        let scale = self.resource_scale()?;
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
        Ok(SeriesValues { profile: values.profile.map(|value| value * scale * unit), column: values.column })
    }

    /// Returns the factor on the resource. Calliope checks the sign of a resource before it scales it, so a negative
    /// factor, which reverses the sign, is never valid.
    fn resource_scale(&mut self) -> Result<f64, ConfigError> {
        let scale = self.constant("resource_scale", 1.0)?;
        if let Some(node) = self.constraint("resource_scale")
            && !(scale.is_finite() && scale >= 0.0)
        {
            let message = format!(
                "`resource_scale` is {scale}; expected a number >= 0 (the resource itself must have the right sign: \
                 negative of a demand, positive of a supply)"
            );
            return Err(node.span.error(Problem::Wrong(message)));
        }
        Ok(scale)
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
        let mut investment = Investment {
            interest_rate: cost("interest_rate")?,
            lifetime_years: lifetime.map(|(years, _)| years),
            per_kw_eur: cost("energy_cap")?,
            per_kwh_eur: cost("storage_cap")?,
            upkeep_eur_per_kw_year: cost("om_annual")?,
        };
        // As in Calliope, the presence of a key counts, not its value: `energy_cap: 0` also needs the keys that
        // annualise it.
        let has = |key: &str| self.monetary().is_some_and(|map| map.get(key).is_some());
        if has("energy_cap") || has("storage_cap") {
            let missing = match (investment.lifetime_years, has("interest_rate")) {
                (None, _) => "constraints.lifetime",
                (_, false) => "costs.monetary.interest_rate",
                _ => return Ok(investment),
            };
            let key = format!("{missing} (needed to annualise the investment)");
            return Err(self.tech.span.error(Problem::MissingKey { key }));
        }
        self.upkeep_alone(&mut investment);
        Ok(investment)
    }

    /// Removes a yearly cost that the model's version of Calliope ignores because there is no cost of capacity beside
    /// it.
    fn upkeep_alone(&mut self, investment: &mut Investment) {
        let Some(node) = self.monetary().and_then(|map| map.get("om_annual")) else { return };
        if investment.upkeep_eur_per_kw_year == 0.0 {
            return;
        }
        let rule = "without a cost of capacity beside it (`energy_cap`, `storage_cap`; 0 will do) it is counted from \
                    Calliope 0.6.9 on only";
        let place = self.place();
        let message = if !self.version.counts_upkeep_alone() {
            investment.upkeep_eur_per_kw_year = 0.0;
            format!("`om_annual` of {place} has no effect: {rule}")
        } else if !self.version.is_stated() {
            format!("`om_annual` of {place} is counted, as the model has no `calliope_version: 0.6.x`: {rule}")
        } else {
            return;
        };
        self.reader.findings.push(Finding::warning(Some(&node.span), message));
    }

    fn group(&self, name: &str) -> Option<&'a Map> {
        let tech: &'a CalliopeTechnology = self.tech;
        tech.map.get(name).and_then(Node::as_map)
    }

    fn monetary(&self) -> Option<&'a Map> {
        self.group("costs")?.get("monetary")?.as_map()
    }

    fn constraint(&self, key: &str) -> Option<&'a Node> {
        self.group("constraints")?.get(key)
    }

    fn place(&self) -> String {
        format!("{} at {}", self.tech.name, self.tech.site)
    }

    fn wrong_resource(&self, message: String) -> ConfigError {
        let span = self.constraint("resource").map_or(&self.tech.span, |node| &node.span);
        span.error(Problem::Wrong(format!("the `resource` of {} {message}", self.place())))
    }

    fn essential(&self, key: &str) -> Result<(Span, String), ConfigError> {
        let missing = || self.tech.span.error(Problem::MissingKey { key: format!("essentials.{key}") });
        let node = self.group("essentials").and_then(|map| map.get(key)).ok_or_else(missing)?;
        Ok((node.span.clone(), text_of(node, key)?.to_owned()))
    }

    /// Returns the only carrier under the first of `keys` that is present.
    fn carrier(&self, keys: &[&str]) -> Result<String, ConfigError> {
        let present = keys.iter().find(|key| self.group("essentials").is_some_and(|map| map.get(key).is_some()));
        self.essential(present.unwrap_or(&keys[0])).map(|(_, carrier)| carrier)
    }

    fn capacity(&mut self, key: &'static str) -> Result<f64, ConfigError> {
        self.used.push(key);
        let missing = || {
            let key = format!("constraints.{key} (of {}; sizes are given here, not optimised)", self.place());
            self.tech.span.error(Problem::MissingKey { key })
        };
        let node = self.constraint(key).ok_or_else(missing)?;
        let value = number_of(node, key)?;
        if !(value.is_finite() && value >= 0.0) {
            let message = format!("`{key}` is {value}; expected a finite number >= 0");
            return Err(node.span.error(Problem::Wrong(message)));
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

    fn refuse_cost(&mut self, key: &str, reason: Option<&str>) -> Result<(), ConfigError> {
        let Some(entry) = self.monetary().and_then(|map| map.entry(key)) else { return Ok(()) };
        let (span, what) = (entry.key_span.clone(), format!("costs.monetary.{key} of {}", self.place()));
        self.reader.unsupported(&span, &what, reason)
    }

    /// Returns the value of a key: a number, or `file=x.csv` (the column named like the site) or `file=x.csv:column`.
    fn series_of(&mut self, group: &str, key: &'static str, default: f64) -> Result<SeriesValues, ConfigError> {
        self.used.push(key);
        let map = if group == "constraints" { self.group("constraints") } else { self.monetary() };
        let Some(node) = map.and_then(|map| map.get(key)) else {
            return Ok(SeriesValues { profile: Profile::Constant(default), column: None });
        };
        if let Some(number) = node.as_number() {
            return Ok(SeriesValues { profile: Profile::Constant(number), column: None });
        }
        let wrong = || {
            let expected = format!("`{key}` is {}; expected a number or file=NAME.csv[:COLUMN]", node.describe());
            node.span.error(Problem::Wrong(expected))
        };
        let reference = node.as_text().and_then(|text| text.strip_prefix("file=")).ok_or_else(wrong)?;
        let reader = self.place();
        let request = SeriesRequest { reader: &reader, key, site: &self.tech.site, span: &node.span };
        let written = FileColumn::parse(reference);
        let findings = &mut *self.reader.findings;
        let (profile, column) = self.series.column(&written, Some(default), request, self.inputs, findings)?;
        Ok(SeriesValues { profile, column: Some(column) })
    }
}
