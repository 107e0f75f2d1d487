// SPDX-License-Identifier: Apache-2.0
// One living PCI function: 4 KiB of configuration space over the link at its port. Software's bits
// are stored; what the hardware says is worked out when it is read, from the link and from what
// was there when software last cleared it, so that looking changes nothing and nothing ticks.
// Uncorrectable errors, containment and resets come as messages and go up the hierarchy as
// messages, as ERR_ messages and hot resets do in life.
// Register semantics: PCIe Base 6.x chapter 7; errors and containment 6.2; hot plug 6.7.
#pragma once

#include "bus/config_space.h"
#include "twin/link/link.h"
#include "twin/pcie_port/aer_counts.h"
#include "twin/pcie_port/layout.h"
#include "twin/pcie_port/margining.h"
#include "twin/world/actor.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::twin::pcie_port {

/// What a function is built from.
struct FunctionParts {
  std::string path;     ///< "pcie/host0/0000:3b:00.0"
  std::string address;  ///< "0000:3b:00.0"
  std::shared_ptr<const Layout> layout;
  base::Bytes power_on;    ///< the layout's image with identity, serial number and slot
  base::Bytes enumerated;  ///< the same as a host's software leaves it
  Link* link = nullptr;    ///< at its port, if any
  End end = End::kB;
  std::uint32_t retimers = 0;  ///< on that link
};

class Function final : public Actor, public bus::ConfigSpace {
 public:
  explicit Function(FunctionParts parts);
  /// The bridge above; before start().
  void set_parent(Function& parent);

  // bus::ConfigSpace
  [[nodiscard]] base::Result<std::uint32_t> read(std::uint16_t offset, std::uint8_t width) override;
  base::Result<void> write(std::uint16_t offset, std::uint8_t width, std::uint32_t value) override;
  [[nodiscard]] std::string description() const override { return parts_.address; }

  /// What a dword reads now; answers() or not.
  [[nodiscard]] std::uint32_t dword(std::uint16_t offset) const;
  /// False: the function, or a link or bridge above it, is down or in reset; reads give all ones.
  [[nodiscard]] bool answers() const;
  [[nodiscard]] AerCounts aer_counts() const;
  [[nodiscard]] const Layout& layout() const { return *parts_.layout; }
  [[nodiscard]] const FunctionParts& parts() const { return parts_; }
  [[nodiscard]] Link* link() const { return parts_.link; }
  [[nodiscard]] End end() const { return parts_.end; }
  [[nodiscard]] Function* parent() const { return parent_; }
  [[nodiscard]] const std::vector<Function*>& children() const { return children_; }
  [[nodiscard]] Margining& margining() { return margining_; }

  /// An uncorrectable error that the function itself detects; `bit` of the status register. From
  /// outside or from its own event.
  void report_uncorrectable(std::uint8_t bit);

  void on_timer(std::uint32_t timer) override;
  void on_message(const Message& message) override;
  void exchange(Archive& archive) override;
  void registers(Archive& out) const override;

 private:
  /// Correctable errors that the link counts, in order of their status bits.
  static constexpr std::size_t kClasses = 5;
  using Classes = std::array<std::uint64_t, kClasses>;

  struct Written {
    std::uint16_t offset = 0;     ///< of the dword
    std::uint32_t before = 0;     ///< stored
    std::uint32_t after = 0;      ///< stored
    std::uint32_t cleared = 0;    ///< ones written to RW1C bits
    std::uint32_t commanded = 0;  ///< ones written to bits that act
    std::uint32_t lanes = 0;      ///< bytes that were written
  };

  [[nodiscard]] std::uint32_t stored(std::uint16_t offset) const;
  void store(std::uint16_t offset, std::uint32_t value);
  void set_bits(std::uint16_t offset, std::uint32_t bits) { store(offset, stored(offset) | bits); }

