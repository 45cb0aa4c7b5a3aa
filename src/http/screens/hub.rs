//! What the pages of every cart and station share: the newest verdicts, signs of life, what was
//! shown, and the language each cart's page speaks.
use super::bedside::bedside;
use super::scan_view::{self, ScanResponse, Verdict, charted};
use super::sight::Sight;
use super::station::{Board, station};
use super::streams::Streams;
use crate::http::pages::render::{
    Fragment, render_actions, render_bar, render_bedside_fragments, render_doses, render_slab,
};
use crate::http::pages::view::bedside::{Bedside, Screen};
use crate::http::pages::view::station::Station;
use crate::http::pages::view::{Frame, Theme};
use crate::http::pages::words::{Lang, ObjectionText};
use crate::service::App;
use emar_domain::alert::Alert;
use emar_domain::decide::{ChartAnswer, Refusal, ScanAnswer, ScanEffect};
use emar_domain::home::Home;
use emar_domain::id::{AlertId, CartId, UnitId};
use emar_domain::verdict::Word;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// Verdicts waiting for a slow stream; one that falls behind reads the whole page again.
const SPOKEN_MAX: usize = 256;
/// Shown revisions remembered before those of ended alerts are dropped.
const SHOWN_MAX: usize = 4096;

/// How one page is to look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Language.
    pub lang: Lang,
    /// Theme chosen by hand.
    pub chosen: Option<Theme>,
}

/// State of the pages, in memory; nothing in it is a fact.
pub struct Screens {
    /// Open event streams.
    pub streams: Streams,
    verdicts: Mutex<BTreeMap<CartId, Verdict>>,
    langs: Mutex<BTreeMap<CartId, Lang>>,
    shown: Mutex<BTreeMap<AlertId, u32>>,
    spoken: broadcast::Sender<CartId>,
}

