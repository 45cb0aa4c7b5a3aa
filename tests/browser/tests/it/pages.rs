//! A nurse's work at the pages: what the scanner types, what the page shows, what it never does.

use emar_browser_tests::{
    Demo, Sheet, Stock, clean, look, press, scan, shot, shows, type_by_hand, until, with_page,
};
use thirtyfour::prelude::*;

const BEDSIDE: &str = "/bedside?cart=cart-1";
const STATION: &str = "/station?unit=east";
const STOP: &str = "document.querySelector('#slab').dataset.look === 'stop'";
const NO_STOP: &str = "document.querySelector('#slab').dataset.look !== 'stop'";

/// Opens the bedside and signs the nurse on with badge and PIN.
async fn sign_on(page: &WebDriver, demo: &Demo) -> WebDriverResult<()> {
    let nurse = demo.user("nurse");
    page.goto(demo.url(BEDSIDE)).await?;
    live(page).await?;
    shows(page, "[data-screen=sign-on]", "").await?;
    scan(page, &nurse.badge).await?;
    until(page, "document.activeElement?.name === 'pin'").await?;
    type_by_hand(page, &nurse.pin).await?;
    press(page, Key::Enter).await?;
    shows(page, "[data-screen=round]", "").await
}

/// The scripts run, the words are there and the stream flows.
async fn live(page: &WebDriver) -> WebDriverResult<()> {
    until(page, "document.documentElement.dataset.link === 'live'").await?;
    until(page, "/Connected|Live/.test(document.querySelector('#link [data-text]').textContent)")
        .await
}

async fn open_resident(page: &WebDriver, stock: &Stock) -> WebDriverResult<()> {
    scan(page, &stock.band).await?;
    let id = &stock.resident;
    until(page, &format!("document.getElementById('screen').dataset.resident === '{id}'")).await
}

fn row(stock: &Stock) -> String {
    format!(".dose[data-order='{}']", stock.order)
}

/// Residents of the first cart with a morning dose of one package, and one with two packages.
fn stocks(sheet: &Sheet) -> (Vec<Stock>, Vec<Stock>) {
    let one = sheet.with("east", "levothyroxine 50 mcg", 1);
    let two = sheet.with("east", "acetaminophen 325 mg", 2);
    assert!(one.len() >= 2 && !two.is_empty(), "the demo home has too few of these");
    (one, two)
}

/// A package of a drug that this resident does not have.
fn not_ordered_for(sheet: &Sheet, stock: &Stock) -> Stock {
    let mut of_others = ["lisinopril", "furosemide", "sertraline"].into_iter().filter_map(|drug| {
        let all = sheet.with("east", drug, 1);
        let own = all.iter().any(|other| other.resident == stock.resident);
        all.into_iter().next().filter(|_| !own)
    });
    of_others.next().expect("a drug this resident does not have")
}

/// Scans a package of a PRN order and says what for, if the page asks.
async fn scan_for_pain(
    page: &WebDriver,
    stock: &Stock,
    at: usize,
    then: &str,
) -> WebDriverResult<()> {
    scan(page, &stock.packages[at]).await?;
    let row = row(stock);
    let counted = format!("document.querySelector(\"{row}\").innerText.includes('{then}')");
    let asks = "document.querySelector('dialog#reason').open";
    until(page, &format!("{counted} || {asks}")).await?;
    if look(page, asks).await? == true {
        type_by_hand(page, "1").await?;
        until(page, "document.querySelector('#reason [aria-pressed=true]')").await?;
        press(page, Key::Enter).await?;
    }
    until(page, &counted).await
}

