//! Loading a home: what is open or recent, by keys that do not grow with history.

use super::super::insert::{Texts, fetch_list};
use super::super::rows::kind;
use super::super::value::{Row, Value, bind};
use super::super::{Conn, Store, StoreError};
use super::statements;
use emar_domain::amount::{Amount, Unit};
use emar_domain::dose::{Dose, Prescribed, Slot, Withdrawal};
use emar_domain::drug::Label;
use emar_domain::fact::{Device, Fact, OrderEvent, User};
use emar_domain::home::{Home, READING_MINUTES};
use emar_domain::id::{DoseId, FacilityId, OrderId, ResidentId};
use emar_domain::order::{Order, OrderState};
use emar_domain::reading::Measured;
use emar_domain::schedule::policy::Policy;
use emar_domain::time::{CivilDate, CivilDateTime, Instant};
use emar_domain::zone::ZoneRules;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// How far back memory reaches, in minutes.
pub const MEMORY_MINUTES: i64 = 36 * 60;
/// How far ahead memory reaches when it is loaded, in minutes of due times; the doses planned
/// beyond it are in the database alone.
pub const AHEAD_MINUTES: i64 = 3 * 24 * 60;

macro_rules! dose_columns {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.orders, d.plan, d.civil_date, d.slot, d.resident, d.local_time, \
             s.due, s.opens, s.closes, s.shifted, s.withdrawn, s.changed, s.rev, \
             p.seq, p.rank, p.body, d.version, d.amount, d.unit \
             FROM dose_state s JOIN dose d ON d.id = s.dose \
             LEFT JOIN prepared p ON p.id = s.pot WHERE ",
            $rest
        )
    };
}

statements! {
    SIZE = "SELECT h.size FROM facility f JOIN audit_head h ON h.log = f.log WHERE f.id = $1";
    LIVE = "SELECT kind, body FROM latest WHERE facility = $1 AND live = 1";
    GONE = "SELECT kind, body FROM latest \
        WHERE facility = $1 AND live = 0 AND (kind = 'resident' OR at >= $2)";
    DOSES_OPEN = dose_columns!("s.facility = $1 AND s.is_open = 1 AND s.due < $2");
    DOSES_CLOSED = dose_columns!(
        "s.facility = $1 AND s.is_open = 0 AND s.due >= $2 AND s.due < $3");
    DOSES_PASSED_OVER = dose_columns!("s.facility = $1 AND s.due >= $2 AND s.is_open = 0 \
        AND s.withdrawn = 'superseded' \
        AND EXISTS (SELECT 1 FROM order_state t WHERE t.orders = s.orders AND t.plan = d.plan) \
        AND NOT EXISTS (SELECT 1 FROM dose_outcome o WHERE o.dose = s.dose)");
    DOSES_BETWEEN = dose_columns!("s.facility = $1 AND s.due >= $2 AND s.due < $3 \
        AND NOT EXISTS (SELECT 1 FROM dose_outcome o WHERE o.dose = s.dose)");
    DOSES_OF = dose_columns!("s.resident = $1 AND s.due >= $2 AND s.due < $3 \
        ORDER BY s.due, d.id");
    ORDERS_RUNNING = "SELECT orders FROM order_state \
        WHERE facility = $1 AND ended = 0 AND stop >= $2";
    ORDERS_ENDED = "SELECT orders FROM order_state \
        WHERE facility = $1 AND ended = 1 AND since >= $2";
    POTS = "SELECT seq, rank, body FROM prepared WHERE facility = $1 AND at >= $2";
    TAKEN = "SELECT seq, rank, body FROM administration \
        WHERE facility = $1 AND administered_at >= $2";
    OUTCOMES = "SELECT a.seq, a.rank, a.body FROM dose_state s \
        JOIN dose_outcome o ON o.dose = s.dose JOIN administration a ON a.id = o.administration \
        WHERE s.facility = $1 AND s.due >= $2 AND s.due < $3";
    READINGS = "SELECT body FROM reading WHERE facility = $1 AND at >= $2";
    READINGS_OF = "SELECT body FROM reading \
        WHERE resident = $1 AND at >= $2 AND at < $3 ORDER BY at, seq, rank";
    ALERTS = "SELECT body FROM alert WHERE facility = $1 AND is_open = 1";
    CARTS = "SELECT body FROM cart_session WHERE facility = $1";
}

