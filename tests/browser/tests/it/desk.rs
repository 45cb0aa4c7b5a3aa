//! A nurse's work at the desk, by keyboard alone: the month's MAR, and orders from the form to the
//! MAR.

use emar_browser_tests::{
    Demo, Sheet, User, clean, look, press, reload_until, shot, shows, type_by_hand, until,
    with_page,
};
use serde_json::Value;
use thirtyfour::prelude::*;

const DRAFTS: &str = "document.querySelectorAll('#to-note li.order').length";

/// Signs on at the station this browser is, with the page that was asked for already loaded.
pub(crate) async fn sign_on(page: &WebDriver, user: &User) -> WebDriverResult<()> {
    until(page, "document.activeElement?.name === 'badge'").await?;
    type_by_hand(page, &user.badge).await?;
    press(page, Key::Tab).await?;
    type_by_hand(page, &user.pin).await?;
    press(page, Key::Enter).await?;
    until(page, "document.body.dataset.screen !== 'sign-on'").await
}

/// Goes on with Tab until what has the focus fits.
pub(crate) async fn tab_to(page: &WebDriver, fits: &str) -> WebDriverResult<()> {
    let reached = format!("(e => {fits})(document.activeElement)");
    for _ in 0..400 {
        if look(page, &format!("Boolean({reached})")).await? == true {
            return Ok(());
        }
        press(page, Key::Tab).await?;
    }
    panic!("Tab never reaches {fits}");
}

/// Reaches a field by Tab and puts a text in place of what it holds.
async fn fill(page: &WebDriver, name: &str, text: &str) -> WebDriverResult<()> {
    tab_to(page, &format!("e.name === '{name}'")).await?;
    page.action_chain()
        .key_down(Key::Control)
        .send_keys("a")
        .key_up(Key::Control)
        .perform()
        .await?;
    press(page, Key::Backspace).await?;
    type_by_hand(page, text).await
}

/// Reaches a button of an order and presses it.
async fn act(page: &WebDriver, order: &str, act: &str) -> WebDriverResult<()> {
    page.execute("document.activeElement?.blur()", vec![]).await?;
    let fits = format!(
        "e.dataset?.orderAct === '{act}' && e.closest('[data-order]').dataset.order === '{order}'"
    );
    tab_to(page, &fits).await?;
    press(page, Key::Enter).await
}

/// Says why in the dialog that asks.
async fn because(page: &WebDriver, reason: &str) -> WebDriverResult<()> {
    until(page, "document.querySelector('dialog#because').open").await?;
    until(page, "document.activeElement?.name === 'reason'").await?;
    press(page, Key::Enter).await?;
    shows(page, "#because [data-wrong]", "say why").await?;
    type_by_hand(page, reason).await?;
    press(page, Key::Enter).await?;
    until(page, "!document.querySelector('dialog#because').open").await
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

/// Signs off and another one on, on the page that is open.
async fn change_to(page: &WebDriver, user: &User) -> WebDriverResult<()> {
    page.execute("document.activeElement?.blur()", vec![]).await?;
    tab_to(page, "e.dataset?.act === 'sign-off'").await?;
    press(page, Key::Enter).await?;
    until(page, "document.body.dataset.screen === 'sign-on'").await?;
    sign_on(page, user).await
}

#[tokio::test]
async fn the_mar_of_a_month_by_keyboard() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1440, 900, async |page| {
        let sheet = Sheet::read(&page, &demo).await?;
        let one = &sheet.with("east", "levothyroxine 50 mcg", 1)[0];
        // The resident's square on the board leads to it.
        page.goto(demo.url("/station?unit=east")).await?;
        let square = format!(".squares a[href='/residents/{}/mar']", one.resident);
        until(&page, &format!("document.querySelector(\"{square}\")")).await?;
        page.execute(format!("document.querySelector(\"{square}\").focus()"), vec![]).await?;
        press(&page, Key::Enter).await?;
        shows(&page, "h2", "Sign on to read").await?;
        shot(&page, "desk-sign-on").await?;
        sign_on(&page, &demo.user("nurse")).await?;
        shows(&page, ".banner h2", &one.name.split(',').next().unwrap().to_uppercase()).await?;
        shows(&page, "#month", "November 2026").await?;
        until(&page, "document.querySelectorAll('.grid thead th').length >= 32").await?;

        // One button is in the order of Tab; arrows move, and the row ends hold.
        until(&page, "document.querySelectorAll('[data-row] [tabindex=\"0\"]').length === 1")
            .await?;
        tab_to(&page, "e.dataset?.doses").await?;
        until(&page, "document.activeElement.closest('td').classList.contains('today')").await?;
        shot(&page, "mar").await?;
        let day = "Number(document.activeElement.dataset.col)";
        let today = look(&page, day).await?.as_i64().expect("a day");
        press(&page, Key::Right).await?;
        assert_eq!(look(&page, day).await?, Value::from(today + 1));
        press(&page, Key::Left).await?;
        assert_eq!(look(&page, day).await?, Value::from(today));
        let row = "document.activeElement.closest('tr').rowIndex";
        let before = look(&page, row).await?.as_i64().expect("a row");
        press(&page, Key::Down).await?;
        assert_ne!(look(&page, row).await?, Value::from(before));
        press(&page, Key::Up).await?;
        assert_eq!(look(&page, row).await?, Value::from(before));
        let at = look(&page, "document.activeElement.dataset.doses").await?;

        press(&page, Key::Enter).await?;
        until(&page, "document.querySelector('dialog#cell').open").await?;
        shows(&page, "#history .what", "Planned, due").await?;
        until(&page, "document.activeElement.id === 'history'").await?;
        shot(&page, "mar-history").await?;
        press(&page, Key::Escape).await?;
        until(&page, "!document.querySelector('dialog#cell').open").await?;
        assert_eq!(look(&page, "document.activeElement.dataset.doses").await?, at);

        page.execute("document.activeElement?.blur()", vec![]).await?;
        tab_to(&page, "e.rel === 'prev'").await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#month", "October 2026").await?;
        clean(&page).await
    })
    .await;
}

