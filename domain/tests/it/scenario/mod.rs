//! The language of the scenarios.

use emar_domain::administration::{Administration, Mode, Outcome, Override};
use emar_domain::alert::{Alert, AlertKind};
use emar_domain::amount::{Amount, parse_nano};
use emar_domain::decide::{
    Actor, AlertCommand, Answer, AwayFor, ChangeCommand, ChangeKind, ChartCommand, Command,
    Decision, HoldFor, HoursCommand, MeasureCommand, NewReading, OrderCommand, Refusal, RenewFor,
    ScanAnswer, ScanCommand, Stamp, Stay, StayCommand, WitnessCommand, decide, is_overdue,
    other_hours,
};
use emar_domain::dose::{Dose, Withdrawal};
use emar_domain::drug::{Label, Product, Strength};
use emar_domain::explain::{Reason, Standing, explain};
use emar_domain::fact::{Device, Fact, User};
use emar_domain::home::Home;
use emar_domain::id::{
    DoseId, LabelId, OrderId, ProductId, ResidentId, ScanId, SessionId, Slug, UserId,
};
use emar_domain::limit::Day;
use emar_domain::order::{FirstDose, OrderVersion, OrderedDrug, Source, Timing};
use emar_domain::reading::Shown;
use emar_domain::resident::{AbsenceKind, Allergy, Resident, ResidentState};
use emar_domain::role::Role;
use emar_domain::scale::GlucoseUnit;
use emar_domain::schedule::frequency::{Brought, Frequencies};
use emar_domain::schedule::hours::AskedTiming;
use emar_domain::schedule::meal::Meals;
use emar_domain::schedule::policy::{DayLimit, NoneAvailable, Policy, Unit, UnitWindows};
use emar_domain::schedule::{Clock, Interval, Once, Schedule, Step as TaperStep};
use emar_domain::time::{CivilDate, CivilDateTime, CivilTime, Instant, Weekday};
use emar_domain::verdict::{Objection, Param, Severity};
use emar_domain::zone::{GapPolicy, OverlapPolicy, ZoneRules};
use std::collections::BTreeMap;
use uuid::Uuid;

type Step = Result<(), String>;

pub(crate) struct Script {
    pub(crate) home: Home,
    pub(crate) now: Instant,
    ids: u64,
    residents: BTreeMap<String, ResidentId>,
    orders: BTreeMap<String, OrderId>,
    gtins: BTreeMap<String, String>,
    users: BTreeMap<String, UserId>,
    charted: Vec<Administration>,
    said: String,
}

