//! One function per script: its values in order, its answer read, its refusals told apart.
//!
//! All of them may be run again. Cancelling drops the connection's channel; what was under way on the machine
//! is then finished or dropped by the script itself, which never leaves half a file under a real name.

use super::artefacts::Artefact;
use super::error::K3sError;
use super::journal::{diagnose, without_secrets};
use super::scripts;
use crate::ssh::{Output, Privilege, Script, Session, Values};
use portico_domain::cluster::Role;
use portico_domain::credential::Secret;
use portico_domain::facts::MachineFacts;
use portico_domain::preflight::Reading;
use portico_domain::problem::Problem;
use tokio_util::sync::CancellationToken;

/// Where a file belongs on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Binary,
    Installer,
    /// Under the archive's own name, where K3s looks for images to load.
    Images,
}

impl Place {
    fn path(self, name: &str) -> String {
        match self {
            Self::Binary => "/usr/local/bin/k3s".to_owned(),
            Self::Installer => "/usr/local/lib/portico/install.sh".to_owned(),
            Self::Images => format!("/var/lib/rancher/k3s/agent/images/{name}"),
        }
    }

    fn mode(self) -> &'static str {
        match self {
            Self::Binary | Self::Installer => "0755",
            Self::Images => "0644",
        }
    }
}

/// The digests of what [`configure`] left on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    pub config: String,
    /// Absent when no token was given.
    pub token: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installed {
    /// The unit was started, or restarted, and is up.
    Started,
    /// It was up with these very files already.
    Unchanged,
}

/// How much of a machine is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    All,
    /// Its K3s, boot and memory cgroup: what the steps of a build change.
    K3s,
}

/// Reads a machine's facts. Lines that make no sense come back as problems beside what could be read.
/// `clock` gives unix milliseconds; it is asked just before and after the machine is, and the reading's moment is
/// the one between them that is nearest to the machine's own.
pub async fn gather(
    session: &Session,
    part: Part,
    clock: &(dyn Fn() -> i64 + Sync),
    cancel: &CancellationToken,
) -> Result<(Reading, Vec<Problem>), K3sError> {
    // Finding out how to become root takes round trips that would look like a wrong clock.
    session.elevation().await?;
    let before = clock();
    let word = match part {
        Part::All => "all",
        Part::K3s => "k3s",
    };
    let output = run(session, &scripts::FACTS, Values::new().line(word), cancel).await?;
    let (facts, problems) = MachineFacts::parse(&output.text());
    // The machine read its clock somewhere between the question and the answer. On a busy machine that is seconds,
    // so only what lies outside of them counts as a difference.
    let at = facts.time_epoch_ms.map_or(before, |said| said.clamp(before, clock().max(before)));
    Ok((Reading { facts, at }, problems))
}

/// Copies a file into its place. `progress` is told the bytes sent so far.
///
/// # Errors
/// [`K3sError::ChecksumMismatch`] when other bytes arrived than were sent; [`K3sError::NoSpaceLeft`];
/// [`K3sError::Refused`] with `foreign-k3s` on a machine that has somebody else's K3s.
pub async fn place(
    session: &Session,
    artefact: &Artefact,
    place: Place,
    progress: impl FnMut(u64) + Send + 'static,
    cancel: &CancellationToken,
) -> Result<(), K3sError> {
    let local = |source| K3sError::Local { path: artefact.path.clone(), source };
    let file = tokio::fs::File::open(&artefact.path).await.map_err(local)?;
    let values = Values::new()
        .line(place.path(&artefact.name))
        .line(place.mode())
        .line("1")
        .line(&artefact.sha256)
        .line(artefact.size.to_string())
        .body(file, progress);
    let output = session.run(&scripts::PLACE_FILE, values, Privilege::Root, cancel).await?;
    judged(&scripts::PLACE_FILE, &artefact.name, output).map(drop)
}

/// Writes `config.yaml` and, for a machine that joins, its token. Files that are right stay untouched.
pub async fn configure(
    session: &Session,
    role: Role,
    config: &str,
    token: Option<&Secret>,
    cancel: &CancellationToken,
) -> Result<Configured, K3sError> {
    let values = Values::new().line(role.word()).block(config.as_bytes());
    let values = match token {
        Some(token) => values.secret(token),
        None => values.block(&[]),
    };
    let output = run(session, &scripts::CONFIGURE, values, cancel).await?;
    let config = field(&output, &scripts::CONFIGURE, "config")?;
    Ok(Configured { config, token: output.fields().get("token").map(str::to_owned) })
}

