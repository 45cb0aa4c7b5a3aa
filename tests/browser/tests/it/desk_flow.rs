//! Orders from the form, by keyboard alone. A taper to the bedside: entered, looked at beforehand,
//! noted, verified by another, on the MAR and the due list, changed, and held for a while. Insulin
//! by a scale, and a patch that comes off again.

use crate::desk::{sign_on, tab_to};
use emar_browser_tests::{
    Demo, Sheet, Stock, clean, look, press, reload_until, scan, shot, shows, type_by_hand, until,
    with_page,
};
use std::time::Duration;
use thirtyfour::prelude::*;

const CHOICES_MAX: u32 = 5;
/// After this long without a key a list begins a new word.
const NEW_WORD: Duration = Duration::from_millis(1200);

async fn sign_off(page: &WebDriver) -> WebDriverResult<()> {
    page.execute("document.activeElement?.blur()", vec![]).await?;
    tab_to(page, "e.dataset?.act === 'sign-off'").await?;
    press(page, Key::Enter).await?;
    until(page, "document.body.dataset.screen === 'sign-on'").await
}

/// Reaches the field by Tab, of several of a name the one in this row, and puts a text into it.
async fn fill(page: &WebDriver, name: &str, row: u32, text: &str) -> WebDriverResult<()> {
    let all = format!("[...document.querySelectorAll('[name=\"{name}\"]')]");
    tab_to(page, &format!("e === {all}[{row}]")).await?;
    let select = page.action_chain().key_down(Key::Control).send_keys("a").key_up(Key::Control);
    select.perform().await?;
    press(page, Key::Backspace).await?;
    type_by_hand(page, text).await
}

/// Chooses by typing what the option begins with.
async fn choose(page: &WebDriver, name: &str, begins: &str) -> WebDriverResult<()> {
    tab_to(page, &format!("e.name === '{name}' && e.form?.id === 'enter'")).await?;
    let chosen = "document.activeElement.selectedOptions[0].text.trim()";
    // A machine under load can take so long between two letters that the second begins a new word.
    for _ in 0..CHOICES_MAX {
        type_by_hand(page, begins).await?;
        let text = look(page, chosen).await?;
        let begins = begins.to_lowercase();
        if text.as_str().is_some_and(|text| text.to_lowercase().starts_with(&begins)) {
            return Ok(());
        }
        tokio::time::sleep(NEW_WORD).await;
    }
    panic!("{name} has no choice that begins with {begins}")
}

async fn act(page: &WebDriver, order: &str, act: &str) -> WebDriverResult<()> {
    page.execute("document.activeElement?.blur()", vec![]).await?;
    let fits = format!(
        "e.dataset?.orderAct === '{act}' && e.closest('[data-order]').dataset.order === '{order}'"
    );
    tab_to(page, &fits).await?;
    press(page, Key::Enter).await
}

/// Reads what it would do, and confirms it.
async fn confirm(page: &WebDriver, says: &str) -> WebDriverResult<()> {
    until(page, "document.querySelector('dialog#confirm').open").await?;
    until(page, "document.activeElement?.id === 'preview'").await?;
    shows(page, "#preview", says).await?;
    tab_to(page, "e.value === 'yes'").await?;
    press(page, Key::Enter).await?;
    until(page, "!document.querySelector('dialog#confirm').open").await
}

/// The first dose now, four tablets for two days, then two tablets for two days.
async fn type_taper(page: &WebDriver, room: &str) -> WebDriverResult<()> {
    choose(page, "resident", room).await?;
    fill(page, "drug", 0, "prednisone 5 mg tablet").await?;
    press(page, Key::Escape).await?;
    choose(page, "pattern", "Taper").await?;
    until(page, "!document.querySelector('[data-rows=steps]').closest('fieldset').hidden").await?;
    choose(page, "unit", "mg").await?;
    fill(page, "step_number", 0, "20").await?;
    fill(page, "step_length", 0, "2").await?;
    tab_to(page, "e.dataset?.add === 'steps'").await?;
    press(page, Key::Enter).await?;
    // The new row has the focus at once.
    until(page, "document.activeElement?.name === 'step_number'").await?;
    type_by_hand(page, "10").await?;
    fill(page, "step_length", 1, "two").await?;
    fill(page, "times", 0, "08:00").await?;
    tab_to(page, "e.name === 'first'").await?;
    press(page, Key::Down).await?;
    fill(page, "indication", 0, "polymyalgia").await?;
    press(page, Key::Enter).await?;
    // What is wrong with a row is said in that row, and the row has the focus.
    shows(page, "[data-rows=steps] li:nth-child(2) .wrong", "whole number").await?;
    until(page, "document.activeElement?.name === 'step_length'").await?;
    shot(page, "taper-wrong").await?;
    fill(page, "step_length", 1, "2").await?;
    press(page, Key::Enter).await
}

