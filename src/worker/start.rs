//! Starts everything the lease holder runs.

use super::heartbeat::OldestUnsent;
use super::outbox::{self, OutboxHandle};
use super::scheduler::{self, Ended, Terms};
use super::{Shutdown, carry, checkpoint, heartbeat, horizon, listing, policy};
use crate::bus::cart::Carts;
use crate::bus::inbound::{self, Doors};
use crate::bus::pharmacy::PharmacyDoor;
use crate::bus::station::StationDoor;
use crate::bus::{Bus, BusEvents};
use crate::service::App;
use crate::zones::Catalogue;
use emar_domain::audit::note::SignKey;
use emar_wire::client::{Announced, Options};
use emar_wire::payload::Presence;
use emar_wire::{Id, IdError, Role, Topic};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What the workers need.
pub struct Parts {
    /// The home.
    pub app: Arc<App>,
    /// Under which name and epoch.
    pub terms: Terms,
    /// Signs checkpoints.
    pub sign: SignKey,
    /// Data directory, for `checkpoints.log`.
    pub directory: PathBuf,
    /// The policy file to watch; none: it is applied by hand (several servers).
    pub policy: Option<PathBuf>,
    /// Zone data, to check it with.
    pub zones: Arc<Catalogue>,
    /// The broker, if there is one.
    pub bus: Option<(Arc<dyn Bus>, Box<dyn BusEvents>)>,
}

/// The workers at work.
pub struct Running {
    /// Takes a page's word that an alert was shown.
    pub outbox: OutboxHandle,
    /// The newest signed checkpoint; empty before the first.
    pub note: watch::Receiver<String>,
    /// Ends with the server, or when the lease is lost: then the process must end.
    pub scheduler: JoinHandle<Ended>,
    /// The others; they end with the server.
    pub loops: JoinSet<()>,
}

/// Starts them on the current runtime.
#[must_use]
pub fn start(parts: Parts, shutdown: &Shutdown) -> Running {
    let Parts { app, terms, sign, directory, policy, zones, bus } = parts;
    let mut loops = JoinSet::new();
    let (passes, passed) = watch::channel(None);
    let (connected, connections) = watch::channel(0);
    let (latest, note) = watch::channel(String::new());
    let (outbox, inbox) = outbox::channel();
    loops.spawn(horizon::run(Arc::clone(&app), shutdown.clone()));
    loops.spawn(listing::run(Arc::clone(&app), shutdown.clone()));
    loops.spawn(carry::run(Arc::clone(&app), shutdown.clone()));
    if let Some(file) = policy {
        loops.spawn(policy::run(Arc::clone(&app), file, zones, shutdown.clone()));
    }
    let publisher = bus.as_ref().map(|(bus, _)| Arc::clone(bus));
    loops.spawn(checkpoint::run(
        Arc::clone(&app),
        sign,
        directory,
        publisher,
        latest,
        connections,
        shutdown.clone(),
    ));
    if let Some((bus, events)) = bus {
        let oldest = Arc::new(OldestUnsent::default());
        let doors = Doors {
            carts: Carts::new(Arc::clone(&app), Arc::clone(&bus)),
            stations: StationDoor::new(Arc::clone(&app), Arc::clone(&bus)),
            pharmacies: PharmacyDoor::new(Arc::clone(&app), Arc::clone(&bus)),
            outbox: outbox.clone(),
            connected,
        };
        let hear =
            inbound::run(Arc::clone(&app), Arc::clone(&bus), events, doors, shutdown.clone());
        loops.spawn(hear);
        let age = Arc::clone(&oldest);
        loops.spawn(heartbeat::run(
            Arc::clone(&app),
            Arc::clone(&bus),
            passed,
            age,
            shutdown.clone(),
        ));
        loops.spawn(outbox::run(Arc::clone(&app), bus, inbox, oldest, shutdown.clone()));
    }
    let scheduler = tokio::spawn(scheduler::run(app, terms, passes, shutdown.clone()));
    Running { outbox, note, scheduler, loops }
}

/// How the server connects: its presence, what it hears, and a session the broker keeps.
///
/// # Errors
/// When the server's or the facility's name cannot stand in a topic.
pub fn options(
    app: &App,
    server: &str,
    epoch: i64,
    broker: (&str, u16),
    login: (&str, &str),
) -> Result<Options, IdError> {
    let facility = Id::new(app.facility.as_str())?;
    let server = Id::new(server)?;
    let clock = Arc::clone(&app.clock);
    let client = Id::new(format!("{facility}-{server}"))?;
    let mut options = Options::new(broker, client, login, Arc::new(move || clock.machine()));
    let presence = Presence {
        epoch: Some(epoch),
        build: Some(env!("CARGO_PKG_VERSION").to_owned()),
        ..Presence::default()
    };
    let topic = Topic::ServerPresence { facility: facility.clone(), server };
    options.announced = Some(Announced { topic, presence });
    options.subscriptions = Role::Server { facility }.filters();
    options.clean_session = false;
    Ok(options)
}
