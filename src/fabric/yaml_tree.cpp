// SPDX-License-Identifier: Apache-2.0
#include "fabric/yaml_tree.h"

#include <algorithm>
#include <exception>
#include <istream>
#include <streambuf>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace weft::fabric {
namespace {

Place place_of(const YAML::Mark& mark) {
  return {mark.line + 1, mark.column + 1};
}

/// Leaves the parser from inside a handler; caught in parse_yaml and nowhere else.
struct Refusal : std::exception {
  explicit Refusal(YamlMistake why) : mistake(std::move(why)) {}
  [[nodiscard]] const char* what() const noexcept override { return "refused"; }
  YamlMistake mistake;
};

/// Builds the tree from the parser's events.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::size_t nodes_max) : nodes_max_(nodes_max) {}

  [[nodiscard]] YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.place = place_of(mark);
    leaf(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.place = place_of(mark);
    node.kind = YamlNode::Kind::kScalar;
    node.text = value;
    node.is_quoted = tag == "!";
    leaf(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto at = anchors_.find(anchor);
    if (at == anchors_.end()) {
      throw Refusal({place_of(mark), "an alias stands inside the thing that it names",
                     "Write the value out here."});
    }
    count(at->second.nodes, place_of(mark));
    if (open_.size() + at->second.depth > kYamlDepthMax) {
      too_deep(place_of(mark));
    }
    for (auto& frame : open_) {
      frame.nodes += at->second.nodes;
      frame.depth = std::max(frame.depth, at->second.depth + 1);
    }
    YamlNode copy = at->second.node;
    copy.place = place_of(mark);
    attach(std::move(copy));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;  ///< a map's next node is a value
    YamlNode key;
    std::size_t nodes = 1;
    std::size_t depth = 1;
  };
  struct Anchored {
    YamlNode node;
    std::size_t nodes = 1;
    std::size_t depth = 1;
  };

  [[noreturn]] static void too_deep(Place place) {
    throw Refusal({place, fmt::format("the document nests deeper than {} levels", kYamlDepthMax),
                   "Flatten it."});
  }

  void count(std::size_t nodes, Place place) {
    nodes_ += nodes;
    if (nodes_ > nodes_max_) {
      throw Refusal({place,
                     fmt::format("the document has more than {} nodes, aliases counted as often as "
                                 "they are used",
                                 nodes_max_),
                     "Use templates and ranges in place of aliases."});
    }
  }

  void leaf(YamlNode node, YAML::anchor_t anchor) {
    count(1, node.place);
    for (auto& frame : open_) {
      ++frame.nodes;
    }
    if (anchor != 0) {
      anchors_[anchor] = {node, 1, 1};
    }
    attach(std::move(node));
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    count(1, place_of(mark));
    if (open_.size() >= kYamlDepthMax) {
      too_deep(place_of(mark));
    }
    for (std::size_t i = 0; i < open_.size(); ++i) {
      ++open_[i].nodes;
      open_[i].depth = std::max(open_[i].depth, open_.size() - i + 1);
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.place = place_of(mark);
    frame.anchor = anchor;
    open_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(open_.back());
    open_.pop_back();
    if (frame.anchor != 0) {
      anchors_[frame.anchor] = {frame.node, frame.nodes, frame.depth};
    }
    attach(std::move(frame.node));
  }

  void attach(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = open_.back();
    if (frame.node.kind == YamlNode::Kind::kList) {
      frame.node.items.push_back(std::move(node));
    } else if (frame.has_key) {
      frame.node.entries.push_back({std::move(frame.key), std::move(node)});
      frame.has_key = false;
    } else {
      frame.key = std::move(node);
      frame.has_key = true;
    }
  }

  std::size_t nodes_max_;
  std::size_t nodes_ = 0;
  YamlNode root_;
  std::vector<Frame> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
};

/// A stream over a view, without a copy.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // streambuf's interface; never written through
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

tl::expected<YamlNode, YamlMistake> parse_yaml(std::string_view text, std::size_t nodes_max) {
  // Every other control character is no YAML at all (YAML 1.2, 5.1), and yaml-cpp takes NUL for the
  // end of the file.
  Place place = {1, 1};
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F) {
      return tl::unexpected(YamlMistake{
          place, fmt::format("the file holds the byte 0x{:02x}, so it is not text", byte),
          "Give a rack file in YAML, in UTF-8."});
    }
    place = c == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
  }
  TreeBuilder builder(nodes_max);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      return tl::unexpected(YamlMistake{{}, "the file is empty", "Start with `weftline: rack/1`."});
    }
    YamlNode root = builder.take();
    TreeBuilder rest(nodes_max);
    if (parser.HandleNextDocument(rest)) {
      return tl::unexpected(YamlMistake{rest.take().place, "a second document follows (after ---)",
                                        "Put each rack into its own file."});
    }
    return root;
  } catch (const Refusal& refusal) {
    return tl::unexpected(refusal.mistake);
  } catch (const YAML::Exception& error) {
    return tl::unexpected(YamlMistake{place_of(error.mark), "not valid YAML: " + error.msg,
                                      "Look at this line and the one before it."});
  } catch (const std::exception& error) {
    return tl::unexpected(
        YamlMistake{{}, std::string("not readable as YAML: ") + error.what(), ""});
  }
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + '"';
}

}  // namespace weft::fabric
