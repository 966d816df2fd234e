//! Logging in with OpenSSH, and sudo.

use crate::support::{BOOTSTRAP, Lab, ran, script};
use portico_practice::homelab::{bare, default_machines, nuc, raspberry_pi};
use std::os::unix::fs::PermissionsExt;

#[tokio::test]
async fn openssh_logs_in_by_key_and_runs_uname() {
    let lab = Lab::of(default_machines()).await;
    let shown = lab.key_login("pi", "pi-1", "uname -a", b"").await;
    assert_eq!(shown.status, 0, "{shown:?}");
    assert!(shown.stdout.starts_with("Linux pi-1 6.6.51+rpt-rpi-v8"), "{shown:?}");
    assert!(shown.stdout.contains("aarch64"), "{shown:?}");
    let unknown = lab.key_login("pi", "pi-1", "frobnicate", b"").await;
    assert_eq!(unknown.status, 127, "{unknown:?}");
}

#[tokio::test]
async fn openssh_logs_in_by_password_and_by_keyboard_interactive() {
    let lab = Lab::of(vec![nuc("nuc-1")]).await;
    for (password, accepted) in [("homelab", true), ("wrong", false)] {
        let ask = lab.path("askpass");
        std::fs::write(&ask, format!("#!/bin/sh\necho {password}\n")).expect("written");
        std::fs::set_permissions(&ask, std::fs::Permissions::from_mode(0o700)).expect("executable");
        for method in ["password", "keyboard-interactive"] {
            let mut command = lab.ssh("admin", "nuc-1");
            command
                .arg("-o")
                .arg(format!("PreferredAuthentications={method}"))
                .args(["-o", "NumberOfPasswordPrompts=1"]);
            command.env("SSH_ASKPASS", &ask).env("SSH_ASKPASS_REQUIRE", "force").arg("id -u");
            let shown = ran(command.output().await.expect("ssh runs"));
            assert_eq!(shown.status == 0, accepted, "{method} with {password}: {shown:?}");
            if accepted {
                assert_eq!(shown.stdout, "1000\n");
            }
        }
    }
}

#[tokio::test]
async fn sudo_answers_in_its_own_words() {
    let lab = Lab::of(vec![raspberry_pi("pi-1", 4), nuc("nuc-1"), bare("box")]).await;
    let asked = "sudo -k -S -p '' id -u";
    let cases: [(&str, &str, &str, &str, i32, &str); 8] = [
        ("pi", "pi-1", "sudo -n id -u", "", 0, "0\n"),
        ("root", "box", "id -u", "", 0, "0\n"),
        ("admin", "nuc-1", "sudo -n id -u", "", 1, "sudo: a password is required"),
        ("admin", "nuc-1", asked, "homelab\n", 0, "0\n"),
        ("admin", "nuc-1", asked, "no\nhomelab\n", 0, "0\n"),
        ("admin", "nuc-1", asked, "no\nno\nno\n", 1, "sudo: 3 incorrect password attempts"),
        ("admin", "nuc-1", asked, "", 1, "sudo: a password is required"),
        ("guest", "nuc-1", asked, "visitor\n", 1, "guest is not in the sudoers file."),
    ];
    for (user, machine, line, stdin, status, words) in cases {
        let shown = lab.key_login(user, machine, line, stdin.as_bytes()).await;
        assert_eq!(shown.status, status, "{user}@{machine} {line} < {stdin:?}: {shown:?}");
        assert!(format!("{}{}", shown.stdout, shown.stderr).contains(words), "{user}@{machine}: {shown:?}");
    }
}

#[tokio::test]
async fn a_script_runs_under_sudo_with_the_password_first() {
    let lab = Lab::of(vec![nuc("nuc-1")]).await;
    let mut stdin = b"homelab\n".to_vec();
    stdin.extend(script("facts", b""));
    let line = format!("sudo -k -S -p '' {BOOTSTRAP}");
    let facts = lab.key_login("admin", "nuc-1", &line, &stdin).await;
    assert_eq!(facts.status, 0, "{facts:?}");
    assert_eq!(facts.values("hostname"), ["nuc-1"]);
}

#[tokio::test]
async fn a_swapped_host_key_stops_openssh() {
    let lab = Lab::of(vec![raspberry_pi("pi-1", 5)]).await;
    assert_eq!(lab.key_login("pi", "pi-1", "true", b"").await.status, 0);
    lab.homelab.swap_host_key("pi-1").expect("pi-1 exists");
    let refused = lab.key_login("pi", "pi-1", "true", b"").await;
    assert_eq!(refused.status, 255, "{refused:?}");
    assert!(refused.stderr.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"), "{refused:?}");
}

#[tokio::test]
async fn power_decides_over_the_port() {
    let lab = Lab::of(vec![raspberry_pi("pi-1", 5)]).await;
    lab.homelab.cut_power("pi-1").expect("pi-1 exists");
    let address = lab.homelab.read(|state| state.machines[0].address);
    let target = (address, lab.homelab.ports.ssh);
    // The listener goes as soon as its task has seen the change.
    while tokio::net::TcpStream::connect(target).await.is_ok() {
        tokio::task::yield_now().await;
    }
    lab.homelab.power_on("pi-1").expect("pi-1 exists");
    while tokio::net::TcpStream::connect(target).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(lab.key_login("pi", "pi-1", "true", b"").await.status, 0);
}
