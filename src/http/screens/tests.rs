//! The pages of a home in which things happened: told in the scenarios' own language.
use super::bedside::bedside;
use super::due_list::list_version;
use super::scan_view::{Verdict, refusal, scan_response};
use super::sight::Sight;
use super::station::{Board, station};
use crate::http::pages::render::{
    render_bedside_fragments, render_doses, render_station_fragments,
};
use crate::http::pages::view::bedside::{Allergies, Bedside, DoseRow, Resident, Screen};
use crate::http::pages::view::station::{Calm, Station};
use crate::http::pages::view::{Frame, Status};
use crate::http::pages::words::Lang;
use crate::service::heard::HeardFrom;
use emar_domain::decide::{Actor, Answer, Command, Refusal, ScanAnswer, ScanCommand};
use emar_domain::id::{ScanId, Slug};
use emar_domain::order::{Hold, OrderState, Timing};
use emar_domain::role::Role;
use emar_domain::schedule::{Clock, Monthly, Schedule, ScheduleFault, YearMonth};
use emar_domain::time::{CivilTime, Weekday};
use emar_domain::verdict::{Check, Objection};
use scenario::Script;

#[allow(dead_code, clippy::too_many_lines, reason = "shared with the scenarios of the core")]
#[path = "../../../domain/tests/it/scenario/mod.rs"]
pub(super) mod scenario;

const HOME: &str = r#"
product senna 8.6 mg tablet gtin 09521234500016
product lisinopril 10 mg tablet gtin 09521234500078
product metformin 500 mg tablet gtin 09521234500085
resident Garza room 112-B
resident Chen room 103-A
order senna for Garza 17.2 mg at 08:00
order lisinopril for Garza 10 mg at 09:00 20:00
nurse Osei
charge Novak
cart cart-1
at 2026-11-02 06:30
note senna by Novak, verified by Osei
note lisinopril by Novak, verified by Osei
"#;

pub(super) fn told(lines: &str) -> Script {
    let mut script = Script::new();
    for line in HOME.lines().chain(lines.lines()) {
        script.step(line).unwrap_or_else(|why| panic!("{line}: {why}"));
    }
    script
}

fn cart() -> Slug {
    Slug::new("cart-1").unwrap()
}

pub(super) fn sight(script: &Script) -> Sight<'_> {
    Sight { home: &script.home, now: script.now, lang: Lang::En }
}

fn page(script: &Script) -> Bedside {
    bedside(&sight(script), Frame::default(), &cart(), None).unwrap()
}

fn resident(script: &Script) -> Resident {
    match page(script).screen {
        Screen::Resident(resident) => *resident,
        other => panic!("no resident is open: {other:?}"),
    }
}

fn board_of(script: &Script, heard: &HeardFrom, machine: i64) -> Station {
    let unit = Slug::new("east").unwrap();
    let board = Board { unit: Some(&unit), station: None, heard, machine, shown: &|_| false };
    station(&sight(script), Frame::default(), &board)
}

fn board(script: &Script) -> Station {
    board_of(script, &HeardFrom::default(), 0)
}

fn scan(script: &mut Script, raw: &str) -> ScanAnswer {
    let user = script.home.carts.get(&cart()).and_then(|s| s.user);
    let actor =
        Actor { user, role: Role::Nurse, session: None, device: None, auth: "badge+pin".into() };
    let command = ScanCommand {
        id: ScanId(uuid::Uuid::from_u128(7_000)),
        cart: cart(),
        raw: raw.into(),
        source: "wedge".into(),
        list_version: None,
        late: false,
        overrides: vec![],
    };
    match script.run(&actor, &Command::Scan(command)).answer.unwrap() {
        Answer::Scan(answer) => *answer,
        other => panic!("{other:?}"),
    }
}

fn band(script: &Script, family: &str) -> String {
    let of = |r: &&emar_domain::resident::Resident| r.family.0 == family;
    format!("]C0{}", script.home.residents.values().find(of).unwrap().band.0)
}

