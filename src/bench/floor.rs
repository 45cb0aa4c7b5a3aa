//! The home of the load: carts, each with a nurse and residents of its own, and doses due now.
//!
//! Every order is planned every six hours with a window of three days, so that each of its twelve
//! doses may be given at once, one after the other.

use crate::config::{Config, Mqtt};
use crate::secret::{Pins, hex, key_file, random, sha256};
use crate::server::{Opened, Seams, open};
use crate::service::{Asked, Outcome};
use crate::worker::horizon::ORDERS_MAX;
use anyhow::{Context as _, bail};
use emar_domain::amount::{Amount, Unit};
use emar_domain::decide::{Actor, Command, OrderCommand};
use emar_domain::drug::{Product, Strength};
use emar_domain::fact::{Device, User};
use emar_domain::id::{OrderId, ProductId, ResidentId, Slug, UserId};
use emar_domain::order::{FirstDose, OrderVersion, OrderedDrug, Source, Timing};
use emar_domain::resident::{Personal, Resident, ResidentState};
use emar_domain::role::Role;
use emar_domain::scan::{check, wristband};
use emar_domain::schedule::{Interval, Schedule};
use emar_domain::time::{CivilDate, Instant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Orders of one resident, each with a product of its own.
pub const ORDERS: u32 = 12;
/// Doses of one order that may be given at once.
pub const DOSES: u32 = 12;
const DOSE_MINUTES: u32 = 6 * 60;
const WINDOW_MINUTES: i64 = 3 * 24 * 60;
/// The pharmacy that is told of every administration.
const PHARMACY: &str = "bench-pharmacy";
const PIN: &str = "481516";
const GSRN_PREFIX: &str = "952123450";
/// Badge numbers begin here.
const BADGES_FROM: u64 = 90_000_001;
/// Commands under way at once while the home is filled.
const TOGETHER: usize = 64;
const POLICY: &str = include_str!("../../schedules/oakhill.toml");

/// One cart, its nurse, and the wristbands of its residents.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cart {
    /// Its id.
    pub id: String,
    /// What proves that it is this cart.
    pub token: String,
    /// What the nurse's badge sends.
    pub badge: String,
    /// Their PIN.
    pub pin: String,
    /// What the wristbands of its residents send.
    pub bands: Vec<String>,
}

/// The home of the load.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Floor {
    /// The server's configuration file.
    pub config: PathBuf,
    /// The audit log's name.
    pub log: String,
    /// Carts.
    pub carts: Vec<Cart>,
    /// GTINs of the products, one for each order of a resident.
    pub gtins: Vec<String>,
}

impl Floor {
    /// Makes a home in `directory` (and `database`, when that is not SQLite). In a runtime of its
    /// own, whose end ends the write lane and lets go of the data directory.
    ///
    /// # Errors
    /// When the home cannot be written.
    pub fn make(
        directory: &Path,
        database: Option<&str>,
        carts: u32,
        residents_per_cart: u32,
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(Self::fill(directory, database, carts, residents_per_cart))
    }

    async fn fill(
        directory: &Path,
        database: Option<&str>,
        carts: u32,
        residents_per_cart: u32,
    ) -> anyhow::Result<Self> {
        let config = write_config(directory, database, &policy(carts, residents_per_cart))?;
        let pins = Pins::new(key_file(&config.data.join("keys/pepper.key"))?);
        let opened = open(&config, Seams::real()).await?;
        let mut made = Making {
            now: opened.app.clock.clinical(),
            products: products()?,
            pin_hash: pins.hash(PIN)?,
            carts: Vec::new(),
            residents: Vec::new(),
        };
        made.staff(&opened, carts, residents_per_cart).await?;
        made.orders(&opened).await?;
        let floor = Self {
            config: directory.join("emar.toml"),
            log: opened.log.clone(),
            carts: made.carts,
            gtins: made.products.iter().flat_map(|p| p.gtins.clone()).collect(),
        };
        Ok(floor)
    }

    /// The home in `file`, as an earlier run left it.
    ///
    /// # Errors
    /// When the file is none of these.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Doses that may be given.
    #[must_use]
    pub fn doses(&self) -> u64 {
        let residents: usize = self.carts.iter().map(|cart| cart.bands.len()).sum();
        u64::from(ORDERS * DOSES).saturating_mul(u64::try_from(residents).unwrap_or(u64::MAX))
    }
}

