//! Counting sort by small keys.
//!
//! In: items with a key each, below a given count. Out: the items in the order of their keys, those of one key in the
//! order in which they came, and where those of each key begin. Cost: linear in items and keys (Knuth, TAOCP 3, §5.2).

/// Where the items of each key begin once they are sorted by key; one more at the end. Keys are below `count`.
pub fn starts(keys: impl Iterator<Item = u32>, count: usize) -> Vec<u32> {
    let mut starts = vec![0_u32; count + 1];
    keys.for_each(|key| starts[key as usize + 1] += 1);
    for key in 0..count {
        starts[key + 1] += starts[key];
    }
    starts
}

/// Items in the order of their keys, which are below `count`, and where those of each key begin, as [`starts`] says.
pub fn sorted<T: Copy + Default>(items: impl Iterator<Item = (u32, T)> + Clone, count: usize) -> (Vec<T>, Vec<u32>) {
    let starts = starts(items.clone().map(|(key, _)| key), count);
    let mut next = starts.clone();
    let mut sorted = vec![T::default(); starts[count] as usize];
    for (key, item) in items {
        let place = &mut next[key as usize];
        sorted[*place as usize] = item;
        *place += 1;
    }
    (sorted, starts)
}

#[cfg(test)]
mod tests {
    use super::sorted;

    #[test]
    fn items_of_one_key_keep_their_order() {
        let items = [(2, 'a'), (0, 'b'), (2, 'c'), (0, 'd')];
        assert_eq!(sorted(items.into_iter(), 4), (vec!['b', 'd', 'a', 'c'], vec![0, 2, 2, 4, 4]));
        assert_eq!(sorted([(0, 'x'); 0].into_iter(), 0), (vec![], vec![0]));
    }
}
