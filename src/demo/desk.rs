//! A robot nurse's hands: the scanner, the panel's lights, and the page beside them.

use super::carts::DemoCarts;
use super::client::{Answer, Client};
use super::people::Person;
use crate::clock::Clock;
use emar_bridge::panel::{Cause, Signal};
use emar_domain::time::Instant;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// The bridge answers within 2 s; more than this means that it is not there.
const LIGHT_MAX: Duration = Duration::from_secs(4);

/// What the nurse saw after a scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Counted, opened or confirmed.
    Done,
    /// A question.
    Ask,
    /// Stop.
    Stop,
    /// Nothing that answers this scan.
    Nothing,
}

/// One line of a resident's list.
#[derive(Clone, Debug, Deserialize)]
pub struct DueDose {
    /// The dose.
    pub id: Uuid,
    /// Its order.
    pub order: Uuid,
    /// `planned`, `due`, `late` or `charted`.
    pub state: String,
    /// First instant on time.
    #[serde(with = "emar_domain::time::rfc3339")]
    pub opens_at: Instant,
    /// Last instant on time.
    #[serde(with = "emar_domain::time::rfc3339")]
    pub closes_at: Instant,
}

impl DueDose {
    /// Whether it waits to be given.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.state.as_str(), "due" | "late")
    }
}

#[derive(Deserialize)]
struct DueList {
    doses: Vec<DueDose>,
}

/// A nurse at a cart.
pub struct Desk {
    cart: String,
    nurse: Person,
    /// Comes when the home wants two.
    second: Option<Person>,
    carts: Arc<DemoCarts>,
    panel: watch::Receiver<Option<Signal>>,
    client: Client,
    clock: Arc<dyn Clock>,
    seen: Option<Uuid>,
    serial: u64,
}

impl Desk {
    /// A nurse who is not signed on yet.
    #[must_use]
    pub fn new(
        cart: &str,
        (nurse, second): (Person, Option<Person>),
        carts: Arc<DemoCarts>,
        panel: watch::Receiver<Option<Signal>>,
        client: Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let cart = cart.to_owned();
        Self { cart, nurse, second, carts, panel, client, clock, seen: None, serial: 0 }
    }

    /// Badge and PIN. False: not signed on.
    pub async fn sign_on(&mut self) -> bool {
        self.client.signed_on(None);
        let body = json!({"badge": self.nurse.badge, "pin": self.nurse.pin, "device": self.cart});
        let answer = self.told("sign on", self.client.post("/api/v1/sessions", &body, None).await);
        let session = answer
            .filter(Answer::is_done)
            .and_then(|a| a.body["session"].as_str().map(str::to_owned));
        let signed_on = session.is_some();
        self.client.signed_on(session);
        signed_on
    }

    fn told(
        &self,
        what: &str,
        answer: Result<Answer, super::client::ClientError>,
    ) -> Option<Answer> {
        match answer {
            Ok(answer) => {
                if !answer.is_done() {
                    let code = answer.body["code"].as_str().unwrap_or_default().to_owned();
                    let (cart, status) = (&self.cart, answer.status);
                    tracing::info!(%cart, what, status, code, "refused");
                }
                Some(answer)
            }
            Err(why) => {
                tracing::warn!(cart = %self.cart, what, %why, "robot nurse");
                None
            }
        }
    }

    /// The list of a resident; `None` when it cannot be read. Signs on again where that is asked.
    pub async fn doses(&mut self, resident: &str) -> Option<Vec<DueDose>> {
        let path = format!("/api/v1/residents/{resident}/doses");
        let mut answer = self.told("doses", self.client.get(&path).await)?;
        if answer.status == 401 && self.sign_on().await {
            answer = self.told("doses", self.client.get(&path).await)?;
        }
        let list: DueList =
            answer.is_done().then(|| serde_json::from_value(answer.body).ok())??;
        Some(list.doses)
    }

    /// A serial no package had before, also not before a restart: clinical time never goes back.
    pub fn fresh_serial(&mut self) -> u64 {
        let seconds = u64::try_from(self.clock.clinical().micros() / 1_000_000).unwrap_or(0);
        self.serial = (self.serial + 1).max(seconds * 10);
        self.serial
    }

