//! Constraints between parameters: cases that violate one are left out.

use std::str::FromStr;

use anergy_config::yaml::Span;
use anergy_config::{ConfigError, Problem};
use exmex::{BinOp, ExError, Express, FlatEx, MakeOperators, MatchLiteral, Operator, literal_matcher_from_pattern};

use super::design::Parameter;
use super::parameter::Varied;

/// A condition between numeric parameters, such as `{tank.capacity_kwh} <= 3 * mass / 1000 && mass > 0`.
///
/// All numbers are floating-point, so 3/2 is 1.5. The operators in order of increasing precedence are `||`, `&&`, `==
/// !=`, `< <= > >=`, `+ -`, `* /`, and the signs `- + !`; `abs`, `sqrt`, `ln` and `exp` take their argument in
/// brackets. A parameter is written as its key or its short name, in curly brackets if it contains characters other
/// than letters, digits and underscores.
#[derive(Debug, Clone)]
pub struct Constraint {
    text: String,
    span: Span,
    condition: Condition,
    /// The indices of its parameters, in the order of the condition's variables.
    parameters: Vec<usize>,
}

type Condition = FlatEx<Term, Operators, Literal>;

literal_matcher_from_pattern!(Literal, r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?");

/// The value of a part of a condition.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Term {
    Number(f64),
    Truth(bool),
    /// The truth of a comparison with NaN, such as of 0/0, which is undefined.
    Undefined,
    /// The value of an expression that mixes numbers and truth values.
    Mixed,
}

impl Default for Term {
    fn default() -> Self {
        Self::Number(0.0)
    }
}

impl FromStr for Term {
    type Err = std::num::ParseFloatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::Number)
    }
}

impl Term {
    fn calculate(self, other: Self, operation: fn(f64, f64) -> f64) -> Self {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => Self::Number(operation(a, b)),
            _ => Self::Mixed,
        }
    }

    fn compare(self, other: Self, holds: fn(&f64, &f64) -> bool) -> Self {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) if a.is_nan() || b.is_nan() => Self::Undefined,
            (Self::Number(a), Self::Number(b)) => Self::Truth(holds(&a, &b)),
            _ => Self::Mixed,
        }
    }

    /// Combines two truth values; `decisive` is the value that determines the result alone.
    fn combine(self, other: Self, decisive: bool) -> Self {
        match (self, other) {
            (Self::Truth(truth), Self::Truth(_) | Self::Undefined) if truth == decisive => self,
            (Self::Truth(_) | Self::Undefined, Self::Truth(truth)) if truth == decisive => other,
            (Self::Truth(_), Self::Truth(_)) => Self::Truth(!decisive),
            (Self::Truth(_) | Self::Undefined, Self::Truth(_) | Self::Undefined) => Self::Undefined,
            _ => Self::Mixed,
        }
    }

    fn of_number(self, operation: fn(f64) -> f64) -> Self {
        match self {
            Self::Number(number) => Self::Number(operation(number)),
            Self::Truth(_) | Self::Undefined | Self::Mixed => Self::Mixed,
        }
    }

    fn negated(self) -> Self {
        match self {
            Self::Truth(truth) => Self::Truth(!truth),
            Self::Undefined => Self::Undefined,
            Self::Number(_) | Self::Mixed => Self::Mixed,
        }
    }
}

#[derive(Debug, Clone)]
struct Operators;

