//! People, products, orders, and a nurse's hands at a cart.

use super::{Asked, Reply, TestApp};
use emar::secret::{hex, sha256};
use emar::service::lane::{Asked as Wish, Outcome};
use emar_domain::amount::Amount;
use emar_domain::decide::{Actor, Command, OrderCommand};
use emar_domain::drug::{Product, Strength};
use emar_domain::fact::{Device, User};
use emar_domain::id::{DoseId, OrderId, ProductId, ResidentId, Slug, UserId};
use emar_domain::order::{FirstDose, OrderVersion, OrderedDrug, Source, Timing};
use emar_domain::resident::{Resident, ResidentState};
use emar_domain::role::Role;
use emar_domain::schedule::frequency::Brought;
use emar_domain::schedule::hours::AskedTiming;
use emar_domain::schedule::{Clock, Schedule};
use emar_domain::time::{CivilTime, Instant};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// Everybody's PIN.
pub(crate) const PIN: &str = "728194";
/// Token of every enrolled device.
pub(crate) fn device_token() -> String {
    hex(&[0x5a; 32])
}

/// Who works here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) badge: &'static str,
    pub(crate) role: Role,
}

/// One person a role and a second nurse and aide. `Device` stands for nobody.
pub(crate) const PEOPLE: &[Person] = &[
    Person { name: "Osei", badge: "B-OSEI", role: Role::Nurse },
    Person { name: "Lind", badge: "B-LIND", role: Role::Nurse },
    Person { name: "Abel", badge: "B-ABEL", role: Role::Aide },
    Person { name: "Novak", badge: "B-NOVAK", role: Role::Charge },
    Person { name: "Pillai", badge: "B-PILLAI", role: Role::Pharmacist },
    Person { name: "Dorn", badge: "B-DORN", role: Role::Don },
    Person { name: "Surin", badge: "B-SURIN", role: Role::Surveyor },
    Person { name: "Audley", badge: "B-AUDLEY", role: Role::Auditor },
];

impl Person {
    pub(crate) fn id(self) -> UserId {
        let place = PEOPLE.iter().position(|p| p.badge == self.badge).unwrap();
        UserId(Uuid::from_u128(u128::try_from(place).unwrap() << 8 | 1))
    }
}

pub(crate) fn person(name: &str) -> Person {
    *PEOPLE.iter().find(|p| p.name == name).unwrap()
}

/// The first of a role.
pub(crate) fn of_role(role: Role) -> Person {
    *PEOPLE.iter().find(|p| p.role == role).unwrap()
}

fn gtin(number: u32) -> String {
    let body = format!("0952123{number:06}");
    let check = emar_domain::scan::check::check_digit(&body).unwrap();
    format!("{body}{check}")
}

/// The text on a package of product `number`.
pub(crate) fn package(number: u32, serial: &str) -> String {
    format!("]d201{}1730123110L1\u{1d}21{serial}", gtin(number))
}

/// What the wristband of resident `number` says.
pub(crate) fn band(number: u64) -> String {
    let payload = emar_domain::scan::wristband::payload(number * 40_503);
    emar_domain::scan::wristband::code("R-", &payload).unwrap()
}

impl TestApp {
    /// People and devices every test finds: carts `cart-1`, `cart-2`, station `station-east`, all
    /// enrolled, and `cart-new`, which is not.
    pub(super) async fn furnish(&self) {
        let pin_hash = self.running().web.pins.hash(PIN).unwrap();
        for person in PEOPLE {
            let user = User {
                id: person.id(),
                rev: 1,
                name: format!("{} (test)", person.name).as_str().into(),
                role: person.role,
                badge: person.badge.into(),
                pin_hash: pin_hash.clone(),
                units: vec![],
                active: true,
            };
            self.ask(Command::User(Box::new(user))).await;
        }
        let secret = hex(&sha256(&[0x5a; 32]));
        for (id, kind) in [
            ("cart-1", "cart"),
            ("cart-2", "cart"),
            ("cart-new", "cart"),
            ("station-east", "station"),
        ] {
            let device = Device {
                id: Slug::new(id).unwrap(),
                rev: 1,
                kind: kind.into(),
                unit: Slug::new("east").unwrap(),
                name: id.into(),
                secret_sha256: secret.clone(),
                enrolled: id != "cart-new",
                active: true,
            };
            self.ask(Command::Device(Box::new(device))).await;
        }
    }

    /// A command of the server's own.
    pub(crate) async fn ask(&self, command: Command) {
        let outcome = self.running().app.lane.ask(Wish::by_server(command)).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    }

