//! What a policy that reads well can still have wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::frequency::{Frequencies, Hour, Kind};
use super::policy::{
    BY_FREQUENCY, ESCALATION_MAX_MIN, Fault, FaultCode, HORIZON_DAYS, Policy, SCHEMA,
    WINDOW_MAX_MIN,
};
use super::window::{CivilSpan, Window};
use crate::time::CivilTime;

/// Shortest text a wristband pattern may match: shorter serials are guessed.
const PATTERN_MIN: u32 = 6;

struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, path: &[&str], code: FaultCode) {
        let path = path.iter().map(|&key| key.to_owned()).collect();
        self.0.push(Fault { path, code });
    }

    fn check(&mut self, sound: bool, path: &[&str], code: FaultCode) {
        if !sound {
            self.add(path, code);
        }
    }
}

impl Policy {
    /// Every fault of the policy, held against the table of frequencies it overrides.
    #[must_use]
    pub fn validate(&self, table: &Frequencies) -> Vec<Fault> {
        let mut faults = Faults(Vec::new());
        faults.check(self.schema == SCHEMA, &["schema"], FaultCode::SchemaUnknown);
        faults.check(is_id(&self.facility), &["facility"], FaultCode::IdShape);
        faults.check(is_name(&self.name), &["name"], FaultCode::NameShape);
        let ahead = HORIZON_DAYS.contains(&self.horizon_days);
        faults.check(ahead, &["horizon_days"], FaultCode::HorizonDays);
        self.check_units(&mut faults);
        self.check_passes(&mut faults);
        if let Some(meals) = &self.meals {
            faults.check(meals.in_order(), &["meals"], FaultCode::MealsOrder);
        }
        self.check_hours(&mut faults, &["hours"], &self.hours, table);
        for (id, unit) in &self.units {
            self.check_hours(&mut faults, &["units", id, "hours"], &unit.hours, table);
        }
        self.check_windows(&mut faults, table);
        for (list, path) in [
            (&self.windows.time_critical, ["windows", "time_critical"]),
            (&self.witness.required, ["witness", "required"]),
        ] {
            faults.check(list.iter().all(|term| is_term(term)), &path, FaultCode::TermShape);
        }
        self.check_seconds(&mut faults);
        for (ingredient, limit) in &self.limits {
            faults.check(is_term(ingredient), &["limits", ingredient], FaultCode::TermShape);
            let path = ["limits", ingredient, "most"];
            faults.check(limit.cap().is_some(), &path, FaultCode::LimitAmount);
        }
        let prefix = self.wristband.gsrn_prefix.as_deref();
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let sound = prefix.is_none_or(|text| (4..=12).contains(&text.len()) && digits(text));
        faults.check(sound, &["wristband", "gsrn_prefix"], FaultCode::GsrnPrefix);
        let long = self.wristband.pattern.shortest() >= PATTERN_MIN;
        faults.check(long, &["wristband", "pattern"], FaultCode::PatternTooShort);
        faults.0
    }

    fn check_units(&self, faults: &mut Faults) {
        faults.check(!self.units.is_empty(), &["units"], FaultCode::Empty);
        let mut seen = BTreeSet::new();
        for (id, unit) in &self.units {
            faults.check(is_id(id), &["units", id], FaultCode::IdShape);
            faults.check(!unit.rooms.is_empty(), &["units", id, "rooms"], FaultCode::Empty);
            for (place, room) in unit.rooms.iter().enumerate() {
                let place = place.to_string();
                let path = ["units", id, "rooms", &place];
                faults.check(is_name(room) && room.len() <= 16, &path, FaultCode::NameShape);
                faults.check(seen.insert(room), &path, FaultCode::RoomTwice);
            }
        }
    }

    fn check_hours(
        &self,
        faults: &mut Faults,
        under: &[&str],
        hours: &BTreeMap<String, Vec<Hour>>,
        table: &Frequencies,
    ) {
        for (code, hours) in hours {
            let path = [under, &[code]].concat();
            let Some(row) = table.frequencies.iter().find(|row| row.code == *code) else {
                faults.add(&path, FaultCode::FrequencyUnknown);
                continue;
            };
            if !matches!(row.kind, Kind::Clock | Kind::Event | Kind::Pair | Kind::Window) {
                faults.add(&path, FaultCode::HoursNotUsed);
                continue;
            }
            let spans = hours.iter().filter(|hour| matches!(hour, Hour::Span(_))).count();
            let wanted_spans = if row.kind == Kind::Window { hours.len() } else { 0 };
            faults.check(spans == wanted_spans, &path, FaultCode::HourKind);
            let distinct: BTreeSet<CivilTime> = hours.iter().map(|hour| hour.due()).collect();
            faults.check(distinct.len() == hours.len(), &path, FaultCode::HourTwice);
            let wanted = row.doses_per_day;
            let counted = u32::try_from(hours.len()) == Ok(wanted);
            faults.check(counted, &path, FaultCode::HoursCount { wanted });
            let times: Vec<CivilTime> = distinct.into_iter().collect();
            let ties = row.ties(&times, Some(hours));
            let astray = self.meals.and_then(|meals| ties.iter().find_map(|tie| meals.astray(tie)));
            if let Some((meal, begins)) = astray {
                faults.add(&path, FaultCode::MealSide { meal, begins });
            }
        }
    }

