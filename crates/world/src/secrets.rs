//! Where secrets rest: the operating system's keyring, or the memory of this run.
//!
//! The store is passed as a value, so that practice and tests hold their secrets in memory, as do people who
//! did not consent to the keyring. The keyring is opened for each call: one that was missing or locked a
//! moment ago is found on the next try, without a restart. Nothing is ever written to a file of our own.

use keyring_core::api::CredentialStore;
use portico_domain::credential::{Credential, Keyring, Secret};
use portico_domain::problem::{Code, Problem};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What the keyring's entries are filed under.
const SERVICE: &str = "portico";

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("there is no keyring to be reached: {cause}")]
    Unavailable { cause: String },
    #[error("the keyring is locked: {cause}")]
    Locked { cause: String },
    #[error("no secret is kept as {name}")]
    Missing { name: String },
}

impl From<&SecretError> for Problem {
    fn from(error: &SecretError) -> Self {
        match error {
            SecretError::Unavailable { cause } => Problem::new(Code::KeyringUnavailable).detail(cause),
            SecretError::Locked { cause } => Problem::new(Code::KeyringLocked).detail(cause),
            SecretError::Missing { name } => Problem::new(Code::SecretMissing).arg("secret", name),
        }
    }
}

/// Keeps secrets by name. Copies share the same store.
#[derive(Clone)]
pub struct SecretStore(Place);

#[derive(Clone)]
enum Place {
    Keyring,
    Memory(Arc<Mutex<BTreeMap<Credential, Secret>>>),
}

impl SecretStore {
    /// The keyring of the logged-in user: Secret Service, macOS Keychain, or Windows Credential Manager.
    pub fn keyring() -> Self {
        Self(Place::Keyring)
    }

    /// For this run only.
    pub fn in_memory() -> Self {
        Self(Place::Memory(Arc::default()))
    }

    /// What this store is.
    pub fn kind(&self) -> Keyring {
        match self.0 {
            Place::Memory(_) => Keyring::Memory,
            Place::Keyring if cfg!(target_os = "macos") => Keyring::Keychain,
            Place::Keyring if cfg!(windows) => Keyring::CredentialManager,
            Place::Keyring => Keyring::SecretService,
        }
    }

    /// Keeps a secret, in place of the one that has this name.
    ///
    /// # Errors
    /// [`SecretError::Unavailable`], [`SecretError::Locked`].
    pub async fn set(&self, credential: &Credential, secret: Secret) -> Result<(), SecretError> {
        match &self.0 {
            Place::Memory(kept) => {
                lock(kept).insert(credential.clone(), secret);
                Ok(())
            }
            Place::Keyring => in_keyring(credential, move |entry| entry.set_password(secret.expose())).await,
        }
    }

    /// The secret of this name.
    ///
    /// # Errors
    /// [`SecretError::Missing`], [`SecretError::Unavailable`], [`SecretError::Locked`].
    pub async fn get(&self, credential: &Credential) -> Result<Secret, SecretError> {
        match &self.0 {
            Place::Memory(kept) => {
                let kept = lock(kept).get(credential).map(Secret::duplicate);
                kept.ok_or_else(|| SecretError::Missing { name: credential.name() })
            }
            Place::Keyring => in_keyring(credential, |entry| entry.get_password().map(Secret::new)).await,
        }
    }

    /// Whether there is a secret of this name. Its attributes are asked for: where the keyring can tell them apart from
    /// it, as the Secret Service can, the secret itself stays where it is. A locked keyring may still ask to be unlocked.
    ///
    /// # Errors
    /// [`SecretError::Unavailable`], [`SecretError::Locked`].
    pub async fn holds(&self, credential: &Credential) -> Result<bool, SecretError> {
        match &self.0 {
            Place::Memory(kept) => Ok(lock(kept).contains_key(credential)),
            Place::Keyring => match in_keyring(credential, |entry| entry.get_attributes().map(drop)).await {
                Ok(()) => Ok(true),
                Err(SecretError::Missing { .. }) => Ok(false),
                Err(error) => Err(error),
            },
        }
    }

    /// Forgets the secret of this name; one that is not there is forgotten already.
    ///
    /// # Errors
    /// [`SecretError::Unavailable`], [`SecretError::Locked`].
    pub async fn delete(&self, credential: &Credential) -> Result<(), SecretError> {
        match &self.0 {
            Place::Memory(kept) => {
                lock(kept).remove(credential);
                Ok(())
            }
            Place::Keyring => match in_keyring(credential, |entry| entry.delete_credential()).await {
                Err(SecretError::Missing { .. }) => Ok(()),
                outcome => outcome,
            },
        }
    }
}

