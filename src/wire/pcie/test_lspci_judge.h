// SPDX-License-Identifier: Apache-2.0
// For tests only: lays lspci's -vvv text beside our decode of the same bytes. Each line "Label:
// text" of a capability is taken apart by the fields of the register of that name; every flag and
// value lspci prints must be met by ours, and what is left over of a line is reported as not
// compared. Small differences in spelling between lspci's versions are rewritten first (kRewrites);
// where lspci departs from the specification, kDeviations says so. Works on any dump, not only on
// those the tests write.
#pragma once

#include "wire/pcie/decode.h"

#include <iomanip>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace weft::wire::pcie::testing {

struct Comparison {
  std::size_t values = 0;                ///< flags and values that lspci printed and ours met
  std::vector<std::string> differences;  ///< "00:1c.0 LnkSta Speed: lspci '…', ours '…'"
  std::vector<std::string>
      left_over;  ///< parts of lspci's lines that nothing of ours was laid beside
};

struct Rewrite {
  const char* label;  ///< register's label in lspci; "*" any
  const char* pattern;
  const char* replacement;
};
/// lspci's spelling -> "key value" as our tables have them.
inline const std::vector<Rewrite>& rewrites() {
  static const std::vector<Rewrite> kRewrites = {
      {"DevCap", "Latency L0s ([^,]+), L1 ", "LatencyL0s $1, LatencyL1 "},
      {"DevCtl", "BrConfRtry", "FLReset"},
      {"LnkCap", "Exit Latency L0s ([^, ]+), L1 ", "ExitLatencyL0s $1, ExitLatencyL1 "},
      {"LnkCap", "Exit Latency L0s ", "ExitLatencyL0s "},
      {"LnkCap", "Exit Latency L1 ", "ExitLatencyL1 "},
      {"SltSta", "Changed: MRL(.) PresDet(.) LinkState(.)",
       "MRLChanged$1 PresDetChanged$2 LinkStateChanged$3"},
      {"LnkCtl", "LnkDisable", "Disabled"},
      {"DevCap2", "TPHComp\\+ ExtTPHComp\\+", "TPH TPH and Extended TPH"},
      {"DevCap2", "TPHComp\\+ ExtTPHComp-", "TPH TPH"},
      {"DevCap2", "TPHComp- ExtTPHComp-", "TPH none"},
      {"RootCtl", "RRSVisible", "CRSVisible"},
      {"RootCap", "RRSVisible", "CRSVisible"},
      {"RootSta", "IntMsgNum", "IntMsg"},
      {"DpcCap", "IntMsgNum|INT Msg", "IntMsg"},
      {"IOVCap", "IntMsgNum", "Interrupt Message Number"},
      {"MSI", "Count=(\\d+)/(\\d+)", "Count=$1 Capable=$2"},
      {"Flags", "PME\\(D0(.),D1(.),D2(.),D3hot(.),D3cold(.)\\)",
       "PME(D0$1 PME(D1$2 PME(D2$3 PME(D3hot$4 PME(D3cold$5"},
      {"Status", "^D(\\d) ", "PowerState D$1 "},
      {"Bridge", "(^| )B3\\+", "$1B2B3-"},
      {"Bridge", "(^| )B3-", "$1B2B3+"},
      {"LaneErrStat", "^0$", "Lanes none"},
      {"LaneErrStat", "^LaneErr at lane: ?", "Lanes lanes "},
      {"PTMClockGranularity", "Unimplemented", "not given"},
      {"PTMEffectiveGranularity", "Unknown", "not given"},
      {"McastCap", "WindowSz (\\d+) \\(-?\\d+ bytes\\)", "WindowSz $1 (log2 of bytes)"},
      {"McastOverlayBAR", "\\((\\d+ bytes|disabled|-?\\d+ bytes)\\)", ""},
      {"IDE stream", "(^| )(NPR|PR|CPL)-", "$1$2 off"},
      {"IDE stream", "Alg='([^']*)'", "Alg $1"},
      {"IDE stream", " TC(\\d)", " TC $1"},
      {"IDE stream", " ID(\\d+)", " ID $1"},
      {"IDE stream", " Default$", " Default+"},
      {"IDE stream", "^(.*) RecvChk", "Status $1 RecvChk"},
      {"IDE stream", "Status Status[ =]+", "Status "},
      {"IDE stream", "RID#", "Blocks"},
      {"DOECap", "Interrupt Message Number", "IntMsgNum"},
      {"CXLCap", "Mem HW Init", "MemHWInit"},
      {"CXLCtl", "Cache SF (Cov|Gran)", "CacheSF$1"},
      {"CXLCtl", "Cache Clean", "CacheClean"},
      {"CXLCap2", "Cache Size Not Reported", "CacheUnit not reported"},
      {"IDECap", "PCPC", "PCRC"},
      {"IDECap", "Alg='([^']*)'", "Alg $1"},
      {"IDECap", "Lnk=\\d+ Sel=\\d+", ""},
      {"*", "BIR: bar", "BIR: "},
      {"*", "BIR: BAR", "BIR: "},
      {"DevCtl3", "UIO Request 256B Boundary\\+", "UIO Request 256B Boundary Disable-"},
      {"DevCtl3", "UIO Request 256B Boundary-", "UIO Request 256B Boundary Disable+"},
  };
  return kRewrites;
}

