#include "config/reader/strict_yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "config/reader/text_check.hpp"

namespace greenq::config {
namespace {

// Leaves the parser; caught in parse_yaml and nowhere else.
struct Stop : std::exception {
  Mark mark;
  int width;
  std::string message;

  Stop(Mark where, int columns, std::string text) : mark(where), width(columns), message(std::move(text)) {}
};

constexpr std::size_t kShownBytes = 256;  // of a value, to find how much to underline

// Byte offsets of lines, and marks in code points.
class Text {
 public:
  Text(std::string_view text, int origin) : text_(text), origin_(origin) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  // yaml-cpp counts lines and bytes from 0.
  std::size_t offset(YAML::Mark const& mark) const {
    auto const line = std::min(static_cast<std::size_t>(std::max(mark.line, 0)), starts_.size() - 1);
    return std::min(starts_[line] + static_cast<std::size_t>(std::max(mark.column, 0)), text_.size());
  }
  Mark mark(YAML::Mark const& where) const {
    auto const line = std::min(static_cast<std::size_t>(std::max(where.line, 0)), starts_.size() - 1);
    auto const to = offset(where);
    if (line != cached_line_ || to < cached_offset_) {
      cached_line_ = line;
      cached_offset_ = starts_[line];
      cached_column_ = 1;
    }
    cached_column_ += code_points(text_.substr(cached_offset_, to - cached_offset_));
    cached_offset_ = to;
    return {static_cast<int>(line) + 1, cached_column_, origin_};
  }
  // At most kShownBytes of it.
  std::string_view rest_of_line(std::size_t from) const {
    auto const rest = text_.substr(from, kShownBytes);
    return rest.substr(0, rest.find_first_of("\r\n"));
  }
  std::string_view at(std::size_t from) const { return text_.substr(from); }

 private:
  std::string_view text_;
  int origin_;
  std::vector<std::size_t> starts_;
  // The last mark given out: marks come in order, so each line is counted once.
  mutable std::size_t cached_line_ = 0;
  mutable std::size_t cached_offset_ = 0;
  mutable int cached_column_ = 1;
};

// Position of the quote that closes the one at the front; yaml-cpp takes the end of the file for one.
std::size_t closing_quote(std::string_view text) {
  char const quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 >= text.size() || text[i + 1] != quote) return i;
      ++i;
    }
  }
  return std::string_view::npos;
}

bool is_quote(char c) {
  return c == '"' || c == '\'';
}

