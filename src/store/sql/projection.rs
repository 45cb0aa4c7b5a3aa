//! Projections from facts: the same statement refreshes one dose and rebuilds all of them.

use super::super::insert::{Texts, insert};
use super::super::rows::{self, Place, Rows};
use super::super::value::bind;
use super::super::{Conn, Store, StoreError};
use super::statements;
use emar_domain::fact::Fact;
use emar_domain::id::FacilityId;
use emar_domain::time::Instant;

macro_rules! order_refresh {
    ($which:literal) => {
        concat!(
            "UPDATE order_state SET \
             version = (SELECT max(v.version) FROM order_version v \
               WHERE v.orders = order_state.orders), \
             plan = (SELECT count(*) FROM order_version v WHERE v.orders = order_state.orders) \
               + (SELECT count(*) FROM order_event e \
               WHERE e.orders = order_state.orders AND e.act = 'hours_changed') \
               - (SELECT count(*) FROM order_event e \
               WHERE e.orders = order_state.orders AND e.act = 'renewed'), \
             stop = (SELECT coalesce(v.stop, 253402041600000000) FROM order_version v \
               WHERE v.orders = order_state.orders ORDER BY v.version DESC LIMIT 1), \
             since = coalesce((SELECT max(e.at) FROM order_event e \
               WHERE e.orders = order_state.orders), since), \
             ended = CASE WHEN (SELECT e.act FROM order_event e \
               WHERE e.orders = order_state.orders AND e.act <> 'verified' \
               ORDER BY e.seq DESC, e.rank DESC LIMIT 1) \
               IN ('discontinued', 'completed', 'entered_in_error') THEN 1 ELSE 0 END, \
             changed = (SELECT max(x.seq) FROM \
               (SELECT v.seq FROM order_version v WHERE v.orders = order_state.orders \
               UNION ALL SELECT e.seq FROM order_event e \
               WHERE e.orders = order_state.orders) x) WHERE ",
            $which
        )
    };
}

macro_rules! due_refresh {
    ($which:literal) => {
        concat!(
            "UPDATE dose_state SET (rev, due, opens, closes, shifted, withdrawn) = \
             (SELECT d.rev, d.due, d.opens, d.closes, d.shifted, d.withdrawn FROM dose_due d \
               WHERE d.dose = dose_state.dose ORDER BY d.rev DESC LIMIT 1) WHERE ",
            $which
        )
    };
}

macro_rules! open_refresh {
    ($which:literal) => {
        concat!(
            "UPDATE dose_state SET \
             pot = (SELECT p.id FROM prepared p \
               WHERE p.dose = dose_state.dose AND p.act = 'prepared' \
               AND NOT EXISTS (SELECT 1 FROM prepared q \
                 WHERE q.dose = p.dose AND (q.seq, q.rank) > (p.seq, p.rank)) \
               AND NOT EXISTS (SELECT 1 FROM administration a WHERE a.dose = p.dose \
                 AND a.effective = 1 AND (a.seq, a.rank) > (p.seq, p.rank))), \
             is_open = CASE WHEN withdrawn IS NULL AND NOT EXISTS \
               (SELECT 1 FROM dose_outcome o WHERE o.dose = dose_state.dose) \
               THEN 1 ELSE 0 END, \
             changed = (SELECT max(x.seq) FROM \
               (SELECT p.seq FROM prepared p WHERE p.dose = dose_state.dose \
               UNION ALL SELECT a.seq FROM administration a \
               WHERE a.dose = dose_state.dose) x) WHERE ",
            $which
        )
    };
}

/// Refreshes the orders of a list.
pub(crate) const ORDER: &str = order_refresh!("orders IN {}");
/// Refreshes when the doses of a list are due.
pub(crate) const DOSE_DUE: &str = due_refresh!("dose IN {}");
/// What rows of [`rows::DOSE_MARK`], in place of `{}`, make of their doses: the same as the refresh
/// below, without looking at what a dose has behind it.
pub(crate) const DOSE_MARK: &str = "UPDATE dose_state SET \
    pot = CASE WHEN v.column3 = 1 THEN dose_state.pot ELSE v.column2 END, \
    is_open = CASE WHEN v.column4 = 1 THEN 0 ELSE dose_state.is_open END, \
    changed = v.column5 FROM {} WHERE dose_state.dose = v.column1";
/// Refreshes what became of the doses of a list.
pub(crate) const DOSE_OPEN: &str = open_refresh!("dose IN {}");

