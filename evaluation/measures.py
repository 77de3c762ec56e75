"""The scores of policy-echo's answers, as plain functions: gold data and answers in, figures and findings out.

Every function returns (figures, findings). Figures are numbers by name. Findings are dictionaries that a person can
read: what was missed or wrongly found, in words, with a `badness` to sort them by.
Offsets are code points; line numbers count non-empty lines from 0.
"""
import json
import random
from collections import defaultdict
from pathlib import Path

import echobench

MUST, FREE = ("verbatim", "adapted"), ("topic", "maybe")
NO_SKIP = {"left": [], "right": []}


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else float("nan")


def f1_of(precision, recall):
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def read(path):
    return Path(path).read_text(encoding="utf8")


def line_spans(text):
    """(start, end) of the non-empty lines, blanks at both ends left out."""
    spans, at = [], 0
    for line in text.split("\n"):
        words = line.strip()
        if words:
            start = at + line.index(words)
            spans.append((start, start + len(words)))
        at += len(line) + 1
    return spans


def quote(text, span, most=160):
    words = text[slice(*span)].replace("\n", " ⏎ ")
    return words if len(words) <= most else f"{words[:most // 2]} … {words[-most // 2:]}"


def answer_of(found, name):
    return json.loads(read(Path(found) / f"{name}.json"))


def overlaps_both(a, b):
    return echobench.detects(a, b)


# ---- links ----

def links(case, answer):
    """Precision, recall and F1 of paragraph links; a link of joined lines stands for all its line pairs."""
    gold = echobench.read_links(case / "links.tsv")
    must = {pair for pair, relation in gold.items() if relation in MUST}
    free = {pair for pair, relation in gold.items() if relation in FREE}
    right_links, wrong_links, covered = [], [], set()
    for link in answer["links"]:
        pairs = {(left, right) for left in link["left"] for right in link["right"]}
        if pairs & must:
            right_links.append(link)
            covered |= pairs & must
        elif not pairs & free:
            wrong_links.append((link, pairs))
    judged = len(right_links) + len(wrong_links)
    precision = len(right_links) / judged if judged else (0.0 if must else 1.0)
    recall = len(covered) / len(must) if must else 1.0
    left, right = read(case / "left.txt"), read(case / "right.txt")
    left_lines, right_lines = line_spans(left), line_spans(right)
    say = lambda text, lines, number: f"[{number}] {quote(text, lines[number])}"
    findings = [{"what": "missed link", "case": case.name, "relation": gold[pair], "badness": 1.0,
                 "left": say(left, left_lines, pair[0]), "right": say(right, right_lines, pair[1])}
                for pair in sorted(must - covered)]
    for link, pairs in wrong_links:
        relation = next((gold[pair] for pair in sorted(pairs) if pair in gold), "none")
        findings.append({"what": "wrong link", "case": case.name, "relation": relation,
                         "badness": link["similarity"], "similarity": link["similarity"],
                         "left": " ".join(say(left, left_lines, n) for n in link["left"]),
                         "right": " ".join(say(right, right_lines, n) for n in link["right"])})
    figures = {"precision": precision, "recall": recall, "f1": f1_of(precision, recall), "gold": len(must),
               "judged": judged}
    return figures, findings


# ---- revisions ----

def revisions(root, found):
    """Article lines that did not change: linked to their counterpart, and alone with it in a MATCH bead."""
    total = linked = alone = elsewhere = 0
    findings = []
    for case in sorted(p for p in Path(root).iterdir() if (p / "unchanged.tsv").exists()):
        answer = answer_of(found, case.name)
        pairs = [(left, right) for link in answer["links"] for left in link["left"] for right in link["right"]]
        pair_set, right_of = set(pairs), defaultdict(set)
        for left, right in pairs:
            right_of[left].add(right)
        matches = {(tuple(b["left"]), tuple(b["right"])) for b in answer["beads"] if b["kind"] == "MATCH"}
        left, right = read(case / "left.txt"), read(case / "right.txt")
        left_lines, right_lines = line_spans(left), line_spans(right)
        for pair in sorted(echobench.read_links(case / "unchanged.tsv")):
            total += 1
            is_linked, is_alone = pair in pair_set, ((pair[0],), (pair[1],)) in matches
            linked += is_linked
            alone += is_alone
            elsewhere += bool(right_of[pair[0]] - {pair[1]})
            if not (is_linked and is_alone):
                what = "unchanged article not linked" if not is_linked else "unchanged article not alone in a MATCH bead"
                findings.append({"what": what, "case": case.name, "badness": 2.0 - is_linked,
                                 "left": f"[{pair[0]}] {quote(left, left_lines[pair[0]])}",
                                 "right": f"[{pair[1]}] {quote(right, right_lines[pair[1]])}"})
    return {"linked": linked / total, "alone_in_match": alone / total, "also_linked_elsewhere": elsewhere / total,
            "pairs": total}, findings


