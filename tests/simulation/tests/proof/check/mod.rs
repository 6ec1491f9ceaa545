//! The judge: reads the provider's arrivals and what was committed to the table, and knows the rules from rules.md
//! alone. Brute force on purpose; it asks neither the gate nor the guards nor the planner of the product.

mod calm;
mod campaigns;
mod conduct;
mod estimates;
mod lost;
mod permission;
mod settled;

use chrono::TimeDelta;
pub(crate) use vio_simulation::Broken;
use vio_simulation::{Call, one_at_a_time, one_call_each, within_window};

use crate::history::History;
use crate::provider::Rung;

/// Judges one business. `calm`: nothing went wrong and nobody interfered, so that slots must be used fully and in order.
pub(crate) fn judge(history: &History, calm: bool) -> Vec<Broken> {
    let mut broken = Vec::new();
    let calls: Vec<Call> = history.calls.iter().map(plain).collect();
    let window = TimeDelta::seconds(history.numbers.window);
    broken.extend(within_window(
        &calls,
        history.numbers.limit as usize,
        window,
    ));
    broken.extend(one_call_each(&calls));
    broken.extend(one_at_a_time(&calls));
    for call in &history.calls {
        if history.grant(call.arrival.attempt).is_none() {
            broken.push(Broken {
                rule: "attempt",
                at: Some(call.arrival.at),
                what: format!("attempt {} was never granted", call.arrival.attempt),
            });
        }
    }
    permission::days(history, &mut broken);
    permission::hours(history, &mut broken);
    permission::withdrawals(history, &mut broken);
    conduct::sends(history, &mut broken);
    conduct::caps(history, &mut broken);
    conduct::gaps(history, &mut broken);
    conduct::abuse(history, &mut broken);
    conduct::decisions(history, &mut broken);
    settled::sessions(history, &mut broken);
    settled::people(history, &mut broken);
    lost::changes(history, &mut broken);
    campaigns::once(history, &mut broken);
    campaigns::held(history, &mut broken);
    campaigns::at_a_time(history, &mut broken);
    campaigns::results(history, &mut broken);
    if calm {
        calm::full_use(history, &mut broken);
        calm::order(history, &mut broken);
        calm::missed(history, &mut broken);
        calm::messages(history, &mut broken);
        estimates::waiting(history, &mut broken);
        campaigns::estimates(history, &mut broken);
    }
    broken
}

fn plain(call: &Rung) -> Call {
    Call {
        at: call.arrival.at,
        until: Some(call.ended_at),
        number: call.arrival.number.clone(),
        contact: call.arrival.contact.to_string(),
        session: call.arrival.session.to_string(),
        attempt: call.arrival.attempt.to_string(),
    }
}
