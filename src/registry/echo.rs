//! Takes our own credentials out of what a server says: some say back what they were sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::http::{HeaderMap, HeaderValue};

use super::transport::{Answer, Message, Payload};
use crate::disguise::{self, Disguises};
use crate::parallel::lock;
use crate::percent;

/// What stands in the place of a credential.
const HIDDEN: &str = "…";

/// Shorter texts are in every other word.
const MIN_SECRET: usize = 4;

/// A text of so many bytes is hidden wherever a person would read it, whatever it is; a shorter one only if it is no word and no
/// number, or where it stands as a login.
const MIN_HIDDEN: usize = 8;

/// What we and all registries write. A part of it is known to everybody: that it is missing would say what the password is, and
/// without it nothing else could be read.
const COMMON: &str = "https://sha256:sha512: linux/amd64 linux/amd64/v2 linux/amd64/v3 linux/arm64 linux/arm64/v8 linux/arm/v5 \
linux/arm/v6 linux/arm/v7 linux/386 linux/ppc64le linux/s390x linux/riscv64 linux/loong64 linux/mips64le windows/amd64 \
windows/arm64 unknown/unknown docker.io/library/ index.docker.io registry-1.docker.io auth.docker.io ghcr.io quay.io \
application/json application/vnd.oci.image.index.v1+json application/vnd.oci.image.manifest.v1+json \
application/vnd.oci.image.config.v1+json application/vnd.oci.image.layer.v1.tar+gzip application/vnd.in-toto+json \
application/vnd.docker.distribution.manifest.list.v2+json application/vnd.docker.distribution.manifest.v2+json \
application/vnd.docker.container.image.v1+json application/vnd.docker.image.rootfs.diff.tar.gzip \
org.opencontainers.image.created org.opencontainers.image.revision org.opencontainers.image.source \
org.opencontainers.image.version org.opencontainers.image.base.digest org.opencontainers.image.base.name \
schemaversion mediatype manifests platform architecture variant annotations artifacttype digest config layers subject \
repository:pull,push repositories registry:catalog errors code message detail unauthorized denied unsupported \
authentication required requested access to the resource is denied manifest_unknown manifest_invalid manifest_blob_unknown \
name_unknown name_invalid blob_unknown blob_upload_unknown blob_upload_invalid digest_invalid size_invalid tag_invalid \
toomanyrequests bearer realm service scope token access_token refresh_token expires_in issued_at grant_type password username \
client_id offline_token docker-content-digest www-authenticate content-type content-length location /v2/ /blobs/uploads/ \
/manifests/ /referrers/ /tags/list";

/// Shorter words may be in any address.
const MIN_WORD: usize = 12;

/// The headers that say where to go on: if a credential is in one of these, the way leads through it. Nothing of them is
/// shown but a host.
const WAYS: [&str; 2] = ["location", "link"];

/// The credentials of how many requests are kept.
const MAX_KEPT: usize = 64;

/// The credentials that requests had, each with the forms in which an answer could say them back: making these takes long, and
/// most requests have those of another one.
#[derive(Default)]
pub struct Echoes {
    kept: Mutex<BTreeMap<String, Arc<Secrets>>>,
    /// Those whose forms are kept no longer.
    earlier: Mutex<BTreeSet<String>>,
    /// What may be said back without being sent: a server remembers what an earlier run sent it.
    known: OnceLock<Secrets>,
}

/// The credentials of a request.
#[derive(Default)]
struct Secrets {
    /// All but what is in every other text.
    secrets: Vec<String>,
    /// What is hidden only where it stands as a login.
    short: Vec<String>,
    disguises: Vec<Disguises>,
}

impl Secrets {
    fn new(secrets: Vec<String>) -> Self {
        let (mut secrets, short): (Vec<String>, Vec<String>) = secrets
            .into_iter()
            .filter(|secret| !secret.is_empty())
            .partition(|secret| secret.len() >= MIN_SECRET && !is_common(secret));
        // Of `user:password`, all goes before its parts do.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let telling = secrets.iter().filter(|secret| disguise::is_telling(secret));
        let disguises = telling.map(|secret| Disguises::of(secret)).collect();
        let also_short = secrets.iter().filter(|secret| !is_hidden(secret)).cloned();
        let short = short.into_iter().chain(also_short).collect();
        Self { secrets, short, disguises }
    }

