//! A taper from the form to the bedside, by keyboard alone: entered, looked at beforehand, noted,
//! verified by another, on the MAR and the due list, changed, and held for a while.

use crate::desk::{sign_on, tab_to};
use emar_browser_tests::{
    Demo, Sheet, Stock, clean, look, press, scan, shot, shows, type_by_hand, until, with_page,
};
use thirtyfour::prelude::*;

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
    type_by_hand(page, begins).await
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

/// A resident who takes no prednisone, and their room.
fn someone(sheet: &Sheet) -> Stock {
    let steroid: Vec<Stock> =
        [1, 2].iter().flat_map(|packages| sheet.with("east", "prednisone", *packages)).collect();
    let free = |one: &Stock| steroid.iter().all(|other| other.resident != one.resident);
    let mut all = sheet.with("east", "levothyroxine 50 mcg", 1).into_iter();
    all.find(free).expect("a resident without prednisone")
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
        act(&page, &order, "note").await?;
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
    for _ in 0..40 {
        page.goto(&mar).await?;
        if look(page, &cells).await? == true {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    let group = format!("tbody[data-order='{order}'] .drug");
    shows(page, &group, "20\u{a0}mg").await?;
    shows(page, &group, "10\u{a0}mg").await?;
    shot(page, "taper-mar").await
}

/// The dose due now is four tablets.
async fn at_the_bedside(
    page: &WebDriver,
    demo: &Demo,
    one: &Stock,
    order: &str,
) -> WebDriverResult<()> {
    let nurse = demo.user("nurse");
    page.goto(demo.url("/bedside?cart=cart-1")).await?;
    until(page, "document.documentElement.dataset.link === 'live'").await?;
    scan(page, &nurse.badge).await?;
    until(page, "document.activeElement?.name === 'pin'").await?;
    type_by_hand(page, &nurse.pin).await?;
    press(page, Key::Enter).await?;
    shows(page, "[data-screen=round]", "").await?;
    scan(page, &one.band).await?;
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
