//! A server in the test that writes down every attempt to log in, for passwords and prompts.

use super::*;
use portico_domain::credential::Secret;
use russh::keys::{Algorithm, PrivateKey};
use russh::server::{self, Auth, Response};
use russh::{MethodKind, MethodSet};
use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the server lets `ada` with the password `correct` in.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Password,
    Prompt,
    /// A password and then a one-time code.
    PromptAndCode,
    KeyOnly,
    /// The password is accepted as the first of two proofs.
    PasswordAndMore,
}

#[derive(Clone)]
struct Door {
    way: Way,
    attempts: Arc<Mutex<Vec<String>>>,
}

impl Door {
    fn note(&self, attempt: String) {
        self.attempts.lock().unwrap().push(attempt);
    }

    fn prompt(text: &'static str) -> Auth {
        let prompts = vec![(Cow::Borrowed(text), false)];
        Auth::Partial { name: "".into(), instructions: "".into(), prompts: prompts.into() }
    }
}

impl server::Handler for Door {
    type Error = russh::Error;

    async fn auth_none(&mut self, user: &str) -> Result<Auth, russh::Error> {
        self.note(format!("none {user}"));
        Ok(Auth::reject())
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        self.note(format!("password {user} {password}"));
        Ok(match password == "correct" {
            true if self.way == Way::PasswordAndMore => Auth::Reject {
                proceed_with_methods: Some(MethodSet::from(&[MethodKind::PublicKey][..])),
                partial_success: true,
            },
            true => Auth::Accept,
            false => Auth::reject(),
        })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(answers) = response else { return Ok(Self::prompt("Password: ")) };
        let answers: Vec<_> = answers.map(|answer| String::from_utf8_lossy(&answer).into_owned()).collect();
        self.note(format!("prompt {user} {}", answers.join("|")));
        Ok(match answers == ["correct"] {
            true if self.way == Way::PromptAndCode => Self::prompt("One-time code: "),
            true => Auth::Accept,
            false => Auth::reject(),
        })
    }
}

struct Server {
    port: u16,
    attempts: Arc<Mutex<Vec<String>>>,
    dir: tempfile::TempDir,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(way: Way) -> Self {
        let methods: &[MethodKind] = match way {
            Way::Password | Way::PasswordAndMore => &[MethodKind::PublicKey, MethodKind::Password],
            Way::Prompt | Way::PromptAndCode => &[MethodKind::KeyboardInteractive],
            Way::KeyOnly => &[MethodKind::PublicKey],
        };
        let config = Arc::new(server::Config {
            methods: MethodSet::from(methods),
            auth_rejection_time: Duration::ZERO,
            keys: vec![PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap()],
            ..Default::default()
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let door = Door { way, attempts: Arc::default() };
        let attempts = Arc::clone(&door.attempts);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(running) = server::run_stream(Arc::clone(&config), stream, door.clone()).await {
                    tokio::spawn(running);
                }
            }
        });
        Self { port, attempts, dir: tempfile::tempdir().unwrap(), task }
    }

    async fn connect(&self, password: &str) -> Result<Session, SshError> {
        let host_keys = Arc::new(HostKeys::new(self.dir.path().join("pins.json"), vec![]));
        let target = Target { address: "127.0.0.1".into(), port: self.port, user: "ada".into() };
        let login = Login::new(vec![Method::Password(Secret::new(password.to_owned()))]);
        Session::connect(target, &login, host_keys, Timeouts::default()).await
    }

    async fn trust(&self) {
        let error = refused(self.connect("not to be sent").await);
        let SshError::HostKeyUnknown { presented, .. } = error else { panic!("{error:?}") };
        let host_keys = HostKeys::new(self.dir.path().join("pins.json"), vec![]);
        host_keys.pin("127.0.0.1", self.port, &presented).unwrap();
    }

    fn attempts(&self) -> Vec<String> {
        std::mem::take(&mut self.attempts.lock().unwrap())
    }
}

#[tokio::test]
async fn nothing_is_said_to_a_server_whose_key_is_not_accepted() {
    let server = Server::start(Way::Password).await;
    assert_eq!(code(&refused(server.connect("correct").await)), Code::HostKeyUnknown);

    let other = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap();
    let other = super::super::host_keys::describe(other.public_key());
    let host_keys = HostKeys::new(server.dir.path().join("pins.json"), vec![]);
    host_keys.pin("127.0.0.1", server.port, &other).unwrap();
    assert_eq!(code(&refused(server.connect("correct").await)), Code::HostKeyChanged);

    assert_eq!(server.attempts(), Vec::<String>::new(), "not even the user's name");

    // The record works: the same server writes down what comes after a yes.
    host_keys.forget("127.0.0.1", server.port).unwrap();
    server.trust().await;
    assert!(server.connect("correct").await.is_ok());
    assert_eq!(server.attempts(), ["none ada", "password ada correct"]);
}

#[tokio::test]
async fn passwords_are_given_once_and_to_the_right_question() {
    let cases: [(Way, &str, Option<Code>, &[&str]); 7] = [
        (Way::Password, "correct", None, &["password ada correct"]),
        (Way::Password, "wrong", Some(Code::PasswordWrong), &["password ada wrong"]),
        (Way::Prompt, "correct", None, &["prompt ada correct"]),
        (Way::Prompt, "wrong", Some(Code::PasswordWrong), &["prompt ada wrong"]),
        (Way::PromptAndCode, "correct", Some(Code::AuthenticationFailed), &["prompt ada correct"]),
        (Way::KeyOnly, "correct", Some(Code::AuthenticationFailed), &[]),
        (Way::PasswordAndMore, "correct", Some(Code::AuthenticationFailed), &["password ada correct"]),
    ];
    for (nth, (way, password, expected, given)) in cases.into_iter().enumerate() {
        let server = Server::start(way).await;
        server.trust().await;
        let outcome = server.connect(password).await;
        assert_eq!(outcome.as_ref().err().map(code), expected, "case {nth}: {:?}", outcome.err());
        let attempts = server.attempts();
        assert_eq!(attempts[1..], *given, "case {nth}");
    }
}

#[tokio::test]
async fn no_error_text_holds_the_password() {
    let server = Server::start(Way::Password).await;
    server.trust().await;
    let error = refused(server.connect("canary-7f3a").await);
    let problem = Problem::from(&error);
    let texts = [format!("{error}"), format!("{error:?}"), format!("{problem:?}")];
    assert!(texts.iter().all(|text| !text.contains("canary")), "{texts:?}");
}
