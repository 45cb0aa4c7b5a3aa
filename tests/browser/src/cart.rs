//! A page as its user has it: a scanner that types, keys, and eyes that wait.

use serde_json::Value;
use std::time::{Duration, Instant};
use thirtyfour::prelude::*;

/// A machine under load is slow and not wrong; nothing waits so long that works.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK_AGAIN: Duration = Duration::from_millis(60);
/// Between two letters: a scanner is faster.
const BY_HAND: Duration = Duration::from_millis(60);

/// Whether the page says that it could not read the last scan.
const UNREAD: &str = "document.querySelector('#slab')?.innerText.includes('did not read cleanly')";
const SCANS_MAX: u32 = 5;

/// Scans a barcode. On a machine under load the keys can come so slowly that the page takes them
/// for torn and asks to scan again; that is done, as a nurse does it.
///
/// # Errors
/// When the browser does not take the keys.
///
/// # Panics
/// When the page reads it in none of five scans.
pub async fn scan(page: &WebDriver, raw: &str) -> WebDriverResult<()> {
    let unread = async || Ok::<_, WebDriverError>(look(page, UNREAD).await? == true);
    if unread().await? {
        return type_scan(page, raw).await;
    }
    for _ in 0..SCANS_MAX {
        type_scan(page, raw).await?;
        if !unread().await? {
            return Ok(());
        }
        press(page, Key::Escape).await?;
        until(page, &format!("!{UNREAD}")).await?;
    }
    panic!("{raw} was never read");
}

/// Types a barcode as a scanner set up by the sheet does: F9, the text with GS as Ctrl+], Enter.
async fn type_scan(page: &WebDriver, raw: &str) -> WebDriverResult<()> {
    let mut keys = page.action_chain().key_down(Key::F9).key_up(Key::F9);
    for part in raw.split_inclusive('\u{1d}') {
        keys = keys.send_keys(part.trim_end_matches('\u{1d}'));
        if part.ends_with('\u{1d}') {
            keys = keys.key_down(Key::Control).send_keys("]").key_up(Key::Control);
        }
    }
    keys.key_down(Key::Enter).key_up(Key::Enter).perform().await
}

/// Presses a key, as a hand does.
///
/// # Errors
/// When the browser does not take it.
pub async fn press(page: &WebDriver, key: Key) -> WebDriverResult<()> {
    page.action_chain().key_down(key.clone()).key_up(key).perform().await
}

/// Types text into what has the focus, slower than any scanner, so that it is nobody's burst.
///
/// # Errors
/// When the browser does not take the keys.
pub async fn type_by_hand(page: &WebDriver, text: &str) -> WebDriverResult<()> {
    // In one request: on a slow machine one a letter is slower than any hand. The pointer that
    // stays where it is makes the pause, which the keys' own delay of this library does not.
    let mut keys = page.action_chain_with_delay(None, Some(BY_HAND));
    for letter in text.chars() {
        keys = keys.send_keys(letter.to_string()).move_by_offset(0, 0);
    }
    keys.perform().await
}

/// What a JavaScript expression gives on the page.
///
/// # Errors
/// When it throws.
pub async fn look(page: &WebDriver, expression: &str) -> WebDriverResult<Value> {
    Ok(page.execute(format!("return ({expression})"), vec![]).await?.json().clone())
}

/// Waits until a JavaScript expression holds.
///
/// # Errors
/// When the browser fails.
///
/// # Panics
/// When it does not hold for three minutes; tells what the page shows instead.
pub async fn until(page: &WebDriver, expression: &str) -> WebDriverResult<()> {
    let start = Instant::now();
    while look(page, &format!("Boolean({expression})")).await? != Value::Bool(true) {
        if start.elapsed() > PATIENCE {
            let shown = look(page, "document.body.innerText").await?;
            panic!("never held: {expression}\non the page: {shown}");
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

/// Opens a page again and again until a JavaScript expression holds: for what the server has yet
/// to do and no stream tells.
///
/// # Errors
/// When the browser fails.
///
/// # Panics
/// As [`until`].
pub async fn reload_until(page: &WebDriver, url: &str, expression: &str) -> WebDriverResult<()> {
    let start = Instant::now();
    page.goto(url).await?;
    while start.elapsed() < PATIENCE && look(page, &format!("Boolean({expression})")).await? != true
    {
        tokio::time::sleep(LOOK_AGAIN * 4).await;
        page.goto(url).await?;
    }
    until(page, expression).await
}

/// Waits until an element that matches the selector is there and its text contains `text`.
///
/// # Errors
/// When the browser fails.
///
/// # Panics
/// As [`until`].
pub async fn shows(page: &WebDriver, selector: &str, text: &str) -> WebDriverResult<()> {
    let (selector, text) = (Value::from(selector), Value::from(text));
    until(
        page,
        &format!(
            "[...document.querySelectorAll({selector})].some(e => e.innerText.includes({text}))"
        ),
    )
    .await
}

/// No script failed, nothing broke the Content-Security-Policy, and nothing is written inline.
///
/// # Errors
/// When the browser fails.
///
/// # Panics
/// When something did; tells what.
pub async fn clean(page: &WebDriver) -> WebDriverResult<()> {
    let log = page.browser_log().await?;
    // A refusal of the server is in the log as a failed load; it is no fault of the page.
    let loads = |entry: &thirtyfour::BrowserLogEntry| entry.source.as_deref() == Some("network");
    let wrong: Vec<_> = log.iter().filter(|e| e.level == "SEVERE" && !loads(e)).collect();
    assert!(wrong.is_empty(), "in the log of the page: {wrong:#?}");
    let inline = "[...document.querySelectorAll('*')].filter(e => e.matches('style, [style], \
                  script:not([src])') || e.getAttributeNames().some(n => n.startsWith('on')))\
                  .map(e => e.outerHTML)";
    assert_eq!(look(page, inline).await?, serde_json::json!([]), "inline style or script");
    Ok(())
}
