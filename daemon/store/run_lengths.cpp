#include "store/run_lengths.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "store/codec.hpp"

namespace greenq::store {
namespace {

constexpr auto kKept = static_cast<std::int64_t>(core::RunBook::kKeysKept);

std::string encode_runs(std::vector<core::PastRun> const& runs) {
  std::vector<std::uint64_t> numbers;
  for (core::PastRun const& run : runs) {
    numbers.push_back(static_cast<std::uint64_t>(run.stated.value_or(core::Span{0}).count()));
    numbers.push_back(static_cast<std::uint64_t>(run.ran.count()));
  }
  return encode_numbers(numbers);
}

std::vector<core::PastRun> decode_runs(std::string_view text) {
  std::vector<std::uint64_t> const numbers = decode_numbers(text);
  std::vector<core::PastRun> runs;
  for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) {
    core::PastRun& run = runs.emplace_back();
    run.ran = core::Span{numbers[i + 1]};
    if (numbers[i] > 0) run.stated = core::Span{numbers[i]};
  }
  return runs;
}

}  // namespace

void put_run_lengths(Db& db, core::RunLengths const& lengths) {
  db.prepare(
        "INSERT INTO run_lengths (owner_uid, name, at, runs) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (owner_uid, name) DO UPDATE SET at = excluded.at, runs = excluded.runs")
      .bind(std::int64_t{lengths.key.owner_uid})
      .bind(lengths.key.name)
      .bind(core::to_ms(lengths.at))
      .bind(encode_runs(lengths.runs))
      .run();
}

std::vector<core::RunLengths> load_run_lengths(Db& db) {
  Statement row = db.prepare("SELECT owner_uid, name, at, runs FROM run_lengths ORDER BY at DESC LIMIT ?");
  row.bind(kKept);
  std::vector<core::RunLengths> out;
  while (row.step()) {
    core::RunKey key{static_cast<std::uint32_t>(row.integer(0)), row.text(1)};
    try {
      out.push_back({key, decode_runs(row.text(3)), core::from_ms(row.integer(2))});
    } catch (std::exception const& error) {
      spdlog::warn(
          "RUN_LENGTHS_UNREADABLE owner_uid={} name=\"{}\" message=\"{}\" action=\"none: it learns anew\"",
          key.owner_uid, key.name, error.what());
    }
  }
  std::reverse(out.begin(), out.end());
  return out;
}

void drop_run_lengths(Db& db, int limit) {
  db.prepare(
        "DELETE FROM run_lengths WHERE (owner_uid, name) IN"
        " (SELECT owner_uid, name FROM run_lengths ORDER BY at DESC LIMIT ? OFFSET ?)")
      .bind(std::int64_t{limit})
      .bind(kKept)
      .run();
}

}  // namespace greenq::store