    fn check_passes(&self, faults: &mut Faults) {
        faults.check(!self.passes.is_empty(), &["passes"], FaultCode::Empty);
        let passes: Vec<(&String, &CivilSpan)> = self.passes.iter().collect();
        for (place, (name, span)) in passes.iter().enumerate() {
            faults.check(is_id(name), &["passes", name], FaultCode::IdShape);
            for (other, other_span) in &passes[..place] {
                let code = FaultCode::PassesOverlap { with: (*other).clone() };
                faults.check(!overlap(**span, **other_span), &["passes", name], code);
            }
        }
    }

    fn check_windows(&self, faults: &mut Faults, table: &Frequencies) {
        let default = self.windows.default.as_str();
        let bounded = table.window_class(default).is_some_and(|class| class.window(None).is_some());
        let sound = default == BY_FREQUENCY || bounded;
        faults.check(sound, &["windows", "default"], FaultCode::ClassUnknown);
        check_class(faults, &["windows", "class"], &self.windows.class, table);
        check_minutes(faults, &["windows", "minutes"], &self.windows.minutes, table);
        for (id, unit) in &self.units {
            let (class, minutes) = (&unit.windows.class, &unit.windows.minutes);
            check_class(faults, &["units", id, "windows", "class"], class, table);
            check_minutes(faults, &["units", id, "windows", "minutes"], minutes, table);
        }
    }

    fn check_seconds(&self, faults: &mut Faults) {
        let times = self.escalation;
        let nurse = times.charge_nurse_min >= times.station_min;
        let path = ["escalation", "charge_nurse_min"];
        faults.check(nurse, &path, FaultCode::EscalationOrder);
        let on_call = (times.charge_nurse_min..=ESCALATION_MAX_MIN).contains(&times.on_call_min);
        faults.check(on_call, &["escalation", "on_call_min"], FaultCode::EscalationOrder);
        let expires = (30..=24 * 3600).contains(&times.accept_expires_s);
        faults.check(expires, &["escalation", "accept_expires_s"], FaultCode::AcceptExpires);
        let variance = (10..=1800).contains(&self.giving.clock_variance_max_s);
        faults.check(variance, &["giving", "clock_variance_max_s"], FaultCode::ClockVariance);
    }
}

fn check_class(
    faults: &mut Faults,
    under: &[&str],
    classes: &BTreeMap<String, String>,
    table: &Frequencies,
) {
    for (code, class) in classes {
        let path = [under, &[code]].concat();
        check_windowed(faults, &path, code, table);
        faults.check(table.window_class(class).is_some(), &path, FaultCode::ClassUnknown);
    }
}

fn check_minutes(
    faults: &mut Faults,
    under: &[&str],
    minutes: &BTreeMap<String, Window>,
    table: &Frequencies,
) {
    for (key, window) in minutes {
        let path = [under, &[key]].concat();
        if table.frequencies.iter().any(|row| row.code == *key) {
            check_windowed(faults, &path, key, table);
        } else {
            faults.check(table.window_class(key).is_some(), &path, FaultCode::ClassUnknown);
        }
        let longest = window.before_min.max(window.after_min);
        faults.check(longest <= WINDOW_MAX_MIN, &path, FaultCode::WindowTooLong);
    }
}

/// A code whose doses have minutes before and after a due time.
fn check_windowed(faults: &mut Faults, path: &[&str], code: &str, table: &Frequencies) {
    let Some(row) = table.frequencies.iter().find(|row| row.code == code) else {
        return faults.add(path, FaultCode::FrequencyUnknown);
    };
    let none = matches!(row.kind, Kind::Prn | Kind::Continuous | Kind::Window);
    faults.check(!none, path, FaultCode::WindowNotUsed);
}

/// Whether two spans share more than a bound on the circle of the day.
fn overlap(one: CivilSpan, other: CivilSpan) -> bool {
    let day = 24 * 60;
    let gap = (other.opens.minute_of_day() + day - one.opens.minute_of_day()) % day;
    let back = (day - gap) % day;
    gap == 0 || gap < one.minutes() || back < other.minutes()
}

fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(plain)
}

fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.trim() == text && !text.chars().any(char::is_control)
}

fn is_term(text: &str) -> bool {
    let plain = |letter: char| {
        (letter.is_alphanumeric() && !letter.is_uppercase()) || matches!(letter, ' ' | '-' | '_')
    };
    is_name(text) && text.chars().all(plain)
}
