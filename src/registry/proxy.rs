//! Which proxy a request goes through, by the environment as Go's programs read it
//! (<https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config>).

use std::collections::BTreeMap;
use std::net::IpAddr;

use ureq::Proxy;

use super::url::{Url, UrlScheme, is_loopback, split_authority};

/// The proxies that the environment names.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    bypass: Vec<Bypass>,
}

/// Who is reached without a proxy: an entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Bypass {
    All,
    /// Addresses that agree in the first bits.
    Network(IpAddr, u8, Option<u16>),
    /// A domain with its subdomains, or these alone.
    Domain {
        name: String,
        only_below: bool,
        port: Option<u16>,
    },
}

impl Proxies {
    /// From `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower case.
    ///
    /// The error is the variable whose value is not a proxy that can be used; the value may hold a password.
    pub(super) fn from_environment(environment: &BTreeMap<String, String>) -> Result<Self, String> {
        let get = |name: &str| {
            let names = [name.to_owned(), name.to_ascii_lowercase()];
            let set = names.into_iter().filter_map(|name| Some((environment.get(&name)?.trim(), name)));
            set.into_iter().find(|(value, _)| !value.is_empty())
        };
        let proxy = |name: &str| {
            let Some((value, variable)) = get(name).or_else(|| get("ALL_PROXY")) else { return Ok(None) };
            let usable = value.split_once("://").is_none_or(|(scheme, _)| matches!(scheme, "http" | "https"));
            match Proxy::new(value) {
                Ok(proxy) if usable => Ok(Some(proxy)),
                _ => Err(variable),
            }
        };
        let bypass = get("NO_PROXY").map(|(value, _)| value.split(',').filter_map(Bypass::parse).collect());
        Ok(Self {
            http: proxy("HTTP_PROXY")?,
            https: proxy("HTTPS_PROXY")?,
            bypass: bypass.unwrap_or_default(),
        })
    }

    /// The proxy for a request.
    pub(super) fn for_url(&self, url: &Url) -> Option<&Proxy> {
        let proxy = match url.scheme {
            UrlScheme::Http => self.http.as_ref(),
            UrlScheme::Https => self.https.as_ref(),
        };
        let direct = is_loopback(url.host()) || self.bypass.iter().any(|entry| entry.covers(url));
        proxy.filter(|_| !direct)
    }
}

impl Bypass {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if text.is_empty() {
            return None;
        }
        if text == "*" {
            return Some(Self::All);
        }
        if let Some((address, bits)) = text.split_once('/')
            && let (Ok(address), Ok(bits)) = (address.parse(), bits.parse())
        {
            return Some(Self::Network(address, bits, None));
        }
        // An IPv6 address without brackets has colons of its own.
        let (host, port) = match text.parse::<IpAddr>() {
            Ok(_) => (text.as_str(), None),
            Err(_) => split_authority(&text),
        };
        if let Ok(address) = host.parse() {
            return Some(Self::Network(address, 128, port));
        }
        let below = host.strip_prefix('*').unwrap_or(host).strip_prefix('.');
        let name = below.unwrap_or(host);
        (!name.is_empty()).then(|| Self::Domain { name: name.to_owned(), only_below: below.is_some(), port })
    }

    fn covers(&self, url: &Url) -> bool {
        let is_port = |port: &Option<u16>| port.is_none_or(|port| port == url.port());
        match self {
            Self::All => true,
            Self::Network(network, bits, port) => {
                let address = url.host().parse();
                is_port(port) && address.is_ok_and(|address| is_in_network(address, *network, *bits))
            }
            Self::Domain { name, only_below, port } => {
                let rest = url.host().strip_suffix(name.as_str());
                let matches =
                    rest.is_some_and(|rest| rest.ends_with('.') || (rest.is_empty() && !only_below));
                matches && is_port(port)
            }
        }
    }
}

fn is_in_network(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let (a, b, width) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let free = width - u32::from(bits).min(width);
    a.checked_shr(free).unwrap_or(0) == b.checked_shr(free).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, String> {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Proxies::from_environment(&environment.collect())
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let found = |variables: &[(&str, &str)], url: &str| {
            let proxies = proxies(variables).unwrap();
            proxies
                .for_url(&Url::parse(url).unwrap())
                .map(|proxy| format!("{}:{}", proxy.host(), proxy.port()))
        };
        for (variables, url, expected) in [
            (&[("HTTPS_PROXY", "http://p:1"), ("HTTP_PROXY", "http://q:2")][..], "https://r/", Some("p:1")),
            (&[("HTTPS_PROXY", "http://p:1"), ("HTTP_PROXY", "q:2")], "http://r/", Some("q:2")),
            (&[("https_proxy", "http://p:1")], "https://r/", Some("p:1")),
            (&[("HTTPS_PROXY", ""), ("https_proxy", "http://p:1")], "https://r/", Some("p:1")),
            (&[("ALL_PROXY", "http://p:1")], "https://r/", Some("p:1")),
            (&[("HTTPS_PROXY", "http://p:1")], "http://r/", None),
            (&[("ALL_PROXY", "http://p:1")], "https://localhost/", None),
            (&[("ALL_PROXY", "http://p:1")], "http://127.0.0.1:5000/", None),
            (&[("ALL_PROXY", "http://p:1"), ("NO_PROXY", "x, r")], "https://r/", None),
        ] {
            assert_eq!(found(variables, url).as_deref(), expected, "{variables:?} {url}");
        }
    }

    #[test]
    fn no_proxy_is_read_as_go_reads_it() {
        for (entries, url, covered) in [
            ("*", "https://a", true),
            ("a.b", "https://a.b", true),
            ("a.b", "https://x.a.b", true),
            ("a.b", "https://xa.b", false),
            (".a.b", "https://a.b", false),
            (".a.b", "https://x.a.b", true),
            ("*.a.b", "https://x.a.b", true),
            ("*.a.b", "https://a.b", false),
            ("A.B:5000", "https://a.b:5000", true),
            ("a.b:5000", "https://a.b", false),
            ("a.b:443", "https://a.b", true),
            ("10.0.0.0/8", "https://10.9.9.9:5000", true),
            ("10.0.0.0/8", "https://11.0.0.1", false),
            ("10.0.0.1", "https://10.0.0.1", true),
            ("10.0.0.1:80", "https://10.0.0.1", false),
            ("fd00::/8", "https://[fd12::1]", true),
            ("fd00::1", "https://[fd00::1]:5000", true),
            ("0.0.0.0/0", "https://8.8.8.8", true),
            ("0.0.0.0/99", "https://8.8.8.8", false),
            (" , ,.", "https://a.b", false),
        ] {
            let proxies = proxies(&[("HTTPS_PROXY", "http://p"), ("NO_PROXY", entries)]).unwrap();
            assert_eq!(proxies.for_url(&Url::parse(url).unwrap()).is_none(), covered, "{entries} {url}");
        }
    }

    #[test]
    fn a_proxy_that_is_none_names_its_variable_and_not_its_password() {
        for value in ["http://u:secret@", "socks5://u:secret@p:1", "ftp://p"] {
            assert_eq!(proxies(&[("https_proxy", value)]).unwrap_err(), "https_proxy", "{value}");
        }
    }
}
