//! What a record may contain, by its type, and the form in which Cloudflare keeps it.

use super::envelope::Refusal;
use super::names;
use super::records::Kind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The stored form of `input` for a record of `kind` at `name`.
pub(super) fn stored(kind: Kind, input: &str, name: &str) -> Result<String, Refusal> {
    let input = input.trim();
    match kind {
        Kind::A => match input.parse::<Ipv4Addr>() {
            Ok(address) => Ok(address.to_string()),
            Err(_) => Err(Refusal::bad(9005, "Content for A record must be a valid IPv4 address.")),
        },
        Kind::Aaaa => match input.parse::<Ipv6Addr>() {
            Ok(address) => Ok(address.to_string()),
            Err(_) => Err(Refusal::bad(9006, "Content for AAAA record must be a valid IPv6 address.")),
        },
        Kind::Cname => {
            let target =
                host(input).ok_or_else(|| Refusal::bad(9007, "Content for CNAME record is invalid."))?;
            if target == name {
                return Err(Refusal::bad(9039, "CNAME content cannot reference itself."));
            }
            Ok(target)
        }
        Kind::Mx => host(input).ok_or_else(|| Refusal::bad(9009, "Content for MX record is invalid.")),
        // The code for a bad name server is not documented.
        Kind::Ns => host(input).ok_or_else(|| Refusal::bad(9008, "Content for NS record is invalid.")),
        // The code for an empty or too long text is not documented.
        Kind::Txt if input.is_empty() || input.len() > 4_080 => {
            Err(Refusal::bad(9010, "Content for TXT record is invalid."))
        }
        Kind::Txt => Ok(input.to_owned()),
    }
}

fn host(input: &str) -> Option<String> {
    let target = names::ascii(input.strip_suffix('.').unwrap_or(input))?;
    // An address is made of legal labels, and yet it is no host name.
    let is_host = names::host_name(&target, false) && target.parse::<Ipv4Addr>().is_err();
    is_host.then_some(target)
}

/// Whether the proxy could reach what the record points at: it cannot proxy into a private network.
pub(super) fn proxiable(kind: Kind, content: &str) -> bool {
    match kind {
        Kind::A | Kind::Aaaa => content.parse().is_ok_and(|address| !unreachable(address)),
        Kind::Cname => true,
        Kind::Txt | Kind::Mx | Kind::Ns => false,
    }
}

/// Private, loopback, link-local, shared (100.64/10), unspecified, and their IPv6 counterparts.
pub(crate) fn unreachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(v6) => {
            v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local()
        }
    }
}
