//! The short form of `ports`, `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, as far as buildx refuses it (`ParsePortSpec` in
//! <https://github.com/docker/go-connections/blob/v0.6.0/nat/nat.go>).

use std::net::IpAddr;

/// Whether a string maps a port.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(text: &str) -> Result<(), String> {
    let (rest, container) = text.rsplit_once(':').unwrap_or(("", text));
    let (address, host) = rest.rsplit_once(':').unwrap_or(("", rest));
    let (container, protocol) = container.split_once('/').unwrap_or((container, ""));
    if container.is_empty() {
        return Err("it lacks the port of the container".into());
    }
    if !["", "tcp", "udp", "sctp"].contains(&&*protocol.to_lowercase()) {
        return Err(format!("`{protocol}` is not one of the protocols `tcp`, `udp` and `sctp`"));
    }
    let wrong_address = || format!("`{address}` is not an IP address");
    let bare = match address.strip_prefix('[') {
        Some(bare) => bare.strip_suffix(']').ok_or_else(wrong_address)?,
        None => address,
    };
    if !bare.is_empty() && bare.parse::<IpAddr>().is_err() {
        return Err(wrong_address());
    }
    let (start, end) = range(container)?;
    if start == 0 {
        // compose-go drops the number, and then misses it: https://github.com/compose-spec/compose-go/blob/v2.14.0/override/uncity.go
        return Err("a container has no port 0".into());
    }
    if host.is_empty() {
        return Ok(());
    }
    let (first, last) = range(host)?;
    if start != end && end - start != last - first {
        return Err(format!("`{host}` and `{container}` have different lengths"));
    }
    Ok(())
}

/// The first and last of one or more ports.
fn range(text: &str) -> Result<(u16, u16), String> {
    let (start, end) = text.split_once('-').unwrap_or((text, text));
    match (start.parse(), end.parse()) {
        (Ok(start), Ok(end)) if start <= end => Ok((start, end)),
        _ => Err(format!("`{text}` is neither a port nor a range of ports")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_map_as_docker_says() {
        for text in [
            "80",
            "+80",
            "80/UDP",
            "80/",
            ":80",
            "8080:80",
            "0:80",
            "8000-8005:80",
            "8000-8001:80-81",
            "127.0.0.1:8080:80/tcp",
            "127.0.0.1::80",
            "[::1]:8080:80",
            "::1:8080:80",
            "[]:8080:80",
            "65535",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for (text, expected) in [
            ("", "it lacks the port of the container"),
            (":", "it lacks the port of the container"),
            ("80:", "it lacks the port of the container"),
            ("/tcp", "it lacks the port of the container"),
            ("80/x", "`x` is not one of the protocols `tcp`, `udp` and `sctp`"),
            ("80/tcp/", "`tcp/` is not one of the protocols `tcp`, `udp` and `sctp`"),
            ("host:80:80", "`host` is not an IP address"),
            ("127.0.0.01:80:80", "`127.0.0.01` is not an IP address"),
            ("[::1:80:80", "`[::1` is not an IP address"),
            ("[[::1]]:80:80", "`[[::1]]` is not an IP address"),
            ("x", "`x` is neither a port nor a range of ports"),
            ("80.5", "`80.5` is neither a port nor a range of ports"),
            ("-80", "`-80` is neither a port nor a range of ports"),
            ("90-80", "`90-80` is neither a port nor a range of ports"),
            ("65536", "`65536` is neither a port nor a range of ports"),
            ("x:80", "`x` is neither a port nor a range of ports"),
            ("0", "a container has no port 0"),
            ("80:90-100", "`80` and `90-100` have different lengths"),
        ] {
            assert_eq!(check(text), Err(expected.into()), "{text}");
        }
    }
}