int scalar_width(std::string_view line, std::string_view value) {
  if (line.empty()) return 1;
  if (line.front() == '|' || line.front() == '>') return 1;
  if (is_quote(line.front())) return code_points(line.substr(0, closing_quote(line))) + 1;
  return code_points(line.substr(0, value.size()));
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(Text const& text, Limits const& limits, Problems& problems)
      : text_(text), limits_(limits), problems_(problems) {}

  std::vector<Node> take() { return std::move(documents_); }

  void OnDocumentStart(YAML::Mark const& where) override {
    count(where);
    if (!documents_.empty()) {
      if (limits_.max_documents == 1) {
        throw Stop(text_.mark(where), 3, "only one document is allowed here; remove everything from --- on");
      }
      if (text_.at(text_.offset(where)).substr(0, 3) != "---") {
        throw Stop(text_.mark(where), 1, "this does not belong to what stands above; check the indentation");
      }
      if (documents_.size() >= limits_.max_documents) {
        throw Stop(text_.mark(where), 3,
                   "too many documents in one file; at most " + std::to_string(limits_.max_documents) +
                       " are allowed");
      }
    }
    document_mark_ = text_.mark(where);
  }
  void OnDocumentEnd() override { stack_.clear(); }

  void OnNull(YAML::Mark const& where, YAML::anchor_t anchor) override {
    check(where, anchor);
    Node node;
    node.mark = text_.mark(where);
    auto const line = text_.rest_of_line(text_.offset(where));
    bool const written = line.starts_with('~') || line.starts_with("null") || line.starts_with("Null") ||
                         line.starts_with("NULL");
    node.width = written ? (line.front() == '~' ? 1 : 4) : 0;
    place(std::move(node), false);
  }

  void OnAlias(YAML::Mark const& where, YAML::anchor_t) override { refuse_alias(where); }

  void OnScalar(YAML::Mark const& where, std::string const& tag, YAML::anchor_t anchor,
                std::string const& value) override {
    check(where, anchor);
    auto const source = text_.at(text_.offset(where));
    if (tag != "?" && !source.empty() && is_quote(source.front())) check_quoted(where, source);
    Node node;
    node.kind = Node::Kind::kScalar;
    node.text = value;
    node.quoted = tag != "?";
    node.mark = text_.mark(where);
    node.width = scalar_width(text_.rest_of_line(text_.offset(where)), value);
    place(std::move(node), false);
  }

  void OnSequenceStart(YAML::Mark const& where, std::string const&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::kSequence, where, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(YAML::Mark const& where, std::string const&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::kMap, where, anchor);
  }
  void OnMapEnd() override { close(); }

  [[noreturn]] void refuse_alias(YAML::Mark const& where) const {
    throw Stop(text_.mark(where), 1, "aliases (*name) are not allowed; write the value out, or quote it");
  }

 private:
  struct Frame {
    Node node;
    std::optional<Node> key;                       // read, value still to come
    std::unordered_map<std::string, int> lines{};  // keys seen, with their lines
  };

  void count(YAML::Mark const& where) {
    if (++events_ > limits_.max_events) {
      throw Stop(
          text_.mark(where), 1,
          "too many values in one file; at most " + std::to_string(limits_.max_events) + " are allowed");
    }
  }

  void check(YAML::Mark const& where, YAML::anchor_t anchor) {
    count(where);
    auto const rest = text_.at(text_.offset(where));
    if (anchor != 0 || rest.starts_with('&')) {
      throw Stop(text_.mark(where), 1, "anchors (&name) are not allowed; write the value where it is needed");
    }
    if (rest.starts_with('!')) {
      throw Stop(text_.mark(where), 1,
                 "tags (!name) are not allowed; put the text in quotes if it begins with !");
    }
  }

  void check_quoted(YAML::Mark const& where, std::string_view source) const {
    auto const end = closing_quote(source);
    if (end == std::string_view::npos) throw Stop(text_.mark(where), 1, "a quote is not closed");
    auto const next = source.substr(end + 1, 1);
    if (!next.empty() && std::string_view(" \t\r\n,:]}#").find(next) == std::string_view::npos) {
      throw Stop(text_.mark(where), 1, "text goes on after the closing quote; check the quotes");
    }
  }

  void open(Node::Kind kind, YAML::Mark const& where, YAML::anchor_t anchor) {
    check(where, anchor);
    if (static_cast<int>(stack_.size()) >= limits_.max_depth) {
      throw Stop(text_.mark(where), 1,
                 "nested too deep; at most " + std::to_string(limits_.max_depth) + " levels are allowed");
    }
    if (!stack_.empty() && stack_.back().node.is(Node::Kind::kMap) && !stack_.back().key) {
      throw Stop(text_.mark(where), 1, "a key must be plain text");
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.mark = text_.mark(where);
    stack_.push_back(std::move(frame));
  }

  void close() {
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    place(std::move(node), true);
  }

  void place(Node node, bool collection) {
    if (stack_.empty()) {
      if (node.is(Node::Kind::kNull)) node.mark = document_mark_;
      documents_.push_back(std::move(node));
      return;
    }
    auto& frame = stack_.back();
    if (frame.node.is(Node::Kind::kSequence)) {
      frame.node.children.push_back(std::move(node));
      return;
    }
    if (!frame.key && !collection) {
      if (node.is(Node::Kind::kNull)) throw Stop(node.mark, 1, "a key must be plain text");
      frame.key = std::move(node);
      return;
    }
    place_value(frame, std::move(node));
  }

  void place_value(Frame& frame, Node node) {
    Node const key = std::move(*frame.key);
    frame.key.reset();
    auto const [seen, added] = frame.lines.emplace(key.text, key.mark.line);
    if (!added) {
      problems_.add(key.mark, key.width, {},
                    "the key \"" + key.text + "\" stands here twice; the first is on line " +
                        std::to_string(seen->second));
      return;
    }
    node.key = key.text;
    node.key_mark = key.mark;
    node.key_width = key.width;
    if (node.is(Node::Kind::kNull) && node.width == 0) {
      node.mark = key.mark;
      node.width = key.width;
    }
    frame.node.children.push_back(std::move(node));
  }

  Text const& text_;
  Limits const& limits_;
  Problems& problems_;
  std::vector<Node> documents_;
  std::vector<Frame> stack_;
  Mark document_mark_;
  std::size_t events_ = 0;
};

// yaml-cpp's words, made into a hint for people who do not know its grammar.
std::string explain(std::string_view message) {
  struct Words {
    std::string_view from;
    std::string_view to;
  };
  static constexpr Words kWords[] = {
      {"illegal map value", "a \":\" is not allowed here; check the indentation, or put the text in quotes"},
      {"end of map not found", "this does not fit the lines above; check the indentation"},
      {"end of map flow not found", "a { is not closed; add the missing }"},
      {"end of sequence flow not found", "a [ is not closed; add the missing ]"},
      {"end of sequence not found", "this does not fit the list above; check the indentation"},
      {"illegal EOF in scalar", "a quote is not closed"},
      {"the referenced anchor is not defined",
       "aliases (*name) are not allowed; write the value out, or quote it"},
  };
  for (auto const& words : kWords) {
    if (message == words.from) return std::string(words.to);
  }
  return "not valid YAML: " + std::string(message);
}

}  // namespace

