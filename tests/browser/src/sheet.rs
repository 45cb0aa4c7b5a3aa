//! What lies on the table beside the demo: wristbands and packages to scan.

use crate::Demo;
use serde_json::Value;
use thirtyfour::prelude::*;

/// The demo's `sheet.json`.
pub struct Sheet(Value);

/// One resident's wristband and the packages of an order of theirs.
pub struct Stock {
    /// Resident id.
    pub resident: String,
    /// Family and given name, `Family, Given`.
    pub name: String,
    /// What the wristband's barcode says.
    pub band: String,
    /// Order id.
    pub order: String,
    /// What each package's barcode says.
    pub packages: Vec<String>,
}

impl Sheet {
    /// Reads it through the page.
    ///
    /// # Errors
    /// When the page does not get it.
    ///
    /// # Panics
    /// When it is not JSON.
    pub async fn read(page: &WebDriver, demo: &Demo) -> WebDriverResult<Self> {
        page.goto(demo.url("/demo/sheet.json")).await?;
        let text = page.find(By::Css("body")).await?.text().await?;
        Ok(Self(serde_json::from_str(&text).expect("the sheet is JSON")))
    }

    /// Everybody in a unit who has an order for a drug whose name begins so, in room order.
    #[must_use]
    pub fn with(&self, unit: &str, drug: &str, packages_a_dose: u64) -> Vec<Stock> {
        let bands = self.0["wristbands"].as_array().into_iter().flatten();
        bands
            .filter(|band| band["unit"] == unit)
            .filter_map(|band| self.stock(band, drug, packages_a_dose))
            .collect()
    }

    fn stock(&self, band: &Value, drug: &str, packages_a_dose: u64) -> Option<Stock> {
        let all = self.0["packages"].as_array().into_iter().flatten();
        let named = |p: &&Value| p["drug"].as_str().is_some_and(|name| name.starts_with(drug));
        let mut fit = all
            .filter(|p| p["resident"] == band["resident"] && p["per_dose"] == packages_a_dose)
            .filter(|p| p["stopped"] == false && p["kind"] == "package")
            .filter(named)
            .peekable();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let order = text(&fit.peek()?["order"]);
        Some(Stock {
            resident: text(&band["resident"]),
            name: text(&band["name"]),
            band: text(&band["raw"]),
            packages: fit
                .filter(|p| p["order"] == order.as_str())
                .map(|p| text(&p["raw"]))
                .collect(),
            order,
        })
    }
}
