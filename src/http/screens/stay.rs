//! Where a resident stands with the home, and what may be recorded of it.
use super::sight::Sight;
use crate::http::auth::Auth;
use crate::http::pages::view::orders::{Stay, StayAct};
use emar_domain::id::ResidentId;
use emar_domain::resident::{Absence, Resident, ResidentState};
use emar_domain::role::Action;

/// Of one resident; nothing of one who is unknown.
#[must_use]
pub(super) fn stay(sight: &Sight<'_>, auth: &Auth, of: ResidentId) -> Option<Stay> {
    let resident = sight.home.residents.get(&of)?;
    let away = resident.absence_ahead(sight.now);
    let may = |action| auth.actor.role.may(action);
    let here = resident.lives_here();
    let left = resident.state == ResidentState::Discharged;
    let all = [
        (StayAct::Away, here && may(Action::RecordAbsence)),
        (StayAct::Back, here && away.is_some() && may(Action::RecordAbsence)),
        (StayAct::Discharge, here && may(Action::Admit)),
        (StayAct::Readmit, left && may(Action::Admit)),
    ];
    let name = format!("{}, {}", resident.family.0.to_uppercase(), resident.given.0);
    Some(Stay {
        resident: resident.id.to_string(),
        who: format!("{name} · {}", resident.room),
        says: says(sight, resident, away),
        acts: all.into_iter().filter(|(_, yes)| *yes).map(|(act, _)| act).collect(),
    })
}

fn says(sight: &Sight<'_>, resident: &Resident, away: Option<&Absence>) -> String {
    let w = sight.words();
    let left = &resident.left_because;
    let Some(away) = away else {
        return match resident.state {
            ResidentState::Admitted => w.t("stay-here"),
            ResidentState::Discharged => w.one("stay-discharged", "why", left),
            ResidentState::Deceased => w.one("stay-deceased", "why", left),
        };
    };
    let begun = if away.from <= sight.now { "listed-away" } else { "stay-to_be" };
    let id = format!("{begun}-{}", away.kind.code());
    let mut parts = vec![w.one(&id, "at", &sight.stamp(away.from))];
    parts.extend(away.until.map(|until| w.one("listed-until", "at", &sight.stamp(until))));
    parts.push(away.reason.clone());
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}
