#!/usr/bin/env python3
"""Traces through made-up resolutions whose every echo has a known source, and how often the right source comes first.

  traces.py [--program PROGRAM] [--seed N] [--worst N]

20 directives, 10 references, 200 resolutions. A resolution is a municipal regulation of another subject into which
passages are set, each changed as EchoBench changes them (verbatim, localized, edited, condensed, reordered): three of
its directive (which other resolutions may take as well), two of references, one of a reference that is younger than it,
and one that an earlier resolution of the same directive has of its own. Every tenth resolution is older than its directive. Only passages are taken of which no
other document of the trace holds a run of 8 characters, so that the source is certain.

A stretch (a passage or a local addition) is judged when half of it or more lies in one echo and it is no formula. It is
right when its best source, after the summary, is the source of that echo; where the source is younger, or the directive
and the resolution older than it, anything is right but that source. Exits with 1 when a figure misses its target.
"""
import argparse, json, random, re, subprocess, sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import echobench  # noqa: E402

DIRECTIVES, REFERENCES, RESOLUTIONS = 20, 10, 10
YOUNGER = 2  # references that are younger than every resolution
KINDS = ["verbatim", "localized", "edited", "condensed", "reordered"]
RUN = 8
TARGETS = [
    ("right source first", "right_share", ">=", 0.95),
    ("sources younger than their echo", "younger", "<=", 0),
    ("echoes with a right stretch", "found_share", ">=", 0.85),
]


def grams(text):
    return {text[i:i + RUN] for i in range(len(text) - RUN + 1)}


class Source:
    """A document that passages are taken from."""

    def __init__(self, name, text, sort):
        self.name, self.text, self.sort, self.grams = name, text, sort, grams(text)


def pick(source, others, rng, taken):
    """A passage of one or two sentences that no other document of the trace shares a run with."""
    spans = []
    for line in echobench.paragraphs(source.text):
        sentences = echobench.sentences(line)
        for at in range(len(sentences)):
            text = "".join(sentences[at:at + rng.choice([1, 1, 2])])
            if 40 <= len(text) <= 200 and echobench.HAN.search(text):
                spans.append(text)
    rng.shuffle(spans)
    for text in spans:
        own = grams(text)
        if text not in taken and not any(own & other.grams for other in others):
            taken.add(text)
            return text
    return None


def resolution(host, echoes, rng):
    """The text, and where each echo stands in code points."""
    pieces = [(line, None) for line in host]
    for echo in echoes:
        pieces.insert(rng.randrange(1, len(pieces) + 1), (echo["text"], echo))
    text = ""
    for line, echo in pieces:
        if echo:
            echo["span"] = [len(text), len(text) + len(line)]
        text += line + "\n"
    return text


def make(number, texts, hosts, rng):
    """One trace: the documents, their dates, and the echoes of each resolution."""
    directive = Source("directive", texts[number][1], ("directive",))
    references = [Source(f"reference {at}", texts[DIRECTIVES + at][1], ("reference", at)) for at in range(REFERENCES)]
    old, young = references[:-YOUNGER], references[-YOUNGER:]
    chosen = rng.sample(hosts, RESOLUTIONS)
    subjects = [Source(path.stem, text, ("host",)) for path, text in chosen]
    upstream = [directive, *references]
    # What one resolution copied of another's own words nobody else copies, or there would be two sources.
    cities, truth, copied = [], [], set()
    for city in range(RESOLUTIONS):
        path, text = chosen[city]
        body = [line for line in echobench.paragraphs(text) if len(line) > 10][:40]
        names = echobench.place_names(texts[number][0].stem, path.stem)
        preceding = city == RESOLUTIONS - 1
        plan = [directive] * 3 + rng.sample(old, 2) + [rng.choice(young)]
        if 0 < city < RESOLUTIONS - 1:
            plan.append(subjects[rng.randrange(city)])
        echoes, taken = [], set()
        for source in plan:
            others = [other for other in upstream + subjects if other is not source]
            passage = pick(source, others, rng, copied if source.sort == ("host",) else taken)
            if passage is None:
                continue
            kind = rng.choice(KINDS)
            changed, _ = echobench.CHANGES[kind](passage, rng, names)
            sort = source.sort
            if sort == ("host",):
                sort = ("earlier", subjects.index(source))
                # What was copied must stand in the part of the host that the earlier resolution holds.
                if passage not in cities[sort[1]]:
                    continue
            forbidden = sort[0] == "reference" and sort[1] >= REFERENCES - YOUNGER or preceding and sort[0] == "directive"
            echoes.append({"text": changed, "kind": kind, "source": sort, "forbidden": forbidden})
        cities.append(resolution(body, echoes, rng))
        truth.append(echoes)
    dates = {"directive": "2015-06-01"}
    dates |= {f"reference {at}": "2010-03-01" if at < len(old) else "2025-03-01" for at in range(REFERENCES)}
    dates |= {f"city {at}": f"2016-{at + 1:02}-01" if at < RESOLUTIONS - 1 else "2014-09-01" for at in range(RESOLUTIONS)}
    documents = {"directive": directive.text}
    documents |= {reference.name: reference.text for reference in references}
    documents |= {f"city {at}": text for at, text in enumerate(cities)}
    return documents, dates, truth


