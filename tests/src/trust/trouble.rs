//! What goes wrong while a change is made: faults of the line, kills, cancels, people, a second Portico, stale lists.

use super::chance::Chance;
use super::edit::Edit;
use portico_practice::fault::{Fault, Faults, Rule, Service};
use std::time::Duration;

/// A call of Portico's, and whether it is before or after it that something happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    pub service: Service,
    pub call: Option<&'static str>,
    pub nth: u64,
    pub after: bool,
}

impl Moment {
    /// Any call of a change.
    fn draw(chance: &mut Chance) -> Self {
        let (service, nth) = draw_call(chance);
        Self { service, call: None, nth, after: chance.one_in(2) }
    }

    fn on(service: Service, call: Option<&'static str>, nth: u64, after: bool) -> Self {
        Self { service, call, nth, after }
    }

    pub fn hold(&self, faults: &Faults) {
        let fault = if self.after { Fault::HoldAfter } else { Fault::Hold };
        let rule = Rule { call: self.call.map(str::to_owned), ..Rule::next(self.service, fault) };
        faults.add(rule.nth(self.nth));
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    Fault {
        service: Service,
        nth: u64,
        /// 0 is every call from there on.
        times: u64,
        fault: Fault,
    },
    Kill(Moment),
    Cancel(Moment),
    /// Somebody changes something by hand.
    Edit(Moment, Edit),
    /// A second Portico begins; whether with something of its own.
    Second(Moment, bool),
    /// Lists are a minute old.
    Stale,
}

/// How late stale lists are, in the world's time.
pub const STALE: Duration = Duration::from_secs(60);

/// A change makes about so many calls; those of the preview come first.
const CALLS: [(Service, u64); 2] = [(Service::Cloudflare, 28), (Service::Kube, 55)];

fn draw_call(chance: &mut Chance) -> (Service, u64) {
    let (service, calls) = CALLS[usize::from(chance.below(5) >= 3)];
    (service, chance.up_to(calls))
}

/// Longer than any call is waited for at the pace of these tests.
const TOO_LONG: u64 = 1_900;

const UNAVAILABLE: &str = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"ServiceUnavailable","message":"apiserver not ready","code":503,"success":false,"errors":[{"code":10001,"message":"Service unavailable"}],"messages":[],"result":null}"#;

fn draw_fault(service: Service, chance: &mut Chance) -> Fault {
    match chance.below(11) {
        0 => Fault::Slow { ms: TOO_LONG },
        1 => Fault::SlowAfter { ms: TOO_LONG },
        // The Kubernetes client waits by itself, and as long as it is told.
        2 if service == Service::Kube => Fault::RateLimit { retry_after: 1 },
        2 => Fault::RateLimit { retry_after: *chance.pick(&[10, 40, 100]) },
        3 => Fault::Error { status: 503, body: UNAVAILABLE.into() },
        4 => Fault::HtmlError { status: 500 },
        5 => Fault::HtmlError { status: 502 },
        6 => Fault::DropBefore,
        7 | 8 => Fault::DropAfter,
        9 => Fault::Torn,
        _ => Fault::Partial,
    }
}

/// The troubles of one change. At most one of them holds a call.
pub fn draw(chance: &mut Chance) -> Vec<Trouble> {
    #[derive(Clone, Copy)]
    enum Kind {
        None,
        Fault,
        Kill,
        Cancel,
        Edit,
        Second,
        Stale,
    }
    let kind = chance.weighted(&[
        (5, Kind::None),
        (40, Kind::Fault),
        (18, Kind::Kill),
        (6, Kind::Cancel),
        (18, Kind::Edit),
        (6, Kind::Second),
        (7, Kind::Stale),
    ]);
    let fault = |chance: &mut Chance| {
        let (service, nth) = draw_call(chance);
        let times = *chance.pick(&[1, 1, 1, 3, 0]);
        Trouble::Fault { service, nth, times, fault: draw_fault(service, chance) }
    };
    let mut troubles = match kind {
        Kind::None => return Vec::new(),
        Kind::Stale => return vec![Trouble::Stale],
        Kind::Fault => vec![fault(chance)],
        Kind::Kill => vec![Trouble::Kill(Moment::draw(chance))],
        Kind::Cancel => vec![Trouble::Cancel(Moment::draw(chance))],
        Kind::Edit => {
            let edit = Edit::draw(chance);
            vec![Trouble::Edit(moment_for(&edit, chance), edit)]
        }
        Kind::Second => vec![Trouble::Second(Moment::draw(chance), chance.one_in(2))],
    };
    if chance.one_in(5) {
        troubles.push(Trouble::Stale);
    }
    if !matches!(kind, Kind::Fault) && chance.one_in(5) {
        troubles.push(fault(chance));
    }
    troubles
}

/// When somebody changes it. Between the last read of a thing and the write that follows from it there is a moment in
/// which nothing can help, since Cloudflare compares nothing; that moment has a case of its own.
fn moment_for(edit: &Edit, chance: &mut Chance) -> Moment {
    let nth = chance.up_to(3);
    let outside = Moment::on(Service::Kube, None, chance.up_to(CALLS[1].1), chance.one_in(2));
    match edit {
        Edit::OwnRoute | Edit::ConflictRoute | Edit::DropRoute | Edit::MoveRoute => chance
            .pick(&[
                outside,
                Moment::on(Service::Cloudflare, Some("GET */configurations"), nth, false),
                Moment::on(Service::Cloudflare, Some("PUT */configurations"), 1, true),
                Moment::on(Service::Cloudflare, Some("POST */batch"), 1, true),
            ])
            .clone(),
        Edit::Unmark | Edit::OtherContent => chance
            .pick(&[
                outside,
                Moment::on(Service::Cloudflare, Some("GET */dns_records*"), nth, false),
                Moment::on(Service::Cloudflare, Some("POST */batch"), 1, true),
                Moment::on(Service::Cloudflare, Some("PUT */configurations"), 1, true),
            ])
            .clone(),
        _ => Moment::draw(chance),
    }
}
