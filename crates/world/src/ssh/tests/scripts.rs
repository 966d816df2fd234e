//! Scripts, values and bodies over one connection.

use super::sshd::{Sshd, eventually};
use super::*;
use portico_domain::credential::Secret;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;

const ECHO: Script = Script {
    name: "echo",
    text: r#"# portico echo
set -eu
IFS= read -r line
IFS= read -r length
block=$(dd bs=1 count="$length" 2>/dev/null; echo x)
block=${block%x}
printf 'line=%s\n' "$line"
printf '%s' "$block" | sha256sum | sed 's/^/block=/; s/ .*//'
cat | sha256sum | sed 's/^/body=/; s/ .*//'
tr '\0' ' ' <"/proc/$$/cmdline" | sed 's/^/cmdline=/'
echo 'for people' >&2
exit 10
"#,
};

fn sha256(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}

#[tokio::test]
async fn values_and_a_body_arrive_whole_and_none_is_on_a_command_line() {
    let sshd = Sshd::start().await;
    let session = sshd.session().await;
    let line = r#"it's "quoted" $HOME `id` \n %s ünïcödé"#;
    let block = "two\nlines\n\n'and' a secret K10abc";
    let body: Vec<u8> = (0..8_000_000u32).map(|n| ((n * 31) >> 3) as u8).collect();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let progress = Arc::clone(&seen);
    let values = Values::new()
        .line(line)
        .secret(&Secret::new(block.to_owned()))
        .body(std::io::Cursor::new(body.clone()), move |sent| progress.lock().unwrap().push(sent));

    let output = session.run(&ECHO, values, Privilege::None, &CancellationToken::new()).await.unwrap();

    assert_eq!(output.status, 10);
    assert_eq!(output.stderr, "for people\n");
    let fields = output.fields();
    assert_eq!(fields.get("line"), Some(line));
    assert_eq!(fields.get("block"), Some(sha256(block.as_bytes()).as_str()));
    assert_eq!(fields.get("body"), Some(sha256(&body).as_str()));
    let cmdline = fields.get("cmdline").unwrap();
    assert!(cmdline.contains("IFS= read -r n"), "{cmdline}");
    assert!(!cmdline.contains("K10abc") && !cmdline.contains("quoted"), "{cmdline}");
    let seen = seen.lock().unwrap();
    assert!(seen.is_sorted() && seen.len() > 10, "progress comes often and only grows");
    assert_eq!(*seen.last().unwrap(), body.len() as u64);
}

#[tokio::test]
async fn several_scripts_share_one_connection() {
    const MEET: Script = Script {
        name: "meet",
        // Each waits for the other's sign, so that one after the other would never end.
        text: "# portico meet\nIFS= read -r me\nIFS= read -r other\nIFS= read -r dir\n: >\"$dir/$me\"\n\
               while [ ! -e \"$dir/$other\" ]; do sleep 0.01; done\necho \"met=$other\"\n",
    };
    let sshd = Sshd::start().await;
    let session = sshd.session().await;
    let dir = sshd.dir.path().to_str().unwrap();
    let never = CancellationToken::new();
    let meet = |me: &str, other: &str| {
        session.run(&MEET, Values::new().line(me).line(other).line(dir), Privilege::None, &never)
    };
    let (a, b) = tokio::join!(meet("a", "b"), meet("b", "a"));
    assert_eq!(a.unwrap().fields().get("met"), Some("b"));
    assert_eq!(b.unwrap().fields().get("met"), Some("a"));
}

#[tokio::test]
async fn a_script_that_does_not_read_its_input_still_ends() {
    const EARLY: Script = Script { name: "early", text: "# portico early\necho 'reason=no'\nexit 10\n" };
    let sshd = Sshd::start().await;
    let session = sshd.session().await;
    let values = Values::new().body(tokio::io::repeat(7), |_| ());
    let output = session.run(&EARLY, values, Privilege::None, &CancellationToken::new()).await.unwrap();
    assert_eq!((output.status, output.fields().get("reason")), (10, Some("no")));
}

