#include "feed/names.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace greenq::feed {

core::Result<std::vector<std::string>> look_up(std::string const& host) {
  auto const failed = [&](int code) {
    std::string const why =
        code == EAI_SYSTEM ? std::system_category().message(errno) : std::string(::gai_strerror(code));
    return core::fail(core::ErrorCode::kUnavailable, "DNS",
                      "the name " + host + " could not be resolved: " + why);
  };
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (int const code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0) return failed(code);
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owner(list, &::freeaddrinfo);
  std::vector<std::string> addresses;
  for (addrinfo const* each = list; each != nullptr; each = each->ai_next) {
    char text[NI_MAXHOST];
    int const code =
        ::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    if (code != 0) return failed(code);
    addresses.emplace_back(text);
  }
  return addresses;
}

}  // namespace greenq::feed