/// Runs K3s' installer and waits, up to three minutes, until the unit is up.
///
/// # Errors
/// [`K3sError::ServiceDidNotStart`] with the last journal lines and the likely cause.
pub async fn install(
    session: &Session,
    role: Role,
    cancel: &CancellationToken,
) -> Result<Installed, K3sError> {
    let values = Values::new().line(role.word());
    let output = session.run(&scripts::INSTALL, values, Privilege::Root, cancel).await?;
    if output.status == 30 {
        return Err(did_not_start(role, &output.stderr));
    }
    let output = judged(&scripts::INSTALL, role.unit(), output)?;
    let unchanged = output.fields().get("unchanged").is_some();
    Ok(if unchanged { Installed::Unchanged } else { Installed::Started })
}

/// The secure join token of a server.
pub async fn token(session: &Session, cancel: &CancellationToken) -> Result<Secret, K3sError> {
    let output = run(session, &scripts::TOKEN, Values::new(), cancel).await?;
    field(&output, &scripts::TOKEN, "token").map(Secret::new)
}

/// A server's administrator kubeconfig, as K3s wrote it: its address is the server's own loopback.
pub async fn kubeconfig(session: &Session, cancel: &CancellationToken) -> Result<Secret, K3sError> {
    let output = run(session, &scripts::KUBECONFIG, Values::new(), cancel).await?;
    match std::str::from_utf8(&output.stdout) {
        Ok(text) if !text.trim().is_empty() => Ok(Secret::new(text.to_owned())),
        _ => Err(K3sError::ReplyMalformed { script: scripts::KUBECONFIG.name, missing: "kubeconfig" }),
    }
}

/// The last lines that the role's unit logged, oldest first; of the last `seconds` alone unless that is 0.
pub async fn journal(
    session: &Session,
    role: Role,
    lines: u32,
    seconds: u64,
    cancel: &CancellationToken,
) -> Result<Vec<String>, K3sError> {
    let values = Values::new().line(role.unit()).line(lines.to_string()).line(seconds.to_string());
    let output = run(session, &scripts::JOURNAL, values, cancel).await?;
    Ok(without_secrets(&output.text()))
}

/// Switches the memory cgroup on for the next boot and gives the new kernel command line.
pub async fn cgroup_fix(session: &Session, cancel: &CancellationToken) -> Result<String, K3sError> {
    let output = run(session, &scripts::CGROUP_FIX, Values::new(), cancel).await?;
    field(&output, &scripts::CGROUP_FIX, "cmdline")
}

/// Has the machine restart within a second and gives the id of the boot that ends: the machine is back when its
/// facts name another one.
pub async fn reboot(session: &Session, cancel: &CancellationToken) -> Result<String, K3sError> {
    let output = run(session, &scripts::REBOOT, Values::new(), cancel).await?;
    field(&output, &scripts::REBOOT, "boot_id")
}

/// Removes what an interrupted copy left, and names it.
pub async fn remove_part(session: &Session, cancel: &CancellationToken) -> Result<Vec<String>, K3sError> {
    let output = run(session, &scripts::REMOVE_PART, Values::new(), cancel).await?;
    Ok(output.fields().all("removed").map(str::to_owned).collect())
}

async fn run(
    session: &Session,
    script: &Script,
    values: Values,
    cancel: &CancellationToken,
) -> Result<Output, K3sError> {
    let output = session.run(script, values, Privilege::Root, cancel).await?;
    judged(script, script.name, output)
}

/// The exit statuses that all scripts share. `subject` is what the script was about, for the message.
fn judged(script: &Script, subject: &str, output: Output) -> Result<Output, K3sError> {
    if output.status == 0 {
        return Ok(output);
    }
    let said = without_secrets(output.stderr.trim()).join("\n");
    let words = || said.lines().flat_map(str::split_whitespace);
    let value = |key: &str| {
        let found = words().find_map(|word| word.strip_prefix(key)).unwrap_or_default();
        found.trim_end_matches(':').to_owned()
    };
    Err(match output.status {
        10 => {
            let line = said.lines().rev().find_map(|line| line.strip_prefix("reason=")).unwrap_or("unknown");
            let (reason, text) = line.split_once(' ').unwrap_or((line, ""));
            K3sError::Refused { script: script.name, reason: reason.to_owned(), text: text.to_owned() }
        }
        20 => {
            let (expected, found) = (value("expected="), value("found="));
            K3sError::ChecksumMismatch { file: subject.to_owned(), expected, found }
        }
        28 => K3sError::NoSpaceLeft { file: subject.to_owned(), said },
        status => K3sError::ScriptFailed { script: script.name, status, said },
    })
}

