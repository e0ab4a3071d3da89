// YAML, but only the part that people can read without surprises. Built on yaml-cpp's event interface.
//
// Refused with a Problem: anchors, aliases, tags, duplicate keys, keys that are not text, several documents
// unless asked for (and then only with an explicit `---`), NUL and other control characters, anything but
// UTF-8 (a UTF-8 byte-order mark is skipped), and input beyond the Limits. Scalars stay text: nothing is read
// as a number, a boolean or a time here, see MapReader. Never throws; bounded in time and memory by the
// Limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/reader/problem.hpp"

namespace greenq::config {

struct Limits {
  std::size_t max_bytes = std::size_t{256} * 1024;
  std::size_t max_events = 20'000;
  int max_depth = 32;
  std::size_t max_documents = 1;  // more than 1 allows `---`
};

struct Node {
  enum class Kind : std::uint8_t { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  std::string text;     // scalar
  bool quoted = false;  // scalar in quotes or a block (`|`, `>`): text, never a number or a boolean
  Mark mark;            // of the value; of the key when the value is empty
  int width = 1;        // code points to underline, on the first line of the value
  std::string key;      // when this is a value of a map
  Mark key_mark;
  int key_width = 1;
  std::vector<Node> children;  // of a sequence or a map, in order of the file; keys of a map are unique

  bool is(Kind other) const { return kind == other; }
  // The value of a map's key; nullptr when absent or when this is not a map.
  Node const* find(std::string_view name) const;
  Node* find(std::string_view name);
};

char const* to_string(Node::Kind kind);  // "nothing", "text", "a list", "a map"

// Reads all documents. Problems are added to `problems`; on a syntax error the documents before it are
// returned. `origin` goes into the marks (see Problems::add_origin).
std::vector<Node> parse_yaml(std::string_view text, Limits const& limits, Problems& problems, int origin = 0);

// Applies `a.b=v` (v is YAML: text, a flow list or a flow map) to a document as if it stood in the file.
// Missing maps on the way are made. Problems of the override itself are added; later ones found at the new
// value carry its label `--set a.b=v`.
void apply_override(Node& root, std::string_view assignment, Problems& problems);

}  // namespace greenq::config
