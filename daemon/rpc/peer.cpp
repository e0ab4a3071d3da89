#include "rpc/peer.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>
#include <vector>

#include "app/unique_fd.hpp"

namespace greenq::rpc {
namespace {

constexpr std::int64_t kNameMemoryMs = 300'000;
constexpr std::size_t kNamesMax = 10'000;
constexpr std::size_t kEntryMax = 1U << 20U;  // bytes of one entry of the user database

std::optional<ino_t> socket_inode(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISSOCK(info.st_mode)) return std::nullopt;
  return info.st_ino;
}

core::Result<std::string> resolve(std::uint32_t uid) {
  std::vector<char> buffer(16UL * 1024);
  passwd entry{};
  passwd* found = nullptr;
  int code = 0;
  while ((code = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found)) == EINTR ||
         (code == ERANGE && buffer.size() < kEntryMax)) {
    if (code == ERANGE) buffer.resize(buffer.size() * 2);
  }
  if (code == 0 && found != nullptr) return found->pw_name;
  if (code == 0 || code == ENOENT || code == ESRCH) {  // getpwuid(3): no such user
    // glibc forgets that a source could not be opened when a later one knows no such user.
    app::UniqueFd const spare(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (spare || (errno != EMFILE && errno != ENFILE)) return std::to_string(uid);
    code = errno;
  }
  return core::fail(core::ErrorCode::kUnavailable, "USER_LOOKUP_FAILED",
                    "The name of user " + std::to_string(uid) + " cannot be looked up now (" +
                        std::generic_category().message(code) + "); try again.");
}

}  // namespace

bool PeerRegistry::put(int fd, Peer const& peer) {
  auto const inode = socket_inode(fd);
  if (!inode) return false;
  std::lock_guard const lock(mutex_);
  entries_.erase(fd);
  if (entries_.size() >= limits_.total || count_uid(peer.uid) >= limits_.per_uid) sweep();
  if (entries_.size() >= limits_.total || count_uid(peer.uid) >= limits_.per_uid) return false;
  entries_[fd] = Entry{peer, *inode};
  return true;
}

std::optional<Peer> PeerRegistry::find(std::string_view grpc_peer) const {
  constexpr std::string_view kPrefix = "fd:";
  if (!grpc_peer.starts_with(kPrefix)) return std::nullopt;
  grpc_peer.remove_prefix(kPrefix.size());
  int fd = -1;
  auto const parsed = std::from_chars(grpc_peer.data(), grpc_peer.data() + grpc_peer.size(), fd);
  if (parsed.ec != std::errc{} || parsed.ptr != grpc_peer.data() + grpc_peer.size()) return std::nullopt;
  std::lock_guard const lock(mutex_);
  auto const it = entries_.find(fd);
  if (it == entries_.end()) return std::nullopt;
  return it->second.peer;
}

std::size_t PeerRegistry::count() {
  std::lock_guard const lock(mutex_);
  sweep();
  return entries_.size();
}

std::size_t PeerRegistry::count(std::uint32_t uid) {
  std::lock_guard const lock(mutex_);
  sweep();
  return count_uid(uid);
}

void PeerRegistry::sweep() {
  std::erase_if(entries_, [](auto const& entry) { return socket_inode(entry.first) != entry.second.inode; });
}

std::size_t PeerRegistry::count_uid(std::uint32_t uid) const {
  std::size_t found = 0;
  for (auto const& [fd, entry] : entries_) found += entry.peer.uid == uid ? 1 : 0;
  return found;
}

UserNames::UserNames(Lookup lookup) : lookup_(lookup ? std::move(lookup) : resolve) {}

std::optional<std::string> UserNames::remembered(std::uint32_t uid) const {
  std::lock_guard const lock(mutex_);
  auto const it = known_.find(uid);
  return it == known_.end() ? std::nullopt : std::optional(it->second.name);
}

core::Result<std::string> UserNames::name_of(std::uint32_t uid, std::int64_t steady_ms) {
  {
    std::lock_guard const lock(mutex_);
    auto const it = known_.find(uid);
    if (it != known_.end() && it->second.until_ms > steady_ms) return it->second.name;
  }
  auto name = lookup_(uid);
  if (!name) {
    if (auto before = remembered(uid)) return std::move(*before);
    return name;
  }
  std::lock_guard const lock(mutex_);
  if (known_.size() >= kNamesMax) known_.clear();
  known_[uid] = Known{*name, steady_ms + kNameMemoryMs};
  return name;
}

}  // namespace greenq::rpc
