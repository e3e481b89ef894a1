//! Columns of `network_components.csv`: one row per pipe, substation, plant and unit of a network of pipes. Cells that
//! do not apply to a component are empty.

/// Name of the component.
pub const COMPONENT: &str = "component";
/// Kind of the component: `pipe`, `beside`, `substation`, `waste_heat`, `unit`, `plant`, `main_pump`, `mixing` or
/// `whole`.
pub const KIND: &str = "kind";
/// Heat that heat pumps or waste-heat sources request to give to the water, kWh.
pub const ASKED_KWH: &str = "asked_kwh";
/// Heat that the water received, kWh.
pub const RECEIVED_KWH: &str = "received_kwh";
/// Waste heat that the network could not accept, kWh.
pub const REJECTED_KWH: &str = "rejected_kwh";
/// Net heat that flows into a pipe with the water, kWh.
pub const BROUGHT_KWH: &str = "brought_kwh";
/// Heat into the ground, kWh.
pub const LOST_KWH: &str = "lost_kwh";
/// Heat stored at the end minus heat stored at the beginning, kWh.
pub const STORED_KWH: &str = "stored_kwh";
/// Residual of the component's heat balance, kWh.
pub const RESIDUAL_KWH: &str = "residual_kwh";
/// Electricity, kWh.
pub const ELECTRICITY_KWH: &str = "electricity_kwh";
/// Cost of electricity that is metered separately, EUR.
pub const ELECTRICITY_EUR: &str = "electricity_eur";
/// Largest thermal power, kW.
pub const MAX_POWER_KW: &str = "max_power_kw";
/// Largest flow, kg/s.
pub const MAX_FLOW_KG_S: &str = "max_flow_kg_s";
/// Largest velocity, m/s.
pub const MAX_VELOCITY_M_S: &str = "max_velocity_m_s";
/// Largest pressure loss per length, Pa/m.
pub const MAX_LOSS_PA_M: &str = "max_loss_pa_m";
/// Lowest inlet temperature, degrees Celsius.
pub const INLET_MIN_C: &str = "inlet_min_c";
/// Highest inlet temperature, degrees Celsius.
pub const INLET_MAX_C: &str = "inlet_max_c";
/// Lowest outlet temperature, degrees Celsius.
pub const OUTLET_MIN_C: &str = "outlet_min_c";
/// Highest outlet temperature, degrees Celsius.
pub const OUTLET_MAX_C: &str = "outlet_max_c";
/// Time with an inlet below its limit, hours.
pub const HOURS_INLET_BELOW: &str = "hours_inlet_below";
/// Time with an inlet above its limit, hours.
pub const HOURS_INLET_ABOVE: &str = "hours_inlet_above";
/// Time with an outlet below its limit, hours.
pub const HOURS_OUTLET_BELOW: &str = "hours_outlet_below";
/// Time with an outlet above its limit, hours.
pub const HOURS_OUTLET_ABOVE: &str = "hours_outlet_above";
/// Time with an outlet closer to the freezing point than its margin, hours.
pub const HOURS_NEAR_FREEZING: &str = "hours_near_freezing";
/// Time with an outlet outside the limits of the heat pumps' refrigerant, hours.
pub const HOURS_BEYOND_REFRIGERANT: &str = "hours_beyond_refrigerant";
/// Time in which a plant did not keep its water within its range, hours.
pub const HOURS_UNMET: &str = "hours_unmet";
/// Heat or cold that a plant did not deliver, kWh.
pub const UNMET_KWH: &str = "unmet_kwh";
/// Time stamp of the largest velocity.
pub const MAX_VELOCITY_AT: &str = "max_velocity_at";
/// Time stamp of the largest pressure loss.
pub const MAX_LOSS_AT: &str = "max_loss_at";

/// The columns of numbers, in the order of the table.
pub const NUMBERS: [&str; 25] = [
    ASKED_KWH,
    RECEIVED_KWH,
    REJECTED_KWH,
    BROUGHT_KWH,
    LOST_KWH,
    STORED_KWH,
    RESIDUAL_KWH,
    ELECTRICITY_KWH,
    ELECTRICITY_EUR,
    MAX_POWER_KW,
    MAX_FLOW_KG_S,
    MAX_VELOCITY_M_S,
    MAX_LOSS_PA_M,
    INLET_MIN_C,
    INLET_MAX_C,
    OUTLET_MIN_C,
    OUTLET_MAX_C,
    HOURS_INLET_BELOW,
    HOURS_INLET_ABOVE,
    HOURS_OUTLET_BELOW,
    HOURS_OUTLET_ABOVE,
    HOURS_NEAR_FREEZING,
    HOURS_BEYOND_REFRIGERANT,
    HOURS_UNMET,
    UNMET_KWH,
];