#[tokio::test]
async fn a_pass_from_badge_to_given() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1280, 800, async |page| {
        let sheet = Sheet::read(&page, &demo).await?;
        let (one, _) = stocks(&sheet);
        sign_on(&page, &demo).await?;
        shot(&page, "round").await?;

        // A package while nobody is open; Esc clears it.
        scan(&page, &one[0].packages[0]).await?;
        shows(&page, "#slab.stop h2", "no resident open").await?;
        press(&page, Key::Escape).await?;
        until(&page, NO_STOP).await?;

        open_resident(&page, &one[0]).await?;
        let family = one[0].name.split(',').next().unwrap_or_default().to_uppercase();
        shows(&page, "#banner h1", &family).await?;
        shows(&page, "#banner .allergy", "").await?;
        shows(&page, &row(&one[0]), "Due").await?;

        // Somebody else's package: a dark striped slab that the next good scan clears.
        let others = not_ordered_for(&sheet, &one[0]);
        scan(&page, &others.packages[0]).await?;
        until(&page, STOP).await?;
        let look_of = "getComputedStyle(document.querySelector('#slab.stop')).backgroundImage";
        until(&page, &format!("{look_of}.includes('gradient')")).await?;
        shot(&page, "stop").await?;
        scan(&page, &one[0].packages[0]).await?;
        shows(&page, &row(&one[0]), "in the pot").await?;
        until(&page, NO_STOP).await?;
        until(&page, "document.querySelector('#actions').dataset.pot === '1'").await?;
        // The same package once more was counted already.
        scan(&page, &one[0].packages[0]).await?;
        until(&page, STOP).await?;
        press(&page, Key::Escape).await?;
        until(&page, NO_STOP).await?;

        press(&page, Key::Enter).await?;
        shows(&page, &format!("{} .chip.given", row(&one[0])), "Given").await?;
        let chip = format!("{} .chip.given", row(&one[0]));
        until(
            &page,
            &format!("/Given \\d\\d:\\d\\d/.test(document.querySelector(\"{chip}\").innerText)"),
        )
        .await?;
        shot(&page, "given").await?;
        clean(&page).await
    })
    .await;
}

#[tokio::test]
async fn two_packages_a_refusal_and_scans_over_fields_and_buttons() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1024, 768, async |page| {
        let (one, two) = stocks(&Sheet::read(&page, &demo).await?);
        sign_on(&page, &demo).await?;
        let tablets = &two[0];
        open_resident(&page, tablets).await?;
        scan_for_pain(&page, tablets, 0, "1 of 2").await?;
        shows(&page, "#slab.partial h2", "1 of 2").await?;

        // The focus is on a button that would change the page: the scan counts, the button does not.
        let theme = "document.documentElement.dataset.theme";
        let before = look(&page, theme).await?;
        page.execute("document.querySelector('[data-act=theme]').focus()", vec![]).await?;
        scan_for_pain(&page, tablets, 1, "in the pot").await?;
        assert_eq!(look(&page, theme).await?, before, "the scan pressed the button");
        page.execute("document.activeElement.blur()", vec![]).await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#slab.ok h2", "Given").await?;

        // A field of a dialog has the focus: nothing is typed into it, the resident opens.
        press(&page, Key::F6).await?;
        until(&page, "document.querySelector('dialog#cant-scan').open").await?;
        let field = "document.querySelector('#cant-scan input[name=last4]')";
        page.execute(
            format!(
                "window.heard = ''; {field}.focus(); {field}.addEventListener(\
            'input', e => {{ window.heard += e.data }})"
            ),
            vec![],
        )
        .await?;
        let refuses = one.iter().find(|s| s.resident != tablets.resident).expect("another");
        open_resident(&page, refuses).await?;
        assert_eq!(look(&page, "window.heard").await?, "", "the scan typed into the field");
        until(&page, "!document.querySelector('dialog[open]')").await?;

        press(&page, Key::F2).await?;
        until(&page, "document.querySelector('dialog#reason').open").await?;
        let about = look(&page, "document.querySelector('#reason [data-about]').innerText").await?;
        assert!(about.as_str().is_some_and(|t| t.contains("levothyroxine")), "about {about}");
        type_by_hand(&page, "1").await?;
        until(&page, "document.querySelector('#reason [aria-pressed=true]')").await?;
        page.execute("document.querySelector('#reason textarea').focus()", vec![]).await?;
        type_by_hand(&page, "asleep").await?;
        shot(&page, "reason").await?;
        press(&page, Key::Enter).await?;
        shows(&page, &row(refuses), "Refused").await?;
        clean(&page).await
    })
    .await;
}

