// The frame of the program: global options, verbs, and one way for each of them to end.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/cli/connection.hpp"
#include "client/cli/environment.hpp"
#include "client/cli/failure.hpp"
#include "client/cli/table.hpp"

namespace greenq::client {

struct GlobalOptions {
  std::string socket;
  std::string output = "table";  // table | json
  std::string colour = "auto";   // auto | always | never
  bool parsable = false;         // -q: bare ids, one a line
};

// What a verb works with.
class Context {
 public:
  Context(Environment& environment, GlobalOptions options);

  Environment& env() { return env_; }
  std::ostream& out() { return env_.out; }
  std::ostream& err() { return env_.err; }
  GlobalOptions const& options() const { return options_; }
  bool json() const { return options_.output == "json"; }
  bool parsable() const { return options_.parsable; }
  bool for_people() const { return !json() && !parsable(); }
  Style style() const { return out_style_; }
  UtcTime now() const { return env_.now(); }
  SocketCandidate socket() const;
  Connection& connection();  // made at the first call

 private:
  Environment& env_;
  GlobalOptions options_;
  Style out_style_;
  std::unique_ptr<Connection> connection_;
};

using Verb = std::function<Result<int>(Context&)>;  // the exit code, or a failure that is then printed

// What a verb can print besides text for people. What it cannot is refused, never ignored.
struct Formats {
  bool json = true;  // -o json
  bool ids = false;  // -q
};

// The command tree. The options of a verb live in its closure.
class Cli {
 public:
  Cli();
  CLI::App& app() { return app_; }
  GlobalOptions const& options() const { return options_; }
  CLI::App* add(std::string const& name, std::string const& help, Verb verb, Formats formats = {});
  // After parsing: runs the verb that was asked for.
  Result<int> run_chosen(Context& context) const;

 private:
  struct Chosen {
    std::string name;
    Verb verb;
    Formats formats;
  };

  CLI::App app_{"Queue training jobs for hours of clean power, and know what they used.", "greenq"};
  GlobalOptions options_;
  Chosen chosen_;
};

// Each registers its verbs; see the file of the same name.
void add_submit(Cli& cli);      // submit
void add_run(Cli& cli);         // run
void add_plan(Cli& cli);        // plan
void add_validate(Cli& cli);    // validate
void add_ls(Cli& cli);          // ls
void add_info(Cli& cli);        // info
void add_explain(Cli& cli);     // explain
void add_logs(Cli& cli);        // logs
void add_watch(Cli& cli);       // watch
void add_wait(Cli& cli);        // wait
void add_change(Cli& cli);      // cancel, hold, release
void add_history(Cli& cli);     // history
void add_report(Cli& cli);      // report
void add_forecast(Cli& cli);    // forecast
void add_zones(Cli& cli);       // zones
void add_feeds(Cli& cli);       // feeds
void add_nodes(Cli& cli);       // nodes
void add_doctor(Cli& cli);      // doctor
void add_completion(Cli& cli);  // completion
void add_version(Cli& cli);     // version
void add_help(Cli& cli);        // help

// Registers all verbs.
void add_verbs(Cli& cli);

// The whole program without main: arguments without the program's name. Never throws.
int run(std::vector<std::string> arguments, Environment& env);

}  // namespace greenq::client
