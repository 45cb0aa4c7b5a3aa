//! A one-time code becomes the cart's secret.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::thread::JoinHandle;

use emar_bridge::Config;
use emar_bridge::enroll::{EnrollError, Enrolment, enroll};

use crate::support::broker::Broker;
use crate::support::program::program;
use crate::support::server::{connects, id};

const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

/// A server that answers once, and what it was asked.
fn server(answer: String) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = String::new();
        while !text.contains("code=") || text.ends_with("code=") {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).unwrap();
            text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        stream.write_all(answer.as_bytes()).unwrap();
        text
    });
    (url, asked)
}

fn token() -> String {
    "0123456789abcdef".repeat(4)
}

fn yes() -> String {
    format!(
        "HTTP/1.1 303 See Other\r\nlocation: /bedside\r\nset-cookie: __Host-emar-device={}; \
         Path=/; Secure\r\ncontent-length: 0\r\n\r\n",
        token()
    )
}

fn asked(server: String, folder: &Path) -> Enrolment {
    let server_key = Some(KEY.to_owned());
    Enrolment {
        server,
        facility: id("oakhill"),
        cart: id("cart-1"),
        server_key,
        folder: folder.into(),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_becomes_files_that_only_the_bridge_reads_and_a_line_that_mosquitto_takes() {
    let folder = tempfile::tempdir().unwrap();
    let etc = folder.path().join("etc");
    let (url, heard) = server(yes());
    let enrolled = enroll(&asked(url, &etc), "a1b2").unwrap();
    assert!(heard.join().unwrap().ends_with("\r\n\r\ndevice=cart-1-bridge&code=a1b2"));
    let password = etc.join("broker-password");
    assert_eq!(fs::read_to_string(&password).unwrap().trim(), token());
    assert_eq!((mode(&password), mode(&etc.join("server.vkey"))), (0o600, 0o644));
    let left: Vec<_> = fs::read_dir(&etc).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!((left.len(), enrolled.files.len()), (3, 3), "{left:?}");
    let config = Config::load(&etc.join("bridge.toml")).unwrap();
    assert!(config.server_key().unwrap().is_some());
    assert!(!enrolled.mosquitto_line.contains(&token()));

    let broker = Broker::start_knowing(folder.path(), &enrolled.mosquitto_line).await;
    assert!(connects(broker.port, "cart-1", &token()).await);
    assert!(!connects(broker.port, "cart-1", &token().replace('f', "e")).await);

    // Again, with a new code: the secret is a new one, a person's configuration stays.
    fs::write(etc.join("bridge.toml"), "mine").unwrap();
    let (url, _) = server(yes().replace("0123", "4567"));
    assert_eq!(enroll(&asked(url, &etc), "c3").unwrap().files.len(), 2);
    assert!(fs::read_to_string(&password).unwrap().starts_with("4567"));
    assert_eq!(fs::read_to_string(etc.join("bridge.toml")).unwrap(), "mine");
}

#[test]
fn what_goes_wrong_is_said_and_leaves_the_old_secret() {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("broker-password");
    fs::write(&password, "old").unwrap();
    let status = |status: &str| format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
    for (answer, refused) in [
        (status("401 Unauthorized"), true),
        (status("429 Too Many Requests"), true),
        (status("200 OK"), false),
        (status("303 See Other"), false),
        (yes().replace("0123", "012x"), false),
        (yes().replace("303", "200"), false),
        (String::new(), false),
    ] {
        let (url, heard) = server(answer.clone());
        let why = enroll(&asked(url, folder.path()), "a1").unwrap_err();
        heard.join().unwrap();
        assert_eq!(matches!(why, EnrollError::Refused), refused, "{answer}: {why}");
        assert_eq!(fs::read_to_string(&password).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{answer}");
    }
    let nobody = asked("http://127.0.0.1:1".into(), folder.path());
    assert!(matches!(enroll(&nobody, "a1"), Err(EnrollError::Unreachable(_))));

    // Where the secret cannot be written nobody is asked: the code is still good.
    let file = folder.path().join("broker-password/under");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    assert!(matches!(enroll(&asked(url, &file), "a1"), Err(EnrollError::File { .. })));
    assert!(listener.accept().is_err(), "the code was spent");
}

#[test]
fn the_program_takes_the_code_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let (url, heard) = server(yes());
    let mut child = program(&[])
        .args(["enroll", "--facility", "oakhill", "--cart", "cart-1", "--server", &url, "--folder"])
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"a1b2\n").unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    assert!(heard.join().unwrap().ends_with("code=a1b2"));
    let said = String::from_utf8(out.stdout).unwrap();
    assert!(said.contains("broker-password") && said.contains("cart-1:$7$101$"), "{said}");
    assert!(!said.contains(&token()), "the secret is not shown");
}
