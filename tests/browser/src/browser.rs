//! One headless Chromium for one test.

use crate::process::{Program, free_port};
use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use thirtyfour::prelude::*;
use thirtyfour::testing::run_browser_test;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, LoggingPrefsLogLevel};

/// Opens a browser with a window of the given size in CSS pixels, runs the test in it and closes
/// it, also after a panic.
pub async fn with_page<T, F>(width: u32, height: u32, test: T)
where
    T: FnOnce(WebDriver) -> F,
    F: Future<Output = WebDriverResult<()>>,
{
    let port = free_port();
    let driver = tool("EMAR_TEST_CHROMEDRIVER", "/usr/bin/chromedriver");
    let mut driver =
        Program::start(Command::new(driver).arg(format!("--port={port}")).stdout(Stdio::null()));
    driver.listens(port).await;
    let session = WebDriver::new(format!("http://127.0.0.1:{port}"), chromium(width, height));
    let result = run_browser_test(session, async |page: WebDriver| {
        fit(&page, width, height).await?;
        test(page).await
    })
    .await;
    result.unwrap_or_else(|error| panic!("in the browser: {error:?}"));
}

/// Makes the page as large as asked; a window is larger by its bars.
async fn fit(page: &WebDriver, width: u32, height: u32) -> WebDriverResult<()> {
    let bars = page.execute("return [outerWidth - innerWidth, outerHeight - innerHeight]", vec![]);
    let (wide, high): (u32, u32) = bars.await?.convert()?;
    page.set_window_rect(0, 0, width + wide, height + high).await
}

/// Saves pictures of the page by day and by night, `NAME-day.png` and `NAME-night.png`, in
/// `EMAR_TEST_SCREENSHOTS`, when that is set.
///
/// # Errors
/// When the browser gives no picture.
pub async fn shot(page: &WebDriver, name: &str) -> WebDriverResult<()> {
    let Some(folder) = env::var_os("EMAR_TEST_SCREENSHOTS").map(PathBuf::from) else {
        return Ok(());
    };
    let theme = "const page = document.documentElement.dataset; const was = page.theme ?? '';\
                 page.theme = arguments[0]; document.body.offsetWidth;\
                 document.getAnimations().forEach(change => change.finish()); return was";
    let was = page.execute(theme, vec!["day".into()]).await?.json().clone();
    page.screenshot(&folder.join(format!("{name}-day.png"))).await?;
    page.execute(theme, vec!["night".into()]).await?;
    page.screenshot(&folder.join(format!("{name}-night.png"))).await?;
    page.execute(theme, vec![was]).await.map(drop)
}

fn chromium(width: u32, height: u32) -> ChromeCapabilities {
    let mut chromium = DesiredCapabilities::chrome();
    let binary = tool("EMAR_TEST_CHROMIUM", "/usr/bin/chromium");
    chromium.set_binary(&binary).expect("a path");
    // Root, as in a container, has no sandbox; /dev/shm may be tiny there.
    let fixed = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];
    let size = format!("--window-size={width},{height}");
    for flag in
        fixed.into_iter().chain([size.as_str(), "--autoplay-policy=no-user-gesture-required"])
    {
        chromium.add_arg(flag).expect("a flag");
    }
    chromium.set_browser_log_level(LoggingPrefsLogLevel::All).expect("a log level");
    chromium
}

fn tool(variable: &str, usual: &str) -> String {
    let path = env::var(variable).unwrap_or_else(|_| usual.to_owned());
    assert!(PathBuf::from(&path).exists(), "{path} is missing; `cargo ci` installs it");
    path
}