struct Deviation {
  const char* label;
  const char* field;
  const char* reason;
};
/// Where lspci prints something else than the field definition says.
inline const std::vector<Deviation>& deviations() {
  static const std::vector<Deviation> kDeviations = {
      {"L1SubCap", "L1_PM_Substates", "lspci tests mask 16h where bit 4 is meant"},
      {"CXLCtl2", "InitRst", "lspci tests mask 3h where bit 2 is meant"},
      {"CXLCtl2", "RstMemClrEn", "lspci tests mask 4h where bit 3 is meant"},
      {"CXLCtl2", "DesiredVolatileHDMStateAfterHotReset", "lspci tests mask 5h for bit 4"},
      {"CXLCap3", "HotReset", "lspci tests mask 3h where bit 2 is meant"},
      {"CXLCap3", "HotResetConfigurability", "lspci tests mask 4h where bit 3 is meant"},
      {"CXLPortSta", "PMComplete", "lspci tests the register's offset as mask"},
      {"LaneErrStat", "Lanes", "lspci reads 16 of the 32 lanes"},
      {"LinkIDE", "PCRC", "lspci tests the enable bit"},
      {"Desc", "EltType", "lspci reads the reserved bits 7:4 too"},
      {"DOESta", "Error", "lspci 3.9 tests mask 3h where bit 2 is meant"},
      {"CntSts", "InterruptGenerated", "lspci tests mask 4h, part of the link width"},
      {"Secondary Status", "Freq", "lspci reads 3 of the 4 bits"},
      {"FlitEiCtl1", "Flit Type", "lspci reads 2 of the 3 bits"},
  };
  return kDeviations;
}

class LspciJudge {
 public:
  LspciJudge(std::string address, const Decoded& ours)
      : address_(std::move(address)), ours_(ours) {}

  /// `block`: lspci's lines of one function, with their tabs.
  /// AGP and HyperTransport are left out: lspci prints lists of theirs in forms of its own.
  Comparison compare(const std::string& block) {
    std::istringstream in(block);
    std::string line;
    current_ = ours_.capabilities.empty() ? nullptr : &ours_.capabilities.front();
    while (std::getline(in, line)) {
      take_line(line);
    }
    flush();
    return std::move(out_);
  }

