//! Chance that can be repeated: the same seed gives the same run.

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// As seeded.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed that `name` holds, else one of this moment. Whoever takes it prints it.
    #[must_use]
    pub fn seed_from_env(name: &str) -> u64 {
        match std::env::var(name) {
            Ok(text) => text.parse().expect("a seed is a number"),
            Err(_) => chrono::Utc::now().timestamp_micros().unsigned_abs(),
        }
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..below`.
    pub fn below(&mut self, below: u64) -> u64 {
        self.draw() % below
    }
}
