//! What is stored to log in with: listed without a secret, forgotten, and asked for again.

use crate::portico::{accept, portico};
use crate::story::{Story, done, ended};
use portico_api::{Api, ConnectRequest, Engine, LoginMethod};
use portico_domain::credential::{CredentialKind, Kept, Secret};
use portico_domain::problem::Code;
use portico_practice::cloudflare::{CLUSTER_TOKEN, PORTICO_TOKEN};
use portico_practice::homelab::{nuc, raspberry_pi};
use serde_json::{Value, json};

const PASSWORD: &str = "planted-for-the-grep";

async fn story() -> Story {
    let mut nuc = nuc("nuc-1");
    nuc.users[0].password = PASSWORD.to_owned();
    Story::of(vec![raspberry_pi("pi-1", 5), nuc]).await
}

/// With a password that is to be remembered, and a yes to whatever key is shown.
async fn connect_nuc(story: &Story, engine: &Engine) {
    let request = |accept| ConnectRequest {
        address: story.address("nuc-1"),
        port: None,
        user: Some("admin".into()),
        method: LoginMethod::Password,
        password: Some(Secret::new(PASSWORD.into())),
        passphrase: None,
        accept,
        remember: true,
    };
    let shown = engine.connect(request(None)).await.expect_err("nobody knows its key");
    let fingerprint = shown.args.get("fingerprint").cloned();
    engine.connect(request(fingerprint)).await.expect("it lets us in");
}

/// The answer as the window gets it. Whatever is asked for, no secret is in it.
async fn ask(api: &Api, command: &str, request: Value) -> Value {
    let answer = api.call(command, request).await.unwrap_or_else(|error| panic!("{command}: {error:?}"));
    let text = answer.to_string();
    for secret in [PASSWORD, PORTICO_TOKEN, CLUSTER_TOKEN] {
        assert!(!text.contains(secret), "{command}: {text}");
    }
    answer
}

