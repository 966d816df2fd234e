//! `portico-desktop`: the window over the command table.
//!
//! One command, `rpc`, and one channel, `portico`, lead to the pages; what is behind them is `api`'s. Nothing
//! is decided here, no page is drawn here, and the window gets no other power of the shell.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod arguments;
mod desktop;
mod door;
mod drawing;
mod link;
mod world;

use arguments::Arguments;
use clap::Parser;
use std::process::ExitCode;
use tauri::{Manager, RunEvent};

fn main() -> ExitCode {
    // One provider for the whole process, before anything speaks TLS.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("PORTICO_LOG"))
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    match show(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("portico-desktop: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Runs until the window is closed; an error is a sentence for the terminal.
fn show(arguments: Arguments) -> Result<(), String> {
    display()?;
    // A rehearsal, and data in another place, stand beside the real one.
    let only_one = !arguments.practice && arguments.endpoints.is_none() && arguments.data.is_none();
    let asked = arguments.link.clone();
    let worlds = tauri::async_runtime::block_on(world::open(arguments))?;
    let for_windows = worlds.clone();
    let mut builder = tauri::Builder::default();
    if only_one {
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, words, _| {
            desktop::show(app);
            words.iter().for_each(|word| link::follow(app, word));
        }));
    }
    let app = builder
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .plugin(tauri_plugin_notification::init())
        .on_window_event(move |window, event| desktop::on_window_event(window, event, &for_windows))
        .setup(move |app| {
            drawing::choose(app);
            // Not every desktop has a place for it.
            if let Err(error) = desktop::tray(app) {
                tracing::warn!(%error, "there is no tray");
            }
            if let Some(asked) = asked {
                link::follow(app.handle(), &asked);
            }
            Ok(())
        })
        .invoke_handler(tauri::generate_handler![door::rpc])
        .manage(worlds.clone())
        .manage(desktop::Told::default())
        .build(tauri::generate_context!())
        .map_err(|error| format!("the window cannot be opened: {error}"))?;
    let telling = tauri::async_runtime::spawn(door::tell(worlds.shown(), app.handle().clone()));
    app.run(move |app, event| {
        // What the worlds need lives as long as the window.
        let _alive = &worlds;
        match event {
            RunEvent::ExitRequested { .. } => {
                telling.abort();
                app.webview_windows().values().for_each(|window| drop(window.close()));
            }
            // Elsewhere a link is a word of the command line.
            #[cfg(target_os = "macos")]
            RunEvent::Opened { urls } => {
                desktop::show(app);
                urls.iter().for_each(|url| link::follow(app, url.as_str()));
            }
            _ => {}
        }
    });
    Ok(())
}

/// Fails when there is no screen to open a window on.
#[cfg(target_os = "linux")]
fn display() -> Result<(), String> {
    gtk::init().map_err(|_| {
        "there is no display to open a window on; `portico` does the same in a terminal".to_owned()
    })
}

#[cfg(not(target_os = "linux"))]
fn display() -> Result<(), String> {
    Ok(())
}
