//! Whom Portico tells what is wrong beyond this computer, when, and what it says.
//!
//! `channel` is where messages go, `book` keeps what was told and makes the messages that are due, `pause` is between two
//! tries to deliver one. Times are arguments. Sending is `world::alert`'s, keeping and trying again `engine`'s, and
//! sentences are `api`'s. What the desktop shows (a notification, the tray) is `alarm`'s.

mod book;
mod channel;

pub use book::{Book, GATHER_MS};
pub use channel::{Channel, Encryption, Quiet, Rules, Timing, VERSION, Way, host_of, is_loopback};

use crate::condition::{Condition, Severity};
use serde::{Deserialize, Serialize};

const HOUR_MS: i64 = 3_600_000;

/// An instant, and what the clock on the wall says then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Unix ms.
    pub at: i64,
    /// Minutes after midnight, local time: 0 to 1439.
    pub minute: u16,
    /// Counts local days up by one.
    pub day: i64,
}

/// What is said of one condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum News {
    Wrong,
    Over,
    /// It came and went while messages were held back.
    Passed,
}

/// One condition in a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub news: News,
    pub condition: Condition,
    /// When it was over, unix ms.
    pub until: Option<i64>,
}

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// Something is wrong, or over.
    News,
    /// The time of day for all that stands.
    Digest,
    /// Somebody pressed the button.
    Test,
}

/// A message to one channel, before it has words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Never given twice; the receiver can tell by it that a message came once more.
    pub id: String,
    /// The channel's id.
    pub channel: String,
    pub occasion: Occasion,
    /// Unix ms.
    pub at: i64,
    /// What is wrong first, the worst first.
    pub items: Vec<Item>,
    /// The earlier messages that it goes on from.
    pub answers: Vec<String>,
}

impl Message {
    /// The one that the button sends.
    pub fn test(id: String, channel: &str, at: i64) -> Self {
        let (items, answers) = (Vec::new(), Vec::new());
        Self { id, channel: channel.to_owned(), occasion: Occasion::Test, at, items, answers }
    }

    /// How bad it is now; `None` where nothing is wrong any more.
    pub fn severity(&self) -> Option<Severity> {
        let wrong = self.items.iter().filter(|item| item.news == News::Wrong);
        wrong.map(|item| item.condition.severity).max()
    }
}

/// A message in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    /// One line.
    pub title: String,
    pub body: String,
    /// What is said of each condition, for programs. Its fields are documented in `docs/alerts.md`.
    pub data: serde_json::Value,
}

/// How long to wait after so many tries that failed, in ms; `None` when it is enough. Who asked for `seconds` is not
/// disturbed earlier.
pub fn pause(tries: u32, seconds: Option<u64>) -> Option<i64> {
    const PAUSES: [i64; 8] = [15, 60, 300, 900, 3_600, 7_200, 14_400, 28_800];
    let pause = *PAUSES.get(usize::try_from(tries).ok()?.checked_sub(1)?)?;
    let asked = seconds.map_or(0, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX / 1_000));
    Some(pause.max(asked).min(86_400) * 1_000)
}

#[cfg(test)]
mod tests;
