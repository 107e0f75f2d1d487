// SPDX-License-Identifier: Apache-2.0
#include "sim/import/xml_tree.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace weft::sim {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Names are taken as anything that is no mark of XML's own.
bool is_name(char c) {
  return !is_space(c) && std::string_view("<>/=\"'&?!").find(c) == std::string_view::npos;
}

class XmlReader {
 public:
  explicit XmlReader(std::string_view text) : text_(text) {}
  std::vector<XmlElement> elements;
  std::string mistake;

  void read() {
    if (text_.starts_with("\xEF\xBB\xBF")) {
      at_ = 3;
    }
    while (mistake.empty() && at_ < text_.size()) {
      if (text_[at_] != '<') {
        character_data();
      } else if (text_.substr(at_).starts_with("<!--")) {
        skip_past("-->", "a comment is not closed");
      } else if (text_.substr(at_).starts_with("<?")) {
        skip_past("?>", "a processing instruction is not closed");
      } else if (text_.substr(at_).starts_with("<!")) {
        say("document types and CDATA are not taken");
      } else if (text_.substr(at_).starts_with("</")) {
        close_element();
      } else {
        open_element();
      }
    }
    if (mistake.empty() && !open_.empty()) {
      const XmlElement& last = elements[open_.back()];
      say(fmt::format("<{}> of line {} is not closed", base::printable(last.name, 40), last.line));
    } else if (mistake.empty() && elements.empty()) {
      say("there is no element");
    }
  }

 private:
  void say(std::string_view text) {
    if (mistake.empty()) {
      mistake = fmt::format("line {}: {}", line_, text);
    }
  }

  void step() {
    line_ += text_[at_] == '\n' ? 1 : 0;
    ++at_;
  }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) {
      step();
    }
  }
  bool take(char c) {
    const bool is_there = at_ < text_.size() && text_[at_] == c;
    at_ += is_there ? 1 : 0;
    return is_there;
  }
  std::string name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name(text_[at_])) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  void skip_past(std::string_view mark, std::string_view otherwise) {
    const std::size_t end = text_.find(mark, at_);
    if (end == std::string_view::npos) {
      say(otherwise);
      return;
    }
    while (at_ < end + mark.size()) {
      step();
    }
  }

  void character_data() {
    while (at_ < text_.size() && text_[at_] != '<') {
      if (open_.empty() && !is_space(text_[at_])) {
        say("text outside of the root element");
        return;
      }
      step();
    }
  }

  void close_element() {
    at_ += 2;
    const std::string closed = name();
    skip_space();
    if (!take('>')) {
      say(fmt::format("the end tag \"{}\" has no >", base::printable(closed, 40)));
    } else if (open_.empty() || elements[open_.back()].name != closed) {
      say(fmt::format("</{}> closes what is not open", base::printable(closed, 40)));
    } else {
      open_.pop_back();
    }
  }

  void open_element() {
    XmlElement element;
    element.line = line_;
    element.parent = open_.empty() ? 0 : open_.back();
    ++at_;
    element.name = name();
    if (element.name.empty()) {
      say("< without the name of an element");
    } else if (open_.empty() && !elements.empty()) {
      say("a second root element");
    } else if (elements.size() == kXmlElementsMax) {
      say(fmt::format("more than {} elements", kXmlElementsMax));
    } else if (open_.size() == kXmlDepthMax) {
      say(fmt::format("more than {} elements in each other", kXmlDepthMax));
    }
    while (mistake.empty()) {
      skip_space();
      if (take('>')) {
        open_.push_back(elements.size());
        elements.push_back(std::move(element));
        return;
      }
      if (take('/')) {
        if (!take('>')) {
          say("/ without > in a tag");
        }
        elements.push_back(std::move(element));
        return;
      }
      attribute(element);
    }
  }

  void attribute(XmlElement& element) {
    const std::string key = name();
    skip_space();
    const bool has_equals = take('=');
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (key.empty() || !has_equals || (quote != '"' && quote != '\'')) {
      say(fmt::format("<{}> wants attributes as name=\"value\"",
                      base::printable(element.name, 40)));
      return;
    }
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
      step();
    }
    if (at_ == text_.size()) {
      say(fmt::format("the value of {} is not closed", base::printable(key, 40)));
      return;
    }
    const auto value = unescaped(text_.substr(begin, at_ - begin));
    ++at_;
    if (!value) {
      say(fmt::format("the value of {} holds an entity that XML does not have by itself",
                      base::printable(key, 40)));
    } else if (element.attributes.size() == kXmlAttributesMax) {
      say(fmt::format("more than {} attributes", kXmlAttributesMax));
    } else if (element.has(key)) {
      say(fmt::format("{} is there twice", base::printable(key, 40)));
    } else {
      element.attributes.emplace_back(key, *value);
    }
  }

  static std::optional<std::string> unescaped(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
        {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}};
    std::string out;
    while (!text.empty()) {
      const std::size_t mark = text.find('&');
      out += text.substr(0, mark);
      if (mark == std::string_view::npos) {
        return out;
      }
      text.remove_prefix(mark);
      const auto* const entity =
          std::find_if(kEntities.begin(), kEntities.end(),
                       [&](const auto& row) { return text.starts_with(row.first); });
      if (entity == kEntities.end()) {
        return std::nullopt;
      }
      out += entity->second;
      text.remove_prefix(entity->first.size());
    }
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0, line_ = 1;
  std::vector<std::size_t> open_;
};

}  // namespace

std::string_view XmlElement::attribute(std::string_view wanted) const {
  const auto at = std::find_if(attributes.begin(), attributes.end(),
                               [&](const auto& row) { return row.first == wanted; });
  return at == attributes.end() ? std::string_view() : std::string_view(at->second);
}

bool XmlElement::has(std::string_view wanted) const {
  return std::any_of(attributes.begin(), attributes.end(),
                     [&](const auto& row) { return row.first == wanted; });
}

base::Result<std::vector<XmlElement>> parse_xml(std::string_view text, std::string_view file) {
  XmlReader reader(text);
  if (text.size() > kXmlBytesMax) {
    reader.mistake = fmt::format("larger than {} MiB", kXmlBytesMax >> 20);
  } else {
    reader.read();
  }
  if (!reader.mistake.empty()) {
    return base::fail(base::Code::kInvalidArgument, reader.mistake, std::string(file));
  }
  return std::move(reader.elements);
}

}  // namespace weft::sim
