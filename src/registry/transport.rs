//! One request and its answer, over TCP or TLS; no retry, no redirect, no credentials.
#![expect(clippy::disallowed_methods, reason = "requests are sent here")]

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ureq::http::{HeaderMap, Method, Request};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, AsSendBody, Body, BodyReader, SendBody};

use super::clock::Clock;
use super::observer::{Exchange, Observer, RequestEvent};
use super::proxy::Proxies;
use super::resolver::Hosts;
use super::roots;
use super::throttle::AT_ONCE;
use super::url::{Url, UrlScheme};

/// The most bytes of an answer that tells of an error; more is not read.
const MAX_EXPLANATION: u64 = 64 * 1024;

/// How many bytes a second there have to be of those that are sent or received as they come.
const SLOWEST: u64 = 128 * 1024;

/// How many bytes of any other answer have to come in each second of [`Timeouts::idle`]: far fewer than any line has, and far
/// more than who only wants to keep us.
const LEAST: u64 = 1024;

/// How long an answer may take until it is said that it is waited for.
pub(super) const LONG: Duration = Duration::from_secs(5);

/// How long to wait for a server, and for what is asked before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For the beginning of an answer.
    pub response: Duration,
    /// For the next bytes of an answer, and in which at least a few have to come.
    pub idle: Duration,
    /// For all of one request.
    pub request: Duration,
    /// For a credential helper, which may have to ask a server or a person.
    pub helper: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            response: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            request: Duration::from_secs(300),
            helper: Duration::from_secs(60),
        }
    }
}

/// Why there is no trust in a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Its certificate is from an authority that is not known.
    Authority,
    /// Its certificate is for other names.
    Name,
    /// Its certificate is not valid now.
    Time,
    /// Something else is wrong with its certificate.
    Certificate,
    /// It does not speak TLS, or not as we do.
    Protocol,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The name of the host is not known.
    #[error("the host does not exist, or name resolution fails")]
    Lookup,
    /// There is no connection.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The proxy does not let us through.
    #[error("the proxy refuses the connection: {0}")]
    Proxy(String),
    /// It took too long.
    #[error("no answer in time ({0})")]
    Timeout(String),
    /// All of the answer did not come in time.
    #[error("the answer comes too slowly: {received} bytes{} in {} s", of(*.expected), took.as_secs())]
    Slow {
        /// How many bytes came.
        received: u64,
        /// How many there are, if the server says so.
        expected: Option<u64>,
        /// How long that took.
        took: Duration,
    },
    /// A list comes page by page, and not all of it in time.
    #[error("the list comes too slowly: {pages} pages in {} s, and more to come", took.as_secs())]
    Pages {
        /// How many pages came.
        pages: usize,
        /// How long that took.
        took: Duration,
    },
    /// The connection broke before all of the answer was there.
    #[error("the connection broke: {0}")]
    Lost(String),
    /// There is no trust.
    #[error("no secure connection: {problem}")]
    Tls {
        /// Why.
        problem: String,
        /// What is not trusted.
        distrust: Distrust,
    },
    /// The answer has more bytes than are read.
    #[error("the answer has more than {0} bytes")]
    TooLarge(u64),
    /// The answer is not HTTP.
    #[error("the answer is not HTTP: {0}")]
    Protocol(String),
    /// The server sends us elsewhere, where we do not go.
    #[error("{0}")]
    Redirect(String),
    /// It would have to be sent without encryption.
    #[error("{0} would be reached without encryption, which is only allowed on this machine")]
    Plain(String),
}

fn of(expected: Option<u64>) -> String {
    expected.map(|expected| format!(" of {expected}")).unwrap_or_default()
}

