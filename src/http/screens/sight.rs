//! One look at a home: its state, the clinical time and a language, and how things are said in it.
use crate::http::pages::line::Line;
use crate::http::pages::say::{Speaker, date_text};
use crate::http::pages::tallman::TallMan;
use crate::http::pages::words::{Lang, ObjectionText, Words, words};
use emar_domain::amount::{Amount, Dimension};
use emar_domain::drug::{Units, piece_of, units_for};
use emar_domain::home::Home;
use emar_domain::id::{UnitId, UserId};
use emar_domain::order::{Order, OrderVersion, Timing};
use emar_domain::resident::{Resident, ResidentState};
use emar_domain::schedule::{Clock, Schedule};
use emar_domain::time::{CivilDate, Instant};
use emar_domain::verdict::Objection;
use std::sync::LazyLock;

const DAY_MINUTES: i64 = 24 * 60;

static TALL_MAN: LazyLock<TallMan> = LazyLock::new(TallMan::shipped);

/// A home at an instant, told in a language.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    /// The home as committed.
    pub home: &'a Home,
    /// Clinical time.
    pub now: Instant,
    /// Language of the words.
    pub lang: Lang,
}

impl<'a> Sight<'a> {
    /// The words of the language.
    #[must_use]
    pub fn words(&self) -> &'static Words {
        words(self.lang)
    }

    /// Home time, `08:04`.
    #[must_use]
    pub fn clock(&self, at: Instant) -> String {
        let time = self.home.zone.to_civil(at).time();
        format!("{:02}:{:02}", time.hour(), time.minute())
    }

    /// `08:04`, or `Tue 03-Nov-2026 08:04` when it is not today.
    #[must_use]
    pub fn time(&self, at: Instant) -> String {
        let date = self.home.zone.to_civil(at).date();
        if date == self.home.today(self.now) {
            return self.clock(at);
        }
        format!("{} {}", self.date(at), self.clock(at))
    }

    /// `Tue 03-Nov-2026`.
    #[must_use]
    pub fn date(&self, at: Instant) -> String {
        self.of_date(self.home.zone.to_civil(at).date())
    }

    /// The same of a civil date.
    #[must_use]
    pub fn of_date(&self, date: CivilDate) -> String {
        let day = self.words().t(&format!("day-{}", date.weekday()));
        format!("{day} {}", date_text(self.lang, date))
    }

    /// `November 2026`.
    #[must_use]
    pub fn of_month(&self, date: CivilDate) -> String {
        format!("{} {}", self.words().t(&format!("month-{}", date.month())), date.year())
    }

    /// `Tue 03-Nov-2026 08:04`, within a day of a clock change with the zone's abbreviation: then
    /// the same time may come twice.
    #[must_use]
    pub fn stamp(&self, at: Instant) -> String {
        let zone = &self.home.zone;
        let offset = |minutes| at.plus_minutes(minutes).map(|t| zone.offset_at(t));
        let text = format!("{} {}", self.date(at), self.clock(at));
        if offset(-DAY_MINUTES) == offset(DAY_MINUTES) {
            return text;
        }
        format!("{text} {}", zone.abbrev_at(at))
    }

    /// Hour of home time, 0 to 23.
    #[must_use]
    pub fn hour(&self) -> u8 {
        u8::try_from(self.home.zone.to_civil(self.now).time().hour()).unwrap_or(0)
    }

    /// Name of a person; a dash for one who is not known.
    #[must_use]
    pub fn user(&self, id: UserId) -> String {
        self.home.users.get(&id).map_or_else(|| "—".to_owned(), |user| user.name.0.clone())
    }

    /// The drug as ordered, its tall-man letters strong: name, strength and form.
    #[must_use]
    pub fn drug(&self, order: &Order) -> Line {
        Line::new().drug(&order.current.drug.name, &TALL_MAN)
    }

    /// A sentence in which drug names may stand.
    #[must_use]
    pub fn sentence(&self, text: &str) -> Line {
        Line::new().drug(text, &TALL_MAN)
    }

    /// Headline and sentence of an objection.
    #[must_use]
    pub fn objection(&self, objection: &Objection) -> ObjectionText {
        let user = |id: &str| Some(self.user(id.parse().ok()?));
        let (words, zone, now) = (self.words(), &self.home.zone, self.now);
        Speaker { words, zone, now, user: &user }.objection(objection)
    }

    /// The word for a code of a family (`route`, `freq`), or the code itself where there is none.
    #[must_use]
    pub fn word(&self, family: &str, code: &str) -> String {
        let id = format!("{family}-{}", code.to_lowercase());
        let found = self.words().t(&id);
        if found == id { code.to_owned() } else { found }
    }

    /// A unit as people call it.
    #[must_use]
    pub fn place(&self, unit: &UnitId) -> String {
        let name = unit.as_str().replace(['-', '_'], " ");
        let mut rest = name.chars();
        rest.next().map_or_else(String::new, |c| c.to_uppercase().chain(rest).collect())
    }

    /// Residents who live in a unit (`None`: in the home), in the order of its rooms.
    #[must_use]
    pub fn residents(&self, unit: Option<&UnitId>) -> Vec<&'a Resident> {
        let lives = |r: &&Resident| {
            r.state == ResidentState::Admitted && unit.is_none_or(|unit| r.unit == *unit)
        };
        let mut all: Vec<&Resident> = self.home.residents.values().filter(lives).collect();
        let rank = |r: &Resident| {
            let rooms = self.home.policy.units.get(r.unit.as_str()).map(|u| u.rooms.as_slice());
            rooms.and_then(|rooms| rooms.iter().position(|room| *room == r.room))
        };
        all.sort_by_cached_key(|r| {
            (r.unit.clone(), rank(r).unwrap_or(usize::MAX), r.room.clone(), r.id)
        });
        all
    }
}

