//! From what a user says to a network that can be simulated.

use indexmap::IndexMap;

use super::binding::Draw;
use super::layout::{LaidPipe, Layout, number, wrong};
use super::settings::{
    FlowWarningSettings, MeterSettings, NetworkSettings, PumpSettings, Pumping, StartSettings, SubstationSettings,
    WasteHeatSettings,
};
use super::units::Unit;
use crate::series::{Profile, ProfileSetting, TimeAxis};
use crate::water_loop::WaterLoopError;
use crate::water_loop::network::{PipeNetwork, Resolution, Transfer};
use crate::weather::GroundWave;

/// Shares add up to 1 to this.
pub(super) const SHARES: f64 = 1e-6;
/// Reads a value over time at a path.
type Read<'r, E> = &'r mut dyn FnMut(&str, &ProfileSetting) -> Result<Profile, E>;

/// What is known of a node's pressure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// It is relative to the warm line, whose level the pumps set.
    Warm,
    /// It is relative to the cold line or the ring.
    Known,
    /// Nothing.
    Unknown,
}

/// A pump.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pump {
    pub(super) efficiency: f64,
    pub(super) loss_pa: f64,
    /// Design flow, kg/s.
    pub(super) design_kg_s: f64,
}

impl Pump {
    fn new(settings: &PumpSettings, path: &str) -> Result<Self, WaterLoopError> {
        let PumpSettings { efficiency, pressure_loss_kpa, design_flow_kg_s } = *settings;
        check_efficiency(efficiency, path)?;
        let loss = "a number >= 0";
        let fine = pressure_loss_kpa.is_finite() && pressure_loss_kpa >= 0.0;
        number(&format!("{path}.pressure_loss_kpa"), pressure_loss_kpa, fine, loss)?;
        let design_kg_s = design_flow_kg_s.unwrap_or(0.0);
        number(
            &format!("{path}.design_flow_kg_s"),
            design_kg_s,
            design_flow_kg_s.is_none_or(|flow| flow > 0.0),
            "a number > 0",
        )?;
        Ok(Self { efficiency, loss_pa: 1e3 * pressure_loss_kpa, design_kg_s })
    }

    /// What machines and exchangers beside the pipes lose at a flow, Pa.
    pub(super) fn own_pa(&self, flow_kg_s: f64) -> f64 {
        if self.design_kg_s > 0.0 { self.loss_pa * (flow_kg_s / self.design_kg_s).powi(2) } else { 0.0 }
    }

    /// Its electricity for a head and a flow, kW; none where the head is negative.
    pub(super) fn power_kw(&self, head_pa: f64, flow_kg_s: f64, density_kg_m3: f64) -> f64 {
        1e-3 * head_pa.max(0.0) * flow_kg_s.abs() / (density_kg_m3 * self.efficiency)
    }
}

fn check_efficiency(efficiency: f64, path: &str) -> Result<(), WaterLoopError> {
    number(&format!("{path}.efficiency"), efficiency, efficiency > 0.0 && efficiency <= 1.0, "a number > 0, at most 1")
}

/// Who brings electricity.
#[derive(Debug, Clone)]
pub(super) enum Meter {
    /// A site of the district, by its index in [`DistrictNetwork::electricity_sites`].
    Site(usize),
    /// A meter of its own.
    Own { price_eur_per_kwh: Profile, co2_kg_per_kwh: f64 },
}

impl Meter {
    /// The price on a meter of its own, EUR/kWh; nothing where a site pays.
    pub(super) fn own_price(&self, step: usize) -> f64 {
        match self {
            Self::Site(_) => 0.0,
            Self::Own { price_eur_per_kwh, .. } => price_eur_per_kwh.at(step),
        }
    }
}

/// A substation, or a source of waste heat.
#[derive(Debug, Clone)]
pub(super) struct Substation {
    pub(super) name: String,
    /// Where it takes water while heating, and where it gives it.
    pub(super) ends: [usize; 2],
    pub(super) draws: Vec<Draw>,
    /// Heat that comes of itself, kW.
    pub(super) source_kw: Option<Profile>,
    pub(super) spread_k: f64,
    pub(super) flow_kg_s: [f64; 2],
    pub(super) bypass_kg_s: f64,
    pub(super) inlet_c: [f64; 2],
    pub(super) outlet_c: [f64; 2],
    /// Of waste heat: it leaves no warmer.
    pub(super) source_max_c: f64,
    pub(super) freezing_margin_k: f64,
    pub(super) pump: Pump,
    pub(super) meter: Meter,
    /// For [`DistrictNetwork::bind`]; a source of waste heat is bound to nothing.
    pub(super) asked: Option<SubstationSettings>,
}

