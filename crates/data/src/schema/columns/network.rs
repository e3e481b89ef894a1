//! Columns of `network.csv`: temperatures, pressures and flows along a network of pipes, one row per time step.
//!
//! Beside [`TIMESTAMP`](super::TIMESTAMP), names are `kind|name|quantity`: [`name`], with one of the kinds and
//! quantities of this module. Values are means over the step, except [`COP_INLET_C`], at the beginning of the step, and
//! the temperatures of a borehole field, at the end of the step.

/// The kind of a node.
pub const NODE: &str = "node";
/// The kind of a substation, or of a source of waste heat.
pub const SUBSTATION: &str = "substation";
/// The kind of a plant.
pub const PLANT: &str = "plant";
/// The kind of a plant's unit.
pub const UNIT: &str = "unit";

/// Temperature of a node, degrees Celsius.
pub const TEMPERATURE_C: &str = "temperature_c";
/// Pressure of a node above the first node of the cold line or the ring, kPa.
pub const PRESSURE_KPA: &str = "pressure_kpa";
/// Flow, kg/s: of a substation positive from the warm line to the cold one, of a plant positive to the warm line.
pub const FLOW_KG_S: &str = "flow_kg_s";
/// Inlet temperature of a substation, degrees Celsius.
pub const INLET_C: &str = "inlet_c";
/// Outlet temperature of a substation or plant, degrees Celsius.
pub const OUTLET_C: &str = "outlet_c";
/// Electricity of a substation's or plant's pump, kW.
pub const PUMP_KW: &str = "pump_kw";
/// Inlet temperature at which a substation's COPs are evaluated, degrees Celsius.
pub const COP_INLET_C: &str = "cop_inlet_c";
/// Heat from a unit into the water, kW.
pub const HEAT_KW: &str = "heat_kw";
/// Temperature of the borehole wall of a borehole field, degrees Celsius.
pub const WALL_C: &str = "wall_c";
/// Temperature of the fluid of a borehole field, degrees Celsius.
pub const FLUID_C: &str = "fluid_c";

/// Returns the name of a column: `kind|name|quantity`.
#[must_use]
pub fn name(kind: &str, name: &str, quantity: &str) -> String {
    format!("{kind}|{name}|{quantity}")
}

/// Returns the node whose temperature a column holds; `None` for all other columns.
#[must_use]
pub fn node_of_temperature(column: &str) -> Option<&str> {
    let rest = column.strip_prefix(NODE)?.strip_prefix('|')?;
    rest.strip_suffix(TEMPERATURE_C)?.strip_suffix('|')
}
