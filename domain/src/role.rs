//! Roles, and what each may do: default deny, one table.

use serde::{Deserialize, Serialize};

/// Who somebody is to the system.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Registered or licensed nurse.
    Nurse,
    /// Medication aide.
    Aide,
    /// Charge nurse.
    Charge,
    /// Pharmacist.
    Pharmacist,
    /// Director of nursing, administrator.
    Don,
    /// State surveyor: reads, for a time.
    Surveyor,
    /// Auditor of the trail.
    Auditor,
    /// A cart or a station.
    Device,
}

/// Something a request wants to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Send a scan.
    Scan,
    /// Chart an outcome.
    Chart,
    /// Give what is PRN, insulin or controlled.
    ChartRestricted,
    /// Check as a second person what another gives.
    Witness,
    /// Correct one's own record.
    CorrectOwn,
    /// Correct another's record.
    CorrectOther,
    /// Take, snooze or escalate an alert.
    TakeAlert,
    /// Tell that an alert was shown.
    AlertShown,
    /// Enter an order.
    EnterOrder,
    /// Note an order.
    NoteOrder,
    /// Verify an order.
    VerifyOrder,
    /// Hold or discontinue an order, or withdraw it as entered in error.
    StopOrder,
    /// Lift another's mark "do not give", for the prescriber.
    LiftMark,
    /// Record that a resident is away, or back.
    RecordAbsence,
    /// Discharge or readmit a resident.
    Admit,
    /// Read residents, doses and the MAR.
    ReadMar,
    /// Read the audit trail.
    ReadAudit,
    /// Change users, devices and settings.
    Administer,
    /// Change the formulary and barcode links.
    Formulary,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Role] = &[
        Self::Nurse,
        Self::Aide,
        Self::Charge,
        Self::Pharmacist,
        Self::Don,
        Self::Surveyor,
        Self::Auditor,
        Self::Device,
    ];

    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Nurse => "nurse",
            Self::Aide => "aide",
            Self::Charge => "charge",
            Self::Pharmacist => "pharmacist",
            Self::Don => "don",
            Self::Surveyor => "surveyor",
            Self::Auditor => "auditor",
            Self::Device => "device",
        }
    }

    /// Reads a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|r| r.code() == code)
    }

    /// Whether the role may do `action`; what is not listed here is denied.
    #[must_use]
    pub const fn may(self, action: Action) -> bool {
        use Action as A;
        match self {
            Self::Nurse => matches!(
                action,
                A::Scan
                    | A::Chart
                    | A::ChartRestricted
                    | A::Witness
                    | A::CorrectOwn
                    | A::TakeAlert
                    | A::AlertShown
                    | A::EnterOrder
                    | A::NoteOrder
                    | A::VerifyOrder
                    | A::StopOrder
                    | A::RecordAbsence
                    | A::ReadMar
            ),
            Self::Aide => {
                matches!(action, A::Scan | A::Chart | A::CorrectOwn | A::AlertShown | A::ReadMar)
            }
            Self::Charge => matches!(
                action,
                A::Scan
                    | A::Chart
                    | A::ChartRestricted
                    | A::Witness
                    | A::CorrectOwn
                    | A::CorrectOther
                    | A::TakeAlert
                    | A::AlertShown
                    | A::EnterOrder
                    | A::NoteOrder
                    | A::VerifyOrder
                    | A::StopOrder
                    | A::LiftMark
                    | A::RecordAbsence
                    | A::Admit
                    | A::ReadMar
                    | A::ReadAudit
            ),
            Self::Pharmacist => {
                matches!(
                    action,
                    A::EnterOrder
                        | A::VerifyOrder
                        | A::StopOrder
                        | A::LiftMark
                        | A::ReadMar
                        | A::Formulary
                )
            }
            Self::Don => matches!(
                action,
                A::CorrectOwn
                    | A::Witness
                    | A::CorrectOther
                    | A::TakeAlert
                    | A::AlertShown
                    | A::Admit
                    | A::ReadMar
                    | A::ReadAudit
                    | A::Administer
            ),
            Self::Surveyor => matches!(action, A::ReadMar | A::ReadAudit),
            Self::Auditor => matches!(action, A::ReadAudit),
            Self::Device => matches!(action, A::Scan | A::AlertShown),
        }
    }
}
