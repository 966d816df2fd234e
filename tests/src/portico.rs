//! The built `portico` at work in a lab's network, as a person at a laptop there would type it.
//!
//! Machines and K3s come from the lab; Cloudflare and its name servers are those of a practice homelab that the
//! same binary serves inside the lab's network. Every value has a home, a data folder and a cloud of its own.

use crate::lab::{Lab, User};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};

/// The laptop: dropping it ends the cloud and forgets all that Portico kept.
pub struct Portico<'a> {
    lab: &'a Lab,
    home: tempfile::TempDir,
    cloud: Child,
    described: Value,
    token: String,
    binary: PathBuf,
}

/// What a machine of the document is and who logs in to it.
pub struct Member<'a> {
    pub machine: &'a str,
    pub role: &'a str,
    pub user: &'a str,
}

/// The usual cluster of a lab with three machines.
pub const SERVER_AND_TWO_AGENTS: [Member<'static>; 3] = [
    Member { machine: "h1", role: "server", user: "op" },
    Member { machine: "h2", role: "agent", user: "op" },
    Member { machine: "h3", role: "agent", user: "op" },
];

/// A command that says a line of JSON whenever something changed, until it is dropped.
pub struct Watching {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Watching {
    /// All lines so far.
    pub fn lines(&self) -> Vec<Value> {
        self.lines.lock().expect("nobody panics with it").clone()
    }

    /// How many lines there are.
    pub fn said(&self) -> usize {
        self.lines().len()
    }