    /// A text for people without them.
    fn out_of(&self, text: &str) -> String {
        let hidden = self.secrets.iter().filter(|secret| is_hidden(secret));
        let text = hidden.fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN));
        self.short.iter().fold(text, |text, secret| without_login(&text, secret))
    }
}

/// Whether a text is hidden wherever it stands.
fn is_hidden(secret: &str) -> bool {
    !is_common(secret) && (secret.len() >= MIN_HIDDEN || disguise::is_telling(secret))
}

/// Whether everybody knows it anyway.
fn is_common(secret: &str) -> bool {
    COMMON.contains(&secret.to_ascii_lowercase())
}

/// A text without a short secret where that is a login: `https://me:pass@host`, `Basic bWU6MQ==`, `Bearer abc`.
fn without_login(text: &str, secret: &str) -> String {
    let text = text.replace(&format!(":{secret}@"), &format!(":{HIDDEN}@"));
    ["Basic ", "basic ", "Bearer ", "bearer "].iter().fold(text, |text, scheme| {
        let login = format!("{scheme}{secret}");
        let mut shown = String::new();
        let mut end = 0;
        for (at, found) in text.match_indices(&login) {
            // What goes on is another one.
            let is_whole = text[at + found.len()..].chars().next().is_none_or(|c| !c.is_ascii_alphanumeric());
            if is_whole {
                shown.push_str(&text[end..at]);
                shown.push_str(scheme);
                shown.push_str(HIDDEN);
                end = at + found.len();
            }
        }
        shown + &text[end..]
    })
}

impl fmt::Debug for Echoes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Echoes")
    }
}

impl Echoes {
    /// Those that a request has.
    fn of(&self, message: &Message<'_>) -> Arc<Secrets> {
        let authorization = message.headers.iter().filter(|(name, _)| *name == "authorization");
        let authorization: Vec<&str> = authorization.map(|(_, value)| value.as_str()).collect();
        let form = if let Payload::Bytes(form) = &message.payload { of_form(form) } else { Vec::new() };
        let key = authorization
            .iter()
            .copied()
            .chain(form.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join("\n");
        let mut known = lock(&self.kept);
        if known.len() >= MAX_KEPT {
            let secrets = std::mem::take(&mut *known).into_values();
            let secrets = secrets
                .flat_map(|one| one.secrets.clone())
                .filter(|secret| is_long(secret) && disguise::is_telling(secret));
            lock(&self.earlier).extend(secrets);
        }
        let new =
            || Arc::new(Secrets::new(authorization.into_iter().flat_map(of_header).chain(form).collect()));
        known.entry(key).or_insert_with(new).clone()
    }

    /// Takes note of credentials that servers may know although no request of this run had them. A short one may be a part of
    /// any address.
    pub(super) fn know(&self, credentials: impl Iterator<Item = String>) {
        let telling = credentials.flat_map(written).filter(|secret| secret.len() >= MIN_WORD);
        self.known.get_or_init(|| Secrets::new(telling.collect()));
    }

    /// Whether a text, which may be made of what a registry serves, has in any form what was sent to log in.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        let kept = lock(&self.kept);
        let all = kept.values().map(|one| &**one).chain(self.known.get());
        let all: Vec<&Disguises> = all.flat_map(|one| &one.disguises).collect();
        if disguise::find(text, &all, |one| *one).is_some() {
            return true;
        }
        let earlier = lock(&self.earlier);
        if earlier.is_empty() {
            return false;
        }
        let folded = text.to_ascii_lowercase();
        earlier.iter().any(|secret| folded.contains(&secret.to_ascii_lowercase()))
    }

    /// The text without it: without its line, where it is not said as it was sent. A text for people; of one for programs, nothing is
    /// taken.
    pub(crate) fn without(&self, text: &str) -> String {
        let kept: Vec<Arc<Secrets>> = lock(&self.kept).values().cloned().collect();
        let all: Vec<&Secrets> = kept.iter().map(|one| &**one).chain(self.known.get()).collect();
        let earlier = lock(&self.earlier).clone();
        if all.is_empty() && earlier.is_empty() {
            return text.to_owned();
        }
        let secrets = all.iter().flat_map(|one| &one.secrets);
        let mut secrets: Vec<&String> = secrets.filter(|secret| is_hidden(secret)).chain(&earlier).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        let short: BTreeSet<&String> = all.iter().flat_map(|one| &one.short).collect();
        let line = |line: &str| {
            let shown =
                secrets.iter().fold(line.to_owned(), |line, secret| without_in_any_case(&line, secret));
            let shown = short.iter().fold(shown, |line, secret| without_login(&line, secret));
            if self.are_in(&shown) { HIDDEN.to_owned() } else { shown }
        };
        text.split('\n').map(line).collect::<Vec<_>>().join("\n")
    }

