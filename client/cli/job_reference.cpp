#include "client/cli/job_reference.hpp"

#include <algorithm>

namespace greenq::client {
namespace {

constexpr JobKey kKeys[] = {
    {"run", "text, less than 128 KiB", "`run` or `command` is needed", "A script for `bash -euo pipefail`.",
     "run: python3 train.py"},
    {"command", "list of texts, at most 4096, each less than 128 KiB", "`run` or `command` is needed",
     "A program and its arguments, without a shell. Instead of `run`.", "command: [python3, train.py]"},
    {"name", "1 to 63 of a-z, 0-9 and -, not - first", "job- and the id",
     "Shown in lists; `depends_on` can refer to it.", "name: resnet50"},
    {"project", "1 to 63 of a-z, 0-9 and -, not - first", "the project `default`",
     "Jobs of one project are listed and reported together.", "project: vision"},
    {"workdir", "path", "the directory greenq is called in",
     "Where the job runs. `~/` and relative paths are completed; it must exist.", "workdir: ~/src/resnet"},
    {"env", "map of texts, at most 256 KiB, each less than 128 KiB", "none",
     "Environment. Besides it the job sees only HOME, USER, LOGNAME, SHELL, PATH and what GreenQ sets "
     "(GREENQ_*, "
     "CUDA_VISIBLE_DEVICES). Names that begin with GREENQ_ are refused.",
     "env: {WANDB_MODE: offline}"},
    {"env_passthrough", "list of names", "none",
     "Variables taken from your environment when you submit; one that is not set is an error.",
     "env_passthrough: [HF_HOME]"},
    {"time_limit", "duration, from 1s to `site.max_time_limit`", "`site.max_time_limit` of greenqd",
     "Hard stop of an attempt: SIGTERM, a grace, SIGKILL.", "time_limit: 8h"},
    {"expected_duration", "duration, from 1s to `time_limit`", "`time_limit`; without that 1h is assumed",
     "Run time to plan with. After five successful runs of that name GreenQ plans with what they took: as it "
     "was where the file states nothing here, else in proportion to what they stated.",
     "expected_duration: 5h"},
    {"expected_power", "power, above 0W, at most 10MW", "a model of the machine", "Power to plan with.",
     "expected_power: 620W"},
    {"priority", "whole number, 0 to 100", "50", "Higher comes first among jobs that compete.",
     "priority: 60"},
    {"hold", "true or false", "false", "Submit held; `greenq release` lets the job go.", "hold: true"},
    {"not_before", "time", "now", "Earliest start.", "not_before: 2026-11-23T20:00+01:00"},
    {"labels", "map of texts, at most 32; keys of a-z, 0-9 and -, values of at most 255 bytes", "none",
     "Free labels.", "labels: {paper: green-ai}"},
    {"resources.gpus", "whole number, 0 to 4096", "0", "Whole GPUs.", "resources: {gpus: 2}"},
    {"resources.gpu_type", "text or list of texts", "any", "Models that will do; needs `gpus`.",
     "resources: {gpus: 1, gpu_type: [a100, h100]}"},
    {"resources.gpu_memory", "size", "any", "Least memory of each GPU; needs `gpus`.",
     "resources: {gpus: 1, gpu_memory: 40GB}"},
    {"resources.cpus", "whole number, 1 to 65536", "1", "CPU cores.", "resources: {cpus: 8}"},
    {"resources.memory", "size", "none reserved", "Main memory.", "resources: {memory: 64GB}"},
    {"resources.nodes", "1", "1", "Machines. More than one: not yet.", "resources: {nodes: 1}"},
    {"carbon.policy", "none, shift or threshold", "shift",
     "none: as soon as there is room. shift: the cheapest window within the bound. threshold: only windows "
     "at or "
     "below `max_intensity`, until the bound forces a start.",
     "carbon: {policy: none}"},
    {"carbon.signal", "marginal or average", "`site.signal` of greenqd", "Which intensity decides.",
     "carbon: {signal: marginal}"},
    {"carbon.finish_by", "time, not in the past", "see `carbon.max_delay`",
     "Bound: the job should have ended by then.", "carbon: {finish_by: 2026-11-24T08:00+01:00}"},
    {"carbon.start_by", "time, not in the past", "see `carbon.max_delay`",
     "Bound: the job should have started by then.", "carbon: {start_by: 2026-11-24T02:00Z}"},
    {"carbon.max_delay", "duration, at most 366d", "without any bound `site.max_delay` of greenqd",
     "Bound: the job should start within this time of its submission. Only one of the three bounds may be "
     "given.",
     "carbon: {max_delay: 18h}"},
    {"carbon.max_intensity", "intensity, above 0", "needed by `policy: threshold`",
     "Only with `policy: threshold`.", "carbon: {policy: threshold, max_intensity: 250gCO2/kWh}"},
    {"carbon.interruptible", "true or false", "false",
     "May be paused between clean windows; needs a `checkpoint` section.", ""},
    {"carbon.on_missed", "run, hold or fail", "run", "What happens when the bound can no longer be kept.",
     "carbon: {max_delay: 18h, on_missed: hold}"},
    {"carbon.on_stale_feed", "run, hold or use_history", "use_history",
     "What happens when the signal is too old: start, wait for it (never past the bound), or plan with a "
     "typical "
     "day.",
     "carbon: {on_stale_feed: run}"},
    {"checkpoint.signal", "name of a signal", "SIGUSR1", "Asks the job to save its work and to exit.",
     "checkpoint: {signal: SIGUSR1}"},
    {"checkpoint.grace", "duration, from 1s to 1h", "2m", "How long that may take.",
     "checkpoint: {grace: 60s}"},
    {"checkpoint.exit_code", "whole number, 1 to 127", "85", "Exit code that means: saved, start me again.",
     "checkpoint: {exit_code: 85}"},
    {"checkpoint.cost", "duration, at most 6h", "1m",
     "Run time that each pause adds: saving, loading, work that is done again. A pause is planned only where "
     "it "
     "saves more; `time_limit` does not count it.",
     "checkpoint: {cost: 5m}"},
    {"retry.max", "whole number, 0 to 100", "needed in `retry`", "Attempts after the first.",
     "retry: {max: 3}"},
    {"retry.causes", "list of node_lost, oom, failed, time_limit",
     "every cause, when `exit_codes` is missing too", "What allows another attempt.",
     "retry: {max: 3, causes: [node_lost, oom]}"},
    {"retry.exit_codes", "list of whole numbers, 1 to 255", "none", "Exit codes that allow another attempt.",
     "retry: {max: 3, exit_codes: [33]}"},
    {"retry.backoff", "duration, at most 24h", "0s", "Wait before the next attempt.",
     "retry: {max: 3, backoff: 1m}"},
    {"depends_on", "list, at most 100", "none", "Jobs that come first.",
     "depends_on: [{job: \"4213\", when: finished}]"},
    {"depends_on[].job", "id or name", "needed in each entry",
     "A job's id, the name of an earlier job of the same file, or that of your newest job of the project.",
     ""},
    {"depends_on[].when", "succeeded, finished, failed or started", "succeeded", "What it must have reached.",
     ""},
    {"output.stdout", "path without ..", "kept for `greenq logs` only",
     "File below `workdir`; %j is the job, %t the attempt, %u the user, %n the name.",
     "output: {stdout: logs/%j.out}"},
    {"output.stderr", "path without .., or same", "as `stdout`", "Likewise.", "output: {stderr: same}"},
};

constexpr LaterKey kLater[] = {
    {"budget", "budgets come in a later version; remove the key"},
    {"budgets", "budgets come in a later version; remove the key"},
    {"limits", "limits per job come with budgets in a later version; remove the key"},
    {"on_exceed", "limits per job come with budgets in a later version; remove the key"},
    {"sweep", "sweeps come in a later version; write one document per job, separated by ---"},
    {"array", "arrays come in a later version; write one document per job, separated by ---"},
    {"report", "run reports come in a later version; remove the key"},
    {"site", "several sites come in a later version; remove the key"},
    {"sites", "several sites come in a later version; remove the key"},
};

constexpr std::string_view kRules =
    "A job file is YAML without surprises: every key is listed here, unknown ones are errors with their "
    "place, and\n"
    "anchors, aliases and tags are refused. Documents separated by --- are several jobs, at most 1000, "
    "submitted all\n"
    "or none. A file has at most 256 KiB. greenq validate checks one, --set KEY=VALUE overrides a value.\n";

constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
    {"duration", "90s, 30m, 8h, 1d2h, 1.5h, 2w or HH:MM:SS; at most ten years"},
    {"size", "512MB, 40GB (powers of 1000), 64GiB (powers of 1024)"},
    {"power", "500mW, 620W, 0.6kW, 1MW"},
    {"intensity", "250gCO2/kWh, 250g/kWh, 0.25kg/kWh"},
    {"time", "2026-11-24T08:00+01:00, 2026-11-24T07:00Z; the zone is needed"},
};

std::string_view section(std::string_view key) {
  return key.substr(0, std::min(key.find_first_of(".["), key.size()));
}

std::string plain(std::string_view text) {
  std::string out(text);
  std::erase(out, '`');
  return out;
}

}  // namespace

