//! Packs things of several kinds into few rows, each of one kind, as evenly as their weights allow.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Which things are in each row. `kinds` are numbers from 0 without gaps, one for each thing, and so are `weights`. Things are in
/// order within a row, and rows are in the order of their first things. The same things always give the same rows.
///
/// # Errors
/// The least number of rows that is possible: one for each kind.
pub(in crate::resolve) fn pack(
    kinds: &[usize],
    weights: &[u64],
    most: usize,
) -> Result<Vec<Vec<usize>>, usize> {
    let count = kinds.iter().max().map_or(0, |last| last + 1);
    if count > most {
        return Err(count);
    }
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (thing, kind) in kinds.iter().enumerate() {
        members[*kind].push(thing);
    }
    let total = |members: &[usize]| members.iter().map(|thing| weights[*thing]).sum::<u64>();
    // Each kind gets a row, and then the one whose rows weigh most on average gets one more, as long as there are any.
    let mut shares: BinaryHeap<Share> = members
        .iter()
        .enumerate()
        .filter(|(_, members)| members.len() > 1)
        .map(|(kind, members)| Share::of(kind, total(members)))
        .collect();
    let mut number_of_rows = vec![1; count];
    for _ in count..most {
        let Some(mut share) = shares.pop() else { break };
        share.rows += 1;
        number_of_rows[share.kind] = share.rows;
        if share.rows < members[share.kind].len() {
            shares.push(share);
        }
    }
    let mut rows: Vec<Vec<usize>> = Vec::new();
    for (kind, mut members) in members.into_iter().enumerate() {
        let number = number_of_rows[kind];
        // The heaviest first, each into the row that weighs least.
        members.sort_by_key(|thing| Reverse(weights[*thing]));
        let first = rows.len();
        let mut loads: BinaryHeap<Reverse<(u64, usize)>> =
            (0..number).map(|row| Reverse((0, first + row))).collect();
        rows.resize(first + number, Vec::new());
        for thing in members {
            let Some(Reverse((load, row))) = loads.pop() else { break };
            rows[row].push(thing);
            loads.push(Reverse((load + weights[thing], row)));
        }
    }
    rows.iter_mut().for_each(|row| row.sort_unstable());
    rows.retain(|row| !row.is_empty());
    rows.sort();
    Ok(rows)
}

/// A kind, what its things weigh together, and how many rows it has. The greater one weighs more for each row.
#[derive(Debug, PartialEq, Eq)]
struct Share {
    kind: usize,
    weight: u64,
    rows: usize,
}

impl Share {
    fn of(kind: usize, weight: u64) -> Self {
        Self { kind, weight, rows: 1 }
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let crosswise = |one: &Self, rows: usize| u128::from(one.weight) * rows as u128;
        // Among equals, the first kind.
        crosswise(self, other.rows).cmp(&crosswise(other, self.rows)).then(other.kind.cmp(&self.kind))
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn load(row: &[usize], weights: &[u64]) -> u64 {
        row.iter().map(|thing| weights[*thing]).sum()
    }

    #[test]
    fn things_of_one_weight_are_spread_evenly() {
        for (things, most) in [(300, 256), (3000, 256), (10, 3), (5, 5), (5, 9), (1, 1)] {
            let rows = pack(&vec![0; things], &vec![1; things], most).expect("they fit");
            assert_eq!(rows.len(), things.min(most));
            let counts: Vec<usize> = rows.iter().map(Vec::len).collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
    }

    #[test]
    fn a_kind_that_weighs_more_gets_more_rows() {
        let kinds = [vec![0; 90], vec![1; 10]].concat();
        let rows = pack(&kinds, &[1; 100], 10).expect("they fit");
        assert_eq!(rows.iter().filter(|row| kinds[row[0]] == 0).count(), 9);
        let weights = [vec![1; 90], vec![9; 10]].concat();
        let rows = pack(&kinds, &weights, 10).expect("they fit");
        assert_eq!(rows.iter().filter(|row| kinds[row[0]] == 0).count(), 5);
    }

    #[test]
    fn what_weighs_much_has_a_row_to_itself() {
        let rows = pack(&[0; 5], &[10, 1, 1, 10, 1], 3).expect("they fit");
        assert_eq!(rows, [vec![0], vec![1, 2, 4], vec![3]]);
    }

    #[test]
    fn more_kinds_than_rows_do_not_fit() {
        assert_eq!(pack(&[0, 1, 2, 1], &[1; 4], 2), Err(3));
        assert_eq!(pack(&[], &[], 1), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn everything_is_in_one_row_with_its_kind(
            things in proptest::collection::vec((0_usize..5, 1_u64..50), 0..200),
            most in 5_usize..60,
        ) {
            let mut seen: Vec<usize> = things.iter().map(|(kind, _)| *kind).collect();
            seen.sort_unstable();
            seen.dedup();
            let kinds: Vec<usize> =
                things.iter().map(|(kind, _)| seen.iter().position(|one| one == kind).unwrap()).collect();
            let weights: Vec<u64> = things.iter().map(|(_, weight)| *weight).collect();
            let rows = pack(&kinds, &weights, most).expect("there is a row for each kind");
            prop_assert!(rows.len() <= most);
            // As many as there can be.
            prop_assert_eq!(rows.len(), most.min(things.len()));
            let mut all: Vec<usize> = rows.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..things.len()).collect::<Vec<_>>());
            for row in &rows {
                prop_assert!(row.iter().all(|thing| kinds[*thing] == kinds[row[0]]));
                // A row is heavier than another of its kind by no more than one of its things.
                let least = rows.iter().filter(|other| kinds[other[0]] == kinds[row[0]]);
                let least = least.map(|other| load(other, &weights)).min().unwrap();
                let lightest = row.iter().map(|thing| weights[*thing]).min().unwrap();
                prop_assert!(load(row, &weights) - lightest <= least);
            }
        }
    }
}