impl TransportError {
    /// Whether it may go well next time.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Lookup | Self::Connect(_) | Self::Timeout(_) | Self::Slow { .. } | Self::Lost(_))
    }

    /// What the user can do.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Tls { distrust, .. } => Some(match distrust {
                Distrust::Authority | Distrust::Certificate => {
                    "give the authority of the server's certificate with `--ca-file FILE`"
                }
                Distrust::Name => {
                    "reach the server by a name that its certificate has, or give it a certificate with this name"
                }
                Distrust::Time => "renew the server's certificate, or set this machine's clock",
                Distrust::Protocol => {
                    "if the registry does not use TLS, name it with `--insecure-registry HOST`"
                }
            }),
            Self::Plain(_) => Some("name the registry with `--insecure-registry HOST` if this is meant"),
            Self::Lookup => Some("check the registry's name; behind a proxy, set HTTPS_PROXY"),
            Self::Proxy(_) => Some("check HTTPS_PROXY and NO_PROXY"),
            Self::Connect(_) => Some(
                "check that the registry runs and that its host and port are right; behind a proxy, set HTTPS_PROXY",
            ),
            Self::Slow { .. } | Self::Pages { .. } | Self::Timeout(_) => Some(
                "check the registry and the connection to it; a longer `--wait` helps where one was given",
            ),
            Self::Lost(_) | Self::TooLarge(_) | Self::Protocol(_) | Self::Redirect(_) => None,
        }
    }
}

/// What is sent with a request.
#[derive(Clone, Copy)]
pub(super) enum Payload<'a> {
    /// Nothing.
    None,
    /// These bytes.
    Bytes(&'a [u8]),
    /// So many bytes, which are read while they are sent; each attempt begins with the first of them.
    Stream(u64, &'a dyn Fn() -> Box<dyn Read + 'a>),
}

/// What becomes of the content of a good answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it is read, and more bytes than this are an error.
    AtMost(u64),
    /// So many bytes are read, and the rest is not.
    Beginning(u64),
    /// It is left to be read as it comes; there should be so many bytes.
    Stream(u64),
}

/// A request, without its address.
#[derive(Clone)]
pub(super) struct Message<'a> {
    pub(super) method: Method,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) payload: Payload<'a>,
    pub(super) wanted: Wanted,
}

impl Message<'_> {
    pub(super) fn new(method: Method) -> Self {
        let (headers, payload, wanted) = (Vec::new(), Payload::None, Wanted::AtMost(MAX_EXPLANATION));
        Self { method, headers, payload, wanted }
    }

    /// How many bytes are sent or received that are too many to be kept.
    fn streamed(&self) -> u64 {
        let sent = if let Payload::Stream(size, _) = self.payload { size } else { 0 };
        let received = if let Wanted::Stream(size) = self.wanted { size } else { 0 };
        sent.max(received)
    }
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// All of it when the status is good, else perhaps only its beginning.
    pub(super) body: Vec<u8>,
    /// What was left to be read, if that is what was wanted and the status is good.
    pub(super) stream: Option<Stream>,
    /// Who answered.
    pub(super) url: Url,
    /// Whether the address that it leads to has the credentials of the request in it.
    pub(super) leads_to_credentials: bool,
}

impl Answer {
    /// A header; what is not text in it is replaced.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
    }

    /// The media type without parameters, in lower case; empty when there is none.
    pub(super) fn content_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The size that the server tells.
    pub(super) fn content_length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The content of an answer, which is read as it comes.
pub(super) struct Stream(BodyReader<'static>);

impl Stream {
    /// The next bytes; none at the end.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<usize, TransportError> {
        loop {
            match self.0.read(into) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(explain(error.into())),
                Ok(count) => return Ok(count),
            }
        }
    }
}

/// What sends requests, and keeps connections open between them.
pub(super) struct Transport {
    timeouts: Timeouts,
    proxies: Proxies,
    authorities: Vec<Certificate<'static>>,
    roots: OnceLock<RootCerts>,
    /// By scheme, and whether a proxy is used: an agent keeps what TLS needs, which is costly to make.
    agents: [OnceLock<Agent>; 4],
    hosts: Hosts,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
}

