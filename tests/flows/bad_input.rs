//! Bad input to the real `portico`: exit status, code, sentence and next step, and that nothing was changed.

use crate::portico::{accept, fingerprint, portico, problem_of};
use crate::story::{ECHO, Story, ZONE};
use portico_api::english::{explain, sentence};
use portico_domain::problem::{Code, Problem};
use portico_domain::template::place;
use portico_practice::cloudflare::{EXPIRED_TOKEN, PORTICO_TOKEN, READ_ONLY_TOKEN};
use portico_practice::fault::{Fault, Rule, Service};
use std::path::Path;
use std::process::Command;

/// Runs it for a program and for a person: the same exit status, the code, a sentence without a gap and a
/// next step; and nothing was changed.
async fn refused(story: &Story, arguments: &[&str], stdin: &str, status: i32, code: Code) -> Problem {
    let before = story.practice.footprint();
    let ran = portico(story, &[&["--json"], arguments].concat(), stdin).await;
    let problem = problem_of(&ran);
    assert_eq!((ran.status, problem.code), (status, code), "{arguments:?}: {ran:?}");
    let template = sentence(code);
    for text in [template.what, template.next] {
        for name in text.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            let (name, otherwise) = place(name);
            assert!(
                problem.args.contains_key(name) || !otherwise.is_empty(),
                "{code:?} lacks {name}: {problem}"
            );
        }
    }
    let people = portico(story, arguments, stdin).await;
    let (what, next) = explain(&problem);
    assert_eq!(people.status, status, "{people:?}");
    // Durations and times may differ from one run to the next, the sentences may not.
    assert!(people.stderr.contains(&what) && people.stderr.contains(&next), "{what}\n{next}\n{people:?}");
    assert_eq!(story.practice.footprint(), before, "{arguments:?}");
    problem
}

