//! The real `portico` binary, as a person or a program runs it, pointed at a story's homelab.

use crate::story::Story;
use portico_domain::problem::Problem;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

/// What a command left.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// The binary lies beside the folder of the tests; `./test flows` builds it first.
fn program() -> PathBuf {
    let tests = std::env::current_exe().expect("the test has a path");
    let program = tests.ancestors().nth(2).expect("target/debug").join("portico");
    assert!(program.exists(), "{} is missing: cargo build --bin portico", program.display());
    program
}

fn command(story: &Story, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.arg("--endpoints").arg(story.path("endpoints.json")).arg("--data").arg(story.data());
    command.args(arguments).kill_on_drop(true);
    // A home of its own: no key, agent, known host or keyring of whoever runs the tests takes part.
    command.env("HOME", story.path("")).env("XDG_RUNTIME_DIR", story.path(""));
    command.env_remove("SSH_AUTH_SOCK").env_remove("DBUS_SESSION_BUS_ADDRESS");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts a homelab that keeps its state in `file`, and what it says of itself.
pub async fn serving(file: &Path) -> (Child, Value) {
    let mut command = Command::new(program());
    command.args(["--json", "practice", "serve", "--keep"]).arg(file).kill_on_drop(true);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("portico starts");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
    let said = lines.next_line().await.expect("it is read").expect("it says something");
    (child, serde_json::from_str(&said).expect("JSON"))
}

/// Runs it to its end, with `stdin` as its input.
pub async fn portico(story: &Story, arguments: &[&str], stdin: &str) -> Ran {
    portico_with(story, arguments, stdin, &[]).await
}

/// The same, with more in its environment.
pub async fn portico_with(
    story: &Story,
    arguments: &[&str],
    stdin: &str,
    environment: &[(&str, &OsStr)],
) -> Ran {
    let mut command = command(story, arguments);
    command.envs(environment.iter().copied());
    let mut child = command.spawn().expect("portico starts");
    let mut pipe = child.stdin.take().expect("stdin is piped");
    // A command that ends before it reads closes the pipe; what it left says why.
    let _ = pipe.write_all(stdin.as_bytes()).await;
    drop(pipe);
    let output = child.wait_with_output().await.expect("portico ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// Runs it to its end, with its output piped into a command of the shell's; gives its own status and what it complained of.
pub async fn portico_into(story: &Story, arguments: &[&str], stdin: &str, reader: &str) -> Ran {
    let mut reader =
        Command::new("sh").args(["-c", reader]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let reader = reader.as_mut().expect("a shell");
    let into: Stdio = reader.stdin.take().expect("it is piped").try_into().expect("a pipe");
    let mut child = command(story, arguments).stdout(into).spawn().expect("portico starts");
    let mut pipe = child.stdin.take().expect("stdin is piped");
    let _ = pipe.write_all(stdin.as_bytes()).await;
    drop(pipe);
    let output = child.wait_with_output().await.expect("portico ends");
    reader.wait().await.expect("the reader ends");
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::new(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Starts it with `--json` and ends it with SIGKILL once `steps` steps are settled, unless it ends well before that.
pub async fn killed_after(story: &Story, steps: usize, arguments: &[&str], stdin: &str) {
    let mut child: Child =
        command(story, &[&["--json"], arguments].concat()).spawn().expect("portico starts");
    let mut pipe = child.stdin.take().expect("stdin is piped");
    pipe.write_all(stdin.as_bytes()).await.expect("portico reads");
    drop(pipe);
    let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
    let (mut done, mut said) = (0, Vec::new());
    while let Some(line) = lines.next_line().await.expect("lines") {
        let event: Value = serde_json::from_str(&line).expect("a JSON document a line");
        // What came true by itself meanwhile is skipped, and settled as well.
        let settled = ["done", "skipped"].iter().any(|state| event["step"]["state"] == *state);
        if event["kind"] == "step" && settled {
            done += 1;
        }
        said.push(line);
        if done == steps {
            return child.kill().await.expect("SIGKILL");
        }
    }
    let status = child.wait().await.expect("it ended");
    assert!(status.success(), "{}", said.join("\n"));
}

/// Why it was refused.
pub fn problem_of(ran: &Ran) -> Problem {
    let line = ran.stdout.lines().rev().find(|line| line.contains("\"error\""));
    let line = line.unwrap_or_else(|| panic!("no error was told: {ran:?}"));
    let told: Value = serde_json::from_str(line).expect("JSON");
    serde_json::from_value(told["error"].clone()).expect("a problem")
}

/// What a machine shows before it was ever connected to.
pub async fn fingerprint(story: &Story, machine: &str) -> String {
    let shown = portico(story, &["--json", "connect", machine, "--key", &story.key_file()], "").await;
    problem_of(&shown).args["fingerprint"].clone()
}

/// `portico connect` with practice's key and the fingerprint that it shows, which this gives.
pub async fn accept(story: &Story, machine: &str) -> String {
    let key = story.key_file();
    let fingerprint = fingerprint(story, machine).await;
    let ran = portico(story, &["connect", machine, "--key", &key, "--accept", &fingerprint], "").await;
    assert_eq!(ran.status, 0, "{ran:?}");
    fingerprint
}
