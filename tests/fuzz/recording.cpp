// Any bytes as a file of figures, as actuals or as issues: what is accepted keeps the bounds of a signal.
#include "feed/recording.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "core/check.hpp"

namespace {

using greenq::core::IntensityPoint;
using greenq::core::PointState;

constexpr char kActuals[] =
    "# kind: marginal direct\ntime_utc,gco2_per_kwh\n2026-01-01T00:00:00Z,100\n2026-01-01T01:00:00Z,90\n";

class MemoryFile {
 public:
  MemoryFile(void const* data, std::size_t size) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    GREENQ_CHECK(fd_ >= 0 && ::write(fd_, data, size) == static_cast<ssize_t>(size));
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(MemoryFile const&) = delete;
  MemoryFile& operator=(MemoryFile const&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

void check(greenq::feed::Recording const& recording) {
  GREENQ_CHECK(!recording.points.empty() && recording.step.count() > 0);
  greenq::core::Signal signal;
  signal.source.kind = recording.kind;
  for (auto const& point : recording.points) {
    signal.points.push_back({{point.begin, point.begin + recording.step}, point.value, PointState::kActual});
  }
  GREENQ_CHECK(!greenq::core::problem_of(signal));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  if (size == 0) return 0;
  MemoryFile const file{data + 1, size - 1};
  greenq::feed::RecordingOptions options;
  options.path = file.path();
  if (data[0] % 2 == 0) {
    if (auto const recording = greenq::feed::load_recording(options)) check(*recording);
    return 0;
  }
  MemoryFile const actuals{kActuals, sizeof(kActuals) - 1};
  options.issues_path = std::exchange(options.path, actuals.path());
  if (auto const recording = greenq::feed::load_recording(options)) check(*recording);
  return 0;
}
