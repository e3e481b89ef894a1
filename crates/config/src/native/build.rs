//! Construction of a district and its coupling from typed settings.

use anergy_cosim::Coupled;
use anergy_data::series::{Profile, ProfileSetting, TimeAxis, TimeWindow};
use anergy_dispatch::district::settings::{ConversionSettings, LinkSettings, StorageSettings};
use anergy_dispatch::district::{
    Availability, Byproduct, CapacitySetting, Conversion, Demand, District, Export, Investment, Kind, Link, Site,
    Storage, Supply, SupplyTerms, Technology,
};

use super::reader::{self, ParsedDistrict, SiteTechnology};
use super::settings::TechnologySettings;
use super::{defaults, heat_pumps};
use crate::document::Document;
use crate::error::nearest;
use crate::locate::locate;
use crate::timeseries::{SeriesRequest, TimeSeries, UsedColumn};
use crate::yaml::{Map, Span};
use crate::{ConfigError, Finding, Inputs, Problem};

/// The result of reading a district file.
#[derive(Debug)]
pub struct Built {
    /// Name of the district.
    pub name: String,
    /// The district.
    pub district: District,
    /// The loop and its coupling; `None` without a loop.
    pub coupled: Option<Coupled>,
    /// The columns of time series that the district uses.
    pub columns: Vec<UsedColumn>,
    /// The file with imports and overrides merged, and its loop inserted.
    pub model: Map,
}

/// Builds a district from its document; `window` replaces the document's own time.
///
/// # Errors
/// [`ConfigError`] with file, line, value and what was expected.
pub fn build(
    document: &Document,
    window: Option<&[String; 2]>,
    inputs: &mut Inputs,
    findings: &mut Vec<Finding>,
) -> Result<Built, ConfigError> {
    let parsed = reader::read(document, inputs, findings)?;
    let folder = TimeSeries::folder_of(document.path(), parsed.data.as_deref());
    let mut series = TimeSeries::new(folder, time_window(&parsed, window)?, &parsed.corrections).resampling();
    let mut builder = DistrictBuilder { parsed: &parsed, series: &mut series, inputs, findings };
    builder.check_carriers()?;
    let axis = builder.axis(document)?;
    let mut sites: Vec<Site> =
        parsed.sites.iter().map(|name| Site { name: name.clone(), technologies: Vec::new() }).collect();
    for tech in &parsed.site_technologies {
        let technology = builder.technology(tech)?;
        if let Some(site) = sites.iter_mut().find(|site| site.name == tech.site) {
            site.technologies.push(technology);
        }
    }
    let links = parsed.links.iter().map(|(name, node, settings)| builder.link(name, &node.span, settings));
    let links = links.collect::<Result<Vec<_>, _>>()?;
    let axis = builder.series.axis().unwrap_or(axis);
    let district = District::new(axis, sites, parsed.shortage.into())
        .and_then(|district| district.with_links(links))
        .and_then(|district| district.with_co2_price(parsed.co2_price_eur_per_t))
        .and_then(|district| district.with_co2_limit(parsed.co2_limit_kg))
        .map_err(|error| locate(error, &parsed, builder.series.used()))?;
    let coupled = builder.coupled(&district)?;
    defaults::left_out(document, &parsed, builder.findings);
    series.idle_corrections(findings);
    let name = parsed.name.clone().unwrap_or_else(|| document.stem());
    let mut model = document.map().clone();
    if let Some(water_loop) = &parsed.water_loop {
        model.replace("water_loop", &water_loop.node.span, water_loop.node.clone());
    }
    Ok(Built { name, district, coupled, columns: series.into_used(), model })
}

/// The builder of a district, which reads series and creates technologies.
pub(super) struct DistrictBuilder<'a, 'b> {
    pub(super) parsed: &'a ParsedDistrict,
    pub(super) series: &'a mut TimeSeries<'b>,
    pub(super) inputs: &'a mut Inputs,
    pub(super) findings: &'a mut Vec<Finding>,
}

