//! Capacities, given or chosen by the dispatch.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A capacity in a configuration: a number, or the range in which the dispatch chooses it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CapacitySetting {
    /// The capacity is given.
    Given(f64),
    /// The dispatch chooses the capacity of least cost, annuity of the `investment` included.
    Chosen(CapacityRange),
}

/// The range of a capacity that the dispatch chooses at the annualised cost of its `investment`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityRange {
    /// Least capacity.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub min: f64,
    /// Largest capacity.
    #[schemars(range(min = 0.0))]
    pub max: f64,
}

impl CapacitySetting {
    /// An unlimited capacity.
    pub const UNLIMITED: Self = Self::Given(f64::INFINITY);

    /// Returns the capacity, or the largest one if it is chosen.
    #[must_use]
    pub fn most(self) -> f64 {
        match self {
            Self::Given(capacity) => capacity,
            Self::Chosen(range) => range.max,
        }
    }

    /// Returns the least capacity if it is chosen; `None` if it is given.
    #[must_use]
    pub fn chosen_from(self) -> Option<f64> {
        match self {
            Self::Given(_) => None,
            Self::Chosen(range) => Some(range.min),
        }
    }

    /// Returns the setting of a capacity that is chosen between `least` and `most`, or, with `None`, given as `most`.
    #[must_use]
    pub fn of(most: f64, least: Option<f64>) -> Self {
        least.map_or(Self::Given(most), |min| Self::Chosen(CapacityRange { min, max: most }))
    }
}

impl Serialize for CapacitySetting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Given(capacity) => serializer.serialize_f64(*capacity),
            Self::Chosen(range) => range.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for CapacitySetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CapacityVisitor;
        impl<'de> Visitor<'de> for CapacityVisitor {
            type Value = CapacitySetting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a mapping with `min` and `max`")
            }

            fn visit_f64<E: de::Error>(self, capacity: f64) -> Result<CapacitySetting, E> {
                Ok(CapacitySetting::Given(capacity))
            }

            #[expect(clippy::cast_precision_loss, reason = "nobody writes an integer beyond 2^52 there")]
            fn visit_i64<E: de::Error>(self, capacity: i64) -> Result<CapacitySetting, E> {
                Ok(CapacitySetting::Given(capacity as f64))
            }

            #[expect(clippy::cast_precision_loss, reason = "nobody writes an integer beyond 2^52 there")]
            fn visit_u64<E: de::Error>(self, capacity: u64) -> Result<CapacitySetting, E> {
                Ok(CapacitySetting::Given(capacity as f64))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CapacitySetting, A::Error> {
                CapacityRange::deserialize(MapAccessDeserializer::new(map)).map(CapacitySetting::Chosen)
            }
        }
        deserializer.deserialize_any(CapacityVisitor)
    }
}

impl JsonSchema for CapacitySetting {
    fn schema_name() -> Cow<'static, str> {
        "Capacity".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let range = generator.subschema_for::<CapacityRange>();
        json_schema!({
            "description": "A capacity: a number, or the range in which the dispatch chooses it.",
            "anyOf": [{ "type": "number", "minimum": 0 }, range]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_and_written() {
        for (text, setting) in [
            ("20.0", CapacitySetting::Given(20.0)),
            ("min: 5.0\nmax: 80.0", CapacitySetting::Chosen(CapacityRange { min: 5.0, max: 80.0 })),
        ] {
            assert_eq!(serde_yaml::from_str::<CapacitySetting>(text).unwrap(), setting);
            assert_eq!(serde_yaml::to_string(&setting).unwrap().trim(), text);
            assert_eq!(CapacitySetting::of(setting.most(), setting.chosen_from()), setting);
        }
        assert_eq!(serde_yaml::from_str::<CapacitySetting>("max: 9").unwrap().chosen_from(), Some(0.0));
        for wrong in ["min: 5", "much", "max: 5\nmaximum: 6"] {
            assert!(serde_yaml::from_str::<CapacitySetting>(wrong).is_err(), "{wrong}");
        }
    }
}
