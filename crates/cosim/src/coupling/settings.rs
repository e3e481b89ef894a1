//! Settings of the coupling.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stop;

/// COPs of the first dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InitialCopDispatch {
    /// Those of the district's files (in the published case the result of the authors' last run).
    Committed,
    /// The start COPs of the heat pumps.
    Start,
}

/// COPs that turn the first plan's heat into heat on the loop, where they are given from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InitialCopRing {
    /// The start COPs, whatever the dispatch used.
    Start,
    /// Those of the dispatch.
    AsDispatch,
}

/// COPs that turn a plan's heat into heat on the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoopCop {
    /// Those the plan was made with, as published.
    AsDispatched,
    /// Those of each step's own loop temperature: temperature and COP belong together in every iterate.
    WithinStep,
}

/// Whose store levels give the store temperatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreTemperature {
    /// Those of the first plan, in every iteration, as published.
    Frozen,
    /// Those of the plan at hand.
    Current,
}

/// How the next plan follows from the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SchemeChoice {
    /// The dispatcher's answer is the next plan, until the published rule holds (`stop: paper`).
    Published,
    /// The dispatcher's answer is the next plan.
    Picard,
    /// Averages of plans with a step of 1/k (method of successive averages).
    Msa,
    /// Averages of plans; the step shrinks fast when the dispatcher's answer moves away from the plan, slowly otherwise.
    SelfRegulated,
    /// Averages of plans; the step shrinks when the gap falls by less than 10 %.
    GapRegulated,
    /// Picard with one relaxation factor for all COPs, from the last two iterations (Aitken); needs `stop: residual`. For loops that answer smoothly.
    Aitken,
    /// Picard from the COPs for which the last iterations promise the least change (Anderson; interface quasi-Newton); needs `stop: residual`.
    /// For loops that answer smoothly.
    Anderson,
    /// What `auto` does before Newton's method: Picard for three iterations, then averages, self-regulated and later gap-regulated,
    /// or Picard again where averages get worse.
    Averaging,
    /// Newton's method on the joint optimality conditions of dispatch and loop: the precise one. Picard for three iterations, to learn
    /// where the time can be cut.
    Newton,
    /// `auto`, and beside its equilibrium the plan of a dispatcher who knows what it does to the loop: what myopia costs.
    Anticipative,
    /// Picard for three iterations, then self-regulated averaging, gap-regulated or Picard again where that stops helping, and
    /// Newton's method where that gets no further, or 40 iterations do not reach the tolerance.
    Auto,
}

impl SchemeChoice {
    /// All schemes.
    pub const ALL: [Self; 11] = [
        Self::Published,
        Self::Picard,
        Self::Msa,
        Self::SelfRegulated,
        Self::GapRegulated,
        Self::Aitken,
        Self::Anderson,
        Self::Averaging,
        Self::Newton,
        Self::Anticipative,
        Self::Auto,
    ];

    /// Returns whether the scheme dispatches at other COPs than those that the last plan led to.
    #[must_use]
    pub fn is_accelerated(self) -> bool {
        matches!(self, Self::Aitken | Self::Anderson)
    }

    /// Returns the name of the scheme in the settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Picard => "picard",
            Self::Msa => "msa",
            Self::SelfRegulated => "self_regulated",
            Self::GapRegulated => "gap_regulated",
            Self::Aitken => "aitken",
            Self::Anderson => "anderson",
            Self::Averaging => "averaging",
            Self::Newton => "newton",
            Self::Anticipative => "anticipative",
            Self::Auto => "auto",
        }
    }
}

/// What the dispatcher knows of the cost of balancing the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BalancingPrice {
    /// Nothing: balancing is paid for after the dispatch.
    #[default]
    Ignored,
    /// What the balancing unit's last kWh cost in the simulation before, CO2 at its price included: in each step for
    /// each kWh of heat that a heat pump takes from the loop where the unit heats, then or next, or gives it where the
    /// unit cools. For sizing.
    Marginal,
}

