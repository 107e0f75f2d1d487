// SPDX-License-Identifier: Apache-2.0
// Record forms, from Documentation/ABI/testing/dev-kmsg (its own examples), dmesg(1) and
// journalctl(1).
#include "wire/kernel_log/record.h"

#include <gtest/gtest.h>

namespace weft::wire::kernel_log {
namespace {

TEST(KmsgRecord, ReadsTheKernelDocumentsExample) {
  const auto record = parse_kmsg(
      "7,160,424069,-;pci_root PNP0A03:00: host bridge window [io  0x0000-0x0cf7] (ignored)\n"
      " SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A03:00\n");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->priority, 7);
  EXPECT_EQ(record->sequence, 160U);
  EXPECT_EQ(record->since_boot->ns, 424069000);
  EXPECT_EQ(record->text, "pci_root PNP0A03:00: host bridge window [io  0x0000-0x0cf7] (ignored)");
  ASSERT_EQ(record->keys.size(), 2U);
  EXPECT_EQ(record->keys[1].first, "DEVICE");
  EXPECT_EQ(record->keys[1].second, "+acpi:PNP0A03:00");
}

TEST(KmsgRecord, UndoesEscapesAndIgnoresNewFields) {
  const auto record = parse_kmsg("30,339,5140900,-,caller=T1,future;a\\x5cb\\x0ac\\xzz\n");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->priority, 6);  // 30 is facility 3, level 6
  EXPECT_EQ(record->text, "a\\b\nc\\xzz");
}

TEST(KmsgRecord, RefusesWhatIsNone) {
  for (const auto* text :
       {"", ";", "x,1,2,-;text", "6,1;text", "[    1.0] text", "6,1,99999999999999999999,-;a"}) {
    EXPECT_FALSE(parse_kmsg(text)) << text;
  }
}

TEST(LogLine, ReadsDmesg) {
  const auto record = parse_line("[  123.456789] pcieport 0000:00:1c.0: AER: text\n");
  EXPECT_EQ(record.since_boot->ns, 123456789000);
  EXPECT_EQ(record.text, "pcieport 0000:00:1c.0: AER: text");
}

TEST(LogLine, ReadsDmesgsOtherForms) {
  EXPECT_EQ(parse_line("[Sun Nov 22 19:14:23 2026] a b").text, "a b");
  EXPECT_EQ(parse_line("[Sun Nov 22 19:14:23 2026] a b").time_text, "Sun Nov 22 19:14:23 2026");
  EXPECT_FALSE(parse_line("[Sun Nov 22 19:14:23 2026] a b").at);
  EXPECT_EQ(parse_line("[    1.000000][    T5] a b").text, "a b");
  EXPECT_EQ(parse_line("[    1.000000 <    0.100000>] a b").text, "a b");
  EXPECT_EQ(parse_line("<3>[    1.5] a b").priority, 3);
  EXPECT_EQ(parse_line("kern  :warn  : [    1.5] a b").priority, 4);
  EXPECT_EQ(parse_line("kern  :warn  : [    1.5] a b").text, "a b");
  const auto iso = parse_line("2026-11-22T19:14:23,123456+00:00 a b");
  EXPECT_EQ(iso.text, "a b");
  EXPECT_EQ(base::iso8601(iso.at.value()), "2026-11-22T19:14:23.123Z");
}

TEST(LogLine, ReadsJournalAndSyslog) {
  EXPECT_EQ(parse_line("Nov 22 19:14:23 host kernel: a b").text, "a b");
  EXPECT_EQ(parse_line("Feb  5 15:41:33 hostname kernel: a b").text, "a b");
  EXPECT_EQ(parse_line("Nov 22 19:14:23.123456 host kernel: a b").text, "a b");
  EXPECT_EQ(parse_line("[  123.456789] host kernel: a b").text, "a b");
  const auto rsyslog = parse_line("2026-11-22T20:14:23.5+01:00 host kernel: [   12.500000] a b");
  EXPECT_EQ(rsyslog.text, "a b");
  EXPECT_EQ(base::iso8601(rsyslog.at.value()), "2026-11-22T19:14:23.500Z");
  EXPECT_EQ(rsyslog.since_boot->ns, 12500000000);
  EXPECT_EQ(parse_line("2026-11-22T19:14:23+0000 host kernel: a b").text, "a b");
  EXPECT_EQ(parse_line("Apr  8 08:45:41 h kernel: [    8.546423] a").since_boot->ns, 8546423000);
}

// Documentation/trace/ftrace.rst: TASK-PID, CPU, flags, TIMESTAMP, and with record-tgid the group.
TEST(LogLine, ReadsTracefs) {
  for (const char* const head : {"    irq/24-aerdrv-76      [000] .....   123.456789: ",
                                 "    irq/24-aerdrv-76      [000] d..1.   123.456789: ",
                                 " kworker/u8:2-1-907     (    907) [012] ....   123.456789: ",
                                 "a b-1 [001] 123.456789: "}) {
    const auto record = parse_line(std::string(head) + "aer_event: 0000:02:01.0 PCIe Bus Error: x");
    EXPECT_EQ(record.text, "aer_event: 0000:02:01.0 PCIe Bus Error: x") << head;
    ASSERT_TRUE(record.since_boot) << head;
    EXPECT_EQ(record.since_boot->ns, 123456789000) << head;
  }
  for (const char* const other :
       {"mce: [Hardware Error]: CPU 1: x", "a-1 [b] .. 1.0: x", "a-1 [001] ......... 1.0: x",
        "a-1 [001] .... soon: x", "# TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION", " [", "] "}) {
    EXPECT_EQ(parse_line(other).text, other);
    EXPECT_FALSE(parse_line(other).since_boot) << other;
  }
}

TEST(LogLine, LeavesOtherProgramsOut) {
  EXPECT_EQ(parse_line("Nov 22 19:14:23 host systemd-networkd[961]: enp2s0: Link UP").text, "");
  EXPECT_TRUE(parse_log("Nov 22 19:14:23 host sshd[1]: x\n\n", 10).empty());
}

TEST(LogLine, KeepsBracketsThatAreNoTime) {
  EXPECT_EQ(parse_line("[Hardware Error]: event severity: corrected").text,
            "[Hardware Error]: event severity: corrected");
  EXPECT_EQ(parse_line("[").text, "[");
}

TEST(Log, KeepsTheLastRecords) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += "[    " + std::to_string(i) + ".000000] line " + std::to_string(i) + "\n";
  }
  const auto records = parse_log(text, 3);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records.front().text, "line 97");
  EXPECT_EQ(records.back().text, "line 99");
  EXPECT_TRUE(parse_log(text, 0).empty());
}

TEST(Log, ReadsKmsgWithItsKeyLines) {
  const auto records = parse_log(
      "6,1,10,-;first\n SUBSYSTEM=pci\n DEVICE=+pci:0000:00:1c.0\n6,2,20,-;second\nnot a record\n",
      10);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].keys.size(), 2U);
  EXPECT_EQ(records[1].text, "second");
}

}  // namespace
}  // namespace weft::wire::kernel_log
