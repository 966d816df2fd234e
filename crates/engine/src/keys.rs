//! The keys of sealed-secrets: saved into a file that a passphrase opens, and put back.
//!
//! Without them, no sealed secret can be opened again. They leave the cluster only inside an age file; what is
//! remembered here of a backup are the names of the keys in it, so that a newer key is noticed.

use crate::Engine;
use age::secrecy::SecretString;
use portico_domain::credential::Secret;
use portico_domain::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::path::Path;
use ts_rs::TS;

/// Version of what is inside the age file.
const VERSION: u32 = 1;

/// What stands between the keys and a loss.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeysState {
    /// Names of the keys that the cluster has.
    pub present: Vec<String>,
    /// Names of those in the last backup.
    pub saved: Vec<String>,
    /// Unix ms of the last backup.
    #[ts(type = "number | null")]
    pub saved_at: Option<i64>,
}

impl KeysState {
    /// Keys that no backup has: what is sealed with them would be lost.
    pub fn unsaved(&self) -> Vec<&String> {
        self.present.iter().filter(|name| !self.saved.contains(name)).collect()
    }

    /// The reminder, where one is due.
    pub fn condition(&self) -> Option<Problem> {
        let unsaved = self.unsaved();
        let names = unsaved.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        (!unsaved.is_empty()).then(|| Problem::new(Code::KeysNewer).arg("keys", names))
    }
}

#[derive(Serialize, Deserialize)]
struct Saved {
    names: Vec<String>,
    at: i64,
}

#[derive(Serialize, Deserialize)]
struct Backup {
    version: u32,
    keys: Vec<Value>,
}

impl Engine {
    /// Which keys there are and which of them the last backup holds.
    pub async fn keys(&self) -> Result<KeysState, Problem> {
        let kube = self.inner.outside.kube().await?;
        let keys = kube.sealing_keys().await.map_err(|error| Problem::from(&error))?;
        let saved: Option<Saved> = self.inner.store.note("sealing-keys").await?;
        let (saved, saved_at) = saved.map_or((Vec::new(), None), |saved| (saved.names, Some(saved.at)));
        Ok(KeysState { present: keys.iter().map(name).collect(), saved, saved_at })
    }

    /// Writes every key into `path`, encrypted with the passphrase (age). The file is made anew, mode 0600.
    ///
    /// # Errors
    /// [`Code::KeysUnreadable`] when the cluster has none; [`Code::LocalFileUnwritable`].
    pub async fn save_keys(&self, path: &Path, passphrase: &Secret) -> Result<KeysState, Problem> {
        let kube = self.inner.outside.kube().await?;
        let keys = kube.sealing_keys().await.map_err(|error| Problem::from(&error))?;
        if keys.is_empty() {
            return Err(Problem::new(Code::KeysUnreadable));
        }
        let names: Vec<String> = keys.iter().map(name).collect();
        let backup = Backup { version: VERSION, keys: keys.into_iter().map(portable).collect() };
        let plain = Secret::new(serde_json::to_string(&backup).unwrap_or_default());
        let failed =
            |cause: String| Problem::new(Code::LocalFileUnwritable).arg("path", path.display()).detail(cause);
        let sealed = encrypt(plain.expose().as_bytes(), passphrase).map_err(failed)?;
        write_private(path, &sealed).map_err(|error| failed(error.to_string()))?;
        // Only what can be opened again is a backup.
        self.open_backup(path, passphrase)?;
        self.inner.store.set_note("sealing-keys", &Saved { names, at: self.now() }).await?;
        self.keys().await
    }

    /// Puts the keys of a backup back that the cluster does not have, and lets the controller read them. Keys that are
    /// there stay as they are. Returns the names of those that were put back.
    ///
    /// # Errors
    /// [`Code::BackupUnreadable`]: not a backup, or another passphrase.
    pub async fn restore_keys(&self, path: &Path, passphrase: &Secret) -> Result<Vec<String>, Problem> {
        let backup = self.open_backup(path, passphrase)?;
        let kube = self.inner.outside.kube().await?;
        let mut restored = Vec::new();
        for key in &backup.keys {
            if kube.restore_sealing_key(key).await.map_err(|error| Problem::from(&error))? {
                restored.push(name(key));
            }
        }
        if !restored.is_empty() {
            kube.restart_sealing().await.map_err(|error| Problem::from(&error))?;
        }
        Ok(restored)
    }

    fn open_backup(&self, path: &Path, passphrase: &Secret) -> Result<Backup, Problem> {
        let failed =
            |cause: String| Problem::new(Code::BackupUnreadable).arg("path", path.display()).detail(cause);
        let sealed = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let plain = decrypt(&sealed, passphrase).map_err(failed)?;
        let backup: Backup =
            serde_json::from_str(plain.expose()).map_err(|error| failed(error.to_string()))?;
        if backup.version != VERSION {
            return Err(failed(format!("version {}", backup.version)));
        }
        Ok(backup)
    }
}

fn name(secret: &Value) -> String {
    secret["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// A key as another cluster would take it: its name, place, labels and data, nothing of its life here.
fn portable(secret: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": secret["type"],
        "metadata": {
            "name": secret["metadata"]["name"], "namespace": secret["metadata"]["namespace"],
            "labels": secret["metadata"]["labels"],
        },
        "data": secret["data"],
    })
}

fn passphrase_of(secret: &Secret) -> SecretString {
    SecretString::from(secret.expose().to_owned())
}

fn encrypt(plain: &[u8], passphrase: &Secret) -> Result<Vec<u8>, String> {
    let encryptor = age::Encryptor::with_user_passphrase(passphrase_of(passphrase));
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(|error| error.to_string())?;
    writer.write_all(plain).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(sealed)
}

fn decrypt(sealed: &[u8], passphrase: &Secret) -> Result<Secret, String> {
    let decryptor = age::Decryptor::new(sealed).map_err(|error| error.to_string())?;
    let identity = age::scrypt::Identity::new(passphrase_of(passphrase));
    let identities = std::iter::once(&identity as &dyn age::Identity);
    let mut reader = decryptor.decrypt(identities).map_err(|error| error.to_string())?;
    let mut plain = String::new();
    reader.read_to_string(&mut plain).map_err(|error| error.to_string())?;
    Ok(Secret::new(plain))
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Made with mode 0600 and renamed: neither half a backup nor an older one is ever in its place.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_opens_with_its_passphrase_alone() {
        let passphrase = Secret::new("correct horse".into());
        let sealed = encrypt(b"keys", &passphrase).unwrap();
        assert!(sealed.starts_with(b"age-encryption.org/v1"));
        assert_eq!(decrypt(&sealed, &passphrase).unwrap().expose(), "keys");
        assert!(decrypt(&sealed, &Secret::new("wrong".into())).is_err());
        assert!(decrypt(b"nothing of the kind", &passphrase).is_err());
    }

    #[test]
    fn a_key_that_no_backup_has_is_a_reminder() {
        let mut state =
            KeysState { present: vec!["a".into(), "b".into()], saved: vec!["a".into()], saved_at: Some(1) };
        assert_eq!(state.condition().unwrap().args["keys"], "b");
        state.saved.push("b".into());
        assert_eq!(state.condition(), None);
    }
}
