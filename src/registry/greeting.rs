//! Tells whether a server speaks TLS: it is greeted in it, and the first byte that it answers tells.
#![expect(clippy::disallowed_methods, reason = "servers are greeted here")]

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::url::Url;

/// How long a server may take to answer; one without TLS may wait for the end of a line that never comes.
const PATIENCE: Duration = Duration::from_secs(2);
/// With what records of TLS begin that answer a greeting
/// (<https://www.rfc-editor.org/rfc/rfc8446#section-5.1>): an alert, and a handshake.
const RECORDS: [u8; 2] = [21, 22];

/// Whether the server at an address speaks TLS; none when nobody is there.
pub(super) fn speaks_tls(url: &Url) -> Option<bool> {
    let hello = hello(url.host())?;
    let addresses = (url.host(), url.port()).to_socket_addrs().ok()?;
    let stream =
        addresses.into_iter().find_map(|address| TcpStream::connect_timeout(&address, PATIENCE).ok())?;
    Some(first_byte(stream, &hello).is_ok_and(|first| RECORDS.contains(&first)))
}

/// What begins a connection with TLS.
fn hello(host: &str) -> Option<Vec<u8>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    let config = config.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let mut hello = Vec::new();
    ClientConnection::new(Arc::new(config), name).ok()?.write_tls(&mut hello).ok()?;
    Some(hello)
}

fn first_byte(mut stream: TcpStream, hello: &[u8]) -> io::Result<u8> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(hello)?;
    let mut first = [0];
    stream.read_exact(&mut first)?;
    Ok(first[0])
}