    /// Takes the credentials that a request had, and those that are known, out of what the answer says, unless the answer is what was asked for; out of
    /// its headers always.
    pub(super) fn hide(&self, answer: &mut Answer, message: &Message<'_>) {
        let own = self.of(message);
        hide(answer, &own);
        if let Some(known) = self.known.get().filter(|known| !known.secrets.is_empty()) {
            let leads_to_own = answer.leads_to_credentials;
            hide(answer, known);
            answer.leads_to_credentials |= leads_to_own;
        }
    }
}

/// Whether a text would be in no other word.
fn is_long(secret: &str) -> bool {
    secret.len() >= MIN_HIDDEN
}

/// A line without a text, in whatever case it has it: names of platforms and media types are compared in lower case.
fn without_in_any_case(line: &str, secret: &str) -> String {
    let (folded, secret) = (line.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut shown = String::new();
    let mut end = 0;
    for (at, found) in folded.match_indices(&secret) {
        shown.push_str(&line[end..at]);
        shown.push_str(HIDDEN);
        end = at + found.len();
    }
    shown + &line[end..]
}

fn hide(answer: &mut Answer, own: &Secrets) {
    let Secrets { secrets, short, disguises } = own;
    answer.leads_to_credentials =
        answer.header("location").is_some_and(|to| has_any(&to, secrets, disguises));
    hide_in_headers(&mut answer.headers, secrets, disguises);
    if secrets.is_empty() && short.is_empty() || answer.status < 400 || answer.body.is_empty() {
        return;
    }
    let text = String::from_utf8_lossy(&answer.body);
    let without = |text: &str| {
        let hidden = own.out_of(text);
        if is_disguised(&hidden, disguises) { HIDDEN.to_owned() } else { hidden }
    };
    // What a program reads of it stays as it is: only texts are for people.
    let hidden = match serde_json::from_str::<Value>(&text) {
        Ok(mut json) if matches!(json, Value::Object(_) | Value::Array(_)) => {
            let before = json.clone();
            each_text(&mut json, &without);
            // A name may have it, too, or several texts together.
            let written = json.to_string();
            match (is_disguised(&written, disguises), json == before) {
                (true, _) => HIDDEN.to_owned(),
                (false, true) => return,
                (false, false) => written,
            }
        }
        _ => without(&text),
    };
    if hidden != text {
        answer.body = hidden.into_bytes();
    }
}

/// Changes the texts of a JSON value, but for those that say what kind of error it is.
fn each_text(json: &mut Value, change: &impl Fn(&str) -> String) {
    let is_code = |text: &Value| {
        text.as_str().is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
    };
    match json {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(members) => {
            let others = members.iter_mut().filter(|(name, member)| *name != "code" || !is_code(member));
            others.for_each(|(_, member)| each_text(member, change));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a text has one of these secrets in another form: where it begins and ends there is not known, so that nothing of the
/// text can be shown.
fn is_disguised(text: &str, disguises: &[Disguises]) -> bool {
    disguise::find(text, disguises, |one| one).is_some()
}

/// Whether an address has one of these secrets in it, but for its query, which is shown nowhere. A host has no upper case.
fn has_any(address: &str, secrets: &[String], disguises: &[Disguises]) -> bool {
    let place = address.split('?').next().unwrap_or_default();
    if is_disguised(place, disguises) {
        return true;
    }
    let (place, decoded) = (place.to_lowercase(), percent::decode(place).to_lowercase());
    let is_telling = |secret: &&String| {
        let is_word = secret.bytes().all(|byte| byte.is_ascii_alphabetic());
        secret.len() >= if is_word { MIN_WORD } else { MIN_SECRET }
    };
    let mut telling = secrets.iter().filter(is_telling).map(|secret| secret.to_lowercase());
    telling.any(|secret| place.contains(&secret) || decoded.contains(&secret))
}

fn hide_in_headers(headers: &mut HeaderMap, secrets: &[String], disguises: &[Disguises]) {
    let is_telling = |secret: &&String| {
        secret.len() >= MIN_HIDDEN && !secret.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let secrets: Vec<&String> = secrets.iter().filter(is_telling).collect();
    for (_, value) in headers.iter_mut().filter(|(name, _)| !WAYS.contains(&name.as_str())) {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut hidden =
            secrets.iter().fold(text.clone(), |text, secret| text.replace(secret.as_str(), HIDDEN));
        if is_disguised(&hidden, disguises) {
            HIDDEN.clone_into(&mut hidden);
        }
        if hidden != text {
            let nothing = HeaderValue::from_static("");
            *value = HeaderValue::from_bytes(hidden.as_bytes()).unwrap_or(nothing);
        }
    }
}

/// The secrets of an `Authorization` header: of `Basic`, what is encoded, too.
fn of_header(value: &str) -> Vec<String> {
    let Some((scheme, credentials)) = value.split_once(' ') else { return vec![value.to_owned()] };
    let mut secrets = vec![credentials.to_owned()];
    if scheme.eq_ignore_ascii_case("basic")
        && let Ok(decoded) = STANDARD.decode(credentials)
        && let Ok(pair) = String::from_utf8(decoded)
    {
        let password = pair.split_once(':').map(|(_, password)| password.to_owned());
        secrets.extend([Some(pair), password].into_iter().flatten().flat_map(written));
    }
    secrets
}

/// Those of a form that asks for a token.
fn of_form(form: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(form);
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let secret = pairs.filter(|(name, _)| ["password", "refresh_token"].contains(name));
    secret.flat_map(|(_, value)| [vec![value.to_owned()], written(percent::decode(value))].concat()).collect()
}

/// A text as it is, and as JSON has it.
fn written(text: String) -> Vec<String> {
    let json = serde_json::to_string(&text).unwrap_or_default();
    vec![json.trim_matches('"').to_owned(), text]
}

#[cfg(test)]
mod tests {
    use ureq::http::Method;

    use super::super::url::Url;
    use super::*;

    #[test]
    fn the_secrets_of_a_request() {
        let basic = format!("Basic {}", STANDARD.encode("me:pa\"ss word"));
        let secrets = of_header(&basic);
        for secret in ["pa\"ss word", "pa\\\"ss word", "me:pa\"ss word", basic.split_once(' ').unwrap().1] {
            assert!(secrets.iter().any(|one| one == secret), "{secret}: {secrets:?}");
        }
        assert_eq!(of_header("Bearer a.b.c"), ["a.b.c"]);
        let secrets = of_form(b"grant_type=refresh_token&refresh_token=a%2Bb%3D&service=x");
        assert!(
            secrets.contains(&"a+b=".to_owned()) && secrets.contains(&"a%2Bb%3D".to_owned()),
            "{secrets:?}"
        );
        assert!(!secrets.iter().any(|one| one == "x" || one == "refresh_token"));
    }

    /// A registry may say them back in another form.
    #[test]
    fn no_answer_says_them_back_in_another_form() {
        let password = "Zq9-hunTer2/pa+ss=w0rdXy";
        let basic = format!("Basic {}", STANDARD.encode(format!("bob:{password}")));
        let message = Message { headers: vec![("authorization", basic)], ..Message::new(Method::GET) };
        let echoes = Echoes::default();
        let said = |body: &str| {
            let (status, mut headers) = (400, HeaderMap::new());
            headers.insert("x-said", HeaderValue::from_str(body).unwrap());
            let (body, stream, leads_to_credentials) = (body.as_bytes().to_vec(), None, false);
            let url = Url::parse("https://a/").unwrap();
            let mut answer = Answer { status, headers, body, stream, url, leads_to_credentials };
            echoes.hide(&mut answer, &message);
            (
                String::from_utf8(answer.body).unwrap(),
                String::from_utf8_lossy(answer.headers["x-said"].as_bytes()).into_owned(),
            )
        };
        let hexadecimal: String = password.bytes().map(|byte| format!("{byte:02x}")).collect();
        for form in [
            STANDARD.encode(password),
            STANDARD.encode(format!("x{password}")),
            STANDARD.encode(STANDARD.encode(password)),
            percent::encode(password),
            hexadecimal,
            password.to_uppercase(),
            password.chars().rev().collect(),
            password.replace('Z', "\\u005a"),
        ] {
            let (body, header) = said(&format!("denied for {form}"));
            assert_eq!((body.as_str(), header.as_str()), (HIDDEN, HIDDEN), "{form}");
        }
        let (body, _) = said(&format!("{password} is wrong"));
        assert_eq!(body, "… is wrong");
        assert_eq!(said("denied for bob"), ("denied for bob".to_owned(), "denied for bob".to_owned()));
    }

    /// What a request with this password is answered, with a digest in a header, and what is shown of it.
    fn answered(password: &str, body: &str, shown: &str) -> (String, String, String) {
        let basic = format!("Basic {}", STANDARD.encode(format!("bob:{password}")));
        let message = Message { headers: vec![("authorization", basic)], ..Message::new(Method::GET) };
        let echoes = Echoes::default();
        let (status, mut headers) = (400, HeaderMap::new());
        headers.insert("docker-content-digest", HeaderValue::from_static("sha256:0123"));
        let (body, stream, leads_to_credentials) = (body.as_bytes().to_vec(), None, false);
        let url = Url::parse("https://a/").unwrap();
        let mut answer = Answer { status, headers, body, stream, url, leads_to_credentials };
        echoes.hide(&mut answer, &message);
        (
            String::from_utf8(answer.body).unwrap(),
            String::from_utf8_lossy(answer.headers["docker-content-digest"].as_bytes()).into_owned(),
            echoes.without(shown),
        )
    }

    /// Nothing else could be read without them.
    #[test]
    fn what_everybody_writes_is_not_taken_out() {
        let body = r#"{"errors":[{"code":"DENIED","message":"1 manifest of linux/amd64 at sha256:0123"}]}"#;
        let shown = "app  linux/amd64  1  sha256:0123  application/vnd.oci.image.index.v1+json errors";
        for password in [
            "sha256",
            "linux/amd64",
            "Linux/AMD64",
            "1",
            "a",
            "errors",
            "code",
            "message",
            "DENIED",
            "manifest",
            "e",
            "12",
        ] {
            let found = answered(password, body, shown);
            assert_eq!(found, (body.to_owned(), "sha256:0123".to_owned(), shown.to_owned()), "{password}");
            let echoes = Echoes::default();
            echoes.know([format!("bob:{password}"), password.to_owned()].into_iter());
            assert!(!echoes.are_in(shown) && echoes.without(shown) == shown, "{password}");
        }
    }

    #[test]
    fn what_is_long_is_taken_out_of_texts_and_leaves_json_whole() {
        for password in
            ["hunter2x", "correcthorse", "postgres", "12345678", "pa\"ss\\word", "q7+fi2", "}],\"code\":"]
        {
            let said = serde_json::json!({ "errors": [{
                "code": "DENIED",
                "message": format!("no {password} here"),
                "detail": { "header": ["x", password] },
            }]});
            let (body, _, shown) = answered(password, &said.to_string(), &format!("no {password} here"));
            let json: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(json["errors"][0]["code"], "DENIED", "{password}: {body}");
            assert_eq!(json["errors"][0]["message"], "no … here", "{password}: {body}");
            assert_eq!(json["errors"][0]["detail"]["header"], serde_json::json!(["x", "…"]), "{password}");
            assert_eq!(shown, "no … here", "{password}");
            let (body, _, _) = answered(password, &format!("no {password} here"), "");
            assert_eq!(body, "no … here", "{password}");
        }
    }

    #[test]
    fn what_is_short_is_taken_out_where_it_is_a_login() {
        for password in ["1", "abc", "sha256", "hunter"] {
            let pair = STANDARD.encode(format!("bob:{password}"));
            for (said, expected) in [
                (format!("at https://bob:{password}@a/v2/"), "at https://bob:…@a/v2/".to_owned()),
                (format!("got Basic {pair}."), "got Basic ….".to_owned()),
                (format!("got Bearer {password}"), "got Bearer …".to_owned()),
                (format!("got Bearer {password}4"), format!("got Bearer {password}4")),
                (format!("no {password}"), format!("no {password}")),
            ] {
                let (body, _, shown) = answered(password, &said, &said);
                // With its user it may be long enough.
                let is_hidden = |text: &str| {
                    text == expected || said.contains('@') && !text.contains(&format!(":{password}@"))
                };
                assert!(is_hidden(&body) && is_hidden(&shown), "{password} {said}: {body} {shown}");
            }
        }
    }

    /// What an earlier run sent, in the answer to a request that has no credentials.
    #[test]
    fn no_answer_says_back_what_was_sent_before() {
        for (password, is_hidden) in [
            ("Pw+qzj/77hunterX9", true),
            ("a\"quoted\" passw0rd", true),
            // A part of many addresses.
            ("acme", false),
        ] {
            let echoes = Echoes::default();
            echoes.know([format!("bob:{password}"), password.to_owned()].into_iter());
            let json = serde_json::to_string(password).unwrap();
            for said in [
                password,
                json.trim_matches('"'),
                &STANDARD.encode(password),
                &STANDARD.encode(format!("bob:{password}")),
            ] {
                let mut headers = HeaderMap::new();
                let realm = format!("Bearer realm=\"ftp://host/{said}\"");
                headers.insert("www-authenticate", HeaderValue::from_str(&realm).unwrap());
                let url = Url::parse("https://a/").unwrap();
                let body = said.as_bytes().to_vec();
                let mut answer =
                    Answer { status: 401, headers, body, stream: None, url, leads_to_credentials: false };
                echoes.hide(&mut answer, &Message::new(Method::GET));
                let header =
                    String::from_utf8_lossy(answer.headers["www-authenticate"].as_bytes()).into_owned();
                let body = String::from_utf8(answer.body).unwrap();
                assert_eq!(
                    [header.contains(said), body.contains(said)],
                    [!is_hidden; 2],
                    "{said}: {header} {body}"
                );
            }
        }
    }

    /// What an index says of its platforms is compared in lower case.
    #[test]
    fn nothing_that_is_shown_says_them_back() {
        let password = "Zq9+hunTer2/pass";
        let send = |echoes: &Echoes, login: &str| {
            let basic = format!("Basic {}", STANDARD.encode(login));
            let message = Message { headers: vec![("authorization", basic)], ..Message::new(Method::GET) };
            echoes.of(&message);
        };
        let echoes = Echoes::default();
        send(&echoes, &format!("bob:{password}"));
        let others = Echoes::default();
        send(&others, &format!("bob:{password}"));
        (0..=MAX_KEPT).for_each(|number| send(&others, &format!("bob:another-{number}")));
        for echoes in [&echoes, &others] {
            for (said, shown) in [
                (password.to_lowercase(), "a …/amd64\nb"),
                (password.to_uppercase(), "a …/amd64\nb"),
                (password.to_owned(), "a …/amd64\nb"),
                ("linux".to_owned(), "a linux/amd64\nb"),
                ("bob".to_owned(), "a bob/amd64\nb"),
            ] {
                assert_eq!(echoes.without(&format!("a {said}/amd64\nb")), shown, "{said}");
                assert_eq!(echoes.are_in(&said), shown.contains(HIDDEN), "{said}");
            }
        }
        for form in [STANDARD.encode(password), password.chars().rev().collect(), percent::encode(password)] {
            assert_eq!(echoes.without(&format!("a\n{form}/amd64\nb")), "a\n…\nb", "{form}");
        }
        send(&others, "bob:postgres");
        // A word is taken out of what people read, and may stand in a file.
        assert_eq!(others.without("a postgres"), "a …");
        assert!(!others.are_in("a postgres"));
    }

    #[test]
    fn no_header_says_them_back() {
        let secrets = ["hunter2/fish", "bWU6aHVudGVyMg==", "application", "abc1"].map(str::to_owned);
        for (name, value, expected) in [
            ("content-type", "text/hunter2/fish; a=b", "text/…; a=b"),
            (
                "www-authenticate",
                "Bearer realm=\"https://a/?x=bWU6aHVudGVyMg==\"",
                "Bearer realm=\"https://a/?x=…\"",
            ),
            ("docker-content-digest", "sha256:hunter2/fish", "sha256:…"),
            // What may be a part of the meaning, or is the way.
            ("content-type", "application/json", "application/json"),
            ("etag", "abc1", "abc1"),
            ("location", "https://a/hunter2/fish", "https://a/hunter2/fish"),
            ("link", "<hunter2/fish>; rel=next", "<hunter2/fish>; rel=next"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            hide_in_headers(&mut headers, &secrets, &[]);
            assert_eq!(headers[name].as_bytes(), expected.as_bytes(), "{name}: {value}");
        }
    }
}
