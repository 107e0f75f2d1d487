// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "net/http_client.h"

namespace weft::net {

base::Result<Url> parse_url(std::string_view text) {
  const auto refuse = [text](std::string what) {
    return base::fail(base::Code::kInvalidArgument, std::move(what), base::printable(text, 80),
                      "Write http://HOST:PORT/PATH or https://HOST/PATH.");
  };
  for (const char c : text) {
    if (c <= ' ' || c > '~') {
      return refuse("the URL has a space, a control character or one outside ASCII");
    }
  }
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    url.is_tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return refuse("the URL begins with neither http:// nor https://");
  }
  if (rest.find('#') != std::string_view::npos) {
    return refuse("the URL has a fragment");
  }
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view place = rest.substr(0, end);
  url.target = rest.substr(end);
  if (!url.target.starts_with('/')) {
    url.target.insert(0, "/");
  }
  if (place.find('@') != std::string_view::npos) {
    return refuse("the URL has a user name; give credentials by a header");
  }
  url.port = url.is_tls ? "443" : "80";
  std::size_t colon = place.rfind(':');
  if (place.starts_with('[')) {
    const std::size_t close = place.find(']');
    if (close == std::string_view::npos || (close + 1 != place.size() && place[close + 1] != ':')) {
      return refuse("the address between brackets does not end");
    }
    colon = close + 1 == place.size() ? std::string_view::npos : close + 1;
    url.host = place.substr(1, close - 1);
  } else {
    url.host = place.substr(0, std::min(colon, place.size()));
  }
  if (colon != std::string_view::npos) {
    const auto port = base::parse_unsigned(place.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) {
      return refuse("the URL's port is not 1 to 65535");
    }
    url.port = std::to_string(*port);
  }
  if (url.host.empty() || url.host.find_first_of(":[]") != std::string::npos) {
    if (!place.starts_with('[') || url.host.empty()) {
      return refuse("the URL names no host");
    }
  }
  return url;
}

}  // namespace weft::net
