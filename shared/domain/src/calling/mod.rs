//! The call engine's rules: how many calls may go out, which, when, and what follows from each of them
//! (S0, S2, S3; rules.md from "The call throttle" to "Placing a call, exactly once").
//!
//! A planned call passes the [`guards`] in [`order`], takes a slot of the [`gate`], is sent as an [`attempt`] of its
//! [`session`], and is settled by [`settle`]. [`refusal`] and [`disconnect`] read what the provider answers.

pub mod abuse;
pub mod attempt;
pub mod attention;
pub mod auto_pause;
pub mod call_now;
pub mod day;
pub mod disconnect;
pub mod gate;
pub mod guards;
pub mod limits;
pub mod order;
pub mod pause;
pub mod refusal;
pub mod session;
pub mod settle;

#[cfg(test)]
mod gate_oracle;
