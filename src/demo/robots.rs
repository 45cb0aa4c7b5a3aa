//! Robot nurses: each walks the rooms of its unit, gives what is due, and errs at seeded places.

use super::carts::{Bridge, DemoCarts};
use super::client::Client;
use super::desk::{Desk, DueDose, Seen};
use super::orders::Stock;
use super::people::Person;
use super::random::Random;
use super::seed::{Bed, Seed};
use crate::clock::Clock;
use emar_domain::id::{OrderId, ResidentId};
use emar_domain::order::{OrderVersion, Timing};
use emar_domain::role::Role;
use emar_domain::time::Instant;
use emar_domain::zone::ZoneRules;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The card that confirms a pot.
const TAKEN: &str = "]C0EMAR:CMD:TAKEN";
/// Clinical seconds a resident takes.
const VISIT_SECONDS: i64 = 120;
/// Clinical seconds to look at a resident who needs nothing.
const GLANCE_SECONDS: i64 = 5;
/// Clinical seconds between two rounds.
const REST_SECONDS: i64 = 600;
/// Minutes of the day at which the third cart's nurse is called away, and is back.
const CALLED_AWAY: (u32, u32) = (8 * 60 + 40, 9 * 60 + 40);
/// A scanner reads the same code twice within 400 ms only by accident, and the bridge drops it.
const SECOND_LOOK: Duration = Duration::from_millis(600);
const STOP_MAX: Duration = Duration::from_secs(15);

/// Most clinical minutes of a window that leaves no slack.
const CRITICAL_MINUTES: i64 = 60;

/// What goes wrong at a visit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Slip {
    /// Another resident's package.
    WrongResident,
    /// The same package twice.
    Twice,
    /// A package of an expired lot.
    Expired,
    /// A dose that is not due yet.
    Early,
    /// The resident refuses the first dose.
    Refusal,
    /// The resident is passed over, and found late.
    Skipped,
    /// Nothing; the resident asks for something as needed.
    AsNeeded,
    /// Nothing.
    None,
}

impl Slip {
    /// One visit in five or so has something.
    fn draw(random: &mut Random) -> Self {
        match random.below(100) {
            0..3 => Self::WrongResident,
            3..6 => Self::Twice,
            6..8 => Self::Expired,
            8..10 => Self::Early,
            10..13 => Self::Refusal,
            13..15 => Self::Skipped,
            15..20 => Self::AsNeeded,
            _ => Self::None,
        }
    }
}

/// Where the robots work.
#[derive(Clone)]
pub struct Floor {
    /// Clinical and machine time.
    pub clock: Arc<dyn Clock>,
    /// The home's zone.
    pub zone: ZoneRules,
    /// The server's pages and API.
    pub server: SocketAddr,
    /// The scanners.
    pub carts: Arc<DemoCarts>,
}

/// Robots at work.
pub struct Robots {
    stop: watch::Sender<bool>,
    running: Vec<JoinHandle<()>>,
}

impl Robots {
    /// Puts one nurse at each cart; `bridges` in the order of the seed's carts.
    #[must_use]
    pub fn start(seed: &Seed, number: u64, floor: &Floor, bridges: &[Bridge]) -> Self {
        let (stop, stopped) = watch::channel(false);
        let nurses = seed.people.iter().filter(|p| p.role == Role::Nurse);
        let second = seed.people.iter().find(|p| p.role == Role::Charge);
        let posts = seed.carts.iter().zip(bridges).zip(nurses);
        let running = posts
            .enumerate()
            .map(|(place, ((cart, bridge), nurse))| {
                let beds: Vec<Bed> =
                    seed.beds.iter().filter(|b| b.resident.unit == cart.unit).cloned().collect();
                let robot = Robot {
                    desk: desk(cart.id.as_str(), (nurse, second), floor, bridge),
                    floor: floor.clone(),
                    beds,
                    random: Random::new(number, &format!("robot {}", cart.id)),
                    waiting: BTreeMap::new(),
                    stopped_tried: Vec::new(),
                    planted: false,
                    called_away: place == 2,
                    stop: stopped.clone(),
                };
                tokio::spawn(robot.work())
            })
            .collect();
        Self { stop, running }
    }