/// A resident who takes no prednisone.
fn someone(sheet: &Sheet) -> Stock {
    someone_without(sheet, "prednisone")
}

/// A resident who takes nothing of this name.
fn someone_without(sheet: &Sheet, drug: &str) -> Stock {
    let takes: Vec<Stock> =
        [1, 2].iter().flat_map(|packages| sheet.with("east", drug, *packages)).collect();
    let free = |one: &Stock| takes.iter().all(|other| other.resident != one.resident);
    let mut all = sheet.with("east", "levothyroxine 50 mcg", 1).into_iter();
    all.find(free).expect("a resident without it")
}

async fn room_of(page: &WebDriver, resident: &str) -> WebDriverResult<String> {
    let option = format!("document.querySelector('#f-resident option[value=\"{resident}\"]')");
    let text = look(page, &format!("{option}.textContent")).await?;
    let text = text.as_str().expect("the resident is offered");
    Ok(text.split(' ').next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_taper_from_the_form_to_the_bedside() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1440, 900, async |page| {
        let sheet = Sheet::read(&page, &demo).await?;
        let one = someone(&sheet);
        page.goto(demo.url("/orders")).await?;
        sign_on(&page, &demo.user("nurse")).await?;
        shows(&page, "#to-note", "To note").await?;
        let room = room_of(&page, &one.resident).await?;

        type_taper(&page, &room).await?;
        shows(&page, "#preview .says", "Step 1: 20").await?;
        shows(&page, "#preview .says", "Step 2: 10").await?;
        shows(&page, "#preview .says", "first dose now").await?;
        shows(&page, "#preview tbody td", "prednisone 20").await?;
        shows(&page, "#preview tbody td", "prednisone 10").await?;
        shot(&page, "taper-preview").await?;
        confirm(&page, "doses added").await?;
        shows(&page, "#said", "Entered as a draft").await?;
        let order = look(&page, "document.activeElement.dataset.order").await?;
        let order = order.as_str().expect("the new order has the focus").to_owned();
        shows(&page, &format!("[id='order-{order}'] .drug"), "by steps").await?;
        act(&page, &order, "note").await?;
        confirm(&page, "doses added").await?;
        shows(&page, "#said", "Noted").await?;

        sign_off(&page).await?;
        sign_on(&page, &demo.user("charge")).await?;
        act(&page, &order, "verify").await?;
        shows(&page, "#said", "Verified").await?;

        on_the_mar(&page, &demo, &one, &order).await?;
        at_the_bedside(&page, &demo, &one, &order).await?;
        changed_and_held(&page, &demo, &one, &order).await?;
        clean(&page).await
    })
    .await;
}

/// A heading for each amount, each with the doses that have it.
async fn on_the_mar(
    page: &WebDriver,
    demo: &Demo,
    one: &Stock,
    order: &str,
) -> WebDriverResult<()> {
    let mar = demo.url(&format!("/residents/{}/mar", one.resident));
    let cells = format!("document.querySelectorAll(\"[data-order='{order}'] button\").length > 2");
    reload_until(page, &mar, &cells).await?;
    let group = format!("tbody[data-order='{order}'] .drug");
    shows(page, &group, "20\u{a0}mg").await?;
    shows(page, &group, "10\u{a0}mg").await?;
    shot(page, "taper-mar").await?;
    // The history of a dose has the amount of the heading it was opened under.
    let ten = format!(
        "[...document.querySelectorAll(\"tbody[data-order='{order}']\")]\
         .find(e => e.querySelector('.drug').textContent.includes('10\u{a0}mg'))"
    );
    page.execute(format!("{ten}.querySelector('button').click()"), vec![]).await?;
    shows(page, "#history-title", "10\u{a0}mg").await?;
    shot(page, "taper-history").await
}