/// A plant.
#[derive(Debug, Clone)]
pub(super) struct Plant {
    pub(super) name: String,
    /// Where it takes water on its way to the warm line, and where it gives it.
    pub(super) ends: [usize; 2],
    pub(super) share: f64,
    /// What leaves stays within: to the warm line, to the cold line.
    pub(super) keeps_c: [[f64; 2]; 2],
    /// Whether it has to keep that: a range of its own, or a unit that works as needed.
    pub(super) is_watched: bool,
    /// Its units' places among all, and among the transfers.
    pub(super) units: std::ops::Range<usize>,
    pub(super) transfers: std::ops::Range<usize>,
    pub(super) pump: Pump,
    pub(super) meter: Meter,
}

/// The pump of a ring.
#[derive(Debug, Clone)]
pub(super) struct MainPump {
    pub(super) ends: [usize; 2],
    pub(super) transfer: usize,
    /// Least and greatest flow, kg/s.
    pub(super) flow_kg_s: [f64; 2],
    pub(super) efficiency: f64,
    pub(super) meter: Meter,
}

/// A network that can be simulated.
#[derive(Debug, Clone)]
pub struct DistrictNetwork {
    pub(super) limits_c: [f64; 2],
    pub(super) start: StartSettings,
    pub(super) warnings: FlowWarningSettings,
    pub(super) pumping: Pumping,
    pub(super) step_hours: f64,
    pub(super) nodes: Vec<String>,
    /// What is known of the nodes' pressures.
    pub(super) levels: Vec<Level>,
    pub(super) pipes: Vec<LaidPipe>,
    /// By pipe, the ground around it among `grounds`.
    pub(super) pipe_ground: Vec<usize>,
    pub(super) grounds: Vec<Profile>,
    pub(super) substations: Vec<Substation>,
    pub(super) plants: Vec<Plant>,
    pub(super) units: Vec<Unit>,
    pub(super) main: Option<MainPump>,
    pub(super) water: PipeNetwork,
    /// The sites that bring electricity, each with the key that says so.
    pub(super) electricity_sites: Vec<[String; 2]>,
}

impl DistrictNetwork {
    /// A network over the steps of `axis`; `profile` reads values over time, given the path of their key.
    ///
    /// # Errors
    /// Those of `profile`, and [`WaterLoopError`] with the path of what makes no sense.
    pub fn new<E: From<WaterLoopError>>(
        settings: &NetworkSettings,
        axis: &TimeAxis,
        mut profile: impl FnMut(&str, &ProfileSetting) -> Result<Profile, E>,
    ) -> Result<Self, E> {
        check_top(settings)?;
        let layout = Layout::new(settings)?;
        let (grounds, pipe_ground) = grounds(settings, &layout.pipes, axis, &mut profile)?;
        let mut builder = Builder {
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
        // Between the units of a plant nobody knows who brings what pressure.
        let mut levels = vec![Level::Unknown; nodes.len()];
        levels[..layout.nodes.len()].fill(Level::Known);
        if layout.main.is_none() {
            layout.places.values().filter_map(|[warm, _]| *warm).for_each(|warm| levels[warm] = Level::Warm);
        }
        let designs: Vec<_> = layout.pipes.iter().map(|pipe| pipe.design).collect();
        let water = PipeNetwork::new(fluid, nodes.len(), &designs, &transfers, resolution)?;
        Ok(Self {
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

    /// Lowest and highest temperature at which a substation should get its water, degrees Celsius.
    #[must_use]
    pub fn limits_c(&self) -> [f64; 2] {
        self.limits_c
    }

    /// Heat capacity of water and walls, kWh/K.
    #[must_use]
    pub fn heat_capacity_kwh_per_k(&self) -> f64 {
        self.water.heat_capacity_j_k() / 3.6e6
    }

    /// How the time begins.
    #[must_use]
    pub fn start(&self) -> StartSettings {
        self.start
    }

    /// Times that borehole fields have been through the time before.
    #[must_use]
    pub fn years_before(&self) -> u32 {
        self.units.iter().map(Unit::years_before).max().unwrap_or(0)
    }

    /// Names of the water's nodes.
    #[must_use]
    pub fn node_names(&self) -> &[String] {
        &self.nodes
    }

    /// Whether a substation is a source of waste heat.
    #[must_use]
    pub fn is_source(&self, substation: usize) -> bool {
        self.substations[substation].source_kw.is_some()
    }

    /// Whether a pipe is not one of the user's, but what lets a ring's water pass beside a place.
    #[must_use]
    pub fn is_beside(&self, pipe: usize) -> bool {
        self.pipes[pipe].is_beside
    }

    /// Names of the pipes, with their line where there are two.
    pub fn pipe_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.pipes.iter().map(|pipe| pipe.name.as_str())
    }

    /// Lengths and inner diameters of the pipes, m.
    pub fn pipe_sizes_m(&self) -> impl ExactSizeIterator<Item = [f64; 2]> {
        self.pipes.iter().map(|pipe| [pipe.design.length_m, pipe.design.inner_diameter_m])
    }

    /// Names of the substations, and of the sources of waste heat after them.
    pub fn substation_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.substations.iter().map(|substation| substation.name.as_str())
    }

    /// Lowest and highest temperatures of a substation's inlet and of its outlet, degrees Celsius; infinite where there is none.
    #[must_use]
    pub fn substation_limits_c(&self, substation: usize) -> [f64; 4] {
        let Substation { inlet_c, outlet_c, .. } = &self.substations[substation];
        [inlet_c[0], inlet_c[1], outlet_c[0], outlet_c[1]]
    }

    /// The heat pumps that draw at a substation.
    #[must_use]
    pub fn draws(&self, substation: usize) -> &[Draw] {
        &self.substations[substation].draws
    }

    /// Names of the plants.
    pub fn plant_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.plants.iter().map(|plant| plant.name.as_str())
    }

    /// Names of all plants' units.
    pub fn unit_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.units.iter().map(|unit| unit.name.as_str())
    }

