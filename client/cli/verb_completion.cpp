// greenq completion bash|zsh|fish
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/completion.hpp"

namespace greenq::client {

void add_completion(Cli& cli) {
  auto const shell = std::make_shared<std::string>();
  auto* const command = cli.add("completion", "Print a completion script for a shell",
                                [shell, &cli](Context& context) -> Result<int> {
                                  auto const commands = command_tree(cli.app());
                                  if (*shell == "bash") context.out() << bash_completion(commands);
                                  if (*shell == "zsh") context.out() << zsh_completion(commands);
                                  if (*shell == "fish") context.out() << fish_completion(commands);
                                  return 0;
                                },
                                {.json = false, .ids = false});
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "bash:  greenq completion bash > ~/.local/share/bash-completion/completions/greenq\n"
      "zsh:   greenq completion zsh > \"${fpath[1]}/_greenq\"\n"
      "fish:  greenq completion fish > ~/.config/fish/completions/greenq.fish");
}

}  // namespace greenq::client
