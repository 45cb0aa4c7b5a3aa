//! `emar init`, `emar user`, `emar cart`: the first steps of a real home.

use super::home::Door;
use crate::config::Config;
use crate::secret::{Pins, hex, key_file, random, sha256};
use crate::service::devices::{BRIDGE, bridge_of};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use emar_domain::audit::note::{KeyKind, SignKey};
use emar_domain::decide::Command;
use emar_domain::fact::{Device, User};
use emar_domain::home::Home;
use emar_domain::id::{Slug, UserId};
use emar_domain::role::Role;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};

/// Make a new home: data directory, keys, configuration, first administrator.
#[derive(Debug, Args)]
pub struct Init {
    /// Where the data goes.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The home's policy file; copied into the data directory.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Name of the first administrator; the PIN is read from standard input.
    #[arg(long, value_name = "NAME")]
    admin: String,
    /// Text of their badge.
    #[arg(long, value_name = "TEXT")]
    badge: String,
}

/// People who sign on.
#[derive(Debug, Args)]
pub struct Users {
    #[command(subcommand)]
    act: UserAct,
}

#[derive(Debug, Subcommand)]
enum UserAct {
    /// Add a person; the PIN is read from standard input.
    Add {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// nurse, aide, charge, pharmacist, don, surveyor or auditor.
        #[arg(long)]
        role: String,
        /// Name as shown.
        #[arg(long)]
        name: String,
        /// Text of the badge.
        #[arg(long)]
        badge: String,
        /// Units they work in; none: all.
        #[arg(long = "unit")]
        units: Vec<String>,
    },
}

/// Carts and stations.
#[derive(Debug, Args)]
pub struct Carts {
    #[command(subcommand)]
    act: CartAct,
}

#[derive(Debug, Subcommand)]
enum CartAct {
    /// Add a cart or station, and print its one-time enrolment code.
    Add {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Its id, as in topics.
        #[arg(long)]
        id: String,
        /// The unit it works in.
        #[arg(long, required_unless_present = "bridge")]
        unit: Option<String>,
        /// Name as shown.
        #[arg(long)]
        name: Option<String>,
        /// A nurse station instead of a cart.
        #[arg(long, conflicts_with = "bridge")]
        station: bool,
        /// The bridge of a cart that is there: scanner and lights, enrolled beside its page.
        #[arg(long, conflicts_with_all = ["unit", "name"])]
        bridge: bool,
    },
}

fn pin() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no PIN on standard input")?;
    Ok(line.trim().to_owned())
}

fn known_unit(home: &Home, unit: &Slug) -> anyhow::Result<()> {
    let units = &home.policy.units;
    if units.contains_key(unit.as_str()) {
        return Ok(());
    }
    let all: Vec<&str> = units.keys().map(String::as_str).collect();
    bail!("the policy has no unit {unit}; its units are {}", all.join(", "))
}

fn user(
    data: &Path,
    name: &str,
    role: Role,
    badge: &str,
    units: Vec<Slug>,
) -> anyhow::Result<Command> {
    if name.trim().is_empty() || badge.trim().is_empty() {
        bail!("a person needs a name and a badge");
    }
    let pins = Pins::new(key_file(&data.join("keys/pepper.key"))?);
    Ok(Command::User(Box::new(User {
        id: UserId(uuid::Uuid::now_v7()),
        rev: 1,
        name: name.into(),
        role,
        badge: badge.into(),
        pin_hash: pins.hash(&pin()?)?,
        units,
        active: true,
    })))
}