# ---- EchoBench ----

def echobench_cases(folder):
    return sorted(p for p in Path(folder).iterdir() if (p / "gold.json").exists())


def echobench_scores(runs):
    """PAN measures over several seeds. `runs` is [(seed, cases folder, answers folder)]."""
    by_seed, noise, kinds, short, empty, findings = {}, defaultdict(list), defaultdict(list), [], [], []
    for seed, cases, found in runs:
        rows = []
        for case in echobench_cases(cases):
            gold, answer = json.loads(read(case / "gold.json")), answer_of(found, case.name)
            left, right = read(case / "left.txt"), read(case / "right.txt")
            row = echobench.pan(gold["echoes"], answer["passages"], gold["neutral"], left)
            rows.append(row)
            noise[gold["noise"]].append(row[3])
            if not gold["echoes"]:
                empty.append(float(row[0] == 1.0))
            for echo in gold["echoes"]:
                detecting = [r for r in answer["passages"] if overlaps_both(r, echo)]
                hit, all_of_it = echobench.covered(echo, detecting, NO_SKIP)
                kinds[echo["kind"]].append(hit / all_of_it)
                if echo.get("short"):
                    short.append(hit / all_of_it)
            findings += case_findings(f"seed {seed} {case.name}", gold, answer, left, right)
        precision, recall, granularity = (mean(row[k] for row in rows) for k in range(3))
        by_seed[seed] = {"precision": precision, "recall": recall, "granularity": granularity,
                         "plagdet": f1_of(precision, recall) / echobench.math.log2(1 + granularity), "cases": len(rows)}
    per_case = mean(value for values in noise.values() for value in values)
    figures = {name: mean(seed[name] for seed in by_seed.values())
               for name in ("precision", "recall", "granularity", "plagdet")}
    figures |= {"by_seed": by_seed, "recall_short": mean(short), "short_echoes": len(short),
                "empty_left_empty": mean(empty), "empty_cases": len(empty),
                "recall_by_kind": {kind: mean(values) for kind, values in sorted(kinds.items())},
                "plagdet_by_noise": {name: mean(values) for name, values in sorted(noise.items())},
                "worst_noise_below_mean": max(per_case - mean(values) for values in noise.values())}
    return figures, findings


def case_findings(name, gold, answer, left, right):
    """Echoes that were missed or cut up, and finds that are no echo."""
    out = []
    for echo in gold["echoes"]:
        detecting = [r for r in answer["passages"] if overlaps_both(r, echo)]
        hit, total = echobench.covered(echo, detecting, NO_SKIP)
        label = {"case": name, "noise": gold["noise"], "kind": echo["kind"] + (" short" if echo.get("short") else ""),
                 "left": quote(left, echo["left"]), "right": quote(right, echo["right"])}
        if hit < 0.7 * total:
            found = " | ".join(f"{quote(left, r['left'], 60)} ~ {quote(right, r['right'], 60)}" for r in detecting)
            formula = any(overlaps_both(r, echo) for r in answer["formulas"])
            out.append(label | {"what": "missed echo", "badness": 1 - hit / total, "recall": hit / total,
                                "found": found or ("as formula" if formula else "nothing")})
        if len(detecting) > 1:
            out.append(label | {"what": "echo in pieces", "badness": float(len(detecting)),
                                "found": " | ".join(quote(right, r["right"], 60) for r in detecting)})
    for r in answer["passages"]:
        detected = [s for s in gold["echoes"] if overlaps_both(r, s)]
        if not detected and echobench.other_place(r, gold["echoes"], left):
            continue
        hit, total = echobench.covered(r, detected, gold["neutral"])
        if total and hit < 0.7 * total:
            out.append({"what": "false find" if not detected else "find too long", "case": name, "noise": gold["noise"],
                        "badness": (total - hit) / 10, "weight": r["weight"], "origin": r["origin"],
                        "background_documents": r["background_documents"], "precision": hit / total,
                        "left": quote(left, r["left"]), "right": quote(right, r["right"])})
    return out