impl Transport {
    pub(super) fn new(
        timeouts: Timeouts,
        proxies: Proxies,
        ca_files: &[PathBuf],
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let authorities = roots::read_all(ca_files)?;
        let (roots, agents, hosts) = Default::default();
        Ok(Self { timeouts, proxies, authorities, roots, agents, hosts, clock, observer })
    }

    /// Sends a request. Whatever the status, an answer that came whole is not an error.
    pub(super) fn send(&self, url: &Url, message: &Message<'_>) -> Result<Answer, TransportError> {
        let exchange = Exchange { method: message.method.as_str(), host: &url.authority, path: url.path() };
        self.observer.observe(&RequestEvent::Sent(exchange));
        let started = self.clock.elapsed();
        let answer = self.exchange(url, message, exchange, started);
        let took = self.clock.elapsed().saturating_sub(started);
        if answer.as_ref().is_err_and(TransportError::is_transient) {
            self.hosts.forget();
        }
        self.observer.observe(&match &answer {
            Ok(answer) => RequestEvent::Answered { request: exchange, status: answer.status, took },
            Err(problem) => RequestEvent::Failed { request: exchange, problem },
        });
        answer
    }

    fn exchange(
        &self,
        url: &Url,
        message: &Message<'_>,
        exchange: Exchange<'_>,
        started: Duration,
    ) -> Result<Answer, TransportError> {
        let mut request = Request::builder().method(message.method.clone()).uri(url.to_string());
        for (name, value) in &message.headers {
            request = request.header(*name, value);
        }
        let unusable = |error: ureq::http::Error| TransportError::Protocol(error.to_string());
        let agent = self.agent(url);
        let streamed = message.streamed();
        if let Payload::Stream(size, _) = message.payload {
            request = request.header("content-length", size);
        }
        let sent = match message.payload {
            Payload::None => self.run(agent, request.body(()).map_err(unusable)?, streamed),
            Payload::Bytes(bytes) => self.run(agent, request.body(bytes).map_err(unusable)?, streamed),
            Payload::Stream(_, open) => {
                let mut content = open();
                let body = SendBody::from_reader(&mut content);
                self.run(agent, request.body(body).map_err(unusable)?, streamed)
            }
        };
        let (parts, mut body) = sent.map_err(explain)?.into_parts();
        let status = parts.status.as_u16();
        let is_head = message.method == Method::HEAD;
        let is_success = parts.status.is_success();
        let (limit, is_cut) = match message.wanted {
            _ if !is_success => (MAX_EXPLANATION, false),
            Wanted::AtMost(limit) => (limit, false),
            Wanted::Beginning(limit) => (limit, true),
            Wanted::Stream(_) => {
                let stream = Some(Stream(body.into_reader()));
                let (headers, url) = (parts.headers, url.clone());
                let leads_to_credentials = false;
                return Ok(Answer { status, headers, body: Vec::new(), stream, url, leads_to_credentials });
            }
        };
        let is_strict = is_success && !is_cut;
        let expected = body.content_length();
        let is_long = expected.is_some_and(|length| length > limit);
        if is_strict && !is_head && is_long {
            return Err(TransportError::TooLarge(limit));
        }
        let mut content = Vec::new();
        if !(is_head || is_cut && is_long) {
            let (clock, idle) = (self.clock.as_ref(), self.timeouts.idle);
            let waiting = Waiting { clock, idle, started, told: started };
            let tell = |received, took| {
                let slow = RequestEvent::Slow { request: exchange, received, expected, took };
                self.observer.observe(&slow);
            };
            let read = waiting.read(body.as_reader().take(limit + 1), &mut content, tell);
            let too_large = content.len() as u64 > limit;
            match read {
                Ok(_) if too_large && is_strict => return Err(TransportError::TooLarge(limit)),
                Err(error) if is_success => {
                    let took = self.clock.elapsed().saturating_sub(started);
                    let received = content.len() as u64;
                    return Err(match explain(error.into()) {
                        TransportError::Timeout(_) => TransportError::Slow { received, expected, took },
                        problem => problem,
                    });
                }
                // The status says enough.
                _ => content.truncate(usize::try_from(limit).unwrap_or(usize::MAX)),
            }
        }
        let (url, leads_to_credentials) = (url.clone(), false);
        Ok(Answer { status, headers: parts.headers, body: content, stream: None, url, leads_to_credentials })
    }

