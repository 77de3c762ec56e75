"""What a Python user would combine to compare two Chinese documents, timed on one pair.

    python3 benches/peers.py LEFT RIGHT [--repeat N]

Makes a virtual environment beside the build (target/peers, or $PEERS_ENVIRONMENT) from peers-requirements.txt the first
time. Prints one JSON object: processor time of each combination in microseconds, the median of N runs. Every one of
them does a fraction of what the engine does: one word or character diff, and for the last one shared phrases too.
"""
import json
import os
import subprocess
import sys
import time
import unicodedata
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = Path(os.environ.get("PEERS_ENVIRONMENT", HERE.parent / "target" / "peers"))
SHORTEST_PHRASE = 6


def in_environment():
    """Runs this script again inside the environment, which is made if need be."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "complete").exists():
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "-r", HERE / "peers-requirements.txt"], check=True
        )
        (ENVIRONMENT / "complete").touch()
    return subprocess.call([python, __file__, *sys.argv[1:], "--inside"])


def median_us(run, repeat):
    times = []
    for _ in range(repeat):
        began = time.process_time_ns()
        run()
        times.append((time.process_time_ns() - began) // 1000)
    return sorted(times)[len(times) // 2]


def shared_phrases(left, right):
    """Runs of the right text whose k-grams the left one has, joined where they overlap."""
    known = {left[at : at + SHORTEST_PHRASE] for at in range(len(left) - SHORTEST_PHRASE + 1)}
    found, start = [], None
    for at in range(len(right) - SHORTEST_PHRASE + 2):
        if right[at : at + SHORTEST_PHRASE] in known:
            start = at if start is None else start
        elif start is not None:
            found.append(right[start : at + SHORTEST_PHRASE - 1])
            start = None
    return found


def measure(left, right, repeat):
    import difflib

    import diff_match_patch
    import jieba
    import rjieba
    from rapidfuzz.distance import LCSseq

    jieba.setLogLevel(60)
    jieba.initialize()
    rjieba.cut("预热")
    left, right = unicodedata.normalize("NFKC", left), unicodedata.normalize("NFKC", right)

    def jieba_difflib():
        words = jieba.lcut(left), jieba.lcut(right)
        return difflib.SequenceMatcher(None, *words).get_opcodes()

    def rapidfuzz_characters():
        return LCSseq.editops(left, right)

    def expert():
        words = list(rjieba.cut(left)), list(rjieba.cut(right))
        numbers = {}
        ids = [[numbers.setdefault(word, len(numbers)) for word in side] for side in words]
        return LCSseq.editops(*ids), shared_phrases(left, right)

    def patch():
        return diff_match_patch.diff_match_patch().diff_main(left, right)

    combinations = {
        "jieba + difflib": (jieba_difflib, repeat),
        "rapidfuzz, characters": (rapidfuzz_characters, repeat),
        "rjieba + rapidfuzz + k-grams": (expert, repeat),
        "diff-match-patch, 1 s limit": (patch, 1),
    }
    return {name: median_us(run, times) for name, (run, times) in combinations.items()}


def main():
    arguments = [word for word in sys.argv[1:] if word != "--inside"]
    if "--inside" not in sys.argv:
        return in_environment()
    repeat = 5
    if "--repeat" in arguments:
        at = arguments.index("--repeat")
        repeat = int(arguments[at + 1])
        del arguments[at : at + 2]
    left, right = (Path(path).read_text(encoding="utf-8") for path in arguments)
    print(json.dumps(measure(left, right, repeat), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
