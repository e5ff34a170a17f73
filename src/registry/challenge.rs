//! How a server wants to be told who we are: the `WWW-Authenticate` header
//! (<https://www.rfc-editor.org/rfc/rfc9110#field.www-authenticate>).

/// What a server wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password with each request.
    Basic,
    /// A token (<https://distribution.github.io/distribution/spec/auth/token/>).
    Bearer(Bearer),
}

/// Where tokens come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bearer {
    /// The address of the token server.
    pub(super) realm: String,
    /// The name of the registry there; may be empty.
    pub(super) service: String,
    /// What the request needs, separated by spaces; may be empty.
    pub(super) scope: String,
    /// `insufficient_scope` or `invalid_token`; may be empty.
    pub(super) error: String,
}

/// The strongest challenge that we can meet, among all headers of this name.
pub(super) fn parse<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<Challenge> {
    let schemes: Vec<_> = headers.into_iter().flat_map(schemes).collect();
    let bearer =
        schemes.iter().find(|(name, _)| name.eq_ignore_ascii_case("bearer")).map(|(_, parameters)| {
            let get = |name: &str| {
                let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            };
            Bearer { realm: get("realm"), service: get("service"), scope: get("scope"), error: get("error") }
        });
    match bearer {
        Some(bearer) if !bearer.realm.is_empty() => Some(Challenge::Bearer(bearer)),
        _ => schemes.iter().any(|(name, _)| name.eq_ignore_ascii_case("basic")).then_some(Challenge::Basic),
    }
}

type AuthScheme = (String, Vec<(String, String)>);

/// The schemes of one header, each with its parameters.
fn schemes(header: &str) -> Vec<AuthScheme> {
    let mut schemes: Vec<AuthScheme> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find(['=', ' ', '\t', ',']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            // Either the end, or something that is not a word.
            match after.char_indices().nth(1) {
                Some((next, _)) => rest = &after[next..],
                None => return schemes,
            }
            continue;
        }
        // A word with `=` behind it is a parameter; any other begins a scheme.
        match after.trim_start().strip_prefix('=') {
            Some(value) => {
                let (value, after) = take_value(value.trim_start());
                if let Some((_, parameters)) = schemes.last_mut() {
                    parameters.push((word.to_owned(), value));
                }
                rest = after;
            }
            None => {
                schemes.push((word.to_owned(), Vec::new()));
                rest = after;
            }
        }
    }
}

/// A token or quoted string, and what is behind it.
fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    fn bearer(realm: &str, service: &str, scope: &str, error: &str) -> Option<Challenge> {
        let [realm, service, scope, error] = [realm, service, scope, error].map(str::to_owned);
        Some(Challenge::Bearer(Bearer { realm, service, scope, error }))
    }

    #[test]
    fn challenges_are_read_in_every_form() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/a:pull,push",error="insufficient_scope""#;
        let cases: [(&[&str], Option<Challenge>); 11] = [
            (
                &[hub],
                bearer(
                    "https://auth.docker.io/token",
                    "registry.docker.io",
                    "repository:library/a:pull,push",
                    "insufficient_scope",
                ),
            ),
            (&[r#"Basic realm="x, y""#], Some(Challenge::Basic)),
            (&["basic"], Some(Challenge::Basic)),
            (
                &[r#"Basic realm="x", bearer REALM = "https://a/\"b\"" , service=c"#],
                bearer(r#"https://a/"b""#, "c", "", ""),
            ),
            (&["Basic realm=\"x\"", "Bearer realm=\"https://a\""], bearer("https://a", "", "", "")),
            (&["Bearer realm=\"https://a\"", "Basic"], bearer("https://a", "", "", "")),
            (&["Bearer", "Basic"], Some(Challenge::Basic)),
            (&["Negotiate"], None),
            (&["=,=\"", ""], None),
            (&["Bearer realm=\"https://a"], bearer("https://a", "", "", "")),
            (&[], None),
        ];
        for (headers, expected) in cases {
            assert_eq!(parse(headers.iter().copied()), expected, "{headers:?}");
        }
    }

    proptest! {
        #[test]
        fn any_header_comes_to_an_end(header in r#"[a-z=", \\é]{0,60}"#) {
            let _ = parse([header.as_str()]);
        }
    }
}
