"""`python -m tests.faults LAB_JSON LOG`: judge a fault run. Ends with 1 if a promise was broken."""

import sys
from collections import Counter
from pathlib import Path

from tests.customer.lab import read_lab
from tests.faults.checker import judge
from tests.faults.evidence import gather
from tests.faults.log import Log


def main() -> int:
    """Gather the evidence, print the findings and a line that sums up."""
    lab_file, log_file = map(Path, sys.argv[1:])
    evidence = gather(read_lab(lab_file), Log(log_file))
    findings = judge(evidence)
    for finding in findings:
        print(finding)
    kinds = Counter(finding.kind for finding in findings)
    events = Counter(entry["event"] for entry in evidence.log)
    print(
        f"{events['answered']} orders, {events['killed']} kills: {kinds['LOST']} lost, {kinds['DOUBLE']} double, "
        f"{kinds['STALE']} stale, {kinds['NOT_ACTIVE']} not active"
    )
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
