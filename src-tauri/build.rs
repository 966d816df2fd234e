//! Tells Tauri which commands there are, so that a window has none of them unless a capability grants it.

fn main() {
    let commands = tauri_build::AppManifest::new().commands(&["rpc"]);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands))
        .expect("tauri.conf.json and capabilities/ are sound");
}
