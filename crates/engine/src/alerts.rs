//! Alerts: what the watch finds wrong is told beyond this computer, by whoever of all processes holds the lock.
//!
//! What is told when is `domain::alert`'s, one try to send is `world::alert`'s. Here are the two loops between them and the
//! database: one makes messages, one delivers them, again and again until they are taken or given up. A message that was
//! taken the moment before a crash is sent once more: at least once is what can be promised.

use crate::Engine;
use crate::credentials::Look;
use crate::lock::{ALERTS, try_lock};
use crate::store::alerts::{Outcome, Outgoing};
use futures::future::join_all;
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use portico_domain::alert::{Book, Channel, Letter, Message, Moment, Rules, Timing, Way, host_of, pause};
use portico_domain::credential::{Credential, CredentialKind, Kept, Secret};
use portico_domain::problem::{Code, Problem};
use portico_world::alert::{Keys, send};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;
use ts_rs::TS;

const RULES: &str = "alerts";

/// Between two looks at what is due.
const TICK: Duration = Duration::from_secs(1);

/// Puts a message about the homelab of this name into words.
pub type Words = Arc<dyn Fn(&Message, &str) -> Letter + Send + Sync>;

/// Where messages go and when, and how that went the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Alerts {
    pub channels: Vec<ChannelState>,
    pub timing: Timing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChannelState {
    pub channel: Channel,
    /// Where its password, token or key is.
    pub secret: Kept,
    /// Messages that are not delivered yet.
    pub waiting: u32,
    pub last: Option<Delivery>,
}

/// The last try to deliver something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Why it failed.
    pub problem: Option<Problem>,
    /// It is not tried again.
    pub lost: bool,
}

/// A channel as a person wants it. What is not given stays as it is kept.
pub struct ChannelDraft {
    pub channel: Channel,
    pub secret: Option<Secret>,
    /// A webhook's address.
    pub url: Option<Secret>,
    /// Secrets not into the keyring.
    pub this_run: bool,
}

/// Lives as long as somebody wants to be told.
pub struct Alerting {
    _making: AbortOnDropHandle<()>,
}

impl Engine {
    pub(crate) async fn alert_rules(&self) -> Result<Rules, Problem> {
        Ok(self.inner.store.note(RULES).await?.unwrap_or_default())
    }

    pub async fn alerts(&self) -> Result<Alerts, Problem> {
        let Rules { channels, timing, .. } = self.alert_rules().await?;
        let mut look = Look { outside: &self.inner.outside, problem: None };
        let mut states = Vec::new();
        for channel in channels {
            let secret = look.kept(&Credential::new(channel.way.secret(), &channel.id), true).await;
            let (last, waiting) = self.inner.store.alert_state(&channel.id).await?;
            let last = last.map(|tried| Delivery { at: tried.at, problem: tried.problem, lost: tried.lost });
            states.push(ChannelState { channel, secret, waiting, last });
        }
        Ok(Alerts { channels: states, timing })
    }

    /// Keeps a channel, a new one where its id is empty. What waits for it is tried at once.
    ///
    /// # Errors
    /// [`Code::FieldInvalid`], [`Code::AlertUnencrypted`] and [`Code::SecretMissing`] with the field,
    /// [`Code::ChannelMissing`], the keyring's own.
    pub async fn set_channel(&self, draft: ChannelDraft) -> Result<(), Problem> {
        let mut rules = self.alert_rules().await?;
        let mut channel = self.drafted(&rules, &draft).await?;
        let known = rules.channels.iter().position(|one| one.id == channel.id);
        if let Some(known) = known.map(|known| &rules.channels[known])
            && known.way.secret() != channel.way.secret()
        {
            self.forget_secrets(known).await?;
        }
        if channel.id.is_empty() {
            channel.id = uuid::Uuid::new_v4().to_string();
        }
        let ChannelDraft { secret, url, this_run, .. } = draft;
        for (kind, secret) in [(channel.way.secret(), secret), (CredentialKind::WebhookUrl, url)] {
            if let Some(secret) = secret {
                self.inner.outside.keep(&Credential::new(kind, &channel.id), secret, this_run).await?;
            }
        }
        let id = channel.id.clone();
        match known {
            Some(known) => rules.channels[known] = channel,
            None => rules.channels.push(channel),
        }
        self.inner.store.set_note(RULES, &rules).await?;
        self.inner.store.hasten_alerts(&id, self.now()).await
    }

    /// Forgets a channel with its secrets; these go first, so that a keyring that refuses leaves it listed.
    pub async fn remove_channel(&self, id: &str) -> Result<(), Problem> {
        let mut rules = self.alert_rules().await?;
        self.forget_secrets(known(&rules, id)?).await?;
        rules.channels.retain(|channel| channel.id != id);
        self.inner.store.set_note(RULES, &rules).await?;
        self.inner.store.forget_alerts(id, false).await
    }

