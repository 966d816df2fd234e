//! What can go wrong, as switches that a person or a test throws.
//!
//! Each switch is read off the model and written into it, never kept beside it: what was unplugged by another way shows
//! as unplugged. Single calls that fail are `fault`'s.

use crate::acme::Verdict;
use crate::cloudflare::{Cloud, PORTICO_TOKEN};
use crate::homelab::{Homelab, Power};
use portico_domain::situation::{Situation, SituationKind};

/// The zone that gets the wildcard.
const ZONE: &str = "example.test";

/// The domain that the router can be told of.
const HOME: &str = "home.arpa";

/// Every switch there is, and whether it is on.
pub fn situations(homelab: &Homelab, cloud: &Cloud) -> Vec<Situation> {
    let about = |kind, subject: Option<&str>, on| Situation { kind, subject: subject.map(str::to_owned), on };
    homelab.read(|state| {
        let machines = &state.machines;
        let off = machines.iter().map(|machine| {
            about(SituationKind::MachineOff, Some(&machine.name), machine.power == Power::Off)
        });
        let full = machines
            .iter()
            .map(|machine| about(SituationKind::DiskFull, Some(&machine.name), machine.disk_is_full()));
        let refused = matches!(state.acme.verdict, Verdict::Refuse(_));
        let others = [
            about(SituationKind::InternetDown, None, !state.internet),
            about(SituationKind::TokenRevoked, None, cloud.is_revoked(PORTICO_TOKEN)),
            about(SituationKind::WildcardAdded, Some(ZONE), cloud.has_wildcard(ZONE)),
            about(SituationKind::CertificateRefused, None, refused),
            about(SituationKind::RouterTold, Some(HOME), state.router.contains_key(HOME)),
        ];
        off.chain(full).chain(others).collect()
    })
}

/// Throws a switch; one that stands so already is left.
///
/// # Errors
/// No such machine; the text names it.
pub fn bring_about(homelab: &Homelab, cloud: &Cloud, wanted: &Situation) -> Result<(), String> {
    let known = situations(homelab, cloud);
    let same = |other: &&Situation| (other.kind, &other.subject) == (wanted.kind, &wanted.subject);
    let Some(now) = known.iter().find(same) else {
        return Err(format!("nothing here is called {}", wanted.subject.as_deref().unwrap_or("that")));
    };
    if now.on == wanted.on {
        return Ok(());
    }
    let subject = wanted.subject.as_deref().unwrap_or_default();
    let done = match (wanted.kind, wanted.on) {
        (SituationKind::MachineOff, true) => homelab.cut_power(subject),
        (SituationKind::MachineOff, false) => homelab.power_on(subject),
        (SituationKind::DiskFull, on) => homelab.change_machine(subject, |machine| machine.fill_disk(on)),
        (SituationKind::InternetDown, on) => {
            homelab.set_internet(!on);
            Ok(())
        }
        (SituationKind::TokenRevoked, on) => {
            cloud.revoke(PORTICO_TOKEN, on);
            Ok(())
        }
        (SituationKind::WildcardAdded, on) => {
            cloud.set_wildcard(ZONE, on);
            Ok(())
        }
        (SituationKind::RouterTold, on) => {
            homelab.tell_router(subject, on);
            Ok(())
        }
        (SituationKind::CertificateRefused, on) => {
            let refusal = "DNS problem: the name servers answer SERVFAIL".to_owned();
            homelab.set_verdict(if on { Verdict::Refuse(refusal) } else { Verdict::Issue });
            Ok(())
        }
    };
    done.map_err(|unknown| unknown.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::homelab::Options;

    #[test]
    fn every_switch_goes_on_and_off_again_and_moves_no_other() {
        let homelab = Homelab::new(Options::default()).expect("a homelab");
        let cloud = homelab.cloud.clone();
        let before = situations(&homelab, &cloud);
        assert!(before.iter().all(|situation| !situation.on), "{before:?}");
        for situation in &before {
            let on = Situation { on: true, ..situation.clone() };
            bring_about(&homelab, &cloud, &on).expect("it is known");
            let now = situations(&homelab, &cloud);
            assert_eq!(vec![&on], now.iter().filter(|situation| situation.on).collect::<Vec<_>>());
            bring_about(&homelab, &cloud, situation).expect("it is known");
            assert_eq!(before, situations(&homelab, &cloud));
        }
        let stranger = Situation { subject: Some("toaster".into()), ..before[0].clone() };
        assert!(bring_about(&homelab, &cloud, &stranger).unwrap_err().contains("toaster"));
    }
}
