//! The results of a network simulation, by component and by step.

use ndarray::Array2;

/// The time outside a limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Overrun {
    /// Number of steps.
    pub steps: usize,
    /// Sum of excess times step length, K h.
    pub kelvin_hours: f64,
    /// Largest excess, K.
    pub worst_k: f64,
    /// Step of the largest excess, from 0.
    pub at: usize,
}

impl Overrun {
    /// Adds a step with its excess; an excess within rounding does not count.
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

/// Largest excess that counts as rounding, K.
pub(super) const NEGLIGIBLE_K: f64 = 1e-6;

/// The totals of a pipe over the run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PipeTotals {
    /// Heat that the water brought in minus that taken out, kWh.
    pub brought_kwh: f64,
    /// Heat lost to the ground, kWh.
    pub lost_kwh: f64,
    /// Increase of heat in water and wall from start to end, kWh.
    pub stored_kwh: f64,
    /// Largest velocity, m/s.
    pub velocity_m_s: f64,
    /// Step of the largest velocity.
    pub velocity_at: usize,
    /// Largest pressure loss per length, Pa/m.
    pub loss_pa_m: f64,
    /// Step of the largest pressure loss.
    pub loss_at: usize,
}

impl PipeTotals {
    /// Returns the residual of the energy balance, kWh.
    #[must_use]
    pub fn residual_kwh(&self) -> f64 {
        self.brought_kwh - self.lost_kwh - self.stored_kwh
    }
}

/// The totals of a substation over the run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SubstationTotals {
    /// Requested heat to the water, kWh: in heating (negative) and in cooling.
    pub asked_kwh: [f64; 2],
    /// Heat that the water received from it, kWh.
    pub received_kwh: f64,
    /// Electricity of its pump, kWh.
    pub pump_kwh: f64,
    /// Cost of this electricity on a separate meter, EUR.
    pub pump_eur: f64,
    /// Largest flow, kg/s.
    pub flow_kg_s: f64,
    /// Lowest and highest inlet temperatures while it drew water, degrees Celsius; NaN if it never did.
    pub inlet_c: [f64; 2],
    /// Lowest and highest outlet temperatures while it drew water, degrees Celsius; NaN if it never did.
    pub outlet_c: [f64; 2],
    /// Time outside the limits: inlet below and above, outlet below and above.
    pub limits: [Overrun; 4],
    /// Time with the outlet within the margin of the freezing point.
    pub freezing: Overrun,
    /// Time with the outlet beyond a running heat pump's refrigerant: colder than the evaporation in heating, warmer
    /// than the condensation in cooling.
    pub beyond_refrigerant: Overrun,
    /// Time in which the spread alone exceeds the approach, so that the outlet is beyond the refrigerant at any inlet
    /// temperature.
    pub crossing: Overrun,
}

/// The totals of a plant over the run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PlantTotals {
    /// Electricity of its pump, kWh.
    pub pump_kwh: f64,
    /// Cost of this electricity on a separate meter, EUR.
    pub pump_eur: f64,
    /// Largest flow, kg/s.
    pub flow_kg_s: f64,
    /// Time with the outlet colder, and warmer, than its range.
    pub unmet: [Overrun; 2],
    /// Missing heat and missing cold, kWh.
    pub unmet_kwh: [f64; 2],
}

/// The totals of a plant's unit over the run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct UnitTotals {
    /// Heat given to the water, kWh.
    pub heating_kwh: f64,
    /// Heat taken from it, kWh.
    pub cooling_kwh: f64,
    /// Electricity, kWh.
    pub electricity_kwh: f64,
    /// Cost of this electricity on a separate meter, EUR.
    pub electricity_eur: f64,
    /// Largest power, kW.
    pub most_kw: f64,
}

/// The totals of a network over the run.
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
    /// Increase of heat in the network from start to end, kWh.
    pub stored_kwh: f64,
    /// Heat moved in any direction, kWh: the scale of the balance.
    pub moved_kwh: f64,
    /// Largest residual of a step's balance, relative to the heat moved or stored.
    pub worst_step: f64,
    /// Change of temperature from start to end, K, in a run with periodic start; `None` otherwise.
    pub start_miss_k: Option<f64>,
    /// Time with water below its freezing point anywhere.
    pub frozen: Overrun,
    /// Steps in which a substation drew more than a ring's flow and recirculated part of its own water.
    pub short_ring_steps: usize,
    /// Cost of the main pump's electricity on a separate meter, EUR.
    pub main_pump_eur: f64,
}

impl NetworkReport {
    /// Returns the residual of the run's energy balance, relative to the heat moved.
    #[must_use]
    pub fn residual(&self) -> f64 {
        (self.received_kwh - self.lost_kwh - self.stored_kwh).abs() / self.moved_kwh.max(f64::MIN_POSITIVE)
    }

    /// Returns the cost of electricity of pumps and units on separate meters, EUR.
    #[must_use]
    pub fn own_eur(&self) -> f64 {
        let substations: f64 = self.substations.iter().map(|totals| totals.pump_eur).sum();
        let plants: f64 = self.plants.iter().map(|totals| totals.pump_eur).sum();
        substations + plants + self.units.iter().map(|totals| totals.electricity_eur).sum::<f64>() + self.main_pump_eur
    }

    /// Returns the electricity of all circulation pumps, kWh.
    #[must_use]
    pub fn pumps_kwh(&self) -> f64 {
        let substations: f64 = self.substations.iter().map(|totals| totals.pump_kwh).sum();
        substations + self.plants.iter().map(|totals| totals.pump_kwh).sum::<f64>() + self.main_pump_kwh
    }
}

/// The results of every step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    /// Mean temperature of each node of water, degrees Celsius, shape (nodes, steps).
    pub node_c: Array2<f64>,
    /// Pressure at each water node, Pa, relative to the first node of its line or ring; the difference between the
    /// lines is that of the pumps.
    pub pressure_pa: Array2<f64>,
    /// Flow of each substation from the warm line to the cold one, kg/s, shape (substations, steps).
    pub flow_kg_s: Array2<f64>,
    /// Inlet temperature of each substation, degrees Celsius.
    pub inlet_c: Array2<f64>,
    /// Inlet temperature of each substation at the beginning of the step, at which its heat pumps' COPs are
    /// evaluated, degrees Celsius; NaN where no heat pump runs.
    pub cop_inlet_c: Array2<f64>,
    /// Outlet temperature of each substation, degrees Celsius.
    pub outlet_c: Array2<f64>,
    /// Electricity of each substation's pump, kW.
    pub pump_kw: Array2<f64>,
    /// Flow of each plant from the cold line to the warm one, kg/s, shape (plants, steps).
    pub plant_flow_kg_s: Array2<f64>,
    /// Outlet temperature of each plant, degrees Celsius.
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
