#include "client/cli/job_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <istream>
#include <iterator>

#include "client/cli/job_spec.hpp"

namespace greenq::client {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{256} * 1024;

std::string footer(std::size_t errors, std::string_view consequence) {
  return std::to_string(errors) + (errors == 1 ? " error; " : " errors; ") + std::string(consequence);
}

// Where a field of the wire stands in the file.
struct Step {
  std::string_view wire;
  std::string_view file;
};
constexpr std::array<Step, 12> kSteps{{{"display_name", "name"},
                                       {"mode", "policy"},
                                       {"max_mg_per_kwh", "max_intensity"},
                                       {"gpu_types", "gpu_type"},
                                       {"gpu_memory_bytes", "gpu_memory"},
                                       {"memory_bytes", "memory"},
                                       {"expected_power_mw", "expected_power"},
                                       {"condition", "when"},
                                       {"parent", "project"}}};

std::string_view file_key(std::string_view wire) {
  for (auto const& step : kSteps) {
    if (!step.wire.empty() && step.wire == wire) return step.file;
  }
  return wire;
}

// Takes "[3]" or ".3" off the front.
std::optional<std::size_t> take_index(std::string_view& path) {
  if (path.empty() || (path.front() != '[' && path.front() != '.')) return std::nullopt;
  std::size_t index = 0;
  auto const [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), index);
  if (error != std::errc()) return std::nullopt;
  auto rest = path.substr(static_cast<std::size_t>(end - path.data()));
  if (path.front() == '[') {
    if (rest.empty() || rest.front() != ']') return std::nullopt;
    rest.remove_prefix(1);
  }
  path = rest;
  return index;
}

struct Place {
  config::Node const* node = nullptr;
  bool whole = false;  // the whole path was found
  std::string path;    // as in the file
};

Place find_place(config::Node const& document, std::string_view wire) {
  Place place{&document, true, {}};
  while (!wire.empty()) {
    if (wire.front() == '.') wire.remove_prefix(1);
    auto const length = std::min(wire.find_first_of(".["), wire.size());
    auto const key = file_key(wire.substr(0, length));
    wire.remove_prefix(length);
    place.path += (place.path.empty() ? "" : ".") + std::string(key);
    auto const* const next = place.whole ? place.node->find(key) : nullptr;
    if (next == nullptr) {
      place.whole = false;
    } else {
      place.node = next;
    }
    if (auto const index = take_index(wire)) {
      place.path += '[' + std::to_string(*index) + ']';
      bool const there = place.whole && *index < place.node->children.size();
      if (there) place.node = &place.node->children[*index];
      place.whole = there;
    }
  }
  return place;
}

// A named pipe without a writer, or a terminal, would be waited for without an end. A pipe that greenq was
// started with has a writer: `greenq submit <(make-job)`.
bool may_be_read(std::string const& file, struct stat const& info) {
  bool const given =
      file == "/dev/stdin" || file.starts_with("/dev/fd/") || file.starts_with("/proc/self/fd/");
  return S_ISREG(info.st_mode) || (S_ISFIFO(info.st_mode) && given);
}

Result<std::string> read_all(std::string const& file, Environment const& env) {
  if (file == "-") {
    std::string text;
    std::array<char, 8192> buffer{};
    while (text.size() <= kMaxBytes && (env.in.read(buffer.data(), buffer.size()) || env.in.gcount() > 0)) {
      text.append(buffer.data(), static_cast<std::size_t>(env.in.gcount()));
    }
    return text;
  }
  struct stat info {};
  if (::stat(file.c_str(), &info) == 0 && !may_be_read(file, info)) {
    return fail(
        Exit::kUsage, "INVALID_FILE",
        file + (S_ISDIR(info.st_mode) ? ": is a directory; name a job file"
                                      : ": is not a regular file; name a job file, or give - and pipe "
                                        "it to greenq"));
  }
  int const fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    return fail(Exit::kUsage, "INVALID_FILE", file + ": cannot be opened: " + std::strerror(errno));
  }
  std::string text;
  std::array<char, 8192> buffer{};
  while (text.size() <= kMaxBytes) {
    auto const got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      auto message = file + ": cannot be read: ";
      message += std::strerror(errno);
      ::close(fd);
      return fail(Exit::kUsage, "INVALID_FILE", message);
    }
    if (got == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  return text;
}

