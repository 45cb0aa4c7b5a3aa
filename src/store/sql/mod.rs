//! Statements, by noun.

mod audit;
mod home;
mod inbox;
mod lease;
mod outbox;
pub(crate) mod projection;
mod reading;
mod record;
mod session;

pub use audit::{AuditRow, CheckpointRow, CosignatureRow};
pub use home::{AHEAD_MINUTES, MEMORY_MINUTES};
pub use inbox::{OpenMessage, Received};
pub use lease::{Head, Lease, PolicyVersion};
pub use outbox::{Due, Mark};
pub use reading::{LeafRow, Reading};
pub use record::{DoneOn, DoseHistory};
pub use session::SessionRow;

/// Statements, each under its own name; a test prepares every one on both engines.
macro_rules! statements {
    ($($name:ident = $sql:expr;)+) => {
        $(pub(crate) const $name: &str = $sql;)+
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[&str] = &[$($name),+];
    };
}
pub(crate) use statements;

/// Every statement of this folder.
#[cfg(test)]
pub(crate) fn all() -> Vec<&'static str> {
    [
        audit::STATEMENTS,
        home::STATEMENTS,
        inbox::STATEMENTS,
        lease::STATEMENTS,
        outbox::STATEMENTS,
        projection::STATEMENTS,
        reading::STATEMENTS,
        record::STATEMENTS,
        session::STATEMENTS,
        super::ledger::FIXED,
    ]
    .concat()
}

/// What a scrape of the metrics reads, for the test of its plan.
#[cfg(test)]
pub(crate) const OUTBOX_OPEN: &str = outbox::OLDEST_OPEN;

/// Every statement that takes a list in place of `{}`.
#[cfg(test)]
pub(crate) fn lists() -> Vec<&'static str> {
    let refresh = &[projection::ORDER, projection::DOSE_DUE, projection::DOSE_OPEN];
    [super::ledger::LISTS, home::LISTS, refresh].concat()
}
