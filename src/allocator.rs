//! How the allocator of the program gives memory back.
//!
//! In: nothing; a program whose allocator is jemalloc calls [`begin`] once, before anything else. Out: the same allocator,
//! whose large blocks go back to the system when they are freed, and whose small ones are given back by a thread.
//! `.cargo/config.toml` holds what is settled when jemalloc is built.
//!
//! A comparison of two long documents takes and frees dozens of lists of several mebibytes. What jemalloc keeps of them for
//! the next one counts as memory of the process, although nobody uses it. It keeps nothing of blocks above its
//! `oversize_threshold`, but only if no background thread runs when the arena of such blocks is made (jemalloc 5.3,
//! `arena_choose_huge`); a program that is idle, on the other hand, gives nothing back without that thread.
//! Therefore the arena is made first, and the thread is started afterwards.

/// A block that lies in the arena of large blocks, in bytes: twice the `oversize_threshold` of `.cargo/config.toml`.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BLOCK_BYTES: usize = 2 << 20;

/// Makes the arena of large blocks, then starts the thread that gives back small ones.
///
/// Where jemalloc is not the allocator, and where the thread cannot be started, memory goes back later or not at all; no
/// answer depends on it, so nothing is reported.
pub fn begin() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGE_BLOCK_BYTES)));
        let _without_thread = tikv_jemalloc_ctl::background_thread::write(true);
    }
}
