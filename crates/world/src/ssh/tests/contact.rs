//! The first contact, pins, and the user's known hosts.

use super::sshd::{Sshd, tool};
use super::*;

#[tokio::test]
async fn the_first_contact_waits_for_a_yes_and_a_changed_key_stops() {
    let mut sshd = Sshd::start().await;
    let shown = tool("ssh-keygen", &["-l", "-f", sshd.path("host_ed25519.pub").to_str().unwrap()]).await;
    let host_keys = sshd.host_keys("");

    let error = refused(sshd.connect(&host_keys).await);
    let SshError::HostKeyUnknown { presented, known_at, .. } = &error else { panic!("{error:?}") };
    assert_eq!(presented.kind, "ssh-ed25519");
    assert!(shown.contains(&presented.fingerprint), "{shown} lacks {}", presented.fingerprint);
    assert!(known_at.is_empty());
    assert_eq!(code(&error), Code::HostKeyUnknown);
    let first = presented.clone();

    host_keys.pin("127.0.0.1", sshd.port, &first).unwrap();
    let session = sshd.connect(&host_keys).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(session.host_key(), &*first);
    assert_eq!(session.peer().port(), sshd.port);
    drop(session);

    sshd.reinstall().await;
    let error = refused(sshd.connect(&host_keys).await);
    let SshError::HostKeyChanged { pinned, presented, .. } = &error else { panic!("{error:?}") };
    assert_eq!(pinned, &[*first.clone()]);
    assert_ne!(presented.fingerprint, first.fingerprint);
    let problem = Problem::from(&error);
    assert_eq!(problem.args["pinned"], format!("ssh-ed25519 {}", first.fingerprint));
    assert_eq!(problem.args["presented"], format!("ssh-ed25519 {}", presented.fingerprint));
    assert_eq!(problem.args["key"], presented.key, "what a yes would pin");

    // Only forgetting the old key on purpose leads back to the question.
    let pins = host_keys.pins().unwrap();
    assert_eq!(pins.len(), 1);
    assert_eq!((&pins[0].0[..], pins[0].1), ("127.0.0.1", sshd.port));
    host_keys.forget("127.0.0.1", sshd.port).unwrap();
    assert!(host_keys.pins().unwrap().is_empty());
    assert_eq!(code(&refused(sshd.connect(&host_keys).await)), Code::HostKeyUnknown);
}

#[tokio::test]
async fn a_known_machine_at_a_new_address_is_recognised() {
    let sshd = Sshd::start().await;
    let host_keys = sshd.host_keys("");
    let error = refused(sshd.connect(&host_keys).await);
    let SshError::HostKeyUnknown { presented, .. } = error else { panic!("{error:?}") };
    host_keys.pin("192.0.2.7", 22, &presented).unwrap();

    let error = refused(sshd.connect(&host_keys).await);
    let SshError::HostKeyUnknown { known_at, .. } = &error else { panic!("{error:?}") };
    assert_eq!(known_at, &["192.0.2.7:22"]);
    assert_eq!(Problem::from(&error).args["knownAt"], "192.0.2.7:22");
}

