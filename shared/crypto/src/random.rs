//! Where random bytes come from.

use std::sync::Mutex;

use aws_lc_rs::hmac;

use crate::CryptoError;

/// A source of bytes nobody can guess, for ids, tokens and keys.
pub trait Random: Send + Sync {
    /// Fills `out` completely or fails.
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError>;
}

/// The operating system's generator: the only right one outside a simulation.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        Ok(aws_lc_rs::rand::fill(out)?)
    }
}

/// The same bytes for the same seed, for tests and the deterministic simulation. Never in a deployed function.
#[derive(Debug)]
pub struct SeededRandom {
    key: hmac::Key,
    counter: Mutex<u64>,
}

impl SeededRandom {
    /// A generator whose output is decided by `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &seed.to_be_bytes()),
            counter: Mutex::new(0),
        }
    }
}

impl Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        let mut counter = self.counter.lock().map_err(|_| CryptoError::Primitive)?;
        for chunk in out.chunks_mut(32) {
            let block = hmac::sign(&self.key, &counter.to_be_bytes());
            *counter += 1;
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
        Ok(())
    }
}

/// `N` bytes from `random`.
pub fn random_bytes<const N: usize>(random: &dyn Random) -> Result<[u8; N], CryptoError> {
    let mut bytes = [0u8; N];
    random.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_another_seed_differs() {
        let draw = |seed| {
            let random = SeededRandom::new(seed);
            (
                random_bytes::<40>(&random).unwrap(),
                random_bytes::<40>(&random).unwrap(),
            )
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_ne!(draw(1).0, draw(1).1, "the stream moves on");
    }

    #[test]
    fn the_system_does_not_repeat() {
        let a: [u8; 32] = random_bytes(&SystemRandom).unwrap();
        let b: [u8; 32] = random_bytes(&SystemRandom).unwrap();
        assert_ne!(a, b);
    }
}