impl MakeOperators<Term> for Operators {
    fn make<'a>() -> Vec<Operator<'a, Term>> {
        // No operator is declared commutative: constants then keep their order, and the rounding of sums does not
        // change.
        let binary = |apply: fn(Term, Term) -> Term, prio| BinOp { apply, prio, is_commutative: false };
        vec![
            Operator::make_bin("||", binary(|a, b| a.combine(b, true), 0)),
            Operator::make_bin("&&", binary(|a, b| a.combine(b, false), 1)),
            Operator::make_bin("==", binary(|a, b| a.compare(b, PartialEq::eq), 2)),
            Operator::make_bin("!=", binary(|a, b| a.compare(b, PartialEq::ne), 2)),
            Operator::make_bin("<", binary(|a, b| a.compare(b, PartialOrd::lt), 3)),
            Operator::make_bin("<=", binary(|a, b| a.compare(b, PartialOrd::le), 3)),
            Operator::make_bin(">", binary(|a, b| a.compare(b, PartialOrd::gt), 3)),
            Operator::make_bin(">=", binary(|a, b| a.compare(b, PartialOrd::ge), 3)),
            Operator::make_bin_unary("+", binary(|a, b| a.calculate(b, |a, b| a + b), 4), |a| a.of_number(|a| a)),
            Operator::make_bin_unary("-", binary(|a, b| a.calculate(b, |a, b| a - b), 4), |a| a.of_number(|a| -a)),
            Operator::make_bin("*", binary(|a, b| a.calculate(b, |a, b| a * b), 5)),
            Operator::make_bin("/", binary(|a, b| a.calculate(b, |a, b| a / b), 5)),
            Operator::make_unary("!", Term::negated),
            Operator::make_unary("abs", |a| a.of_number(f64::abs)),
            Operator::make_unary("sqrt", |a| a.of_number(f64::sqrt)),
            Operator::make_unary("ln", |a| a.of_number(f64::ln)),
            Operator::make_unary("exp", |a| a.of_number(f64::exp)),
        ]
    }
}

impl Constraint {
    /// Parses a condition between `known` parameters.
    ///
    /// # Errors
    /// [`ConfigError::At`] the position `span`: a syntax error, an unknown parameter (with the most similar known one),
    /// a parameter that is not a number, or an expression that is not a condition, such as a sum.
    pub(super) fn parse(text: &str, span: &Span, known: &[Varied]) -> Result<Self, ConfigError> {
        let refused = |message: String| span.error(Problem::Wrong(message));
        let condition = Condition::parse(text).map_err(|error: ExError| {
            refused(format!(
                "the constraint `{text}` cannot be read: {}; parameters with dots in their names stand in curly \
                 brackets",
                error.msg()
            ))
        })?;
        let parameters = condition.var_names().iter().map(|name| {
            let named = known.iter().position(|known| known.key == *name || known.name == *name);
            let names = known.iter().flat_map(|known| [known.key.as_str(), known.name.as_str()]);
            let index = named.ok_or_else(|| span.error(Problem::unknown_key(name, names)))?;
            if !known[index].is_numeric() {
                return Err(refused(format!("the constraint `{text}` needs numbers, and `{name}` has other values")));
            }
            Ok(index)
        });
        let parameters = parameters.collect::<Result<Vec<_>, _>>()?;
        if parameters.is_empty() {
            return Err(refused(format!("the constraint `{text}` names no parameter")));
        }
        // The type of an expression does not depend on the values.
        match condition.eval(&vec![Term::Number(1.0); parameters.len()]) {
            Ok(Term::Truth(_) | Term::Undefined) => {}
            Ok(Term::Number(_)) => return Err(refused(format!("the constraint `{text}` compares nothing"))),
            Ok(Term::Mixed) => {
                let message = format!(
                    "the constraint `{text}` mixes comparisons and numbers; `a < b < c` is written `a < b && b < c`"
                );
                return Err(refused(message));
            }
            Err(error) => return Err(refused(format!("the constraint `{text}` cannot be read: {}", error.msg()))),
        }
        Ok(Self { text: text.to_owned(), span: span.clone(), condition, parameters })
    }

    /// Returns the error that no case satisfies the constraint.
    pub(super) fn refuses_all(&self, cases: usize) -> ConfigError {
        let message = format!("the constraint `{}` leaves none of the {cases} cases", self.text);
        self.span.error(Problem::Wrong(message))
    }