/// A nurse signs on at the cart and opens the resident.
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

/// The dose due now is four tablets.
async fn at_the_bedside(
    page: &WebDriver,
    demo: &Demo,
    one: &Stock,
    order: &str,
) -> WebDriverResult<()> {
    open_at_cart(page, demo, one).await?;
    let row = format!(".dose[data-order='{order}']");
    shows(page, &row, "20\u{a0}mg").await?;
    shows(page, &row, "(4\u{a0}tablets)").await?;
    // Why the others are not due is one press away.
    page.execute("document.querySelector('.not-due summary').focus()", vec![]).await?;
    press(page, Key::Enter).await?;
    shows(page, ".not-due li", "next").await?;
    shot(page, "taper-bedside").await
}

/// A new version is chosen and previewed; a hold has an end of its own that the pages show.
async fn changed_and_held(
    page: &WebDriver,
    demo: &Demo,
    one: &Stock,
    order: &str,
) -> WebDriverResult<()> {
    page.goto(demo.url(&format!("/orders?resident={}", one.resident))).await?;
    if look(page, "document.body.dataset.screen").await? == "sign-on" {
        sign_on(page, &demo.user("nurse")).await?;
    }
    shows(page, &format!("[id='order-{order}']"), "Step 2").await?;
    act(page, order, "change").await?;
    until(page, "document.activeElement?.name === 'kind'").await?;
    let opened = "document.querySelectorAll('[name=step_number]')[1].value";
    assert_eq!(look(page, opened).await?, "10");
    fill(page, "step_number", 1, "15").await?;
    press(page, Key::Enter).await?;
    shows(page, "#wrong-kind", "new version or a correction").await?;
    shot(page, "taper-change").await?;
    tab_to(page, "e.name === 'kind'").await?;
    press(page, Key::Space).await?;
    fill(page, "reason", 0, "slower").await?;
    press(page, Key::Enter).await?;
    confirm(page, "Step 2: 15").await?;
    shows(page, "#said", "new version is in force").await?;
    shows(page, &format!("[id='order-{order}']"), "15").await?;

    // A hold to come is told and can be taken off.
    act(page, order, "hold").await?;
    until(page, "document.activeElement?.name === 'reason'").await?;
    type_by_hand(page, "fasting").await?;
    fill(page, "from", 0, "2026-11-03 08:00").await?;
    press(page, Key::Enter).await?;
    confirm(page, "removed").await?;
    let row = format!("[id='order-{order}']");
    shows(page, &row, "on hold from Tue 03-Nov-2026 08:00 on: fasting").await?;
    shot(page, "hold-to-come").await?;
    act(page, order, "resume").await?;
    confirm(page, "added").await?;
    until(page, &format!("!document.querySelector(\"{row}\").textContent.includes('fasting')"))
        .await?;

    act(page, order, "hold").await?;
    until(page, "document.querySelector('dialog#because').open").await?;
    until(page, "document.activeElement?.name === 'reason'").await?;
    type_by_hand(page, "infection").await?;
    fill(page, "until", 0, "2026-11-01 08:00").await?;
    press(page, Key::Enter).await?;
    shows(page, "#because-until", "ends before it begins").await?;
    shot(page, "hold-wrong").await?;
    fill(page, "until", 0, "2026-11-04 12:00").await?;
    press(page, Key::Enter).await?;
    confirm(page, "removed").await?;
    let held = format!("#on-hold [id='order-{order}']");
    shows(page, &held, "to Wed 04-Nov-2026 12:00: infection").await?;
    shot(page, "held").await?;
    page.goto(demo.url(&format!("/residents/{}/mar", one.resident))).await?;
    shows(page, &format!("[data-order='{order}'] .standing"), "to Wed 04-Nov-2026 12:00").await
}

/// Opens a part of the form that stays shut until it is wanted.
async fn unfold(page: &WebDriver, title: &str) -> WebDriverResult<()> {
    tab_to(page, &format!("e.tagName === 'SUMMARY' && e.textContent === '{title}'")).await?;
    press(page, Key::Enter).await?;
    until(page, "document.activeElement.parentElement.open").await
}

