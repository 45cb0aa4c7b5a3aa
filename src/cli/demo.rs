//! `emar demo`: an invented home with robot nurses, on this machine only.

use crate::demo::running::{Demo as Home, Wishes};
use crate::demo::sheet::{SheetUser, users};
use clap::Args;
use serde::Serialize;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Run an invented home: 120 residents, robot nurses at three carts, a station a unit.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where pages and API listen (loopback).
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Where the embedded MQTT broker listens (loopback).
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:1883")]
    mqtt: SocketAddr,
    /// Data directory the demo makes, or made before; without it a fresh one for temporary files.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many times as fast as life the home's clock runs.
    #[arg(long, value_name = "N", default_value_t = 96,
        value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed: u32,
    /// Seed of the home; 1 unless the data directory has another.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// No robot nurses and stations: people do everything.
    #[arg(long)]
    no_robots: bool,
    /// Print one JSON line when ready, and nothing else.
    #[arg(long)]
    json: bool,
}

/// The line by which a program learns that the demo is ready and how to use it.
#[derive(Serialize)]
struct Ready {
    ready: bool,
    http: String,
    metrics: String,
    mqtt: String,
    mqtt_user: &'static str,
    mqtt_password: String,
    facility: String,
    data: String,
    speed: u32,
    seed: u64,
    users: Vec<SheetUser>,
    sheet: String,
}

impl Demo {
    /// Runs the demo until SIGTERM or Ctrl-C.
    ///
    /// # Errors
    /// Why it did not start, or could not go on.
    pub fn run(self) -> anyhow::Result<()> {
        crate::telemetry::start();
        let wishes = Wishes {
            http: self.http,
            mqtt: self.mqtt,
            data: self.data,
            speed: self.speed,
            seed: self.seed,
            robots: !self.no_robots,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let ended = super::serve::ended();
            tokio::pin!(ended);
            // Told to stop while the home is being made, the half-made home goes on next time.
            let mut home = tokio::select! {
                home = Home::start(&wishes) => home?,
                () = &mut ended => return Ok(()),
            };
            let ready = ready(&home, wishes.speed);
            let mut out = std::io::stdout();
            if self.json {
                writeln!(out, "{}", serde_json::to_string(&ready)?)?;
            } else {
                write!(out, "{}", table(&ready, &home))?;
            }
            out.flush()?;
            let failed = tokio::select! {
                () = &mut ended => None,
                why = home.server.failed() => Some(why),
            };
            match failed {
                None => {
                    home.stop().await;
                    Ok(())
                }
                Some(why) => {
                    tracing::error!(why, "the demo ends; start it again with the same --data");
                    std::process::exit(75)
                }
            }
        })
    }
}

fn ready(home: &Home, speed: u32) -> Ready {
    let server = &home.server;
    // Browsers take `localhost` for a safe place; a number only some of them.
    let at = if server.http.ip().is_ipv4() { "localhost".to_owned() } else { "[::1]".to_owned() };
    let http = format!("http://{at}:{}", server.http.port());
    Ready {
        ready: true,
        metrics: format!("http://{}/metrics", server.metrics),
        mqtt: server.mqtt.map(|m| m.to_string()).unwrap_or_default(),
        mqtt_user: "observer",
        mqtt_password: home.observer_password.clone(),
        facility: server.app.facility.to_string(),
        data: home.data.display().to_string(),
        speed,
        seed: home.number,
        users: users(&home.seed),
        sheet: format!("{http}/demo/sheet.json"),
        http,
    }
}

fn table(ready: &Ready, home: &Home) -> String {
    let Ready { http, mqtt, mqtt_user, mqtt_password, .. } = ready;
    let (host, port) = mqtt.rsplit_once(':').unwrap_or((mqtt, "1883"));
    let mut text = format!(
        "\nOak Hill is an invented home: nobody in it is real, nothing here is advice.\n\
         Its clock began at 06:30 on 2026-11-02 and runs {} times as fast as life.\n\n",
        ready.speed
    );
    for cart in &home.seed.carts {
        text += &format!("  bedside   {http}/bedside?cart={}   ({})\n", cart.id, cart.unit);
        text += &format!("  scanner   {http}/demo/scanner?cart={}\n", cart.id);
    }
    for station in &home.seed.stations {
        text += &format!("  station   {http}/station?unit={}\n", station.unit);
    }
    text += &format!(
        "  metrics   {}\n  codes     {}\n  data      {}\n\n",
        ready.metrics, ready.sheet, ready.data
    );
    text += &format!("  {:<12}{:<24}{:<28}PIN\n", "role", "name", "badge");
    for user in &ready.users {
        text += &format!("  {:<12}{:<24}{:<28}{}\n", user.role, user.name, user.badge, user.pin);
    }
    text += &format!(
        "\n  mosquitto_sub -h {host} -p {port} -u {mqtt_user} -P {mqtt_password} \
         -t 'emar/v1/#' -v\n\
         \n  The pharmacy of the demo signs on to the broker as demo-pharmacy, password {}.\n\
         \nCtrl-C stops it; --data {} goes on where it stopped.\n",
        home.pharmacy_password, ready.data
    );
    text
}