Failure invalid(config::Problems const& problems, std::string text, std::string_view consequence) {
  Failure failure;
  failure.exit = Exit::kUsage;
  failure.code = "INVALID_FILE";
  failure.problems = problems.sorted();
  failure.text = std::move(text);
  failure.footer = footer(failure.problems.size(), consequence);
  failure.message = failure.footer;
  return failure;
}

}  // namespace

Result<JobFile> parse_job_file(std::string const& file, std::string text,
                               std::vector<std::string> const& overrides, Environment const& env,
                               std::string_view consequence) {
  config::Problems problems(file == "-" ? "stdin" : file);
  config::Limits limits;
  limits.max_documents = kMaxJobsPerFile;
  auto documents = config::parse_yaml(text, limits, problems);
  // An empty document before the first or after the last `---` is no job.
  if (documents.size() > 1 && documents.back().is(config::Node::Kind::kNull)) documents.pop_back();
  if (problems.empty() && (documents.empty() || documents.front().is(config::Node::Kind::kNull))) {
    if (documents.empty() && !overrides.empty()) documents.emplace_back();
    if (overrides.empty())
      problems.add({1, 1, 0}, 1, {}, "the file has no job; the shortest is `run: python train.py`");
  }
  JobFile result;
  result.file_ = file == "-" ? "stdin" : file;
  result.footer_ = consequence;
  if (problems.empty()) {
    for (auto& document : documents) {
      for (auto const& override_text : overrides) apply_override(document, override_text, problems);
    }
  }
  if (problems.empty()) {
    for (auto const& document : documents) result.requests.push_back(read_job(document, env, problems));
  }
  if (!problems.empty()) return tl::unexpected<Failure>(invalid(problems, std::move(text), consequence));
  result.documents_ = std::move(documents);
  for (std::size_t i = 0; i < result.documents_.size(); ++i) {
    for (auto const& override_text : overrides)
      result.origins_.push_back("--set " + override_text.substr(0, 120));
  }
  result.text_ = std::move(text);
  return result;
}

Result<JobFile> read_job_file(std::string const& file, std::vector<std::string> const& overrides,
                              Environment const& env, std::string_view consequence) {
  auto text = read_all(file, env);
  if (!text) return tl::unexpected<Failure>(text.error());
  return parse_job_file(file, std::move(*text), overrides, env, consequence);
}

Failure JobFile::place(Failure failure, std::size_t index) const {
  if (failure.violations.empty()) return failure;
  config::Problems problems(file_);
  for (auto const& origin : origins_) problems.add_origin(origin);
  for (auto const& violation : failure.violations) {
    std::string_view path = violation.field;
    auto document = index;
    if (path.starts_with("requests")) {
      path.remove_prefix(8);
      document = take_index(path).value_or(index);
      if (path.starts_with('.')) path.remove_prefix(1);
    }
    if (path.starts_with("spec.")) path.remove_prefix(5);
    if (path == "spec") path = {};
    if (document >= documents_.size()) document = 0;
    auto const found = find_place(documents_[document], path);
    auto const mark = found.whole               ? found.node->mark
                      : found.node->key.empty() ? found.node->mark
                                                : found.node->key_mark;
    auto const width = found.whole ? found.node->width : found.node->key.empty() ? 1 : found.node->key_width;
    std::string_view message = violation.message;
    if (message.starts_with(found.path + ": ")) message.remove_prefix(found.path.size() + 2);
    problems.add(mark, width, found.path, std::string(message));
  }
  failure.problems = problems.sorted();
  failure.text = text_;
  failure.footer = footer(failure.problems.size(), footer_);
  return failure;
}

}  // namespace greenq::client
