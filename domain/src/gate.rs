//! Hold parameters: which fresh reading lets a dose be given, and which holds it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::amount::format_nano;
use crate::reading::{Reading, code_in_words, is_fresh};
use crate::time::Instant;

/// Billionths in one.
const ONE: i64 = 1_000_000_000;

/// How a reading is compared. Schedules, rule 9: strictly as written, `<` is less than.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// Less than.
    #[serde(rename = "<")]
    Below,
    /// Less than or equal.
    #[serde(rename = "<=")]
    AtOrBelow,
    /// Greater than.
    #[serde(rename = ">")]
    Above,
    /// Greater than or equal.
    #[serde(rename = ">=")]
    AtOrAbove,
    /// Equal.
    #[serde(rename = "=")]
    Exactly,
}

impl Comparison {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Below, Self::AtOrBelow, Self::Above, Self::AtOrAbove, Self::Exactly];

    /// The name of its words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::AtOrBelow => "at_or_below",
            Self::Above => "above",
            Self::AtOrAbove => "at_or_above",
            Self::Exactly => "exactly",
        }
    }

    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtOrBelow => "<=",
            Self::Above => ">",
            Self::AtOrAbove => ">=",
            Self::Exactly => "=",
        }
    }
}

/// One hold parameter: hold when the reading compares so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRule {
    /// The reading's code.
    pub code: String,
    /// How it is compared.
    pub op: Comparison,
    /// With what, in billionths of the code's unit.
    pub nano: i64,
}

impl HoldRule {
    /// Whether this value holds the dose.
    #[must_use]
    pub fn holds(&self, nano: i64) -> bool {
        match self.op {
            Comparison::Below => nano < self.nano,
            Comparison::AtOrBelow => nano <= self.nano,
            Comparison::Above => nano > self.nano,
            Comparison::AtOrAbove => nano >= self.nano,
            Comparison::Exactly => nano == self.nano,
        }
    }

    /// The values that lie nearest to the parameter, in steps of its last decimal and finer, so
    /// many steps to both sides.
    fn near(&self, steps: i64) -> impl Iterator<Item = i64> {
        let whole = std::iter::successors(Some(ONE), |step| Some(step / 10).filter(|s| *s > 0));
        let sizes = whole.skip_while(|size| self.nano % size != 0);
        let bound = self.nano;
        sizes
            .flat_map(move |size| (0..=steps).map(move |n| size.saturating_mul(n)))
            .flat_map(move |by| [bound.saturating_sub(by), bound.saturating_add(by)])
            .filter(|nano| *nano >= 0)
    }
}

impl fmt::Display for HoldRule {
    /// `systolic pressure is below 100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compared = match self.op {
            Comparison::Below => "below",
            Comparison::AtOrBelow => "at or below",
            Comparison::Above => "above",
            Comparison::AtOrAbove => "at or above",
            Comparison::Exactly => "exactly",
        };
        write!(f, "{} is {compared} {}", code_in_words(&self.code), format_nano(self.nano))
    }
}

/// Why hold parameters are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// No rule at all.
    #[error("no hold parameter is given, so nothing would ever be held; name at least one")]
    Empty,
    /// A rule without a reading's code.
    #[error("hold parameter {number} names no reading; say which one it looks at")]
    NoCode {
        /// Which one, from 1.
        number: u32,
    },
    /// A rule that every reading meets or none can, since readings are never negative.
    #[error("no reading can decide whether {rule}; check the parameter against the order")]
    Undecided {
        /// The rule.
        rule: HoldRule,
    },
    /// The rules of one reading leave no value to give: one of them is reversed.
    #[error(
        "the hold parameters of {code} leave no value at which the dose is given; one of them is \
         reversed, check them against the order"
    )]
    NothingGives {
        /// The reading's code.
        code: String,
    },
}

/// Whether a dose may be given by its hold parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateVerdict {
    /// Every rule has a fresh reading, and none holds.
    Give,
    /// A fresh reading meets a rule.
    Hold,
    /// A reading that a rule needs was never taken.
    BlockMissing,
    /// The latest reading is older than the order allows.
    BlockStale,
}

/// The verdict, and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateAnswer<'a> {
    /// The verdict.
    pub verdict: GateVerdict,
    /// The first rule, in order, that is not clean; none when the dose is given.
    pub rule: Option<&'a HoldRule>,
    /// The reading that meets the rule or is too old.
    pub reading: Option<&'a Reading>,
}

/// A value tried on the gate: a worked example for whoever reads the parameters back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateExample {
    /// The reading's code.
    pub code: String,
    /// Its value in billionths; every other reading of the gate is one that gives.
    pub nano: i64,
    /// What the gate answers.
    pub verdict: GateVerdict,
}

/// An order's hold parameters, checked. Schedules, rule 9. No threshold is ever invented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenGate")]
pub struct Gate {
    max_age_minutes: u32,
    hold_if_any: Vec<HoldRule>,
}

/// Hold parameters as written, not yet checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenGate {
    /// Most minutes a reading may be old.
    pub max_age_minutes: u32,
    /// Hold when any of these is met.
    pub hold_if_any: Vec<HoldRule>,
}

impl TryFrom<WrittenGate> for Gate {
    type Error = GateError;
    fn try_from(raw: WrittenGate) -> Result<Self, GateError> {
        Self::new(raw.max_age_minutes, raw.hold_if_any)
    }
}

