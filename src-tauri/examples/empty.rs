//! A window with nothing in it: what the desktop, Tauri and WebKit take by themselves. `bench/window/run` opens it beside
//! Portico's own.

fn main() -> tauri::Result<()> {
    tauri::Builder::default().run(tauri::generate_context!("../bench/window/empty/tauri.conf.json"))
}
