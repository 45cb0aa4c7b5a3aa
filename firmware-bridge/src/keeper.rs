//! The spool in a thread of its own: a slow disk never delays a verdict.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use emar_wire::payload::Scan;
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;

use crate::spool::{Spool, SpoolError};

/// What became of a scan given to the keeper.
#[derive(Debug)]
pub enum KeeperEvent {
    /// It survives a crash from now on and may be sent.
    Kept(Scan),
    /// It is not kept.
    Refused(Uuid, SpoolError),
    /// Whether the next scans have room.
    Room(Result<(), SpoolError>),
}

/// Orders that may wait for the disk: more than a cart scans before a look at it is overdue.
const ORDERS_MAX: usize = 256;

enum Order {
    Keep(Scan),
    Answered(Uuid),
    Look,
}

/// The running keeper.
#[derive(Debug)]
pub struct Keeper {
    orders: mpsc::SyncSender<Order>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Takes the spool over; first it reports what already waits in it.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn spawn(spool: Spool, events: UnboundedSender<KeeperEvent>) -> std::io::Result<Self> {
        let (orders, waiting) = mpsc::sync_channel(ORDERS_MAX);
        for scan in spool.kept() {
            // Nobody listens only while the bridge stops.
            let _ = events.send(KeeperEvent::Kept(scan.clone()));
        }
        let thread = thread::Builder::new()
            .name("spool".into())
            .spawn(move || work(spool, &waiting, &events))?;
        Ok(Self { orders, thread })
    }

    /// Keeps `scan`; the answer comes as an event. False when the keeper is gone or too far behind:
    /// not kept.
    pub fn keep(&self, scan: Scan) -> bool {
        self.orders.try_send(Order::Keep(scan)).is_ok()
    }

    /// Forgets the scan: the server answered it.
    pub fn answered(&self, scan_id: Uuid) {
        if self.orders.try_send(Order::Answered(scan_id)).is_err() {
            tracing::error!(%scan_id, "spool: its thread is behind or gone, a scan is sent again");
        }
    }

    /// Looks whether the next scans have room; the answer comes as an event. False when the keeper
    /// is gone or too far behind.
    pub fn look(&self) -> bool {
        self.orders.try_send(Order::Look).is_ok()
    }

    /// Waits until everything asked for is done. Blocks.
    pub fn finish(self) {
        drop(self.orders);
        if self.thread.join().is_err() {
            tracing::error!("spool: its thread failed");
        }
    }
}

fn work(mut spool: Spool, orders: &mpsc::Receiver<Order>, events: &UnboundedSender<KeeperEvent>) {
    for order in orders {
        match order {
            Order::Keep(scan) => {
                let event = match spool.keep(&scan) {
                    Ok(()) => KeeperEvent::Kept(scan),
                    Err(why) => KeeperEvent::Refused(scan.scan_id, why),
                };
                let _ = events.send(event);
            }
            Order::Look => {
                let _ = events.send(KeeperEvent::Room(spool.make_room()));
            }
            Order::Answered(scan_id) => {
                if let Err(why) = spool.answered(scan_id) {
                    tracing::warn!(%scan_id, %why, "spool: answer not noted");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_hangs_is_given_so_many_orders_and_no_more() {
        let (orders, _hangs) = mpsc::sync_channel(ORDERS_MAX);
        let keeper = Keeper { orders, thread: thread::spawn(|| {}) };
        let taken = (0..1000).take_while(|_| keeper.keep(Scan::default())).count();
        assert_eq!(taken, ORDERS_MAX);
        assert!(!keeper.look());
        keeper.answered(Uuid::nil());
    }
}
