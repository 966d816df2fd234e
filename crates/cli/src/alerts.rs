//! `portico alerts`: where messages go, when, and whether they arrive.
//!
//! Passwords, tokens, keys and a webhook's address are read from the terminal or from standard input, one a line.

use crate::output::Output;
use crate::secret;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use portico_api::Api;
use portico_api::english::explain;
use portico_api::wire::{Alerts, ChannelRef, ChannelState, Empty, SetChannel};
use portico_domain::alert::{Channel, Encryption, Quiet, Timing, Way};
use portico_domain::condition::Severity;
use portico_domain::credential::Kept;
use portico_domain::problem::{Code, Problem};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Act {
    /// List the channels, how the last message went, and when messages are sent
    List,
    /// Add a channel, or change the one of this name
    Set(Set),
    /// Send a test message without keeping anything
    Try(Set),
    /// Send a test message to a channel
    Test { channel: String },
    /// Switch a channel on
    On { channel: String },
    /// Switch a channel off; what waits for it is forgotten
    Off { channel: String },
    /// Remove a channel with its secrets
    Remove { channel: String },
    /// Say when messages are sent; what is left out stays as it is
    When(When),
}

#[derive(Args)]
pub struct Set {
    /// What you call it
    #[arg(long, global = true, default_value = "")]
    name: String,
    /// What is less bad is not told here
    #[arg(long, global = true, value_enum, default_value = "degraded")]
    from: Least,
    /// Keep the password, token, key or address that is stored, instead of asking for it
    #[arg(long, global = true)]
    keep_secret: bool,
    #[command(subcommand)]
    way: Kind,
}

