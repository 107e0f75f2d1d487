// SPDX-License-Identifier: Apache-2.0
#include "wire/retimer/image.h"

#include "base/random.h"
#include "wire/smbus/pec.h"

#include <algorithm>
#include <array>
#include <string>

namespace weft::wire::retimer {
namespace {

using base::Code;

constexpr std::array<std::uint8_t, 4> kMagic{0xA5, 0x5A, 0xA5, 0x5A};
constexpr std::size_t kTypeAt = 4;
constexpr std::size_t kLengthAt = 5;
constexpr std::size_t kDataAt = 11;
constexpr std::size_t kBeyondData = 13;  // head and tail together
constexpr std::size_t kFirstSearch = 50;
constexpr std::size_t kVersionBytes = 4;
/// The end mark: an empty block of type FF whose last two bytes are FF too.
constexpr std::array<std::uint8_t, 11> kEndMark{0xA5, 0x5A, 0xA5, 0x5A, 0xFF, 0,
                                                0,    0,    0,    0xFF, 0xFF};

bool has(base::ByteView image, std::size_t at, base::ByteView what) {
  return at <= image.size() && image.size() - at >= what.size() &&
         std::equal(what.begin(), what.end(), image.begin() + static_cast<std::ptrdiff_t>(at));
}

std::uint8_t block_crc(base::ByteView image, const Block& block) {
  return smbus::pec(image.subspan(block.at + kTypeAt, kDataAt - kTypeAt + block.length));
}

struct Walk {
  std::vector<Block> blocks;
  std::optional<base::Error> trouble;
};

Walk walk(base::ByteView image) {
  Walk result;
  const auto trouble = [&](std::string what, std::size_t at) {
    result.trouble = base::Error{Code::kDataLoss, std::move(what),
                                 "firmware image at " + std::to_string(at), ""};
    return result;
  };
  std::size_t at = 0;
  while (at < kFirstSearch && !has(image, at, kMagic)) {
    ++at;
  }
  for (;;) {
    if (!has(image, at, kMagic) || image.size() - at < kDataAt) {
      return trouble("no block starts here", at);
    }
    Block block{.at = at, .type = image[at + kTypeAt]};
    if (block.type == static_cast<std::uint8_t>(BlockType::kEnd)) {
      return result;
    }
    if (result.blocks.size() == kCrcBlocksMax) {
      return trouble("more than 10 blocks", at);
    }
    block.length = static_cast<std::size_t>(base::read_le(image, at + kLengthAt, 2).value_or(0));
    if (image.size() - at < block.length + kBeyondData) {
      return trouble("a block goes beyond the image", at);
    }
    block.crc = image[at + kDataAt + block.length];
    block.is_good = block.crc == block_crc(image, block);
    result.blocks.push_back(block);
    at += block.length + kBeyondData;
  }
}

}  // namespace

base::Result<std::vector<Block>> blocks(base::ByteView image) {
  Walk found = walk(image);
  if (found.trouble) {
    return tl::unexpected(*found.trouble);
  }
  return std::move(found.blocks);
}

std::vector<Block> blocks_before_trouble(base::ByteView image) {
  std::vector<Block> found = walk(image).blocks;
  const auto bad =
      std::find_if(found.begin(), found.end(), [](const Block& b) { return !b.is_good; });
  found.erase(bad, found.end());
  return found;
}

base::Result<FirmwareVersion> image_version(base::ByteView image) {
  auto found = blocks(image);
  if (!found) {
    return tl::unexpected(found.error());
  }
  std::optional<FirmwareVersion> version;
  for (const Block& block : *found) {
    if (!block.is_good) {
      return base::fail(Code::kDataLoss, "the CRC of a block is wrong",
                        "firmware image at " + std::to_string(block.at), "fetch the file again");
    }
    if (block.type == static_cast<std::uint8_t>(BlockType::kMainMicro) &&
        block.length >= kVersionBytes && !version) {
      const base::ByteView data = image.subspan(block.at + kDataAt, kVersionBytes);
      version =
          FirmwareVersion{data[0], data[1], static_cast<std::uint16_t>(data[2] | data[3] << 8U)};
    }
  }
  if (!version) {
    return base::fail(Code::kDataLoss, "no block of the main micro", "firmware image");
  }
  return *version;
}

std::size_t image_end(base::ByteView image) {
  const auto it = std::search(image.begin(), image.end(), kEndMark.begin(), kEndMark.end());
  return it == image.end() ? image.size()
                           : static_cast<std::size_t>(it - image.begin()) + kEndMark.size();
}

std::uint32_t checksum(base::ByteView bytes) {
  std::uint32_t sum = 0;
  for (const std::uint8_t byte : bytes) {
    sum += byte;
  }
  return sum;
}

base::Bytes make_image(std::span<const ImageBlock> blocks) {
  base::Bytes image;
  for (const ImageBlock& part : blocks) {
    const Block block{.at = image.size(), .length = part.data.size()};
    image.insert(image.end(), kMagic.begin(), kMagic.end());
    image.push_back(static_cast<std::uint8_t>(part.type));
    image.push_back(static_cast<std::uint8_t>(part.data.size()));
    image.push_back(static_cast<std::uint8_t>(part.data.size() >> 8U));
    image.insert(image.end(), kDataAt - kLengthAt - 2, 0);
    image.insert(image.end(), part.data.begin(), part.data.end());
    const std::uint8_t crc = block_crc(image, block);
    image.push_back(crc);
    image.push_back(static_cast<std::uint8_t>(~crc));
  }
  image.insert(image.end(), kEndMark.begin(), kEndMark.end());
  image.resize(kEepromBytes, 0xFF);
  return image;
}

base::Bytes make_image(const FirmwareVersion& version) {
  base::Random random(version.build, version.text());
  std::array<ImageBlock, 3> parts{{{BlockType::kMainMicro, base::Bytes(40 * 1024)},
                                   {BlockType::kPathMicro, base::Bytes(20 * 1024)},
                                   {BlockType::kPma, base::Bytes(6 * 1024)}}};
  for (ImageBlock& part : parts) {
    std::generate(part.data.begin(), part.data.end(),
                  [&] { return static_cast<std::uint8_t>(random.below(0x80)); });
  }
  base::Bytes& main = parts[0].data;
  main[0] = version.major;
  main[1] = version.minor;
  main[2] = static_cast<std::uint8_t>(version.build);
  main[3] = static_cast<std::uint8_t>(version.build >> 8U);
  return make_image(parts);
}

}  // namespace weft::wire::retimer
