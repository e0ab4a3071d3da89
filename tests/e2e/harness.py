"""Runs the real greenqd and greenq in a temporary directory. Used by the *_test.py files here.

Everything a test starts lives below one temporary directory; clean-up stops the daemon and any process that was
started from that directory, and nothing else.
"""
import contextlib
import csv
import datetime
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("GREENQ_BIN", os.path.join(ROOT, "build", "release", "bin"))
SHARED_DATA = os.environ.get("GREENQ_SHARED_DATA", os.path.join(ROOT, "..", "shared", "data"))
SLOW = float(os.environ.get("GREENQ_SLOW_FACTOR", "1"))  # sanitizer builds need more patience
TERMINAL = {"STATE_SUCCEEDED", "STATE_FAILED", "STATE_CANCELLED", "STATE_LOST"}
MJ_PER_KWH = 3_600_000_000
PROGRAMS = ("greenqd", "greenq", "greenq-shepherd")


def main():
    """Runs the calling file's tests; 77 (skipped) when the binaries were not built."""
    missing = [name for name in PROGRAMS if not os.access(os.path.join(BIN, name), os.X_OK)]
    if missing:
        print(f"SKIPPED: {', '.join(missing)} not in {BIN}; build them or set GREENQ_BIN")
        sys.exit(77)
    unittest.main(verbosity=2)


