//! The scripts, run for real by `sh` behind the very command line that reaches machines.
//!
//! Each run gets a mount namespace whose /etc, /usr/local, /var/lib and /boot are directories of the test, so a
//! script may write where it wants. systemd alone is stood in for, by a few lines that remember a unit's state.

use super::*;
use portico_domain::facts::{FirewallKind, MachineFacts, Owner};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The command line of the contract, spelt out: a change of the other side has to fail here.
const BOOTSTRAP: &str = r#"IFS= read -r n; s=$({ dd bs="$n" count=1 iflag=fullblock || dd bs=1 count="$n"; } 2>/dev/null; echo x); eval "${s%x}""#;

const SYSTEMCTL: &str = r#"#!/bin/sh
state=@STATE@
case $1 in
show)
    shift
    props=
    while [ "$1" = -p ]; do props="$props $2"; shift 2; done
    for unit do
        unit=${unit%.service}
        for property in $props; do
            case $property in
            Id) echo "Id=$unit.service" ;;
            ActiveState) echo "ActiveState=$(cat $state/active 2>/dev/null || echo inactive)" ;;
            NRestarts) echo "NRestarts=$(cat $state/restarts 2>/dev/null || echo 0)" ;;
            UnitFileState) echo UnitFileState=enabled ;;
            LoadState) if [ -e "/etc/systemd/system/$unit.service" ]; then echo LoadState=loaded; else echo LoadState=not-found; fi ;;
            ExecStart) echo 'ExecStart={ path=/usr/local/bin/k3s ; argv[]=/usr/local/bin/k3s server ; ignore_errors=no ; pid=0 }' ;;
            esac
        done
        echo
    done
    ;;
restart) echo "$@" >>$state/restarted; cp $state/next $state/active ;;
reboot) touch $state/rebooted ;;
esac
"#;

const INSTALLER: &str = "env | sort >/etc/installer-env; echo \"$@\" >>/etc/installer-roles\n\
    mkdir -p /etc/systemd/system; echo unit >/etc/systemd/system/k3s.service\n";

/// The places of a machine that scripts write to, as directories of a test.
struct Machine {
    home: tempfile::TempDir,
    /// More mounts, as a shell command.
    mounts: String,
    /// Where programs are looked for before the system's own places.
    path: String,
}

impl Machine {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for directory in ["etc/systemd/system", "usr-local/bin", "var-lib", "boot", "bin", "state"] {
            fs::create_dir_all(home.path().join(directory)).unwrap();
        }
        // What the programs themselves need of /etc: awk, for one, is found through the alternatives.
        for needed in ["alternatives", "os-release", "machine-id", "passwd", "group", "ld.so.cache"] {
            let from = Path::new("/etc").join(needed);
            if from.exists() {
                let copied = Command::new("cp").arg("-a").arg(from).arg(home.path().join("etc")).status();
                assert!(copied.unwrap().success());
            }
        }
        let path = format!("{}/bin:/usr/bin:/bin", home.path().display());
        let machine = Self { home, mounts: String::new(), path };
        let state = machine.home.path().join("state");
        machine.program("systemctl", &SYSTEMCTL.replace("@STATE@", &state.display().to_string()));
        machine.program(
            "journalctl",
            "#!/bin/sh\necho first line; echo 'listen tcp :6443: bind: address already in use'\n",
        );
        machine.state("next", "active");
        machine
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.home.path().join("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn state(&self, name: &str, value: &str) {
        fs::write(self.home.path().join("state").join(name), value).unwrap();
    }