  // What the hardware shows (live.cpp).
  [[nodiscard]] std::uint32_t express_dword(std::uint16_t at, std::uint32_t value) const;
  [[nodiscard]] std::uint32_t aer_dword(std::uint16_t at, std::uint32_t value) const;
  [[nodiscard]] std::uint32_t physical_dword(std::uint16_t offset, std::uint32_t value) const;
  [[nodiscard]] std::uint32_t link_status() const;
  [[nodiscard]] std::uint32_t link_status_2(std::uint32_t value) const;
  [[nodiscard]] std::uint32_t slot_status(std::uint32_t value) const;
  [[nodiscard]] std::uint32_t lane_errors() const;
  [[nodiscard]] std::uint32_t lane_presets(std::uint32_t value, std::uint32_t first_lane,
                                           std::uint8_t speed) const;
  [[nodiscard]] bool has_equalised(std::uint8_t speed) const;
  [[nodiscard]] bool is_present() const;
  [[nodiscard]] bool is_training() const;
  [[nodiscard]] bool has_retrained() const;
  [[nodiscard]] std::uint64_t trainings() const;
  [[nodiscard]] std::vector<std::uint64_t> lane_error_counts() const;
  [[nodiscard]] std::uint8_t lane_preset(std::uint32_t lane, bool is_downstream_port,
                                         std::uint8_t initial) const;
  [[nodiscard]] std::uint32_t margin_dword(std::uint16_t at, std::uint32_t value) const;
  [[nodiscard]] std::uint32_t device3_status() const;

  // What a write does (actions.cpp).
  void after_write(const Written& written);
  void after_express(const Written& written);
  void after_aer(const Written& written);
  void after_dpc(const Written& written);
  void after_margining(const Written& written);
  void clear_lane_errors(std::uint32_t cleared);
  void command_width(const Written& written);
  void command_slot(std::uint32_t before, std::uint32_t after);
  void reset_below(bool is_asserted);

  // Errors (errors.cpp).
  [[nodiscard]] Classes counted() const;
  [[nodiscard]] std::uint32_t correctable_status() const;
  /// Correctable status bits that registers say to report; reporting_ is what is reported since
  /// the last settle_reports(), which follows every write.
  [[nodiscard]] std::uint32_t wanted_reports() const;
  void settle_reports();
  [[nodiscard]] std::uint64_t reported() const;  ///< ERR_COR messages so far
  [[nodiscard]] Classes reported_by_class() const;
  struct RootView {
    std::uint64_t received = 0;
    std::uint16_t source = 0;
  };
  [[nodiscard]] RootView correctable_received() const;
  void clear_correctable_received();
  void on_link_error(LinkError error);
  void receive_error(bool is_fatal, std::uint16_t source);
  void send_error(bool is_fatal, std::uint16_t source);
  void note_at_root(bool is_fatal, std::uint16_t source);
  bool contain(std::uint32_t reason, std::uint32_t extension, std::uint16_t source);
  /// What the host's handler does some time after the interrupt (modelled).
  void end_containment();
  [[nodiscard]] bool is_contained() const;
  [[nodiscard]] bool traps(bool is_fatal) const;
  [[nodiscard]] std::uint16_t requester() const;
  void ask_link(LinkAsk ask, bool is_on);

  void reset(bool keeps_sticky);
  void reset_function();
  void restore_by_host();
  void pass_reset();
  void link_moved(bool is_up);

  FunctionParts parts_;
  Function* parent_ = nullptr;
  std::vector<Function*> children_;

  base::Bytes bytes_;  ///< stored values, hardware's latched bits among them
  Margining margining_;
  Classes status_from_{};    ///< counts when Correctable Error Status was last cleared, by class
  Classes device_from_{};    ///< likewise of Device Status
  Classes reported_{};       ///< reported before the last change of what is reported
  Classes reported_from_{};  ///< counts at that change
  std::uint32_t reporting_ = 0;
  std::array<std::uint64_t, 32> nonfatal_{};
  std::array<std::uint64_t, 32> fatal_{};
  std::uint64_t root_nonfatal_ = 0;
  std::uint64_t root_fatal_ = 0;
  std::vector<std::uint64_t> root_from_;  ///< reported() of each function below at the last clear
  std::uint64_t root_mult_from_ = 0;      ///< received when "multiple" was last cleared
  std::optional<std::vector<std::uint64_t>> lane_from_;  ///< errors by lane at the last clear
  std::optional<std::uint64_t> retrain_from_;            ///< trainings when software asked for one
  WorldTime command_done_;                               ///< hot-plug command
  bool is_command_pending_ = false;
  bool was_present_ = true;
  bool is_link_up_ = false;  ///< as messages told it
  bool has_been_up_ = false;
  bool is_held_ = false;   ///< reset from outside, or no power
  bool is_fresh_ = false;  ///< in its reset state: the host has not set it up again
};

/// The function behind a machine's configuration space, for doors; nullptr for another kind.
[[nodiscard]] Function* function_of(bus::ConfigSpace* space);

}  // namespace weft::twin::pcie_port
