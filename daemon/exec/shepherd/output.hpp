// One output stream of the job: pipe in, bounded log of the run directory and the user's own file out.
#pragma once

#include <cstdint>
#include <string>

#include "exec/common/files.hpp"

namespace greenq::shepherd {

class Output {
 public:
  // The pipe's read end must be non-blocking.
  Output(exec::UniqueFd pipe, exec::UniqueFd log, std::int64_t limit_bytes);

  void set_user_file(exec::UniqueFd file) { user_ = std::move(file); }
  int pipe() const { return pipe_.get(); }  // -1 after the end
  // Takes what is there, at most a few buffers.
  void pump();
  // Takes everything that is there; for the end, when no writer of ours lives.
  void drain();
  bool note(std::string const& sentence);
  void sync();
  std::int64_t dropped_bytes() const { return dropped_; }  // over the limit or lost
  std::int64_t lost_bytes() const { return lost_; }        // the log could not be written (full disk)
  std::string const& user_file_error() const { return user_error_; }

 private:
  bool read_once();  // false: nothing more now
  void keep(std::string_view data);
  void note_gap();  // tells the reader of the log where output is missing, as soon as it can be written

  exec::UniqueFd pipe_;
  exec::UniqueFd log_;
  exec::UniqueFd user_;
  std::int64_t limit_;
  std::int64_t written_ = 0;
  std::int64_t dropped_ = 0;
  std::int64_t lost_ = 0;
  std::int64_t gap_ = 0;  // lost and not told in the log yet
  bool noticed_ = false;
  std::string user_error_;
};

}  // namespace greenq::shepherd
