// The object graph of greenqd, wired in one place.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "app/paths.hpp"
#include "app/settings.hpp"
#include "core/result.hpp"

namespace greenq {

struct DaemonOptions {
  app::LoadedSettings settings;
  app::Paths paths;
  std::filesystem::path shepherd;  // the greenq-shepherd program
};

class Daemon {
 public:
  // Locks the state directory, opens the store and listens; serves once this returns. Errors say what to do.
  static core::Result<std::unique_ptr<Daemon>> start(DaemonOptions options);
  ~Daemon();  // stops in order; running jobs go on under their shepherds
  Daemon(Daemon const&) = delete;
  Daemon& operator=(Daemon const&) = delete;

  // One line for people and scripts.
  std::string ready_line() const;

 private:
  struct Graph;
  explicit Daemon(std::unique_ptr<Graph> graph);
  std::unique_ptr<Graph> graph_;
};

}  // namespace greenq
