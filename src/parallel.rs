//! Splits work between two threads; results and their order are those of one.

use std::iter;
use std::panic::resume_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Fewer items are not worth a thread: starting one costs as much as a hundred items.
const MANY: usize = 500;

/// How many things are worked on before their results are taken.
const BATCH: usize = 4 * MANY;

/// What a lock guards, also after a thread panicked with it: nothing that ours guard is ever half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether another thread is worth it for so many things.
pub(crate) fn pays(count: usize) -> bool {
    count >= MANY
}

/// The results of two pieces of work on so many items.
pub(crate) fn both<A, B: Send>(
    count: usize,
    here: impl FnOnce() -> A,
    there: impl FnOnce() -> B + Send,
) -> (A, B) {
    if pays(count) { at_once(here, there) } else { (here(), there()) }
}

/// The results of two pieces of work that take long, such as waiting for git.
pub(crate) fn at_once<A, B: Send>(here: impl FnOnce() -> A, there: impl FnOnce() -> B + Send) -> (A, B) {
    let there = Mutex::new(Some(there));
    let run_there = || {
        let there = lock(&there).take();
        there.map(|there| there())
    };
    let (here, there) = thread::scope(|scope| {
        let spawned = thread::Builder::new().spawn_scoped(scope, run_there);
        let here = here();
        let there = match spawned {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // A container may limit how many threads there are.
            Err(_) => run_there(),
        };
        (here, there)
    });
    (here, there.expect("work that nobody has done before"))
}

/// The result of each item, in their order: of a batch at a time, so that not all of it is in memory twice.
pub(crate) fn map<T: Send, R: Send>(
    things: impl IntoIterator<Item = T>,
    of: impl Fn(T) -> R + Sync,
) -> impl Iterator<Item = R> {
    let mut things = things.into_iter();
    let batches = iter::from_fn(move || {
        let mut first: Vec<T> = things.by_ref().take(BATCH).collect();
        let count = first.len();
        let second = first.split_off(count / 2);
        let all = |things: Vec<T>| things.into_iter().map(&of).collect::<Vec<R>>();
        let (first, second) = both(count, || all(first), || all(second));
        (count > 0).then(|| first.into_iter().chain(second))
    });
    batches.flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_things() {
        for count in [0, 1, MANY - 1, MANY, 2 * MANY + 1, BATCH + 1, 3 * BATCH] {
            let results = map(0..count, |thing| thing + 1);
            assert_eq!(results.collect::<Vec<_>>(), (1..=count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn only_many_things_start_a_thread() {
        for (count, threads) in [(MANY - 1, 1), (MANY, 2)] {
            let of_both = both(count, || thread::current().id(), || thread::current().id());
            assert_eq!(of_both.0 != of_both.1, threads == 2, "{count}");
            let of_all = map(vec![(); count], |()| format!("{:?}", thread::current().id()));
            assert_eq!(of_all.collect::<BTreeSet<_>>().len(), threads, "{count}");
        }
    }

    #[test]
    #[should_panic(expected = "the last one")]
    fn a_panic_of_the_other_thread_ends_the_run() {
        map(0..MANY, |thing| assert!(thing < MANY - 1, "the last one")).for_each(drop);
    }
}
