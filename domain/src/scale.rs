//! Sliding scales: from a glucose reading to units of insulin, or to what else is to be done.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::amount::{Amount, Unit};

/// The unit a glucose table is written in. Values are never converted between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GlucoseUnit {
    /// Milligrams per decilitre.
    #[serde(rename = "mg/dL")]
    MgPerDl,
    /// Millimoles per litre.
    #[serde(rename = "mmol/L")]
    MmolPerL,
}

impl GlucoseUnit {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::MgPerDl, Self::MmolPerL];

    /// The unit as it is written.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::MgPerDl => "mg/dL",
            Self::MmolPerL => "mmol/L",
        }
    }
}

/// What the meter shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A whole number of the unit.
    Value(u32),
    /// `HI`: above what the meter measures.
    Hi,
    /// `LO`: below what the meter measures.
    Lo,
}

/// A glucose reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glucose {
    /// What the meter shows.
    pub level: Level,
    /// In which unit.
    pub unit: GlucoseUnit,
}

/// The whole numbers of one row, both ends included; no number: open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The lowest.
    pub lo: Option<u32>,
    /// The highest.
    pub hi: Option<u32>,
}

impl Span {
    fn holds(self, level: Level) -> bool {
        match level {
            Level::Value(value) => {
                self.lo.is_none_or(|lo| lo <= value) && self.hi.is_none_or(|hi| value <= hi)
            }
            Level::Hi => self.hi.is_none(),
            Level::Lo => self.lo.is_none(),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.lo, self.hi) {
            (None, None) => f.write_str("any value"),
            (None, Some(hi)) => write!(f, "{hi} and below"),
            (Some(lo), None) => write!(f, "{lo} and above"),
            (Some(lo), Some(hi)) => write!(f, "{lo} to {hi}"),
        }
    }
}

/// What a row says to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowAnswer {
    /// Give so many units, added to a scheduled dose of the same hour.
    Units(Amount),
    /// Do this instead, by its code.
    Action(String),
}

impl fmt::Display for RowAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Units(amount) => write!(f, "{amount}"),
            Self::Action(code) => f.write_str(&code.replace('_', " ")),
        }
    }
}

/// One row of a scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Which readings.
    pub span: Span,
    /// What then.
    pub answer: RowAnswer,
}

impl Row {
    /// A row with either units (in billionths) or an action's code.
    ///
    /// # Errors
    /// [`ScaleError::OneAnswer`] with both or neither, or with less than no units.
    pub fn new(
        span: Span,
        units_nano: Option<i64>,
        action: Option<String>,
    ) -> Result<Self, ScaleError> {
        let answer = match (units_nano, action) {
            (Some(nano), None) => RowAnswer::Units(Amount { nano, unit: Unit::Units }),
            (None, Some(code)) => RowAnswer::Action(code),
            (Some(_), Some(_)) | (None, None) => return Err(ScaleError::OneAnswer { row: span }),
        };
        let row = Self { span, answer };
        row.check().map(|()| row)
    }

    fn check(&self) -> Result<(), ScaleError> {
        let Span { lo, hi } = self.span;
        if lo.zip(hi).is_some_and(|(lo, hi)| lo > hi) {
            return Err(ScaleError::Reversed { row: self.span });
        }
        let sound = match &self.answer {
            RowAnswer::Units(amount) => amount.unit == Unit::Units && amount.nano >= 0,
            RowAnswer::Action(code) => !code.trim().is_empty(),
        };
        if sound { Ok(()) } else { Err(ScaleError::OneAnswer { row: self.span }) }
    }
}

/// Why a scale is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScaleError {
    /// A row that says both units and an action, or neither.
    #[error("the row {row} must say either units, none or more, or an action")]
    OneAnswer {
        /// The row.
        row: Span,
    },
    /// A row that ends before it begins.
    #[error("the row {row} ends before it begins; write the lower number first")]
    Reversed {
        /// The row.
        row: Span,
    },
    /// Two rows for one reading.
    #[error("the rows {lower} and {upper} overlap; a reading must fall in one row only")]
    Overlap {
        /// The row that begins lower.
        lower: Span,
        /// The next one.
        upper: Span,
    },
    /// Readings without a row.
    #[error("the rows {lower} and {upper} leave a gap; every reading must fall in a row")]
    Gap {
        /// The row that begins lower.
        lower: Span,
        /// The next one.
        upper: Span,
    },
    /// The lowest or the highest row is closed, or there is no row.
    #[error("the scale has no row for the lowest or the highest readings; leave both ends open")]
    OpenEnd,
}

impl ScaleError {
    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OneAnswer { .. } => "one_answer",
            Self::Reversed { .. } => "reversed",
            Self::Overlap { .. } => "overlap",
            Self::Gap { .. } => "gap",
            Self::OpenEnd => "open_end",
        }
    }
}

/// Why a scale cannot answer a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScaleRefusal {
    /// The reading is in another unit than the table.
    #[error("the reading is in {reading} and the scale in {scale}; read again in {scale}")]
    OtherUnit {
        /// The reading's unit, as written.
        reading: &'static str,
        /// The table's unit, as written.
        scale: &'static str,
    },
    /// `HI` or `LO`, and the open row says units, which no unmeasured value can ask for.
    #[error("the meter shows no number and the scale says no action for that; call the prescriber")]
    NoAction,
    /// No row, or more than one. A checked scale has one for every reading.
    #[error("not exactly one row of the scale fits the reading; call the prescriber")]
    NotOneRow,
}

