//! HTTP servers on 127.0.0.1 that answer as a test says: in a registry's place, or between us and a real one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as the server saw it; the names of its headers are in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Which one it is, from 1.
    pub(crate) number: usize,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().expect("there is a first part")
    }

    /// `GET /v2/a/tags/list`
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let answer = Self { status, headers: Vec::new(), body: body.into() };
        if content_type.is_empty() { answer } else { answer.header("Content-Type", content_type) }
    }

    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status, "application/json", body)
    }

    /// A registry's explanation.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::json(status, format!(r#"{{"errors":[{{"code":"{code}","message":"scripted"}}]}}"#))
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn head(&self, length: usize) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        let has_length = self.headers.iter().any(|(name, _)| {
            ["content-length", "transfer-encoding"].contains(&name.to_ascii_lowercase().as_str())
        });
        if !has_length && self.status != 204 {
            let _ = write!(head, "Content-Length: {length}\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// It is answered.
    Whole(Answer),
    /// It is answered, and the connection closed after half of the body.
    Half(Answer),
    /// The connection is reset without an answer.
    Reset,
    /// It is answered a byte at a time, with these pauses: all of it, or its body.
    Dripping(Duration, Drip, Answer),
    /// It is answered after a while.
    Late(Duration, Answer),
}

/// What of an answer comes slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drip {
    All,
    Body,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::Whole(answer)
    }
}

type Handler = dyn Fn(&Seen) -> Reply + Send + Sync;

/// What a server with TLS answers without it.
type ToPlain = dyn Fn() -> Option<Answer> + Send + Sync;

struct Shared {
    handler: Box<Handler>,
    seen: Mutex<Vec<Seen>>,
    count: AtomicUsize,
    stopped: AtomicBool,
    tls: Option<Arc<ServerConfig>>,
    to_plain: Box<ToPlain>,
}

/// A server, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    /// A server that answers as `handler` says.
    pub(crate) fn start<R: Into<Reply>>(handler: impl Fn(&Seen) -> R + Send + Sync + 'static) -> Self {
        Self::run(Box::new(move |seen| handler(seen).into()), None, Box::new(|| None))
    }

    /// The same with TLS, by a certificate of the authority in [`authority`]. Without TLS it says what Go's servers say.
    pub(crate) fn start_tls<R: Into<Reply>>(handler: impl Fn(&Seen) -> R + Send + Sync + 'static) -> Self {
        let go = || Some(Answer::new(400, "", "Client sent an HTTP request to an HTTPS server.\n"));
        Self::start_tls_only(go, handler)
    }

    /// The same, with what it answers to those who do not speak TLS; nothing when it hangs up.
    pub(crate) fn start_tls_only<R: Into<Reply>>(
        to_plain: impl Fn() -> Option<Answer> + Send + Sync + 'static,
        handler: impl Fn(&Seen) -> R + Send + Sync + 'static,
    ) -> Self {
        let certificate = CertificateDer::from_pem_file(tls_data("server.pem")).expect("it is committed");
        let key = PrivateKeyDer::from_pem_file(tls_data("server.key")).expect("it is committed");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has them")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("they belong together");
        Self::run(Box::new(move |seen| handler(seen).into()), Some(Arc::new(config)), Box::new(to_plain))
    }

    /// A server in front of another at `upstream` (`host:port`). `script` says what becomes of each request; its second
    /// argument passes the request on.
    pub(crate) fn proxy<R: Into<Reply>>(
        upstream: &str,
        script: impl Fn(&Seen, &dyn Fn() -> Answer) -> R + Send + Sync + 'static,
    ) -> Self {
        let upstream = upstream.to_owned();
        Self::start(move |seen| script(seen, &|| forward(&upstream, seen)))
    }

    fn run(handler: Box<Handler>, tls: Option<Arc<ServerConfig>>, to_plain: Box<ToPlain>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (seen, count, stopped) = Default::default();
        let shared = Arc::new(Shared { handler, seen, count, stopped, tls, to_plain });
        let accepting = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if accepting.stopped.load(Ordering::Relaxed) {
                    break;
                }
                let shared = accepting.clone();
                // A client that hangs up is what some tests are about.
                thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        Self { address, shared }
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it saw until now.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("no handler panics").clone()
    }

    /// The first lines of what it saw.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

/// The certificate of the authority that the server's is from.
pub(crate) fn authority() -> PathBuf {
    tls_data("authority.pem")
}

