//! Names and DNS records: what a hostname may be, which zone holds it, whose record it is, what resolvers answer.
//!
//! Whether a record is proxied by Cloudflare ("orange") or plain DNS ("grey") is an enum, since it decides
//! who can reach the name. Asking the API and the resolvers is `world`'s business.

mod answers;
mod hostname;
mod records;
mod wildcard;

pub use answers::{Answers, explain};
pub use hostname::Hostname;
pub use records::{
    DnsRecord, NameWish, NewRecord, Proxy, RecordWrites, TUNNEL_DOMAIN, is_ours, lan_records, owner_mark,
    tunnel_record, writes,
};
pub use wildcard::{Wildcard, wildcards};

use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A zone of the account, as far as records need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Zone {
    pub id: String,
    pub name: String,
    pub account_id: String,
    pub active: bool,
}

/// The zone that holds a name: the longest one that it lies in.
pub fn zone_of<'a>(name: &Hostname, zones: &'a [Zone]) -> Result<&'a Zone, Problem> {
    zones.iter().filter(|zone| name.is_in(&zone.name)).max_by_key(|zone| zone.name.len()).ok_or_else(|| {
        let known = zones.iter().map(|zone| zone.name.as_str()).collect::<Vec<_>>().join(", ");
        Problem::new(Code::ZoneMissing).arg("hostname", name).arg("zones", known)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> Zone {
        Zone { id: name.into(), name: name.into(), account_id: "a".into(), active: true }
    }

    #[test]
    fn the_longest_zone_holds_a_name() {
        let zones = [zone("example.test"), zone("home.example.test"), zone("ample.test")];
        let of = |name| zone_of(&Hostname::parse(name).unwrap(), &zones).map(|zone| zone.name.as_str());
        assert_eq!(of("echo.home.example.test"), Ok("home.example.test"));
        assert_eq!(of("example.test"), Ok("example.test"));
        assert_eq!(of("echo.other.net").unwrap_err().code, Code::ZoneMissing);
    }

    proptest! {
        #[test]
        fn no_zone_of_an_account_is_better_than_the_one_that_is_chosen(
            name in prop::collection::vec("[ab]{1,2}", 2..6), zones in prop::collection::vec("[ab]{1,2}(\\.[ab]{1,2}){1,4}", 0..8)
        ) {
            let name = Hostname::parse(&name.join(".")).unwrap();
            let zones: Vec<Zone> = zones.iter().map(|text| zone(text)).collect();
            let holders: Vec<&Zone> = zones.iter().filter(|zone| name.is_in(&zone.name)).collect();
            match zone_of(&name, &zones) {
                Ok(chosen) => prop_assert!(holders.iter().all(|zone| zone.name.len() <= chosen.name.len())),
                Err(problem) => prop_assert!(holders.is_empty() && problem.code == Code::ZoneMissing),
            }
        }
    }
}