/// Types a whole order of so many milligrams, and sends it.
async fn type_order(page: &WebDriver, milligrams: &str) -> WebDriverResult<()> {
    tab_to(page, "e.id === 'f-resident'").await?;
    press(page, Key::Down).await?;
    fill(page, "drug", "metformin 500 mg tablet").await?;
    press(page, Key::Escape).await?;
    fill(page, "number", milligrams).await?;
    tab_to(page, "e.name === 'unit'").await?;
    type_by_hand(page, "mg").await?;
    until(page, "document.getElementById('f-route').value === 'po'").await?;
    tab_to(page, "e.name === 'frequency'").await?;
    type_by_hand(page, "BID").await?;
    fill(page, "indication", "diabetes").await?;
    press(page, Key::Enter).await
}

/// No count of tablets makes the dose: it is refused at its field.
async fn refused_at_its_field(page: &WebDriver) -> WebDriverResult<()> {
    type_order(page, "130").await?;
    shows(page, "#wrong-number", "cannot be made from tablet of 500").await?;
    until(page, "document.activeElement?.name === 'number'").await?;
    until(page, "document.activeElement.getAttribute('aria-invalid') === 'true'").await?;
    shot(page, "orders-refused").await
}

#[tokio::test]
async fn an_order_from_the_form_to_the_mar_by_keyboard() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1440, 900, async |page| {
        page.goto(demo.url("/orders")).await?;
        sign_on(&page, &demo.user("nurse")).await?;
        shows(&page, "#to-note", "To note").await?;

        let kept = "document.getElementById('f-indication').value";
        refused_at_its_field(&page).await?;
        assert_eq!(look(&page, kept).await?, "diabetes");
        let drafts = look(&page, DRAFTS).await?.as_i64().expect("a count");

        fill(&page, "number", "500").await?;
        press(&page, Key::Enter).await?;
        // Esc leaves everything as it was; nothing is entered until it is confirmed.
        shows(&page, "#preview .says", "every day").await?;
        shot(&page, "orders-preview").await?;
        press(&page, Key::Escape).await?;
        until(&page, "!document.querySelector('dialog#confirm').open").await?;
        assert_eq!(look(&page, kept).await?, "diabetes");
        assert_eq!(look(&page, DRAFTS).await?, Value::from(drafts));
        until(&page, "document.activeElement?.type === 'submit'").await?;
        press(&page, Key::Enter).await?;
        confirm(&page, "doses added").await?;
        shows(&page, "#said", "Entered as a draft").await?;
        assert_eq!(look(&page, DRAFTS).await?, Value::from(drafts + 1));
        assert_eq!(look(&page, kept).await?, "", "the form is empty again");
        let order = look(&page, "document.activeElement.dataset.order").await?;
        let order = order.as_str().expect("the new order has the focus").to_owned();
        let mar = format!("document.querySelector('[id=\"order-{order}\"] a').href");
        let mar = look(&page, &mar).await?.as_str().expect("an address").to_owned();

        act(&page, &order, "note").await?;
        confirm(&page, "doses added").await?;
        shows(&page, "#said", "Noted").await?;
        shows(&page, &format!("#to-verify [id='order-{order}']"), "a second person").await?;
        shot(&page, "orders").await?;

        change_to(&page, &demo.user("charge")).await?;
        act(&page, &order, "verify").await?;
        shows(&page, "#said", "Verified").await?;
        until(&page, &format!("!document.getElementById('order-{order}')")).await?;

        // Noted, it is on the MAR; from there to the resident's orders.
        let cells = format!("[data-order='{order}'] button");
        let several = format!("document.querySelectorAll(\"{cells}\").length > 1");
        reload_until(&page, &mar, &several).await?;
        shows(&page, &format!("[data-order='{order}'] .drug"), "500").await?;
        tab_to(&page, "e.getAttribute('href')?.startsWith('/orders?resident=')").await?;
        press(&page, Key::Enter).await?;
        shows(&page, &format!("#active [id='order-{order}']"), "").await?;

        act(&page, &order, "hold").await?;
        because(&page, "low blood sugar").await?;
        confirm(&page, "removed").await?;
        shows(&page, &format!("#on-hold [id='order-{order}']"), "low blood sugar").await?;
        act(&page, &order, "resume").await?;
        confirm(&page, "added").await?;
        shows(&page, &format!("#active [id='order-{order}']"), "").await?;
        act(&page, &order, "discontinue").await?;
        because(&page, "stopped by the prescriber").await?;
        confirm(&page, "removed").await?;
        shows(&page, "#said", "Stopped").await?;
        until(&page, &format!("!document.getElementById('order-{order}')")).await?;
        page.goto(&mar).await?;
        let ended = format!("#ended [data-order='{order}'] .standing");
        shows(&page, &ended, "stopped by the prescriber").await?;
        clean(&page).await
    })
    .await;
}

