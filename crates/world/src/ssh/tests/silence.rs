//! Machines that are not there, are something else, or stop answering.

use super::sshd::Sshd;
use super::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

fn brief() -> Timeouts {
    let brief = Duration::from_millis(600);
    Timeouts { connect: brief, handshake: brief, ..Timeouts::default() }
}

async fn reach(address: &str, port: u16) -> SshError {
    let dir = tempfile::tempdir().unwrap();
    let host_keys = Arc::new(HostKeys::new(dir.path().join("pins.json"), vec![]));
    let target = Target { address: address.to_owned(), port, user: "ada".to_owned() };
    refused(Session::connect(target, &Login::new(vec![]), host_keys, brief()).await)
}

/// A TCP server that says this and then closes or waits.
async fn server(says: &'static [u8], waits: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(says).await.unwrap();
        if waits {
            std::future::pending::<()>().await;
        }
        // Reading the client's greeting first makes this an orderly end and not a reset.
        let mut buffer = [0; 512];
        let _ = stream.read(&mut buffer).await;
    });
    port
}

#[tokio::test]
async fn what_is_not_an_ssh_server_is_told_apart() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(code(&reach("127.0.0.1", closed).await), Code::ConnectionRefused);
    assert_eq!(code(&reach("no-such-name.invalid", 22).await), Code::HostUnresolved);
    // Nobody can be connected to at the broadcast address.
    let nowhere = code(&reach("255.255.255.255", 22).await);
    assert_eq!(nowhere, Code::HostUnreachable);

    let web = server(b"HTTP/1.1 400 Bad Request\r\n\r\n", false).await;
    let error = reach("127.0.0.1", web).await;
    let SshError::NotSsh { greeting, .. } = &error else { panic!("{error:?}") };
    assert_eq!(greeting, "HTTP/1.1 400 Bad Request");

    let talker = server(b"220 smtp.example.test ready\r\n", true).await;
    assert_eq!(code(&reach("127.0.0.1", talker).await), Code::NotSsh);

    let mute = server(b"", true).await;
    let error = reach("127.0.0.1", mute).await;
    assert!(matches!(error, SshError::TimedOut { stage: Stage::Greeting, .. }), "{error:?}");

    let half = server(b"SSH-2.0-Half\r\n", true).await;
    let error = reach("127.0.0.1", half).await;
    assert!(matches!(error, SshError::TimedOut { stage: Stage::KeyExchange, .. }), "{error:?}");

    let abrupt = server(b"", false).await;
    assert_eq!(code(&reach("127.0.0.1", abrupt).await), Code::ConnectionLost);

    let old = server(b"SSH-1.5-OldDevice\r\n", false).await;
    assert_ne!(code(&reach("127.0.0.1", old).await), Code::HostKeyUnknown);
}

#[tokio::test]
async fn servers_without_common_ground_are_named() {
    let sshd = Sshd::start_with("Ciphers 3des-cbc").await;
    let error = refused(sshd.connect(&sshd.host_keys("")).await);
    assert_eq!(code(&error), Code::SshNegotiationFailed, "{error:?}");
}

const WAIT: Script = Script { name: "wait", text: "# portico wait\ncat >/dev/null\n" };
const HELLO: Script = Script { name: "hello", text: "# portico hello\necho ok=1\n" };

async fn connect(sshd: &Sshd, silence: u64) -> Session {
    let timeouts = Timeouts { silence: Duration::from_secs(silence), ..Timeouts::default() };
    let host_keys = sshd.trusted().await;
    let session = Session::connect(sshd.target(), &sshd.login(), host_keys, timeouts).await;
    session.unwrap_or_else(|error| panic!("{error:?}"))
}

#[tokio::test]
async fn a_machine_that_hangs_is_given_up() {
    let sshd = Sshd::start().await;
    let never = CancellationToken::new();
    let (_open, quiet) = tokio::io::duplex(64);
    // Once with nothing to say, once with more than every buffer on the way can hold, so that a write is stuck.
    let bodies: [(&str, Box<dyn tokio::io::AsyncRead + Send + Unpin>); 2] =
        [("silence", Box::new(quiet)), ("a flood", Box::new(tokio::io::repeat(0)))];
    for (body, reader) in bodies {
        let session = connect(&sshd, 2).await;
        let (began, beginning) = tokio::sync::oneshot::channel();
        let mut began = Some(began);
        let values = Values::new().body(std::io::Cursor::new(b"x").chain(reader), move |_| {
            if let Some(began) = began.take() {
                began.send(()).unwrap();
            }
        });
        let stopping = async {
            beginning.await.unwrap();
            sshd.signal_connections("-STOP").await;
        };
        let (outcome, ()) = tokio::join!(session.run(&WAIT, values, Privilege::None, &never), stopping);
        sshd.signal_connections("-KILL").await;
        let error = refused(outcome);
        assert!(matches!(error, SshError::TimedOut { stage: Stage::Silence, .. }), "{body}: {error:?}");
        assert_eq!(code(&error), Code::ConnectionTimedOut);
    }
}

#[tokio::test]
async fn a_machine_that_hangs_holds_nobody_up() {
    let (hanging, well) = (Sshd::start().await, Sshd::start().await);
    let (stuck, fine) = (connect(&hanging, 600).await, connect(&well, 20).await);
    let never = CancellationToken::new();
    hanging.signal_connections("-STOP").await;
    let waiting = stuck.run(&HELLO, Values::new(), Privilege::None, &never);
    let others = fine.run(&HELLO, Values::new(), Privilege::None, &never);
    tokio::select! {
        _ = waiting => panic!("the hanging machine cannot have answered"),
        output = others => assert_eq!(output.unwrap().fields().get("ok"), Some("1")),
    }
    hanging.signal_connections("-KILL").await;
}

#[tokio::test]
async fn an_idle_connection_outlives_the_silence_limit() {
    let sshd = Sshd::start().await;
    let session = connect(&sshd, 2).await;
    // Longer than the limit; the server's answers to the signs of life keep it up.
    let pause = Script { name: "pause", text: "# portico pause\nsleep 3\necho ok=1\n" };
    let output = session.run(&pause, Values::new(), Privilege::None, &CancellationToken::new()).await;
    assert_eq!(output.unwrap_or_else(|error| panic!("{error:?}")).fields().get("ok"), Some("1"));
}

#[tokio::test]
async fn a_connection_lost_midway_is_an_error_and_not_an_exit_status() {
    let sshd = Sshd::start().await;
    let session = sshd.session().await;
    let never = CancellationToken::new();
    let (held, reader) = tokio::io::duplex(64);
    let running = session.run(&WAIT, Values::new().body(reader, |_| ()), Privilege::None, &never);
    let (outcome, ()) = tokio::join!(running, sshd.signal_connections("-KILL"));
    drop(held);
    assert_eq!(code(&refused(outcome)), Code::ConnectionLost);
    assert!(session.is_closed());
    let after = session.run(&HELLO, Values::new(), Privilege::None, &never).await;
    assert_eq!(code(&refused(after)), Code::ConnectionLost);
}