#[tokio::test]
async fn known_hosts_are_honoured() {
    let sshd = Sshd::start().await;
    let line = |file: &str| {
        let text = std::fs::read_to_string(sshd.path(file)).unwrap();
        text.rsplit_once(' ').unwrap().0.to_owned()
    };
    let (ed25519, rsa, user) = (line("host_ed25519.pub"), line("host_rsa.pub"), line("user_key.pub"));
    let name = format!("[127.0.0.1]:{}", sshd.port);
    let hashed = {
        let file = sshd.path("to_hash");
        std::fs::write(&file, format!("{name} {ed25519}\n")).unwrap();
        tool("ssh-keygen", &["-H", "-f", file.to_str().unwrap()]).await;
        std::fs::read_to_string(&file).unwrap()
    };
    assert!(hashed.starts_with("|1|"));
    let cases = [
        ("plain", format!("{name} {ed25519}"), None),
        ("hashed", hashed, None),
        ("one of several names", format!("pi-1,{name} {ed25519}"), None),
        ("wildcard", format!("[127.0.0.*]:* {ed25519}"), None),
        ("without the port", format!("127.0.0.1 {ed25519}"), None),
        ("after a broken line", format!("{name} ssh-ed25519 %%%\n{name} {ed25519}"), None),
        ("only the RSA key is known", format!("{name} {rsa}"), None),
        ("excluded", format!("[127.0.0.*]:*,!{name} {ed25519}"), Some(Code::HostKeyUnknown)),
        ("another key", format!("{name} {user}"), Some(Code::HostKeyChanged)),
        ("another key under the bare name", format!("127.0.0.1 {user}"), Some(Code::HostKeyUnknown)),
        ("another host", format!("192.0.2.1 {ed25519}"), Some(Code::HostKeyUnknown)),
        ("authority", format!("@cert-authority * {ed25519}"), Some(Code::HostKeyUnknown)),
        ("revoked", format!("{name} {ed25519}\n@revoked * {ed25519}"), Some(Code::HostKeyRevoked)),
    ];
    for (case, text, expected) in cases {
        let outcome = sshd.connect(&sshd.host_keys(&format!("# comment\n\n{text}\n"))).await;
        assert_eq!(outcome.as_ref().err().map(code), expected, "{case}: {:?}", outcome.err());
    }
}

#[tokio::test]
async fn a_pin_outranks_known_hosts_but_not_a_revocation() {
    let sshd = Sshd::start().await;
    let host_keys = sshd.trusted().await;
    let user = std::fs::read_to_string(sshd.path("user_key.pub")).unwrap();
    let file = sshd.path("known_hosts");
    std::fs::write(&file, format!("[127.0.0.1]:{} {user}", sshd.port)).unwrap();
    assert!(sshd.connect(&host_keys).await.is_ok(), "the later decision holds");

    let host = std::fs::read_to_string(sshd.path("host_ed25519.pub")).unwrap();
    std::fs::write(&file, format!("@revoked * {host}")).unwrap();
    assert_eq!(code(&refused(sshd.connect(&host_keys).await)), Code::HostKeyRevoked);
}

#[tokio::test]
async fn pins_are_private_and_a_broken_file_stops() {
    use std::os::unix::fs::PermissionsExt;
    let sshd = Sshd::start().await;
    let host_keys = sshd.trusted().await;
    let pins = sshd.path("pins.json");
    assert_eq!(std::fs::metadata(&pins).unwrap().permissions().mode() & 0o777, 0o600);

    // Taking a broken file for an empty one would turn every known machine into a new one.
    std::fs::write(&pins, "{\"version\":1,\"pins\":[{\"addr").unwrap();
    assert_eq!(code(&refused(sshd.connect(&host_keys).await)), Code::HostKeysUnreadable);
    std::fs::write(&pins, "{\"version\":9,\"pins\":[]}").unwrap();
    assert_eq!(code(&refused(sshd.connect(&host_keys).await)), Code::HostKeysUnreadable);
}

#[test]
fn pins_made_at_the_same_time_are_all_kept() {
    let dir = tempfile::tempdir().unwrap();
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    let key = portico_domain::credential::HostKey {
        kind: "ssh-ed25519".into(),
        fingerprint: String::new(),
        key: key.into(),
    };
    std::thread::scope(|scope| {
        for port in 1..=16 {
            let (key, path) = (&key, dir.path().join("pins.json"));
            scope.spawn(move || HostKeys::new(path, vec![]).pin("10.0.0.1", port, key).unwrap());
        }
    });
    let kept = HostKeys::new(dir.path().join("pins.json"), vec![]);
    assert_eq!(kept.known_at(&key).unwrap().len(), 16);
    assert_eq!(kept.pinned("10.0.0.1", 7).unwrap()[0].key, key.key);
}
