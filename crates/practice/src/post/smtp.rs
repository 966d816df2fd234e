//! A mail server for submission: STARTTLS, AUTH PLAIN and LOGIN, one account, one mailbox (RFC 5321, 4954, 3207).
//!
//! It takes a login without encryption as well, which a real one on the Internet would not: it is on loopback alone.

use super::{Letterbox, MAIL_PASSWORD, MAIL_USER, MAILBOX, Received, Via};
use crate::fault::{Fault, Faults, Service};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// A mail is not larger, in bytes.
const LARGEST: usize = 1 << 20;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}
type Line = BufReader<Box<dyn Stream>>;

#[derive(Clone)]
pub struct Server {
    pub letterbox: Letterbox,
    pub faults: Faults,
    pub acceptor: TlsAcceptor,
    /// TLS before the greeting.
    pub at_once: bool,
}

/// One connection's dialogue.
struct Dialogue {
    server: Server,
    line: Line,
    encrypted: bool,
    greeted: bool,
    known: bool,
    from: bool,
    to: Option<String>,
}

/// What is done after a command was answered.
enum Then {
    GoOn,
    Encrypt,
    End,
}

impl Server {
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else { continue };
            let (server, stop) = (self.clone(), stop.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    // Who hangs up has their own reasons.
                    _ = server.talk(Box::new(stream)) => {}
                }
            });
        }
    }

    async fn talk(self, stream: Box<dyn Stream>) -> std::io::Result<()> {
        let encrypted = self.at_once;
        let stream: Box<dyn Stream> =
            if encrypted { Box::new(self.acceptor.accept(stream).await?) } else { stream };
        let line = BufReader::new(stream);
        let mut dialogue =
            Dialogue { server: self, line, encrypted, greeted: false, known: false, from: false, to: None };
        dialogue.say("220 mail.test ESMTP practice").await?;
        loop {
            let Some(command) = dialogue.hear().await? else { return Ok(()) };
            match dialogue.answer(&command).await? {
                Then::GoOn => {}
                Then::End => return Ok(()),
                Then::Encrypt => {
                    let Dialogue { server, line, .. } = dialogue;
                    let stream = server.acceptor.accept(line.into_inner()).await?;
                    let line: Line = BufReader::new(Box::new(stream));
                    // All that was said before is forgotten.
                    dialogue = Dialogue {
                        server,
                        line,
                        encrypted: true,
                        greeted: false,
                        known: false,
                        from: false,
                        to: None,
                    };
                }
            }
        }
    }
}

impl Dialogue {
    async fn say(&mut self, text: &str) -> std::io::Result<()> {
        self.line.get_mut().write_all(format!("{text}\r\n").as_bytes()).await?;
        self.line.get_mut().flush().await
    }

