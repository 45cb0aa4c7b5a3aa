//! The topic tree: `emar/v1/{facility}/...`.
//!
//! The table at the end of this file is the only place where a topic is spelled; the enum, its
//! text, its parser and the subscription filters all come from it.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::Id;

/// The first two levels of every topic: the project and the major version.
pub const ROOT: &str = "emar/v1";

/// The greatest payload of a message that a device (cart, station) sends, in bytes.
pub const DEVICE_BYTES_MAX: usize = 64 * 1024;
/// The greatest payload of any message, in bytes; what a pharmacy may send. The brokers take
/// packets of 1 MiB, topic and headers included; a larger one would cost the connection.
pub const PHARMACY_BYTES_MAX: usize = 1024 * 1024 - 1024;

/// Why a text is no [`Topic`]. The text itself is not repeated: it may hold a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// It does not begin with `emar/`.
    #[error("not a topic of emar: it does not begin with emar/")]
    Foreign,
    /// Another major version than `v1`.
    #[error("a topic of another major version; this program speaks v1 only")]
    Version,
    /// No row of the tree has this shape, or an id in it is malformed.
    #[error("no such topic in emar/v1, or an id in it is malformed; see docs/mqtt.md")]
    Unknown,
}

/// MQTT's quality of service. 2 is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qos {
    /// Sent once, perhaps lost.
    AtMostOnce,
    /// Sent until the broker has it, perhaps twice.
    AtLeastOnce,
}

/// One word of a fixed list as a level of a topic.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// Every word of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word as it stands in a topic.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = TopicError;

            fn from_str(text: &str) -> Result<Self, TopicError> {
                Self::ALL.iter().copied().find(|w| w.as_str() == text).ok_or(TopicError::Unknown)
            }
        }
    };
}

words! {
    /// What a pharmacy sends.
    Inbound {
        /// New order, change, discontinue, hold, resume.
        Order = "order",
        /// A fill, with lot, expiry and label codes.
        Dispense = "dispense",
        /// Admission, transfer, leave, discharge.
        Census = "census",
        /// An allergy or intolerance.
        Allergy = "allergy",
        /// The answer to a refill request.
        RefillAnswer = "refill-answer",
    }
}

words! {
    /// What a pharmacy receives.
    Outbound {
        /// Given, refused, withheld, corrected.
        Administration = "administration",
        /// A request for more stock.
        Refill = "refill",
        /// Counts, waste, returns, discrepancies.
        Stock = "stock",
        /// Census seen by the home.
        Census = "census",
    }
}

words! {
    /// The two halves of a resync; both sides use both, so a receiver skips its own.
    Resync {
        /// Asks for everything after a sequence number.
        Request = "request",
        /// One numbered part of the answer.
        Chunk = "chunk",
    }
}

macro_rules! topics {
    ($(
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $ty:ty),* } = $text:literal, $qos:ident, $retained:literal;
    )*) => {
        /// One topic of the tree, with the ids it holds. `Display` writes the whole topic.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Topic {
            $(
                $(#[$doc])*
                #[doc = concat!("\n\n`emar/v1/{facility}/", $text, "`")]
                $name {
                    /// The facility.
                    facility: Id,
                    $(#[doc = concat!("The level `{", stringify!($field), "}`.")] $field: $ty),*
                },
            )*
        }

        /// A row of the tree without its ids.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = concat!("`", $text, "`")] $name),*
        }

        impl Kind {
            /// Every row of the tree.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The row as text after the facility, with `{...}` where ids stand.
            pub fn template(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The quality of service messages of this row travel with.
            pub fn qos(self) -> Qos {
                match self { $(Self::$name => Qos::$qos),* }
            }

            /// Whether the broker keeps the last message for newcomers. Such a message is state;
            /// orders, administrations and commands are never kept.
            pub fn retained(self) -> bool {
                match self { $(Self::$name => $retained),* }
            }
        }

        impl Topic {
            /// The row of the tree this topic belongs to.
            pub fn kind(&self) -> Kind {
                match self { $(Self::$name { .. } => Kind::$name),* }
            }

            /// The facility the topic belongs to.
            pub fn facility(&self) -> &Id {
                match self { $(Self::$name { facility, .. } => facility),* }
            }

            /// Reads a topic as it came from the broker. Only the text that `Display` writes is
            /// accepted, so one topic has one spelling.
            pub fn parse(text: &str) -> Result<Self, TopicError> {
                let (facility, rest) = split_root(text)?;
                let facility: Id = facility.parse().map_err(|_| TopicError::Unknown)?;
                $(
                    if let Some(levels) = capture($text, rest) {
                        // Rows without ids leave the iterator unread.
                        #[allow(unused_mut, unused_variables)]
                        let mut levels = levels.into_iter();
                        #[allow(unused_mut)]
                        let mut read = || Some(Self::$name {
                            facility: facility.clone(),
                            $($field: levels.next()?.parse().ok()?),*
                        });
                        if let Some(topic) = read().filter(|topic| topic.to_string() == text) {
                            return Ok(topic);
                        }
                    }
                )*
                Err(TopicError::Unknown)
            }
        }

        impl fmt::Display for Topic {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name { facility, $($field),* } => {
                        let levels: &[&dyn fmt::Display] = &[$($field),*];
                        f.write_str(&fill($text, facility, levels))
                    })*
                }
            }
        }
    };
}

