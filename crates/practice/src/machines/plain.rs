//! The few ordinary commands that a person with a plain `ssh` client types first.

use super::scripts::Outcome;
use crate::homelab::Machine;

pub fn answer(machine: &Machine, who: &str, words: &[String]) -> Outcome {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let kernel = &machine.os.kernel;
    match words[..] {
        [] | ["true"] | [":"] => Outcome::said(""),
        ["hostname"] => Outcome::said(format!("{}\n", machine.name)),
        ["whoami"] => Outcome::said(format!("{who}\n")),
        ["id", "-u"] => Outcome::said(if who == "root" { "0\n" } else { "1000\n" }),
        ["uname"] | ["uname", "-s"] => Outcome::said("Linux\n"),
        ["uname", "-m"] => Outcome::said(format!("{}\n", machine.arch)),
        ["uname", "-r"] => Outcome::said(format!("{kernel}\n")),
        ["uname", "-n"] => Outcome::said(format!("{}\n", machine.name)),
        ["uname", "-a"] => Outcome::said(format!(
            "Linux {} {kernel} #1 SMP Debian {} GNU/Linux\n",
            machine.name, machine.arch
        )),
        ["cat", "/etc/os-release"] => Outcome::said(format!(
            "PRETTY_NAME=\"{}\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"{}\"\nID={}\n",
            machine.os.pretty, machine.os.version, machine.os.id
        )),
        ["cat", "/etc/hostname"] => Outcome::said(format!("{}\n", machine.name)),
        ["cat", "/etc/machine-id"] => Outcome::said(format!("{}\n", machine.machine_id)),
        ["cat", "/proc/sys/kernel/random/boot_id"] => Outcome::said(format!("{}\n", machine.boot_id)),
        ["echo", ref rest @ ..] => Outcome::said(format!("{}\n", rest.join(" "))),
        [program, ..] => Outcome::failed(127, format!("sh: 1: {program}: not found\n")),
    }
}
