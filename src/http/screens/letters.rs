//! Messages of pharmacies that a person has to read.
use super::sight::Sight;
use crate::http::api::transcriptions::waiting;
use crate::http::auth::Auth;
use crate::http::pages::view::orders::{Letter, Letters};
use emar_domain::fact::Transcription;
use emar_domain::id::ResidentId;
use emar_domain::role::Action;

/// Those that wait, oldest first and `most` of them; of one resident only theirs.
#[must_use]
pub(super) fn letters(
    sight: &Sight<'_>,
    auth: &Auth,
    of: Option<ResidentId>,
    most: usize,
) -> Letters {
    let mut all: Vec<&Transcription> =
        waiting(sight.home, auth).filter(|t| of.is_none() || t.resident == of).collect();
    all.sort_by_key(|t| (t.at, t.id));
    let more = all.len().saturating_sub(most);
    Letters {
        rows: all.into_iter().take(most).map(|t| letter(sight, auth, t)).collect(),
        more: u32::try_from(more).unwrap_or(u32::MAX),
    }
}

fn letter(sight: &Sight<'_>, auth: &Auth, t: &Transcription) -> Letter {
    let w = sight.words();
    let resident = t.resident.and_then(|id| sight.home.residents.get(&id));
    let who = resident.map_or_else(
        || w.t("letters-nobody"),
        |r| format!("{}, {} · {}", r.family.0.to_uppercase(), r.given.0, r.room),
    );
    let says = if t.says.is_empty() { w.t("letters-unread") } else { t.says.clone() };
    Letter {
        id: t.id.to_string(),
        who,
        from: w.with("letters-from", &[("who", &t.sender), ("at", &sight.stamp(t.at))]),
        says,
        reasons: t.reasons.clone(),
        yours: auth.actor.role.may(Action::NoteOrder),
    }
}
