// Any bytes: the strict reader answers with a tree or with problems, within its limits.
#include "config/reader/problem.hpp"
#include "config/reader/strict_yaml.hpp"

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  greenq::config::Problems problems{"fuzz.yaml"};
  greenq::config::Limits limits;
  limits.max_documents = 8;
  (void)greenq::config::parse_yaml(text, limits, problems);
  (void)greenq::config::format_problems(problems.sorted(), text);
  return 0;
}
