//! The alert side of the outbox: state, then event, then index; and the open set for newcomers.
//!
//! A state is only ever followed by a newer one of its alert: an older row that was not shown in
//! time is closed unsent, since the newer one says everything.

use super::send::alert_wait;
use crate::bus::Bus;
use crate::service::App;
use crate::service::effects::{ALERTS, alert_payload};
use crate::store::{Due, Mark, StoreError};
use crate::worker::heartbeat::OldestUnsent;
use emar_domain::time::Instant;
use emar_wire::client::PublishError;
use emar_wire::payload::{
    AlertEvent, AlertIndex, AlertIndexEntry, AlertLife, AlertState, Phase, Shown,
};
use emar_wire::signed::{Signed, sign};
use emar_wire::{Id, Topic};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// Clinical time after which the state of an ended alert is taken away.
const CLEAR_MINUTES: i64 = 24 * 60;
/// The name under which ended alerts that still stand on the broker are kept.
const ENDED: &str = "alerts_ended";
/// Most of them.
const ENDED_MAX: usize = 10_000;

/// What a station last heard of an alert.
struct Told {
    rev: u32,
    level: u32,
    /// Rows not shown yet: number and revision.
    rows: Vec<(i64, u32)>,
    ended: bool,
}

/// What became of rows.
#[derive(Default)]
pub(super) struct Marks {
    pub(super) lots: Vec<(Mark, Vec<i64>)>,
    pub(super) stopped: Option<PublishError>,
}

pub(super) struct Alerts {
    told: BTreeMap<Uuid, Told>,
    /// Number of the last event of each unit; after a restart it goes on from the clock's
    /// microseconds, so that a station sees a gap and looks at the index.
    events: BTreeMap<Id, u64>,
    /// Units whose open set is to be published.
    newcomers: BTreeSet<Id>,
    /// Ended alerts and when: their retained state is taken away later.
    ended: BTreeMap<Uuid, (i64, Id)>,
    oldest: Arc<OldestUnsent>,
    /// Since when rows wait unsent, by number.
    unsent: BTreeMap<i64, i64>,
}

impl Alerts {
    pub(super) async fn new(app: &App, oldest: Arc<OldestUnsent>) -> Self {
        let kept = app.store.meta(&app.facility, ENDED).await.ok().flatten();
        let ended = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let mut alerts = Self {
            told: BTreeMap::new(),
            events: BTreeMap::new(),
            newcomers: BTreeSet::new(),
            ended,
            oldest,
            unsent: BTreeMap::new(),
        };
        let open = app.home().alerts.values().filter_map(alert_payload).collect::<Vec<_>>();
        for state in open {
            let rows = Vec::new();
            let told = Told { rev: state.rev, level: state.level, rows, ended: false };
            alerts.told.insert(state.id, told);
        }
        alerts.open_rows(app).await;
        alerts.publish_all(app);
        alerts
    }