std::span<JobKey const> job_keys() {
  return kKeys;
}

std::span<LaterKey const> later_keys() {
  return kLater;
}

std::string job_file_help() {
  std::string out(kRules);
  out += "\nKEY                    VALUE (what holds when the key is missing)\n";
  for (auto const& row : kKeys) {
    std::string line(row.key);
    line.resize(std::max<std::size_t>(line.size() + 1, 23), ' ');
    out += line + plain(row.value) + " (" + plain(row.missing) + ")\n";
  }
  out += "\nUnits are never guessed:\n";
  for (auto const& [name, forms] : kUnits) {
    std::string line = "  " + std::string(name);
    line.resize(13, ' ');
    out += line + std::string(forms) + '\n';
  }
  out += "\nNot yet, and refused:";
  for (auto const& later : kLater) out += ' ' + std::string(later.key);
  return out + "\nMeanings and examples: config/JOBFILE.md. A first file: run: python3 train.py\n";
}

std::string job_file_page() {
  std::string out =
      "# The job file\n\nGenerated from the table in `client/cli/job_reference.cpp`; a test compares "
      "them.\n\n";
  out += kRules;
  out += "\n| unit | written |\n|---|---|\n";
  for (auto const& [name, forms] : kUnits)
    out += "| " + std::string(name) + " | " + std::string(forms) + " |\n";
  std::string_view now = "none yet";
  for (auto const& row : kKeys) {
    bool const nested = section(row.key) != row.key;
    auto const title = nested || row.key == "depends_on" ? section(row.key) : std::string_view();
    if (title != now) {
      out += title.empty() ? "\n## The job\n\n" : "\n## " + std::string(title) + "\n\n";
      out += "| key | value | without it | meaning | example |\n|---|---|---|---|---|\n";
      now = title;
    }
    out += "| `" + std::string(row.key) + "` | " + std::string(row.value) + " | " + std::string(row.missing) +
           " | " + std::string(row.meaning) + " | " +
           (row.example.empty() ? "" : '`' + std::string(row.example) + '`') + " |\n";
  }
  out += "\n## Not yet\n\nRefused with these words, never ignored:\n\n";
  for (auto const& later : kLater)
    out += "- `" + std::string(later.key) + "`: " + std::string(later.words) + ".\n";
  out +=
      "- `resources.nodes` above 1, `env_passthrough: all`, `carbon.policy: budget_only` and `%a` in "
      "`output`.\n"
      "- `deadline` is refused for good: say `carbon.finish_by` (has ended) or `carbon.start_by` (has "
      "started).\n";
  return out;
}

}  // namespace greenq::client
