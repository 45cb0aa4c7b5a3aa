//! Tells systemd that the bridge is ready, alive or stopping. Without systemd it does nothing.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Sends one line, such as `READY=1`, to the socket that systemd named, if it named one.
pub(crate) fn notify(state: &str) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(why) = send(&name, state) {
        tracing::warn!(%why, state, "systemd not told");
    }
}

fn send(name: &std::ffi::OsStr, state: &str) -> std::io::Result<()> {
    let address = match name.as_encoded_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest)?,
        _ => SocketAddr::from_pathname(name)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address)?;
    Ok(())
}
