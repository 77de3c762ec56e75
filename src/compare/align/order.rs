//! The heaviest run of pairs that keeps the order of both sides.
//!
//! In: pairs of positions with weights. Out: which of them lie on the heaviest chain that ascends on both sides
//! (weighted longest increasing subsequence, by a Fenwick tree of prefix maxima). Cost: n log n.
//! What is off the chain has moved.

/// Marks the pairs on the heaviest chain; of equally heavy chains one is taken, the same for the same input.
pub fn heaviest_chain(pairs: &[(u32, u32, f64)]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    // Pairs of one left position exclude each other, so they are tried from the highest right position down.
    order.sort_by_key(|&index| (pairs[index].0, std::cmp::Reverse(pairs[index].1), index));
    let mut rights: Vec<u32> = pairs.iter().map(|pair| pair.1).collect();
    rights.sort_unstable();
    rights.dedup();
    // Best chain that ends at or before each right position: its weight and its last pair.
    let mut tree: Vec<(f64, Option<usize>)> = vec![(0.0, None); rights.len() + 1];
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    let mut best: (f64, Option<usize>) = (0.0, None);
    for index in order {
        let rank = rights.partition_point(|right| *right < pairs[index].1);
        let mut prefix: (f64, Option<usize>) = (0.0, None);
        let mut at = rank;
        while at > 0 {
            if tree[at].0 > prefix.0 {
                prefix = tree[at];
            }
            at &= at - 1;
        }
        before[index] = prefix.1;
        let weight = prefix.0 + pairs[index].2.max(f64::MIN_POSITIVE);
        if weight > best.0 {
            best = (weight, Some(index));
        }
        let mut at = rank + 1;
        while at < tree.len() {
            if weight > tree[at].0 {
                tree[at] = (weight, Some(index));
            }
            at += at & at.wrapping_neg();
        }
    }
    let mut on_chain = vec![false; pairs.len()];
    let mut last = best.1;
    while let Some(index) = last {
        on_chain[index] = true;
        last = before[index];
    }
    on_chain
}

#[cfg(test)]
mod tests {
    use super::heaviest_chain;

    #[test]
    fn what_breaks_the_order_and_weighs_less_is_off_the_chain() {
        assert_eq!(heaviest_chain(&[(0, 0, 1.0), (1, 5, 1.0), (2, 1, 1.0), (3, 2, 1.0)]), [true, false, true, true]);
        assert_eq!(heaviest_chain(&[(0, 1, 9.0), (1, 0, 1.0)]), [true, false]);
        assert_eq!(heaviest_chain(&[]), [false; 0]);
    }

    #[test]
    fn pairs_of_one_position_exclude_each_other() {
        assert_eq!(heaviest_chain(&[(0, 0, 1.0), (0, 1, 2.0)]), [false, true]);
        assert_eq!(heaviest_chain(&[(0, 3, 2.0), (1, 3, 1.0)]), [true, false]);
    }
}