#[tokio::test]
async fn a_scan_at_one_page_shows_at_the_others() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1280, 800, async |page| {
        let (one, _) = stocks(&Sheet::read(&page, &demo).await?);
        sign_on(&page, &demo).await?;
        let first = page.window().await?;
        let second = open_tab(&page, &demo, BEDSIDE).await?;
        let station = open_tab(&page, &demo, STATION).await?;
        live(&page).await?;
        let count =
            |status: &str| format!("+document.querySelector('.tile.{status} strong').innerText");
        let due = look(&page, &count("due")).await?.as_i64().expect("a count");
        let given = look(&page, &count("given")).await?.as_i64().expect("a count");

        page.switch_to_window(first.clone()).await?;
        open_resident(&page, &one[0]).await?;
        scan(&page, &one[0].packages[0]).await?;
        shows(&page, &row(&one[0]), "in the pot").await?;

        page.switch_to_window(second).await?;
        shows(&page, &row(&one[0]), "in the pot").await?;
        shows(&page, "#slab.partial h2", "").await?;
        press(&page, Key::Enter).await?;
        shows(&page, &row(&one[0]), "Given").await?;
        clean(&page).await?;

        page.switch_to_window(first).await?;
        shows(&page, &row(&one[0]), "Given").await?;
        clean(&page).await?;

        page.switch_to_window(station).await?;
        until(&page, &format!("{} === {}", count("due"), due - 1)).await?;
        until(&page, &format!("{} === {}", count("given"), given + 1)).await?;
        shot(&page, "station").await?;
        clean(&page).await
    })
    .await;
}

async fn open_tab(page: &WebDriver, demo: &Demo, path: &str) -> WebDriverResult<WindowHandle> {
    let tab = page.new_tab().await?;
    page.switch_to_window(tab.clone()).await?;
    page.goto(demo.url(path)).await?;
    live(page).await?;
    Ok(tab)
}

#[tokio::test]
async fn an_alert_comes_up_is_taken_and_silence_shows() {
    // Ninety minutes until the first dose is missed are a dozen seconds here.
    let demo = Demo::start(&["--speed", "480"]).await;
    with_page(1440, 900, async |page| {
        page.goto(demo.url(STATION)).await?;
        live(&page).await?;
        shows(&page, "#alerts [data-take]", "").await?;
        shows(&page, "#alerts .alert .title", "Missed").await?;
        take_an_alert(&page, &demo).await?;
        shot(&page, "alerts").await?;

        demo.freeze();
        shows(&page, "#link[data-link=stale]", "LIST MAY BE STALE").await?;
        demo.thaw();
        live(&page).await?;
        clean(&page).await
    })
    .await;
}

/// Takes the first alert nobody has. Time runs fast: one that changed under the dialog is refused
/// and the next one is tried.
async fn take_an_alert(page: &WebDriver, demo: &Demo) -> WebDriverResult<()> {
    let charge = demo.user("charge");
    let dialog = "document.querySelector('dialog#take')";
    for _ in 0..5 {
        shows(page, "#alerts [data-take]", "").await?;
        page.execute("document.querySelector('#alerts [data-take]').click()", vec![]).await?;
        until(page, &format!("{dialog}.open")).await?;
        let alert = look(page, &format!("{dialog}.dataset.alert")).await?;
        scan(page, &charge.badge).await?;
        until(page, "document.activeElement?.name === 'pin'").await?;
        type_by_hand(page, &charge.pin).await?;
        press(page, Key::Enter).await?;
        let wrong = format!("{dialog}.querySelector('[data-wrong]').innerText");
        until(page, &format!("!{dialog}.open || {wrong} !== ''")).await?;
        if look(page, &format!("{dialog}.open")).await? == false {
            let row = format!("#alert-{} .taken", alert.as_str().unwrap_or_default());
            return shows(page, &row, "").await;
        }
        press(page, Key::Escape).await?;
        until(page, &format!("!{dialog}.open")).await?;
    }
    panic!("no alert could be taken");
}

