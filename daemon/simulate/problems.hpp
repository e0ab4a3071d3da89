// What is wrong with the files and flags of a simulation, all of it at once.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace greenq::simulate {

inline constexpr std::size_t kMaxReportedProblems = 20;

class Problems {
 public:
  void add(std::string const& place, std::string const& what) {
    ++count_;
    if (lines_.size() < kMaxReportedProblems) lines_.push_back(place + ": error: " + what);
  }
  void add(std::string const& file, std::size_t line, std::size_t column, std::string const& what) {
    add(file + ":" + std::to_string(line) + ":" + std::to_string(column), what);
  }
  // Lines of another report, one problem each.
  void take(core::Error const& error) {
    ++count_;
    lines_.push_back(error.message);
  }
  bool empty() const { return count_ == 0; }
  // kInvalidArgument BAD_INPUT, one problem a line, the first ones in words.
  tl::unexpected<core::Error> to_error() const {
    core::Error error{core::ErrorCode::kInvalidArgument, "BAD_INPUT", {}};
    for (std::string const& line : lines_) error.message += (error.message.empty() ? "" : "\n") + line;
    if (count_ > lines_.size()) error.message += "\nand " + std::to_string(count_ - lines_.size()) + " more";
    return tl::unexpected<core::Error>(std::move(error));
  }

 private:
  std::size_t count_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace greenq::simulate
