//! `configure`: config.yaml, the join token and the owner's mark. What has not changed is not written again.

use super::{CONFIG, MARKER, Outcome, Place, TOKEN};
use crate::homelab::{File, Role, sha256_hex};
use crate::machines::stdin::Stdin;

pub async fn run(place: &Place<'_>, root: bool, stdin: &mut Stdin) -> Outcome {
    let role = match stdin.line().await.as_deref().map(str::trim) {
        Some("server") => Role::Server,
        Some("agent") => Role::Agent,
        _ => return Outcome::refused("role", "the role is server or agent"),
    };
    let (Some(config), Some(token)) = (stdin.sized().await, stdin.sized().await) else {
        return Outcome::refused("values", "the configuration and the token are expected with their lengths");
    };
    if !root {
        return Outcome::not_permitted(CONFIG);
    }
    if role == Role::Agent && config.trim().is_empty() {
        return Outcome::refused("config", "an agent needs to know its server");
    }
    let foreign = place.look(|machine| machine.k3s.is_some() && !machine.files.contains_key(MARKER));
    if foreign {
        return Outcome::refused("foreign", "K3s is installed here by somebody else");
    }
    let mut said = format!("config={}\n", sha256_hex(config.as_bytes()));
    place.change(|machine| {
        let mut write = |path: &str, bytes: &[u8]| {
            let file = File::of(bytes, 0o600);
            if machine.files.get(path).is_none_or(|old| old.sha256 != file.sha256 || old.mode != file.mode) {
                machine.files.insert(path.to_owned(), file);
            }
        };
        write(CONFIG, config.as_bytes());
        if !token.is_empty() {
            write(TOKEN, token.as_bytes());
        }
        write(MARKER, b"");
    });
    if let Some(digest) = place.look(|machine| machine.files.get(TOKEN).map(|file| file.sha256.clone())) {
        said.push_str(&format!("token={digest}\n"));
    }
    Outcome::said(said)
}