async fn add_row(page: &WebDriver, list: &str, field: &str) -> WebDriverResult<()> {
    tab_to(page, &format!("e.dataset?.add === '{list}'")).await?;
    press(page, Key::Enter).await?;
    until(page, &format!("document.activeElement?.name === '{field}'")).await
}

/// Insulin by a scale, held at a low glucose; between its first two rows there is a gap.
async fn type_insulin(page: &WebDriver, room: &str) -> WebDriverResult<()> {
    choose(page, "resident", room).await?;
    fill(page, "drug", 0, "insulin lispro 100 units/mL solution").await?;
    press(page, Key::Escape).await?;
    fill(page, "times", 0, "08:00 12:00 17:00").await?;
    unfold(page, "Hold parameters").await?;
    choose(page, "hold_code", "glucose").await?;
    choose(page, "hold_op", "below").await?;
    fill(page, "hold_value", 0, "70").await?;
    fill(page, "hold_age", 0, "30").await?;
    unfold(page, "Sliding scale").await?;
    choose(page, "scale_unit", "mg").await?;
    fill(page, "scale_to", 0, "149").await?;
    fill(page, "scale_units", 0, "0").await?;
    add_row(page, "scale", "scale_from").await?;
    type_by_hand(page, "160").await?;
    fill(page, "scale_to", 1, "399").await?;
    fill(page, "scale_units", 1, "2").await?;
    add_row(page, "scale", "scale_from").await?;
    type_by_hand(page, "400").await?;
    fill(page, "scale_action", 2, "call prescriber").await?;
    press(page, Key::Enter).await
}

/// Units by a sliding scale, by keyboard: rows that leave a gap are named, the table is read back
/// with its examples, and a change of the order begins with all of it.
#[tokio::test]
async fn insulin_by_a_scale_with_a_hold_parameter() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1440, 900, async |page| {
        let sheet = Sheet::read(&page, &demo).await?;
        let one = someone_without(&sheet, "insulin lispro");
        page.goto(demo.url("/orders")).await?;
        sign_on(&page, &demo.user("nurse")).await?;
        shows(&page, "#to-note", "To note").await?;
        let open = "document.querySelectorAll('#enter details[open]').length";
        assert_eq!(look(&page, open).await?, 0, "an ordinary order is as short as it was");
        shot(&page, "form-shut").await?;
        let room = room_of(&page, &one.resident).await?;

        type_insulin(&page, &room).await?;
        let row = "[data-rows=scale] li:nth-child(2) .wrong";
        shows(&page, row, "149 and below and 160 to 399 leave a gap").await?;
        until(&page, "document.activeElement?.name === 'scale_from'").await?;
        shot(&page, "scale-wrong").await?;
        fill(&page, "scale_from", 1, "150").await?;
        press(&page, Key::Enter).await?;
        for says in [
            "Hold when glucose is below 70.",
            "With glucose 70: give. With glucose 69: hold.",
            "150\u{a0}to 399: 2\u{a0}units; 400\u{a0}and above: call prescriber.",
            "With 150\u{a0}mg/dL: 2\u{a0}units. With 400\u{a0}mg/dL: call prescriber.",
        ] {
            shows(&page, "#preview .says", says).await?;
        }
        shows(&page, "#preview tbody td", "doses that cannot be added up").await?;
        shot(&page, "scale-preview").await?;
        confirm(&page, "doses added").await?;
        shows(&page, "#said", "Entered as a draft").await?;
        assert_eq!(look(&page, open).await?, 0, "the form is shut again");
        let order = look(&page, "document.activeElement.dataset.order").await?;
        let order = order.as_str().expect("the new order has the focus").to_owned();
        shows(&page, &format!("[id='order-{order}']"), "With glucose 69: hold.").await?;
        shot(&page, "scale-draft").await?;

        act(&page, &order, "change").await?;
        until(&page, "document.activeElement?.name === 'kind'").await?;
        let typed = "[...document.querySelectorAll('[name^=hold_], [name^=scale_]')]\
            .map(e => e.value).join()";
        let all = "glucose,<,70,30,mg/dL,,149,0,,150,399,2,,400,,,call prescriber";
        assert_eq!(look(&page, typed).await?, all);
        assert_eq!(look(&page, open).await?, 2);
        shot(&page, "scale-change").await?;
        press(&page, Key::Space).await?;
        fill(&page, "reason", 0, "more at night").await?;
        fill(&page, "scale_units", 1, "3").await?;
        press(&page, Key::Enter).await?;
        confirm(&page, "150\u{a0}to 399: 3\u{a0}units").await?;
        shows(&page, "#said", "new version is in force").await?;
        shows(&page, &format!("[id='order-{order}']"), "With glucose 69: hold.").await?;
        clean(&page).await
    })
    .await;
}

