//! One connection after the other, with growing pauses.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::link::{Ending, Link};
use super::{Command, Event, Options, PublishError};

const PAUSE_FIRST: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(5);

pub(super) async fn run(
    options: Options,
    mut commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
) {
    let mut session = options.session;
    let mut pause = PAUSE_FIRST;
    loop {
        session += 1;
        let (mut link, event_loop) = Link::new(&options, session, events.clone());
        let ending = link.run(event_loop, &mut commands).await;
        if link.was_ready() {
            pause = PAUSE_FIRST;
        }
        // Fails what waits for a PUBACK before the consumer hears of the end.
        drop(link);
        let why = match ending {
            Ending::Closed(done) => return close(commands, done),
            Ending::Lost(why) => why,
        };
        tracing::warn!(session, %why, "broker connection ended");
        let told = idle(&mut commands, events.send(Event::Disconnected { why })).await;
        let rested = match told {
            Ok(Ok(())) => idle(&mut commands, tokio::time::sleep(pause)).await.map(|()| true),
            Ok(Err(_)) => Ok(false),
            Err(done) => Err(done),
        };
        match rested {
            Ok(true) => pause = (pause * 2).min(PAUSE_MAX),
            Ok(false) => return close(commands, None),
            Err(done) => return close(commands, done),
        }
    }
}

/// Waits for `work` and refuses what comes in meanwhile, so that no caller waits for a connection
/// that is not there. `Err` when the client is to end.
async fn idle<T>(
    commands: &mut mpsc::Receiver<Command>,
    work: impl Future<Output = T>,
) -> Result<T, Option<oneshot::Sender<()>>> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            output = &mut work => return Ok(output),
            command = commands.recv() => match command {
                Some(Command::Publish { done, .. }) => refuse(done, PublishError::NotConnected),
                Some(Command::Ack(_)) => {}
                Some(Command::Shutdown(done)) => return Err(Some(done)),
                None => return Err(None),
            },
        }
    }
}

pub(super) fn refuse(done: oneshot::Sender<Result<(), PublishError>>, why: PublishError) {
    // The caller may have stopped waiting; then nobody needs the answer.
    let _ = done.send(Err(why));
}

fn close(mut commands: mpsc::Receiver<Command>, done: Option<oneshot::Sender<()>>) {
    commands.close();
    while let Ok(command) = commands.try_recv() {
        if let Command::Publish { done, .. } = command {
            refuse(done, PublishError::Closed);
        }
    }
    if let Some(done) = done {
        // As above.
        let _ = done.send(());
    }
}
