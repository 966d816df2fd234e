//! What was told to whom, what waits, and which messages are due: one for each cause, and one when it is over.
//!
//! The book takes the list of conditions again and again, which has patience in it already, and is kept beside the messages
//! that it made: a restart neither repeats nor forgets one. What somebody knows of is not told, neither that it is wrong
//! nor that it is over; nor is the end of what another cause has taken the place of.

use super::{HOUR_MS, Item, Message, Moment, News, Occasion, Rules, VERSION};
use crate::condition::{Condition, Severity, explains};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What comes within this time is one message, ms: a machine that goes takes other things with it.
pub const GATHER_MS: i64 = 20_000;

/// No digest has more to say of what is over.
const ENDED_AT_MOST: usize = 100;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Book {
    version: u32,
    /// What stands and nobody said that they know, by its id.
    open: BTreeMap<String, Open>,
    /// In the order in which it came.
    waiting: Vec<Waiting>,
    /// When messages were made in the last hour, by channel.
    made: BTreeMap<String, Vec<i64>>,
    /// The local day whose digest was made.
    digest_day: Option<i64>,
    /// What was over since.
    ended: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Open {
    condition: Condition,
    /// By channel, the message that told it; none while it waits.
    told: BTreeMap<String, Option<String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    channel: String,
    /// Unix ms.
    since: i64,
    item: Item,
    /// The message that told that it is wrong.
    answers: Option<String>,
}

impl Waiting {
    fn is(&self, channel: &str, id: &str, news: News) -> bool {
        self.channel == channel && self.item.condition.id == id && self.item.news == news
    }
}

impl Default for Book {
    fn default() -> Self {
        Self {
            version: VERSION,
            open: BTreeMap::new(),
            waiting: Vec::new(),
            made: BTreeMap::new(),
            digest_day: None,
            ended: Vec::new(),
        }
    }
}

impl Book {
    /// Takes the next list. `now` is unix ms.
    pub fn look(&mut self, rules: &Rules, conditions: &[Condition], now: i64) {
        let gone: Vec<String> =
            self.open.keys().filter(|id| !conditions.iter().any(|one| one.id == **id)).cloned().collect();
        for id in gone {
            if let Some(open) = self.open.remove(&id) {
                self.end(rules, open, conditions, now);
            }
        }
        for condition in conditions {
            if condition.hushed.is_some() {
                self.open.remove(&condition.id);
                self.waiting.retain(|waiting| waiting.item.condition.id != condition.id);
            } else {
                self.stand(rules, condition, now);
            }
        }
        let on = |id: &str| rules.channel(id).is_some_and(|channel| channel.on);
        self.waiting.retain(|waiting| on(&waiting.channel));
    }

    fn stand(&mut self, rules: &Rules, condition: &Condition, now: i64) {
        let condition = told(condition);
        let id = &condition.id;
        let open = self.open.entry(id.clone());
        let open = open.or_insert_with(|| Open { condition: condition.clone(), told: BTreeMap::new() });
        open.condition = condition.clone();
        for channel in rules.channels.iter().filter(|channel| channel.on) {
            let waits = |news| self.waiting.iter().position(|one| one.is(&channel.id, id, news));
            if let Some(wrong) = waits(News::Wrong) {
                self.waiting[wrong].item.condition = condition.clone();
            } else if open.told.contains_key(&channel.id) || condition.severity < channel.from {
                continue;
            } else if let Some(over) = waits(News::Over) {
                // Nobody heard that it was over, and it is not.
                let message = self.waiting.remove(over).answers;
                open.told.insert(channel.id.clone(), message);
            } else {
                let passed = waits(News::Passed).map(|passed| self.waiting.remove(passed));
                let since = passed.map_or(now, |passed| passed.since);
                let item = Item { news: News::Wrong, condition: condition.clone(), until: None };
                self.waiting.push(Waiting { channel: channel.id.clone(), since, item, answers: None });
                open.told.insert(channel.id.clone(), None);
            }
        }
    }

    fn end(&mut self, rules: &Rules, open: Open, standing: &[Condition], now: i64) {
        let Open { condition, told } = open;
        for (channel, message) in told {
            let waits = self.waiting.iter().position(|one| one.is(&channel, &condition.id, News::Wrong));
            let waited = waits.map(|wrong| self.waiting.remove(wrong));
            let Some(channel) = rules.channel(&channel).filter(|channel| channel.on) else { continue };
            if standing.iter().any(|other| takes_its_place(other, &condition, channel.from)) {
                continue;
            }
            let (news, since) = match waited {
                // It was gone before anybody could have heard of it.
                Some(waiting) if now.saturating_sub(waiting.since) <= GATHER_MS => continue,
                Some(waiting) => (News::Passed, waiting.since),
                None => (News::Over, now),
            };
            let item = Item { news, condition: condition.clone(), until: Some(now) };
            self.waiting.push(Waiting { channel: channel.id.clone(), since, item, answers: message });
        }
        self.ended.push(Item { news: News::Passed, condition, until: Some(now) });
        let many = self.ended.len().saturating_sub(ENDED_AT_MOST);
        self.ended.drain(..many);
    }

    /// The messages that are to be sent now. `id` gives a new one each time.
    pub fn due(&mut self, rules: &Rules, moment: Moment, mut id: impl FnMut() -> String) -> Vec<Message> {
        let mut messages = self.digest(rules, moment, &mut id);
        let quiet = rules.is_quiet(moment);
        let through = rules.timing.quiet.and_then(|quiet| quiet.through);
        for channel in rules.channels.iter().filter(|channel| channel.on) {
            let may = |waiting: &Waiting| {
                let urgent = through.is_some_and(|least| waiting.item.condition.severity >= least);
                waiting.channel == channel.id && (!quiet || urgent)
            };
            if !self.waiting.iter().any(|one| may(one) && moment.at.saturating_sub(one.since) >= GATHER_MS) {
                continue;
            }
            let made = self.made.entry(channel.id.clone()).or_default();
            made.retain(|at| moment.at.saturating_sub(*at) < HOUR_MS);
            if made.len() >= usize::from(rules.timing.per_hour) {
                continue;
            }
            made.push(moment.at);
            let waiting = std::mem::take(&mut self.waiting);
            let (sent, waiting): (Vec<_>, Vec<_>) = waiting.into_iter().partition(may);
            self.waiting = waiting;
            let id = id();
            for one in sent.iter().filter(|one| one.item.news == News::Wrong) {
                if let Some(open) = self.open.get_mut(&one.item.condition.id) {
                    open.told.insert(channel.id.clone(), Some(id.clone()));
                }
            }
            let mut answers: Vec<String> = sent.iter().filter_map(|one| one.answers.clone()).collect();
            answers.sort();
            answers.dedup();
            let items = sorted(sent.into_iter().map(|one| one.item).collect());
            let (channel, occasion, at) = (channel.id.clone(), Occasion::News, moment.at);
            messages.push(Message { id, channel, occasion, at, items, answers });
        }
        messages
    }

    /// All that stands and what was over since the last one, once a day; also when that is nothing, which says that
    /// messages arrive.
    fn digest(&mut self, rules: &Rules, moment: Moment, id: &mut impl FnMut() -> String) -> Vec<Message> {
        let Some(time) = rules.timing.digest else {
            self.digest_day = None;
            self.ended.clear();
            return Vec::new();
        };
        // The first one comes the next time that the clock gets there.
        let reached = moment.minute >= time;
        let day = *self.digest_day.get_or_insert(if reached { moment.day } else { moment.day - 1 });
        if !reached || day >= moment.day {
            return Vec::new();
        }
        self.digest_day = Some(moment.day);
        let standing = self.open.values().map(|open| Item {
            news: News::Wrong,
            condition: open.condition.clone(),
            until: None,
        });
        let items: Vec<Item> = standing.chain(std::mem::take(&mut self.ended)).collect();
        let messages = rules.channels.iter().filter(|channel| channel.on).map(|channel| {
            let heard = items.iter().filter(|item| item.condition.severity >= channel.from);
            let items = sorted(heard.cloned().collect());
            let (occasion, at, answers) = (Occasion::Digest, moment.at, Vec::new());
            Message { id: id(), channel: channel.id.clone(), occasion, at, items, answers }
        });
        messages.collect()
    }
}

/// What leaves this computer: neither the change that would help nor a technical cause, which may say more than is needed.
fn told(condition: &Condition) -> Condition {
    let mut condition = condition.clone();
    condition.fix = None;
    condition.problem.detail = None;
    condition
}

/// Whether `other` stands for what is gone: it is why, or all that was touched is touched by it. Who hears of `other`, or
/// said that they know of it, would take an end of the former for the end of the trouble.
fn takes_its_place(other: &Condition, gone: &Condition, from: Severity) -> bool {
    let heard = other.hushed.is_some() || other.severity >= from;
    let touched =
        !gone.hostnames.is_empty() && gone.hostnames.iter().all(|name| other.hostnames.contains(name));
    heard && (touched || explains(&other.problem, &gone.problem))
}

fn sorted(mut items: Vec<Item>) -> Vec<Item> {
    let order = |item: &Item| {
        let condition = &item.condition;
        (item.news, std::cmp::Reverse(condition.severity), condition.since, condition.id.clone())
    };
    items.sort_by_key(order);
    items
}
