#include "feed/poll_plan.hpp"

#include <algorithm>
#include <cmath>

#include "core/fnv.hpp"

namespace greenq::feed {

core::Span phase_of(std::string const& install_id, PollSettings const& settings) {
  bool const anywhere = settings.window_length == core::Span{0};
  core::Span const room = anywhere ? settings.interval : settings.window_length - settings.jitter;
  auto const place =
      static_cast<std::int64_t>(core::fnv1a(install_id) % static_cast<std::uint64_t>(room.count()));
  return settings.window_begin + core::Span{place};
}

core::Instant next_regular(PollSettings const& settings, core::Span phase, core::Instant now, double chance) {
  core::Instant const earliest = now + settings.interval / 2;
  core::Span const into = (earliest.time_since_epoch() - phase) % settings.interval;
  core::Span const wait = into == core::Span{0} ? core::Span{0} : settings.interval - into;
  auto const extra = static_cast<std::int64_t>(chance * static_cast<double>(settings.jitter.count()));
  return earliest + wait + core::Span{extra};
}

core::Span backoff(PollSettings const& settings, int failures, double chance) {
  int const doublings = std::clamp(failures, 0, 20);
  double const grown = std::ldexp(static_cast<double>(settings.backoff_base.count()), doublings);
  double const most = std::min(grown, static_cast<double>(settings.backoff_cap.count()));
  return core::Span{static_cast<std::int64_t>(chance * most)};
}

StatusClass classify(int http_status) {
  if (http_status == 200) return StatusClass::kOk;
  if (http_status >= 300 && http_status < 400) return StatusClass::kRedirect;
  if (http_status == 429 || http_status == 503) return StatusClass::kOverloaded;
  if (http_status == 400 || http_status == 404 || http_status == 410 || http_status == 422) {
    return StatusClass::kPermanent;
  }
  return StatusClass::kTransient;
}

}  // namespace greenq::feed
