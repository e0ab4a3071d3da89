#include "exec/owner_check.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

namespace greenq::exec {
namespace {

struct Account {
  std::string name;
  std::string shell;
  gid_t gid = 0;
};

// Nothing with errno 0: no such user; else the user database could not be asked.
std::optional<Account> account_of(uid_t uid) {
  std::vector<char> buffer(64U << 10U);
  passwd entry{};
  passwd* found = nullptr;
  int const code = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  errno = code == ENOENT || code == ESRCH ? 0 : code;
  if (code != 0 || found == nullptr) return std::nullopt;
  return Account{entry.pw_name, entry.pw_shell, entry.pw_gid};
}

std::vector<gid_t> groups_of(Account const& account) {
  int count = 256;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(account.name.c_str(), account.gid, groups.data(), &count) < 0) {
    groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(account.name.c_str(), account.gid, groups.data(), &count);
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

bool allowed_by(struct stat const& info, uid_t uid, std::vector<gid_t> const& groups, unsigned bits) {
  unsigned mode = info.st_mode & 07U;
  if (info.st_uid == uid) {
    mode = (info.st_mode >> 6U) & 07U;
  } else if (std::find(groups.begin(), groups.end(), info.st_gid) != groups.end()) {
    mode = (info.st_mode >> 3U) & 07U;
  }
  return (mode & bits) == bits;
}

}  // namespace

std::string refuse(LocalRunnerOptions const& options, core::Principal const& owner) {
  if (options.run_as == RunAs::kSelf) {
    if (owner.uid == options.own_uid) return {};
    return "this daemon runs jobs only for its own user (uid " + std::to_string(options.own_uid) +
           "); start your own daemon with `greenqd`, or ask the administrator to run it as root with run_as: "
           "submitter";
  }
  if (options.own_uid != 0) return "run_as: submitter needs a daemon that runs as root; set run_as: self";
  if (owner.uid == 0) return "jobs of root are not run here; submit as an ordinary user";
  auto const& listed = options.listed_uids;
  bool const is_listed = std::find(listed.begin(), listed.end(), owner.uid) != listed.end();
  constexpr std::uint32_t kFirstOrdinaryUid = 1000;
  if (owner.uid < kFirstOrdinaryUid && !is_listed) {
    return "uid " + std::to_string(owner.uid) + " is a system account; ask the administrator to list it";
  }
  auto const account = account_of(owner.uid);
  if (!account && errno != 0) {
    return "uid " + std::to_string(owner.uid) + " cannot be looked up now (" +
           std::generic_category().message(errno) + "); try again";
  }
  if (!account)
    return "uid " + std::to_string(owner.uid) + " is no user of this machine; ask the administrator";
  std::string const shell = std::filesystem::path(account->shell).filename().string();
  if (!is_listed && (shell == "nologin" || shell == "false" || shell == "sync")) {
    return "account " + account->name + " has no login shell; ask the administrator to enable or list it";
  }
  return {};
}

bool owner_may(core::Principal const& owner, std::uint32_t own_uid, std::string const& path, unsigned bits) {
  if (owner.uid == own_uid) return ::access(path.c_str(), static_cast<int>(bits)) == 0;
  auto const account = account_of(owner.uid);
  if (!account) return false;
  auto const groups = groups_of(*account);
  std::filesystem::path walked;
  std::filesystem::path const whole(path);
  for (auto const& part : whole) {
    walked /= part;
    if (part.empty()) continue;
    struct stat info {};
    if (::stat(walked.c_str(), &info) != 0) return false;
    bool const last = walked == whole;
    unsigned const wanted = last ? bits : unsigned{X_OK};
    bool const has_list = ::getxattr(walked.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
    if (!has_list && !allowed_by(info, owner.uid, groups, wanted)) return false;
  }
  return true;
}

bool is_safe_output_path(std::string const& path) {
  std::filesystem::path const given(path);
  return std::none_of(given.begin(), given.end(),
                      [](std::filesystem::path const& part) { return part == ".."; });
}

}  // namespace greenq::exec