def utc_ms(text):
    """RFC 3339 UTC to milliseconds."""
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def utc_text(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_ms():
    return round(time.time() * 1000)


def job_id(job):
    """The bare id of a Job message."""
    return job["name"].rsplit("/", 1)[1]


def read_series(path):
    """Rows (time in ms, mg/kWh) of a recorded series, read here and not by the daemon's code."""
    with open(path, encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return [(utc_ms(row["time_utc"]), round(float(row["gco2_per_kwh"]) * 1000)) for row in rows]


class Replay:
    """A recorded hourly series played from `start` at `speed`, anchored at a wall time: our own idea of it."""

    def __init__(self, path, start, speed, anchor_ms):
        self.path, self.start, self.speed, self.anchor = path, start, speed, anchor_ms
        rows = read_series(path)
        begin = utc_ms(start)
        self.steps = [(anchor_ms + (t - begin) // speed, value) for t, value in rows]
        self.step_ms = (rows[1][0] - rows[0][0]) // speed

    def value(self, ms):
        """mg/kWh at a wall time."""
        index = (ms - self.steps[0][0]) // self.step_ms
        if not 0 <= index < len(self.steps):
            raise AssertionError("outside the recording")
        return self.steps[index][1]

    def integral(self, begin, end):
        """Sum of mg/kWh x ms over a wall interval."""
        total, at = 0, begin
        while at < end:
            index = (at - self.steps[0][0]) // self.step_ms
            until = min(end, self.steps[index][0] + self.step_ms)
            total += self.steps[index][1] * (until - at)
            at = until
        return total

    def mean(self, begin, end):
        return self.integral(begin, end) / (end - begin)

    def cheapest_start(self, earliest, latest, length):
        """The start within [earliest, latest] with the least integral; ties go to the earliest."""
        edges = [begin for begin, _ in self.steps]
        starts = {earliest, latest}
        starts.update(edge for edge in edges if earliest <= edge <= latest)
        starts.update(edge - length for edge in edges if earliest <= edge - length <= latest)
        return min(sorted(starts), key=lambda start: self.integral(start, start + length))

    def feed(self, kind):
        return {"provider": "replay", "kind": kind, "path": self.path, "start": self.start, "speed": self.speed,
                "anchor": utc_text(self.anchor)}


class Daemon:
    """One state directory and the daemon on it. Not thread-safe, but greenq() may be called from threads."""

    def __init__(self, settings=None):
        self.dir = tempfile.mkdtemp(prefix="greenq-e2e-")
        self.state = os.path.join(self.dir, "state")
        self.socket = os.path.join(self.dir, "s.sock")
        self.log_path = os.path.join(self.dir, "greenqd.log")
        self.config = os.path.join(self.dir, "greenqd.yaml")
        self.work = os.path.join(self.dir, "work")
        os.mkdir(self.work)
        self.process = None
        self.write_settings({"exec": {"run_as": "self"}, "node": {"cpus": 8, "memory": "8GiB"}} | (settings or {}))

    def write_settings(self, settings):
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump(settings, file, indent=1)  # JSON is YAML

    def spawn(self, *arguments):
        """Starts a daemon and does not wait for it."""
        log = open(self.log_path, "ab")
        with log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                [os.path.join(BIN, "greenqd"), "--config", self.config, "--state-dir", self.state, "--socket", self.socket, *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        return self.process

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_ready(self, timeout=20):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"greenqd ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            with open(self.log_path, "rb") as file:
                file.seek(self.log_start)
                return re.search(rb"\bready\b", file.read(), re.IGNORECASE)
        wait_for(ready, timeout, "the ready line", pause=0.01)

    def start(self, *arguments):
        self.spawn(*arguments)
        self.wait_ready()
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """A clean stop; the daemon must end by itself with status 0."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20 * SLOW)
        if code != 0:
            raise AssertionError(f"greenqd ended with {code} on SIGTERM:\n{self.log()[-4000:]}")

    def clean_up(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.own_processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)

    def own_processes(self):
        """Processes whose command line or working directory lies in our temporary directory."""
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    line = file.read()
                if self.dir.encode() in line or os.readlink(f"/proc/{name}/cwd").startswith(self.dir):
                    found.append(int(name))
        return found

    # --- the client -------------------------------------------------------------------------------------------------
    def greenq(self, *arguments, check=True, cwd=None, text=None, timeout=60, env=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GREENQ_")}
        environment.update({"GREENQ_SOCKET": self.socket, "NO_COLOR": "1"} | (env or {}))
        result = subprocess.run([os.path.join(BIN, "greenq"), *arguments], cwd=cwd or self.work, env=environment, input=text,
                                stdin=None if text is not None else subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=timeout * SLOW, check=False)
        if check and result.returncode != 0:
            raise AssertionError(f"greenq {' '.join(arguments)} ended with {result.returncode}\n{result.stdout}\n{result.stderr}")
        return result

    def json(self, *arguments, **options):
        out = self.greenq(*arguments, "-o", "json", **options).stdout
        try:
            return json.loads(out)
        except json.JSONDecodeError:
            return [json.loads(line) for line in out.splitlines()]

    def write_job(self, job, name="job.yaml"):
        """A job file from a dict, a list of dicts or YAML text; returns its path."""
        path = os.path.join(self.work, name)
        documents = job if isinstance(job, list) else [job]
        with open(path, "w", encoding="utf-8") as file:
            file.write(job if isinstance(job, str) else "\n---\n".join(json.dumps(document, indent=1) for document in documents))
        return path

    def submit(self, job, *arguments, name="job.yaml", **options):
        """Submits and returns the bare id."""
        return self.greenq("submit", "-q", self.write_job(job, name), *arguments, **options).stdout.strip()

    def job(self, job):
        answer = self.json("info", job)
        if isinstance(answer, list):
            answer = answer[0]
        return answer.get("job", answer)

    def wait_state(self, job, states, timeout=60):
        if isinstance(states, str):
            states = {states}
        seen = {}

        def reached():
            seen["job"] = self.job(job)
            return seen["job"]["state"] in states
        wait_for(reached, timeout, f"job {job} to be {sorted(states)}", detail=lambda: seen["job"]["state"] + "\n" + self.log()[-3000:])
        return seen["job"]

    # --- the ledger -------------------------------------------------------------------------------------------------
    def database(self):
        """The store, read-only; stop the daemon first."""
        names = [name for name in os.listdir(self.state) if name.endswith((".db", ".sqlite"))]
        if len(names) != 1:
            raise AssertionError(f"expected one database in {os.listdir(self.state)}")
        connection = sqlite3.connect(f"file:{os.path.join(self.state, names[0])}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        return connection


def wait_for(condition, timeout, what, pause=0.05, detail=None):
    deadline = time.monotonic() + timeout * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"gave up waiting for {what}" + (": " + detail() if detail else ""))
        time.sleep(pause)


def round_half_even(numerator, denominator):
    whole, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return whole + (twice > denominator or (twice == denominator and whole % 2 == 1))


class E2eTest(unittest.TestCase):
    def daemon(self, settings=None):
        daemon = Daemon(settings)
        self.addCleanup(daemon.clean_up)
        return daemon


def shell_job(name, script, **fields):
    job = {"name": name, "run": script, "resources": {"cpus": 1}, "time_limit": "2m", "carbon": {"policy": "none"}}
    job.update(fields)
    return job