    pub(crate) async fn ask_as(&self, who: Person, command: Command) {
        let actor = Actor {
            user: Some(who.id()),
            role: who.role,
            session: None,
            device: None,
            auth: "badge+pin".into(),
        };
        let asked = Wish { actor, ..Wish::by_server(command) };
        let outcome = self.running().app.lane.ask(asked).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    }

    /// A resident of the unit `east`; number counts from 1.
    pub(crate) async fn resident(&self, number: u64, family: &str) -> ResidentId {
        let id = ResidentId(Uuid::from_u128(u128::from(number) << 8 | 2));
        let resident = Resident {
            id,
            family: family.into(),
            given: "Demo".into(),
            nickname: "".into(),
            birth_date: None,
            unit: Slug::new("east").unwrap(),
            room: format!("{}-A", 111 + number),
            number: "".into(),
            band: band(number).as_str().into(),
            state: ResidentState::Admitted,
            absences: vec![],
            left_because: String::new(),
            allergies: vec![],
            how_taken: String::new(),
            code_status: String::new(),
        };
        self.ask(Command::Resident(Box::new(resident))).await;
        id
    }

    /// A tablet of so much of `ingredient` in the formulary.
    pub(crate) async fn product(&self, number: u32, ingredient: &str, strength: &str) {
        let product = Product {
            id: ProductId(Uuid::from_u128(u128::from(number) << 8 | 3)),
            name: format!("{ingredient} {strength} tablet"),
            ingredient: ingredient.into(),
            strength: Strength::parse(strength).unwrap(),
            form: "tablet".into(),
            route: "po".into(),
            units_per_package: 1,
            handling: std::collections::BTreeSet::new(),
            ndc11: None,
            gtins: vec![gtin(number)],
        };
        self.ask(Command::Product(Box::new(product))).await;
    }

    /// An order as a pharmacy sends it, at civil times (none: when needed).
    pub(crate) fn order_version(
        &self,
        resident: ResidentId,
        ingredient: &str,
        dose: &str,
        times: &[&str],
    ) -> OrderVersion {
        let times: Vec<_> = times.iter().map(|t| CivilTime::parse(t).unwrap()).collect();
        let timing = if times.is_empty() {
            Timing::prn("pain", Some(240), Some(4))
        } else {
            let clock = Clock { times, ..Clock::default() };
            Timing::Planned { schedule: Schedule::Clock(Box::new(clock)) }
        };
        OrderVersion {
            order: OrderId(self.running().app.ids.fresh()),
            version: 1,
            resident,
            drug: OrderedDrug {
                ingredient: ingredient.into(),
                name: format!("{ingredient} tablet"),
                strength: None,
                form: "tablet".into(),
                route: "po".into(),
            },
            dose: Amount::parse_text(dose).unwrap(),
            dose_text: dose.into(),
            frequency: String::new(),
            timing,
            asked: None,
            start: Instant::parse("2025-06-01T00:00:00Z").unwrap(),
            stop: None,
            expires: None,
            prescriber: String::new(),
            renews: None,
            before_minutes: 60,
            after_minutes: 60,
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
                sender: "import".into(),
                placer: format!("{ingredient}-{resident}"),
                version: "1".into(),
            },
        }
    }

    /// An order at the home's hours of a frequency code, noted and planned.
    pub(crate) async fn order_at_home_hours(
        &self,
        resident: ResidentId,
        ingredient: &str,
        code: &str,
    ) -> OrderId {
        let asked = AskedTiming { code: code.into(), brought: Brought::default() };
        let table = emar::policy_file::frequencies();
        let at = {
            let home = self.home();
            let unit = home.residents[&resident].unit.clone();
            asked.at_hours(&home.policy, table, unit.as_str(), false).unwrap()
        };
        let version = OrderVersion {
            timing: Timing::Planned { schedule: at.schedule },
            asked: Some(asked),
            before_minutes: at.before_minutes,
            after_minutes: at.after_minutes,
            ..self.order_version(resident, ingredient, "8.6 mg", &[])
        };
        self.noted(version).await
    }

    /// This order, noted, verified and planned.
    pub(crate) async fn noted(&self, version: OrderVersion) -> OrderId {
        let id = version.order;
        self.ask(Command::Order(OrderCommand::Receive(Box::new(version)))).await;
        self.ask_as(person("Novak"), Command::Order(OrderCommand::Note(id, Vec::new()))).await;
        self.ask_as(person("Osei"), Command::Order(OrderCommand::Verify(id))).await;
        self.ask(Command::Plan(vec![id])).await;
        id
    }

    /// An order, received, noted and planned.
    pub(crate) async fn order(
        &self,
        resident: ResidentId,
        ingredient: &str,
        dose: &str,
        times: &[&str],
    ) -> OrderId {
        self.noted(self.order_version(resident, ingredient, dose, times)).await
    }

    /// The dose of an order due at this instant.
    pub(crate) fn dose_at(&self, order: OrderId, due: &str) -> DoseId {
        let due = Instant::parse(due).unwrap();
        let home = self.home();
        let found = home.doses_of_order(order).find(|d| d.due == due);
        found.unwrap_or_else(|| panic!("no dose due {due}")).id
    }

    /// As [`Self::dose_at`], once the server has planned it.
    pub(crate) async fn dose_when_planned(&self, order: OrderId, due: &str) -> DoseId {
        let at = Instant::parse(due).unwrap();
        for _ in 0..200 {
            if self.home().doses_of_order(order).any(|d| d.due == at) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.dose_at(order, due)
    }

    /// Sends a request.
    pub(crate) async fn send(&self, asked: Asked) -> Reply {
        asked.send(self.running().http).await
    }

    /// Tries to sign on at an enrolled device.
    pub(crate) async fn try_sign_on(&self, badge: &str, pin: &str, device: &str) -> Reply {
        let body = json!({"badge": badge, "pin": pin, "device": device});
        self.send(Asked::post("/api/v1/sessions", &body).at(&device_token())).await
    }

    /// Signs on; the session's token.
    pub(crate) async fn sign_on(&self, who: Person, device: &str) -> String {
        let reply = self.try_sign_on(who.badge, PIN, device).await;
        reply.expect(201)["session"].as_str().unwrap().to_owned()
    }

    /// Signs on at a cart.
    pub(crate) async fn bedside(&self, name: &str, cart: &'static str) -> Bedside<'_> {
        let session = self.sign_on(person(name), cart).await;
        Bedside { app: self, session, cart }
    }
}

/// A person signed on at a cart.
pub(crate) struct Bedside<'a> {
    app: &'a TestApp,
    pub(crate) session: String,
    pub(crate) cart: &'static str,
}

