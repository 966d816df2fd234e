//! `portico support`: the support bundle, to be read before anybody gets it.

use crate::output::{Output, say};
use portico_api::Api;
use portico_api::wire::Empty;
use portico_domain::problem::{Code, Problem};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

pub async fn run(api: &Api, save: Option<PathBuf>, output: &Output) -> Result<ExitCode, Problem> {
    let bundle = api.support(Empty {}).await?;
    let Some(path) = save else {
        // It is JSON already.
        say!("{}", bundle.text);
        return Ok(ExitCode::SUCCESS);
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let unwritable =
        |error| Problem::new(Code::LocalFileUnwritable).arg("path", path.display()).detail(error);
    let mut file = options.open(&path).map_err(unwritable)?;
    file.write_all(bundle.text.as_bytes()).map_err(unwritable)?;
    output.show(&bundle.hidden, || {
        let hidden: Vec<String> =
            bundle.hidden.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let hidden = if hidden.is_empty() { "nothing".to_owned() } else { hidden.join(", ") };
        format!("{} is yours to read first. Stand-ins were put for: {hidden}.", path.display())
    });
    Ok(ExitCode::SUCCESS)
}
