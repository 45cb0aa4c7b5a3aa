//! Templates of the nurses' desk: the MAR, orders, and what stands in their place.
use super::render::Fragment;
use super::view::bedside::{Allergies, Banner};
use super::view::desk::{DeskBar, DeskRefusal, DeskSign};
use super::view::mar::{Day, History, Mar, OrderRows, PrnRows};
use super::view::orders::{Choice, Entry, Orders, Work};
use super::view::preview::Preview;
use super::view::{Frame, Status};
use super::words::Words;
use askama::Template;

/// Refusals the page says itself: the rules' own come from the API in the page's language.
const REFUSALS: [&str; 4] = ["key_reused", "sign_on_first", "unavailable", "outcome_unknown"];

/// What the page says by itself.
const DONE: [&str; 22] = [
    "done-letter",
    "done-note",
    "done-verify",
    "done-hold",
    "done-resume",
    "done-discontinue",
    "done-entered_in_error",
    "done-renew",
    "done-do_not_give",
    "done-may_give",
    "renew-until-needed",
    "done-enter",
    "done-absence",
    "done-return",
    "done-discharge",
    "done-readmit",
    "done-new_version",
    "done-correction",
    "enter-fields",
    "enter-unknown",
    "problem-network",
    "orders-because-needed",
];

/// What the marks of the grid mean, in the order of the legend.
const LEGEND: [Status; 13] = [
    Status::Given,
    Status::Partial,
    Status::Held,
    Status::Refused,
    Status::NotGiven,
    Status::Removed,
    Status::Missed,
    Status::Late,
    Status::Due,
    Status::Next,
    Status::Away,
    Status::SelfManaged,
    Status::Withdrawn,
];

macro_rules! template {
    ($name:ident, $path:literal, $($field:ident: $type:ty),*) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            w: &'a Words,
            $($field: $type,)*
        }
    };
}

template!(SignT, "desk/sign.html",
    frame: &'a Frame, bar: &'a DeskBar, places: &'a [(String, String)]);
template!(RefusalT, "desk/refusal.html",
    frame: &'a Frame, bar: &'a DeskBar, sentence: &'a str);
template!(MarT, "desk/mar.html",
    frame: &'a Frame, bar: &'a DeskBar, banner: &'a Banner, month: &'a str,
    months: &'a (Option<String>, String, Option<String>), days: &'a [Day],
    today: &'a usize,
    groups: Vec<(&'static str, &'static str, &'a [OrderRows])>, prn: &'a [PrnRows],
    legend: &'a [Status], horizon_days: &'a u32);
template!(HistoryT, "desk/history.html", history: &'a History);
template!(OrdersT, "desk/orders.html",
    frame: &'a Frame, bar: &'a DeskBar, work: &'a Work, residents: &'a [Choice],
    entry: Option<&'a Entry>, device: &'a str, said: Vec<(&'static str, String)>);
template!(WorkT, "desk/work.html", work: &'a Work);
template!(PreviewT, "desk/preview.html", shown: &'a Preview);

/// The page that asks to sign on.
///
/// # Errors
/// Only if a template fails to write, which memory alone can cause.
pub fn render_sign(page: &DeskSign) -> askama::Result<String> {
    let DeskSign { frame, bar, places } = page;
    SignT { w: frame.words(), frame, bar, places }.render()
}

/// The page that says why nothing is shown.
///
/// # Errors
/// As [`render_sign`].
pub fn render_refusal(page: &DeskRefusal) -> askama::Result<String> {
    let DeskRefusal { frame, bar, sentence } = page;
    RefusalT { w: frame.words(), frame, bar, sentence }.render()
}

/// A resident's MAR of a month.
///
/// # Errors
/// As [`render_sign`].
pub fn render_mar(page: &Mar) -> askama::Result<String> {
    let Mar { frame, bar, banner, month, months, days, orders, prn, ended, horizon_days } = page;
    let groups = vec![
        ("scheduled", "mar-scheduled", orders.as_slice()),
        ("ended", "mar-ended", ended.as_slice()),
    ];
    let today = days.iter().position(|day| day.today).unwrap_or(usize::MAX);
    MarT {
        w: frame.words(),
        today: &today,
        frame,
        bar,
        banner,
        month,
        months,
        days,
        groups,
        prn,
        legend: &LEGEND,
        horizon_days,
    }
    .render()
}

/// Fragment `history`.
///
/// # Errors
/// As [`render_sign`].
pub fn render_history(frame: &Frame, history: &History) -> askama::Result<Fragment> {
    let html = HistoryT { w: frame.words(), history }.render()?.trim().to_owned();
    Ok(Fragment { id: "history", html, seq: frame.seq })
}

/// The orders page.
///
/// # Errors
/// As [`render_sign`].
pub fn render_orders(page: &Orders) -> askama::Result<String> {
    let Orders { frame, bar, work, residents, entry, device } = page;
    let (w, entry) = (frame.words(), entry.as_ref());
    let refusals = REFUSALS.map(|code| (code, w.t(&format!("refusal-{code}"))));
    let done = DONE.map(|id| (id, w.t(id)));
    let said = refusals.into_iter().chain(done).collect();
    OrdersT { w, frame, bar, work, residents, entry, device, said }.render()
}

/// Fragment `work`.
///
/// # Errors
/// As [`render_sign`].
pub fn render_work(frame: &Frame, work: &Work) -> askama::Result<Fragment> {
    let html = WorkT { w: frame.words(), work }.render()?.trim().to_owned();
    Ok(Fragment { id: "work", html, seq: frame.seq })
}

/// Fragment `preview`.
///
/// # Errors
/// As [`render_sign`].
pub fn render_preview(frame: &Frame, shown: &Preview) -> askama::Result<Fragment> {
    let html = PreviewT { w: frame.words(), shown }.render()?.trim().to_owned();
    Ok(Fragment { id: "preview", html, seq: frame.seq })
}