/// A reading tried on the scale: a worked example for whoever reads the table back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleExample {
    /// The reading, in the table's unit.
    pub value: u32,
    /// What the scale answers.
    pub answer: RowAnswer,
}

/// A sliding scale, checked. Schedules, rule 10: whole numbers, closed rows, open at both ends,
/// no overlap, no gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenScale")]
pub struct Scale {
    unit: GlucoseUnit,
    rows: Vec<Row>,
}

/// A sliding scale as written, not yet checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenScale {
    /// The unit of every number in the table.
    pub unit: GlucoseUnit,
    /// The rows, in any order.
    pub rows: Vec<Row>,
}

impl TryFrom<WrittenScale> for Scale {
    type Error = ScaleError;
    fn try_from(raw: WrittenScale) -> Result<Self, ScaleError> {
        Self::new(raw.unit, raw.rows)
    }
}

impl Scale {
    /// Checks the rows, written in any order, and puts them in order.
    ///
    /// # Errors
    /// [`ScaleError`]: a row that is wrong in itself, else the first bad pair of neighbours from
    /// below, else an end that is not open.
    pub fn new(unit: GlucoseUnit, mut rows: Vec<Row>) -> Result<Self, ScaleError> {
        rows.iter().try_for_each(Row::check)?;
        rows.sort_by_key(|row| row.span.lo);
        for (lower, upper) in rows.iter().zip(rows.iter().skip(1)) {
            let (lower, upper) = (lower.span, upper.span);
            let (Some(hi), Some(lo)) = (lower.hi, upper.lo) else {
                return Err(ScaleError::Overlap { lower, upper });
            };
            if lo <= hi {
                return Err(ScaleError::Overlap { lower, upper });
            }
            if lo - hi > 1 {
                return Err(ScaleError::Gap { lower, upper });
            }
        }
        let (first, last) = (rows.first(), rows.last());
        let open = first.is_some_and(|row| row.span.lo.is_none())
            && last.is_some_and(|row| row.span.hi.is_none());
        if open { Ok(Self { unit, rows }) } else { Err(ScaleError::OpenEnd) }
    }

    /// The unit of every number in the table.
    #[must_use]
    pub const fn unit(&self) -> GlucoseUnit {
        self.unit
    }

    /// The rows, lowest first.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether some row says to give this amount.
    #[must_use]
    pub fn gives(&self, amount: Amount) -> bool {
        let units = |row: &Row| matches!(&row.answer, RowAnswer::Units(u) if u.same_as(amount));
        self.rows.iter().any(units)
    }

    /// The most some row says to give; `None` where no row gives anything.
    #[must_use]
    pub fn most(&self) -> Option<Amount> {
        let units = |row: &Row| match &row.answer {
            RowAnswer::Units(units) if units.nano > 0 => Some(*units),
            _ => None,
        };
        self.rows.iter().filter_map(units).max_by_key(|units| units.nano)
    }

    /// What the one row that fits the reading says.
    ///
    /// # Errors
    /// [`ScaleRefusal`].
    pub fn evaluate(&self, glucose: Glucose) -> Result<&RowAnswer, ScaleRefusal> {
        if glucose.unit != self.unit {
            let (reading, scale) = (glucose.unit.code(), self.unit.code());
            return Err(ScaleRefusal::OtherUnit { reading, scale });
        }
        let mut fitting = self.rows.iter().filter(|row| row.span.holds(glucose.level));
        let (Some(row), None) = (fitting.next(), fitting.next()) else {
            return Err(ScaleRefusal::NotOneRow);
        };
        match (glucose.level, &row.answer) {
            (Level::Hi | Level::Lo, RowAnswer::Units(_)) => Err(ScaleRefusal::NoAction),
            (_, answer) => Ok(answer),
        }
    }

    /// Two readings worked by [`Scale::evaluate`] itself: the first of the lowest row with units to
    /// give, and the first that leads to an action from above.
    #[must_use]
    pub fn examples(&self) -> Vec<ScaleExample> {
        let gives = |row: &&Row| matches!(&row.answer, RowAnswer::Units(units) if units.nano > 0);
        let acts = |row: &&Row| matches!(row.answer, RowAnswer::Action(_));
        let first = self.rows.iter().find(gives).or_else(|| self.rows.first());
        let second = self.rows.iter().rfind(acts).or_else(|| self.rows.last());
        let value = |row: &Row| row.span.lo.or(row.span.hi).unwrap_or(0);
        let tried = |row: &Row| {
            let glucose = Glucose { level: Level::Value(value(row)), unit: self.unit };
            let answer = self.evaluate(glucose).ok()?.clone();
            Some(ScaleExample { value: value(row), answer })
        };
        let mut both: Vec<_> = [first, second].into_iter().flatten().filter_map(tried).collect();
        both.dedup();
        both
    }
}

impl fmt::Display for Scale {
    /// The table read back in plain English, with the worked examples.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.unit.code();
        let rows = self.rows.iter().map(|row| format!("{}: {}", row.span, row.answer));
        write!(f, "By glucose in {unit}: {}.", rows.collect::<Vec<_>>().join("; "))?;
        for example in self.examples() {
            write!(f, " With {} {unit}: {}.", example.value, example.answer)?;
        }
        Ok(())
    }
}