    /// Forgets what a channel proves itself with, and keeps the channel.
    pub async fn forget_channel_secrets(&self, id: &str) -> Result<(), Problem> {
        self.forget_secrets(known(&self.alert_rules().await?, id)?).await
    }

    pub async fn set_alert_timing(&self, timing: Timing) -> Result<(), Problem> {
        timing.check()?;
        let rules = Rules { timing, ..self.alert_rules().await? };
        self.inner.store.set_note(RULES, &rules).await
    }

    /// Sends a real message the way that is drafted, whether that is kept or not.
    ///
    /// # Errors
    /// Those of [`Engine::set_channel`], and why the message was not taken, with the field that can put it right.
    pub async fn test_channel(&self, draft: ChannelDraft, words: &Words) -> Result<(), Problem> {
        let channel = self.drafted(&self.alert_rules().await?, &draft).await?;
        let mut keys = if channel.id.is_empty() { Keys::default() } else { self.keys_of(&channel).await? };
        keys.secret = draft.secret.or(keys.secret);
        keys.url = draft.url.or(keys.url);
        let message = Message::test(uuid::Uuid::new_v4().to_string(), &channel.id, self.now());
        let letter = words(&message, &self.homelab_name().await?);
        let sent = send(&channel.way, &keys, &message, &letter).await;
        let sent = sent.map_err(|error| Problem::from(&error));
        // Of one that is kept, the list tells how it went.
        if !channel.id.is_empty() {
            let outcome = match &sent {
                Ok(()) => Outcome::Delivered,
                Err(problem) => Outcome::Failed { problem: problem.clone(), next_at: None },
            };
            let outgoing = Outgoing { message, letter };
            self.inner.store.alert_handed_over(&outgoing, &outcome, self.now()).await?;
        }
        sent
    }

    /// The channel of a draft, judged: with its webhook's host, and with a secret where one is needed.
    async fn drafted(&self, rules: &Rules, draft: &ChannelDraft) -> Result<Channel, Problem> {
        let ChannelDraft { channel, secret, url, .. } = draft;
        let mut channel = channel.clone();
        let before = if channel.id.is_empty() { None } else { Some(known(rules, &channel.id)?) };
        let missing = |field: &str, kind: CredentialKind| {
            let name = Credential::new(kind, &channel.id).name();
            Problem::new(Code::SecretMissing).arg("secret", name).arg("field", field)
        };
        if let Way::Webhook { host } = &channel.way {
            let host = match (url, before.map(|before| &before.way)) {
                (Some(url), _) => host_of(url.expose()).map(str::to_owned).ok_or_else(|| {
                    // What was typed may be a secret, spelt wrong.
                    let problem = Problem::new(Code::FieldInvalid).arg("field", "url").arg("value", "…");
                    problem.arg("example", "https://example.com/hook")
                })?,
                (None, Some(Way::Webhook { host })) => host.clone(),
                (None, _) => return Err(missing("url", CredentialKind::WebhookUrl).arg("host", host)),
            };
            channel.way = Way::Webhook { host };
        }
        let kind = channel.way.secret();
        let kept = match before {
            Some(before) if before.way.secret() == kind => {
                let mut look = Look { outside: &self.inner.outside, problem: None };
                look.kept(&Credential::new(kind, &channel.id), true).await
            }
            _ => Kept::Nowhere,
        };
        let has_secret = secret.is_some() || kept != Kept::Nowhere;
        channel.check(has_secret)?;
        // What was told to one is not shown to another without being typed again.
        let another = before.is_some_and(|before| before.way.confidant() != channel.way.confidant());
        if another && secret.is_none() && kept != Kept::Nowhere && url.is_none() {
            return Err(missing("secret", kind));
        }
        if matches!(channel.way, Way::Email { user: Some(_), .. }) && !has_secret {
            return Err(missing("secret", kind));
        }
        Ok(channel)
    }

    async fn forget_secrets(&self, channel: &Channel) -> Result<(), Problem> {
        for kind in channel.way.secrets() {
            self.inner.outside.forget(&Credential::new(*kind, &channel.id)).await?;
        }
        Ok(())
    }

    async fn keys_of(&self, channel: &Channel) -> Result<Keys, Problem> {
        let kept = async |kind| {
            let secret = self.inner.outside.secret(&Credential::new(kind, &channel.id)).await;
            match secret {
                Ok(secret) => Ok(Some(secret)),
                Err(problem) if problem.code == Code::SecretMissing => Ok(None),
                Err(problem) => Err(problem),
            }
        };
        let is_webhook = matches!(channel.way, Way::Webhook { .. });
        Ok(Keys {
            secret: kept(channel.way.secret()).await?,
            url: if is_webhook { kept(CredentialKind::WebhookUrl).await? } else { None },
        })
    }

    async fn homelab_name(&self) -> Result<String, Problem> {
        let cluster = self.desired().await?.cluster;
        let name = cluster.map(|cluster| cluster.name).unwrap_or_default();
        let practice = self.endpoints().practice.is_some();
        Ok(if practice { format!("{name} (practice)").trim().to_owned() } else { name })
    }

