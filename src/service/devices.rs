//! The bridge of a cart as a device of its own: it is enrolled beside the cart's page, by the same
//! one-time code, and revoked alone.

use crate::secret::{hex, sha256, unhex};
use emar_domain::home::Home;
use emar_domain::id::{BadSlug, CartId, Slug};

/// The kind of such a device.
pub const BRIDGE: &str = "bridge";

/// The device that is the bridge of `cart`.
///
/// # Errors
/// The cart's id leaves no room.
pub fn bridge_of(cart: &CartId) -> Result<Slug, BadSlug> {
    Slug::new(&format!("{cart}-bridge"))
}

/// Whether `password` is that of the enrolled bridge of the cart `user`, and the cart is in use.
#[must_use]
pub fn is_bridge(home: &Home, user: &str, password: &str) -> bool {
    let Ok(cart) = Slug::new(user) else { return false };
    let bridge = bridge_of(&cart).ok().and_then(|bridge| home.devices.get(&bridge));
    let active = home.devices.get(&cart).is_some_and(|d| d.kind == "cart" && d.active);
    let hash = unhex(password).map(|token| hex(&sha256(&token)));
    active
        && bridge.is_some_and(|d| {
            d.kind == BRIDGE && d.active && d.enrolled && hash.as_ref() == Some(&d.secret_sha256)
        })
}
