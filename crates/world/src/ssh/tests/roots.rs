//! Becoming root, with a sudo that behaves as sudo does. The real one is proved on the ground.

use super::sshd::Sshd;
use super::*;
use portico_domain::credential::Secret;
use tokio_util::sync::CancellationToken;

const WHO: Script = Script {
    name: "who",
    text: "# portico who\nIFS= read -r value\necho \"root=${AS_ROOT-no}\"\necho \"value=$value\"\n",
};

/// sudo's behaviour for a user with the password `correct`; each line it takes from stdin for a password is
/// logged, to show that it is never given anything else.
const SUDO_WITH_PASSWORD: &str = r#"#!/bin/sh
log="${0%/*}/passwords"
case "$1" in
-n) echo 'sudo: a password is required' >&2; exit 1 ;;
esac
[ "$1 $2 $3 $4" = "-k -S -p " ] || { echo "sudo: unexpected $*" >&2; exit 1; }
shift 4
for try in 1 2 3; do
  if ! IFS= read -r password; then
    echo 'sudo: no password was provided' >&2; exit 1
  fi
  printf '%s\n' "$password" >>"$log"
  if [ "$password" = correct ]; then AS_ROOT=yes exec "$@"; fi
  echo 'Sorry, try again.' >&2
done
echo 'sudo: 3 incorrect password attempts' >&2
exit 1
"#;

const ORDINARY_ID: &str = "#!/bin/sh\necho 1000\n";

/// Under this name `root` is not taken for root, whoever runs the test.
async fn ordinary(sshd: &Sshd) -> Session {
    let host_keys = sshd.trusted().await;
    let mut session = sshd.connect(&host_keys).await.unwrap_or_else(|error| panic!("{error:?}"));
    session.target.user = "ada".to_owned();
    session
}

async fn who(session: &Session) -> Result<Output, SshError> {
    session.run(&WHO, Values::new().line("v"), Privilege::Root, &CancellationToken::new()).await
}

#[tokio::test]
async fn a_password_is_proved_before_a_script_is_sent_behind_it() {
    let sshd = Sshd::start().await;
    sshd.install("id", ORDINARY_ID);
    sshd.install("sudo", SUDO_WITH_PASSWORD);
    let session = ordinary(&sshd).await;
    assert_eq!(session.elevation().await.unwrap(), Elevation::Password);

    assert_eq!(code(&refused(who(&session).await)), Code::SudoPasswordNeeded);
    let wrong = refused(session.unlock_sudo(Secret::new("wrong".into())).await);
    assert_eq!(code(&wrong), Code::SudoPasswordWrong);
    assert_eq!(code(&refused(who(&session).await)), Code::SudoPasswordNeeded, "a wrong one is not kept");

    session.unlock_sudo(Secret::new("correct".into())).await.unwrap();
    for _ in 0..2 {
        let output = who(&session).await.unwrap();
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "no prompt in the output");
        assert_eq!(output.fields().get("root"), Some("yes"));
        assert_eq!(output.fields().get("value"), Some("v"));
    }
    let given = std::fs::read_to_string(sshd.path("bin/passwords")).unwrap();
    assert_eq!(given, "wrong\ncorrect\ncorrect\ncorrect\n", "sudo was given passwords and nothing else");
}

#[tokio::test]
async fn each_way_to_root_is_told_apart() {
    let nopasswd = "#!/bin/sh\n[ \"$1\" = -n ] || exit 1\nshift\nAS_ROOT=yes exec \"$@\"\n";
    let not_listed = "#!/bin/sh\n[ \"$1\" = -n ] && { echo 'sudo: a password is required' >&2; exit 1; }\n\
                      read -r p\necho 'ada is not in the sudoers file.' >&2\nexit 1\n";
    let needs_tty = "#!/bin/sh\necho 'sudo: sorry, you must have a tty to run sudo' >&2\nexit 1\n";
    let absent = "#!/bin/sh\necho 'sh: 1: sudo: not found' >&2\nexit 127\n";

    let sshd = Sshd::start().await;
    sshd.install("id", ORDINARY_ID);
    sshd.install("sudo", nopasswd);
    let session = ordinary(&sshd).await;
    assert_eq!(session.elevation().await.unwrap(), Elevation::NoPassword);
    assert_eq!(who(&session).await.unwrap().fields().get("root"), Some("yes"));

    sshd.install("sudo", not_listed);
    let session = ordinary(&sshd).await;
    assert_eq!(code(&refused(session.unlock_sudo(Secret::new("any".into())).await)), Code::SudoRefused);

    for text in [needs_tty, absent] {
        sshd.install("sudo", text);
        assert_eq!(code(&refused(ordinary(&sshd).await.elevation().await)), Code::SudoRefused);
    }

    sshd.install("id", "#!/bin/sh\necho 0\n");
    let session = ordinary(&sshd).await;
    assert_eq!(session.elevation().await.unwrap(), Elevation::Root, "root by number, not by name");
    assert_eq!(who(&session).await.unwrap().fields().get("root"), Some("no"), "no sudo in between");
}

#[tokio::test]
async fn a_permission_that_goes_away_is_not_taken_for_the_scripts_failure() {
    let sshd = Sshd::start().await;
    sshd.install("id", ORDINARY_ID);
    sshd.install("sudo", "#!/bin/sh\nshift\nexec \"$@\"\n");
    let session = ordinary(&sshd).await;
    assert_eq!(who(&session).await.unwrap().status, 0);
    sshd.install("sudo", "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n");
    assert_eq!(code(&refused(who(&session).await)), Code::SudoPasswordNeeded);
    sshd.install(
        "sudo",
        "#!/bin/sh\necho \"Sorry, user ada is not allowed to execute '$2' as root.\" >&2\nexit 1\n",
    );
    assert_eq!(code(&refused(who(&session).await)), Code::SudoRefused);
}
