//! What a scan, a charting or a refusal says: the slab of the bedside and the JSON of the API.
//!
//! A STOP never holds the name of another resident, a room at most.
use super::sight::{Sight, amount};
use crate::http::pages::line::Line;
use crate::http::pages::render::Fragment;
use crate::http::pages::say::{Speaker, override_reasons};
use crate::http::pages::view::bedside::{Look, Slab};
use crate::http::pages::words::ObjectionText;
use emar_domain::cart::CartSession;
use emar_domain::decide::{ChartAnswer, Refusal, ScanAnswer, ScanEffect};
use emar_domain::dose::Dose;
use emar_domain::dose_amount::at_scan;
use emar_domain::home::Home;
use emar_domain::id::{CartId, DoseId, OrderId, ResidentId, ScanId, SessionId};
use emar_domain::order::Order;
use emar_domain::time::Instant;
use emar_domain::verdict::{Check, Objection, Param, Severity, Word};
use serde::Serialize;
use std::collections::BTreeMap;

/// Most sentences of objections on one slab; the rest is in the list of objections.
const SENTENCES_MAX: usize = 3;

/// The newest verdict at a cart; put into words when a page shows it.
#[derive(Clone, Debug)]
pub struct Verdict {
    look: Look,
    what: What,
    at: Instant,
    cart: CartId,
    scan_id: String,
    /// A badge was read: the PIN comes next.
    pub badge: bool,
    session: Option<SessionId>,
    open: Option<ResidentId>,
}

#[derive(Clone, Debug)]
enum What {
    Scan(Box<ScanAnswer>),
    Chart(ChartAnswer),
}

impl Verdict {
    /// The verdict of a scan, from the home after its commit. `None`: the slab stays as it is,
    /// since the page carries on with a dialog.
    #[must_use]
    pub fn of_scan(home: &Home, now: Instant, cart: &CartId, answer: &ScanAnswer) -> Option<Self> {
        let asks =
            answer.effect == ScanEffect::Command && answer.command.as_deref() != Some("NEXT");
        if asks && answer.verdict == Word::Ok {
            return None;
        }
        let what = What::Scan(Box::new(answer.clone()));
        let scan_id = answer.scan_id.to_string();
        let badge = answer.effect == ScanEffect::Badge;
        Some(Self { badge, ..Self::new(home, now, cart, look(answer), what, scan_id) })
    }

    /// The verdict of a charting without a scan.
    #[must_use]
    pub fn of_chart(home: &Home, now: Instant, cart: &CartId, answer: &ChartAnswer) -> Self {
        let what = What::Chart(answer.clone());
        let look = if answer.outcome.is_taken() { Look::Ok } else { Look::Partial };
        Self::new(home, now, cart, look, what, answer.administration.to_string())
    }

    fn new(
        home: &Home,
        at: Instant,
        cart: &CartId,
        look: Look,
        what: What,
        scan_id: String,
    ) -> Self {
        let session = home.carts.get(cart);
        Self {
            look,
            what,
            at,
            cart: cart.clone(),
            scan_id,
            badge: false,
            session: session.and_then(|s| s.session),
            open: session.and_then(|s| s.open),
        }
    }

    /// Whether the cart still shows what the verdict was about.
    #[must_use]
    pub fn belongs_to(&self, session: &CartSession) -> bool {
        self.session == session.session && self.open == session.open
    }

    /// Headline and sentence, as they were true when the verdict came.
    #[must_use]
    pub fn text(&self, sight: &Sight<'_>) -> ObjectionText {
        let sight = Sight { now: self.at, ..*sight };
        match &self.what {
            What::Scan(answer) => say(&sight, &self.cart, answer),
            What::Chart(answer) => charted(&sight, answer),
        }
    }

    /// The order that nothing but readings stands in the way of.
    fn measure(&self) -> Option<OrderId> {
        use Check::{HoldParameterFailed, ReadingMissing, ReadingStale};
        let What::Scan(answer) = &self.what else { return None };
        let stops = || answer.objections.iter().filter(|o| o.severity <= Severity::Refresh);
        let unread = |o: &Objection| matches!(o.code, ReadingMissing | ReadingStale);
        let by_readings = stops().all(|o| unread(o) || o.code == HoldParameterFailed);
        answer.order.filter(|_| by_readings && stops().any(unread))
    }

    /// The slab.
    #[must_use]
    pub fn slab(&self, sight: &Sight<'_>) -> Slab {
        let text = self.text(sight);
        Slab {
            look: self.look,
            headline: text.headline,
            detail: sight.sentence(&text.detail),
            time: sight.clock(self.at),
            scan_id: self.scan_id.clone(),
            measure: self.measure().map(|order| order.to_string()).unwrap_or_default(),
        }
    }
}

/// The slab when nothing was said yet: `ready` or `ready_round`.
#[must_use]
pub fn idle_slab(sight: &Sight<'_>, what: &str) -> Slab {
    let text = sight.words().said(what, 0, &[]);
    Slab {
        look: Look::Ready,
        headline: text.headline,
        detail: Line::from(text.detail.as_str()),
        time: String::new(),
        scan_id: String::new(),
        measure: String::new(),
    }
}

