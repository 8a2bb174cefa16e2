// HTML that is closed and escaped by construction, SVG inside it included:
//
//   HtmlWriter html;
//   html.open("p", {{"class", "why"}}).text("a < b").close();   // <p class="why">a &lt; b</p>
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace denovo::page {

/// What is written is well-formed as XML too: empty elements end in "/>", attributes have quotes.
/// A close too many, or one too few, is an InternalError.
class HtmlWriter {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  HtmlWriter& open(std::string_view tag, Attributes attributes = {});
  /// The innermost open element.
  HtmlWriter& close();
  /// An element without content.
  HtmlWriter& empty(std::string_view tag, Attributes attributes = {});
  HtmlWriter& text(std::string_view text);
  /// An element with nothing but text.
  HtmlWriter& element(std::string_view tag, std::string_view text, Attributes attributes = {});
  /// Text that is HTML already.
  HtmlWriter& raw(std::string_view html);

  /// The finished document.
  const std::string& finished() const;

 private:
  void start(std::string_view tag, Attributes attributes);

  std::string html_;
  std::vector<std::string> open_;
};

/// With &, <, > and both quotes as entities.
std::string escaped(std::string_view text);

/// With minus signs where hyphens stand for them: before a number, and between spaces. Not for what
/// a reader may copy.
std::string typeset(std::string_view text);

/// A number as report.json has it, with all its digits; "" for NaN and the infinities. For data-*
/// attributes.
std::string exact(double value);

}  // namespace denovo::page