/// Enters an order as an integrator may send it: what, how much, and no time that can be worked out.
const SEND_UNPLANNED: &str = "
    const post = (path, body) => fetch(path, {
        method: 'POST',
        headers: {
            'Content-Type': 'application/json',
            'Idempotency-Key': crypto.randomUUID(),
        },
        body: JSON.stringify(body),
    }).then(answer => answer.json());
    return post('/orders/compose', {
        resident: arguments[0], drug: 'warfarin 2 mg tablet', number: '2', unit: 'mg', route: 'po',
        pattern: 'regular', frequency: 'DAILY', start: '2026-11-02 06:00',
    }).then(({ order }) => post('/api/v1/orders', {
        ...order,
        frequency: '',
        asked: null,
        timing: { when: 'unschedulable', reason: 'the days are missing' },
    })).then(told => told.order ?? JSON.stringify(told))";

/// Nobody presses anything to see it, and pressing it does nothing.
#[tokio::test]
async fn an_order_without_due_times_stands_above_the_doses() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1280, 800, async |page| {
        let sheet = Sheet::read(&page, &demo).await?;
        let one = someone_without(&sheet, "warfarin");
        page.goto(demo.url(&format!("/orders?resident={}", one.resident))).await?;
        sign_on(&page, &demo.user("nurse")).await?;
        let sent = page.execute(SEND_UNPLANNED, vec![one.resident.as_str().into()]).await?;
        let order = sent.json().as_str().expect("an answer").to_owned();
        assert_eq!(order.len(), 36, "refused: {order}");
        page.refresh().await?;
        shows(&page, &format!("[id='order-{order}']"), "the days are missing").await?;
        act(&page, &order, "note").await?;
        confirm(&page, "the days are missing").await?;
        shows(&page, "#said", "Noted").await?;

        open_at_cart(&page, &demo, &one).await?;
        let row = ".never-due li";
        shows(&page, row, "warfarin 2\u{a0}mg tablet").await?;
        shows(&page, row, "the days are missing. Tell the charge nurse").await?;
        let seen = "document.querySelector('.never-due li').checkVisibility()\
            && document.querySelector('.never-due').getBoundingClientRect().bottom\
            <= document.querySelector('.doses ol').getBoundingClientRect().top";
        assert_eq!(look(&page, seen).await?, true);
        let state = "[...document.querySelectorAll('.slab, .dose, .never-due li')]\
            .map(e => e.className + e.textContent).join()";
        let before = look(&page, state).await?;
        page.execute("document.querySelector('.never-due li').click()", vec![]).await?;
        assert_eq!(look(&page, state).await?, before, "a press changes nothing");
        shot(&page, "never-due").await?;
        clean(&page).await
    })
    .await;
}