/// The dose of a version as a nurse reads it. Units by a sliding scale have none before the reading
/// is known (schedules, rule 10): what the order says of a dose would be taken for them. Of
/// an order that names several doses, the version must bear the one that is meant.
#[must_use]
pub fn amount(sight: &Sight<'_>, version: &OrderVersion) -> String {
    match version.conditions.scale {
        Some(_) => sight.words().t("amount-by_scale"),
        None => version.dose.to_string(),
    }
}

/// What an order as a whole gives: of several doses, how they follow each other and none of them.
/// Schedules, rule 7.
#[must_use]
pub fn amount_ordered(sight: &Sight<'_>, version: &OrderVersion) -> String {
    let Timing::Planned { schedule: Schedule::Clock(clock) } = &version.timing else {
        return amount(sight, version);
    };
    let id = match **clock {
        Clock { steps: Some(_), .. } => "amount-by_steps",
        Clock { dose_by_dow: Some(_), .. } => "amount-by_weekday",
        Clock { alternate: Some(_), .. } => "amount-in_turn",
        _ => return amount(sight, version),
    };
    sight.words().t(id)
}

/// How long, in words short enough for a chip: `40 s`, `34 min`, `1 h 34`, `2 d 3 h`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    match (minutes / 1440, minutes / 60, minutes % 60) {
        (0, 0, 0) => format!("{} s", seconds.max(0)),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes:02}"),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

/// How many packages and pieces of the ordered strength make one dose of an order; `None` when no
/// product of the home does. Another strength that would make it is left out: its count beside the
/// ordered name would be read as a count of the ordered strength.
#[must_use]
pub fn units_of(home: &Home, order: &Order) -> Option<Units> {
    let drug = &order.current.drug;
    home.products
        .values()
        .filter(|p| drug.same_ingredient(p) && p.form == drug.form)
        .filter(|p| drug.strength.is_none_or(|s| s.same_as(p.strength)))
        .find_map(|p| units_for(order.current.dose, p))
}

/// What a dose is in pieces, `(2 tablets)`; empty where the amount says it already.
#[must_use]
pub fn pieces(sight: &Sight<'_>, order: &Order, units: Option<Units>) -> String {
    let counted = order.current.dose.unit.scale().0 == Dimension::Count;
    let told = !counted && order.current.conditions.scale.is_none();
    let Some(halves) = units.map(|u| u.halves).filter(|h| told && *h != 0 && *h != 2) else {
        return String::new();
    };
    let Some(piece) = piece_of(&order.current.drug.form) else { return String::new() };
    if halves == 1 {
        return format!("({})", sight.words().one("units-half", "piece", piece.code()));
    }
    format!("({})", Amount { nano: i64::from(halves) * 500_000_000, unit: piece })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short_and_whole() {
        for (seconds, text) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h 00"),
            (5_640, "1 h 34"),
            (86_400, "1 d 0 h"),
            (97_200, "1 d 3 h"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}
