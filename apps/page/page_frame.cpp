#include "apps/page/page_frame.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "core/files/atomic_write.h"

namespace denovo::page {
namespace {

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(bytes.size() - i, 3);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? static_cast<uint8_t>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k) text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

}  // namespace

void begin_page(HtmlWriter& html, std::string_view title) {
  html.raw("<!DOCTYPE html>\n").open("html", {{"lang", "en"}}).open("head");
  html.empty("meta", {{"charset", "utf-8"}});
  // The browser holds the page to its promise: what is not in the file is not asked for.
  html.empty("meta", {{"http-equiv", "Content-Security-Policy"},
                      {"content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}});
  html.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  html.empty("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  html.empty("meta", {{"name", "generator"}, {"content", kGenerator}});
  // Browsers ask for an icon that a page does not name.
  html.empty("link", {{"rel", "icon"}, {"href", "data:,"}});
  html.element("title", title);
  html.open("style").raw(kPageStyle).close();
  html.close().open("body").open("main");
}

std::string end_page(HtmlWriter& html) {
  html.close().close().close();
  return html.finished();
}

void require_replaceable(const std::string& path) {
  namespace fs = std::filesystem;
  if (fs::exists(path) &&
      (!fs::is_regular_file(path) || read_file(path).find(kGenerator) == std::string::npos))
    throw ConfigError(
        fmt::format("{}: exists and is no page of this program; choose another file", path));
}

void write_page(const std::string& path, const std::string& html) {
  require_replaceable(path);
  replace_file(path, html);
}

std::string data_uri(std::string_view mime_type, std::string_view bytes) {
  return fmt::format("data:{};base64,{}", mime_type, base64(bytes));
}

std::string link_to(std::string_view path) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  std::string link = path.starts_with('/') ? "" : "./";
  for (const char c : path)
    link += kPlain.find(c) != std::string_view::npos
                ? std::string(1, c)
                : fmt::format("%{:02X}", static_cast<uint8_t>(c));
  return link;
}

}  // namespace denovo::page