def echobench_edits(runs):
    """Typed edits, judged as `echobench.py edits` does, over several seeds.

    `f1_of_all_changes` leaves true finds of changes that the generator could not place (see `echo_cases.py`) out of
    precision; `ceiling_f1` is what `echobench.py edits` gives an answer that reports every change and nothing else.
    """
    tally, findings = defaultdict(lambda: [0] * 6), []
    for seed, cases, found in runs:
        for case in echobench_cases(cases):
            gold = json.loads(read(case / "gold.json"))
            if gold["noise"] not in ("none", "traditional", "width", "furniture"):
                continue
            answer = answer_of(found, case.name)
            left, right = read(case / "left.txt"), read(case / "right.txt")
            for echo in gold["echoes"]:
                if echo["kind"] not in ("localized", "edited", "split", "verbatim"):
                    continue
                inside = [edit for edit in answer["edits"] if overlaps_both(edit, echo)]
                findings += judge_edits(tally, echo, inside, left, right, f"seed {seed} {case.name}")
    figures = {}
    for kind, (gold_count, found_count, judged, right_count, true_count, unplaced) in sorted(tally.items()):
        recall = found_count / gold_count if gold_count else float("nan")
        precision = right_count / judged if judged else 0.0
        sure = right_count / (judged - true_count) if judged > true_count else 0.0
        figures[kind] = {"recall": recall, "precision": precision, "f1": f1_of(precision, recall), "gold": gold_count,
                         "precision_of_all_changes": sure, "f1_of_all_changes": f1_of(sure, recall),
                         "ceiling_f1": f1_of(gold_count / max(1, gold_count + unplaced), 1.0)}
    return figures, findings


def number_edits(cases, found):
    """NUMBER edits of the cases in which only quantities change. A sentence that was not found counts as missed."""
    tally, findings = defaultdict(lambda: [0] * 6), []
    for case in echobench_cases(cases):
        gold, answer = json.loads(read(case / "gold.json")), answer_of(found, case.name)
        left, right = read(case / "left.txt"), read(case / "right.txt")
        for echo in gold["echoes"]:
            inside = [edit for edit in answer["edits"] if overlaps_both(edit, echo)]
            findings += judge_edits(tally, echo, inside, left, right, case.name)
    gold_count, found_count, judged, right_count, *_ = tally["number"]
    recall, precision = found_count / gold_count, right_count / judged if judged else 0.0
    return {"recall": recall, "precision": precision, "f1": f1_of(precision, recall), "gold": gold_count}, findings


def is_change(edit, change):
    """Whether a find lies where a change that could not be placed may be."""
    somewhere = lambda side: any(echobench.overlap(edit[side], span) for span in change[f"{side}_spans"])
    return somewhere("left") and somewhere("right") and edit.get("direction") == change.get("direction")