#[derive(Subcommand)]
enum Kind {
    /// E-mail through the mail server of your account; asks for the password
    Email {
        #[arg(long)]
        host: String,
        /// 465 goes with TLS, 587 with STARTTLS
        #[arg(long, default_value = "465")]
        port: u16,
        #[arg(long, value_enum, default_value = "tls")]
        encryption: Secured,
        /// The login; without one the server is asked for none
        #[arg(long)]
        user: Option<String>,
        /// The sender's address
        #[arg(long)]
        sender: String,
        /// The address that messages go to
        #[arg(long)]
        recipient: String,
    },
    /// ntfy, on the public server or one of your own
    Ntfy {
        #[arg(long, default_value = "https://ntfy.sh")]
        server: String,
        /// Whoever knows it can read along, unless the server asks for a token
        #[arg(long)]
        topic: String,
        /// Ask for an access token
        #[arg(long)]
        token: bool,
    },
    /// JSON by POST; asks for the address
    Webhook {
        /// Ask for a key to sign messages with, too
        #[arg(long)]
        sign: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Secured {
    Tls,
    Starttls,
    /// On this computer alone
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum Least {
    Notice,
    Degraded,
    Down,
}

impl From<Least> for Severity {
    fn from(least: Least) -> Self {
        match least {
            Least::Notice => Self::Notice,
            Least::Degraded => Self::Degraded,
            Least::Down => Self::Down,
        }
    }
}

/// A value that may be said to be none; `clap` would take two options for something else.
type OrOff<T> = Option<T>;

#[derive(Args)]
pub struct When {
    /// Hold messages back in these hours of local time, such as 22:00-07:00; or `off`
    #[arg(long, value_name = "FROM-UNTIL", value_parser = quiet)]
    quiet: Option<OrOff<(u16, u16)>>,
    /// What comes through all the same; or `nothing`
    #[arg(long, value_parser = through)]
    through: Option<OrOff<Severity>>,
    /// Tell all that stands once a day at this local time, such as 08:00; or `off`
    #[arg(long, value_name = "TIME", value_parser = digest)]
    digest: Option<OrOff<u16>>,
    /// Messages to one channel in an hour at the most
    #[arg(long, value_name = "NUMBER")]
    per_hour: Option<u16>,
}

fn minute(text: &str) -> Result<u16, String> {
    let wrong = || "write it like 22:00".to_owned();
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let (hour, minute): (u16, u16) =
        (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
    if hour < 24 && minute < 60 { Ok(hour * 60 + minute) } else { Err(wrong()) }
}

fn quiet(text: &str) -> Result<OrOff<(u16, u16)>, String> {
    if text == "off" {
        return Ok(None);
    }
    let (from, until) = text.split_once('-').ok_or("write it like 22:00-07:00, or off")?;
    Ok(Some((minute(from)?, minute(until)?)))
}

fn digest(text: &str) -> Result<OrOff<u16>, String> {
    if text == "off" { Ok(None) } else { minute(text).map(Some) }
}

fn through(text: &str) -> Result<OrOff<Severity>, String> {
    if text == "nothing" {
        return Ok(None);
    }
    Least::from_str(text, false).map(|least| Some(least.into()))
}

pub async fn run(api: &Api, act: Option<Act>, output: &Output) -> Result<ExitCode, Problem> {
    let alerts = match act.unwrap_or(Act::List) {
        Act::List => api.alerts(Empty {}).await?,
        Act::Set(set) => api.alert_channel_set(draft(api, set).await?).await?,
        Act::Try(set) => {
            let mut draft = draft(api, set).await?;
            if draft.channel.name.is_empty() {
                draft.channel.name = "try".to_owned();
            }
            return sent(api, draft, output).await;
        }
        Act::Test { channel } => {
            let channel = known(api, &channel).await?;
            return sent(api, kept(channel), output).await;
        }
        Act::On { channel } => switch(api, &channel, true).await?,
        Act::Off { channel } => switch(api, &channel, false).await?,
        Act::Remove { channel } => {
            api.alert_channel_remove(ChannelRef { channel: id_of(api, &channel).await? }).await?
        }
        Act::When(when) => {
            let timing = timing(api.alerts(Empty {}).await?.timing, when)?;
            api.alert_timing_set(timing).await?
        }
    };
    output.show(&alerts, || describe(&alerts));
    Ok(ExitCode::SUCCESS)
}

async fn sent(api: &Api, draft: SetChannel, output: &Output) -> Result<ExitCode, Problem> {
    let done = api.alert_test(draft).await?;
    output.show(&done, || "✓ The test message was taken. Look whether it arrived.".to_owned());
    Ok(ExitCode::SUCCESS)
}

fn kept(channel: Channel) -> SetChannel {
    SetChannel { channel, secret: None, url: None, this_run: false }
}

async fn switch(api: &Api, channel: &str, on: bool) -> Result<Alerts, Problem> {
    let channel = known(api, channel).await?;
    api.alert_channel_set(kept(Channel { on, ..channel })).await
}

/// The channel of this id or name.
async fn known(api: &Api, name: &str) -> Result<Channel, Problem> {
    let states = api.alerts(Empty {}).await?.channels;
    let mut channels = states.into_iter().map(|state| state.channel);
    let found = channels.find(|channel| channel.id == name || channel.name == name);
    found.ok_or_else(|| Problem::new(Code::ChannelMissing).arg("channel", name))
}

pub async fn id_of(api: &Api, name: &str) -> Result<String, Problem> {
    known(api, name).await.map(|channel| channel.id)
}

async fn draft(api: &Api, set: Set) -> Result<SetChannel, Problem> {
    let Set { name, from, keep_secret, way } = set;
    let before = known(api, &name).await.ok();
    let ask = |wanted: bool, prompt: &str| match wanted && !keep_secret {
        true => secret::read(prompt).map(|secret| Some(secret.expose().to_owned())),
        false => Ok(None),
    };
    let (way, secret, url) = match way {
        Kind::Email { host, port, encryption, user, sender, recipient } => {
            let secret = ask(user.is_some(), "Password of the mail account")?;
            let encryption = match encryption {
                Secured::Tls => Encryption::Tls,
                Secured::Starttls => Encryption::Starttls,
                Secured::None => Encryption::None,
            };
            (Way::Email { host, port, encryption, user, sender, recipient }, secret, None)
        }
        Kind::Ntfy { server, topic, token } => {
            (Way::Ntfy { server, topic }, ask(token, "Access token of ntfy")?, None)
        }
        Kind::Webhook { sign } => {
            let url = ask(true, "Address of the webhook")?;
            let secret = ask(sign, "Key to sign with")?;
            (Way::Webhook { host: String::new() }, secret, url)
        }
    };
    let (id, on) = before.map_or((String::new(), true), |before| (before.id, before.on));
    let channel = Channel { id, name, on, from: from.into(), way };
    Ok(SetChannel { channel, secret, url, this_run: false })
}

fn timing(now: Timing, when: When) -> Result<Timing, Problem> {
    let through = now.quiet.and_then(|quiet| quiet.through);
    let mut quiet = match when.quiet {
        Some(hours) => hours.map(|(from, until)| Quiet { from, until, through }),
        None => now.quiet,
    };
    if let Some(through) = when.through {
        // What comes through is of quiet hours alone.
        let Some(quiet) = &mut quiet else {
            let problem = Problem::new(Code::FieldInvalid).arg("field", "through").arg("value", "");
            return Err(problem.arg("example", "--quiet 22:00-07:00 --through down"));
        };
        quiet.through = through;
    }
    Ok(Timing {
        quiet,
        digest: when.digest.unwrap_or(now.digest),
        per_hour: when.per_hour.unwrap_or(now.per_hour),
    })
}

fn describe(alerts: &Alerts) -> String {
    let mut lines: Vec<String> = alerts.channels.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("No alerts leave this computer yet. portico alerts set --help says how.".to_owned());
    }
    let Timing { quiet, digest, per_hour } = &alerts.timing;
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    lines.push(match quiet {
        None => "Quiet hours: none".to_owned(),
        Some(Quiet { from, until, through }) => {
            let through = through.map_or("nothing", word);
            format!("Quiet hours: {} to {}, through comes: {through}", clock(*from), clock(*until))
        }
    });
    lines.push(format!("Digest: {}", digest.map_or("none".to_owned(), clock)));
    lines.push(format!("At most {per_hour} messages an hour to each channel"));
    lines.join("\n")
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "notice",
        Severity::Degraded => "degraded",
        Severity::Down => "down",
    }
}

fn line(state: &ChannelState) -> String {
    let Channel { name, on, from, way, .. } = &state.channel;
    let way = match way {
        Way::Email { host, port, recipient, .. } => format!("mail to {recipient} through {host}:{port}"),
        Way::Ntfy { server, topic } => format!("{topic} on {server}"),
        Way::Webhook { host } => format!("webhook at {host}"),
    };
    let off = if *on { "" } else { ", off" };
    let secret = if state.secret == Kept::Unknown { ", the keyring does not answer" } else { "" };
    let mut text = format!("{name:<16} {way}, from {}{off}{secret}", word(*from));
    if let Some(last) = &state.last {
        let at = Timestamp::from_millisecond(last.at).unwrap_or_default().strftime("%Y-%m-%d %H:%M");
        text.push_str(&match &last.problem {
            None => format!("\n                 last message delivered {at} UTC"),
            Some(problem) => {
                let (what, next) = explain(problem);
                let given_up = if last.lost { ", given up" } else { "" };
                format!("\n                 not delivered {at} UTC{given_up}: {what} {next}")
            }
        });
    }
    if state.waiting > 0 {
        text.push_str(&format!("\n                 {} waiting", state.waiting));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_off_is_a_time_as_well() {
        assert_eq!(quiet("22:00-07:30"), Ok(Some((1_320, 450))));
        assert_eq!((quiet("off"), digest("off"), digest("08:05")), (Ok(None), Ok(None), Ok(Some(485))));
        for wrong in ["22-7", "24:00-01:00", "22:60-01:00", "", "22:00"] {
            assert!(quiet(wrong).is_err(), "{wrong}");
        }
        assert_eq!((through("down"), through("nothing")), (Ok(Some(Severity::Down)), Ok(None)));
        assert!(through("loud").is_err());
    }

    #[test]
    fn what_is_left_out_of_the_timing_stays() {
        let quiet = Quiet { from: 60, until: 120, through: Some(Severity::Down) };
        let now = Timing { quiet: Some(quiet), digest: Some(480), per_hour: 3 };
        let same = When { quiet: None, through: None, digest: None, per_hour: None };
        assert_eq!(timing(now.clone(), same), Ok(now.clone()));
        let other = When { quiet: Some(Some((0, 10))), through: None, digest: Some(None), per_hour: Some(5) };
        let quiet = Quiet { from: 0, until: 10, ..quiet };
        assert_eq!(timing(now, other), Ok(Timing { quiet: Some(quiet), digest: None, per_hour: 5 }));
    }
}
