//! What the rules' preview of an order says, in words: counts first, then day by day.
use super::regimen::read_back;
use super::sight::{Sight, span};
use crate::http::pages::line::keep_units;
use crate::http::pages::view::preview::{Preview as Shown, PreviewDay};
use emar_domain::order::OrderVersion;
use emar_domain::preview::{Expected, Gap, Moment, Overlap, PassLoad, Preview, Sum, Total};
use emar_domain::time::{CivilDate, Instant};
use std::collections::BTreeMap;

/// Most days in the list.
const DAYS_MAX: usize = 7;
/// Most overlaps in the list.
const OVERLAPS_MAX: usize = 5;

/// `written` is the order as it would be, where the preview is of one.
#[must_use]
pub fn in_words(sight: &Sight<'_>, of: &Preview, written: Option<&OrderVersion>) -> Shown {
    let teller = Teller { sight, of };
    let mut days = teller.days();
    let more = days.len().saturating_sub(DAYS_MAX);
    days.truncate(DAYS_MAX);
    Shown {
        says: written.map(|version| read_back(sight, version)).unwrap_or_default(),
        counts: teller.counts(),
        notes: teller.notes(),
        overlaps: of.overlaps.iter().take(OVERLAPS_MAX).map(|o| teller.overlap(o)).collect(),
        days,
        more: u32::try_from(more).unwrap_or(u32::MAX),
    }
}

/// The clock times of a day, by medicine, class and mark.
type TimesOf = BTreeMap<(String, &'static str, &'static str), Vec<String>>;

/// What the rules' preview of an act on a stay says: by day, what of each order is due or not.
#[must_use]
pub fn stay_in_words(sight: &Sight<'_>, of: &Preview) -> Shown {
    let w = sight.words();
    let teller = Teller { sight, of };
    let mut days: BTreeMap<CivilDate, TimesOf> = BTreeMap::new();
    let gone = of.removed.iter().map(|gone| (&gone.dose, REMOVED, Some(gone.why)));
    for (dose, (class, mark), why) in of.added.iter().map(|d| (d, ADDED, None)).chain(gone) {
        let order = sight.home.orders.get(&dose.slot.order);
        let mut what = order.map(|o| o.current.drug.name.clone()).unwrap_or_default();
        if let Some(why) = why {
            what = format!("{what} ({})", w.t(&format!("preview-why-{}", why.code())));
        }
        let day = days.entry(dose.slot.date).or_default();
        day.entry((what, class, mark)).or_default().push(sight.clock(dose.due));
    }
    let more = u32::try_from(days.len().saturating_sub(DAYS_MAX)).unwrap_or(u32::MAX);
    let days = days.into_iter().take(DAYS_MAX).map(|(date, doses)| PreviewDay {
        title: sight.of_date(date),
        doses: doses
            .into_iter()
            .map(|((what, class, mark), times)| {
                (class, mark, format!("{} {what}", times.join(" ")))
            })
            .collect(),
        // Of each medicine on each day they would hide what matters: programs are told.
        totals: Vec::new(),
        load: teller.loads(date),
    });
    Shown {
        says: Vec::new(),
        counts: teller.counts(),
        notes: teller.notes(),
        overlaps: of.overlaps.iter().take(OVERLAPS_MAX).map(|o| teller.overlap(o)).collect(),
        days: days.collect(),
        more,
    }
}

struct Teller<'a> {
    sight: &'a Sight<'a>,
    of: &'a Preview,
}

const ADDED: (&str, &str) = ("given", "+");
const REMOVED: (&str, &str) = ("missed", "−");
const MOVED: (&str, &str) = ("late", "→");

