//! Tables of evenings and nights, and one property: whatever comes and goes, each channel hears of a cause once and of its
//! end once.

use super::*;
use crate::condition::Hush;
use crate::problem::{Code, Problem};
use proptest::prelude::*;
use std::collections::BTreeMap;

const MINUTE: i64 = 60_000;

fn channel(id: &str, from: Severity) -> Channel {
    let way = Way::Ntfy { server: "https://ntfy.example.test".into(), topic: "lab".into() };
    Channel { id: id.into(), name: id.into(), on: true, from, way }
}

fn rules(channels: &[Channel]) -> Rules {
    Rules { channels: channels.to_vec(), ..Rules::default() }
}

fn condition(node: &str, severity: Severity) -> Condition {
    Condition {
        id: format!("node-not-ready/{node}"),
        problem: Problem::new(Code::NodeNotReady).arg("node", node).detail("a secret may be in here"),
        severity,
        since: 0,
        hostnames: vec![format!("{node}.example.test")],
        fix: Some(crate::change::Change::Reconcile),
        hushed: None,
    }
}

fn moment(at: i64) -> Moment {
    let minutes = at / MINUTE;
    Moment { at, minute: u16::try_from(minutes % 1_440).unwrap(), day: minutes / 1_440 }
}

/// A book with its rules, a clock, and what it sent.
struct Desk {
    book: Book,
    rules: Rules,
    count: u32,
}

impl Desk {
    fn new(rules: Rules) -> Self {
        Self { book: Book::default(), rules, count: 0 }
    }

    /// A look, and what is due because of it, after a restart in between.
    fn at(&mut self, at: i64, conditions: &[Condition]) -> Vec<Message> {
        let kept = serde_json::to_string(&self.book).unwrap();
        self.book = serde_json::from_str(&kept).unwrap();
        self.book.look(&self.rules, conditions, at);
        let count = &mut self.count;
        self.book.due(&self.rules, moment(at), || {
            *count += 1;
            format!("m{count}")
        })
    }

    fn said(&mut self, at: i64, conditions: &[Condition]) -> Vec<String> {
        let messages = self.at(at, conditions);
        messages.iter().map(|message| format!("{}: {}", message.channel, words(message))).collect()
    }
}