fn did_not_start(role: Role, stderr: &str) -> K3sError {
    // An installer that fails has words of its own, and the unit has logged nothing yet.
    let (before, journal) = stderr.rsplit_once("journal:\n").unwrap_or((stderr, stderr));
    let (before, journal) = (without_secrets(before), without_secrets(journal));
    let likely = diagnose(&journal).or_else(|| diagnose(&before));
    let said = before.into_iter().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    K3sError::ServiceDidNotStart { unit: role.unit(), said, journal, likely }
}

fn field(output: &Output, script: &Script, key: &'static str) -> Result<String, K3sError> {
    let missing = K3sError::ReplyMalformed { script: script.name, missing: key };
    output.fields().get(key).filter(|value| !value.is_empty()).map(str::to_owned).ok_or(missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::problem::Code;

    fn ended(status: u32, stderr: &str) -> K3sError {
        let output = Output { status, stdout: Default::default(), stderr: stderr.to_owned() };
        judged(&scripts::PLACE_FILE, "k3s", output).err().expect("a status other than 0 is an error")
    }

    #[test]
    fn each_exit_status_has_its_meaning() {
        let problem = |status, stderr: &str| Problem::from(&ended(status, stderr));
        let refused = problem(10, "reason=foreign-k3s /usr/local/bin/k3s is there and not ours\n");
        assert_eq!(refused.code, Code::ForeignK3s);
        assert_eq!(refused.detail.as_deref(), Some("/usr/local/bin/k3s is there and not ours"));
        let other = problem(10, "reason=binary-missing /usr/local/bin/k3s");
        assert_eq!((other.code, other.args["reason"].as_str()), (Code::ScriptRefused, "binary-missing"));
        let mismatch = problem(20, "expected=aa found=bb: 3 of 4 bytes came");
        assert_eq!(mismatch.code, Code::ChecksumMismatch);
        assert_eq!((mismatch.args["expected"].as_str(), mismatch.args["found"].as_str()), ("aa", "bb"));
        assert_eq!(problem(28, "no space left for k3s").code, Code::NoSpaceLeft);
        let failed = problem(2, "cat: broken");
        assert_eq!((failed.code, failed.args["status"].as_str()), (Code::ScriptFailed, "2"));
    }

    #[test]
    fn a_failed_start_names_the_unit_the_line_and_the_cause() {
        let stderr = "[INFO]  systemd: Enabling k3s unit\nk3s keeps stopping: 2 attempts\njournal:\n\
                      Starting k3s\nlisten tcp :6443: bind: address already in use\n";
        let error = did_not_start(Role::Server, stderr);
        let problem = Problem::from(&error);
        assert_eq!(problem.code, Code::ServiceDidNotStart);
        let args: Vec<String> = problem.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            args.join("|"),
            "cause=port-in-use|line=listen tcp :6443: bind: address already in use|port=6443\
             |said=k3s keeps stopping: 2 attempts|unit=k3s"
        );
        assert!(problem.detail.unwrap().starts_with("Starting k3s\n"));

        let silent = Problem::from(&did_not_start(Role::Agent, "k3s-agent failed to start\njournal:\n"));
        assert_eq!(silent.args.get("cause"), None);

        let installer =
            Problem::from(&did_not_start(Role::Server, "[ERROR]  cannot\nthe installer failed\n"));
        assert_eq!(installer.args["said"].as_str(), "the installer failed");
        assert_eq!(installer.detail.as_deref(), Some("[ERROR]  cannot\nthe installer failed"));
    }

    #[test]
    fn a_reply_without_its_answer_is_no_answer() {
        let output = Output { status: 0, stdout: b"token=\n".to_vec().into(), stderr: String::new() };
        let error = field(&output, &scripts::TOKEN, "token").unwrap_err();
        assert!(matches!(error, K3sError::ReplyMalformed { script: "token", missing: "token" }));
    }
}
