// A built-in bitmap font: pictures need labels on machines that have no fonts.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace denovo::data {

inline constexpr int kGlyphWidth = 5, kGlyphHeight = 7;
inline constexpr int kGlyphAdvance = kGlyphWidth + 1;

/// Columns from left to right, bit 0 = top row. Characters outside ASCII 32..126 give a box.
std::array<uint8_t, kGlyphWidth> glyph(char character);

/// Characters that a UTF-8 text takes when drawn: one a code point.
int text_length(std::string_view utf8);

}  // namespace denovo::data
