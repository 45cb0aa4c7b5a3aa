//! One cart's med pass over HTTP: wristband, packages, TAKEN, the next wristband.

use super::connection::{Connection, Reply};
use super::floor::{Cart, DOSES};
use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Before a request that was answered 503 is asked again.
const CALM: Duration = Duration::from_millis(20);

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Did {
    /// A wristband or a package was judged.
    Scanned {
        /// The scan's id.
        scan: Uuid,
        /// In so many microseconds.
        micros: u32,
    },
    /// A pot was confirmed.
    Taken {
        /// The scan's id.
        scan: Uuid,
        /// In so many microseconds.
        micros: u32,
        /// The administrations, as the server names them.
        administrations: Vec<String>,
    },
    /// Every dose of the cart is given.
    Finished,
}

/// What the load reads of an answer to a scan.
#[derive(Deserialize)]
struct Told {
    verdict: String,
    #[serde(default)]
    administrations: Vec<String>,
}

/// A nurse at a cart.
pub struct Nurse {
    cart: Cart,
    gtins: Arc<[String]>,
    connection: Option<Connection>,
    /// Rounds made: each gives one dose of every order.
    round: u32,
    bed: usize,
    /// 0: the wristband; then the packages; last TAKEN.
    place: usize,
    /// Sent and not answered: asked again with the same id.
    unanswered: Option<(Uuid, Value)>,
}

impl Nurse {
    /// A nurse who has not begun.
    #[must_use]
    pub fn new(cart: Cart, gtins: Arc<[String]>) -> Self {
        Self { cart, gtins, connection: None, round: 0, bed: 0, place: 0, unanswered: None }
    }

    /// Connects to a server and signs on: a session does not outlive the process it was opened at,
    /// the cart's place does.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses badge and PIN.
    pub async fn arrive(&mut self, server: SocketAddr) -> anyhow::Result<()> {
        let mut connection = Connection::open(server, &self.cart.token).await?;
        let badge = json!({
            "badge": self.cart.badge, "pin": self.cart.pin, "device": self.cart.id,
        });
        let reply = connection.post("/api/v1/sessions", &badge).await?;
        let told = reply.json();
        connection.signed_on(told["session"].as_str().with_context(|| refused(&reply))?);
        self.connection = Some(connection);
        Ok(())
    }

    /// The next request of the pass.
    ///
    /// # Errors
    /// When the connection broke (then [`Self::arrive`] again, and the request is repeated), or the
    /// server answered what no right pass is answered.
    pub async fn step(&mut self) -> anyhow::Result<Did> {
        if self.round == DOSES {
            return Ok(Did::Finished);
        }
        let (scan, body) = self.unanswered.take().unwrap_or_else(|| self.request());
        self.unanswered = Some((scan, body.clone()));
        let connection = self.connection.as_mut().context("not connected")?;
        let asked = Instant::now();
        let mut reply = connection.post("/api/v1/scans", &body).await?;
        while reply.status == 503 {
            tokio::time::sleep(CALM).await;
            reply = connection.post("/api/v1/scans", &body).await?;
        }
        let micros = u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX);
        let told: Option<Told> = serde_json::from_slice(&reply.body).ok();
        let Some(told) = told.filter(|t| reply.status == 200 && t.verdict == "ok") else {
            bail!("cart {}: {} was answered {}", self.cart.id, body["raw"], refused(&reply));
        };
        self.unanswered = None;
        let taken = self.place > self.gtins.len();
        self.move_on();
        if !taken {
            return Ok(Did::Scanned { scan, micros });
        }
        Ok(Did::Taken { scan, micros, administrations: told.administrations })
    }

    fn request(&self) -> (Uuid, Value) {
        let raw = match self.place {
            0 => self.cart.bands[self.bed].clone(),
            place => match self.gtins.get(place - 1) {
                // A resident has one order of each product: bed and round make the package unique.
                Some(gtin) => {
                    let number = self.cart.id.trim_start_matches("cart-");
                    let (bed, round) = (self.bed, self.round);
                    format!("]d201{gtin}1728083110B\u{1d}21{number}-{bed}-{round}")
                }
                None => "]C0EMAR:CMD:TAKEN".to_owned(),
            },
        };
        let scan = Uuid::now_v7();
        (scan, json!({"scan_id": scan, "cart": self.cart.id, "raw": raw, "source": "wedge"}))
    }

    fn move_on(&mut self) {
        self.place += 1;
        if self.place <= self.gtins.len() + 1 {
            return;
        }
        (self.place, self.bed) = (0, self.bed + 1);
        if self.bed == self.cart.bands.len() {
            (self.bed, self.round) = (0, self.round + 1);
        }
    }
}

fn refused(reply: &Reply) -> String {
    let text = String::from_utf8_lossy(&reply.body);
    let start: String = text.chars().take(400).collect();
    format!("{} {start}", reply.status)
}
