//! Loopback listeners and the tasks that serve them.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
};

/// Tells every task of a stack to end: `true`, or the sender is gone.
pub(crate) type Stop = watch::Receiver<bool>;

/// Resolves when the stack stops.
pub(crate) async fn stopped(mut stop: Stop) {
    // An error means that the sender is gone, which is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Listens on 127.0.0.1; port 0 takes any free one.
///
/// `TCP_NODELAY` is set on the listener, from which accepted connections inherit it: without it,
/// answers of more than one write wait for the client's delayed acknowledgement (some 40 ms).
pub(crate) fn listen(port: u16) -> std::io::Result<(TcpListener, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_nodelay(true)?;
    socket.bind(SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)))?;
    let listener = socket.listen(1024)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves `router` until the stack stops.
pub(crate) async fn serve(name: &'static str, listener: TcpListener, router: Router, stop: Stop) {
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stopped(stop))
        .await;
    if let Err(error) = served {
        tracing::error!(service = name, %error, "local service ended");
    }
}
