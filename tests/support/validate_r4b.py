#!/usr/bin/env python3
"""Validates FHIR resources, one JSON document a line on standard input, with fhir.resources R4B.

Needs the PyPI package fhir.resources. Ends with 1 and the reasons when any line is not valid.
"""
import json
import sys

from fhir.resources.R4B import get_fhir_model_class


def faults(line: str) -> str | None:
    try:
        document = json.loads(line)
        model = get_fhir_model_class(document["resourceType"])
        model.model_validate(document)
    except Exception as error:  # every kind of fault is told alike
        return str(error)
    return None


def main() -> int:
    bad = 0
    for number, line in enumerate(filter(str.strip, sys.stdin), start=1):
        why = faults(line)
        if why:
            bad += 1
            print(f"document {number}: {why}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
