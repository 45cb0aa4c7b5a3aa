use std::process::{Output, Stdio};
use std::sync::Arc;

use emar_wire::client::{Announced, Event, EventReceiver, Message, Options, connect};
use emar_wire::payload::{Presence, decode};
use emar_wire::topic::{Inbound, PHARMACY_BYTES_MAX};
use emar_wire::{Id, Role, Topic};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::*;

const PATIENCE: Duration = Duration::from_secs(15);

async fn broker(users: &[&str]) -> Broker {
    let accounts: Vec<Account> = users
        .iter()
        .map(|user| Account { user: (*user).to_owned(), password: format!("pw-{user}") })
        .collect();
    Broker::start("127.0.0.1:0".parse().unwrap(), &accounts).await.unwrap()
}

#[tokio::test]
async fn who_is_no_account_is_let_in_by_what_the_home_knows() {
    let knows: Knows = Arc::new(|user, password| (user, password) == ("cart-1", "pw-cart-1"));
    let accounts = [Account { user: "server".to_owned(), password: "pw-server".to_owned() }];
    let listen = "127.0.0.1:0".parse().unwrap();
    let broker = Broker::start_knowing(listen, &accounts, knows).await.unwrap();
    for (user, password, known) in [
        ("server", "pw-server", true),
        ("server", "pw-cart-1", false),
        ("cart-1", "pw-cart-1", true),
        ("cart-1", "", false),
        ("cart-2", "pw-cart-2", false),
    ] {
        let to = ("127.0.0.1", broker.addr().port());
        let login = (user.to_owned(), password.to_owned());
        let (handle, mut events) = connect(Options::new(to, id("guest"), login, Arc::new(|| 1)));
        let first = timeout(PATIENCE, events.recv()).await.unwrap();
        assert_eq!(matches!(first, Some(Event::Connected { .. })), known, "{user} {password}");
        handle.shutdown().await;
    }
    broker.stop().await;
}

fn tool(name: &str, broker: &Broker, login: Option<(&str, &str)>) -> Command {
    let mut tool = Command::new(name);
    tool.args(["-h", "127.0.0.1", "-p", &broker.addr().port().to_string()]);
    if let Some((user, password)) = login {
        tool.args(["-u", user, "-P", password]);
    }
    tool.kill_on_drop(true);
    tool
}

