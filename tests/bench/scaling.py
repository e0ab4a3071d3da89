#!/usr/bin/env python3
"""How planning time and memory grow: runs bench_plan and draws what it says as SVG, both axes logarithmic.

  scaling.py [--filter REGEX] [--min-time SECONDS] [--json FILE]     runs bench_plan, keeps its JSON in FILE
  scaling.py --from FILE                                             draws a kept one

Figures in --out (tests/bench/figures): time-X.svg and memory-X.svg for X in jobs, slots (figures of the curve of a
week) and lanes (GPU pools, on all sites). A line joins runs that differ in X only; one run alone is no line. What a
later bench_plan gives as further arguments is named where lines differ in it. Exit status 1 when nothing can be
drawn, 2 when bench_plan is missing or fails.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import scaling_svg  # noqa: E402

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build/release/bin/bench_plan")
MINUTES_OF_WEEK = 7 * 24 * 60
IN_MS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
AXES = {"jobs": "waiting jobs", "slots": "slots of the curve", "lanes": "lanes (GPU pools on all sites)"}
MEASURES = {"time": ("CPU time of a plan", "ms"), "memory": ("Most memory of a plan", "MB")}
FAMILIES = {"plan": "whole plan", "one_more": "one more job"}
MIXES = {0: "jobs that shift", 1: "a queue", 2: "jobs that may be paused"}
# Of the design: 100,000 jobs, a week in five minutes, 4 pools.
TARGETS = {("time", "jobs"): [(100_000, 1000, "target: whole plan"), (100_000, 20, "target: one more job")],
           ("memory", "jobs"): [(100_000, 30, "target: whole plan")]}
MOST_LINES = 8


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=PROGRAM, help="bench_plan")
    parser.add_argument("--filter", default="", metavar="REGEX", help="names of runs, like jobs:1000/")
    parser.add_argument("--min-time", type=float, default=0, metavar="SECONDS", help="of each run")
    parser.add_argument("--json", default="", metavar="FILE", help="where the figures are kept")
    parser.add_argument("--from", dest="kept", default="", metavar="FILE", help="draw these, run nothing")
    parser.add_argument("--out", default=os.path.join(HERE, "figures"), metavar="DIR")
    return parser.parse_args()


def fail(message, status=2):
    print(f"scaling: {message}", file=sys.stderr)
    sys.exit(status)


def measure(options, path):
    if not os.path.exists(options.program):
        fail(f"no {options.program}; build the target bench_plan, or name it with --program")
    command = [options.program, f"--benchmark_out={path}", "--benchmark_out_format=json"]
    if options.filter:
        command.append(f"--benchmark_filter={options.filter}")
    if options.min_time:
        command.append(f"--benchmark_min_time={options.min_time:g}")
    if subprocess.run(command, check=False).returncode != 0:
        fail("bench_plan failed")


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)["benchmarks"]
    except (OSError, ValueError, KeyError) as error:
        fail(f"{path}: no figures of google-benchmark: {error}")


def run_of(entry):
    """One measured run as its family, its arguments by name and its figures; None: an aggregate or an error."""
    if entry.get("run_type", "iteration") != "iteration" or entry.get("error_occurred"):
        return None
    family, *parts = entry.get("run_name", entry["name"]).split("/")
    given = {}
    for part in parts:
        name, colon, value = part.partition(":")
        if colon and value.lstrip("-").isdigit():
            given[name] = int(value)
    run = {"family": family, **given}
    if given.get("step_min"):
        run["slots"] = MINUTES_OF_WEEK // run.pop("step_min")
    if "pools" in given:
        run["lanes"] = run.pop("pools") * run.get("sites", 1)
    figures = {"time": entry["cpu_time"] * IN_MS[entry["time_unit"]]}
    if "bytes_a_job" in entry and "jobs" in given:
        figures["memory"] = entry["bytes_a_job"] * given["jobs"] / 1e6
    return run, figures


def lines_of(runs, axis, what):
    """Points by the arguments that they share, without those of one x; the longest and largest lines first."""
    lines = {}
    for run, figures in runs:
        if axis not in run or figures.get(what, 0) <= 0 or run[axis] <= 0:
            continue
        own = {axis, "sites"} if axis == "lanes" else {axis}
        shared = tuple(sorted((name, value) for name, value in run.items() if name not in own))
        lines.setdefault(shared, {}).setdefault(run[axis], []).append(figures[what])
    drawn = [(dict(shared), sorted((x, sum(values) / len(values)) for x, values in points.items()))
             for shared, points in lines.items() if len(points) > 1]
    drawn.sort(key=lambda line: (-len(line[1]), -max(y for _, y in line[1]), str(line[0])))
    return drawn[:MOST_LINES]


def words(name, value):
    if name == "family":
        return FAMILIES.get(value, str(value).replace("_", " "))
    if name == "mix":
        return MIXES.get(value, f"mix {value}")
    if name == "slack_h":
        return f"{value} h slack"
    if name == "slots" and MINUTES_OF_WEEK % value == 0:
        return f"curve of {MINUTES_OF_WEEK // value} min"
    return f"{value:,} {name[:-1] if value == 1 and name.endswith('s') else name}".replace("_", " ")


def labelled(lines):
    """Lines with what they differ in, and what they share."""
    order = ["family", "jobs", "mix", "slots", "lanes", "sites", "slack_h"]
    names = sorted({name for shared, _ in lines for name in shared},
                   key=lambda name: (order.index(name) if name in order else len(order), name))
    differ = [name for name in names if len({shared.get(name) for shared, _ in lines}) > 1]
    if len(lines) == 1:
        differ = ["family"]
    named = [(", ".join(words(name, shared[name]) for name in differ if name in shared), points) for shared, points in lines]
    return named, ", ".join(words(name, lines[0][0][name]) for name in names if name not in differ)


def draw(runs, what, axis):
    lines = lines_of(runs, axis, what)
    if not lines:
        return None
    named, shared = labelled(lines)
    title, unit = MEASURES[what]
    greatest = max(x for _, points in named for x, _ in points)
    targets = [target for target in TARGETS.get((what, axis), []) if target[0] <= greatest]
    return scaling_svg.chart(title=f"{title} by {AXES[axis]}", shared=shared, x_name=AXES[axis], y_name=unit, lines=named,
                             targets=targets)


def main():
    options = arguments()
    if options.kept:
        entries = read(options.kept)
    else:
        with tempfile.TemporaryDirectory(prefix="greenq-scaling-") as folder:
            path = options.json or os.path.join(folder, "plan.json")
            measure(options, path)
            entries = read(path)
    runs = [run for run in map(run_of, entries) if run]
    os.makedirs(options.out, exist_ok=True)
    written = 0
    for what in MEASURES:
        for axis in AXES:
            text = draw(runs, what, axis)
            path = os.path.join(options.out, f"{what}-{axis}.svg")
            if text is None:
                print(f"{os.path.basename(path)}: left as it is: no two runs differ in {axis} only")
                continue
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            print(path)
            written += 1
    if written == 0:
        fail("nothing to draw", 1)


if __name__ == "__main__":
    main()
