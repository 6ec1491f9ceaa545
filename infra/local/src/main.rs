//! `vio-local`: the whole product on this machine, with one command.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use vio_local::{Host, HostOptions, seed};

/// Functions, table, queues and clients of the local host all take small memory at once from many threads, which costs
/// the C library's allocator a third of their time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
usage: vio-local [--listen 127.0.0.1:8787] [--data DIR | --ephemeral] [--seed demo|none] [--retell-url URL]
                 [--console DIR]

Runs VioConcierge on this machine: every function, embedded services in the place of AWS, and a sandbox in the place
of Retell and Cal.com. Prints `ready http://…` once it answers.

  --listen ADDRESS   where to answer; loopback only; port 0 takes a free one
  --data DIR         where everything is kept (default .data/local)
  --ephemeral        keep nothing
  --seed demo        a demo clinic, if it is not there yet (default none)
  --retell-url URL   Retell, or something in its place, instead of the sandbox
  --console DIR      where the built console lies (default web/dist, where that is there)

Limits: VIO_CALL_LIMIT, VIO_CALL_WINDOW_SECONDS, VIO_CALL_DAILY_LIMIT, VIO_PLACEMENT_BOUND_SECONDS,
VIO_RECONCILE_AFTER_SECONDS, VIO_REQUESTS_PER_MINUTE (0: none). Logs go to standard error, as RUST_LOG says (default warn).";

#[derive(Debug)]
struct Arguments {
    listen: SocketAddr,
    data: Option<PathBuf>,
    demo: bool,
    retell_url: Option<String>,
    console: Option<PathBuf>,
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut read = Arguments {
        listen: SocketAddr::from(([127, 0, 0, 1], 8787)),
        data: Some(PathBuf::from(".data/local")),
        demo: false,
        retell_url: None,
        console: None,
    };
    let (mut data, mut ephemeral) = (None, false);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--help" | "-h" => return Err(String::new()),
            "--ephemeral" => ephemeral = true,
            "--listen" => {
                let text = value()?;
                let wrong =
                    |_| "--listen takes an address and a port, such as 127.0.0.1:8787".to_owned();
                read.listen = text
                    .replace("localhost:", "127.0.0.1:")
                    .parse()
                    .map_err(wrong)?;
            }
            "--console" => read.console = Some(PathBuf::from(value()?)),
            "--data" => data = Some(PathBuf::from(value()?)),
            "--seed" => {
                read.demo = match value()?.as_str() {
                    "demo" => true,
                    "none" => false,
                    other => return Err(format!("--seed takes demo or none, not {other}")),
                }
            }
            "--retell-url" => {
                let url = value()?;
                let whole = url.parse::<http::Uri>().is_ok_and(|uri| {
                    uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
                });
                if !whole {
                    return Err("--retell-url takes an http or https address".to_owned());
                }
                read.retell_url = Some(url.trim_end_matches('/').to_owned());
            }
            _ => return Err(format!("unknown option {word}")),
        }
    }
    match (data, ephemeral) {
        (Some(_), true) => return Err("--data and --ephemeral exclude each other".to_owned()),
        (None, true) => read.data = None,
        (Some(directory), false) => read.data = Some(directory),
        (None, false) => {}
    }
    Ok(read)
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
    start_logs();
    vio_local::crash_where_told();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// On standard error, so that standard output is what a script reads. What may be said is as in a deployed function.
fn start_logs() {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_filter(vio_runtime::logging::filter_from_env("warn,dynoxide=error"));
    tracing_subscriber::registry().with(lines).init();
}

#[expect(clippy::print_stdout, reason = "a command speaks on its terminal")]
async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let host = Host::start(HostOptions {
        listen: arguments.listen,
        data_dir: arguments.data,
        retell_url: arguments.retell_url,
        limits: vio_runtime::config::limits_from_env()?,
        requests_per_minute: vio_runtime::config::requests_per_minute_from_env()?,
        console: console(arguments.console)?,
        ticks: true,
    })
    .await?;
    let seeded = if arguments.demo {
        host.seed_demo().await
    } else {
        Ok(None)
    };
    println!("ready {}", host.base_url());
    match seeded {
        Ok(None) => {}
        Ok(Some(tenant)) => {
            let first_call = seed::first_call(host.app(), tenant).await?;
            println!("{}", welcome(&host.base_url(), first_call));
        }
        // Running without the demo is better than not running.
        Err(error) => {
            println!("The demo clinic is not complete: {error}. Start again to go on with it.")
        }
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    host.shutdown().await;
    Ok(())
}

/// Where the console lies. One that was asked for must be there.
fn console(asked: Option<PathBuf>) -> Result<Option<PathBuf>, String> {
    let built = |directory: &PathBuf| directory.join("index.html").is_file();
    match asked {
        Some(directory) if built(&directory) => Ok(Some(directory)),
        Some(directory) => Err(format!("there is no console in {}", directory.display())),
        None => Ok(Some(PathBuf::from("web/dist")).filter(built)),
    }
}

/// The address, the sign-ins, three things to try.
fn welcome(base: &str, first_call: Option<DateTime<Utc>>) -> String {
    let mut text = format!(
        "\nRiverside Clinic is open at {base}. Password of all three: {}\n",
        seed::PASSWORD
    );
    for who in seed::SIGN_INS {
        text.push_str(&format!(
            "  {:<28} {}\n",
            who.email,
            who.preset.unwrap_or(who.role)
        ));
    }
    // A minute into the first call's time: everything that is due by then is rung.
    let to = match first_call {
        Some(at) => format!(
            r#"{{"now": "{}"}}"#,
            (at + TimeDelta::minutes(1)).to_rfc3339_opts(SecondsFormat::Secs, true)
        ),
        None => r#"{"advance_seconds": 3600}"#.to_owned(),
    };
    text.push_str(&format!(
        "\nThree things to try:
  1. Read what the API can do: {base}/api/docs
  2. Move the clock to when the first reminder is due:
     curl -s {base}/dev/clock -H 'content-type: application/json' -d '{to}'
  3. See who was rung, and what the agent was given to say: {base}/dev/sandbox
"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Arguments, String> {
        arguments(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn defaults_keep_data() {
        let read = read(&[]).unwrap();
        assert_eq!(read.listen.to_string(), "127.0.0.1:8787");
        assert_eq!(read.data, Some(PathBuf::from(".data/local")));
        assert!(!read.demo && read.retell_url.is_none());
    }

    #[test]
    fn options_are_read() {
        let read = read(&[
            "--listen",
            "localhost:0",
            "--ephemeral",
            "--seed",
            "demo",
            "--retell-url",
            "http://127.0.0.1:9/",
        ])
        .unwrap();
        assert_eq!(read.listen.to_string(), "127.0.0.1:0");
        assert_eq!(read.data, None);
        assert!(read.demo);
        assert_eq!(read.retell_url.as_deref(), Some("http://127.0.0.1:9"));
    }

    #[test]
    fn nonsense_is_refused() {
        for words in [
            &["--listen"][..],
            &["--listen", "here"],
            &["--ephemeral", "--data", "x"],
            &["--seed", "all"],
            &["--retell-url", "retell"],
            &["--retell-url", "ftp://x"],
            &["--port", "1"],
        ] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}