/// Settings of the coupling. Every field has a working default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CouplingSettings {
    /// COPs of the first dispatch.
    pub initial_cop_dispatch: InitialCopDispatch,
    /// COPs of the first loop simulation, where they are given.
    pub initial_cop_ring: InitialCopRing,
    /// COPs of the loop simulation.
    pub loop_cop: LoopCop,
    /// Whose store levels give the store temperatures.
    pub store_temperature: StoreTemperature,
    /// What the dispatcher knows of the cost of balancing the loop.
    pub balancing_price: BalancingPrice,
    /// When to stop.
    pub stop: Stop,
    /// How the next plan follows from the last. Where none is given: `auto` if the gap of every iteration is known
    /// (`loop_cop: within_step`, `store_temperature: current`, `relaxation: 1`) and `stop` is not `paper`; `picard` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<SchemeChoice>,
    /// Share of the step from the old COPs to the new ones that is taken, in (0, 1].
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub relaxation: f64,
    /// Iterations after the first, at most.
    pub max_iterations: usize,
    /// Largest relative gap, of the money and of the unmet demand, that counts as converged; it is no error of the cost. Where none is given: 1e-6 with `scheme: newton`, 1e-4 otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub gap_tolerance: Option<f64>,
    /// Largest change of the loop temperature that counts as none, K.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub temperature_tolerance_k: f64,
    /// Largest change of a COP that counts as none.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub cop_tolerance: f64,
}

impl Default for CouplingSettings {
    fn default() -> Self {
        Self {
            initial_cop_dispatch: InitialCopDispatch::Start,
            initial_cop_ring: InitialCopRing::AsDispatch,
            loop_cop: LoopCop::WithinStep,
            store_temperature: StoreTemperature::Current,
            balancing_price: BalancingPrice::Ignored,
            stop: Stop::Gap,
            scheme: None,
            relaxation: 1.0,
            max_iterations: 60,
            gap_tolerance: None,
            temperature_tolerance_k: 0.01,
            cop_tolerance: 0.002,
        }
    }
}

/// The error for settings that contradict each other or are out of range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A number is outside its range.
    #[error("coupling.{key} is {value}; expected {expected}")]
    Range {
        /// Name of the setting.
        key: &'static str,
        /// Value of the setting.
        value: f64,
        /// Expected range.
        expected: &'static str,
    },
    /// The gap cannot be measured under these settings.
    #[error("coupling.stop: gap needs {needs}: only then is each iteration's gap known")]
    GapUnknown {
        /// Settings that the gap needs.
        needs: &'static str,
    },
    /// The published scheme is combined with a stop rule other than the published one.
    #[error("coupling.scheme: published ends by the published rule; set stop: paper, or use scheme: picard")]
    NotPublished,
    /// The scheme needs derivatives, which a marginal price of balancing does not have.
    #[error(
        "coupling.balancing_price: marginal does not go with scheme: {scheme}: the price of balancing jumps where the \
         unit begins to run, and has no derivative there; use scheme: auto (which then averages plans only), or \
         balancing_price: ignored"
    )]
    PriceJumps {
        /// Name of the scheme.
        scheme: &'static str,
    },
    /// The scheme averages plans, which these settings exclude.
    #[error(
        "coupling.scheme: {scheme} goes on from its own plans and needs {needs}: only then does the dispatcher answer \
         to the COPs that such a plan led to; use scheme: picard, or leave it out"
    )]
    CannotAverage {
        /// Name of the scheme.
        scheme: &'static str,
        /// Settings that averaging needs.
        needs: &'static str,
    },
}

/// Settings under which [`CouplingSettings::gap_is_free`] holds.
const GAP_NEEDS: &str = "loop_cop: within_step, store_temperature: current and relaxation: 1";

/// Schemes under which [`CouplingSettings::gap_is_free`] holds.
const GAP_NEEDS_OTHER: &str = "a scheme that dispatches at the COPs its plans lead to; with aitken and anderson use \
    stop: residual, the gap is measured in the end";