impl Init {
    /// Makes the home.
    ///
    /// # Errors
    /// What is in the way, and nothing is half made that a second try would trip over.
    pub fn run(self) -> anyhow::Result<()> {
        let file = self.data.join("emar.toml");
        if file.exists() {
            bail!(
                "{} is there already: this home was made before; use `emar serve`",
                file.display()
            );
        }
        std::fs::create_dir_all(&self.data)?;
        let policy = self.data.join("policy.toml");
        std::fs::copy(&self.policy, &policy)
            .with_context(|| format!("{} cannot be read", self.policy.display()))?;
        let text = format!(
            "policy = {:?}\ndata = {:?}\n",
            std::path::absolute(&policy)?.display().to_string(),
            std::path::absolute(&self.data)?.display().to_string(),
        );
        let config: Config = toml::from_str(&text)?;
        let command = user(&self.data, &self.admin, Role::Don, &self.badge, Vec::new())?;
        let refused = Door::open(&config)?.apply(vec![command])?;
        if !refused.is_empty() {
            bail!("the administrator was not added: {}", refused.join(", "));
        }
        std::fs::write(&file, text)?;
        println!(
            "made {}; next: emar user add, emar cart add, emar serve --config {}",
            self.data.display(),
            file.display()
        );
        Ok(())
    }
}

impl Users {
    /// Carries it out.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub fn run(self) -> anyhow::Result<()> {
        let UserAct::Add { config, role, name, badge, units } = self.act;
        let config = Config::load(&config)?;
        let known = Role::parse(&role).filter(|r| *r != Role::Device);
        let Some(role) = known else {
            bail!(
                "{role} is no role; roles are nurse, aide, charge, pharmacist, don, surveyor, \
                 auditor"
            );
        };
        let units = units.iter().map(|u| Slug::new(u)).collect::<Result<Vec<_>, _>>()?;
        let mut door = Door::open(&config)?;
        for unit in &units {
            known_unit(door.home(), unit)?;
        }
        let command = user(&config.data, &name, role, &badge, units)?;
        let refused = door.apply(vec![command])?;
        if refused.iter().any(|code| code == "badge_in_use") {
            bail!("not added: somebody else who works here has the badge {badge}; use another");
        }
        if !refused.is_empty() {
            bail!("not added: {}", refused.join(", "));
        }
        println!("added");
        Ok(())
    }
}

impl Carts {
    /// Carries it out.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub fn run(self) -> anyhow::Result<()> {
        let CartAct::Add { config, id, unit, name, station, bridge } = self.act;
        let config = Config::load(&config)?;
        let cart = Slug::new(&id)?;
        let mut door = Door::open(&config)?;
        let home = door.home();
        let kind = match (station, bridge) {
            (_, true) => BRIDGE,
            (true, false) => "station",
            (false, false) => "cart",
        };
        let (id, unit, called) = if bridge {
            let known = home.devices.get(&cart).filter(|d| d.kind == "cart");
            let Some(known) = known else {
                bail!("there is no cart {cart}; add it first, without --bridge")
            };
            (bridge_of(&cart)?, known.unit.clone(), format!("{} (bridge)", known.name))
        } else {
            let unit = Slug::new(unit.as_deref().unwrap_or_default())?;
            known_unit(home, &unit)?;
            (cart.clone(), unit, cart.to_string())
        };
        let code = hex(&random()?)[..16].to_owned();
        let before = home.devices.get(&id);
        if let Some(before) = before.filter(|d| d.kind != kind) {
            bail!("{id} is a {} already; choose another id", before.kind);
        }
        let device = Device {
            // Of a device that is there, a new code is a new revision: it must be enrolled again.
            rev: before.map_or(1, |d| d.rev + 1),
            kind: kind.to_owned(),
            unit,
            name: name.or(before.map(|d| d.name.clone())).unwrap_or(called),
            secret_sha256: hex(&sha256(code.as_bytes())),
            enrolled: false,
            active: true,
            id,
        };
        let facility = home.facility.clone();
        let refused = door.apply(vec![Command::Device(Box::new(device))])?;
        if !refused.is_empty() {
            bail!("not added: {}", refused.join(", "));
        }
        println!("one-time code: {code}");
        if bridge {
            let seed = key_file(&config.data.join("keys/mqtt.key"))?;
            let name = format!("{facility}/mqtt");
            let key = SignKey::from_seed(&name, KeyKind::Log, &seed)?.verify_key();
            println!(
                "on the cart's Pi, then the code on its standard input:\n\
                 emar-bridge enroll --facility {facility} --cart {cart} --server-key '{}'",
                key.to_vkey()
            );
        } else {
            println!("enter it at http://{}/enrol on that device", config.http);
        }
        Ok(())
    }
}
