//! Hashes and UUIDs.

use ::bcrypt::Version;
use md5::Md5;
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};

use super::strings::{integer, one, text};
use super::{Ambient, Family, Function, FunctionError, fixed, param, rsa, variadic};
use crate::bake::values::convert::convert;
use crate::bake::values::{Mark, Type, Value};
use crate::readable::hexadecimal;

/// The lowest cost of bcrypt.
const MIN_COST: i64 = 4;
/// The highest that is allowed here; each step doubles the time. buildx goes up to 31, which takes a day.
const MAX_COST: i64 = 15;
/// The cost where none is given.
const DEFAULT_COST: i64 = 10;

pub(super) fn family() -> Family {
    let text = |name| param(name, Type::String);
    vec![
        (
            "bcrypt",
            Function {
                impurity: Some(Mark::Random),
                work: bcrypt_work,
                ..variadic(vec![text("str")], param("cost", Type::Number), bcrypt)
            },
        ),
        ("md5", fixed(vec![text("str")], |_, args| one(args, |s| hexadecimal(&Md5::digest(s))))),
        (
            "rsadecrypt",
            Function {
                work: rsa::work,
                ..fixed(vec![text("ciphertext"), text("privatekey")], rsa::rsa_decrypt)
            },
        ),
        ("sha1", fixed(vec![text("str")], |_, args| one(args, |s| hexadecimal(&Sha1::digest(s))))),
        ("sha256", fixed(vec![text("str")], |_, args| one(args, |s| hexadecimal(&Sha256::digest(s))))),
        ("sha512", fixed(vec![text("str")], |_, args| one(args, |s| hexadecimal(&Sha512::digest(s))))),
        ("uuidv4", Function { impurity: Some(Mark::Random), ..fixed(vec![], uuid_v4) }),
        ("uuidv5", fixed(vec![text("namespace"), text("name")], uuid_v5)),
    ]
}

/// A hash of a password, as buildx makes it: a cost below 4 means the default.
fn bcrypt(ambient: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let cost = if args.len() > 1 { integer(args, 1)? } else { DEFAULT_COST };
    if args.len() > 2 {
        return Err(FunctionError::argument(2, "too many arguments: at most 2 expected"));
    }
    let password = text(args, 0)?;
    if password.len() > 72 {
        return Err(FunctionError::argument(0, "the password is longer than 72 bytes"));
    }
    let cost = match cost {
        ..MIN_COST => DEFAULT_COST,
        MIN_COST..=MAX_COST => cost,
        _ => {
            let message = format!("the cost is {cost}, but {MAX_COST} already takes seconds; lower it");
            return Err(FunctionError::argument(1, message).ours());
        }
    };
    let parts = ::bcrypt::hash_with_salt(password, cost as u32, (ambient.random)())
        .map_err(|error| FunctionError::new(error.to_string()))?;
    Ok(Value::string(parts.format_for_version(Version::TwoA)))
}

