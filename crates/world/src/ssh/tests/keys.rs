//! Key files, the agent, and `~/.ssh/config`.

use super::sshd::{Sshd, keygen, tool};
use super::*;
use portico_domain::credential::Secret;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::{Child, Command};

fn key_file(path: PathBuf, passphrase: Option<&str>) -> Login {
    let passphrase = passphrase.map(|text| Secret::new(text.to_owned()));
    Login::new(vec![Method::KeyFile { path, passphrase }])
}

async fn admit(sshd: &Sshd, public: &Path) {
    let mut keys = std::fs::read_to_string(sshd.path("authorized_keys")).unwrap();
    keys.push_str(&std::fs::read_to_string(public).unwrap());
    std::fs::write(sshd.path("authorized_keys"), keys).unwrap();
}

#[tokio::test]
async fn every_usual_kind_of_key_file_opens_the_door() {
    let sshd = Sshd::start().await;
    let host_keys = sshd.trusted().await;
    let pem: &[&str] = &["-b", "2048", "-m", "PEM"];
    let cases: [(&str, &str, &str, &[&str]); 6] = [
        ("ed25519_locked", "ed25519", "open sesame", &[]),
        ("rsa", "rsa", "", &["-b", "2048"]),
        ("ecdsa", "ecdsa", "", &[]),
        ("rsa_pem", "rsa", "", pem),
        ("rsa_pem_locked", "rsa", "open sesame", pem),
        ("rsa_pkcs8_locked", "rsa", "open sesame", &["-b", "2048", "-m", "PKCS8"]),
    ];
    for (name, kind, passphrase, more) in cases {
        keygen(&sshd.path(name), kind, passphrase, more).await;
        admit(&sshd, &sshd.path(&format!("{name}.pub"))).await;
        let given = Some(passphrase).filter(|text| !text.is_empty());
        let outcome = sshd.log_in(&host_keys, &key_file(sshd.path(name), given)).await;
        assert!(outcome.is_ok(), "{name}: {:?}", outcome.err());
        if given.is_some() {
            let none = sshd.log_in(&host_keys, &key_file(sshd.path(name), None)).await;
            assert_eq!(code(&refused(none)), Code::PassphraseNeeded, "{name}");
            let wrong = sshd.log_in(&host_keys, &key_file(sshd.path(name), Some("open sesam"))).await;
            assert_eq!(code(&refused(wrong)), Code::PassphraseWrong, "{name}");
        }
    }
}

#[tokio::test]
async fn a_key_file_that_cannot_be_used_says_why() {
    let sshd = Sshd::start().await;
    let host_keys = sshd.trusted().await;
    let write = |name: &str, text: &[u8]| std::fs::write(sshd.path(name), text).unwrap();
    write("dsa", b"-----BEGIN DSA PRIVATE KEY-----\nMIIBuwIBAAKBgQ==\n-----END DSA PRIVATE KEY-----\n");
    write("putty.ppk", b"PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\n");
    write("notes.txt", b"my keys are in the drawer\n");
    write("empty", b"");
    write("binary", &[0xff, 0xfe, 0x00, 0x80]);
    write(
        "cut",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE KEY-----\n",
    );
    write(
        "old_pem",
        b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,00\n\nAAAA\n",
    );
    let cases = [
        ("absent", Code::KeyFileMissing, ""),
        ("bin", Code::KeyFileUnreadable, ""),
        ("user_key.pub", Code::KeyKindUnsupported, "public key"),
        ("putty.ppk", Code::KeyKindUnsupported, "PuTTY key"),
        ("dsa", Code::KeyKindUnsupported, "DSA key"),
        ("notes.txt", Code::KeyKindUnsupported, "file without a private key"),
        ("empty", Code::KeyKindUnsupported, "file with nothing in it"),
        ("binary", Code::KeyKindUnsupported, "binary file"),
        ("cut", Code::KeyKindUnsupported, "OpenSSH key"),
        ("old_pem", Code::KeyKindUnsupported, "outdated cipher"),
    ];
    for (name, expected, kind) in cases {
        let error = refused(sshd.log_in(&host_keys, &key_file(sshd.path(name), None)).await);
        let problem = Problem::from(&error);
        assert_eq!(problem.code, expected, "{name}");
        assert_eq!(problem.args["path"], sshd.path(name).display().to_string());
        assert!(problem.args.get("kind").is_none_or(|said| said.contains(kind)), "{name}: {problem}");
    }
}

