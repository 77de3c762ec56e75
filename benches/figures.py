"""Every figure of speed and boundedness, each beside its target, from one run.

    python3 benches/figures.py                  # all, some ten minutes on two cores
    python3 benches/figures.py --quick          # what CI holds, a minute or two; fails where a limit is grossly passed
    python3 benches/figures.py --only seeds,hostile
    python3 benches/figures.py --program PATH   # a build of examples/measure, else it is built

Groups: seeds, laws, growth, hostile, units, cancel, peers, start. Times are processor times of one thread and most
targets are ratios within one run, so that a busy machine changes them little. The machine is told first. With --quick
only gross limits fail: it finds a stage that became quadratic, not ten per cent.
"""
import argparse
import json
import math
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
EXAMPLES = ROOT / "examples"
REVISIONS = ROOT / "evaluation" / "revisions"
DIRECTIVES = ["guangdong-2019-07-26-plenum.txt", "guangdong-2024-05-regional-development.txt"]
RESOLUTIONS = [
    "guangzhou-2020-12-01-plenum.txt",
    "guangzhou-2021-02-leading-group.txt",
    "guangzhou-2022-09-22-resolution.txt",
]
GROUPS = ["seeds", "laws", "growth", "hostile", "units", "cancel", "peers", "start"]
MEBIBYTE = 1 << 20
# A text that holds nothing to compare is refused with a message; the service answers so within microseconds.
REFUSED = {"diff/both_empty", "diff/empty_vs_large", "para/empty_paragraphs", "token/jieba_spaces"}
BLANK = {"unicode/vs_flood", "unicode/tag_chars"}


class Report:
    """Figures with their targets; remembers what missed them or, with --quick, what passed a gross limit."""

    def __init__(self, quick):
        self.quick, self.missed = quick, []

    def heading(self, text):
        print(f"\n{text}", flush=True)

    def say(self, name, figure, unit="", at_most=None, at_least=None, gross=None):
        """`gross` is how much worse than its target a figure may be with --quick; None holds it only in a full run."""
        target, share = "", 0.0
        if at_most is not None:
            target, share = f"<= {at_most:g}", figure / at_most
        if at_least is not None:
            target, share = f">= {at_least:g}", at_least / figure if figure else math.inf
        verdict = "" if share <= 1 else "MISSED"
        print(f"  {name:<58} {figure:>10.3f} {unit:<5} {target:<10} {verdict}", flush=True)
        if share > (gross or math.inf) if self.quick else share > 1:
            self.missed.append(name)

    def require(self, name, holds):
        if not holds:
            print(f"  {name}: BROKEN", flush=True)
            self.missed.append(name)


def limited(seconds):
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    return limit


def run(program, *words, seconds=120):
    done = subprocess.run(
        [program, *map(str, words)], capture_output=True, text=True, preexec_fn=limited(seconds)
    )
    if done.returncode:
        return None
    return [json.loads(line) for line in done.stdout.splitlines()]


def ratio(one):
    return one["total_us"] / max(one["cutting_us"], 1)


def growth_kb(one):
    return one["peak_kb"] - one["rest_kb"]


