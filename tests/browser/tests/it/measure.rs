//! "Measure first" at the bedside, by keyboard and scanner: what a scanned order asks for is
//! entered once, holds the dose or lets it be given, and says how many units the scale comes to.

use crate::desk::{sign_on, tab_to};
use emar_browser_tests::{
    Demo, Sheet, Stock, clean, look, press, scan, shot, shows, type_by_hand, until, with_page,
};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

const METOPROLOL: &str = "metoprolol tartrate 25 mg tablet";
const DIGOXIN: &str = "digoxin 125 mcg tablet";
const LISPRO: &str = "insulin lispro 100 units/mL solution";

/// Enters orders as an integrator may send them, and notes each.
const ENTER: &str = "
    const post = (path, body) => fetch(path, {
        method: 'POST',
        headers: {
            'Content-Type': 'application/json',
            'Idempotency-Key': crypto.randomUUID(),
        },
        body: JSON.stringify(body),
    }).then(answer => answer.json());
    const enter = async ({ drug, number, unit, conditions }) => {
        const { order } = await post('/orders/compose', {
            resident: arguments[0], drug, number, unit, route: 'po', pattern: 'regular',
            times: '07:00', start: '2026-11-02 06:00',
        });
        const entered = await post('/api/v1/orders', { ...order, conditions });
        const noted = await post(`/api/v1/orders/${entered.order}/note`, { overrides: [] });
        return noted.order ?? JSON.stringify([order, entered, noted]);
    };
    const all = [];
    for (const one of arguments[1]) all.push(await enter(one));
    return all;";

const VERIFY: &str = "
    for (const order of arguments[0])
        await fetch(`/api/v1/orders/${order}/verify`, {
            method: 'POST',
            headers: {
                'Content-Type': 'application/json',
                'Idempotency-Key': crypto.randomUUID(),
            },
            body: '{}',
        });";

const ASKS: &str = "document.querySelector('dialog#measure').open";
const ANSWERED: &str = "!document.querySelector('dialog[open]')";

fn package(gtin: &str, serial: &str) -> String {
    format!("]d201{gtin}1728083110DEMO-B\u{1d}21{serial}")
}

/// A resident who takes none of these yet.
fn someone(sheet: &Sheet) -> Stock {
    let taken = ["metoprolol", "digoxin", "insulin lispro", "atenolol", "carvedilol"]
        .map(|drug| [1, 2].map(|packages| sheet.with("east", drug, packages)));
    let taken: Vec<Stock> = taken.into_iter().flatten().flatten().collect();
    let free = |one: &Stock| taken.iter().all(|other| other.resident != one.resident);
    let mut all = sheet.with("east", "levothyroxine 50 mcg", 1).into_iter();
    all.find(free).expect("a resident without them")
}

fn orders() -> Value {
    let rule =
        |code: &str, bound: i64| json!({"code": code, "op": "<", "nano": bound * 1_000_000_000});
    let gate = |rules: Value| json!({"gate": {"max_age_minutes": 60, "hold_if_any": rules}});
    let row = |lo: Option<u32>, hi: Option<u32>, answer: Value| json!({"span": {"lo": lo, "hi": hi}, "answer": answer});
    let units = |n: i64| json!({"units": {"nano": n * 1_000_000_000, "unit": "units"}});
    let rows = json!([
        row(None, Some(149), units(0)),
        row(Some(150), Some(399), units(2)),
        row(Some(400), None, json!({"action": "call_prescriber"})),
    ]);
    json!([
        {"drug": METOPROLOL, "number": "25", "unit": "mg",
            "conditions": gate(json!([rule("sbp", 100), rule("hr", 55)]))},
        {"drug": DIGOXIN, "number": "125", "unit": "mcg",
            "conditions": gate(json!([rule("hr_apical", 60)]))},
        {"drug": LISPRO, "number": "4", "unit": "units",
            "conditions": {"scale": {"unit": "mg/dL", "rows": rows}}},
    ])
}