    pub fn last(&self) -> Option<Value> {
        self.lines().pop()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It is ended already when it failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A run that is being followed line by line.
pub struct Following {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    /// All that was read so far.
    pub said: String,
}

impl<'a> Portico<'a> {
    /// Where visitors from the internet come in, once a lab has an outside.
    pub const EDGE: &'static str = "http://10.88.0.1:8001";

    /// The binary is the one beside the running test; panics when nobody built it.
    pub fn in_lab(lab: &'a Lab) -> Portico<'a> {
        let beside = std::env::current_exe().expect("the test's own path");
        let binary = beside.ancestors().nth(2).expect("target/debug").join("portico");
        assert!(binary.exists(), "{} is missing: cargo build --bin portico", binary.display());
        let home = tempfile::tempdir().expect("a directory");
        let mut serve = lab.command(&binary);
        serve.args(["practice", "serve", "--json"]).stdout(Stdio::piped());
        let mut cloud = serve.spawn().expect("the practice homelab starts");
        let mut said = String::new();
        let stdout = cloud.stdout.as_mut().expect("its standard output");
        BufReader::new(stdout).read_line(&mut said).expect("a line of the practice homelab");
        let described: Value = serde_json::from_str(&said).expect("its description");
        let mirror = Lab::MIRROR;
        let endpoints = json!({
            "version": 1,
            "cloudflare": described["endpoints"]["cloudflare"],
            "resolvers": described["endpoints"]["resolvers"],
            "k3s": {
                "releases": format!("{mirror}/releases"),
                "install": format!("{mirror}/install"),
                "channels": format!("{mirror}/channels"),
            },
            "charts": format!("{mirror}/charts"),
            "edge": Self::EDGE,
            "images": { "echo": "portico.local/echo:1" },
            "scan": { "subnets": ["10.88.0.0/24"], "mdns": false },
        });
        fs::write(home.path().join("endpoints.json"), endpoints.to_string()).expect("written");
        let token = described["cloudflareToken"].as_str().expect("a token").to_owned();
        Portico { lab, home, cloud, described, token, binary }
    }

    /// What the practice homelab that plays Cloudflare said of itself: addresses, tokens, the door for tests.
    pub fn described(&self) -> &Value {
        &self.described
    }

    /// Writes `cluster.yaml`; `release` is what its `k3s` says.
    pub fn document(&self, release: &str, members: &[Member]) {
        let mut text = format!("version: 1\nname: home\nk3s: {{ {release} }}\nmachines:\n");
        for Member { machine, role, user } in members {
            let address = &self.lab.machine(machine).address;
            text += &format!("  - {{ name: {machine}, address: {address}, role: {role}, user: {user} }}\n");
        }
        fs::write(self.document_path(), text).expect("written");
    }

    /// The first contact with each member: the key file, and the host key that the lab knows to be right.
    pub fn connect(&self, members: &[Member]) {
        for Member { machine, user, .. } in members {
            let machine = self.lab.machine(machine);
            let User { password, .. } = self.lab.user(user);
            let key = self.lab.keys().ed25519.display().to_string();
            let whom = format!("{user}@{}", machine.address);
            let mut arguments = vec!["connect", &whom, "--key", &key, "--accept", &machine.host_key];
            arguments.extend(password.is_some().then_some("--sudo-password"));
            self.succeeds(&arguments, password.as_deref().unwrap_or_default());
        }
    }

    /// Runs a command to its end. `input` is what is typed when it asks for a secret.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).stderr(Stdio::piped()).spawn().expect("portico starts");
        type_in(&mut child, input);
        child.wait_with_output().expect("portico ends")
    }

    /// Like [`Portico::run`], for what has to succeed; gives what it printed.
    pub fn succeeds(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "portico {}: {said}\n{errors}", arguments.join(" "));
        said
    }

    pub fn apply(&self, input: &str) -> String {
        self.succeeds(&self.apply_arguments(input), input)
    }

    /// `portico apply`, or `portico resume` where a run is named, followed line by line.
    pub fn follow(&self, resume: Option<&str>, input: &str) -> Following {
        let arguments = match resume {
            Some(run) => vec!["resume", run],
            None => self.apply_arguments(""),
        };
        let mut arguments = arguments;
        arguments.extend((!input.is_empty()).then_some("--ask-password"));
        self.followed(&arguments, input)
    }

    /// Any command, followed line by line.
    pub fn followed(&self, arguments: &[&str], input: &str) -> Following {
        let mut child = self.command(arguments).spawn().expect("portico starts");
        type_in(&mut child, input);
        let lines = BufReader::new(child.stdout.take().expect("its standard output")).lines();
        Following { child, lines, said: String::new() }
    }

    /// `portico COMMAND --watch --json` with the owner's token at hand.
    pub fn watch(&self, command: &[&str]) -> Watching {
        let arguments = [&["--json"], command, &["--watch", "--ask-token"]].concat();
        let mut child = self.command(&arguments).spawn().expect("portico starts");
        type_in(&mut child, &self.token);
        let lines = Arc::<Mutex<Vec<Value>>>::default();
        let said = BufReader::new(child.stdout.take().expect("its standard output")).lines();
        let kept = lines.clone();
        std::thread::spawn(move || {
            for line in said.map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("a line of JSON");
                kept.lock().expect("nobody panics with it").push(line);
            }
        });
        Watching { child, lines }
    }