impl Default for Screens {
    fn default() -> Self {
        Self {
            streams: Streams::default(),
            verdicts: Mutex::default(),
            langs: Mutex::default(),
            shown: Mutex::default(),
            spoken: broadcast::Sender::new(SPOKEN_MAX),
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Screens {
    /// Keeps the verdict of a committed scan as the cart's newest, and tells its pages.
    pub fn scanned(&self, app: &App, cart: &CartId, answer: &ScanAnswer) {
        let now = app.clock.clinical();
        app.heard.scan(cart, app.clock.machine());
        if answer.effect == ScanEffect::ResidentOpened {
            app.heard.opened(cart, now);
        }
        let verdict = Verdict::of_scan(&app.home(), now, cart, answer);
        self.keep(cart, verdict);
    }

    /// [`Self::scanned`], said as the API does, in the language of the cart's page; with what it
    /// changed on the page, if the page itself asks.
    #[must_use]
    pub fn scan_response(
        &self,
        app: &App,
        cart: &CartId,
        answer: &ScanAnswer,
        is_page: bool,
    ) -> ScanResponse {
        self.scanned(app, cart, answer);
        let (lang, now, home) = (self.lang(cart), app.clock.clinical(), app.home());
        let manner = Manner { lang, chosen: None };
        let page = is_page.then(|| self.page(app, &home, cart, manner)).flatten();
        let fragments = page.map(|page| changed(&page, answer)).unwrap_or_default();
        scan_view::scan_response(&Sight { home: &home, now, lang }, cart, answer, fragments)
    }

    /// The same for a charting without a scan.
    #[must_use]
    pub fn charted(
        &self,
        app: &App,
        cart: Option<&CartId>,
        answer: &ChartAnswer,
        is_page: bool,
    ) -> (ObjectionText, Vec<Fragment>) {
        let now = app.clock.clinical();
        let home = app.home();
        let lang = cart.map_or(Lang::En, |cart| self.lang(cart));
        let text = charted(&Sight { home: &home, now, lang }, answer);
        let Some(cart) = cart else { return (text, Vec::new()) };
        self.keep(cart, Some(Verdict::of_chart(&home, now, cart, answer)));
        let manner = Manner { lang, chosen: None };
        let page = is_page.then(|| self.page(app, &home, cart, manner)).flatten();
        (text, page.map(|page| parts(&page)).unwrap_or_default())
    }

    /// What readings changed on the page of the cart at which they were entered.
    #[must_use]
    pub fn measured(&self, app: &App, home: &Home, cart: &CartId) -> Vec<Fragment> {
        self.tell(cart);
        let manner = Manner { lang: self.lang(cart), chosen: None };
        self.page(app, home, cart, manner).map(|page| parts(&page)).unwrap_or_default()
    }

    /// A refusal in one sentence, in the language of the cart's page.
    #[must_use]
    pub fn refusal_sentence(&self, app: &App, lang: Lang, refusal: &Refusal) -> String {
        let home = app.home();
        let sight = Sight { home: &home, now: app.clock.clinical(), lang };
        scan_view::refusal(&sight, refusal)
    }

    /// Somebody signed on or off at the cart: what was said before is not theirs.
    pub fn signed(&self, cart: &CartId) {
        lock(&self.verdicts).remove(cart);
        self.tell(cart);
    }

    /// A station displayed a revision of an alert.
    pub fn shown(&self, home: &Home, alert: AlertId, rev: u32) {
        let mut shown = lock(&self.shown);
        if shown.len() >= SHOWN_MAX {
            shown.retain(|id, _| home.alerts.contains_key(id));
        }
        let newest = shown.entry(alert).or_default();
        *newest = rev.max(*newest);
    }

    fn was_shown(&self, alert: &Alert) -> bool {
        lock(&self.shown).get(&alert.id).is_some_and(|rev| *rev >= alert.rev)
    }

    /// Remembers the language of a cart's page.
    pub fn speaks(&self, cart: &CartId, lang: Lang) {
        lock(&self.langs).insert(cart.clone(), lang);
    }

    fn lang(&self, cart: &CartId) -> Lang {
        lock(&self.langs).get(cart).copied().unwrap_or_default()
    }

    fn keep(&self, cart: &CartId, verdict: Option<Verdict>) {
        let Some(verdict) = verdict else { return };
        lock(&self.verdicts).insert(cart.clone(), verdict);
        self.tell(cart);
    }

    fn tell(&self, cart: &CartId) {
        // Nobody listening is no error.
        let _ = self.spoken.send(cart.clone());
    }

    /// Carts with a new verdict, as they come.
    #[must_use]
    pub fn spoken(&self) -> broadcast::Receiver<CartId> {
        self.spoken.subscribe()
    }

    /// The bedside page of a cart. `home` is held by the caller, so that `seq` orders what is read.
    #[must_use]
    pub fn page(&self, app: &App, home: &Home, cart: &CartId, manner: Manner) -> Option<Bedside> {
        let sight = Sight { home, now: app.clock.clinical(), lang: manner.lang };
        let last = lock(&self.verdicts).get(cart).cloned();
        bedside(&sight, frame(app, &sight, manner), cart, last.as_ref())
    }

    /// The board of a unit; `None`: of the home.
    #[must_use]
    pub fn board(
        &self,
        app: &App,
        home: &Home,
        (unit, station_id): (Option<&UnitId>, Option<&str>),
        manner: Manner,
    ) -> Station {
        let sight = Sight { home, now: app.clock.clinical(), lang: manner.lang };
        let board = Board {
            unit,
            station: station_id,
            heard: &app.heard,
            machine: app.clock.machine(),
            shown: &|alert| self.was_shown(alert),
        };
        station(&sight, frame(app, &sight, manner), &board)
    }
}

/// What a page of this home needs besides its content.
pub fn frame(app: &App, sight: &Sight<'_>, manner: Manner) -> Frame {
    Frame {
        lang: manner.lang,
        shift: Theme::of_hour(sight.hour()),
        chosen: manner.chosen,
        demo: app.clock.is_demo(),
        seq: app.clock.machine(),
    }
}

/// What a scan may have changed: all of it when the screen is another, else its parts.
fn changed(page: &Bedside, answer: &ScanAnswer) -> Vec<Fragment> {
    let turned = match answer.effect {
        ScanEffect::ResidentOpened => true,
        ScanEffect::Command => answer.command.as_deref() == Some("NEXT"),
        _ => false,
    };
    if turned && answer.verdict == Word::Ok {
        return render_bedside_fragments(page).unwrap_or_default();
    }
    parts(page)
}

/// The parts of the screen a scan changes.
fn parts(page: &Bedside) -> Vec<Fragment> {
    let frame = &page.frame;
    let all = match &page.screen {
        Screen::SignOn(_) => Vec::new(),
        Screen::Round(round) => vec![render_slab(frame, &round.slab)],
        Screen::Resident(resident) => vec![
            render_bar(frame, &page.bar),
            render_slab(frame, &resident.slab),
            render_doses(frame, &resident.doses),
            render_actions(frame, &resident.actions),
        ],
    };
    all.into_iter().flatten().collect()
}