impl<'a> DistrictBuilder<'a, '_> {
    /// Checks that every carrier in use is in the list of carriers.
    fn check_carriers(&self) -> Result<(), ConfigError> {
        let listed: Vec<String> = self.parsed.carriers.iter().map(|(name, _)| name.clone()).collect();
        let check = |carrier: &str, span: &Span| {
            if listed.iter().any(|known| known == carrier) {
                return Ok(());
            }
            Err(span.error(Problem::UnknownChoice {
                word: carrier.to_owned(),
                nearest: nearest(carrier, &listed),
                known: listed.clone(),
            }))
        };
        for tech in &self.parsed.site_technologies {
            for (key, carrier) in tech.settings.carriers() {
                check(carrier, tech.span(&[key]))?;
            }
        }
        for (_, node, link) in &self.parsed.links {
            let span = node.as_map().and_then(|map| map.get("carrier")).map_or(&node.span, |node| &node.span);
            check(&link.carrier, span)?;
        }
        Ok(())
    }

    /// Returns the time axis: that of the first time series within the window, or the axis of `time` where there is no
    /// series.
    fn axis(&mut self, document: &Document) -> Result<TimeAxis, ConfigError> {
        let time = &self.parsed.time;
        let start = Span::start_of(document.source());
        let span = self.parsed.time_span.as_ref().unwrap_or(&start);
        if let Some(minutes) = time.step_minutes {
            if minutes == 0 {
                return Err(span.error(Problem::Wrong("`step_minutes` is 0; expected a number > 0".to_owned())));
            }
            self.series.resample_to(i64::from(minutes));
        }
        for tech in &self.parsed.site_technologies {
            if let Some((key, column)) = tech.settings.first_file() {
                let axis = self.series.begin_with(column, tech.span(&[key]), self.inputs)?;
                return of_bearable_length(axis, tech.span(&[key]));
            }
        }
        let (Some(window), Some(minutes)) = (self.series.window(), time.step_minutes) else {
            let message = "no technology reads a time series, so the time axis is unknown; give `time` with `start`, \
                `end` and `step_minutes`";
            return Err(span.error(Problem::Wrong(message.to_owned())));
        };
        let axis = of_bearable_length(window.axis(i64::from(minutes)), span)?;
        self.series.fix_axis(axis);
        Ok(axis)
    }

    pub(super) fn profile(
        &mut self,
        tech: &SiteTechnology,
        key: &'static str,
        setting: &ProfileSetting,
    ) -> Result<Profile, ConfigError> {
        let place = tech.place();
        let asked = SeriesRequest { reader: &place, key, site: &tech.site, span: tech.span(&[key]) };
        self.series.profile(setting, asked, self.inputs, self.findings)
    }

    fn technology(&mut self, tech: &'a SiteTechnology) -> Result<Technology, ConfigError> {
        use TechnologySettings as T;
        let none = Investment::default();
        let (kind, investment) = match &tech.settings {
            T::Import(settings) => {
                let supply = Supply {
                    carrier: settings.carrier.clone(),
                    capacity_kw: settings.capacity_kw.most(),
                    available: Availability::Unlimited,
                    price_eur_per_kwh: self.profile(tech, "price_eur_per_kwh", &settings.price_eur_per_kwh)?,
                    co2_kg_per_kwh: self.profile(tech, "co2_kg_per_kwh", &settings.co2_kg_per_kwh)?,
                    terms: SupplyTerms {
                        demand_charge_eur_per_kw: settings.demand_charge_eur_per_kw,
                        limit_kwh: settings.import_limit_kwh,
                    },
                };
                (Kind::Supply(supply), settings.investment)
            }
            T::Export(settings) => {
                let export = Export {
                    carrier: settings.carrier.clone(),
                    capacity_kw: settings.capacity_kw.most(),
                    price_eur_per_kwh: self.profile(tech, "price_eur_per_kwh", &settings.price_eur_per_kwh)?,
                };
                (Kind::Export(export), settings.investment)
            }
            T::Pv(settings) => {
                let per_kw = self.profile(tech, "resource_per_kw", &settings.resource_per_kw)?;
                let capacity_kw = settings.capacity_kw.most();
                let available = match settings.capacity_kw.chosen_from() {
                    Some(_) if settings.curtailable => Availability::PerKw(per_kw),
                    _ => available(per_kw.map(|per_kw| per_kw * capacity_kw), settings.curtailable),
                };
                let supply = Supply {
                    carrier: settings.carrier.clone(),
                    capacity_kw,
                    available,
                    price_eur_per_kwh: self.profile(tech, "price_eur_per_kwh", &settings.price_eur_per_kwh)?,
                    co2_kg_per_kwh: 0.0.into(),
                    terms: SupplyTerms::default(),
                };
                (Kind::Supply(supply), settings.investment)
            }
            T::Supply(settings) => {
                let power = self.profile(tech, "resource_kw", &settings.resource_kw)?;
                let supply = Supply {
                    carrier: settings.carrier.clone(),
                    capacity_kw: settings.capacity_kw.most(),
                    available: available(power, settings.curtailable),
                    price_eur_per_kwh: self.profile(tech, "price_eur_per_kwh", &settings.price_eur_per_kwh)?,
                    co2_kg_per_kwh: self.profile(tech, "co2_kg_per_kwh", &settings.co2_kg_per_kwh)?,
                    terms: SupplyTerms::default(),
                };
                (Kind::Supply(supply), settings.investment)
            }
            T::Demand(settings) => {
                let power_kw = self.profile(tech, "power_kw", &settings.power_kw)?;
                (Kind::Demand(Demand { carrier: settings.carrier.clone(), power_kw }), none)
            }
            T::Storage(settings) | T::Battery(settings) => {
                (Kind::Storage(self.storage(tech, settings)?), settings.investment)
            }
            T::HeatPump(settings) => {
                (Kind::Conversion(heat_pumps::conversion(self, tech, settings)?), settings.investment)
            }
            T::Boiler(settings) | T::Conversion(settings) | T::Chp(settings) => {
                (Kind::Conversion(self.conversion(tech, settings)?), settings.investment)
            }
        };
        let invested = investment.per_kw_eur != 0.0 || investment.per_kwh_eur != 0.0;
        if invested && investment.lifetime_years.is_none() {
            let key = "investment.lifetime_years (needed to annualise the investment)".to_owned();
            return Err(tech.span(&["investment"]).error(Problem::MissingKey { key }));
        }
        let chosen_from = tech.settings.capacity().and_then(CapacitySetting::chosen_from);
        Ok(Technology { name: tech.name.clone(), kind, investment, chosen_from })
    }

    fn storage(&mut self, tech: &SiteTechnology, settings: &StorageSettings) -> Result<Storage, ConfigError> {
        let power = |own: Option<f64>, key: &str| {
            let missing = || tech.node.span.error(Problem::MissingKey { key: format!("power_kw (or {key})") });
            own.or(settings.power_kw).ok_or_else(missing)
        };
        Ok(Storage {
            carrier: settings.carrier.clone(),
            charge_kw: power(settings.charge_kw, "charge_kw")?,
            discharge_kw: power(settings.discharge_kw, "discharge_kw")?,
            capacity_kwh: settings.capacity_kwh.most(),
            charge_efficiency: settings.charge_efficiency.unwrap_or(settings.efficiency),
            discharge_efficiency: settings.discharge_efficiency.unwrap_or(settings.efficiency),
            loss_per_hour: settings.loss_per_hour,
            boundary: settings.boundary.into(),
            discharge_eur_per_kwh: self.profile(tech, "discharge_eur_per_kwh", &settings.discharge_eur_per_kwh)?,
            charge_eur_per_kwh: self.profile(tech, "charge_eur_per_kwh", &settings.charge_eur_per_kwh)?,
        })
    }

    fn conversion(&mut self, tech: &SiteTechnology, settings: &ConversionSettings) -> Result<Conversion, ConfigError> {
        if matches!(tech.settings, TechnologySettings::Boiler(_)) && !settings.carrier_ratios.is_empty() {
            let message = "a boiler has one output; use `kind: conversion` or `kind: chp` for several".to_owned();
            return Err(tech.span(&["carrier_ratios"]).error(Problem::Wrong(message)));
        }
        if matches!(tech.settings, TechnologySettings::Chp(_)) && settings.carrier_ratios.is_empty() {
            let key = "carrier_ratios (what comes along: `heat: 1.4` kWh per kWh of output)".to_owned();
            return Err(tech.node.span.error(Problem::MissingKey { key }));
        }
        let byproduct = |(carrier, ratio): (&String, &ProfileSetting)| {
            let per_output = self.profile(tech, "carrier_ratios", ratio)?;
            Ok(Byproduct { carrier: carrier.clone(), per_output })
        };
        let byproducts = settings.carrier_ratios.iter().map(byproduct).collect::<Result<Vec<_>, ConfigError>>()?;
        let efficiency = self.profile(tech, "efficiency", &settings.efficiency)?;
        self.check_total(tech, &efficiency, &byproducts);
        Ok(Conversion {
            carrier_in: settings.carrier_in.clone(),
            carrier_out: settings.carrier_out.clone(),
            capacity_kw: settings.capacity_kw.most(),
            efficiency,
            output_eur_per_kwh: self.profile(tech, "output_eur_per_kwh", &settings.output_eur_per_kwh)?,
            input_eur_per_kwh: self.profile(tech, "input_eur_per_kwh", &settings.input_eur_per_kwh)?,
            byproducts,
        })
    }

    /// Checks the total efficiency: boilers and CHP plants deliver no more than their input, condensing ones up to a
    /// tenth more than the lower heating value.
    fn check_total(&mut self, tech: &SiteTechnology, efficiency: &Profile, byproducts: &[Byproduct]) {
        const MOST: f64 = 1.1;
        if !matches!(tech.settings, TechnologySettings::Boiler(_) | TechnologySettings::Chp(_)) {
            return;
        }
        let steps = self.series.axis().map_or(0, |axis| axis.len());
        let ratios = |step: usize| -> f64 { byproducts.iter().map(|byproduct| byproduct.per_output.at(step)).sum() };
        let most = (0..steps).map(|step| efficiency.at(step) * (1.0 + ratios(step))).fold(0.0, f64::max);
        if most > MOST {
            let message = format!("{}: gives {most:.2} kWh in all for every kWh that it takes", tech.place());
            self.findings.push(Finding::warning(Some(tech.span(&["efficiency"])), message));
        }
    }

    fn link(&mut self, name: &str, span: &Span, settings: &LinkSettings) -> Result<Link, ConfigError> {
        let reader = format!("link {name}");
        let asked = SeriesRequest { reader: &reader, key: "price_eur_per_kwh", site: name, span };
        Ok(Link {
            name: name.to_owned(),
            from: settings.from.clone(),
            to: settings.to.clone(),
            carrier: settings.carrier.clone(),
            capacity_kw: settings.capacity_kw,
            efficiency: settings.efficiency,
            one_way: settings.one_way,
            price_eur_per_kwh: self.series.profile(&settings.price_eur_per_kwh, asked, self.inputs, self.findings)?,
        })
    }
}

