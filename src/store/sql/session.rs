//! Sign-ons, kept by the hash of their secret. Times are the machine's, in microseconds.

use super::super::value::bind;
use super::super::{Row, Store, StoreError};
use super::statements;
use emar_domain::id::{FacilityId, SessionId, Slug, UserId};
use emar_domain::role::Role;

statements! {
    ADD = "INSERT INTO session(token_sha256, id, facility, actor, device, role, created_at, \
        expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = "SELECT token_sha256, id, facility, actor, device, role, created_at, expires_at, \
        revoked_at FROM session WHERE token_sha256 = $1";
    LIVE = "SELECT token_sha256, id, facility, actor, device, role, created_at, expires_at, \
        revoked_at FROM session WHERE facility = $1 AND expires_at > $2 AND revoked_at IS NULL";
    REVOKE = "UPDATE session SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    REVOKE_DEVICE = "UPDATE session SET revoked_at = $3 \
        WHERE facility = $1 AND device = $2 AND revoked_at IS NULL";
    REVOKE_ACTOR = "UPDATE session SET revoked_at = $3 \
        WHERE facility = $1 AND actor = $2 AND revoked_at IS NULL";
    PRUNE = "DELETE FROM session WHERE expires_at < $1";
}

/// A sign-on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the secret, which itself is stored nowhere.
    pub token_sha256: [u8; 32],
    /// Its public name.
    pub id: SessionId,
    /// The home.
    pub facility: FacilityId,
    /// Who.
    pub user: UserId,
    /// At which cart or station.
    pub device: Option<Slug>,
    /// As what.
    pub role: Role,
    /// When it began.
    pub created_at: i64,
    /// When it ends at the latest.
    pub expires_at: i64,
    /// When it was ended.
    pub revoked_at: Option<i64>,
}

impl SessionRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let bad = |what: &str| StoreError::Damaged(format!("the {what} of a session"));
        let role = row.text(5)?;
        let device = row.text_opt(4)?.map(|d| Slug::new(&d)).transpose();
        Ok(Self {
            token_sha256: row.sha256(0)?,
            id: SessionId(row.id(1)?),
            facility: Slug::new(&row.text(2)?).map_err(|_| bad("facility"))?,
            user: UserId(row.id(3)?),
            device: device.map_err(|_| bad("device"))?,
            role: Role::parse(&role).ok_or_else(|| bad("role"))?,
            created_at: row.int(6)?,
            expires_at: row.int(7)?,
            revoked_at: row.int_opt(8)?,
        })
    }
}

impl Store {
    /// Stores a sign-on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_session(&self, s: &SessionRow) -> Result<(), StoreError> {
        let device = s.device.as_ref().map(Slug::as_str);
        let facility = s.facility.as_str();
        let values = bind![
            s.token_sha256,
            s.id.0,
            facility,
            s.user.0,
            device,
            s.role.code(),
            s.created_at,
            s.expires_at,
            s.revoked_at
        ];
        self.write_one(ADD, values).await.map(drop)
    }

    /// The sign-on with this secret's hash, whether or not it has ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self, token_sha256: &[u8; 32]) -> Result<Option<SessionRow>, StoreError> {
        let rows = self.read(FIND, bind![*token_sha256]).await?;
        rows.first().map(SessionRow::read).transpose()
    }

    /// Sign-ons of a home that count at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn live_sessions(
        &self,
        facility: &FacilityId,
        now: i64,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let rows = self.read(LIVE, bind![facility.as_str(), now]).await?;
        rows.iter().map(SessionRow::read).collect()
    }

    /// Ends a sign-on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_session(&self, id: SessionId, at: i64) -> Result<(), StoreError> {
        self.write_one(REVOKE, bind![id.0, at]).await.map(drop)
    }

    /// Ends every sign-on at a device.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_sessions_at(
        &self,
        facility: &FacilityId,
        device: &Slug,
        at: i64,
    ) -> Result<(), StoreError> {
        let values = bind![facility.as_str(), device.as_str(), at];
        self.write_one(REVOKE_DEVICE, values).await.map(drop)
    }

    /// Ends every sign-on of a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_sessions_of(
        &self,
        facility: &FacilityId,
        user: UserId,
        at: i64,
    ) -> Result<(), StoreError> {
        self.write_one(REVOKE_ACTOR, bind![facility.as_str(), user.0, at]).await.map(drop)
    }

    /// Forgets sign-ons that ended before `before`; the audit log keeps that they were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prune_sessions(&self, before: i64) -> Result<(), StoreError> {
        self.write_one(PRUNE, bind![before]).await.map(drop)
    }
}
