//! Machines that are not there, are something else, or stop answering.

use super::sshd::Sshd;
use super::*;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

fn brief() -> Timeouts {
    let brief = Duration::from_millis(600);
    Timeouts {
        connect: brief,
        handshake: brief,
        login: Duration::from_secs(10),
        silence: Duration::from_secs(1),
    }
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
        let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await;
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

#[tokio::test]
async fn a_machine_that_hangs_is_given_up_and_holds_nobody_up() {
    const WAIT: Script = Script { name: "wait", text: "# portico wait\necho begun=1\ncat >/dev/null\n" };
    const HELLO: Script = Script { name: "hello", text: "# portico hello\necho ok=1\n" };
    let (hanging, well) = (Sshd::start().await, Sshd::start().await);
    let connect = async |sshd: &Sshd| {
        let host_keys = sshd.trusted().await;
        let timeouts = Timeouts { silence: Duration::from_secs(3), ..Timeouts::default() };
        let session = Session::connect(sshd.target(), &sshd.login(), host_keys, timeouts).await;
        session.unwrap_or_else(|error| panic!("{error:?}"))
    };
    let (stuck, fine) = (connect(&hanging).await, connect(&well).await);
    let never = CancellationToken::new();
    let began = Instant::now();
    let waiting = async {
        // More than every buffer on the way can hold: the write itself gets stuck.
        let values = Values::new().body(tokio::io::repeat(0), |_| ());
        let outcome = stuck.run(&WAIT, values, Privilege::None, &never).await;
        (refused(outcome), began.elapsed())
    };
    let stopping = hanging.signal_connections("-STOP");
    let others = async {
        let output = fine.run(&HELLO, Values::new(), Privilege::None, &never).await.unwrap();
        assert_eq!(output.fields().get("ok"), Some("1"));
        began.elapsed()
    };
    let ((error, given_up), (), others) = tokio::join!(waiting, stopping, others);
    hanging.signal_connections("-KILL").await;
    assert!(matches!(error, SshError::TimedOut { stage: Stage::Silence, .. }), "{error:?}");
    assert!(given_up < Duration::from_secs(10), "{given_up:?}");
    assert!(others < given_up, "{others:?} and {given_up:?}");
}

#[tokio::test]
async fn an_idle_connection_outlives_the_silence_limit() {
    let sshd = Sshd::start().await;
    let host_keys = sshd.trusted().await;
    let session = Session::connect(sshd.target(), &sshd.login(), host_keys, brief()).await;
    let session = session.unwrap_or_else(|error| panic!("{error:?}"));
    // Longer than the limit; the server's answers to the signs of life keep it up.
    let pause = Script { name: "pause", text: "# portico pause\nsleep 2.2\necho ok=1\n" };
    let output = session.run(&pause, Values::new(), Privilege::None, &CancellationToken::new()).await;
    assert_eq!(output.unwrap_or_else(|error| panic!("{error:?}")).fields().get("ok"), Some("1"));
}

#[tokio::test]
async fn a_connection_lost_midway_is_an_error_and_not_an_exit_status() {
    const LOSE: Script = Script { name: "lose", text: "# portico lose\n:\n" };
    let sshd = Sshd::start().await;
    let session = sshd.session().await;
    let never = CancellationToken::new();
    let wait = Script { name: "wait", text: "# portico wait\ncat >/dev/null\n" };
    let (held, reader) = tokio::io::duplex(64);
    let running = session.run(&wait, Values::new().body(reader, |_| ()), Privilege::None, &never);
    let (outcome, ()) = tokio::join!(running, sshd.signal_connections("-KILL"));
    drop(held);
    assert_eq!(code(&refused(outcome)), Code::ConnectionLost);
    assert!(session.is_closed());
    let after = session.run(&LOSE, Values::new(), Privilege::None, &never).await;
    assert_eq!(code(&refused(after)), Code::ConnectionLost);
}