    /// Clears the flag in `keep` of all cases that violate the constraint.
    ///
    /// # Errors
    /// [`ConfigError::At`] when the constraint is undefined for a case, as with 0/0; with the values of that case.
    pub(super) fn strike(&self, cases: &[Parameter], keep: &mut [bool]) -> Result<(), ConfigError> {
        let columns: Vec<&Parameter> = self.parameters.iter().map(|&index| &cases[index]).collect();
        let mut terms = vec![Term::default(); columns.len()];
        for (case, keep) in keep.iter_mut().enumerate().filter(|(_, keep)| **keep) {
            for (term, column) in terms.iter_mut().zip(&columns) {
                *term = column.values.number(case).map_or(Term::Mixed, Term::Number);
            }
            *keep = match self.condition.eval(&terms) {
                Ok(Term::Truth(truth)) => truth,
                _ => {
                    let value = |column: &&Parameter| format!("{} = {}", column.name, column.values.plain(case));
                    let values = columns.iter().map(value).collect::<Vec<_>>().join(", ");
                    let message = format!("the constraint `{}` is neither true nor false with {values}", self.text);
                    return Err(self.span.error(Problem::Wrong(message)));
                }
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameter::Spread;
    use super::super::values::{Scalar, Values};
    use super::*;
    use proptest::prelude::*;

    fn parameter(key: &str, name: &str, numbers: &[f64]) -> Parameter {
        Parameter { key: key.to_owned(), name: name.to_owned(), values: Values::Numbers(numbers.to_vec()) }
    }

    fn parse(text: &str) -> Result<Constraint, String> {
        let varied = |key: &str, name: &str, value| Varied {
            key: key.to_owned(),
            name: name.to_owned(),
            spread: Spread::Values(vec![value]),
        };
        let known = [
            varied("sites.homes.tank_kwh", "tank_kwh", Scalar::Number(1.0)),
            varied("exponent", "exponent", Scalar::Number(1.0)),
            varied("kind", "kind", Scalar::Flag(true)),
        ];
        Constraint::parse(text, &Span::nowhere("sweep.yaml", text), &known).map_err(|error| error.to_string())
    }

    fn kept(text: &str, tank_kwh: f64, exponent: f64) -> Result<bool, String> {
        let cases = [
            parameter("sites.homes.tank_kwh", "tank_kwh", &[tank_kwh]),
            parameter("exponent", "exponent", &[exponent]),
        ];
        let mut keep = [true];
        parse(text)?.strike(&cases, &mut keep).map_err(|error| error.to_string())?;
        Ok(keep[0])
    }

    #[test]
    fn conditions_are_evaluated() {
        let cases = [
            ("{sites.homes.tank_kwh} <= 3 * exponent / 2", true),
            ("tank_kwh < 3", false),
            ("tank_kwh == 3e0 && exponent == 2.0", true),
            ("tank_kwh > 1e1 || exponent > 1", true),
            ("!(tank_kwh > 2)", false),
            ("-tank_kwh < -exponent - 0.5", true),
            ("1.5 == 3/2 && tank_kwh - 2 - 1 == 0 && 8/2/2 == exponent", true),
            ("abs(exponent - tank_kwh) == 1 && sqrt(exponent*2) == 2", true),
            ("exponent == 0 || 1 / (tank_kwh - 3) > 0", true),
            ("exponent == 2 || (tank_kwh - 3) / (tank_kwh - 3) > 0", true),
        ];
        for (text, expected) in cases {
            assert_eq!(kept(text, 3.0, 2.0), Ok(expected), "{text}");
        }
    }

    #[test]
    fn errors_have_their_message() {
        let cases = [
            ("tank_kw <= 1", "did you mean `tank_kwh`?"),
            ("{sites.home.tank_kwh} <= 1", "did you mean `sites.homes.tank_kwh`?"),
            ("sites.homes.tank_kwh <= 1", "curly brackets"),
            ("kind <= 1", "needs numbers"),
            ("1 < tank_kwh < 3", "mixes"),
            ("tank_kwh + 1", "compares nothing"),
            ("tank_kwh && 1", "mixes"),
            ("1 < 2", "names no parameter"),
            ("tank_kwh <= ", "cannot be read"),
            ("(tank_kwh <= 1", "cannot be read"),
            ("", "cannot be read"),
        ];
        for (text, what) in cases {
            let message = parse(text).expect_err(text);
            assert!(message.starts_with("sweep.yaml:1:1") && message.contains(what), "{text:?}: {message}");
        }
        let message = kept("exponent / exponent < 2", 1.0, 0.0).unwrap_err();
        assert!(message.contains("neither true nor false with exponent = 0"), "{message}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-e{}()<>=&|!+*/ .,0-9é-]{0,24}|(tank_kwh|exponent|abs|[<>=+*(){},!&|-]| |1e3){0,9}|\\PC{0,12}") {
            let _ = parse(&text);
        }
    }
}
