//! Hashes and UUIDs.

use std::fmt::Write;

use md5::Md5;
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};

use super::super::value::{Mark, Type, Value};
use super::strings::{one, text};
use super::{Ambient, Family, Function, FunctionError, fixed, param, variadic};

pub(super) fn family() -> Family {
    let text = |name| param(name, Type::String);
    vec![
        ("bcrypt", variadic(vec![text("str")], param("cost", Type::Number), bcrypt)),
        ("md5", fixed(vec![text("str")], |_, args| one(args, |s| hex(&Md5::digest(s))))),
        ("rsadecrypt", fixed(vec![text("ciphertext"), text("privatekey")], rsa_decrypt)),
        ("sha1", fixed(vec![text("str")], |_, args| one(args, |s| hex(&Sha1::digest(s))))),
        ("sha256", fixed(vec![text("str")], |_, args| one(args, |s| hex(&Sha256::digest(s))))),
        ("sha512", fixed(vec![text("str")], |_, args| one(args, |s| hex(&Sha512::digest(s))))),
        ("uuidv4", Function { impurity: Some(Mark::Random), ..fixed(vec![], uuid_v4) }),
        ("uuidv5", fixed(vec![text("namespace"), text("name")], uuid_v5)),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes any text");
        hex
    })
}

fn bcrypt(_: &Ambient, _: &[Value]) -> Result<Value, FunctionError> {
    Err(FunctionError::new(
        "`bcrypt` is not available: its result is random, so a plan could not be repeated; \
         pass the hash in a variable instead",
    ))
}

fn rsa_decrypt(_: &Ambient, _: &[Value]) -> Result<Value, FunctionError> {
    Err(FunctionError::new(
        "`rsadecrypt` is not available: its result is a secret, which a plan would show; \
         pass the secret to the build with `secret` instead",
    ))
}

/// A random UUID (RFC 9562, section 5.4).
fn uuid_v4(ambient: &Ambient, _: &[Value]) -> Result<Value, FunctionError> {
    Ok(Value::string(uuid((ambient.random)(), 4)))
}

/// A UUID of a name (RFC 9562, section 5.5).
fn uuid_v5(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let namespace = match text(args, 0)? {
        "dns" => rfc_namespace(0x10),
        "url" => rfc_namespace(0x11),
        "oid" => rfc_namespace(0x12),
        "x500" => rfc_namespace(0x14),
        other => parse_uuid(other).ok_or_else(|| {
            FunctionError::argument(0, format!("{other:?} is no namespace: dns, url, oid, x500 or a UUID is one"))
        })?,
    };
    let digest = Sha1::new().chain_update(namespace).chain_update(text(args, 1)?).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Ok(Value::string(uuid(bytes, 5)))
}

/// A namespace of RFC 9562, section 6.6; they differ in one byte.
fn rfc_namespace(byte: u8) -> [u8; 16] {
    [0x6b, 0xa7, 0xb8, byte, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8]
}

fn uuid(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Reads the forms that buildx takes: with hyphens, with `urn:uuid:` before them or braces around, and 32 digits.
fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let digits = match text.len() {
        32 => text.to_owned(),
        36 => hyphenated(text)?,
        38 => hyphenated(text.get(1..37)?)?,
        45 if text.get(..9)?.eq_ignore_ascii_case("urn:uuid:") => hyphenated(text.get(9..)?)?,
        _ => return None,
    };
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
}

fn hyphenated(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]).then(|| groups.concat())
}