Node const* Node::find(std::string_view name) const {
  if (!is(Kind::kMap)) return nullptr;
  auto const found =
      std::find_if(children.begin(), children.end(), [&](Node const& n) { return n.key == name; });
  return found == children.end() ? nullptr : &*found;
}

Node* Node::find(std::string_view name) {
  return const_cast<Node*>(std::as_const(*this).find(name));
}

char const* to_string(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kScalar:
      return "text";
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
  }
  return "unknown";
}

std::vector<Node> parse_yaml(std::string_view text, Limits const& limits, Problems& problems, int origin) {
  if (auto const bad = check_text(text, limits.max_bytes)) {
    problems.add({bad->line, bad->column, origin}, 1, {}, bad->message);
    return {};
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Text const lines(text, origin);
  TreeBuilder builder(lines, limits, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (Stop const& stop) {
    problems.add(stop.mark, stop.width, {}, stop.message);
  } catch (YAML::Exception const& error) {
    problems.add(lines.mark(error.mark), 1, {}, explain(error.msg));
  } catch (std::exception const& error) {
    problems.add({1, 1, origin}, 1, {}, std::string("cannot be read: ") + error.what());
  }
  return builder.take();
}

void apply_override(Node& root, std::string_view assignment, Problems& problems) {
  auto const label = "--set " + std::string(assignment.substr(0, 120));
  auto const origin = problems.add_origin(label);
  Mark const mark{1, 1, origin};
  auto const equals = assignment.find('=');
  auto const path = assignment.substr(0, equals);
  if (equals == std::string_view::npos || path.empty() || path.front() == '.' || path.back() == '.' ||
      path.find("..") != std::string_view::npos) {
    problems.add(mark, 1, {}, "write key=value, e.g. --set resources.gpus=2");
    return;
  }
  auto const before = problems.size();
  auto values = parse_yaml(assignment.substr(equals + 1), Limits{}, problems, origin);
  if (problems.size() > before) return;
  if (values.size() != 1) {
    problems.add(mark, 1, std::string(path), "the value is missing");
    return;
  }
  Node* at = &root;
  for (std::string_view rest = path; !rest.empty();) {
    auto const dot = std::min(rest.find('.'), rest.size());
    auto const key = std::string(rest.substr(0, dot));
    rest.remove_prefix(std::min(dot + 1, rest.size()));
    if (at->is(Node::Kind::kNull)) at->kind = Node::Kind::kMap;
    if (!at->is(Node::Kind::kMap)) {
      problems.add(mark, 1, std::string(path),
                   std::string("the value on the way is ") + to_string(at->kind) + ", not a map");
      return;
    }
    Node* next = at->find(key);
    if (next == nullptr) {
      at->children.emplace_back();
      next = &at->children.back();
      next->key = key;
      next->key_mark = mark;
      next->mark = mark;
    }
    at = next;
  }
  auto const key = at->key;
  *at = std::move(values.front());
  at->key = key;
  at->key_mark = mark;
}

}  // namespace greenq::config
