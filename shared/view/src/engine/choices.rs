//! What other choices of a filter would find.

use super::reader::{ReadError, Reader};
use crate::query::{Alternatives, Filter};

impl Reader<'_> {
    /// How many contacts each value of these choices would find under all the other filters, in their order.
    pub fn choices(&self, of: &[Alternatives]) -> Result<Vec<Vec<usize>>, ReadError> {
        // Most choices are not made yet, so that their others are the same: what is dear, the texts, is looked at once.
        let mut last: Option<(&Filter, _)> = None;
        let mut counts = Vec::with_capacity(of.len());
        for Alternatives { others, values } in of {
            let rows = match last.take() {
                Some((filter, rows)) if filter == others => rows,
                _ => self.rows(others, None)?,
            };
            let count = |alone: &Filter| {
                let mut rows = rows.clone();
                self.keep_rest(&mut rows, alone, None);
                rows.count()
            };
            counts.push(values.iter().map(count).collect());
            last = Some((others, rows));
        }
        Ok(counts)
    }
}
