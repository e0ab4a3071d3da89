#include "exec/shepherd/identity.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "app/run_dir.hpp"

namespace greenq::shepherd {

core::Result<Identity> resolve_identity(uid_t uid) {
  Identity identity;
  identity.uid = uid;
  identity.switch_user = uid != ::geteuid();
  if (identity.switch_user && uid == 0) {
    return core::fail(core::ErrorCode::kPermissionDenied, "RUN_AS", "jobs of root are not run");
  }
  if (identity.switch_user && ::geteuid() != 0) {
    return core::fail(core::ErrorCode::kPermissionDenied, "RUN_AS",
                      "only root can run a job of another user; this daemon runs jobs of its own user");
  }
  passwd const* entry = ::getpwuid(uid);
  if (entry == nullptr && identity.switch_user) {
    return core::fail(core::ErrorCode::kNotFound, "RUN_AS",
                      "user " + std::to_string(uid) + " does not exist on this machine");
  }
  identity.gid = entry != nullptr ? entry->pw_gid : ::getegid();
  identity.name = entry != nullptr ? entry->pw_name : std::to_string(uid);
  identity.home = entry != nullptr ? entry->pw_dir : "/";
  identity.shell = entry != nullptr && *entry->pw_shell != '\0' ? entry->pw_shell : "/bin/sh";
  if (!identity.switch_user) return identity;

  constexpr int kMostGroups = 65'536;
  int count = 64;
  identity.groups.resize(static_cast<std::size_t>(count));
  while (::getgrouplist(identity.name.c_str(), identity.gid, identity.groups.data(), &count) < 0) {
    if (count > kMostGroups) {
      return core::fail(core::ErrorCode::kInternal, "RUN_AS",
                        "user " + identity.name + " has too many groups");
    }
    identity.groups.resize(static_cast<std::size_t>(count));
  }
  identity.groups.resize(static_cast<std::size_t>(count));
  return identity;
}

bool is_dangerous_name(std::string const& name) {
  constexpr std::array<std::string_view, 3> kPrefixes{"LD_", "BASH_FUNC_", "_RLD"};
  constexpr std::array<std::string_view, 24> kNames{
      "BASH_ENV",    "ENV",           "IFS",           "CDPATH",         "GLOBIGNORE",        "SHELLOPTS",
      "BASHOPTS",    "PS4",           "GCONV_PATH",    "GLIBC_TUNABLES", "LOCPATH",           "NLSPATH",
      "LOCALDOMAIN", "RES_OPTIONS",   "HOSTALIASES",   "MALLOC_TRACE",   "PERL5LIB",          "PERL5OPT",
      "PYTHONHOME",  "PYTHONSTARTUP", "PYTHONINSPECT", "RUBYOPT",        "JAVA_TOOL_OPTIONS", "NODE_OPTIONS"};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); }) ||
         std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

Environment make_environment(exec::AttemptRecord const& attempt, Identity const& identity,
                             std::string const& run_dir) {
  std::map<std::string, std::string> variables{{"HOME", identity.home},
                                               {"USER", identity.name},
                                               {"LOGNAME", identity.name},
                                               {"SHELL", identity.shell},
                                               {"PATH", attempt.path}};
  Environment environment;
  for (auto const& [name, value] : attempt.launch.env) {
    if (identity.switch_user && is_dangerous_name(name)) {
      environment.dropped.push_back(name);
    } else {
      variables[name] = value;
    }
  }
  variables["GREENQ_RUN_DIR"] = run_dir;
  variables["GREENQ_METRICS_FILE"] = run_dir + "/" + app::kMetricsFile;
  for (auto const& [name, value] : variables) {
    environment.entries.push_back(name);
    environment.entries.back().append("=").append(value);
  }
  return environment;
}

}  // namespace greenq::shepherd
