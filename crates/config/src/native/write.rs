//! Writer of a case as a district file with one CSV file of all its series.

use anergy_cosim::{HeatPumpSettings, LoopPump};
use anergy_data::results::{Column, Table};
use anergy_data::series::{FileColumn, Profile, ProfileSetting};
use anergy_dispatch::district::settings::{
    BoundarySettings, ConversionSettings, DemandSettings, ExportSettings, ImportSettings, LinkSettings,
    PriceOrForbidden, PvSettings, ShortageSettings, StorageSettings, StoreTemperatureSettings, SupplySettings,
};
use anergy_dispatch::district::{
    Availability, CapacitySetting, Conversion, Kind, Storage, StorageBoundary, Supply, Technology,
};
use anergy_thermal::water_loop::WaterLoopSettings;
use indexmap::IndexMap;

use super::settings::{
    DistrictFile, LoopReference, LoopSettings, NetworkKind, NetworkLoopSettings, SiteSettings, TechnologySettings,
    TimeSettings, WellMixedKind,
};
use crate::Case;

/// Name of the CSV file that [`district_file`] refers to.
pub const SERIES: &str = "series.csv";

/// Returns a case as a district file, and the table that has to be written beside it as [`SERIES`].
///
/// The numbers are those of the case, after filling gaps, correcting values and converting energies to powers; a run of
/// the file gives the same costs as a run of the case.
#[must_use]
pub fn district_file(case: &Case) -> (DistrictFile, Table) {
    let axis = case.district.axis();
    let mut columns = SeriesWriter { written: Vec::new() };
    let mut sites = IndexMap::new();
    for site in case.district.sites() {
        let techs = site.technologies.iter().map(|technology| {
            let pumps = case.coupled.iter().flat_map(|coupled| &coupled.pumps).filter(|pump| pump.site == site.name);
            let place = SitePosition { site: &site.name, technology, pumps: pumps.collect() };
            (technology.name.clone(), place.settings(&mut columns))
        });
        let techs = techs.collect();
        sites.insert(site.name.clone(), SiteSettings { techs });
    }
    let links = case.district.links().iter().map(|link| {
        let settings = LinkSettings {
            from: link.from.clone(),
            to: link.to.clone(),
            carrier: link.carrier.clone(),
            capacity_kw: link.capacity_kw,
            efficiency: link.efficiency,
            one_way: link.one_way,
            price_eur_per_kwh: columns.setting(&link.name, "price", &link.price_eur_per_kwh),
        };
        (link.name.clone(), settings)
    });
    let links = links.collect();
    let shortage = case.district.shortage();
    let water_loop = case.resolved.water_loop.as_ref().map(|file| match &file.water_loop {
        WaterLoopSettings::WellMixed(well_mixed) => {
            let (at_limit, well_mixed) = (file.switches.loop_limit, (**well_mixed).clone());
            LoopReference::Here(Box::new(LoopSettings { kind: WellMixedKind::WellMixed, at_limit, well_mixed }))
        }
        WaterLoopSettings::Network(network) => {
            LoopReference::Network(NetworkLoopSettings { kind: NetworkKind::Network, network: network.clone() })
        }
    });
    let time = TimeSettings {
        start: Some(axis.label(0)),
        end: Some(axis.label(axis.len() - 1)),
        step_minutes: u32::try_from(axis.step_minutes()).ok(),
    };
    let file = DistrictFile {
        name: Some(case.name.clone()),
        time: Some(time),
        data: None,
        carriers: case.district.carriers().to_vec(),
        co2_price_eur_per_t: case.district.co2_price_eur_per_kg() * 1000.0,
        co2_limit_kg: case.district.co2_limit_kg(),
        shortage: ShortageSettings {
            unmet_eur_per_kwh: PriceOrForbidden(shortage.unmet_eur_per_kwh),
            surplus_eur_per_kwh: PriceOrForbidden(shortage.surplus_eur_per_kwh),
        },
        techs: IndexMap::new(),
        sites,
        links,
        water_loop,
        coupling: case.coupled.as_ref().map(|coupled| coupled.settings.clone()).unwrap_or_default(),
        corrections: Vec::new(),
        ..DistrictFile::default()
    };
    let mut table = Table::default();
    table.push("timestamp", Column::Time((0..axis.len()).map(|step| axis.stamp(step)).collect()));
    for (name, values) in columns.written {
        table.push(name, Column::Number(values));
    }
    (file, table)
}