fn words(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (i, part) in line.split('"').enumerate() {
        if i % 2 == 1 {
            out.push(part.to_owned());
        } else {
            out.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    out
}

fn refused(r: &Refusal) -> String {
    let found: Vec<&str> = r.objections.iter().map(|o| o.code.code()).collect();
    match found.as_slice() {
        [] => format!("refused {}", r.code),
        found => format!("refused {}", found.join(" ")),
    }
}

fn at_times(times: &[&str]) -> Timing {
    let times = times.iter().map(|t| CivilTime::parse(t).unwrap()).collect();
    let clock = Schedule::Clock(Box::new(Clock { times, ..Clock::default() }));
    Timing::Planned { schedule: clock }
}

pub(crate) fn policy() -> Policy {
    serde_json::from_value(serde_json::json!({
        "schema": 1, "facility": "oakhill", "name": "Oak Hill (demo)", "profile": "us",
        "zone": "America/New_York",
        "units": {"east": {"rooms": ["112-B"]}},
        "passes": {"morning": "07:00-10:30", "noon": "11:30-13:30", "evening": "16:00-18:30", "night": "20:00-22:30"},
        "windows": {"default": "facility_60"},
        "giving": {"confirm": "resident", "off_schedule": "review", "unverified": "forbid"},
        "wristband": {"gsrn_prefix": "952123450", "pattern": "^R-[0-9A-HJKMNP-TV-Z]{8}$"}
    }))
    .unwrap()
}

/// Two rows as in the table that is shipped.
fn frequencies() -> Frequencies {
    let row = |code: &str, times: &[&str]| {
        serde_json::json!({"code": code, "display": code, "kind": "clock", "times": times,
            "doses_per_day": times.len(), "window_class": "multi_daily", "dst": "clock"})
    };
    serde_json::from_value(serde_json::json!({
        "schema": 1,
        "window_class": [
            {"id": "facility_60", "before_min": 60, "after_min": 60},
            {"id": "multi_daily", "before_min": 60, "after_min": 60},
            {"id": "time_critical", "before_min": 30, "after_min": 30},
        ],
        "frequency": [row("DAILY", &["09:00"]), row("BID", &["09:00", "17:00"])],
    }))
    .unwrap()
}

fn zone_rules(release: &str) -> Option<ZoneRules> {
    let text = match release {
        "2025b" => include_str!("../../data/vancouver_2025b.json"),
        "2026e" => include_str!("../../data/vancouver_2026e.json"),
        _ => return None,
    };
    serde_json::from_str(text).ok()
}

pub(crate) fn new_york() -> ZoneRules {
    serde_json::from_str(include_str!("../../data/new_york_2026.json")).unwrap()
}

impl Script {
    pub(crate) fn new() -> Self {
        let home = Home::new(Slug::new("oakhill").unwrap(), policy(), new_york());
        let mut script = Self {
            home,
            now: Instant::parse("2026-11-01T00:00:00Z").unwrap(),
            ids: 0u64,
            residents: BTreeMap::new(),
            orders: BTreeMap::new(),
            gtins: BTreeMap::new(),
            users: BTreeMap::new(),
            charted: Vec::new(),
            said: String::new(),
        };
        script.person("Novak", Role::Charge);
        script
    }

    fn fresh(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids.into())
    }

    pub(crate) fn run(&mut self, actor: &Actor, command: &Command) -> Decision {
        let mut ids = self.ids;
        let mut fresh = || {
            ids += 1;
            Uuid::from_u128(ids.into())
        };
        let mut stamp = Stamp { now: self.now, demo: false, fresh: &mut fresh };
        let decision = decide(&self.home, actor, command, &mut stamp);
        self.ids = ids;
        assert!(!decision.leaves.is_empty() || decision.facts.is_empty(), "facts without a leaf");
        for leaf in &decision.leaves {
            leaf.to_bytes().expect("a leaf that can be written");
        }
        let version = self.home.version + decision.leaves.len() as u64;
        for fact in &decision.facts {
            self.home.apply(fact, version);
            if let Fact::Administration(a) = fact {
                self.charted.push((**a).clone());
            }
        }
        self.home.version = version;
        decision
    }

    fn person(&mut self, name: &str, role: Role) {
        let id = UserId(self.fresh());
        self.users.insert(name.into(), id);
        let user = User {
            id,
            rev: 1,
            name: name.into(),
            role,
            badge: name.into(),
            pin_hash: String::new(),
            units: vec![],
            active: true,
        };
        self.run(&Actor::server(), &Command::User(Box::new(user)));
    }

    fn actor(&self, name: &str) -> Result<Actor, String> {
        let id = *self.users.get(name).ok_or("nobody of that name")?;
        let role = self.home.users[&id].role;
        Ok(Actor { user: Some(id), role, session: None, device: None, auth: "badge+pin".into() })
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of step")]
    pub(crate) fn step(&mut self, line: &str) -> Step {
        let line = line.split("--").next().unwrap_or("").trim();
        let (act, want) = line.split_once("=>").unwrap_or((line, ""));
        let w = words(act);
        let want = words(want);
        let w: Vec<&str> = w.iter().map(String::as_str).collect();
        match w.as_slice() {
            [] => Ok(()),
            ["home", "America/New_York"] => Ok(()),
            ["home", "America/Vancouver", "tzdata", release] => {
                self.home.zone = zone_rules(release).ok_or("which release")?;
                Ok(())
            }
            ["tzdata", release] => {
                let before = self.home.zone.tzdb().to_owned();
                self.home.zone = zone_rules(release).ok_or("which release")?;
                let done = self.run(&Actor::server(), &Command::ZoneRules(before));
                let told = done.leaves.iter().map(|l| {
                    let (before, after) = (l.before.as_ref().unwrap(), l.after.as_ref().unwrap());
                    let said = |v: &emar_domain::audit::leaf::Value| {
                        serde_json::to_string(v).unwrap().replace('"', "")
                    };
                    let (old, new) = (said(&before["tzdb"]), said(&after["tzdb"]));
                    format!("{old} to {new} moved {}", said(&after["moved"]))
                });
                expect(&told.collect::<Vec<_>>().join(", "), &want.join(" "))
            }
            ["hours", rest @ ..] => self.hours(rest, &want),
            ["window", class, before, after] => {
                let window = serde_json::json!({"before_min": before.parse::<u32>().unwrap(),
                    "after_min": after.parse::<u32>().unwrap()});
                let window = serde_json::from_value(window).unwrap();
                self.home.policy.windows.minutes.insert((*class).into(), window);
                self.at_other_hours(None, &want)
            }
            ["time-critical", term] => {
                self.home.policy.windows.time_critical.insert((*term).into());
                self.at_other_hours(None, &want)
            }
            ["move", name, "to", unit] => {
                let unit = Slug::new(unit).unwrap();
                self.change(name, |r| r.unit = unit)?;
                let midnight = self.home.zone.next_day_begins(self.now);
                self.at_other_hours(Some(midnight), &want)
            }
            ["due", order, date, time, rest @ ..] => {
                let (date, time) =
                    (CivilDate::parse(date).unwrap(), CivilTime::parse(time).unwrap());
                let mut all = self.home.doses_of_order(self.orders[*order]);
                let of = |d: &&Dose| d.local == date.at(time) && d.is_open();
                let dose = all.find(of).ok_or("there is no such dose")?;
                expect(&format!("{} rev {}", dose.due, dose.rev), &rest.join(" "))
            }
            ["plan", "of", order, plan] => {
                expect(&self.home.orders[&self.orders[*order]].plan.to_string(), plan)
            }
            ["product", name, rest @ ..] => self.product(name, rest),
            ["resident", name, "room", room] => self.resident(name, room),
            ["allergy", name, ingredient, reaction] => {
                let reaction = (*reaction).to_owned();
                let ingredient = (*ingredient).to_owned();
                self.change(name, |r| {
                    r.allergies.push(Allergy { ingredient, reaction, covers: vec![] })
                })
            }
            ["off-schedule", mode] => {
                let mode = serde_json::from_value(serde_json::json!(mode));
                self.home.policy.giving.off_schedule = mode.map_err(|e| e.to_string())?;
                Ok(())
            }
            ["label", code, "for", order, "holds", product] => {
                let product = self.home.products.values().find(|p| p.ingredient == *product);
                let product = product.ok_or("product")?.id;
                let order = &self.home.orders[&self.orders[*order]].current;
                let (order, version, resident) = (order.order, order.version, order.resident);
                let label = Label {
                    id: LabelId(self.fresh()),
                    code: (*code).into(),
                    pharmacy: "pharmacy".into(),
                    resident,
                    order,
                    version,
                    product: Some(product),
                };
                self.run(&Actor::server(), &Command::Label(Box::new(label)));
                Ok(())
            }
            ["measure", name, "by", who, rest @ ..] => self.measure(name, who, rest, &want),
            ["readings", order, time, "are", count] => {
                let dose = self.find(order, time)?.id;
                let last = self.charted.iter().rfind(|a| a.dose == dose).ok_or("not charted")?;
                expect(&last.readings.len().to_string(), count)
            }
            ["says", "scan", text] => expect(&self.said, text),
            ["amount", order, time, "is", number, unit] => {
                let dose = self.find(order, time)?.id;
                let last = self.charted.iter().rfind(|a| a.dose == dose).ok_or("not charted")?;
                let amount =
                    last.amount.map(|a| a.to_string().replace('\u{a0}', " ")).unwrap_or_default();
                expect(&amount, &format!("{number} {unit}"))
            }
            ["deceased", name] => self.change(name, |r| r.state = ResidentState::Deceased),
            ["witness", terms @ ..] => {
                let terms = terms.iter().map(|t| (*t).to_owned());
                self.home.policy.witness.required.extend(terms);
                Ok(())
            }
            ["discharge", name] => {
                let reason = "went home".to_owned();
                self.stay(name, Stay::Discharge { reason, deceased: false }, &want)
            }
            ["readmit", name] => self.stay(name, Stay::Readmit { room: None }, &want),
            ["away", name] => self.away(name, "leave", &[], &want),
            ["away", name, kind, span @ ..] => self.away(name, kind, span, &want),
            ["back", name] => self.stay(name, Stay::Return, &want),
            ["explain", order] => self.explain(order, &want),
            ["renew", order, "by", name, "until", until @ ..] => {
                let until = self.instant(&until.join(" "))?;
                let reason = "rationale of the prescriber".to_owned();
                let c = OrderCommand::Renew(self.orders[*order], RenewFor { until, reason });
                let renewed = self.order_act(&self.actor(name)?, c, &want);
                self.run(&Actor::server(), &Command::Plan(vec![self.orders[*order]]));
                renewed
            }
            ["do-not-give", order, "by", name, why] => {
                let c = OrderCommand::DoNotGive(self.orders[*order], (*why).into());
                self.order_act(&self.actor(name)?, c, &want)
            }
            ["may-give", order, "by", name] => {
                let c = OrderCommand::MayGive(self.orders[*order], "asked".into());
                self.order_act(&self.actor(name)?, c, &want)
            }
            ["ends", order, date, time, "in", days, "days"] => {
                let order = &self.home.orders[&self.orders[*order]];
                let end = order.current.ends_at().ok_or("it has no end")?;
                expect(&self.home.zone.to_civil(end).to_string(), &format!("{date}T{time}"))?;
                let left = self.home.days_left(order, self.now).ok_or("it has ended")?;
                expect(&left.to_string(), days)
            }
            ["order", drug, "for", name, number, unit, "until", date, time, "at", times @ ..] => {
                let stop = self.instant(&format!("{date} {time}"))?;
                let ends = |v: &mut OrderVersion| v.stop = Some(stop);
                self.order(drug, name, &format!("{number} {unit}"), at_times(times), ends)
            }
            [
                "order",
                drug,
                "for",
                name,
                number,
                unit,
                "every",
                days,
                "days",
                "from",
                date,
                "at",
                times @ ..,
            ] => {
                let mut timing = at_times(times);
                if let Timing::Planned { schedule: Schedule::Clock(clock) } = &mut timing {
                    clock.every_days = days.parse().ok();
                    clock.anchor_date = CivilDate::parse(date).ok();
                }
                self.order(drug, name, &format!("{number} {unit}"), timing, |_| {})
            }
            [
                "order",
                drug,
                "for",
                name,
                number,
                unit,
                "prn",
                "every",
                minutes,
                "from",
                date,
                time,
                until @ ..,
            ] => {
                let start = self.instant(&format!("{date} {time}"))?;
                let stop = match until {
                    ["until", date, time] => Some(self.instant(&format!("{date} {time}"))?),
                    _ => None,
                };
                let timing = Timing::prn("anxiety", minutes.parse().ok(), Some(24));
                let life = |v: &mut OrderVersion| (v.start, v.stop) = (start, stop);
                self.order(drug, name, &format!("{number} {unit}"), timing, life)
            }
            ["order", drug, "for", name, number, unit, code @ ("DAILY" | "BID"), own @ ..] => {
                let times = own.iter().map(|t| CivilTime::parse(t).unwrap()).collect();
                let times = Some(times).filter(|times: &Vec<CivilTime>| !times.is_empty());
                let brought = Brought { times, ..Brought::default() };
                let asked = AskedTiming { code: (*code).into(), brought };
                let of_unit = self.home.residents[&self.residents[*name]].unit.as_str();
                let at = asked.at_hours(&self.home.policy, &frequencies(), of_unit, false);
                let at = at.ok_or("no such hours")?;
                let timing = Timing::Planned { schedule: at.schedule.clone() };
                let kept = |v: &mut OrderVersion| {
                    v.asked = Some(asked);
                    (v.before_minutes, v.after_minutes) = (at.before_minutes, at.after_minutes);
                };
                self.order(drug, name, &format!("{number} {unit}"), timing, kept)
            }
            ["order", drug, "for", name, number, unit, "at", times @ ..] => {
                self.order(drug, name, &format!("{number} {unit}"), at_times(times), |_| {})
            }
            [
                "order",
                drug,
                "for",
                name,
                number,
                unit,
                "first",
                "now",
                "then",
                "at",
                times @ ..,
            ] => {
                let now = |v: &mut OrderVersion| v.first_dose = FirstDose::Now;
                self.order(drug, name, &format!("{number} {unit}"), at_times(times), now)
            }
            [
                "order",
                drug,
                "for",
                name,
                number,
                unit,
                "first",
                "now",
                "then",
                "on",
                day,
                "at",
                time,
            ] => {
                let mut timing = at_times(&[time]);
                if let Timing::Planned { schedule: Schedule::Clock(clock) } = &mut timing {
                    clock.dow = Some(vec![Weekday::parse(day).unwrap()]);
                }
                let now = |v: &mut OrderVersion| v.first_dose = FirstDose::Now;
                self.order(drug, name, &format!("{number} {unit}"), timing, now)
            }
            ["order", drug, "for", name, number, unit, "on", "call", repeat @ ..] => {
                let timing = Timing::OnCall { repeat: *repeat == ["again", "and", "again"] };
                self.order(drug, name, &format!("{number} {unit}"), timing, |_| {})
            }
            ["order", drug, "for", name, number, unit, "continuous", "until", stop @ ..] => {
                let stop = self.instant(&stop.join(" "))?;
                let until = |v: &mut OrderVersion| v.stop = Some(stop);
                self.order(drug, name, &format!("{number} {unit}"), Timing::Continuous, until)
            }
            ["order", drug, "for", name, number, unit, "put", "on", on, "off", off] => {
                let [apply, remove] = [on, off].map(|time| match at_times(&[time]) {
                    Timing::Planned { schedule } => schedule,
                    other => panic!("{other:?}"),
                });
                let timing = Timing::Pair { apply, remove };
                self.order(drug, name, &format!("{number} {unit}"), timing, |_| {})
            }
            ["why", drug, "is", "not", "due", why @ ..] => {
                let order = &self.home.orders[&self.orders[*drug]];
                let got = match explain(&self.home, order, self.now) {
                    Standing::NotDue { reason, .. } => reason.code(),
                    Standing::Due { .. } => "due",
                };
                expect(got, &why.join(" "))
            }
            ["order", drug, "for", name, "steps", "from", date, time, steps @ ..] => {
                let mut timing = at_times(&[time]);
                let step = |row: &[&str]| match row {
                    [number, unit, days, "days"] => Some(TaperStep {
                        dose: format!("{number} {unit}"),
                        days: days.parse().ok(),
                        doses: None,
                        times: None,
                    }),
                    _ => None,
                };
                let steps: Option<Vec<TaperStep>> = steps.chunks(4).map(step).collect();
                let first = steps.as_ref().and_then(|s| s.first()).ok_or("a step: 5 mg 2 days")?;
                let dose = first.dose.clone();
                if let Timing::Planned { schedule: Schedule::Clock(clock) } = &mut timing {
                    clock.anchor_date = CivilDate::parse(date).ok();
                    clock.steps = steps;
                }
                self.order(drug, name, &dose, timing, |_| {})
            }
            ["order", drug, "for", name, number, unit, "unschedulable", reason] => {
                let timing = Timing::Unschedulable { reason: (*reason).into() };
                self.order(drug, name, &format!("{number} {unit}"), timing, |_| {})
            }
            ["order", drug, "for", name, number, unit, "prn", "without", "limits"] => {
                let timing = Timing::prn(String::new(), None, None);
                self.order(drug, name, &format!("{number} {unit}"), timing, |_| {})
            }
            ["order", drug, "for", name, number, unit, "against", what, "at", times @ ..] => {
                let against = |v: &mut OrderVersion| v.indication = (*what).into();
                self.order(drug, name, &format!("{number} {unit}"), at_times(times), against)
            }
            ["order", drug, "for", name, number, unit, "on", day, "at", times @ ..] => {
                let mut timing = at_times(times);
                if let Timing::Planned { schedule: Schedule::Clock(clock) } = &mut timing {
                    clock.dow = Some(vec![Weekday::parse(day).unwrap()]);
                }
                self.order(drug, name, &format!("{number} {unit}"), timing, |_| {})
            }
            ["order", drug, "for", name, number, unit, "prn", "every", minutes] => {
                let timing = Timing::prn("pain", minutes.parse().ok(), Some(24));
                self.order(drug, name, &format!("{number} {unit}"), timing, |_| {})
            }
            ["order", drug, "for", name, number, unit, "every", hours, "from", from @ ..] => {
                let anchor = self.instant(&from.join(" "))?;
                let minutes = hours.trim_end_matches('h').parse::<u32>().map_err(|e| e.to_string());
                let every = Interval { minutes: minutes? * 60, anchor };
                let timing = Timing::Planned { schedule: Schedule::Interval(every) };
                self.order(drug, name, &format!("{number} {unit}"), timing, |_| {})
            }
            ["correct", order, time, "to", outcome, rest @ ..] => {
                let dose = self.find(order, time)?.id;
                let of = |a: &&Administration| a.dose == dose;
                let last = self.charted.iter().rfind(of).cloned().ok_or("nothing charted")?;
                self.chart(order, time, outcome, rest, Some(last), &want)
            }
            ["correct", other, at, "as", order, time, "to", outcome, rest @ ..] => {
                let dose = self.find(other, at)?.id;
                let of = |a: &&Administration| a.dose == dose;
                let last = self.charted.iter().rfind(of).cloned().ok_or("nothing charted")?;
                self.chart(order, time, outcome, rest, Some(last), &want)
            }
            ["order", drug, "is", state] => {
                expect(self.home.orders[&self.orders[*drug]].state_at(self.now).code(), state)
            }
            ["order", drug, "for", name, number, unit, "once", date, time] => {
                let at = self.instant(&format!("{date} {time}"))?;
                let schedule = Schedule::Once(Once { at });
                let timing = Timing::Planned { schedule };
                let starts = |v: &mut OrderVersion| v.start = at;
                self.order(drug, name, &format!("{number} {unit}"), timing, starts)
            }
            [role @ ("nurse" | "pharmacist" | "charge" | "aide"), name] => {
                if !self.users.contains_key(*name) {
                    self.person(name, Role::parse(role).unwrap());
                }
                Ok(())
            }
            ["badge", badge, "for", name] => {
                let mut user = self.home.users[&self.users[*name]].clone();
                user.rev += 1;
                user.badge = (*badge).into();
                let done = self.run(&Actor::server(), &Command::User(Box::new(user))).answer;
                let got = done.map_or_else(|r| format!("refused {}", r.code), |_| "done".into());
                expect(&got, &want.join(" "))
            }
            ["leaves", name] => {
                let mut user = self.home.users[&self.users[*name]].clone();
                user.rev += 1;
                user.active = false;
                let done = self.run(&Actor::server(), &Command::User(Box::new(user))).answer;
                done.map(|_| ()).map_err(|r| r.code)
            }
            ["badge", badge, "names", name] => {
                let found = self.home.user_by_badge(badge).filter(|u| u.active);
                expect(found.map_or("nobody", |u| u.name.0.as_str()), name)
            }
            ["cart", id] => {
                let device = Device {
                    id: Slug::new(id).unwrap(),
                    rev: 1,
                    kind: "cart".into(),
                    unit: Slug::new("east").unwrap(),
                    name: (*id).into(),
                    secret_sha256: String::new(),
                    enrolled: true,
                    active: true,
                };
                self.run(&Actor::server(), &Command::Device(Box::new(device)));
                Ok(())
            }
            ["at", rest @ ..] => self.at(&rest.join(" ")),
            ["note", order, "by", first, "verified", "by", second] => {
                let first = first.trim_end_matches(',');
                let noted = format!("note \"{order}\" by {first}");
                self.step(&noted)?;
                self.step(&format!("verify \"{order}\" by {second}"))
            }
            ["note", order, "by", name, answers @ ..] => {
                let (id, actor) = (self.orders[*order], self.actor(name)?);
                let answer = |code: &&str| {
                    let (code, reason) = code.split_once('=').unwrap();
                    Override {
                        code: code.into(),
                        reason: reason.into(),
                        comment: None,
                        contact: None,
                    }
                };
                let c = OrderCommand::Note(id, answers.iter().map(answer).collect());
                let noted = self.order_act(&actor, c, &want);
                self.run(&Actor::server(), &Command::Plan(vec![id]));
                noted
            }
            ["says", order, text] => {
                let mut version = self.home.orders[&self.orders[*order]].current.clone();
                version.version += 1;
                version.dose_text = (*text).into();
                let c = Command::Order(OrderCommand::Receive(Box::new(version)));
                self.run(&Actor::server(), &c).answer.map(|_| ()).map_err(|r| r.code)
            }
            ["plan", order] => {
                self.run(&Actor::server(), &Command::Plan(vec![self.orders[*order]]));
                Ok(())
            }
            ["discontinue", order] => {
                let c = OrderCommand::Discontinue(self.orders[*order], "pharmacy".into());
                self.run(&Actor::server(), &Command::Order(c))
                    .answer
                    .map(|_| ())
                    .map_err(|r| r.code)
            }
            ["in-error", order, "by", name] => {
                let id = self.orders[*order];
                let c = OrderCommand::EnteredInError {
                    order: id,
                    reason: "written for another resident".into(),
                    charted: self.charted.iter().any(|a| a.order == id),
                };
                let done = self.order_act(&self.actor(name)?, c, &want);
                self.run(&Actor::server(), &Command::Plan(vec![id]));
                done
            }
            ["hold", order, span @ ..] => {
                let (from, until) = match span {
                    [] => (None, None),
                    ["from", date, time] => (Some(format!("{date} {time}")), None),
                    ["until", date, time] => (None, Some(format!("{date} {time}"))),
                    ["from", date, time, "until", day, hour] => {
                        (Some(format!("{date} {time}")), Some(format!("{day} {hour}")))
                    }
                    other => return Err(format!("hold {other:?}")),
                };
                let hold = HoldFor {
                    from: from.map(|t| self.instant(&t)).transpose()?,
                    until: until.map(|t| self.instant(&t)).transpose()?,
                    reason: "low pressure".into(),
                };
                self.order_act(
                    &Actor::server(),
                    OrderCommand::Hold(self.orders[*order], hold),
                    &want,
                )
            }
            ["resume", order] => {
                self.order_act(&Actor::server(), OrderCommand::Resume(self.orders[*order]), &want)
            }
            ["verify", order, "by", name] => {
                let (id, actor) = (self.orders[*order], self.actor(name)?);
                self.order_act(&actor, OrderCommand::Verify(id), &want)
            }
            [
                kind @ ("change" | "put-right"),
                order,
                "by",
                name,
                "to",
                number,
                unit,
                "at",
                times @ ..,
            ] => {
                let dose = format!("{number} {unit}");
                self.change_order(kind, order, name, (&dose, times, None), &want)
            }
            [
                kind @ ("change" | "put-right"),
                order,
                "by",
                name,
                "from",
                date,
                time,
                "to",
                number,
                unit,
                "at",
                times @ ..,
            ] => {
                let start = self.instant(&format!("{date} {time}"))?;
                let dose = format!("{number} {unit}");
                self.change_order(kind, order, name, (&dose, times, Some(start)), &want)
            }
            ["tick"] => {
                self.run(&Actor::server(), &Command::Overdue(1000));
                Ok(())
            }
            ["tick", "most", most] => {
                let asked = is_overdue(&self.home, self.now);
                let done = self.run(&Actor::server(), &Command::Overdue(most.parse().unwrap()));
                let told = done.answer.is_ok_and(|a| a != Answer::Done { count: 0 });
                expect(&told.to_string(), &asked.to_string())
            }
            ["no", "alert"] => match self.home.alerts.values().next() {
                None => Ok(()),
                Some(a) => Err(format!("{a:?}")),
            },
            ["alert", name, "is", state, "level", level, "doses", doses] => {
                let resident = self.residents[*name];
                let of = |a: &&Alert| a.resident == resident;
                let a = self.home.alerts.values().find(of).ok_or("there is no alert")?;
                let got = format!("{} {} {}", a.state.code(), a.level, a.doses.len());
                expect(&got, &format!("{state} {level} {doses}"))
            }
            ["alert", name, "has", "revision", rev] => {
                let resident = self.residents[*name];
                let mut of = self.home.alerts.values().filter(|a| a.resident == resident);
                expect(&of.next().ok_or("there is no alert")?.rev.to_string(), rev)
            }
            ["claims", order, time, rest @ ..] => {
                let dose = self.find(order, time.trim_end_matches(':'))?.id;
                let said = |a: &Administration| {
                    let word = if a.effective { "effective" } else { "kept" };
                    format!("{word} {}", a.outcome.code())
                };
                let of: Vec<String> =
                    self.charted.iter().filter(|a| a.dose == dose).map(said).collect();
                expect(&of.join(", "), &rest.join(" "))
            }
            ["accept", name, "by", who, rev @ ..] => {
                let a = self.missed(name)?;
                let rev = rev.first().map_or(a.rev, |rev| rev.parse().unwrap());
                self.take(who, AlertCommand::Accept(a.id, rev), &want)
            }
            ["accept", "double", name, "by", who] => {
                let a = self.open_of(name, AlertKind::PossibleDoubleDose)?;
                self.take(who, AlertCommand::Accept(a.id, a.rev), &want)
            }
            ["quiet", name, "by", who, "for", minutes] => {
                let a = self.missed(name)?;
                let until = self.now.plus_minutes(minutes.parse().unwrap()).unwrap();
                let c = AlertCommand::Snooze(a.id, a.rev, until, "asleep".into());
                self.take(who, c, &want)
            }
            ["alert", name, "is", "quiet"] => {
                let a = self.missed(name)?;
                let quiet = a.quiet_until.is_some_and(|until| until > self.now);
                expect(&quiet.to_string(), "true")?;
                expect(a.quiet_reason.as_deref().unwrap_or_default(), "asleep")
            }
            ["alert", name, "is", "loud"] => {
                let quiet = self.missed(name)?.quiet_until.is_some();
                expect(&quiet.to_string(), "false")
            }
            ["conditions", order, json @ ..] => {
                let json = json.join(" ").replace('\'', "\"");
                let conditions = serde_json::from_str(&json).map_err(|e| e.to_string())?;
                self.redraft(order, |v| v.conditions = conditions)
            }
            ["instructions", order, text] => {
                self.redraft(order, |v| v.instructions = (*text).into())
            }
            ["meals", breakfast, lunch, dinner, bedtime] => {
                let times = [*breakfast, *lunch, *dinner, *bedtime];
                let [breakfast, lunch, dinner, bedtime] =
                    times.map(|time| CivilTime::parse(time).unwrap());
                self.home.policy.meals = Some(Meals { breakfast, lunch, dinner, bedtime });
                Ok(())
            }
            ["critical", order] => {
                let mut version = self.home.orders[&self.orders[*order]].current.clone();
                version.version += 1;
                version.source.version = "2".into();
                version.time_critical = true;
                let c = Command::Order(OrderCommand::Receive(Box::new(version)));
                self.run(&Actor::server(), &c).answer.map(|_| ()).map_err(|r| r.code)
            }
            ["dose", order, time, "is", state @ ..] => self.dose_is(order, time, &state.join(" ")),
            ["doses", order, "on", date, count] => {
                let date = CivilDate::parse(date.trim_end_matches(':')).unwrap();
                let id = self.orders[*order];
                let n = self.home.doses_of_order(id).filter(|d| d.slot.date == date).count();
                expect(&n.to_string(), count)
            }
            ["removed", order, "of", date, "by", who, "because", code, reason] => {
                let date = CivilDate::parse(date).unwrap();
                let of = |d: &Dose| d.slot.date == date && d.slot.is_removal();
                let all = self.home.doses_of_order(self.orders[*order]);
                let removal = all.filter(|d| of(d)).map(|d| d.id).next_back();
                let dose = removal.ok_or("there is no such removal")?;
                let why = answers(&[code, reason]).remove(0);
                let c =
                    ChartCommand { overrides: vec![why], ..charting(Some(dose), Outcome::Removed) };
                let actor = self.actor(who)?;
                let done = self.run(&actor, &Command::Chart(Box::new(c))).answer;
                done.map(|_| ()).map_err(|r| r.code)
            }
            ["gave", order, "by", who] => {
                let (order, past) = (self.orders[*order], Mode::Past);
                let at = Some(self.now);
                let c = ChartCommand {
                    order: Some(order),
                    mode: past,
                    administered_at: at,
                    overrides: answers(&["prn_reason_missing", "pain"]),
                    ..charting(None, Outcome::Given)
                };
                let actor = self.actor(who)?;
                let done = self.run(&actor, &Command::Chart(Box::new(c))).answer;
                match (done, want.is_empty()) {
                    (done, true) => done.map(|_| ()).map_err(|r| r.code),
                    (Ok(_), false) => expect("done", &want.join(" ")),
                    (Err(r), false) => expect(&format!("refused {}", r.code), &want.join(" ")),
                }
            }
            ["forget"] => {
                self.home.forget(self.now.plus_minutes(-36 * 60).unwrap());
                Ok(())
            }
            ["open", order, "on", date, count] => {
                let date = CivilDate::parse(date.trim_end_matches(':')).unwrap();
                let all = self.home.doses_of_order(self.orders[*order]);
                let n = all.filter(|d| d.slot.date == date && d.is_open()).count();
                expect(&n.to_string(), count)
            }
            ["no", "alert", "for", name] => {
                let resident = self.residents[*name];
                match self.home.alerts.values().find(|a| a.resident == resident) {
                    None => Ok(()),
                    Some(a) => Err(format!("{a:?}")),
                }
            }
            ["chart", order, time, outcome, rest @ ..] => {
                self.chart(order, time, outcome, rest, None, &want)
            }
            ["limit", ingredient, most] => {
                let limit = DayLimit { most: (*most).into(), day: Day::Rolling24h };
                self.home.policy.limits.insert((*ingredient).into(), limit);
                Ok(())
            }
            ["alone", "is", "allowed"] => {
                self.home.policy.witness.none_available = NoneAvailable::AllowWithAlert;
                Ok(())
            }
            [cart, "second", name, "finds", amount, "of", order, time @ ..] => {
                let dose = match time {
                    [time] => Some(self.find(order, time)?.id),
                    _ => None,
                };
                let by = self.actor(name)?.user.unwrap();
                let amount = Amount::parse_text(amount).map_err(|e| e.to_string())?;
                let cart = Slug::new(cart).unwrap();
                let (order, giver) = (self.orders[*order], self.home.carts.get(&cart));
                let giver = giver.and_then(|session| session.user);
                let actor = Actor { user: giver, ..Actor::server() };
                let c = Command::Witness(WitnessCommand { cart, order, dose, by, amount });
                let got = match self.run(&actor, &c).answer {
                    Ok(_) => "done".to_owned(),
                    Err(refusal) => format!("refused {}", refusal.code),
                };
                expect(&got, &want.join(" "))
            }
            ["second", "of", order, time, "is", name] => {
                let dose = self.find(order, time)?.id;
                let last = self.charted.iter().rfind(|a| a.dose == dose).ok_or("not charted")?;
                let by = last.witness.map(|w| w.by);
                let wanted = (*name != "nobody").then(|| self.actor(name)).transpose()?;
                match by == wanted.and_then(|a| a.user) {
                    true => Ok(()),
                    false => Err(format!("{by:?}")),
                }
            }
            [cart, "sign-on", name] => {
                let actor = self.actor(name)?;
                let session = SessionId(self.fresh());
                let cart = Some(Slug::new(cart).unwrap());
                let user = actor.user.unwrap();
                let c = Command::SignOn { user, session, cart, clocks: None };
                self.run(&actor, &c);
                Ok(())
            }
            [cart, "sign-off"] => {
                let cart = Some(Slug::new(cart).unwrap());
                self.run(&Actor::server(), &Command::SignOff { cart });
                Ok(())
            }
            [cart, "band", name] => {
                let band = self.home.residents[&self.residents[*name]].band.0.clone();
                self.scan(cart, &format!("]C0{band}"), &[], &want)
            }
            [cart, "card", name, rest @ ..] => {
                let because = rest.get(1..).unwrap_or(&[]);
                self.scan(cart, &format!("]C0EMAR:CMD:{name}"), because, &want)
            }
            [cart, "text", raw] => self.scan(cart, raw, &[], &want),
            [cart, "scan", product, serial, rest @ ..] => {
                let expiry = match rest {
                    ["expired", date, ..] => date[2..].replace('-', ""),
                    _ => "301231".into(),
                };
                let because = rest.iter().position(|r| *r == "because").map(|i| &rest[i + 1..]);
                let gtin = self.gtins.get(*product).ok_or("no such product")?.clone();
                let raw = format!("]d201{gtin}17{expiry}10L1\u{1d}21{}", &serial[1..]);
                self.scan(cart, &raw, because.unwrap_or(&[]), &want)
            }
            _ => Err("no such step".into()),
        }
    }

    /// By the charge nurse, who may do all of it.
    fn stay(&mut self, name: &str, act: Stay, want: &[String]) -> Step {
        let actor = self.actor("Novak")?;
        let c = Command::Stay(StayCommand { resident: self.residents[name], act });
        let got = self.run(&actor, &c).answer.map_or_else(|r| refused(&r), |_| "done".into());
        expect(&got, if want.is_empty() { "done".to_owned() } else { want.join(" ") }.as_str())
    }

    fn away(&mut self, name: &str, kind: &str, span: &[&str], want: &[String]) -> Step {
        let kind = [AbsenceKind::Hospital, AbsenceKind::Leave, AbsenceKind::DayRelease]
            .into_iter()
            .find(|known| known.code() == kind)
            .ok_or("hospital, leave or day_release")?;
        let mut away = AwayFor { kind, from: None, until: None, reason: "as arranged".into() };
        for bound in span.chunks(3) {
            let [which, date, time] = bound else { return Err("from DATE TIME".into()) };
            let at = Some(self.instant(&format!("{date} {time}"))?);
            match *which {
                "from" => away.from = at,
                "until" => away.until = at,
                other => return Err(format!("{other:?} is neither from nor until")),
            }
        }
        self.stay(name, Stay::Away(away), want)
    }

    /// The code of why nothing of the order is due, with where its resident is; else `due`.
    fn explain(&self, order: &str, want: &[String]) -> Step {
        let order = &self.home.orders[&self.orders[order]];
        let got = match explain(&self.home, order, self.now) {
            Standing::Due { .. } => "due".to_owned(),
            Standing::NotDue { reason: reason @ Reason::Away { kind, .. }, .. } => {
                format!("{} {}", reason.code(), kind.code())
            }
            Standing::NotDue { reason, .. } => reason.code().to_owned(),
        };
        expect(&got, &want.join(" "))
    }

    /// `hours BID 09:00 17:00`, `hours of east BID 09:00 17:00`: in force from today's midnight on.
    fn hours(&mut self, rest: &[&str], want: &[String]) -> Step {
        let (unit, [code, times @ ..]) = (match rest {
            ["of", unit, rest @ ..] => (Some(*unit), rest),
            rest => (None, rest),
        }) else {
            return Err("hours CODE TIMES".into());
        };
        let times = times.iter().map(|t| (*t).to_owned().try_into().unwrap()).collect();
        let policy = &mut self.home.policy;
        let hours = match unit {
            Some(unit) => {
                &mut policy
                    .units
                    .entry(unit.into())
                    .or_insert_with(|| Unit {
                        rooms: Vec::new(),
                        hours: BTreeMap::new(),
                        windows: UnitWindows::default(),
                    })
                    .hours
            }
            None => &mut policy.hours,
        };
        hours.insert((*code).into(), times);
        self.at_other_hours(None, want)
    }

    /// What the server does when a policy takes force, or a resident lives in another unit.
    fn at_other_hours(&mut self, from: Option<Instant>, want: &[String]) -> Step {
        let mut orders = other_hours(&self.home, &self.home.policy, &frequencies());
        for other in &mut orders {
            let of = self.charted.iter().filter(|a| a.order == other.order);
            let taken = of.filter(|a| a.effective && a.outcome.is_taken());
            other.last_taken = taken.map(|a| a.administered_at).max();
        }
        let midnight = self.home.zone.day_begins(self.home.today(self.now));
        let (from, policy) = (from.unwrap_or(midnight), Some(2).filter(|_| from.is_none()));
        let ids: Vec<OrderId> = orders.iter().map(|o| o.order).collect();
        if policy.is_none() {
            self.run(&Actor::server(), &Command::Plan(ids.clone()));
        }
        let c = HoursCommand { policy, from, orders };
        let done = self.run(&Actor::server(), &Command::Hours(Box::new(c)));
        self.run(&Actor::server(), &Command::Plan(ids));
        let acts = done.facts.iter().filter_map(|fact| match fact {
            Fact::OrderEvent(e) => Some(e.act.code()),
            _ => None,
        });
        expect(&acts.collect::<Vec<_>>().join(" "), &want.join(" "))
    }

    fn missed(&self, name: &str) -> Result<&Alert, String> {
        self.open_of(name, AlertKind::MissedDose)
    }

    fn open_of(&self, name: &str, kind: AlertKind) -> Result<&Alert, String> {
        let resident = self.residents[name];
        let of = |a: &&Alert| a.resident == resident && a.kind == kind;
        self.home.alerts.values().find(of).ok_or_else(|| "there is no alert".into())
    }

    fn take(&mut self, who: &str, c: AlertCommand, want: &[String]) -> Step {
        let actor = self.actor(who)?;
        match self.run(&actor, &Command::Alert(c)).answer {
            Ok(_) => expect("done", if want.is_empty() { "done" } else { &want[0] }),
            Err(refusal) => expect(&format!("refused {}", refusal.code), &want.join(" ")),
        }
    }

    fn product(&mut self, name: &str, rest: &[&str]) -> Step {
        let [number, unit, form, "gtin", gtin, alias @ ..] = rest else {
            return Err("product NAME NUMBER UNIT FORM gtin GTIN".into());
        };
        let alias = if let ["as", alias] = alias { *alias } else { name };
        let body = &gtin[..13];
        let gtin = format!("{body}{}", emar_domain::scan::check::check_digit(body).unwrap());
        self.gtins.insert(alias.into(), gtin.clone());
        let product = Product {
            id: ProductId(self.fresh()),
            name: format!("{name} {number} {unit} {form}"),
            ingredient: name.into(),
            strength: Strength::parse(&format!("{number} {unit}")).ok_or("strength")?,
            form: (*form).into(),
            route: "po".into(),
            units_per_package: 1,
            handling: std::collections::BTreeSet::new(),
            ndc11: None,
            gtins: vec![gtin],
        };
        self.run(&Actor::server(), &Command::Product(Box::new(product)));
        Ok(())
    }

    fn resident(&mut self, name: &str, room: &str) -> Step {
        let id = ResidentId(self.fresh());
        self.residents.insert(name.into(), id);
        let payload = emar_domain::scan::wristband::payload(self.ids);
        let band = emar_domain::scan::wristband::code("R-", &payload).ok_or("band")?;
        let resident = Resident {
            id,
            family: name.into(),
            given: "Demo".into(),
            nickname: "".into(),
            birth_date: None,
            unit: Slug::new("east").unwrap(),
            room: room.into(),
            number: "".into(),
            band: band.as_str().into(),
            state: ResidentState::Admitted,
            absences: vec![],
            left_because: String::new(),
            allergies: vec![],
            how_taken: String::new(),
            code_status: String::new(),
        };
        self.run(&Actor::server(), &Command::Resident(Box::new(resident)));
        Ok(())
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Resident)) -> Step {
        let mut resident = self.home.residents[&self.residents[name]].clone();
        change(&mut resident);
        self.run(&Actor::server(), &Command::Resident(Box::new(resident)));
        Ok(())
    }

    fn order(
        &mut self,
        drug: &str,
        name: &str,
        dose: &str,
        timing: Timing,
        change: impl FnOnce(&mut OrderVersion),
    ) -> Step {
        let order = OrderId(self.fresh());
        self.orders.insert(drug.into(), order);
        let product =
            self.home.products.values().find(|p| p.ingredient == drug).ok_or("product")?;
        let mut version = OrderVersion {
            order,
            version: 1,
            resident: self.residents[name],
            drug: OrderedDrug {
                ingredient: drug.into(),
                name: product.name.clone(),
                strength: None,
                form: product.form.clone(),
                route: "po".into(),
            },
            dose: Amount::parse_text(dose).unwrap(),
            dose_text: dose.into(),
            frequency: String::new(),
            timing,
            asked: None,
            start: Instant::parse("2026-10-01T00:00:00Z").unwrap(),
            stop: None,
            expires: None,
            prescriber: String::new(),
            renews: None,
            before_minutes: 60,
            after_minutes: 60,
            time_critical: false,
            indication: String::new(),
            instructions: String::new(),
            accepted: Vec::new(),
            first_dose: FirstDose::NextTime,
            not_before: None,
            conditions: emar_domain::condition::Conditions::default(),
            allergy_override: None,
            entered_by: None,
            source: Source { sender: "pharmacy".into(), placer: drug.into(), version: "1".into() },
        };
        change(&mut version);
        let c = Command::Order(OrderCommand::Receive(Box::new(version)));
        self.run(&Actor::server(), &c).answer.map(|_| ()).map_err(|r| r.code)
    }

    /// A draft as it is sent once more, with something changed.
    fn redraft(&mut self, order: &str, change: impl FnOnce(&mut OrderVersion)) -> Step {
        let mut version = self.home.orders[&self.orders[order]].current.clone();
        version.version += 1;
        version.source.version = version.version.to_string();
        change(&mut version);
        let c = Command::Order(OrderCommand::Receive(Box::new(version)));
        self.run(&Actor::server(), &c).answer.map(|_| ()).map_err(|r| r.code)
    }

    fn order_act(&mut self, actor: &Actor, c: OrderCommand, want: &[String]) -> Step {
        let done = self.run(actor, &Command::Order(c)).answer;
        let got = done.map_or_else(|r| refused(&r), |_| "done".into());
        expect(&got, if want.is_empty() { "done".to_owned() } else { want.join(" ") }.as_str())
    }

    fn change_order(
        &mut self,
        kind: &str,
        order: &str,
        name: &str,
        (dose, times, start): (&str, &[&str], Option<Instant>),
        want: &[String],
    ) -> Step {
        let actor = self.actor(name)?;
        let id = self.orders[order];
        let old = self.home.orders[&id].current.clone();
        let version = OrderVersion {
            version: old.version + 1,
            dose: Amount::parse_text(dose).unwrap(),
            dose_text: dose.into(),
            timing: if times == ["same"] { old.timing.clone() } else { at_times(times) },
            asked: None,
            start: start.unwrap_or(old.start),
            entered_by: actor.user,
            ..old
        };
        let of = |a: &&Administration| a.order == id;
        let last = self.charted.iter().filter(of).filter(|a| a.outcome.is_taken());
        let c = OrderCommand::Change(Box::new(ChangeCommand {
            version,
            kind: match kind {
                "change" => ChangeKind::NewVersion,
                _ => ChangeKind::Correction,
            },
            reason: "round of the physician".into(),
            charted: self.charted.iter().any(|a| a.order == id),
            last_taken: last.map(|a| a.administered_at).max(),
        }));
        let done = self.run(&actor, &Command::Order(c)).answer;
        let got = done.map_or_else(|r| format!("refused {}", r.code), |_| "done".into());
        self.run(&Actor::server(), &Command::Plan(vec![id]));
        expect(&got, if want.is_empty() { "done".to_owned() } else { want.join(" ") }.as_str())
    }

    fn instant(&self, text: &str) -> Result<Instant, String> {
        let text = text.replace(' ', "T");
        if let Ok(instant) = Instant::parse(&text) {
            return Ok(instant);
        }
        let civil = CivilDateTime::parse(&text).map_err(|e| e.to_string())?;
        let (gap, overlap) = (GapPolicy::default(), OverlapPolicy::default());
        match self.home.zone.resolve_with(civil, gap, overlap) {
            emar_domain::zone::Due::Once { at, .. } => Ok(at),
            other => Err(format!("{other:?}")),
        }
    }

    fn at(&mut self, text: &str) -> Step {
        let now = self.instant(text)?;
        if now < self.now {
            return Err("time goes forward only".into());
        }
        self.now = now;
        Ok(())
    }

    fn find(&self, order: &str, time: &str) -> Result<&Dose, String> {
        let time = CivilTime::parse(time).map_err(|e| e.to_string())?;
        let today = self.home.today(self.now);
        let mut all = self.home.doses_of_order(self.orders[order]);
        let of = |d: &&Dose| d.local.time() == time && d.slot.date == today;
        all.find(of).ok_or_else(|| "there is no such dose".into())
    }

    fn dose_is(&self, order: &str, time: &str, want: &str) -> Step {
        let dose = self.find(order, time)?;
        let got = match (&dose.outcome, &dose.prepared) {
            (Some(o), _) => o.outcome.code(),
            (None, Some(_)) => "in the pot",
            (None, None) => dose.withdrawn.map_or("open", Withdrawal::code),
        };
        expect(got, want)
    }

    fn scan(&mut self, cart: &str, raw: &str, because: &[&str], want: &[String]) -> Step {
        let overrides = answers(because);
        let c = ScanCommand {
            id: ScanId(self.fresh()),
            cart: Slug::new(cart).unwrap(),
            raw: raw.into(),
            source: "wedge".into(),
            list_version: None,
            late: false,
            overrides,
        };
        let user = self.home.carts.get(&c.cart).and_then(|s| s.user);
        let role = user.map_or(Role::Device, |u| self.home.users[&u].role);
        let actor = Actor { user, role, session: None, device: None, auth: "badge+pin".into() };
        match self.run(&actor, &Command::Scan(c)).answer {
            Ok(Answer::Scan(answer)) => {
                self.said = said(&answer);
                expect(&told(&answer), &want.join(" "))
            }
            other => Err(format!("{other:?}")),
        }
    }

    /// `measure Garza by Osei sbp 98 glucose HI at 07:51`; glucose may name its unit: `7.4mmol/L`.
    fn measure(&mut self, name: &str, who: &str, rest: &[&str], want: &[String]) -> Step {
        let mut c = MeasureCommand {
            resident: self.residents[name],
            cart: None,
            at: None,
            readings: Vec::new(),
        };
        for pair in rest.chunks(2) {
            let [code, value] = pair else { return Err("CODE VALUE".into()) };
            if *code == "at" {
                let civil = self.home.today(self.now).at(CivilTime::parse(value).unwrap());
                c.at = civil.at_offset(self.home.zone.offset_at(self.now));
                continue;
            }
            let unit = GlucoseUnit::ALL.into_iter().rfind(|unit| value.ends_with(unit.code()));
            let number = unit.map_or(*value, |unit| value.trim_end_matches(unit.code()));
            let shown = match number {
                "HI" => Shown::Hi,
                "LO" => Shown::Lo,
                number => Shown::Nano(parse_nano(number).map_err(|e| e.to_string())?),
            };
            c.readings.push(NewReading { code: (*code).into(), shown, glucose_unit: unit });
        }
        let actor = self.actor(who)?;
        let done = self.run(&actor, &Command::Measure(c)).answer;
        let got = done.map_or_else(|r| refused(&r), |_| "done".into());
        expect(&got, if want.is_empty() { "done".to_owned() } else { want.join(" ") }.as_str())
    }

    fn chart(
        &mut self,
        order: &str,
        time: &str,
        outcome: &str,
        rest: &[&str],
        corrected: Option<Administration>,
        want: &[String],
    ) -> Step {
        let dose: DoseId = self.find(order, time)?.id;
        let mut c = ChartCommand {
            dose: Some(dose),
            order: None,
            outcome: Outcome::parse(outcome).ok_or("outcome")?,
            reason: None,
            comment: None,
            salt: [7; 16],
            amount: None,
            mode: Mode::Now,
            administered_at: None,
            overrides: vec![],
            witness: None,
            cart: None,
            list_version: None,
            corrects: corrected.as_ref().map(|a| a.id),
            corrected: corrected.map(Box::new),
        };
        let mut by = "";
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            match *word {
                "by" => by = rest.next().ok_or("by whom")?,
                "past" => c.mode = Mode::Past,
                "witnessed" => {
                    let by = self.actor(rest.next().ok_or("by whom")?)?.user.unwrap();
                    let found = rest.next().ok_or("how much")?;
                    let found = Amount::parse_text(found).map_err(|e| e.to_string())?;
                    c.witness = Some((by, found));
                }
                "because" => {
                    let code = (*rest.next().ok_or("which objection")?).into();
                    let reason = (*rest.next().ok_or("why")?).into();
                    c.overrides.push(Override { code, reason, comment: None, contact: None });
                }
                "contact" => {
                    let said = (*rest.next().ok_or("what was said")?).to_owned();
                    c.overrides.last_mut().ok_or("about what")?.contact = Some(said);
                }
                "took" => {
                    let amount = rest.next().ok_or("how much")?;
                    c.amount = Some(Amount::parse_text(amount).map_err(|e| e.to_string())?);
                }
                "at" => {
                    let time = CivilTime::parse(rest.next().ok_or("when")?).unwrap();
                    let civil = self.home.today(self.now).at(time);
                    let offset = self.home.zone.offset_at(self.now);
                    c.administered_at = civil.at_offset(offset);
                }
                code if code.chars().all(|c| c.is_ascii_uppercase() || c == '_') => {
                    c.reason = Some(code.into());
                }
                text => c.comment = Some(text.into()),
            }
        }
        let actor = self.actor(by)?;
        let got = match self.run(&actor, &Command::Chart(Box::new(c))).answer {
            Ok(_) => "done".to_owned(),
            Err(refusal) => {
                let mut told = vec!["refused", &refusal.code];
                told.extend(refusal.objections.iter().map(|o| o.code.code()).skip(1));
                told.join(" ")
            }
        };
        expect(&got, &want.join(" "))
    }
}

