//! Cold starts: from the start of a process to its first answer, with reads of the table over TLS on the way.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::BenchError;
use crate::function::{Function, Program};
use crate::stats::Summary;

/// A program and the first event it gets.
pub struct Candidate {
    pub program: Program,
    pub event: Value,
    pub environment: BTreeMap<String, String>,
}

/// What one program took.
#[derive(Debug, Clone, Serialize)]
pub struct ColdStart {
    pub name: String,
    /// HTTP status of the answers, of a function behind API Gateway.
    pub status: Option<u64>,
    pub bytes: Option<u64>,
    /// Milliseconds from start to first poll.
    pub initialisation: Option<Summary>,
    /// Milliseconds from start to the first answer.
    pub first_answer: Option<Summary>,
    /// Milliseconds of processor time from the start to the first answer.
    pub processor: Option<Summary>,
    /// Why there are no figures.
    pub failure: Option<String>,
}

/// Starts each candidate `runs` times, in turn, so that whatever else the machine does meets them all alike. One round
/// before fills the page cache and is not counted.
pub async fn measure(candidates: &[Candidate], runs: usize) -> Vec<ColdStart> {
    let mut all: Vec<Series> = candidates.iter().map(|_| Series::default()).collect();
    for round in 0..=runs {
        for (candidate, series) in candidates.iter().zip(&mut all) {
            if series.failure.is_some() {
                continue;
            }
            match once(candidate).await {
                Ok(run) if round > 0 => series.add(run),
                Ok(_) => {}
                Err(error) => series.failure = Some(error.chain()),
            }
        }
    }
    candidates
        .iter()
        .zip(all)
        .map(|(candidate, series)| ColdStart {
            name: candidate.program.name.clone(),
            status: series.status,
            bytes: candidate.program.bytes(),
            initialisation: Summary::of(&series.initialisation),
            first_answer: Summary::of(&series.first_answer),
            processor: Summary::of(&series.processor),
            failure: series.failure,
        })
        .collect()
}

#[derive(Default)]
struct Series {
    initialisation: Vec<Duration>,
    first_answer: Vec<Duration>,
    processor: Vec<Duration>,
    status: Option<u64>,
    failure: Option<String>,
}

struct Run {
    initialisation: Duration,
    first_answer: Duration,
    processor: Option<Duration>,
    status: Option<u64>,
}

impl Series {
    fn add(&mut self, run: Run) {
        self.initialisation.push(run.initialisation);
        self.first_answer.push(run.first_answer);
        self.processor.extend(run.processor);
        self.status = run.status;
    }
}

async fn once(candidate: &Candidate) -> Result<Run, BenchError> {
    let mut function = Function::start(&candidate.program, &candidate.environment).await?;
    let answered = function.invoke(&candidate.event).await?;
    let run = Run {
        initialisation: function.initialisation().unwrap_or_default(),
        first_answer: function.since_start(&answered),
        processor: function.processor_time(),
        status: answered.status(),
    };
    function.end().await;
    Ok(run)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[tokio::test]
    async fn a_program_that_ends_is_a_failure_and_stops_nobody_else() {
        let candidate = |path: &str| Candidate {
            program: Program::binary("gone", PathBuf::from(path)),
            event: Value::Null,
            environment: BTreeMap::new(),
        };
        let measured = measure(&[candidate("/bin/false"), candidate("/nonexistent")], 1).await;
        assert!(measured[0].failure.as_deref().unwrap().contains("it ended"));
        assert!(measured[1].failure.as_deref().unwrap().contains("starting"));
        assert!(measured.iter().all(|m| m.first_answer.is_none()));
    }
}