/// The series written so far; equal series are written once.
struct SeriesWriter {
    written: Vec<(String, Vec<f64>)>,
}

impl SeriesWriter {
    fn setting(&mut self, reader: &str, what: &str, profile: &Profile) -> ProfileSetting {
        let values = match profile {
            Profile::Constant(value) => return ProfileSetting::Constant(*value),
            Profile::Series(values) => values,
        };
        if let Some(first) = values.first()
            && values.iter().all(|value| value == first)
        {
            return ProfileSetting::Constant(*first);
        }
        let known = self.written.iter().find(|(_, other)| other == values).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| {
            let mut name = format!("{reader}|{what}");
            while self.written.iter().any(|(known, _)| *known == name) {
                name.push('\'');
            }
            self.written.push((name.clone(), values.clone()));
            name
        });
        ProfileSetting::File(FileColumn { file: SERIES.to_owned(), column: Some(name), scale: None, fill: None })
    }
}

/// A site and the loop's heat pumps at it.
struct SitePosition<'a> {
    site: &'a str,
    technology: &'a Technology,
    /// The loop's heat pumps at the site.
    pumps: Vec<&'a LoopPump>,
}

impl SitePosition<'_> {
    fn settings(&self, columns: &mut SeriesWriter) -> TechnologySettings {
        let Technology { kind, investment, chosen_from, .. } = self.technology;
        let investment = *investment;
        match kind {
            Kind::Supply(supply) => self.supply(supply, columns),
            Kind::Export(export) => TechnologySettings::Export(ExportSettings {
                carrier: export.carrier.clone(),
                capacity_kw: CapacitySetting::of(export.capacity_kw, *chosen_from),
                price_eur_per_kwh: self.series("price", &export.price_eur_per_kwh, columns),
                investment,
            }),
            Kind::Demand(demand) => TechnologySettings::Demand(DemandSettings {
                carrier: demand.carrier.clone(),
                power_kw: self.series("kw", &demand.power_kw, columns),
            }),
            Kind::Storage(storage) => TechnologySettings::Storage(self.storage(storage, columns)),
            Kind::Conversion(conversion) => {
                match self.pumps.iter().find(|pump| pump.technology == self.technology.name) {
                    Some(pump) => TechnologySettings::HeatPump(self.heat_pump(pump, conversion, columns)),
                    None => TechnologySettings::Conversion(self.conversion(conversion, columns)),
                }
            }
        }
    }

    fn series(&self, what: &str, profile: &Profile, columns: &mut SeriesWriter) -> ProfileSetting {
        columns.setting(&format!("{}|{}", self.site, self.technology.name), what, profile)
    }

    fn supply(&self, supply: &Supply, columns: &mut SeriesWriter) -> TechnologySettings {
        let price_eur_per_kwh = self.series("price", &supply.price_eur_per_kwh, columns);
        let co2_kg_per_kwh = self.series("co2", &supply.co2_kg_per_kwh, columns);
        let (carrier, investment) = (supply.carrier.clone(), self.technology.investment);
        let capacity_kw = CapacitySetting::of(supply.capacity_kw, self.technology.chosen_from);
        let (power, curtailable) = match &supply.available {
            Availability::Unlimited => {
                return TechnologySettings::Import(ImportSettings {
                    carrier,
                    capacity_kw,
                    price_eur_per_kwh,
                    co2_kg_per_kwh,
                    demand_charge_eur_per_kw: supply.terms.demand_charge_eur_per_kw,
                    import_limit_kwh: supply.terms.limit_kwh,
                    investment,
                });
            }
            Availability::PerKw(per_kw) => {
                return TechnologySettings::Pv(PvSettings {
                    carrier,
                    capacity_kw,
                    resource_per_kw: self.series("per_kw", per_kw, columns),
                    curtailable: true,
                    price_eur_per_kwh,
                    investment,
                });
            }
            Availability::UpTo(power) => (power, true),
            Availability::Forced(power) => (power, false),
        };
        TechnologySettings::Supply(SupplySettings {
            carrier,
            capacity_kw,
            resource_kw: self.series("kw", power, columns),
            curtailable,
            price_eur_per_kwh,
            co2_kg_per_kwh,
            investment,
        })
    }

    fn storage(&self, storage: &Storage, columns: &mut SeriesWriter) -> StorageSettings {
        let same = storage.charge_kw == storage.discharge_kw;
        let equal = storage.charge_efficiency == storage.discharge_efficiency;
        let feeds = self.pumps.iter().find(|pump| pump.store.as_deref() == Some(&self.technology.name));
        StorageSettings {
            carrier: storage.carrier.clone(),
            capacity_kwh: CapacitySetting::of(storage.capacity_kwh, self.technology.chosen_from),
            power_kw: same.then_some(storage.charge_kw),
            charge_kw: (!same).then_some(storage.charge_kw),
            discharge_kw: (!same).then_some(storage.discharge_kw),
            efficiency: if equal { storage.charge_efficiency } else { 1.0 },
            charge_efficiency: (!equal).then_some(storage.charge_efficiency),
            discharge_efficiency: (!equal).then_some(storage.discharge_efficiency),
            loss_per_hour: storage.loss_per_hour,
            boundary: match storage.boundary {
                StorageBoundary::Cyclic => BoundarySettings::Cyclic,
                StorageBoundary::Free => BoundarySettings::Free,
                StorageBoundary::Given(level) => BoundarySettings::InitialKwh(level),
                StorageBoundary::CyclicFixed(level) => BoundarySettings::CyclicThroughKwh(level),
            },
            discharge_eur_per_kwh: self.series("discharge", &storage.discharge_eur_per_kwh, columns),
            charge_eur_per_kwh: self.series("charge", &storage.charge_eur_per_kwh, columns),
            temperature: feeds.map(|pump| StoreTemperatureSettings {
                empty_c: pump.pump.sink.at_empty_c(),
                full_c: None,
                kelvin_per_kwh: Some(pump.pump.sink.kelvin_per_kwh()),
            }),
            investment: self.technology.investment,
        }
    }

    fn conversion(&self, conversion: &Conversion, columns: &mut SeriesWriter) -> ConversionSettings {
        let ratios = conversion.byproducts.iter().map(|byproduct| {
            let setting = self.series(&format!("{} ratio", byproduct.carrier), &byproduct.per_output, columns);
            (byproduct.carrier.clone(), setting)
        });
        let carrier_ratios = ratios.collect();
        ConversionSettings {
            carrier_in: conversion.carrier_in.clone(),
            carrier_out: conversion.carrier_out.clone(),
            capacity_kw: CapacitySetting::of(conversion.capacity_kw, self.technology.chosen_from),
            efficiency: self.series("efficiency", &conversion.efficiency, columns),
            carrier_ratios,
            output_eur_per_kwh: self.series("output price", &conversion.output_eur_per_kwh, columns),
            input_eur_per_kwh: self.series("input price", &conversion.input_eur_per_kwh, columns),
            investment: self.technology.investment,
        }
    }

    fn heat_pump(&self, pump: &LoopPump, conversion: &Conversion, columns: &mut SeriesWriter) -> HeatPumpSettings {
        HeatPumpSettings {
            service: pump.pump.service,
            carrier_in: conversion.carrier_in.clone(),
            carrier_out: conversion.carrier_out.clone(),
            capacity_kw: CapacitySetting::of(conversion.capacity_kw, self.technology.chosen_from),
            cop: pump.pump.cop.clone(),
            store: pump.store.clone(),
            sink_c: pump.store.is_none().then(|| pump.pump.sink.at_empty_c()),
            source_c: None,
            start_cop: Some(pump.start_cop),
            cop_series: Some(self.series("cop", &conversion.efficiency, columns)),
            cooling_lift: pump.pump.cooling_lift,
            output_eur_per_kwh: self.series("output price", &conversion.output_eur_per_kwh, columns),
            input_eur_per_kwh: self.series("input price", &conversion.input_eur_per_kwh, columns),
            investment: self.technology.investment,
        }
    }
}
