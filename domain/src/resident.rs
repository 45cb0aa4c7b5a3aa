//! Residents as the rules see them. Names and birth dates never print through `Debug`.

use crate::id::{ResidentId, UnitId};
use crate::time::{CivilDate, Instant};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Text that says who somebody is: kept, shown on purpose, never printed by `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal(pub String);

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(personal)")
    }
}

impl From<&str> for Personal {
    fn from(s: &str) -> Self {
        Self(s.to_owned())
    }
}

/// Where a resident stands with the home.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResidentState {
    /// Lives here.
    Admitted,
    /// Left, or not yet admitted.
    Discharged,
    /// Has died.
    Deceased,
}

/// A recorded allergy or reaction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Allergy {
    /// Ingredient, lower case, matched against orders and products; a class name matches nothing
    /// by itself and is shown.
    pub ingredient: String,
    /// What happens, as recorded.
    #[serde(default)]
    pub reaction: String,
    /// Ingredients the source put under it, lower case.
    #[serde(default)]
    pub covers: Vec<String>,
}

impl Allergy {
    /// Whether a drug with `ingredient` meets it (combination drugs: any part).
    #[must_use]
    pub fn matches(&self, ingredient: &str) -> bool {
        crate::drug::parts(ingredient)
            .any(|part| part == self.ingredient || self.covers.iter().any(|c| c == part))
    }
}

/// Why somebody who lives here is not in the home. Features, group 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceKind {
    /// In hospital.
    Hospital,
    /// On leave, over night.
    Leave,
    /// Out for part of a day.
    DayRelease,
}

impl AbsenceKind {
    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hospital => "hospital",
            Self::Leave => "leave",
            Self::DayRelease => "day_release",
        }
    }
}

/// Most absences kept with a resident; older ones are in their history.
pub const ABSENCES_MAX: usize = 64;

/// A time away: nothing is given in the home from `from` on, included, until `until`, excluded.
/// Schedules, rule 3.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Absence {
    /// Where they are.
    pub kind: AbsenceKind,
    /// From this instant on.
    pub from: Instant,
    /// Before this instant, when it ends by itself; absent: until their return is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// Why, in words.
    pub reason: String,
}

impl Absence {
    /// Whether they are away at an instant.
    #[must_use]
    pub fn contains(&self, at: Instant) -> bool {
        at.is_within(self.from, self.until)
    }

    /// Whether it has ended by `now`.
    #[must_use]
    pub fn is_over(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// A resident of the home.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resident {
    /// Identity.
    pub id: ResidentId,
    /// Family name.
    pub family: Personal,
    /// Given names.
    pub given: Personal,
    /// What they like to be called.
    #[serde(default)]
    pub nickname: Personal,
    /// Birth date.
    pub birth_date: Option<CivilDate>,
    /// Unit.
    pub unit: UnitId,
    /// Room and bed, as printed on the door.
    pub room: String,
    /// The home's own number for them.
    #[serde(default)]
    pub number: Personal,
    /// Text of the wristband in force (GSRN digits, or the facility pattern).
    pub band: Personal,
    /// Where they stand.
    pub state: ResidentState,
    /// Times away, over, running and to come: in order, none overlapping another, at most
    /// [`ABSENCES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absences: Vec<Absence>,
    /// Why they left, in words; empty while they live here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub left_because: String,
    /// Allergies.
    #[serde(default)]
    pub allergies: Vec<Allergy>,
    /// How medicines are taken ("whole, with thickened water").
    #[serde(default)]
    pub how_taken: String,
    /// Code status, as recorded.
    #[serde(default)]
    pub code_status: String,
}

impl Resident {
    /// Whether they live here, in the home or away from it.
    #[must_use]
    pub fn lives_here(&self) -> bool {
        self.state == ResidentState::Admitted
    }

    /// The absence an instant lies in.
    #[must_use]
    pub fn absence_at(&self, at: Instant) -> Option<&Absence> {
        self.absences.iter().find(|absence| absence.contains(at))
    }

    /// The absence that runs at `now`, or else the next to come.
    #[must_use]
    pub fn absence_ahead(&self, now: Instant) -> Option<&Absence> {
        self.absences.iter().find(|absence| !absence.is_over(now))
    }

