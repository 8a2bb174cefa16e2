// The one translation unit that instantiates stb. JPEG and PNG only; sizes and structure are
// checked by the caller (data/image) before any decoding, the limits here are the second wall.
#include "stb_budget.h"

#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

thread_local int64_t bytes_left = INT64_MAX;

// Zeroed, so that pixels which a damaged file leaves out are the same in every run.
void* budget_malloc(size_t size) {
  if (static_cast<int64_t>(size) > bytes_left) return nullptr;
  void* block = std::calloc(size, 1);
  bytes_left -= malloc_usable_size(block);
  return block;
}

void budget_free(void* block) {
  bytes_left += malloc_usable_size(block);
  std::free(block);
}

void* budget_realloc(void* block, size_t old_size, size_t size) {
  void* larger = budget_malloc(size);
  if (!larger) return nullptr;
  if (block) std::memcpy(larger, block, old_size < size ? old_size : size);
  budget_free(block);
  return larger;
}

}  // namespace

namespace denovo {
StbBudget::StbBudget(size_t bytes) {
  bytes_left = static_cast<int64_t>(bytes);
}
StbBudget::~StbBudget() {
  bytes_left = INT64_MAX;
}
}  // namespace denovo

#define STBI_MALLOC(size) budget_malloc(size)
#define STBI_FREE(block) budget_free(block)
#define STBI_REALLOC_SIZED(block, old_size, size) budget_realloc(block, old_size, size)
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_FAILURE_STRINGS
#define STBI_MAX_DIMENSIONS 65500
#define STB_IMAGE_IMPLEMENTATION
#ifdef __clang__
// Where the bits of a damaged JPEG run out, stb (before 2.29) may shift by more than 31: garbage in
// the pixels behind the damage, the same on every machine that takes shift counts modulo 32.
#pragma clang attribute push(__attribute__((no_sanitize("shift-exponent"))), apply_to = function)
#endif
#include <stb/stb_image.h>
#ifdef __clang__
#pragma clang attribute pop
#endif
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
