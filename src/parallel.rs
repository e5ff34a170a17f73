//! Work on very many things, half of which is done by another thread. What comes of it is the same as without.

use std::panic::resume_unwind;
use std::thread;

/// From how many things on that pays: to start a thread takes as long as a hundred of them.
const MANY: usize = 500;

/// Whether another thread is worth it for so many things.
pub(crate) fn pays(count: usize) -> bool {
    count >= MANY
}

/// What comes of two pieces of work on so many things.
pub(crate) fn both<A, B: Send>(
    count: usize,
    here: impl FnOnce() -> A,
    there: impl FnOnce() -> B + Send,
) -> (A, B) {
    if !pays(count) {
        return (here(), there());
    }
    thread::scope(|scope| {
        let there = scope.spawn(there);
        let here = here();
        (here, there.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// What comes of each thing, in their order.
pub(crate) fn map<T: Send, R: Send>(mut things: Vec<T>, of: impl Fn(T) -> R + Sync) -> Vec<R> {
    if !pays(things.len()) {
        return things.into_iter().map(of).collect();
    }
    let count = things.len();
    let rest = things.split_off(count / 2);
    let of = &of;
    let first = || {
        let mut results = Vec::with_capacity(count);
        results.extend(things.into_iter().map(of));
        results
    };
    let (mut results, more) = both(count, first, || rest.into_iter().map(of).collect::<Vec<R>>());
    results.extend(more);
    results
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_things() {
        for count in [0, 1, MANY - 1, MANY, 2 * MANY + 1] {
            let results = map((0..count).collect(), |thing| thing + 1);
            assert_eq!(results, (1..=count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn only_many_things_start_a_thread() {
        for (count, threads) in [(MANY - 1, 1), (MANY, 2)] {
            let of_both = both(count, || thread::current().id(), || thread::current().id());
            assert_eq!(of_both.0 != of_both.1, threads == 2, "{count}");
            let of_all = map(vec![(); count], |()| format!("{:?}", thread::current().id()));
            assert_eq!(of_all.into_iter().collect::<BTreeSet<_>>().len(), threads, "{count}");
        }
    }

    #[test]
    #[should_panic(expected = "the last one")]
    fn a_panic_of_the_other_thread_ends_the_run() {
        map((0..MANY).collect(), |thing| assert!(thing < MANY - 1, "the last one"));
    }
}