/// The answer to `POST /api/v1/scans`.
#[derive(Clone, Debug, Serialize)]
pub struct ScanResponse {
    /// The scan.
    pub scan_id: ScanId,
    /// In one word.
    pub verdict: Word,
    /// All objections, in the order of the table.
    pub objections: Vec<SaidObjection>,
    /// What it did.
    pub effect: ScanEffect,
    /// What the page must now ask, with effect `command`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident: Option<ResidentId>,
    /// The dose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dose: Option<DoseId>,
    /// The order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// The drug as ordered, without its amount: a second person finds that by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drug: Option<String>,
    /// Packages scanned and needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<UnitsView>,
    /// One short line.
    pub headline: String,
    /// What exactly, and what next.
    pub detail: String,
    /// `none`, `partial`, `ok` or `stop`.
    pub tone: &'static str,
    /// What it changed on the page, when the page asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fragments: Vec<Fragment>,
}

/// Packages scanned and needed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct UnitsView {
    /// So far.
    pub scanned: u32,
    /// In all.
    pub needed: u32,
}

/// An objection with its words.
#[derive(Clone, Debug, Serialize)]
pub struct SaidObjection {
    /// The rules' own part: code, severity, params.
    #[serde(flatten)]
    pub objection: Objection,
    /// A sentence in the user's language.
    pub text: String,
    /// Reasons a nurse may override it with, at most nine.
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    pub reasons: &'static [&'static str],
}

/// The answer to a scan in words; `fragments` is what it changed on the page.
#[must_use]
pub fn scan_response(
    sight: &Sight<'_>,
    cart: &CartId,
    answer: &ScanAnswer,
    fragments: Vec<Fragment>,
) -> ScanResponse {
    let text = say(sight, cart, answer);
    let ordered = answer.order.and_then(|id| sight.home.orders.get(&id));
    ScanResponse {
        scan_id: answer.scan_id,
        verdict: answer.verdict,
        objections: said_objections(sight, &answer.objections),
        effect: answer.effect,
        command: answer.command.clone(),
        resident: answer.resident,
        dose: answer.dose,
        order: answer.order,
        drug: ordered.map(|o| o.current.drug.name.clone()),
        units: answer.units.map(|(scanned, needed)| UnitsView { scanned, needed }),
        headline: text.headline,
        detail: text.detail,
        tone: look(answer).tone(),
        fragments,
    }
}

/// Objections with their sentences and the reasons that may override them.
#[must_use]
pub fn said_objections(sight: &Sight<'_>, objections: &[Objection]) -> Vec<SaidObjection> {
    let said = |objection: &Objection| SaidObjection {
        text: sentence(sight, objection),
        reasons: override_reasons(objection),
        objection: objection.clone(),
    };
    objections.iter().map(said).collect()
}

/// The headline and sentence of a charting, for its receipt.
#[must_use]
pub fn charted(sight: &Sight<'_>, answer: &ChartAnswer) -> ObjectionText {
    let planned = sight.home.doses.get(&answer.dose);
    let order = planned.and_then(|d| sight.home.orders.get(&d.slot.order));
    let outcome = sight.words().t(super::standing::charted(answer.outcome).word());
    // Units by a scale are those of the reading that counted then.
    let then = Sight { now: answer.administered_at, ..*sight };
    let (drug, dose) = drug_and_dose(&then, order, planned);
    let args = [("drug", drug.as_str()), ("dose", &dose), ("outcome", &outcome)];
    sight.words().said("charted", 0, &args)
}

/// A refusal in one sentence: what, why, what to do next.
#[must_use]
pub fn refusal(sight: &Sight<'_>, refusal: &Refusal) -> String {
    let id = format!("refusal-{}", refusal.code);
    let own = refusal.params.iter();
    let params = refusal.objections.iter().flat_map(|o| o.params.iter()).chain(own);
    let values: BTreeMap<&str, String> =
        params.map(|(name, value)| (name.as_str(), value_text(sight, name, value))).collect();
    let args: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let text = sight.words().with(&id, &args);
    if text != id {
        // Each of several points about an order is to be mended or answered: all are said.
        let points = refusal.objections.iter().filter(|_| refusal.code == "order_findings");
        let all: Vec<String> =
            std::iter::once(text).chain(points.map(|o| sentence(sight, o))).collect();
        return all.join(" ");
    }
    // A refusal under an objection's own code says the objection.
    match refusal.objections.first() {
        Some(objection) => sentence(sight, objection),
        None => refusal.code.clone(),
    }
}

fn value_text(sight: &Sight<'_>, name: &str, value: &Param) -> String {
    match value {
        Param::Int(micros) if name.ends_with("_at") => sight.time(Instant::from_micros(*micros)),
        Param::Int(number) => number.to_string(),
        Param::Text(id) if name == "by" => {
            id.parse().map_or_else(|_| "—".to_owned(), |id| sight.user(id))
        }
        Param::Text(code) if name == "outcome" => sight.word("status", code),
        Param::Text(code) if name == "reading" => sight.words().named(name, code),
        Param::Text(text) => text.clone(),
    }
}

