//! What people at stations do about alerts.

use super::{Bus, Delivery};
use crate::service::lane::Key;
use crate::service::{App, Asked, Outcome};
use emar_domain::decide::{Actor, AlertCommand as Decided, Answer, Command, Refusal};
use emar_domain::id::{AlertId, Slug, UserId};
use emar_domain::verdict::Param;
use emar_wire::payload::{AlertAction, AlertCommand, CommandAnswer, CommandReply, decode, encode};
use emar_wire::{Id, Topic};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Commands that wait; people make few.
const COMMANDS_MAX: usize = 256;
/// Replies remembered for a command that comes again.
const REPLIES_MAX: usize = 256;
/// A command is worth nothing after this, whatever it says itself; machine time.
const EXPIRES: i64 = 60_000_000;
/// How long an alert is quiet; clinical time.
const QUIET_MINUTES: i64 = 10;

struct Ordered {
    unit: Id,
    alert: Uuid,
    station: Id,
    message: Delivery,
}

/// The door to the task that carries commands out, one after the other.
pub struct StationDoor(mpsc::Sender<Ordered>);

impl StationDoor {
    /// Starts the task; it ends with the door.
    #[must_use]
    pub fn new(app: Arc<App>, bus: Arc<dyn Bus>) -> Self {
        let (sender, receiver) = mpsc::channel(COMMANDS_MAX);
        tokio::spawn(serve(app, bus, receiver));
        Self(sender)
    }

    /// Takes a command to it.
    pub async fn take(&self, unit: Id, alert: Uuid, station: Id, message: Delivery) {
        // A task that has ended takes no more; the broker keeps the message.
        let _ = self.0.send(Ordered { unit, alert, station, message }).await;
    }
}

async fn serve(app: Arc<App>, bus: Arc<dyn Bus>, mut commands: mpsc::Receiver<Ordered>) {
    let Ok(facility) = Id::new(app.facility.as_str()) else { return };
    let mut replies: VecDeque<CommandReply> = VecDeque::with_capacity(REPLIES_MAX);
    while let Some(Ordered { unit, alert, station, message }) = commands.recv().await {
        let max = message.topic.kind().payload_bytes_max();
        let read = decode::<AlertCommand>(&message.payload, max);
        let reply = match read {
            Ok(command) => match replies.iter().find(|reply| reply.id == command.id) {
                Some(reply) => Some(reply.clone()),
                None => Some(carry_out(&app, &unit, alert, &station, &command).await),
            },
            Err(error) => {
                tracing::warn!(%error, %station, "a command that cannot be read");
                None
            }
        };
        message.ack.stored().await;
        let Some(reply) = reply else { continue };
        if replies.len() == REPLIES_MAX {
            replies.pop_front();
        }
        replies.push_back(reply.clone());
        let topic = Topic::StationReply { facility: facility.clone(), station };
        let Ok(bytes) = encode(&reply) else { continue };
        if let Err(error) = bus.publish(topic, bytes).await {
            tracing::warn!(%error, "a reply was not sent");
        }
    }
}

async fn carry_out(
    app: &App,
    unit: &Id,
    alert: Uuid,
    station: &Id,
    command: &AlertCommand,
) -> CommandReply {
    let asked = match decided(app, unit, alert, station, command) {
        Ok(Some(asked)) => asked,
        // Seen and rejected change nothing here.
        Ok(None) => return reply(app, alert, command, CommandAnswer::Done, None),
        Err((answer, reason)) => return reply(app, alert, command, answer, reason),
    };
    let (answer, reason) = match app.lane.ask(asked).await {
        Outcome::Done { answer, .. } => match *answer {
            Answer::Alert(_) => (CommandAnswer::Done, None),
            _ => (CommandAnswer::Refused, Some("not_understood".to_owned())),
        },
        Outcome::Refused(refusal) => refused(app, alert, &refusal),
        Outcome::KeyReused => (CommandAnswer::Refused, Some("key_reused".to_owned())),
        Outcome::Unavailable | Outcome::Unknown => {
            (CommandAnswer::Refused, Some("unavailable".to_owned()))
        }
    };
    reply(app, alert, command, answer, reason)
}

type No = (CommandAnswer, Option<String>);

fn decided(
    app: &App,
    unit: &Id,
    alert: Uuid,
    station: &Id,
    command: &AlertCommand,
) -> Result<Option<Asked>, No> {
    let no = |code: &str| (CommandAnswer::Refused, Some(code.to_owned()));
    let now = app.clock.machine();
    if now > command.expires_at || now > command.at.saturating_add(EXPIRES) {
        return Err((CommandAnswer::Expired, None));
    }
    let home = app.home();
    let id = AlertId(alert);
    let open = home.alerts.get(&id).filter(|a| a.unit.as_str() == unit.as_str());
    let open = open.ok_or_else(|| no("alert_ended"))?;
    let device = Slug::new(station.as_str())
        .ok()
        .filter(|s| home.devices.get(s).is_some_and(|d| d.active && d.kind == "station"));
    let device = device.ok_or_else(|| no("station_unknown"))?;
    let user = command.by.as_str().parse::<UserId>().ok();
    let user = user.and_then(|u| home.users.get(&u)).filter(|u| u.active);
    let user = user.ok_or_else(|| no("sign_on_first"))?;
    if open.rev != command.rev {
        return Err((CommandAnswer::Conflict, None));
    }
    let rev = command.rev;
    let what = match command.action {
        AlertAction::Seen | AlertAction::Reject => return Ok(None),
        AlertAction::Accept => Decided::Accept(id, rev),
        AlertAction::Escalate => Decided::Escalate(id, rev),
        AlertAction::Snooze => {
            let until = app.clock.clinical().plus_minutes(QUIET_MINUTES);
            let until = until.ok_or_else(|| no("not_understood"))?;
            Decided::Snooze(id, rev, until, "station".to_owned())
        }
    };
    let actor = Actor {
        user: Some(user.id),
        role: user.role,
        session: None,
        device: Some(device),
        auth: "station".to_owned(),
    };
    let request = Sha256::digest(format!("{alert} {:?} {rev} {}", command.action, command.by));
    let key = Key {
        key: format!("station/{}", command.id),
        who: station.to_string(),
        request_sha256: request.into(),
    };
    Ok(Some(Asked { actor, key: Some(key), ..Asked::by_server(Command::Alert(what)) }))
}

fn refused(app: &App, alert: Uuid, refusal: &Refusal) -> No {
    let gone = !app.home().alerts.contains_key(&AlertId(alert));
    match refusal.code.as_str() {
        "alert_taken" | "alert_changed" if !gone => (CommandAnswer::Conflict, None),
        code => {
            if let Some(Param::Text(by)) = refusal.params.get("by") {
                tracing::debug!(by, "the alert is another's");
            }
            (CommandAnswer::Refused, Some(code.to_owned()))
        }
    }
}

/// Where the alert stands now goes with every reply.
fn reply(
    app: &App,
    alert: Uuid,
    command: &AlertCommand,
    answer: CommandAnswer,
    reason: Option<String>,
) -> CommandReply {
    let home = app.home();
    let open = home.alerts.get(&AlertId(alert));
    CommandReply {
        id: command.id,
        answer,
        rev: open.map_or(command.rev, |a| a.rev),
        accepted_by: open.and_then(|a| a.accepted_by).and_then(|u| Id::new(u.to_string()).ok()),
        reason,
    }
}