/// The same drug once more is entered only with a reason.
#[tokio::test]
async fn an_order_entered_twice_asks_why() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1440, 900, async |page| {
        page.goto(demo.url("/orders")).await?;
        sign_on(&page, &demo.user("nurse")).await?;
        shows(&page, "#to-note", "To note").await?;
        let drafts = look(&page, DRAFTS).await?.as_i64().expect("a count");
        type_order(&page, "500").await?;
        confirm(&page, "doses added").await?;
        shows(&page, "#said", "Entered as a draft").await?;
        page.execute("document.getElementById('said').textContent = ''", vec![]).await?;
        type_order(&page, "500").await?;
        confirm(&page, "doses added").await?;
        shows(&page, "#because [data-about]", "is ordered already").await?;
        because(&page, "another time of the same course").await?;
        shows(&page, "#said", "Entered as a draft").await?;
        assert_eq!(look(&page, DRAFTS).await?, Value::from(drafts + 2));
        clean(&page).await
    })
    .await;
}

/// A session that ended asks for badge and PIN over the page; what was typed stays.
#[tokio::test]
async fn nothing_typed_is_lost_when_the_session_ends() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1024, 768, async |page| {
        page.goto(demo.url("/orders")).await?;
        let nurse = demo.user("nurse");
        sign_on(&page, &nurse).await?;
        fill(&page, "instructions", "with food").await?;
        page.execute("return fetch('/api/v1/session', { method: 'DELETE' })", vec![]).await?;
        tab_to(&page, "e.type === 'submit' && e.closest('#enter')").await?;
        press(&page, Key::Enter).await?;
        until(&page, "document.querySelector('dialog#sign').open").await?;
        until(&page, "document.activeElement?.name === 'badge'").await?;
        type_by_hand(&page, &nurse.badge).await?;
        press(&page, Key::Tab).await?;
        type_by_hand(&page, &nurse.pin).await?;
        press(&page, Key::Enter).await?;
        until(&page, "!document.querySelector('dialog#sign').open").await?;
        assert_eq!(
            look(&page, "document.getElementById('f-instructions').value").await?,
            "with food"
        );
        press(&page, Key::Enter).await?;
        shows(&page, "#wrong-resident", "Choose a resident").await?;
        clean(&page).await
    })
    .await;
}