#[tokio::test]
async fn a_refused_key_names_what_was_tried_and_what_is_offered() {
    let sshd = Sshd::start().await;
    let host_keys = sshd.trusted().await;
    keygen(&sshd.path("stranger"), "ed25519", "", &[]).await;
    let error = refused(sshd.log_in(&host_keys, &key_file(sshd.path("stranger"), None)).await);
    let problem = Problem::from(&error);
    assert_eq!(problem.code, Code::AuthenticationFailed);
    assert_eq!(problem.args["tried"], sshd.path("stranger").display().to_string());
    assert_eq!(problem.args["offered"], "publickey");

    // The next method gets its turn.
    let mut login = key_file(sshd.path("stranger"), None);
    login.methods.extend(sshd.login().methods);
    assert!(sshd.log_in(&host_keys, &login).await.is_ok());
}

/// An agent of its own that holds these keys.
async fn agent(sshd: &Sshd, keys: &[&str]) -> (Child, PathBuf) {
    let socket = sshd.path("agent");
    let mut command = Command::new("ssh-agent");
    command.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).kill_on_drop(true);
    let child = command.spawn().unwrap();
    super::sshd::eventually("the agent listens", || socket.exists()).await;
    for key in keys {
        let mut command = Command::new("ssh-add");
        command.arg("-q").arg(sshd.path(key)).env("SSH_AUTH_SOCK", &socket).stderr(Stdio::null());
        assert!(command.status().await.unwrap().success());
    }
    (child, socket)
}

#[tokio::test]
async fn the_agents_keys_are_tried_in_turn() {
    let sshd = Sshd::start().await;
    let host_keys = sshd.trusted().await;
    keygen(&sshd.path("stranger"), "ed25519", "", &[]).await;
    keygen(&sshd.path("rsa"), "rsa", "", &["-b", "2048"]).await;
    let (_agent, socket) = agent(&sshd, &["stranger", "rsa"]).await;
    let mut login = Login::new(vec![Method::Agent]);
    login.agent_socket = Some(socket);

    let problem = Problem::from(&refused(sshd.log_in(&host_keys, &login).await));
    assert_eq!(problem.code, Code::AuthenticationFailed);
    assert_eq!(problem.args["tried"].matches("agent: ").count(), 2, "{problem}");

    admit(&sshd, &sshd.path("rsa.pub")).await;
    assert!(sshd.log_in(&host_keys, &login).await.is_ok(), "an RSA key signs with SHA-2");

    // With IdentitiesOnly the agent signs for the named file's key alone, even when the file is locked.
    login.identities_only = true;
    login.methods.push(Method::KeyFile { path: sshd.path("stranger"), passphrase: None });
    let problem = Problem::from(&refused(sshd.log_in(&host_keys, &login).await));
    assert_eq!(problem.args["tried"].matches("agent: ").count(), 1, "{problem}");
}

#[tokio::test]
async fn an_absent_agent_stops_only_who_relies_on_it() {
    let sshd = Sshd::start().await;
    let host_keys = sshd.trusted().await;
    let mut login = Login::new(vec![Method::Agent]);
    login.agent_socket = Some(sshd.path("no-agent"));
    let error = refused(sshd.log_in(&host_keys, &login).await);
    assert_eq!(code(&error), Code::AgentUnavailable);
    assert!(Problem::from(&error).detail.unwrap().contains("no-agent"));
    login.methods.extend(sshd.login().methods);
    assert!(sshd.log_in(&host_keys, &login).await.is_ok());
}