def traced(program, folder, documents, dates):
    """The program's findings by resolution, and its summary."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for name, text in documents.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf8")
        entries.append({"file": f"{name}.txt", "title": name, "adopted": dates[name]})
    (folder / "manifest.json").write_text(json.dumps({"documents": entries}), encoding="utf8")
    paths = {name: str(folder / f"{name}.txt") for name in documents}
    command = [program, "trace", paths["directive"], *(paths[f"city {at}"] for at in range(RESOLUTIONS))]
    for at in range(REFERENCES):
        command += ["--reference", paths[f"reference {at}"]]
    command += ["--manifest", str(folder / "manifest.json"), "--format", "json", "--offset-unit", "code-points"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    findings = {reply["finding"]["resolution"]: reply["finding"]["trace"] for reply in replies if "finding" in reply}
    return findings, replies[-1]["summary"]


def source_of(candidate):
    kind = candidate["kind"].removeprefix("ORIGIN_KIND_")
    if kind == "REFERENCE":
        return ("reference", candidate["reference"])
    if kind == "EARLIER_RESOLUTION":
        return ("earlier", candidate["resolution"])
    return (kind.lower(),)


def stretches(finding, changed):
    """Every passage and addition with its sources once all resolutions are known."""
    settled = {}
    for change in changed:
        key = ("passage", change["passage"]) if "passage" in change else ("addition", change["addition"])
        settled[key] = change["candidates"]
    passages = zip(finding["comparison"].get("passages", []), finding.get("passageSources", []))
    for at, (passage, sources) in enumerate(passages):
        yield passage["right"], settled.get(("passage", at), sources.get("candidates", []))
    for at, addition in enumerate(finding.get("localAdditions", [])):
        yield addition["span"], settled.get(("addition", at), addition.get("candidates", []))


def judge(findings, summary, truth, dates, counts, wrong):
    changed = {one["resolution"]: one.get("changed", []) for one in summary["resolutions"]}
    for city, echoes in enumerate(truth):
        found = set()
        for span, candidates in stretches(findings[city], changed[city]):
            sources = [source_of(candidate) for candidate in candidates]
            for source in sources:
                name = {"reference": "reference", "earlier": "city", "directive": "directive"}.get(source[0])
                name = name if name in (None, "directive") else f"{name} {source[1]}"
                counts["younger"] += name is not None and dates[name] > dates[f"city {city}"]
            first = sources[0] if sources else ("own",)
            if first == ("formula",):
                continue
            for at, echo in enumerate(echoes):
                start, end = echo["span"]
                inside = min(end, span["end"]) - max(start, span["start"])
                if inside * 2 < span["end"] - span["start"] or inside <= 0:
                    continue
                right = first != echo["source"] if echo["forbidden"] else first == echo["source"]
                counts["stretches"] += 1
                counts["right"] += right
                if right:
                    found.add(at)
                else:
                    wrong.append((echo["source"], first, echo["kind"], echo["text"][:40]))
        counts["echoes"] += len(echoes)
        counts["found"] += len(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(HERE.parent / "target/release/policy-echo"))
    parser.add_argument("--out", default=str(HERE.parent / "target/evaluation/traces"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worst", type=int, default=0, help="print so many wrong stretches")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    read = lambda side: [(path, path.read_text(encoding="utf8")) for path in sorted((HERE / "documents" / side).glob("*.txt"))]
    texts, hosts = read("directives"), read("hosts")
    rng.shuffle(texts)
    counts, wrong = Counter(), []
    for number in range(DIRECTIVES):
        documents, dates, truth = make(number, texts, hosts, rng)
        findings, summary = traced(args.program, Path(args.out) / str(number), documents, dates)
        judge(findings, summary, truth, dates, counts, wrong)
    figures = {
        "right_share": counts["right"] / max(counts["stretches"], 1),
        "found_share": counts["found"] / max(counts["echoes"], 1),
        "younger": counts["younger"],
    }
    print(f"{DIRECTIVES * RESOLUTIONS} resolutions, {counts['echoes']} echoes, {counts['stretches']} stretches judged")
    failed = 0
    for label, name, sign, bound in TARGETS:
        holds = figures[name] >= bound if sign == ">=" else figures[name] <= bound
        failed += not holds
        print(f"{'ok    ' if holds else 'MISSED'} {label:<34} {figures[name]:.4f} {sign} {bound}")
    for (was, said), count in Counter((was[0], said[0]) for was, said, *_ in wrong).most_common():
        print(f"       {was} taken for {said}: {count}")
    for was, said, kind, text in wrong[:args.worst]:
        print(f"  {was} as {said} ({kind}): {text}")
    return 1 if failed or counts["stretches"] < 500 else 0


if __name__ == "__main__":
    sys.exit(main())
