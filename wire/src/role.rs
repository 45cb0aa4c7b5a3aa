//! Who may publish and read what. The broker's access list is held against this table by a test.

use crate::topic::{Inbound, Resync, filter_matches};
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

    /// Whether this role subscribes to `topic`.
    pub fn hears(&self, topic: &Topic) -> bool {
        let text = topic.to_string();
        self.filters().iter().any(|filter| filter_matches(filter, &text))
    }

    /// Whether this role may publish on `topic`.
    pub fn may_publish(&self, topic: &Topic) -> bool {
        let at_home = |facility: &Id| facility == topic.facility();
        match self {
            Self::Server { facility } => at_home(facility) && is_servers_word(topic.kind()),
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
                        | Topic::CartHealth { cart: c, .. }
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

/// Not the words of others: a server cannot forge a scan, a command or a station's `shown`.
fn is_servers_word(kind: Kind) -> bool {
    is_server_state(kind)
        || matches!(
            kind,
            Kind::Capabilities
                | Kind::AlertState
                | Kind::AlertEvent
                | Kind::AlertIndex
                | Kind::Silence
                | Kind::StationReply
                | Kind::CartVerdict
                | Kind::PharmacyInAnswer
                | Kind::PharmacyOut
                | Kind::PharmacyResync
                | Kind::PharmacyDeadLetter
        )
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

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        Id::new(text).unwrap()
    }

    #[test]
    fn no_role_speaks_for_another() {
        let facility = || id("f1");
        let server = Role::Server { facility: facility() };
        let station =
            Role::Station { facility: facility(), station: id("s1"), units: vec![id("east")] };
        let cart = Role::Cart { facility: facility(), cart: id("c1") };
        let pharmacy = Role::Pharmacy { facility: facility(), pharmacy: id("p1") };
        let alert = "unit/east/alert/00000000-0000-0000-0000-000000000000";
        let command = format!("{alert}/cmd/s1");
        let other_command = format!("{alert}/cmd/s2");
        let state = format!("{alert}/state");
        let west = "unit/west/alert/00000000-0000-0000-0000-000000000000/cmd/s1";
        for (role, rest, allowed) in [
            (&server, "server/heartbeat", true),
            (&server, state.as_str(), true),
            (&server, "cart/c1/verdict", true),
            (&server, "cart/c1/scan", false),
            (&server, "cart/c1/health", false),
            (&server, command.as_str(), false),
            (&server, "station/s1/shown", false),
            (&server, "pharmacy/p1/in/order", false),
            (&server, "pharmacy/p1/in/answer", true),
            (&station, "station/s1/shown", true),
            (&station, "station/s2/shown", false),
            (&station, command.as_str(), true),
            (&station, other_command.as_str(), false),
            (&station, west, false),
            (&station, state.as_str(), false),
            (&cart, "cart/c1/scan", true),
            (&cart, "cart/c2/scan", false),
            (&cart, "cart/c1/health", true),
            (&cart, "cart/c2/health", false),
            (&cart, "cart/c1/verdict", false),
            (&cart, "server/heartbeat", false),
            (&cart, "cosig/c1", true),
            (&cart, "cosig/s1", false),
            (&pharmacy, "pharmacy/p1/in/order", true),
            (&pharmacy, "pharmacy/p1/in/answer", false),
            (&pharmacy, "pharmacy/p2/in/order", false),
            (&pharmacy, "pharmacy/p1/dlq", false),
            (&Role::Observer, "server/heartbeat", false),
        ] {
            let topic = Topic::parse(&format!("emar/v1/f1/{rest}")).unwrap();
            assert_eq!(role.may_publish(&topic), allowed, "{role:?} {rest}");
            let elsewhere = Topic::parse(&format!("emar/v1/f2/{rest}")).unwrap();
            assert!(!role.may_publish(&elsewhere));
        }
    }
}
