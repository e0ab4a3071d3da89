#include "rpc/time_mapping.hpp"

namespace greenq::rpc {
namespace {

constexpr std::int64_t kYear1 = -62'135'596'800;
constexpr std::int64_t kYear10000 = 253'402'300'800;
constexpr std::int64_t kDurationMax = 100LL * 366 * 86'400;
constexpr std::int32_t kNanosPerSecond = 1'000'000'000;
constexpr std::int32_t kNanosPerMs = 1'000'000;

}  // namespace

void set_time(google::protobuf::Timestamp& wire, core::Instant at) {
  std::int64_t const ms = core::to_ms(at);
  std::int64_t seconds = ms / 1000;
  std::int64_t rest = ms % 1000;
  if (rest < 0) {
    rest += 1000;
    --seconds;
  }
  wire.set_seconds(seconds);
  wire.set_nanos(static_cast<std::int32_t>(rest) * kNanosPerMs);
}

void set_duration(google::protobuf::Duration& wire, core::Span span) {
  wire.set_seconds(span.count() / 1000);
  wire.set_nanos(static_cast<std::int32_t>(span.count() % 1000) * kNanosPerMs);
}

std::optional<core::Instant> to_instant(google::protobuf::Timestamp const& wire) {
  if (wire.seconds() < kYear1 || wire.seconds() >= kYear10000) return std::nullopt;
  if (wire.nanos() < 0 || wire.nanos() >= kNanosPerSecond) return std::nullopt;
  return core::from_ms(wire.seconds() * 1000 + wire.nanos() / kNanosPerMs);
}

std::optional<core::Span> to_span(google::protobuf::Duration const& wire) {
  if (wire.seconds() < 0 || wire.seconds() > kDurationMax) return std::nullopt;
  if (wire.nanos() < 0 || wire.nanos() >= kNanosPerSecond) return std::nullopt;
  return core::Span{wire.seconds() * 1000 + (wire.nanos() + kNanosPerMs - 1) / kNanosPerMs};
}

}  // namespace greenq::rpc