/// The one entry about this machine, if there is one.
fn about<'a>(list: &'a Value, machine: &str) -> Option<&'a Value> {
    list.as_array().expect("a list").iter().find(|one| one["machine"] == machine)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_of_ssh_config_is_logged_in_to_by_its_own_name_port_and_key() {
    let story = story().await;
    let port = story.practice.homelab.ports.ssh;
    // Where SSH is at its usual port, that file alone says where else it may be.
    let mut endpoints = story.practice.endpoints();
    endpoints["ports"]["ssh"] = 22.into();
    std::fs::write(story.path("endpoints.json"), endpoints.to_string()).expect("written");
    std::fs::create_dir(story.path(".ssh")).expect("a folder");
    let config = format!("Host attic\n  HostName {}\n  Port {port}\n", story.address("pi-1"));
    std::fs::write(story.path(".ssh/config"), config).expect("written");

    let fingerprint = accept(&story, "pi@attic").await;
    let document =
        story.yaml(1, &["pi-1"]).replace(&story.address("pi-1"), "attic").replace(", user: pi", "");
    let file = story.path("cluster.yaml");
    std::fs::write(&file, document).expect("written");
    let checked = portico(&story, &["check", &file.display().to_string()], "").await;
    assert_eq!(0, checked.status, "the key that was chosen opens it again: {checked:?}");

    let forgotten = portico(&story, &["credentials", "forget", "attic", "--host-key"], "").await;
    assert_eq!(0, forgotten.status, "{forgotten:?}");
    let again = portico(&story, &["connect", "pi@attic", "--key", &story.key_file()], "").await;
    assert!(again.status != 0 && again.stderr.contains(&fingerprint), "it is asked for anew: {again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_login_is_asked_for_again_and_no_secret_is_ever_told() {
    let story = story().await;
    let engine = story.engine().await;
    story.connect(&engine, &["pi-1"]).await;
    connect_nuc(&story, &engine).await;
    let members = ["pi-1", "nuc-1"];
    let document = story.document(1, &members);
    let plan = engine.preview(story.build(1, &members)).await.expect("a plan");
    let run = engine.apply(plan).await.expect("a run");
    let busy = engine.forget_login(&story.address("nuc-1"), None).await.expect_err("the run needs it");
    assert_eq!(Code::ClusterBusy, busy.code);
    done(&ended(&engine, &run.id).await);
    engine
        .set_token(CredentialKind::ClusterToken, Secret::new(CLUSTER_TOKEN.into()), true)
        .await
        .expect("a token that is enough");
    let (_, unread) = engine.check(document.clone()).await.expect("a look");
    assert!(unread.is_empty(), "{unread:?}");

    let api = Api::new(engine.clone(), true);
    let list = ask(&api, "credentials", json!({})).await;
    let nuc = about(&list["logins"], "nuc-1").expect("its login");
    // A story's keyring is memory, and says so.
    assert_eq!(
        ("memory", "this-run", "nowhere"),
        (
            list["keyring"].as_str().expect("a word"),
            nuc["password"].as_str().expect("a word"),
            nuc["passphrase"].as_str().expect("a word")
        )
    );
    assert_eq!((&json!("admin"), &json!(true)), (&nuc["user"], &nuc["inCluster"]));
    let pi = about(&list["logins"], "pi-1").expect("its login");
    assert_eq!((&json!(story.key_file()), &json!("nowhere")), (&pi["method"]["path"], &pi["password"]));
    let key = about(&list["hostKeys"], "nuc-1").expect("its key");
    let genuine = story.practice.homelab.read(|state| {
        let key = state.machine("nuc-1").expect("the machine").host_key().public_key().clone();
        (key.algorithm().as_str().to_owned(), key.fingerprint(Default::default()).to_string())
    });
    assert_eq!((json!(genuine.0), json!(genuine.1)), (key["kind"].clone(), key["fingerprint"].clone()));
    assert_eq!(
        json!([{"cluster": false, "kept": "this-run"}, {"cluster": true, "kept": "this-run"}]),
        list["tokens"]
    );
    assert_eq!("600", list["kubeconfig"]["mode"]);
    assert_eq!(story.data().join("kubeconfig").to_str(), list["kubeconfig"]["path"].as_str());

    // Forgotten, it is asked for again; the cluster's other machine and the nodes themselves are none the wiser.
    let before = story.end_state();
    let there = json!({"address": story.address("nuc-1"), "port": null});
    assert_eq!(json!({"logins": 1}), ask(&api, "login-forget", there.clone()).await);
    assert_eq!(
        json!({"logins": 0}),
        ask(&api, "login-forget", there.clone()).await,
        "it is forgotten already"
    );
    let list = ask(&api, "credentials", json!({})).await;
    assert!(about(&list["logins"], "nuc-1").is_none() && about(&list["logins"], "pi-1").is_some());
    let (found, unread) = engine.check(document.clone()).await.expect("a look");
    assert!(found.contains_key("pi-1") && !unread.contains_key("pi-1"), "{unread:?}");
    // With which words depends on the agent and the keys of whoever runs the tests.
    assert!(unread.contains_key("nuc-1"), "nobody knows the password any more");
    assert_eq!(before, story.end_state());

    // So is its key; both are there again after a first contact.
    ask(&api, "forget-host-key", there).await;
    let list = ask(&api, "credentials", json!({})).await;
    assert!(about(&list["hostKeys"], "nuc-1").is_none() && about(&list["hostKeys"], "pi-1").is_some());
    connect_nuc(&story, &engine).await;
    let (_, unread) = engine.check(document).await.expect("a look");
    assert!(unread.is_empty(), "{unread:?}");
    let kept = engine.credentials().await.expect("a list").logins;
    assert!(
        kept.iter().any(|login| login.machine.as_deref() == Some("nuc-1") && login.password == Kept::ThisRun)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_that_does_not_answer_is_told_and_nothing_is_forgotten_halfway() {
    let story = story().await;
    let (nuc, pi) = (story.address("nuc-1"), story.address("pi-1"));
    let run = async |arguments: &[&str], stdin: &str| {
        let ran = portico(&story, arguments, stdin).await;
        for said in [&ran.stdout, &ran.stderr] {
            assert!(!said.contains(PASSWORD), "{arguments:?}: {said}");
        }
        ran
    };
    let list = async || {
        let ran = run(&["--json", "credentials"], "").await;
        assert_eq!(0, ran.status, "{ran:?}");
        serde_json::from_str::<Value>(&ran.stdout).expect("JSON")
    };
    let empty = list().await;
    assert_eq!(
        (&json!([]), &json!([]), &Value::Null),
        (&empty["logins"], &empty["hostKeys"], &empty["kubeconfig"])
    );

    for (login, options, stdin) in [
        (format!("pi@{pi}"), ["--key", &story.key_file()].as_slice(), ""),
        (format!("admin@{nuc}"), &["--password", "--remember"], PASSWORD),
    ] {
        let connect = [&["--json", "connect", &login], options].concat();
        let asked = run(&connect, stdin).await;
        assert_eq!(3, asked.status, "{asked:?}");
        let asked: Value = serde_json::from_str(&asked.stdout).expect("JSON");
        let fingerprint = asked["error"]["args"]["fingerprint"].as_str().expect("a fingerprint");
        let let_in = run(&[&connect, ["--accept", fingerprint].as_slice()].concat(), stdin).await;
        // There is no keyring to remember it in, and that is said.
        assert_eq!(let_in.stdout.contains("keyring-unavailable"), login.starts_with("admin"), "{let_in:?}");
    }

    let listed = list().await;
    assert_eq!("keyring-unavailable", listed["problem"]["code"]);
    let at = |address: &str| {
        let logins = listed["logins"].as_array().expect("logins");
        logins.iter().find(|login| login["address"] == address).cloned().expect("its login")
    };
    // What was never put into a keyring is known not to be there.
    assert_eq!(
        ("unknown", "nowhere"),
        (at(&nuc)["password"].as_str().unwrap(), at(&pi)["password"].as_str().unwrap())
    );

    let refused = run(&["credentials", "forget", &nuc], "").await;
    assert!(refused.status == 1 && refused.stderr.contains("keyring"), "{refused:?}");
    assert_eq!(listed, list().await, "it is still there to be forgotten");
    let forgotten = run(&["credentials", "forget", &pi, "--host-key"], "").await;
    assert!(forgotten.status == 0 && forgotten.stdout.contains("asks again"), "{forgotten:?}");
    let again = run(&["credentials", "forget", &pi], "").await;
    assert!(again.status == 0 && again.stdout.contains("No login was stored"), "{again:?}");
    let left = run(&["credentials"], "").await.stdout;
    assert!(left.contains(&format!("admin@{nuc}")) && !left.contains(&pi), "{left}");
}
