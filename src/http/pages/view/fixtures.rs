//! The pages as the design pictures show them.
use super::bedside::*;
use super::demo::*;
use super::station::*;
use super::*;
use crate::http::pages::line::Line;
use crate::http::pages::tallman::TallMan;

fn list() -> TallMan {
    TallMan::shipped().with(&["metFORMIN", "oxyCODONE", "LORazepam"])
}

fn drug(name: &str) -> Line {
    Line::new().drug(name, &list())
}

pub(crate) fn frame() -> Frame {
    Frame { demo: true, seq: 1, ..Frame::default() }
}

fn bar() -> Bar {
    Bar {
        place: "East".into(),
        progress: Some((23, 60)),
        user: Some("N. Osei RN".into()),
        clock: "08:04".into(),
    }
}

pub(crate) fn slab(look: Look, headline: &str, detail: Line) -> Slab {
    let (headline, scan_id) = (headline.into(), "0193-scan".into());
    let (time, measure) = ("08:04".into(), String::new());
    Slab { look, headline, detail, time, scan_id, measure }
}

pub(crate) fn slab_partial() -> Slab {
    let detail = Line::new()
        .drug("senna tablet · give ", &list())
        .strong("17.2 mg")
        .text(" (2 tablets of 8.6 mg) · by mouth");
    slab(Look::Partial, "1 of 2 — scan one more", detail)
}

pub(crate) fn slab_stop() -> Slab {
    let detail = drug("hydralazine 25 mg tablet")
        .text(" is ordered for room 114. Put it back. Nothing was charted.");
    slab(Look::Stop, "STOP — not for this resident", detail)
}

fn row(time: &str, name: &str, amount: &str, under: Line, how: How, chip: Chip) -> DoseRow {
    let open = !matches!(chip.status, Status::Given);
    DoseRow {
        dose: format!("d-{}", name.split(' ').next().unwrap_or("x")),
        order: "o-1".into(),
        time: time.into(),
        drug: drug(name),
        amount: amount.into(),
        units: String::new(),
        under,
        how,
        measure: false,
        chip,
        current: false,
        open,
    }
}

pub(crate) fn doses() -> Doses {
    let due = || Chip::new(Status::Due, "");
    let late = row(
        "06:30",
        "levothyroxine 50 micrograms tablet",
        "50 micrograms",
        "by mouth · daily before food · 1 h 34 min after its time".into(),
        How::Scan,
        Chip::new(Status::Late, "1 h 34"),
    );
    let mut senna = row(
        "08:00",
        "senna 8.6 mg tablet",
        "17.2 mg",
        "by mouth · daily · constipation".into(),
        How::Units { scanned: 1, needed: 2 },
        due(),
    );
    senna.units = "(2 tablets)".into();
    senna.current = true;
    let under = "by mouth · twice a day with food · diabetes";
    let metformin =
        row("08:00", "metformin 500 mg tablet", "500 mg", under.into(), How::Scan, due());
    let glucose = Line::new()
        .text("under the skin · glucose before: ")
        .strong("182 mg/dL")
        .text(" 07:51 · second nurse needed");
    let insulin =
        row("08:00", "insulin lispro 100 units/mL", "4 units", glucose, How::ScanAndBadge, due());
    let lisinopril = row(
        "08:00",
        "lisinopril 10 mg tablet",
        "10 mg",
        "by mouth · BP 128/74 · charted 08:03 N. Osei".into(),
        How::Scanned,
        Chip::new(Status::Given, "08:03"),
    );
    let mut prn = row(
        "PRN",
        "acetaminophen 325 mg tablet",
        "650 mg",
        "pain 1–3 · last 02:10 · 2,600 mg left today".into(),
        How::Scan,
        Chip::new(Status::Prn, ""),
    );
    prn.dose = String::new();
    let not_due = vec![
        NotDue { drug: drug("hydroxyzine 25 mg tablet"), why: "next 20:00".into() },
        NotDue { drug: drug("alendronate 70 mg tablet"), why: "weekly, next Sun 29-Nov".into() },
    ];
    let rows = vec![late, senna, metformin, insulin, lisinopril, prn];
    let never_due = vec![NotDue {
        drug: drug("warfarin 5 mg tablet"),
        why: "No due time can be worked out: the days are missing. Tell the charge nurse.".into(),
    }];
    Doses { list_version: "17".into(), never_due, rows, not_due }
}

