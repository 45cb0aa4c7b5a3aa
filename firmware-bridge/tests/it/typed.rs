//! A scanner that is a keyboard, on a real input device of the kernel's.

use std::path::PathBuf;

use emar_bridge::Config;
use emar_bridge::config::EXAMPLE;
use emar_bridge::scanner::{Scanner, ScannerEvent, ScannerLink};
use evdev::uinput::VirtualDevice;
use evdev::{AttributeSet, EventType, InputEvent, KeyCode};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::{SOON, not_run};

/// A keyboard and its device; `None` where the kernel makes none for this user.
fn keyboard() -> Option<(VirtualDevice, PathBuf)> {
    let keys: AttributeSet<KeyCode> = (1..128).map(KeyCode::new).collect();
    let built = VirtualDevice::builder().ok()?.name("emar test scanner").with_keys(&keys).ok()?;
    let mut device = built.build().ok()?;
    let node = device.enumerate_dev_nodes_blocking().ok()?.next()?.ok()?;
    Some((device, node))
}

/// Presses and lets go, each read by itself as a scanner sends it.
fn types(device: &mut VirtualDevice, keys: &[u16]) {
    for key in keys {
        for value in [1, 0] {
            device.emit(&[InputEvent::new(EventType::KEY.0, *key, value)]).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grabbed_keyboard_is_read_and_comes_back_after_it_was_unplugged() {
    let Some((mut device, node)) = keyboard() else {
        return not_run("no /dev/uinput for this user, so no keyboard of the kernel's to read");
    };
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("scanner");
    std::os::unix::fs::symlink(&node, &link).unwrap();
    let (head, rest) = EXAMPLE.split_once("\n[[scanner]]\n").unwrap();
    let (_, tail) = rest.split_once("\n[panel]\n").unwrap();
    let table = format!("[[scanner]]\nkind = \"keyboard\"\ndevice = \"{}\"", link.display());
    let config = format!("{head}\n{table}\n[panel]\n{tail}");
    let config = Config::parse(&config, folder.path()).unwrap();
    let (events, mut heard) = mpsc::channel(10);
    let reader = Scanner::spawn(0, &config.scanners[0], events.clone()).unwrap();
    let mut next = async || timeout(SOON, heard.recv()).await.expect("it says so").unwrap();

    assert_eq!(next().await, (0, ScannerEvent::Link(ScannerLink::Open)));
    types(&mut device, &[27, 32, 3, 28]);
    assert_eq!(next().await, (0, ScannerEvent::Code("]d2".into())));
    // Grabbed: nobody else gets it.
    let second = Scanner::spawn(1, &config.scanners[0], events).unwrap();
    assert_eq!(next().await, (1, ScannerEvent::Link(ScannerLink::Busy)));
    drop(second);

    drop(device);
    assert_eq!(next().await, (0, ScannerEvent::Link(ScannerLink::Unplugged)));
    let (mut device, node) = keyboard().unwrap();
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&node, &link).unwrap();
    assert_eq!(next().await, (0, ScannerEvent::Link(ScannerLink::Open)));
    types(&mut device, &[4, 28]);
    assert_eq!(next().await, (0, ScannerEvent::Code("3".into())));
    drop(reader);
}
