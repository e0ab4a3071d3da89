#include "store/run_lengths.hpp"

#include <algorithm>

#include "store/codec.hpp"

namespace greenq::store {
namespace {

constexpr auto kKept = static_cast<std::int64_t>(core::RunBook::kKeysKept);

}  // namespace

void put_run_lengths(Db& db, core::RunLengths const& lengths) {
  db.prepare(
        "INSERT INTO run_lengths (owner_uid, name, at, parts) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (owner_uid, name) DO UPDATE SET at = excluded.at, parts = excluded.parts")
      .bind(std::int64_t{lengths.key.owner_uid})
      .bind(lengths.key.name)
      .bind(core::to_ms(lengths.at))
      .bind(encode_numbers(lengths.parts))
      .run();
}

std::vector<core::RunLengths> load_run_lengths(Db& db) {
  Statement row = db.prepare("SELECT owner_uid, name, at, parts FROM run_lengths ORDER BY at DESC LIMIT ?");
  row.bind(kKept);
  std::vector<core::RunLengths> out;
  while (row.step()) {
    out.push_back({{static_cast<std::uint32_t>(row.integer(0)), row.text(1)},
                   decode_numbers(row.text(3)),
                   core::from_ms(row.integer(2))});
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