def judge_edits(tally, echo, inside, left, right, name):
    findings = []
    for kind in ("localization", "number", "strength"):
        same = [edit for edit in inside if edit["kind"].lower() == kind]
        want = [edit for edit in echo["edits"] if edit["type"] == kind]

        def hit(edit, gold):
            return (echobench.overlap(edit["left"], gold["left_span"]) and echobench.overlap(edit["right"], gold["right_span"])
                    and (kind != "strength" or edit.get("direction") == gold.get("direction")))

        missed = [gold for gold in want if not any(hit(edit, gold) for edit in same)]
        judged = same if kind != "localization" or want else []
        wrong = [edit for edit in judged if not any(hit(edit, gold) for gold in want)]
        unplaced = [change for change in echo.get("unplaced", []) if change["type"] == kind and (kind != "localization" or want)]
        true = [edit for edit in wrong if any(is_change(edit, change) for change in unplaced)]
        tally[kind][0] += len(want)
        tally[kind][1] += len(want) - len(missed)
        tally[kind][2] += len(judged)
        tally[kind][3] += len(judged) - len(wrong)
        tally[kind][4] += len(true)
        tally[kind][5] += len(unplaced)
        around = lambda text, span: quote(text, (max(0, span[0] - 8), span[0])) + "【" + quote(text, span) + "】" + quote(text, (span[1], span[1] + 8))
        for gold in missed:
            there = [f"{e['kind']} {quote(left, e['left'])}→{quote(right, e['right'])}" for e in inside
                     if echobench.overlap(e["left"], gold["left_span"]) or echobench.overlap(e["right"], gold["right_span"])]
            findings.append({"what": f"missed {kind}", "case": name, "badness": 1.0, "found": " | ".join(there) or "nothing",
                             "left": around(left, gold["left_span"]), "right": around(right, gold["right_span"])})
        for edit in wrong:
            what = f"true {kind} that the gold could not place" if edit in true else f"wrong {kind}"
            findings.append({"what": what, "case": name, "badness": 0.0 if edit in true else 1.0,
                             "left": around(left, edit["left"]), "right": around(right, edit["right"])})
    return findings


# ---- origin ----

def read_passages(case, reader):
    """One reader's passages as spans; a quote that stands twice in its paragraph gives both places."""
    left, right = read(case / "left.txt"), read(case / "right.txt")
    places = {}
    for side, text in (("left", left), ("right", right)):
        places[side] = text, line_spans(text)
    out = []
    for row in read(case / f"passages-{reader}.tsv").splitlines()[1:]:
        cells = row.split("\t")
        spans = {}
        for side, number, words in (("left", cells[0], cells[2]), ("right", cells[1], cells[3])):
            text, lines = places[side]
            start, end = lines[int(number)]
            at, spans[side] = text.find(words, start, end), []
            while at >= 0:
                spans[side].append([at, at + len(words)])
                at = text.find(words, at + 1, end)
            if not spans[side]:
                raise SystemExit(f"{case.name}: a quote of reader {reader} is not in its {side} paragraph {number}")
        out.append(spans | {"relation": cells[4], "quotes": (cells[2], cells[3])})
    return out


def weight_of(passage, answer_passages):
    """Weight of the heaviest reported passage that overlaps on both sides; 0 if there is none."""
    return max((r["weight"] for r in answer_passages
                if any(echobench.overlap(r["left"], s) for s in passage["left"])
                and any(echobench.overlap(r["right"], s) for s in passage["right"])), default=0.0)


def area_under_curve(positives, negatives):
    wins = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    return wins / (len(positives) * len(negatives)) if positives and negatives else float("nan")


def common_formula(case):
    """Pairs of spans that both readers call formula."""
    out = []
    a, b = ([p for p in read_passages(case, reader) if p["relation"] == "formula"] for reader in "ab")
    meet = lambda s, t: [max(s[0], t[0]), min(s[1], t[1])]
    for p in a:
        for q in b:
            spans = {side: [meet(s, t) for s in p[side] for t in q[side] if echobench.overlap(s, t)] for side in ("left", "right")}
            out += [{"left": s, "right": t} for s in spans["left"] for t in spans["right"]]
    return out