    /// The sites of the district that bring electricity for pumps and units, each with the path of a key that says so.
    #[must_use]
    pub fn electricity_sites(&self) -> &[[String; 2]] {
        &self.electricity_sites
    }

    /// From where on a flow is worth a warning.
    #[must_use]
    pub fn warnings(&self) -> FlowWarningSettings {
        self.warnings
    }

    /// Transfers of substations, plants and main pump.
    pub(super) fn transfers(&self) -> usize {
        let of_plants = self.plants.last().map_or(0, |plant| plant.transfers.end);
        let of_main = self.main.as_ref().map_or(0, |main| main.transfer + 1);
        self.substations.len().max(of_plants).max(of_main)
    }

    /// Whether it is a ring with a main pump.
    #[must_use]
    pub fn is_ring(&self) -> bool {
        self.main.is_some()
    }
}

fn check_top(settings: &NetworkSettings) -> Result<(), WaterLoopError> {
    let NetworkSettings { min_c, max_c, start, ground, warnings, resolution, .. } = settings;
    let positive = |value: f64| value.is_finite() && value > 0.0;
    let some = "a number > 0";
    let k = ground.conductivity_w_m_k;
    let checks = [
        ("min_c", *min_c, "a number > -273.15", min_c.is_finite() && *min_c > -273.15),
        ("max_c", *max_c, "a number above min_c", max_c.is_finite() && max_c > min_c),
        ("start.temp_c", start.temp_c, "a temperature in degrees Celsius", start.temp_c.is_finite()),
        (
            "start.spin_up_days",
            start.spin_up_days,
            "a number >= 0",
            start.spin_up_days.is_finite() && start.spin_up_days >= 0.0,
        ),
        ("ground.conductivity_w_m_k", k, some, positive(k)),
        ("warnings.velocity_m_s", warnings.velocity_m_s, some, warnings.velocity_m_s > 0.0),
        ("warnings.loss_pa_m", warnings.loss_pa_m, some, warnings.loss_pa_m > 0.0),
        ("resolution.cell_m", resolution.cell_m, some, positive(resolution.cell_m)),
        (
            "resolution.most_cells",
            f64::from(resolution.most_cells),
            "1 to 10000",
            (1..=10_000).contains(&resolution.most_cells),
        ),
        (
            "resolution.part_minutes",
            resolution.part_minutes,
            "a number >= 0.1",
            resolution.part_minutes.is_finite() && resolution.part_minutes >= 0.1,
        ),
    ];
    checks.into_iter().try_for_each(|(path, value, expected, fine)| number(path, value, fine, expected))?;
    let freezing_c = settings.fluid.at(settings.fluid_temp_c)?.freezing_c;
    number(
        "start.temp_c",
        start.temp_c,
        start.temp_c > freezing_c,
        &format!("more than the fluid's freezing point, {freezing_c:.1} C"),
    )?;
    let unreached = |name: &&String| !settings.pipes.values().any(|pipe| pipe.from == **name || pipe.to == **name);
    if let Some(name) = settings.nodes.keys().find(unreached) {
        return Err(wrong(format!("nodes.{name}"), "no pipe reaches it"));
    }
    let names = settings.pipes.keys().chain(settings.nodes.keys()).chain(settings.substations.keys());
    if let Some(name) =
        names.chain(settings.waste_heat.keys()).chain(settings.plants.keys()).find(|name| name.contains(['/', '|']))
    {
        return Err(wrong("nodes", format!("`{name}`: names have neither / nor | in them")));
    }
    if settings.main_pump.is_some() && settings.pumping == Pumping::Central {
        return Err(wrong("pumping", "a one-pipe ring has its main pump; `central` is for a warm and a cold line"));
    }
    if settings.substations.is_empty() {
        return Err(wrong("substations", "there are none: nothing draws on the network"));
    }
    Ok(())
}

