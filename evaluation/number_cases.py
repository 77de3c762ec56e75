"""Pairs in which only quantities change, because EchoBench can place hardly any of its NUMBER edits with certainty.

A case sets sentences of a directive into a host text, each as a paragraph of its own and word for word but for one
quantity, whose place is known. As in EchoBench a sentence must say something the hosts do not say: 逾期不改正的，处一万元以上
五万元以下罚款 is formula whatever its figures are, and no tool should report it as echo. Offsets are code points.
"""
import json
import random
import re
import shutil
from collections import Counter
from pathlib import Path

import echobench

DATE = re.compile(r"\d{4}年|\d+月\d+日")  # a changed date is no changed quantity
CHINESE = ["三", "五", "八", "十五", "二十", "四十五", "六十", "九十"]


def changed(value, rng):
    """Another value of the same writing."""
    if value[0].isdigit():
        whole = str(int(float(value)) + rng.randint(1, 9))
        return whole + value[value.index("."):] if "." in value else whole
    return rng.choice([other for other in CHINESE if other != value])


def grams(text):
    return {text[i:i + 6] for i in range(len(text) - 5)}


def sentences_with_quantity(text, common):
    """(start, end, matches) of sentences of 20 to 160 characters that hold a quantity and are not `common`."""
    at = 0
    for line in text.splitlines(keepends=True):
        place = at + len(line) - len(line.lstrip())
        for sentence in echobench.sentences(line.strip()):
            found = list(echobench.NUMERAL.finditer(sentence))
            own = grams(sentence)
            telling = len(own - common) > 0.85 * len(own)  # the measure of echobench.passages
            if found and 20 <= len(sentence) <= 160 and not DATE.search(sentence) and telling:
                yield place, place + len(sentence), found
            place += len(sentence)
        at += len(line)


def generate(documents, out, seed, most_sentences=12):
    """Writes a case for every directive that has a sentence with a quantity."""
    shutil.rmtree(out, ignore_errors=True)
    rng = random.Random(seed)
    hosts = sorted((Path(documents) / "hosts").glob("*.txt"))
    holding = Counter(gram for host in hosts for gram in grams(host.read_text(encoding="utf8")))
    common = {gram for gram, count in holding.items() if count >= 2}
    for number, path in enumerate(sorted((Path(documents) / "directives").glob("*.txt"))):
        left = path.read_text(encoding="utf8")
        chosen = list(sentences_with_quantity(left, common))
        if not chosen:
            continue
        chosen = rng.sample(chosen, min(most_sentences, len(chosen)))
        body = echobench.paragraphs(rng.choice(hosts).read_text(encoding="utf8"))[:40]
        places = sorted(rng.randrange(1, len(body) + 1) for _ in chosen)
        right, echoes = "", []
        for row, paragraph in enumerate(body + [""]):
            for (start, end, found), place in zip(chosen, places):
                if place != row:
                    continue
                quantity = rng.choice(found)
                value = changed(quantity.group(), rng)
                sentence = left[start:end]
                begin = len(right)
                right += sentence[:quantity.start()] + value + sentence[quantity.end():] + "\n"
                echoes.append({"left": [start, end], "right": [begin, len(right) - 1], "edits": [
                    {"type": "number", "left_span": [start + quantity.start(), start + quantity.end()],
                     "right_span": [begin + quantity.start(), begin + quantity.start() + len(value)]}]})
            right += paragraph + "\n" if paragraph else ""
        case = Path(out) / f"number{number:03d}"
        case.mkdir(parents=True, exist_ok=True)
        (case / "left.txt").write_text(left, encoding="utf8")
        (case / "right.txt").write_text(right, encoding="utf8")
        (case / "gold.json").write_text(json.dumps({"echoes": echoes}, ensure_ascii=False), encoding="utf8")