impl Teller<'_> {
    fn counts(&self) -> Vec<(&'static str, &'static str, String)> {
        let of = self.of;
        let len = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let all = [
            (ADDED, "preview-added", len(of.added.len())),
            (REMOVED, "preview-removed", len(of.removed.len())),
            (MOVED, "preview-moved", len(of.moved.len())),
            (("next", "="), "preview-unchanged", of.unchanged),
        ];
        let always = of.order.is_some();
        let shown = all
            .into_iter()
            .filter(|(_, id, count)| *count > 0 || (always && *id == "preview-added"));
        let w = self.sight.words();
        shown.map(|((class, mark), id, count)| (class, mark, w.count(id, &count))).collect()
    }

    fn notes(&self) -> Vec<String> {
        let (sight, of, w) = (self.sight, self.of, self.sight.words());
        let mut notes = vec![w.one("preview-until", "at", &sight.stamp(of.to))];
        if of.noted {
            notes.push(w.t("preview-as_noted"));
        }
        let gap = |id: &str, gap: Gap| {
            let (from, to) = (self.moment(&gap.from), self.moment(&gap.to));
            let length = span(gap.to.at.seconds_since(gap.from.at));
            w.with(id, &[("for", &length), ("from", &from), ("to", &to)])
        };
        notes.extend(of.gap_min.map(|found| gap("preview-gap_min", found)));
        notes.extend(of.gap_max.map(|found| gap("preview-gap_max", found)));
        notes.extend(of.merged.iter().map(|d| w.one("preview-merged", "at", &sight.stamp(d.due))));
        if of.overlaps.len() > OVERLAPS_MAX {
            let more = u32::try_from(of.overlaps.len() - OVERLAPS_MAX).unwrap_or(u32::MAX);
            notes.push(w.count("preview-overlaps_more", &more));
        }
        notes.iter().map(|note| keep_units(note)).collect()
    }

    /// When, and of which order when it is another; what was taken is told from what is due.
    fn moment(&self, moment: &Moment) -> String {
        let (sight, w) = (self.sight, self.sight.words());
        let mut text = sight.time(moment.at);
        if Some(moment.order) != self.of.order
            && let Some(other) = sight.home.orders.get(&moment.order)
        {
            text = format!("{text} ({})", other.current.drug.name);
        }
        if moment.taken { w.one("preview-taken", "at", &text) } else { text }
    }

    fn overlap(&self, overlap: &Overlap) -> String {
        let w = self.sight.words();
        let apart = span(overlap.second.at.seconds_since(overlap.first.at));
        let (first, second) = (self.moment(&overlap.first), self.moment(&overlap.second));
        let args = [
            ("ingredient", overlap.ingredient.as_str()),
            ("first", &first),
            ("second", &second),
            ("for", &apart),
        ];
        keep_units(&w.with("preview-overlap", &args))
    }

    /// Days on which a dose or an amount is different, in order.
    fn days(&self) -> Vec<PreviewDay> {
        let of = self.of;
        let mut days: BTreeMap<CivilDate, PreviewDay> = BTreeMap::new();
        for (date, dose) in self.doses() {
            self.day(&mut days, date).doses.push(dose);
        }
        for total in of.totals.iter().filter(|t| t.before != t.after) {
            let text = self.total(total);
            self.day(&mut days, total.date).totals.push(text);
        }
        for total in of.totals.iter().filter(|t| t.before == t.after) {
            if let Some(day) = days.get_mut(&total.date) {
                day.totals.push(self.total(total));
            }
        }
        for (date, day) in &mut days {
            day.load = self.loads(*date);
        }
        days.into_values().collect()
    }

    /// Of a day, the passes that have more or fewer doses than before.
    fn loads(&self, date: CivilDate) -> Vec<String> {
        let changed = |l: &&PassLoad| l.date == date && l.before != l.after;
        let mut loads: Vec<&PassLoad> = self.of.load.iter().filter(changed).collect();
        let passes = &self.sight.home.policy.passes;
        loads.sort_by_key(|load| passes.get(&load.pass).map(|span| span.opens));
        loads.into_iter().map(|load| self.load(load)).collect()
    }

    fn day<'d>(
        &self,
        days: &'d mut BTreeMap<CivilDate, PreviewDay>,
        date: CivilDate,
    ) -> &'d mut PreviewDay {
        days.entry(date).or_insert_with(|| PreviewDay {
            title: self.sight.of_date(date),
            doses: Vec::new(),
            totals: Vec::new(),
            load: Vec::new(),
        })
    }

    /// Every dose that is different, by the day it is prescribed for, in order of time.
    fn doses(&self) -> Vec<(CivilDate, (&'static str, &'static str, String))> {
        let (sight, of, w) = (self.sight, self.of, self.sight.words());
        let mut all: Vec<(Instant, CivilDate, (&str, &str, String))> = Vec::new();
        let mut push = |dose: &Expected, (class, mark): (&'static str, &'static str), text| {
            all.push((dose.due, dose.slot.date, (class, mark, text)));
        };
        for dose in &of.added {
            push(dose, ADDED, sight.clock(dose.due));
        }
        for gone in &of.removed {
            let why = w.t(&format!("preview-why-{}", gone.why.code()));
            push(&gone.dose, REMOVED, format!("{} {why}", sight.clock(gone.dose.due)));
        }
        for moved in &of.moved {
            let was = w.one("preview-was", "at", &sight.time(moved.before.due));
            push(&moved.after, MOVED, format!("{} {was}", sight.clock(moved.after.due)));
        }
        all.sort_by_key(|(due, ..)| *due);
        all.into_iter().map(|(_, date, shown)| (date, shown)).collect()
    }

    fn total(&self, total: &Total) -> String {
        let w = self.sight.words();
        let sum = |sum: &Sum| {
            let mut parts: Vec<String> = sum.amounts.iter().map(ToString::to_string).collect();
            if !sum.left_out.is_empty() {
                parts.push(w.t("preview-left_out"));
            }
            if parts.is_empty() { w.t("preview-nothing") } else { parts.join(" + ") }
        };
        let (before, after) = (sum(&total.before), sum(&total.after));
        let args = [("ingredient", total.ingredient.as_str()), ("after", &after)];
        let text = w.with("preview-total", &args);
        if before == after {
            return keep_units(&text);
        }
        keep_units(&format!("{text} {}", w.one("preview-now", "before", &before)))
    }

    fn load(&self, load: &PassLoad) -> String {
        let pass = self.sight.word("pass", &load.pass);
        let (before, after) = (load.before.to_string(), load.after.to_string());
        let args = [("pass", pass.as_str()), ("before", &before), ("after", &after)];
        self.sight.words().with("preview-load", &args)
    }
}
