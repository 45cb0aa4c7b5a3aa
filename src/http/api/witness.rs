//! A second person's check at the bedside.

use super::json::Json;
use super::keyed::Keyed;
use super::sessions::{SignOn, prove};
use super::settle_in;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use crate::service::lane::Asked;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::HeaderMap;
use emar_domain::amount::Amount;
use emar_domain::decide::{Command, WitnessCommand};
use emar_domain::id::{DoseId, OrderId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Badge and PIN of the second person, and the dose they worked out before seeing the giver's.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WitnessBody {
    /// The raw scan of the badge, or its number as typed.
    pub badge: String,
    /// 6 to 12 digits, entered now; no part of what is hashed for the request's key.
    #[serde(skip_serializing)]
    pub pin: String,
    /// The dose as they found it: `4 units`.
    pub amount: String,
}

impl WitnessBody {
    /// Who it is and what they found. They stand where the giver does: PIN and badge count at that
    /// device alone.
    ///
    /// # Errors
    /// As of signing on; 422 for a dose that is no amount.
    pub(super) async fn proven(
        &self,
        web: &Arc<Web>,
        headers: &HeaderMap,
        giver: &Auth,
    ) -> Result<(UserId, Amount), Problem> {
        let amount = Amount::parse_text(&self.amount);
        let amount = amount.map_err(|e| {
            Problem::malformed("/witness/amount", format!("{e}; write it as 4 units."))
        })?;
        let device = giver.actor.device.as_ref().map(ToString::to_string).unwrap_or_default();
        let (badge, pin) = (self.badge.clone(), self.pin.clone());
        let (user, _) = prove(web, headers, &SignOn { badge, pin, device, at: None }).await?;
        Ok((user.id, amount))
    }
}

/// A dose about to be given, and its second person.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckBody {
    /// The order.
    #[schema(value_type = String)]
    pub order: OrderId,
    /// The dose; absent for a PRN giving.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub dose: Option<DoseId>,
    /// The second person.
    pub witness: WitnessBody,
}

/// Checks a dose as a second person. It holds for the packages of that dose scanned at this cart in
/// the next five minutes.
#[utoipa::path(
    post, path = "/api/v1/witness", request_body = CheckBody, tag = "bedside",
    responses(
        (status = 200, description = "checked; scan the package"),
        (status = 401, body = Problem),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
        (status = 423, body = Problem),
    ),
)]
pub async fn post(
    State(web): State<Arc<Web>>,
    auth: Auth,
    headers: HeaderMap,
    keyed: Keyed,
    Json(body): Json<CheckBody>,
) -> Result<Reply<Value>, Problem> {
    let CheckBody { order, dose, witness } = body;
    let Some(cart) = auth.actor.device.clone() else {
        let detail = "A second person checks at the cart. Sign on there.";
        return Err(Problem::malformed("/", detail));
    };
    let (by, amount) = witness.proven(&web, &headers, &auth).await?;
    let command = Command::Witness(WitnessCommand { cart, order, dose, by, amount });
    let key = keyed.over("witness", &auth, &command);
    let actor = auth.actor;
    let asked = Asked { actor, key: Some(key), ..Asked::by_server(command) };
    settle_in(&web, keyed.lang, web.app.lane.ask(asked).await)?;
    Ok(Reply(json!({"witnessed_by": by, "order": order, "dose": dose})))
}
