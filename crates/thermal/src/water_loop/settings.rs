//! What a user says about a water loop.

use anergy_data::series::{Profile, ProfileSetting};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::WaterLoopError;

/// What happens when the loop would leave its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoopLimit {
    /// It jumps to the reset temperature, as published; energy appears or vanishes.
    Reset,
    /// It stays at the limit; energy appears or vanishes.
    Clamp,
    /// A balancing unit adds or takes exactly what keeps it at the limit, as far as its power goes.
    #[default]
    Balance,
}

/// Settings of a well-mixed ring, as they stand in a loop file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WellMixedSettings {
    /// Mass of the water, kg.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub water_mass_kg: f64,
    /// Specific heat of the water, kJ/(kg K).
    #[serde(default = "specific_heat_of_water")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub specific_heat_kj_per_kg_k: f64,
    /// Temperature at the start, degrees Celsius.
    pub initial_c: f64,
    /// Lowest temperature, degrees Celsius.
    #[schemars(extend("exclusiveMinimum" = -273.15))]
    pub min_c: f64,
    /// Highest temperature, degrees Celsius.
    pub max_c: f64,
    /// By how much heat pumps change the temperature of the water that passes them, K: of effect where a COP model looks at the
    /// water that leaves (`loop_water`).
    #[serde(default = "default_spread_k")]
    #[schemars(range(min = 0.0))]
    pub spread_k: f64,
    /// Where a reset leads, degrees Celsius; the start temperature unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_c: Option<f64>,
    /// The ground around the pipes; none unless given: the loop then neither loses nor gains heat on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<GroundSettings>,
    /// What keeps the loop within its limits.
    #[serde(default)]
    pub balancing: BalancingSettings,
}

fn specific_heat_of_water() -> f64 {
    4.18
}

/// Default spread of the water at heat pumps, K: between the 3 K at evaporators and the 5 K at condensers of EN
/// 14511's standard ratings.
pub const DEFAULT_SPREAD_K: f64 = 4.0;

pub(super) fn default_spread_k() -> f64 {
    DEFAULT_SPREAD_K
}

/// The ground around the pipes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroundSettings {
    /// Heat conductance between the water and the undisturbed ground (UA), kW/K.
    #[schemars(range(min = 0.0))]
    pub conductance_kw_per_k: f64,
    /// Temperature of the undisturbed ground, degrees Celsius.
    pub temp_c: ProfileSetting,
}

/// The units that keep a loop within its limits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BalancingSettings {
    /// Heats at the low limit: a boiler, an air-source heat pump.
    pub heating: BalancingUnitSettings,
    /// Cools at the high limit: a dry cooler, a chiller.
    pub cooling: BalancingUnitSettings,
}

/// A balancing unit with a meter of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BalancingUnitSettings {
    /// Largest heat or cold it gives the loop, kW; unlimited unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub capacity_kw: Option<f64>,
    /// Electricity (or fuel) it takes per heat or cold it gives, kWh/kWh.
    #[schemars(range(min = 0.0))]
    pub electricity_per_heat: f64,
    /// Price of that electricity or fuel, EUR/kWh.
    pub price_eur_per_kwh: ProfileSetting,
    /// Emissions of that electricity or fuel, kg CO2/kWh.
    #[schemars(range(min = 0.0))]
    pub co2_kg_per_kwh: f64,
}

/// The values over time that a loop's settings refer to.
#[derive(Debug, Clone, PartialEq)]
pub struct LoopProfiles {
    /// Temperature of the undisturbed ground, degrees Celsius; of no effect without ground.
    pub ground_c: Profile,
    /// Price of the heating unit's energy, EUR/kWh.
    pub heating_price_eur_per_kwh: Profile,
    /// Price of the cooling unit's energy, EUR/kWh.
    pub cooling_price_eur_per_kwh: Profile,
}

