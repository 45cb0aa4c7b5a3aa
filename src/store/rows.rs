//! Facts as rows: one place that says which columns a fact fills.

use super::StoreError;
use super::insert::Table;
use super::value::{Value, bind};
use emar_domain::administration::Administration;
use emar_domain::alert::{Alert, AlertState};
use emar_domain::dose::Prescribed;
use emar_domain::drug::Product;
use emar_domain::fact::{DoseDue, DoseFact, Fact, PotAct, PotFact};
use emar_domain::id::FacilityId;
use emar_domain::order::OrderVersion;
use emar_domain::resident::{Resident, ResidentState};
use emar_domain::time::Instant;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

macro_rules! tables {
    ($($const:ident = $name:literal ($($column:literal),+) $($tail:literal)?;)+) => {
        $(pub(crate) const $const: Table = Table {
            name: $name,
            columns: &[$($column),+],
            tail: concat!("", $($tail)?),
        };)+
        /// Every table written by [`super::insert::insert`].
        #[cfg(test)]
        pub(crate) const WRITTEN: &[&Table] = &[$(&$const),+];
    };
}

tables! {
    RESIDENT = "resident" ("id", "facility", "seq", "rank", "at");
    RESIDENT_EVENT = "resident_event" ("resident", "facility", "seq", "rank", "at", "body");
    PRODUCT = "product" ("id", "facility", "seq", "rank", "at", "body");
    PRODUCT_CODE = "product_code" ("product", "facility", "seq", "rank", "at", "system", "code");
    LABEL = "label" ("id", "facility", "seq", "rank", "at", "code", "orders", "resident", "body");
    ORDERS = "orders" ("id", "facility", "seq", "rank", "at", "resident", "sender", "placer");
    ORDER_VERSION = "order_version"
        ("orders", "version", "facility", "seq", "rank", "at", "stop", "body");
    ORDER_EVENT = "order_event"
        ("id", "facility", "seq", "rank", "at", "orders", "version", "act", "body");
    DOSE = "dose" ("id", "facility", "seq", "rank", "at", "orders", "plan", "civil_date", "slot",
        "resident", "local_time", "version", "amount", "unit");
    DOSE_DUE = "dose_due" ("dose", "rev", "facility", "seq", "rank", "at", "due", "opens", "closes",
        "shifted", "withdrawn");
    PREPARED = "prepared"
        ("id", "facility", "seq", "rank", "at", "dose", "orders", "resident", "act", "body");
    ADMINISTRATION = "administration" ("id", "facility", "seq", "rank", "at", "dose", "orders",
        "resident", "outcome", "actor", "administered_at", "corrects", "effective", "body");
    READING = "reading" ("id", "facility", "seq", "rank", "at", "resident", "kind", "body");
    SCAN_EVENT = "scan_event"
        ("id", "facility", "seq", "rank", "at", "cart", "resident", "dose", "body");
    ALERT_EVENT = "alert_event" ("alert", "rev", "facility", "seq", "rank", "at", "body");
    TRANSCRIPTION = "transcription" ("id", "rev", "facility", "seq", "rank", "at", "body");
    USER_ACCOUNT = "user_account" ("id", "rev", "facility", "seq", "rank", "at", "body");
    DEVICE = "device" ("id", "rev", "facility", "seq", "rank", "at", "body");
    POLICY = "policy" ("facility", "version", "seq", "rank", "at", "effective_from", "body");
    LATEST = "latest" ("facility", "kind", "id", "mark", "live", "seq", "rank", "at", "body")
        "ON CONFLICT(facility, kind, id) DO UPDATE SET mark = excluded.mark, live = excluded.live, \
         seq = excluded.seq, rank = excluded.rank, at = excluded.at, body = excluded.body";
    ORDER_STATE = "order_state"
        ("orders", "facility", "resident", "version", "plan", "stop", "since", "ended",
        "changed");
    DOSE_STATE = "dose_state" ("dose", "facility", "orders", "resident", "rev", "due", "opens",
        "closes", "shifted", "withdrawn", "pot", "is_open", "changed");
    // What drug went into the resident for stays, unless it is the record now corrected.
    DOSE_OUTCOME = "dose_outcome" ("dose", "administration", "taken", "replaces", "seq", "rank")
        "ON CONFLICT(dose) DO UPDATE SET administration = excluded.administration, \
         taken = excluded.taken, replaces = excluded.replaces, seq = excluded.seq, \
         rank = excluded.rank \
         WHERE dose_outcome.taken = 0 OR dose_outcome.administration = excluded.replaces";
    ALERT = "alert" ("id", "facility", "rev", "kind", "resident", "civil_date", "pass", "is_open",
        "changed_at", "body")
        "ON CONFLICT(id) DO UPDATE SET rev = excluded.rev, is_open = excluded.is_open, \
         changed_at = excluded.changed_at, body = excluded.body WHERE alert.rev < excluded.rev";
    // An alert that ended lets go of its doses: a dose that is missed again is covered anew.
    ALERT_DOSE = "alert_dose" ("dose", "kind", "alert")
        "ON CONFLICT(dose, kind) DO UPDATE SET alert = excluded.alert \
         WHERE alert_dose.alert = excluded.alert \
         OR EXISTS(SELECT 1 FROM alert a WHERE a.id = alert_dose.alert AND a.is_open = 0)";
    CART_SESSION = "cart_session" ("facility", "cart", "seq", "body")
        "ON CONFLICT(facility, cart) DO UPDATE SET seq = excluded.seq, body = excluded.body";
    IDEMPOTENCY = "idempotency"
        ("facility", "key", "who", "request_sha256", "status", "answer", "at");
    OUTBOX = "outbox" ("facility", "stream", "seq", "topic", "bytes");
    OUTBOX_STATE = "outbox_state" ("facility", "stream", "seq", "sent_at", "received_at",
        "applied_at", "failed_at", "next_at", "tries", "is_open");
    INBOX_ANSWER = "inbox_answer" ("facility", "sender", "message_id", "at", "answer");
    AUDIT = "audit" ("log", "seq", "leaf", "leaf_hash");
    AUDIT_TILE = "audit_tile" ("log", "tile_level", "tile_index", "hashes");
}

