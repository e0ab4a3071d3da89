#!/usr/bin/env python3
"""The planner's table under wrong run times, worse forecasts and a lost feed, judged by the referee; and 10,000 jobs in one minute.

  sensitivity.py [--only REGEX] [--burst N] [ARGUMENTS OF planner_table.py]

Each case is one run of planner_table.py; the first is the undisturbed one. Policies and the plain queue are told
the same wrong run times; schedules, bounds and savings count the true ones.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CARBON = os.path.join(ROOT, "config", "replay", "ciso-2020-07-average.csv")
CASES = (  # title, arguments of planner_table.py
    ("as it is", ()),
    ("told half the run time", ("--arguments= --estimates 0.5",)),
    ("told twice the run time", ("--arguments= --estimates 2",)),
    ("told run times log-normal around the true ones, sigma 1", ("--arguments= --estimates heavy",)),
    ("forecasts with a correlated error of 20 %", ("--forecast", "correlated")),
    ("feed lost for a day", ("--arguments= --feed-lost 24",)),
)


def table(only, extra, rest):
    command = [sys.executable, os.path.join(HERE, "planner_table.py"), *extra, *rest]
    if only:
        command += ["--only", only]
    return subprocess.run(command, check=False).returncode


def burst(count, program):
    """`count` jobs of one minute on 1,000 GPUs: what it saves and how long all planning takes, beside the plain queue."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="greenq-burst-") as folder:
        path = os.path.join(folder, "jobs.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("submit_s,duration_s,gpus\n")
            for _ in range(count):
                file.write(f"{chance.randrange(60)},{300 * chance.randrange(1, 48)},{chance.choice([1, 1, 1, 2, 4, 8])}\n")
        for policy in ("easy", "greenq"):
            command = [program, "simulate", "--jobs", path, "--carbon", CARBON, "--start", "2020-07-06T00:00:00Z", "--gpus", "1000", "--slack",
                       "24", "--policy", policy, "-o", "json"]
            began = time.monotonic()
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            seconds = time.monotonic() - began
            if done.returncode != 0:
                print(done.stderr, file=sys.stderr)
                return 1
            row = json.loads(done.stdout)["policies"][0]
            print(f"{policy:8} saving {row['decided']['saving_percent']:6.2f} %  missed {row['missed']:5d}  wait mean "
                  f"{row['wait_mean_h']:.1f} h  p95 {row['wait_p95_h']:.1f} h  whole run {seconds:.1f} s")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="REGEX", help="names of instances")
    parser.add_argument("--burst", type=int, default=10_000, metavar="N", help="jobs of the last case; 0: leave it out")
    parser.add_argument("--greenqd", default=os.path.join(ROOT, "build", "release", "bin", "greenqd"))
    options, rest = parser.parse_known_args()
    status = 0
    for title, extra in CASES:
        print(f"\n## {title}\n", flush=True)
        status = max(status, table(options.only, extra, rest))
    if options.burst:
        print(f"\n## {options.burst:,} jobs in one minute on 1,000 GPUs\n", flush=True)
        status = max(status, burst(options.burst, options.greenqd))
    return status


if __name__ == "__main__":
    sys.exit(main())