impl LoopProfiles {
    /// Reads the values of all settings that may be files; `profile` reads a value, given the setting's key.
    ///
    /// # Errors
    /// Those of `profile`.
    pub fn resolve<E>(
        settings: &WellMixedSettings,
        mut profile: impl FnMut(&'static str, &ProfileSetting) -> Result<Profile, E>,
    ) -> Result<Self, E> {
        let BalancingSettings { heating, cooling } = &settings.balancing;
        Ok(Self {
            ground_c: match &settings.ground {
                Some(ground) => profile("water_loop.ground.temp_c", &ground.temp_c)?,
                None => Profile::Constant(settings.initial_c),
            },
            heating_price_eur_per_kwh: profile(
                "water_loop.balancing.heating.price_eur_per_kwh",
                &heating.price_eur_per_kwh,
            )?,
            cooling_price_eur_per_kwh: profile(
                "water_loop.balancing.cooling.price_eur_per_kwh",
                &cooling.price_eur_per_kwh,
            )?,
        })
    }

    pub(super) fn check(&self) -> Result<(), WaterLoopError> {
        let checks = [
            ("ground.temp_c", &self.ground_c, "numbers > -273.15", -273.15),
            ("balancing.heating.price_eur_per_kwh", &self.heating_price_eur_per_kwh, "numbers", f64::NEG_INFINITY),
            ("balancing.cooling.price_eur_per_kwh", &self.cooling_price_eur_per_kwh, "numbers", f64::NEG_INFINITY),
        ];
        for (key, profile, expected, above) in checks {
            let wrong = |value: &f64| !(value.is_finite() && *value > above);
            let found = match profile {
                Profile::Constant(value) => Some(*value).filter(wrong),
                Profile::Series(values) => values.iter().copied().find(wrong),
            };
            if let Some(value) = found {
                return Err(WaterLoopError::Range { key, value, expected });
            }
        }
        Ok(())
    }
}

impl WellMixedSettings {
    pub(super) fn check(&self) -> Result<(), WaterLoopError> {
        let Self { water_mass_kg, specific_heat_kj_per_kg_k, initial_c, min_c, max_c, spread_k, .. } = *self;
        let positive = |v: f64| v.is_finite() && v > 0.0;
        let not_negative = |v: f64| v.is_finite() && v >= 0.0;
        let within = |v: f64| v >= min_c && v <= max_c;
        let reset_c = self.reset_c.unwrap_or(initial_c);
        let conductance = self.ground.as_ref().map_or(0.0, |ground| ground.conductance_kw_per_k);
        let BalancingSettings { heating, cooling } = &self.balancing;
        let [heating_kw, cooling_kw] = [heating, cooling].map(|unit| unit.capacity_kw.unwrap_or(f64::INFINITY));
        let some = "a number > 0";
        let any = "a number >= 0";
        let inside = "a number from min_c to max_c";
        let checks = [
            ("water_mass_kg", water_mass_kg, some, positive(water_mass_kg)),
            ("specific_heat_kj_per_kg_k", specific_heat_kj_per_kg_k, some, positive(specific_heat_kj_per_kg_k)),
            ("min_c", min_c, "a number > -273.15", min_c.is_finite() && min_c > -273.15),
            ("max_c", max_c, "a number above min_c", max_c.is_finite() && max_c > min_c),
            ("initial_c", initial_c, inside, within(initial_c)),
            ("spread_k", spread_k, any, not_negative(spread_k)),
            ("reset_c", reset_c, inside, within(reset_c)),
            ("ground.conductance_kw_per_k", conductance, any, not_negative(conductance)),
            ("balancing.heating.capacity_kw", heating_kw, any, heating_kw >= 0.0),
            ("balancing.cooling.capacity_kw", cooling_kw, any, cooling_kw >= 0.0),
        ];
        let units = [
            (
                ["balancing.heating.electricity_per_heat", "balancing.heating.co2_kg_per_kwh"],
                [heating.electricity_per_heat, heating.co2_kg_per_kwh],
            ),
            (
                ["balancing.cooling.electricity_per_heat", "balancing.cooling.co2_kg_per_kwh"],
                [cooling.electricity_per_heat, cooling.co2_kg_per_kwh],
            ),
        ];
        let of_units = units.into_iter().flat_map(|(keys, values)| keys.into_iter().zip(values));
        let of_units = of_units.map(|(key, value)| (key, value, any, not_negative(value)));
        match checks.into_iter().chain(of_units).find(|(.., fine)| !fine) {
            Some((key, value, expected, _)) => Err(WaterLoopError::Range { key, value, expected }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anergy_data::series::FileColumn;

    fn read(text: &str) -> Result<WellMixedSettings, String> {
        serde_yaml::from_str(text).map_err(|error| error.to_string())
    }

    const LEAST: &str = "{water_mass_kg: 1e5, initial_c: 15, min_c: 10, max_c: 20}";

    #[test]
    fn missing_settings_have_defaults_that_are_written() {
        let settings = read(LEAST).unwrap();
        assert_eq!(settings.specific_heat_kj_per_kg_k, 4.18);
        assert_eq!((settings.reset_c, &settings.ground), (None, &None));
        assert_eq!(settings.balancing, BalancingSettings::default());
        assert_eq!(settings.balancing.heating.capacity_kw, None, "unlimited");
        assert_eq!(settings.check(), Ok(()));
        let written = serde_yaml::to_string(&settings).unwrap();
        assert!(written.contains("electricity_per_heat: 0"), "{written}");
        assert_eq!(read(&written).unwrap(), settings);
    }

    #[test]
    fn the_schema_has_meaning_and_default_and_refuses_unknown_keys() {
        let schema = serde_json::to_value(schemars::schema_for!(WellMixedSettings)).unwrap();
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["properties"]["specific_heat_kj_per_kg_k"]["default"], 4.18);
        assert_eq!(schema["properties"]["water_mass_kg"]["description"], "Mass of the water, kg.");
        let required: Vec<_> = schema["required"].as_array().unwrap().iter().collect();
        assert_eq!(required, ["water_mass_kg", "initial_c", "min_c", "max_c"]);
        let unit = &schema["$defs"]["BalancingUnitSettings"];
        assert_eq!((&unit["additionalProperties"], unit.get("required")), (&false.into(), None), "{schema:#}");
    }

    #[test]
    fn ground_and_units_are_read() {
        let settings = read(
            "{water_mass_kg: 1e5, initial_c: 15, min_c: 10, max_c: 20,
              ground: {conductance_kw_per_k: 2, temp_c: file=weather.csv:ground},
              balancing: {heating: {capacity_kw: 50, electricity_per_heat: 0.3, price_eur_per_kwh: 0.25}}}",
        )
        .unwrap();
        let ground = settings.ground.as_ref().unwrap();
        assert_eq!(ground.temp_c, ProfileSetting::File(FileColumn::parse("weather.csv:ground")));
        let mut keys = Vec::new();
        let profiles = LoopProfiles::resolve(&settings, |key, setting| {
            keys.push(key);
            match setting {
                ProfileSetting::Constant(value) => Ok(Profile::Constant(*value)),
                ProfileSetting::File(_) => Ok::<_, ()>(Profile::Series(vec![9.0, 8.5])),
            }
        });
        let profiles = profiles.unwrap();
        assert_eq!(keys.len(), 3);
        assert_eq!(profiles.ground_c.at(1), 8.5);
        assert_eq!(profiles.heating_price_eur_per_kwh, Profile::Constant(0.25));
        assert_eq!(profiles.check(), Ok(()));
        let broken = LoopProfiles { ground_c: vec![9.0, f64::NAN].into(), ..profiles };
        assert!(broken.check().unwrap_err().to_string().contains("ground.temp_c is NaN"));
        for unknown in ["ground: {conductance_kw_per_k: 2, temp: 9}", "balancing: {heating: {power_kw: 2}}"] {
            let text = LEAST.replace('}', &format!(", {unknown}}}"));
            assert!(read(&text).unwrap_err().contains("unknown field"), "{text}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_reported() {
        let named = |change: fn(&mut WellMixedSettings)| {
            let mut settings = read(LEAST).unwrap();
            change(&mut settings);
            settings.check().unwrap_err().to_string()
        };
        assert!(named(|s| s.water_mass_kg = 0.0).contains("water_mass_kg is 0"));
        assert!(named(|s| s.max_c = 5.0).contains("max_c is 5"));
        assert!(named(|s| s.initial_c = 25.0).contains("initial_c is 25"));
        assert!(named(|s| s.reset_c = Some(f64::NAN)).contains("reset_c is NaN"));
        assert!(named(|s| s.spread_k = -1.0).contains("spread_k is -1"));
        let ground = |s: &mut WellMixedSettings| {
            s.ground = Some(GroundSettings { conductance_kw_per_k: -1.0, temp_c: 10.0.into() });
        };
        assert!(named(ground).contains("water_loop.ground.conductance_kw_per_k is -1"));
        assert!(
            named(|s| s.balancing.heating.capacity_kw = Some(-5.0)).contains("balancing.heating.capacity_kw is -5")
        );
        assert!(named(|s| s.balancing.cooling.electricity_per_heat = -0.1).contains("cooling.electricity_per_heat"));
        assert!(named(|s| s.balancing.cooling.co2_kg_per_kwh = f64::NAN).contains("cooling.co2_kg_per_kwh"));
    }
}