const ORDERS: &str = "SELECT v.body, s.plan, s.changed, (SELECT d.due FROM dose_state d \
    JOIN dose p ON p.id = d.dose WHERE d.orders = s.orders AND d.rev > 0 AND p.plan = s.plan \
    AND p.slot >= 0 ORDER BY d.due DESC LIMIT 1) FROM order_state s \
    JOIN order_version v ON v.orders = s.orders AND v.version = s.version WHERE s.orders IN {}";
const EVENTS: &str = "SELECT body, seq FROM order_event WHERE orders IN {} \
    ORDER BY orders, seq, rank";
/// The last giving of each order of a list.
const LAST_TAKEN: &str = "SELECT a.seq, a.rank, a.body FROM order_state s \
    JOIN administration a ON a.id = (SELECT b.id FROM dose_state d \
      JOIN dose_outcome o ON o.dose = d.dose JOIN administration b ON b.id = o.administration \
      WHERE d.orders = s.orders AND o.taken = 1 ORDER BY b.administered_at DESC LIMIT 1) \
    WHERE s.orders IN {}";
const DOSES_FAR: &str = dose_columns!(
    "s.due >= $1 \
     AND NOT EXISTS (SELECT 1 FROM dose_outcome o WHERE o.dose = s.dose) AND s.orders IN {}"
);
const LABELS: &str = "SELECT body FROM label WHERE orders IN {} ORDER BY seq, rank";

/// The statements that take a list, for the test that prepares each.
#[cfg(test)]
pub(crate) const LISTS: &[&str] = &[ORDERS, EVENTS, LAST_TAKEN, DOSES_FAR, LABELS];

impl Store {
    /// The home as the rules see it at `now`: all residents (who comes back must be known, with
    /// their allergies), orders that run or ended lately, doses due before [`AHEAD_MINUTES`] that
    /// are open or were due within [`MEMORY_MINUTES`], and what belongs to them.
    ///
    /// # Errors
    /// When the facility is unknown, a row cannot be read, or the database fails.
    pub async fn load_home(
        &self,
        facility: &FacilityId,
        policy: Policy,
        zone: ZoneRules,
        now: Instant,
    ) -> Result<Home, StoreError> {
        let mut conn = self.reader().await?;
        conn.begin_read().await?;
        let home = Home::new(facility.clone(), policy, zone);
        let loaded = load(&mut conn, home, now).await;
        conn.rollback().await?;
        loaded
    }

    /// A home's doses due from `from` on and before `to` that were not charted yet: what memory is
    /// given when it is to reach until `to`.
    ///
    /// # Errors
    /// When a row cannot be read or the database fails.
    pub async fn doses_ahead(
        &self,
        facility: &FacilityId,
        from: Instant,
        to: Instant,
    ) -> Result<Vec<Dose>, StoreError> {
        let values = bind![facility.as_str(), from.micros(), to.micros()];
        let rows = self.read(DOSES_BETWEEN, values).await?;
        rows.iter().map(|row| Ok(read_dose(row)?.0)).collect()
    }

    /// The doses of these orders due from `from` on that were not charted yet.
    ///
    /// # Errors
    /// When a row cannot be read or the database fails.
    pub async fn doses_far(
        &self,
        orders: &BTreeSet<OrderId>,
        from: Instant,
    ) -> Result<Vec<Dose>, StoreError> {
        let list: Vec<Value> = orders.iter().map(|order| Value::from(order.0)).collect();
        let mut conn = self.reader().await?;
        let texts = &mut Texts::default();
        let from = [Value::from(from.micros())];
        let rows = fetch_list(&mut conn, texts, DOSES_FAR, &from, &list).await?;
        rows.iter().map(|row| Ok(read_dose(row)?.0)).collect()
    }