/// The demo's policy, with a unit for each cart: a page lists a unit.
fn policy(carts: u32, residents: u32) -> String {
    let unit = |cart: u32| {
        let rooms: Vec<String> = (1..=residents).map(|n| format!("\"{cart}-{n}\"")).collect();
        format!("\n[units.unit-{cart}]\nrooms = [{}]\n", rooms.join(", "))
    };
    (1..=carts).fold(POLICY.to_owned(), |text, cart| text + &unit(cart))
}

fn write_config(
    directory: &Path,
    database: Option<&str>,
    policy_text: &str,
) -> anyhow::Result<Config> {
    std::fs::create_dir_all(directory)?;
    let policy = directory.join("policy.toml");
    std::fs::write(&policy, policy_text)?;
    let database_url_file = match database {
        None => None,
        Some(url) => {
            let file = directory.join("database-url");
            std::fs::write(&file, url)?;
            Some(file)
        }
    };
    let free = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let config = Config {
        policy,
        data: directory.join("data"),
        database_url_file,
        server: "srv-1".to_owned(),
        http: free,
        metrics: free,
        zoneinfo: None,
        pharmacies: BTreeSet::from([PHARMACY.to_owned()]),
        mqtt: Mqtt::Embedded { address: free, accounts: Vec::new() },
    };
    std::fs::write(directory.join("emar.toml"), toml::to_string(&config)?)?;
    Ok(config)
}

fn products() -> anyhow::Result<Vec<Product>> {
    let product = |n: u32| {
        let strength = Strength { amount: Amount::whole(5, Unit::Mg), per: None };
        let gtin = check::with_check_digit(&format!("0952123470{n:03}")).context("no GTIN")?;
        Ok(Product {
            id: ProductId(Uuid::now_v7()),
            name: format!("Benchol {n} 5 mg tablet"),
            ingredient: format!("benchol-{n}"),
            strength,
            form: "tablet".to_owned(),
            route: "po".to_owned(),
            units_per_package: 1,
            handling: BTreeSet::new(),
            ndc11: None,
            gtins: vec![gtin],
        })
    };
    (1..=ORDERS).map(product).collect()
}

struct Making {
    now: Instant,
    products: Vec<Product>,
    pin_hash: String,
    carts: Vec<Cart>,
    residents: Vec<ResidentId>,
}

impl Making {
    async fn staff(&mut self, opened: &Opened, carts: u32, residents: u32) -> anyhow::Result<()> {
        let mut commands: Vec<Command> =
            self.products.iter().map(|p| Command::Product(Box::new(p.clone()))).collect();
        for number in 1..=carts {
            let (mut cart, device, user) = self.cart(number)?;
            for bed in 1..=residents {
                let (resident, band) = resident(&device.unit, number, bed)?;
                self.residents.push(resident.id);
                cart.bands.push(band);
                commands.push(Command::Resident(Box::new(resident)));
            }
            self.carts.push(cart);
            commands.push(Command::Device(Box::new(device)));
            commands.push(Command::User(Box::new(user)));
        }
        carry_out(opened, &Actor::server(), commands).await
    }

    fn cart(&self, number: u32) -> anyhow::Result<(Cart, Device, User)> {
        let id = format!("cart-{number}");
        let unit = Slug::new(&format!("unit-{number}"))?;
        let token = random()?;
        let device = Device {
            id: Slug::new(&id)?,
            rev: 1,
            kind: "cart".to_owned(),
            unit,
            name: format!("Cart {number}"),
            secret_sha256: hex(&sha256(&token)),
            enrolled: true,
            active: true,
        };
        let badge = check::gsrn(GSRN_PREFIX, BADGES_FROM + u64::from(number)).context("no GSRN")?;
        let user = User {
            id: UserId(Uuid::now_v7()),
            rev: 1,
            name: Personal(format!("Nurse {number} RN")),
            role: Role::Charge,
            badge: Personal(badge.clone()),
            pin_hash: self.pin_hash.clone(),
            units: Vec::new(),
            active: true,
        };
        let badge = format!("]d28017{badge}");
        let pin = PIN.to_owned();
        Ok((Cart { id, token: hex(&token), badge, pin, bands: Vec::new() }, device, user))
    }

