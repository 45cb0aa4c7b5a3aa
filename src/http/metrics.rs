//! Metrics, on a listener of their own, in the Prometheus text format.

use crate::service::App;
use crate::worker::listing::unlisted;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use emar_domain::alert::AlertState;
use std::fmt::Write as _;
use std::sync::Arc;

/// The metrics' routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(app)
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let open = app.store.outbox_open(&app.facility).await.unwrap_or_default();
    let unlisted = unlisted(&app);
    let mut text = String::new();
    {
        let home = app.home();
        let taken = home.alerts.values().filter(|a| a.state == AlertState::Accepted).count();
        let rows = [
            ("emar_audit_leaves", "Leaves of the audit log.", home.version),
            ("emar_residents", "Residents in memory.", count(home.residents.len())),
            ("emar_orders", "Orders in memory.", count(home.orders.len())),
            ("emar_orders_unlisted", "Orders in force on no list: above 0 is a fault.", unlisted),
            ("emar_doses", "Doses in memory.", count(home.doses.len())),
            ("emar_alerts_open", "Open alerts.", count(home.alerts.len())),
            ("emar_alerts_accepted", "Open alerts that somebody took.", count(taken)),
        ];
        for (name, help, value) in rows {
            // Writing to a String cannot fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
        }
    }
    let _ = write!(
        text,
        "# HELP emar_outbox_open Messages not yet answered.\n# TYPE emar_outbox_open gauge\n"
    );
    for (stream, _, waiting) in open {
        let _ = writeln!(text, "emar_outbox_open{{stream=\"{stream}\"}} {waiting}");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
