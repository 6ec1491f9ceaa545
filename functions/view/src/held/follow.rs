//! Bringing a view up to date from the change log.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::{self, StreamExt, TryStreamExt};
use vio_domain::ids::{ContactId, GroupId, LogId};
use vio_store::TenantStore;
use vio_store::port::MAX_BATCH_GET;
use vio_store::tx::WHOLE_EVERY;
use vio_store::view::{Changed, Gathered, OVERLAP_SECONDS, RECENT_SECONDS, Wanted, first_id_at};
use vio_view::TenantView;

use super::{Held, ViewError, Views, changes, load, save};

/// Reads of persons that are under way at the same time.
const READS_AT_ONCE: usize = 8;

/// Where a view is in the log, if there is a view.
#[derive(Default)]
pub(super) struct Following {
    pub(super) place: Option<Place>,
    /// Which bringing up to date was the last that came to its end.
    finished: u64,
}

/// A place in the change log.
pub(super) struct Place {
    /// All entries with ids before this instant were committed and are in the view.
    pub(super) complete_to: DateTime<Utc>,
    /// Entries after it that are in the view too.
    seen: HashSet<LogId>,
    clocks: Clocks,
    /// When everything after `complete_to` was read, by the real clock.
    whole_at: Option<DateTime<Utc>>,
    /// Changes taken in since the last snapshot.
    pub(super) news: usize,
    /// The version of a snapshot that does not open, and is to be replaced.
    pub(super) unusable: Option<u64>,
    /// Where the view was just built from the records: whom it knows was read after this instant.
    pub(super) read_after: Option<DateTime<Utc>>,
}

impl Place {
    pub(super) fn new(complete_to: DateTime<Utc>, clocks: Clocks) -> Self {
        Self {
            complete_to,
            seen: HashSet::new(),
            clocks,
            whole_at: None,
            news: 0,
            unusable: None,
            read_after: None,
        }
    }
}

/// The domain's clock beside the real one. Entries are committed within real seconds of the instant in their id, which is
/// the domain's; on the local host that clock can be moved, and an id from before the move turns up after it. So nothing
/// is taken for complete until both clocks have run evenly for the length of the overlap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    ahead: TimeDelta,
    moved_at: Option<DateTime<Utc>>,
}

impl Clocks {
    /// At the first sight of both clocks. One that is ahead was moved, nobody knows when.
    pub(super) fn new(domain: DateTime<Utc>, real: DateTime<Utc>) -> Self {
        let ahead = domain - real;
        Self {
            ahead,
            moved_at: (ahead.abs() > TimeDelta::seconds(1)).then_some(real),
        }
    }

    /// Whether they have run evenly for long enough.
    fn are_even(&mut self, domain: DateTime<Utc>, real: DateTime<Utc>) -> bool {
        let ahead = domain - real;
        if (ahead - self.ahead).abs() > TimeDelta::seconds(1) {
            self.moved_at = Some(real);
        }
        self.ahead = ahead;
        let overlap = TimeDelta::seconds(OVERLAP_SECONDS);
        self.moved_at.is_none_or(|moved| real - moved >= overlap)
    }
}