    /// Rows that were sent before a restart and not shown since.
    async fn open_rows(&mut self, app: &App) {
        let most = 10_000;
        match app.store.outbox_due(&app.facility, Some(ALERTS), i64::MAX, most).await {
            Ok(rows) => {
                for row in &rows {
                    if let Some(state) = read(row) {
                        self.note_row(row.seq, &state);
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "alerts not shown yet are not known"),
        }
    }

    fn note_row(&mut self, seq: i64, state: &AlertState) {
        let ended = state.state == AlertLife::Ended;
        let told = self.told.entry(state.id).or_insert(Told {
            rev: 0,
            level: state.level,
            rows: Vec::new(),
            ended,
        });
        told.ended |= ended;
        if !told.rows.iter().any(|(known, _)| *known == seq) {
            told.rows.push((seq, state.rev));
        }
    }

    pub(super) fn note_unsent(&mut self, due: &[Due], now: i64) {
        let waiting = due.iter().filter(|row| row.stream == ALERTS && row.sent_at.is_none());
        for row in waiting {
            self.unsent.entry(row.seq).or_insert(now);
        }
        self.oldest.set(self.unsent.values().min().copied());
    }

    fn sent(&mut self, seqs: &[i64]) {
        for seq in seqs {
            self.unsent.remove(seq);
        }
        self.oldest.set(self.unsent.values().min().copied());
    }

    /// Publishes rows in their order: state, event, and at last the index of each unit.
    pub(super) async fn send(&mut self, app: &App, bus: &dyn Bus, rows: Vec<Due>) -> Marks {
        let mut marks = Marks::default();
        let mut units = BTreeSet::new();
        let mut ended = false;
        let now = app.clock.machine();
        for row in rows {
            let (Some(state), Ok(topic)) = (read(&row), Topic::parse(&row.topic)) else {
                tracing::error!(seq = row.seq, "an alert row that cannot be read");
                self.sent(&[row.seq]);
                marks.lots.push((Mark::Failed { at: now }, vec![row.seq]));
                continue;
            };
            self.note_row(row.seq, &state);
            let last = self.told.get(&state.id).map_or(0, |told| told.rev);
            if state.rev < last {
                self.shown_rows(state.id, state.rev);
                self.sent(&[row.seq]);
                marks.lots.push((Mark::Sent { at: now, next_at: None }, vec![row.seq]));
                continue;
            }
            if let Err(error) = self.tell(bus, topic, &row, &state).await {
                marks.stopped = Some(error);
                break;
            }
            self.sent(&[row.seq]);
            units.insert(state.unit.clone());
            if state.state == AlertLife::Ended && self.ended.len() < ENDED_MAX {
                let unit = state.unit.clone();
                ended |= self.ended.insert(state.id, (state.at, unit)).is_none();
            }
            let next_at = Some(now + alert_wait(row.tries, state.state == AlertLife::Ended));
            marks.lots.push((Mark::Sent { at: now, next_at }, vec![row.seq]));
        }
        if ended && let Err(error) = self.keep_ended(app).await {
            tracing::warn!(%error, "ended alerts were not kept");
        }
        for unit in units {
            if let Err(error) = publish_index(app, bus, &unit).await {
                self.newcomers.insert(unit);
                marks.stopped.get_or_insert(error);
            }
        }
        marks.lots = gathered(marks.lots);
        marks
    }

    async fn tell(
        &mut self,
        bus: &dyn Bus,
        topic: Topic,
        row: &Due,
        state: &AlertState,
    ) -> Result<(), PublishError> {
        let facility = topic.facility().clone();
        bus.publish(topic, row.bytes.clone()).await?;
        let before = self.told.get(&state.id).filter(|told| told.rev > 0);
        let phase = match before {
            _ if row.sent_at.is_some() => Phase::Continue,
            _ if state.state == AlertLife::Ended => Phase::End,
            None => Phase::Start,
            Some(told) if state.level > told.level => Phase::Escalate,
            Some(told) if state.level < told.level => Phase::Deescalate,
            Some(_) => Phase::Update,
        };
        if let Some(told) = self.told.get_mut(&state.id) {
            told.rev = state.rev;
            told.level = state.level;
        }
        self.event(bus, facility, phase, state).await
    }

    async fn event(
        &mut self,
        bus: &dyn Bus,
        facility: Id,
        phase: Phase,
        state: &AlertState,
    ) -> Result<(), PublishError> {
        // A state's own time is a start that no earlier run has used.
        let start = u64::try_from(state.at).unwrap_or(0);
        let seq = self.events.entry(state.unit.clone()).or_insert(start);
        *seq += 1;
        let event = AlertEvent { seq: *seq, phase, alert: state.clone() };
        let Ok(bytes) = emar_wire::payload::encode(&event) else { return Ok(()) };
        bus.publish(Topic::AlertEvent { facility, unit: state.unit.clone() }, bytes).await
    }

    /// The rows a `shown` closes: those of this revision and of earlier ones.
    pub(super) fn shown(&mut self, shown: &Shown) -> Vec<i64> {
        self.shown_rows(shown.alert_id, shown.rev)
    }

    fn shown_rows(&mut self, alert: Uuid, rev: u32) -> Vec<i64> {
        let Some(told) = self.told.get_mut(&alert) else { return Vec::new() };
        let (shown, rest) = std::mem::take(&mut told.rows).into_iter().partition(|r| r.1 <= rev);
        told.rows = rest;
        if told.ended && told.rows.is_empty() {
            self.told.remove(&alert);
        }
        let shown: Vec<(i64, u32)> = shown;
        shown.into_iter().map(|(seq, _)| seq).collect()
    }

    pub(super) fn publish_all(&mut self, app: &App) {
        let home = app.home();
        let of_alerts = home.alerts.values().map(|a| a.unit.as_str());
        let units = home.policy.units.keys().map(String::as_str).chain(of_alerts);
        self.newcomers.extend(units.filter_map(|unit| Id::new(unit).ok()));
    }

    pub(super) fn publish_units(&mut self, app: &App, units: Vec<Id>) {
        if units.is_empty() {
            self.publish_all(app);
        }
        let home = app.home();
        let known = units.into_iter().filter(|u| home.policy.units.contains_key(u.as_str()));
        self.newcomers.extend(known);
    }

    /// Publishes the open set of the units that ask for it.
    pub(super) async fn publish_open(
        &mut self,
        app: &App,
        bus: &dyn Bus,
    ) -> Result<(), PublishError> {
        while let Some(unit) = self.newcomers.first().cloned() {
            let open: Vec<AlertState> = {
                let home = app.home();
                let here = home.alerts.values().filter(|a| a.unit.as_str() == unit.as_str());
                here.filter_map(alert_payload).collect()
            };
            for state in open {
                let Some(facility) = facility(app) else { return Ok(()) };
                let Ok(bytes) = sign(&app.outgoing.key, &state) else { continue };
                let topic = Topic::AlertState { facility, unit: unit.clone(), alert: state.id };
                let facility = topic.facility().clone();
                bus.publish(topic, bytes).await?;
                let told = self.told.entry(state.id).or_insert(Told {
                    rev: state.rev,
                    level: state.level,
                    rows: Vec::new(),
                    ended: false,
                });
                told.rev = told.rev.max(state.rev);
                told.level = state.level;
                self.event(bus, facility, Phase::Continue, &state).await?;
            }
            publish_index(app, bus, &unit).await?;
            self.newcomers.remove(&unit);
        }
        Ok(())
    }

    /// Takes away the state of alerts that ended a day ago.
    pub(super) async fn clear_ended(
        &mut self,
        app: &App,
        bus: &dyn Bus,
    ) -> Result<(), PublishError> {
        let now = app.clock.clinical();
        let Some(before) = now.plus_minutes(-CLEAR_MINUTES).map(Instant::micros) else {
            return Ok(());
        };
        let old: Vec<(Uuid, Id)> = self
            .ended
            .iter()
            .filter(|(_, (at, _))| *at < before)
            .map(|(id, (_, unit))| (*id, unit.clone()))
            .collect();
        if old.is_empty() {
            return Ok(());
        }
        for (alert, unit) in old {
            let Some(facility) = facility(app) else { return Ok(()) };
            bus.publish(Topic::AlertState { facility, unit, alert }, Vec::new()).await?;
            self.ended.remove(&alert);
        }
        if let Err(error) = self.keep_ended(app).await {
            tracing::warn!(%error, "ended alerts were not kept");
        }
        Ok(())
    }

    async fn keep_ended(&self, app: &App) -> Result<(), StoreError> {
        let text = serde_json::to_string(&self.ended).unwrap_or_default();
        app.store.set_meta(&app.facility, ENDED, &text).await
    }
}

fn facility(app: &App) -> Option<Id> {
    Id::new(app.facility.as_str()).ok()
}

/// Our own signed state, read back from its row.
fn read(row: &Due) -> Option<AlertState> {
    let envelope: Signed = serde_json::from_slice(&row.bytes).ok()?;
    serde_json::from_str(&envelope.p).ok()
}

async fn publish_index(app: &App, bus: &dyn Bus, unit: &Id) -> Result<(), PublishError> {
    let (Some(facility), index) = (facility(app), index(app, unit)) else { return Ok(()) };
    let Ok(bytes) = sign(&app.outgoing.key, &index) else { return Ok(()) };
    bus.publish(Topic::AlertIndex { facility, unit: unit.clone() }, bytes).await
}

/// The log's size numbers the index: it grows with every change, over restarts too.
fn index(app: &App, unit: &Id) -> AlertIndex {
    let home = app.home();
    let here = home.alerts.values().filter(|a| a.unit.as_str() == unit.as_str());
    let open = here.map(|a| AlertIndexEntry { id: a.id.0, rev: a.rev }).collect();
    AlertIndex { seq: home.version, open }
}

/// Marks that are the same, in one lot.
fn gathered(lots: Vec<(Mark, Vec<i64>)>) -> Vec<(Mark, Vec<i64>)> {
    let mut all: Vec<(Mark, Vec<i64>)> = Vec::new();
    for (mark, seqs) in lots {
        match all.iter_mut().find(|(known, _)| *known == mark) {
            Some((_, known)) => known.extend(seqs),
            None => all.push((mark, seqs)),
        }
    }
    all
}
