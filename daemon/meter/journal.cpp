#include "meter/journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

namespace greenq::meter {
namespace {

namespace json = boost::json;

// Bounds on what one line may carry, so that a broken journal costs little.
constexpr std::size_t kMaxParts = 256;

// Reads typed members; any member of a wrong type makes the whole line bad.
class Members {
 public:
  explicit Members(json::object const& object) : object_(object) {}
  bool good() const { return good_; }

  std::optional<std::int64_t> number(char const* key) {
    json::value const* const value = object_.if_contains(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_int64() || value->get_int64() < 0) return bad();
    return value->get_int64();
  }
  std::int64_t required(char const* key) {
    auto const value = number(key);
    if (!value) good_ = false;
    return value.value_or(0);
  }
  std::string text(char const* key) {
    json::value const* const value = object_.if_contains(key);
    if (value == nullptr || !value->is_string()) {
      good_ = false;
      return "";
    }
    return std::string(value->get_string());
  }
  // Calls `take` with each element of an array of objects; a missing key is an empty array.
  template <class Take>
  void each(char const* key, Take take) {
    json::value const* const value = object_.if_contains(key);
    if (value == nullptr) return;
    if (!value->is_array() || value->get_array().size() > kMaxParts) {
      good_ = false;
      return;
    }
    for (json::value const& element : value->get_array()) {
      if (!element.is_object()) {
        good_ = false;
        return;
      }
      Members members(element.get_object());
      take(members);
      good_ = good_ && members.good();
    }
  }

 private:
  std::nullopt_t bad() {
    good_ = false;
    return std::nullopt;
  }

  json::object const& object_;
  bool good_ = true;
};

// Reads up to `limit` bytes at `offset`.
core::Result<std::string> read_at(std::filesystem::path const& path, std::int64_t offset, std::size_t limit) {
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    int const error = errno;
    return core::fail(
        error == ENOENT ? core::ErrorCode::kNotFound : core::ErrorCode::kInternal, "JOURNAL_UNREADABLE",
        "The energy journal " + path.string() + " cannot be opened: " + std::strerror(error) + ".");
  }
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    return core::fail(core::ErrorCode::kInternal, "JOURNAL_UNREADABLE",
                      "The energy journal " + path.string() + " is not a regular file.");
  }
  std::string data(limit, '\0');
  std::size_t size = 0;
  int error = 0;
  while (size < limit) {
    ssize_t const got = ::pread(fd, data.data() + size, limit - size, offset + static_cast<off_t>(size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  ::close(fd);
  if (error != 0) {
    return core::fail(
        core::ErrorCode::kInternal, "JOURNAL_UNREADABLE",
        "The energy journal " + path.string() + " cannot be read: " + std::strerror(error) + ".");
  }
  data.resize(size);
  return data;
}

}  // namespace

std::optional<core::CounterSample> parse_journal_line(std::string_view line) {
  boost::system::error_code error;
  json::value const value = json::parse(json::string_view(line.data(), line.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  Members members(value.get_object());
  core::CounterSample sample;
  sample.boot_id = members.text("boot_id");
  sample.boottime_ms = members.required("boottime_ms");
  sample.at = core::from_ms(members.required("at_ms"));
  sample.job_cpu_us = members.number("job_cpu_us");
  sample.node_cpu_us = members.number("node_cpu_us");
  sample.gpu_epoch = members.text("gpu_epoch");
  members.each("zones", [&](Members& zone) {
    sample.zones.push_back(
        {zone.text("name"), zone.required("energy_uj"), zone.number("max_range_uj").value_or(0)});
  });
  members.each("gpus", [&](Members& gpu) {
    sample.gpus.push_back({gpu.text("uuid"), gpu.number("energy_mj"), gpu.number("power_mw")});
  });
  if (!members.good()) return std::nullopt;
  return sample;
}

core::Result<JournalChunk> read_journal(std::filesystem::path const& path, std::int64_t offset,
                                        JournalLimits const& limits) {
  auto const data = read_at(path, offset, limits.max_bytes);
  if (!data) return tl::unexpected<core::Error>(data.error());
  JournalChunk chunk;
  chunk.from_offset = offset;
  std::string_view rest = *data;
  while (chunk.samples.size() < limits.max_samples) {
    std::size_t const end = rest.find('\n');
    if (end == std::string_view::npos) break;
    if (auto sample = parse_journal_line(rest.substr(0, end))) {
      chunk.samples.push_back(std::move(*sample));
    } else {
      ++chunk.skipped_lines;
    }
    rest.remove_prefix(end + 1);
  }
  bool const full = data->size() == limits.max_bytes;
  if (full && rest.size() == data->size()) {
    // One line fills the whole read: step over what was seen; its end will not parse and is skipped as well.
    ++chunk.skipped_lines;
    rest = {};
  }
  chunk.to_offset = offset + static_cast<std::int64_t>(data->size() - rest.size());
  chunk.more = full || rest.find('\n') != std::string_view::npos;
  return chunk;
}

}  // namespace greenq::meter
