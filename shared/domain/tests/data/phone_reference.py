#!/usr/bin/env python3
"""Writes phone_reference.tsv: what Google's libphonenumber says about 7,211 inputs over every region it knows.

    python3 -m venv venv && venv/bin/pip install phonenumbers && venv/bin/python phone_reference.py > phone_reference.tsv

Each line: default region, input, `1` if the number is valid, its region, its E.164 form (the last two empty when it
is not valid). The inputs are example numbers of every kind in national, international and E.164 spelling, and
damaged ones: a digit too many, a digit too few, a digit changed. Deterministic: the same library version writes the
same file.
"""
import random
import sys

import phonenumbers as p

TOTAL = 7211
KINDS = sorted({v for k, v in vars(p.PhoneNumberType).items() if k.isupper() and isinstance(v, int) and v >= 0 and v != p.PhoneNumberType.UNKNOWN})


def judge(region, text):
    try:
        number = p.parse(text, region)
    except p.NumberParseException:
        return (region, text, "0", "", "")
    if not p.is_valid_number(number):
        return (region, text, "0", "", "")
    return (region, text, "1", p.region_code_for_number(number) or "", p.format_number(number, p.PhoneNumberFormat.E164))


def inputs(region, rng):
    for kind in KINDS:
        number = p.example_number_for_type(region, kind)
        if number is None:
            continue
        e164 = p.format_number(number, p.PhoneNumberFormat.E164)
        national = p.format_number(number, p.PhoneNumberFormat.NATIONAL)
        yield national
        yield e164
        yield p.format_number(number, p.PhoneNumberFormat.INTERNATIONAL)
        yield "".join(c for c in national if c.isdigit())
        yield e164 + str(rng.randrange(10))
        yield e164[:-1]
        at = rng.randrange(2, len(e164))
        yield e164[:at] + str(rng.randrange(10)) + e164[at + 1:]


def main():
    rng = random.Random(7211)
    by_region = {}
    for region in sorted(p.SUPPORTED_REGIONS):
        seen = []
        for text in inputs(region, rng):
            if text not in seen:
                seen.append(text)
        by_region[region] = seen
    # Round after round, one input of each region, until there are enough: every region counts alike.
    chosen, depth = [], 0
    while len(chosen) < TOTAL:
        added = False
        for region, texts in by_region.items():
            if depth < len(texts) and len(chosen) < TOTAL:
                chosen.append((region, texts[depth]))
                added = True
        if not added:
            sys.exit(f"only {len(chosen)} distinct inputs")
        depth += 1
    print(f"# libphonenumber metadata {p.__version__}, {len(by_region)} regions, {len(chosen)} cases; see phone_reference.py")
    for region, text in sorted(chosen):
        print("\t".join(judge(region, text)))


main()
