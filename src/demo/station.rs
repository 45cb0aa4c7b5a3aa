//! A listening station for each unit, and a charge nurse who takes alerts after a while.

use super::client::Client;
use super::people::{Person, Post};
use super::random::Random;
use crate::clock::Clock;
use ed25519_dalek::VerifyingKey;
use emar_domain::time::Instant;
use emar_wire::client::{Announced, Event, Handle, Message, Options, connect};
use emar_wire::payload::{AlertIndex, AlertLife, AlertState, Heartbeat, Presence, Shown, encode};
use emar_wire::signed::Keyring;
use emar_wire::{Id, IdError, Role, Topic};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant as Monotonic};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Three heartbeats of five seconds.
const SERVER_SILENT: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_secs(1);
/// Clinical minutes until the charge nurse takes an alert, and how much longer at most.
const TAKEN_AFTER: (i64, u64) = (4, 8);
const STOP_MAX: Duration = Duration::from_secs(5);

/// What the stations are told.
#[derive(Clone)]
pub struct Watch {
    /// The home's id in topics.
    pub facility: Id,
    /// The broker.
    pub broker: SocketAddr,
    /// The server's pages and API.
    pub server: SocketAddr,
    /// The key the server signs with.
    pub key: VerifyingKey,
    /// Clinical and machine time.
    pub clock: Arc<dyn Clock>,
    /// Who takes alerts.
    pub charge: Person,
}

/// Stations at work.
pub struct Stations {
    stop: watch::Sender<bool>,
    running: Vec<JoinHandle<()>>,
}

impl Stations {
    /// Starts one for each of `posts`, with its password at the broker.
    ///
    /// # Errors
    /// [`IdError`] for an id that cannot stand in a topic.
    pub fn start(posts: &[(Post, String)], seed: u64, told: &Watch) -> Result<Self, IdError> {
        let (stop, stopped) = watch::channel(false);
        let mut running = Vec::new();
        for (post, password) in posts {
            let station = Station::new(post, seed, told)?;
            let options = station.options(password);
            running.push(tokio::spawn(station.work(options, stopped.clone())));
        }
        Ok(Self { stop, running })
    }

    /// Stops them; each says goodbye to the broker.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for station in self.running {
            if tokio::time::timeout(STOP_MAX, station).await.is_err() {
                tracing::warn!("a demo station did not stop");
            }
        }
    }
}

/// An alert on the screen.
struct OnScreen {
    rev: u32,
    waits: bool,
    take_at: Instant,
}

struct Station {
    id: Id,
    unit: Id,
    told: Watch,
    keys: Keyring,
    alerts: BTreeMap<Uuid, OnScreen>,
    random: Random,
    heard: Monotonic,
    is_silent: bool,
}

impl Station {
    fn new(post: &Post, seed: u64, told: &Watch) -> Result<Self, IdError> {
        Ok(Self {
            id: Id::new(post.id.as_str())?,
            unit: Id::new(post.unit.as_str())?,
            told: told.clone(),
            keys: Keyring::new([told.key]),
            alerts: BTreeMap::new(),
            random: Random::new(seed, &format!("station {}", post.id)),
            heard: Monotonic::now(),
            is_silent: false,
        })
    }

    fn options(&self, password: &str) -> Options {
        let facility = self.told.facility.clone();
        let clock = Arc::clone(&self.told.clock);
        let broker = (self.told.broker.ip().to_string(), self.told.broker.port());
        let mut options = Options::new(
            broker,
            self.id.clone(),
            (self.id.as_str(), password),
            Arc::new(move || clock.machine()),
        );
        let role = Role::Station {
            facility: facility.clone(),
            station: self.id.clone(),
            units: vec![self.unit.clone()],
        };
        options.subscriptions = role.filters();
        options.announced = Some(Announced {
            topic: Topic::StationPresence { facility, station: self.id.clone() },
            presence: Presence {
                units: vec![self.unit.clone()],
                build: Some(env!("CARGO_PKG_VERSION").to_owned()),
                ..Presence::default()
            },
        });
        options
    }