    /// Stops them at their next step.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for robot in self.running {
            if tokio::time::timeout(STOP_MAX, robot).await.is_err() {
                tracing::warn!("a robot nurse did not stop");
            }
        }
    }
}

fn desk(
    cart: &str,
    (nurse, second): (&Person, Option<&Person>),
    floor: &Floor,
    bridge: &Bridge,
) -> Desk {
    let client = Client::new(floor.server);
    let (carts, clock) = (Arc::clone(&floor.carts), Arc::clone(&floor.clock));
    Desk::new(cart, (nurse.clone(), second.cloned()), carts, bridge.panel.clone(), client, clock)
}

struct Robot {
    desk: Desk,
    floor: Floor,
    beds: Vec<Bed>,
    random: Random,
    /// Residents passed over, and until when.
    waiting: BTreeMap<ResidentId, Instant>,
    /// Stopped orders whose package was tried once.
    stopped_tried: Vec<OrderId>,
    /// A time-critical dose was passed over: every demo has an early alert.
    planted: bool,
    called_away: bool,
    stop: watch::Receiver<bool>,
}

impl Robot {
    async fn work(mut self) {
        while !self.is_stopped() {
            if !self.desk.sign_on().await {
                self.pause_machine(Duration::from_secs(2)).await;
                continue;
            }
            for place in 0..self.beds.len() {
                let bed = self.beds[place].clone();
                if self.is_stopped() {
                    return;
                }
                self.visit(&bed).await;
            }
            self.pause(REST_SECONDS).await;
        }
    }

    fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits so many clinical seconds, or until stopped.
    async fn pause(&mut self, seconds: i64) {
        let millis = u64::try_from(seconds.max(0)).unwrap_or(0) * 1000;
        let speed = u64::from(self.floor.clock.speed().max(1));
        self.pause_machine(Duration::from_millis(millis / speed)).await;
    }

    async fn pause_machine(&mut self, length: Duration) {
        // The sender lives as long as the robots; a change is the order to stop.
        let _ = tokio::time::timeout(length, self.stop.changed()).await;
    }

    async fn visit(&mut self, bed: &Bed) {
        let began = self.desk.now();
        self.answer_the_call(began).await;
        if self.waiting.get(&bed.resident.id).is_some_and(|until| began < *until) {
            return;
        }
        let Some(doses) = self.desk.doses(&bed.resident.id.to_string()).await else {
            return self.pause_machine(Duration::from_secs(1)).await;
        };
        let due: Vec<&DueDose> = doses.iter().filter(|dose| dose.is_waiting()).collect();
        if due.is_empty() {
            return self.pause(GLANCE_SECONDS).await;
        }
        let slip = Slip::draw(&mut self.random);
        if self.passes_over(bed, &due, slip) {
            return self.pause(GLANCE_SECONDS).await;
        }
        if !self.open(bed).await {
            return self.pause(VISIT_SECONDS).await;
        }
        self.err_before(bed, &doses, slip).await;
        for (place, dose) in due.iter().enumerate() {
            if self.is_stopped() {
                return;
            }
            if place == 0 && slip == Slip::Refusal && self.desk.refused(dose.id).await {
                continue;
            }
            if let Some(order) = order_of(bed, dose) {
                self.prepare(order, slip == Slip::Twice && place == 0).await;
            }
        }
        if slip == Slip::AsNeeded {
            self.as_needed(bed).await;
        }
        // Asked about a late dose or a half count: answered as at any other scan.
        if self.desk.scan(TAKEN).await == Seen::Ask {
            self.desk.answer(TAKEN, "").await;
        }
        let taken = self.desk.now().seconds_since(began);
        self.pause(VISIT_SECONDS - taken).await;
    }

    /// The third cart's nurse is called away in the middle of the morning pass.
    async fn answer_the_call(&mut self, now: Instant) {
        let minute = self.floor.zone.to_civil(now).time().minute_of_day();
        if self.called_away && (CALLED_AWAY.0..CALLED_AWAY.1).contains(&minute) {
            self.pause(i64::from(CALLED_AWAY.1 - minute) * 60).await;
        }
    }

