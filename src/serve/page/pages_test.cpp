// SPDX-License-Identifier: Apache-2.0
#include "serve/page/pages.h"

#include "base/temp_folder.h"
#include "net/digest.h"
#include "net/gzip.h"

#include <array>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::serve {
namespace {

using testing::HasSubstr;

net::HttpRequest request_of(const std::string& target, net::Headers headers = {}) {
  net::HttpRequest out;
  out.method = "GET";
  out.target = *net::parse_target(target);
  out.headers = std::move(headers);
  return out;
}

class PagesTest : public testing::Test {
 protected:
  std::string index_ = "<!doctype html><title>rack</title>" + std::string(2000, '.');
  std::string packed_ = *net::gzip(index_, 9);
  std::string script_ = *net::gzip("export {}", 9);
  std::string hash_ = net::sha256_hex(index_);
  std::array<Asset, 2> assets_ = {
      Asset{"/index.html", "text/html; charset=utf-8", hash_, false,
            std::as_bytes(std::span(packed_))},
      Asset{"/assets/app-1.js", "text/javascript", "00", true, std::as_bytes(std::span(script_))}};
  Pages pages_{assets_};
};

TEST_F(PagesTest, GivesFilesPackedAndNot) {
  const auto packed = pages_.answer(request_of("/", {{"Accept-Encoding", "gzip, br"}}));
  ASSERT_TRUE(packed);
  EXPECT_EQ(*packed->body, packed_);
  EXPECT_EQ(net::header(packed->headers, "Content-Encoding"), "gzip");
  EXPECT_EQ(net::header(packed->headers, "Cache-Control"), "no-cache");
  EXPECT_THAT(std::string(net::header(packed->headers, "Content-Security-Policy")),
              HasSubstr("script-src 'self';"));
  const auto plain = pages_.answer(request_of("/index.html"));
  ASSERT_TRUE(plain);
  EXPECT_EQ(*plain->body, index_);
  EXPECT_EQ(net::header(plain->headers, "ETag"), "\"" + hash_ + "\"");
  EXPECT_NE(net::header(plain->headers, "ETag"), net::header(packed->headers, "ETag"));
  const auto known = pages_.answer(
      request_of("/", {{"If-None-Match", std::string(net::header(plain->headers, "ETag"))}}));
  EXPECT_EQ(known->status, 304U);
  EXPECT_EQ(known->body, nullptr);
  const auto script = pages_.answer(request_of("/assets/app-1.js"));
  ASSERT_TRUE(script);
  EXPECT_EQ(*script->body, "export {}");
  EXPECT_THAT(std::string(net::header(script->headers, "Cache-Control")), HasSubstr("immutable"));
}

TEST_F(PagesTest, DeepLinksAreForBrowsers) {
  const net::Headers browser = {{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}};
  for (const char* path : {"/findings/fnd-1", "/links/server0%2Fgpu5--leaf0", "/x.y"}) {
    const auto page = pages_.answer(request_of(path, browser));
    ASSERT_TRUE(page) << path;
    EXPECT_EQ(*page->body, index_);
    EXPECT_FALSE(pages_.answer(request_of(path, {{"Accept", "*/*"}}))) << path;
  }
  for (const char* path : {"/api/v1", "/api/nothing", "/metrics"}) {
    EXPECT_FALSE(pages_.answer(request_of(path, browser))) << path;
  }
  auto post = request_of("/", browser);
  post.method = "POST";
  EXPECT_FALSE(pages_.answer(post));
}

TEST(PagesFolderTest, NothingOutsideTheFolderIsRead) {
  const base::TempFolder folder("weft-pages");
  std::filesystem::create_directories(folder.at("ui/sub"));
  std::ofstream(folder.at("ui/index.html")) << "one";
  std::ofstream(folder.at("ui/sub/a.js")) << "two";
  std::ofstream(folder.at("secret")) << "three";
  std::filesystem::create_symlink(folder.at("secret"), folder.at("ui/link"));
  const Pages pages(folder.at("ui"));
  EXPECT_EQ(*pages.answer(request_of("/"))->body, "one");
  std::ofstream(folder.at("ui/index.html")) << "anew";
  EXPECT_EQ(*pages.answer(request_of("/"))->body, "anew");
  const auto script = pages.answer(request_of("/sub/a.js"));
  ASSERT_TRUE(script);
  EXPECT_EQ(net::header(script->headers, "Content-Type"), "text/javascript; charset=utf-8");
  for (const char* path : {"/link", "/sub", "/..%2Fsecret", "/sub%2Fa.js", "/nothing"}) {
    EXPECT_FALSE(pages.answer(request_of(path))) << path;
  }
}

TEST(GunzipTest, RefusesWhatIsDamaged) {
  const std::string packed = *net::gzip("something worth packing, worth packing");
  EXPECT_EQ(net::gunzip(packed, 1000), "something worth packing, worth packing");
  EXPECT_FALSE(net::gunzip(packed, 10));
  for (std::size_t i = 0; i < packed.size(); ++i) {
    EXPECT_FALSE(net::gunzip(packed.substr(0, i), 1000)) << i;
    std::string other = packed;
    other[i] = static_cast<char>(other[i] ^ 1);
    const auto read = net::gunzip(other, 1000);
    EXPECT_TRUE(!read || *read == "something worth packing, worth packing") << i;
  }
}

}  // namespace
}  // namespace weft::serve
