//! The repositories of a run, which are asked and written side by side.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::progress::{Event, Progress};
use crate::parallel::lock;
use crate::registry::{Location, Store};

/// How many requests are under way for each repository, and for all. Of those, a host gets what it bears.
const WORKERS: (usize, usize) = (16, 32);

/// A repository and how it is reached.
#[derive(Clone)]
pub struct Site {
    /// Where it is.
    pub location: Location,
    /// What answers for it.
    pub store: Arc<dyn Store>,
}

/// What sites answered: the position of the site, the question, the answer.
pub(crate) type Answers<Q, A> = Vec<(usize, Q, A)>;

/// Asks the sites in turns, several at once; gives the answers of each site in the order of its questions, and the first
/// failure of each site.
///
/// A site that has failed is asked nothing more, in this call and with these flags. `known` is how much each site answered
/// before.
pub(crate) fn ask<Q: Clone + Sync + Send, A: Send, E: Send>(
    sites: &[Site],
    failed: &[AtomicBool],
    known: &[usize],
    progress: &dyn Progress,
    questions: &[(usize, Q)],
    answer: impl Fn(&dyn Store, &Q) -> Result<A, E> + Sync,
) -> (Answers<Q, A>, BTreeMap<usize, E>) {
    let mut totals = known.to_vec();
    questions.iter().for_each(|(site, _)| totals[*site] += 1);
    let done: Vec<_> = known.iter().copied().map(AtomicUsize::new).collect();
    let asked = parallel(&interleaved(questions, sites.len()), sites.len(), |(site, question)| {
        if failed[*site].load(Ordering::Relaxed) {
            return None;
        }
        let answer = answer(sites[*site].store.as_ref(), question);
        failed[*site].fetch_or(answer.is_err(), Ordering::Relaxed);
        let count = done[*site].fetch_add(1, Ordering::Relaxed) + 1;
        let location = &sites[*site].location;
        progress.tell(&Event::Reading { location, done: count, total: totals[*site] });
        Some((*site, question.clone(), answer))
    });
    let (mut answers, mut failures) = (Vec::new(), BTreeMap::new());
    for (site, question, answer) in asked.into_iter().flatten() {
        match answer {
            Ok(answer) => answers.push((site, question, answer)),
            Err(failure) => drop(failures.entry(site).or_insert(failure)),
        }
    }
    (answers, failures)
}

/// Takes turns between the sites, so that a slow one does not keep all workers.
pub(crate) fn interleaved<T: Clone>(items: &[(usize, T)], sites: usize) -> Vec<(usize, T)> {
    let mut queues = vec![Vec::new(); sites];
    items.iter().for_each(|item| queues[item.0].push(item.clone()));
    let longest = queues.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest).flat_map(|at| queues.iter().filter_map(move |queue| queue.get(at).cloned())).collect()
}

/// Does the work on all items, several at once; the results are in the order of the items.
pub(crate) fn parallel<T: Sync, R: Send>(items: &[T], sites: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers = (WORKERS.0 * sites).min(WORKERS.1).min(items.len());
    if workers < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, R)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    let result = work(item);
                    lock(&results).push((at, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Does two things at once.
pub(crate) fn both<A: Send, B>(first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        (first.join().unwrap_or_else(|panic| resume_unwind(panic)), second)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(
            parallel(&items, 3, |item| item * 2),
            items.iter().map(|item| item * 2).collect::<Vec<_>>()
        );
        assert_eq!(parallel(&[] as &[usize], 3, |item| *item), [0; 0]);
    }

    #[test]
    fn sites_take_turns() {
        let items = [(0, 'a'), (0, 'b'), (0, 'c'), (1, 'x')];
        assert_eq!(interleaved(&items, 2), [(0, 'a'), (1, 'x'), (0, 'b'), (0, 'c')]);
    }
}