#[tokio::test]
async fn the_page_says_stop_by_itself_while_the_server_is_silent() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1280, 800, async |page| {
        let (one, _) = stocks(&Sheet::read(&page, &demo).await?);
        sign_on(&page, &demo).await?;
        open_resident(&page, &one[0]).await?;
        // The page has what its core judges on.
        let asked = "performance.getEntriesByType('resource')\
                     .some(e => e.responseEnd > 0 && e.name.includes('/bedside/preview'))";
        until(&page, asked).await?;
        let loaded = "performance.getEntriesByType('resource')\
                      .some(e => e.responseEnd > 0 && e.name.endsWith('core.wasm'))";
        until(&page, loaded).await?;

        let expired = one[0].packages[0].replace("17280831", "17260101");
        assert_ne!(expired, one[0].packages[0], "the date of the package");
        demo.freeze();
        scan(&page, &expired).await?;
        shows(&page, "#slab.stop[data-preview] h2", "STOP").await?;
        demo.thaw();
        // The server's own STOP takes its place, and nothing was counted.
        shows(&page, "#slab.stop:not([data-preview]) h2", "STOP").await?;
        assert_eq!(look(&page, "document.getElementById('actions').dataset.pot").await?, "0");
        clean(&page).await
    })
    .await;
}

/// A scanner without its prefix that types no faster than a hand is not read; the Enter it ends
/// with confirms nothing.
#[tokio::test]
async fn the_enter_of_a_slow_scan_does_not_confirm_the_pot() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1280, 800, async |page| {
        let sheet = Sheet::read(&page, &demo).await?;
        let (one, _) = stocks(&sheet);
        sign_on(&page, &demo).await?;
        open_resident(&page, &one[0]).await?;
        scan(&page, &one[0].packages[0]).await?;
        until(&page, "document.querySelector('#actions').dataset.pot === '1'").await?;
        type_by_hand(&page, "30012345").await?;
        press(&page, Key::Enter).await?;
        until(&page, STOP).await?;
        until(&page, "document.querySelector('#actions').dataset.pot === '1'").await?;
        clean(&page).await
    })
    .await;
}

#[tokio::test]
async fn a_second_person_finds_the_dose_before_it_is_prepared() {
    let demo = Demo::start(&["--speed", "1"]).await;
    with_page(1280, 800, async |page| {
        let sheet = Sheet::read(&page, &demo).await?;
        let opioid = sheet.with("east", "morphine 15 mg", 1).into_iter().next().expect("an opioid");
        sign_on(&page, &demo).await?;
        open_resident(&page, &opioid).await?;
        scan(&page, &opioid.packages[0]).await?;
        // Before its window it asks for a reason first.
        let (why, second) = ("document.querySelector('dialog#reason').open", "dialog#second");
        let open = format!("document.querySelector('{second}').open");
        until(&page, &format!("{why} || {open}")).await?;
        if look(&page, why).await? == true {
            type_by_hand(&page, "1").await?;
            until(&page, "document.querySelector('#reason [aria-pressed=true]')").await?;
            press(&page, Key::Enter).await?;
        }
        until(&page, &open).await?;
        // The drug is named, the dose is for them to find, and nothing behind shows it.
        shows(&page, "#second [data-about]", "morphine").await?;
        let behind = format!("getComputedStyle(document.querySelector('{second}'), '::backdrop')");
        until(&page, &format!("!{behind}.backgroundColor.includes('rgba')")).await?;
        shot(&page, "second-person").await?;

        let charge = demo.user("charge");
        scan(&page, &charge.badge).await?;
        until(&page, "document.activeElement?.name === 'pin'").await?;
        type_by_hand(&page, &charge.pin).await?;
        press(&page, Key::Tab).await?;
        type_by_hand(&page, "30 mg").await?;
        press(&page, Key::Enter).await?;
        shows(&page, "#second [data-wrong]", "another dose").await?;
        until(&page, "document.activeElement?.name === 'pin'").await?;
        type_by_hand(&page, &charge.pin).await?;
        press(&page, Key::Tab).await?;
        type_by_hand(&page, "15 mg").await?;
        press(&page, Key::Enter).await?;
        until(&page, &format!("!{open}")).await?;
        shows(&page, &row(&opioid), "in the pot").await?;
        press(&page, Key::Enter).await?;
        shows(&page, &format!("{} .chip.given", row(&opioid)), "Given").await?;
        clean(&page).await
    })
    .await;
}
