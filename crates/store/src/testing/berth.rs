//! Ports for the programs that tests start.

use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpSocket;

/// A port of this machine for a program that is started there, perhaps again and again, for as long as this lives.
///
/// The port is bound, and nobody listens. So the system gives it to nobody else, not even as the near end of a connection;
/// and a program listens there all the same that asks for it by name with `SO_REUSEADDR`, as servers do.
#[derive(Debug)]
pub struct Berth {
    _socket: TcpSocket,
    address: SocketAddr,
}

impl Berth {
    /// Takes a port that nobody has.
    pub fn take() -> Self {
        let bind = || {
            let socket = TcpSocket::new_v4()?;
            socket.set_reuseaddr(true)?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            let address = socket.local_addr()?;
            Ok::<_, std::io::Error>(Self { _socket: socket, address })
        };
        bind().expect("this machine has a port left")
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}
