// SPDX-License-Identifier: Apache-2.0
#include "bus/linux/ethtool_netlink.h"

#include "wire/ethtool/attributes.h"
#include "wire/ethtool/replies.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace weft::bus::linux_host {
namespace ethtool_netlink {

using base::Bytes;
using base::ByteView;
using base::Code;
using wire::ethtool::Request;

constexpr std::size_t kHeaderBytes = sizeof(nlmsghdr);
constexpr std::size_t kGenericBytes = sizeof(genlmsghdr);
constexpr std::size_t kReceiveBytesMax = 64 * 1024;
constexpr int kMessagesMax = 256;

/// What each request looks like: where its header attribute stands and which message answers it.
struct Form {
  Request request;
  std::uint16_t header_type;  ///< ETHTOOL_A_<message>_HEADER
  std::uint8_t reply;         ///< ETHTOOL_MSG_<message>_GET_REPLY
  bool has_statistics;        ///< takes ETHTOOL_FLAG_STATS: the kernel refuses it elsewhere
};
constexpr auto kForms = std::to_array<Form>({
    {Request::kLinkInfoGet, 1, 2, false},
    {Request::kLinkModesGet, 1, 4, false},
    {Request::kLinkStateGet, 1, 6, true},
    {Request::kFecGet, 1, 30, true},
    {Request::kModuleEepromGet, 1, 32, false},
    {Request::kStatsGet, 2, 33, false},
    {Request::kModuleGet, 1, 35, false},
});

constexpr std::uint32_t kFlagCompactBitsets = 1;
constexpr std::uint32_t kFlagStats = 4;

/// Builds a netlink message; its length is set at the end.
class MessageBuilder {
 public:
  MessageBuilder(std::uint16_t family, std::uint8_t command, std::uint8_t version,
                 std::uint32_t sequence) {
    bytes_.resize(kHeaderBytes + kGenericBytes);
    base::write_le(bytes_, 4, 2, family);
    base::write_le(bytes_, 6, 2, NLM_F_REQUEST | NLM_F_ACK);
    base::write_le(bytes_, 8, 4, sequence);
    bytes_[kHeaderBytes] = command;
    bytes_[kHeaderBytes + 1] = version;
  }
  void add(std::uint16_t type, ByteView payload) {
    const std::size_t start = open(type);
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    close(start);
  }
  void add_number(std::uint16_t type, std::uint64_t value, std::size_t width) {
    std::array<std::uint8_t, 8> payload{};
    base::write_le(payload, 0, width, value);
    add(type, std::span(payload).first(width));
  }
  void add_text(std::uint16_t type, std::string_view text) {
    std::string terminated(text);
    terminated += '\0';
    add(type, base::as_bytes(terminated));
  }
  /// Starts an attribute; what is added until close() is inside it.
  std::size_t open(std::uint16_t type) {
    const std::size_t start = bytes_.size();
    bytes_.resize(start + NLA_HDRLEN);
    base::write_le(bytes_, start + 2, 2, type);
    return start;
  }
  void close(std::size_t start) {
    base::write_le(bytes_, start, 2, bytes_.size() - start);
    bytes_.resize((bytes_.size() + 3) & ~std::size_t{3});
  }
  [[nodiscard]] const Bytes& finish() {
    base::write_le(bytes_, 0, 4, bytes_.size());
    return bytes_;
  }

