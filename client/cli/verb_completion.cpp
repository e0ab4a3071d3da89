// greenq completion bash|zsh|fish
#include <ostream>

#include "client/cli/cli.hpp"
#include "config/completion/completion.hpp"

namespace greenq::client {
namespace {

// Jobs and zones are asked for at completion time. Ended jobs can be many.
config::CompletionProgram greenq_program() {
  return {"greenq",
          {{"JOB", {{}, "greenq ls -a -q --limit 200 2>/dev/null; echo last"}},
           {"LIVE_JOB", {{}, "greenq ls -q 2>/dev/null; echo last; echo all"}},
           {"ZONE", {{}, "greenq zones -q 2>/dev/null"}}}};
}

}  // namespace

void add_completion(Cli& cli) {
  auto const shell = std::make_shared<std::string>();
  auto* const command = cli.add("completion", "Print a completion script for a shell",
                                [shell, &cli](Context& context) -> Result<int> {
                                  auto const program = greenq_program();
                                  context.out() << *config::completion_script(
                                      *shell, program, config::command_tree(cli.app(), program));
                                  return 0;
                                },
                                {.json = false, .ids = false});
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(config::completion_places("greenq"));
}

}  // namespace greenq::client