    /// Sends a request, with more time when many bytes go one way or the other.
    fn run<B: AsSendBody>(
        &self,
        agent: &Agent,
        request: Request<B>,
        streamed: u64,
    ) -> Result<ureq::http::Response<Body>, ureq::Error> {
        if streamed == 0 {
            return agent.run(request);
        }
        let Timeouts { connect: _, response: _, idle, request: usual, helper: _ } = self.timeouts;
        let most = usual.saturating_add(Duration::from_secs(streamed / SLOWEST));
        let request = agent.configure_request(request).timeout_per_call(Some(most));
        // Registries check the digest of all that was sent before they answer.
        let request = request.timeout_per_write(Some(idle)).timeout_recv_response(Some(usual));
        agent.run(request.build())
    }

    fn agent(&self, url: &Url) -> &Agent {
        let proxy = self.proxies.for_url(url);
        let index = usize::from(url.scheme == UrlScheme::Https) * 2 + usize::from(proxy.is_some());
        self.agents[index].get_or_init(|| {
            let Timeouts { connect, response, idle, request, helper: _ } = self.timeouts;
            let needs_tls = url.scheme == UrlScheme::Https
                || proxy.is_some_and(|proxy| proxy.protocol() == ureq::ProxyProtocol::Https);
            let mut config = Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_idle_connections(64)
                .max_idle_connections_per_host(AT_ONCE)
                .user_agent(concat!("bakeplan/", env!("CARGO_PKG_VERSION")))
                .accept_encoding("identity")
                .proxy(proxy.cloned())
                .timeout_connect(Some(connect))
                .timeout_recv_response(Some(response))
                .timeout_per_read(Some(idle))
                .timeout_per_call(Some(request));
            if needs_tls {
                config = config.tls_config(self.tls());
            }
            Agent::with_parts(config.build(), DefaultConnector::default(), self.hosts.clone())
        })
    }

    fn tls(&self) -> TlsConfig {
        let roots = self.roots.get_or_init(|| roots::load(&self.authorities));
        TlsConfig::builder()
            .root_certs(roots.clone())
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build()
    }
}

/// Reads an answer that may come slowly, but not too slowly.
struct Waiting<'a> {
    clock: &'a dyn Clock,
    idle: Duration,
    started: Duration,
    /// When it was last said that the answer is not there yet.
    told: Duration,
}