    /// Tells what a watch of this process finds wrong, until the returned value is dropped. Must be called inside a Tokio
    /// runtime. Where another process tells already, this one waits until that is gone.
    pub fn alert(&self, words: Words) -> Alerting {
        let engine = self.clone();
        let work = async move {
            let _lock = loop {
                match try_lock(&engine.inner.data, ALERTS) {
                    Ok(Some(lock)) => break lock,
                    Ok(None) => {}
                    Err(problem) => tracing::warn!(%problem, "alerts cannot be told"),
                }
                tokio::time::sleep(TICK).await;
            };
            tokio::join!(engine.keep_making(words), engine.keep_delivering());
        };
        Alerting { _making: AbortOnDropHandle::new(tokio::spawn(work)) }
    }

    /// Whether this process tells somebody: then it should go on without its window.
    pub fn is_telling(&self) -> bool {
        self.inner.telling.load(Ordering::Relaxed)
    }

    async fn keep_making(&self, words: Words) {
        let mut book = None;
        loop {
            if let Err(problem) = self.make(&mut book, &words).await {
                tracing::warn!(%problem, "what is to be told could not be kept");
            }
            tokio::time::sleep(TICK).await;
        }
    }

    async fn make(&self, book: &mut Option<Book>, words: &Words) -> Result<(), Problem> {
        // Before the first list it is not known what is wrong, which is not the same as nothing.
        let Some((_, conditions)) = self.told().clone() else { return Ok(()) };
        let before = match book.take() {
            Some(book) => book,
            None => self.inner.store.alert_book().await?,
        };
        let (rules, now) = (self.alert_rules().await?, self.now());
        self.inner.telling.store(rules.channels.iter().any(|channel| channel.on), Ordering::Relaxed);
        let mut next = before.clone();
        next.look(&rules, &conditions, now);
        let made = next.due(&rules, moment(now), || uuid::Uuid::now_v7().to_string());
        if next != before || !made.is_empty() {
            let homelab = self.homelab_name().await?;
            let made =
                made.into_iter().map(|message| Outgoing { letter: words(&message, &homelab), message });
            self.inner.store.advance_alerts(&next, &made.collect::<Vec<_>>(), now).await?;
        }
        *book = Some(next);
        Ok(())
    }

    async fn keep_delivering(&self) {
        loop {
            match self.inner.store.alerts_due(self.now()).await {
                Ok(due) => {
                    let tries = due.into_iter().map(|(outgoing, tries)| self.deliver(outgoing, tries));
                    for problem in join_all(tries).await.into_iter().filter_map(Result::err) {
                        tracing::warn!(%problem, "what became of a message could not be kept");
                    }
                }
                Err(problem) => tracing::warn!(%problem, "messages could not be read"),
            }
            tokio::time::sleep(TICK).await;
        }
    }

    async fn deliver(&self, outgoing: Outgoing, tries: u32) -> Result<(), Problem> {
        let Outgoing { message, letter } = outgoing;
        let rules = self.alert_rules().await?;
        let Some(channel) = rules.channel(&message.channel).filter(|channel| channel.on) else {
            return self.inner.store.forget_alerts(&message.channel, true).await;
        };
        let sent = match self.keys_of(channel).await {
            Ok(keys) => send(&channel.way, &keys, &message, &letter).await,
            Err(problem) => return self.failed_try(&message.id, tries, problem, None).await,
        };
        match sent {
            Ok(()) => self.inner.store.alert_tried(&message.id, &Outcome::Delivered, self.now()).await,
            Err(error) => self.failed_try(&message.id, tries, Problem::from(&error), error.seconds()).await,
        }
    }

    async fn failed_try(
        &self,
        id: &str,
        tries: u32,
        problem: Problem,
        seconds: Option<u64>,
    ) -> Result<(), Problem> {
        tracing::warn!(%problem, tries, "a message was not taken");
        let now = self.now();
        let next_at = pause(tries + 1, seconds).map(|pause| now + pause);
        self.inner.store.alert_tried(id, &Outcome::Failed { problem, next_at }, now).await
    }
}

fn known<'a>(rules: &'a Rules, id: &str) -> Result<&'a Channel, Problem> {
    rules.channel(id).ok_or_else(|| Problem::new(Code::ChannelMissing).arg("channel", id))
}

/// The instant on the clock of this computer.
fn moment(at: i64) -> Moment {
    let local = Timestamp::from_millisecond(at).unwrap_or_default().to_zoned_datetime(TimeZone::system());
    let minute = u16::try_from(i16::from(local.hour()) * 60 + i16::from(local.minute())).unwrap_or_default();
    let day = local.date().since(date(1970, 1, 1)).map_or(0, |span| i64::from(span.get_days()));
    Moment { at, minute, day }
}
