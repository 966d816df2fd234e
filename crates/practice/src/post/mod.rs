//! Where messages arrive: a mail server, a server like ntfy, a webhook. What arrived is kept to be looked at.
//!
//! Each refuses what the real ones refuse, in their words. One mail account, one mailbox, one topic that is everybody's and
//! one that asks for a token: there is nothing else to know them by.

mod smtp;
mod web;

use crate::fault::{Faults, Service};
use crate::http::{self, HttpServer};
use crate::pem;
use crate::signer::Signer;
use portico_domain::situation::{RehearsalMessage, RehearsalPost};
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use serde::Serialize;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The one account, which sends under its own address alone.
pub const MAIL_USER: &str = "portico@mail.test";
pub const MAIL_PASSWORD: &str = "practice-mail-password";
/// The one mailbox.
pub const MAILBOX: &str = "me@mail.test";
/// Everybody may publish here.
pub const OPEN_TOPIC: &str = "homelab";
/// Only with the token.
pub const CLOSED_TOPIC: &str = "homelab-private";
pub const NTFY_TOKEN: &str = "tk_practicentfytoken0123456789ab";
/// The webhook's address carries it.
pub const HOOK: &str = "practice-hook-secret";
/// What the webhook's messages are to be signed with, if they are signed at all.
pub const HOOK_KEY: &str = "whsec_cHJhY3RpY2UtaG9vay1rZXktMDEyMzQ1Njc=";

/// So many messages are shown.
const SHOWN: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    Mail,
    Ntfy,
    Webhook,
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    pub via: Via,
    /// The mailbox, topic or webhook.
    pub to: String,
    /// Whether it came encrypted.
    pub encrypted: bool,
    /// A mail as it was sent; else the body's JSON.
    pub text: String,
    /// The JSON of what is none of a mail.
    pub json: Value,
    /// By lower-case name, of a webhook.
    pub headers: Vec<(String, String)>,
}

impl Received {
    fn title(&self) -> String {
        if self.via != Via::Mail {
            return self.json["title"].as_str().unwrap_or_default().to_owned();
        }
        // A header may go on in the next line, behind a space.
        let whole = self.text.replace("\r\n ", " ");
        let mut lines = whole.lines().take_while(|line| !line.is_empty());
        lines.find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default().to_owned()
    }
}

#[derive(Default)]
struct Contents {
    received: Vec<Received>,
    /// How many more may be published before ntfy wants to be left alone; `None` is no end.
    left: Option<u32>,
}

/// What arrived. Copies are the same.
#[derive(Clone, Default)]
pub struct Letterbox(Arc<Mutex<Contents>>);

impl Letterbox {
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_in(&self, received: Received) {
        self.lock().received.push(received);
    }

    pub fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    /// So many more messages are let through by ntfy.
    pub fn limit_ntfy(&self, left: Option<u32>) {
        self.lock().left = left;
    }

    /// Whether ntfy takes one more.
    fn admits(&self) -> bool {
        match &mut self.lock().left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }
}

/// The servers; dropping it ends them.
pub struct Post {
    pub letterbox: Letterbox,
    /// Greets in plain text and offers STARTTLS.
    pub smtp: SocketAddr,
    /// TLS from the first byte.
    pub smtps: SocketAddr,
    authority: Signer,
    web: HttpServer,
    _stop: DropGuard,
}

impl Post {
    /// # Errors
    /// An address cannot be had, or a certificate cannot be made.
    pub async fn start(mail: TcpListener, web: TcpListener, faults: Faults) -> std::io::Result<Self> {
        let letterbox = Letterbox::default();
        let authority = Signer::new("Practice mail authority", CertificateParams::default());
        let authority = authority.map_err(std::io::Error::other)?;
        let acceptor = TlsAcceptor::from(tls(&authority).map_err(std::io::Error::other)?);
        let stop = CancellationToken::new();
        let encrypted = crate::loopback().await?;
        let (smtp, smtps) = (mail.local_addr()?, encrypted.local_addr()?);
        for (listener, at_once) in [(mail, false), (encrypted, true)] {
            let server = smtp::Server {
                letterbox: letterbox.clone(),
                faults: faults.clone(),
                acceptor: acceptor.clone(),
                at_once,
            };
            tokio::spawn(server.serve(listener, stop.clone()));
        }
        let web = http::serve(web, Service::Post, faults, web::router(letterbox.clone()))?;
        Ok(Self { letterbox, smtp, smtps, authority, web, _stop: stop.drop_guard() })
    }

    /// What a person needs to try it, and what came.
    pub fn shown(&self) -> RehearsalPost {
        let arrived = self.letterbox.received().into_iter().rev().take(SHOWN);
        let arrived = arrived.map(|one| RehearsalMessage {
            via: match one.via {
                Via::Mail => "mail",
                Via::Ntfy => "ntfy",
                Via::Webhook => "webhook",
            }
            .to_owned(),
            title: one.title(),
        });
        RehearsalPost {
            host: self.smtp.ip().to_string(),
            port: self.smtp.port(),
            user: MAIL_USER.to_owned(),
            password: MAIL_PASSWORD.to_owned(),
            mailbox: MAILBOX.to_owned(),
            ntfy: self.ntfy(),
            topic: OPEN_TOPIC.to_owned(),
            webhook: self.webhook(),
            arrived: arrived.collect(),
        }
    }

    /// The certificate that the mail server's hangs on, PEM.
    pub fn authority(&self) -> &str {
        self.authority.pem()
    }

    /// The base URL of what is like ntfy.
    pub fn ntfy(&self) -> String {
        format!("http://{}", self.web.address)
    }

    pub fn webhook(&self) -> String {
        format!("http://{}/hooks/{HOOK}", self.web.address)
    }
}

fn tls(authority: &Signer) -> Result<Arc<ServerConfig>, Box<dyn std::error::Error + Send + Sync>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    // The issuer's clock may be a second ahead of whoever looks.
    params.not_before = pem::time(0);
    let certificate = params.signed_by(&key, authority.issuer())?;
    let private = PrivateKeyDer::try_from(key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone(), authority.der()], private)?;
    Ok(Arc::new(config))
}
