//! Keys and certificates as text and bytes: PEM, one step of DER, and the times that certificates carry.
//!
//! Only what practice writes and reads; certificates themselves are made by rcgen and read by x509-parser.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The bytes as a PEM block with this label.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut block = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        block += &String::from_utf8_lossy(line);
        block.push('\n');
    }
    block + &format!("-----END {label}-----\n")
}

/// The label and the bytes of the first block.
pub(crate) fn decode(text: &[u8]) -> Option<(String, Vec<u8>)> {
    let (_, block) = x509_parser::pem::parse_x509_pem(text).ok()?;
    Some((block.label, block.contents))
}

/// A value with this tag and its length before it.
pub(crate) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let mut value = vec![tag];
    if content.len() >= 0x80 {
        value.push(0x80 | u8::try_from(significant.len()).unwrap_or(0x7f));
    }
    value.extend_from_slice(significant);
    value.extend_from_slice(content);
    value
}

/// Unix milliseconds in the type that rcgen's certificates want.
pub(crate) fn time<T: From<std::time::SystemTime>>(at: i64) -> T {
    let since = std::time::Duration::from_millis(u64::try_from(at).unwrap_or_default());
    T::from(std::time::UNIX_EPOCH + since)
}