fn row<'a>(rows: &'a [DoseRow], drug: &str) -> &'a DoseRow {
    rows.iter().find(|row| row.drug.to_string().to_lowercase().contains(drug)).unwrap()
}

const OPEN: &str = "cart-1 sign-on Osei\ncart-1 band Garza => ok resident_opened\n";

#[test]
fn the_screen_follows_the_cart_session() {
    assert!(matches!(page(&told("")).screen, Screen::SignOn(_)));
    let signed = page(&told("cart-1 sign-on Osei"));
    assert_eq!(signed.bar.user.as_deref(), Some("Osei"));
    assert!(matches!(signed.screen, Screen::Round(_)));
    let garza = resident(&told(&format!("at 2026-11-02 08:04\n{OPEN}")));
    assert_eq!((garza.banner.family.as_str(), garza.banner.room.as_str()), ("GARZA", "112-B"));
    assert!(matches!(garza.banner.allergies, Allergies::NotRecorded));
}

#[test]
fn every_active_order_is_listed_or_listed_with_its_reason() {
    for (lines, due, not_due) in [
        ("at 2026-11-02 06:40", 0, 2),
        ("at 2026-11-02 07:30", 1, 1),
        ("at 2026-11-02 08:30", 2, 0),
        ("at 2026-11-02 08:30\nhold lisinopril", 1, 1),
        ("at 2026-11-02 08:30\ndiscontinue lisinopril", 1, 0),
        ("order metformin for Garza 500 mg at 08:00\nat 2026-11-02 08:30", 2, 1),
    ] {
        let garza = resident(&told(&format!("{lines}\n{OPEN}")));
        assert_eq!((garza.doses.rows.len(), garza.doses.not_due.len()), (due, not_due), "{lines}");
        assert!(garza.doses.not_due.iter().all(|order| !order.why.is_empty()), "{lines}");
    }
    let mut script = told(&format!("at 2026-11-02 08:30\n{OPEN}"));
    let of = |o: &&emar_domain::order::Order| o.current.drug.ingredient == "senna";
    let senna = script.home.orders.values().find(of).unwrap().clone();
    let planned: Vec<_> = script.home.doses_of_order(senna.id()).map(|d| d.id).collect();
    planned.into_iter().for_each(|dose| script.home.drop_dose(dose));
    script.home.put_order(emar_domain::order::Order { planned_until: None, ..senna });
    let garza = resident(&script);
    let [waits] = garza.doses.not_due.as_slice() else { panic!("{:?}", garza.doses.not_due) };
    assert!(waits.why.contains("being planned"), "{waits:?}");
}

/// The list of the open resident as drawn, up to the doses, and from them on.
fn drawn(script: &Script, lang: Lang) -> (String, String) {
    let sight = Sight { lang, ..sight(script) };
    let frame = Frame { lang, ..Frame::default() };
    let Screen::Resident(resident) = bedside(&sight, frame, &cart(), None).unwrap().screen else {
        panic!("no resident is open")
    };
    let frame = Frame { lang, ..Frame::default() };
    let list = render_doses(&frame, &resident.doses).unwrap().html.replace('\u{a0}', " ");
    let (above, rows) = list.split_once("<ol").unwrap();
    (above.to_owned(), rows.to_owned())
}

