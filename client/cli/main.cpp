// greenq: see cli.hpp.
#include "client/cli/cli.hpp"

int main(int argc, char** argv) {
  auto env = greenq::client::system_environment();
  return greenq::client::run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), env);
}