/// `CODE REASON` or `CODE REASON:words`, each perhaps with `contact "what the prescriber said"`.
fn answers(mut words: &[&str]) -> Vec<Override> {
    let mut all = Vec::new();
    while let [code, reason, rest @ ..] = words {
        let (contact, rest) = match rest {
            ["contact", said, rest @ ..] => (Some((*said).to_owned()), rest),
            rest => (None, rest),
        };
        let (reason, comment) = reason.split_once(':').unwrap_or((reason, ""));
        let comment = Some(comment.to_owned()).filter(|text| !text.is_empty());
        all.push(Override { code: (*code).into(), reason: reason.into(), comment, contact });
        words = rest;
    }
    all
}

fn charting(dose: Option<DoseId>, outcome: Outcome) -> ChartCommand {
    ChartCommand {
        dose,
        order: None,
        outcome,
        reason: None,
        comment: None,
        salt: [7; 16],
        amount: None,
        mode: Mode::Now,
        administered_at: None,
        overrides: vec![],
        witness: None,
        cart: None,
        list_version: None,
        corrects: None,
        corrected: None,
    }
}

/// What completes the objections of a scan, by the names of the values.
fn said(answer: &ScanAnswer) -> String {
    let value = |p: &Param| match p {
        Param::Int(n) => n.to_string(),
        Param::Text(text) => text.clone(),
    };
    let of = |o: &Objection| {
        let pairs = o.params.iter().map(|(k, v)| format!("{k}={}", value(v)));
        pairs.collect::<Vec<_>>().join(" ")
    };
    answer.objections.iter().map(of).collect::<Vec<_>>().join("; ")
}

fn told(answer: &ScanAnswer) -> String {
    let mut told = vec![answer.verdict.code().to_owned()];
    let effect = serde_json::to_value(answer.effect).unwrap();
    let effect = effect.as_str().unwrap_or_default();
    if effect != "none" {
        told.push(effect.to_owned());
    }
    if let Some((scanned, needed)) = answer.units {
        told.push(format!("{scanned}/{needed}"));
    }
    let heavy = answer.objections.iter().filter(|o| o.severity != Severity::Info);
    if answer.verdict != emar_domain::verdict::Word::Ok {
        told.extend(heavy.map(|o| o.code.code().to_owned()));
    }
    told.join(" ")
}

fn expect(got: &str, want: &str) -> Step {
    if got == want { Ok(()) } else { Err(format!("wanted: {want}\n    got:    {got}")) }
}