impl Bedside<'_> {
    /// Scans, under a fresh id; the answer's body.
    pub(crate) async fn scan(&self, raw: &str) -> Value {
        self.scan_as(&Uuid::now_v7().to_string(), raw, &[]).await.expect(200)
    }

    /// Scans with reasons for warnings.
    pub(crate) async fn scan_because(&self, raw: &str, because: &[(&str, &str)]) -> Value {
        self.scan_as(&Uuid::now_v7().to_string(), raw, because).await.expect(200)
    }

    pub(crate) async fn scan_as(&self, id: &str, raw: &str, because: &[(&str, &str)]) -> Reply {
        let overrides: Vec<Value> =
            because.iter().map(|(code, reason)| json!({"code": code, "reason": reason})).collect();
        let body = json!({"scan_id": id, "cart": self.cart, "raw": raw, "source": "wedge",
            "overrides": overrides});
        self.app.send(Asked::post("/api/v1/scans", &body).by(&self.session)).await
    }

    /// Scans the wristband of resident `number`.
    pub(crate) async fn open(&self, number: u64) -> Value {
        self.scan(&format!("]C0{}", band(number))).await
    }

    pub(crate) async fn card(&self, name: &str) -> Value {
        self.scan(&format!("]C0EMAR:CMD:{name}")).await
    }

    /// Charts; `body` lacks only the mode, which is `now` unless it says otherwise.
    pub(crate) async fn chart(&self, key: &str, body: &Value) -> Reply {
        self.post("/api/v1/administrations", key, body).await
    }

    /// Corrects a record.
    pub(crate) async fn correct(&self, id: &str, key: &str, body: &Value) -> Reply {
        self.post(&format!("/api/v1/administrations/{id}/corrections"), key, body).await
    }

    async fn post(&self, path: &str, key: &str, body: &Value) -> Reply {
        let mut body = body.clone();
        if body.get("mode").is_none() {
            body["mode"] = json!("now");
        }
        self.app.send(Asked::post(path, &body).by(&self.session).key(key)).await
    }
}

/// `verdict effect` of a scan's answer, then the codes of what is heavier than information.
pub(crate) fn told(scan: &Value) -> String {
    let text = |key: &str| scan[key].as_str().unwrap_or_default().to_owned();
    let mut told = vec![text("verdict")];
    if text("effect") != "none" {
        told.push(text("effect"));
    }
    let heavy = scan["objections"].as_array().into_iter().flatten();
    let heavy = heavy.filter(|o| o["severity"] != "info");
    if told[0] != "ok" {
        told.extend(heavy.map(|o| o["code"].as_str().unwrap_or_default().to_owned()));
    }
    told.join(" ")
}
