// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the kernel-log readers: as one record, as one line, as a whole log, and
// each line found to the classifier.
#include "base/bytes.h"
#include "wire/kernel_log/message.h"
#include "wire/kernel_log/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace log = weft::wire::kernel_log;
  const auto text = weft::base::as_text({data, size});
  (void)log::parse_kmsg(text);
  (void)log::classify(text);
  (void)log::classify(log::parse_line(text).text);
  for (const auto& record : log::parse_log(text, 100)) {
    if (const auto message = log::classify(record.text)) {
      (void)log::key(message->kind);
    }
  }
  return 0;
}
