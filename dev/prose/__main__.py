"""`python -m dev.prose [PREFIX...]` lists each sentence that breaks a rule, of all places or of those that begin so."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from dev.prose.check import findings
from dev.prose.texts import all_texts


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.prose", description=__doc__)
    parser.add_argument("prefix", nargs="*", help="places to read, as docs/ or multiarch/run")
    parser.add_argument("--count", action="store_true", help="print a number for each file instead")
    options = parser.parse_args(words)
    prefixes = tuple(options.prefix) or ("",)
    found = [each for each in findings(tuple(all_texts())) if each.place.startswith(prefixes)]
    if options.count:
        for place, count in Counter(each.place.partition(":")[0] for each in found).most_common():
            print(f"{count:5} {place}")
    else:
        for each in found:
            print(f"{each.place}: {each.complaint}")
    if found:
        print(f"error: {len(found)} sentences break a rule of dev/prose/rules.py", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
