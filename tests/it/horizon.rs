//! Doses planned for weeks ahead: the far ones are in the database alone, every act on their order
//! reaches them there, and no server plans a dose that another planned.

use crate::support::world::person;
use crate::support::{Asked, TestApp, TestClock, Wanted};
use emar::clock::{Clock, RandomIds};
use emar::config::{Config, Mqtt};
use emar::server::{Extra, Seams, StartError, start};
use emar::service::lane::{Asked as Wish, Outcome};
use emar::store::Store;
use emar_domain::decide::Command;
use emar_domain::dose::{Dose, Withdrawal};
use emar_domain::id::ResidentId;
use emar_domain::time::Instant;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// 20:00 in New York on a day of November.
fn evening(day: u32) -> String {
    format!("2026-11-{:02}T01:00:00Z", day + 1)
}

async fn stored(store: &Store, resident: ResidentId) -> Vec<Dose> {
    store.doses_of_resident(resident, Instant::EPOCH, Instant::MAX).await.unwrap()
}

/// The evenings of November of the doses that stand so.
async fn evenings(app: &TestApp, resident: ResidentId, why: Option<Withdrawal>) -> Vec<u32> {
    let doses = stored(&app.running().app.store, resident).await;
    let so = doses.iter().filter(|d| d.withdrawn == why && d.outcome.is_none());
    let day = |due: Instant| (1..30).find(|day| Instant::parse(&evening(*day)).unwrap() == due);
    so.map(|d| day(d.due).expect("an evening")).collect()
}

/// Nothing is in memory that it does not reach.
fn memory_is_near(app: &TestApp) -> usize {
    let home = app.home();
    assert!(home.doses.values().all(|d| d.due < home.reach), "far doses stayed in memory");
    home.doses.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doses_far_ahead_follow_their_order() {
    let app = TestApp::new().await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["20:00"]).await;
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let act = async |what: &str, body: Value| {
        let path = format!("/api/v1/orders/{order}/{what}");
        app.send(Asked::post(&path, &body).by(&novak)).await.expect(200)
    };
    let open = async || evenings(&app, garza, None).await;
    let held = async || evenings(&app, garza, Some(Withdrawal::Held)).await;
    assert_eq!(open().await, (2..=15).collect::<Vec<_>>(), "fourteen days");
    assert_eq!(memory_is_near(&app), 3);

    let span = json!({"reason": "test", "from": evening(9), "until": evening(12)});
    act("hold", span.clone()).await;
    assert_eq!(held().await, [9, 10, 11]);
    assert_eq!(memory_is_near(&app), 3);
    // Only a hold that has begun can be resumed, and this one begins out of memory's reach.
    app.clock.set("2026-11-10T12:00:00Z");
    let in_memory = |due: String| {
        let due = Instant::parse(&due).unwrap();
        move |home: &emar_domain::home::Home| {
            home.doses_of_order(order).find(|d| d.due == due).map(|d| d.withdrawn)
        }
    };
    let tenth = app.until("memory reaches the clock", in_memory(evening(10))).await;
    assert_eq!(tenth, Some(Withdrawal::Held));
    act("resume", json!({})).await;
    assert_eq!(held().await, [9], "what is past stays as it was");
    app.until("the horizon moved on", |home| {
        let until = home.orders[&order].planned_until;
        (until == Instant::parse(&evening(23)).ok()).then_some(())
    })
    .await;
    assert!(open().await.ends_with(&(10..=23).collect::<Vec<_>>()));

    let mut version = app.home().orders[&order].current.clone();
    version.version = 2;
    version.stop = Instant::parse(&evening(20)).ok();
    act("versions", json!({"kind": "new_version", "reason": "a week", "order": version})).await;
    let superseded = evenings(&app, garza, Some(Withdrawal::Superseded)).await;
    assert_eq!(superseded, (10..=23).collect::<Vec<_>>());
    app.until("the new plan is made", |home| {
        (home.orders[&order].planned_until == Instant::parse(&evening(19)).ok()).then_some(())
    })
    .await;
    assert!(open().await.ends_with(&(10..=19).collect::<Vec<_>>()));
    memory_is_near(&app);

    act("discontinue", json!({"reason": "done"})).await;
    let stopped = evenings(&app, garza, Some(Withdrawal::Discontinued)).await;
    assert_eq!(stopped, (10..=19).collect::<Vec<_>>());
    memory_is_near(&app);
    app.finish_with_waiting(&["alert"]).await;
}

/// Another server for the same home, under a clock of its own.
async fn beside(
    app: &TestApp,
    clock: &Arc<TestClock>,
) -> Result<emar::server::Running, StartError> {
    let mut config = Config::load(&app.config).unwrap();
    config.server = "srv-2".to_owned();
    config.http.set_port(0);
    config.metrics.set_port(0);
    config.mqtt = Mqtt::None;
    let given: Arc<dyn Clock> = clock.clone();
    let seams =
        Seams { clock: Box::new(move |_, _, _| given), ids: Arc::new(RandomIds), demo: false };
    start(&config, seams, Extra::default()).await
}

/// One server works for a home. Another is refused and writes nothing; once it took over, the first
/// writes nothing any more, though it runs and wants to plan the same doses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_plan_each_dose_once() {
    let app = TestApp::with(Wanted { postgres: true, ..Wanted::default() }).await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["20:00"]).await;
    let first = &app.running().app;
    let size = async || {
        let head = first.store.head(&first.facility).await.unwrap().unwrap();
        (head.epoch, head.frontier.size(), stored(&first.store, garza).await.len())
    };
    let before = size().await;
    assert_eq!(before.2, 14);

    let later = "2026-11-07T13:00:00Z";
    let clock = Arc::new(TestClock::at(later));
    let refused = beside(&app, &clock).await;
    assert!(matches!(refused, Err(StartError::Leased { .. })), "the lease is held");
    assert_eq!(size().await, before, "a refused server writes nothing");

    clock.skip_machine_seconds(600);
    let second = beside(&app, &clock).await.unwrap();
    app.clock.set(later);
    let plan = || Wish::by_server(Command::Plan(vec![order]));
    let (fenced, _) = tokio::join!(first.lane.ask(plan()), second.app.lane.ask(plan()));
    assert!(!matches!(fenced, Outcome::Done { .. }), "{fenced:?}");
    let want: Vec<Instant> = (2..=20).map(|day| Instant::parse(&evening(day)).unwrap()).collect();
    let doses = stored(&second.app.store, garza).await;
    let due: Vec<Instant> = doses.iter().map(|d| d.due).collect();
    assert_eq!(due, want, "each evening once");
    let slots: BTreeSet<_> = doses.iter().map(|d| d.slot).collect();
    assert_eq!(slots.len(), want.len());
    assert_eq!(size().await.0, before.0 + 1, "under an epoch of its own");
    second.stop().await;
    app.abandon().await;
}
