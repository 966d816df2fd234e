//! MAC addresses and the makers behind them.
//!
//! The table is a small extract of the IEEE registry: boards, small computers and routers that stand in home
//! labs. It is a hint for people, never evidence, since anybody can set any MAC address.

use serde::{Deserialize, Serialize};
use std::{collections::HashMap, fmt, str::FromStr, sync::OnceLock};
use ts_rs::TS;

/// A 48-bit link-layer address, written `b8:27:eb:01:02:03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// The maker's short name, where the prefix is in the table.
    pub fn vendor(&self) -> Option<&'static str> {
        let digits = hex(&self.0);
        let table = table();
        // Small makers own 28 or 36 bits of a shared prefix, so the longest match speaks.
        [9, 7, 6, 4].iter().find_map(|&length| table.get(&digits[..length]).copied())
    }

    /// Made up by software and not registered to a maker: the "locally administered" bit.
    pub fn is_random(&self) -> bool {
        self.0[0] & 0x02 != 0
    }

    /// Can stand for one network card: neither a group address nor all zeros.
    pub fn is_card(&self) -> bool {
        self.0[0] & 0x01 == 0 && self.0 != [0; 6]
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn table() -> &'static HashMap<&'static str, &'static str> {
    static TABLE: OnceLock<HashMap<&str, &str>> = OnceLock::new();
    TABLE.get_or_init(|| parse(include_str!("vendors.txt")))
}

fn parse(text: &'static str) -> HashMap<&'static str, &'static str> {
    let mut table = HashMap::new();
    let mut maker = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_suffix(':') {
            Some(name) => maker = name,
            None => table.extend(line.split_whitespace().map(|prefix| (prefix, maker))),
        }
    }
    table
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.to_string()
    }
}

impl FromStr for Mac {
    type Err = String;

    /// Six groups of one or two hex digits between colons or dashes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || format!("{text:?} is no MAC address");
        let mut bytes = [0; 6];
        let mut groups = text.split([':', '-']);
        for byte in &mut bytes {
            let group = groups.next().filter(|group| matches!(group.len(), 1 | 2)).ok_or_else(invalid)?;
            *byte = u8::from_str_radix(group, 16).map_err(|_| invalid())?;
        }
        if groups.next().is_some() { Err(invalid()) } else { Ok(Self(bytes)) }
    }
}

impl TryFrom<String> for Mac {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_tells_the_maker() {
        for (mac, vendor, random) in [
            ("b8:27:eb:12:34:56", Some("Raspberry Pi"), false),
            ("2C:CF:67:00:00:01", Some("Raspberry Pi"), false),
            ("00:1e:06:00:00:01", Some("Odroid"), false),
            ("c0:74:2b:00:00:01", Some("Orange Pi"), false),
            ("d0:50:99:00:00:01", Some("ASRock"), false),
            ("00:11:32:00:00:01", Some("Synology"), false),
            ("10-dc-b6-9a-00-01", Some("Rockchip"), false),
            ("10:dc:b6:1a:00:01", None, false),
            ("52:54:00:ab:cd:ef", Some("QEMU"), true),
            ("02:42:ac:11:00:02", Some("Docker"), true),
            ("da:a1:19:00:00:01", None, true),
            ("00:00:5e:00:01:01", None, false),
        ] {
            let mac: Mac = mac.parse().unwrap();
            assert_eq!((mac.vendor(), mac.is_random()), (vendor, random), "{mac}");
        }
    }

    #[test]
    fn every_prefix_of_the_table_is_hex_of_a_length_that_is_looked_up() {
        for (prefix, maker) in table() {
            assert!(matches!(prefix.len(), 4 | 6 | 7 | 9), "{maker} {prefix}");
            assert!(
                prefix.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)),
                "{maker} {prefix}"
            );
            assert!(!maker.is_empty(), "{prefix} has no maker");
        }
    }

    #[test]
    fn only_six_groups_make_a_mac_address() {
        for text in
            ["", "b8:27:eb", "b8:27:eb:12:34:56:78", "b8:27:eb:12:34:5g", "b827eb123456", "+1:2:3:4:5:6:7"]
        {
            assert!(text.parse::<Mac>().is_err(), "{text}");
        }
        assert_eq!(serde_json::to_string(&Mac([0, 1, 2, 3, 4, 0xff])).unwrap(), "\"00:01:02:03:04:ff\"");
    }
}
