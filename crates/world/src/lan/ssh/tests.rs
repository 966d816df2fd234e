//! Servers that mean harm, each on a loopback socket: whatever they send, a visit ends soon and calmly.

use super::*;
use std::time::Instant;
use tokio::{io::AsyncWriteExt, net::TcpListener};

/// Sends `said` to whoever connects, then `and_then`, and returns what a visit reports.
async fn visit(said: Vec<u8>, and_then: AndThen) -> Vec<Sighting> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let said = said.clone();
            tokio::spawn(async move {
                _ = stream.write_all(&said).await;
                match and_then {
                    AndThen::Close => {}
                    AndThen::Stall => std::future::pending().await,
                    AndThen::Flood(byte) => while stream.write_all(&[byte; 4096]).await.is_ok() {},
                }
            });
        }
    });
    let stream = TcpStream::connect(address).await.unwrap();
    let mut reports = Vec::new();
    listen(address.ip(), address.port(), stream, |sighting| reports.push(sighting.tamed())).await;
    server.abort();
    reports
}

#[derive(Clone, Copy)]
enum AndThen {
    Close,
    Stall,
    Flood(u8),
}

fn packet(payload: &[u8]) -> Vec<u8> {
    let padding = 16 - (5 + payload.len()) % 8;
    let mut bytes = ((payload.len() + padding + 1) as u32).to_be_bytes().to_vec();
    bytes.push(padding as u8);
    bytes.extend(payload);
    bytes.resize(bytes.len() + padding, 0);
    bytes
}

fn kexinit(lists: &[&str]) -> Vec<u8> {
    let mut payload = vec![20];
    payload.extend([7; 16]);
    for list in lists {
        payload.extend((list.len() as u32).to_be_bytes());
        payload.extend(list.as_bytes());
    }
    payload.extend([0; 5]);
    packet(&payload)
}

fn after_greeting(more: &[u8]) -> Vec<u8> {
    [b"SSH-2.0-evil\r\n", more].concat()
}

const GOOD: [&str; 10] = [
    "curve25519-sha256",
    "ssh-ed25519",
    "aes256-ctr",
    "aes256-ctr",
    "hmac-sha2-256",
    "hmac-sha2-256",
    "none",
    "none",
    "",
    "",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_servers_cost_a_bounded_visit_and_prove_no_key() {
    let reply = |key: &[u8], public: &[u8]| {
        let mut payload = vec![31];
        for part in [key, public, &[0; 83]] {
            payload.extend((part.len() as u32).to_be_bytes());
            payload.extend(part);
        }
        [kexinit(&GOOD), packet(&payload)].concat()
    };
    let ed25519 = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[9; 32]].concat();
    let cases: Vec<(&str, Vec<u8>, AndThen, &str)> = vec![
        ("says nothing", vec![], AndThen::Stall, ""),
        ("closes at once", vec![], AndThen::Close, ""),
        (
            "another protocol",
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            AndThen::Close,
            "HTTP/1.1 400 Bad Request",
        ),
        ("a line without end", vec![], AndThen::Flood(b'A'), "A"),
        ("lines without end", vec![], AndThen::Flood(b'\n'), ""),
        ("SSH- without end", b"SSH-2.0-".to_vec(), AndThen::Flood(b'x'), "SSH-2.0-x"),
        (
            "control characters",
            b"SSH-2.0-\x1b[2J\x07evil\r\n".to_vec(),
            AndThen::Close,
            "SSH-2.0-\u{fffd}[2J\u{fffd}evil",
        ),
        ("no UTF-8", b"SSH-2.0-\xff\xfe\r\n".to_vec(), AndThen::Close, "SSH-2.0-\u{fffd}\u{fffd}"),
        ("text before", b"hello\r\nSSH-2.0-x\r\n".to_vec(), AndThen::Close, "SSH-2.0-x"),
        ("old protocol", b"SSH-1.5-x\r\n".to_vec(), AndThen::Stall, "SSH-1.5-x"),
        ("stalls before the offer", after_greeting(&[]), AndThen::Stall, "SSH-2.0-evil"),
        ("zeros for ever", after_greeting(&[]), AndThen::Flood(0), "SSH-2.0-evil"),
        ("0xff for ever", after_greeting(&[]), AndThen::Flood(0xff), "SSH-2.0-evil"),
        ("a packet of 4 GiB", after_greeting(&[0xff; 64]), AndThen::Stall, "SSH-2.0-evil"),
        ("a packet of length 0", after_greeting(&[0; 64]), AndThen::Close, "SSH-2.0-evil"),
        (
            "padding beyond the packet",
            after_greeting(&[0, 0, 0, 12, 255, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            AndThen::Close,
            "SSH-2.0-evil",
        ),
        ("an empty offer", after_greeting(&kexinit(&[""; 10])), AndThen::Stall, "SSH-2.0-evil"),
        ("lists that are too short", after_greeting(&kexinit(&GOOD[..3])), AndThen::Stall, "SSH-2.0-evil"),
        (
            "a list longer than the packet",
            after_greeting(&packet(&[&[20; 17][..], &[0xff; 8]].concat())),
            AndThen::Stall,
            "SSH-2.0-evil",
        ),
        ("a key of zero bytes", after_greeting(&reply(&[], &[0; 32])), AndThen::Stall, "SSH-2.0-evil"),
        ("the all-zero point", after_greeting(&reply(&ed25519, &[0; 32])), AndThen::Stall, "SSH-2.0-evil"),
        (
            "a point of the wrong length",
            after_greeting(&reply(&ed25519, &[9; 7])),
            AndThen::Stall,
            "SSH-2.0-evil",
        ),
        ("a false signature", after_greeting(&reply(&ed25519, &[9; 32])), AndThen::Stall, "SSH-2.0-evil"),
        (
            "ignore messages for ever",
            after_greeting(&packet(&[2, 0, 0, 0, 0]).repeat(20_000)),
            AndThen::Stall,
            "SSH-2.0-evil",
        ),
    ];
    let visits = cases.into_iter().map(|(why, said, and_then, expected)| async move {
        let started = Instant::now();
        let reports = visit(said, and_then).await;
        let Some(Sighting::SshBanner { banner, .. }) = reports.first() else { panic!("{why}: {reports:?}") };
        assert!(banner.starts_with(expected) && banner.chars().count() <= 255, "{why}: {banner:?}");
        assert_eq!(reports.len(), 1, "{why}: no key was proven");
        assert!(started.elapsed() < Duration::from_secs(15), "{why}: {:?}", started.elapsed());
    });
    futures::future::join_all(visits).await;
}

#[test]
fn the_offer_is_read_whole_or_not_at_all() {
    let heard = [b"hello\nSSH-2.0-x\r\n", &kexinit(&GOOD)[..]].concat();
    assert_eq!(offered(&heard), ["ssh-ed25519"]);
    for cut in 0..heard.len() {
        let read = offered(&heard[..cut]);
        assert!(read.is_empty() || read == ["ssh-ed25519"], "cut at {cut}: {read:?}");
    }
    for at in 0..heard.len() {
        let mut broken = heard.clone();
        broken[at] ^= 0xff;
        offered(&broken);
    }
}