    /// All runs, newest first, as the journal has them.
    pub fn runs(&self) -> Vec<Value> {
        let said = self.succeeds(&["--json", "runs"], "");
        let mut runs: Vec<Value> =
            said.lines().map(|line| serde_json::from_str(line).expect("a run")).collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run["startedAt"].as_i64()));
        runs
    }

    /// A change of names or of the stack, with both tokens at hand; returns what was printed.
    pub fn changes(&self, arguments: &[&str]) -> String {
        self.succeeds(&self.with_tokens(arguments), &self.tokens())
    }

    /// Like [`Portico::changes`], for what may be refused or fail.
    pub fn tries(&self, arguments: &[&str]) -> Output {
        self.run(&self.with_tokens(arguments), &self.tokens())
    }

    /// The arguments with which a change asks for both tokens and for nothing else.
    pub fn with_tokens<'b>(&self, arguments: &[&'b str]) -> Vec<&'b str> {
        [arguments, &["--yes", "--ask-token", "--ask-cluster-token"]].concat()
    }

    /// Both tokens, as they are asked for.
    pub fn tokens(&self) -> String {
        format!("{}\n{}", self.token, self.described["clusterToken"].as_str().expect("a token"))
    }

    /// A file of this laptop, where commands run.
    pub fn file(&self, name: &str, content: &str) {
        fs::write(self.home.path().join(name), content).expect("written");
    }

    /// Exposes the echo app under `host` and returns what was printed.
    pub fn expose_echo(&self, host: &str) -> String {
        let arguments = ["expose", "echo", "--host", host, "--lan", "--yes", "--ask-token"];
        self.succeeds(&arguments, &self.token)
    }

    /// HTTP status of `http://host/` at the address, asked from the lab's network.
    pub fn status(&self, host: &str, address: &str) -> String {
        let resolve = format!("{host}:80:{address}");
        let url = format!("http://{host}/");
        let mut curl = self.lab.command("curl");
        curl.args(["-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--resolve", &resolve, &url]);
        let output = curl.output().expect("curl runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn document_path(&self) -> PathBuf {
        self.home.path().join("cluster.yaml")
    }

    fn apply_arguments(&self, input: &str) -> Vec<&'static str> {
        let mut arguments = vec!["apply", "cluster.yaml", "--yes"];
        arguments.extend((!input.is_empty()).then_some("--ask-password"));
        arguments
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.lab.command(&self.binary);
        command.args(["--endpoints", "endpoints.json", "--data", "data"]).args(arguments);
        command.current_dir(self.home.path()).env("HOME", self.home.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }
}

impl Following {
    /// The next line that says something about a step or the run: `Run ID`, `… STEP`, `✓ STEP`, `= STEP`.
    pub fn news(&mut self) -> Option<String> {
        let is_news = |line: &str| ["Run ", "… ", "✓ "].iter().any(|sign| line.starts_with(sign));
        loop {
            let line = self.lines.next()?.expect("text");
            self.said.push_str(&format!("{line}\n"));
            if is_news(&line) {
                // What follows is how long it may still take.
                return Some(line.split("  ").next().unwrap_or_default().to_owned());
            }
        }
    }

    /// SIGKILL: nothing of the process gets a chance to tidy up.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Reads on to the end.
    pub fn end(mut self) -> ExitStatus {
        while self.lines.next().is_some() {}
        self.child.wait().expect("ended")
    }
}

impl Drop for Portico<'_> {
    fn drop(&mut self) {
        // It is ended already when the test failed because of it.
        let _ = self.cloud.kill();
        let _ = self.cloud.wait();
    }
}

/// Where `standin/build.sh` put the stand-in K3s: $PORTICO_STANDIN. Panics when it is not there.
pub fn standin() -> PathBuf {
    let built = std::env::var_os("PORTICO_STANDIN").expect("PORTICO_STANDIN: where standin/build.sh built");
    let built = PathBuf::from(built);
    assert!(built.join("k3s").exists(), "no k3s in {}", built.display());
    built
}

/// The release's files side by side in one folder, as somebody without internet would have carried them here.
pub fn air_gap(built: &Path, folder: &Path) {
    let installer = Path::new(env!("CARGO_MANIFEST_DIR")).join("ground/lab/install.sh");
    let images = "k3s-airgap-images-amd64.tar";
    let from = [built.join("k3s"), built.join(images), installer];
    for (file, name) in from.iter().zip(["k3s", images, "install.sh"]) {
        std::os::unix::fs::symlink(file, folder.join(name)).expect("linked");
    }
    for (list, files) in
        [("sha256sum-amd64.txt", &["k3s", images][..]), ("install.sh.sha256sum", &["install.sh"])]
    {
        let sums =
            Command::new("sha256sum").args(files).current_dir(folder).output().expect("sha256sum runs");
        assert!(sums.status.success(), "{}", String::from_utf8_lossy(&sums.stderr));
        fs::write(folder.join(list), sums.stdout).expect("written");
    }
}

fn type_in(child: &mut Child, input: &str) {
    let mut stdin = child.stdin.take().expect("its standard input");
    // A command that needs no secret may end before it reads any.
    let _ = writeln!(stdin, "{input}");
}
