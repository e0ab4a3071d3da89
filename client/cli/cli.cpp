#include "client/cli/cli.hpp"

#include <algorithm>
#include <exception>
#include <ostream>

#include "client/cli/usage.hpp"
#include "client/cli/version.hpp"

namespace greenq::client {

Context::Context(Environment& environment, GlobalOptions options)
    : env_(environment), options_(std::move(options)) {
  bool const no_color = !env_.variable("NO_COLOR").value_or("").empty();
  bool const dumb = env_.variable("TERM").value_or("") == "dumb";
  out_style_.colour = options_.colour == "always" ||
                      (options_.colour == "auto" && env_.out_is_terminal && !no_color && !dumb);
}

SocketCandidate Context::socket() const {
  return choose_socket(socket_candidates(env_, options_.socket));
}

Connection& Context::connection() {
  if (!connection_) connection_ = std::make_unique<Connection>(socket());
  return *connection_;
}

Cli::Cli() {
  app_.require_subcommand(1);
  app_.fallthrough();
  app_.option_defaults()->always_capture_default(false);
  app_.add_option("--socket", options_.socket,
                  "Socket of greenqd (default: GREENQ_SOCKET, the runtime directory, /run)");
  app_.add_option("-o,--output", options_.output, "table for people, json for programs")
      ->check(CLI::IsMember({"table", "json"}));
  app_.add_option("--color", options_.colour, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app_.add_flag("-q,--parsable", options_.parsable,
                "Print only ids, one a line (where jobs, nodes or zones are made, changed or listed)");
  app_.set_help_flag("-h,--help", "Print this help");
  app_.set_version_flag("--version", "greenq " + std::string(kVersion), "Print the version of greenq");
  app_.footer("greenq help VERB explains a verb, greenq help jobfile every key of a job file.");
}

CLI::App* Cli::add(std::string const& name, std::string const& help, Verb verb, Formats formats) {
  auto* const command = app_.add_subcommand(name, help);
  command->fallthrough();
  command->footer("");
  command->callback([this, chosen = Chosen{name, std::move(verb), formats}] { chosen_ = chosen; });
  return command;
}

Result<int> Cli::run_chosen(Context& context) const {
  auto const refused = [&](std::string const& what) {
    return fail(Exit::kUsage, "USAGE", chosen_.name + ' ' + what);
  };
  if (context.json() && context.parsable())
    return refused("prints JSON or ids, not both; drop -o json or -q");
  if (context.json() && !chosen_.formats.json) return refused("has no JSON; leave -o json away");
  if (context.parsable() && !chosen_.formats.ids) return refused("lists no ids; leave -q away");
  return chosen_.verb(context);
}

void add_verbs(Cli& cli) {
  add_submit(cli);
  add_run(cli);
  add_plan(cli);
  add_validate(cli);
  add_ls(cli);
  add_info(cli);
  add_explain(cli);
  add_logs(cli);
  add_watch(cli);
  add_wait(cli);
  add_change(cli);
  add_history(cli);
  add_report(cli);
  add_forecast(cli);
  add_zones(cli);
  add_feeds(cli);
  add_nodes(cli);
  add_doctor(cli);
  add_completion(cli);
  add_version(cli);
  add_help(cli);
}

namespace {

bool wants_json(std::vector<std::string> const& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "-ojson" || arguments[i] == "--output=json") return true;
    bool const named = arguments[i] == "-o" || arguments[i] == "--output";
    if (named && i + 1 < arguments.size() && arguments[i + 1] == "json") return true;
  }
  return false;
}

int end_with(Failure const& failure, bool json, Environment& env) {
  env.out.flush();
  env.err << (json ? describe_json(failure) : describe(failure)) << std::flush;
  return static_cast<int>(failure.exit);
}

}  // namespace

int run(std::vector<std::string> arguments, Environment& env) {
  bool const json = wants_json(arguments);
  try {
    Cli cli;
    add_verbs(cli);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    try {
      cli.app().parse(arguments);
    } catch (CLI::Success const& asked) {  // --help, --version
      return cli.app().exit(asked, env.out, env.err);
    } catch (CLI::ParseError const& error) {
      return end_with(usage_failure(cli.app(), error), json, env);
    }
    Context context(env, cli.options());
    auto const result = cli.run_chosen(context);
    if (!result) return end_with(result.error(), context.json(), env);
    env.out.flush();
    return *result;
  } catch (std::exception const& error) {
    return end_with(fail(Exit::kError, "INTERNAL", std::string("unexpected: ") + error.what()).value(), json,
                    env);
  }
}

}  // namespace greenq::client
