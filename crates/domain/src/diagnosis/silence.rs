//! Who is silent where no name can be looked up: this computer's own network, its name server, or the internet.

use crate::dns::Answers;
use crate::observed::{Observed, Seen};
use crate::problem::{Code, Problem};

/// Why no name can be looked up from here; `None` while one can, or where no name is looked at.
///
/// A single name that is not answered for says nothing: what is silent is so for all of them. So where all is well, one name
/// is looked at and not every one.
pub fn silence(observed: &Observed) -> Option<Problem> {
    if observed.lan_paths.is_empty() && observed.public_paths.is_empty() {
        return None;
    }
    let lan = || observed.lan_paths.values().filter_map(Seen::value);
    let public = || observed.public_paths.values().filter_map(Seen::value);
    let any = |is: fn(&Answers) -> bool| {
        lan().any(|path| is(&path.answers)) || public().any(|path| is(&path.answers))
    };
    let is_answered = any(|answers| answers.system.is_ok());
    let outside = any(|answers| answers.authoritative.is_ok() || answers.public.is_ok())
        || public().any(|path| path.http.is_ok());
    if is_answered && outside {
        return None;
    }
    let worker = lan().any(|path| path.http.values().any(Result::is_ok));
    let code = match &observed.nodes {
        Some(Seen::Unseen { .. }) if !worker && !outside && !is_answered => Code::NetworkSilent,
        None if !worker => return None,
        // A router answers from what it remembers, for a while.
        _ if !outside && (!is_answered || !observed.public_paths.is_empty()) => Code::InternetAway,
        _ if !is_answered => Code::ResolverSilent,
        _ => return None,
    };
    Some(Problem::new(code))
}