 private:
  Bytes bytes_;
};

/// The kernel's errno and its own words as an Error on `where`.
base::Error kernel_error(int number, const std::string& words, const std::string& where) {
  Code code = Code::kUnavailable;
  switch (number) {
    case EOPNOTSUPP:
      code = Code::kUnimplemented;
      break;
    case EPERM:
    case EACCES:
      code = Code::kPermissionDenied;
      break;
    case ENODEV:
      code = Code::kNotFound;
      break;
    default:
      break;
  }
  std::string what = std::strerror(number);
  if (!words.empty()) {
    what += ": " + words;
  }
  return {code, what, where, code == Code::kPermissionDenied ? "Run as root." : ""};
}

/// One message of the kernel's answer.
struct Message {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  ByteView payload;
};

/// The message at the front of `bytes`, taken off; nullopt at the end or where the bytes make none.
std::optional<Message> take_message(ByteView& bytes) {
  const auto length = base::read_le(bytes, 0, 4);
  if (!length || *length < kHeaderBytes || *length > bytes.size()) {
    return std::nullopt;
  }
  Message message;
  message.type = static_cast<std::uint16_t>(*base::read_le(bytes, 4, 2));
  message.flags = static_cast<std::uint16_t>(*base::read_le(bytes, 6, 2));
  message.sequence = static_cast<std::uint32_t>(*base::read_le(bytes, 8, 4));
  message.payload = bytes.subspan(kHeaderBytes, *length - kHeaderBytes);
  bytes = bytes.subspan(std::min(bytes.size(), (*length + 3) & ~std::size_t{3}));
  return message;
}

/// NLMSGERR_ATTR_MSG of an NLMSG_ERROR's payload: the kernel's own words, where it gave any.
std::string error_words(const Message& message) {
  constexpr std::size_t kErrorBytes = 4;
  if ((message.flags & NLM_F_ACK_TLVS) == 0) {
    return {};
  }
  // With NETLINK_CAP_ACK only the header of our message comes back between errno and attributes.
  const std::size_t skip = kErrorBytes + kHeaderBytes;
  if (message.payload.size() <= skip) {
    return {};
  }
  const auto words = wire::ethtool::find(message.payload.subspan(skip), NLMSGERR_ATTR_MSG);
  return words ? words->text() : std::string{};
}

/// Owns the socket. Requests and answers alternate: one owner thread.
class Socket {
 public:
  Socket() {
    fd_ = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    if (fd_ < 0) {
      errno_ = errno;
      return;
    }
    const timeval limit{.tv_sec = 0, .tv_usec = kAnswerMsMax * 1000};
    const int on = 1;
    (void)::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)::setsockopt(fd_, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    (void)::setsockopt(fd_, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
  }
  ~Socket() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] std::uint32_t next_sequence() { return ++sequence_; }

  /// Sends the message and gathers the attributes of the first answer with this type and command,
  /// until the kernel's acknowledgement.
  base::Result<Bytes> ask(const Bytes& message, std::uint16_t type, std::uint8_t command,
                          const std::string& where) {
    if (fd_ < 0) {
      return tl::unexpected(kernel_error(errno_, "no netlink socket", where));
    }
    drain();
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    const auto sent = ::sendto(fd_, message.data(), message.size(), 0,
                               reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel));
    if (sent < 0) {
      return tl::unexpected(kernel_error(errno, {}, where));
    }
    return gather(type, command, where);
  }

 private:
  /// Throws away what a given-up request's late answer left behind.
  void drain() {
    while (::recv(fd_, buffer_.data(), buffer_.size(), MSG_DONTWAIT) > 0) {
    }
  }

  base::Result<Bytes> gather(std::uint16_t type, std::uint8_t command, const std::string& where) {
    Bytes answer;
    for (int messages = 0; messages < kMessagesMax;) {
      const auto length = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
      if (length < 0 && errno == EINTR) {
        ++messages;
        continue;
      }
      if (length <= 0) {
        return base::fail(
            Code::kUnavailable,
            "the driver gave no answer within " + std::to_string(kAnswerMsMax) + " ms", where);
      }
      ByteView rest = std::span(buffer_).first(static_cast<std::size_t>(length));
      while (const auto message = take_message(rest)) {
        ++messages;
        if (message->sequence != sequence_) {
          continue;
        }
        if (message->type == NLMSG_ERROR || message->type == NLMSG_DONE) {
          const auto number = base::read_le(message->payload, 0, 4).value_or(0);
          const int code = -static_cast<std::int32_t>(static_cast<std::uint32_t>(number));
          if (code > 0) {
            return tl::unexpected(kernel_error(code, error_words(*message), where));
          }
          return answer;
        }
        if (message->type == type && message->payload.size() >= kGenericBytes &&
            message->payload[0] == command && answer.empty()) {
          const auto attributes = message->payload.subspan(kGenericBytes);
          answer.assign(attributes.begin(), attributes.end());
        }
      }
    }
    return base::fail(Code::kUnavailable, "the kernel's answer does not end", where);
  }

  int fd_ = -1;
  int errno_ = 0;
  std::uint32_t sequence_ = 0;
  std::array<std::uint8_t, kReceiveBytesMax> buffer_{};
};

class LiveNetdev final : public Netdev {
 public:
  LiveNetdev() : family_(resolve_family()) {}

  [[nodiscard]] base::Result<Bytes> query(std::string_view interface,
                                          std::uint8_t message) const override {
    const auto* const form = form_of(message);
    if (form == nullptr || form->request == Request::kModuleEepromGet) {
      return base::fail(Code::kInvalidArgument, "ethtool message " + std::to_string(message) +
                                                    " is not one that only reads");
    }
    // Kernels refuse what they do not know yet: link-down counts came with 6.3, PHY statistics (the
    // fifth group) with 6.13. Ask for all, then for less.
    auto answer = ask_with(interface, *form, form->has_statistics ? kFlagStats : 0, 5);
    const bool is_refused = !answer && answer.error().code == Code::kUnavailable;
    if (is_refused && (form->has_statistics || form->request == Request::kStatsGet)) {
      answer = ask_with(interface, *form, 0, 4);
    }
    return answer;
  }