/// Nobody opens a list of what is not due to find what should be: it stands above the doses, with
/// nothing on it to press, and says whom to call.
#[test]
fn an_order_without_due_times_stands_above_the_doses_and_says_what_to_do() {
    let monthly = Monthly {
        day: Some(31),
        overflow: None,
        nth: None,
        dow: None,
        every: 1,
        anchor: YearMonth::FIRST,
    };
    let unsound = Clock { monthly: Some(monthly), ..Clock::default() };
    let never = Clock { dow: Some(vec![Weekday::Sun]), ..Clock::default() };
    let planned = |clock: Clock| {
        let times = vec![CivilTime::new(8, 0).unwrap()];
        let clock = Box::new(Clock { times, ..clock });
        Timing::Planned { schedule: Schedule::Clock(clock) }
    };
    for (timing, why, porque) in [
        (
            planned(unsound),
            "it does not say what happens in months without that day",
            "no dice qué pasa en los meses sin ese día",
        ),
        (planned(never), "as it is written, no dose ever comes", "nunca llega una dosis"),
        (Timing::Unschedulable { reason: "days &amp missing".into() }, "days &#38;amp", "days"),
    ] {
        let lines = "order metformin for Garza 500 mg at 08:00\nat 2026-11-02 06:40";
        let mut script =
            told(&format!("{lines}\nnote metformin by Novak, verified by Osei\n{OPEN}"));
        let of = |o: &&emar_domain::order::Order| o.current.drug.ingredient == "metformin";
        let mut order = script.home.orders.values().find(of).unwrap().clone();
        order.current.timing = timing;
        order.current.stop = script.now.plus_minutes(24 * 60);
        order.planned_until = None;
        let id = order.id();
        script.home.put_order(order.clone());
        let open: Vec<_> = script.home.doses_of_order(id).map(|d| d.id).collect();
        open.into_iter().for_each(|dose| script.home.drop_dose(dose));
        for (lang, why, next) in [
            (Lang::En, why, "Tell the charge nurse; the order must be changed."),
            (Lang::Es, porque, "Avise a la jefa de turno; hay que cambiar la orden."),
        ] {
            let (above, rows) = drawn(&script, lang);
            for part in ["metformin 500 mg tablet", why, next] {
                assert!(above.contains(part), "{part} in {above}");
            }
            for part in ["<details", "data-open", "data-order", "tabindex", "class=\"empty\""] {
                assert!(!above.contains(part), "{part} in {above}");
            }
            assert!(!rows.contains("metformin"), "once: {rows}");
        }
        // What is held has its own reason; what is over has no time to be worked out.
        order.hold = Some(Hold { from: script.now, until: None, reason: "fasting".into() });
        script.home.put_order(order.clone());
        let (above, rows) = drawn(&script, Lang::En);
        assert!(!above.contains("metformin") && rows.contains("on hold since"), "{above}{rows}");
        order.state = OrderState::Discontinued;
        script.home.put_order(order);
        let (above, rows) = drawn(&script, Lang::En);
        assert!(!above.contains("metformin") && !rows.contains("metformin"));
    }
}

/// Whatever bars the planning of an order has words; a code is nothing to read at a bedside.
#[test]
fn every_fault_of_a_schedule_has_words_in_both_languages() {
    let unknown = serde_json::from_value::<ScheduleFault>("none".into()).unwrap_err().to_string();
    let codes = unknown.split('`').skip(3).step_by(2).chain(["too_long", "no_dose_to_come"]);
    let mut count = 0;
    for code in codes {
        for lang in [Lang::En, Lang::Es] {
            let said = Sight { lang, ..sight(&told("")) }.word("fault", code);
            assert!(said.contains(' ') && !said.contains('_'), "{code}: {said}");
        }
        count += 1;
    }
    assert!(count >= 13, "{count}: {unknown}");
}

#[test]
fn an_order_that_cannot_be_planned_is_an_alert() {
    let lines = "order metformin for Garza 500 mg at\nnote metformin by Novak, verified by Osei";
    let script = told(&format!("{lines}\nat 2026-11-02 06:40\n{OPEN}"));
    let title = board(&script).alerts[0].title.to_string();
    assert!(title.contains("metformin"), "{title}");
}