fn tls_data(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", "tls", name].iter().collect()
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.set_nodelay(true)?;
        let mut first = [0];
        stream.peek(&mut first)?;
        let Some(tls) = &self.tls else {
            if first[0] == 0x16 {
                return stream
                    .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request");
            }
            return self.converse(&mut stream, TcpStream::peek);
        };
        if first[0] != 0x16 {
            let Some(head) = read_head(&mut stream)? else { return Ok(()) };
            let Some(answer) = (self.to_plain)() else { return Ok(()) };
            stream.write_all(&answer.head(answer.body.len()))?;
            let is_head = head.starts_with(b"HEAD ");
            return if is_head { Ok(()) } else { stream.write_all(&answer.body) };
        }
        let connection = ServerConnection::new(tls.clone()).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        self.converse(&mut stream, |_, _| Ok(0))
    }

    /// Answers the requests of a connection. `peek` looks at bytes without taking them.
    fn converse<S: Read + Write>(
        &self,
        stream: &mut S,
        peek: impl Fn(&S, &mut [u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        loop {
            let Some(head) = read_head(stream)? else { return Ok(()) };
            let mut seen = parse(&head, self.count.fetch_add(1, Ordering::Relaxed) + 1);
            let length: usize = seen.header("content-length").parse().unwrap_or(0);
            seen.body = vec![0; length];
            // A connection that is closed while there is something left to read is reset.
            let taken = length.saturating_sub(1);
            stream.read_exact(&mut seen.body[..taken])?;
            let is_left = length > 0 && peek(stream, &mut seen.body[taken..])? > 0;
            if length > 0 && !is_left {
                stream.read_exact(&mut seen.body[taken..])?;
            }
            self.seen.lock().expect("no handler panics").push(seen.clone());
            let reply = (self.handler)(&seen);
            if let Reply::Reset = reply {
                return Ok(());
            }
            if is_left {
                stream.read_exact(&mut seen.body[taken..])?;
            }
            if let Reply::Late(pause, _) = &reply {
                thread::sleep(*pause);
            }
            if let Reply::Dripping(pause, what, answer) = &reply {
                let head = answer.head(answer.body.len());
                let fast = if *what == Drip::Body { head.len() } else { 0 };
                stream.write_all(&head[..fast])?;
                for byte in head[fast..].iter().chain(&answer.body) {
                    stream.write_all(&[*byte])?;
                    stream.flush()?;
                    thread::sleep(*pause);
                }
                continue;
            }
            let (Reply::Whole(answer) | Reply::Half(answer) | Reply::Late(_, answer)) = &reply else {
                return Ok(());
            };
            stream.write_all(&answer.head(answer.body.len()))?;
            let end = if let Reply::Half(_) = reply { answer.body.len() / 2 } else { answer.body.len() };
            if seen.method != "HEAD" {
                stream.write_all(&answer.body[..end])?;
            }
            stream.flush()?;
            if matches!(reply, Reply::Half(_)) || seen.header("connection") == "close" {
                return Ok(());
            }
        }
    }
}

/// All up to the empty line; none when the client has no further request.
fn read_head(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    Ok(Some(head))
}

fn parse(head: &[u8], number: usize) -> Seen {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let mut first = lines.next().expect("there is a request line").split(' ');
    let mut word = || first.next().unwrap_or_default().to_owned();
    let (method, target) = (word(), word());
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Seen { number, method, target, headers, body: Vec::new() }
}

/// Passes a request on and returns its answer.
fn forward(upstream: &str, seen: &Seen) -> Answer {
    let mut stream = TcpStream::connect(upstream).expect("the registry is there");
    let mut request = format!("{} {} HTTP/1.0\r\n", seen.method, seen.target);
    for (name, value) in seen.headers.iter().filter(|(name, _)| *name != "connection") {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    request.push_str("connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the registry reads");
    stream.write_all(&seen.body).expect("the registry reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the registry answers");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("there are headers") + 4;
    let body = answer.split_off(end);
    let head = String::from_utf8_lossy(&answer).into_owned();
    let mut lines = head.lines();
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("there is a status");
    let headers = lines.filter_map(|line| line.split_once(": "));
    let is_kept =
        |name: &str| !["connection", "transfer-encoding"].contains(&name.to_ascii_lowercase().as_str());
    let headers = headers.filter(|(name, _)| is_kept(name));
    Answer { status, headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(), body }
}
