//! The browser itself: what the tests of the pages stand on.

use emar_browser_tests::{shot, with_page};
use thirtyfour::prelude::*;

/// Runs as a script only, so a page that was not executed does not pass.
const PAGE: &str = "data:text/html,<p id=p>before</p><script>\
    document.getElementById('p').textContent = 'wasm' in window || typeof WebAssembly</script>";

#[tokio::test]
async fn a_page_loads_runs_its_script_and_takes_keys() {
    with_page(1280, 920, async |page| {
        page.goto(PAGE).await?;
        assert_eq!(page.find(By::Id("p")).await?.text().await?, "object");
        page.execute("document.onkeydown = e => document.title += e.code", vec![]).await?;
        page.action_chain().send_keys("EMAR").perform().await?;
        assert_eq!(page.title().await?, "KeyEKeyMKeyAKeyR");
        shot(&page, "browser").await
    })
    .await;
}
