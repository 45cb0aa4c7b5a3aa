//! Night doses over both clock changes, in zones that differ in all that a zone can.

use crate::support::{TestApp, Wanted};
use emar_domain::dose::Withdrawal;
use emar_domain::time::Instant;

/// A zone, the instant the server starts at, and when the doses of 01:30 and 02:30 are due on
/// the next civil date.
type Night = (&'static str, &'static str, &'static [&'static str]);

/// Worked out by hand from the zones' own rules: a time in the gap keeps the offset before it, a
/// time that comes twice is given the first time.
const NIGHTS: &[Night] = &[
    ("America/New_York", "2026-10-31T12:00:00Z", &["2026-11-01T05:30:00Z", "2026-11-01T07:30:00Z"]),
    ("America/New_York", "2026-03-07T12:00:00Z", &["2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z"]),
    ("Europe/London", "2026-10-24T12:00:00Z", &["2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"]),
    (
        "Europe/London",
        "2026-03-28T12:00:00Z",
        // 01:30 is moved onto 02:30: one dose, not two at once.
        &["2026-03-29T01:30:00Z"],
    ),
    ("Europe/Berlin", "2026-10-24T12:00:00Z", &["2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z"]),
    ("Europe/Berlin", "2026-03-28T12:00:00Z", &["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"]),
    // Half an hour: 02:00 becomes 01:30 in April, and 02:30 in October.
    (
        "Australia/Lord_Howe",
        "2026-04-04T00:00:00Z",
        &["2026-04-04T14:30:00Z", "2026-04-04T16:00:00Z"],
    ),
    (
        "Australia/Lord_Howe",
        "2026-10-03T00:00:00Z",
        &["2026-10-03T15:00:00Z", "2026-10-03T15:30:00Z"],
    ),
    ("Pacific/Auckland", "2026-04-04T00:00:00Z", &["2026-04-04T12:30:00Z", "2026-04-04T13:30:00Z"]),
    ("Pacific/Auckland", "2026-09-26T00:00:00Z", &["2026-09-26T13:30:00Z", "2026-09-26T14:30:00Z"]),
    // British Columbia keeps summer time from March 2026 on: no second 01:30 in November.
    (
        "America/Vancouver",
        "2026-10-31T12:00:00Z",
        &["2026-11-01T08:30:00Z", "2026-11-01T09:30:00Z"],
    ),
    (
        "America/Vancouver",
        "2026-11-01T12:00:00Z",
        &["2026-11-02T08:30:00Z", "2026-11-02T09:30:00Z"],
    ),
    (
        "America/Vancouver",
        "2027-03-13T12:00:00Z",
        &["2027-03-14T08:30:00Z", "2027-03-14T09:30:00Z"],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn night_doses_come_once_at_the_right_instants_over_both_changes() {
    for (zone, start, nights) in NIGHTS {
        let (zone, start) = (Some(*zone), Some(*start));
        let mut app = TestApp::with(Wanted { zone, start, ..Wanted::default() }).await;
        let garza = app.resident(1, "Garza").await;
        let order = app.order(garza, "senna", "8.6 mg", &["01:30", "02:30"]).await;
        // Planning again, as the server does every while, makes no second dose.
        app.ask(emar_domain::decide::Command::Plan(vec![order])).await;
        if nights.len() < 2 {
            // What was one with another is read back as that.
            app.restart().await;
        }
        {
            let home = app.home();
            let date = home.today(emar::clock::Clock::clinical(&*app.clock)).plus_days(1).unwrap();
            let doses: Vec<_> =
                home.doses_of_order(order).filter(|d| d.slot.date == date).collect();
            let merged = doses.iter().filter(|d| d.withdrawn == Some(Withdrawal::Merged)).count();
            assert_eq!((doses.len(), merged), (2, 2 - nights.len()), "both are told: {zone:?}");
            let open = doses.iter().filter(|d| d.is_open());
            let found: Vec<Instant> = open.map(|d| d.due).collect();
            let wanted: Vec<Instant> = nights.iter().map(|t| Instant::parse(t).unwrap()).collect();
            assert_eq!(found, wanted, "{zone:?} {date}");
        }
        app.finish().await;
    }
}
