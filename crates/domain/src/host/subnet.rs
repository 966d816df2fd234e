//! Subnets to scan: reading them, and refusing those that cannot be meant.
//!
//! IPv4 alone: an IPv6 link has 2^64 addresses and is found by announcements, not by asking each.

use crate::problem::{Code, Problem};
use ipnet::Ipv4Net;

/// From this many addresses on, a scan must be asked for explicitly: a /16.
pub const LARGE: u64 = 1 << 16;

/// Reads `192.168.1.0/24`. An address inside stands for its subnet, so `192.168.1.7/24` is the same.
///
/// # Errors
/// `SubnetInvalid` for anything that is not an IPv4 subnet with hosts on a link or behind a router.
pub fn parse(text: &str) -> Result<Ipv4Net, Problem> {
    let invalid = |why: &str| Problem::new(Code::SubnetInvalid).arg("subnet", text.trim()).detail(why);
    let net: Ipv4Net = text.trim().parse().map_err(|_| invalid("not ADDRESS/PREFIX of IPv4"))?;
    let net = net.trunc();
    let first = net.network();
    if first.is_multicast() || first.octets()[0] >= 240 || (first.octets()[0] == 0 && net.prefix_len() > 0) {
        return Err(invalid("no host can have such an address"));
    }
    Ok(net)
}

/// The number of addresses that a host can have in it.
pub fn addresses(net: Ipv4Net) -> u64 {
    (1_u64 << (32 - net.prefix_len())).saturating_sub(2)
}

/// Checks a whole choice of subnets.
///
/// # Errors
/// `NoSubnet` when there is none, `SubnetEmpty` for a prefix of 31 or 32 (no host beside the ends),
/// `SubnetOverlap` with both, `SubnetTooLarge` with the number of addresses when one, or all together, reach
/// [`LARGE`] and `allow_large` is false.
pub fn check(subnets: &[Ipv4Net], allow_large: bool) -> Result<(), Problem> {
    if subnets.is_empty() {
        return Err(Problem::new(Code::NoSubnet));
    }
    for (index, net) in subnets.iter().enumerate() {
        if net.prefix_len() > 30 {
            return Err(Problem::new(Code::SubnetEmpty).arg("subnet", net));
        }
        if let Some(other) = subnets[..index].iter().find(|other| other.contains(net) || net.contains(*other))
        {
            return Err(Problem::new(Code::SubnetOverlap).arg("subnet", net).arg("other", other));
        }
        if !allow_large && 1_u64 << (32 - net.prefix_len()) >= LARGE {
            return Err(Problem::new(Code::SubnetTooLarge)
                .arg("subnet", net)
                .arg("addresses", addresses(*net)));
        }
    }
    let all: u64 = subnets.iter().copied().map(addresses).sum();
    if !allow_large && all >= LARGE {
        let list = subnets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Problem::new(Code::SubnetTooLarge).arg("subnet", list).arg("addresses", all));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_is_read_or_refused() {
        for (text, read) in [
            ("192.168.1.0/24", Some("192.168.1.0/24")),
            (" 192.168.1.77/24 ", Some("192.168.1.0/24")),
            ("127.77.0.0/24", Some("127.77.0.0/24")),
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("192.168.1.0", None),
            ("192.168.1.0/33", None),
            ("192.168.1/24", None),
            ("fe80::/64", None),
            ("224.0.0.0/24", None),
            ("240.1.2.0/24", None),
            ("0.1.2.0/24", None),
            ("", None),
            ("all", None),
        ] {
            match (parse(text), read) {
                (Ok(net), Some(read)) => assert_eq!(net.to_string(), read),
                (Err(problem), None) => assert_eq!(problem.code, Code::SubnetInvalid, "{text}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }

    #[test]
    fn a_choice_is_checked_as_a_whole() {
        let code = |list: &[&str], allow| {
            let nets: Vec<_> = list.iter().map(|text| parse(text).unwrap()).collect();
            check(&nets, allow).err().map(|problem| problem.code)
        };
        assert_eq!(code(&["192.168.1.0/24", "192.168.2.0/24"], false), None);
        assert_eq!(code(&[], false), Some(Code::NoSubnet));
        assert_eq!(code(&["192.168.1.4/32"], false), Some(Code::SubnetEmpty));
        assert_eq!(code(&["192.168.1.4/31"], false), Some(Code::SubnetEmpty));
        assert_eq!(code(&["192.168.1.4/30"], false), None);
        assert_eq!(code(&["192.168.0.0/23", "192.168.1.0/24"], false), Some(Code::SubnetOverlap));
        assert_eq!(code(&["192.168.1.0/24", "192.168.1.0/24"], true), Some(Code::SubnetOverlap));
        assert_eq!(code(&["10.1.0.0/16"], false), Some(Code::SubnetTooLarge));
        assert_eq!(code(&["10.1.0.0/16"], true), None);
        assert_eq!(code(&["10.1.0.0/17"], false), None);
        assert_eq!(code(&["10.1.0.0/17", "10.2.0.0/17", "10.3.0.0/24"], false), Some(Code::SubnetTooLarge));
        assert_eq!(code(&["0.0.0.0/0"], false), Some(Code::SubnetTooLarge));
    }

    #[test]
    fn the_refusal_says_how_many_addresses() {
        let problem = check(&[parse("10.1.0.0/16").unwrap()], false).unwrap_err();
        assert_eq!(problem.args["addresses"], "65534");
    }
}
