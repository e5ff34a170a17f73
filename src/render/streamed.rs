//! A text that is made and taken in pieces, both at the same time.

use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread;

/// How many pieces may wait to be taken: the others are not in memory.
const WAITING: usize = 16;

/// Makes a text in pieces, and gives what comes of them. `at_once`, they are taken by a thread of its own while the next are
/// made, which pays when there are many.
pub(super) fn streamed<R: Send>(
    at_once: bool,
    make: impl FnOnce(&mut dyn FnMut(Vec<u8>)),
    take: impl FnOnce(&mut dyn Iterator<Item = Vec<u8>>) -> R + Send,
) -> R {
    if !at_once {
        let mut pieces = Vec::new();
        make(&mut |piece| pieces.push(piece));
        return take(&mut pieces.into_iter());
    }
    let (give, pieces) = mpsc::sync_channel(WAITING);
    thread::scope(|scope| {
        let taken = scope.spawn(move || take(&mut pieces.into_iter()));
        make(&mut |piece| {
            // If nobody takes it, the thread has panicked, and says so below.
            let _ = give.send(piece);
        });
        drop(give);
        taken.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_taken_in_order_at_once_or_later() {
        for count in [0, 1, 5 * WAITING] {
            let all: Vec<Vec<u8>> = (0..count).map(|at| at.to_string().into_bytes()).collect();
            for at_once in [false, true] {
                let taken = streamed(
                    at_once,
                    |give| all.iter().cloned().for_each(give),
                    |pieces| pieces.collect::<Vec<_>>(),
                );
                assert_eq!(taken, all);
            }
        }
    }

    #[test]
    #[should_panic(expected = "no more")]
    fn a_panic_of_who_takes_them_ends_the_run() {
        streamed(true, |give| (0..5 * WAITING).for_each(|_| give(Vec::new())), |_| panic!("no more"));
    }
}
