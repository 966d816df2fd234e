//! Who is silent where no name can be looked up: this computer's own network, its name server, or the internet.

use crate::dns::Answers;
use crate::observed::{LanPath, Observed, PublicPath, Seen};
use crate::problem::{Code, Problem};

/// Why no name can be looked up from here; `None` while one can, or where no name is looked at.
///
/// A single name that is not answered for says nothing: what is silent is so for all of them.
pub fn silence(observed: &Observed) -> Option<Problem> {
    let lan: Vec<&LanPath> = observed.lan_paths.values().filter_map(Seen::value).collect();
    let public: Vec<&PublicPath> = observed.public_paths.values().filter_map(Seen::value).collect();
    if observed.lan_paths.is_empty() && observed.public_paths.is_empty() {
        return None;
    }
    let answers: Vec<&Answers> =
        lan.iter().map(|path| &path.answers).chain(public.iter().map(|path| &path.answers)).collect();
    let is_answered = answers.iter().any(|answers| answers.system.is_ok());
    let outside = answers.iter().any(|answers| answers.authoritative.is_ok() || answers.public.is_ok())
        || public.iter().any(|path| path.http.is_ok());
    let worker = lan.iter().any(|path| path.http.values().any(Result::is_ok));
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
