//! Construction of a network that can be simulated from its settings.

use anergy_data::series::{Profile, ProfileSetting, TimeAxis};

use super::binding::Draw;
use super::checks::{check_top, grounds, shares};
use super::layout::{NetworkLayout, WaterPipe, number, wrong};
use super::map::NetworkMap;
use super::parts::{MainPump, Meter, Plant, PressureReference, Pump, Substation, check_efficiency};
use super::settings::{
    FlowWarningSettings, MeterSettings, NetworkSettings, Pumping, StartSettings, SubstationSettings, WasteHeatSettings,
};
use super::units::PlantUnit;
use crate::water_loop::WaterLoopError;
use crate::water_loop::network::{PipeNetwork, Resolution, Transfer};

/// A function that reads a value over time at a path of the settings.
pub(super) type ReadProfile<'r, E> = &'r mut dyn FnMut(&str, &ProfileSetting) -> Result<Profile, E>;

/// A network that can be simulated.
#[derive(Debug, Clone)]
pub struct DistrictNetwork {
    map: NetworkMap,
    pub(super) limits_c: [f64; 2],
    pub(super) start: StartSettings,
    pub(super) warnings: FlowWarningSettings,
    pub(super) pumping: Pumping,
    pub(super) step_hours: f64,
    pub(super) nodes: Vec<String>,
    /// Reference of each node's pressure.
    pub(super) levels: Vec<PressureReference>,
    pub(super) pipes: Vec<WaterPipe>,
    /// Index of the ground around each pipe, in `grounds`.
    pub(super) pipe_ground: Vec<usize>,
    pub(super) grounds: Vec<Profile>,
    pub(super) substations: Vec<Substation>,
    pub(super) plants: Vec<Plant>,
    pub(super) units: Vec<PlantUnit>,
    pub(super) main: Option<MainPump>,
    pub(super) water: PipeNetwork,
    /// Sites that supply electricity, each with the path of the setting that names it.
    pub(super) electricity_sites: Vec<[String; 2]>,
}

impl DistrictNetwork {
    /// Creates a network over the steps of `axis`; `profile` reads values over time, given the path of their key.
    ///
    /// # Errors
    /// Those of `profile`, and [`WaterLoopError`] with the path of an invalid setting.
    pub fn new<E: From<WaterLoopError>>(
        settings: &NetworkSettings,
        axis: &TimeAxis,
        mut profile: impl FnMut(&str, &ProfileSetting) -> Result<Profile, E>,
    ) -> Result<Self, E> {
        check_top(settings)?;
        let layout = NetworkLayout::new(settings)?;
        let (grounds, pipe_ground) = grounds(settings, &layout.pipes, axis, &mut profile)?;
        let mut builder = TransferBuilder {
            settings,
            nodes: layout.nodes.clone(),
            layout: &layout,
            transfers: Vec::new(),
            electricity_sites: Vec::new(),
            read: &mut profile,
        };
        let mut substations = Vec::new();
        for (name, settings) in &settings.substations {
            substations.push(builder.substation(name, settings)?);
        }
        for (name, settings) in &settings.waste_heat {
            substations.push(builder.waste_heat(name, settings)?);
        }
        let main = builder.main_pump()?;
        let (plants, units) = builder.plants(axis)?;
        let (nodes, transfers, electricity_sites) = (builder.nodes, builder.transfers, builder.electricity_sites);
        let fluid = settings.fluid.at(settings.fluid_temp_c)?;
        let resolution = Resolution {
            cell_m: settings.resolution.cell_m,
            most_cells: settings.resolution.most_cells as usize,
            part_s: 60.0 * settings.resolution.part_minutes,
            start_c: settings.start.temp_c,
            ..Resolution::default()
        };
        // The pressures between the units of a plant are not modelled.
        let mut levels = vec![PressureReference::Unknown; nodes.len()];
        levels[..layout.nodes.len()].fill(PressureReference::Known);
        if layout.main.is_none() {
            layout
                .places
                .values()
                .filter_map(|[warm, _]| *warm)
                .for_each(|warm| levels[warm] = PressureReference::Warm);
        }
        let designs: Vec<_> = layout.pipes.iter().map(|pipe| pipe.design).collect();
        let water = PipeNetwork::new(fluid, nodes.len(), &designs, &transfers, resolution)?;
        Ok(Self {
            map: NetworkMap::of(settings, &layout),
            limits_c: [settings.min_c, settings.max_c],
            start: settings.start,
            warnings: settings.warnings,
            pumping: settings.pumping,
            step_hours: axis.step_hours(),
            nodes,
            levels,
            pipes: layout.pipes,
            pipe_ground,
            grounds,
            substations,
            plants,
            units,
            main,
            water,
            electricity_sites,
        })
    }