/// The orders of this test, entered and noted by one nurse and verified by another.
async fn in_force(page: &WebDriver, demo: &Demo, resident: &str) -> WebDriverResult<[String; 3]> {
    page.goto(demo.url(&format!("/orders?resident={resident}"))).await?;
    sign_on(page, &demo.user("nurse")).await?;
    let sent = page.execute(ENTER, vec![resident.into(), orders()]).await?;
    let ids: Vec<String> = serde_json::from_value(sent.json().clone()).expect("ids");
    assert!(ids.iter().all(|id| id.len() == 36), "refused: {ids:?}");
    page.execute("document.activeElement?.blur()", vec![]).await?;
    tab_to(page, "e.dataset?.act === 'sign-off'").await?;
    press(page, Key::Enter).await?;
    until(page, "document.body.dataset.screen === 'sign-on'").await?;
    sign_on(page, &demo.user("charge")).await?;
    page.execute(VERIFY, vec![json!(ids)]).await?;
    Ok(ids.try_into().expect("three orders"))
}

async fn open_at_cart(page: &WebDriver, demo: &Demo, one: &Stock) -> WebDriverResult<()> {
    let nurse = demo.user("nurse");
    page.goto(demo.url("/bedside?cart=cart-1")).await?;
    until(page, "document.documentElement.dataset.link === 'live'").await?;
    scan(page, &nurse.badge).await?;
    until(page, "document.activeElement?.name === 'pin'").await?;
    type_by_hand(page, &nurse.pin).await?;
    press(page, Key::Enter).await?;
    shows(page, "[data-screen=round]", "").await?;
    scan(page, &one.band).await
}

/// Types a value into the field that has the focus, and goes on.
async fn enter(page: &WebDriver, name: &str, value: &str) -> WebDriverResult<()> {
    until(page, &format!("{ASKS} && document.activeElement?.name === '{name}'")).await?;
    type_by_hand(page, value).await?;
    press(page, Key::Enter).await
}

/// A low pressure: the dialog shows what the order makes of it, and HELD is proposed.
async fn measured_and_held(page: &WebDriver, row: &str) -> WebDriverResult<()> {
    shows(page, row, "measure first: systolic pressure, heart rate").await?;
    scan(page, &package("09521234000068", "M1")).await?;
    until(page, ASKS).await?;
    shows(page, "#measure .about", "metoprolol").await?;
    shows(page, "#measure .measure", "hold below 100").await?;
    // One entry for the pass: the readings of the other doses stand below.
    shows(page, "#measure .measure", "apical pulse").await?;
    shows(page, "#measure .measure", "units by scale").await?;
    until(page, "document.activeElement?.name === 'sbp'").await?;
    shot(page, "measure-first").await?;
    // A slip is told in the dialog, and what was typed stays.
    enter(page, "sbp", "980").await?;
    enter(page, "hr", "50").await?;
    shows(page, "#measure .wrong", "goes from 30 to 320").await?;
    let typed = "document.querySelector('#measure [name=hr]').value";
    assert_eq!(look(page, typed).await?, "50");
    page.execute(
        "const f = document.querySelector('#measure [name=sbp]'); f.value = ''; f.focus()",
        vec![],
    )
    .await?;
    enter(page, "sbp", "98").await?;
    until(page, "document.querySelector('dialog#reason').open").await?;
    shows(page, "#slab.stop", "Hold below 100").await?;
    let comment = "document.querySelector('#reason textarea').value";
    assert_eq!(look(page, comment).await?, "systolic pressure 98; heart rate 50");
    shows(page, "#reason [aria-pressed=true]", "outside the ordered limits").await?;
    shot(page, "measure-held").await?;
    // What was measured is no word of the prescriber's: it does not stand there for it.
    type_by_hand(page, "3").await?;
    until(page, &format!("{comment} === ''")).await?;
    press(page, Key::Enter).await?;
    shows(page, "#reason .wrong", "needed").await?;
    page.execute("document.querySelector('#reason [data-do=go]').focus()", vec![]).await?;
    type_by_hand(page, "1").await?;
    until(page, &format!("{comment} === 'systolic pressure 98; heart rate 50'")).await?;
    page.execute("document.querySelector('#reason [data-do=go]').focus()", vec![]).await?;
    press(page, Key::Enter).await?;
    until(page, ANSWERED).await?;
    shows(page, row, "Held").await
}

