//! Alerts: a cause is told once to whom a person said, its end once, and nothing secret is left anywhere.
//!
//! What arrived is judged by practice's own mail server, ntfy and webhook.

use crate::portico::{portico, portico_with};
use crate::story::{ECHO, Story, apply, done, expose, until};
use portico_api::wire::{Alerts, ChannelRef, Empty, SetChannel};
use portico_api::{Alerting, Api, Engine, Watch};
use portico_domain::alert::{Channel, Encryption, Quiet, Timing, Way};
use portico_domain::condition::{Hush, Severity};
use portico_domain::credential::{CredentialKind, Kept};
use portico_domain::problem::{Code, Problem};
use portico_domain::situation::{Situation, SituationKind};
use portico_practice::fault::{Fault, Rule, Service};
use portico_practice::post::{
    CLOSED_TOPIC, HOOK, HOOK_KEY, MAIL_PASSWORD, MAIL_USER, MAILBOX, NTFY_TOKEN, OPEN_TOPIC, Received, Via,
};
use serde_json::{Value, json};
use std::time::Duration;

const SECRETS: [&str; 4] = [MAIL_PASSWORD, NTFY_TOKEN, HOOK, HOOK_KEY];

fn channel(name: &str, way: Way) -> Channel {
    Channel { id: String::new(), name: name.into(), on: true, from: Severity::Degraded, way }
}

fn mail(story: &Story, encryption: Encryption) -> SetChannel {
    let at = story.practice.post.smtp;
    let way = Way::Email {
        host: at.ip().to_string(),
        port: at.port(),
        encryption,
        user: Some(MAIL_USER.into()),
        sender: MAIL_USER.into(),
        recipient: MAILBOX.into(),
    };
    set(channel("Mail", way), Some(MAIL_PASSWORD), None)
}

fn ntfy(story: &Story, topic: &str, token: Option<&str>) -> SetChannel {
    let way = Way::Ntfy { server: story.practice.post.ntfy(), topic: topic.into() };
    set(channel("Phone", way), token, None)
}

fn webhook(story: &Story) -> SetChannel {
    let url = story.practice.post.webhook();
    set(channel("Hook", Way::Webhook { host: String::new() }), Some(HOOK_KEY), Some(&url))
}

fn set(channel: Channel, secret: Option<&str>, url: Option<&str>) -> SetChannel {
    let [secret, url] = [secret, url].map(|text| text.map(str::to_owned));
    SetChannel { channel, secret, url, this_run: false }
}

fn received(story: &Story, via: Via) -> Vec<Received> {
    let all = story.practice.post.letterbox.received();
    all.into_iter().filter(|one| one.via == via).collect()
}

/// The values of a mail's header.
fn header<'a>(mail: &'a Received, name: &str) -> Option<&'a str> {
    let (head, _) = mail.text.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    lines.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Everything below the story's data.
fn no_secret_is_kept(story: &Story) {
    for entry in std::fs::read_dir(story.data()).expect("the data") {
        let path = entry.expect("an entry").path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for secret in SECRETS {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {}", path.display());
        }
    }
}

async fn unplug(engine: &Engine, machine: &str, on: bool) {
    let kind = SituationKind::MachineOff;
    let situation = Situation { kind, subject: Some(machine.to_owned()), on };
    engine.bring_about(&situation).await.expect("it is done");
}

/// An engine that tells, as the window has it.
fn told_by(engine: Engine) -> (Api, (Watch, Alerting)) {
    let api = Api::new(engine, true);
    let watch = api.watch();
    (api, watch)
}

