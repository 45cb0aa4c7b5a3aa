//! The embedded broker: for the demo, the tests and one box on loopback.
//!
//! rumqttd has no access list and keeps everything in memory, so it listens on loopback only and
//! knows nobody without a password. A home with a cart on the network needs Mosquitto:
//! `deploy/mosquitto`.

use std::collections::HashMap;
use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rumqttd::protocol::v4::V4;
use rumqttd::{ConnectionSettings, LinkType, Router, RouterConfig, Server, ServerSettings};
use tokio::sync::oneshot;

use crate::secret::sha256;

/// The greatest packet, as Mosquitto is configured.
const PACKET_BYTES_MAX: usize = 1024 * 1024;
const CONNECTIONS_MAX: usize = 200;
/// What one subscriber may lag behind: 8 segments of 256 KiB for each filter.
const SEGMENT_BYTES: usize = 256 * 1024;
const SEGMENTS: usize = 8;
const CONNECT_MAX_MS: u16 = 5_000;
const READY_MAX: Duration = Duration::from_secs(5);

/// One identity that may connect.
#[derive(Clone)]
pub struct Account {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Tells whether a user may connect with a password.
pub type Knows = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// Why the broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// Another address than loopback was asked for.
    #[error(
        "the embedded broker has no access list, so it does not listen on {0}; give it a loopback \
         address such as 127.0.0.1:1883, or run Mosquitto with deploy/mosquitto for the network"
    )]
    NotLoopback(SocketAddr),
    /// The address cannot be taken.
    #[error("the broker cannot listen on {addr}: {source}; stop what uses it or name another port")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// No thread or no runtime for it.
    #[error("the broker's thread could not start: {0}")]
    Thread(std::io::Error),
    /// It did not come up in time.
    #[error("the broker on {0} did not answer in time; see the log")]
    NotReady(SocketAddr),
}

/// A running broker. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Broker {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Broker {
    /// Starts on a loopback address and waits until it accepts connections; port 0 takes a free
    /// one. Whoever is not in `accounts` is refused, anonymous clients too.
    pub async fn start(listen: SocketAddr, accounts: &[Account]) -> Result<Self, BrokerError> {
        Self::start_knowing(listen, accounts, Arc::new(|_, _| false)).await
    }

    /// The same; whoever is not in `accounts` is let in if `knows` user and password.
    pub async fn start_knowing(
        listen: SocketAddr,
        accounts: &[Account],
        knows: Knows,
    ) -> Result<Self, BrokerError> {
        if !listen.ip().is_loopback() {
            return Err(BrokerError::NotLoopback(listen));
        }
        // rumqttd binds by itself and only logs a failure, so the port is tried here first.
        let addr = TcpListener::bind(listen)
            .and_then(|probe| probe.local_addr())
            .map_err(|source| BrokerError::Listen { addr: listen, source })?;
        let (stop, stopped) = oneshot::channel();
        let settings = settings(addr, accounts, knows);
        let thread = std::thread::Builder::new()
            .name("mqtt-broker".to_owned())
            .spawn(move || serve(settings, stopped))
            .map_err(BrokerError::Thread)?;
        let broker = Self { addr, stop: Some(stop), thread: Some(thread) };
        match tokio::time::timeout(READY_MAX, broker.ready()).await {
            Ok(true) => Ok(broker),
            Ok(false) | Err(_) => Err(BrokerError::NotReady(addr)),
        }
    }

    /// Where it listens, with the port that was taken.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops it and waits for its thread; every connection ends.
    pub async fn stop(mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic in there was printed by its thread; the broker is down all the same.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    async fn ready(&self) -> bool {
        while self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            if tokio::net::TcpStream::connect(self.addr).await.is_ok() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }
}

/// The router's own thread ends when the last of its senders is dropped with the runtime here.
fn serve(settings: ServerSettings, stopped: oneshot::Receiver<()>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tracing::error!(%error, "the broker has no runtime"),
    };
    let router = Router::new(0, router());
    let mut server = Server::new(settings, router.spawn(), V4);
    runtime.block_on(async {
        tokio::select! {
            ended = server.start(LinkType::Remote) => match ended {
                Ok(()) => tracing::error!("the broker ended by itself"),
                Err(error) => tracing::error!(%error, "the broker ended"),
            },
            _ = stopped => {}
        }
    });
}

fn router() -> RouterConfig {
    RouterConfig {
        max_connections: CONNECTIONS_MAX,
        max_outgoing_packet_count: 200,
        max_segment_size: SEGMENT_BYTES,
        max_segment_count: SEGMENTS,
        // rumqttd drops a client that publishes where no filter listens; this one always does, and
        // a topic outside the tree has no place here.
        initialized_filters: Some(vec![format!("{}/#", emar_wire::topic::ROOT)]),
        ..RouterConfig::default()
    }
}

fn settings(listen: SocketAddr, accounts: &[Account], knows: Knows) -> ServerSettings {
    let auth: HashMap<String, String> =
        accounts.iter().map(|a| (a.user.clone(), a.password.clone())).collect();
    let lets_in = move |user: &String, password: &String| {
        // By their hashes: how long it takes tells nothing of how much of a password is right.
        let fits = |known: &String| sha256(known.as_bytes()) == sha256(password.as_bytes());
        auth.get(user).is_some_and(fits) || knows(user, password)
    };
    ServerSettings {
        name: "embedded".to_owned(),
        listen,
        tls: None,
        next_connection_delay_ms: 1,
        connections: ConnectionSettings {
            connection_timeout_ms: CONNECT_MAX_MS,
            max_payload_size: PACKET_BYTES_MAX,
            max_inflight_count: 100,
            auth: None,
            external_auth: Some(Arc::new(move |_client, user, password| {
                Box::pin(std::future::ready(lets_in(&user, &password)))
            })),
            dynamic_filters: false,
        },
    }
}

#[cfg(test)]
mod tests;
