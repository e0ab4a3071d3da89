#include "store/codec.hpp"
#include "store/sqlite.hpp"

namespace greenq::store {
namespace {

constexpr char kFormat = 1;
constexpr std::uint8_t kWithSpread = 0x80;
// Far beyond any calendar; sums of times below it do not overflow.
constexpr std::int64_t kMaxMs = std::int64_t{1} << 53;

[[noreturn]] void unreadable(std::string const& what) {
  throw SqlError(SQLITE_CORRUPT, "the points of a stored forecast cannot be read: " + what);
}

// Differences wrap around, so that every pair of numbers has one.
std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

class Writer {
 public:
  void byte(std::uint8_t value) { out_ += static_cast<char>(value); }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
    byte(static_cast<std::uint8_t>(value));
  }
  void integer(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_{kFormat};
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }
  std::uint8_t byte() {
    if (rest_.empty()) unreadable("they end too early");
    auto const value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      std::uint8_t const next = byte();
      if (shift == 63 && next > 1) break;
      value |= static_cast<std::uint64_t>(next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
    unreadable("a number is too long");
  }
  std::int64_t integer() {
    std::uint64_t const value = number();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }

 private:
  std::string_view rest_;
};

struct Run {
  std::uint64_t count = 0;
  std::int64_t begin = 0;
  std::int64_t step = 0;
  core::PointState state = core::PointState::kForecast;
  bool spread = false;
};

using Points = std::vector<core::IntensityPoint>;

bool continues(core::IntensityPoint const& a, core::IntensityPoint const& b) {
  return a.interval.end == b.interval.begin && a.interval.length() == b.interval.length() &&
         a.state == b.state && a.spread.has_value() == b.spread.has_value();
}

Run run_at(Points const& points, std::size_t first) {
  std::size_t last = first;
  while (last + 1 < points.size() && continues(points[last], points[last + 1])) ++last;
  core::IntensityPoint const& point = points[first];
  return {last - first + 1, core::to_ms(point.interval.begin), point.interval.length().count(), point.state,
          point.spread.has_value()};
}

Run read_run(Reader& in, std::int64_t end_before, bool first) {
  Run run;
  run.count = in.number();
  if (run.count == 0 || run.count > in.left()) unreadable("a count is wrong");
  run.begin = plus(end_before, in.integer());
  run.step = in.integer();
  std::uint8_t const kind = in.byte();
  run.spread = (kind & kWithSpread) != 0;
  run.state = static_cast<core::PointState>(kind & ~kWithSpread);
  if (run.state < core::PointState::kActual || run.state > core::PointState::kConstant) {
    unreadable("an unknown state");
  }
  if (run.step <= 0 || run.step > kMaxMs) unreadable("a step is wrong");
  if (run.begin < -kMaxMs || run.begin > kMaxMs) unreadable("a time is wrong");
  if (!first && run.begin < end_before) unreadable("they are out of order");
  return run;
}

}  // namespace

std::string encode_points(Points const& points) {
  Writer out;
  std::int64_t end = 0;
  std::int64_t value = 0;
  for (std::size_t at = 0; at < points.size();) {
    Run const run = run_at(points, at);
    out.number(run.count);
    out.integer(minus(run.begin, end));
    out.integer(run.step);
    out.byte(static_cast<std::uint8_t>(static_cast<unsigned>(run.state) | (run.spread ? kWithSpread : 0U)));
    for (std::size_t const stop = at + run.count; at < stop; ++at) {
      core::IntensityPoint const& point = points[at];
      out.integer(minus(point.value.value, value));
      value = point.value.value;
      end = core::to_ms(point.interval.end);
      if (!run.spread) continue;
      out.integer(minus(value, point.spread->low.value));
      out.integer(minus(point.spread->high.value, value));
    }
  }
  return out.take();
}

Points decode_points(std::string_view bytes) {
  Reader in(bytes);
  if (in.byte() != kFormat) unreadable("an unknown format");
  Points points;
  std::int64_t end = 0;
  std::int64_t value = 0;
  while (!in.empty()) {
    Run const run = read_run(in, end, points.empty());
    if (points.empty()) points.reserve(run.count);
    end = run.begin;
    for (std::uint64_t i = 0; i < run.count; ++i) {
      std::int64_t const begin = end;
      end = begin + run.step;
      if (end > kMaxMs) unreadable("a time is wrong");
      value = plus(value, in.integer());
      core::IntensityPoint& point = points.emplace_back();
      point.interval = {core::from_ms(begin), core::from_ms(end)};
      point.value = {value};
      point.state = run.state;
      if (!run.spread) continue;
      core::IntensitySpread& spread = point.spread.emplace();
      spread.low = {minus(value, in.integer())};
      spread.high = {plus(value, in.integer())};
    }
  }
  return points;
}

}  // namespace greenq::store