    /// Records an absence. One that has begun before it ends where it begins, one that begins
    /// within it falls away: where the two disagree, a dose is expected rather than withheld.
    pub fn go_away(&mut self, absence: Absence) {
        let (from, until) = (absence.from, absence.until);
        self.absences.retain_mut(|other| {
            if other.from < from {
                other.until = Some(other.until.map_or(from, |until| until.min(from)));
                return true;
            }
            !other.from.is_within(from, until)
        });
        self.absences.push(absence);
        self.absences.sort_by_key(|absence| absence.from);
        let over = self.absences.len().saturating_sub(ABSENCES_MAX);
        self.absences.drain(..over);
    }

    /// Ends the absence that runs at `now`, together with what follows it without a gap; when they
    /// are here, the next to come is called off. Whether there was one.
    pub fn come_back(&mut self, now: Instant) -> bool {
        let Some(mut ended) = self.absence_ahead(now).cloned() else { return false };
        let begun = ended.from < now;
        self.absences.retain_mut(|other| {
            if other.from == ended.from {
                other.until = Some(now);
                return begun;
            }
            let follows = ended.until == Some(other.from);
            if follows {
                ended.until = other.until;
            }
            !follows
        });
        true
    }

    /// Ends the absence that runs at `now` and calls off all that are to come.
    pub fn end_absences(&mut self, now: Instant) {
        while self.come_back(now) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> Instant {
        Instant::EPOCH.plus_minutes(n * 24 * 60).unwrap()
    }

    fn absence(from: i64, until: Option<i64>) -> Absence {
        let (from, until) = (day(from), until.map(day));
        Absence { kind: AbsenceKind::Leave, from, until, reason: "family".into() }
    }

    fn resident(absences: &[(i64, Option<i64>)]) -> Resident {
        let json = serde_json::json!({
            "id": uuid::Uuid::nil(), "family": "", "given": "", "birth_date": null,
            "unit": "east", "room": "", "band": "", "state": "admitted",
        });
        let mut resident: Resident = serde_json::from_value(json).unwrap();
        absences.iter().for_each(|(from, until)| resident.go_away(absence(*from, *until)));
        resident
    }

    fn spans(resident: &Resident) -> Vec<(Instant, Option<Instant>)> {
        resident.absences.iter().map(|a| (a.from, a.until)).collect()
    }

    #[test]
    fn absences_never_overlap_and_the_latest_word_counts() {
        type Spans = &'static [(i64, Option<i64>)];
        let cases: [(Spans, Spans); 7] = [
            (&[(1, Some(2)), (4, Some(5))], &[(1, Some(2)), (4, Some(5))]),
            (&[(4, Some(5)), (1, Some(2))], &[(1, Some(2)), (4, Some(5))]),
            // Stays longer than said, or comes back sooner.
            (&[(1, Some(4)), (3, Some(6))], &[(1, Some(3)), (3, Some(6))]),
            (&[(1, None), (3, Some(4))], &[(1, Some(3)), (3, Some(4))]),
            // To hospital before the leave that was planned.
            (&[(5, Some(7)), (4, None)], &[(4, None)]),
            (&[(5, Some(7)), (4, Some(6))], &[(4, Some(6))]),
            (&[(5, Some(7)), (4, Some(5))], &[(4, Some(5)), (5, Some(7))]),
        ];
        for (said, want) in cases {
            let want = want.iter().map(|(from, until)| (day(*from), until.map(day)));
            assert_eq!(spans(&resident(said)), want.collect::<Vec<_>>(), "{said:?}");
        }
        let many: Vec<_> = (0..100).map(|n| (2 * n, Some(2 * n + 1))).collect();
        let kept = resident(&many).absences;
        assert_eq!((kept.len(), kept[0].from), (ABSENCES_MAX, day(72)), "the oldest fall out");
    }

    #[test]
    fn a_return_ends_what_runs_and_calls_off_what_is_to_come() {
        let mut away = resident(&[(1, Some(4)), (3, Some(6)), (8, Some(9))]);
        assert!(away.absence_at(day(2)).is_some());
        assert!(away.come_back(day(2)), "with what follows without a gap");
        assert_eq!(spans(&away), [(day(1), Some(day(2))), (day(8), Some(day(9)))]);
        assert!(away.absence_at(day(2)).is_none(), "the end is out");
        assert!(away.come_back(day(2)), "the next to come");
        assert_eq!(spans(&away), [(day(1), Some(day(2)))]);
        assert!(!away.come_back(day(2)));
        let mut gone = resident(&[(1, None)]);
        gone.go_away(absence(2, None));
        assert!(gone.come_back(day(2)), "on the instant it began");
        assert_eq!(spans(&gone), [(day(1), Some(day(2)))]);
    }
}