fn split_root(text: &str) -> Result<(&str, &str), TopicError> {
    let rest = text.strip_prefix("emar/").ok_or(TopicError::Foreign)?;
    let (version, rest) = rest.split_once('/').ok_or(TopicError::Unknown)?;
    if version != "v1" {
        return Err(TopicError::Version);
    }
    rest.split_once('/').ok_or(TopicError::Unknown)
}

fn is_hole(level: &str) -> bool {
    level.starts_with('{')
}

/// The levels of `text` that stand where the template has holes; `None` where they differ.
fn capture<'t>(template: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut found = Vec::new();
    let mut levels = text.split('/');
    for want in template.split('/') {
        let level = levels.next()?;
        if is_hole(want) {
            found.push(level);
        } else if want != level {
            return None;
        }
    }
    levels.next().is_none().then_some(found)
}

fn fill(template: &str, facility: &Id, levels: &[&dyn fmt::Display]) -> String {
    let mut holes = levels.iter();
    let mut text = format!("{ROOT}/{facility}");
    for level in template.split('/') {
        text.push('/');
        match is_hole(level).then(|| holes.next()).flatten() {
            Some(value) => text.push_str(&value.to_string()),
            None => text.push_str(level),
        }
    }
    text
}

/// Whether a subscription filter takes a topic, by MQTT's rules.
pub fn filter_matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for want in filter.split('/') {
        match (want, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (want, Some(level)) if want == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        Self::parse(text)
    }
}

impl Topic {
    /// [`Kind::qos`] of this topic.
    pub fn qos(&self) -> Qos {
        self.kind().qos()
    }

    /// [`Kind::retained`] of this topic.
    pub fn retained(&self) -> bool {
        self.kind().retained()
    }
}

impl Kind {
    /// The subscription filter of this row: `bound` gives a value for some holes, by name, the
    /// others become `+`.
    pub fn filter(self, facility: &Id, bound: &[(&str, &str)]) -> String {
        let mut text = format!("{ROOT}/{facility}");
        for level in self.template().split('/') {
            let value = bound.iter().find(|(name, _)| level == format!("{{{name}}}"));
            text.push('/');
            text.push_str(match value {
                Some((_, value)) => value,
                None if is_hole(level) => "+",
                None => level,
            });
        }
        text
    }

    /// The greatest payload a receiver takes from this row, in bytes; more is refused with an
    /// answer, never by dropping the connection.
    pub fn payload_bytes_max(self) -> usize {
        match self {
            Self::PharmacyIn
            | Self::PharmacyInAnswer
            | Self::PharmacyOut
            | Self::PharmacyOutAnswer
            | Self::PharmacyResync => PHARMACY_BYTES_MAX,
            _ => DEVICE_BYTES_MAX,
        }
    }
}

