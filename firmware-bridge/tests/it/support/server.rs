use std::sync::Arc;

use emar_wire::client::{self, Event, Handle, Options};
use emar_wire::payload::{self, CartHealth, Receipt, Scan, VerdictMessage, VerdictWord};
use emar_wire::{Id, Role, Topic};
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

use super::SOON;
use super::broker::PASSWORD;

pub(crate) fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

/// What the server does with a scan: its text up to a `#` says it. A late scan is always answered stop.
fn answer(scan: &Scan) -> Option<VerdictMessage> {
    let (verdict, receipt) = match scan.raw.split('#').next().unwrap() {
        _ if scan.late => (VerdictWord::Stop, false),
        "OK-RECEIPT" => (VerdictWord::Ok, true),
        "OK" => (VerdictWord::Ok, false),
        "ASK" => (VerdictWord::Ask, false),
        "ASK-RECEIPT" => (VerdictWord::Ask, true),
        "STOP" => (VerdictWord::Stop, false),
        _ => return None,
    };
    Some(verdict_message(scan.scan_id, verdict, receipt))
}

pub(crate) fn verdict_message(
    scan_id: Uuid,
    verdict: VerdictWord,
    receipt: bool,
) -> VerdictMessage {
    let receipt = receipt.then(|| Receipt { seq: 1, leaf_hash: "AA==".into(), promise: None });
    VerdictMessage { scan_id, verdict, objections: vec![], receipt }
}

/// The server's end of the bus.
pub(crate) struct Server {
    handle: Handle,
    scans: mpsc::UnboundedReceiver<Scan>,
    health: mpsc::UnboundedReceiver<CartHealth>,
}

impl Server {
    pub(crate) async fn start(port: u16) -> Self {
        let mut filters = Role::Server { facility: id("oakhill") }.filters();
        filters.push("emar/v1/oakhill/cart/+/health".to_owned());
        let options = Options {
            subscriptions: filters,
            ..Options::new(
                ("127.0.0.1", port),
                id("server"),
                ("server", PASSWORD),
                Arc::new(|| 1_793_602_800_000_000),
            )
        };
        let (handle, mut events) = client::connect(options);
        let (scans_out, scans) = mpsc::unbounded_channel();
        let (health_out, health) = mpsc::unbounded_channel();
        let (ready, connected) = tokio::sync::oneshot::channel();
        let mut ready = Some(ready);
        let server = Self { handle: handle.clone(), scans, health };
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                match event {
                    Event::Connected { .. } => drop(ready.take().map(|ready| ready.send(()))),
                    Event::Disconnected { .. } => {}
                    Event::Message(message) => {
                        if let Topic::CartScan { .. } = message.topic {
                            let scan: Scan = payload::decode(&message.payload, 65_536).unwrap();
                            if let Some(verdict) = answer(&scan) {
                                publish_verdict(&handle, &verdict).await;
                            }
                            let _ = scans_out.send(scan);
                        }
                        if let Topic::CartHealth { .. } = message.topic {
                            let _ =
                                health_out.send(payload::decode(&message.payload, 65_536).unwrap());
                        }
                        if let Some(ack) = message.ack {
                            handle.ack(ack).await;
                        }
                    }
                }
            }
        });
        timeout(SOON, connected).await.expect("server connects").unwrap();
        server
    }

    /// The next health that is as `like` says.
    pub(crate) async fn health_when(&mut self, like: impl Fn(&CartHealth) -> bool) -> CartHealth {
        loop {
            let health = timeout(SOON, self.health.recv()).await.expect("health is told").unwrap();
            if like(&health) {
                return health;
            }
        }
    }

    /// The next scan that arrived.
    pub(crate) async fn scan(&mut self) -> Scan {
        timeout(SOON, self.scans.recv()).await.expect("a scan arrives").unwrap()
    }

    pub(crate) fn no_scan(&mut self) -> bool {
        self.arrived().is_empty()
    }

    /// Ends it. Returns what arrived and was not asked for.
    pub(crate) async fn stop(mut self) -> Vec<Scan> {
        self.handle.shutdown().await;
        let mut rest = Vec::new();
        while let Ok(Some(scan)) = timeout(SOON, self.scans.recv()).await {
            rest.push(scan);
        }
        rest
    }

    /// What arrived and was not asked for so far.
    pub(crate) fn arrived(&mut self) -> Vec<Scan> {
        std::iter::from_fn(|| self.scans.try_recv().ok()).collect()
    }

    /// Answers ok with a receipt, asked or not.
    pub(crate) async fn commit(&self, scan_id: Uuid) {
        self.say(&verdict_message(scan_id, VerdictWord::Ok, true)).await;
    }

    pub(crate) async fn say(&self, verdict: &VerdictMessage) {
        publish_verdict(&self.handle, verdict).await;
    }
}

async fn publish_verdict(handle: &Handle, verdict: &VerdictMessage) {
    let topic = Topic::CartVerdict { facility: id("oakhill"), cart: id("cart-1") };
    let bytes = payload::encode(verdict).unwrap();
    // A server that is being ended answers no more.
    if let Ok(ack) = handle.publish(&topic, bytes).await {
        let _ = ack.await;
    }
}

/// Whether the broker lets that user in.
pub(crate) async fn connects(port: u16, user: &str, password: &str) -> bool {
    let login = (user.to_owned(), password.to_owned());
    let now = Arc::new(|| 1_793_602_800_000_000);
    let (handle, mut events) =
        client::connect(Options::new(("127.0.0.1", port), id("guest"), login, now));
    let event = timeout(SOON, events.recv()).await.expect("the broker answers");
    handle.shutdown().await;
    matches!(event, Some(Event::Connected { .. }))
}
