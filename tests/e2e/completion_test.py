"""`greenqd completion` and `--help` name what greenqd can do, policies of `simulate` included."""
import os
import shutil
import subprocess
import tempfile

import harness

TRIES = r"""
try() { COMP_WORDS=(greenqd "${@:2}"); COMP_CWORD=$(($# - 1)); _greenqd
  [[ ${COMPREPLY[*]} == "$1" ]] || { echo "wanted $1 for ${*:2}, got ${COMPREPLY[*]}"; exit 1; }; }
try 'simulate' sim
try '--state-dir' --state
try 'calendar calendar-pauses calendar-replan' simulate --policy cal
try 'fcfs,cap' simulate --compare fcfs,cap
try 'fcfs,all' simulate --compare fcfs,al
try 'persistence' simulate --forecast pers
try '--perfect-forecast' simulate --perf
try 'json' simulate -o j
try 'check' feed ch
try 'US-CAL-CISO' feed check US-CAL-C
try 'average' init --signal av
try 'US-CAL-CISO' init --zone US-CAL-C
try '' simulate --zon
try 'zsh' completion z
"""


def greenqd(*arguments):
    return subprocess.run([os.path.join(harness.BIN, "greenqd"), *arguments], capture_output=True, text=True, timeout=60, check=False)


class Completion(harness.E2eTest):
    def test_bash_completes_verbs_flags_and_policies(self):
        script = greenqd("completion", "bash")
        self.assertEqual(script.returncode, 0, script.stderr)
        tried = subprocess.run(["bash", "-c", script.stdout + TRIES], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(tried.returncode, 0, tried.stdout + tried.stderr)

    def test_other_shells_read_their_scripts(self):
        for shell in ("zsh", "fish"):
            script = greenqd("completion", shell).stdout
            self.assertIn("calendar-replan", script)
            if shutil.which(shell):
                with tempfile.NamedTemporaryFile("w", suffix=shell) as file:
                    file.write(script)
                    file.flush()
                    self.assertEqual(subprocess.run([shell, "-n", file.name], timeout=60, check=False).returncode, 0, shell)
        self.assertEqual(greenqd("completion", "csh").returncode, 2)

    def test_help_names_verbs_flags_and_policies(self):
        text = greenqd("--help").stdout
        for word in ("init", "feed", "simulate", "completion", "--config FILE", "--set KEY=VALUE", "Usage: greenqd "):
            self.assertIn(word, text)
        self.assertIn("~/.local/share/bash-completion/completions/greenqd", greenqd("completion", "--help").stdout)
        text = greenqd("simulate", "--help").stdout
        for word in ("--policy POLICY=greenq", "  cap  ", "  calendar-replan  ", "{table,json}"):
            self.assertIn(word, text)


if __name__ == "__main__":
    harness.main()
