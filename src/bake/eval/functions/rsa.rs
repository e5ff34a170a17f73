//! `rsadecrypt`: decryption by PKCS #1 v1.5 (RFC 8017, section 7.2.2) with a key in PEM.
//!
//! This does not take the same time for all ciphertexts, which matters where a stranger can send some and measure the
//! answers (RUSTSEC-2023-0071 is that weakness in the crate `rsa`). Here ciphertext and key come from one Bake file.
//!
//! No message says anything of the key's content or of what was decrypted.

use base64::Engine;
use num_bigint::BigUint;

use super::encoding::BASE64;
use super::strings::text;
use super::{Ambient, ArgumentError, FunctionError};
use crate::bake::values::Value;

/// The shortest key that Go's crypto/rsa takes, since 1.24.
const MIN_BITS: u64 = 1024;
/// The longest that Go's crypto/tls takes. The time that a call takes grows with the third power.
const MAX_BITS: u64 = 8192;

/// DER's tags of what a key is made of.
const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;

pub(super) fn rsa_decrypt(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let ciphertext = (BASE64.decode(text(args, 0)?.replace(['\r', '\n'], "")))
        .map_err(|_| FunctionError::argument(0, "the ciphertext must be encoded in base64"))?;
    let plain = read_key(text(args, 1)?)
        .map_err(|message| FunctionError::argument(1, message))?
        .decrypt(&ciphertext)
        .ok_or_else(|| FunctionError::new("the ciphertext is damaged, or was made for another key"))?;
    let plain = String::from_utf8(plain)
        .map_err(|_| FunctionError::new("the result of decrypting is not valid UTF-8"))?;
    Ok(Value::string(plain))
}

/// Decrypting takes time by the third power of the key's length, which that of its text is near to.
pub(super) fn work(args: &[Value]) -> u64 {
    let bits = args.get(1).and_then(Value::as_str).map_or(0, |key| key.len() as u64).min(MAX_BITS);
    bits.pow(3) >> 16
}

fn read_key(pem: &str) -> Result<PrivateKey, ArgumentError> {
    let key = PrivateKey::parse(&decode_pem(pem)?).ok_or(
        "the key is not an RSA key in PKCS #1 (`BEGIN RSA PRIVATE KEY`); \
         `openssl rsa -traditional` converts other forms",
    )?;
    let bits = key.modulus.bits();
    if !(MIN_BITS..=MAX_BITS).contains(&bits) {
        let message = format!("the key has {bits} bits; expected {MIN_BITS} to {MAX_BITS}");
        return Err(if bits > MAX_BITS { ArgumentError::ours(message) } else { message.into() });
    }
    if key.is_consistent() {
        Ok(key)
    } else {
        Err("the key is damaged: its numbers do not fit together".into())
    }
}

/// The first block whose content can be read, whatever its label, as Go's encoding/pem finds it.
fn decode_pem(text: &str) -> Result<Vec<u8>, &'static str> {
    let mut block: Option<(&str, Vec<&str>)> = None;
    for line in text.split('\n').map(|line| line.trim_end_matches([' ', '\t', '\r'])) {
        let label_after = |start: &str| line.strip_prefix(start)?.strip_suffix("-----");
        if let Some(label) = label_after("-----BEGIN ") {
            block = Some((label, vec![]));
        } else if line.starts_with("-----END ") {
            let Some((label, lines)) = block.take() else { continue };
            if label_after("-----END ") != Some(label) {
                continue;
            }
            let (headers, content) =
                lines.split_at(lines.iter().position(|line| !line.contains(':')).unwrap_or(lines.len()));
            if headers.iter().any(|header| is_encrypted(header)) {
                return Err("the key is encrypted; decrypt it first, with `openssl rsa -traditional`");
            }
            if let Ok(content) = BASE64.decode(content.concat().replace([' ', '\t', '\r'], "")) {
                return Ok(content);
            }
        } else if let Some((_, lines)) = &mut block {
            lines.push(line);
        }
    }
    Err("it contains no PEM key (`-----BEGIN …`)")
}

fn is_encrypted(header: &str) -> bool {
    header
        .split_once(':')
        .is_some_and(|(name, value)| (name.trim(), value.trim()) == ("Proc-Type", "4,ENCRYPTED"))
}

