"""What Ankunft costs, measured beside what it is compared with: `make bench`, `python -m tests.bench [NAME …]`.

Each module here that has a function `run() -> Results` is a bench; its file's name is the bench's. It measures in
interleaved pairs (tests/bench/measure.py), brings up what it needs itself, and leaves nothing. Nothing here is a
test: no figure fails a run, the table says whether a goal is met.
"""