fn lock<T>(kept: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Keyrings block, for as long as a person takes to type the keyring's password.
async fn in_keyring<T: Send + 'static>(
    credential: &Credential,
    act: impl FnOnce(&keyring_core::Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, SecretError> {
    let name = credential.name();
    let acting = tokio::task::spawn_blocking(move || {
        let outcome =
            open().and_then(|store| store.build(SERVICE, &name, None)).and_then(|entry| act(&entry));
        outcome.map_err(|error| explain(error, name))
    });
    acting.await.unwrap_or_else(|error| Err(SecretError::Unavailable { cause: error.to_string() }))
}

fn open() -> keyring_core::Result<Arc<CredentialStore>> {
    #[cfg(target_os = "macos")]
    let store = apple_native_keyring_store::keychain::Store::new()?;
    #[cfg(windows)]
    let store = windows_native_keyring_store::Store::new()?;
    #[cfg(all(unix, not(target_os = "macos")))]
    let store = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

/// Only a platform's own words are kept: the other errors carry what was stored.
fn explain(error: keyring_core::Error, name: String) -> SecretError {
    use keyring_core::Error as E;
    match error {
        E::NoEntry => SecretError::Missing { name },
        E::NoStorageAccess(cause) => SecretError::Locked { cause: cause.to_string() },
        E::PlatformFailure(cause) => SecretError::Unavailable { cause: cause.to_string() },
        E::BadEncoding(_) | E::BadDataFormat(..) => {
            SecretError::Unavailable { cause: "what is stored is not text".to_owned() }
        }
        E::Ambiguous(_) => SecretError::Unavailable { cause: "several secrets have this name".to_owned() },
        _ => SecretError::Unavailable { cause: "the keyring does not support this".to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::credential::CredentialKind;

    fn password(id: &str) -> Credential {
        Credential::new(CredentialKind::SshPassword, id)
    }

    fn text(secret: Result<Secret, SecretError>) -> Result<String, Code> {
        secret.map(|secret| secret.expose().to_owned()).map_err(|error| Problem::from(&error).code)
    }

    async fn keeps_gives_and_forgets(store: &SecretStore) {
        let (mine, other) = (password("9f2c"), Credential::new(CredentialKind::SudoPassword, "9f2c"));
        assert_eq!(text(store.get(&mine).await), Err(Code::SecretMissing));
        store.set(&mine, Secret::new("größer als ß".into())).await.unwrap();
        store.set(&other, Secret::new("other".into())).await.unwrap();
        assert_eq!(text(store.get(&mine).await).as_deref(), Ok("größer als ß"));
        assert!(store.holds(&mine).await.unwrap());
        store.set(&mine, Secret::new("second".into())).await.unwrap();
        assert_eq!(text(store.clone().get(&mine).await).as_deref(), Ok("second"));
        store.delete(&mine).await.unwrap();
        store.delete(&mine).await.unwrap();
        assert_eq!(text(store.get(&mine).await), Err(Code::SecretMissing));
        assert!(!store.holds(&mine).await.unwrap());
        assert_eq!(text(store.get(&other).await).as_deref(), Ok("other"));
    }

    #[tokio::test]
    async fn memory_keeps_gives_and_forgets() {
        keeps_gives_and_forgets(&SecretStore::in_memory()).await;
    }

    #[cfg(target_os = "linux")]
    mod keyring {
        use super::*;
        use std::path::{Path, PathBuf};
        use std::process::Stdio;
        use std::time::Duration;
        use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
        use tokio::process::{Child, Command};

        const FOLDER: &str = "PORTICO_TEST_KEYRING";

        /// The bus is found by the environment, which belongs to the whole process; so the test runs itself
        /// again in a process whose bus and home are in a folder of their own.
        #[tokio::test]
        async fn a_keyring_is_found_when_it_comes_and_asked_anew_each_time() {
            match std::env::var_os(FOLDER) {
                Some(folder) => inside(&PathBuf::from(folder)).await,
                None => {
                    let folder = tempfile::tempdir().unwrap();
                    let path = folder.path();
                    let name =
                        "secrets::tests::keyring::a_keyring_is_found_when_it_comes_and_asked_anew_each_time";
                    let again = Command::new(std::env::current_exe().unwrap())
                        .args(["--exact", name, "--nocapture"])
                        .env(FOLDER, path)
                        .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", path.join("bus").display()))
                        .envs(
                            ["HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"]
                                .map(|n| (n, path)),
                        )
                        .env_remove("DISPLAY")
                        .env_remove("WAYLAND_DISPLAY")
                        .output();
                    let again = tokio::time::timeout(Duration::from_secs(60), again).await.unwrap().unwrap();
                    let said =
                        String::from_utf8_lossy(&again.stdout) + String::from_utf8_lossy(&again.stderr);
                    assert!(again.status.success() && said.contains("1 passed"), "{said}");
                }
            }
        }

        async fn inside(folder: &Path) {
            let store = SecretStore::keyring();
            let mine = password("9f2c");
            assert_eq!(text(store.get(&mine).await), Err(Code::KeyringUnavailable), "there is no bus");
            let set = store.set(&mine, Secret::new("x".into())).await;
            assert_eq!(Problem::from(&set.unwrap_err()).code, Code::KeyringUnavailable);
            let held = store.holds(&mine).await;
            assert_eq!(Problem::from(&held.unwrap_err()).code, Code::KeyringUnavailable);

            let (_bus, _daemon) = (bus(folder).await, daemon().await);
            keeps_gives_and_forgets(&store).await;

            store.set(&mine, Secret::new("kept".into())).await.unwrap();
            let lock = Command::new("dbus-send")
                .args([
                    "--session",
                    "--print-reply",
                    "--dest=org.freedesktop.secrets",
                    "/org/freedesktop/secrets",
                ])
                .arg("org.freedesktop.Secret.Service.Lock")
                .arg("array:objpath:/org/freedesktop/secrets/collection/login")
                .output()
                .await
                .unwrap();
            assert!(lock.status.success(), "{}", String::from_utf8_lossy(&lock.stderr));
            assert_eq!(text(store.get(&mine).await), Err(Code::KeyringLocked));
            let set = store.set(&mine, Secret::new("x".into())).await;
            assert_eq!(Problem::from(&set.unwrap_err()).code, Code::KeyringLocked);
            let forgotten = store.delete(&mine).await;
            assert_eq!(Problem::from(&forgotten.unwrap_err()).code, Code::KeyringLocked);
            let held = store.holds(&mine).await;
            assert_eq!(Problem::from(&held.unwrap_err()).code, Code::KeyringLocked);
            assert!(
                !store.holds(&password("never")).await.unwrap(),
                "what is not there is not locked either"
            );

            // Where a prompt can be shown, it is; a person who refuses it is told the same, and is asked again.
            let screen = Screen::on_this_bus().await;
            for _ in 0..2 {
                let asking = tokio::spawn({
                    let (store, mine) = (store.clone(), mine.clone());
                    async move { text(store.get(&mine).await) }
                });
                screen.refuse_the_prompt().await;
                assert_eq!(asking.await.unwrap(), Err(Code::KeyringLocked));
            }
        }

        /// A display without a window manager, and a person with one key.
        struct Screen {
            _server: Child,
            display: String,
        }

        impl Screen {
            async fn on_this_bus() -> Self {
                let mut command = Command::new("Xvfb");
                command.args(["-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"]);
                command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
                let mut server = command.spawn().unwrap();
                let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
                let number = tokio::time::timeout(Duration::from_secs(20), lines.next_line()).await;
                let display = format!(":{}", number.unwrap().unwrap().unwrap());
                let told = Command::new("dbus-update-activation-environment")
                    .arg(format!("DISPLAY={display}"))
                    .status();
                assert!(told.await.unwrap().success());
                Self { _server: server, display }
            }

            async fn refuse_the_prompt(&self) {
                let prompt = async {
                    while !self.xdotool(&["search", "--onlyvisible", "--class", "prompter"]).await {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                    // The prompt takes the keyboard a moment after it is seen.
                    while self.xdotool(&["search", "--onlyvisible", "--class", "prompter"]).await {
                        self.xdotool(&["key", "Escape"]).await;
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                };
                tokio::time::timeout(Duration::from_secs(30), prompt).await.expect("a prompt is shown");
            }

            async fn xdotool(&self, arguments: &[&str]) -> bool {
                let mut command = Command::new("xdotool");
                command.args(arguments).env("DISPLAY", &self.display);
                command.output().await.unwrap().status.success()
            }
        }

        async fn bus(folder: &Path) -> Child {
            let address = format!("--address=unix:path={}", folder.join("bus").display());
            let mut command = Command::new("dbus-daemon");
            command.args(["--session", "--nofork", "--nopidfile", &address]).kill_on_drop(true);
            let child = command.stderr(Stdio::null()).spawn().unwrap();
            let socket = folder.join("bus");
            let listening = async {
                while !socket.exists() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(10), listening).await.unwrap();
            child
        }

        /// A keyring that is unlocked as a login does it, by the password on stdin.
        async fn daemon() -> Child {
            let mut command = Command::new("gnome-keyring-daemon");
            command.args(["--foreground", "--unlock", "--components=secrets"]).kill_on_drop(true);
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            stdin.write_all(b"of the login").await.unwrap();
            drop(stdin);
            let named = async {
                while !is_named().await {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), named).await.unwrap();
            child
        }

        async fn is_named() -> bool {
            let owned = Command::new("dbus-send")
                .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"])
                .args(["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"])
                .output()
                .await
                .unwrap();
            String::from_utf8_lossy(&owned.stdout).contains("boolean true")
        }
    }
}
