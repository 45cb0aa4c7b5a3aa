//! What a server needs before it serves a home: the facility, its log's head, its policies, the
//! lease, and what it keeps for itself.

use super::super::value::bind;
use super::super::{Store, StoreError};
use super::statements;
use emar_domain::audit::tree::Frontier;
use emar_domain::id::FacilityId;
use emar_domain::time::Instant;

statements! {
    FACILITY_ADD = "INSERT INTO facility(id, log, at) SELECT $1, $2, $3 \
        WHERE NOT EXISTS (SELECT 1 FROM facility WHERE id = $1) ON CONFLICT DO NOTHING";
    HEAD_ADD = "INSERT INTO audit_head(log, epoch, size, frontier) SELECT $1, 1, 0, $2 \
        WHERE NOT EXISTS (SELECT 1 FROM audit_head WHERE log = $1) ON CONFLICT DO NOTHING";
    HEAD = "SELECT h.log, h.epoch, h.size, h.frontier FROM facility f \
        JOIN audit_head h ON h.log = f.log WHERE f.id = $1";
    FACILITIES = "SELECT id FROM facility ORDER BY id";
    POLICIES = "SELECT version, effective_from, at, body FROM policy \
        WHERE facility = $1 ORDER BY version";
    LEASE_RENEW = "UPDATE lease SET until = $3 \
        WHERE facility = $1 AND holder = $2 AND until >= $4 RETURNING holder";
    LEASE_TAKE = "INSERT INTO lease(facility, holder, until) VALUES ($1, $2, $3) \
        ON CONFLICT(facility) DO UPDATE SET holder = excluded.holder, until = excluded.until \
        WHERE lease.until < $4 RETURNING holder";
    LEASE_KEEP = "UPDATE lease SET until = $4 WHERE facility = $1 AND holder = $2 AND \
        $3 = (SELECT h.epoch FROM facility f JOIN audit_head h ON h.log = f.log WHERE f.id = $1) \
        RETURNING holder";
    LEASE_EPOCH = "UPDATE audit_head SET epoch = epoch + 1 \
        WHERE log = (SELECT log FROM facility WHERE id = $1) RETURNING epoch";
    LEASE = "SELECT l.holder, l.until, h.epoch FROM lease l JOIN facility f ON f.id = l.facility \
        JOIN audit_head h ON h.log = f.log WHERE l.facility = $1";
    META_SET = "INSERT INTO meta(facility, name, value) VALUES ($1, $2, $3) \
        ON CONFLICT(facility, name) DO UPDATE SET value = excluded.value";
    META = "SELECT value FROM meta WHERE facility = $1 AND name = $2";
}

/// A log's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The log's origin line.
    pub log: String,
    /// The epoch under which it may be written.
    pub epoch: i64,
    /// Its right edge, and with it its size.
    pub frontier: Frontier,
}

/// A stored version of a home's policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Counts from 1.
    pub version: u32,
    /// From when on it holds.
    pub effective_from: Instant,
    /// When it was recorded.
    pub at: Instant,
    /// Its text.
    pub body: String,
}

/// Who works for a home. Times are the machine's, in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The server.
    pub holder: String,
    /// Until when, unless renewed.
    pub until: i64,
    /// The epoch it writes under.
    pub epoch: i64,
}

