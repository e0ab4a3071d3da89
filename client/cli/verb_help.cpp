// greenq help [VERB | jobfile]
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/job_reference.hpp"
#include "client/cli/usage.hpp"

namespace greenq::client {
namespace {

Result<int> help(Context& context, CLI::App const& app, std::string const& topic) {
  if (topic.empty()) {
    context.out() << app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
    return 0;
  }
  if (topic == "jobfile") {
    context.out() << job_file_help();
    return 0;
  }
  auto const found = app.get_subcommands([&](CLI::App const* verb) { return verb->get_name() == topic; });
  if (found.empty()) {
    return fail(Exit::kUsage, "USAGE",
                '"' + topic.substr(0, 64) + "\" is neither a verb nor jobfile" + verb_hint(app, topic) +
                    "; see greenq help");
  }
  context.out() << found.front()->help(app.get_name());
  return 0;
}

}  // namespace

void add_help(Cli& cli) {
  auto const topic = std::make_shared<std::string>();
  auto* const command = cli.add("help", "Explain greenq, one of its verbs, or the job file",
                                [topic, &cli](Context& context) { return help(context, cli.app(), *topic); },
                                {.json = false, .ids = false});
  command->add_option("topic", *topic, "A verb, or jobfile")->type_name("TOPIC");
}

}  // namespace greenq::client
