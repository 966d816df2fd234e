//! How Cloudflare reads the name of a record: relative or absolute, any case, Unicode or Punycode.
//!
//! Names come out absolute, lower case, in Punycode and without the trailing dot, as the API returns them.

use super::envelope::Refusal;

/// The absolute form of `input` in the zone called `zone`.
///
/// A name that does not end in the zone is relative to it, even when it looks absolute: that is how
/// `host.other.example` ends up as `host.other.example.example.test`.
pub(super) fn absolute(input: &str, zone: &str) -> Result<String, Refusal> {
    let invalid = || Refusal::bad(9000, "DNS name is invalid.");
    let name = ascii(input.strip_suffix('.').unwrap_or(input)).ok_or_else(invalid)?;
    let full = if name == "@" || name == zone {
        zone.to_owned()
    } else if name.ends_with(&format!(".{zone}")) {
        name
    } else {
        format!("{name}.{zone}")
    };
    if host_name(&full, true) { Ok(full) } else { Err(invalid()) }
}

/// The lower-case Punycode form, or `None` when there is none.
pub(super) fn ascii(name: &str) -> Option<String> {
    // Plain names skip the conversion, which would refuse "@", "*" and "_acme-challenge" in strict modes.
    if name.is_ascii() {
        return Some(name.to_ascii_lowercase());
    }
    idna::domain_to_ascii(name).ok()
}

/// Whether `name` is a legal absolute name. Underscores are legal in DNS, a star only as the whole first label.
pub(super) fn host_name(name: &str, star: bool) -> bool {
    let label = |(at, label): (usize, &str)| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (star && at == 0 && label == "*")
            || ((1..=63).contains(&label.len())
                && label.bytes().all(legal)
                && !label.starts_with('-')
                && !label.ends_with('-'))
    };
    name.len() <= 253 && name.split('.').enumerate().all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_absolute() {
        for (input, expected) in [
            ("@", "example.test"),
            ("example.test", "example.test"),
            ("example.test.", "example.test"),
            ("www", "www.example.test"),
            ("WWW.Example.Test", "www.example.test"),
            ("bücher", "xn--bcher-kva.example.test"),
            ("xn--bcher-kva", "xn--bcher-kva.example.test"),
            ("*", "*.example.test"),
            ("*.a", "*.a.example.test"),
            ("_acme-challenge.a", "_acme-challenge.a.example.test"),
            ("a.other.example", "a.other.example.example.test"),
        ] {
            assert_eq!(absolute(input, "example.test").ok().as_deref(), Some(expected), "{input}");
        }
    }

    #[test]
    fn names_that_break_dns_are_refused() {
        let long = "a".repeat(64);
        let deep = vec!["abcdefghi"; 25].join(".");
        for input in ["", ".", "a..b", "a b", "-a", "a-", "a.*", "a*", "ex/ample", &long, &deep] {
            assert!(absolute(input, "example.test").is_err(), "{input}");
        }
    }
}