    /// Whether the resident is passed over now: by a slip, and once for a dose that cannot wait.
    fn passes_over(&mut self, bed: &Bed, due: &[&DueDose], slip: Slip) -> bool {
        let critical = due.iter().find(|d| {
            d.state == "due" && d.closes_at.seconds_since(d.opens_at) <= CRITICAL_MINUTES * 60
        });
        let planted = critical.filter(|_| !self.planted);
        let slipped = due.iter().filter(|_| slip == Slip::Skipped).max_by_key(|d| d.closes_at);
        let Some(dose) = planted.or(slipped) else { return false };
        self.planted |= planted.is_some();
        if dose.state != "due" {
            return false;
        }
        let Some(until) = dose.closes_at.plus_minutes(20) else { return false };
        self.waiting.insert(bed.resident.id, until);
        true
    }

    async fn open(&mut self, bed: &Bed) -> bool {
        match self.desk.scan(&bed.band).await {
            Seen::Done => true,
            // The pot of the resident before was left: it goes back, visibly.
            Seen::Ask => self.desk.answer(&bed.band, "").await,
            // A dose of the resident before was left half counted: it goes back as well.
            Seen::Stop => {
                self.desk.scan("]C0EMAR:CMD:UNDO").await;
                self.desk.scan(&bed.band).await == Seen::Done
            }
            Seen::Nothing => false,
        }
    }

    /// Puts one dose in the pot; `twice`: scans its package once too often.
    async fn prepare(&mut self, (order, stock): &(OrderVersion, Stock), twice: bool) {
        let amount = order.dose.to_string().replace('\u{a0}', " ");
        for _ in 0..stock.per_dose {
            let code = stock.code(self.desk.fresh_serial());
            let counted = match self.desk.scan(&code).await {
                Seen::Done => true,
                Seen::Ask => self.desk.answer(&code, &amount).await,
                Seen::Stop | Seen::Nothing => false,
            };
            if !counted {
                return;
            }
            if twice {
                self.pause_machine(SECOND_LOOK).await;
                self.desk.scan(&code).await;
            }
            if stock.label.is_some() || stock.many_doses {
                self.pause_machine(SECOND_LOOK).await;
            }
        }
    }

    async fn err_before(&mut self, bed: &Bed, doses: &[DueDose], slip: Slip) {
        let serial = self.desk.fresh_serial();
        let code = match slip {
            Slip::WrongResident => {
                let others = self.beds.iter().filter(|b| b.resident.id != bed.resident.id);
                let mut labelled =
                    others.flat_map(|b| &b.orders).filter(|(_, s)| s.label.is_some());
                labelled.next().map(|(_, stock)| stock.code(serial))
            }
            Slip::Expired => bed.orders.first().map(|(_, stock)| stock.expired_code(serial)),
            Slip::Early => {
                let planned = doses.iter().find(|dose| dose.state == "planned");
                planned.and_then(|d| order_of(bed, d)).map(|(_, stock)| stock.code(serial))
            }
            _ => None,
        };
        if let Some(code) = code {
            self.desk.scan(&code).await;
        }
        let stopped = bed.stopped.filter(|id| !self.stopped_tried.contains(id));
        if let Some(id) = stopped {
            self.stopped_tried.push(id);
            let stock = bed.orders.iter().find(|(order, _)| order.order == id);
            if let Some((_, stock)) = stock {
                let code = stock.code(self.desk.fresh_serial());
                self.desk.scan(&code).await;
            }
        }
    }

    async fn as_needed(&mut self, bed: &Bed) {
        let prn = bed.orders.iter().find(|(o, _)| matches!(o.timing, Timing::Prn { .. }));
        if let Some(order) = prn {
            self.prepare(order, false).await;
        }
    }
}

fn order_of<'a>(bed: &'a Bed, dose: &DueDose) -> Option<&'a (OrderVersion, Stock)> {
    bed.orders.iter().find(|(order, _)| order.order.0 == dose.order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slip_comes_and_most_visits_have_none() {
        let mut random = Random::new(1, "robot cart-1");
        let drawn: Vec<Slip> = (0..500).map(|_| Slip::draw(&mut random)).collect();
        for slip in [
            Slip::WrongResident,
            Slip::Twice,
            Slip::Expired,
            Slip::Early,
            Slip::Refusal,
            Slip::Skipped,
            Slip::AsNeeded,
        ] {
            assert!(drawn.contains(&slip), "{slip:?}");
        }
        let none = drawn.iter().filter(|s| **s == Slip::None).count();
        assert!((350..450).contains(&none), "{none}");
    }
}