fn write(story: &Story, name: &str, text: &str) -> String {
    let path = story.path(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("a path").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn subnets() {
    let story = Story::of_pis(1).await;
    for (subnets, code) in [
        (vec!["192.168.1.0/33"], Code::SubnetInvalid),
        (vec!["192.168.1.4/32"], Code::SubnetEmpty),
        (vec!["192.168.0.0/23", "192.168.1.0/24"], Code::SubnetOverlap),
        (vec!["10.1.0.0/16"], Code::SubnetTooLarge),
    ] {
        let arguments: Vec<_> =
            ["scan"].into_iter().chain(subnets.iter().flat_map(|subnet| ["--subnet", subnet])).collect();
        refused(&story, &arguments, "", 2, code).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logins() {
    let story = Story::start().await;
    refused(&story, &["connect", "pi@no-such-machine.invalid", "--password"], "x", 1, Code::HostUnresolved)
        .await;
    refused(&story, &["connect", "pi@127.77.0.11:1", "--password"], "x", 1, Code::ConnectionRefused).await;
    refused(&story, &["connect", "pi@127.77.0.11:99999"], "", 2, Code::FieldInvalid).await;
    let machine = "pi@127.77.0.11";
    let key = story.key_file();
    let unknown = refused(&story, &["connect", machine, "--key", &key], "", 3, Code::HostKeyUnknown).await;
    accept(&story, machine).await;
    refused(&story, &["connect", machine, "--password"], "wrong", 1, Code::PasswordWrong).await;
    let shown = fingerprint(&story, "guest@127.77.0.14").await;
    let guest = ["connect", "guest@127.77.0.14", "--password", "--accept", &shown];
    refused(&story, &guest, "visitor", 1, Code::SudoRefused).await;

    story.practice.homelab.swap_host_key("pi-1").expect("pi-1");
    let changed = refused(&story, &["connect", machine, "--key", &key], "", 1, Code::HostKeyChanged).await;
    let (pinned, before) = (&changed.args["pinned"], &unknown.args["fingerprint"]);
    assert!(pinned.contains(before), "both fingerprints are shown: {changed}");
    assert_ne!(changed.args["fingerprint"], unknown.args["fingerprint"]);
}

fn keygen(path: &Path, passphrase: &str) {
    let made = Command::new("ssh-keygen")
        // One round of the key derivation: a debug build takes long over the usual sixteen.
        .args(["-q", "-a", "1", "-t", "ed25519", "-C", "story", "-N", passphrase, "-f"])
        .arg(path)
        .status()
        .expect("ssh-keygen runs");
    assert!(made.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys() {
    let story = Story::of_pis(1).await;
    let machine = "pi@127.77.0.11";
    accept(&story, machine).await;
    let locked = story.path("locked");
    keygen(&locked, "a good passphrase");
    let (locked, public) = (locked.to_str().expect("a path"), format!("{}.pub", locked.display()));
    let none = write(&story, "nonsense", "not a key\n");
    refused(
        &story,
        &["connect", machine, "--key", locked, "--passphrase"],
        "wrong",
        1,
        Code::PassphraseWrong,
    )
    .await;
    refused(&story, &["connect", machine, "--key", locked], "", 1, Code::PassphraseNeeded).await;
    refused(&story, &["connect", machine, "--key", &public], "", 1, Code::KeyKindUnsupported).await;
    refused(&story, &["connect", machine, "--key", &none], "", 1, Code::KeyKindUnsupported).await;
    refused(&story, &["connect", machine, "--key", "/no/such/key"], "", 1, Code::KeyFileMissing).await;
    let right = ["connect", machine, "--key", locked, "--passphrase"];
    refused(&story, &right, "a good passphrase", 1, Code::AuthenticationFailed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents() {
    let story = Story::start().await;
    accept(&story, "pi@127.77.0.11").await;
    accept(&story, "root@127.77.0.16").await;
    let good = story.yaml(1, &["pi-1"]);
    for (name, text, code) in [
        ("malformed", good.replace("machines:", "machines: ["), Code::DocumentMalformed),
        ("unknown", good.replace("name: home", "name: home\nmaschines: []"), Code::DocumentUnknownField),
        ("two", story.yaml(2, &["pi-1", "pi-2"]), Code::TwoServers),
        ("none", story.yaml(0, &["pi-1", "pi-2"]), Code::NoServer),
        ("version", good.replace("v1.34.4+k3s1", "v1.99.9+k3s1"), Code::VersionUnknown),
        ("channel", good.replace("version: v1.34.4+k3s1 }", "channel: newest }"), Code::ChannelUnknown),
    ] {
        let path = write(&story, name, &text);
        let status = if code == Code::ChannelUnknown { 1 } else { 2 };
        refused(&story, &["apply", &path, "--yes"], "", status, code).await;
    }
    refused(&story, &["preview", "/no/such/cluster.yaml"], "", 2, Code::DocumentUnreadable).await;
    let good = write(&story, "good", &good);
    refused(&story, &["apply", &good], "", 3, Code::ConfirmationNeeded).await;
    // Somebody else's K3s is not taken over.
    let attic = write(&story, "attic", &story.yaml(1, &["attic"]));
    let problem = refused(&story, &["apply", &attic, "--yes"], "", 1, Code::MachineUnfit).await;
    assert_eq!(problem.args["machine"], "attic");
    let checked = portico(&story, &["check", &attic], "").await;
    assert!(checked.status == 1 && checked.stdout.contains("K3s"), "{checked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostnames_and_runs() {
    let story = Story::of_pis(1).await;
    for host in ["-echo.example.test", "echo..example.test", "e_cho.example.test", "echo"] {
        let arguments = ["expose", "echo", &format!("--host={host}"), "--lan", "--yes"];
        refused(&story, &arguments, "", 2, Code::HostnameInvalid).await;
    }
    let arguments = ["expose", "echo", "--host", "echo.example.test", "--lan", "--yes", "--ask-token"];
    refused(&story, &arguments, PORTICO_TOKEN, 1, Code::NoCluster).await;
    for command in ["resume", "cancel", "runs"] {
        refused(&story, &[command, "no-such-run"], "", 2, Code::RunMissing).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_outside_the_account_and_tokens_that_may_too_little() {
    let story = Story::of_pis(1).await;
    drop(story.built(1, &["pi-1"]).await);
    let expose = |host| ["expose", "echo", "--host", host, "--lan", "--yes", "--ask-token"];
    let problem = refused(&story, &expose("echo.elsewhere.test"), PORTICO_TOKEN, 2, Code::ZoneMissing).await;
    assert!(problem.args["zones"].contains("example.test"), "{problem}");
    refused(&story, &expose(ECHO), EXPIRED_TOKEN, 1, Code::CloudflareToken).await;

    // That it may not write shows when it writes: the records are as before, and the run says what it lacks.
    let records = story.practice.cloud.records(ZONE);
    let ran = portico(&story, &expose(ECHO), READ_ONLY_TOKEN).await;
    assert_eq!(ran.status, 1, "{ran:?}");
    for said in
        ["lacks the permission Zone → DNS → Edit.", "Edit the token in Cloudflare's dashboard and add it"]
    {
        assert!(ran.stderr.contains(said), "{ran:?}");
    }
    assert_eq!(story.practice.cloud.records(ZONE), records);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_is_not_what_its_checksum_says_never_reaches_a_machine() {
    let story = Story::of_pis(1).await;
    accept(&story, "pi@127.77.0.11").await;
    let path = write(&story, "cluster.yaml", &story.yaml(1, &["pi-1"]));
    story.practice.faults.add(Rule::next(Service::Mirror, Fault::Corrupt).on("*/k3s-arm64").always());
    let before = story.practice.footprint();
    let ran = portico(&story, &["apply", &path, "--yes"], "").await;
    assert_eq!(ran.status, 1, "{ran:?}");
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("k3s-arm64 is not what it should be: expected "), "{said}");
    assert!(said.contains("It was not run."), "{said}");
    assert_eq!(story.practice.footprint(), before);
}
