//! `judge`: what the rules say to a scan, on the slice of the home the page holds.
use emar_domain::cart::CartSession;
use emar_domain::home::Home;
use emar_domain::id::CartId;
use emar_domain::role::Role;
use emar_domain::time::Instant;
use emar_domain::verdict::read::named;
use emar_domain::verdict::{Target, judge, word};
use serde::Deserialize;
use serde_json::{Value, json};

/// `{"fn": "judge", "home": Home, "cart": id, "role"?, "raw", "list_version"?, "now": µs}`.
#[derive(Deserialize)]
pub(crate) struct JudgeScan {
    home: Home,
    cart: CartId,
    #[serde(default)]
    role: Option<Role>,
    raw: String,
    #[serde(default)]
    list_version: Option<u64>,
    now: Instant,
}

impl JudgeScan {
    /// `{"kind", "verdict", "objections": [{"code", "severity", "params"?}], "target": {..}}`.
    pub(crate) fn answer(self) -> Value {
        let home = self.home.indexed();
        let session = home.carts.get(&self.cart).cloned();
        let session = session.unwrap_or_else(|| CartSession::empty(self.cart));
        let what = named(&home, &self.raw, self.now);
        let judged = judge(&home, &session, self.role, &what, self.list_version, self.now);
        json!({
            "kind": judged.kind,
            "verdict": word(&judged.objections, &[]),
            "objections": judged.objections,
            "target": target(judged.target),
        })
    }
}

fn target(target: Target) -> Value {
    match target {
        Target::None => json!({ "kind": "none" }),
        Target::Badge(user) => json!({ "kind": "badge", "user": user }),
        Target::Resident(resident) => json!({ "kind": "resident", "resident": resident }),
        Target::Unit { order, dose, key: _, units } => {
            json!({ "kind": "unit", "order": order, "dose": dose, "units": units })
        }
        Target::Command(name) => json!({ "kind": "command", "command": name }),
    }
}
