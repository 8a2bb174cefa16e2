// What all pages have in common: one file that asks for no other, light and dark, screen and paper.
#pragma once

#include <string>
#include <string_view>

#include "apps/page/html_writer.h"

namespace denovo::page {

/// Stands in every page.
inline constexpr std::string_view kGenerator = "denovo page";

/// Opens html and body, with the style sheet.
void begin_page(HtmlWriter& html, std::string_view title);
/// Closes them; the document.
std::string end_page(HtmlWriter& html);

/// Writes the document where no file is, or a page of ours. Throws ConfigError for any other file,
/// ResourceError.
void write_page(const std::string& path, const std::string& html);
/// The same error, before work is done.
void require_replaceable(const std::string& path);

/// "data:image/png;base64,..."
std::string data_uri(std::string_view mime_type, std::string_view bytes);

/// The reference to a file or folder by its path, relative to the page: "./a%20b".
std::string link_to(std::string_view path);

extern const char* const kPageStyle;  // CSS

}  // namespace denovo::page
