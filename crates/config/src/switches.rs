//! The switches between the published paper case and corrected physics: one key each, and presets of all switches.

use anergy_cosim::coupling::{InitialCopDispatch, InitialCopRing, LoopCop, Stop, StoreTemperature};
use anergy_thermal::heat_pump::{ColdStoreTemperature, CoolingLift};
use anergy_thermal::water_loop::LoopLimit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A named setting of all switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Everything as in the published model, quirks included.
    Published,
    /// Everything mended.
    Corrected,
    /// Mended, except that cold stores rise and commercial stores use the buildings' heat capacity: the setting in
    /// which equilibria were measured.
    EquilibriumReference,
}

/// Heat capacity of the commercial stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommercialStoreCapacity {
    /// That of the buildings' stores, as published.
    Buildings,
    /// Their own.
    Own,
}

/// What to do with the values that the loop file lists as wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outlier {
    /// Keep them.
    Keep,
    /// Mend them as the file says.
    Mend,
}

/// What unmet demand and surplus cost in the dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurplusAndUnmet {
    /// Each the model's `bigM`, as published.
    BigM,
    /// Surplus is free; unmet demand costs 100 EUR/kWh, far more than any way to serve it.
    SurplusFree,
}

/// All switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Switches {
    /// COPs of the first dispatch.
    pub initial_cop_dispatch: InitialCopDispatch,
    /// COPs of the first loop simulation.
    pub initial_cop_ring: InitialCopRing,
    /// COPs of the loop simulation.
    pub loop_cop: LoopCop,
    /// Whose levels give the store temperatures.
    pub store_temperature: StoreTemperature,
    /// What happens at the loop's limits.
    pub loop_limit: LoopLimit,
    /// How a cooling machine's lift is counted.
    pub cooling_lift: CoolingLift,
    /// How a cold store's temperature follows its level.
    pub cold_store_temperature: ColdStoreTemperature,
    /// Heat capacity of the commercial stores.
    pub commercial_store_capacity: CommercialStoreCapacity,
    /// When to stop.
    pub stop: Stop,
    /// Values listed as wrong.
    pub outlier: Outlier,
    /// What unmet demand and surplus cost.
    pub surplus_and_unmet: SurplusAndUnmet,
}

impl Preset {
    /// Returns the switches of this preset.
    #[must_use]
    pub fn switches(self) -> Switches {
        match self {
            Self::Published => Switches {
                initial_cop_dispatch: InitialCopDispatch::Committed,
                initial_cop_ring: InitialCopRing::Start,
                loop_cop: LoopCop::AsDispatched,
                store_temperature: StoreTemperature::Frozen,
                loop_limit: LoopLimit::Reset,
                cooling_lift: CoolingLift::StoreMinusLoop,
                cold_store_temperature: ColdStoreTemperature::Rising,
                commercial_store_capacity: CommercialStoreCapacity::Buildings,
                stop: Stop::Paper,
                outlier: Outlier::Keep,
                surplus_and_unmet: SurplusAndUnmet::BigM,
            },
            Self::Corrected => Switches {
                initial_cop_dispatch: InitialCopDispatch::Start,
                initial_cop_ring: InitialCopRing::AsDispatch,
                loop_cop: LoopCop::WithinStep,
                store_temperature: StoreTemperature::Current,
                loop_limit: LoopLimit::Balance,
                cooling_lift: CoolingLift::LoopMinusStore,
                cold_store_temperature: ColdStoreTemperature::Falling,
                commercial_store_capacity: CommercialStoreCapacity::Own,
                stop: Stop::Gap,
                outlier: Outlier::Mend,
                surplus_and_unmet: SurplusAndUnmet::SurplusFree,
            },
            Self::EquilibriumReference => Switches {
                cold_store_temperature: ColdStoreTemperature::Rising,
                commercial_store_capacity: CommercialStoreCapacity::Buildings,
                ..Self::Corrected.switches()
            },
        }
    }
}

/// Switches set one by one on top of a preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SwitchChoices {
    /// COPs of the first dispatch.
    initial_cop_dispatch: Option<InitialCopDispatch>,
    /// COPs of the first loop simulation.
    initial_cop_ring: Option<InitialCopRing>,
    /// COPs of the loop simulation.
    loop_cop: Option<LoopCop>,
    /// Whose levels give the store temperatures.
    store_temperature: Option<StoreTemperature>,
    /// What happens at a well-mixed loop's limits.
    loop_limit: Option<LoopLimit>,
    /// How a cooling machine's lift is counted.
    cooling_lift: Option<CoolingLift>,
    /// How a cold store's temperature follows its level.
    cold_store_temperature: Option<ColdStoreTemperature>,
    /// Heat capacity of the commercial stores.
    commercial_store_capacity: Option<CommercialStoreCapacity>,
    /// When to stop.
    stop: Option<Stop>,
    /// Values listed as wrong.
    outlier: Option<Outlier>,
    /// What unmet demand and surplus cost.
    surplus_and_unmet: Option<SurplusAndUnmet>,
}

impl SwitchChoices {
    /// Returns the switches of `preset` with these choices merged over them.
    #[must_use]
    pub fn on(self, preset: Preset) -> Switches {
        let base = preset.switches();
        Switches {
            initial_cop_dispatch: self.initial_cop_dispatch.unwrap_or(base.initial_cop_dispatch),
            initial_cop_ring: self.initial_cop_ring.unwrap_or(base.initial_cop_ring),
            loop_cop: self.loop_cop.unwrap_or(base.loop_cop),
            store_temperature: self.store_temperature.unwrap_or(base.store_temperature),
            loop_limit: self.loop_limit.unwrap_or(base.loop_limit),
            cooling_lift: self.cooling_lift.unwrap_or(base.cooling_lift),
            cold_store_temperature: self.cold_store_temperature.unwrap_or(base.cold_store_temperature),
            commercial_store_capacity: self.commercial_store_capacity.unwrap_or(base.commercial_store_capacity),
            stop: self.stop.unwrap_or(base.stop),
            outlier: self.outlier.unwrap_or(base.outlier),
            surplus_and_unmet: self.surplus_and_unmet.unwrap_or(base.surplus_and_unmet),
        }
    }
}