/// Gives the view everything that was committed before `came`, which was read from `begun` when the request came.
pub(super) async fn bring_up_to_date(
    views: Views,
    held: Arc<Held>,
    tenant: TenantStore,
    came: u64,
) -> Result<(), ViewError> {
    let mut following = held.following.lock().await;
    if following.finished > came {
        return Ok(());
    }
    let number = held.begun.fetch_add(1, Ordering::SeqCst) + 1;
    let fresh = following.place.is_none();
    let started = Instant::now();
    let mut place = match following.place.take() {
        Some(place) => place,
        None => load::load(&views, &held, &tenant).await?,
    };
    let loaded = started.elapsed();
    let caught_up = catch_up(&views, &held, &tenant, &mut place).await;
    if let (true, Ok(tail)) = (fresh, &caught_up) {
        let (whole, contacts) = (started.elapsed(), held.look(TenantView::contacts));
        tracing::info!(tenant = %tenant.id, contacts, tail, load_ms = millis(loaded), tail_ms = millis(whole - loaded),
                       "a view is ready");
    }
    // Whatever was not taken in is read again the next time.
    let news = matches!(caught_up, Ok(news) if news > 0);
    if caught_up.is_ok() {
        save::save_if_due(&views, &held, &tenant, &mut place);
    }
    following.place = Some(place);
    caught_up?;
    following.finished = number;
    if fresh || news {
        held.tidy_later();
    }
    Ok(())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

async fn catch_up(
    views: &Views,
    held: &Held,
    tenant: &TenantStore,
    place: &mut Place,
) -> Result<usize, ViewError> {
    let (now, real) = (tenant.now(), views.0.real_clock.now());
    let even = place.clocks.are_even(now, real);
    let recent = now - TimeDelta::seconds(RECENT_SECONDS);
    let just_read = place.whole_at.is_some_and(|at| {
        let ago = (real - at).to_std();
        ago.is_ok_and(|ago| ago < WHOLE_EVERY)
    });
    let whole = !(even && just_read);
    let from = if whole {
        place.complete_to
    } else {
        place.complete_to.max(recent)
    };
    let seen = &place.seen;
    let news = tenant.changes_since(from, |id| seen.contains(&id)).await?;
    let read_after = place.read_after.take().filter(|_| even);
    take_in(held, tenant, &news, read_after).await?;
    held.write(|view| view.advance(now));
    place.news += news.len();
    place.seen.extend(news.iter().map(|change| change.id));
    if !whole {
        return Ok(news.len());
    }
    place.whole_at = Some(real);
    let complete_to = now - TimeDelta::seconds(OVERLAP_SECONDS);
    if even && complete_to > place.complete_to {
        place.complete_to = complete_to;
        let first = first_id_at(complete_to);
        place.seen.retain(|id| *id >= first);
    }
    Ok(news.len())
}

/// Reads what the entries name and gives it to the view. What is read is at least as new as the entries. Persons that the
/// view knows are left alone where the entry was committed before they were read.
async fn take_in(
    held: &Held,
    tenant: &TenantStore,
    news: &[Changed],
    read_after: Option<DateTime<Utc>>,
) -> Result<(), ViewError> {
    let groups: HashSet<GroupId> = news
        .iter()
        .filter(|change| change.entity == "group")
        .map(|change| GroupId::new(change.entity_id))
        .collect();
    if !groups.is_empty() {
        let rows = tenant.groups_named(groups.iter().copied()).await?;
        let gone = groups.iter().filter(|id| !rows.contains_key(id));
        let mut taken: Vec<_> = gone.map(|id| changes::group_gone(*id)).collect();
        taken.extend(rows.into_values().map(changes::of_group));
        held.write(|view| view.apply(taken)).transpose()?;
    }
    let overlap = TimeDelta::seconds(OVERLAP_SECONDS);
    let surely_read = read_after.map(|read| first_id_at(read - overlap));
    let mut regrouped: HashMap<ContactId, bool> = HashMap::new();
    for change in news {
        let Some(contact) = change.contact else {
            continue;
        };
        let before = surely_read.is_some_and(|first| change.id < first);
        if before && held.look(|view| view.knows(contact)) == Some(true) {
            continue;
        }
        let named = change.fields.iter().any(|field| field == "group_ids");
        *regrouped.entry(contact).or_default() |= named;
    }
    let wanted = held.look(|view| {
        let wanted = |(contact, regrouped): (&ContactId, &bool)| Wanted {
            contact: *contact,
            memberships: *regrouped || !view.knows_memberships(*contact),
        };
        regrouped.iter().map(wanted).collect::<Vec<_>>()
    });
    let wanted = wanted.unwrap_or_default();
    let mut read = persons(tenant, wanted.chunks(MAX_BATCH_GET));
    while let Some(persons) = read.try_next().await? {
        held.write(|view| {
            let of_person = |person: Gathered| {
                let known = view.appointments_of(person.id);
                changes::of_person(person, &known)
            };
            let taken: Vec<_> = persons.into_iter().flat_map(of_person).collect();
            view.apply(taken)
        })
        .transpose()?;
    }
    Ok(())
}

/// Reads persons, some batches at a time.
pub(super) fn persons<'a>(
    tenant: &'a TenantStore,
    batches: impl Iterator<Item = &'a [Wanted]> + Send + 'a,
) -> std::pin::Pin<
    Box<dyn futures::Stream<Item = Result<Vec<Gathered>, vio_store::StoreError>> + Send + 'a>,
> {
    let read = batches.map(move |batch| tenant.gather(batch));
    Box::pin(stream::iter(read).buffered(READS_AT_ONCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_moved_clock_is_waited_out() {
        let mut clocks = Clocks::new(at(1_000), at(1_000));
        assert!(clocks.are_even(at(1_005), at(1_005)));
        assert!(!clocks.are_even(at(90_000), at(1_010)), "moved");
        assert!(!clocks.are_even(at(90_020), at(1_030)));
        assert!(clocks.are_even(at(90_031), at(1_041)));
        let mut ahead = Clocks::new(at(90_000), at(1_000));
        assert!(
            !ahead.are_even(at(90_010), at(1_010)),
            "moved, nobody knows when"
        );
        assert!(ahead.are_even(at(90_030), at(1_030)));
    }
}