 private:
  static std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t,;");
    return first == std::string::npos
               ? ""
               : text.substr(first, text.find_last_not_of(" \t,;") - first + 1);
  }

  void take_line(const std::string& line) {
    const std::size_t tabs = std::min(line.find_first_not_of('\t'), line.size());
    static const std::regex kCapability("^\tCapabilities: \\[([0-9a-f]+)( v\\d+)?\\] (.*)$");
    std::smatch match;
    if (std::regex_match(line, match, kCapability)) {
      flush();
      open(std::stoul(match[1], nullptr, 16), match[3]);
    } else if (tabs >= 3 || (tabs == 2 && current_ != nullptr && current_->kind == Kind::kHeader)) {
      text_ += " " + trimmed(line);
    } else if (tabs == 2 || tabs == 1) {
      flush();
      label(trimmed(line));
    }
  }

  void open(std::size_t offset, const std::string& title) {
    current_ = nullptr;
    resizable_ = 0;
    for (const DecodedCapability& one : ours_.capabilities) {
      if (one.offset == offset && one.kind != Kind::kHeader) {
        current_ = &one;
      }
    }
    if (current_ != nullptr && (current_->key == "AGP" || current_->key == "HyperTransport")) {
      current_ = nullptr;
      return;
    }
    if (current_ == nullptr) {
      if (title.find("chain") == std::string::npos) {
        out_.differences.push_back(address_ + " capability '" + title + "' is not in ours");
      }
      return;
    }
    static const std::vector<std::pair<std::regex, std::string>> kTitles = {
        {std::regex("^Express \\(v(\\d+)\\) (.*?)( \\((Slot.)\\))?, (MSI|IntMsgNum) (\\w+)$"),
         "ExpCap: Version $1 Type $2, $4 MSI $6"},
        {std::regex("^Power Management version (\\d)$"), "Flags: Version $1"},
        {std::regex("^Device Serial Number (.*)$"), "SerialLow: $1"},
        {std::regex("^Vendor Specific Information: (ID=.*) <\\?>$"), "VSEC: $1"},
        {std::regex(
             "^Designated Vendor-Specific: (Vendor=\\w+) ID=(\\w+) (Rev=\\d+) (Len=\\d+).*$"),
         "DVSEC1: $1 $3 $4"},
        {std::regex("^(MSI(-X)?: .*)$"), "$1"},
        {std::regex("^Debug port: (.*)$"), "Debug port: $1"},
        {std::regex("^Enhanced Allocation \\(EA\\): (NumEntries=\\d+).*$"), "EA: $1"},
        {std::regex("^SATA HBA v(\\d+)\\.(\\d+).*$"), "SATA HBA: Major $1 Minor $2"}};
    for (const auto& [pattern, form] : kTitles) {
      if (std::regex_match(title, pattern)) {
        label(std::regex_replace(title, pattern, form));
        flush();
        return;
      }
    }
  }

  /// "Label: text"; several registers may share a line ("Address: x  Data: y").
  void label(std::string line) {
    if (current_ == nullptr) {
      return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || line.front() == '<') {
      return;
    }
    label_ = line.substr(0, colon);
    text_ = line.substr(colon + 1);
    static const std::regex kStream(
        "^(?:\\[[0-9a-f]+\\])?(LinkIDE|SelectiveIDE)#(\\d+) (\\w+)(#\\d+)?$");
    std::smatch stream;
    if (std::regex_match(label_, stream, kStream)) {
      label_ = stream[4].matched ? "" : stream[1].str() + stream[2].str() + "." + stream[3].str();
    }
    static const std::regex kNumbered("^(Block|FuncMap|Entry|Locator) ?(\\d+)$");
    std::smatch match;
    if (std::regex_match(label_, match, kNumbered)) {
      const unsigned long n = std::stoul(match[2]);
      label_ = match[1].str() + std::to_string(match[1] == "Block" ? n - 1 : n);
    }
  }

  void flush() {
    if (current_ == nullptr || label_.empty()) {
      label_.clear();
      return;
    }
    std::string name = std::exchange(label_, {});
    std::string text = trimmed(std::exchange(text_, {}));
    for (const DecodedRegister& one : current_->registers) {  // "Total VFs: 128, Number of VFs: …"
      const std::string other = one.key() + ": ";
      const std::size_t at = text.find(other);
      if (one.key() != name && at != std::string::npos && at >= 2 &&
          std::string_view(", \t").find(text[at - 1]) != std::string_view::npos) {
        std::string rest = text.substr(at + other.size());
        label_ = one.key();
        text_ = rest;
        text = trimmed(text.substr(0, at));
        judge(name, text);
        flush();
        return;
      }
    }
    judge(name, text);
  }

  void judge(const std::string& name, std::string text) {
    static const std::vector<std::regex> kPatterns = [] {
      std::vector<std::regex> out;
      for (const Rewrite& one : rewrites()) {
        out.emplace_back(one.pattern);
      }
      return out;
    }();
    const bool is_stream =
        name.find("IDE") != std::string::npos && name.find('.') != std::string::npos;
    for (std::size_t i = 0; i < kPatterns.size(); ++i) {
      const Rewrite& one = rewrites()[i];
      if (one.label == name || (is_stream && std::string_view(one.label) == "IDE stream") ||
          std::string_view(one.label) == "*") {
        text = std::regex_replace(text, kPatterns[i], one.replacement);
      }
    }
    if (name == "HeaderLog") {
      for (const char* key : {"HeaderLog0", "HeaderLog1", "HeaderLog2", "HeaderLog3"}) {
        judge(key, text.substr(0, 8));
        text = text.size() > 9 ? text.substr(9) : "";
      }
      return;
    }
    if (text == "<unreadable>" || special(name, text)) {
      return;
    }
    static const std::map<std::string, std::string> kOtherNames = {
        {"PTMClockGranularity", "PTMCap"}, {"PTMEffectiveGranularity", "PTMControl"}};
    const auto other = kOtherNames.find(name);
    const DecodedRegister* reg = current_->find(other == kOtherNames.end() ? name : other->second);
    if (other != kOtherNames.end()) {
      text = "Granularity " + text;
    }
    if (reg == nullptr && current_->kind != Kind::kHeader) {  // the label may be a field's
      for (const DecodedRegister& one : current_->registers) {
        if (one.group == nullptr && one.field(name) != nullptr) {
          reg = &one;
          text.insert(0, ": ").insert(0, name);
          break;
        }
      }
    }
    if (reg == nullptr) {
      if (current_->kind != Kind::kHeader && current_->known) {
        out_.left_over.push_back(where(name) + "no register of that name: " + text);
      }
      return;
    }
    lay_beside(name, *reg, text);
  }

  static std::string dense(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == ',' || c == '\t'; });
    return text;
  }
  void expect_text(const std::string& name, const std::string& theirs, const std::string& ours) {
    if (dense(theirs) == dense(ours)) {
      ++out_.values;
    } else {
      out_.differences.push_back(where(name) + "lspci '" + theirs + "', ours '" + ours + "'");
    }
  }

  /// Lines whose form is their own: virtual channels, resizable and virtual functions' base
  /// addresses.
  bool special(const std::string& name, const std::string& text) {
    std::smatch match;
    static const std::regex kVc("^(.*)Ctrl:(.*)Status:(.*)$");
    if (name.starts_with("VC") && name.find('.') == std::string::npos &&
        std::regex_match(text, match, kVc)) {
      static const std::regex kSubLabel("(Caps|Arb):");
      judge(name + ".Caps", trimmed(std::regex_replace(match[1].str(), kSubLabel, "")));
      judge(name + ".Ctrl", trimmed(match[2]));
      judge(name + ".Status", trimmed(match[3]));
      return true;
    }
    static const std::regex kRid("^(.*)Limit=(\\w+)(.*)$");
    if (name.starts_with("SelectiveIDE") && name.ends_with(".RID") &&
        std::regex_match(text, match, kRid)) {
      judge(name + "2", match[1].str() + match[3].str());
      judge(name + "1", "Limit=" + match[2].str());
      return true;
    }
    static const std::regex kLink("^Desc:(.*)Addr:(.*)$");
    if (name.starts_with("Link") && std::regex_match(text, match, kLink)) {
      judge(name + ".Desc", trimmed(match[1]));
      const std::string address = trimmed(match[2]);
      if (address.size() == 16) {  // else a bus, device and function taken from the same bits
        judge(name + ".Addr", address);
      }
      return true;
    }
    static const std::regex kAlternate("^([0-9a-f]+)-([0-9a-f]+)$");
    if (name == "AlternateBus" && std::regex_match(text, match, kAlternate)) {
      const bool is_bus = match[1].length() == 2;  // the second line of that name is of memory
      const std::uint64_t bus = current_->find("AlternateBus")->value;
      const std::uint64_t low = is_bus ? bus & 0xFF : current_->find("AltMemBase")->value;
      const std::uint64_t high = is_bus ? bus >> 8 : current_->find("AltMemLimit")->value;
      expect_text(name, std::to_string(std::stoul(match[1], nullptr, 16)), std::to_string(low));
      expect_text(name, std::to_string(std::stoul(match[2], nullptr, 16)), std::to_string(high));
      return true;
    }
    if (name == "AssociatedBusNumbers" && std::regex_match(text, match, kAlternate)) {
      const std::uint64_t bus = current_->find(name)->value;
      expect_text(name, std::to_string(std::stoul(match[1], nullptr, 16)),
                  std::to_string(bus >> 8 & 0xFF));
      expect_text(name, std::to_string(std::stoul(match[2], nullptr, 16)),
                  std::to_string(bus >> 16 & 0xFF));
      return true;
    }
    if (name == "RCiEPBitmap") {  // "RCiEP at Device(s): 1-3, 7"
      std::uint64_t devices = 0;
      static const std::regex kRange("(\\d+)(-(\\d+))?");
      for (std::sregex_iterator it(text.begin(), text.end(), kRange), end; it != end; ++it) {
        const unsigned long last = std::stoul((*it)[3].matched ? (*it)[3] : (*it)[1]);
        for (unsigned long device = std::stoul((*it)[1]); device <= last; ++device) {
          devices |= 1ULL << device;
        }
      }
      // lspci leaves a range that reaches device 31 open at its end.
      const std::uint64_t ours = current_->find(name)->value;
      expect_text(name, std::to_string(devices | (ours >> 31 != 0 ? ours : 0)),
                  std::to_string(ours));
      return true;
    }
    if (name.starts_with("FuncMap")) {  // lspci reads the lower half of each register
      expect_text(name, std::to_string(std::stoul(text, nullptr, 16)),
                  std::to_string(current_->find(name)->value & 0xFFFF));
      return true;
    }
    static const std::regex kSizes("^current size: (.*?)(, supported: (.*))?$");
    if (name.starts_with("BAR ") && std::regex_match(text, match, kSizes)) {
      const std::string entry = "Entry" + std::to_string(resizable_++) + ".Ctl";
      for (const DecodedRegister& one : current_->registers) {
        const Field* index = one.field("BAR");
        if (one.key() == entry && index != nullptr &&
            index->of(one.value) == std::stoul(name.substr(4)) && (one.value >> 8 & 0x3F) < 44) {
          const Field* size = one.field("current size");
          expect_text(name, match[1], size->text(size->of(one.value)));
          return true;
        }
      }
      return true;  // a size code past 2^63, which lspci prints as unknown
    }
    static const std::regex kRegion(
        "^Memory at ([0-9a-f]+) \\((32|64)-bit, (non-)?prefetchable\\)$");
    if (name.starts_with("Region ") && std::regex_match(text, match, kRegion)) {
      const unsigned long n = std::stoul(name.substr(7));
      const DecodedRegister* low = current_->find("VFBAR" + std::to_string(n));
      if (low == nullptr) {
        return true;  // of the header: its sizes and kernel's view are not in the bytes
      }
      const DecodedRegister* high = current_->find("VFBAR" + std::to_string(n + 1));
      std::string address = low->field("Address")->text(low->field("Address")->of(low->value));
      if (match[2] == "64" && match[1].length() > 8) {
        std::ostringstream upper;
        upper << std::hex << std::setw(8) << std::setfill('0') << high->value;
        address = upper.str() + address;
      }
      expect_text(name, match[1], address);
      expect_text(name, match[3].matched ? "0" : "1", std::to_string(low->value >> 3 & 1));
      return true;
    }
    return false;
  }

  std::string where(const std::string& name) const {
    return address_ + " [" + std::string(current_->key) + "] " + name + ": ";
  }
  static bool deviates(const std::string& name, std::string_view field) {
    for (const Deviation& one : deviations()) {
      const bool is_stream =
          std::string_view(one.label) == "LinkIDE" && name.starts_with("LinkIDE");
      if ((one.label == name || is_stream) && one.field == field) {
        return true;
      }
    }
    return false;
  }

  void lay_beside(const std::string& name, const DecodedRegister& reg, std::string text) {
    // Of a CXL range, lspci 3.9 prints the addresses alone.
    const std::string addresses = reg.summary.substr(0, reg.summary.find(" [size="));
    if (!reg.summary.empty() && (blank_if(text, 0, reg.summary) || blank_if(text, 0, addresses))) {
      ++out_.values;
    }
    std::vector<FieldValue> fields = reg.fields();
    std::vector<const Field*> specs;
    for (const Field& one : reg.spec->fields) {
      specs.push_back(&one);
    }
    if (fields.size() == 1 && fields[0].text.starts_with("reserved")) {
      return;  // a reserved code, which lspci prints as if it were not
    }
    if (!fields.empty() && matches(*specs[0], fields[0].value, text, 0) != 0 &&
        trimmed(text).find_first_of(" :=") ==
            std::string::npos) {  // a value alone: the sole field's
      ++out_.values;
      return;
    }
    std::sort(specs.begin(), specs.end(),
              [](const Field* a, const Field* b) { return a->key.size() > b->key.size(); });
    for (const Field* spec : specs) {
      take_field(name, *spec, spec->of(reg.value), text);
    }
    for (const char* part : {"Base", "MaxOffset"}) {  // of an Enhanced Allocation entry
      const DecodedRegister* one = current_->find(name + "." + part);
      const std::size_t at = text.find(std::string(part) + ": ");
      if (at != std::string::npos && name.starts_with("Entry")) {
        const std::size_t from = at + std::string(part).size() + 2;
        const std::size_t end = std::min(text.find(' ', from), text.size());
        if (one != nullptr) {  // else the entry's size leaves it out, and lspci reads past it
          expect_text(name, text.substr(from, end - from), one->summary);
        }
        text.replace(at, end - at, end - at, ' ');
      }
    }
    static const std::regex kDecoration(
        "Base:$|Port Arbitration Table|\\?\\?\\d\\+|"
        "\\((ok|downgraded|overdriven|strange)\\)|(Enable|Control|Status|AtomicOpsCap|AtomicOpsCtl|"
        "DefaultVolatile HDM State After):|<\\?>");
    const std::string rest = trimmed(std::regex_replace(text, kDecoration, ""));
    if (rest.find_first_not_of(" ,;") != std::string::npos && current_->kind != Kind::kHeader) {
      out_.left_over.push_back(where(name) + rest);
    }
  }

  /// Finds "KEY+", "KEY value", "KEY: value", "KEY=value", "KEY #value" in `text`, judges and
  /// blanks it.
  void take_field(const std::string& name, const Field& spec, std::uint64_t value,
                  std::string& text) {
    std::size_t at = 0;
    while ((at = text.find(spec.key, at)) != std::string::npos) {
      const std::size_t end = at + spec.key.size();
      const bool starts = at == 0 || std::string(" ,\t").find(text[at - 1]) != std::string::npos;
      std::size_t sign = end;
      if (sign < text.size() && text[sign] == ':') {
        ++sign;
      }
      const bool is_sign =
          sign < text.size() && (text[sign] == '+' || text[sign] == '-') &&
          (sign + 1 == text.size() || std::string(" ,;").find(text[sign + 1]) != std::string::npos);
      if (starts && spec.bits == 1 && is_sign) {
        if ((text[sign] == '+') == (value != 0)) {
          ++out_.values;
        } else if (!deviates(name, spec.key)) {
          out_.differences.push_back(where(name) + std::string(spec.key) + " lspci '" + text[sign] +
                                     "', ours " + std::to_string(value));
        }
        text.replace(at, sign + 1 - at, sign + 1 - at, ' ');
        return;
      }
      const std::size_t from = text.find_first_not_of(" :=#", end);
      if (starts && !is_sign && end < text.size() && from != std::string::npos && from > end) {
        const std::size_t length = matches(spec, value, text, from);
        if (length != 0) {
          ++out_.values;
        } else if (!deviates(name, spec.key)) {
          out_.differences.push_back(where(name) + std::string(spec.key) + " lspci '" +
                                     text.substr(from, 40) + "', ours '" + spec.text(value) + "'");
        }
        const std::size_t till =
            length != 0 ? from + length : std::min(text.find_first_of(",;", from), text.size());
        text.replace(at, till - at, till - at, ' ');
        return;
      }
      at = end;
    }
  }

  /// Length of `expected` in `text` at `at`, blanks in either ignored, at a boundary; 0 where it
  /// differs.
  static std::size_t prefix(const std::string& text, std::size_t at, std::string_view expected) {
    std::size_t i = at;
    for (const char c : expected) {
      if (c == ' ') {
        continue;
      }
      while (i < text.size() && text[i] == ' ' && i > at) {
        ++i;
      }
      if (i >= text.size() || std::tolower(text[i]) != std::tolower(c)) {
        return 0;
      }
      ++i;
    }
    const bool ends = i == text.size() || std::string(" ,;)/[").find(text[i]) != std::string::npos;
    return ends ? i - at : 0;
  }
  static bool blank_if(std::string& text, std::size_t at, std::string_view expected) {
    const std::size_t length = prefix(text, at, expected);
    text.replace(at, length, length, ' ');
    return length != 0;
  }

  /// lspci prints some coded fields as plain numbers and reserved codes by one of several words.
  static std::size_t matches(const Field& spec, std::uint64_t value, const std::string& text,
                             std::size_t at) {
    const std::string ours = spec.text(value);
    std::ostringstream hexadecimal;
    hexadecimal << std::hex << value;
    std::string wide = hexadecimal.str();
    wide.insert(0, wide.size() < 2 ? 2 - wide.size() : 0, '0');
    static const std::regex kUnnamed("^\\d+<\\?>");  // a number whose unit lspci does not know
    std::smatch unnamed;
    const std::string all = text.substr(at);
    if (std::regex_search(all, unnamed, kUnnamed)) {
      return static_cast<std::size_t>(unnamed.length());
    }
    const std::string three = std::string(wide.size() < 3 ? 3 - wide.size() : 0, '0') + wide;
    for (const std::string& form : {ours, std::to_string(value), hexadecimal.str(), wide, three}) {
      if (const std::size_t length = prefix(text, at, form); length != 0) {
        return length;
      }
    }
    if (ours.starts_with("reserved") || ours.starts_with("unknown") || ours == "none" ||
        ours.starts_with("128 GT/s") || ours == "2.5-64 GT/s") {  // lspci 3.9 knows five speeds
      static const std::regex kReserved(
          "^(unknown|reserved|<error>|<unknown>|<\\?>|\\?\\?\\d*|RsvdP|\\[[0-9a-f]+\\]|\\d+ "
          "bytes)( "
          "\\(\\d+\\))?",
          std::regex::icase);
      std::smatch match;
      const std::string rest = text.substr(at);
      if (std::regex_search(rest, match, kReserved)) {
        return static_cast<std::size_t>(match.length());
      }
    }
    return 0;
  }

  std::string address_;
  unsigned resizable_ = 0;  ///< "BAR n:" lines seen in this capability
  const Decoded& ours_;
  const DecodedCapability* current_ = nullptr;
  std::string label_;
  std::string text_;
  Comparison out_;
};

}  // namespace weft::wire::pcie::testing
