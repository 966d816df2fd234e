//! What can be typed when the window is started from a terminal.

use clap::Parser;
use std::path::PathBuf;

/// From bare machines on your network to a K3s cluster whose services you can open.
#[derive(Parser)]
#[command(name = "portico-desktop", version, about)]
pub struct Arguments {
    /// Use the addresses in this file instead of the real world's
    #[arg(long, value_name = "FILE")]
    pub endpoints: Option<PathBuf>,
    /// Keep Portico's data in this folder
    #[arg(long, value_name = "FOLDER", env = "PORTICO_DATA")]
    pub data: Option<PathBuf>,
    /// Rehearse on a homelab inside this program; it is as you left it when you come back
    #[arg(long, conflicts_with = "endpoints")]
    pub practice: bool,
    /// Show the page that this link stands for, such as portico://health
    #[arg(value_name = "LINK", value_parser = link)]
    pub link: Option<String>,
}

fn link(word: &str) -> Result<String, &'static str> {
    if crate::link::is_link(word) { Ok(word.to_owned()) } else { Err("a link looks like portico://health") }
}