fn words(message: &Message) -> String {
    let item = |item: &Item| format!("{:?} {}", item.news, item.condition.problem.args["node"]);
    let items = message.items.iter().map(item).collect::<Vec<_>>().join(", ");
    let answers = message.answers.join(" ");
    let start = if message.occasion == Occasion::Digest { "digest " } else { "" };
    format!("{start}{items}{}{answers}", if answers.is_empty() { "" } else { " -> " })
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn what_comes_together_is_one_message_and_its_end_another_that_answers_it() {
    let mut desk = Desk::new(rules(&[channel("a", Severity::Notice), channel("b", Severity::Down)]));
    let (pi, nas) = (condition("pi", Severity::Down), condition("nas", Severity::Degraded));
    assert_eq!(desk.said(0, std::slice::from_ref(&nas)), nothing());
    assert_eq!(desk.said(5_000, &[nas.clone(), pi.clone()]), nothing());
    assert_eq!(desk.said(20_000, &[nas.clone(), pi.clone()]), ["a: Wrong pi, Wrong nas"]);
    assert_eq!(desk.said(25_000, &[nas.clone(), pi.clone()]), ["b: Wrong pi"]);
    assert_eq!(desk.said(26_000, &[nas.clone(), pi]), nothing());
    assert_eq!(desk.said(60_000, std::slice::from_ref(&nas)), nothing());
    assert_eq!(desk.said(80_000, &[nas]), ["a: Over pi -> m1", "b: Over pi -> m2"]);
}

#[test]
fn nothing_that_is_not_needed_leaves() {
    let mut desk = Desk::new(rules(&[channel("a", Severity::Notice)]));
    desk.at(0, &[condition("pi", Severity::Down)]);
    let messages = desk.at(GATHER_MS, &[condition("pi", Severity::Down)]);
    assert_eq!(messages[0].items[0].condition.fix, None);
    assert!(!serde_json::to_string(&messages).unwrap().contains("secret"));
    assert!(!serde_json::to_string(&desk.book).unwrap().contains("secret"));
}

#[test]
fn what_was_gone_before_anybody_could_hear_of_it_is_not_told() {
    let mut desk = Desk::new(rules(&[channel("a", Severity::Notice)]));
    desk.at(0, &[condition("pi", Severity::Down)]);
    assert_eq!(desk.said(10_000, &[]), nothing());
    assert_eq!(desk.said(100_000, &[]), nothing());
    // Nor is an end that was none.
    let pi = [condition("pi", Severity::Down)];
    desk.at(200_000, &pi);
    assert_eq!(desk.said(230_000, &pi), ["a: Wrong pi"]);
    assert_eq!(desk.said(240_000, &[]), nothing());
    assert_eq!(desk.said(250_000, &pi), nothing());
    assert_eq!(desk.said(300_000, &pi), nothing());
    desk.at(400_000, &[]);
    assert_eq!(desk.said(420_000, &[]), ["a: Over pi -> m1"]);
}

#[test]
fn what_somebody_knows_is_not_told_and_told_when_the_silence_ends() {
    let mut desk = Desk::new(rules(&[channel("a", Severity::Notice)]));
    let pi = condition("pi", Severity::Down);
    for hush in [Hush::Acknowledged, Hush::Snoozed { until: 1 }, Hush::Maintenance { until: 1 }] {
        let known = [Condition { hushed: Some(hush), ..pi.clone() }];
        assert_eq!(desk.said(0, &known), nothing());
        assert_eq!(desk.said(100_000, &known), nothing());
        assert_eq!(desk.said(200_000, &[]), nothing());
        assert_eq!(desk.said(300_000, &[]), nothing());
    }
    let known = [Condition { hushed: Some(Hush::Acknowledged), ..pi.clone() }];
    desk.at(400_000, &known);
    desk.at(410_000, std::slice::from_ref(&pi));
    assert_eq!(desk.said(430_000, &[pi]), ["a: Wrong pi"]);
    // Known after it was told: its end is no news.
    desk.at(440_000, &known);
    desk.at(450_000, &[]);
    assert_eq!(desk.said(500_000, &[]), nothing());
}

#[test]
fn a_cause_that_takes_the_place_of_another_is_told_and_no_end_of_the_former() {
    let mut desk = Desk::new(rules(&[channel("a", Severity::Notice)]));
    let pod = Condition { id: "pod".into(), ..condition("pi", Severity::Down) };
    desk.at(0, std::slice::from_ref(&pod));
    assert_eq!(desk.said(20_000, &[pod]), ["a: Wrong pi"]);
    let mut machine = condition("nuc", Severity::Down);
    machine.hostnames.push("pi.example.test".into());
    desk.at(30_000, std::slice::from_ref(&machine));
    assert_eq!(desk.said(50_000, &[machine]), ["a: Wrong nuc"]);
    desk.at(60_000, &[]);
    assert_eq!(desk.said(80_000, &[]), ["a: Over nuc -> m2"]);
}

#[test]
fn quiet_hours_hold_all_but_what_may_come_through_and_end_with_one_message() {
    let quiet = Quiet { from: 22 * 60, until: 7 * 60, through: Some(Severity::Down) };
    let mut rules = rules(&[channel("a", Severity::Notice)]);
    rules.timing.quiet = Some(quiet);
    let mut desk = Desk::new(rules);
    let night = 23 * 60 * MINUTE;
    let [pi, nas, nuc] = [("pi", Severity::Degraded), ("nas", Severity::Notice), ("nuc", Severity::Down)]
        .map(|(name, severity)| condition(name, severity));
    desk.at(night, &[pi.clone(), nas.clone()]);
    assert_eq!(desk.said(night + 5 * MINUTE, &[pi.clone(), nas.clone()]), nothing());
    desk.at(night + 6 * MINUTE, &[pi.clone(), nuc.clone()]);
    assert_eq!(desk.said(night + 7 * MINUTE, &[pi.clone(), nuc.clone()]), ["a: Wrong nuc"]);
    desk.at(night + 8 * MINUTE, std::slice::from_ref(&pi));
    assert_eq!(desk.said(night + 9 * MINUTE, std::slice::from_ref(&pi)), ["a: Over nuc -> m1"]);
    let morning = (24 + 7) * 60 * MINUTE;
    assert_eq!(desk.said(morning - MINUTE, std::slice::from_ref(&pi)), nothing());
    assert_eq!(desk.said(morning, &[pi]), ["a: Wrong pi, Passed nas"]);
}

#[test]
fn quiet_hours_may_lie_over_midnight_or_not() {
    let table = [
        ((1_320, 420), [(1_319, false), (1_320, true), (0, true), (419, true), (420, false)]),
        ((600, 660), [(599, false), (600, true), (659, true), (660, false), (0, false)]),
    ];
    for ((from, until), minutes) in table {
        let quiet = Quiet { from, until, through: None };
        for (minute, holds) in minutes {
            assert_eq!(quiet.holds(minute), holds, "{from}-{until} at {minute}");
        }
    }
}

#[test]
fn a_digest_comes_once_a_day_also_when_all_is_well() {
    let mut rules = rules(&[channel("a", Severity::Degraded)]);
    rules.timing.digest = Some(8 * 60);
    let mut desk = Desk::new(rules);
    let (pi, nas) = (condition("pi", Severity::Down), condition("nas", Severity::Notice));
    let noon = 12 * 60 * MINUTE;
    assert_eq!(desk.said(noon, &[]), nothing(), "the time has passed today");
    desk.at(noon + MINUTE, &[pi.clone(), nas.clone()]);
    desk.at(noon + 2 * MINUTE, &[pi, nas.clone()]);
    desk.at(noon + 3 * MINUTE, std::slice::from_ref(&nas));
    desk.at(noon + 4 * MINUTE, std::slice::from_ref(&nas));
    let morning = (24 + 8) * 60 * MINUTE;
    assert_eq!(desk.said(morning, std::slice::from_ref(&nas)), ["a: digest Passed pi"]);
    assert_eq!(desk.said(morning + MINUTE, std::slice::from_ref(&nas)), nothing());
    // Asleep at the time, it comes later that day.
    assert_eq!(desk.said(morning + 30 * 60 * MINUTE, &[nas]), ["a: digest "]);
}

#[test]
fn more_than_so_many_an_hour_wait_and_come_as_one() {
    let mut rules = rules(&[channel("a", Severity::Notice)]);
    rules.timing.per_hour = 1;
    let mut desk = Desk::new(rules);
    let names = ["pi", "nas", "nuc"];
    let all = names.map(|name| condition(name, Severity::Down));
    desk.at(0, &all[..1]);
    assert_eq!(desk.said(MINUTE, &all[..1]), ["a: Wrong pi"]);
    assert_eq!(desk.said(2 * MINUTE, &all[..2]), nothing());
    assert_eq!(desk.said(3 * MINUTE, &all[..3]), nothing());
    assert_eq!(desk.said(50 * MINUTE, &all[1..]), nothing());
    assert_eq!(desk.said(62 * MINUTE, &all[1..]), ["a: Wrong nas, Wrong nuc, Over pi -> m1"]);
}

#[test]
fn a_channel_that_is_off_hears_nothing_and_one_that_is_new_what_stands() {
    let mut desk = Desk::new(rules(&[]));
    let pi = [condition("pi", Severity::Down)];
    assert_eq!(desk.said(0, &pi), nothing());
    desk.rules = rules(&[channel("a", Severity::Notice)]);
    desk.at(MINUTE, &pi);
    assert_eq!(desk.said(2 * MINUTE, &pi), ["a: Wrong pi"]);
    desk.rules.channels[0].on = false;
    desk.at(3 * MINUTE, &[]);
    desk.rules.channels[0].on = true;
    assert_eq!(desk.said(5 * MINUTE, &[]), nothing());
}

#[test]
fn pauses_grow_have_an_end_and_respect_who_asks_for_more() {
    let pauses: Vec<_> = (1..=9).map(|tries| pause(tries, None)).collect();
    assert_eq!(pauses[0], Some(15_000));
    assert!(pauses[..8].windows(2).all(|pair| pair[0] < pair[1]) && pauses[8].is_none(), "{pauses:?}");
    assert_eq!((pause(1, Some(90)), pause(0, None)), (Some(90_000), None));
}

#[test]
fn each_field_is_judged_by_itself() {
    let email = |host: &str, encryption, recipient: &str| Way::Email {
        host: host.into(),
        port: 587,
        encryption,
        user: None,
        sender: "portico@example.test".into(),
        recipient: recipient.into(),
    };
    let ntfy = |server: &str, topic: &str| Way::Ntfy { server: server.into(), topic: topic.into() };
    let field = |way: Way| {
        let refused = Channel { way, ..channel("a", Severity::Down) }.check(true).err();
        refused.map(|problem| problem.args["field"].clone()).unwrap_or_default()
    };
    let me = "me@example.test";
    assert_eq!(field(email("smtp.example.test", Encryption::Starttls, me)), "");
    assert_eq!(field(email("smtp example", Encryption::Tls, me)), "host");
    assert_eq!(field(email("smtp.example.test", Encryption::Tls, "me")), "recipient");
    assert_eq!(field(email("smtp.example.test", Encryption::None, me)), "encryption");
    assert_eq!(field(email("127.0.0.1", Encryption::None, me)), "");
    assert_eq!(field(ntfy("https://ntfy.example.test", "lab")), "");
    assert_eq!(field(ntfy("ntfy.example.test", "lab")), "server");
    assert_eq!(field(ntfy("http://ntfy.example.test", "lab")), "server", "the token could be read");
    assert_eq!(field(ntfy("https://ntfy.example.test", "my lab")), "topic");
    let timing = |quiet: Option<(u16, u16)>, digest, per_hour| {
        let quiet = quiet.map(|(from, until)| Quiet { from, until, through: None });
        let refused = Timing { quiet, digest, per_hour }.check().err();
        refused.map(|problem| problem.args["field"].clone()).unwrap_or_default()
    };
    assert_eq!(timing(Some((1_320, 420)), Some(480), 12), "");
    assert_eq!(timing(Some((1_320, 420)), Some(60), 12), "digest");
    assert_eq!(timing(Some((60, 60)), None, 12), "quietUntil");
    assert_eq!(timing(None, Some(1_440), 12), "digest");
    assert_eq!(timing(None, None, 0), "perHour");
}

#[test]
fn a_host_is_read_from_an_address_and_this_computer_is_known() {
    assert_eq!(host_of("https://hooks.example.test/T0/secret?x=1"), Some("hooks.example.test"));
    assert_eq!(host_of("http://127.0.0.1:8123/api"), Some("127.0.0.1:8123"));
    for none in ["ftp://example.test", "https://", "https://me:pw@example.test/", "https://a b/"] {
        assert_eq!(host_of(none), None, "{none}");
    }
    for here in ["localhost", "LOCALHOST:25", "127.7.0.1", "127.0.0.1:80", "::1", "[::1]", "[::1]:80"] {
        assert!(is_loopback(here), "{here}");
    }
    assert!(!is_loopback("192.168.1.2") && !is_loopback("localhost.example.test"));
}

/// What is done next: so many seconds pass, and these of five machines are away, each as bad as said, or known.
fn evening() -> impl Strategy<Value = Vec<(i64, Vec<u8>)>> {
    prop::collection::vec((1_i64..900, prop::collection::vec(0_u8..5, 5)), 1..120)
}

proptest! {
    #[test]
    fn whatever_comes_and_goes_each_cause_is_told_once_and_its_end_once(evening in evening()) {
        let mut rules = rules(&[channel("all", Severity::Notice), channel("worst", Severity::Down)]);
        rules.timing.per_hour = 6;
        rules.timing.quiet = Some(Quiet { from: 60, until: 120, through: None });
        let mut desk = Desk::new(rules);
        let mut told: BTreeMap<(String, String), bool> = BTreeMap::new();
        let mut sent: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut now = 0;
        for (seconds, away) in evening {
            now += seconds * 1_000;
            let severities = [Severity::Notice, Severity::Degraded, Severity::Down, Severity::Down];
            let conditions = away.iter().enumerate().filter(|(_, how)| **how > 0).map(|(index, how)| {
                let condition = condition(&format!("pi-{index}"), severities[usize::from(*how) - 1]);
                Condition { hushed: (*how == 4).then_some(Hush::Acknowledged), ..condition }
            });
            let conditions: Vec<Condition> = conditions.collect();
            // Who says that they know of it has heard enough.
            for known in conditions.iter().filter(|condition| condition.hushed.is_some()) {
                told.retain(|(_, id), _| *id != known.id);
            }
            for message in desk.at(now, &conditions) {
                let night = Quiet { from: 60, until: 120, through: None };
                prop_assert!(!night.holds(moment(now).minute));
                sent.entry(message.channel.clone()).or_default().push(now);
                prop_assert!(!message.items.is_empty());
                for item in message.items {
                    let key = (message.channel.clone(), item.condition.id.clone());
                    let known = told.get(&key).copied().unwrap_or_default();
                    prop_assert_eq!(known, item.news == News::Over, "{:?} {:?}", key, item.news);
                    told.insert(key, item.news == News::Wrong);
                }
            }
        }
        for times in sent.values() {
            prop_assert!(times.windows(7).all(|times| times[6] - times[0] >= HOUR_MS), "{:?}", times);
        }
        // In the end everybody knows how it is.
        for _ in 0..200 {
            now += MINUTE;
            for message in desk.at(now, &[]) {
                for item in message.items {
                    told.insert((message.channel.clone(), item.condition.id), item.news == News::Wrong);
                }
            }
        }
        prop_assert!(told.values().all(|wrong| !wrong), "{:?}", told);
    }
}