    /// Returns the lowest and highest inlet temperatures of substations, degrees Celsius.
    #[must_use]
    pub fn limits_c(&self) -> [f64; 2] {
        self.limits_c
    }

    /// Returns the freezing point of the fluid, in degrees Celsius.
    #[must_use]
    pub fn freezing_c(&self) -> f64 {
        self.water.fluid().freezing_c
    }

    /// Returns the heat capacity of water and walls, kWh/K.
    #[must_use]
    pub fn heat_capacity_kwh_per_k(&self) -> f64 {
        self.water.heat_capacity_j_k() / 3.6e6
    }

    /// Returns the settings of the initial state.
    #[must_use]
    pub fn start(&self) -> StartSettings {
        self.start
    }

    /// Returns the number of passes of the run that the borehole fields have behind them.
    #[must_use]
    pub fn years_before(&self) -> u32 {
        self.units.iter().map(PlantUnit::years_before).max().unwrap_or(0)
    }

    /// Returns the places of the network with its substations and plants.
    #[must_use]
    pub fn map(&self) -> &NetworkMap {
        &self.map
    }

    /// Returns the nodes at the two ends of every pipe.
    pub fn pipe_ends(&self) -> impl ExactSizeIterator<Item = [&str; 2]> {
        self.pipes.iter().map(|pipe| [pipe.design.from, pipe.design.to].map(|node| self.nodes[node].as_str()))
    }

    /// Returns the names of the water nodes.
    #[must_use]
    pub fn node_names(&self) -> &[String] {
        &self.nodes
    }

    /// Returns whether a substation is a source of waste heat.
    #[must_use]
    pub fn is_source(&self, substation: usize) -> bool {
        self.substations[substation].source_kw.is_some()
    }

    /// Returns whether a pipe is an internal bypass along which a ring's water passes a place, and not in the
    /// settings.
    #[must_use]
    pub fn is_beside(&self, pipe: usize) -> bool {
        self.pipes[pipe].is_beside
    }

    /// Returns the names of the pipes, with the name of their line where there are two.
    pub fn pipe_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.pipes.iter().map(|pipe| pipe.name.as_str())
    }

    /// Returns the lengths and inner diameters of the pipes, m.
    pub fn pipe_sizes_m(&self) -> impl ExactSizeIterator<Item = [f64; 2]> {
        self.pipes.iter().map(|pipe| [pipe.design.length_m, pipe.design.inner_diameter_m])
    }

    /// Returns the names of the substations, followed by the sources of waste heat.
    pub fn substation_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.substations.iter().map(|substation| substation.name.as_str())
    }

    /// Returns the limits of a substation's inlet temperature and outlet temperature (low, high, low, high), degrees
    /// Celsius; infinite where there is none.
    #[must_use]
    pub fn substation_limits_c(&self, substation: usize) -> [f64; 4] {
        let Substation { inlet_c, outlet_c, .. } = &self.substations[substation];
        [inlet_c[0], inlet_c[1], outlet_c[0], outlet_c[1]]
    }

    /// Returns the widest spread of the substations of a heat pump, K, and the path of its key.
    pub fn widest_spread_k(&self, pump: usize) -> (f64, String) {
        let draws = self.substations.iter().filter(|substation| substation.draws.iter().any(|draw| draw.pump == pump));
        let widest = draws.max_by(|a, b| a.spread_k.total_cmp(&b.spread_k));
        // Every heat pump has a substation once the network is bound.
        widest.map_or((0.0, "substations".to_owned()), |substation| {
            (substation.spread_k, format!("substations.{}.spread_k", substation.name))
        })
    }

    /// Returns the heat pumps at a substation.
    #[must_use]
    pub fn draws(&self, substation: usize) -> &[Draw] {
        &self.substations[substation].draws
    }

    /// Returns the names of the plants whose electricity is supplied by a site of the district.
    pub fn plants_on_site_meters(&self) -> impl Iterator<Item = &str> {
        let on_site = self.plants.iter().filter(|plant| matches!(plant.meter, Meter::Site(_)));
        on_site.map(|plant| plant.name.as_str())
    }

    /// Returns the names of the plants.
    pub fn plant_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.plants.iter().map(|plant| plant.name.as_str())
    }

    /// Returns the names of all plants' units.
    pub fn unit_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.units.iter().map(|unit| unit.name.as_str())
    }

    /// Returns whether a unit is a borehole field.
    #[must_use]
    pub fn is_borehole_field(&self, unit: usize) -> bool {
        !self.units[unit].is_kept()
    }

    /// Returns the sites of the district that supply electricity for pumps and units, each with the path of the
    /// setting that names it.
    #[must_use]
    pub fn electricity_sites(&self) -> &[[String; 2]] {
        &self.electricity_sites
    }

    /// Returns the thresholds of flow warnings.
    #[must_use]
    pub fn warnings(&self) -> FlowWarningSettings {
        self.warnings
    }

    /// Returns the number of transfers: substations, plants' units and main pump.
    pub(super) fn transfers(&self) -> usize {
        let of_plants = self.plants.last().map_or(0, |plant| plant.transfers.end);
        let of_main = self.main.as_ref().map_or(0, |main| main.transfer + 1);
        self.substations.len().max(of_plants).max(of_main)
    }

    /// Returns whether the network is a ring with a main pump.
    #[must_use]
    pub fn is_ring(&self) -> bool {
        self.main.is_some()
    }
}