/// What the scale comes to is on the row and on the slab; HI leads to no units.
async fn by_scale(page: &WebDriver, demo: &Demo, row: &str) -> WebDriverResult<()> {
    shows(page, row, "by scale").await?;
    scan(page, &package("09521234000662", "I1")).await?;
    until(page, ASKS).await?;
    until(page, "document.activeElement?.name === 'glucose'").await?;
    press(page, Key::Tab).await?;
    until(page, "document.activeElement?.dataset.meter === 'HI'").await?;
    press(page, Key::Enter).await?;
    until(page, "document.querySelector('#measure [name=glucose]').value === 'HI'").await?;
    shot(page, "measure-hi").await?;
    press(page, Key::Enter).await?;
    shows(page, "#slab.stop", "call the prescriber").await?;
    until(page, ANSWERED).await?;
    // Measured again from the row, before its package is scanned.
    for _ in 0..20 {
        if look(page, &format!("document.querySelector(\"{row}\").matches('.chosen')")).await?
            == true
        {
            break;
        }
        press(page, Key::Down).await?;
    }
    press(page, Key::F7).await?;
    until(page, ASKS).await?;
    shows(page, "#measure .measure", "HI").await?;
    enter(page, "glucose", "182").await?;
    until(page, ANSWERED).await?;
    shows(page, row, "2\u{a0}units").await?;
    shows(page, row, "182\u{a0}mg/dL").await?;
    scan(page, &package("09521234000662", "I1")).await?;
    // The second person finds the units by the scale too.
    until(page, "document.querySelector('dialog#second').open").await?;
    let charge = demo.user("charge");
    scan(page, &charge.badge).await?;
    until(page, "document.activeElement?.name === 'pin'").await?;
    type_by_hand(page, &charge.pin).await?;
    press(page, Key::Tab).await?;
    type_by_hand(page, "2 units").await?;
    press(page, Key::Enter).await?;
    shows(page, "#slab", "2\u{a0}units").await?;
    shows(page, row, "in the pot").await?;
    shot(page, "measure-units").await
}

#[tokio::test]
async fn what_an_order_asks_for_is_measured_first() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1280, 800, async |page| {
        let sheet = Sheet::read(&page, &demo).await?;
        let one = someone(&sheet);
        let ids = in_force(&page, &demo, &one.resident).await?;
        let [metoprolol, digoxin, lispro] = ids.map(|id| format!(".dose[data-order='{id}']"));
        open_at_cart(&page, &demo, &one).await?;

        measured_and_held(&page, &metoprolol).await?;

        // By the scanner of the cart's bridge: the page asks, and the package is scanned again.
        let by_bridge = "fetch('/demo/scan', { method: 'POST', \
            headers: { 'Content-Type': 'application/json' }, \
            body: JSON.stringify({ cart: 'cart-1', raw: arguments[0] }) })";
        page.execute(by_bridge, vec![package("09521234000167", "D0").into()]).await?;
        until(&page, ASKS).await?;
        shows(&page, "#measure .about", "digoxin").await?;
        press(&page, Key::Escape).await?;
        until(&page, ANSWERED).await?;

        // Gone back from: nothing is recorded, and the scan is spent.
        scan(&page, &package("09521234000167", "D1")).await?;
        until(&page, ASKS).await?;
        press(&page, Key::Escape).await?;
        until(&page, ANSWERED).await?;
        shows(&page, &digoxin, "measure first: apical pulse").await?;
        // The dialog gives way to a scan, and comes back with it.
        scan(&page, &package("09521234000167", "D1")).await?;
        until(&page, ASKS).await?;
        let answered = "document.getElementById('slab').dataset.scan";
        let before = look(&page, answered).await?;
        scan(&page, &package("09521234000167", "D1")).await?;
        until(&page, &format!("{answered} !== {before} && {ASKS}")).await?;
        enter(&page, "hr_apical", "72").await?;
        shows(&page, &digoxin, "in the pot").await?;
        until(&page, ANSWERED).await?;

        by_scale(&page, &demo, &lispro).await?;

        press(&page, Key::Enter).await?;
        shows(&page, &format!("{digoxin} .chip.given"), "Given").await?;
        shows(&page, &format!("{lispro} .chip.given"), "Given").await?;
        clean(&page).await
    })
    .await;
}