#[test]
fn a_dose_of_two_tablets_is_counted_put_in_the_pot_and_given() {
    let mut script = told(&format!("at 2026-11-02 08:04\n{OPEN}"));
    let shown = resident(&script);
    let senna = row(&shown.doses.rows, "senna");
    assert_eq!((senna.time.as_str(), senna.units.as_str()), ("08:00", "(2\u{a0}tablets)"));
    assert_eq!(senna.amount, "17.2\u{a0}mg");
    assert_eq!(senna.how.boxes(), [false, false]);
    assert!(senna.current);
    script.step("cart-1 scan senna #S1 => ok unit_scanned 1/2").unwrap();
    assert_eq!(row(&resident(&script).doses.rows, "senna").how.boxes(), [true, false]);
    script.step("cart-1 scan senna #S2 => ok prepared 2/2").unwrap();
    let shown = resident(&script);
    assert!(row(&shown.doses.rows, "senna").how.in_pot());
    assert_eq!((shown.actions.pot, shown.actions.undo), (1, true));
    script.step("cart-1 card TAKEN => ok confirmed").unwrap();
    let shown = resident(&script);
    let senna = row(&shown.doses.rows, "senna");
    assert_eq!((senna.chip.status, senna.chip.note.as_str()), (Status::Given, "08:04"));
    assert_eq!((senna.open, shown.actions.pot), (false, 0));
    let under = senna.under.to_string().replace('\u{a0}', " ");
    assert!(under.contains("charted 08:04 Osei"), "{under}");
}

#[test]
fn late_doses_come_first_and_the_list_does_not_sort_itself_anew() {
    let mut script = told(&format!("at 2026-11-02 09:30\n{OPEN}"));
    let times = |script: &Script| -> Vec<String> {
        resident(script).doses.rows.iter().map(|row| row.time.clone()).collect()
    };
    assert_eq!(times(&script), ["08:00", "09:00"]);
    let before = list_version(&script.home, *script.home.residents.keys().next().unwrap());
    script.step("at 2026-11-02 20:00").unwrap();
    assert_eq!(times(&script), ["08:00", "09:00", "20:00"]);
    let shown = resident(&script);
    assert_eq!(shown.doses.rows[0].chip.status, Status::Late);
    assert_eq!(shown.doses.rows[0].chip.note, "12\u{a0}h\u{a0}00");
    assert_eq!(shown.doses.list_version, before.to_string(), "time alone makes no new list");
}

#[test]
fn a_late_dose_is_missed_until_somebody_has_it() {
    let mut script = told("at 2026-11-02 09:30\ntick");
    let counts = |script: &Script| {
        let tiles = board(script).tiles;
        (tiles.missed, tiles.late, tiles.due, tiles.given)
    };
    assert_eq!(counts(&script), (1, 0, 1, 0));
    let shown = board(&script);
    assert_eq!(shown.alerts[0].status, Some(Status::Missed));
    assert_eq!(
        shown.alerts[0].title.to_string(),
        "Missed: senna 8.6\u{a0}mg tablet — 17.2\u{a0}mg"
    );
    assert_eq!(shown.alerts[0].escalates, "charge nurse in 10 min");
    script.step("accept Garza by Novak").unwrap();
    assert_eq!(counts(&script), (0, 1, 1, 0));
    let shown = board(&script);
    assert_eq!(shown.alerts[0].status, Some(Status::Late));
    assert_eq!(shown.alerts[0].taken.as_ref().unwrap().who, "Novak");
}

#[test]
fn a_late_dose_is_late_while_its_cart_is_there_and_given_is_counted() {
    let mut script = told(&format!("at 2026-11-02 09:30\ntick\n{OPEN}"));
    let tiles = board(&script).tiles;
    assert_eq!((tiles.missed, tiles.late), (0, 1));
    for line in [
        "cart-1 scan lisinopril #L1 => ok prepared 1/1",
        "cart-1 card TAKEN => ok confirmed",
        "cart-1 card NEXT => ok command",
    ] {
        script.step(line).unwrap();
    }
    let tiles = board(&script).tiles;
    assert_eq!((tiles.missed, tiles.late, tiles.due, tiles.given), (1, 0, 0, 1));
}

#[test]
fn counts_equal_rows() {
    for lines in ["at 2026-11-02 08:30", "at 2026-11-02 09:30\ntick", "at 2026-11-02 21:30\ntick"] {
        let script = told(&format!("{lines}\n{OPEN}"));
        let rows = resident(&script).doses.rows;
        let count = |status| {
            u32::try_from(rows.iter().filter(|r| r.chip.status == status).count()).unwrap()
        };
        let tiles = board(&script).tiles;
        assert_eq!((count(Status::Late), count(Status::Due)), (tiles.late, tiles.due), "{lines}");
        assert_eq!((count(Status::Missed), tiles.missed), (0, 0), "the cart is there: {lines}");
    }
}