/// A patch goes on in the morning and comes off at night; who prescribed it and its legal end are
/// kept, and a change of the times loses neither.
#[tokio::test]
async fn a_patch_put_on_and_taken_off() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1440, 900, async |page| {
        let sheet = Sheet::read(&page, &demo).await?;
        let one = someone(&sheet);
        page.goto(demo.url("/orders")).await?;
        sign_on(&page, &demo.user("nurse")).await?;
        shows(&page, "#to-note", "To note").await?;
        let room = room_of(&page, &one.resident).await?;
        choose(&page, "resident", &room).await?;
        fill(&page, "drug", 0, "nitroglycerin 5 mg patch").await?;
        press(&page, Key::Escape).await?;
        choose(&page, "pattern", "Put on").await?;
        fill(&page, "number", 0, "5").await?;
        choose(&page, "unit", "mg").await?;
        fill(&page, "times", 0, "08:00 20:00").await?;
        fill(&page, "off_times", 0, "21:00").await?;
        unfold(&page, "Prescriber and legal end").await?;
        fill(&page, "prescriber", 0, "Dr Adeyemi").await?;
        fill(&page, "expires", 0, "2026-12-01 12:00").await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#wrong-off_times", "nothing comes off").await?;
        until(&page, "document.activeElement?.name === 'off_times'").await?;
        shot(&page, "patch-wrong").await?;
        fill(&page, "times", 0, "08:00").await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#preview .says", "off at 21:00").await?;
        shows(&page, "#preview .says", "until Tue 01-Dec-2026 12:00, by law").await?;
        shot(&page, "patch-preview").await?;
        confirm(&page, "doses added").await?;
        shows(&page, "#said", "Entered as a draft").await?;
        let order = look(&page, "document.activeElement.dataset.order").await?;
        let order = order.as_str().expect("the new order has the focus").to_owned();
        let row = format!("[id='order-{order}']");
        act(&page, &order, "change").await?;
        until(&page, "document.activeElement?.name === 'kind'").await?;
        press(&page, Key::Space).await?;
        fill(&page, "reason", 0, "sleeps late").await?;
        fill(&page, "times", 0, "09:00").await?;
        press(&page, Key::Enter).await?;
        confirm(&page, "at 09:00, every day").await?;
        shows(&page, "#said", "new version is in force").await?;
        for kept in ["prescribed by Dr Adeyemi", "by law", "off at 21:00"] {
            shows(&page, &row, kept).await?;
        }
        shot(&page, "patch-changed").await?;
        clean(&page).await
    })
    .await;
}

/// A drug the resident does not know of, whose instructions whoever gives it confirms: what is
/// missing is told at its field in the part that opens for it, and a change begins with all of it.
#[tokio::test]
async fn given_covertly_and_with_instructions_to_confirm() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1440, 900, async |page| {
        let sheet = Sheet::read(&page, &demo).await?;
        let one = someone(&sheet);
        page.goto(demo.url("/orders")).await?;
        sign_on(&page, &demo.user("nurse")).await?;
        shows(&page, "#to-note", "To note").await?;
        let room = room_of(&page, &one.resident).await?;
        choose(&page, "resident", &room).await?;
        fill(&page, "drug", 0, "prednisone 5 mg tablet").await?;
        press(&page, Key::Escape).await?;
        fill(&page, "number", 0, "5").await?;
        choose(&page, "unit", "mg").await?;
        choose(&page, "frequency", "Q12H").await?;
        unfold(&page, "Giving").await?;
        tab_to(&page, "e.name === 'acknowledge'").await?;
        press(&page, Key::Space).await?;
        fill(&page, "covert_reference", 0, "Best interests 14").await?;
        tab_to(&page, "e.name === 'elapsed'").await?;
        press(&page, Key::Space).await?;
        fill(&page, "after", 0, "30").await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#wrong-covert_review", "as 2026-12-01").await?;
        until(&page, "document.activeElement?.name === 'covert_review'").await?;
        type_by_hand(&page, "2026-12-01").await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#wrong-acknowledge", "no instructions to confirm").await?;
        until(&page, "document.activeElement?.name === 'acknowledge'").await?;
        shot(&page, "giving-wrong").await?;
        fill(&page, "instructions", 0, "crush in yoghurt").await?;
        tab_to(&page, "e.type === 'submit' && e.form?.id === 'enter'").await?;
        press(&page, Key::Enter).await?;
        for says in [
            "Ground: Best interests 14. Review by Tue 01-Dec-2026",
            "must confirm: crush in yoghurt",
            "every 12\u{a0}h\u{a0}00, whatever the clock says",
            "to 30\u{a0}min after its time",
        ] {
            shows(&page, "#preview .says", says).await?;
        }
        shot(&page, "giving-preview").await?;
        confirm(&page, "doses added").await?;
        shows(&page, "#said", "Entered as a draft").await?;
        let open = "document.querySelectorAll('#enter details[open]').length";
        assert_eq!(look(&page, open).await?, 0, "the form is shut again");
        let order = look(&page, "document.activeElement.dataset.order").await?;
        let order = order.as_str().expect("the new order has the focus").to_owned();
        let row = format!("[id='order-{order}']");
        shows(&page, &row, "covert: Best interests 14").await?;
        shows(&page, &row, "must confirm: crush in yoghurt").await?;

        act(&page, &order, "change").await?;
        until(&page, "document.activeElement?.name === 'kind'").await?;
        let typed = "['covert_reference', 'covert_review', 'after', 'before']\
            .map(n => document.querySelector(`#enter [name=${n}]`).value).join()\
            + ['acknowledge', 'elapsed']\
            .map(n => document.querySelector(`#enter [name=${n}]`).checked).join()";
        let all = "Best interests 14,2026-12-01,30,true,true";
        assert_eq!(look(&page, typed).await?, all);
        assert_eq!(look(&page, open).await?, 1);
        press(&page, Key::Space).await?;
        fill(&page, "reason", 0, "reviewed early").await?;
        fill(&page, "covert_review", 0, "2026-11-20").await?;
        shot(&page, "giving-change").await?;
        press(&page, Key::Enter).await?;
        confirm(&page, "Review by Fri 20-Nov-2026").await?;
        shows(&page, "#said", "new version is in force").await?;
        shows(&page, &row, "must confirm: crush in yoghurt").await?;
        clean(&page).await
    })
    .await;
}