/// About half a step of the evaluator for each of the `2^cost` rounds takes a microsecond; one takes some fifty.
fn bcrypt_work(args: &[Value]) -> u64 {
    let cost = match args.get(1) {
        Some(value) => convert(value, &Type::Number).ok().and_then(|value| integer(&[value], 0).ok()),
        None => None,
    };
    let cost = cost.filter(|cost| *cost >= MIN_COST).unwrap_or(DEFAULT_COST).min(MAX_COST);
    500 << cost
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
            FunctionError::argument(
                0,
                format!("{other:?} is not a namespace: expected dns, url, oid, x500 or a UUID"),
            )
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
    let hex = hexadecimal(&bytes);
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

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check, check_errors, check_mark};
    use super::*;

    #[test]
    fn hashes_give_what_buildx_gives() {
        check(&[
            ("sha1", r#"["hello"]"#, r#""aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d""#),
            (
                "sha256",
                r#"["hello"]"#,
                r#""2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824""#,
            ),
            ("uuidv5", r#"["dns","example.com"]"#, r#""cfbff0d1-9375-5685-968c-48ce8b15ae17""#),
            (
                "uuidv5",
                r#"["6ba7b810-9dad-11d1-80b4-00c04fd430c8","a"]"#,
                r#""4f3f2898-69e3-5a0d-820a-c4e87987dbce""#,
            ),
            ("md5", r#"["é"]"#, r#""66ddcd97cfdeabb2f6fb8a999b4bc76f""#),
            (
                "sha512",
                r#"[""]"#,
                r#""cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e""#,
            ),
            ("uuidv5", r#"["url","é"]"#, r#""10e1d6de-dc68-53f0-883a-30ec870dd739""#),
            ("uuidv5", r#"["x500","é"]"#, r#""d13e05fb-cfd5-575b-8154-f5979b02b254""#),
            (
                "uuidv5",
                r#"["{6ba7b810-9dad-11d1-80b4-00c04fd430c8}","é"]"#,
                r#""ebfe0af8-3997-5ade-b634-ba92cf69f557""#,
            ),
            (
                "uuidv5",
                r#"["urn:uuid:6BA7B810-9dad-11d1-80b4-00c04fd430c8","é"]"#,
                r#""ebfe0af8-3997-5ade-b634-ba92cf69f557""#,
            ),
            (
                "uuidv5",
                r#"["6ba7b8109dad11d180b400c04fd430c8","é"]"#,
                r#""ebfe0af8-3997-5ade-b634-ba92cf69f557""#,
            ),
        ]);
    }

    #[test]
    fn hashes_refuse_what_buildx_refuses() {
        check_errors(&[
            ("uuidv5", r#"["","a"]"#, r#""" is not a namespace: expected dns, url, oid, x500 or a UUID"#),
            ("uuidv5", r#"["x","a"]"#, r#""x" is not a namespace: expected dns, url, oid, x500 or a UUID"#),
            (
                "uuidv5",
                r#"["6ba7b810-9dad-11d1-80b4-00c04fd430cg","a"]"#,
                r#""6ba7b810-9dad-11d1-80b4-00c04fd430cg" is not a namespace: expected dns,"#,
            ),
            (
                "uuidv5",
                r#"["+ba7b8109dad11d180b400c04fd430c8","a"]"#,
                r#""+ba7b8109dad11d180b400c04fd430c8" is not a namespace: expected dns, url"#,
            ),
            ("bcrypt", r#"["a",5.5]"#, "value must be a whole number"),
            ("bcrypt", r#"["a",1e30]"#, "value must be a whole number"),
            ("bcrypt", r#"["a",16]"#, "the cost is 16, but 15 already takes seconds; lower it"),
            ("bcrypt", r#"["a",4,5]"#, "too many arguments: at most 2 expected"),
            ("bcrypt", r#"["a",null]"#, "`cost` must not be null"),
        ]);
    }

    /// Hashes that libxcrypt makes of the same salt.
    #[test]
    fn passwords() {
        let long = "é".repeat(36);
        for (args, expected) in [
            (r#"["x",4]"#.to_owned(), "$2a$04$999999999999999999999ujf8YE1EDz8W1K4Rkgdjwtoa8shTDzfu"),
            (r#"["",5]"#.to_owned(), "$2a$05$999999999999999999999u2x1vY2OFo6MuyNyzSJNXQ22JBpMOPh6"),
            (r#"["x"]"#.to_owned(), "$2a$10$999999999999999999999uvNOGksluxXVEXKO7pvvHWWK9IrOpBd6"),
            (r#"["héllo",3]"#.to_owned(), "$2a$10$999999999999999999999uvVF5df8VKTBpvpH27wfPr.HK01Escfq"),
            (format!("[\"{long}\",4]"), "$2a$04$999999999999999999999uAXGYkiFS3BmE3pGqqH/MUDR4nQfIeqK"),
            (r#"["x","4"]"#.to_owned(), "$2a$04$999999999999999999999ujf8YE1EDz8W1K4Rkgdjwtoa8shTDzfu"),
        ] {
            let hash = call("bcrypt", &args).unwrap();
            assert_eq!(hash.as_str(), Some(expected), "{args}");
        }
        check_errors(&[("bcrypt", &format!("[\"{long}x\",4]"), "the password is longer than 72 bytes")]);
    }

    #[test]
    fn chance_leaves_a_mark() {
        check_mark("bcrypt", r#"["",4]"#, Mark::Random);
        check(&[("uuidv4", "[]", r#""ffffffff-ffff-4fff-bfff-ffffffffffff""#)]);
        check_mark("uuidv4", "[]", Mark::Random);
    }
}
