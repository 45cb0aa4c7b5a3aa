//! The demo as its user starts it.

use crate::support::Scratch;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

async fn started(data: &Path) -> (Child, Value) {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_emar"))
        .args(["demo", "--json", "--no-robots", "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"])
        .arg("--data")
        .arg(data)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .process_group(0)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        match serde_json::from_str::<Value>(&line) {
            Ok(ready) if ready["ready"] == true => return (demo, ready),
            _ => {}
        }
    }
    panic!("the demo ended before it was ready: {:?}", demo.wait().await);
}

/// Kills the demo and the bridges of its carts, as a power cut does.
async fn cut(mut demo: Child) {
    let group = demo.id().and_then(|id| Pid::from_raw(id.cast_signed())).unwrap();
    kill_process_group(group, Signal::KILL).unwrap();
    demo.wait().await.unwrap();
}

/// A start that was killed before the home was whole is taken up by the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_that_broke_off_is_gone_on_with() {
    let dir = Scratch::new();
    let data = dir.path().join("demo");
    let (demo, _) = started(&data).await;
    cut(demo).await;
    let mark = data.join("demo.json");
    let mut told: Value = serde_json::from_slice(&std::fs::read(&mark).unwrap()).unwrap();
    assert_eq!(told["complete"], true);
    told["complete"] = false.into();
    std::fs::write(&mark, told.to_string()).unwrap();

    let (demo, _) = started(&data).await;
    cut(demo).await;
    let told: Value = serde_json::from_slice(&std::fs::read(&mark).unwrap()).unwrap();
    assert_eq!(told["complete"], true);
}
