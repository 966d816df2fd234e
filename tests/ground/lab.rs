//! The ground holds what it promises: each thing that a lab can do to a machine is seen from the outside.
//!
//! The stories stand on these; when one of them fails, run this first. Needs root.

use portico_tests::lab::{Lab, Machine};
use std::process::{Command, Output};

fn ssh(lab: &Lab, user: &str, host: &str, script: &str) -> Output {
    let address = &lab.machine(host).address;
    lab.command("ssh")
        .args([
            "-q",
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "ConnectTimeout=2",
            "-o",
            "ServerAliveInterval=1",
        ])
        .args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-i"])
        .arg(&lab.keys().ed25519)
        .args([&format!("{user}@{address}"), script])
        .output()
        .expect("ssh runs")
}

fn answers(lab: &Lab, host: &str) -> bool {
    ssh(lab, "op", host, "true").status.success()
}

fn curl(lab: &Lab, path: &str) -> Output {
    lab.command("curl").args(["-sf", &format!("{}/{path}", Lab::MIRROR)]).output().expect("curl runs")
}

fn boot(lab: &Lab, host: &str) -> String {
    lab.run(host, "cat /proc/sys/kernel/random/boot_id")
}

#[test]
fn each_machine_is_one_of_its_own() {
    let mut lab = Lab::up("own", 3);
    let distinct = |lab: &Lab, of: fn(&Machine) -> &String| {
        let mut all: Vec<_> = lab.machines().iter().map(of).cloned().collect();
        all.sort();
        all.dedup();
        all.len()
    };
    assert_eq!(3, distinct(&lab, |machine| &machine.host_key));
    assert_eq!(3, distinct(&lab, |machine| &machine.machine_id));
    assert_eq!("running\n", lab.run("h1", "systemctl is-system-running --wait"));
    lab.run("h1", "timeout 20 sh -c 'until avahi-browse -atrp | grep -q \"^=.*;h3.local;\"; do :; done'");

    assert!(ssh(&lab, "root", "h1", "true").status.success());
    assert!(ssh(&lab, "op", "h1", "sudo -n true").status.success());
    assert!(!ssh(&lab, "pat", "h1", "sudo -n true").status.success());
    let password = lab.user("pat").password.clone().expect("pat has a password");
    let root = ssh(&lab, "pat", "h1", &format!("echo '{password}' | sudo -S -p '' id -u"));
    assert_eq!("0\n", String::from_utf8_lossy(&root.stdout));
    let guest = ssh(&lab, "guest", "h1", "echo guest | sudo -S -p '' id -u");
    assert!(!guest.status.success(), "guest must not become root");

    let old = lab.machine("h2").host_key.clone();
    lab.swap_key("h2");
    assert_ne!(old, lab.machine("h2").host_key);
    lab.clone_id("h1", "h2");
    assert_eq!(2, distinct(&lab, |machine| &machine.machine_id));
    assert_eq!(lab.machine("h1").machine_id, lab.run("h2", "cat /etc/machine-id").trim());
}

#[test]
fn machines_fail_and_come_back() {
    let lab = Lab::up("fail", 2);
    let before = boot(&lab, "h1");
    lab.run("h1", "echo kept > /var/lib/kept; echo kept > /etc/kept");
    lab.crash("h1");
    assert!(!answers(&lab, "h1"), "a machine without power must not answer");
    lab.start("h1");
    assert_ne!(before, boot(&lab, "h1"));
    assert_eq!("kept\nkept\n", lab.run("h1", "cat /var/lib/kept /etc/kept"));
    let before = boot(&lab, "h1");
    lab.reboot("h1");
    assert_ne!(before, boot(&lab, "h1"));

    lab.cut("h2");
    assert!(!answers(&lab, "h2"), "an unplugged machine must not answer");
    assert_eq!("here\n", lab.run("h2", "echo here"), "its console does not need the cable");
    lab.join("h2");
    lab.wait("h2");
    lab.hang("h2");
    assert!(!answers(&lab, "h2"), "a hanging sshd must not answer");
    lab.wake("h2");
    lab.wait("h2");

    lab.busy("h2", 6443);
    assert!(lab.run("h2", "ss -Hltnp 'sport = :6443'").contains("socat"));
    lab.clock("h2", -7200);
    let now: i64 = lab.run("h1", "date +%s").trim().parse().expect("seconds");
    let shown = ssh(&lab, "op", "h2", "date +%s");
    let shown: i64 = String::from_utf8_lossy(&shown.stdout).trim().parse().expect("seconds");
    assert!((now - 7200 - shown).abs() < 60, "two hours behind, but {} s", shown - now);
    lab.clock("h2", 0);
    assert_eq!("/usr/bin/date\n", lab.run("h2", "command -v date"));
}