pub(crate) fn banner() -> Banner {
    Banner {
        id: "r-112b".into(),
        initials: "PG".into(),
        photo: None,
        family: "GARZA".into(),
        given: "Pilar".into(),
        nickname: Some("Pili".into()),
        room: "112-B".into(),
        born: "04-Mar-1938".into(),
        age: 88,
        number: "9501 1010 07".into(),
        taken: "Whole, one at a time, with thickened water".into(),
        code_status: "DNR".into(),
        allergies: Allergies::Known(vec!["penicillin — hives".into()]),
    }
}

pub(crate) fn bedside(slab: Slab, pot: u32) -> Bedside {
    let actions = Actions { pot, undo: true };
    let resident = Resident { banner: banner(), slab, doses: doses(), actions };
    page(Some(bar()), Screen::Resident(Box::new(resident)))
}

fn page(bar: Option<Bar>, screen: Screen) -> Bedside {
    let empty = Bar { place: "East".into(), progress: None, user: None, clock: "08:04".into() };
    let bar = bar.unwrap_or(empty);
    Bedside { frame: frame(), cart: "cart-1".into(), idle_s: 120, bar, screen }
}

pub(crate) fn sign_on(badge_read: bool) -> Bedside {
    let (cart, unit) = ("Cart 1".into(), "East".into());
    page(None, Screen::SignOn(SignOn { cart, unit, badge_read, message: None }))
}

fn stay(room: &str, family: &str, given: &str, left: u32, chip: Option<Chip>) -> RoundRow {
    RoundRow {
        id: format!("r-{room}"),
        room: room.into(),
        family: family.into(),
        given: given.into(),
        nickname: None,
        allergies: None,
        left,
        chip,
    }
}

pub(crate) fn round() -> Bedside {
    let due = |note| Some(Chip::new(Status::Due, note));
    let mut rows = vec![
        stay("109-A", "ITO", "Hana", 0, None),
        stay("110-A", "OKAFOR", "Ngozi", 0, None),
        stay(
            "111-B",
            "LINDHOLM",
            "Astrid Maria Josefina",
            2,
            Some(Chip::new(Status::Late, "1 h 10")),
        ),
        stay("112-A", "VAN DER BERG-HOLLINGSWORTH", "Cornelia", 5, due("08:00")),
        stay("112-B", "GARZA", "Pilar", 5, Some(Chip::new(Status::Late, "1 h 34"))),
        stay("113-A", "CHEN", "Wei", 3, due("08:00")),
        stay("114-A", "NOVAK", "Jan", 1, Some(Chip::new(Status::Next, "09:00"))),
    ];
    rows[4].allergies = Some("penicillin".into());
    rows[4].nickname = Some("Pili".into());
    let detail = "Scan a wristband.".into();
    let mut ready = slab(Look::Ready, "Ready", detail);
    ready.scan_id = String::new();
    page(Some(bar()), Screen::Round(Round { slab: ready, left: 37, rows }))
}

fn squares(text: &str) -> Vec<Square> {
    let status = |c| match c {
        'd' => Status::Due,
        'l' => Status::Late,
        'm' => Status::Missed,
        'h' => Status::Held,
        'n' => Status::Next,
        'r' => Status::Refused,
        _ => Status::Given,
    };
    text.chars()
        .enumerate()
        .map(|(i, c)| Square {
            resident: format!("r{i}"),
            room: format!("{}-{}", 101 + i / 2, ["A", "B"][i % 2]),
            status: status(c),
        })
        .collect()
}

fn cart(name: &str, nurse: &str, done: u32, marks: &str, pace: Pace, heard: Heard) -> CartRow {
    let ends = if matches!(pace, Pace::OnPace) { "09:35" } else { "10:22" };
    CartRow {
        name: name.into(),
        nurse: nurse.into(),
        done,
        total: 60,
        squares: squares(marks),
        pace,
        ends: ends.into(),
        heard,
    }
}