impl Store {
    /// Makes a facility and its empty log unless they are there; the head as it stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ensure_facility(
        &self,
        facility: &FacilityId,
        log: &str,
        at: Instant,
    ) -> Result<Head, StoreError> {
        self.write(vec![
            (FACILITY_ADD, bind![facility.as_str(), log, at.micros()]),
            (HEAD_ADD, bind![log, Vec::<u8>::new()]),
        ])
        .await?;
        self.head(facility).await?.ok_or(StoreError::Usage("a facility just made is missing"))
    }

    /// The head of a facility's log.
    ///
    /// # Errors
    /// When the database fails or the head is damaged.
    pub async fn head(&self, facility: &FacilityId) -> Result<Option<Head>, StoreError> {
        let rows = self.read(HEAD, bind![facility.as_str()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let frontier = Frontier::from_bytes(row.size(2)?, &row.blob(3)?)
            .map_err(|e| StoreError::Damaged(e.to_string()))?;
        Ok(Some(Head { log: row.text(0)?, epoch: row.int(1)?, frontier }))
    }

    /// Facilities in the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn facilities(&self) -> Result<Vec<String>, StoreError> {
        self.read(FACILITIES, vec![]).await?.iter().map(|r| r.text(0)).collect()
    }

    /// All versions of a home's policy, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn policies(&self, facility: &FacilityId) -> Result<Vec<PolicyVersion>, StoreError> {
        let rows = self.read(POLICIES, bind![facility.as_str()]).await?;
        rows.iter()
            .map(|r| {
                Ok(PolicyVersion {
                    version: r.count(0)?,
                    effective_from: Instant::from_micros(r.int(1)?),
                    at: Instant::from_micros(r.int(2)?),
                    body: r.text(3)?,
                })
            })
            .collect()
    }

    /// Renews the lease when `holder` has it, takes it when it has run out; the epoch grows when
    /// it is taken. Answers who has it now: compare `holder`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_lease(
        &self,
        facility: &FacilityId,
        holder: &str,
        now: i64,
        until: i64,
    ) -> Result<Lease, StoreError> {
        let (store, facility, holder) = (self.clone(), facility.clone(), holder.to_owned());
        let done = tokio::spawn(async move {
            let mut conn = store.writer().await?;
            conn.begin().await?;
            let f = facility.as_str();
            let taken = async {
                let values = || bind![f, &holder, until, now];
                let renewed = !conn.fetch(LEASE_RENEW, values()).await?.is_empty();
                if !renewed && !conn.fetch(LEASE_TAKE, values()).await?.is_empty() {
                    conn.fetch(LEASE_EPOCH, bind![f]).await?;
                }
                let rows = conn.fetch(LEASE, bind![f]).await?;
                let row = rows.first().ok_or(StoreError::Usage("there is no such facility"))?;
                Ok(Lease { holder: row.text(0)?, until: row.int(1)?, epoch: row.int(2)? })
            };
            match taken.await {
                Ok(lease) => conn.commit().await.map(|()| lease),
                Err(error) => {
                    conn.rollback().await?;
                    Err(error)
                }
            }
        });
        done.await.map_err(|_| StoreError::Usage("taking the lease stopped half-way"))?
    }

    /// Keeps the lease that `holder` took under `epoch`, also one that ran out while nobody else
    /// took it: the epoch grows when the lease changes hands, not when a machine stood still. False
    /// when it is another's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_lease(
        &self,
        facility: &FacilityId,
        holder: &str,
        epoch: i64,
        until: i64,
    ) -> Result<bool, StoreError> {
        let values = bind![facility.as_str(), holder, epoch, until];
        Ok(!self.write_one(LEASE_KEEP, values).await?.is_empty())
    }

    /// Who has the lease.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lease(&self, facility: &FacilityId) -> Result<Option<Lease>, StoreError> {
        let rows = self.read(LEASE, bind![facility.as_str()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(Lease { holder: row.text(0)?, until: row.int(1)?, epoch: row.int(2)? }))
    }

    /// Keeps a value for the server itself (last clinical instant, demo mark).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_meta(
        &self,
        facility: &FacilityId,
        name: &str,
        value: &str,
    ) -> Result<(), StoreError> {
        self.write_one(META_SET, bind![facility.as_str(), name, value]).await.map(drop)
    }

    /// A value kept with [`Store::set_meta`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn meta(
        &self,
        facility: &FacilityId,
        name: &str,
    ) -> Result<Option<String>, StoreError> {
        let rows = self.read(META, bind![facility.as_str(), name]).await?;
        rows.first().map(|r| r.text(0)).transpose()
    }
}
