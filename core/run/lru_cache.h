// Values that are dear to make, kept by key while they fit into so many bytes. A kernel library's
// plans depend on the image's shape, and a run may have more shapes than memory for their plans.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace denovo {

/// What has not been asked for the longest goes first. Not thread-safe.
template <class Key, class Value, class Hash = std::hash<Key>>
class LruCache {
 public:
  explicit LruCache(size_t max_bytes) : max_bytes_(max_bytes) {}
  LruCache(const LruCache&) = delete;
  LruCache& operator=(const LruCache&) = delete;

  /// Null where there is none. The pointer holds until the next add() or clear().
  Value* find(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->value;
  }

  /// A value that takes so many bytes, for a key that has none. It stays also where it alone takes
  /// more than there are.
  Value& add(const Key& key, Value value, size_t bytes) {
    entries_.push_front({key, std::move(value), bytes});
    places_.emplace(key, entries_.begin());
    bytes_ += bytes;
    while (bytes_ > max_bytes_ && entries_.size() > 1) drop_last();
    return entries_.front().value;
  }

  void clear() {
    places_.clear();
    entries_.clear();
    bytes_ = 0;
  }

  size_t size() const { return entries_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    Key key;
    Value value;
    size_t bytes;
  };

  void drop_last() {
    bytes_ -= entries_.back().bytes;
    places_.erase(entries_.back().key);
    entries_.pop_back();
  }

  const size_t max_bytes_;
  size_t bytes_ = 0;
  std::list<Entry> entries_;  // by their last use, the newest first
  std::unordered_map<Key, typename std::list<Entry>::iterator, Hash> places_;
};

}  // namespace denovo
