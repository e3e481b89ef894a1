//! The values of a parameter over all cases, stored compactly, and their spelling.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use anergy_config::yaml::{self, Node, Source, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A single value: a finite number, a text, or true or false.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Flag(bool),
}

/// 2^53: up to here every whole number is represented exactly.
const LARGEST_COUNT: f64 = 9_007_199_254_740_992.0;

/// The values of one parameter over all cases.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// A separate number in every case.
    Numbers(Vec<f64>),
    /// One of a few choices in every case.
    Choices {
        /// The choices.
        choices: Vec<Scalar>,
        /// The index of each case's choice.
        of_case: Vec<u32>,
    },
}

impl Scalar {
    /// Parses an unquoted text as YAML does; `None` for an empty text and for a number that is not finite.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match (unquoted(text).as_bool(), unquoted(text).as_number()) {
            (Some(flag), _) => Some(Self::Flag(flag)),
            (_, Some(number)) => number.is_finite().then_some(Self::Number(number)),
            _ => (!text.is_empty() && !is_no_number(text)).then(|| Self::Text(text.to_owned())),
        }
    }

    /// Returns the number; `None` for texts and truth values.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Flag(_) => None,
        }
    }

    /// Returns the value as in tables, and as a scenario or a window: a text without quotes.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Number(number) => written(*number),
            Self::Text(text) => text.clone(),
            Self::Flag(flag) => flag.to_string(),
        }
    }

    /// Returns the value as a user would write it after `--set KEY=`: the shortest text that is read back as the same
    /// value. A text that would be read back as another value (`"12"`, `"true"`) keeps its quotes.
    #[must_use]
    pub fn setting(&self) -> String {
        match self {
            Self::Text(text) => setting_text(text),
            Self::Number(_) | Self::Flag(_) => self.plain(),
        }
    }
}

impl Values {
    /// Returns the number of cases.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Choices { of_case, .. } => of_case.len(),
        }
    }

    /// Returns whether there are no cases.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value in case `case`.
    #[must_use]
    pub fn scalar(&self, case: usize) -> Cow<'_, Scalar> {
        match self {
            Self::Numbers(numbers) => Cow::Owned(Scalar::Number(numbers[case])),
            Self::Choices { choices, of_case } => Cow::Borrowed(&choices[of_case[case] as usize]),
        }
    }

    /// Returns the value in case `case` as a user would write it after `--set KEY=`: [`Scalar::setting`].
    #[must_use]
    pub fn text(&self, case: usize) -> String {
        self.scalar(case).setting()
    }

    /// Returns the value in case `case` as in tables, and as a scenario or a window: [`Scalar::plain`].
    #[must_use]
    pub fn plain(&self, case: usize) -> String {
        self.scalar(case).plain()
    }

    /// Returns the value in case `case`; `None` if it is not a number.
    #[must_use]
    pub fn number(&self, case: usize) -> Option<f64> {
        match self {
            Self::Numbers(numbers) => Some(numbers[case]),
            Self::Choices { choices, of_case } => choices[of_case[case] as usize].number(),
        }
    }

    /// Returns whether the value is a number in every case.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        match self {
            Self::Numbers(_) => true,
            Self::Choices { choices, .. } => choices.iter().all(|choice| choice.number().is_some()),
        }
    }

    /// Removes the cases of which `keep` is false.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let mut kept = keep.iter().copied();
        let mut stays = || kept.next().unwrap_or(false);
        match self {
            Self::Numbers(numbers) => numbers.retain(|_| stays()),
            Self::Choices { of_case, .. } => of_case.retain(|_| stays()),
        }
    }
}

/// Returns the shortest text that is read back as `number`. Whole numbers are written without an exponent, because a
/// setting that counts does not accept one; above 2^53, where not every whole number is represented, the exponent is
/// kept.
#[expect(clippy::float_cmp, reason = "whole numbers are compared")]
fn written(number: f64) -> String {
    let whole = number.trunc() == number;
    if whole && number.abs() <= LARGEST_COUNT {
        return format!("{:.0}", number + 0.0);
    }
    let (plain, exponential) = (number.to_string(), format!("{number:e}"));
    if whole || exponential.len() < plain.len() { exponential } else { plain }
}

