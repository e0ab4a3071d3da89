// Rows of one core::Changes into the open transaction.
#pragma once

#include "core/state.hpp"
#include "store/sqlite.hpp"

namespace greenq::store {

// Job ids and event numbers never go back, whatever is deleted; kept in table meta.
struct Counters {
  core::JobId next_job = 1;
  std::int64_t next_sequence = 1;
  friend bool operator==(Counters const&, Counters const&) = default;
};

// Throws SqlError; std::logic_error when an event would leave a gap in the sequence.
void stage_changes(Db& db, core::Changes const& changes, Counters& counters);
// The part of it that concerns feeds and forecasters.
void stage_signals(Db& db, core::Changes const& changes);

}  // namespace greenq::store
