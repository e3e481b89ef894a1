//! The spelling of a value over time in a configuration: a number, or a column of a CSV file.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};

use super::trimmed;

/// A value over time as it is written: `0.3`, `file=prices.csv:import`, or a mapping with `file`, `column`, `scale` and
/// `fill`.
#[derive(Debug, Clone, PartialEq)]
pub enum ProfileSetting {
    /// The same value in every step.
    Constant(f64),
    /// A column of a CSV file.
    File(FileColumn),
}

/// A column of a CSV file.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileColumn {
    /// Name of the file, relative to the configuration's `data` folder.
    pub file: String,
    /// Column; the one named like the site unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Every value is multiplied by this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// What stands in for gaps (empty cells, NaN); without it a gap is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
}

/// What stands in for a gap of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fill {
    /// This value, before scaling.
    Value(f64),
    /// The last value before the gap.
    Previous,
    /// The straight line between the values around the gap.
    Interpolate,
}

impl FileColumn {
    /// Parses `NAME.csv` or `NAME.csv:COLUMN`.
    #[must_use]
    pub fn parse(reference: &str) -> Self {
        let (file, column) = match reference.split_once(':') {
            Some((file, column)) => (trimmed(file), Some(trimmed(column).to_owned())),
            None => (trimmed(reference), None),
        };
        Self { file: file.to_owned(), column, scale: None, fill: None }
    }
}

impl ProfileSetting {
    /// Returns whether the value is the constant 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::Constant(0.0)
    }
}

impl From<f64> for ProfileSetting {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

impl Default for ProfileSetting {
    fn default() -> Self {
        Self::Constant(0.0)
    }
}

impl Serialize for ProfileSetting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Constant(value) => serializer.serialize_f64(*value),
            Self::File(FileColumn { file, column, scale: None, fill: None }) => {
                let column = column.as_ref().map_or_else(String::new, |column| format!(":{column}"));
                serializer.serialize_str(&format!("file={file}{column}"))
            }
            Self::File(column) => column.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ProfileSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ProfileVisitor;
        impl<'de> Visitor<'de> for ProfileVisitor {
            type Value = ProfileSetting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, file=NAME.csv[:COLUMN], or a mapping with `file`")
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<ProfileSetting, E> {
                Ok(ProfileSetting::Constant(value))
            }

            #[expect(clippy::cast_precision_loss, reason = "integers in a configuration are far below 2^52")]
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<ProfileSetting, E> {
                Ok(ProfileSetting::Constant(value as f64))
            }

            #[expect(clippy::cast_precision_loss, reason = "integers in a configuration are far below 2^52")]
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<ProfileSetting, E> {
                Ok(ProfileSetting::Constant(value as f64))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ProfileSetting, E> {
                match text.strip_prefix("file=") {
                    Some(reference) => Ok(ProfileSetting::File(FileColumn::parse(reference))),
                    None => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ProfileSetting, A::Error> {
                FileColumn::deserialize(de::value::MapAccessDeserializer::new(map)).map(ProfileSetting::File)
            }
        }
        deserializer.deserialize_any(ProfileVisitor)
    }
}

impl JsonSchema for ProfileSetting {
    fn schema_name() -> Cow<'static, str> {
        "Profile".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let file = generator.subschema_for::<FileColumn>();
        json_schema!({
            "description": "A value over time: a number, `file=NAME.csv[:COLUMN]`, or a mapping with `file`.",
            "anyOf": [
                { "type": "number" },
                { "type": "string", "pattern": "^file=.+" },
                file
            ]
        })
    }
}

impl Serialize for Fill {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => serializer.serialize_f64(*value),
            Self::Previous => serializer.serialize_str("previous"),
            Self::Interpolate => serializer.serialize_str("interpolate"),
        }
    }
}

impl<'de> Deserialize<'de> for Fill {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FillVisitor;
        impl Visitor<'_> for FillVisitor {
            type Value = Fill;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, `previous` or `interpolate`")
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Fill, E> {
                Ok(Fill::Value(value))
            }

            #[expect(clippy::cast_precision_loss, reason = "integers in a configuration are far below 2^52")]
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Fill, E> {
                Ok(Fill::Value(value as f64))
            }

            #[expect(clippy::cast_precision_loss, reason = "integers in a configuration are far below 2^52")]
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Fill, E> {
                Ok(Fill::Value(value as f64))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Fill, E> {
                match text {
                    "previous" => Ok(Fill::Previous),
                    "interpolate" => Ok(Fill::Interpolate),
                    _ => Err(E::unknown_variant(text, &["previous", "interpolate"])),
                }
            }
        }
        deserializer.deserialize_any(FillVisitor)
    }
}

impl JsonSchema for Fill {
    fn schema_name() -> Cow<'static, str> {
        "Fill".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What stands in for a gap: a value, the last value before it, or the line across it.",
            "anyOf": [{ "type": "number" }, { "enum": ["previous", "interpolate"] }]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ProfileSetting, String> {
        serde_yaml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn all_three_spellings_are_read_and_written() {
        assert_eq!(read("3").unwrap(), ProfileSetting::Constant(3.0));
        assert_eq!(read("file=a.csv").unwrap(), ProfileSetting::File(FileColumn::parse("a.csv")));
        let column = FileColumn { column: Some("x".into()), ..FileColumn::parse("a.csv") };
        assert_eq!(read("file=a.csv:x").unwrap(), ProfileSetting::File(column.clone()));
        let scaled = FileColumn { scale: Some(-2.0), fill: Some(Fill::Previous), ..column };
        let scaled = ProfileSetting::File(scaled);
        assert_eq!(read("{file: a.csv, column: x, scale: -2, fill: previous}").unwrap(), scaled);
        for setting in [scaled, 0.25.into(), read("file=a.csv:x").unwrap()] {
            assert_eq!(read(&serde_yaml::to_string(&setting).unwrap()).unwrap(), setting);
        }
    }

    #[test]
    fn other_spellings_are_errors() {
        for text in ["prices.csv", "[1, 2]", "{column: x}", "{file: a.csv, colum: x}", "{file: a.csv, fill: zero}"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
