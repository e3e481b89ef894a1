//! What a simulation adds up, component by component.

use ndarray::Array2;

/// Time outside a limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Overrun {
    /// Steps.
    pub steps: usize,
    /// Excess over time, K h.
    pub kelvin_hours: f64,
    /// Largest excess, K.
    pub worst_k: f64,
    /// The step of the largest excess.
    pub at: usize,
}

impl Overrun {
    /// Notes an excess of a step, if it is one.
    pub(super) fn note(&mut self, excess_k: f64, step: usize, step_hours: f64) {
        if excess_k <= NEGLIGIBLE_K {
            return;
        }
        self.steps += 1;
        self.kelvin_hours += excess_k * step_hours;
        if excess_k > self.worst_k {
            (self.worst_k, self.at) = (excess_k, step);
        }
    }
}

/// Less is rounding, K.
pub(super) const NEGLIGIBLE_K: f64 = 1e-6;

/// A pipe over the whole time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PipeTotals {
    /// Heat that the water brought in more than it took out, kWh.
    pub brought_kwh: f64,
    /// Heat lost to the ground, kWh.
    pub lost_kwh: f64,
    /// More heat in water and wall at the end than at the start, kWh.
    pub stored_kwh: f64,
    /// Largest velocity, m/s, and when.
    pub velocity_m_s: f64,
    /// The step of that.
    pub velocity_at: usize,
    /// Largest pressure loss per length, Pa/m.
    pub loss_pa_m: f64,
    /// The step of that.
    pub loss_at: usize,
}

impl PipeTotals {
    /// What its balance misses, kWh.
    #[must_use]
    pub fn residual_kwh(&self) -> f64 {
        self.brought_kwh - self.lost_kwh - self.stored_kwh
    }
}

/// A substation over the whole time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SubstationTotals {
    /// Heat that it should give the water while heating (negative) and cooling, kWh.
    pub asked_kwh: [f64; 2],
    /// Heat that the water received from it, kWh.
    pub received_kwh: f64,
    /// Electricity of its pump, kWh.
    pub pump_kwh: f64,
    /// What that costs on a meter of its own, EUR.
    pub pump_eur: f64,
    /// Largest flow, kg/s.
    pub flow_kg_s: f64,
    /// Lowest and highest temperature of its water when it came, degrees Celsius, while it drew; not numbers if it never did.
    pub inlet_c: [f64; 2],
    /// Lowest and highest temperature of its water when it went, degrees Celsius, while it drew.
    pub outlet_c: [f64; 2],
    /// Inlet below and above its limits, outlet below and above its limits.
    pub limits: [Overrun; 4],
    /// Outlet within the margin of the freezing point.
    pub freezing: Overrun,
    /// Outlet beyond a running heat pump's refrigerant: colder than it evaporates while heating, warmer than it condenses while
    /// cooling.
    pub beyond_refrigerant: Overrun,
    /// The same by the spread alone, whatever water came: the approach is smaller than the spread leaves room for.
    pub crossing: Overrun,
}

/// A plant over the whole time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PlantTotals {
    /// Electricity of its pump, kWh.
    pub pump_kwh: f64,
    /// What that costs on a meter of its own, EUR.
    pub pump_eur: f64,
    /// Largest flow, kg/s.
    pub flow_kg_s: f64,
    /// Water that left colder and warmer than it should.
    pub unmet: [Overrun; 2],
    /// Heat and cold that would have been needed for that, kWh.
    pub unmet_kwh: [f64; 2],
}

/// A unit of a plant over the whole time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct UnitTotals {
    /// Heat given to the water, kWh.
    pub heating_kwh: f64,
    /// Heat taken from it, kWh.
    pub cooling_kwh: f64,
    /// Electricity for that, kWh.
    pub electricity_kwh: f64,
    /// What that costs on a meter of its own, EUR.
    pub electricity_eur: f64,
    /// Largest power, kW.
    pub most_kw: f64,
}