/// How a verdict looks and, with it, sounds.
fn look(answer: &ScanAnswer) -> Look {
    match (answer.verdict, answer.effect) {
        (Word::Stop, _) => Look::Stop,
        (Word::Ask, _) => Look::Ask,
        (Word::Ok, ScanEffect::Confirmed) => Look::Ok,
        (Word::Ok, ScanEffect::UnitScanned | ScanEffect::Prepared | ScanEffect::Undone) => {
            Look::Partial
        }
        (Word::Ok, _) => Look::Ready,
    }
}

fn sentence(sight: &Sight<'_>, objection: &Objection) -> String {
    let text = sight.objection(objection).detail;
    match objection.params.get("room") {
        Some(Param::Text(room)) if objection.code == Check::WrongResident && !room.is_empty() => {
            format!("{text} {}", sight.words().one("from_room", "room", room))
        }
        _ => text,
    }
}

fn say(sight: &Sight<'_>, cart: &CartId, answer: &ScanAnswer) -> ObjectionText {
    match Speaker::headline(&answer.objections).filter(|_| answer.verdict != Word::Ok) {
        Some(heaviest) => {
            let weighs = |o: &&Objection| match answer.verdict {
                Word::Stop => o.severity <= Severity::Refresh,
                _ => o.severity != Severity::Info,
            };
            let all = answer.objections.iter().filter(weighs).map(|o| sentence(sight, o));
            let detail: Vec<String> = all.take(SENTENCES_MAX).collect();
            ObjectionText { headline: sight.objection(heaviest).headline, detail: detail.join(" ") }
        }
        None => {
            let mut text = done(sight, cart, answer);
            for notice in answer.objections.iter().filter(|o| o.severity == Severity::Info) {
                text.detail = format!("{} {}", text.detail, sentence(sight, notice));
            }
            text
        }
    }
}

/// What an unobjected scan did.
fn done(sight: &Sight<'_>, cart: &CartId, answer: &ScanAnswer) -> ObjectionText {
    let w = sight.words();
    let order = answer.order.and_then(|id| sight.home.orders.get(&id));
    let planned = answer.dose.and_then(|id| sight.home.doses.get(&id));
    let (drug, dose) = drug_and_dose(sight, order, planned);
    match answer.effect {
        ScanEffect::Badge => ObjectionText { headline: w.t("sign-read"), detail: w.t("sign-pin") },
        ScanEffect::ResidentOpened => {
            let name = answer.resident.and_then(|id| sight.home.residents.get(&id));
            let name = name.map(|r| format!("{}, {}", r.family.0.to_uppercase(), r.given.0));
            w.said("resident_opened", 0, &[("name", &name.unwrap_or_default())])
        }
        ScanEffect::UnitScanned => {
            let (scanned, needed) = answer.units.unwrap_or((0, 0));
            let (scanned, needed) = (scanned.to_string(), needed.to_string());
            let args = [
                ("drug", drug.as_str()),
                ("dose", &dose),
                ("scanned", &scanned),
                ("needed", &needed),
            ];
            w.said("unit_scanned", 0, &args)
        }
        ScanEffect::Prepared => {
            let (pot, due) = pot(sight, cart);
            let args = [("drug", drug.as_str()), ("dose", &dose), ("pot", &pot), ("due", &due)];
            w.said("prepared", 0, &args)
        }
        ScanEffect::Confirmed => {
            let count = u32::try_from(answer.administrations.len()).unwrap_or(u32::MAX);
            w.said("confirmed", count, &[("at", &sight.clock(sight.now))])
        }
        ScanEffect::Undone => w.said("undone", 0, &[]),
        ScanEffect::Command => w.said("ready_round", 0, &[]),
        ScanEffect::None => w.said("empty_pot", 0, &[]),
    }
}

fn drug_and_dose(
    sight: &Sight<'_>,
    order: Option<&Order>,
    dose: Option<&Dose>,
) -> (String, String) {
    order.map_or_else(Default::default, |o| {
        let own = at_scan(sight.home, o, dose, sight.now);
        (o.current.drug.name.clone(), amount(sight, &own.current))
    })
}

/// Doses in the pot, and doses that belong in it now.
fn pot(sight: &Sight<'_>, cart: &CartId) -> (String, String) {
    let Some(session) = sight.home.carts.get(cart) else { return ("0".into(), "0".into()) };
    let pot = session.pot.len();
    let opened = session.open.map_or(0, |id| sight.home.opened_doses(id, sight.now));
    let doses = session.pot.iter().filter_map(|p| sight.home.doses.get(&p.dose));
    let ahead = doses.filter(|d| d.is_open() && d.opens > sight.now).count();
    (pot.to_string(), (opened + ahead).max(pot).to_string())
}
