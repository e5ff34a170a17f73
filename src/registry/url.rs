//! Addresses of requests: what a `Location` or `realm` means, and whether two have the same origin.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use ureq::http::Uri;

use crate::percent;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum UrlScheme {
    Http,
    Https,
}

impl UrlScheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An absolute address without user, password or fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: UrlScheme,
    /// `host[:port]`, in lower case.
    pub(super) authority: String,
    /// Begins with `/`; may hold a query.
    pub(super) path_and_query: String,
}

impl Url {
    pub(super) fn new(scheme: UrlScheme, authority: &str, path_and_query: impl Into<String>) -> Self {
        Self { scheme, authority: authority.to_ascii_lowercase(), path_and_query: path_and_query.into() }
    }

    /// An absolute address as a server writes it; none when it is not one, or has a user or another scheme.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.split_once('#').map_or(text, |(text, _)| text);
        let uri: Uri = text.parse().ok()?;
        let scheme = match uri.scheme_str()?.to_ascii_lowercase().as_str() {
            "http" => UrlScheme::Http,
            "https" => UrlScheme::Https,
            _ => return None,
        };
        let authority = uri.authority()?.as_str();
        let path_and_query = uri.path_and_query().map_or("/", |path| path.as_str());
        let path_and_query = if path_and_query.starts_with('/') {
            path_and_query.to_owned()
        } else {
            format!("/{path_and_query}")
        };
        let is_plain = !authority.contains('@') && !uri.host()?.is_empty();
        is_plain.then(|| Self::new(scheme, authority, path_and_query))
    }

    /// What a reference in an answer to this request means
    /// (<https://www.rfc-editor.org/rfc/rfc3986#section-5.2>; `..` is not resolved, no registry writes it).
    pub(super) fn join(&self, reference: &str) -> Option<Self> {
        let reference = reference.trim();
        if reference.chars().any(|c| c.is_control() || c == ' ') || reference.is_empty() {
            return None;
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme.as_str()));
        }
        if reference.starts_with('/') {
            return Self::parse(&format!("{}://{}{reference}", self.scheme.as_str(), self.authority));
        }
        let has_scheme = reference.split_once(':').is_some_and(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        });
        if has_scheme {
            return Self::parse(reference);
        }
        let path = self.path();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let full = if reference.starts_with('?') {
            format!("{path}{reference}")
        } else {
            format!("{folder}/{reference}")
        };
        Self::parse(&format!("{}://{}{full}", self.scheme.as_str(), self.authority))
    }

    /// Where an answer to this request sends us on, never from HTTPS to HTTP. A registry behind a proxy that ends TLS does not
    /// know that it is reached by TLS, and means itself.
    pub(super) fn follow(&self, location: &str) -> Result<Self, Astray> {
        let mut next = self.join(location).ok_or(Astray::Nowhere)?;
        if self.scheme == UrlScheme::Https && next.scheme == UrlScheme::Http {
            let is_own =
                next.host() == self.host() && [self.port(), UrlScheme::Http.port()].contains(&next.port());
            if !is_own {
                return Err(Astray::Unencrypted(next.authority));
            }
            next.scheme = UrlScheme::Https;
            next.authority.clone_from(&self.authority);
        }
        Ok(next)
    }

    pub(super) fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap_or("/")
    }

    /// The host without its port and without brackets.
    pub(super) fn host(&self) -> &str {
        split_authority(&self.authority).0
    }

    pub(super) fn port(&self) -> u16 {
        split_authority(&self.authority).1.unwrap_or(self.scheme.port())
    }

    /// Whether credentials for one may be sent to the other.
    pub(super) fn has_same_origin(&self, other: &Self) -> bool {
        (self.scheme, self.host(), self.port()) == (other.scheme, other.host(), other.port())
    }
}

/// Why an answer sends us nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Astray {
    /// It does not hold an address.
    Nowhere,
    /// It sends us to this host, without encryption.
    Unencrypted(String),
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.as_str(), self.authority, self.path_and_query)
    }
}

/// The host without brackets, and the port if there is one.
pub(super) fn split_authority(authority: &str) -> (&str, Option<u16>) {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').unwrap_or((rest, ""));
        return (host, after.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (authority, None),
    }
}

/// Whether a host is this machine, so that nobody can listen in.
pub(super) fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Ok(IpAddr::V6(address)) => address == Ipv6Addr::LOCALHOST,
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// A text as it may stand for a value in a query or a form.
pub(super) fn encode(text: &str) -> String {
    percent::encode(text).replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved() {
        let base = Url::parse("https://Reg.example:5000/v2/a/tags/list?n=2").unwrap();
        for (reference, expected) in [
            ("https://cdn.example/x?sig=1%2F2#f", Some("https://cdn.example/x?sig=1%2F2")),
            ("HTTP://Cdn.Example", Some("http://cdn.example/")),
            ("https://cdn.example?x", Some("https://cdn.example/?x")),
            ("//cdn.example/x", Some("https://cdn.example/x")),
            ("/v2/a/tags/list?last=b", Some("https://reg.example:5000/v2/a/tags/list?last=b")),
            ("?last=b", Some("https://reg.example:5000/v2/a/tags/list?last=b")),
            ("list?last=a:b", Some("https://reg.example:5000/v2/a/tags/list?last=a:b")),
            ("ftp://x/y", None),
            ("file:///etc/passwd", None),
            ("https://user@x/", None),
            ("", None),
            ("/a b", None),
            ("/a\r\nX: y", None),
            ("https:///x", None),
        ] {
            let joined = base.join(reference).map(|url| url.to_string());
            assert_eq!(joined.as_deref(), expected, "{reference:?}");
        }
    }

    #[test]
    fn origins_are_scheme_host_and_port() {
        for (a, b, expected) in [
            ("https://a/x", "https://A:443/y", true),
            ("https://a", "http://a", false),
            ("https://a", "https://a:444", false),
            ("https://a", "https://a.b", false),
            ("http://[::1]:80/", "http://[::1]/", true),
        ] {
            let same = Url::parse(a).unwrap().has_same_origin(&Url::parse(b).unwrap());
            assert_eq!(same, expected, "{a} {b}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "10.0.0.1", "::2", "128.0.0.1", "0.0.0.0", "127.0.0.1.example"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn values_are_encoded() {
        assert_eq!(encode("application/vnd.a+json é"), "application%2Fvnd.a%2Bjson%20%C3%A9");
    }
}