/// Checks that the number of steps fits into memory.
fn of_bearable_length(axis: TimeAxis, span: &Span) -> Result<TimeAxis, ConfigError> {
    const MOST_STEPS: usize = 10_000_000;
    if axis.len() <= MOST_STEPS {
        return Ok(axis);
    }
    let message = format!("the time has {} steps; expected at most {MOST_STEPS}", axis.len());
    Err(span.error(Problem::Wrong(message)))
}

fn available(power: Profile, curtailable: bool) -> Availability {
    if curtailable { Availability::UpTo(power) } else { Availability::Forced(power) }
}

/// Returns the window of the command line, else that of the file; `None` without either.
fn time_window(parsed: &ParsedDistrict, asked: Option<&[String; 2]>) -> Result<Option<TimeWindow>, ConfigError> {
    if let Some([from, to]) = asked {
        let window = TimeWindow::between(from, to);
        return window.map(Some).map_err(|source| ConfigError::Series { asked: None, source: Box::new(source) });
    }
    let Some(span) = &parsed.time_span else { return Ok(None) };
    let window = match (&parsed.time.start, &parsed.time.end) {
        (None, None) => return Ok(None),
        (Some(start), Some(end)) => TimeWindow::between(start, end),
        (start, _) => {
            let key = if start.is_some() { "end" } else { "start" };
            return Err(span.error(Problem::MissingKey { key: format!("time.{key}") }));
        }
    };
    window.map(Some).map_err(|source| span.series_error(source))
}
