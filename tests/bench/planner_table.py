#!/usr/bin/env python3
"""How close a policy comes to the bound on every shared instance, judged by the referee.

  planner_table.py [--policy NAME] [--forecast NAME | --perfect-forecast] [--only REGEX] [--modes pause,no-pause]
                   [--per zone|slack|jobs|util] [--instances DIR] [--rows FILE.csv] [--peers] [--processes N]

Writes the instances with make_instance.py (kept in --instances, else in a temporary folder), runs `simulate` on each
with and without pauses, lets score.py judge each schedule, and prints one line per kind, mode and utilisation.
Share: saving / bound of that mode, mean over instances; in brackets instances with more than 1 % missed jobs count 0.
Peer: best of all peers and forecasts, chosen per instance in hindsight; fixed: the best single peer and forecast of
the line, both with the bracket's rule. Exit status 1 when a schedule is invalid, 2 when something is missing.
"""
import argparse
import concurrent.futures
import csv
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = ("build/release/bin/greenq_simulate_bench", "build/release/bin/greenqd", "build/dev/bin/greenq_simulate_bench")
MODES = ("no-pause", "pause")
MOST_MISSED = 0.01
COLUMNS = ("kind", "mode", "group", "n", "peer", "fixed peer", "clairv.", "share", "missed jobs/inst (%)", "late h",
           "wait h mean/p95", "segs", "min saving %", "peak starts")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policy", help="default: that of the program")
    parser.add_argument("--forecast", default="greenq")
    parser.add_argument("--perfect-forecast", dest="forecast", action="store_const", const="perfect")
    parser.add_argument("--only", default="", metavar="REGEX", help="names of instances")
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--per", default="util", choices=("util", "zone", "slack", "jobs"))
    parser.add_argument("--instances", "--jobs-out", metavar="DIR", help="where instances are kept")
    parser.add_argument("--rows", metavar="FILE", help="write one row per instance and mode")
    parser.add_argument("--peers", action="store_true", help="print the mean share of every peer and stop")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--program", help="greenqd or greenq_simulate_bench")
    parser.add_argument("--eval", default=os.path.join(ROOT, "..", "shared", "eval"), help="folder of the referee")
    parser.add_argument("--arguments", default="", help="more flags for simulate, separated by blanks")
    return parser.parse_args()


def fail(message):
    print(f"planner_table: {message}", file=sys.stderr)
    sys.exit(2)


def find_program(given):
    if given:
        return [given, "simulate"] if os.path.basename(given) == "greenqd" else [given]
    for place in PROGRAMS:
        full = os.path.join(ROOT, place)
        if os.path.exists(full):
            return find_program(full)
    fail("no program; build the target greenq_simulate_bench in build/release")


def read_rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Bench:
    def __init__(self, options):
        self.options = options
        self.program = find_program(options.program)
        self.eval = options.eval
        with open(os.path.join(self.eval, "instances.json"), encoding="utf-8") as file:
            known = json.load(file)
        self.instances = {p["name"]: p for p in known if re.search(options.only, p["name"])}
        if not self.instances:
            fail(f"no instance matches {options.only}")
        with open(os.path.join(self.eval, "reference.json"), encoding="utf-8") as file:
            self.reference = json.load(file)

    def bound(self, name, mode):
        kind = "preemptive" if mode == "pause" else "nonpreemptive"
        return self.reference[name][f"bound_{kind}_savings_pct"]

    def write(self, name, folder):
        if os.path.exists(os.path.join(folder, "reference.json")):
            return
        subprocess.run([sys.executable, os.path.join(self.eval, "make_instance.py"), name, folder], check=True,
                       stdout=subprocess.DEVNULL)

    def judge(self, name, folder, mode):
        schedule = os.path.join(folder, f"schedule-{os.getpid()}-{mode}.csv")
        command = [*self.program, "--instance", folder, "--forecast", self.options.forecast, "-o", "json", "--out", schedule]
        command += ["--no-pause"] if mode == "no-pause" else []
        command += ["--policy", self.options.policy] if self.options.policy else []
        own = subprocess.run(command + self.options.arguments.split(), capture_output=True, text=True, check=False)
        if own.returncode != 0:
            return {"instance": name, "mode": mode, "valid": False, "errors": [own.stderr.strip() or f"exit status {own.returncode}"]}
        judged = subprocess.run([sys.executable, os.path.join(self.eval, "score.py"), folder, schedule, "--json"],
                                capture_output=True, text=True, check=False)
        os.remove(schedule)
        if judged.returncode == 2:
            return {"instance": name, "mode": mode, "valid": False, "errors": [judged.stderr.strip()]}
        row = json.loads(judged.stdout)
        row["mode"] = mode
        if row["valid"]:
            metrics = json.loads(own.stdout)["policies"][0]
            row.update({key: metrics[key] for key in ("policy", "worst_late_h", "wait_p99_h", "most_starts_5min")})
            row["share"] = row["savings_pct"] / self.bound(name, mode)
        return row

    def one(self, task):
        name, folder = task
        self.write(name, folder)
        return [self.judge(name, folder, mode) for mode in self.options.modes.split(",")]

    def run(self, folder):
        tasks = [(name, os.path.join(folder, name)) for name in self.instances]
        rows = []
        with concurrent.futures.ThreadPoolExecutor(self.options.processes) as pool:
            for done, result in enumerate(pool.map(self.one, tasks), 1):
                rows += result
                if sys.stderr.isatty():
                    print(f"\r{done}/{len(tasks)}", end="", file=sys.stderr)
        return rows

    def group_of(self, name):
        p = self.instances[name]
        values = {"util": f"{100 * p['util']:.0f}", "zone": p["zone"], "slack": f"{p['slack_h']} h", "jobs": p["jobs"]}
        return p["kind"].split("_")[0], values[self.options.per]