/// The ground around the pipes: one profile for each depth, and which is whose.
fn grounds<E: From<WaterLoopError>>(
    settings: &NetworkSettings,
    pipes: &[LaidPipe],
    axis: &TimeAxis,
    read: Read<'_, E>,
) -> Result<(Vec<Profile>, Vec<usize>), E> {
    let wave = match (&settings.ground.temp_c, settings.ground.wave) {
        (Some(temp_c), None) => {
            let temp_c = read("ground.temp_c", temp_c)?;
            if !temp_c.all(|value| value.is_finite() && value > -273.15) {
                return Err(wrong("ground.temp_c", "expected temperatures in degrees Celsius").into());
            }
            return Ok((vec![temp_c], vec![0; pipes.len()]));
        }
        (None, Some(wave)) => wave,
        (None, None) => return Err(wrong("ground", "its temperature is missing: give `temp_c`, or `wave`").into()),
        (Some(_), Some(_)) => return Err(wrong("ground", "takes either `temp_c` or `wave`").into()),
    };
    number("ground.wave.mean_c", wave.mean_c, wave.mean_c.is_finite(), "a temperature in degrees Celsius")?;
    number("ground.wave.coldest_day", wave.coldest_day, (0.0..=366.0).contains(&wave.coldest_day), "0 to 366")?;
    let mut depths: Vec<f64> = Vec::new();
    let mut profiles = Vec::new();
    let mut of_pipes = Vec::new();
    for pipe in pipes {
        let found = depths.iter().position(|depth| *depth == pipe.depth_m);
        of_pipes.push(match found {
            Some(index) => index,
            None => {
                let wave = GroundWave {
                    mean_c: wave.mean_c,
                    amplitude_k: wave.amplitude_k,
                    coldest_day: wave.coldest_day,
                    depth_m: pipe.depth_m,
                    diffusivity_m2_day: wave.diffusivity_m2_day,
                };
                let temp_c = wave.temperatures_c(axis).map_err(|error| wrong("ground.wave", error.to_string()))?;
                depths.push(pipe.depth_m);
                profiles.push(Profile::Series(temp_c));
                depths.len() - 1
            }
        });
    }
    Ok((profiles, of_pipes))
}

/// Transfers in the making.
struct Builder<'a, E> {
    settings: &'a NetworkSettings,
    layout: &'a Layout,
    nodes: Vec<String>,
    transfers: Vec<Transfer>,
    electricity_sites: Vec<[String; 2]>,
    read: Read<'a, E>,
}