    async fn work(mut self, options: Options, mut stop: watch::Receiver<bool>) {
        let (handle, mut events) = connect(options);
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stop.changed() => break,
                event = events.recv() => match event {
                    Some(Event::Message(message)) => self.message(message, &handle).await,
                    Some(Event::Disconnected { why }) => tracing::info!(%why, "demo station"),
                    Some(Event::Connected { .. }) => self.heard = Monotonic::now(),
                    None => break,
                },
                _ = look.tick() => {
                    self.listen();
                    self.take_one().await;
                }
            }
        }
        handle.shutdown().await;
    }

    async fn message(&mut self, message: Message, handle: &Handle) {
        let max = message.topic.kind().payload_bytes_max();
        match &message.topic {
            Topic::AlertState { alert, .. } if message.payload.is_empty() => {
                self.alerts.remove(alert);
            }
            Topic::AlertState { .. } => match self.keys.open::<AlertState>(&message.payload, max) {
                Ok(state) => self.show(&state, handle).await,
                Err(why) => tracing::warn!(%why, "demo station: an alert it does not believe"),
            },
            Topic::AlertIndex { .. } => {
                if let Ok(index) = self.keys.open::<AlertIndex>(&message.payload, max) {
                    self.alerts.retain(|id, _| index.open.iter().any(|entry| entry.id == *id));
                }
            }
            Topic::Heartbeat { .. }
                if !message.retained
                    && self.keys.open::<Heartbeat>(&message.payload, max).is_ok() =>
            {
                self.heard = Monotonic::now();
            }
            _ => {}
        }
        if let Some(token) = message.ack {
            handle.ack(token).await;
        }
    }

    /// Shows a revision and says so; an older one than shown is not shown again.
    async fn show(&mut self, state: &AlertState, handle: &Handle) {
        if state.state == AlertLife::Ended {
            self.alerts.remove(&state.id);
        } else {
            let (least, more) = TAKEN_AFTER;
            let patience = least + i64::try_from(self.random.below(more)).unwrap_or(0);
            let now = self.told.clock.clinical();
            let take_at = now.plus_minutes(patience).unwrap_or(now);
            let shown =
                self.alerts.entry(state.id).or_insert(OnScreen { rev: 0, waits: false, take_at });
            let waits = state.state == AlertLife::Active;
            if waits && !shown.waits {
                shown.take_at = take_at;
            }
            if state.rev >= shown.rev {
                shown.rev = state.rev;
                shown.waits = waits;
            }
        }
        let at = self.told.clock.machine();
        let shown = Shown { alert_id: state.id, rev: state.rev, at };
        let topic =
            Topic::StationShown { facility: self.told.facility.clone(), station: self.id.clone() };
        let Ok(bytes) = encode(&shown) else { return };
        // Without its PUBACK the server sends the alert again, and it is answered again.
        if let Err(why) = handle.publish(&topic, bytes).await {
            tracing::info!(%why, "demo station: shown was not sent");
        }
    }

    fn listen(&mut self) {
        let silent = self.heard.elapsed() > SERVER_SILENT;
        if silent && !self.is_silent {
            tracing::warn!(station = %self.id, "link lost, the list may be stale");
        }
        self.is_silent = silent;
    }

    /// The charge nurse takes the alert that has waited longest beyond its patience.
    async fn take_one(&mut self) {
        let now = self.told.clock.clinical();
        let ripe = self.alerts.iter_mut().filter(|(_, a)| a.waits && a.take_at <= now);
        let Some((id, alert)) = ripe.min_by_key(|(_, a)| a.take_at) else { return };
        // Tried again later unless the next revision says that somebody has it.
        alert.take_at = now.plus_minutes(TAKEN_AFTER.0).unwrap_or(now);
        let body = json!({
            "rev": alert.rev, "badge": self.told.charge.badge, "pin": self.told.charge.pin,
            "station": self.id.as_str(),
        });
        let path = format!("/api/v1/alerts/{id}/accept");
        match Client::new(self.told.server).post(&path, &body, None).await {
            Ok(answer) if answer.is_done() => alert.waits = false,
            Ok(answer) => {
                let code = answer.body["code"].as_str().unwrap_or_default().to_owned();
                tracing::info!(alert = %id, status = answer.status, code, "not taken");
            }
            Err(why) => tracing::warn!(%why, "demo station"),
        }
    }
}
