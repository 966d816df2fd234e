//! The fault table of tests/src/faults, printed.

use portico_tests::faults::{HEAD, Row, table};

fn main() -> std::process::ExitCode {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!("{HEAD}");
    let rows = runtime.block_on(table(|row| println!("{row}")));
    let right = rows.iter().filter(|row| Row::is_right(row)).count();
    println!(
        "{right} of {} faults were named by their one cause and were over when they were over",
        rows.len()
    );
    u8::from(right != rows.len()).into()
}