/// The numbers of RFC 8017, section 3.2, but for those that only save time.
struct PrivateKey {
    modulus: BigUint,
    public_exponent: BigUint,
    private_exponent: BigUint,
    primes: Vec<BigUint>,
}

impl PrivateKey {
    /// Reads an `RSAPrivateKey` (RFC 8017, appendix A.1.2) in DER.
    fn parse(der: &[u8]) -> Option<Self> {
        let mut file = Der(der);
        let mut key = Der(file.element(SEQUENCE)?);
        if !file.0.is_empty() || key.integer()? > BigUint::from(1u8) {
            return None;
        }
        let (modulus, public_exponent) = (key.integer()?, key.integer()?);
        let private_exponent = key.integer()?;
        let mut primes = vec![key.integer()?, key.integer()?];
        // Two exponents and a coefficient, then further primes with one of each.
        for _ in 0..3 {
            key.integer()?;
        }
        let mut others = Der(if key.0.is_empty() { &[] } else { key.element(SEQUENCE)? });
        while !others.0.is_empty() {
            primes.push(Der(others.element(SEQUENCE)?).integer()?);
        }
        Some(Self { modulus, public_exponent, private_exponent, primes })
    }

    /// Whether the primes are the modulus' and the exponents undo each other.
    fn is_consistent(&self) -> bool {
        let one = BigUint::from(1u8);
        let bits: u64 = self.primes.iter().map(BigUint::bits).sum();
        let exponents = self.private_exponent < self.modulus && self.public_exponent.bits() <= 31;
        exponents
            // Before anything is multiplied: an `n`-fold product has at most `n` bits less than its factors together.
            && bits <= self.modulus.bits() + self.primes.len() as u64
            && self.primes.iter().product::<BigUint>() == self.modulus
            && self.primes.iter().all(|prime| {
                prime > &one && (&self.public_exponent * &self.private_exponent) % (prime - &one) == one
            })
    }

    /// What was encrypted, unless the padding is wrong.
    fn decrypt(&self, ciphertext: &[u8]) -> Option<Vec<u8>> {
        let number = BigUint::from_bytes_be(ciphertext);
        let size = self.modulus.bits().div_ceil(8) as usize;
        if ciphertext.len() > size || number >= self.modulus {
            return None;
        }
        // The first byte of the padded message is 0, so it is missing here.
        let padded = number.modpow(&self.private_exponent, &self.modulus).to_bytes_be();
        let padding = padded.strip_prefix(&[2])?;
        let end = padding.iter().position(|byte| *byte == 0)?;
        (padded.len() + 1 == size && end >= 8).then(|| padding[end + 1..].to_vec())
    }
}

