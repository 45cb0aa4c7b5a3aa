//! The bus: the embedded broker and the seam above the client of `emar-wire`.
//!
//! Architecture Invariant: nothing here keeps a message. What must not be lost is a row of the
//! outbox before it is published and a row of the inbox before it is acknowledged.

pub mod broker;
pub mod cart;
pub mod inbound;
pub mod mqtt;
pub mod pharmacy;
pub mod simulated;
pub mod station;

use std::pin::Pin;

use emar_wire::Topic;
use emar_wire::client::{Lost, PublishError};
use emar_wire::topic::Qos;

/// What a call to the bus resolves to, boxed so that the seam can be a trait object.
pub type BusFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Publishing. Every clone of an implementation is the same connection.
pub trait Bus: Send + Sync {
    /// Publishes once, with QoS and retain flag of the topic's row, and resolves at the PUBACK
    /// (QoS 0: when written). An error means that the broker may have it or not; the row stays
    /// unsent and is selected again after [`BusEvent::Connected`].
    fn publish(&self, topic: Topic, payload: Vec<u8>) -> BusFuture<'_, Result<(), PublishError>>;
}

/// Receiving, by one consumer.
pub trait BusEvents: Send {
    /// What happens next; `None` once the bus was shut down. Cancel-safe.
    fn next(&mut self) -> BusFuture<'_, Option<BusEvent>>;
}

/// What happens on the bus.
#[derive(Debug)]
pub enum BusEvent {
    /// Connected and subscribed; select unsent rows.
    Connected {
        /// The session number of this connection.
        session: u64,
    },
    /// The connection is gone; it is tried again.
    Disconnected {
        /// Why.
        why: Lost,
    },
    /// A message arrived.
    Message(Delivery),
}

/// A message, with the duty to acknowledge it.
#[derive(Debug)]
pub struct Delivery {
    /// Its topic.
    pub topic: Topic,
    /// Its payload; empty when retained state was removed.
    pub payload: Vec<u8>,
    /// True when the broker had kept it: old state, never a sign of life.
    pub retained: bool,
    /// How it travelled.
    pub qos: Qos,
    /// To be called once the message is stored.
    pub ack: Ack,
}

/// Acknowledges one message to the broker. Dropped instead, the broker sends the message again at
/// the next connection of a persistent session.
#[must_use = "a message that is never acknowledged blocks those behind it"]
pub struct Ack(Option<BusFuture<'static, ()>>);

impl Ack {
    fn none() -> Self {
        Self(None)
    }

    fn by(send: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Some(Box::pin(send)))
    }

    /// Sends the PUBACK; nothing at QoS 0.
    pub async fn stored(self) {
        if let Some(send) = self.0 {
            send.await;
        }
    }
}

impl std::fmt::Debug for Ack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ack({})", if self.0.is_some() { "due" } else { "none" })
    }
}

#[cfg(test)]
mod tests;
