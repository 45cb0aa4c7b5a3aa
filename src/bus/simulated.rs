//! A broker in memory for tests and simulation: retained state, redelivery of what was not
//! acknowledged, faults on demand. No clock and no randomness, so a run repeats itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use emar_wire::client::{Lost, PublishError};
use emar_wire::topic::Qos;
use emar_wire::{Role, Topic};
use tokio::sync::mpsc;

use super::{Ack, Bus, BusEvent, BusEvents, BusFuture, Delivery};

/// The broker; every clone is the same one.
#[derive(Debug, Clone, Default)]
pub struct SimulatedBroker(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    down: bool,
    sessions: u64,
    retained: BTreeMap<Topic, Vec<u8>>,
    parties: Vec<Party>,
}

#[derive(Debug)]
struct Party {
    role: Role,
    session: u64,
    events: mpsc::UnboundedSender<BusEvent>,
    /// QoS 1 messages without PUBACK, by the order they came in.
    unacked: BTreeMap<u64, (Topic, Vec<u8>)>,
    next: u64,
}

/// One party's end for publishing.
#[derive(Debug, Clone)]
pub struct SimulatedBus {
    broker: SimulatedBroker,
    party: usize,
}

/// One party's end for receiving.
#[derive(Debug)]
pub struct SimulatedEvents(mpsc::UnboundedReceiver<BusEvent>);

impl SimulatedBroker {
    /// Connects a party, which receives what [`Role::hears`] takes and may publish what
    /// [`Role::may_publish`] allows; the rest is answered with a PUBACK and dropped, as Mosquitto
    /// does.
    pub fn connect(&self, role: Role) -> (SimulatedBus, SimulatedEvents) {
        let (events, receiver) = mpsc::unbounded_channel();
        let mut state = self.lock();
        let party = state.parties.len();
        state.parties.push(Party { role, session: 0, events, unacked: BTreeMap::new(), next: 0 });
        if !state.down {
            self.come_up(&mut state, party);
        }
        drop(state);
        (SimulatedBus { broker: self.clone(), party }, SimulatedEvents(receiver))
    }

    /// Ends every connection. A broker that `forgets` loses retained state and the messages it had
    /// acknowledged, as one without persistence does when it is killed.
    pub fn kill(&self, forgets: bool) {
        let mut state = self.lock();
        state.down = true;
        if forgets {
            state.retained.clear();
        }
        for party in &mut state.parties {
            if forgets {
                party.unacked.clear();
            }
            let why = Lost::Network("the simulated broker was killed".to_owned());
            // A party that dropped its end hears nothing.
            let _ = party.events.send(BusEvent::Disconnected { why });
        }
    }

    /// Brings the broker back: each party is connected, gets its unacknowledged messages again and
    /// the retained state.
    pub fn restart(&self) {
        let mut state = self.lock();
        state.down = false;
        for party in 0..state.parties.len() {
            self.come_up(&mut state, party);
        }
    }

    /// The retained state of a topic.
    pub fn retained(&self, topic: &Topic) -> Option<Vec<u8>> {
        self.lock().retained.get(topic).cloned()
    }

    fn come_up(&self, state: &mut State, index: usize) {
        state.sessions += 1;
        let session = state.sessions;
        let party = &mut state.parties[index];
        party.session = session;
        // As above.
        let _ = party.events.send(BusEvent::Connected { session });
        let again: Vec<_> = std::mem::take(&mut party.unacked).into_values().collect();
        for (topic, payload) in again {
            self.deliver(party, index, topic, payload, false);
        }
        for (topic, payload) in &state.retained {
            if party.role.hears(topic) {
                self.deliver(party, index, topic.clone(), payload.clone(), true);
            }
        }
    }

    fn deliver(
        &self,
        party: &mut Party,
        index: usize,
        topic: Topic,
        payload: Vec<u8>,
        retained: bool,
    ) {
        let qos = topic.qos();
        let ack = match qos {
            Qos::AtMostOnce => Ack::none(),
            Qos::AtLeastOnce => {
                party.next += 1;
                let (broker, session, number) = (self.clone(), party.session, party.next);
                party.unacked.insert(number, (topic.clone(), payload.clone()));
                Ack::by(async move { broker.acknowledge(index, session, number) })
            }
        };
        let message = BusEvent::Message(Delivery { topic, payload, retained, qos, ack });
        // As above.
        let _ = party.events.send(message);
    }

    fn acknowledge(&self, index: usize, session: u64, number: u64) {
        let mut state = self.lock();
        let down = state.down;
        let party = &mut state.parties[index];
        // A token of an ended connection does nothing: the message comes again.
        if !down && party.session == session {
            party.unacked.remove(&number);
        }
    }

    fn publish(&self, index: usize, topic: Topic, payload: Vec<u8>) -> Result<(), PublishError> {
        let max = topic.kind().payload_bytes_max();
        if payload.len() > max {
            return Err(PublishError::TooLarge { bytes: payload.len(), max });
        }
        let mut state = self.lock();
        if state.down {
            return Err(PublishError::NotConnected);
        }
        if !state.parties[index].role.may_publish(&topic) {
            return Ok(());
        }
        if topic.retained() {
            if payload.is_empty() {
                state.retained.remove(&topic);
            } else {
                state.retained.insert(topic.clone(), payload.clone());
            }
        }
        for (index, party) in state.parties.iter_mut().enumerate() {
            if party.role.hears(&topic) && !party.events.is_closed() {
                self.deliver(party, index, topic.clone(), payload.clone(), false);
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change, so the state holds.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bus for SimulatedBus {
    fn publish(&self, topic: Topic, payload: Vec<u8>) -> BusFuture<'_, Result<(), PublishError>> {
        Box::pin(async move { self.broker.publish(self.party, topic, payload) })
    }
}

impl BusEvents for SimulatedEvents {
    fn next(&mut self) -> BusFuture<'_, Option<BusEvent>> {
        Box::pin(self.0.recv())
    }
}