    /// A resident's doses due from `from` on and before `to`, in order of due time, with what
    /// became of each.
    ///
    /// # Errors
    /// When a row cannot be read or the database fails.
    pub async fn doses_of_resident(
        &self,
        resident: ResidentId,
        from: Instant,
        to: Instant,
    ) -> Result<Vec<Dose>, StoreError> {
        let values = bind![resident.0, from.micros(), to.micros()];
        let rows = self.read(DOSES_OF, values).await?;
        let mut doses = Vec::with_capacity(rows.len());
        for row in &rows {
            doses.push(read_dose(row)?.0);
        }
        for outcome in self.outcomes_of_resident(resident, from, to).await? {
            if let Some(dose) = doses.iter_mut().find(|d| d.id == outcome.0) {
                dose.outcome = Some(outcome.1);
            }
        }
        Ok(doses)
    }

    /// What was measured on a resident from `from` on and before `to`, in order of time.
    ///
    /// # Errors
    /// When a row cannot be read or the database fails.
    pub async fn readings_of_resident(
        &self,
        resident: ResidentId,
        from: Instant,
        to: Instant,
    ) -> Result<Vec<Measured>, StoreError> {
        let values = bind![resident.0, from.micros(), to.micros()];
        let rows = self.read(READINGS_OF, values).await?;
        rows.iter().map(|row| row.noun(0)).collect()
    }
}

pub(super) async fn load(
    conn: &mut Conn,
    mut home: Home,
    now: Instant,
) -> Result<Home, StoreError> {
    let facility = home.facility.as_str().to_owned();
    let since = now.plus_minutes(-MEMORY_MINUTES).unwrap_or(Instant::MIN);
    home.reach = now.plus_minutes(AHEAD_MINUTES).unwrap_or(Instant::MAX);
    let reach = home.reach.micros();
    let (one, two) = (|| bind![&facility], || bind![&facility, since.micros()]);
    let size = conn.fetch(SIZE, one()).await?;
    let unknown = || StoreError::Damaged(format!("there is no facility {facility}"));
    let size = size.first().ok_or_else(unknown)?.size(0)?;
    conn.each(LIVE, one(), |row| put_latest(&mut home, row)).await?;
    conn.each(GONE, two(), |row| put_latest(&mut home, row)).await?;
    let mut dose_changed = BTreeMap::new();
    let mut done = BTreeMap::new();
    let mut put = |row: &Row| {
        let (dose, changed, pot) = read_dose(row)?;
        dose_changed.extend(changed.map(|version| (dose.id, version)));
        done.extend(pot);
        home.put_dose(dose);
        Ok(())
    };
    conn.each(DOSES_OPEN, bind![&facility, reach], &mut put).await?;
    conn.each(DOSES_CLOSED, bind![&facility, since.micros(), reach], &mut put).await?;
    conn.each(DOSES_PASSED_OVER, bind![&facility, reach], put).await?;
    let mut orders: BTreeSet<Uuid> = home.doses.values().map(|d| d.slot.order.0).collect();
    for sql in [ORDERS_RUNNING, ORDERS_ENDED] {
        let add = |row: &Row| {
            orders.insert(row.id(0)?);
            Ok(())
        };
        conn.each(sql, two(), add).await?;
    }
    load_orders(conn, &mut home, &orders).await?;
    load_worn(conn, &mut home).await?;
    load_done(conn, &mut home, done, since).await?;
    load_readings(conn, &mut home, since).await?;
    for row in conn.fetch(ALERTS, one()).await? {
        home.put_alert(row.noun(0)?);
    }
    for row in conn.fetch(CARTS, one()).await? {
        home.apply(&Fact::Cart(row.noun(0)?), size);
    }
    home.dose_changed = dose_changed;
    home.version = size;
    Ok(home)
}

