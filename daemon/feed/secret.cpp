#include "feed/secret.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "feed/text.hpp"

namespace greenq::feed {
namespace {

constexpr std::size_t kMaxSecret = std::size_t{16} * 1024;

tl::unexpected<core::Error> bad(std::string const& path, std::string const& what) {
  return core::fail(core::ErrorCode::kInvalidArgument, "BAD_SECRET", "the secret file " + path + " " + what);
}

// Everything in the file, at most one byte more than is allowed.
std::optional<std::string> read_all(int fd) {
  std::string text(kMaxSecret + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    ssize_t const got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

// Names of hosts know no letter case.
std::string small_letters(std::string_view text) {
  std::string out;
  for (char const c : text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

}  // namespace

core::Result<std::string> read_secret(
    std::string const& name,
    std::function<std::optional<std::string>(std::string const&)> const& environment) {
  bool const bare = name.find('/') == std::string::npos;
  auto const directory = environment("CREDENTIALS_DIRECTORY");
  if (bare && directory.value_or("").empty()) {
    return bad(name,
               "is a bare name, but $CREDENTIALS_DIRECTORY is not set; write a path, or use LoadCredential=");
  }
  std::string const path = bare ? *directory + "/" + name : name;
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return bad(path, std::string("cannot be read: ") + std::strerror(errno));
  struct stat info {};
  bool const regular = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  auto const text = regular ? read_all(fd) : std::nullopt;
  ::close(fd);
  if (!text) return bad(path, "is no readable file");
  if (!bare && (info.st_mode & 077U) != 0) return bad(path, "may be read by others; run: chmod 600 " + path);
  if (text->size() > kMaxSecret) return bad(path, "is larger than 16 KiB");
  std::string secret = text->substr(0, text->find('\n'));
  if (!secret.empty() && secret.back() == '\r') secret.pop_back();
  if (secret.empty()) return bad(path, "is empty; its first line is to be the password or key");
  bool const plain = std::all_of(secret.begin(), secret.end(),
                                 [](char c) { return static_cast<unsigned char>(c) >= 0x20U && c != 0x7f; });
  if (!plain) return bad(path, "holds control characters");
  return secret;
}

std::string proxy_from(std::function<std::optional<std::string>(std::string const&)> const& environment,
                       std::string const& host) {
  auto const either = [&](char const* upper, char const* lower) {
    auto const value = environment(upper);
    return value ? value : environment(lower);
  };
  auto const proxy = either("HTTPS_PROXY", "https_proxy");
  if (!proxy) return {};
  std::string const asked = small_letters(host);
  std::string const exempt = small_letters(either("NO_PROXY", "no_proxy").value_or(""));
  for (std::string_view const entry : split(exempt, ',')) {
    std::string_view name = trim(entry);
    if (name == "*") return {};
    if (name.starts_with('.')) name.remove_prefix(1);
    bool const whole = asked == name;
    bool const part =
        asked.size() > name.size() && asked.ends_with(name) && asked[asked.size() - name.size() - 1] == '.';
    if (!name.empty() && (whole || part)) return {};
  }
  return *proxy;
}

}  // namespace greenq::feed
