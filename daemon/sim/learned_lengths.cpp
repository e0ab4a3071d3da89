#include "sim/learned_lengths.hpp"

#include <algorithm>

namespace greenq::sim {

core::RunKey LearnedLengths::key(SimJob const& job) {
  auto const number = static_cast<std::uint32_t>(users_.size());
  return {users_.try_emplace(job.user, number).first->second, {}};
}

void LearnedLengths::submitted(SimJob const& job) {
  if (auto const learned = book_.learned(key(job), job.duration, std::nullopt)) learned_[job.id] = *learned;
}

void LearnedLengths::ended(SimJob const& job, core::Span took, core::Instant now) {
  learned_.erase(job.id);
  book_.put(book_.with(key(job), {took, job.duration}, now));
}

core::Span LearnedLengths::typical(SimJob const& job) const {
  auto const known = learned_.find(job.id);
  return known == learned_.end() ? job.duration : known->second.typical;
}

std::optional<core::Span> LearnedLengths::left(SimJob const& job, core::Span worked) const {
  auto const known = learned_.find(job.id);
  if (known == learned_.end()) return std::nullopt;
  core::LearnedDuration const& learned = known->second;
  return std::max(core::length_left(worked, {learned.typical, learned.safe, job.duration}), core::Span{1});
}

}  // namespace greenq::sim
