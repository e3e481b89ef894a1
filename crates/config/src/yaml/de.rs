//! Deserialisation of nodes to typed settings through `serde`, with positions in the errors.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Entry, Node, Span, Value, number, truth};
use crate::{ConfigError, Problem};

/// Reads settings from a node.
///
/// # Errors
/// [`ConfigError::At`] with the key's or value's position: unknown key (with the most similar known one), missing key,
/// a value of another type.
pub fn from_node<'de, T: Deserialize<'de>>(node: &'de Node) -> Result<T, ConfigError> {
    T::deserialize(node).map_err(|error| {
        let DeError { problem, span } = error;
        span.unwrap_or_else(|| node.span.clone()).error(*problem)
    })
}

/// An error while reading settings; its position is added when it is known.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct DeError {
    problem: Box<Problem>,
    span: Option<Span>,
}

impl DeError {
    fn at(mut self, span: &Span) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        self
    }

    fn new(problem: Problem) -> Self {
        Self { problem: Box::new(problem), span: None }
    }
}

impl de::Error for DeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::new(Problem::Wrong(in_plain_words(&message.to_string())))
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Problem::Wrong(in_plain_words(&format!("expected {expected}, found {unexpected}"))))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::unknown_key(field, expected.iter().copied()))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::unknown_choice(variant, expected.iter().copied()))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Problem::MissingKey { key: field.to_owned() })
    }
}

