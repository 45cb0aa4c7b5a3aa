//! What was measured on a resident is written down, once for every order that asks for it.

use super::filing::objected;
use super::record::{Record, fields};
use super::{Answer, Refusal};
use crate::audit::leaf::Action;
use crate::fact::Fact;
use crate::id::{CartId, ReadingId, ResidentId};
use crate::reading::{GLUCOSE, Measured, Shown, customary_glucose, scope};
use crate::role;
use crate::scale::GlucoseUnit;
use crate::time::Instant;
use crate::verdict::resident_objections;
use serde::{Deserialize, Serialize};

/// How far back a reading may have been taken when it is recorded, in hours.
pub const READING_PAST_HOURS_MAX: i64 = 24;
/// Most readings of one command: one of each code.
pub const READINGS_MAX: u32 = 12;

/// Readings of one resident, taken together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MeasureCommand {
    /// On whom.
    pub resident: ResidentId,
    /// The cart, if at one.
    pub cart: Option<CartId>,
    /// When; absent: now.
    pub at: Option<Instant>,
    /// What, each code once.
    pub readings: Vec<NewReading>,
}

/// One value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NewReading {
    /// What and where, one of [`crate::reading::CODES`].
    pub code: String,
    /// What the instrument showed.
    pub shown: Shown,
    /// The unit of a glucose reading; absent: the home's.
    pub glucose_unit: Option<GlucoseUnit>,
}

pub(super) fn measure(record: &mut Record<'_, '_>, c: &MeasureCommand) -> Result<Answer, Refusal> {
    let home = record.home;
    let by = record.actor.user.ok_or_else(|| Refusal::new("sign_on_first", "sign_on"))?;
    if !record.actor.role.may(role::Action::Chart) {
        return Err(Refusal::new("role_cannot_chart", "ask_charge_nurse"));
    }
    let resident = home.residents.get(&c.resident);
    let resident = resident.ok_or_else(|| Refusal::new("resident_unknown", "reload"))?;
    let at = when(record.now, c.at)?;
    let objections = resident_objections(resident, at);
    if !objections.is_empty() {
        return Err(objected(objections));
    }
    if c.readings.is_empty() || c.readings.len() > READINGS_MAX as usize {
        return Err(Refusal::new("readings_missing", "readings"));
    }
    let all: Result<Vec<Measured>, Refusal> = (0..)
        .zip(&c.readings)
        .map(|(place, new)| {
            let earlier = c.readings.iter().take(place);
            if earlier.into_iter().any(|other| other.code == new.code) {
                return Err(of("reading_twice", new));
            }
            let glucose_unit = fits(home.policy.profile, new)?;
            Ok(Measured {
                id: ReadingId(record.fresh()),
                resident: c.resident,
                code: new.code.clone(),
                shown: new.shown,
                glucose_unit,
                by,
                cart: c.cart.clone(),
                at,
                recorded_at: record.now,
            })
        })
        .collect();
    let all = all?;
    pressure_fits(&all)?;
    for reading in &all {
        write(record, reading);
    }
    Ok(Answer::Measure { readings: all })
}

fn of(code: &str, new: &NewReading) -> Refusal {
    Refusal::new(code, "readings").with("reading", new.code.as_str())
}

fn when(now: Instant, said: Option<Instant>) -> Result<Instant, Refusal> {
    let Some(at) = said else { return Ok(now) };
    if at > now {
        return Err(Refusal::new("reading_in_future", "time"));
    }
    let hours = READING_PAST_HOURS_MAX;
    if now.plus_minutes(-hours * 60).is_some_and(|earliest| at < earliest) {
        return Err(Refusal::new("reading_too_old", "time").with("hours", hours));
    }
    Ok(at)
}

/// The unit a glucose reading is kept with. What cannot be a value of the code is a slip; only a
/// glucose meter shows HI and LO.
fn fits(
    profile: crate::schedule::policy::Profile,
    new: &NewReading,
) -> Result<Option<GlucoseUnit>, Refusal> {
    let is_glucose = new.code == GLUCOSE;
    let unit = new.glucose_unit.unwrap_or_else(|| customary_glucose(profile));
    let unknown = || Refusal::new("reading_unknown", "readings");
    let scope = scope(&new.code, profile, unit).ok_or_else(unknown)?;
    let sound = match new.shown {
        Shown::Nano(nano) => scope.holds(nano) && (is_glucose || new.glucose_unit.is_none()),
        Shown::Hi | Shown::Lo => is_glucose,
    };
    if !sound {
        let [least, most] = [scope.least_nano, scope.most_nano].map(|n| Shown::Nano(n).to_string());
        let refusal = of("reading_unfit", new).with("least", least).with("most", most);
        return Err(refusal.with("unit", scope.unit));
    }
    Ok(is_glucose.then_some(unit))
}

/// Story 19: numbers typed into each other's field.
fn pressure_fits(all: &[Measured]) -> Result<(), Refusal> {
    let nano = |code: &str| {
        all.iter().find(|r| r.code == code).and_then(|r| match r.shown {
            Shown::Nano(nano) => Some(nano),
            Shown::Hi | Shown::Lo => None,
        })
    };
    match (nano("sbp"), nano("dbp")) {
        (Some(systolic), Some(diastolic)) if systolic <= diastolic => {
            Err(Refusal::new("pressure_reversed", "readings"))
        }
        _ => Ok(()),
    }
}

fn write(record: &mut Record<'_, '_>, reading: &Measured) {
    let leaf = record.leaf(Action::Create, "reading", reading.id.to_string());
    leaf.resident = Some(reading.resident.0);
    let shown = reading.shown.to_string();
    leaf.after = Some(fields([
        ("code", reading.code.as_str().into()),
        ("shown", shown.as_str().into()),
        ("at", reading.at.micros().into()),
    ]));
    record.fact(Fact::Reading(Box::new(reading.clone())));
}
