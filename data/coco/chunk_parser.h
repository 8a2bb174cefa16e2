// The elements of JsonChunks, one after the other; a faulty element need not end the reading.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "data/coco/json_items.h"

namespace denovo::data {

/// Parses chunks; one per thread. Text that is not JSON is an IoError in every case.
class ChunkParser {
 public:
  /// visit(JsonItem&, JsonValue) for each element of a list chunk.
  template <typename Visit>
  void for_each(const JsonChunk& chunk, std::string_view file, std::string_view noun,
                const Visit& visit) {
    JsonItem item{file, chunk.list, noun, chunk.first_index};
    guarded(item, [&] { visit_all(chunk, item, visit); });
  }

  /// The same, but an ItemError of `visit` goes to on_fault(const JsonItem&, const ItemError&) and
  /// the element is visited again with the member that was refused in JsonItem::refused, until the
  /// visit succeeds or the fault is not that of a member. So all faults of an element are met, and
  /// a visit that ends without one has seen an element whose other members are sound.
  template <typename Visit, typename OnFault>
  void for_each(const JsonChunk& chunk, std::string_view file, std::string_view noun,
                const Visit& visit, const OnFault& on_fault) {
    JsonItem item{file, chunk.list, noun, chunk.first_index};
    guarded(item, [&] {
      try {
        return visit_all(chunk, item, visit);
      } catch (const ItemError&) {
        // simdjson cannot leave an element in its middle: from here on, each is parsed alone.
      }
      const auto first = static_cast<size_t>(item.index - chunk.first_index);
      item.index = chunk.first_index;
      check_elements(chunk.text, item);  // only elements of sound JSON have an end to be cut at
      const std::vector<std::string_view> texts = element_texts(chunk.text);
      for (size_t i = first; i < texts.size(); ++i) {
        item.index = chunk.first_index + static_cast<int64_t>(i);
        visit_alone(texts[i], item, visit, on_fault);
      }
    });
  }

  /// Checks the syntax of a value, or of the elements of a list, that nobody reads.
  void check(const JsonChunk& chunk, std::string_view file) {
    JsonItem all{file, chunk.list, chunk.list, chunk.first_index};
    guarded(all, [&] { check_elements(chunk.text, all); });
  }

 private:
  template <typename Body>
  static void guarded(const JsonItem& item, const Body& body) {
    try {
      body();
    } catch (const NotJson& error) {
      throw IoError(fmt::format("{} must be valid JSON, got {}", item.place(), error.text()));
    } catch (const simdjson::simdjson_error& error) {
      throw IoError(fmt::format("{} must be valid JSON of the expected form, got: {}", item.place(),
                                error.what()));
    }
  }

  template <typename Visit>
  void visit_all(const JsonChunk& chunk, JsonItem& item, const Visit& visit) {
    auto document = load(chunk.text);
    simdjson::ondemand::array array = document.get_array();
    for (JsonValue value : array) {
      item.begin();
      visit(item, value);
      ++item.index;
    }
  }

  template <typename Visit, typename OnFault>
  void visit_alone(std::string_view text, JsonItem& item, const Visit& visit,
                   const OnFault& on_fault) {
    item.refused = 0;
    for (;;) {
      item.begin();
      try {
        auto document = load(text);
        simdjson::ondemand::array array = document.get_array();
        for (JsonValue value : array) visit(item, value);
        return;
      } catch (const ItemError& error) {
        on_fault(item, error);
      }
      if (item.member < 0) return check_elements(text, item);
      item.refused |= 1u << item.member;
    }
  }

  /// Of elements that begin with the item's.
  void check_elements(std::string_view text, JsonItem& item) {
    item.begin();
    auto document = load(text);
    simdjson::ondemand::array array = document.get_array();
    for (JsonValue value : array) {
      simdjson::ondemand::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS)
        read_over(value);
      else
        for (auto field : object) {
          item.key = field.unescaped_key().value();
          read_over(field.value());
        }
      item.key = {};
      ++item.index;
    }
  }

  /// The elements of a list without its brackets, as parts of `text`.
  std::vector<std::string_view> element_texts(std::string_view text) {
    std::vector<std::string_view> texts;
    auto document = load(text);
    simdjson::ondemand::array array = document.get_array();
    for (JsonValue value : array) {
      const char* begin = value.raw_json_token().data();
      std::string_view element = json_text(value);
      texts.push_back(text.substr(static_cast<size_t>(begin - buffer_.data()) - 1, element.size()));
    }
    return texts;
  }

  /// `text` as a list.
  simdjson::ondemand::document load(std::string_view text) {
    buffer_.resize(text.size() + 2 + simdjson::SIMDJSON_PADDING);
    buffer_[0] = '[';
    std::copy(text.begin(), text.end(), buffer_.begin() + 1);
    buffer_[text.size() + 1] = ']';
    // No value may seem to follow: an earlier text was longer.
    std::fill(buffer_.end() - simdjson::SIMDJSON_PADDING, buffer_.end(), ' ');
    return parser_.iterate(buffer_.data(), text.size() + 2, buffer_.size());
  }

  simdjson::ondemand::parser parser_;
  std::vector<char> buffer_;
};

}  // namespace denovo::data