fn setting_text(text: &str) -> String {
    let source = Arc::new(Source { path: "".into(), text: format!("key: {text}") });
    let same = |node: &Node| {
        let value = Value::Scalar { text: text.to_owned(), quoted: false };
        node.value == value && node.as_number().is_none() && node.as_bool().is_none()
    };
    let read = yaml::parse(&source).ok();
    let reads_back = read.as_ref().and_then(|node| node.at("key")).is_some_and(same);
    if reads_back { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Returns a value of any kind as a user would write it after `--set KEY=`.
pub(super) fn setting(node: &Node) -> String {
    match &node.value {
        Value::Scalar { text, .. } if node.as_number().is_none() && node.as_bool().is_none() => setting_text(text),
        _ => flow(node),
    }
}

/// Returns a value on one line, within brackets.
fn flow(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Scalar { text, .. } if node.as_number().is_some() || node.as_bool().is_some() => text.clone(),
        Value::Scalar { text, .. } => serde_json::Value::from(text.as_str()).to_string(),
        Value::List(list) => format!("[{}]", list.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let entry = |entry: &yaml::Entry| {
                format!("{}: {}", serde_json::Value::from(entry.key.as_str()), flow(&entry.value))
            };
            format!("{{{}}}", map.entries().iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

fn unquoted(text: &str) -> Node {
    let value = Value::Scalar { text: text.to_owned(), quoted: false };
    Node { value, span: yaml::Span::nowhere("", ""), origin: None }
}

fn is_no_number(text: &str) -> bool {
    let bare = text.trim_start_matches(['+', '-', '.']).to_lowercase();
    matches!(bare.as_str(), "nan" | "inf" | "infinity")
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;
        impl Visitor<'_> for ScalarVisitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a finite number, a text, or true or false")
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Scalar, E> {
                Ok(Scalar::Flag(flag))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Scalar, E> {
                let refused = || E::invalid_value(de::Unexpected::Float(number), &self);
                number.is_finite().then_some(Scalar::Number(number)).ok_or_else(refused)
            }

            #[expect(clippy::cast_precision_loss, reason = "larger ones are refused")]
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Scalar, E> {
                if number.unsigned_abs() > 1 << 53 {
                    return Err(E::custom(format_args!("{number} has more digits than a number keeps")));
                }
                Ok(Scalar::Number(number as f64))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
                if is_no_number(text) {
                    return Err(E::invalid_value(de::Unexpected::Str(text), &self));
                }
                Ok(Scalar::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(ScalarVisitor)
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A single value: a finite number, a text, or true or false.",
            "type": ["number", "string", "boolean"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns the value that `--set key=TEXT` gives for a text.
    fn read_back(text: &str) -> Scalar {
        let source =
            Arc::new(Source { path: "--set".into(), text: format!("key: {}", anergy_data::series::trimmed(text)) });
        yaml::from_node(yaml::parse(&source).unwrap().at("key").unwrap()).unwrap()
    }

    #[test]
    fn values_are_written_short_and_read_back() {
        let numbers = [
            (1e5, "100000"),
            (0.001, "1e-3"),
            (0.25, "0.25"),
            (1e18, "1e18"),
            (1e-7, "1e-7"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-0.0, "0"),
        ];
        for (number, text) in numbers {
            assert_eq!(Scalar::Number(number).setting(), text);
        }
        let text = |text: &str| Scalar::Text(text.to_owned()).setting();
        assert_eq!(text("file=a.csv:x"), "file=a.csv:x");
        assert_eq!(["12", "true", "~", " a", "a: b"].map(text), ["\"12\"", "\"true\"", "\"~\"", "\" a\"", "\"a: b\""]);
        assert_eq!(Scalar::Text("12".to_owned()).plain(), "12");
    }

    #[test]
    fn numbers_that_are_not_finite_are_rejected() {
        assert!(["", "nan", "NaN", ".inf", "-inf", "1e999"].iter().all(|text| Scalar::parse(text).is_none()));
        assert_eq!(Scalar::parse("True"), Some(Scalar::Flag(true)));
        assert_eq!(Scalar::parse("2019-07"), Some(Scalar::Text("2019-07".to_owned())));
    }

    #[test]
    fn a_number_with_an_invisible_space_is_rejected() {
        for text in ["0\u{2000}", "\u{a0}1", "true\u{3000}"] {
            assert_eq!(read_back(&Scalar::Text(text.to_owned()).setting()), Scalar::Text(text.to_owned()));
            assert_eq!(Scalar::parse(text), Some(Scalar::Text(text.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn every_number_reads_back(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            prop_assert_eq!(read_back(&Scalar::Number(number).setting()), Scalar::Number(number));
        }

        #[test]
        fn every_text_reads_back(text in "\\PC{1,12}|[-0-9a-c:#\\[\\]{}, '\"&*!|>%@`?=~.]{1,8}|(12|true|null) ?") {
            prop_assume!(!is_no_number(&text));
            prop_assert_eq!(read_back(&Scalar::Text(text.clone()).setting()), Scalar::Text(text));
        }
    }
}