impl Waiting<'_> {
    /// Reads all there is, and tells from time to time how much of it came, and how long that took. Too few bytes in a while
    /// are [`io::ErrorKind::TimedOut`].
    fn read(
        mut self,
        mut from: impl Read,
        content: &mut Vec<u8>,
        tell: impl Fn(u64, Duration),
    ) -> io::Result<()> {
        let mut part = [0; 8192];
        let least = self.idle.as_secs().saturating_mul(LEAST);
        let (mut looked, mut before) = (self.clock.elapsed(), 0);
        loop {
            match from.read(&mut part) {
                Ok(0) => return Ok(()),
                Ok(count) => content.extend_from_slice(&part[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            let (now, received) = (self.clock.elapsed(), content.len() as u64);
            if now.saturating_sub(looked) >= self.idle {
                if received - before < least {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                (looked, before) = (now, received);
            }
            if now.saturating_sub(self.told) >= LONG {
                self.told = now;
                tell(received, now.saturating_sub(self.started));
            }
        }
    }
}

/// What there was no time for.
fn waited_for(which: ureq::Timeout) -> &'static str {
    use ureq::Timeout as T;
    match which {
        T::Resolve => "looking up the name of the host",
        T::Connect => "connecting",
        T::SendRequest | T::SendBody => "sending the request",
        T::Await100 | T::RecvResponse => "waiting for the answer",
        T::RecvBody => "reading the answer",
        _ => "from the request to the end of the answer",
    }
}

/// What ureq's error means.
fn explain(error: ureq::Error) -> TransportError {
    use ureq::Error as E;
    match error {
        E::Io(error) => explain_io(&error),
        E::Rustls(error) => explain_tls(&error),
        E::Tls(problem) => TransportError::Tls { problem: problem.to_owned(), distrust: Distrust::Protocol },
        E::Timeout(which) => TransportError::Timeout(waited_for(which).to_owned()),
        E::HostNotFound => TransportError::Lookup,
        E::ConnectionFailed => TransportError::Connect("connection failed".to_owned()),
        E::ConnectProxyFailed(problem) => TransportError::Proxy(problem),
        // Servers that hang up in the middle of a chunk or of a header.
        E::BodyStalled => TransportError::Lost("the answer is not complete".to_owned()),
        other => TransportError::Protocol(other.to_string()),
    }
}

fn explain_io(error: &io::Error) -> TransportError {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return explain_tls(error);
    }
    let text = error.to_string();
    match error.kind() {
        // Rust gives the failures of getaddrinfo no kind of their own.
        _ if text.starts_with("failed to lookup address") => TransportError::Lookup,
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => TransportError::Connect(text),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => TransportError::Timeout(text),
        _ => TransportError::Lost(text),
    }
}

fn explain_tls(error: &rustls::Error) -> TransportError {
    use rustls::{CertificateError as C, Error as E};
    let distrust = match error {
        E::InvalidCertificate(C::UnknownIssuer) => Distrust::Authority,
        E::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => Distrust::Name,
        E::InvalidCertificate(
            C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. },
        ) => Distrust::Time,
        E::InvalidCertificate(_) | E::NoCertificatesPresented => Distrust::Certificate,
        _ => Distrust::Protocol,
    };
    TransportError::Tls { problem: error.to_string(), distrust }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_pass_are_told_from_those_that_stay() {
        let io = |kind| E::Io(io::Error::new(kind, "x"));
        use ureq::Error as E;
        for (error, transient) in [
            (io(io::ErrorKind::ConnectionRefused), true),
            (io(io::ErrorKind::ConnectionReset), true),
            (io(io::ErrorKind::UnexpectedEof), true),
            (io(io::ErrorKind::TimedOut), true),
            (E::Io(io::Error::other("failed to lookup address information: no")), true),
            (E::HostNotFound, true),
            (E::Rustls(rustls::Error::DecryptError), false),
            (E::Io(io::Error::other(rustls::Error::DecryptError)), false),
            (E::ConnectProxyFailed("403".into()), false),
            (E::LargeResponseHeader(2, 1), false),
        ] {
            let text = error.to_string();
            assert_eq!(explain(error).is_transient(), transient, "{text}");
        }
    }

    #[test]
    fn what_is_not_trusted_is_told_with_its_cure() {
        use rustls::CertificateError as C;
        for (problem, cure) in [
            (C::UnknownIssuer, "--ca-file"),
            (C::BadSignature, "--ca-file"),
            (C::NotValidForName, "a name that its certificate has"),
            (C::Expired, "clock"),
            (C::NotValidYet, "clock"),
        ] {
            let unknown = rustls::Error::InvalidCertificate(problem);
            let error = explain(ureq::Error::Io(io::Error::new(io::ErrorKind::InvalidData, unknown)));
            assert!(error.help().is_some_and(|help| help.contains(cure)), "{error}: {:?}", error.help());
        }
        let error = explain(ureq::Error::Rustls(rustls::Error::DecryptError));
        assert!(error.help().is_some_and(|help| help.contains("--insecure-registry")), "{error}");
    }
}