#[tokio::test]
async fn too_many_keys_are_called_that() {
    let sshd = Sshd::start_with("MaxAuthTries 2").await;
    let host_keys = sshd.trusted().await;
    for name in ["a", "b", "c", "d"] {
        keygen(&sshd.path(name), "ed25519", "", &[]).await;
    }
    let (_agent, socket) = agent(&sshd, &["a", "b", "c", "d"]).await;
    let mut login = sshd.login();
    login.methods.insert(0, Method::Agent);
    login.agent_socket = Some(socket);
    let problem = Problem::from(&refused(sshd.log_in(&host_keys, &login).await));
    assert_eq!(problem.code, Code::AuthenticationFailed);
    assert!(problem.detail.as_deref().unwrap_or_default().contains("Too many"), "{problem}");
}

#[tokio::test]
async fn the_users_config_is_followed() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    let write = |text: &str| std::fs::write(home.path().join(".ssh/config"), text).unwrap();
    write(
        "Host pi-1\n  HostName 192.168.1.81\n  User pi\n  Port 2222\n  IdentityFile ~/.ssh/id_pi\n\
         \x20 IdentitiesOnly yes\n  ControlMaster auto\nMatch host pi-2\n  Port 99\n\
         Host pi-*\n  HostName %h.lan\n  User root\n  IdentityFile %d/.ssh/%r_key\n\
         Host gate\n  ProxyJump bastion\nHost tunnel\n  ProxyCommand nc %h 22\n\
         Host direct\n  ProxyCommand none\nHost *\n  User fallback\n",
    );
    let config = SshConfig::load(home.path()).unwrap();

    let said = config.resolve("pi-1").unwrap();
    assert_eq!(said.host_name.as_deref(), Some("192.168.1.81"));
    assert_eq!((said.user.as_deref(), said.port, said.identities_only), (Some("pi"), Some(2222), true));
    assert_eq!(said.identity_files[0], home.path().join(".ssh/id_pi"));

    let (target, login) = config.target("pi-2", None, None).unwrap();
    assert_eq!(target, Target { address: "pi-2.lan".into(), port: 22, user: "root".into() });
    assert!(matches!(&login.methods[..], [Method::Agent, Method::KeyFile { path, .. }]
        if *path == home.path().join(".ssh/root_key")));

    let (target, _) = config.target("10.0.0.9", Some("ada"), Some(2022)).unwrap();
    assert_eq!(target, Target { address: "10.0.0.9".into(), port: 2022, user: "ada".into() });
    assert_eq!(config.target("other", None, None).unwrap().0.user, "fallback");

    for (host, option) in [("gate", "ProxyJump"), ("tunnel", "ProxyCommand")] {
        let problem = Problem::from(&refused(config.resolve(host)));
        assert_eq!((problem.code, problem.args["option"].as_str()), (Code::SshConfigUnsupported, option));
    }
    assert!(config.resolve("direct").is_ok());

    write("Host x\n  Port many\n");
    assert_eq!(code(&refused(SshConfig::load(home.path()))), Code::SshConfigInvalid);
    std::fs::remove_file(home.path().join(".ssh/config")).unwrap();
    let (target, login) = SshConfig::load(home.path()).unwrap().target("pi", Some("pi"), None).unwrap();
    assert_eq!((target.address.as_str(), target.port), ("pi", 22));
    assert_eq!(login.methods.len(), 1, "no key files exist here");
}

#[tokio::test]
async fn sshs_own_reading_of_the_config_agrees() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".ssh")).unwrap();
    let file = dir.path().join(".ssh/config");
    let text = "Host pi? !pi3\n  Port 2201\nHost pi3 *.lan\n  Port 2202\nHost *\n  Port 2203\n  User all\n";
    std::fs::write(&file, text).unwrap();
    let config = SshConfig::load(dir.path()).unwrap();
    for host in ["pi1", "pi3", "nas.lan", "else"] {
        let ours = config.resolve(host).unwrap();
        let theirs = tool("ssh", &["-G", "-F", file.to_str().unwrap(), host]).await;
        assert!(theirs.contains(&format!("port {}\n", ours.port.unwrap())), "{host}: {ours:?}\n{theirs}");
        assert!(theirs.contains(&format!("user {}\n", ours.user.unwrap())), "{host}");
    }
}
