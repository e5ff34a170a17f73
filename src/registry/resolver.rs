//! Addresses of hosts, which are looked up once and not for every request.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::parallel::lock;

/// What is known of the hosts: ureq looks a name up, on a thread of its own, even when it has a connection already.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts(Arc<Mutex<BTreeMap<String, Vec<SocketAddr>>>>);

impl Hosts {
    /// Looks all names up again: a server that does not answer may have moved.
    pub(super) fn forget(&self) {
        lock(&self.0).clear();
    }

    fn known(&self, authority: &str) -> Option<Vec<SocketAddr>> {
        lock(&self.0).get(authority).cloned()
    }
}

impl Resolver for Hosts {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let (scheme, authority) = uri.scheme().zip(uri.authority()).ok_or(ureq::Error::HostNotFound)?;
        let key = DefaultResolver::host_and_port(scheme, authority).ok_or(ureq::Error::HostNotFound)?;
        let known = self.known(&key).or_else(|| address(&key).map(|address| vec![address]));
        if let Some(known) = known {
            let mut addresses = self.empty();
            known.into_iter().for_each(|address| addresses.push(address));
            return Ok(addresses);
        }
        let addresses = DefaultResolver::default().resolve(uri, config, timeout)?;
        lock(&self.0).insert(key, addresses.to_vec());
        Ok(addresses)
    }
}

/// The address that a host and port are already.
fn address(host_and_port: &str) -> Option<SocketAddr> {
    host_and_port.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(hosts: &Hosts, url: &str) -> Result<Vec<SocketAddr>, ureq::Error> {
        let config = ureq::Agent::config_builder().build();
        let after = ureq::unversioned::transport::time::Duration::NotHappening;
        let timeout = NextTimeout { after, reason: ureq::Timeout::Global, ..NextTimeout::default() };
        hosts.resolve(&url.parse().unwrap(), &config, timeout).map(|found| found.to_vec())
    }

    #[test]
    fn addresses_are_not_looked_up() {
        let hosts = Hosts::default();
        for (url, expected) in [
            ("http://127.0.0.1:5000/v2/", "127.0.0.1:5000"),
            ("https://[::1]/v2/", "[::1]:443"),
            ("http://10.1.2.3/", "10.1.2.3:80"),
        ] {
            assert_eq!(resolve(&hosts, url).unwrap(), [expected.parse().unwrap()]);
        }
        assert!(hosts.0.lock().unwrap().is_empty());
    }

    #[test]
    fn names_are_kept_until_they_are_forgotten() {
        let hosts = Hosts::default();
        let there: SocketAddr = "192.0.2.7:5000".parse().unwrap();
        hosts.0.lock().unwrap().insert("localhost:5000".to_owned(), vec![there]);
        assert_eq!(resolve(&hosts, "http://localhost:5000/").unwrap(), [there]);
        hosts.forget();
        let looked_up = resolve(&hosts, "http://localhost:5000/").unwrap();
        assert!(looked_up.iter().all(|address| address.ip().is_loopback()), "{looked_up:?}");
        assert_eq!(hosts.known("localhost:5000"), Some(looked_up));
    }

    #[test]
    fn what_has_no_host_is_an_error() {
        assert!(resolve(&Hosts::default(), "/v2/").is_err());
    }
}
