//! Who may publish and read what. The broker's access list is held against this table by a test.

use crate::topic::{Inbound, Resync};
use crate::{Id, Kind, Topic};

/// One party of the bus, with its own identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// The lease holder among the servers of a facility; another server subscribes to nothing.
    Server {
        /// The facility it serves.
        facility: Id,
    },
    /// A screen at a nurses' station.
    Station {
        /// Its facility.
        facility: Id,
        /// Its own id.
        station: Id,
        /// The units whose alerts it shows.
        units: Vec<Id>,
    },
    /// The bridge on a med cart.
    Cart {
        /// Its facility.
        facility: Id,
        /// Its own id.
        cart: Id,
    },
    /// A pharmacy's system.
    Pharmacy {
        /// The facility it delivers to.
        facility: Id,
        /// Its own id.
        pharmacy: Id,
    },
    /// A reader of everything on the embedded broker; read-only by convention, there is no access
    /// list there.
    Observer,
}

impl Role {
    /// The filters this role subscribes with, each at the quality of service of its row.
    pub fn filters(&self) -> Vec<String> {
        match self {
            Self::Server { facility } => server_filters(facility),
            Self::Station { facility, station, units } => {
                let mut filters = follow_server(facility);
                for unit in units {
                    let unit = [("unit", unit.as_str())];
                    for kind in
                        [Kind::AlertState, Kind::AlertEvent, Kind::AlertIndex, Kind::Silence]
                    {
                        filters.push(kind.filter(facility, &unit));
                    }
                }
                filters.push(Kind::StationReply.filter(facility, &[("station", station.as_str())]));
                filters
            }
            Self::Cart { facility, cart } => {
                let mut filters = follow_server(facility);
                filters.push(Kind::CartVerdict.filter(facility, &[("cart", cart.as_str())]));
                filters
            }
            Self::Pharmacy { facility, pharmacy } => pharmacy_filters(facility, pharmacy),
            Self::Observer => vec![format!("{}/#", crate::topic::ROOT)],
        }
    }

    /// Whether this role may publish on `topic`.
    pub fn may_publish(&self, topic: &Topic) -> bool {
        let at_home = |facility: &Id| facility == topic.facility();
        match self {
            Self::Server { facility } => {
                at_home(facility)
                    && !matches!(
                        topic.kind(),
                        Kind::AlertCommand | Kind::CartScan | Kind::PharmacyIn
                    )
            }
            Self::Station { facility, station, units } => {
                at_home(facility)
                    && match topic {
                        Topic::StationPresence { station: s, .. }
                        | Topic::StationShown { station: s, .. }
                        | Topic::Cosignature { device: s, .. } => s == station,
                        Topic::AlertCommand { unit, station: s, .. } => {
                            s == station && units.contains(unit)
                        }
                        _ => false,
                    }
            }
            Self::Cart { facility, cart } => {
                at_home(facility)
                    && match topic {
                        Topic::CartPresence { cart: c, .. }
                        | Topic::CartScan { cart: c, .. }
                        | Topic::Cosignature { device: c, .. } => c == cart,
                        _ => false,
                    }
            }
            Self::Pharmacy { facility, pharmacy } => {
                at_home(facility)
                    && match topic {
                        Topic::PharmacyPresence { pharmacy: p, .. }
                        | Topic::PharmacyIn { pharmacy: p, .. }
                        | Topic::PharmacyOutAnswer { pharmacy: p, .. }
                        | Topic::PharmacyResync { pharmacy: p, .. } => p == pharmacy,
                        _ => false,
                    }
            }
            Self::Observer => false,
        }
    }

    /// Whether a message on `topic` may reach this role.
    pub fn may_read(&self, topic: &Topic) -> bool {
        let at_home = |facility: &Id| facility == topic.facility();
        match self {
            Self::Server { facility } => at_home(facility),
            Self::Station { facility, station, units } => {
                at_home(facility)
                    && match topic {
                        Topic::StationReply { station: s, .. } => s == station,
                        Topic::AlertState { unit, .. }
                        | Topic::AlertEvent { unit, .. }
                        | Topic::AlertIndex { unit, .. }
                        | Topic::AlertCommand { unit, .. }
                        | Topic::Silence { unit, .. } => units.contains(unit),
                        other => is_server_state(other.kind()),
                    }
            }
            Self::Cart { facility, cart } => {
                at_home(facility)
                    && match topic {
                        Topic::CartVerdict { cart: c, .. } => c == cart,
                        other => is_server_state(other.kind()),
                    }
            }
            Self::Pharmacy { facility, pharmacy } => {
                at_home(facility)
                    && match topic {
                        Topic::PharmacyOut { pharmacy: p, .. }
                        | Topic::PharmacyInAnswer { pharmacy: p, .. }
                        | Topic::PharmacyResync { pharmacy: p, .. } => p == pharmacy,
                        Topic::Capabilities { .. } => true,
                        _ => false,
                    }
            }
            Self::Observer => true,
        }
    }
}

fn is_server_state(kind: Kind) -> bool {
    matches!(kind, Kind::ServerPresence | Kind::Heartbeat | Kind::Checkpoint)
}

fn follow_server(facility: &Id) -> Vec<String> {
    [Kind::ServerPresence, Kind::Heartbeat, Kind::Checkpoint]
        .iter()
        .map(|kind| kind.filter(facility, &[]))
        .collect()
}

/// `in/+` would also bring back our own `in/answer`, so the events are named one by one.
fn server_filters(facility: &Id) -> Vec<String> {
    let mut filters: Vec<String> = [
        Kind::Cosignature,
        Kind::StationPresence,
        Kind::StationShown,
        Kind::AlertCommand,
        Kind::CartPresence,
        Kind::CartScan,
        Kind::PharmacyPresence,
        Kind::PharmacyOutAnswer,
    ]
    .iter()
    .map(|kind| kind.filter(facility, &[]))
    .collect();
    for event in Inbound::ALL {
        filters.push(Kind::PharmacyIn.filter(facility, &[("event", event.as_str())]));
    }
    for part in Resync::ALL {
        filters.push(Kind::PharmacyResync.filter(facility, &[("part", part.as_str())]));
    }
    filters
}

fn pharmacy_filters(facility: &Id, pharmacy: &Id) -> Vec<String> {
    let me = ("pharmacy", pharmacy.as_str());
    let mut filters: Vec<String> = crate::topic::Outbound::ALL
        .iter()
        .map(|event| Kind::PharmacyOut.filter(facility, &[me, ("event", event.as_str())]))
        .collect();
    filters.push(Kind::PharmacyInAnswer.filter(facility, &[me]));
    filters.push(Kind::PharmacyResync.filter(facility, &[me]));
    filters.push(Kind::Capabilities.filter(facility, &[]));
    filters
}
