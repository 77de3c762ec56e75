#!/usr/bin/env python3
"""Generates EchoBench cases, and notes in the gold which changes the generator made but could not place.

`echobench.py` leaves a change out of the gold when its words stand twice in the echo, or when a later change wrote over
them. A tool that reports such a change is right, and `echobench.py edits` counts it as wrong. Here every echo also gets
`unplaced`: the kind of each such change (and its direction), with all places of either side where it may be, so that
`measures.py` can tell true finds from false ones. The texts and the rest of the gold are what `echobench.py generate`
writes with the same arguments.
"""
import re
import sys

import echobench

KINDS = ("localization", "number", "strength")
original_placed = echobench.placed


def places(words, text, offset=0):
    return [[offset + m.start(), offset + m.start() + len(words)] for m in re.finditer(re.escape(words), text)]


def left_places(edit, earlier, left, span):
    """Where the left words of a change stand; those that an earlier change put there, where that one found its own."""
    found = places(edit["left"], left[slice(*span)], span[0])
    for other in reversed(earlier):
        if not found and other["right"] and (edit["left"] in other["right"] or other["right"] in edit["left"]):
            found = places(other["left"], left[slice(*span)], span[0])
    return found


def placed(echo, left, plain, at, plain_chars, noise):
    edits = echo["edits"]
    out = original_placed(echo, left, plain, at, plain_chars, noise)
    certain = [(edit["type"], edit["left"], edit["right"]) for edit in out]
    echo["unplaced"] = []
    for number, edit in enumerate(edits):
        if edit["type"] not in KINDS or (edit["type"], edit["left"], edit["right"]) in certain or len(at) != len(plain):
            continue
        lefts = left_places(edit, edits[:number], left, echo["left"])
        rights = [[at[s], at[e - 1] + 1] for s, e in places(edit["right"], plain)]
        if lefts and rights:
            entry = {"type": edit["type"], "left_spans": lefts, "right_spans": rights}
            echo["unplaced"].append(entry | ({"direction": edit["direction"]} if "direction" in edit else {}))
    return out


if __name__ == "__main__":
    echobench.placed = placed
    sys.exit(echobench.main())