#[test]
fn a_cart_has_one_square_a_resident_in_room_order() {
    let script = told("at 2026-11-02 08:30\ncart-1 sign-on Osei");
    let shown = board(&script);
    let squares = &shown.carts[0].squares;
    let rooms: Vec<&str> = squares.iter().map(|square| square.room.as_str()).collect();
    assert_eq!(rooms, ["112-B", "103-A"], "the home's own order of rooms first");
    assert_eq!((squares[0].status, squares[1].status), (Status::Due, Status::Next));
    assert_eq!((shown.carts[0].done, shown.carts[0].total), (0, 1));
    let Screen::Round(round) = page(&script).screen else { panic!("a round") };
    assert_eq!((round.left, round.rows.len()), (1, 2));
    assert_eq!(round.rows[0].left, 2);
}

#[test]
fn a_quiet_board_is_green_only_while_its_cart_is_heard() {
    let script = told("");
    let heard = HeardFrom::default();
    assert!(matches!(board_of(&script, &heard, 0).calm, Calm::Unheard(_)));
    heard.hear(&cart(), 1_000_000);
    assert!(matches!(board_of(&script, &heard, 60_000_000).calm, Calm::Quiet));
    assert!(matches!(board_of(&script, &heard, 61_000_000).calm, Calm::Unheard(_)));
}

#[test]
fn a_stop_never_names_another_resident() {
    let mut script =
        told(&format!("at 2026-11-02 08:04\n{OPEN}cart-1 scan senna #S1 => ok unit_scanned 1/2"));
    let chen = band(&script, "Chen");
    let answer = scan(&mut script, &chen);
    let verdict = Verdict::of_scan(&script.home, script.now, &cart(), &answer).unwrap();
    for lang in [Lang::En, Lang::Es] {
        let sight = Sight { lang, ..sight(&script) };
        let said = scan_response(&sight, &cart(), &answer, Vec::new());
        assert_eq!(said.objections[0].objection.code, Check::WrongResident);
        let json = serde_json::to_string(&said).unwrap();
        let slab = format!("{:?}", verdict.slab(&sight));
        for text in [&json, &slab] {
            assert!(!text.to_lowercase().contains("chen"), "{text}");
        }
        assert!(said.detail.contains("103-A"), "{}", said.detail);
        assert_eq!((said.tone, said.fragments.len()), ("stop", 0));
    }
}

#[test]
fn the_slab_says_the_last_verdict_until_the_screen_turns() {
    let mut script = told("at 2026-11-02 08:04\ncart-1 sign-on Osei");
    let garza = band(&script, "Garza");
    let answer = scan(&mut script, &garza);
    let verdict = Verdict::of_scan(&script.home, script.now, &cart(), &answer).unwrap();
    let headline = |script: &Script| {
        let shown = bedside(&sight(script), Frame::default(), &cart(), Some(&verdict)).unwrap();
        match shown.screen {
            Screen::Resident(resident) => resident.slab.headline,
            Screen::Round(round) => round.slab.headline,
            Screen::SignOn(_) => panic!("signed on"),
        }
    };
    assert_eq!(headline(&script), "GARZA, Demo");
    script.step("cart-1 card NEXT => ok command").unwrap();
    assert_eq!(headline(&script), "Ready");
}

