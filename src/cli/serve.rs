//! `emar serve`: a home's server.

use crate::config::Config;
use crate::server::{Extra, Seams, start};
use clap::Args;
use std::path::PathBuf;

/// Run a home's server until it is told to stop.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON line when ready.
    #[arg(long)]
    json: bool,
}

impl Serve {
    /// Serves until SIGTERM or Ctrl-C.
    ///
    /// # Errors
    /// Why the server did not start, or could not go on.
    pub fn run(self) -> anyhow::Result<()> {
        crate::telemetry::start();
        let config = Config::load(&self.config)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut running = start(&config, Seams::real(), Extra::default()).await?;
            if self.json {
                let mqtt = running.mqtt.map(|m| m.to_string());
                let ready = serde_json::json!({
                    "ready": true,
                    "http": format!("http://{}", running.http),
                    "metrics": format!("http://{}/metrics", running.metrics),
                    "mqtt": mqtt,
                    "facility": running.app.facility,
                });
                println!("{ready}");
            } else {
                println!("emar serves {} on http://{}", running.app.facility, running.http);
            }
            let failed = tokio::select! {
                () = ended() => None,
                why = running.failed() => Some(why),
            };
            match failed {
                None => {
                    running.stop().await;
                    Ok(())
                }
                // Nothing in memory may be told any more: the database alone knows what is so.
                Some(why) => {
                    tracing::error!(why, "the server ends so that it starts from the database");
                    std::process::exit(75)
                }
            }
        })
    }
}

/// Resolves at SIGTERM or Ctrl-C.
pub async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