impl Gate {
    /// Checks the parameters: each can hold, and together they leave a value that gives.
    ///
    /// # Errors
    /// [`GateError`].
    pub fn new(max_age_minutes: u32, hold_if_any: Vec<HoldRule>) -> Result<Self, GateError> {
        let gate = Self { max_age_minutes, hold_if_any };
        if gate.hold_if_any.is_empty() {
            return Err(GateError::Empty);
        }
        for (number, rule) in (1..).zip(&gate.hold_if_any) {
            if rule.code.trim().is_empty() {
                return Err(GateError::NoCode { number });
            }
            if rule.nano < 0 || held_value(rule).is_none() {
                return Err(GateError::Undecided { rule: rule.clone() });
            }
            if gate.given_value(rule).is_none() {
                return Err(GateError::NothingGives { code: rule.code.clone() });
            }
        }
        Ok(gate)
    }

    /// Most minutes a reading may be old.
    #[must_use]
    pub const fn max_age_minutes(&self) -> u32 {
        self.max_age_minutes
    }

    /// What holds a dose, in the order written.
    #[must_use]
    pub fn rules(&self) -> &[HoldRule] {
        &self.hold_if_any
    }

    /// The codes of the readings it looks at, in the order of its rules.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.hold_if_any.iter().map(|rule| rule.code.as_str())
    }

    /// What the gate answers at `at`, by the first rule in order that is not clean.
    ///
    /// The latest reading counts; one taken after `at` is no evidence for a dose at `at` and is
    /// passed over. A reading exactly at the age limit is usable. Of several at one instant any
    /// that holds, holds.
    #[must_use]
    pub fn evaluate<'a>(&'a self, readings: &'a [Reading], at: Instant) -> GateAnswer<'a> {
        let clean = GateAnswer { verdict: GateVerdict::Give, rule: None, reading: None };
        self.against(readings, at).next().unwrap_or(clean)
    }

    /// Every rule that is not clean at `at`, in order: what [`Gate::evaluate`] says of the first.
    pub fn against<'a>(
        &'a self,
        readings: &'a [Reading],
        at: Instant,
    ) -> impl Iterator<Item = GateAnswer<'a>> {
        self.hold_if_any.iter().filter_map(move |rule| self.unclean(rule, readings, at))
    }

    fn unclean<'a>(
        &self,
        rule: &'a HoldRule,
        readings: &'a [Reading],
        at: Instant,
    ) -> Option<GateAnswer<'a>> {
        let answer = |verdict, reading| Some(GateAnswer { verdict, rule: Some(rule), reading });
        let known = || readings.iter().filter(|r| r.code == rule.code && r.at <= at);
        let Some(latest) = known().max_by_key(|reading| reading.at) else {
            return answer(GateVerdict::BlockMissing, None);
        };
        if !is_fresh(latest.at, self.max_age_minutes, at) {
            return answer(GateVerdict::BlockStale, Some(latest));
        }
        let holding = known().find(|r| r.at == latest.at && rule.holds(r.nano))?;
        answer(GateVerdict::Hold, Some(holding))
    }

    /// Story 19: for each parameter a value that gives and one that holds, as near to it as they
    /// lie, worked by [`Gate::evaluate`] itself.
    #[must_use]
    pub fn examples(&self) -> Vec<GateExample> {
        let tried = |rule: &HoldRule, nano: i64| {
            let others = self.hold_if_any.iter().filter(|other| other.code != rule.code);
            let fine = others.filter_map(|other| Some((&other.code, self.given_value(other)?)));
            let readings: Vec<Reading> = fine
                .chain([(&rule.code, nano)])
                .map(|(code, nano)| Reading { code: code.clone(), nano, at: Instant::EPOCH })
                .collect();
            let verdict = self.evaluate(&readings, Instant::EPOCH).verdict;
            GateExample { code: rule.code.clone(), nano, verdict }
        };
        let both = |rule| [self.given_value(rule), held_value(rule)].into_iter().flatten();
        self.hold_if_any
            .iter()
            .flat_map(|rule| both(rule).map(move |nano| tried(rule, nano)))
            .collect()
    }

    /// A value that no rule of this reading holds, nearest to the rule if it can be.
    fn given_value(&self, rule: &HoldRule) -> Option<i64> {
        let same = || self.hold_if_any.iter().filter(|other| other.code == rule.code);
        // Where values give at all, they begin next to some rule; each other rule may take single
        // values away there, so as many steps as there are rules find one.
        let steps = i64::try_from(same().count()).unwrap_or(i64::MAX);
        let near = rule.near(steps).chain(same().flat_map(|other| other.near(steps)));
        near.into_iter().find(|nano| !same().any(|other| other.holds(*nano)))
    }
}

/// A value that the rule holds, nearest to it.
fn held_value(rule: &HoldRule) -> Option<i64> {
    rule.near(1).find(|nano| rule.holds(*nano))
}

impl fmt::Display for Gate {
    /// The parameters read back in plain English, with the worked examples.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules: Vec<String> = self.hold_if_any.iter().map(HoldRule::to_string).collect();
        let (age, s) = (self.max_age_minutes, if self.max_age_minutes == 1 { "" } else { "s" });
        write!(f, "Hold when {}. ", rules.join(", or when "))?;
        write!(f, "Each reading may be at most {age} minute{s} old.")?;
        for example in self.examples() {
            let (code, value) = (code_in_words(&example.code), format_nano(example.nano));
            let verdict = match example.verdict {
                GateVerdict::Give => "give",
                GateVerdict::Hold => "hold",
                GateVerdict::BlockMissing | GateVerdict::BlockStale => "measure first",
            };
            write!(f, " With {code} {value}: {verdict}.")?;
        }
        Ok(())
    }
}