  [[nodiscard]] base::Result<Bytes> module_page(std::string_view interface,
                                                std::uint8_t i2c_address, std::uint8_t bank,
                                                std::uint8_t page, std::uint8_t offset,
                                                std::uint8_t length) const override {
    const auto* const form = form_of(static_cast<std::uint8_t>(Request::kModuleEepromGet));
    auto answer = ask(interface, *form, 0, [&](MessageBuilder& builder) {
      builder.add_number(2, offset, 4);  // ETHTOOL_A_MODULE_EEPROM_*
      builder.add_number(3, length, 4);
      builder.add_number(4, page, 1);
      builder.add_number(5, bank, 1);
      builder.add_number(6, i2c_address, 1);
    });
    if (!answer) {
      return answer;
    }
    return wire::ethtool::decode_module_eeprom(*answer);
  }

 private:
  static const Form* form_of(std::uint8_t message) {
    const auto* const it = std::ranges::find(kForms, static_cast<Request>(message), &Form::request);
    return it == kForms.end() ? nullptr : &*it;
  }

  /// ETHTOOL_A_STATS_GROUPS: a bit set without mask of the first `count` groups.
  static void add_groups(MessageBuilder& builder, std::uint32_t count) {
    const auto nest = builder.open(3 | NLA_F_NESTED);
    builder.add(1, {});                                         // ETHTOOL_A_BITSET_NOMASK
    builder.add_number(2, count, 4);                            // ETHTOOL_A_BITSET_SIZE
    builder.add_number(4, (std::uint64_t{1} << count) - 1, 4);  // ETHTOOL_A_BITSET_VALUE
    builder.close(nest);
  }

  /// The number that this kernel gave the "ethtool" family.
  base::Result<std::uint16_t> resolve_family() {
    constexpr std::uint16_t kFamilyId = CTRL_ATTR_FAMILY_ID;
    MessageBuilder builder(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 2, socket_.next_sequence());
    builder.add_text(CTRL_ATTR_FAMILY_NAME, "ethtool");
    const auto answer =
        socket_.ask(builder.finish(), GENL_ID_CTRL, CTRL_CMD_NEWFAMILY, "ethtool netlink");
    if (!answer) {
      auto error = answer.error();
      error.code = Code::kUnavailable;
      error.hint = "Kernels before 5.6 have no ethtool netlink.";
      return tl::unexpected(error);
    }
    const auto id = wire::ethtool::find(*answer, kFamilyId);
    const auto number = id ? base::read_le(id->payload, 0, 2) : std::nullopt;
    if (!number) {
      return base::fail(Code::kUnavailable, "the kernel named no ethtool family");
    }
    return static_cast<std::uint16_t>(*number);
  }

  base::Result<Bytes> ask_with(std::string_view interface, const Form& form, std::uint32_t flags,
                               std::uint32_t groups) const {
    return ask(interface, form, flags, [&](MessageBuilder& builder) {
      if (form.request == Request::kStatsGet) {
        add_groups(builder, groups);
      }
    });
  }

  template <class AddRest>
  base::Result<Bytes> ask(std::string_view interface, const Form& form, std::uint32_t flags,
                          AddRest add_rest) const {
    if (!family_) {
      return tl::unexpected(family_.error());
    }
    constexpr std::size_t kNameMax = 128;  // ALTIFNAMSIZ
    if (interface.empty() || interface.size() >= kNameMax) {
      return base::fail(Code::kInvalidArgument, "not the name of a network interface",
                        std::string(interface.substr(0, kNameMax)));
    }
    const auto command = static_cast<std::uint8_t>(form.request);
    MessageBuilder builder(*family_, command, 1, socket_.next_sequence());
    const auto nest = builder.open(static_cast<std::uint16_t>(form.header_type | NLA_F_NESTED));
    builder.add_text(2, interface);  // ETHTOOL_A_HEADER_DEV_NAME
    builder.add_number(3, kFlagCompactBitsets | flags, 4);
    builder.close(nest);
    add_rest(builder);
    return socket_.ask(builder.finish(), *family_, form.reply, std::string(interface));
  }

  mutable Socket socket_;  // queries change only the socket's sequence number and buffer
  base::Result<std::uint16_t> family_;
};

}  // namespace ethtool_netlink

std::unique_ptr<Netdev> live_netdev() {
  return std::make_unique<ethtool_netlink::LiveNetdev>();
}

}  // namespace weft::bus::linux_host
