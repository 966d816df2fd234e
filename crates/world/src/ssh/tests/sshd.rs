//! A real sshd on a loopback port, with its own host keys, accounts' keys and PATH, all in one folder.

use super::*;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;

/// Making an RSA key takes long, so all servers of a test run have the same one.
static RSA: OnceCell<(String, String)> = OnceCell::const_new();

async fn rsa_key() -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    keygen(&dir.path().join("key"), "rsa", "", &["-b", "2048"]).await;
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    (read("key"), read("key.pub"))
}

fn only_for_the_owner(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub(super) struct Sshd {
    pub dir: tempfile::TempDir,
    pub port: u16,
    child: Child,
}

/// Runs a tool to its end and returns its stdout.
pub(super) async fn tool(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().await.unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(super) async fn keygen(path: &Path, kind: &str, passphrase: &str, more: &[&str]) {
    let path = path.to_str().unwrap();
    let args = ["-q", "-t", kind, "-f", path, "-N", passphrase, "-C", "test"];
    tool("ssh-keygen", &[&args[..], more].concat()).await;
}

impl Sshd {
    /// With an ed25519 host key; `user_key` of the folder may log in.
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    pub async fn start_with(more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        keygen(&dir.path().join("host_ed25519"), "ed25519", "", &[]).await;
        let (private, public) = RSA.get_or_init(rsa_key).await;
        for (name, text) in [("host_rsa", private), ("host_rsa.pub", public)] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        only_for_the_owner(&dir.path().join("host_rsa"), 0o600);
        keygen(&dir.path().join("user_key"), "ed25519", "", &[]).await;
        std::fs::copy(dir.path().join("user_key.pub"), dir.path().join("authorized_keys")).unwrap();
        std::fs::create_dir(dir.path().join("bin")).unwrap();
        // Debian's sshd wants this folder when root runs it; systemd makes it otherwise.
        let _ = std::fs::create_dir("/run/sshd");
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Self::launch(dir.path(), port, more).await;
        Self { dir, port, child }
    }

    async fn launch(dir: &Path, port: u16, more: &str) -> Child {
        let root = dir.display();
        // SHLVL keeps bash from reading the tester's own .bashrc.
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {root}/host_ed25519\nHostKey {root}/host_rsa\n\
             AuthorizedKeysFile {root}/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nMaxStartups 100\n\
             MaxSessions 100\nSetEnv PATH={root}/bin:/usr/bin:/bin SHLVL=2\n{more}\n"
        );
        std::fs::write(dir.join("sshd_config"), config).unwrap();
        let mut child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(dir.join("sshd_config"))
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap().expect("sshd ended at once");
            if line.contains("Server listening") {
                break;
            }
        }
        // Keep reading, or a full pipe would stop the server.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        child
    }

    /// Stops the server and starts it again with a new host key, as after a new installation.
    pub async fn reinstall(&mut self) {
        self.child.kill().await.unwrap();
        for name in ["host_ed25519", "host_ed25519.pub"] {
            std::fs::remove_file(self.dir.path().join(name)).unwrap();
        }
        keygen(&self.dir.path().join("host_ed25519"), "ed25519", "", &[]).await;
        self.child = Self::launch(self.dir.path(), self.port, "").await;
    }

    /// The processes that serve the connections: not the one that listens, and not the scripts.
    pub async fn signal_connections(&self, signal: &str) {
        let listener = self.child.id().unwrap().to_string();
        for child in servers_below(&listener).await {
            // Where sshd separates privileges, the connection is served by the child's child.
            for process in servers_below(&child).await.into_iter().chain([child]) {
                let _ = Command::new("kill").args([signal, &process]).stderr(Stdio::null()).status().await;
            }
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn target(&self) -> Target {
        let user = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
        Target { address: "127.0.0.1".to_owned(), port: self.port, user }
    }

    pub fn login(&self) -> Login {
        Login::new(vec![Method::KeyFile { path: self.path("user_key"), passphrase: None }])
    }

    /// A store with no pins yet and the given known hosts.
    pub fn host_keys(&self, known_hosts: &str) -> Arc<HostKeys> {
        let file = self.path("known_hosts");
        std::fs::write(&file, known_hosts).unwrap();
        Arc::new(HostKeys::new(self.path("pins.json"), vec![file]))
    }

    /// Such a store in which this server is pinned.
    pub async fn trusted(&self) -> Arc<HostKeys> {
        let host_keys = self.host_keys("");
        if let Err(error) = self.connect(&host_keys).await {
            let SshError::HostKeyUnknown { presented, .. } = error else { panic!("{error:?}") };
            host_keys.pin("127.0.0.1", self.port, &presented).unwrap();
        }
        host_keys
    }

    pub async fn connect(&self, host_keys: &Arc<HostKeys>) -> Result<Session, SshError> {
        self.log_in(host_keys, &self.login()).await
    }

    pub async fn log_in(&self, host_keys: &Arc<HostKeys>, login: &Login) -> Result<Session, SshError> {
        Session::connect(self.target(), login, Arc::clone(host_keys), Timeouts::default()).await
    }

    pub async fn session(&self) -> Session {
        self.connect(&self.trusted().await).await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// One program of the machine's PATH.
    pub fn install(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        std::fs::write(&path, text).unwrap();
        only_for_the_owner(&path, 0o700);
    }
}

async fn servers_below(process: &str) -> Vec<String> {
    let found = Command::new("pgrep").args(["-x", "sshd", "-P", process]).output().await.unwrap();
    String::from_utf8(found.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

/// Waits until a condition of the outside holds.
pub(super) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), waiting).await.is_ok(), "never: {what}");
}
