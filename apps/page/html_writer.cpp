#include "apps/page/html_writer.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"

namespace denovo::page {

void HtmlWriter::start(std::string_view tag, Attributes attributes) {
  html_ += fmt::format("<{}", tag);
  for (const auto& [name, value] : attributes)
    html_ += fmt::format(" {}=\"{}\"", name, escaped(value));
}

HtmlWriter& HtmlWriter::open(std::string_view tag, Attributes attributes) {
  start(tag, attributes);
  html_ += '>';
  open_.emplace_back(tag);
  return *this;
}

HtmlWriter& HtmlWriter::close() {
  if (open_.empty()) throw InternalError("html: close() with nothing open");
  html_ += fmt::format("</{}>\n", open_.back());
  open_.pop_back();
  return *this;
}

HtmlWriter& HtmlWriter::empty(std::string_view tag, Attributes attributes) {
  start(tag, attributes);
  html_ += "/>";
  return *this;
}

HtmlWriter& HtmlWriter::text(std::string_view text) {
  html_ += escaped(text);
  return *this;
}

HtmlWriter& HtmlWriter::element(std::string_view tag, std::string_view content,
                                Attributes attributes) {
  start(tag, attributes);
  html_ += fmt::format(">{}</{}>", escaped(content), tag);
  return *this;
}

HtmlWriter& HtmlWriter::raw(std::string_view html) {
  html_ += html;
  return *this;
}

const std::string& HtmlWriter::finished() const {
  if (!open_.empty()) throw InternalError(fmt::format("html: <{}> is still open", open_.back()));
  return html_;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string typeset(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const char before = i > 0 ? text[i - 1] : ' ';
    const char after = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool is_minus = text[i] == '-' && (before == ' ' || before == '(') &&
                          (after == ' ' || (after >= '0' && after <= '9'));
    result += is_minus ? "−" : std::string(1, text[i]);
  }
  return result;
}

std::string exact(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "";
}

}  // namespace denovo::page