statements! {
    ALL_ORDERS = order_refresh!("facility = $1");
    ALL_DUE = due_refresh!(
        "facility = $1 AND EXISTS (SELECT 1 FROM dose_due d WHERE d.dose = dose_state.dose)");
    ALL_OPEN = open_refresh!("facility = $1");
    CLEAR_OUTCOMES = "DELETE FROM dose_outcome WHERE EXISTS \
        (SELECT 1 FROM dose d WHERE d.id = dose_outcome.dose AND d.facility = $1)";
    CLEAR_DOSES = "DELETE FROM dose_state WHERE facility = $1";
    CLEAR_ORDERS = "DELETE FROM order_state WHERE facility = $1";
    CLEAR_ALERT_DOSES = "DELETE FROM alert_dose WHERE EXISTS \
        (SELECT 1 FROM alert a WHERE a.id = alert_dose.alert AND a.facility = $1)";
    CLEAR_ALERTS = "DELETE FROM alert WHERE facility = $1";
    CLEAR_LATEST = "DELETE FROM latest WHERE facility = $1";
    MAKE_ORDERS = "INSERT INTO order_state\
        (orders, facility, resident, version, plan, stop, since, ended, changed) \
        SELECT o.id, o.facility, o.resident, 1, 1, 253402041600000000, o.at, 0, o.seq \
        FROM orders o WHERE o.facility = $1";
    MAKE_DOSES = "INSERT INTO dose_state(dose, facility, orders, resident, rev, due, opens, \
        closes, shifted, withdrawn, pot, is_open, changed) \
        SELECT d.id, d.facility, d.orders, d.resident, 0, d.at, d.at, 253402041600000000, \
        0, NULL, NULL, 1, NULL FROM dose d WHERE d.facility = $1";
    MAKE_OUTCOMES = "INSERT INTO dose_outcome(dose, administration, taken, replaces, seq, rank) \
        SELECT a.dose, a.id, CASE WHEN a.outcome IN ('given', 'partial') THEN 1 ELSE 0 END, \
        a.corrects, a.seq, a.rank FROM administration a \
        WHERE a.facility = $1 AND a.effective = 1 AND NOT EXISTS (SELECT 1 FROM administration b \
        WHERE b.dose = a.dose AND b.effective = 1 AND (b.seq, b.rank) > (a.seq, a.rank))";
    RESIDENTS = "SELECT body, seq, rank, at FROM resident_event \
        WHERE facility = $1 ORDER BY seq, rank";
    PRODUCTS = "SELECT body, seq, rank, at FROM product WHERE facility = $1 ORDER BY seq, rank";
    USERS = "SELECT body, seq, rank, at FROM user_account WHERE facility = $1 ORDER BY seq, rank";
    DEVICES = "SELECT body, seq, rank, at FROM device WHERE facility = $1 ORDER BY seq, rank";
    TRANSCRIPTIONS = "SELECT body, seq, rank, at FROM transcription \
        WHERE facility = $1 ORDER BY seq, rank";
    ALERTS = "SELECT body, seq, rank, at FROM alert_event WHERE facility = $1 ORDER BY seq, rank";
}

impl Store {
    /// Makes every projection of a facility anew from its facts, in one transaction.
    ///
    /// # Errors
    /// When a fact cannot be read or the database fails; the projections then stay as they were.
    pub async fn rebuild_projections(&self, facility: &FacilityId) -> Result<(), StoreError> {
        let (store, facility) = (self.clone(), facility.clone());
        let done = tokio::spawn(async move {
            let mut conn = store.writer().await?;
            conn.begin().await?;
            match rebuild(&mut conn, &facility).await {
                Ok(()) => conn.commit().await,
                Err(error) => {
                    conn.rollback().await?;
                    Err(error)
                }
            }
        });
        done.await.map_err(|_| StoreError::Usage("the rebuild stopped half-way"))?
    }
}

async fn rebuild(conn: &mut Conn, facility: &FacilityId) -> Result<(), StoreError> {
    for sql in [
        CLEAR_OUTCOMES,
        CLEAR_DOSES,
        CLEAR_ORDERS,
        CLEAR_ALERT_DOSES,
        CLEAR_ALERTS,
        CLEAR_LATEST,
        MAKE_ORDERS,
        ALL_ORDERS,
        MAKE_OUTCOMES,
        MAKE_DOSES,
        ALL_DUE,
        ALL_OPEN,
    ] {
        conn.execute(sql, bind![facility.as_str()]).await?;
    }
    let mut rows = Rows::default();
    for (sql, read) in [
        (RESIDENTS, &|row: &super::super::Row| Ok(Fact::Resident(row.noun(0)?)) as ReadFact),
        (PRODUCTS, &|row| Ok(Fact::Product(row.noun(0)?))),
        (USERS, &|row| Ok(Fact::User(row.noun(0)?))),
        (DEVICES, &|row| Ok(Fact::Device(row.noun(0)?))),
        (TRANSCRIPTIONS, &|row| Ok(Fact::Transcription(row.noun(0)?))),
        (ALERTS, &|row| Ok(Fact::Alert(row.noun(0)?))),
    ]
        as [(&'static str, &(dyn Fn(&super::super::Row) -> ReadFact + Sync)); 6]
    {
        for row in conn.fetch(sql, bind![facility.as_str()]).await? {
            let (seq, rank) = (row.int(1)?, row.int(2)?);
            let at = Instant::from_micros(row.int(3)?);
            rows.add(&read(&row)?, Place { facility, seq, rank, at })?;
        }
    }
    let texts = &mut Texts::default();
    let latest = rows.latest.into_values().flatten().collect();
    let alerts = rows.alert.into_values().flatten().collect();
    let covered = rows.alert_dose.into_values().flatten().collect();
    insert(conn, texts, &rows::LATEST, latest).await?;
    insert(conn, texts, &rows::ALERT, alerts).await?;
    insert(conn, texts, &rows::ALERT_DOSE, covered).await?;
    Ok(())
}

type ReadFact = Result<Fact, StoreError>;
