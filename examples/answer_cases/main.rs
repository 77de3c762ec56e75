//! Answers every case of a folder and writes what `evaluation/evaluate.py` scores.
//!
//! In: `answer_cases OUT CASE_DIR…`. A case is a folder with `left.txt`, `right.txt` and any number of
//! `reference*.txt`; a `CASE_DIR` is a case or a folder of cases. Out: `OUT/<case>.json`, one object a case: passages,
//! edits, links, beads and counts about the word diff. Offsets are Unicode code points of the files, lines are
//! non-empty lines counted from 0. A passage of origin FORMULA is listed under `formulas` and not under `passages`,
//! because only the others are reported echo. `--without PART,…` first leaves parts of the method out, to measure what
//! they contribute: localization, background, stock-phrases, margin, lists, neighbours, formula-pass. Always: the answers do not depend on the number of threads.

mod answer;
mod diff_measures;
mod folded;
mod lines;
mod without;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use std::{env, fs, thread};

use policy_echo::compare::engine::Engine;

use crate::without::Without;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let mut arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let mut without = Without::default();
    if arguments.first().is_some_and(|first| first.as_os_str() == "--without") {
        without = Without::read(&arguments.get(1).ok_or("--without needs parts")?.to_string_lossy())?;
        arguments.drain(..2);
    }
    let [out, roots @ ..] = arguments.as_slice() else {
        return Err("usage: answer_cases [--without PART,…] OUT CASE_DIR…".into());
    };
    fs::create_dir_all(out)?;
    let cases = cases(roots)?;
    let engine = Engine::load(without.settings())?;
    let begun = Instant::now();
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(cases.len().max(1));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| -> Result<(), Failure> {
                    while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let name = case.file_name().ok_or("a case folder has no name")?.to_string_lossy();
                        let json = answer::answer(&engine, case, without.parts)
                            .map_err(|error| format!("{}: {error}", case.display()))?;
                        fs::write(out.join(format!("{name}.json")), json)?;
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked")?)
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!("{} cases in {seconds:.2} s on {threads} threads", cases.len());
    Ok(())
}

/// The case folders under `roots`, in order of their names.
fn cases(roots: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let is_case = |folder: &Path| folder.join("left.txt").is_file() && folder.join("right.txt").is_file();
    let mut found = Vec::new();
    for root in roots {
        if is_case(root) {
            found.push(root.clone());
            continue;
        }
        let mut inside = fs::read_dir(root)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, Failure>>()?;
        inside.retain(|folder| is_case(folder));
        inside.sort();
        found.append(&mut inside);
    }
    Ok(found)
}
