// A complaint about a YAML file that a person has to fix, and how it is shown.
//
// Format (as rustc prints it, one problem after the other, sorted by place):
//   job.yaml:9:30: error: resources.memory: "64" needs a unit, e.g. 64GB
//     9 | resources: {gpus: 2, memory: 64}
//       |                              ^~
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace greenq::config {

// A place in a text. Lines and columns count from 1; columns count code points. Line 0 means "no place".
// `origin` numbers the text the place belongs to: 0 is the file, others are overrides (see Problems).
struct Mark {
  int line = 0;
  int column = 0;
  int origin = 0;
  friend bool operator==(Mark const&, Mark const&) = default;
};

struct Problem {
  std::string file;  // as the user named it; for an override the override itself, e.g. "--set a.b=v"
  int line = 0;      // 0: no place in the file
  int column = 0;
  int width = 1;        // code points to underline
  std::string path;     // dotted, e.g. "carbon.finish_by"; empty for syntax errors
  std::string message;  // what is wrong and what to do
};

// Collects problems of one file and its overrides. Not thread-safe.
class Problems {
 public:
  explicit Problems(std::string file) : origins_{std::move(file)} {}

  // Registers another text; problems whose mark has the returned origin are shown with `label` instead of
  // file:line.
  int add_origin(std::string label);
  void add(Mark mark, int width, std::string path, std::string message);
  void add(Problem problem) { items_.push_back(std::move(problem)); }

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  // Sorted by line, column; problems without a place come last. Stable.
  std::vector<Problem> sorted() const;

 private:
  std::vector<std::string> origins_;
  std::vector<Problem> items_;
};

// One problem, with its source line when `text` (the whole file) is given. Ends with a newline.
// Long lines are cut; control characters are replaced.
std::string format_problem(Problem const& problem, std::string_view text);
std::string format_problems(std::vector<Problem> const& problems, std::string_view text);

}  // namespace greenq::config