    /// The next line without its end; `None` when the other side hung up.
    async fn hear(&mut self) -> std::io::Result<Option<String>> {
        let mut bytes = Vec::new();
        if self.line.read_until(b'\n', &mut bytes).await? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&bytes);
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    async fn answer(&mut self, command: &str) -> std::io::Result<Then> {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        let then = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.greeted = true;
                let offers = if self.encrypted { "" } else { "250-STARTTLS\r\n" };
                self.say(&format!("250-mail.test\r\n{offers}250-8BITMIME\r\n250 AUTH PLAIN LOGIN")).await?;
                Then::GoOn
            }
            "NOOP" | "RSET" => {
                (self.from, self.to) = (false, None);
                self.say("250 2.0.0 Ok").await?;
                Then::GoOn
            }
            "QUIT" => {
                self.say("221 2.0.0 Bye").await?;
                Then::End
            }
            _ if !self.greeted => {
                self.say("503 5.5.1 Error: send HELO/EHLO first").await?;
                Then::GoOn
            }
            "STARTTLS" if !self.encrypted => {
                self.say("220 2.0.0 Ready to start TLS").await?;
                Then::Encrypt
            }
            "AUTH" => {
                self.log_in(rest).await?;
                Then::GoOn
            }
            "MAIL" => {
                let answer = self.sender(rest);
                self.say(answer).await?;
                Then::GoOn
            }
            "RCPT" => {
                let answer = self.recipient(rest);
                self.say(&answer).await?;
                Then::GoOn
            }
            "DATA" => self.mail().await?,
            _ => {
                self.say("502 5.5.2 Error: command not recognized").await?;
                Then::GoOn
            }
        };
        Ok(then)
    }

    async fn log_in(&mut self, rest: &str) -> std::io::Result<()> {
        let decode = |text: &str| STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let (way, first) = rest.split_once(' ').unwrap_or((rest, ""));
        let (user, password) = match way.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let mut given = first.to_owned();
                if given.is_empty() {
                    self.say("334 ").await?;
                    given = self.hear().await?.unwrap_or_default();
                }
                let text = decode(&given).unwrap_or_default();
                let mut parts = text.split('\0').skip(1).map(str::to_owned);
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            "LOGIN" => {
                self.say("334 VXNlcm5hbWU6").await?;
                let user = self.hear().await?.unwrap_or_default();
                self.say("334 UGFzc3dvcmQ6").await?;
                let password = self.hear().await?.unwrap_or_default();
                (decode(&user).unwrap_or_default(), decode(&password).unwrap_or_default())
            }
            _ => return self.say("504 5.7.4 Unrecognized authentication type").await,
        };
        self.known = user == MAIL_USER && password == MAIL_PASSWORD;
        if self.known {
            self.say("235 2.7.0 Authentication successful").await
        } else {
            self.say("535 5.7.8 Error: authentication failed: authentication failure").await
        }
    }

    fn sender(&mut self, rest: &str) -> &'static str {
        if !self.known {
            return "530 5.7.0 Authentication required";
        }
        if path(rest).as_deref() != Some(MAIL_USER) {
            return "553 5.7.1 Sender address rejected: not owned by user";
        }
        self.from = true;
        "250 2.1.0 Ok"
    }

    fn recipient(&mut self, rest: &str) -> String {
        if !self.from {
            return "503 5.5.1 Error: need MAIL command".to_owned();
        }
        match path(rest) {
            Some(to) if to == MAILBOX => {
                self.to = Some(to);
                "250 2.1.5 Ok".to_owned()
            }
            to => {
                let to = to.unwrap_or_default();
                format!("550 5.1.1 <{to}>: Recipient address rejected: User unknown in local recipient table")
            }
        }
    }

    async fn mail(&mut self) -> std::io::Result<Then> {
        let Some(to) = self.to.take() else {
            self.say("503 5.5.1 Error: need RCPT command").await?;
            return Ok(Then::GoOn);
        };
        self.say("354 End data with <CR><LF>.<CR><LF>").await?;
        let mut text = String::new();
        loop {
            let Some(line) = self.hear().await? else { return Ok(Then::End) };
            if line == "." {
                break;
            }
            // A point that begins a line was doubled on the way.
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
            if text.len() > LARGEST {
                self.say("552 5.3.4 Error: message file too big").await?;
                return Ok(Then::End);
            }
        }
        self.from = false;
        let fault = self.server.faults.next(Service::Post, &format!("MAIL {to}"));
        match fault {
            Some(Fault::DropBefore) => return Ok(Then::End),
            Some(Fault::Error { status, body }) => {
                self.say(&format!("{status} {body}")).await?;
                return Ok(Then::GoOn);
            }
            Some(Fault::Slow { ms }) => tokio::time::sleep(Duration::from_millis(ms)).await,
            _ => {}
        }
        let (encrypted, json, headers) = (self.encrypted, Value::Null, Vec::new());
        self.server.letterbox.take_in(Received { via: Via::Mail, to, encrypted, text, json, headers });
        if matches!(fault, Some(Fault::DropAfter)) {
            return Ok(Then::End);
        }
        self.say("250 2.0.0 Ok: queued as 4Practice").await?;
        Ok(Then::GoOn)
    }
}

/// The address of `FROM:<…>` or `TO:<…>`.
fn path(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('<')?;
    let (address, _) = rest.split_once('>')?;
    Some(address.to_owned())
}