def origin(cases, found):
    """Whether weights tell echo from formula, on the passages of both readers of the plenum pairs."""
    scores, scores_all, findings, heavy = defaultdict(list), defaultdict(list), [], 0
    for case in cases:
        answer = answer_of(found, case.name)
        left, right = read(case / "left.txt"), read(case / "right.txt")
        for reader in "ab":
            for passage in read_passages(case, reader):
                relation = passage["relation"]
                if relation not in MUST + ("formula",):
                    continue
                kind = "formula" if relation == "formula" else "echo"
                weight = weight_of(passage, answer["passages"])
                scores[kind].append(weight)
                scores_all[kind].append(weight_of(passage, answer["passages"] + answer["formulas"]))
                if (kind == "echo" and weight == 0) or (kind == "formula" and weight > 0):
                    findings.append({"what": "echo without weight" if kind == "echo" else "formula with weight",
                                     "case": f"{case.name} reader {reader}", "weight": weight,
                                     "badness": 50.0 if kind == "echo" else weight,
                                     "left": passage["quotes"][0], "right": passage["quotes"][1]})
        both = common_formula(case)
        for r in sorted(answer["passages"], key=lambda r: -r["weight"])[:10]:
            if any(overlaps_both(r, formula) for formula in both):
                heavy += 1
                findings.append({"what": "one of the ten heaviest touches a formula of both readers", "case": case.name,
                                 "weight": r["weight"], "badness": 1000 + r["weight"], "origin": r["origin"],
                                 "background_documents": r["background_documents"],
                                 "left": quote(left, r["left"]), "right": quote(right, r["right"])})
    return {"auc": area_under_curve(scores["echo"], scores["formula"]),
            "auc_with_formula_passages": area_under_curve(scores_all["echo"], scores_all["formula"]),
            "formula_among_ten_heaviest": heavy, "echoes": len(scores["echo"]),
            "formulas": len(scores["formula"])}, findings


# ---- references ----

def make_reference_cases(cases, out, most):
    """Copies of EchoBench cases in which every second long echo also stands in a reference."""
    made = 0
    for case in echobench_cases(cases):
        gold = json.loads(read(case / "gold.json"))
        echoes = [echo for echo in gold["echoes"] if not echo["short"]]
        if gold["noise"] not in ("none", "width") or len(echoes) < 2 or made == most:
            continue
        made += 1
        folder = Path(out) / case.name
        folder.mkdir(parents=True, exist_ok=True)
        left = read(case / "left.txt")
        for name in ("left.txt", "right.txt", "gold.json"):
            (folder / name).write_text(read(case / name), encoding="utf8")
        random.Random(case.name).shuffle(echoes)
        known = "\n".join(left[slice(*echo["left"])].strip() for echo in echoes[::2])
        (folder / "reference1.txt").write_text(known + "\n", encoding="utf8")


def references(cases, found):
    """Passages whose wording a reference holds are attributed to it; the others are not."""
    right_yes = yes = right_no = no = 0
    findings = []
    for case in echobench_cases(cases):
        gold, answer = json.loads(read(case / "gold.json")), answer_of(found, case.name)
        left, known = read(case / "left.txt"), read(case / "reference1.txt")
        for r in answer["passages"]:
            echoes = [echo for echo in gold["echoes"] if overlaps_both(r, echo) and not echo["short"]]
            if len(echoes) != 1:
                continue
            expected = left[slice(*echoes[0]["left"])].strip() in known
            attributed = r["origin"] == "REFERENCE"
            yes, no = yes + expected, no + (not expected)
            right_yes, right_no = right_yes + (expected and attributed), right_no + (not expected and not attributed)
            if expected != attributed:
                findings.append({"what": "reference not named" if expected else "reference named in vain",
                                 "case": case.name, "badness": 1.0, "origin": r["origin"],
                                 "left": quote(left, r["left"]), "right": quote(read(case / "right.txt"), r["right"])})
    return {"named": right_yes / yes if yes else float("nan"),
            "not_named_in_vain": right_no / no if no else float("nan"), "passages": yes + no}, findings


# ---- word diffs ----

def word_diffs(answers):
    """Adds up the counts that the answering program made about every bead's diff."""
    total = defaultdict(int)
    for answer in answers:
        for name, count in answer["diff"].items():
            total[name] += count
    part = lambda a, b: total[a] / total[b] if total[b] else float("nan")
    return {"reversible": part("reversible", "beads"), "words_over_fewest": part("touched_words", "fewest_words"),
            "beads_within_bound": part("beads_within_bound", "beads_bounded"),
            "borders_on_words": part("borders_on_words", "borders"), "retokenized": total["retokenized"],
            "beads": total["beads"]}, []
