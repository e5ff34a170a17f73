//! The authorities that certificates of servers are checked against.
#![expect(clippy::disallowed_methods, reason = "the certificates of the system are read here")]

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

use super::regular;

/// The system's authorities and those of `extra`, files in PEM form.
///
/// A system without any, such as a container without `ca-certificates`, gets Mozilla's. As with OpenSSL,
/// `SSL_CERT_FILE` and `SSL_CERT_DIR` stand for the system's.
pub(super) fn load(extra: &[Certificate<'static>]) -> RootCerts {
    let system = rustls_native_certs::load_native_certs().certs;
    let mut roots: Vec<_> = system.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    if roots.is_empty() {
        let bundled = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
        roots.extend(bundled.iter().map(|der| Certificate::from_der(der).to_owned()));
    }
    roots.extend(extra.iter().cloned());
    roots.into()
}

/// The certificates in a file in PEM form.
pub(super) fn read(path: &Path) -> io::Result<Vec<Certificate<'static>>> {
    let mut pem = Vec::new();
    regular::open(path)?.read_to_end(&mut pem)?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
        Ok(_) => None,
        Err(error) => Some(Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string()))),
    });
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        let problem = "it contains no PEM certificate";
        return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
    }
    Ok(certificates)
}

/// The certificates of several files; the error names the file.
pub(super) fn read_all(paths: &[PathBuf]) -> Result<Vec<Certificate<'static>>, (PathBuf, io::Error)> {
    let read = paths.iter().map(|path| read(path).map_err(|error| (path.clone(), error)));
    Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn there_are_always_roots_and_extra_ones_are_added() {
        let extra = Certificate::from_der(b"extra").to_owned();
        let count = |roots| match roots {
            RootCerts::Specific(certificates) => certificates.len(),
            _ => 0,
        };
        let without = count(load(&[]));
        assert!(without > 0);
        assert_eq!(count(load(&[extra])), without + 1);
    }

    #[test]
    fn a_file_without_certificates_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        for content in ["", "text", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
            fs::write(&path, content).unwrap();
            assert!(read(&path).is_err(), "{content:?}");
        }
        let (named, _) = read_all(&[folder.path().join("none.pem")]).err().unwrap();
        assert!(named.ends_with("none.pem"));
    }
}
