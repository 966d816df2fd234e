//! What goes wrong with real machines while a cluster is built: each failure names the machine, the step and the
//! cause, costs the others nothing, and is gone once its cause is.
//!
//! One lab for the whole story, since each part continues what the one before left. Needs root, the built binary, and
//! the stand-in K3s in $PORTICO_STANDIN.

use portico_tests::lab::Lab;
use portico_tests::portico::{Following, Portico, SERVER_AND_TWO_AGENTS, standin};
use serde_json::Value;

/// What is not there before Portico came.
const UNTOUCHED: &str = "! ls /usr/local/bin/k3s /etc/rancher /usr/local/lib/portico 2>/dev/null | grep .";

struct Story<'a> {
    lab: &'a Lab,
    portico: Portico<'a>,
}

/// At which line of a run something is done to the lab.
type Harm<'a> = (&'a str, &'a dyn Fn(&Lab));

impl Story<'_> {
    /// The plan or the run is refused as a whole, says so, and leaves every machine as it was.
    fn is_refused(&self, words: &[&str]) {
        let output = self.portico.run(&["apply", "cluster.yaml", "--yes"], "");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(Some(1), output.status.code(), "{said}");
        for word in words {
            assert!(said.contains(word), "{word:?} is not said: {said}");
        }
        for machine in self.lab.machines() {
            self.lab.run(&machine.name, UNTOUCHED);
        }
    }

    /// Follows a run, does harm at the first line of each kind, and gives the run as it ended: failed.
    fn fails(&self, mut following: Following, harm: &[Harm]) -> Value {
        let mut open: Vec<_> = harm.iter().collect();
        while let Some(news) = following.news() {
            open.retain(|(at, act)| {
                let now = news == *at;
                if now {
                    act(self.lab);
                }
                !now
            });
        }
        let open: Vec<_> = open.iter().map(|(at, _)| at).collect();
        assert!(open.is_empty(), "never came: {open:?}\n{}\n{:#}", following.said, self.portico.runs()[0]);
        assert_eq!(Some(1), following.end().code(), "a run with a failed machine fails");
        self.portico.runs().remove(0)
    }

    fn resumed(&self, run: &Value) -> Following {
        self.portico.follow(run["id"].as_str(), "")
    }
}

/// The problem of a step as `code`, or `code cause`; panics when the step did not fail or names another machine.
fn problem(run: &Value, step: &str) -> String {
    let steps = run["steps"].as_array().expect("steps");
    let found = steps.iter().find(|found| found["id"] == step).expect("a step of the run");
    assert_eq!("failed", found["state"], "{step}: {found}");
    let problem = &found["problem"];
    let machine = step.split('/').next().expect("a machine");
    assert_eq!(machine, problem["args"]["machine"], "{step} names its machine: {problem}");
    let cause = problem["args"]["cause"].as_str().map(|cause| format!(" {cause}")).unwrap_or_default();
    problem["code"].as_str().expect("a code").to_owned() + &cause
}

/// The step failed because nobody answered any more; which word for it is a matter of the moment.
fn fell_silent(run: &Value, step: &str) {
    let code = problem(run, step);
    assert!(
        ["connection-lost", "connection-refused", "connection-timed-out"].contains(&&*code),
        "{code}: {run}"
    );
}

fn log<'a>(run: &'a Value, step: &str) -> Vec<&'a str> {
    let steps = run["steps"].as_array().into_iter().flatten();
    let found = steps.filter(|found| found["id"] == step).filter_map(|found| found["log"].as_array());
    found.flatten().filter_map(Value::as_str).collect()
}

#[test]
fn each_failure_names_its_machine_and_cause_and_ends_with_it() {
    let lab = Lab::up("faults", 3);
    lab.mirror(&standin());
    lab.disk("h3", 3000);
    lab.registry("v1.34.4+k3s1");
    let portico = Portico::in_lab(&lab);
    portico.connect(&SERVER_AND_TWO_AGENTS);
    portico.document("version: v1.34.4+k3s1", &SERVER_AND_TWO_AGENTS);
    let story = Story { lab: &lab, portico };

    lab.mirror_fault("corrupt k3s");
    story.is_refused(&["k3s is not what it should be: expected", "It was not run."]);
    lab.mirror_fault("");
    lab.clock("h2", -7200);
    story.is_refused(&["h2", "clock", "Its clock is -7"]);
    lab.clock("h2", 0);
    lab.busy("h1", 6443);
    story.is_refused(&["h1", "6443", "socat"]);
    lab.run("h1", "systemctl stop squatter-6443");

    // Three machines, three troubles that come after the check, while what is to be copied is still on its way.
    lab.mirror_fault("slow k3s 20000000");
    let following = story.portico.follow(None, "");
    let run = story.fails(
        following,
        &[
            ("… h1/copy", &|lab| lab.busy("h1", 6443)),
            ("… h2/copy", &|lab| drop(lab.try_run("h2", "systemctl stop ssh; pkill -KILL -x sshd"))),
            ("… h3/copy", &|lab| lab.full("h3", 1000)),
        ],
    );
    lab.mirror_fault("");
    assert_eq!("service-did-not-start port-in-use", problem(&run, "h1/install"));
    assert!(log(&run, "h1/install").iter().any(|line| line.contains("address already in use")), "{run}");
    fell_silent(&run, "h2/copy");
    assert_eq!("no-space-left", problem(&run, "h3/copy"));
    lab.run("h3", "! find / -xdev -name '*.portico-part' | grep .");
    lab.run("h1", "systemctl stop squatter-6443");
    lab.run("h2", "systemctl start ssh");
    lab.wait("h2");
    lab.free("h3");

    // The server's plug is pulled while it comes up for the first time.
    lab.hold("h1");
    let run = story.fails(story.resumed(&run), &[("… h1/install", &|lab| lab.crash("h1"))]);
    fell_silent(&run, "h1/install");
    lab.start("h1");

    // One worker restarts while it joins; the clock of the other goes wrong after it was checked.
    lab.hold("h2");
    lab.hold("h3");
    let wrong = |lab: &Lab| {
        lab.clock("h3", -7200);
        lab.release("h3");
    };
    let run = story
        .fails(story.resumed(&run), &[("… h3/install", &wrong), ("… h2/install", &|lab| lab.reboot("h2"))]);
    // A restart ends the script in order or cuts it off.
    problem(&run, "h2/install");
    assert_eq!("step-timed-out clock-skewed", problem(&run, "h3/ready"));
    assert!(log(&run, "h3/ready").iter().any(|line| line.contains("not yet valid")), "{run}");
    lab.clock("h3", 0);

    let id = run["id"].as_str().expect("an id");
    let said = story.portico.succeeds(&["resume", id], "");
    assert!(!said.contains("✓ h1/install"), "the server was done: {said}");
    let again = story.portico.apply("");
    assert!(again.ends_with("Everything is as it should be.\n"), "{again}");

    // A token of another cluster: the agent's journal says so, in the words that K3s has for it.
    let foreign = format!("K10{:064}::server:none", 0);
    lab.run(
        "h3",
        &format!(
            "cd /etc/rancher/k3s && cp -p join-token kept && printf '%s' {foreign} >join-token
            systemctl restart k3s-agent
            for _ in $(seq 100); do
                journalctl -u k3s-agent --since -15s -o cat | grep -q 'token CA hash does not match' && found=1 && break
                sleep 0.1
            done
            mv kept join-token
            [ -n \"$found\" ]"
        ),
    );
}