#[test]
fn disks_fill_up_and_boards_lack_a_controller() {
    let lab = Lab::up("disk", 2);
    lab.run("h1", "echo kept > /var/lib/kept");
    lab.disk("h1", 600);
    assert_eq!("kept\n", lab.run("h1", "cat /var/lib/kept"), "the new disk holds what the old one held");
    let write = "head -c 1M /dev/zero > /var/lib/file && head -c 1M /dev/zero > /usr/local/bin/file";
    assert!(lab.try_run("h1", write).status.success());
    lab.full("h1", 100);
    let refused = lab
        .try_run("h1", "rm -f /var/lib/file /usr/local/bin/file; head -c 4M /dev/zero > /usr/local/bin/file");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("No space left on device"));
    lab.free("h1");
    assert!(lab.try_run("h1", write).status.success());

    let memory = "awk '$1 == \"memory\" { print $4 }' /proc/cgroups; ls /sys/fs/cgroup | grep -cx memory";
    let controllers = || lab.try_run("h2", memory).stdout;
    lab.pi("h2");
    assert_eq!(b"0\n0\n".to_vec(), controllers());
    lab.run("h2", "sed -i 's/$/ cgroup_memory=1 cgroup_enable=memory/' /boot/firmware/cmdline.txt");
    assert_eq!(b"0\n0\n".to_vec(), controllers(), "the kernel reads its command line when it starts");
    lab.reboot("h2");
    assert_eq!(b"1\n1\n".to_vec(), controllers());
}

#[test]
fn the_mirror_serves_and_lies_on_demand() {
    let lab = Lab::up("mirror", 1);
    let out = tempfile::tempdir().expect("a directory");
    std::fs::write(out.path().join("k3s"), "#!/bin/sh\necho k3s version v1.34.4+k3s1\n").expect("written");
    lab.mirror(out.path());
    let binary = "releases/v1.34.4%2Bk3s1/k3s";
    let sums = "releases/v1.34.4%2Bk3s1/sha256sum-amd64.txt";
    let honest = (curl(&lab, binary).stdout, curl(&lab, sums).stdout);
    assert!(String::from_utf8_lossy(&honest.1).ends_with("  k3s\n"));
    assert!(curl(&lab, "install/v1.34.4%2Bk3s1/install.sh.sha256sum").status.success());
    assert!(String::from_utf8_lossy(&curl(&lab, "channels").stdout).contains("\"latest\": \"v1.34.4+k3s1\""));
    assert!(!curl(&lab, "releases/v9.9.9%2Bk3s1/k3s").status.success());

    lab.mirror_fault("corrupt k3s");
    let lying = curl(&lab, binary).stdout;
    assert!(lying.len() == honest.0.len() && lying != honest.0);
    lab.mirror_fault("wrong-sum k3s");
    assert!(curl(&lab, sums).stdout != honest.1 && curl(&lab, binary).stdout == honest.0);
    lab.mirror_fault("missing k3s");
    assert!(!curl(&lab, binary).status.success());
    lab.mirror_fault("cut k3s 5");
    assert_eq!(Some(18), curl(&lab, binary).status.code(), "curl's code for a partial file");
    lab.mirror_fault("");
    assert_eq!(honest, (curl(&lab, binary).stdout, curl(&lab, sums).stdout));
}

#[test]
fn nothing_of_a_lab_outlives_it() {
    let lab = Lab::up("gone", 1);
    lab.busy("h1", 6443);
    drop(lab);
    let traces = "ip netns list | grep -w portico-gone; grep portico-gone /proc/self/mounts
        find /sys/fs/cgroup -path '*portico-gone*'; ls -d /var/tmp/portico-lab/gone 2>/dev/null
        pgrep -af '[l]ab -n gone'; losetup -a | grep portico-lab/gone";
    let left = Command::new("sh").args(["-c", traces]).output().expect("sh runs");
    assert_eq!("", String::from_utf8_lossy(&left.stdout));
}
