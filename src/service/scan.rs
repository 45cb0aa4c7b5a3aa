//! A scan, from the page or from the cart's bridge: the same service, so that one scan id gets one
//! answer whichever way it came.

use sha2::{Digest, Sha256};

use super::activity::IDLE_CART_MICROS;
use super::app::App;
use super::lane::{Asked, Key, Outcome};
use emar_domain::administration::Override;
use emar_domain::decide::{Actor, Answer, Command, ScanCommand};
use emar_domain::home::Home;
use emar_domain::id::{CartId, ScanId};
use emar_domain::role::Role;

/// A scan as it came in.
#[derive(Clone, Debug)]
pub struct ScanInput {
    /// Made by the page or the bridge.
    pub scan_id: ScanId,
    /// The cart.
    pub cart: CartId,
    /// Text as read.
    pub raw: String,
    /// `wedge`, `bridge`, `key` or `keyed`.
    pub source: String,
    /// Version of the list on the screen, where there is one.
    pub list_version: Option<u64>,
    /// Its answer had been given up: stored, never charted.
    pub late: bool,
    /// Warnings the nurse gave a reason for.
    pub overrides: Vec<Override>,
}

/// Judges and carries out a scan under its id: the same id gets the same answer.
///
/// What the id stands for is the cart, the text and the overrides; a repetition that says `late` or
/// comes another way is still the same scan and still gets the first answer.
pub async fn scan(app: &App, input: ScanInput) -> Outcome {
    let (cart, bridge) = (input.cart.clone(), input.source == "bridge");
    sign_off_idle(app, &input.cart).await;
    let actor = actor(&app.home(), &input.cart);
    let key = Key {
        key: format!("scan/{}", input.scan_id),
        who: input.cart.to_string(),
        request_sha256: request(&input),
    };
    let command = Command::Scan(ScanCommand {
        id: input.scan_id,
        cart: input.cart,
        raw: input.raw,
        source: input.source,
        list_version: input.list_version,
        late: input.late,
        overrides: input.overrides,
    });
    let outcome = app.lane.ask(Asked { actor, key: Some(key), ..Asked::by_server(command) }).await;
    if bridge
        && let Outcome::Done { answer, .. } = &outcome
        && let Answer::Scan(answer) = &**answer
    {
        // No page may be open.
        let _ = app.scans.send((cart, answer.clone()));
    }
    outcome
}

/// A cart nobody touched for two minutes is signed off before its next scan is judged.
async fn sign_off_idle(app: &App, cart: &CartId) {
    let session = app.home().carts.get(cart).and_then(|c| c.session);
    let now = app.clock.machine();
    if session.is_some_and(|s| !app.activity.used(s, now, IDLE_CART_MICROS)) {
        let command = Command::SignOff { cart: Some(cart.clone()) };
        app.lane.ask(Asked::by_server(command)).await;
    }
}

/// Whoever is signed on at the cart; the cart itself when nobody is.
fn actor(home: &Home, cart: &CartId) -> Actor {
    let session = home.carts.get(cart).filter(|c| c.session.is_some());
    let user = session.and_then(|c| c.user).and_then(|u| home.users.get(&u)).filter(|u| u.active);
    Actor {
        user: user.map(|u| u.id),
        role: user.map_or(Role::Device, |u| u.role),
        session: user.and(session).and_then(|c| c.session),
        device: Some(cart.clone()),
        auth: if user.is_some() { "badge+pin" } else { "device" }.to_owned(),
    }
}

fn request(input: &ScanInput) -> [u8; 32] {
    let overrides = serde_json::to_string(&input.overrides).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [input.cart.as_str(), &input.raw, &overrides] {
        // The length keeps parts apart.
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