/// What is left to read of a text in DER (ITU-T X.690).
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, which must have this tag.
    fn element(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&[found, length], rest) = self.0.split_first_chunk()?;
        let (length, rest) = match length {
            0..=0x7f => (length.into(), rest),
            // The length itself is in so many bytes.
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked((length & 0x7f).into())?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (found == tag).then_some(content)
    }

    /// The next element, a number that is not negative.
    fn integer(&mut self) -> Option<BigUint> {
        let bytes = self.element(INTEGER)?;
        bytes.first().is_some_and(|first| *first < 0x80).then(|| BigUint::from_bytes_be(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::call;
    use super::*;

    // Made by OpenSSL for these tests alone.
    const KEY: &str = "\
        MIICXAIBAAKBgQDCsSWNUW7rQzrxZRA3r0C5BFWZHGJGaEyY6JXfOKqZdBRRD+1/kkaiCQrzlOuZ2ZQLq3Dp0GKUCFoLPLT/9TMX\
        vsRKxv4DVx7xB7nSukqHfHSI0/Am/vznAdzKWEu/YpihEh9Acom4/M03hZOkmXBFYnJ0TP0BySAczzA8URGrkwIDAQABAoGAHhck\
        96d7Xi8g4Ag/rmuOtEnANQ7W/YzHMebYqwxmCZuQPEsa6Nmhww9kuursUvX21Krlo62KXti/mfcC/oBWKfMkcD4a6OMzbYIKJ7Vz\
        G6e3dRvfj/ok6wQUIrCfD/aTJIR7/PtQXFVx9lN4Fxg7O1kLv+yTevkOjJrX0vbCxmkCQQDws/XcIADH0aA4yZwOMGrcSr1UUZ3h\
        h5nKSTTQTnVG4Ez39NNVgOyuZEcHt1GBewNRQDwSojjBBUHFiMx7JyZNAkEAzxCgEYhU2VjFqdHDyWynaM94XTRWkxX9TQe/xSie\
        m7rg/Rz3/HkMdN6R+zv46G9Kmk4Sgs4LxEGiagNJjljJXwJBAJhfY8FQZQ4ZTpMEVYzJ66u+iHHrJMXTQHDEvPEs6aLPdQn2ax4S\
        ekG/axOgYbFUvPnfbufg14qhGEzC16cSVnUCQCp5K4xNHbJzjiAWYgW4HuLV48eii7uiABJD66dCfL5O6AWjYo7MOazjVqhlFdp/\
        sZrTNuLT5v/7wpfiUr07IxsCQBi+hIbnxiZYDXK2Q0MZvWukfYaOPVVzif5a4D9g3BWfGRcIyCxfiX9tT6BJ3Zoyvj1/Hj7kWZuP\
        LF5/rgFEHew=";
    const PKCS_8: &str = "\
        MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAMKxJY1RbutDOvFlEDevQLkEVZkcYkZoTJjold84qpl0FFEP7X+S\
        RqIJCvOU65nZlAurcOnQYpQIWgs8tP/1Mxe+xErG/gNXHvEHudK6Sod8dIjT8Cb+/OcB3MpYS79imKESH0Byibj8zTeFk6SZcEVi\
        cnRM/QHJIBzPMDxREauTAgMBAAECgYAeFyT3p3teLyDgCD+ua460ScA1Dtb9jMcx5tirDGYJm5A8Sxro2aHDD2S66uxS9fbUquWj\
        rYpe2L+Z9wL+gFYp8yRwPhro4zNtggontXMbp7d1G9+P+iTrBBQisJ8P9pMkhHv8+1BcVXH2U3gXGDs7WQu/7JN6+Q6MmtfS9sLG\
        aQJBAPCz9dwgAMfRoDjJnA4watxKvVRRneGHmcpJNNBOdUbgTPf001WA7K5kRwe3UYF7A1FAPBKiOMEFQcWIzHsnJk0CQQDPEKAR\
        iFTZWMWp0cPJbKdoz3hdNFaTFf1NB7/FKJ6buuD9HPf8eQx03pH7O/job0qaThKCzgvEQaJqA0mOWMlfAkEAmF9jwVBlDhlOkwRV\
        jMnrq76IceskxdNAcMS88Szpos91CfZrHhJ6Qb9rE6BhsVS8+d9u5+DXiqEYTMLXpxJWdQJAKnkrjE0dsnOOIBZiBbge4tXjx6KL\
        u6IAEkPrp0J8vk7oBaNijsw5rONWqGUV2n+xmtM24tPm//vCl+JSvTsjGwJAGL6EhufGJlgNcrZDQxm9a6R9ho49VXOJ/lrgP2Dc\
        FZ8ZFwjILF+Jf21PoEndmjK+PX8ePuRZm48sXn+uAUQd7A==";
    const THREE_PRIMES: &str = "\
        MIICfQIBAQKBgQCcuEnFe1UbxgY73hsiKKUGUz3KCWD/JVVf1MFG42iNF1+kzD7uRxBsEGVn5VnPqbmLDMOKaKTT1SrMktjnWLlm\
        9Jx1FuRJB8+MFXLXKxO3YhB/YG9x1bRdwIdukCHlfYj1xc4FYEUlNP4HUkNxw76hEh7o4PNE1qajnhDMSRkRfwIDAQABAoGAUC5R\
        QAI7pvwHkHWwOCfHVpccE9P8lk2JgoAdaqFKinUc7/m3cL1W/5Lb54h726JfAznCeESTPdBMXkRh8UcC/eJg9rmPZxW8XZxtVRQS\
        lHKKlcUtIEwrSIC0vmcAFjbUZ1owHRHCBVql9t8/pluyOZUrlMz1WzXLY2A4o7U+64ECKzYn9rHxb/ty36rMei43EiB4sCqIx0RW\
        2SCsGgBqD5yGe9L5FMStvtlYaUMCKxjbukHMHtV7/BBZVTgDS8a2iSM+Jr4ZK/XiMQs9X5AOtFYjVRP2kosPX+0CKyPtTS5tQmHo\
        qlMvxZplNGRQTGZbSP6gMvkG01UVB3hKi1jBnzJ/JQ4hJesCKwF73DphPNXxeLJhIr0dNUC/VKBN7XIbfoxG3DaXi0TGG+2oXkO6\
        zDSQzmECKyXljQVPI9Pk9XwJFlUohsvxJFikOmLIFS62fROu12eRyMghMV1Opqr5O7UwgYowgYcCKx3NTfSQThWOUc4g0CjyZDzb\
        2oqMW8C7jVz2NajyCy8cFPUi7P4bUlOC5MkCKxavr9UpeNd99JYmcm+JPXb6od1wRXRtEYqfvm9yecMN7IJDaQdzAvOho8kCKw/i\
        E0zrhD185060OFQWOFMhP9yZxywFD0VT8sKojHaXsIhnmuj1i/yKzrk=";
    const TOO_SHORT: &str = "\
        MIIBOwIBAAJBAM521YoNqntOZd2Pgvu+Tom2QGlvG7jDwwS+u2SIjDDygQlipx379k+TYlFKiGQmPgI4iViXltEIUbwwAqoSyfUC\
        AwEAAQJAcBoV19+TsV/f72z8sbOi8SMD1jt90dR5DxqApRV/CROoTtAQw5WsSxUOKP+9da1FzTA9IoHTHDb8FpdOQ/0kAQIhAPui\
        wAS253Zk113+UGgXDEIVg2EqaCG2xwiavD/nIVZLAiEA0guGUiVsGQFJMBRCIyPQzteZdPAI2xousY0NvYAZOL8CIQCfYrPriIrN\
        pAwCPj5h4A9koEnKNtkkWahyG8iXVWf5RwIgAS0dWHJrM4ylS0ahxC6cKbxdWKFLe2afIlFm5UvFWGMCIQDM++OL//VZvi/kg8uX\
        L3e3TAfpqyOuRtaX0JZpe9oRaw==";
    const HELLO: &str = "\
        YkK0mWIoCDJg2pziJgkNi5hfhdG9PvSTgk5m2bnckbuo3621SKmWckvwGSYjbsFaXAEE40dXMmDBR2aJ1qkWdChP1bRZnRRFyGDj\
        h3ywvJYdrlV6H9WZpEqOwy1wvfeUNChxG/UEF4NV3sT0iV76GOEfgJ2azyXE0x+P5Y5y0d4=";
    const HELLO_THREE_PRIMES: &str = "\
        ey25wzjfTInejyILxEc/mu8gEWzU8IEdgdQPKdDvLGg5Wa3vZJqANhhgBicaY0Z3flI94jGv8l3cdUk1lifG3khpb8XzXxeJneuF\
        MIGwa1Y3qtlc1Cnlk933en5hJ/Geg9Uf1hV7mTToedZoFZu/ell4NP6QLEEe0UePAheHgYI=";
    const EMPTY: &str = "\
        GISDZV5curqSrP4ltXPpO64IPT7HsZR6dnkhwsR0vW4aAKcsQsgl96lMTiDutu/dkgNyUiUHue8+Ql3lvICbQZ523hwl8adNbmH0\
        qnMGCmfUB4l1vLFze9Xi9QiKjzfIH+gEZ0AWuj5mIYvrwd9pdjjYyOYTPYODBjJ0pH/vUOI=";
    const BYTES_FF_FE: &str = "\
        GhjByOE6eTMZ/b6sNePZvVunLGcCoqpmk//T6h5wY+juj4faIl//gGZTfjzErx2mY7pxe47jR5NlXOenvhyFM0o0LyZHD1f5zdKF\
        BXojhPwJZaw8+HPeCO5s7Fe3PM6J6RWa+GCry9r1h8siwHEvLQcRXX/pGzHfWF9jmZJk13Y=";

    fn pem(content: &str) -> String {
        let lines: Vec<_> = content.as_bytes().chunks(64).map(str::from_utf8).map(Result::unwrap).collect();
        format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", lines.join("\n"))
    }

    fn decrypt(ciphertext: &str, key: &str) -> Result<String, String> {
        let args = serde_json::json!([ciphertext, key]).to_string();
        let result = call("rsadecrypt", &args).map_err(|error| error.message)?;
        Ok(result.as_str().unwrap().to_owned())
    }

    #[test]
    fn ciphertexts_are_decrypted() {
        assert_eq!(decrypt(HELLO, &pem(KEY)).unwrap(), "héllo");
        assert_eq!(decrypt(EMPTY, &pem(KEY)).unwrap(), "");
        assert_eq!(decrypt(HELLO_THREE_PRIMES, &pem(THREE_PRIMES)).unwrap(), "multi");
        let (start, end) = HELLO.split_at(64);
        assert_eq!(decrypt(&format!("{start}\r\n{end}\n"), &pem(KEY)).unwrap(), "héllo");
    }

    /// What buildx does with each of these was tried.
    #[test]
    fn keys_may_be_written_in_many_ways() {
        let key = pem(KEY);
        let first = "KEY-----\n";
        for written in [
            key.replace("RSA PRIVATE", "ANY"),
            format!("text before\n\n{key}text after"),
            key.replace('\n', "\r\n"),
            key.trim_end().to_owned(),
            key.replacen(first, "KEY-----\nName: value\n\n", 1),
            key.replacen(first, "KEY-----\nName: value\n", 1),
            key.replace("END RSA PRIVATE KEY-----", "END RSA PRIVATE KEY-----  "),
            format!("-----BEGIN X-----\n!!\n-----END X-----\n{key}"),
            format!("-----BEGIN X-----\n-----BEGIN X-----\n-----END Y-----\n{key}"),
            format!("-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n-----END RSA PRIVATE KEY-----"),
        ] {
            assert_eq!(decrypt(HELLO, &written).as_deref(), Ok("héllo"), "{written}");
        }
    }

    #[test]
    fn invalid_keys_are_refused() {
        let key = pem(KEY);
        let no_key = "it contains no PEM key";
        let encrypted = key.replacen("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n", 1);
        // The last number is changed, then the public exponent.
        let damaged = [KEY.replacen("AQAB", "AQAD", 1), KEY.replacen("MIIC", "MIIB", 1)];
        for (written, expected) in [
            ("", no_key),
            (&key.replace("KEY-----\n", "KEY-----"), no_key),
            (&key.replace("END RSA", "END ANY"), no_key),
            (&key.replace('\n', "\n "), no_key),
            (&key.replace("\n-----END", "-----END"), no_key),
            (&key.replace("END RSA PRIVATE KEY-----", "END RSA PRIVATE KEY-----x"), no_key),
            (&encrypted, "the key is encrypted"),
            (&format!("{encrypted}{key}"), "the key is encrypted"),
            (&pem(PKCS_8), "the key is not an RSA key in PKCS #1"),
            (&pem(""), "the key is not an RSA key in PKCS #1"),
            (&pem(&damaged[1]), "the key is not an RSA key in PKCS #1"),
            (&pem(TOO_SHORT), "the key has 512 bits; expected 1024 to 8192"),
            (&pem(&damaged[0]), "the key is damaged"),
        ] {
            let message = decrypt(HELLO, written).unwrap_err();
            assert!(message.contains(expected), "{message}\n{written}");
            assert!(!message.contains(&KEY[..8]), "{message}");
        }
    }

    #[test]
    fn invalid_ciphertexts_are_refused() {
        let other = "the ciphertext is damaged, or was made for another key";
        for (ciphertext, expected) in [
            ("!", "the ciphertext must be encoded in base64"),
            ("", other),
            ("AAAA", other),
            (&format!("AAAA{HELLO}"), other),
            (HELLO_THREE_PRIMES, other),
            (BYTES_FF_FE, "the result of decrypting is not valid UTF-8"),
        ] {
            assert_eq!(decrypt(ciphertext, &pem(KEY)).unwrap_err(), expected, "{ciphertext}");
        }
    }

    #[test]
    fn whatever_is_cut_off_is_missed() {
        let der = BASE64.decode(KEY).unwrap();
        assert!((0..der.len()).all(|length| PrivateKey::parse(&der[..length]).is_none()));
        assert!(PrivateKey::parse(&der).is_some());
    }
}
