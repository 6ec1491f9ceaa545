//! PostgreSQL with the same contacts, beside the engine: a process of its own on a socket in a directory of its own.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::classes::{Request, Sql};
use crate::synth::{GROUPS, Tenant};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// PostgreSQL refuses to run as root; this user runs it then.
const NOBODY: u32 = 65_534;

pub(crate) struct Postgres {
    server: Child,
    directory: PathBuf,
}

fn unprivileged(command: &mut Command) -> &mut Command {
    let is_root = std::fs::metadata("/proc/self")
        .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if is_root {
        command.uid(NOBODY).gid(NOBODY)
    } else {
        command
    }
}

impl Postgres {
    /// Starts a server of its own, or says why it cannot.
    pub(crate) fn start(directory: &Path) -> Result<Self> {
        std::fs::create_dir_all(directory)?;
        chown(directory, Some(NOBODY), Some(NOBODY)).or_else(|error| {
            if error.raw_os_error() == Some(1) {
                Ok(())
            } else {
                Err(error)
            }
        })?;
        let data = directory.join("data");
        let made = unprivileged(
            Command::new("initdb")
                .current_dir(directory)
                .args([
                    "--auth=trust",
                    "--username=bench",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                    "-D",
                ])
                .arg(&data)
                .stdout(Stdio::null()),
        )
        .status()?;
        if !made.success() {
            return Err("initdb failed".into());
        }
        let mut command = Command::new("postgres");
        command
            .current_dir(directory)
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(directory);
        for setting in [
            "listen_addresses=",
            "shared_buffers=2GB",
            "work_mem=256MB",
            "effective_cache_size=4GB",
            "fsync=off",
            "max_wal_size=4GB",
            "random_page_cost=1.1",
            "max_parallel_workers_per_gather=0",
            "jit=off",
        ] {
            command.arg("-c").arg(setting);
        }
        let server = unprivileged(command.stdout(Stdio::null()).stderr(Stdio::null())).spawn()?;
        let postgres = Self {
            server,
            directory: directory.to_owned(),
        };
        for _ in 0..100 {
            if postgres.psql("SELECT 1").is_ok() {
                return Ok(postgres);
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Err("the server does not answer".into())
    }

    fn psql(&self, script: &str) -> Result<String> {
        let mut client = Command::new("psql")
            .args([
                "-XqAt",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "bench",
                "-d",
                "postgres",
                "-h",
            ])
            .arg(&self.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut input = client.stdin.take().ok_or("no input")?;
        let text = script.to_owned();
        let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
        let output = client.wait_with_output()?;
        let _ = writer.join();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Fills one table and gives it every index that helps one of the classes.
    pub(crate) fn fill(&self, tenant: &Tenant) -> Result<()> {
        let mut script = String::from(
            "CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gin;
             CREATE TABLE contacts (id uuid PRIMARY KEY, name text, phone text, email text, notes text, type text, owner text, company text, instructions text,
               name_folded text COLLATE \"C\", email_folded text COLLATE \"C\", prim text COLLATE \"C\", sec text COLLATE \"C\", txt text COLLATE \"C\", status int, priority int, is_active bool,
               appointment_time timestamptz, next_call timestamptz, created_at timestamptz, last_contact timestamptz, attempts int, groups int[]);
             COPY contacts FROM STDIN;\n",
        );
        for (contact, appointment) in &tenant.people {
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let fields = [
                contact.name.as_str().to_owned(),
                text(contact.phone.as_ref().map(|t| t.as_str())),
                text(contact.email.as_ref().map(|t| t.as_str())),
                text(contact.notes.as_ref().map(|t| t.as_str())),
                text(appointment.appointment_type.as_ref().map(|t| t.as_str())),
                text(appointment.owner_name.as_ref().map(|t| t.as_str())),
                text(contact.company_name.as_ref().map(|t| t.as_str())),
                text(
                    appointment
                        .special_instructions
                        .as_ref()
                        .map(|t| t.as_str()),
                ),
            ];
            let fold = |text: &str| text.to_lowercase().replace('é', "e");
            let folded: Vec<String> = fields.iter().map(|field| fold(field)).collect();
            let forms = format!("{}\u{1}0{}", fields[1], &fields[1][3..]);
            let primary = format!("{}\u{1}{forms}\u{1}{}", folded[0], folded[2]);
            let secondary = format!("{}\u{1}{}\u{1}{}", folded[3], folded[4], folded[5]);
            let all = format!(
                "{primary}\u{1}{secondary}\u{1}{}\u{1}{}",
                folded[6], folded[7]
            );
            let groups: Vec<String> = contact
                .group_ids
                .iter()
                .filter_map(|id| tenant.groups.iter().position(|g| g == id))
                .map(|at| at.to_string())
                .collect();
            let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
                at.map_or("\\N".to_owned(), |at| at.to_rfc3339())
            };
            write!(
                script,
                "{}\t{}\t{}\t{}\t{primary}\t{secondary}\t{all}\t",
                contact.id,
                fields.join("\t"),
                folded[0],
                folded[2]
            )?;
            writeln!(
                script,
                "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{{{}}}",
                appointment.status as u8,
                contact.priority as u8,
                contact.is_active,
                time(Some(appointment.time)),
                time(appointment.next_call_at),
                time(Some(contact.created_at)),
                time(contact.last_contact_time),
                appointment.call_attempts,
                groups.join(",")
            )?;
        }
        script.push_str(
            "\\.\n
             CREATE INDEX ON contacts USING gin (txt gin_trgm_ops); CREATE INDEX ON contacts USING gin (email_folded gin_trgm_ops);
             CREATE INDEX ON contacts USING gin (groups); CREATE INDEX ON contacts (name_folded, id); CREATE INDEX ON contacts (created_at, id);
             CREATE INDEX ON contacts (appointment_time, id); CREATE INDEX ON contacts (next_call) WHERE next_call IS NOT NULL; CREATE INDEX ON contacts (status, appointment_time);
             CREATE INDEX ON contacts (is_active, name_folded, id); CREATE INDEX ON contacts (next_call) WHERE groups = '{}';
             VACUUM (ANALYZE, FREEZE) contacts;\n",
        );
        self.psql(&script)?;
        Ok(())
    }

    /// Runs each request in one of two forms, three times after a first one; answers the milliseconds and the answer of each.
    pub(crate) fn run(&self, requests: &[Request], form: usize) -> Result<Vec<(Vec<f64>, String)>> {
        let mut script = String::from("\\timing on\n");
        for (number, request) in requests.iter().enumerate() {
            writeln!(
                script,
                "PREPARE r{number} AS {};",
                statement(&request.sql, form)
            )?;
            for _ in 0..4 {
                writeln!(script, "EXECUTE r{number};")?;
            }
            writeln!(script, "DEALLOCATE r{number};")?;
        }
        let output = self.psql(&script)?;
        let mut answers = Vec::new();
        let (mut times, mut lines, mut answer) = (Vec::new(), String::new(), String::new());
        for line in output.lines() {
            let Some(time) = line.strip_prefix("Time: ") else {
                lines.push_str(line);
                continue;
            };
            if !lines.is_empty() {
                answer = std::mem::take(&mut lines);
            }
            times.push(time.split(' ').next().unwrap_or_default().parse::<f64>()?);
            // PREPARE, four times EXECUTE, DEALLOCATE.
            if times.len() == 6 {
                answers.push((times[2..5].to_vec(), std::mem::take(&mut answer)));
                times.clear();
            }
        }
        if answers.len() == requests.len() {
            Ok(answers)
        } else {
            Err(format!("{} answers", answers.len()).into())
        }
    }
}

/// Page, total and facets in one statement. Form 0 gathers the matches once; form 1 reads the page straight from the
/// table, as an index may give it in order.
fn statement(sql: &Sql, form: usize) -> String {
    let Sql {
        filter,
        score,
        order,
        offset,
    } = sql;
    let page = if form == 0 {
        format!(
            "SELECT c.*, m.score FROM m JOIN contacts c USING (id) ORDER BY {} LIMIT 25 OFFSET {offset}",
            order
                .replace("name_folded", "c.name_folded")
                .replace("appointment_time", "c.appointment_time")
                .replace("created_at", "c.created_at")
                .replace("id", "c.id")
        )
    } else {
        format!(
            "SELECT *, {score} AS score FROM contacts WHERE {filter} ORDER BY {order} LIMIT 25 OFFSET {offset}"
        )
    };
    let page = page.replacen("c.*, ", "c.id, c.name, c.phone, c.email, c.notes, c.type, c.owner, c.company, c.instructions, c.status, c.appointment_time, c.next_call, c.created_at, c.last_contact, c.attempts, c.groups, ", 1)
        .replacen("SELECT *, ", "SELECT id, name, phone, email, notes, type, owner, company, instructions, status, appointment_time, next_call, created_at, last_contact, attempts, groups, ", 1);
    format!(
        "WITH m AS MATERIALIZED (SELECT id, status, groups, created_at, {score} AS score, name_folded, appointment_time FROM contacts WHERE {filter})
         SELECT json_build_object('total', (SELECT count(*) FROM m),
           'status', (SELECT json_object_agg(status, n) FROM (SELECT status, count(*) n FROM m GROUP BY 1) s),
           'groups', (SELECT json_object_agg(g, n) FROM (SELECT g, count(*) n FROM m, unnest(groups) g GROUP BY 1) s),
           'ungrouped', (SELECT count(*) FROM m WHERE groups = '{{}}'), 'recent', (SELECT count(*) FROM m WHERE created_at >= '2026-11-20T10:00:00Z'),
           'rows', (SELECT json_agg(p) FROM ({page}) p))"
    )
}

/// What of PostgreSQL's answer has to be equal to ours: ids, total, status, groups, ungrouped, recent.
pub(crate) fn essence(answer: &str) -> Result<serde_json::Value> {
    let value: serde_json::Value = serde_json::from_str(answer)?;
    let ids = value["rows"]
        .as_array()
        .map(|rows| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>())
        .unwrap_or_default();
    let count = |key: usize, of: &str| value[of][key.to_string()].as_u64().unwrap_or_default();
    Ok(serde_json::json!({
        "ids": ids,
        "total": value["total"],
        "status": (0..4).map(|s| count(s, "status")).collect::<Vec<_>>(),
        "groups": (0..GROUPS).map(|g| count(g, "groups")).collect::<Vec<_>>(),
        "ungrouped": value["ungrouped"],
        "recent": value["recent"],
    }))
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
