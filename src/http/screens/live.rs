//! The event streams: what changed on a page is sent as soon as it did, and nothing else.
use super::hub::{Manner, Screens};
use super::parts::{Parts, Sent};
use super::streams::Place;
use crate::service::{App, Change};
use axum::response::sse::Event;
use emar_domain::id::{CartId, UnitId};
use futures_core::Stream;
use serde::Serialize;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, Sleep, interval, sleep, timeout};

/// The proof of life, and the look at what time alone has changed.
const BEAT: Duration = Duration::from_secs(2);
/// A board is sent at most this often; a cart at once.
const BOARD_PAUSE: Duration = Duration::from_millis(200);
/// A page that takes nothing for so long calls itself stale and comes again.
const PATIENCE: Duration = Duration::from_secs(15);
/// Events waiting for a slow page.
const WAITING_MAX: usize = 32;

/// Which page a stream follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// The bedside page of a cart.
    Cart(CartId),
    /// The board of a unit; `None`: of the home.
    Board(Option<UnitId>),
}

/// The events of one page, as a body of server-sent events.
pub struct Events(mpsc::Receiver<Event>);

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|event| event.map(Ok))
    }
}

#[derive(Serialize)]
struct Beat {
    seq: i64,
    clock: String,
    shift: &'static str,
}

#[derive(Serialize)]
struct Refresh {
    seq: i64,
}

struct Follow {
    app: Arc<App>,
    screens: Arc<Screens>,
    page: Page,
    manner: Manner,
    sent: Sent,
    out: mpsc::Sender<Event>,
}

/// The page's reader went away, or takes nothing any more.
struct Gone;

/// Starts to follow a page. The page fetches its fragments once after it is connected, so nothing
/// is replayed here.
#[must_use]
pub fn follow(
    app: Arc<App>,
    screens: Arc<Screens>,
    page: Page,
    manner: Manner,
    place: Place,
) -> Events {
    let (out, events) = mpsc::channel(WAITING_MAX);
    let mut follow = Follow { app, screens, page, manner, sent: Sent::default(), out };
    // Subscribed before the first look, so that nothing falls between the two.
    let changes = follow.app.changes.subscribe();
    let spoken = follow.screens.spoken();
    if let Some((_, parts)) = follow.look() {
        follow.sent.keep(&parts);
    }
    tokio::spawn(async move {
        let mut place = place;
        let screens = Arc::clone(&follow.screens);
        // Gone is how every stream ends.
        let _ = follow.run(changes, spoken, &mut place).await;
        screens.streams.leave(&place);
    });
    Events(events)
}

impl Follow {
    async fn run(
        mut self,
        mut changes: tokio::sync::broadcast::Receiver<Change>,
        mut spoken: tokio::sync::broadcast::Receiver<CartId>,
        place: &mut Place,
    ) -> Result<(), Gone> {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pause: Option<Pin<Box<Sleep>>> = None;
        loop {
            let closed = self.out.clone();
            let look = tokio::select! {
                _ = &mut place.ended => return Ok(()),
                () = closed.closed() => return Err(Gone),
                _ = beat.tick() => {
                    self.beat().await?;
                    true
                }
                () = waited(&mut pause), if pause.is_some() => true,
                found = changes.recv() => match found {
                    Ok(change) if self.concerns(&change) => self.mark(&mut pause),
                    Ok(_) => false,
                    Err(RecvError::Lagged(_)) => {
                        self.refresh().await?;
                        false
                    }
                    Err(RecvError::Closed) => return Ok(()),
                },
                found = spoken.recv() => match found {
                    Ok(cart) => self.page == Page::Cart(cart),
                    Err(RecvError::Lagged(_)) => self.mark(&mut pause),
                    Err(RecvError::Closed) => return Ok(()),
                },
            };
            if look {
                pause = None;
                self.send_changed().await?;
            }
        }
    }

    /// Whether to look now; a board waits a little for more of the same burst.
    fn mark(&self, pause: &mut Option<Pin<Box<Sleep>>>) -> bool {
        if matches!(self.page, Page::Cart(_)) {
            return true;
        }
        pause.get_or_insert_with(|| Box::pin(sleep(BOARD_PAUSE)));
        false
    }

    fn concerns(&self, change: &Change) -> bool {
        let home = self.app.home();
        let unit = match &self.page {
            Page::Cart(cart) if change.carts.contains(cart) => return true,
            Page::Cart(cart) => match home.devices.get(cart) {
                Some(device) => &device.unit,
                None => return false,
            },
            Page::Board(None) => return true,
            Page::Board(Some(unit)) => unit,
        };
        let lives = |id| home.residents.get(id).is_some_and(|r| r.unit == *unit);
        let stands = |id| home.devices.get(id).is_some_and(|d| d.unit == *unit);
        change.residents.iter().any(lives) || change.carts.iter().any(stands)
    }

    /// The page as it stands; `None` when there is no such page any more.
    fn look(&self) -> Option<(i64, Parts)> {
        let home = self.app.home();
        let parts = match &self.page {
            Page::Cart(cart) => {
                Parts::of_bedside(self.screens.page(&self.app, &home, cart, self.manner)?)
            }
            Page::Board(unit) => {
                let at = (unit.as_ref(), None);
                Parts::of_board(self.screens.board(&self.app, &home, at, self.manner))
            }
        };
        Some((self.app.clock.machine(), parts))
    }

    async fn send_changed(&mut self) -> Result<(), Gone> {
        let Some((_, parts)) = self.look() else { return self.refresh().await };
        let fragments = match self.sent.changed(&parts) {
            Ok(fragments) => fragments,
            Err(error) => {
                tracing::error!(%error, "a fragment could not be written");
                return self.refresh().await;
            }
        };
        for fragment in fragments {
            self.send("fragment", &fragment).await?;
        }
        Ok(())
    }

    async fn beat(&self) -> Result<(), Gone> {
        let beat = {
            let home = self.app.home();
            let (now, lang) = (self.app.clock.clinical(), self.manner.lang);
            let sight = super::sight::Sight { home: &home, now, lang };
            let shift = crate::http::pages::view::Theme::of_hour(sight.hour()).name();
            Beat { seq: self.app.clock.machine(), clock: sight.clock(now), shift }
        };
        self.send("beat", &beat).await
    }

    async fn refresh(&mut self) -> Result<(), Gone> {
        if let Some((_, parts)) = self.look() {
            self.sent.keep(&parts);
        }
        self.send("refresh", &Refresh { seq: self.app.clock.machine() }).await
    }

    async fn send(&self, name: &str, data: &impl Serialize) -> Result<(), Gone> {
        let event = Event::default().event(name).json_data(data).map_err(|_| Gone)?;
        match timeout(PATIENCE, self.out.send(event)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}

async fn waited(pause: &mut Option<Pin<Box<Sleep>>>) {
    if let Some(pause) = pause {
        pause.as_mut().await;
    }
}
