//! Functions on IP networks in CIDR notation.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::strings::{integer, string_list, text};
use super::{Ambient, Family, FunctionError, fixed, param, variadic};
use crate::bake::values::{Type, Value};

pub(super) fn family() -> Family {
    let text = |name| param(name, Type::String);
    let number = |name| param(name, Type::Number);
    vec![
        ("cidrhost", fixed(vec![text("prefix"), number("hostnum")], host)),
        ("cidrnetmask", fixed(vec![text("prefix")], netmask)),
        ("cidrsubnet", fixed(vec![text("prefix"), number("newbits"), number("netnum")], subnet)),
        ("cidrsubnets", variadic(vec![text("prefix")], number("newbits"), subnets)),
    ]
}

/// A network: `10.1.0.0/16`. The address has no bits set beyond the prefix.
#[derive(Clone, Copy)]
struct Network {
    address: Address,
    prefix: u32,
}

/// An IPv4 or IPv6 address as a number of so many bits.
#[derive(Clone, Copy)]
struct Address {
    value: u128,
    bits: u32,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bits == 32 || self.is_mapped() {
            Ipv4Addr::from(self.value as u32).fmt(f)
        } else {
            Ipv6Addr::from(self.value).fmt(f)
        }
    }
}

impl Address {
    /// Whether it is `::ffff:10.1.0.0`, which Go writes as IPv4.
    fn is_mapped(&self) -> bool {
        self.bits == 128 && self.value >> 32 == 0xffff
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.address.is_mapped() { self.prefix.saturating_sub(96) } else { self.prefix };
        write!(f, "{}/{prefix}", self.address)
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let (value, bits) = match address.parse().ok()? {
            IpAddr::V4(address) => (address.to_bits().into(), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|prefix| digits && *prefix <= bits)?;
        Some(Self::containing(Address { value, bits }, prefix))
    }

    /// The network of an address.
    fn containing(address: Address, prefix: u32) -> Self {
        let value = address.value & !host_mask(address.bits, prefix);
        Self { address: Address { value, ..address }, prefix }
    }

    fn bits(&self) -> u32 {
        self.address.bits
    }

    fn with_value(&self, value: u128) -> Address {
        Address { value, bits: self.bits() }
    }

    fn last(&self) -> u128 {
        self.address.value | host_mask(self.bits(), self.prefix)
    }

    fn contains(&self, address: Address) -> bool {
        Self::containing(address, self.prefix).address.value == self.address.value
    }

    /// The network of that size before this one, or at the end of all addresses.
    fn previous(&self, prefix: u32) -> Self {
        let before = self.address.value.wrapping_sub(1) & host_mask(self.bits(), 0);
        Self::containing(self.with_value(before), prefix)
    }

    /// The first network of that size after this one, `None` if addresses end here.
    fn next(&self, prefix: u32) -> Option<Self> {
        let around = Self::containing(self.with_value(self.last()), prefix);
        let after = around.last().wrapping_add(1) & host_mask(self.bits(), 0);
        (after != 0).then(|| Self::containing(self.with_value(after), prefix))
    }
}

/// Ones in the bits of the host.
fn host_mask(bits: u32, prefix: u32) -> u128 {
    match bits - prefix {
        0 => 0,
        host => u128::MAX >> (128 - host),
    }
}

fn network(args: &[Value]) -> Result<Network, FunctionError> {
    let text = text(args, 0)?;
    Network::parse(text).ok_or_else(|| {
        FunctionError::argument(0, format!("{text:?} is not a network in CIDR notation such as 10.1.0.0/16"))
    })
}

fn host(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (network, number) = (network(args)?, integer(args, 1)?);
    let most = host_mask(network.bits(), network.prefix);
    // -1 is the last address.
    let distance = if number < 0 { number.unsigned_abs() - 1 } else { number.unsigned_abs() };
    if u128::from(distance) > most {
        return Err(FunctionError::argument(
            1,
            format!("prefix of {} does not accommodate a host numbered {number}", network.prefix),
        ));
    }
    let host = if number < 0 { most - u128::from(distance) } else { distance.into() };
    // Go takes such an address for one of IPv4, and puts the host 32 bits from its other end.
    let host = if network.address.is_mapped() { host << 96 } else { host };
    Ok(Value::string(network.with_value(network.address.value | host).to_string()))
}

fn netmask(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let network = network(args)?;
    let mask = host_mask(network.bits(), 0) & !host_mask(network.bits(), network.prefix);
    Ok(Value::string(network.with_value(mask).to_string()))
}

fn subnet(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (network, new_bits, number) = (network(args)?, integer(args, 1)?, integer(args, 2)?);
    if new_bits > 32 {
        return Err(FunctionError::argument(1, "may not extend prefix by more than 32 bits"));
    }
    let space = || {
        let message =
            format!("insufficient address space to extend prefix of {} by {new_bits}", network.prefix);
        FunctionError::argument(1, message)
    };
    let prefix = i64::from(network.prefix).saturating_add(new_bits);
    if prefix > network.bits().into() {
        return Err(space());
    }
    // With fewer bits, which make a network around this one, buildx takes any number.
    let is_numbered = match u32::try_from(new_bits) {
        Ok(bits) => u128::try_from(number).is_ok_and(|number| number <= host_mask(bits, 0)),
        Err(_) => true,
    };
    if !is_numbered {
        let message =
            format!("prefix extension of {new_bits} does not accommodate a subnet numbered {number}");
        return Err(FunctionError::argument(2, message));
    }
    let place = i64::from(network.bits()) - prefix;
    let value =
        placed(network.address.value, number, place).filter(|value| *value <= host_mask(network.bits(), 0));
    let value = value
        .ok_or_else(|| FunctionError::argument(2, format!("no address has a subnet numbered {number}")))?;
    Ok(Value::string(match u32::try_from(prefix) {
        Ok(prefix) => Network { address: network.with_value(value), prefix }.to_string(),
        // What Go writes for a network without a mask.
        Err(_) => "<nil>".to_owned(),
    }))
}

/// An address with a number put in so many bits from its end. Of a negative one Go leaves the absolute value.
fn placed(address: u128, number: i64, place: i64) -> Option<u128> {
    if number == 0 {
        return Some(address);
    }
    let size = u128::from(number.unsigned_abs());
    let place = u32::try_from(place).ok().filter(|place| *place <= size.leading_zeros())?;
    let shifted = size << place;
    if number > 0 { Some(address | shifted) } else { Some((address | shifted.wrapping_neg()).wrapping_neg()) }
}

fn subnets(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let network = network(args)?;
    let mut networks: Vec<String> = Vec::new();
    let mut current = None;
    for index in 1..args.len() {
        let error = |message: String| FunctionError::argument(index, message);
        let new_bits = match integer(args, index)? {
            ..1 => return Err(error("must extend prefix by at least one bit".to_owned())),
            33.. => return Err(error("may not extend prefix by more than 32 bits".to_owned())),
            new_bits => u32::try_from(new_bits).unwrap_or(32),
        };
        let prefix = network.prefix + new_bits;
        if prefix > network.bits() {
            let version = if network.bits() == 32 { 4 } else { 6 };
            return Err(error(format!(
                "would extend prefix to {prefix} bits, which is too long for an IPv{version} address"
            )));
        }
        let before = current.unwrap_or_else(|| network.previous(prefix));
        // Go takes an IPv4 address that is written as an IPv6 one for the former, which is in no network of the latter.
        let is_inside = |next: &Network| network.contains(next.address) && !next.address.is_mapped();
        let next = before.next(prefix).filter(is_inside).ok_or_else(|| {
            error(format!(
                "not enough remaining address space for a subnet with a prefix of {prefix} bits after {before}"
            ))
        })?;
        networks.push(next.to_string());
        current = Some(next);
    }
    Ok(string_list(networks.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_errors};

    #[test]
    fn network_functions_give_what_buildx_gives() {
        check(&[
            ("cidrhost", r#"["10.12.112.0/20",16]"#, r#""10.12.112.16""#),
            ("cidrhost", r#"["10.12.112.0/20",-1]"#, r#""10.12.127.255""#),
            ("cidrsubnet", r#"["fd00:fd12:3456:7890::/56",16,162]"#, r#""fd00:fd12:3456:7800:a200::/72""#),
            (
                "cidrsubnets",
                r#"["10.1.0.0/16",4,4,8,4]"#,
                r#"["10.1.0.0/20","10.1.16.0/20","10.1.32.0/24","10.1.48.0/20"]"#,
            ),
            ("cidrhost", r#"["fd00::/48",5]"#, r#""fd00::5""#),
            ("cidrhost", r#"["10.0.0.5/32",-1]"#, r#""10.0.0.5""#),
            ("cidrhost", r#"["::ffff:10.1.0.0/104",0]"#, r#""10.0.0.0""#),
            ("cidrhost", r#"["::ffff:10.0.0.0/104",2]"#, r#""0:2::ffff:a00:0""#),
            ("cidrnetmask", r#"["172.16.0.0/12"]"#, r#""255.240.0.0""#),
            ("cidrnetmask", r#"["fd00::/48"]"#, r#""ffff:ffff:ffff::""#),
            ("cidrsubnet", r#"["10.1.2.3/16",8,255]"#, r#""10.1.255.0/24""#),
            (
                "cidrsubnets",
                r#"["fd00::/48",16,16,4]"#,
                r#"["fd00::/64","fd00:0:0:1::/64","fd00:0:0:1000::/52"]"#,
            ),
            ("cidrsubnets", r#"["10.0.0.0/8"]"#, "[]"),
            ("cidrsubnet", r#"["10.0.0.0/8",-1,8]"#, r#""26.0.0.0/7""#),
            ("cidrsubnet", r#"["10.0.0.0/8",-1,-1]"#, r#""2.0.0.0/7""#),
            ("cidrsubnet", r#"["10.0.0.0/8",-8,0]"#, r#""10.0.0.0/0""#),
            ("cidrsubnet", r#"["10.0.0.0/8",-9,0]"#, r#""\u003cnil\u003e""#),
            ("cidrsubnet", r#"["fd00::/48",-16,3]"#, r#""fd00:3::/32""#),
            ("cidrhost", r#"["0.0.0.0/0",-1]"#, r#""255.255.255.255""#),
            ("cidrhost", r#"["::/0",-1]"#, r#""ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff""#),
        ]);
    }

    #[test]
    fn network_functions_refuse_what_buildx_refuses() {
        check_errors(&[
            ("cidrhost", r#"["10.0.0.0/30",16]"#, "prefix of 30 does not accommodate a host numbered 16"),
            (
                "cidrhost",
                r#"["10.01.0.0/8",0]"#,
                r#""10.01.0.0/8" is not a network in CIDR notation such as 10.1"#,
            ),
            (
                "cidrhost",
                r#"["10.0.0.0/33",0]"#,
                r#""10.0.0.0/33" is not a network in CIDR notation such as 10.1"#,
            ),
            (
                "cidrhost",
                r#"["10.0.0.0",0]"#,
                r#""10.0.0.0" is not a network in CIDR notation such as 10.1.0."#,
            ),
            (
                "cidrhost",
                r#"["10.0.0.0/+8",0]"#,
                r#""10.0.0.0/+8" is not a network in CIDR notation such as 10.1"#,
            ),
            (
                "cidrsubnet",
                r#"["10.1.0.0/16",8,256]"#,
                "prefix extension of 8 does not accommodate a subnet numbered",
            ),
            (
                "cidrsubnet",
                r#"["10.1.0.0/16",8,-1]"#,
                "prefix extension of 8 does not accommodate a subnet numbered",
            ),
            (
                "cidrsubnet",
                r#"["10.1.0.0/16",17,0]"#,
                "insufficient address space to extend prefix of 16 by 17",
            ),
            ("cidrsubnet", r#"["::/0",33,0]"#, "may not extend prefix by more than 32 bits"),
            (
                "cidrsubnets",
                r#"["10.0.0.0/30",1,1,1]"#,
                "not enough remaining address space for a subnet with a prefi",
            ),
            ("cidrsubnets", r#"["10.0.0.0/8",0]"#, "must extend prefix by at least one bit"),
            ("cidrsubnets", r#"["10.0.0.0/8",33]"#, "may not extend prefix by more than 32 bits"),
            (
                "cidrsubnets",
                r#"["0.0.0.0/0",8]"#,
                "not enough remaining address space for a subnet with a prefi",
            ),
        ]);
    }
}