    /// Scans, and looks at the light until it answers.
    pub async fn scan(&mut self, raw: &str) -> Seen {
        self.panel.mark_unchanged();
        if let Err(why) = self.carts.scan(&self.cart, raw) {
            tracing::warn!(cart = %self.cart, %why, "robot nurse");
            return Seen::Nothing;
        }
        let light = async {
            loop {
                if self.panel.changed().await.is_err() {
                    return Seen::Nothing;
                }
                let shown = *self.panel.borrow_and_update();
                let Some(signal) = shown else { continue };
                let seen = match signal.cause {
                    Cause::Committed | Cause::Noted => Seen::Done,
                    Cause::Ask => Seen::Ask,
                    Cause::Stop => Seen::Stop,
                    Cause::NoAnswer | Cause::Unreadable => Seen::Nothing,
                    _ => continue,
                };
                if signal.scan_id.is_none() || signal.scan_id != self.seen {
                    self.seen = signal.scan_id;
                    return seen;
                }
            }
        };
        tokio::time::timeout(LIGHT_MAX, light).await.unwrap_or(Seen::Nothing)
    }

    /// Answers the question the panel showed for `raw`, as the page does: asks again for the
    /// objections, gives each warning its first reason, and calls the second person, who finds
    /// `amount`. True: it went through.
    pub async fn answer(&mut self, raw: &str, amount: &str) -> bool {
        let Some(asked) = self.post_scan(raw, None, &[]).await else { return false };
        if asked["verdict"] != "ask" {
            return asked["verdict"] == "ok";
        }
        let objections = || asked["objections"].as_array().into_iter().flatten();
        // What takes the room of a dose to come can wait.
        if objections().any(|o| o["code"] == "prn_blocks_scheduled") {
            return false;
        }
        if objections().any(|o| o["severity"] == "witness") && !self.checked(&asked, amount).await {
            return false;
        }
        let warned = objections();
        let overrides: Vec<Value> = warned
            .filter(|o| o["severity"] == "warn")
            .map(|o| {
                let reason = o["reasons"][0].as_str().unwrap_or("other");
                json!({"code": o["code"], "reason": reason, "comment": ""})
            })
            .collect();
        let answer = self.post_scan(raw, asked["scan_id"].as_str(), &overrides).await;
        answer.is_some_and(|a| a["verdict"] == "ok")
    }

    /// The second person's check.
    async fn checked(&self, asked: &Value, amount: &str) -> bool {
        let Some(second) = &self.second else { return false };
        let witness = json!({"badge": second.badge, "pin": second.pin, "amount": amount});
        let body = json!({"order": asked["order"], "dose": asked["dose"], "witness": witness});
        let key = Uuid::now_v7().to_string();
        let answer = self.client.post("/api/v1/witness", &body, Some(&key)).await;
        self.told("second person", answer).is_some_and(|a| a.is_done())
    }

    async fn post_scan(
        &self,
        raw: &str,
        answers: Option<&str>,
        overrides: &[Value],
    ) -> Option<Value> {
        let body = json!({
            "scan_id": Uuid::now_v7(), "cart": self.cart, "raw": raw, "source": "wedge",
            "answers": answers, "overrides": overrides,
        });
        let answer = self.told("scan", self.client.post("/api/v1/scans", &body, None).await)?;
        answer.is_done().then_some(answer.body)
    }

    /// Charts that the resident would not take it.
    pub async fn refused(&self, dose: Uuid) -> bool {
        let body = json!({
            "dose": dose, "outcome": "refused", "reason": "REF", "mode": "now", "cart": self.cart,
            "comment": "turned the head away, offered twice",
        });
        let key = Uuid::now_v7().to_string();
        let answer = self.client.post("/api/v1/administrations", &body, Some(&key)).await;
        self.told("refused", answer).is_some_and(|a| a.is_done())
    }

    /// The clock on the wall.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.clinical()
    }
}