fn alert(id: &str, status: Option<Status>, title: Line, detail: &str) -> AlertRow {
    AlertRow {
        id: id.into(),
        rev: 1,
        shown: false,
        status,
        title,
        detail: detail.into(),
        taken: None,
        escalates: String::new(),
    }
}

fn carts() -> Vec<CartRow> {
    vec![
        cart(
            "Cart 1 · East A",
            "N. Osei",
            38,
            "ggggggmddgggggggmdddgggddlggdgggghdgglgldggggggdggggggggnggg",
            Pace::OnPace,
            Heard::Scan("20 s".into()),
        ),
        cart(
            "Cart 2 · East B",
            "R. Lindqvist",
            21,
            "ddgdmgggddgggdgdlndnggnddndlggdgdngggdddggndggggdggdgndddndd",
            Pace::Behind(24),
            Heard::Silent { since: "6 min".into(), waiting: 14 },
        ),
        cart(
            "Cart 3 · Memory",
            "T. Mbeki",
            44,
            "gggggddggggggdggllgnglgddgggdrglggdgdgggglhgnhggdgnggggdlggl",
            Pace::OnPace,
            Heard::Scan("5 s".into()),
        ),
    ]
}

pub(crate) fn station() -> Station {
    let mut alerts = vec![
        alert(
            "a1",
            Some(Status::Missed),
            drug("Missed: insulin lispro 4 units"),
            "GARZA, Pilar 112-B · due 07:30",
        ),
        alert(
            "a2",
            Some(Status::Late),
            drug("Late: oxycodone 5 mg"),
            "CHEN, Wei 103-A · due 07:30",
        ),
        alert(
            "a3",
            None,
            "Cart 2 has not been heard from".into(),
            "6 min · 14 records may be waiting there",
        ),
    ];
    alerts[0].escalates = "DON in 6 min".into();
    alerts[1].taken = Some(Taken { who: "A. Novak".into(), at: "08:31".into() });
    let prn = |id: &str, who: &str, detail: &str| PrnRow {
        id: id.into(),
        who: who.into(),
        detail: drug(detail),
        due: "08:40".into(),
        chip: Chip::new(Status::Prn, ""),
    };
    Station {
        frame: frame(),
        unit: "east".into(),
        station: "station-1".into(),
        bar: StationBar {
            title: "East wing · morning pass".into(),
            date: "Sun 22-Nov-2026".into(),
            charge: "Charge: A. Novak RN".into(),
            clock: "08:41".into(),
        },
        calm: Calm::Busy(3),
        tiles: Tiles { missed: 2, late: 7, due: 64, prn: Some(5), given: 187 },
        carts: carts(),
        alerts,
        letters: 1,
        prn: Some(vec![
            prn("p1", "ITO, Hana 109-A", "acetaminophen 650 mg 07:40 · pain 6 → ?"),
            prn("p2", "CHEN, Wei 103-A", "lorazepam 0.5 mg 07:52 · agitation → ?"),
        ]),
    }
}

pub(crate) fn station_quiet() -> Station {
    let mut page = station();
    page.alerts.clear();
    page.prn = Some(Vec::new());
    page.calm = Calm::Quiet;
    page.tiles = Tiles { given: 260, ..Tiles::default() };
    for cart in &mut page.carts {
        cart.heard = Heard::Scan("5 s".into());
        cart.pace = Pace::OnPace;
        cart.squares.iter_mut().for_each(|square| square.status = Status::Given);
    }
    page
}

pub(crate) fn simulator() -> Simulator {
    let code = |label: &str, raw: &str| SimCode { label: label.into(), raw: raw.into() };
    Simulator {
        frame: frame(),
        cart: "cart-1".into(),
        badges: vec![SimBadge {
            code: code("N. Osei RN", "]d28017952123450000000018"),
            pin: "428913".into(),
        }],
        residents: vec![SimResident {
            name: "112-B GARZA, Pilar".into(),
            band: code("Wristband", "R-7K3M9QX2"),
            packages: vec![code(
                "senna 8.6 mg tablet",
                "]d201095200000000171727033110L1\u{1d}21S1",
            )],
        }],
        commands: vec![code("TAKEN", "EMAR:CMD:TAKEN"), code("UNDO", "EMAR:CMD:UNDO")],
    }
}
