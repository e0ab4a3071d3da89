// greenq validate FILE: checks a job file here and, when the daemon runs, there.
#include <sys/stat.h>

#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/job_file.hpp"
#include "client/cli/json.hpp"
#include "client/cli/submission.hpp"

namespace greenq::client {
namespace {

void check_moment(bool given, google::protobuf::Timestamp const& time, UtcTime now, std::string field,
                  std::vector<Violation>& found) {
  if (given && instant(time) <= now) found.push_back({std::move(field), "lies in the past"});
}

// What can be told without the daemon, beyond the text of the file.
std::vector<Violation> local_violations(JobFile const& file, UtcTime now) {
  std::vector<Violation> found;
  for (std::size_t i = 0; i < file.requests.size(); ++i) {
    auto const& spec = file.requests[i].spec();
    auto const prefix = "requests[" + std::to_string(i) + "].spec.";
    auto const& carbon = spec.carbon();
    check_moment(carbon.has_finish_by(), carbon.finish_by(), now, prefix + "carbon.finish_by", found);
    check_moment(carbon.has_start_by(), carbon.start_by(), now, prefix + "carbon.start_by", found);
    struct stat info {};
    if (::stat(spec.workdir().c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
      found.push_back({prefix + "workdir", "there is no directory " + spec.workdir()});
  }
  return found;
}

bool is_about_the_job(Failure const& failure) {
  return failure.exit != Exit::kError && failure.exit != Exit::kUnreachable;
}

Result<int> validate(Context& context, SubmitOptions const& options) {
  auto const file = read_job_file(options.file, options.overrides, context.env(), "the file is not valid");
  if (!file) return tl::unexpected<Failure>(file.error());
  if (auto found = local_violations(*file, context.now()); !found.empty()) {
    auto failure = fail(Exit::kUsage, "INVALID_FILE", "the file is not valid").value();
    failure.violations = std::move(found);
    return tl::unexpected<Failure>(file->place(failure));
  }
  auto const checked = check_with_daemon(context, *file);
  if (!checked && is_about_the_job(checked.error()))
    return tl::unexpected<Failure>(file->place(checked.error()));
  if (context.json()) {
    for (auto const& request : file->requests) {
      context.out() << "{\"request\":" << to_json(request)
                    << ",\"checked_by_daemon\":" << (checked ? "true" : "false") << "}\n";
    }
    return 0;
  }
  auto const count = file->requests.size();
  context.out() << options.file << ": " << count << (count == 1 ? " job" : " jobs") << ", valid";
  if (checked) {
    context.out() << "; greenqd would accept " << (count == 1 ? "it" : "them") << ".\n";
    return 0;
  }
  context.out()
      << " as far as can be told without greenqd.\n"
      << "Not checked: whether the machine has the resources, the site's limits, names in depends_on.\n"
      << "Why: " << safe(checked.error().message) << ".\n";
  return 0;
}

}  // namespace

void add_validate(Cli& cli) {
  auto const options = std::make_shared<SubmitOptions>();
  auto* const command = cli.add("validate", "Check a job file; without greenqd, what can be told without it",
                                [options](Context& context) { return validate(context, *options); });
  add_file_options(*command, *options);
}

}  // namespace greenq::client
