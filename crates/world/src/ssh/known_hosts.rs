//! The user's `known_hosts` files, read and never written.
//!
//! OpenSSH's rules: hashed names, `[host]:port`, wildcards and negation, `@revoked`. A `@cert-authority`
//! line names an authority, not a host, so it is passed over: host certificates are not asked for.

use super::host_keys::describe;
use aws_lc_rs::hmac;
use portico_domain::credential::HostKey;
use russh::keys::PublicKey;
use russh::keys::ssh_key::known_hosts::{Entry, HostPatterns, KnownHosts, Marker};
use std::path::{Path, PathBuf};

/// What the files say of one presented key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Saying {
    Nothing,
    Known,
    Revoked(PathBuf),
    /// Other keys are on file for this host.
    Others(Vec<HostKey>, PathBuf),
}

/// Reads what can be read: a missing file is an empty one, and a line that cannot be parsed is skipped, as
/// `ssh` does.
fn entries(path: &Path) -> Vec<Entry> {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().flat_map(|line| KnownHosts::new(line).filter_map(Result::ok).collect::<Vec<_>>()).collect()
}

pub(super) fn consult(files: &[PathBuf], address: &str, port: u16, key: &PublicKey) -> Saying {
    let name = lookup_name(address, port);
    let bare = address.to_lowercase();
    let mut known = false;
    let mut others: Option<(Vec<HostKey>, PathBuf)> = None;
    for file in files {
        for entry in entries(file) {
            let here = names(&entry, &name);
            let same = entry.public_key().key_data() == key.key_data();
            match entry.marker() {
                Some(Marker::Revoked) if same && (here || names(&entry, &bare)) => {
                    return Saying::Revoked(file.clone());
                }
                Some(_) => {}
                // A key on file under the bare name vouches for the same key on another port, as with `ssh`.
                None if same && (here || names(&entry, &bare)) => known = true,
                None if here => others
                    .get_or_insert_with(|| (Vec::new(), file.clone()))
                    .0
                    .push(describe(entry.public_key())),
                None => {}
            }
        }
    }
    match (known, others) {
        (true, _) => Saying::Known,
        (false, Some((keys, file))) => Saying::Others(keys, file),
        (false, None) => Saying::Nothing,
    }
}

/// The keys on file for this host, so that the server can be asked for one that is known.
pub(super) fn keys_of(files: &[PathBuf], address: &str, port: u16) -> Vec<PublicKey> {
    let name = lookup_name(address, port);
    files
        .iter()
        .flat_map(|file| entries(file))
        .filter(|entry| entry.marker().is_none() && names(entry, &name))
        .map(|entry| entry.public_key().clone())
        .collect()
}

/// The names under which this key is on file.
pub(super) fn names_of(files: &[PathBuf], key: &PublicKey) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for entry in entries(file) {
            if entry.marker().is_none() && entry.public_key().key_data() == key.key_data() {
                match entry.host_patterns() {
                    HostPatterns::Patterns(patterns) => found.extend(patterns.iter().cloned()),
                    HostPatterns::HashedName { .. } => {
                        found.push(format!("a hashed name in {}", file.display()))
                    }
                }
            }
        }
    }
    found
}

fn lookup_name(address: &str, port: u16) -> String {
    let address = address.to_lowercase();
    if port == 22 { address } else { format!("[{address}]:{port}") }
}

fn names(entry: &Entry, name: &str) -> bool {
    match entry.host_patterns() {
        HostPatterns::HashedName { salt, hash } => {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
            hmac::verify(&key, name.as_bytes(), hash).is_ok()
        }
        HostPatterns::Patterns(patterns) => {
            let mut matched = false;
            for pattern in patterns {
                match pattern.strip_prefix('!') {
                    Some(pattern) if matches(pattern, name) => return false,
                    Some(_) => {}
                    None => matched |= matches(pattern, name),
                }
            }
            matched
        }
    }
}

/// OpenSSH's patterns: `*` and `?`, case ignored.
fn matches(pattern: &str, name: &str) -> bool {
    fn rest(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some((b'*', after)), _) => {
                rest(after, name) || name.split_first().is_some_and(|(_, less)| rest(pattern, less))
            }
            (Some((b'?', after)), Some((_, less))) => rest(after, less),
            (Some((p, after)), Some((n, less))) => p.eq_ignore_ascii_case(n) && rest(after, less),
            _ => false,
        }
    }
    rest(pattern.as_bytes(), name.as_bytes())
}
