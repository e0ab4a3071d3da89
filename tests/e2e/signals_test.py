"""Live feeds end to end: a local server speaks the shape of WattTime and NESO (written by us); the real daemon logs in, learns from
the history it gives, shifts a job by the corrected forecast, survives lies, silence and its own death, and shows no secret."""
import base64
import datetime
import http.server
import json
import math
import os
import subprocess
import threading
import time
import urllib.parse

import harness
from harness import BIN, Daemon, unittest

POUND = 0.45359237  # lb/MWh in g/kWh
SECRET = "correct horse battery"


# Of each day of the made-up grid. Whatever the clock says, it is worth the wait.
CLEAN_HOUR = time.time() % 86400 / 3600 + 6


def grams(at):
    """Marginal intensity of the made-up grid."""
    hour = (at % 86400) / 3600
    return 300 - 200 * math.cos((hour - CLEAN_HOUR) / 24 * 2 * math.pi)


def stamp(at):
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat()


def parsed(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


class Provider(http.server.ThreadingHTTPServer):
    """`mode`: good, html, broken, silent. `readable`: the regions of the account's plan."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode, self.logins, self.asked, self.readable = "good", 0, [], ["CAISO_NORTH"]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # noqa: N802
        url = urllib.parse.urlsplit(self.path)
        query = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
        self.server.asked.append(self.path)
        if self.server.mode == "html":
            return self.answer(200, b"<html>maintenance</html>", "text/html")
        if self.server.mode == "broken":
            return self.answer(500, {"error": "sorry"})
        if url.path == "/login":
            return self.login()
        if url.path.startswith("/v3/"):
            return self.watttime(url.path, query)
        if url.path.startswith("/intensity/"):
            return self.neso(url.path.split("/")[2:])
        return self.answer(404, {"error": "no such thing"})

    def login(self):
        self.server.logins += 1
        wanted = "Basic " + base64.b64encode(f"ada:{SECRET}".encode()).decode()
        if self.headers["Authorization"] != wanted:
            return self.answer(401, {"error": "wrong"})
        return self.answer(200, {"token": "t0k3n"})

    def watttime(self, path, query):
        if self.headers["Authorization"] != "Bearer t0k3n":
            return self.answer(401, {"error": "token"})
        if path == "/v3/my-access":
            regions = [{"region": name, "region_full_name": name, "data_point_period_seconds": 300,
                        "endpoints": [{"endpoint": "v3/forecast", "models": []}]} for name in self.server.readable]
            return self.answer(200, {"signal_types": [{"signal_type": "co2_moer", "regions": regions}]})
        now = int(harness.now_ms() / 1000) // 300 * 300
        begin, end = (now, now + 72 * 3600) if path.endswith("/forecast") else (parsed(query["start"]), min(parsed(query["end"]), now - 300))
        data = [{"point_time": stamp(t), "value": round(grams(t) / POUND, 3)} for t in range(begin - begin % 300, end, 300)]
        meta = {"data_point_period_seconds": 300, "region": query["region"], "signal_type": query["signal_type"],
                "units": "lbs_co2_per_mwh", "warnings": [], "model": {"date": "2025-01-01"}}
        if path.endswith("/forecast"):
            meta |= {"generated_at": stamp(now), "generated_at_period_seconds": 300}
        return self.answer(200, {"data": data, "meta": meta})

    def neso(self, parts):
        now = int(harness.now_ms() / 1000)
        begin = parsed(parts[0]) // 1800 * 1800
        end = begin + 48 * 3600 if parts[1] == "fw48h" else parsed(parts[1]) // 1800 * 1800
        data = [{"from": stamp(t)[:16] + "Z", "to": stamp(t + 1800)[:16] + "Z",
                 "intensity": {"forecast": round(grams(t) / 2), "actual": round(grams(t) / 2) if t + 1800 <= now else None, "index": "moderate"}}
                for t in range(begin, end, 1800)]
        return self.answer(200, {"data": data})


class SignalsTest(unittest.TestCase):
    def setUp(self):
        self.provider = Provider()
        self.addCleanup(self.provider.server_close)
        self.addCleanup(self.provider.shutdown)
        self.daemon = Daemon()
        self.addCleanup(self.daemon.clean_up)
        self.secret = os.path.join(self.daemon.dir, "secret")
        self.write_secret(SECRET)
        self.settings = {"site": {"zone": "US-CAL-CISO"}, "exec": {"run_as": "self"}, "feeds": [
            {"provider": "watttime", "region": "CAISO_NORTH", "user": "ada", "secret_file": self.secret, "base_url": self.provider.url},
            {"provider": "neso", "zone": "GB", "base_url": self.provider.url}]}
        self.daemon.write_settings(self.settings)

    def write_secret(self, text, mode=0o600):
        with open(self.secret, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.chmod(self.secret, mode)

    def check(self, *arguments):
        return subprocess.run([os.path.join(BIN, "greenqd"), "--config", self.daemon.config, "feed", "check", *arguments],
                              capture_output=True, text=True, timeout=120, check=False)

    def feeds(self):
        out = self.daemon.greenq("feeds", "-o", "json").stdout
        return {feed["source"]["provider"]: feed for feed in map(json.loads, out.splitlines())}

    def wait_fresh(self):
        harness.wait_for(lambda: all(feed.get("state") == "FEED_STATE_FRESH" for feed in self.feeds().values()), 30, "fresh feeds")

    def learned(self):
        forecast = self.daemon.json("forecast", "--horizon", "7d")["forecast"]
        return forecast if int(forecast.get("learned_hours", 0)) > 0 else None

    def test_check_without_a_daemon(self):
        good = self.check()
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        self.assertIn("kind marginal", good.stdout)
        self.assertIn("1 of 1 provider(s) of zone US-CAL-CISO", good.stdout)
        self.assertIn("/v3/my-access", self.provider.asked)
        self.provider.readable = ["PSCO", "IE"]
        outside = self.check()
        self.assertEqual(outside.returncode, 1)
        self.assertIn("region CAISO_NORTH is not in the plan of the WattTime account; it may read co2_moer of PSCO, IE;", outside.stdout)
        self.provider.readable = ["CAISO_NORTH"]
        average = self.check("GB")
        self.assertEqual(average.returncode, 0)
        self.assertIn("AVERAGE: does not estimate the effect of shifting", average.stdout)
        self.write_secret("wrong")
        refused = self.check()
        self.assertEqual(refused.returncode, 1)
        self.assertIn("check `user` and `secret_file`", refused.stdout)
        self.write_secret(SECRET, 0o644)
        readable = self.check()
        self.assertEqual(readable.returncode, 2)
        self.assertIn("chmod 600", readable.stderr)
        self.assertNotIn(SECRET, good.stdout + refused.stdout + readable.stderr)

    def test_learns_shifts_and_survives(self):
        self.daemon.start()
        self.wait_fresh()
        # The feed is fresh a moment before the engine has committed what it said.
        forecast = harness.wait_for(self.learned, 10, "figures in the forecast")
        self.assertGreater(int(forecast["learned_hours"]), 24 * 25, "a month of history came with the first poll")
        self.assertEqual(forecast["source"]["kind"], "SIGNAL_KIND_MARGINAL")
        points = forecast["points"]
        self.assertGreater(parsed(points[-1]["end_time"]) - harness.now_ms() / 1000, 6.9 * 86400)
        self.assertIn("low_mg_per_kwh", points[5])
        errors = [abs(int(p["mg_per_kwh"]) / 1000 - grams((parsed(p["start_time"]) + parsed(p["end_time"])) / 2)) for p in points[:500]]
        self.assertLess(sum(errors) / len(errors), 15)
        self.assertIn("four of five hours", self.daemon.greenq("forecast").stdout)
        self.assertIn("average", self.daemon.greenq("forecast", "--zone", "GB").stdout.lower())

        plan = self.daemon.json("plan", "-", text="run: 'true'\nexpected_duration: 1h\ncarbon: {max_delay: 24h}\n")
        plan = plan.get("plan", plan)
        self.assertLess(int(plan["chosen"]["mean_mg_per_kwh"]), 125_000, "the clean hour is at 100 g/kWh")
        self.daemon.greenq("submit", "-", text="run: 'true'\nexpected_duration: 1h\nhold: true\n")

        rejected = int(self.feeds()["watttime"].get("rejected_replies", 0))
        self.daemon.kill()
        self.provider.mode = "html"
        self.daemon.start()
        harness.wait_for(lambda: self.feeds()["watttime"].get("last_error"), 30, "the error of the feed")
        feed = self.feeds()["watttime"]
        self.assertIn("not JSON", feed["last_error"] + self.daemon.greenq("feeds").stdout)
        self.assertGreater(int(feed["rejected_replies"]), rejected - 1)
        again = self.daemon.json("forecast", "--horizon", "7d")["forecast"]
        self.assertGreater(int(again["learned_hours"]), 24 * 25, "what was learned survives kill -9")
        self.assertFalse(again["stale"])
        self.daemon.stop()
        for root, _, files in os.walk(self.daemon.dir):
            for name in files:
                path = os.path.join(root, name)
                if path in (self.secret, self.daemon.socket) or not os.path.isfile(path):
                    continue
                with open(path, "rb") as file:
                    content = file.read()
                self.assertNotIn(SECRET.encode(), content, path)
                self.assertNotIn(b"t0k3n", content, path)

    def test_a_dead_feed_never_holds_a_job_past_its_bound(self):
        self.provider.mode = "broken"
        self.daemon.start()
        job = self.daemon.json("submit", "-", text="run: 'true'\nexpected_duration: 1h\ncarbon: {max_delay: 2s}\n")
        job = job[0] if isinstance(job, list) else job
        self.daemon.greenq("wait", harness.job_id(job.get("job", job)), timeout=60)
        self.assertIn("500", self.daemon.greenq("feeds").stdout)


if __name__ == "__main__":
    harness.main()