/// The builder of a network's transfers.
struct TransferBuilder<'a, E> {
    settings: &'a NetworkSettings,
    layout: &'a NetworkLayout,
    nodes: Vec<String>,
    transfers: Vec<Transfer>,
    electricity_sites: Vec<[String; 2]>,
    read: ReadProfile<'a, E>,
}

impl<E: From<WaterLoopError>> TransferBuilder<'_, E> {
    fn site(&mut self, name: &str, path: String) -> usize {
        let known = self.electricity_sites.iter().position(|[site, _]| site == name);
        known.unwrap_or_else(|| {
            self.electricity_sites.push([name.to_owned(), path]);
            self.electricity_sites.len() - 1
        })
    }

    fn meter(&mut self, settings: &MeterSettings, path: &str) -> Result<Meter, E> {
        if let Some(site) = &settings.site {
            if !settings.price_eur_per_kwh.is_zero() || settings.co2_kg_per_kwh != 0.0 {
                let message = "takes either the `site` that brings the electricity, or a price of its own";
                return Err(wrong(format!("{path}.meter"), message).into());
            }
            return Ok(Meter::Site(self.site(site, format!("{path}.meter.site"))));
        }
        let price_eur_per_kwh = (self.read)(&format!("{path}.meter.price_eur_per_kwh"), &settings.price_eur_per_kwh)?;
        if !price_eur_per_kwh.all(f64::is_finite) {
            return Err(wrong(format!("{path}.meter.price_eur_per_kwh"), "expected numbers").into());
        }
        let co2_kg_per_kwh = settings.co2_kg_per_kwh;
        number(
            &format!("{path}.meter.co2_kg_per_kwh"),
            co2_kg_per_kwh,
            co2_kg_per_kwh.is_finite() && co2_kg_per_kwh >= 0.0,
            "a number >= 0",
        )?;
        Ok(Meter::Own { price_eur_per_kwh, co2_kg_per_kwh })
    }

    fn substation(&mut self, name: &str, component: &SubstationSettings) -> Result<Substation, E> {
        let path = format!("substations.{name}");
        let ends = self.layout.at(self.settings, &component.node, &format!("{path}.node"))?;
        let least = |value: f64| value.is_finite() && value >= 0.0;
        let max = component.max_flow_kg_s;
        let (some, any) = ("a number > 0", "a number >= 0");
        let checks = [
            ("spread_k", component.spread_k, some, component.spread_k.is_finite() && component.spread_k > 0.0),
            ("min_flow_kg_s", component.min_flow_kg_s, any, least(component.min_flow_kg_s)),
            ("bypass_kg_s", component.bypass_kg_s, any, least(component.bypass_kg_s)),
            ("freezing_margin_k", component.freezing_margin_k, any, least(component.freezing_margin_k)),
            (
                "share",
                component.share.unwrap_or(1.0),
                "a share from 0 to 1",
                component.share.is_none_or(|share| (0.0..=1.0).contains(&share)),
            ),
            (
                "max_flow_kg_s",
                max.unwrap_or(1.0),
                "a number above min_flow_kg_s",
                max.is_none_or(|max| max > 0.0 && max >= component.min_flow_kg_s),
            ),
        ];
        for (key, value, expected, fine) in checks {
            number(&format!("{path}.{key}"), value, fine, expected)?;
        }
        let [min_c, max_c] = [self.settings.min_c, self.settings.max_c];
        let inlet_c = [component.inlet_min_c.unwrap_or(min_c), component.inlet_max_c.unwrap_or(max_c)];
        let outlet_c =
            [component.outlet_min_c.unwrap_or(f64::NEG_INFINITY), component.outlet_max_c.unwrap_or(f64::INFINITY)];
        let limits = [
            ("inlet", component.inlet_min_c.is_some(), inlet_c),
            ("outlet", component.outlet_min_c.is_some(), outlet_c),
        ];
        for (which, has_low, [low, high]) in limits {
            let (side, value, expected) = match has_low {
                true => ("min", low, format!("a number below the upper limit, {high}")),
                false => ("max", high, format!("a number above the lower limit, {low}")),
            };
            number(&format!("{path}.{which}_{side}_c"), value, low < high, &expected)?;
        }
        if component.heat_pumps.as_ref().is_some_and(Vec::is_empty) {
            return Err(wrong(
                format!("{path}.heat_pumps"),
                "it is empty; leave it out for all heat pumps of the site",
            )
            .into());
        }
        let meter = Meter::Site(self.site(&component.site, format!("{path}.site")));
        self.transfers.push(Transfer { from: ends[0], to: ends[1] });
        Ok(Substation {
            name: name.to_owned(),
            ends,
            draws: Vec::new(),
            source_kw: None,
            spread_k: component.spread_k,
            flow_kg_s: [component.min_flow_kg_s, max.unwrap_or(f64::INFINITY)],
            bypass_kg_s: component.bypass_kg_s,
            inlet_c,
            outlet_c,
            source_max_c: f64::INFINITY,
            freezing_margin_k: component.freezing_margin_k,
            pump: Pump::new(&component.pump, &format!("{path}.pump"))?,
            meter,
            settings: Some(component.clone()),
        })
    }

    fn waste_heat(&mut self, name: &str, component: &WasteHeatSettings) -> Result<Substation, E> {
        let path = format!("waste_heat.{name}");
        if self.settings.substations.contains_key(name) {
            return Err(wrong(path, "a substation has the same name").into());
        }
        let ends = self.layout.at(self.settings, &component.node, &format!("{path}.node"))?;
        number(
            &format!("{path}.spread_k"),
            component.spread_k,
            component.spread_k.is_finite() && component.spread_k > 0.0,
            "a number > 0",
        )?;
        let source_kw = (self.read)(&format!("{path}.heat_kw"), &component.heat_kw)?;
        if !source_kw.all(|kw| kw.is_finite() && kw >= 0.0) {
            return Err(wrong(format!("{path}.heat_kw"), "expected numbers >= 0").into());
        }
        let meter = self.meter(&component.meter, &path)?;
        self.transfers.push(Transfer { from: ends[0], to: ends[1] });
        Ok(Substation {
            name: name.to_owned(),
            ends,
            draws: Vec::new(),
            source_kw: Some(source_kw),
            spread_k: component.spread_k,
            flow_kg_s: [0.0, f64::INFINITY],
            bypass_kg_s: 0.0,
            inlet_c: [f64::NEG_INFINITY, f64::INFINITY],
            outlet_c: [f64::NEG_INFINITY, f64::INFINITY],
            source_max_c: component.outlet_max_c.unwrap_or(f64::INFINITY),
            freezing_margin_k: 0.0,
            pump: Pump::new(&component.pump, &format!("{path}.pump"))?,
            meter,
            settings: None,
        })
    }

    fn main_pump(&mut self) -> Result<Option<MainPump>, E> {
        let (Some(component), Some([before, after])) = (&self.settings.main_pump, self.layout.main) else {
            return Ok(None);
        };
        let most = component.flow_kg_s;
        let least = component.least_flow_kg_s.unwrap_or(most);
        number("main_pump.flow_kg_s", most, most.is_finite() && most > 0.0, "a number > 0")?;
        number("main_pump.least_flow_kg_s", least, (0.0..=most).contains(&least), "a number from 0 to flow_kg_s")?;
        check_efficiency(component.efficiency, "main_pump")?;
        let meter = self.meter(&component.meter, "main_pump")?;
        self.transfers.push(Transfer { from: before, to: after });
        let transfer = self.transfers.len() - 1;
        Ok(Some(MainPump {
            ends: [before, after],
            transfer,
            flow_kg_s: [least, most],
            efficiency: component.efficiency,
            meter,
        }))
    }

    fn plants(&mut self, axis: &TimeAxis) -> Result<(Vec<Plant>, Vec<PlantUnit>), E> {
        let settings = self.settings;
        let ring = self.layout.main.is_some();
        if settings.plants.is_empty() && !ring {
            let message =
                "there is none: what substations take from one line more than from the other has to go through a plant";
            return Err(wrong("plants", message).into());
        }
        let shares = shares(&settings.plants.iter().map(|(name, plant)| (name.clone(), plant.share)).collect(), ring)?;
        #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
        let time = [axis.step_hours(), axis.len() as f64 * axis.step_hours() / 8760.0];
        let (mut plants, mut units) = (Vec::new(), Vec::new());
        for ((name, component), share) in settings.plants.iter().zip(shares) {
            let path = format!("plants.{name}");
            let [warm, cold] = self.layout.at(settings, &component.node, &format!("{path}.node"))?;
            // In a ring, a plant is part of the water's way, like a substation.
            let ends = if ring { [warm, cold] } else { [cold, warm] };
            let limits = [settings.min_c, settings.max_c];
            let ranges = [
                ("warm_c", component.warm_c, !ring),
                ("cold_c", component.cold_c, !ring),
                ("ring_c", component.ring_c, ring),
            ];
            for (key, range, fits) in ranges {
                let Some([low, high]) = range else { continue };
                if !fits {
                    let instead =
                        if ring { "a one-pipe ring has `ring_c`" } else { "two lines have `warm_c` and `cold_c`" };
                    return Err(wrong(format!("{path}.{key}"), instead).into());
                }
                let freezing_c = settings.fluid.at(settings.fluid_temp_c)?.freezing_c;
                if low <= freezing_c {
                    let message = format!("it begins at {low}, where the fluid is frozen ({freezing_c:.1} C)");
                    return Err(wrong(format!("{path}.{key}"), message).into());
                }
                if !(low.is_finite() && high.is_finite() && low <= high) {
                    return Err(
                        wrong(format!("{path}.{key}"), format!("it is [{low}, {high}]; expected [low, high]")).into()
                    );
                }
            }
            let [warm_c, cold_c, ring_c] = ranges.map(|(_, range, _)| range.unwrap_or(limits));
            let keeps_c = if ring { [ring_c; 2] } else { [warm_c, cold_c] };
            let (first_unit, first_transfer) = (units.len(), self.transfers.len());
            let mut from = ends[0];
            for (index, unit) in component.units.iter().enumerate() {
                let path = format!("{path}.units.{index}");
                let called = format!("{name}/{}", unit.name());
                let same = units
                    .iter()
                    .filter(|known: &&PlantUnit| known.name == called || known.name.starts_with(&format!("{called} ")))
                    .count();
                let called = if same == 0 { called } else { format!("{called} {}", same + 1) };
                units.push(PlantUnit::new(called.clone(), unit, &path, time, self.read)?);
                let to = if index + 1 == component.units.len() {
                    ends[1]
                } else {
                    self.nodes.push(format!("{called}/goes"));
                    self.nodes.len() - 1
                };
                self.transfers.push(Transfer { from, to });
                from = to;
            }
            if component.units.is_empty() {
                self.transfers.push(Transfer { from: ends[0], to: ends[1] });
            }
            let meter = self.meter(&component.meter, &path)?;
            plants.push(Plant {
                name: name.clone(),
                ends,
                share,
                keeps_c,
                is_watched: ranges.iter().any(|(_, range, _)| range.is_some())
                    || units[first_unit..].iter().any(PlantUnit::is_kept),
                units: first_unit..units.len(),
                transfers: first_transfer..self.transfers.len(),
                pump: Pump::new(&component.pump, &format!("{path}.pump"))?,
                meter,
            });
        }
        Ok((plants, units))
    }
}
