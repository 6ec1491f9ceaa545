//! `vio-sandbox`: the stand-ins as a process of their own, for tests that kill the product.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use vio_sandbox::{OffsetClock, RetellAccess, Sandbox, SandboxOptions, StaticCredentials};

const USAGE: &str = "\
usage: vio-sandbox --listen 127.0.0.1:PORT [--data DIR] [--key KEY [--agent AGENT]... [--number +E164]...]...
                   [--calcom-key KEY --organizer EMAIL]...

Stands in for Retell and Cal.com. --agent and --number belong to the --key before them.
Prints `ready http://…` once it answers; the controls are under /control/.
The clock runs with real time; POST /control/clock {\"advance_seconds\": 60} moves it forward.";

struct Arguments {
    listen: SocketAddr,
    data_dir: Option<std::path::PathBuf>,
    credentials: StaticCredentials,
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let credentials = StaticCredentials::new();
    let (mut listen, mut data_dir, mut key, mut calcom_key) =
        (None, None, None::<String>, None::<String>);
    while let Some(word) = words.next() {
        if word == "--help" {
            return Err(String::new());
        }
        let value = words
            .next()
            .ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--listen" => {
                listen = Some(
                    value
                        .parse()
                        .map_err(|_| "--listen takes an address and a port".to_owned())?,
                );
            }
            "--data" => data_dir = Some(value.into()),
            "--key" => {
                credentials.add_retell(&value, RetellAccess::default());
                key = Some(value);
            }
            "--agent" | "--number" => {
                let key = key
                    .as_deref()
                    .ok_or_else(|| format!("{word} needs a --key before it"))?;
                let mut access = RetellAccess::default();
                let one = if word == "--agent" {
                    &mut access.agents
                } else {
                    &mut access.numbers
                };
                one.insert(value);
                credentials.add_retell(key, access);
            }
            "--calcom-key" => calcom_key = Some(value),
            "--organizer" => {
                let key = calcom_key
                    .as_deref()
                    .ok_or("--organizer needs a --calcom-key before it")?;
                credentials.add_calcom(key, &value);
            }
            _ => return Err(format!("unknown option {word}")),
        }
    }
    Ok(Arguments {
        listen: listen.ok_or("--listen is required")?,
        data_dir,
        credentials,
    })
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks on its terminal"
)]
async fn main() -> ExitCode {
    let arguments = match arguments(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(why) if why.is_empty() => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("{why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(std::io::stderr)
        .init();
    let started = Sandbox::start(SandboxOptions {
        listen: arguments.listen,
        clock: Arc::new(OffsetClock::new()),
        data_dir: arguments.data_dir,
        credentials: Arc::new(arguments.credentials),
    });
    match started.await {
        Ok(sandbox) => {
            println!("ready {}", sandbox.retell_url());
            if let Err(error) = tokio::signal::ctrl_c().await {
                eprintln!("cannot wait for an interrupt: {error}");
            }
            sandbox.shutdown().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