async fn set_up(api: &Api, story: &Story) -> Alerts {
    for draft in [mail(story, Encryption::None), ntfy(story, CLOSED_TOPIC, Some(NTFY_TOKEN)), webhook(story)]
    {
        api.alert_channel_set(draft).await.expect("it is kept");
    }
    api.alerts(Empty {}).await.expect("the channels")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_told_once_on_each_channel_and_its_end_once_and_quiet_hours_hold() {
    let story = Story::of_pis(3).await;
    let engine = story.built(1, &story.names()).await;
    done(&apply(&engine, expose(ECHO)).await);
    let (api, watch) = told_by(engine.clone());
    // An old Kubernetes is worth a word in any homelab of 2026; whoever runs this one knows. The watch's first lists come
    // before its deeper look and lack it: what is not listed cannot be known of yet.
    until("the release is known", async || {
        let all = engine.conditions().await.expect("conditions");
        let old = all.into_iter().find(|one| one.problem.code == Code::ReleaseEnded)?;
        engine.hush(&old.id, Some(Hush::Acknowledged)).await.ok()
    })
    .await;
    let alerts = set_up(&api, &story).await;
    assert!(alerts.channels.iter().all(|state| state.secret == Kept::ThisRun && state.last.is_none()));

    unplug(&engine, "pi-3", true).await;
    let all = [Via::Mail, Via::Ntfy, Via::Webhook];
    let count = |number: usize| {
        let story = &story;
        async move || all.iter().all(|via| received(story, *via).len() == number).then_some(())
    };
    until("each channel hears of it", count(1)).await;
    unplug(&engine, "pi-3", false).await;
    until("each channel hears that it is over", count(2)).await;

    let mails = received(&story, Via::Mail);
    let [wrong, over] = mails.as_slice() else { panic!("{mails:?}") };
    let subject = header(wrong, "Subject").expect("a subject");
    assert!(subject.starts_with("The node pi-3 is not Ready"), "{subject}");
    assert!(header(over, "Subject").is_some_and(|over| over.starts_with("Over: The node pi-3")), "{over:?}");
    assert_eq!(header(wrong, "Message-ID"), header(over, "In-Reply-To"), "it is one conversation");
    assert_eq!(header(wrong, "Message-ID"), header(over, "References"));
    assert_eq!(header(wrong, "Auto-Submitted"), Some("auto-generated"));
    assert!(header(wrong, "Date").is_some() && header(wrong, "To") == Some(MAILBOX), "{wrong:?}");
    for part in ["What to do:", ECHO, "Since 20", "homelab home (practice)"] {
        assert!(wrong.text.contains(part), "{part}: {}", wrong.text);
    }
    assert!(over.text.contains("It lasted "), "{}", over.text);
    let pushed: Vec<_> = received(&story, Via::Ntfy).into_iter().map(|one| one.json).collect();
    assert_eq!(
        (&pushed[1]["tags"][0], &pushed[0]["topic"]),
        (&json!("white_check_mark"), &json!(CLOSED_TOPIC))
    );
    assert!(pushed[0]["priority"].as_u64() >= Some(4), "{pushed:?}");
    let hooked = received(&story, Via::Webhook);
    let conditions = &hooked[0].json["conditions"];
    assert_eq!(
        (1, "node-not-ready"),
        (conditions.as_array().expect("a list").len(), text(&conditions[0]["code"]))
    );
    assert_eq!("over", text(&hooked[1].json["conditions"][0]["news"]));
    assert!(
        hooked[0].headers.iter().any(|(name, value)| name == "webhook-signature" && value.starts_with("v1,"))
    );
    for message in story.practice.post.letterbox.received() {
        assert!(SECRETS.iter().all(|secret| !message.text.contains(secret)), "{message:?}");
    }

    // Quiet all day, but for a minute that is half a day away.
    let minute = u16::try_from(now() / 60 % 1_440).expect("a minute");
    let quiet = Quiet { from: (minute + 721) % 1_440, until: (minute + 720) % 1_440, through: None };
    let timing = Timing { quiet: Some(quiet), digest: None, per_hour: 12 };
    api.alert_timing_set(timing.clone()).await.expect("quiet hours");
    unplug(&engine, "pi-3", true).await;
    until("it is seen", async || {
        let all = engine.conditions().await.expect("conditions");
        all.iter().any(|one| one.problem.code == Code::NodeNotReady).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_secs(24)).await;
    assert_eq!(Some(()), count(2)().await, "nothing is told in quiet hours");

    // They end while Portico is not there, and its secrets are gone with the run that knew them.
    drop(watch);
    api.alert_timing_set(Timing { quiet: None, ..timing }).await.expect("no quiet hours");
    drop((api, engine));
    let engine = story.engine().await;
    let (api, _watch) = told_by(engine);
    let waits = async || {
        let alerts = api.alerts(Empty {}).await.expect("the channels");
        let why = |state: &portico_api::wire::ChannelState| state.last.clone().and_then(|last| last.problem);
        let hook = alerts.channels.iter().find(|state| state.channel.name == "Hook").cloned()?;
        (hook.waiting == 1 && why(&hook)?.code == Code::SecretMissing).then_some(alerts)
    };
    let alerts = until("the messages wait for their secrets", waits).await;
    // The answer to the mail gets lost: it is sent once more, and can be told to be the same.
    story.practice.faults.add(Rule::next(Service::Post, Fault::DropAfter).on("MAIL *"));
    let drafts =
        [mail(&story, Encryption::None), ntfy(&story, CLOSED_TOPIC, Some(NTFY_TOKEN)), webhook(&story)];
    for (state, draft) in alerts.channels.into_iter().zip(drafts) {
        let channel = Channel { id: state.channel.id, ..draft.channel.clone() };
        api.alert_channel_set(SetChannel { channel, ..draft }).await.expect("it is kept");
    }
    until("the mail came twice", async || (received(&story, Via::Mail).len() == 4).then_some(())).await;
    let mails = received(&story, Via::Mail);
    assert_eq!(header(&mails[2], "Message-ID"), header(&mails[3], "Message-ID"));
    assert_ne!(header(&mails[1], "Message-ID"), header(&mails[2], "Message-ID"));
    assert_eq!((3, 3), (received(&story, Via::Ntfy).len(), received(&story, Via::Webhook).len()));
    no_secret_is_kept(&story);
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_button_says_which_field_is_wrong_and_never_a_secret() {
    let story = Story::of_pis(1).await;
    let api = Api::new(story.engine().await, true);
    let fails = async |draft: SetChannel| {
        let error = api.call("alert-test", json!(draft)).await.expect_err("it is refused");
        let said = format!("{error:?}");
        assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "{said}");
        (error.code, error.args.get("field").cloned().unwrap_or_default())
    };
    let with = |change: &dyn Fn(&mut Way)| {
        let mut draft = mail(&story, Encryption::None);
        change(&mut draft.channel.way);
        draft
    };
    let expected = |code, field: &str| (code, field.to_owned());

    let wrong = SetChannel { secret: Some("wrong".into()), ..mail(&story, Encryption::None) };
    assert_eq!(fails(wrong).await, expected(Code::AlertLoginRefused, "secret"));
    let missing = SetChannel { secret: None, ..mail(&story, Encryption::None) };
    assert_eq!(fails(missing).await, expected(Code::SecretMissing, "secret"));
    let elsewhere = with(&|way| {
        if let Way::Email { recipient, .. } = way {
            *recipient = "nobody@mail.test".into();
        }
    });
    assert_eq!(fails(elsewhere).await, expected(Code::AlertRecipientRefused, "recipient"));
    let other = with(&|way| {
        if let Way::Email { sender, .. } = way {
            *sender = "root@mail.test".into();
        }
    });
    assert_eq!(fails(other).await, expected(Code::AlertSenderRefused, "sender"));
    let unknown = with(&|way| {
        if let Way::Email { user, .. } = way {
            *user = None;
        }
    });
    assert_eq!(fails(unknown).await, expected(Code::AlertLoginRefused, "user"));
    let closed = with(&|way| {
        if let Way::Email { port, .. } = way {
            *port = 1;
        }
    });
    assert_eq!(fails(closed).await, expected(Code::AlertUnreachable, "host"));
    let plain = with(&|way| {
        if let Way::Email { host, .. } = way {
            *host = "mail.example.test".into();
        }
    });
    assert_eq!(fails(plain).await, expected(Code::AlertUnencrypted, "encryption"));
    // A certificate that this computer does not trust, and TLS where there is none.
    for encryption in [Encryption::Starttls, Encryption::Tls] {
        assert_eq!(
            fails(mail(&story, encryption)).await,
            expected(Code::AlertTlsFailed, "encryption"),
            "{encryption:?}"
        );
    }
    let mut tls = mail(&story, Encryption::Tls);
    if let Way::Email { port, .. } = &mut tls.channel.way {
        *port = story.practice.post.smtps.port();
    }
    assert_eq!(fails(tls).await, expected(Code::AlertTlsFailed, "encryption"));

    assert_eq!(
        fails(ntfy(&story, CLOSED_TOPIC, Some("tk_wrong"))).await,
        expected(Code::AlertLoginRefused, "secret")
    );
    assert_eq!(fails(ntfy(&story, CLOSED_TOPIC, None)).await, expected(Code::AlertLoginRefused, "secret"));
    assert_eq!(
        fails(ntfy(&story, "somebody-elses", Some(NTFY_TOKEN))).await,
        expected(Code::AlertLoginRefused, "topic")
    );
    let no_ntfy =
        Way::Ntfy { server: format!("{}/nothing", story.practice.post.ntfy()), topic: OPEN_TOPIC.into() };
    assert_eq!(
        fails(set(channel("Phone", no_ntfy), None, None)).await,
        expected(Code::AlertRefused, "server")
    );
    story.practice.post.letterbox.limit_ntfy(Some(0));
    assert_eq!(fails(ntfy(&story, OPEN_TOPIC, None)).await, expected(Code::AlertRateLimit, ""));
    story.practice.post.letterbox.limit_ntfy(None);
    let stale = SetChannel { url: Some(story.practice.post.webhook() + "-old"), ..webhook(&story) };
    assert_eq!(fails(stale).await, expected(Code::AlertRefused, "url"));
    let no_url = SetChannel { url: Some("practice-hook-secret".into()), ..webhook(&story) };
    assert_eq!(fails(no_url).await, expected(Code::FieldInvalid, "url"));
    assert!(story.practice.post.letterbox.received().is_empty(), "nothing was taken");

    for draft in [mail(&story, Encryption::None), ntfy(&story, OPEN_TOPIC, None), webhook(&story)] {
        api.alert_test(draft).await.expect("it is taken");
    }
    let titles: Vec<String> = story
        .practice
        .post
        .letterbox
        .received()
        .iter()
        .map(|one| text(&one.json["title"]).to_owned())
        .collect();
    assert_eq!(titles[1..], ["A test message from Portico", "A test message from Portico"]);
    assert!(api.alerts(Empty {}).await.expect("a list").channels.is_empty(), "a test keeps nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_listed_by_their_place_forgotten_and_not_shown_to_another_server() {
    let story = Story::of_pis(1).await;
    let api = Api::new(story.engine().await, true);
    let alerts = set_up(&api, &story).await;
    let answers = [json!(alerts), json!(api.credentials(Empty {}).await.expect("a list"))];
    for answer in &answers {
        assert!(SECRETS.iter().all(|secret| !answer.to_string().contains(secret)), "{answer}");
    }
    let kinds = async || {
        let all = api.credentials(Empty {}).await.expect("a list").channels;
        all.into_iter().map(|secret| (secret.name, secret.kind)).collect::<Vec<_>>()
    };
    let all = [
        ("Mail", CredentialKind::SmtpPassword),
        ("Phone", CredentialKind::NtfyToken),
        ("Hook", CredentialKind::WebhookUrl),
        ("Hook", CredentialKind::WebhookKey),
    ];
    assert_eq!(kinds().await, all.map(|(name, kind)| (name.to_owned(), kind)));
    let [mail, phone, hook] = alerts.channels.as_slice() else { panic!("{alerts:?}") };
    assert!(matches!(&hook.channel.way, Way::Webhook { host } if host.starts_with("127.0.0.1:")));

    // What is kept goes on; for another server it is asked for.
    let same = SetChannel {
        secret: None,
        ..set(Channel { name: "Post".into(), ..mail.channel.clone() }, None, None)
    };
    api.alert_channel_set(same).await.expect("the password is kept");
    let mut other = phone.channel.clone();
    other.way = Way::Ntfy { server: "https://ntfy.example.test".into(), topic: OPEN_TOPIC.into() };
    let refused: Problem = api.alert_channel_set(set(other, None, None)).await.expect_err("another server");
    assert_eq!((refused.code, refused.args["field"].as_str()), (Code::SecretMissing, "secret"));

    api.alert_test(set(mail.channel.clone(), None, None)).await.expect("it is taken");
    let state = api.alerts(Empty {}).await.expect("a list").channels.remove(0);
    assert!(state.last.is_some_and(|last| last.problem.is_none() && !last.lost));
    api.alert_secrets_forget(ChannelRef { channel: mail.channel.id.clone() }).await.expect("forgotten");
    let gone = api.alert_test(set(mail.channel.clone(), None, None)).await.err().expect("nobody knows it");
    assert_eq!(gone.code, Code::SecretMissing);
    let left =
        api.alert_channel_remove(ChannelRef { channel: hook.channel.id.clone() }).await.expect("removed");
    assert_eq!(2, left.channels.len());
    assert_eq!(kinds().await, [("Phone".to_owned(), CredentialKind::NtfyToken)]);
    no_secret_is_kept(&story);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_reads_secrets_from_its_input_and_speaks_tls() {
    let story = Story::of_pis(1).await;
    let none = portico(&story, &["alerts"], "").await;
    assert!(none.stdout.contains("No alerts leave this computer yet"), "{none:?}");
    let ntfy = ["alerts", "try", "ntfy", "--server", &story.practice.post.ntfy(), "--topic", CLOSED_TOPIC];
    let taken = portico(&story, &[&ntfy[..], &["--token"]].concat(), NTFY_TOKEN).await;
    assert_eq!(0, taken.status, "{taken:?}");
    let refused = portico(&story, &ntfy, "").await;
    assert!(refused.status == 1 && refused.stderr.contains("forbidden"), "{refused:?}");
    let hook = portico(&story, &["alerts", "try", "webhook"], &story.practice.post.webhook()).await;
    assert_eq!(0, hook.status, "{hook:?}");

    // With the mail server's authority among the system's roots.
    let roots = story.path("roots.pem");
    std::fs::write(&roots, story.practice.post.authority()).expect("a file");
    let post = &story.practice.post;
    for (encryption, at) in [("starttls", post.smtp), ("tls", post.smtps)] {
        let port = at.port().to_string();
        let mail =
            ["alerts", "try", "email", "--host", "localhost", "--port", &port, "--encryption", encryption];
        let account = ["--user", MAIL_USER, "--sender", MAIL_USER, "--recipient", MAILBOX];
        let arguments = [&mail[..], &account[..]].concat();
        let ran =
            portico_with(&story, &arguments, MAIL_PASSWORD, &[("SSL_CERT_FILE", roots.as_os_str())]).await;
        assert_eq!(0, ran.status, "{encryption}: {ran:?}");
    }
    let mails = received(&story, Via::Mail);
    assert_eq!(vec![true, true], mails.iter().map(|mail| mail.encrypted).collect::<Vec<_>>());

    let when =
        ["--json", "alerts", "when", "--quiet", "22:00-07:00", "--through", "down", "--digest", "08:00"];
    let timing = portico(&story, &when, "").await;
    let answer: Value = serde_json::from_str(&timing.stdout).expect("JSON");
    assert_eq!(
        json!({"quiet": {"from": 1320, "until": 420, "through": "down"}, "digest": 480, "perHour": 12}),
        answer["timing"]
    );
    let inside = portico(&story, &["alerts", "when", "--digest", "23:00"], "").await;
    assert_eq!(2, inside.status, "{inside:?}");
    let strange = portico(&story, &["alerts", "test", "nobody"], "").await;
    assert_eq!(2, strange.status, "{strange:?}");
}