#[test]
fn a_prn_order_may_be_given_or_says_when() {
    let mut script = told(&format!("at 2026-11-02 08:04\n{OPEN}"));
    let mut order =
        script.home.orders.values().find(|o| o.current.drug.ingredient == "senna").unwrap().clone();
    order.current.timing = Timing::prn("constipation", Some(240), Some(3));
    let (id, resident_id) = (order.id(), order.current.resident);
    script.home.put_order(order);
    let open: Vec<_> = script.home.doses_of_order(id).map(|d| d.id).collect();
    open.into_iter().for_each(|dose| script.home.drop_dose(dose));
    let shown = resident(&script);
    let senna = row(&shown.doses.rows, "senna");
    assert_eq!((senna.time.as_str(), senna.chip.status), ("PRN", Status::Prn));
    let under = senna.under.to_string().replace('\u{a0}', " ");
    assert!(under.contains("0 of 3 in 24 h"), "{under}");
    let taken = emar_domain::home::Taken {
        dose: emar_domain::id::DoseId(uuid::Uuid::nil()),
        order: id,
        ingredient: "senna".into(),
        at: script.now,
        by: *script.home.users.keys().next().unwrap(),
        amount: None,
    };
    script.home.taken.insert(resident_id, vec![taken]);
    let not_due = resident(&script).doses.not_due;
    assert!(not_due.iter().any(|order| order.why == "next possible at 12:04"), "{not_due:?}");
}

#[test]
fn hostile_names_are_escaped() {
    let hostile = "<script>alert(1)</script>'&<b>";
    let script = told(&format!(
        "resident \"{hostile}\" room \"<i>\"\norder metformin for \"{hostile}\" 500 mg at 08:00\n\
         note metformin by Novak, verified by Osei\nat 2026-11-02 09:30\ntick\ncart-1 sign-on Osei\n\
         cart-1 band \"{hostile}\" => ok resident_opened"
    ));
    let mut pages = render_bedside_fragments(&page(&script)).unwrap();
    pages.extend(render_station_fragments(&board(&script)).unwrap());
    let all: String = pages.into_iter().map(|fragment| fragment.html).collect();
    assert!(all.contains("&#60;SCRIPT&#62;") || all.contains("&lt;SCRIPT&gt;"), "it is shown");
    for tag in ["<script", "<SCRIPT", "<b>ALERT", "<i>", "<I>"] {
        assert!(!all.contains(tag), "{tag}");
    }
}

#[test]
fn every_refusal_has_a_sentence_in_both_languages() {
    let script = told("");
    for code in REFUSALS {
        let made = Refusal::new(code, "reload").with("by", "nobody").with("since_at", script.now);
        for lang in [Lang::En, Lang::Es] {
            let said = refusal(&Sight { lang, ..sight(&script) }, &made);
            assert!(said.len() > 20 && !said.contains("refusal-"), "{code}: {said}");
        }
    }
    let mut taken = Refusal::new("already_given", "reload");
    let by = *script.home.users.keys().next().unwrap();
    taken.objections.push(
        Objection::new(Check::AlreadyGiven).with("given_at", script.now).with("by", by.to_string()),
    );
    let said = refusal(&sight(&script), &taken);
    assert!(said.contains("06:30") && !said.contains(&by.to_string()), "{said}");
}

const REFUSALS: [&str; 60] = [
    "witness_differs",
    "reading_in_future",
    "readings_missing",
    "reading_unknown",
    "reading_unfit",
    "reading_twice",
    "pressure_reversed",
    "reading_too_old",
    "transcription_done",
    "already_given",
    "already_charted",
    "not_prepared",
    "not_scanned",
    "not_a_removal",
    "removal_only",
    "nothing_on",
    "reason_missing",
    "reason_unknown",
    "comment_missing",
    "amount_missing",
    "time_missing",
    "time_in_future",
    "dose_unknown",
    "dose_missing",
    "order_unknown",
    "order_state",
    "version_older",
    "order_findings",
    "order_held",
    "hold_past",
    "hold_reversed",
    "absence_past",
    "absence_reversed",
    "absence_contradicted",
    "resident_present",
    "resident_state",
    "room_unknown",
    "mark_of_another",
    "renewal_needless",
    "renewal_not_longer",
    "renewal_needs_evaluation",
    "order_changed",
    "order_other_drug",
    "change_starts_later",
    "order_charted",
    "error_charted",
    "error_prepared",
    "verify_own",
    "role_forbidden",
    "role_cannot_chart",
    "alert_taken",
    "alert_changed",
    "alert_ended",
    "never_quiet",
    "quiet_too_long",
    "resident_unknown",
    "administration_unknown",
    "correction_of_another_dose",
    "sign_on_first",
    "key_reused",
];