fn put_latest(home: &mut Home, row: &Row) -> Result<(), StoreError> {
    match row.text(0)?.as_str() {
        kind::RESIDENT => home.put_resident(row.noun(1)?),
        kind::PRODUCT => home.put_product(row.noun(1)?),
        kind::USER => home.put_user(row.noun::<User>(1)?),
        kind::TRANSCRIPTION => home.put_transcription(row.noun(1)?),
        kind::DEVICE => {
            let device: Device = row.noun(1)?;
            home.devices.insert(device.id.clone(), device);
        }
        other => return Err(StoreError::Damaged(format!("an unknown kind {other:?}"))),
    }
    Ok(())
}

/// What is on a body may come off long before it is due to.
async fn load_worn(conn: &mut Conn, home: &mut Home) -> Result<(), StoreError> {
    let pairs = home.orders.values().filter(|order| order.is_pair());
    let list: Vec<Value> = pairs.map(|order| Value::from(order.id().0)).collect();
    let from = [Value::from(home.reach.micros())];
    for row in fetch_list(conn, &mut Texts::default(), DOSES_FAR, &from, &list).await? {
        let (dose, ..) = read_dose(&row)?;
        if dose.is_worn() {
            home.put_dose(dose);
        }
    }
    Ok(())
}

/// Readings of late, and the last of each code as long as it may still count somewhere.
async fn load_readings(conn: &mut Conn, home: &mut Home, since: Instant) -> Result<(), StoreError> {
    let oldest = since.plus_minutes(-READING_MINUTES).unwrap_or(Instant::MIN);
    let values = bind![home.facility.as_str(), oldest.micros()];
    let put = |row: &Row| {
        home.put_reading(row.noun(0)?);
        Ok(())
    };
    conn.each(READINGS, values, put).await?;
    home.forget_readings(since);
    Ok(())
}

async fn load_orders(
    conn: &mut Conn,
    home: &mut Home,
    orders: &BTreeSet<Uuid>,
) -> Result<(), StoreError> {
    let texts = &mut Texts::default();
    let list: Vec<Value> = orders.iter().map(|id| Value::from(*id)).collect();
    let mut order_changed = BTreeMap::new();
    let mut plans = BTreeMap::new();
    for row in fetch_list(conn, texts, ORDERS, &[], &list).await? {
        let current: emar_domain::order::OrderVersion = row.noun(0)?;
        order_changed.insert(current.order, row.size(2)?);
        let (since, plan) = (current.start, row.count(1)?);
        let planned_until = row.int_opt(3)?.map(Instant::from_micros);
        plans.insert(current.order, (plan, planned_until));
        home.put_order(Order {
            current,
            plan,
            planned_until,
            state: OrderState::Draft,
            since,
            reason: String::new(),
            hold: None,
            do_not_give: None,
            noted_by: None,
            verified_by: None,
        });
    }
    for row in fetch_list(conn, texts, EVENTS, &[], &list).await? {
        let event: OrderEvent = row.noun(0)?;
        home.apply(&Fact::OrderEvent(Box::new(event)), row.size(1)?);
    }
    // An event that makes a new plan was counted already.
    for (id, plan) in plans {
        if let Some(order) = home.orders.get_mut(&id) {
            (order.plan, order.planned_until) = plan;
        }
    }
    for row in fetch_list(conn, texts, LABELS, &[], &list).await? {
        let label: Label = row.noun(0)?;
        home.labels.insert(label.code.clone(), label);
    }
    home.order_changed = order_changed;
    Ok(())
}

/// What was done, by the log's size after its entry and its place in it.
type Done = BTreeMap<(i64, i64), Fact>;

