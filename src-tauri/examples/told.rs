//! `told FOLDER UPDATES`: Portico's own window over answers that were written before, for `bench/window/run`.
//!
//! FOLDER has `NAME.json` for each command, and `flow/*.json`, pictures of the flow that are told one after the other,
//! UPDATES of them a second. Pages, door and shell are those that are shipped; no engine is behind them.

#[path = "../src/drawing.rs"]
mod drawing;

use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tauri::{Emitter, Manager, State};

struct Answers(PathBuf);

/// The picture that was told of last.
struct Told(Mutex<Value>);

#[tauri::command]
fn rpc(
    answers: State<'_, Answers>,
    told: State<'_, Told>,
    name: String,
    request: Value,
) -> Result<Value, Value> {
    drop(request);
    if name == "flow-told" {
        return Ok(told.0.lock().unwrap_or_else(PoisonError::into_inner).clone());
    }
    // A command's name is a word of the table, never a path.
    let known = name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let text =
        known.then(|| std::fs::read_to_string(answers.0.join(format!("{name}.json")))).and_then(Result::ok);
    text.and_then(|text| serde_json::from_str(&text).ok())
        .ok_or_else(|| json!({"code": "request-malformed", "args": {}, "detail": name}))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().ok_or("told FOLDER UPDATES")?);
    let updates: u32 = words.next().ok_or("told FOLDER UPDATES")?.parse()?;
    let mut names: Vec<_> = std::fs::read_dir(folder.join("flow"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    names.sort();
    let mut flows: Vec<Value> = Vec::new();
    for name in names {
        flows.push(serde_json::from_str(&std::fs::read_to_string(name)?)?);
    }
    tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![rpc])
        .manage(Answers(folder))
        .manage(Told(Mutex::new(flows.first().cloned().unwrap_or_default())))
        .setup(move |app| {
            drawing::choose(app);
            let app = app.handle().clone();
            std::thread::spawn(move || {
                for (seq, flow) in (1u64..).zip(flows.iter().cycle()) {
                    if updates == 0 {
                        return;
                    }
                    std::thread::sleep(Duration::from_secs(1) / updates);
                    *app.state::<Told>().0.lock().unwrap_or_else(PoisonError::into_inner) = flow.clone();
                    if app.emit("portico", json!({"seq": seq, "kind": "flow"})).is_err() {
                        return;
                    }
                }
            });
            Ok(())
        })
        .run(tauri::generate_context!())?;
    Ok(())
}
