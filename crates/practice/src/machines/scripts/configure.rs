//! `configure`: config.yaml, the join token and the owner's mark. What has not changed is not written again.

use super::{CONFIG, MARKER, Outcome, Place, TOKEN, foreign, other_role, read_role};
use crate::homelab::{File, sha256_hex};
use crate::machines::stdin::Stdin;

pub async fn run(place: &Place<'_>, root: bool, stdin: &mut Stdin) -> Outcome {
    let role = match read_role(stdin).await {
        Ok(role) => role,
        Err(refusal) => return refusal,
    };
    let (Some(config), Some(token)) = (stdin.sized().await, stdin.sized().await) else {
        return Outcome::refused("length-malformed", "");
    };
    if !root {
        return Outcome::not_permitted(CONFIG);
    }
    if let Some(other) = place.look(|machine| other_role(machine, role)) {
        return Outcome::refused("role-differs", &format!("this machine runs {other} already"));
    }
    if let Some(found) = place.look(foreign) {
        return Outcome::refused("foreign-k3s", &format!("{found} is there and not ours"));
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
    if !token.is_empty() {
        said.push_str(&format!("token={}\n", sha256_hex(token.as_bytes())));
    }
    Outcome::said(said)
}