async fn run(tool: &mut Command) -> Output {
    timeout(PATIENCE, tool.output()).await.expect("the tool hung").unwrap()
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn options(broker: &Broker, user: &str) -> Options {
    let to = ("127.0.0.1", broker.addr().port());
    Options::new(to, id(user), (user, format!("pw-{user}")), Arc::new(|| 1_793_602_800_000_000))
}

async fn next<T>(events: &mut EventReceiver, pick: impl Fn(Event) -> Option<T>) -> T {
    let search = async {
        loop {
            if let Some(found) = pick(events.recv().await.expect("the client ended")) {
                return found;
            }
        }
    };
    timeout(PATIENCE, search).await.expect("the event did not come")
}

async fn connected(events: &mut EventReceiver) -> u64 {
    next(events, |event| match event {
        Event::Connected { session } => Some(session),
        _ => None,
    })
    .await
}

async fn message(events: &mut EventReceiver) -> Message {
    next(events, |event| match event {
        Event::Message(message) => Some(message),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn only_loopback_and_only_a_free_port() {
    let refused = Broker::start("0.0.0.0:0".parse().unwrap(), &[]).await.unwrap_err();
    assert!(matches!(refused, BrokerError::NotLoopback(_)));
    assert!(refused.to_string().contains("Mosquitto"), "{refused}");

    let first = broker(&[]).await;
    let taken = Broker::start(first.addr(), &[]).await.unwrap_err();
    assert!(matches!(taken, BrokerError::Listen { .. }), "{taken}");
    first.stop().await;
}

#[tokio::test]
async fn a_stopped_broker_frees_its_port() {
    // Another program may take a freed port before we do, but not time and again.
    for _ in 0..5 {
        let first = broker(&[]).await;
        let addr = first.addr();
        first.stop().await;
        if let Ok(again) = Broker::start(addr, &[]).await {
            return again.stop().await;
        }
    }
    panic!("a stopped broker keeps its port");
}

#[tokio::test]
async fn strangers_and_anonymous_clients_are_refused() {
    let broker = broker(&["observer"]).await;
    let topic = ["-t", "emar/v1/f1/server/heartbeat", "-m", "x", "-q", "1"];
    let logins = [
        (None, false),
        (Some(("observer", "wrong")), false),
        (Some(("nobody", "pw-observer")), false),
        (Some(("observer", "")), false),
        (Some(("observer", "pw-observer")), true),
    ];
    for (login, welcome) in logins {
        let output = run(tool("mosquitto_pub", &broker, login).args(topic)).await;
        assert_eq!(output.status.success(), welcome, "{login:?}");
    }
    broker.stop().await;
}

#[tokio::test]
async fn mosquitto_tools_publish_and_subscribe() {
    let broker = broker(&["observer", "server"]).await;
    let publish = |topic: &'static str, text: &'static str| {
        let mut tool = tool("mosquitto_pub", &broker, Some(("server", "pw-server")));
        tool.args(["-q", "1", "-r", "-t", topic, "-m", text]);
        tool
    };
    for (topic, text) in [("emar/v1/f1/capabilities", "a"), ("emar/v1/f1/server/checkpoint", "b")] {
        assert!(run(&mut publish(topic, text)).await.status.success());
    }
    // What is retained comes to who subscribes later; who subscribes meanwhile may hear it twice.
    let observer = Some(("observer", "pw-observer"));
    let mut listener = tool("mosquitto_sub", &broker, observer)
        .args(["-t", "emar/v1/#", "-v", "-q", "1", "-C", "2", "-W", "10"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut text = String::new();
    let mut stdout = listener.stdout.take().unwrap();
    timeout(PATIENCE, tokio::io::AsyncReadExt::read_to_string(&mut stdout, &mut text))
        .await
        .unwrap()
        .unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["emar/v1/f1/capabilities a", "emar/v1/f1/server/checkpoint b"]);
    listener.wait().await.unwrap();
    broker.stop().await;
}

#[tokio::test]
async fn the_client_works_on_it_with_the_largest_message() {
    let broker = broker(&["server", "pharmacy"]).await;
    let mut server = options(&broker, "server");
    server.subscriptions = Role::Server { facility: id("f1") }.filters();
    server.clean_session = false;
    let (handle, mut inbox) = connect(server.clone());
    connected(&mut inbox).await;
    let (pharmacy, mut events) = connect(options(&broker, "pharmacy"));
    connected(&mut events).await;

    let order = Topic::PharmacyIn { facility: id("f1"), pharmacy: id("p1"), event: Inbound::Order };
    let largest = vec![b'x'; PHARMACY_BYTES_MAX];
    pharmacy.publish(&order, largest.clone()).await.unwrap().await.unwrap();
    let got = message(&mut inbox).await;
    assert!(got.payload == largest);
    handle.ack(got.ack.unwrap()).await;

    for n in 0..300u32 {
        pharmacy.publish(&order, n.to_le_bytes().to_vec()).await.unwrap().await.unwrap();
        let got = message(&mut inbox).await;
        assert_eq!(got.payload, n.to_le_bytes());
        handle.ack(got.ack.unwrap()).await;
    }

    // Not acknowledged: it comes again at the next connection.
    pharmacy.publish(&order, b"again".to_vec()).await.unwrap().await.unwrap();
    assert_eq!(message(&mut inbox).await.payload, b"again");
    handle.shutdown().await;
    let (handle, mut inbox) = connect(server);
    let got = message(&mut inbox).await;
    assert_eq!(got.payload, b"again");
    handle.ack(got.ack.unwrap()).await;
    broker.stop().await;
}

#[tokio::test]
async fn presence_and_last_will_work_and_a_restart_is_survived() {
    let first = broker(&["server", "cart"]).await;
    let topic = Topic::CartPresence { facility: id("f1"), cart: id("c1") };
    let mut server = options(&first, "server");
    server.subscriptions = Role::Server { facility: id("f1") }.filters();
    let (handle, mut inbox) = connect(server);
    connected(&mut inbox).await;

    let mut cart = options(&first, "cart");
    cart.announced = Some(Announced { topic, presence: Presence::default() });
    let (old, mut old_events) = connect(cart.clone());
    let session = connected(&mut old_events).await;
    let birth = message(&mut inbox).await;
    let presence: Presence = decode(&birth.payload, 1024).unwrap();
    assert_eq!((presence.up, presence.session), (true, session));
    handle.ack(birth.ack.unwrap()).await;

    old.shutdown().await;
    let death = message(&mut inbox).await;
    let presence: Presence = decode(&death.payload, 1024).unwrap();
    assert_eq!((presence.up, presence.session), (false, session));
    handle.ack(death.ack.unwrap()).await;

    let addr = first.addr();
    first.stop().await;
    next(&mut inbox, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    let accounts = ["server", "cart"]
        .map(|user| Account { user: user.to_owned(), password: format!("pw-{user}") });
    let second = Broker::start(addr, &accounts).await.unwrap();
    connected(&mut inbox).await;

    // An aborted process sends no DISCONNECT: its last will has to come.
    let will = format!(r#"{{"session":{},"up":false,"at":0}}"#, session + 1);
    let mut dying = tool("mosquitto_sub", &second, Some(("cart", "pw-cart")))
        .args(["-i", "dying", "-t", "emar/v1/f1/cart/c1/verdict", "--will-retain", "--will-qos"])
        .args(["1", "--will-topic", "emar/v1/f1/cart/c1/presence", "--will-payload", &will])
        .spawn()
        .unwrap();
    sleep(Duration::from_millis(500)).await;
    dying.start_kill().unwrap();
    dying.wait().await.unwrap();
    let got = message(&mut inbox).await;
    assert_eq!(got.payload, will.as_bytes());
    handle.ack(got.ack.unwrap()).await;
    second.stop().await;
}
