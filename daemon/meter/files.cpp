#include "meter/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace greenq::meter {

std::optional<std::string> read_text(std::filesystem::path const& path, std::size_t limit) {
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  std::string text(limit, '\0');
  std::size_t size = 0;
  bool failed = false;
  while (size < limit) {
    ssize_t const got = ::read(fd, text.data() + size, limit - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) failed = true;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  ::close(fd);
  if (failed) return std::nullopt;
  text.resize(size);
  return text;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::size_t const begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  text = trim(text);
  if (text.empty() || text.front() == '-') return std::nullopt;
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> read_number(std::filesystem::path const& path) {
  auto const text = read_text(path);
  return text ? parse_number(*text) : std::nullopt;
}

std::optional<std::string> read_word(std::filesystem::path const& path) {
  auto const text = read_text(path);
  if (!text) return std::nullopt;
  std::string_view const word = trim(*text);
  if (word.empty()) return std::nullopt;
  return std::string(word);
}

}  // namespace greenq::meter