topics! {
    /// Who of the servers is connected, and nothing more. Payload: `Presence`; last will.
    ServerPresence { server: Id } = "server/{server}/presence", AtLeastOnce, true;
    /// The sign of life of the lease holder. Payload: signed `Heartbeat`, every 5 s. A message
    /// with the retain flag is not a sign of life.
    Heartbeat {} = "server/heartbeat", AtMostOnce, false;
    /// The signed tree head of the audit log. Payload: C2SP signed note, text.
    Checkpoint {} = "server/checkpoint", AtLeastOnce, true;
    /// A device's cosignature of a checkpoint. Payload: C2SP cosignature, text.
    Cosignature { device: Id } = "cosig/{device}", AtLeastOnce, false;
    /// Versions and events the server accepts. Payload: `Capabilities`.
    Capabilities {} = "capabilities", AtLeastOnce, true;
    /// Payload: `Presence` with units and build; last will.
    StationPresence { station: Id } = "station/{station}/presence", AtLeastOnce, true;
    /// The full current state of one alert. Payload: signed `AlertState`; empty once forgotten.
    AlertState { unit: Id, alert: Uuid } = "unit/{unit}/alert/{alert}/state", AtLeastOnce, true;
    /// The stream of an alert's transitions. Payload: `AlertEvent`.
    AlertEvent { unit: Id } = "unit/{unit}/alert/event", AtLeastOnce, false;
    /// Which alerts are open. Payload: signed `AlertIndex`.
    AlertIndex { unit: Id } = "unit/{unit}/alert/index", AtLeastOnce, true;
    /// What a person at a station did about an alert. Payload: `AlertCommand`.
    AlertCommand { unit: Id, alert: Uuid, station: Id }
        = "unit/{unit}/alert/{alert}/cmd/{station}", AtLeastOnce, false;
    /// A silence with its author, reason and end. Payload: `Silence`; empty once over.
    Silence { unit: Id, silence: Uuid } = "unit/{unit}/silence/{silence}", AtLeastOnce, true;
    /// A person could see this alert. Payload: `Shown`.
    StationShown { station: Id } = "station/{station}/shown", AtLeastOnce, false;
    /// Answers to a station's commands. Payload: `CommandReply`.
    StationReply { station: Id } = "station/{station}/reply", AtLeastOnce, false;
    /// Payload: `Presence`; last will.
    CartPresence { cart: Id } = "cart/{cart}/presence", AtLeastOnce, true;
    /// How the cart's bridge is. Payload: `CartHealth`.
    CartHealth { cart: Id } = "cart/{cart}/health", AtLeastOnce, true;
    /// What the cart's scanner read. Payload: `Scan`.
    CartScan { cart: Id } = "cart/{cart}/scan", AtLeastOnce, false;
    /// The server's answer to a scan. Payload: `VerdictMessage`.
    CartVerdict { cart: Id } = "cart/{cart}/verdict", AtLeastOnce, false;
    /// Payload: `Presence`; last will.
    PharmacyPresence { pharmacy: Id } = "pharmacy/{pharmacy}/presence", AtLeastOnce, true;
    /// What a pharmacy sends. Payload: FHIR message Bundle or HL7 v2 ER7.
    PharmacyIn { pharmacy: Id, event: Inbound }
        = "pharmacy/{pharmacy}/in/{event}", AtLeastOnce, false;
    /// Our CA, AA, AE or AR. Payload: FHIR message Bundle or HL7 v2 ER7.
    PharmacyInAnswer { pharmacy: Id } = "pharmacy/{pharmacy}/in/answer", AtLeastOnce, false;
    /// What a pharmacy receives. Payload: FHIR message Bundle or HL7 v2 ER7.
    PharmacyOut { pharmacy: Id, event: Outbound }
        = "pharmacy/{pharmacy}/out/{event}", AtLeastOnce, false;
    /// The pharmacy's CA, AA, AE or AR. Payload: FHIR message Bundle or HL7 v2 ER7.
    PharmacyOutAnswer { pharmacy: Id } = "pharmacy/{pharmacy}/out/answer", AtLeastOnce, false;
    /// Resync after downtime, both directions.
    PharmacyResync { pharmacy: Id, part: Resync }
        = "pharmacy/{pharmacy}/resync/{part}", AtLeastOnce, false;
    /// Pointers to messages set aside. Payload: `DeadLetter`.
    PharmacyDeadLetter { pharmacy: Id } = "pharmacy/{pharmacy}/dlq", AtLeastOnce, false;
}

#[cfg(test)]
mod tests;