async fn stay_act(page: &WebDriver, act: &str) -> WebDriverResult<()> {
    page.execute("document.activeElement?.blur()", vec![]).await?;
    tab_to(page, &format!("e.dataset?.stayAct === '{act}'")).await?;
    press(page, Key::Enter).await
}

/// In hospital with an end, back before it, discharged, and here again: each shown beforehand.
#[tokio::test]
async fn away_back_discharged_and_readmitted() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1440, 900, async |page| {
        let sheet = Sheet::read(&page, &demo).await?;
        let one = someone(&sheet);
        page.goto(demo.url(&format!("/orders?resident={}", one.resident))).await?;
        sign_on(&page, &demo.user("charge")).await?;
        shows(&page, "#stay [data-says]", "Lives here, and is here").await?;

        stay_act(&page, "absence").await?;
        until(&page, "document.activeElement?.name === 'kind'").await?;
        fill(&page, "until", 0, "2026-11-01 08:00").await?;
        tab_to(&page, "e.name === 'reason' && e.closest('dialog')").await?;
        type_by_hand(&page, "fall").await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#because-until", "ends before it begins").await?;
        fill(&page, "until", 0, "2026-11-04 12:00").await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#preview tbody", "levothyroxine 50 mcg tablet (away)").await?;
        shot(&page, "stay-preview").await?;
        confirm(&page, "removed").await?;
        shows(&page, "#said", "Recorded as away").await?;
        shows(&page, "#stay [data-says]", "until Wed 04-Nov-2026 12:00 · fall").await?;
        shot(&page, "stay-away").await?;

        stay_act(&page, "return").await?;
        confirm(&page, "added").await?;
        shows(&page, "#stay [data-says]", "Lives here, and is here").await?;

        stay_act(&page, "discharge").await?;
        until(&page, "document.activeElement?.name === 'reason'").await?;
        type_by_hand(&page, "to her daughter").await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#preview tbody", "levothyroxine 50 mcg tablet (stopped)").await?;
        confirm(&page, "removed").await?;
        shows(&page, "#stay [data-says]", "Discharged: to her daughter").await?;
        shot(&page, "stay-discharged").await?;
        let choice = format!("select[name=resident] option[value='{}']", one.resident);
        page.goto(demo.url("/orders")).await?;
        shows(&page, &choice, "(discharged)").await?;

        page.goto(demo.url(&format!("/orders?resident={}", one.resident))).await?;
        stay_act(&page, "readmit").await?;
        until(&page, "document.activeElement?.name === 'room'").await?;
        type_by_hand(&page, "no such room").await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#because-room", "no such room").await?;
        fill(&page, "room", 0, "").await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#preview tbody", "levothyroxine 50 mcg tablet").await?;
        confirm(&page, "added").await?;
        shows(&page, "#said", "Readmitted").await?;
        shows(&page, "#stay [data-says]", "Lives here, and is here").await?;
        shot(&page, "stay-readmitted").await?;
        clean(&page).await
    })
    .await;
}
