//! The call engine's rules: how many calls may go out, which, when, and what follows from each of them
//! (S0, S2, S3; rules.md from "The call throttle" to "Placing a call, exactly once").

pub mod day;
pub mod gate;
pub mod limits;
pub mod pause;

#[cfg(test)]
mod gate_oracle;
