// SPDX-License-Identifier: Apache-2.0
#include "net/digest.h"

#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace weft::net {

std::string sha256_hex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    return {};
  }
  std::string out;
  for (unsigned i = 0; i < length; ++i) {
    out.push_back(kDigits[digest.at(i) >> 4U]);
    out.push_back(kDigits[digest.at(i) & 0xFU]);
  }
  return out;
}

bool is_equal_secret(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace weft::net