def bracket(share, missed, jobs):
    return share if missed <= MOST_MISSED * jobs else 0.0


class Peers:
    """What peers_shared.csv and yardstick.csv say of the same instances."""

    def __init__(self, bench):
        self.share = {}  # (mode, policy/forecast) -> instance -> share in the bracket's sense
        self.best, self.clairvoyant = {}, {}
        for row in read_rows(os.path.join(bench.eval, "peers_shared.csv")):
            name, policy = row["instance"], row["policy"]
            if name not in bench.instances or policy.startswith(("BOUND", "clairvoyant", "fcfs")):
                continue
            mode = MODES[int(row["preemptive"])]
            share = bracket(float(row["savings_pct"]) / bench.bound(name, mode), int(row["misses"]), int(row["n_jobs"]))
            self.share.setdefault((mode, f"{policy}/{row['forecast']}"), {})[name] = share
        for row in read_rows(os.path.join(bench.eval, "yardstick.csv")):
            if row["instance"] not in bench.instances:
                continue
            key = (MODES[int(row["preemptive"])], row["instance"])
            self.best[key] = float(row["best_peer_savings_pct"] or 0) / float(row["bound_savings_pct"])
            self.clairvoyant[key] = float(row["clairvoyant_savings_pct"]) / float(row["bound_savings_pct"])

    def fixed(self, mode, names):
        """The best peer with one forecast for all these instances; perfect ones do not count."""
        means = {peer: statistics.mean(shares[n] for n in names) for (m, peer), shares in self.share.items()
                 if m == mode and not peer.endswith("/perfect") and all(n in shares for n in names)}
        return max(means.items(), key=lambda item: item[1]) if means else ("-", 0.0)


def print_peers(bench, peers):
    for (mode, peer), shares in sorted(peers.share.items()):
        groups = {}
        for name, share in shares.items():
            groups.setdefault(bench.group_of(name), []).append(share)
        cells = "  ".join(f"{kind} {group}: {statistics.mean(s):.2f} ({len(s)})" for (kind, group), s in sorted(groups.items()))
        print(f"{mode:8}  {peer:28}  {cells}")


def line(key, rows, peers):
    kind, mode, group = key
    names = [r["instance"] for r in rows]
    mean = lambda field: statistics.mean(r[field] for r in rows)
    missed, jobs = sum(r["missed_deadlines"] for r in rows), sum(r["jobs"] for r in rows)
    strict = statistics.mean(bracket(r["share"], r["missed_deadlines"], r["jobs"]) for r in rows)
    peer, value = peers.fixed(mode, names)
    known = [(mode, n) for n in names]
    return (kind, mode, group, str(len(rows)), f"{statistics.mean(peers.best[k] for k in known):.2f}", f"{value:.2f} {peer}",
            f"{statistics.mean(peers.clairvoyant[k] for k in known):.2f}", f"{mean('share'):.3f} ({strict:.3f})",
            f"{missed} / {sum(r['missed_deadlines'] > 0 for r in rows)} ({100 * missed / jobs:.2f} %)",
            f"{max(r['worst_late_h'] for r in rows):.1f}", f"{mean('mean_wait_h'):.1f} / {mean('p95_wait_h'):.1f}",
            f"{mean('mean_segments'):.2f}", f"{min(r['savings_pct'] for r in rows):.2f}", str(max(r["most_starts_5min"] for r in rows)))


def print_table(bench, rows):
    peers = Peers(bench)
    cells = {}
    for row in rows:
        kind, group = bench.group_of(row["instance"])
        cells.setdefault((kind, row["mode"], group), []).append(row)
    table = [COLUMNS] + [line(key, cells[key], peers) for key in sorted(cells)]
    widths = [max(len(row[i]) for row in table) for i in range(len(COLUMNS))]
    for number, row in enumerate(table):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def main():
    options = arguments()
    bench = Bench(options)
    if options.peers:
        print_peers(bench, Peers(bench))
        return 0
    if options.instances:
        if os.path.realpath(options.instances).startswith(os.path.realpath(options.eval) + os.sep):
            fail(f"{options.instances} is the referee's own folder; name one of yours with --instances")
        os.makedirs(options.instances, exist_ok=True)
        rows = bench.run(options.instances)
    else:
        with tempfile.TemporaryDirectory() as folder:
            rows = bench.run(folder)
    good = [r for r in rows if r["valid"]]
    for row in rows:
        if not row["valid"]:
            print(f"{row['instance']} {row['mode']}: invalid: {'; '.join(row['errors'][:3])}", file=sys.stderr)
    if options.rows:
        with open(options.rows, "w", newline="", encoding="utf-8") as file:
            keys = ["instance", "mode"] + sorted({k for r in good for k in r} - {"instance", "mode", "errors", "note"})
            writer = csv.DictWriter(file, keys, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(good)
    if good:
        print(f"policy {good[0]['policy']}, forecast {options.forecast}, {len(good)} schedules judged valid by score.py")
        print_table(bench, good)
    return 0 if len(good) == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
