//! What the demo adds to the server's pages: the sheet and the scanner simulator.

use super::carts::{DemoCarts, ScanError};
use super::sheet::{Sheet, SheetPackage, Wristband};
use crate::http::Web;
use crate::http::pages::render::render_simulator;
use crate::http::pages::view::demo::{SimBadge, SimCode, SimResident, Simulator};
use crate::http::pages::view::{Frame, Theme};
use crate::http::problem::Problem;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The demo's routes.
pub fn routes(carts: Arc<DemoCarts>, sheet: Arc<Sheet>) -> Router<Arc<Web>> {
    let shown = Arc::clone(&sheet);
    Router::new()
        .route("/demo/sheet.json", get(move || async move { Json((*sheet).clone()) }))
        .route(
            "/demo/scanner",
            get(move |web: State<Arc<Web>>, asked: Query<OfCart>| async move {
                simulator(&web, &shown, &asked.cart)
            }),
        )
        .route(
            "/demo/scan",
            post(move |body: crate::http::api::json::Json<ScanAt>| async move {
                scan(&carts, &body.0)
            }),
        )
}

#[derive(Deserialize)]
struct OfCart {
    #[serde(default = "first_cart")]
    cart: String,
}

fn first_cart() -> String {
    "cart-1".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScanAt {
    cart: String,
    raw: String,
}

fn scan(carts: &DemoCarts, asked: &ScanAt) -> Result<Response, Problem> {
    match carts.scan(&asked.cart, &asked.raw) {
        Ok(()) => Ok((StatusCode::ACCEPTED, Json(serde_json::json!({}))).into_response()),
        Err(why @ ScanError::NoSuchCart) => Err(Problem::malformed("/cart", why.to_string())),
        Err(why @ ScanError::Unsendable) => Err(Problem::malformed("/raw", why.to_string())),
        Err(why @ ScanError::Busy) => {
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "scanner_busy", why.to_string()))
        }
    }
}

fn simulator(web: &Web, sheet: &Sheet, cart: &str) -> Result<Html<String>, Problem> {
    let at = sheet.carts.iter().find(|c| c.cart == cart).ok_or_else(Problem::not_found)?;
    let hour = {
        let home = web.app.home();
        home.zone.to_civil(web.app.clock.clinical()).time().hour()
    };
    let mut packages: BTreeMap<&str, Vec<SimCode>> = BTreeMap::new();
    for package in &sheet.packages {
        packages.entry(&package.resident).or_default().push(code_of(package));
    }
    let of_unit = sheet.wristbands.iter().filter(|band| band.unit == at.unit);
    let residents = of_unit.map(|band| resident(band, &mut packages)).collect();
    let badges = sheet.users.iter().map(|user| SimBadge {
        code: SimCode { label: format!("{} · {}", user.name, user.role), raw: user.badge.clone() },
        pin: user.pin.clone(),
    });
    let commands = sheet.commands.iter();
    let page = Simulator {
        frame: Frame {
            shift: Theme::of_hour(u8::try_from(hour).unwrap_or(12)),
            demo: true,
            ..Frame::default()
        },
        cart: cart.to_owned(),
        badges: badges.collect(),
        residents,
        commands: commands
            .map(|c| SimCode { label: c.label.clone(), raw: c.raw.clone() })
            .collect(),
    };
    render_simulator(&page).map(Html).map_err(|why| {
        tracing::error!(%why, "the scanner page");
        Problem::unavailable()
    })
}

fn resident(band: &Wristband, packages: &mut BTreeMap<&str, Vec<SimCode>>) -> SimResident {
    SimResident {
        name: format!("{} {}", band.room, band.name),
        band: SimCode { label: format!("{} {}", band.room, band.name), raw: band.raw.clone() },
        packages: packages.remove(band.resident.as_str()).unwrap_or_default(),
    }
}

fn code_of(package: &SheetPackage) -> SimCode {
    let label = format!("{} · {}", package.drug, package.dose);
    SimCode { label, raw: package.raw.clone() }
}