    /// Received, noted, verified, planned: round by round over the residents, so that the commands
    /// of one batch do not wait for each other.
    async fn orders(&self, opened: &Opened) -> anyhow::Result<()> {
        let mut received = Vec::new();
        let mut ids = Vec::new();
        for product in &self.products {
            for resident in &self.residents {
                let order = self.order(*resident, product, ids.len());
                ids.push(order.order);
                received.push(Command::Order(OrderCommand::Receive(Box::new(order))));
            }
        }
        carry_out(opened, &Actor::server(), received).await?;
        let user = opened.app.home().users.keys().next().copied();
        let charge = Actor { user, role: Role::Charge, ..Actor::server() };
        // There may be one cart, and so one nurse, only: the second person works elsewhere.
        let second = Actor { user: Some(UserId(Uuid::now_v7())), ..charge.clone() };
        let each = |act: fn(OrderId) -> OrderCommand| {
            ids.iter().map(|id| Command::Order(act(*id))).collect()
        };
        carry_out(opened, &charge, each(|id| OrderCommand::Note(id, Vec::new()))).await?;
        carry_out(opened, &second, each(OrderCommand::Verify)).await?;
        let mut by_resident: Vec<OrderId> = Vec::new();
        for bed in 0..self.residents.len() {
            by_resident.extend(ids.iter().skip(bed).step_by(self.residents.len()));
        }
        let chunks = by_resident.chunks(ORDERS_MAX);
        let planned = chunks.map(|orders| Command::Plan(orders.to_vec())).collect();
        carry_out(opened, &Actor::server(), planned).await
    }

    fn order(&self, resident: ResidentId, product: &Product, number: usize) -> OrderVersion {
        let schedule = Schedule::Interval(Interval { minutes: DOSE_MINUTES, anchor: self.now });
        OrderVersion {
            order: OrderId(Uuid::now_v7()),
            version: 1,
            resident,
            drug: OrderedDrug {
                ingredient: product.ingredient.clone(),
                name: product.name.clone(),
                strength: Some(product.strength),
                form: product.form.clone(),
                route: product.route.clone(),
            },
            dose: product.strength.amount,
            dose_text: "5 mg".to_owned(),
            frequency: "Q6H".to_owned(),
            timing: Timing::Planned { schedule },
            asked: None,
            start: self.now,
            stop: None,
            expires: None,
            prescriber: String::new(),
            renews: None,
            before_minutes: WINDOW_MINUTES,
            after_minutes: WINDOW_MINUTES,
            time_critical: false,
            indication: String::new(),
            instructions: String::new(),
            accepted: Vec::new(),
            first_dose: FirstDose::NextTime,
            not_before: None,
            conditions: emar_domain::condition::Conditions::default(),
            allergy_override: None,
            entered_by: None,
            source: Source {
                sender: PHARMACY.to_owned(),
                placer: format!("B{number}"),
                version: "1".to_owned(),
            },
        }
    }
}

fn resident(unit: &Slug, cart: u32, bed: u32) -> anyhow::Result<(Resident, String)> {
    let payload = wristband::payload(u64::from(cart) << 20 | u64::from(bed));
    let band = wristband::code("R-", &payload).context("no wristband")?;
    let resident = Resident {
        id: ResidentId(Uuid::now_v7()),
        family: Personal(format!("Resident {cart}-{bed}")),
        given: Personal("Load".to_owned()),
        nickname: Personal(String::new()),
        birth_date: CivilDate::new(1940, 1, 1),
        unit: unit.clone(),
        room: format!("{cart}-{bed}"),
        number: Personal(format!("N{cart}-{bed}")),
        band: Personal(band.clone()),
        state: ResidentState::Admitted,
        absences: vec![],
        left_because: String::new(),
        allergies: Vec::new(),
        how_taken: String::new(),
        code_status: String::new(),
    };
    Ok((resident, format!("]C0{band}")))
}

/// Carries out commands, many at once; each must be done.
async fn carry_out(opened: &Opened, actor: &Actor, commands: Vec<Command>) -> anyhow::Result<()> {
    let mut commands = commands.into_iter();
    let mut under_way = JoinSet::new();
    loop {
        while under_way.len() < TOGETHER
            && let Some(command) = commands.next()
        {
            let asked = Asked { actor: actor.clone(), ..Asked::by_server(command) };
            let app = Arc::clone(&opened.app);
            under_way.spawn(async move { app.lane.ask_patiently(asked).await });
        }
        match under_way.join_next().await {
            None => return Ok(()),
            Some(Ok(Outcome::Done { .. })) => {}
            Some(other) => bail!("the home of the load was not made: {other:?}"),
        }
    }
}
