//! The bus over a broker.

use emar_wire::Topic;
use emar_wire::client::{self, Event, EventReceiver, Handle, Message, Options, PublishError};

use super::{Ack, Bus, BusEvent, BusEvents, BusFuture, Delivery};

/// Publishing to a broker; cheap to clone.
#[derive(Debug, Clone)]
pub struct MqttBus(Handle);

/// Receiving from a broker.
#[derive(Debug)]
pub struct MqttEvents {
    events: EventReceiver,
    handle: Handle,
}

/// Starts the connection on the current runtime; it is kept up until [`MqttBus::shutdown`].
pub fn connect(options: Options) -> (MqttBus, MqttEvents) {
    let (handle, events) = client::connect(options);
    (MqttBus(handle.clone()), MqttEvents { events, handle })
}

impl MqttBus {
    /// Publishes the death of the presence and disconnects; takes 2 s at most.
    pub async fn shutdown(&self) {
        self.0.shutdown().await;
    }
}

impl Bus for MqttBus {
    fn publish(&self, topic: Topic, payload: Vec<u8>) -> BusFuture<'_, Result<(), PublishError>> {
        Box::pin(async move { self.0.publish(&topic, payload).await?.await })
    }
}

impl BusEvents for MqttEvents {
    fn next(&mut self) -> BusFuture<'_, Option<BusEvent>> {
        Box::pin(async move {
            Some(match self.events.recv().await? {
                Event::Connected { session } => BusEvent::Connected { session },
                Event::Disconnected { why } => BusEvent::Disconnected { why },
                Event::Message(message) => BusEvent::Message(delivery(message, &self.handle)),
            })
        })
    }
}

fn delivery(message: Message, handle: &Handle) -> Delivery {
    let Message { topic, payload, retained, qos, ack } = message;
    let ack = match ack {
        Some(token) => {
            let handle = handle.clone();
            Ack::by(async move { handle.ack(token).await })
        }
        None => Ack::none(),
    };
    Delivery { topic, payload, retained, qos, ack }
}