#[tokio::test]
async fn cancelling_closes_the_channel_and_leaves_the_connection() {
    const TAKE: Script = Script {
        name: "take",
        text: "# portico take\nIFS= read -r dir\n: >\"$dir/begun\"\ncat >/dev/null\n: >\"$dir/input-ended\"\n",
    };
    let sshd = Sshd::start().await;
    let session = Arc::new(sshd.session().await);
    let cancel = CancellationToken::new();
    let dir = sshd.dir.path().to_str().unwrap().to_owned();
    let (begun, ended) = (sshd.path("begun"), sshd.path("input-ended"));

    // A body that never ends and never fills the window.
    let (held, reader) = tokio::io::duplex(64);
    let running = tokio::spawn({
        let (session, cancel) = (Arc::clone(&session), cancel.clone());
        async move {
            session.run(&TAKE, Values::new().line(dir).body(reader, |_| ()), Privilege::None, &cancel).await
        }
    });
    eventually("the script has begun", || begun.exists()).await;
    assert!(!ended.exists());
    cancel.cancel();
    assert_eq!(code(&refused(running.await.unwrap())), Code::Cancelled);
    eventually("the script's input has ended", || ended.exists()).await;
    drop(held);

    let after = Script { name: "after", text: "# portico after\necho ok=1\n" };
    let output =
        session.run(&after, Values::new(), Privilege::None, &CancellationToken::new()).await.unwrap();
    assert_eq!(output.fields().get("ok"), Some("1"));
}

#[tokio::test]
async fn what_cannot_be_sent_or_kept_is_refused_by_name() {
    let sshd = Sshd::start().await;
    let session = sshd.session().await;
    let never = CancellationToken::new();
    let run = |script: Script, values: Values| {
        let (session, never) = (&session, &never);
        async move { session.run(&script, values, Privilege::None, never).await }
    };

    let two_lines = Values::new().line("a\nb");
    assert_eq!(code(&refused(run(ECHO, two_lines).await)), Code::Internal);

    let missing = tokio_util::io::StreamReader::new(tokio_stream::once(Err::<bytes::Bytes, _>(
        std::io::Error::other("the disk went away"),
    )));
    let values = Values::new().line("a").block(b"").body(missing, |_| ());
    let error = refused(run(ECHO, values).await);
    assert_eq!(code(&error), Code::LocalFileUnreadable);
    assert!(Problem::from(&error).detail.unwrap().contains("the disk went away"));

    let flood = Script { name: "flood", text: "# portico flood\nhead -c 9000000 /dev/zero\n" };
    assert_eq!(code(&refused(run(flood, Values::new()).await)), Code::ScriptFailed);

    let killed = Script { name: "killed", text: "# portico killed\nkill -9 $$\n" };
    assert_eq!(code(&refused(run(killed, Values::new()).await)), Code::ScriptFailed);
}

#[tokio::test]
async fn ten_machines_take_a_large_body_at_once() {
    const COUNT: Script = Script { name: "count", text: "# portico count\nwc -c | sed 's/^ */bytes=/'\n" };
    /// Twice what fits into the server's window.
    const SIZE: u64 = 4 * 1024 * 1024;
    let sshd = Sshd::start().await;
    let host_keys = sshd.trusted().await;
    let sessions = futures::future::try_join_all((0..10).map(|_| sshd.connect(&host_keys))).await;
    let sessions = sessions.unwrap_or_else(|error| panic!("{error:?}"));
    let never = CancellationToken::new();
    let outputs = futures::future::try_join_all(sessions.iter().map(|session| {
        let body = tokio::io::repeat(0xa5).take(SIZE);
        session.run(&COUNT, Values::new().body(body, |_| ()), Privilege::None, &never)
    }));
    for output in outputs.await.unwrap() {
        assert_eq!(output.fields().get("bytes"), Some(SIZE.to_string().as_str()));
    }
}