def seeds(report, program, quick):
    report.heading("Seed pairs, whole comparison with all reports, over cutting both documents with jieba-rs")
    ratios = []
    for directive in DIRECTIVES[: 1 if quick else 2]:
        for resolution in RESOLUTIONS:
            one = run(program, "pair", EXAMPLES / directive, EXAMPLES / resolution, "--repeat", 40)[0]
            ratios.append(ratio(one))
            report.require(f"{directive} {resolution} rebuilds", one["rebuilds"])
            print(f"  {directive[:14]} ~ {resolution[:14]:<16} {one['total_us']:>7} us, cutting {one['cutting_us']} us")
    report.say("comparison / cutting, median of the pairs", sorted(ratios)[len(ratios) // 2], "x", at_most=4, gross=5)


def revision(length, folder):
    """The laws of evaluation/revisions one after the other, as one revised law of about `length` characters."""
    sides = {"left": [], "right": []}
    for law in sorted(REVISIONS.iterdir()):
        if sum(map(len, sides["left"])) >= length:
            break
        for side, texts in sides.items():
            texts.append((law / f"{side}.txt").read_text(encoding="utf-8"))
    paths = []
    for side, texts in sides.items():
        path = folder / f"revision-{length}-{side}.txt"
        path.write_text("\n".join(texts)[: length + 30_000], encoding="utf-8")
        paths.append(path)
    return paths


def natural(characters, seed):
    """Sentences of the documents of the evaluation, shuffled: text of their words that holds no long repetition."""
    sentences = []
    for path in sorted((ROOT / "evaluation" / "documents").rglob("*.txt")):
        sentences += [part for part in path.read_text(encoding="utf-8").split("。") if len(part) > 8]
    for law in sorted(REVISIONS.iterdir()):
        sentences += [part for part in (law / "left.txt").read_text(encoding="utf-8").split("。") if len(part) > 8]
    chooser = random.Random(seed)
    out, length = [], 0
    while length < characters:
        sentence = chooser.choice(sentences).strip()
        half = chooser.choice(sentences).strip()
        joined = sentence[: len(sentence) // 2] + half[len(half) // 2 :] + "。"
        out.append(joined + ("\n" if chooser.random() < 0.3 else ""))
        length += len(joined)
    return "".join(out)[:characters]


def edited(text, share, seed):
    """The text with a share of its characters deleted, doubled or replaced."""
    chooser = random.Random(seed)
    out = []
    for character in text:
        if character != "\n" and chooser.random() < share:
            kind = chooser.randrange(3)
            out.append("" if kind == 0 else character * 2 if kind == 1 else chooser.choice(text))
        else:
            out.append(character)
    return "".join(out)


def write(folder, name, left, right):
    paths = folder / f"{name}.left.txt", folder / f"{name}.right.txt"
    for path, text in zip(paths, (left, right)):
        path.write_text(text, encoding="utf-8")
    return paths


def laws(report, program, folder, quick):
    report.heading("Law revisions, and long pairs")
    for length in [100_000] if quick else [20_000, 50_000, 100_000]:
        one = run(program, "pair", *revision(length, folder), "--repeat", 3)[0]
        most = 150 if length == 100_000 else None
        report.say(f"revision of {sum(one['characters']) // 2} characters", one["total_us"] / 1000, "ms", at_most=most, gross=10)
        print(f"    over cutting {ratio(one):.1f} x; stages {one['stages_us']}; stopped {one['holds']['stopped']}")
        report.require("revision rebuilds", one["rebuilds"])
    left, right = revision(100_000, folder)
    words = run(program, "diff", left, right)[0]["policy-echo"]
    report.say("word diff: proved minimal before clean-up (1 yes)", int(words["minimal"]), at_least=1, gross=1)
    if quick:
        return
    text = natural(1_000_000, 1)
    for name, other, seconds in [("5 % edits", edited(text, 0.05, 2), 2), ("unrelated", natural(1_000_000, 3), 4)]:
        one = run(program, "pair", *write(folder, name.replace(" ", ""), text, other))[0]
        report.say(f"1 M characters, {name}", one["total_us"] / 1e6, "s", at_most=seconds)
        report.say(f"1 M characters, {name}, memory of the process", one["peak_kb"] / 1024, "MB", at_most=400)
        print(f"    stages {one['stages_us']}; stopped {one['holds']['stopped']}")


def growth(report, program, folder, quick):
    report.heading("Growth with length: exponent between 10 k characters and the longest")
    sizes = [10_000, 100_000] if quick else [10_000, 100_000, 1_000_000]
    times = []
    for size in sizes:
        text = natural(size, 5)
        one = run(program, "pair", *write(folder, f"growth-{size}", text, edited(text, 0.05, 6)), "--repeat", 3)[0]
        times.append(one["total_us"])
        print(f"  {size:>9} characters {one['total_us'] / 1000:>10.1f} ms")
    exponent = math.log(times[-1] / times[0]) / math.log(sizes[-1] / sizes[0])
    report.say("exponent", exponent, at_most=1.15, gross=1.2)


def hostile(report, program, folder, quick):
    report.heading("Hostile pairs: 2 s of one core, 8 x input + 64 MB over what the engine holds at rest")
    scale = "small" if quick else "medium"
    out = folder / "hostile"
    generator = [sys.executable, ROOT / "evaluation" / "adversarial.py", out, "--scale", scale]
    subprocess.run(generator, check=True, stdout=subprocess.DEVNULL)
    worst, heaviest, checked = (0, ""), (0, ""), 0
    for left in sorted(out.rglob("*.a.txt")):
        name = f"{left.parent.name}/{left.name[: -len('.a.txt')]}"
        answers = run(program, "pair", left, left.with_name(left.name.replace(".a.", ".b.")), seconds=40)
        if answers is None:
            report.require(f"{name} answered", name in REFUSED or name in BLANK)
            continue
        one, checked = answers[0], checked + 1
        bound = 8 * one["bytes"] / MEBIBYTE + 64
        share = growth_kb(one) / 1024 / bound
        worst, heaviest = max(worst, (one["total_us"] / 1e6, name)), max(heaviest, (share, name))
        if one["total_us"] > 2e6 or share > 1:
            print(f"  {name:<30} {one['total_us'] / 1e6:.2f} s {growth_kb(one) / 1024:.0f} of {bound:.0f} MB")
        report.require(f"{name} rebuilds", one["rebuilds"])
        if quick:
            continue
        again = run(program, "pair", left, left.with_name(left.name.replace(".a.", ".b.")), seconds=40)
        report.require(f"{name} the same bytes again", again and again[0]["digest"] == one["digest"])
    print(f"  {checked} pairs at scale {scale}; slowest {worst[1]}, heaviest {heaviest[1]}")
    report.say("slowest pair", worst[0], "s", at_most=2, gross=1)
    report.say("heaviest pair, share of its bound", heaviest[0], "", at_most=1, gross=2)


def units(report, program, quick):
    report.heading("Two times 100 000 units")
    answers = run(program, "units")
    for one in answers:
        print(
            f"  {one['case']:<16} diff {one['diff_us'] / 1000:>7.1f} ms, {one['edits']} edits, minimal {one['minimal']};"
            f" phrases {one['phrases_us'] / 1000:.1f} ms, complete {one['phrases_complete']}"
        )
    report.say("slowest diff", max(one["diff_us"] for one in answers) / 1000, "ms", at_most=250, gross=6)
    report.say("slowest phrases", max(one["phrases_us"] for one in answers) / 1000, "ms", at_most=20, gross=20)


def cancel(report, program, folder, quick):
    report.heading("Work that goes on after a cancellation (by the clock; a busy machine adds to it)")
    text = natural(200_000, 8)
    pairs = {"edited": write(folder, "cancel-e", text, edited(text, 0.05, 9))}
    pairs["unrelated"] = write(folder, "cancel-u", text, natural(200_000, 10))
    for name, (left, right) in pairs.items():
        delays = run(program, "cancel", left, right, "--repeat", 30 if quick else 100)[0]["delays_us"]
        report.say(f"{name}: 9 of 10 stop within", delays[len(delays) // 10] / 1000, "ms", at_most=1, gross=10)
        report.say(f"{name}: the longest", delays[0] / 1000, "ms")


def peers(report, program, quick):
    report.heading("Beside other tools on a seed pair (theirs do a fraction of the job)")
    left, right = EXAMPLES / DIRECTIVES[0], EXAMPLES / RESOLUTIONS[2]
    one = run(program, "pair", left, right, "--repeat", 40)[0]
    words = run(program, "diff", left, right)[0]
    for name, other in words.items():
        if isinstance(other, dict):
            print(f"  word diff, {name:<24} {other['us']:>8} us  {other['edits']} edits")
    done = subprocess.run([sys.executable, HERE / "peers.py", left, right], capture_output=True, text=True)
    if done.returncode:
        print("  left out: the Python peers could not be installed or run")
        return
    for name, microseconds in json.loads(done.stdout).items():
        least = 20 if name == "jieba + difflib" else None
        report.say(f"{name} / whole comparison", microseconds / one["total_us"], "x", at_least=least)


def start(report, program):
    report.heading("Start and rest")
    one = run(program, "pair", EXAMPLES / DIRECTIVES[0], EXAMPLES / RESOLUTIONS[1])[0]
    report.say("load and first answer", (one["load_us"] + one["total_us"]) / 1000, "ms", at_most=400, gross=4)
    report.say("resident at rest, engine loaded", one["rest_kb"] / 1024, "MB", at_most=80, gross=1.2)


def built_program():
    subprocess.run(["cargo", "build", "--locked", "--release", "--example", "measure"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "examples" / "measure"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default=",".join(GROUPS))
    parser.add_argument("--program")
    options = parser.parse_args()
    program = options.program or built_program()
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    report = Report(options.quick)
    processor = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    print(f"{processor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {platform.platform()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "seeds" in chosen:
            seeds(report, program, options.quick)
        if "laws" in chosen:
            laws(report, program, folder, options.quick)
        if "growth" in chosen:
            growth(report, program, folder, options.quick)
        if "hostile" in chosen:
            hostile(report, program, folder, options.quick)
        if "units" in chosen:
            units(report, program, options.quick)
        if "cancel" in chosen:
            cancel(report, program, folder, options.quick)
        if "peers" in chosen:
            peers(report, program, options.quick)
        if "start" in chosen:
            start(report, program)
    if report.missed:
        print(f"\n{len(report.missed)} missed: {', '.join(report.missed)}")
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