/// What a network did over the whole time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NetworkReport {
    /// Pipes, in the order of [`super::DistrictNetwork::pipe_names`].
    pub pipes: Vec<PipeTotals>,
    /// Substations, in the order of [`super::DistrictNetwork::substation_names`], sources of waste heat after them.
    pub substations: Vec<SubstationTotals>,
    /// Plants.
    pub plants: Vec<PlantTotals>,
    /// Units of all plants, in the order of [`super::DistrictNetwork::unit_names`].
    pub units: Vec<UnitTotals>,
    /// Electricity of the main pump of a ring, kWh.
    pub main_pump_kwh: f64,
    /// Heat from all transfers, kWh.
    pub received_kwh: f64,
    /// Heat lost to the ground, kWh.
    pub lost_kwh: f64,
    /// More heat in the network at the end than at the start, kWh.
    pub stored_kwh: f64,
    /// Heat that moved in any direction, kWh: the measure of the balance.
    pub moved_kwh: f64,
    /// Worst miss of the balance of a step, relative to the heat that moved or was there.
    pub worst_step: f64,
    /// By how much a periodic time misses its own beginning, K, where it does.
    pub start_miss_k: Option<f64>,
    /// Water somewhere below its freezing point.
    pub frozen: Overrun,
    /// Steps in which a substation drew more than a ring's water: it took some of its own back.
    pub short_ring_steps: usize,
    /// What the main pump's electricity costs on a meter of its own, EUR.
    pub main_pump_eur: f64,
}

impl NetworkReport {
    /// What the balance of the whole time misses, relative to the heat that moved.
    #[must_use]
    pub fn residual(&self) -> f64 {
        (self.received_kwh - self.lost_kwh - self.stored_kwh).abs() / self.moved_kwh.max(f64::MIN_POSITIVE)
    }

    /// What the electricity of pumps and units costs on meters of their own, EUR.
    #[must_use]
    pub fn own_eur(&self) -> f64 {
        let substations: f64 = self.substations.iter().map(|totals| totals.pump_eur).sum();
        let plants: f64 = self.plants.iter().map(|totals| totals.pump_eur).sum();
        substations + plants + self.units.iter().map(|totals| totals.electricity_eur).sum::<f64>() + self.main_pump_eur
    }

    /// Electricity of all circulation pumps, kWh.
    #[must_use]
    pub fn pumps_kwh(&self) -> f64 {
        let substations: f64 = self.substations.iter().map(|totals| totals.pump_kwh).sum();
        substations + self.plants.iter().map(|totals| totals.pump_kwh).sum::<f64>() + self.main_pump_kwh
    }
}

/// Values of every step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    /// Mean temperature of each node of water, degrees Celsius, shape (nodes, steps).
    pub node_c: Array2<f64>,
    /// Pressure at each node of water above that at the first node of its line or ring, Pa; between the lines as the pumps bring it about.
    pub pressure_pa: Array2<f64>,
    /// Flow of each substation from the warm line to the cold one, kg/s, shape (substations, steps).
    pub flow_kg_s: Array2<f64>,
    /// Temperature of the water that comes to each substation, degrees Celsius.
    pub inlet_c: Array2<f64>,
    /// Temperature of the water that comes to each substation as its heat pumps' COPs are taken with, at the beginning of the step,
    /// degrees Celsius; not a number where none of them runs.
    pub cop_inlet_c: Array2<f64>,
    /// Temperature of the water that leaves each substation, degrees Celsius.
    pub outlet_c: Array2<f64>,
    /// Electricity of each substation's pump, kW.
    pub pump_kw: Array2<f64>,
    /// Flow of each plant from the cold line to the warm one, kg/s, shape (plants, steps).
    pub plant_flow_kg_s: Array2<f64>,
    /// Temperature of the water that leaves each plant, degrees Celsius.
    pub plant_outlet_c: Array2<f64>,
    /// Electricity of each plant's pump, kW.
    pub plant_pump_kw: Array2<f64>,
    /// Heat from each unit, kW, shape (units, steps).
    pub unit_kw: Array2<f64>,
    /// Mean temperature of the walls of each borehole field at the end of the step, degrees Celsius; 0 for other units.
    pub wall_c: Array2<f64>,
    /// Mean temperature of the fluid along the boreholes at the end of the step, degrees Celsius; 0 for other units.
    pub fluid_c: Array2<f64>,
}

impl Recording {
    pub(super) fn zeros([nodes, substations, plants, units]: [usize; 4], steps: usize) -> Self {
        let of = |rows: usize| Array2::zeros((rows, steps));
        Self {
            node_c: of(nodes),
            pressure_pa: of(nodes),
            flow_kg_s: of(substations),
            inlet_c: of(substations),
            cop_inlet_c: of(substations),
            outlet_c: of(substations),
            pump_kw: of(substations),
            plant_flow_kg_s: of(plants),
            plant_outlet_c: of(plants),
            plant_pump_kw: of(plants),
            unit_kw: of(units),
            wall_c: of(units),
            fluid_c: of(units),
        }
    }
}