impl<E: From<WaterLoopError>> Builder<'_, E> {
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

    fn substation(&mut self, name: &str, asked: &SubstationSettings) -> Result<Substation, E> {
        let path = format!("substations.{name}");
        let ends = self.layout.at(self.settings, &asked.node, &format!("{path}.node"))?;
        let least = |value: f64| value.is_finite() && value >= 0.0;
        let max = asked.max_flow_kg_s;
        let (some, any) = ("a number > 0", "a number >= 0");
        let checks = [
            ("spread_k", asked.spread_k, some, asked.spread_k.is_finite() && asked.spread_k > 0.0),
            ("min_flow_kg_s", asked.min_flow_kg_s, any, least(asked.min_flow_kg_s)),
            ("bypass_kg_s", asked.bypass_kg_s, any, least(asked.bypass_kg_s)),
            ("freezing_margin_k", asked.freezing_margin_k, any, least(asked.freezing_margin_k)),
            (
                "share",
                asked.share.unwrap_or(1.0),
                "a share from 0 to 1",
                asked.share.is_none_or(|share| (0.0..=1.0).contains(&share)),
            ),
            (
                "max_flow_kg_s",
                max.unwrap_or(1.0),
                "a number above min_flow_kg_s",
                max.is_none_or(|max| max > 0.0 && max >= asked.min_flow_kg_s),
            ),
        ];
        for (key, value, expected, fine) in checks {
            number(&format!("{path}.{key}"), value, fine, expected)?;
        }
        let [min_c, max_c] = [self.settings.min_c, self.settings.max_c];
        let inlet_c = [asked.inlet_min_c.unwrap_or(min_c), asked.inlet_max_c.unwrap_or(max_c)];
        let outlet_c = [asked.outlet_min_c.unwrap_or(f64::NEG_INFINITY), asked.outlet_max_c.unwrap_or(f64::INFINITY)];
        let limits =
            [("inlet", asked.inlet_min_c.is_some(), inlet_c), ("outlet", asked.outlet_min_c.is_some(), outlet_c)];
        for (which, has_low, [low, high]) in limits {
            let (side, value, expected) = match has_low {
                true => ("min", low, format!("a number below the upper limit, {high}")),
                false => ("max", high, format!("a number above the lower limit, {low}")),
            };
            number(&format!("{path}.{which}_{side}_c"), value, low < high, &expected)?;
        }
        if asked.heat_pumps.as_ref().is_some_and(Vec::is_empty) {
            return Err(wrong(
                format!("{path}.heat_pumps"),
                "it is empty; leave it out for all heat pumps of the site",
            )
            .into());
        }
        let meter = Meter::Site(self.site(&asked.site, format!("{path}.site")));
        self.transfers.push(Transfer { from: ends[0], to: ends[1] });
        Ok(Substation {
            name: name.to_owned(),
            ends,
            draws: Vec::new(),
            source_kw: None,
            spread_k: asked.spread_k,
            flow_kg_s: [asked.min_flow_kg_s, max.unwrap_or(f64::INFINITY)],
            bypass_kg_s: asked.bypass_kg_s,
            inlet_c,
            outlet_c,
            source_max_c: f64::INFINITY,
            freezing_margin_k: asked.freezing_margin_k,
            pump: Pump::new(&asked.pump, &format!("{path}.pump"))?,
            meter,
            asked: Some(asked.clone()),
        })
    }

    fn waste_heat(&mut self, name: &str, asked: &WasteHeatSettings) -> Result<Substation, E> {
        let path = format!("waste_heat.{name}");
        if self.settings.substations.contains_key(name) {
            return Err(wrong(path, "a substation has the same name").into());
        }
        let ends = self.layout.at(self.settings, &asked.node, &format!("{path}.node"))?;
        number(
            &format!("{path}.spread_k"),
            asked.spread_k,
            asked.spread_k.is_finite() && asked.spread_k > 0.0,
            "a number > 0",
        )?;
        let source_kw = (self.read)(&format!("{path}.heat_kw"), &asked.heat_kw)?;
        if !source_kw.all(|kw| kw.is_finite() && kw >= 0.0) {
            return Err(wrong(format!("{path}.heat_kw"), "expected numbers >= 0").into());
        }
        let meter = self.meter(&asked.meter, &path)?;
        self.transfers.push(Transfer { from: ends[0], to: ends[1] });
        Ok(Substation {
            name: name.to_owned(),
            ends,
            draws: Vec::new(),
            source_kw: Some(source_kw),
            spread_k: asked.spread_k,
            flow_kg_s: [0.0, f64::INFINITY],
            bypass_kg_s: 0.0,
            inlet_c: [f64::NEG_INFINITY, f64::INFINITY],
            outlet_c: [f64::NEG_INFINITY, f64::INFINITY],
            source_max_c: asked.outlet_max_c.unwrap_or(f64::INFINITY),
            freezing_margin_k: 0.0,
            pump: Pump::new(&asked.pump, &format!("{path}.pump"))?,
            meter,
            asked: None,
        })
    }

    fn main_pump(&mut self) -> Result<Option<MainPump>, E> {
        let (Some(asked), Some([before, after])) = (&self.settings.main_pump, self.layout.main) else {
            return Ok(None);
        };
        let most = asked.flow_kg_s;
        let least = asked.least_flow_kg_s.unwrap_or(most);
        number("main_pump.flow_kg_s", most, most.is_finite() && most > 0.0, "a number > 0")?;
        number("main_pump.least_flow_kg_s", least, (0.0..=most).contains(&least), "a number from 0 to flow_kg_s")?;
        check_efficiency(asked.efficiency, "main_pump")?;
        let meter = self.meter(&asked.meter, "main_pump")?;
        self.transfers.push(Transfer { from: before, to: after });
        let transfer = self.transfers.len() - 1;
        Ok(Some(MainPump {
            ends: [before, after],
            transfer,
            flow_kg_s: [least, most],
            efficiency: asked.efficiency,
            meter,
        }))
    }

    fn plants(&mut self, axis: &TimeAxis) -> Result<(Vec<Plant>, Vec<Unit>), E> {
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
        for ((name, asked), share) in settings.plants.iter().zip(shares) {
            let path = format!("plants.{name}");
            let [warm, cold] = self.layout.at(settings, &asked.node, &format!("{path}.node"))?;
            // Round a ring, a plant stands in the water's way like everything else.
            let ends = if ring { [warm, cold] } else { [cold, warm] };
            let limits = [settings.min_c, settings.max_c];
            let ranges =
                [("warm_c", asked.warm_c, !ring), ("cold_c", asked.cold_c, !ring), ("ring_c", asked.ring_c, ring)];
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
            for (index, unit) in asked.units.iter().enumerate() {
                let path = format!("{path}.units.{index}");
                let called = format!("{name}/{}", unit.name());
                let same = units
                    .iter()
                    .filter(|known: &&Unit| known.name == called || known.name.starts_with(&format!("{called} ")))
                    .count();
                let called = if same == 0 { called } else { format!("{called} {}", same + 1) };
                units.push(Unit::new(called.clone(), unit, &path, time, self.read)?);
                let to = if index + 1 == asked.units.len() {
                    ends[1]
                } else {
                    self.nodes.push(format!("{called}/goes"));
                    self.nodes.len() - 1
                };
                self.transfers.push(Transfer { from, to });
                from = to;
            }
            if asked.units.is_empty() {
                self.transfers.push(Transfer { from: ends[0], to: ends[1] });
            }
            let meter = self.meter(&asked.meter, &path)?;
            plants.push(Plant {
                name: name.clone(),
                ends,
                share,
                keeps_c,
                is_watched: ranges.iter().any(|(_, range, _)| range.is_some())
                    || units[first_unit..].iter().any(Unit::is_kept),
                units: first_unit..units.len(),
                transfers: first_transfer..self.transfers.len(),
                pump: Pump::new(&asked.pump, &format!("{path}.pump"))?,
                meter,
            });
        }
        Ok((plants, units))
    }
}

/// Shares of the plants, which add up to 1; in a ring all water goes through each.
fn shares(given: &IndexMap<String, Option<f64>>, ring: bool) -> Result<Vec<f64>, WaterLoopError> {
    let count = given.values().filter(|share| share.is_some()).count();
    let sum: f64 = given.values().flatten().sum();
    if ring {
        let found = given.iter().find(|(_, share)| share.is_some());
        let refused =
            |(name, _)| Err(wrong(format!("plants.{name}.share"), "round a ring all water goes through every plant"));
        return found.map_or_else(|| Ok(vec![1.0; given.len()]), refused);
    }
    if let Some((name, _)) = given.iter().find(|(_, share)| share.is_some_and(|share| !(0.0..=1.0).contains(&share))) {
        return Err(wrong(format!("plants.{name}.share"), "expected a share from 0 to 1"));
    }
    match given.first() {
        Some((name, _)) if count > 0 && (count < given.len() || (sum - 1.0).abs() > SHARES) => {
            let message = format!("the shares of all plants add up to {sum}; expected 1, or none given");
            Err(wrong(format!("plants.{name}.share"), message))
        }
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        _ => Ok(given.values().map(|share| share.map_or(1.0 / given.len() as f64, |share| share / sum)).collect()),
    }
}