/// What a scan makes of a dose: `keeps` leaves the pot as it is, `done` closes the dose.
pub(crate) const DOSE_MARK: Table =
    Table { name: "dose_mark", columns: &["dose", "pot", "keeps", "done", "seq"], tail: "" };

/// Where a fact stands: which home, the log's size after its entry, its place in it, and when.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) facility: &'a FacilityId,
    pub(crate) seq: i64,
    pub(crate) rank: i64,
    pub(crate) at: Instant,
}

/// Kinds of the `latest` projection.
pub(crate) mod kind {
    pub(crate) const RESIDENT: &str = "resident";
    pub(crate) const PRODUCT: &str = "product";
    pub(crate) const TRANSCRIPTION: &str = "transcription";
    pub(crate) const USER: &str = "user";
    pub(crate) const DEVICE: &str = "device";
}

/// What a batch makes of a dose.
#[derive(Default)]
struct DoseMark {
    /// What is in the pot after it, where it says so.
    pot: Option<Option<Uuid>>,
    done: bool,
    seq: i64,
}

/// The rows of a batch, by table, and what must be refreshed after they are in.
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) residents: BTreeMap<Uuid, Vec<Value>>,
    pub(crate) resident_event: Vec<Value>,
    pub(crate) product: Vec<Value>,
    pub(crate) product_code: Vec<Value>,
    pub(crate) label: Vec<Value>,
    pub(crate) orders: BTreeMap<Uuid, Vec<Value>>,
    pub(crate) order_version: Vec<Value>,
    pub(crate) order_event: Vec<Value>,
    pub(crate) dose: Vec<Value>,
    pub(crate) dose_due: Vec<Value>,
    pub(crate) prepared: Vec<Value>,
    pub(crate) administration: Vec<Value>,
    pub(crate) reading: Vec<Value>,
    pub(crate) scan_event: Vec<Value>,
    pub(crate) alert_event: Vec<Value>,
    pub(crate) transcription: Vec<Value>,
    pub(crate) user_account: Vec<Value>,
    pub(crate) device: Vec<Value>,
    pub(crate) policy: Vec<Value>,
    pub(crate) latest: BTreeMap<(&'static str, String), Vec<Value>>,
    pub(crate) order_state: BTreeMap<Uuid, Vec<Value>>,
    pub(crate) dose_state: Vec<Value>,
    pub(crate) dose_outcome: BTreeMap<Uuid, Vec<Value>>,
    pub(crate) alert: BTreeMap<Uuid, Vec<Value>>,
    pub(crate) alert_dose: BTreeMap<(Uuid, &'static str), Vec<Value>>,
    pub(crate) cart_session: BTreeMap<String, Vec<Value>>,
    pub(crate) idempotency: Vec<Value>,
    pub(crate) outbox: Vec<Value>,
    pub(crate) outbox_state: Vec<Value>,
    pub(crate) inbox_answer: Vec<Value>,
    pub(crate) orders_touched: BTreeSet<Uuid>,
    pub(crate) doses_moved: BTreeSet<Uuid>,
    dose_marks: BTreeMap<Uuid, DoseMark>,
}

fn body<T: Serialize>(noun: &T) -> Result<String, StoreError> {
    serde_json::to_string(noun).map_err(|e| StoreError::Damaged(format!("a noun to store: {e}")))
}

impl Rows {
    /// Adds the rows of one fact.
    pub(crate) fn add(&mut self, fact: &Fact, place: Place<'_>) -> Result<(), StoreError> {
        let Place { facility, seq, rank, at } = place;
        let (f, at) = (facility.as_str(), at.micros());
        match fact {
            Fact::Resident(r) => self.add_resident(r, place)?,
            Fact::Product(p) => self.add_product(p, place)?,
            Fact::Label(l) => {
                let text = body(&**l)?;
                let (order, resident) = (l.order.0, l.resident.0);
                let row = bind![l.id.0, f, seq, rank, at, &l.code, order, resident, text];
                self.label.extend(row);
            }
            Fact::OrderVersion(v) => self.add_order_version(v, place)?,
            Fact::OrderEvent(e) => {
                let (act, text) = (e.act.code(), body(&**e)?);
                let row = bind![e.id.0, f, seq, rank, at, e.order.0, e.version, act, text];
                self.order_event.extend(row);
                self.orders_touched.insert(e.order.0);
            }
            Fact::Dose(d) => self.add_dose(d, place),
            Fact::DoseDue(d) => self.add_dose_due(d, place),
            Fact::Pot(p) => self.add_pot(p, place)?,
            Fact::Administration(a) => self.add_administration(a, place)?,
            Fact::Reading(m) => {
                let (at, resident, text) = (m.at.micros(), m.resident.0, body(&**m)?);
                self.reading.extend(bind![m.id.0, f, seq, rank, at, resident, &m.code, text]);
            }
            Fact::Scan(s) => {
                let (resident, dose) = (s.resident.map(|r| r.0), s.dose.map(|d| d.0));
                let (cart, text) = (s.cart.as_str(), body(&**s)?);
                let row = bind![s.id.0, f, seq, rank, s.at.micros(), cart, resident, dose, text];
                self.scan_event.extend(row);
            }
            Fact::Alert(a) => self.add_alert(a, place)?,
            Fact::Transcription(t) => {
                let text = body(&**t)?;
                self.transcription.extend(bind![t.id.0, t.rev, f, seq, rank, at, &text]);
                let (id, waits) = (t.id.to_string(), t.done.is_none());
                self.put_latest(kind::TRANSCRIPTION, &id, "", waits, place, text);
            }
            Fact::User(u) => {
                let text = body(&**u)?;
                self.user_account.extend(bind![u.id.0, u.rev, f, seq, rank, at, &text]);
                self.put_latest(kind::USER, &u.id.to_string(), &u.badge.0, true, place, text);
            }
            Fact::Device(d) => {
                let text = body(&**d)?;
                self.device.extend(bind![d.id.as_str(), d.rev, f, seq, rank, at, &text]);
                self.put_latest(kind::DEVICE, d.id.as_str(), "", true, place, text);
            }
            Fact::Cart(c) => {
                let row = bind![f, c.cart.as_str(), seq, body(&**c)?];
                self.cart_session.insert(c.cart.as_str().to_owned(), row);
            }
        }
        Ok(())
    }

    fn add_dose(&mut self, d: &DoseFact, place: Place<'_>) {
        let Place { facility, seq, rank, .. } = place;
        let f = facility.as_str();
        let (s, resident) = (d.slot, d.resident.0);
        let (date, local) = (s.date.to_string(), d.local.to_string());
        let planned = d.planned_at.micros();
        let Prescribed { version, amount } = d.prescribed;
        let (nano, unit) = (amount.map(|a| a.nano), amount.map(|a| a.unit.code()));
        self.dose.extend(bind![
            d.id.0, f, seq, rank, planned, s.order.0, s.plan, date, s.slot, resident, local,
            version, nano, unit
        ]);
        let (far, no) = (Instant::MAX.micros(), None::<i64>);
        self.dose_state.extend(bind![
            d.id.0,
            f,
            s.order.0,
            resident,
            0_i64,
            planned,
            planned,
            far,
            false,
            None::<&str>,
            None::<Uuid>,
            true,
            no
        ]);
    }

    fn add_dose_due(&mut self, d: &DoseDue, place: Place<'_>) {
        let Place { facility, seq, rank, .. } = place;
        let f = facility.as_str();
        let (due, opens, closes) = (d.due.micros(), d.opens.micros(), d.closes.micros());
        let why = d.withdrawn.map(|w| w.code());
        self.dose_due.extend(bind![
            d.dose.0,
            d.rev,
            f,
            seq,
            rank,
            d.at.micros(),
            due,
            opens,
            closes,
            d.shifted,
            why
        ]);
        self.doses_moved.insert(d.dose.0);
    }

    fn add_pot(&mut self, p: &PotFact, place: Place<'_>) -> Result<(), StoreError> {
        let Place { facility, seq, rank, .. } = place;
        let f = facility.as_str();
        let act = if p.act == PotAct::Prepared { "prepared" } else { "returned" };
        let (id, dose, text) = (p.id.0, p.dose.0, body(p)?);
        let (order, resident) = (p.order.0, p.resident.0);
        let row = bind![id, f, seq, rank, p.at.micros(), dose, order, resident, act, text];
        self.prepared.extend(row);
        let mark = self.dose_marks.entry(dose).or_default();
        mark.pot = Some((p.act == PotAct::Prepared).then_some(id));
        mark.seq = seq;
        Ok(())
    }

    fn put_latest(
        &mut self,
        kind: &'static str,
        id: &str,
        mark: &str,
        live: bool,
        place: Place<'_>,
        text: String,
    ) {
        let Place { facility, seq, rank, at } = place;
        let row = bind![facility.as_str(), kind, id, mark, live, seq, rank, at.micros(), text];
        self.latest.insert((kind, id.to_owned()), row);
    }

    fn add_resident(&mut self, r: &Resident, place: Place<'_>) -> Result<(), StoreError> {
        let Place { facility, seq, rank, at } = place;
        let (f, micros, text) = (facility.as_str(), at.micros(), body(r)?);
        self.residents.entry(r.id.0).or_insert_with(|| bind![r.id.0, f, seq, rank, micros]);
        self.resident_event.extend(bind![r.id.0, f, seq, rank, micros, &text]);
        let live = r.state == ResidentState::Admitted;
        self.put_latest(kind::RESIDENT, &r.id.to_string(), &r.band.0, live, place, text);
        Ok(())
    }

    fn add_product(&mut self, p: &Product, place: Place<'_>) -> Result<(), StoreError> {
        let Place { facility, seq, rank, at } = place;
        let (f, micros, text) = (facility.as_str(), at.micros(), body(p)?);
        self.product.extend(bind![p.id.0, f, seq, rank, micros, &text]);
        let gtins: BTreeSet<(&str, &str)> = p.gtins.iter().map(|g| ("gtin", g.as_str())).collect();
        for (system, code) in gtins.into_iter().chain(p.ndc11.as_deref().map(|n| ("ndc", n))) {
            self.product_code.extend(bind![p.id.0, f, seq, rank, micros, system, code]);
        }
        self.put_latest(kind::PRODUCT, &p.id.to_string(), "", true, place, text);
        Ok(())
    }

    fn add_order_version(&mut self, v: &OrderVersion, place: Place<'_>) -> Result<(), StoreError> {
        let Place { facility, seq, rank, at } = place;
        let (f, at, id, resident) = (facility.as_str(), at.micros(), v.order.0, v.resident.0);
        // The first version heard of may have any number; the ledger leaves out known orders.
        let (sender, placer) = (&v.source.sender, &v.source.placer);
        let row = || bind![id, f, seq, rank, at, resident, sender, placer];
        self.orders.entry(id).or_insert_with(row);
        let far = Instant::MAX.micros();
        let state = || bind![id, f, resident, v.version, 1_i64, far, at, false, seq];
        self.order_state.entry(id).or_insert_with(state);
        let stop = v.ends_at().map(Instant::micros);
        self.order_version.extend(bind![id, v.version, f, seq, rank, at, stop, body(v)?]);
        self.orders_touched.insert(id);
        Ok(())
    }

    fn add_administration(
        &mut self,
        a: &Administration,
        place: Place<'_>,
    ) -> Result<(), StoreError> {
        let Place { facility, seq, rank, .. } = place;
        let (id, dose, corrects) = (a.id.0, a.dose.0, a.corrects.map(|c| c.0));
        let (recorded, given) = (a.recorded_at.micros(), a.administered_at.micros());
        self.administration.extend(bind![
            id,
            facility.as_str(),
            seq,
            rank,
            recorded,
            dose,
            a.order.0,
            a.resident.0,
            a.outcome.code(),
            a.by.0,
            given,
            corrects,
            a.effective,
            body(a)?
        ]);
        if a.effective {
            let row = bind![dose, id, a.outcome.is_taken(), corrects, seq, rank];
            if self.dose_outcome.insert(dose, row).is_some() {
                return Err(StoreError::Conflict("two outcomes of one dose in a batch".into()));
            }
        }
        let mark = self.dose_marks.entry(dose).or_default();
        mark.seq = seq;
        if a.effective {
            mark.pot = Some(None);
            mark.done = true;
        }
        Ok(())
    }

    /// The rows of [`DOSE_MARK`].
    pub(crate) fn dose_marks(&self) -> Vec<Value> {
        let row = |(dose, mark): (&Uuid, &DoseMark)| {
            let (keeps, done) = (i64::from(mark.pot.is_none()), i64::from(mark.done));
            bind![*dose, mark.pot.flatten(), keeps, done, mark.seq]
        };
        self.dose_marks.iter().flat_map(row).collect()
    }

    fn add_alert(&mut self, a: &Alert, place: Place<'_>) -> Result<(), StoreError> {
        let Place { facility, seq, rank, .. } = place;
        let (f, id, text, changed) = (facility.as_str(), a.id.0, body(a)?, a.changed_at.micros());
        self.alert_event.extend(bind![id, a.rev, f, seq, rank, changed, &text]);
        let (kind, open, date) = (a.kind.code(), a.state != AlertState::Ended, a.date.to_string());
        self.alert.insert(
            id,
            bind![id, f, a.rev, kind, a.resident.0, date, &a.pass, open, changed, text],
        );
        for dose in &a.doses {
            self.alert_dose.insert((dose.0, kind), bind![dose.0, kind, id]);
        }
        Ok(())
    }
}
