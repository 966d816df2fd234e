//! E-mail, handed to the mail server of the person's own account (RFC 6409), as plain text.
//!
//! The dialogue is led step by step, so that it is known which field a refusal is about. Roots are the system's, as for every
//! other client here.

use super::{AlertError, Keys, LIMIT, root_cause, words};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use portico_domain::alert::{Encryption, Letter, Message, Way};
use portico_domain::credential::Secret;
use std::error::Error;
use std::time::{Duration, SystemTime};

/// The right side of a Message-ID. It names no host: it only has to differ from everybody else's.
const ID_DOMAIN: &str = "portico.invalid";

pub async fn send(way: &Way, keys: &Keys, message: &Message, letter: &Letter) -> Result<(), AlertError> {
    let Way::Email { host, port, .. } = way else { return Ok(()) };
    let address = format!("{host}:{port}");
    match tokio::time::timeout(LIMIT, speak(way, keys, message, letter)).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let cause = format!("no answer within {} s", LIMIT.as_secs());
            Err(AlertError::Unreachable { field: "port", address, cause })
        }
    }
}

async fn speak(way: &Way, keys: &Keys, message: &Message, letter: &Letter) -> Result<(), AlertError> {
    let Way::Email { host, port, encryption, user, sender, recipient } = way else { return Ok(()) };
    let address = format!("{host}:{port}");
    let (from, to) = (address_of("sender", sender)?, address_of("recipient", recipient)?);
    let secret = keys.secret.as_ref().map_or("", Secret::expose);
    let encoded = [secret.to_owned(), format!("\0{}\0{secret}", user.as_deref().unwrap_or_default())]
        .map(|text| if secret.is_empty() { String::new() } else { STANDARD.encode(text) });
    let secrets = [secret, &encoded[0], &encoded[1]];
    let said = |error: &SmtpError| words(&reason(error), &secrets);
    let refused = |error: SmtpError| AlertError::Refused {
        field: None,
        address: address.clone(),
        reason: words(&reason(&error), &secrets),
    };
    let mail = mail(&from, &to, message, letter).map_err(|error| AlertError::Refused {
        field: None,
        address: address.clone(),
        reason: error.to_string(),
    })?;

    let mut server = connect(host, *port, *encryption, &address).await?;
    if let Some(user) = user {
        if secret.is_empty() {
            return Err(AlertError::Missing { credential: "smtp-password" });
        }
        let login = Credentials::new(user.clone(), secret.to_owned());
        if let Err(error) = server.auth(&[Mechanism::Plain, Mechanism::Login], &login).await {
            if error.is_transient() {
                return Err(refused(error));
            }
            let field = if error.is_client() { "user" } else { "secret" };
            return Err(AlertError::Login { field, address, reason: said(&error) });
        }
    }
    let bytes = mail.formatted();
    let mut options = Vec::new();
    let unicode = !(sender.is_ascii() && recipient.is_ascii());
    if unicode && server.server_info().supports_feature(Extension::SmtpUtfEight) {
        options.push(MailParameter::SmtpUtfEight);
    }
    if !bytes.is_ascii() {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    if let Err(error) = server.command(MailFrom::new(Some(from), options)).await {
        let (value, reason) = (sender.clone(), said(&error));
        let needs_login = error.status().is_some_and(|code| code.to_string() == "530");
        return Err(match (needs_login, error.is_permanent()) {
            (true, _) => AlertError::Login { field: "user", address, reason },
            (_, true) => AlertError::Sender { address, value, reason },
            _ => refused(error),
        });
    }
    if let Err(error) = server.command(Rcpt::new(to, Vec::new())).await {
        if error.is_permanent() {
            return Err(AlertError::Recipient { address, value: recipient.clone(), reason: said(&error) });
        }
        return Err(refused(error));
    }
    server.command(Data).await.map_err(refused)?;
    server.message(&bytes).await.map_err(refused)?;
    // It is taken; what becomes of the goodbye does not matter.
    server.abort().await;
    Ok(())
}

async fn connect(
    host: &str,
    port: u16,
    encryption: Encryption,
    address: &str,
) -> Result<AsyncSmtpConnection, AlertError> {
    let hello = ClientId::default();
    let tls = |error: SmtpError| AlertError::Tls {
        field: "encryption",
        address: address.to_owned(),
        reason: words(&reason(&error), &[]),
    };
    // A literal IPv6 address is written in brackets in a URL and without them here.
    let name = host.trim_matches(['[', ']']).to_owned();
    let parameters = match encryption {
        Encryption::None => None,
        Encryption::Tls | Encryption::Starttls => Some(TlsParameters::new_rustls(name.clone()).map_err(tls)?),
    };
    let first = parameters.clone().filter(|_| encryption == Encryption::Tls);
    let patience = Some(Duration::from_secs(10));
    let connecting =
        AsyncSmtpConnection::connect_tokio1((name.as_str(), port), patience, &hello, first, None);
    let mut server = connecting.await.map_err(|error| {
        if encryption == Encryption::Tls && is_tls(&error) {
            return tls(error);
        }
        let (address, cause) = (address.to_owned(), root_cause(&error));
        AlertError::Unreachable { field: "host", address, cause }
    })?;
    if let Some(parameters) = parameters.filter(|_| encryption == Encryption::Starttls) {
        server.starttls(parameters, &hello).await.map_err(tls)?;
    }
    Ok(server)
}

/// Whether somebody answered, but not with TLS that can be trusted.
fn is_tls(error: &SmtpError) -> bool {
    let mut causes = std::iter::successors(Some(error as &(dyn Error + 'static)), |&error| error.source());
    causes.any(|cause| {
        use std::io::ErrorKind::{ConnectionReset, InvalidData, UnexpectedEof};
        let io = cause.downcast_ref::<std::io::Error>();
        cause.is::<rustls::Error>()
            || io.is_some_and(|io| matches!(io.kind(), InvalidData | UnexpectedEof | ConnectionReset))
    })
}

/// The server's answer with its code, or what happened in place of one.
fn reason(error: &SmtpError) -> String {
    let cause = root_cause(error);
    error.status().map_or(cause.clone(), |code| format!("{code} {cause}"))
}

fn address_of(field: &'static str, text: &str) -> Result<Address, AlertError> {
    let invalid = AlertError::Invalid { field, value: text.to_owned(), example: "me@example.com" };
    text.parse().map_err(|_| invalid)
}

fn mail(
    from: &Address,
    to: &Address,
    message: &Message,
    letter: &Letter,
) -> Result<Mail, lettre::error::Error> {
    let id = |id: &str| format!("<{id}@{ID_DOMAIN}>");
    let at = Duration::from_millis(u64::try_from(message.at).unwrap_or_default());
    let mut mail = Mail::builder()
        .from(Mailbox::new(Some("Portico".to_owned()), from.clone()))
        .to(Mailbox::new(None, to.clone()))
        .subject(letter.title.clone())
        .date(SystemTime::UNIX_EPOCH + at)
        .message_id(Some(id(&message.id)))
        // No holiday note shall answer it (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .header(ContentType::TEXT_PLAIN);
    if let Some(last) = message.answers.last() {
        let all: Vec<String> = message.answers.iter().map(|answered| id(answered)).collect();
        mail = mail.in_reply_to(id(last)).references(all.join(" "));
    }
    mail.body(letter.body.clone())
}
