//! Scans of carts: each cart's in their order, carts beside one another.

use super::{Bus, Delivery};
use crate::service::lane::Receipt;
use crate::service::scan::{ScanInput, scan};
use crate::service::{App, Outcome};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emar_domain::decide::{Answer, ScanAnswer, ScanEffect};
use emar_domain::id::{CartId, ScanId, Slug};
use emar_domain::verdict::Word;
use emar_wire::payload::{self, Scan, VerdictMessage, VerdictWord, decode, encode};
use emar_wire::{Id, Topic};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Scans of one cart that wait; a cart waits for its verdict before it sends the next.
const SCANS_MAX: usize = 32;

/// The carts that have scanned, each with a task of its own.
pub struct Carts {
    app: Arc<App>,
    bus: Arc<dyn Bus>,
    queues: BTreeMap<CartId, mpsc::Sender<Delivery>>,
}

impl Carts {
    /// Nobody has scanned yet.
    #[must_use]
    pub fn new(app: Arc<App>, bus: Arc<dyn Bus>) -> Self {
        Self { app, bus, queues: BTreeMap::new() }
    }

    /// Takes a scan to its cart's task. What comes from no cart of this home is dropped; so is what
    /// a cart sends faster than it is judged, which its bridge answers with STOP by itself.
    pub async fn take(&mut self, cart: Id, message: Delivery) {
        let Some(cart) = known(&self.app, &cart) else {
            tracing::warn!(%cart, "a scan of no cart of this home; enrol it with `emar cart add`");
            return message.ack.stored().await;
        };
        let (app, bus) = (&self.app, &self.bus);
        let queue = self.queues.entry(cart.clone()).or_insert_with(|| {
            let (queue, scans) = mpsc::channel(SCANS_MAX);
            tokio::spawn(serve(Arc::clone(app), Arc::clone(bus), cart.clone(), scans));
            queue
        });
        if let Err(refused) = queue.try_send(message) {
            tracing::warn!(%cart, "scans come faster than they are judged");
            let (mpsc::error::TrySendError::Full(message)
            | mpsc::error::TrySendError::Closed(message)) = refused;
            message.ack.stored().await;
        }
    }
}

fn known(app: &App, cart: &Id) -> Option<CartId> {
    let cart = Slug::new(cart.as_str()).ok()?;
    let device = app.home().devices.get(&cart).is_some_and(|d| d.active && d.kind == "cart");
    device.then_some(cart)
}

/// Ends when the bus does, since that drops the sender.
async fn serve(
    app: Arc<App>,
    bus: Arc<dyn Bus>,
    cart: CartId,
    mut scans: mpsc::Receiver<Delivery>,
) {
    let (Ok(facility), Ok(id)) = (Id::new(app.facility.as_str()), Id::new(cart.as_str())) else {
        return;
    };
    while let Some(Delivery { topic, payload, ack, .. }) = scans.recv().await {
        let read = decode::<Scan>(&payload, topic.kind().payload_bytes_max());
        let scanned = match read {
            Ok(scanned) => scanned,
            Err(error) => {
                // Without an id there is nothing to answer; the bridge shows STOP after 2 s.
                tracing::warn!(%error, %cart, "a scan that cannot be read");
                ack.stored().await;
                continue;
            }
        };
        let scan_id = scanned.scan_id;
        let late = scanned.is_spent(app.clock.machine());
        let outcome = scan(&app, input(&cart, scanned, late)).await;
        // Stored, refused, or not to be had: the bridge has its answer either way.
        ack.stored().await;
        let topic = Topic::CartVerdict { facility: facility.clone(), cart: id.clone() };
        let Ok(bytes) = encode(&verdict(scan_id, outcome)) else { continue };
        if let Err(error) = bus.publish(topic, bytes).await {
            tracing::warn!(%error, %cart, "a verdict was not sent");
        }
    }
}

fn input(cart: &CartId, scanned: Scan, late: bool) -> ScanInput {
    let Scan { scan_id, mut raw, symbology, .. } = scanned;
    if let Some(symbology) = symbology.filter(|s| !raw.starts_with(s.as_str())) {
        raw.insert_str(0, &symbology);
    }
    ScanInput {
        scan_id: ScanId(scan_id),
        cart: cart.clone(),
        raw,
        source: "bridge".to_owned(),
        list_version: None,
        late,
        overrides: Vec::new(),
    }
}

/// The server's answer as it goes to the cart: a receipt for what was charted and nothing else, and
/// without a receipt no green light.
fn verdict(scan_id: uuid::Uuid, outcome: Outcome) -> VerdictMessage {
    let stop = |code: &str| VerdictMessage {
        scan_id,
        verdict: VerdictWord::Stop,
        objections: vec![code.to_owned()],
        receipt: None,
    };
    match outcome {
        Outcome::Done { answer, receipt, .. } => match *answer {
            Answer::Scan(answer) => VerdictMessage {
                scan_id,
                verdict: word(&answer),
                objections: answer.objections.iter().map(|o| o.code.code().to_owned()).collect(),
                receipt: (!answer.administrations.is_empty()).then(|| receipt_of(&receipt)),
            },
            _ => stop("unavailable"),
        },
        Outcome::Refused(refusal) => stop(&refusal.code),
        Outcome::KeyReused => stop("key_reused"),
        Outcome::Unavailable | Outcome::Unknown => stop("unavailable"),
    }
}

/// A badge is answered with a question, the PIN: an ok would open the drawer for whoever holds it.
fn word(answer: &ScanAnswer) -> VerdictWord {
    match answer.verdict {
        Word::Ok if answer.effect == ScanEffect::Badge => VerdictWord::Ask,
        Word::Ok => VerdictWord::Ok,
        Word::Ask => VerdictWord::Ask,
        Word::Stop => VerdictWord::Stop,
    }
}

fn receipt_of(receipt: &Receipt) -> payload::Receipt {
    let hex = receipt.leaf_hash.as_bytes();
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let byte = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    let bytes: Option<Vec<u8>> = hex.chunks_exact(2).map(byte).collect();
    payload::Receipt {
        seq: receipt.seq,
        leaf_hash: STANDARD.encode(bytes.unwrap_or_default()),
        promise: None,
    }
}