    /// Where a path of the machine is on this computer.
    fn at(&self, path: &str) -> PathBuf {
        let parts = [
            ("/etc/", "etc/"),
            ("/usr/local/", "usr-local/"),
            ("/var/lib/", "var-lib/"),
            ("/boot/", "boot/"),
        ];
        let (from, to) = parts.into_iter().find(|(from, _)| path.starts_with(from)).unwrap();
        self.home.path().join(path.replacen(from, to, 1))
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn mode(&self, path: &str) -> u32 {
        fs::metadata(self.at(path)).unwrap().mode() & 0o7777
    }

    fn run(&self, script: &Script, values: impl AsRef<[u8]>) -> Output {
        let root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let setup = format!(
            "mount --bind \"$1/etc\" /etc && mount --bind \"$1/usr-local\" /usr/local && \
             mount --bind \"$1/var-lib\" /var/lib && mount --bind \"$1/boot\" /boot {} && \
             PATH=$2 exec sh -c \"$3\"",
            self.mounts
        );
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private"]);
        if !root {
            command.arg("--map-root-user");
        }
        command.args(["sh", "-c", &setup, "sh"]).arg(self.home.path()).args([&self.path, BOOTSTRAP]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("util-linux' unshare is needed");
        let mut input = format!("{}\n{}", script.text.len(), script.text).into_bytes();
        input.extend_from_slice(values.as_ref());
        let mut stdin = child.stdin.take().unwrap();
        // A script that refuses does not read on; the broken pipe is its right.
        let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        feeding.join().unwrap();
        output
    }

    #[track_caller]
    fn done(&self, script: &Script, values: impl AsRef<[u8]>) -> String {
        let output = self.run(script, values);
        let (stdout, stderr) = texts(&output);
        assert_eq!(output.status.code(), Some(0), "{}: {stdout}\n{stderr}", script.name);
        stdout
    }

    #[track_caller]
    fn fails(&self, script: &Script, values: impl AsRef<[u8]>, status: i32, words: &str) {
        let output = self.run(script, values);
        let (_, stderr) = texts(&output);
        assert_eq!(output.status.code(), Some(status), "{}: {stderr}", script.name);
        assert!(stderr.contains(words), "{}: {stderr}", script.name);
    }

    fn facts(&self) -> MachineFacts {
        let (facts, problems) = MachineFacts::parse(&self.done(&FACTS, ""));
        assert_eq!(problems, []);
        facts
    }

    /// A machine with our binary, installer and configuration.
    fn prepared() -> Self {
        let machine = Self::new();
        machine.done(
            &PLACE_FILE,
            placing("/usr/local/bin/k3s", b"#!/bin/sh\necho k3s version v1.34.4+k3s1 '(abc)'\n"),
        );
        machine.done(&PLACE_FILE, placing("/usr/local/lib/portico/install.sh", INSTALLER.as_bytes()));
        machine.done(&CONFIGURE, "server\n16\nnode-name: pi-1\n0\n");
        machine
    }
}

fn texts(output: &Output) -> (String, String) {
    (String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

fn placing(path: &str, body: &[u8]) -> Vec<u8> {
    let digest = crate::k3s::sha256(body);
    let mut values = format!("{path}\n0755\n1\n{digest}\n{}\n", body.len()).into_bytes();
    values.extend_from_slice(body);
    values
}

const K3S: &str = "/usr/local/bin/k3s";
const CONFIG: &str = "/etc/rancher/k3s/config.yaml";
const TOKEN_FILE: &str = "/etc/rancher/k3s/join-token";

#[test]
fn each_script_begins_with_its_name() {
    for script in ALL {
        assert_eq!(script.text.lines().next(), Some(format!("# portico {}", script.name).as_str()));
        assert!(script.text.contains("\nset -eu\n"), "{}", script.name);
        assert!(script.text.ends_with('\n'), "{}", script.name);
    }
}

#[test]
fn a_file_is_placed_whole_with_its_mode_and_again() {
    let machine = Machine::new();
    let body = [0, 10, 255, 13].repeat(50_000);
    for _ in 0..2 {
        let placed = machine.done(&PLACE_FILE, placing(K3S, &body));
        assert_eq!(placed.trim(), format!("placed={}", crate::k3s::sha256(&body)));
        assert_eq!(fs::read(machine.at(K3S)).unwrap(), body);
        assert_eq!(machine.mode(K3S), 0o755);
    }
    assert!(machine.at("/etc/rancher/k3s/.portico").exists());
    assert!(!machine.at("/usr/local/bin/k3s.portico-part").exists());
}

#[test]
fn a_cut_or_changed_file_is_not_placed() {
    let machine = Machine::new();
    machine.done(&PLACE_FILE, placing(K3S, b"the old one"));
    let mut cut = placing(K3S, b"the new one");
    cut.truncate(cut.len() - 3);
    machine.fails(&PLACE_FILE, cut, 20, "8 of 11 bytes came");
    assert_eq!(machine.read(K3S), "the old one");
    assert!(!machine.at("/usr/local/bin/k3s.portico-part").exists());
}

#[test]
fn only_known_paths_are_written() {
    let machine = Machine::new();
    let images = "/var/lib/rancher/k3s/agent/images";
    for path in [
        "/etc/passwd",
        "/usr/local/bin/k3s.sh",
        &format!("{images}/../../../x.tar"),
        &format!("{images}/.tar"),
        &format!("{images}/a.txt"),
    ] {
        machine.fails(&PLACE_FILE, placing(path, b"x"), 10, "reason=path-not-allowed");
    }
    machine.done(&PLACE_FILE, placing(&format!("{images}/a.tar.zst"), b"x"));
    assert_eq!(machine.read(&format!("{images}/a.tar.zst")), "x");
}

#[test]
fn a_full_disk_is_told_before_and_while_writing() {
    let mut machine = Machine::new();
    machine.mounts = "&& mount -t tmpfs -o size=9m tmpfs /usr/local && mkdir -p /usr/local/bin".into();
    machine.fails(&PLACE_FILE, placing(K3S, &vec![7; 4_000_000]), 28, "4000000 bytes are needed");
    // Room for what is announced, but more comes.
    let mut lying = placing(K3S, &vec![7; 12_000_000]);
    let text = b"\n12000000\n";
    let at = lying.windows(text.len()).position(|window| window == text).unwrap();
    lying.splice(at..at + text.len(), *b"\n1000\n");
    machine.fails(&PLACE_FILE, lying, 28, "no space left");
}

#[test]
fn a_foreign_k3s_is_left_alone() {
    let machine = Machine::new();
    machine.write(K3S, "theirs");
    machine.fails(&PLACE_FILE, placing(K3S, b"ours"), 10, "reason=foreign-k3s");
    assert_eq!(machine.read(K3S), "theirs");
    assert_eq!(machine.facts().k3s.owner, Some(Owner::Foreign));

    let other = Machine::new();
    other.write("/etc/systemd/system/k3s.service", "theirs");
    other.fails(&CONFIGURE, "server\n1\nx0\n", 10, "reason=foreign-k3s");
    other.fails(&INSTALL, "server\n", 10, "reason=foreign-k3s");
    assert!(!other.at(CONFIG).exists());
}

#[test]
fn configuration_and_token_are_roots_alone_and_not_rewritten() {
    let machine = Machine::new();
    let values = "agent\n20\nserver: 'https://x'\n13\nK10aa::b:c\nd\n";
    let digests = machine.done(&CONFIGURE, values);
    assert_eq!(machine.read(CONFIG), "server: 'https://x'\n");
    assert_eq!(machine.read(TOKEN_FILE), "K10aa::b:c\nd\n");
    assert_eq!((machine.mode(CONFIG), machine.mode(TOKEN_FILE)), (0o600, 0o600));
    let sha256 = |text: &str| crate::k3s::sha256(text.as_bytes());
    assert_eq!(
        digests,
        format!("config={}\ntoken={}\n", sha256("server: 'https://x'\n"), sha256("K10aa::b:c\nd\n"))
    );

    let inode = |path: &str| fs::metadata(machine.at(path)).unwrap().ino();
    let before = (inode(CONFIG), inode(TOKEN_FILE));
    machine.done(&CONFIGURE, values);
    assert_eq!((inode(CONFIG), inode(TOKEN_FILE)), before);
    machine.done(&CONFIGURE, "agent\n1\nx0\n");
    assert_eq!((machine.read(CONFIG).as_str(), inode(TOKEN_FILE)), ("x", before.1));

    machine.write("/etc/systemd/system/k3s-agent.service", "ours");
    machine.fails(&CONFIGURE, "server\n1\ny0\n", 10, "reason=role-differs");
    assert_eq!(machine.read(CONFIG), "x");
}

#[test]
fn the_installer_runs_bare_and_the_unit_restarts_only_for_a_change() {
    let machine = Machine::prepared();
    assert_eq!(machine.done(&INSTALL, "server\n"), "started=k3s\n");
    let environment = machine.read("/etc/installer-env");
    for line in
        ["INSTALL_K3S_SKIP_DOWNLOAD=true", "INSTALL_K3S_SKIP_SELINUX_RPM=true", "INSTALL_K3S_SKIP_START=true"]
    {
        assert!(environment.lines().any(|found| found == line), "{environment}");
    }
    let known = ["INSTALL_K3S_", "PATH=", "HOME=/root", "LC_ALL=C", "PWD=", "OLDPWD=", "SHLVL=", "_="];
    let inherited = |line: &&str| !known.iter().any(|prefix| line.starts_with(prefix));
    assert_eq!(environment.lines().filter(inherited).collect::<Vec<_>>(), Vec::<&str>::new());
    assert_eq!(machine.read("/etc/installer-roles"), "server\n");

    assert_eq!(machine.done(&INSTALL, "server\n"), "unchanged=k3s\n");
    machine.done(&CONFIGURE, "server\n16\nnode-name: pi-2\n0\n");
    assert_eq!(machine.done(&INSTALL, "server\n"), "started=k3s\n");
    machine.done(&PLACE_FILE, placing(K3S, b"#!/bin/sh\n"));
    assert_eq!(machine.done(&INSTALL, "server\n"), "started=k3s\n");
    machine.state("active", "inactive");
    assert_eq!(machine.done(&INSTALL, "server\n"), "started=k3s\n");
    let restarted = fs::read_to_string(machine.home.path().join("state/restarted")).unwrap();
    assert_eq!(restarted, "restart --no-block k3s\n".repeat(4));
}

#[test]
fn a_service_that_does_not_start_gives_its_journal() {
    let machine = Machine::prepared();
    machine.state("next", "failed");
    machine.fails(&INSTALL, "server\n", 30, "k3s failed to start\njournal:\nfirst line\nlisten tcp :6443");
    machine.state("next", "activating");
    machine.state("restarts", "2");
    machine.fails(&INSTALL, "server\n", 30, "k3s keeps stopping: 2 attempts\njournal:\n");
    assert_eq!(machine.facts().k3s.started_with, None, "nobody may think that it runs");

    machine.write("/usr/local/lib/portico/install.sh", "echo cannot >&2; exit 3\n");
    machine.fails(&INSTALL, "server\n", 30, "cannot\nthe installer failed\n");
    machine.fails(&INSTALL, "agent\n", 10, "reason=role-differs");
    fs::remove_file(machine.at(K3S)).unwrap();
    machine.fails(&INSTALL, "server\n", 10, "reason=binary-missing");
}

#[test]
fn the_facts_tell_what_was_done() {
    let machine = Machine::prepared();
    machine.done(&PLACE_FILE, placing("/var/lib/rancher/k3s/agent/images/apps.tar", b"images"));
    machine.done(&CONFIGURE, "server\n16\nnode-name: pi-1\n5\ntoken");
    machine.done(&INSTALL, "server\n");
    let k3s = machine.facts().k3s;
    let digest = |path: &str| Some(crate::k3s::sha256(&fs::read(machine.at(path)).unwrap()));
    assert_eq!(
        (k3s.binary.clone(), k3s.config.clone(), k3s.token),
        (digest(K3S), digest(CONFIG), digest(TOKEN_FILE))
    );
    assert_eq!(k3s.installer, digest("/usr/local/lib/portico/install.sh"));
    assert_eq!((k3s.started_with, k3s.started_binary), (k3s.config, k3s.binary));
    assert_eq!(k3s.version.as_deref(), Some("v1.34.4+k3s1"));
    assert_eq!(k3s.owner, Some(Owner::Portico));
    assert_eq!(
        (k3s.images[0].name.as_str(), &k3s.images[0].sha256),
        ("apps.tar", &crate::k3s::sha256(b"images"))
    );
    let unit = &k3s.units[0];
    assert_eq!(
        (unit.name.as_str(), unit.active.as_str(), unit.enabled.as_str()),
        ("k3s", "active", "enabled")
    );
    assert_eq!(unit.exec_start, "/usr/local/bin/k3s server");
    assert_eq!(k3s.leftovers, Vec::<String>::new());

    // The remembered digest is for that very file only.
    machine.write(K3S, "tampered with");
    assert_eq!(machine.facts().k3s.binary, Some(crate::k3s::sha256(b"tampered with")));
}

#[test]
fn the_facts_of_a_bare_machine() {
    let before =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let machine = Machine::new();
    let facts = machine.facts();
    assert!((facts.time_epoch_ms.unwrap() - before).abs() < 10_000);
    assert!(
        facts.arch.is_some() && facts.kernel.is_some() && facts.hostname.is_some() && facts.boot_id.is_some()
    );
    assert!(
        facts.cpus.unwrap() >= 1 && facts.memory_total_kib.unwrap() > 1024 && facts.disk_free_kib.is_some()
    );
    assert!(facts.interfaces.iter().any(|interface| interface.name == "lo"));
    assert_eq!(facts.k3s, Default::default());
    machine.write("/var/lib/rancher/k3s/server/db/state.db", "old");
    fs::create_dir_all(machine.at("/var/lib/kubelet/pods")).unwrap();
    assert_eq!(
        machine.facts().k3s.leftovers,
        ["/var/lib/rancher/k3s/server/db"],
        "an empty directory is nothing"
    );
}

#[test]
fn listening_ports_are_found_with_ss_and_without() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut machine = Machine::new();
    let found = |machine: &Machine| {
        let listening = machine.facts().listening;
        listening.into_iter().find(|listener| listener.port == port).map(|listener| listener.address)
    };
    assert_eq!(found(&machine).as_deref(), Some("127.0.0.1"));
    for tool in [
        "sh",
        "dd",
        "awk",
        "cat",
        "cut",
        "date",
        "df",
        "grep",
        "head",
        "ls",
        "sed",
        "sha256sum",
        "stat",
        "tr",
        "uname",
    ] {
        let from =
            ["/usr/bin", "/bin"].map(|at| Path::new(at).join(tool)).into_iter().find(|path| path.exists());
        std::os::unix::fs::symlink(from.unwrap(), machine.home.path().join("bin").join(tool)).unwrap();
    }
    machine.program("ss", "#!/bin/sh\nexit 1\n");
    assert_eq!(found(&machine), None, "ss is really the one that is asked");
    fs::remove_file(machine.home.path().join("bin/ss")).unwrap();
    machine.path = machine.home.path().join("bin").display().to_string();
    assert_eq!(found(&machine).as_deref(), Some("127.0.0.1"));
}

#[test]
fn firewall_rules_are_read() {
    let machine = Machine::new();
    machine.program(
        "ufw",
        "#!/bin/sh\ncat <<'X'\nStatus: active\n\nTo                         Action      From\n\
         --                         ------      ----\n\
         22/tcp                     ALLOW       Anywhere                   # ssh\n\
         2379:2380/tcp              ALLOW IN    192.168.1.0/24\n\
         80,443/tcp                 ALLOW       Anywhere\n\
         8472/udp                   DENY        Anywhere\n\
         OpenSSH                    ALLOW       Anywhere\n\
         Anywhere                   ALLOW       10.42.0.0/16\n\
         Anywhere                   ALLOW       192.168.1.7\n\
         22/tcp (v6)                ALLOW       Anywhere (v6)\nX\n",
    );
    let firewall = machine.facts().firewall.unwrap();
    assert_eq!((firewall.kind, firewall.active), (FirewallKind::Ufw, true));
    let open: Vec<(u16, u16)> = firewall.open.iter().map(|open| (open.first, open.last)).collect();
    assert_eq!(open, [(22, 22), (2379, 2380), (80, 80), (443, 443)]);
    let trusted: Vec<String> = firewall.trusted.iter().map(ToString::to_string).collect();
    assert_eq!(trusted, ["10.42.0.0/16", "192.168.1.7/32"]);

    machine.write("/etc/ufw/ufw.conf", "# set to yes to start on boot\nENABLED=no\n");
    let firewall = machine.facts().firewall.unwrap();
    assert_eq!(
        (firewall.kind, firewall.active),
        (FirewallKind::Ufw, false),
        "what its own file says, unasked"
    );
    machine.write("/etc/ufw/ufw.conf", "ENABLED=yes\n");
    machine.program("ufw", "#!/bin/sh\necho Status: inactive\n");
    machine.program(
        "firewall-cmd",
        "#!/bin/sh\ncase $* in --state) echo running ;; --list-ports) echo 6443/tcp 30000-32767/tcp ;;\n\
         --list-services) echo ssh http ;; *--list-sources) echo 10.43.0.0/16 ;; esac\n",
    );
    let firewall = machine.facts().firewall.unwrap();
    assert_eq!((firewall.kind, firewall.active), (FirewallKind::Firewalld, true));
    assert_eq!(firewall.open.len(), 3);
    assert_eq!(firewall.trusted[0].to_string(), "10.43.0.0/16");
}

#[test]
fn the_kernel_command_line_gets_its_words_once() {
    let machine = Machine::new();
    machine.fails(&CGROUP_FIX, "", 10, "reason=no-cmdline");
    let path = "/boot/firmware/cmdline.txt";
    let plain = "console=tty1 root=PARTUUID=4e-02 * rootwait";
    machine.write(path, format!("{plain} cgroup_disable=memory\n"));
    let facts = machine.facts();
    assert_eq!(facts.cmdline_path.as_deref(), Some(path));
    for _ in 0..2 {
        let said = machine.done(&CGROUP_FIX, "");
        assert_eq!(said, format!("cmdline={plain} cgroup_memory=1 cgroup_enable=memory\n"));
        assert_eq!(format!("cmdline={}", machine.read(path)), said);
    }
    let backup = machine.read("/boot/firmware/cmdline.txt.portico-backup");
    assert_eq!(backup, format!("{plain} cgroup_disable=memory\n"));
    machine.write(path, "one\ntwo\n");
    machine.fails(&CGROUP_FIX, "", 10, "reason=cmdline-malformed");
    assert_eq!(machine.read(path), "one\ntwo\n");
}

#[test]
fn secrets_are_handed_out_where_there_are_any() {
    let machine = Machine::new();
    machine.fails(&TOKEN, "", 10, "reason=no-token");
    machine.fails(&KUBECONFIG, "", 10, "reason=no-kubeconfig");
    machine.write("/var/lib/rancher/k3s/server/node-token", "K10aa::server:b\n");
    machine.write("/etc/rancher/k3s/k3s.yaml", "apiVersion: v1\nkind: Config\n");
    assert_eq!(machine.done(&TOKEN, ""), "token=K10aa::server:b\n");
    assert_eq!(machine.done(&KUBECONFIG, ""), "apiVersion: v1\nkind: Config\n");
}

#[test]
fn the_journal_is_of_k3s_alone() {
    let machine = Machine::new();
    assert!(machine.done(&JOURNAL, "k3s-agent\n40\n0\n").starts_with("first line\n"));
    machine.program("journalctl", "#!/bin/sh\necho \"$*\"\n");
    let asked = "-u k3s -n 5 --no-pager -o cat";
    assert_eq!(machine.done(&JOURNAL, "k3s\n5\n0\n"), format!("{asked}\n"));
    assert_eq!(machine.done(&JOURNAL, "k3s\n5\n15\n"), format!("{asked} --since -15s\n"));
    machine.fails(&JOURNAL, "ssh\n40\n0\n", 10, "reason=unit-unknown");
    machine.fails(&JOURNAL, "k3s\n-5\n0\n", 10, "reason=number-malformed");
    machine.fails(&JOURNAL, "k3s\n5\n1 day ago\n", 10, "reason=number-malformed");
}

#[test]
fn leftovers_of_a_cut_copy_go_and_nothing_else() {
    let machine = Machine::prepared();
    machine.write("/usr/local/bin/k3s.portico-part", "half");
    machine.write("/var/lib/rancher/k3s/agent/images/a.tar.portico-part", "half");
    let removed = machine.done(&REMOVE_PART, "");
    assert_eq!(
        removed,
        "removed=/usr/local/bin/k3s.portico-part\n\
         removed=/var/lib/rancher/k3s/agent/images/a.tar.portico-part\n"
    );
    assert_eq!(machine.done(&REMOVE_PART, ""), "");
    assert!(machine.at(K3S).exists() && machine.at(CONFIG).exists());
}

#[test]
fn a_reboot_answers_before_it_happens() {
    let machine = Machine::new();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert_eq!(machine.done(&REBOOT, ""), format!("boot_id={boot}"));
    let rebooted = machine.home.path().join("state/rebooted");
    let end = Instant::now() + Duration::from_secs(20);
    while !rebooted.exists() {
        assert!(Instant::now() < end, "systemctl reboot was not called");
        std::thread::sleep(Duration::from_millis(20));
    }
}