/// Pots and administrations are folded in as they were when they were committed, in that order.
async fn load_done(
    conn: &mut Conn,
    home: &mut Home,
    mut done: Done,
    since: Instant,
) -> Result<(), StoreError> {
    let values = bind![home.facility.as_str(), since.micros()];
    let pot = |row: &Row| {
        done.insert((row.int(0)?, row.int(1)?), Fact::Pot(row.noun(2)?));
        Ok(())
    };
    conn.each(POTS, values.clone(), pot).await?;
    let mut administration = |row: &Row| {
        done.insert((row.int(0)?, row.int(1)?), Fact::Administration(row.noun(2)?));
        Ok(())
    };
    conn.each(TAKEN, values.clone(), &mut administration).await?;
    let near = [values, bind![home.reach.micros()]].concat();
    conn.each(OUTCOMES, near, administration).await?;
    let prn = home.orders.values().filter(|o| o.is_prn()).map(|o| Value::from(o.id().0));
    let prn: Vec<Value> = prn.collect();
    for row in fetch_list(conn, &mut Texts::default(), LAST_TAKEN, &[], &prn).await? {
        done.insert((row.int(0)?, row.int(1)?), Fact::Administration(row.noun(2)?));
    }
    for fact in done.into_values() {
        home.apply(&fact, 0);
    }
    home.forget_taken(since);
    Ok(())
}

type Pot = Option<((i64, i64), Fact)>;

fn read_dose(row: &Row) -> Result<(Dose, Option<u64>, Pot), StoreError> {
    let bad = |what: &str| StoreError::Damaged(format!("the {what} of a dose"));
    let date = CivilDate::parse(&row.text(3)?).map_err(|_| bad("civil date"))?;
    let local = CivilDateTime::parse(&row.text(6)?).map_err(|_| bad("local time"))?;
    let withdrawn = row.text_opt(11)?.map(|code| read_withdrawal(&code)).transpose()?;
    let changed = row.int_opt(12)?.and_then(|v| u64::try_from(v).ok());
    let pot = match (row.int_opt(14)?, row.int_opt(15)?) {
        (Some(seq), Some(rank)) => Some(((seq, rank), Fact::Pot(row.noun(16)?))),
        _ => None,
    };
    let at = |column| row.int(column).map(Instant::from_micros);
    let dose = Dose {
        id: DoseId(row.id(0)?),
        slot: Slot { order: OrderId(row.id(1)?), plan: row.count(2)?, date, slot: row.int(4)? },
        resident: ResidentId(row.id(5)?),
        prescribed: read_prescribed(row, 17)?,
        rev: row.count(13)?,
        due: at(7)?,
        local,
        opens: at(8)?,
        closes: at(9)?,
        shifted: row.truth(10)?,
        withdrawn,
        outcome: None,
        prepared: None,
    };
    Ok((dose, changed, pot))
}

/// What the order said of a dose, from three columns that begin at `column`.
pub(super) fn read_prescribed(row: &Row, column: usize) -> Result<Prescribed, StoreError> {
    let unit = row.text_opt(column + 2)?;
    let amount = match (row.int_opt(column + 1)?, unit.as_deref().map(Unit::parse)) {
        (None, None) => None,
        (Some(nano), Some(Some(unit))) => Some(Amount { nano, unit }),
        _ => return Err(StoreError::Damaged(format!("the amount of a dose, in {unit:?}"))),
    };
    Ok(Prescribed { version: row.count(column)?, amount })
}

pub(super) fn read_withdrawal(code: &str) -> Result<Withdrawal, StoreError> {
    use Withdrawal as W;
    let order = [W::Superseded, W::Merged, W::Discontinued, W::Held, W::DoNotGive];
    let others = [W::Away, W::SelfManaged, W::NotApplied, W::EnteredInError];
    let known = order.into_iter().chain(others).find(|w| w.code() == code);
    known.ok_or_else(|| StoreError::Damaged(format!("an unknown withdrawal {code:?}")))
}