impl CouplingSettings {
    /// Checks ranges and combinations.
    ///
    /// # Errors
    /// [`SettingsError`] with the key, its value and what was expected.
    pub fn check(&self) -> Result<(), SettingsError> {
        let positive = |key, value: f64| {
            let fine = value.is_finite() && value > 0.0;
            if fine { Ok(()) } else { Err(SettingsError::Range { key, value, expected: "a number > 0" }) }
        };
        if !(self.relaxation > 0.0 && self.relaxation <= 1.0) {
            let (key, value) = ("relaxation", self.relaxation);
            return Err(SettingsError::Range { key, value, expected: "a number > 0 and <= 1" });
        }
        positive("gap_tolerance", self.gap_tolerance_in_force())?;
        positive("temperature_tolerance_k", self.temperature_tolerance_k)?;
        positive("cop_tolerance", self.cop_tolerance)?;
        if self.stop == Stop::Gap && !self.gap_is_free() {
            let accelerated = self.scheme.is_some_and(SchemeChoice::is_accelerated);
            return Err(SettingsError::GapUnknown { needs: if accelerated { GAP_NEEDS_OTHER } else { GAP_NEEDS } });
        }
        let scheme = self.scheme_in_force();
        let smooth = matches!(scheme, SchemeChoice::Newton | SchemeChoice::Anticipative);
        if smooth && self.balancing_price == BalancingPrice::Marginal {
            return Err(SettingsError::PriceJumps { scheme: scheme.name() });
        }
        if scheme == SchemeChoice::Published && self.stop != Stop::Paper {
            return Err(SettingsError::NotPublished);
        }
        let averages = !matches!(scheme, SchemeChoice::Picard | SchemeChoice::Published) && !scheme.is_accelerated();
        if averages && !self.gap_is_free() {
            return Err(SettingsError::CannotAverage { scheme: scheme.name(), needs: GAP_NEEDS });
        }
        Ok(())
    }

    /// Returns the selected scheme, or the default for the other settings.
    #[must_use]
    pub fn scheme_in_force(&self) -> SchemeChoice {
        let default = || match self.gap_is_free() && self.stop != Stop::Paper {
            true => SchemeChoice::Auto,
            false => SchemeChoice::Picard,
        };
        self.scheme.unwrap_or_else(default)
    }

    /// Returns the selected tolerance of the relative gap, or the scheme's default.
    #[must_use]
    pub fn gap_tolerance_in_force(&self) -> f64 {
        let usual = if self.scheme_in_force() == SchemeChoice::Newton { 1e-6 } else { 1e-4 };
        self.gap_tolerance.unwrap_or(usual)
    }

    /// Returns whether the next dispatch is the cheapest plan against which the gap of an iterate is measured, so
    /// that the gap needs no further dispatch.
    #[must_use]
    pub fn gap_is_free(&self) -> bool {
        self.loop_cop == LoopCop::WithinStep
            && self.store_temperature == StoreTemperature::Current
            && self.relaxation == 1.0
            && !self.scheme.is_some_and(SchemeChoice::is_accelerated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_refused() {
        assert_eq!(CouplingSettings::default().check(), Ok(()));
        let relaxed = CouplingSettings { relaxation: 0.5, ..CouplingSettings::default() };
        assert!(matches!(relaxed.check(), Err(SettingsError::GapUnknown { .. })));
        let relaxed = CouplingSettings { stop: Stop::Residual, ..relaxed };
        assert_eq!(relaxed.check(), Ok(()));
        for relaxation in [0.0, -1.0, 1.5, f64::NAN] {
            let wrong = CouplingSettings { relaxation, ..relaxed.clone() };
            assert!(matches!(wrong.check(), Err(SettingsError::Range { key: "relaxation", .. })));
        }
    }

    #[test]
    fn averaging_is_the_default_where_the_gap_is_free_and_refused_elsewhere() {
        let free = CouplingSettings::default();
        assert_eq!(free.scheme_in_force(), SchemeChoice::Auto);
        let paper = CouplingSettings { stop: Stop::Paper, ..free.clone() };
        assert_eq!(paper.scheme_in_force(), SchemeChoice::Picard);
        let not_free = [
            CouplingSettings { relaxation: 0.5, stop: Stop::Residual, ..free.clone() },
            CouplingSettings { loop_cop: LoopCop::AsDispatched, stop: Stop::Residual, ..free.clone() },
            CouplingSettings { store_temperature: StoreTemperature::Frozen, stop: Stop::Residual, ..free.clone() },
        ];
        for settings in not_free {
            assert_eq!((settings.scheme_in_force(), settings.check()), (SchemeChoice::Picard, Ok(())));
            let asked = CouplingSettings { scheme: Some(SchemeChoice::Msa), ..settings };
            let error = asked.check().unwrap_err();
            assert!(
                error.to_string().contains("scheme: msa goes on from its own plans and needs loop_cop: within_step"),
                "{error}"
            );
        }
    }

    #[test]
    fn names_are_those_of_the_settings() {
        for choice in SchemeChoice::ALL {
            assert_eq!(serde_json::to_value(choice).unwrap(), choice.name());
        }
        let schema = serde_json::to_string(&schemars::schema_for!(CouplingSettings)).unwrap();
        assert!(schema.contains("gap_regulated") && schema.contains("within_step"), "{schema}");
    }
}
