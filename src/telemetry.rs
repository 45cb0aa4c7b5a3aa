//! Logs: ids and codes on standard error, one line an event; `EMAR_LOG` chooses the level.

use tracing_subscriber::EnvFilter;

/// Starts logging; later calls change nothing.
pub fn start() {
    // The embedded broker calls every client that goes away an error; the server says it itself.
    let quiet = "warn,emar=info,emar_bridge=warn,rumqttd=off";
    let filter = EnvFilter::try_from_env("EMAR_LOG").unwrap_or_else(|_| EnvFilter::new(quiet));
    // A second start (in tests) finds a subscriber already there, which is as good.
    let _ =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