/// Translates the words of the deserialiser into those of a user of YAML.
fn in_plain_words(message: &str) -> String {
    const WORDS: [(&str, &str); 12] = [
        ("expected f64", "expected a number"),
        ("expected u32", "expected a whole number"),
        ("expected usize", "expected a whole number"),
        ("expected u64", "expected a whole number"),
        ("expected a boolean", "expected true or false"),
        ("expected a sequence", "expected a list"),
        ("expected internally tagged enum CopModel", "expected a mapping with the COP's `model`"),
        ("found unit value", "found nothing"),
        ("found sequence", "found a list"),
        ("found map", "found a mapping"),
        ("found string", "found the text"),
        ("found floating point", "found"),
    ];
    WORDS.iter().fold(message.to_owned(), |text, (from, to)| text.replace(from, to))
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let result = match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::List(list) => visitor.visit_seq(ListReader(list.iter())),
            Value::Map(map) => visitor.visit_map(MapReader { entries: map.entries().iter(), current: None }),
            Value::Scalar { text, quoted: true } => visitor.visit_borrowed_str(text),
            Value::Scalar { text, quoted: false } => match (truth(text), text.parse::<i64>(), number(text)) {
                (Some(truth), ..) => visitor.visit_bool(truth),
                (_, Ok(integer), _) => visitor.visit_i64(integer),
                (.., Some(number)) => visitor.visit_f64(number),
                _ => visitor.visit_borrowed_str(text),
            },
        };
        result.map_err(|error| error.at(&self.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        if self.value == Value::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match &self.value {
            Value::Scalar { text, .. } => {
                visitor.visit_borrowed_str(text).map_err(|error: DeError| error.at(&self.span))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        match &self.value {
            Value::Null => {
                let nothing = MapReader { entries: [].iter(), current: None };
                visitor.visit_map(nothing).map_err(|error| error.at(&self.span))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        match &self.value {
            Value::Scalar { .. } => visitor.visit_enum(VariantReader(self)).map_err(|error| error.at(&self.span)),
            Value::Map(map) if map.entries().len() == 1 => {
                visitor.visit_enum(KeyedVariantReader(&map.entries()[0])).map_err(|error| error.at(&self.span))
            }
            _ => {
                let message = format!("expected one word, or one key with its value, found {}", self.describe());
                Err(DeError::new(Problem::Wrong(message)).at(&self.span))
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

struct ListReader<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for ListReader<'de> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DeError> {
        self.0.next().map(|node| seed.deserialize(node).map_err(|error| error.at(&node.span))).transpose()
    }
}

struct MapReader<'de> {
    entries: std::slice::Iter<'de, Entry>,
    current: Option<&'de Entry>,
}

impl<'de> MapAccess<'de> for MapReader<'de> {
    type Error = DeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DeError> {
        self.current = self.entries.next();
        let Some(entry) = self.current else { return Ok(None) };
        let key: StrDeserializer<'_, DeError> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some).map_err(|error| error.at(&entry.key_span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DeError> {
        let Some(entry) = self.current else { return Err(de::Error::custom("a value without its key")) };
        seed.deserialize(&entry.value).map_err(|error| error.at(&entry.value.span))
    }
}

struct VariantReader<'de>(&'de Node);

impl<'de> EnumAccess<'de> for VariantReader<'de> {
    type Error = DeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), DeError> {
        let word: StrDeserializer<'_, DeError> = self.0.as_text().unwrap_or_default().into_deserializer();
        Ok((seed.deserialize(word).map_err(|error| error.at(&self.0.span))?, self))
    }
}

impl<'de> VariantAccess<'de> for VariantReader<'de> {
    type Error = DeError;

    fn unit_variant(self) -> Result<(), DeError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value, DeError> {
        Err(de::Error::custom("this choice takes a value: write it as `choice: value`"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, DeError> {
        Err(de::Error::custom("expected a single word"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, DeError> {
        Err(de::Error::custom("expected a single word"))
    }
}

/// A choice that carries a value, `choice: value`.
struct KeyedVariantReader<'de>(&'de Entry);

impl<'de> EnumAccess<'de> for KeyedVariantReader<'de> {
    type Error = DeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), DeError> {
        let word: StrDeserializer<'_, DeError> = self.0.key.as_str().into_deserializer();
        Ok((seed.deserialize(word).map_err(|error| error.at(&self.0.key_span))?, self))
    }
}

impl<'de> VariantAccess<'de> for KeyedVariantReader<'de> {
    type Error = DeError;

    fn unit_variant(self) -> Result<(), DeError> {
        let message = format!("`{}` stands alone; it takes no value", self.0.key);
        Err(DeError::new(Problem::Wrong(message)).at(&self.0.key_span))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DeError> {
        seed.deserialize(&self.0.value).map_err(|error| error.at(&self.0.value.span))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, DeError> {
        (&self.0.value).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        (&self.0.value).deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::tests::parsed;
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Limit {
        Reset,
        Clamp,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        name: String,
        limit: Limit,
        range: [f64; 2],
        count: Option<usize>,
    }

    fn read(text: &str) -> Result<Settings, String> {
        let node = parsed(text).unwrap();
        from_node(&node).map_err(|error: ConfigError| error.to_string())
    }

    #[test]
    fn settings_are_read() {
        let settings = read("name: 12\nlimit: clamp\nrange: [1, inf]\n").unwrap();
        let expected = Settings { name: "12".into(), limit: Limit::Clamp, range: [1.0, f64::INFINITY], count: None };
        assert_eq!(settings, expected);
    }

    #[test]
    fn errors_have_position_and_suggestion() {
        let cases = [
            ("name: a\nlimti: clamp\nrange: [1, 2]\n", "model.yaml:2:1", "did you mean `limit`?"),
            ("name: a\nlimit: clmp\nrange: [1, 2]\n", "model.yaml:2:8", "did you mean `clamp`?"),
            ("name: a\nlimit: clamp\nrange: [1, x]\n", "model.yaml:3:12", "expected a number"),
            ("name: a\nlimit: clamp\nrange: [1]\n", "model.yaml:3", "expected an array of length 2"),
            ("name: a\nlimit: clamp\n", "model.yaml:1:1", "`range` is missing"),
            ("name: a\nlimit: [clamp]\nrange: [1, 2]\n", "model.yaml:2:8", "found a list"),
            ("name: a\nlimit: clamp\nrange: [1, 2]\ncount: -3\n", "model.yaml:4:8", "-3"),
        ];
        for (text, place, what) in cases {
            let message = read(text).unwrap_err();
            assert!(message.contains(place) && message.contains(what), "{text:?}: {message}");
        }
    }
}
