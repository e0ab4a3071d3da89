// From job ids to indices, flat: 16 bytes each. Ids mostly come in ascending order; then an insertion is
// cheap.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/job.hpp"

namespace greenq::core {

// By an eighth, where a vector would double: the planner's lists are long.
template <class Item>
void grow_a_little(std::vector<Item>& items) {
  if (items.size() == items.capacity()) items.reserve(items.size() + items.size() / 8 + 16);
}

class IdIndex {
 public:
  // Replaces all: each item gets its place in the list as index.
  template <class Items>
  void assign(Items const& items) {
    entries_.clear();
    entries_.reserve(items.size());
    gone_ = 0;
    for (auto const& item : items) entries_.push_back({item.id, static_cast<std::uint32_t>(entries_.size())});
    std::sort(entries_.begin(), entries_.end(), [](Entry const& a, Entry const& b) { return a.id < b.id; });
  }

  std::optional<std::uint32_t> find(JobId id) const {
    auto const entry = at(id);
    if (entry == entries_.end() || entry->id != id || entry->index == kGone) return std::nullopt;
    return entry->index;
  }

  // Adds the id or moves it.
  void put(JobId id, std::uint32_t index) {
    auto const entry = at(id);
    if (entry != entries_.end() && entry->id == id) {
      if (entry->index == kGone) --gone_;
      entries_[static_cast<std::size_t>(entry - entries_.begin())].index = index;
    } else {
      auto const place = entry - entries_.begin();
      grow_a_little(entries_);
      entries_.insert(entries_.begin() + place, Entry{id, index});
    }
  }

  void remove(JobId id) {
    auto const entry = at(id);
    if (entry == entries_.end() || entry->id != id || entry->index == kGone) return;
    entries_[static_cast<std::size_t>(entry - entries_.begin())].index = kGone;
    if (++gone_ * 2 < entries_.size()) return;
    std::erase_if(entries_, [](Entry const& each) { return each.index == kGone; });
    gone_ = 0;
  }

 private:
  static constexpr std::uint32_t kGone = 0xffffffff;
  struct Entry {
    JobId id = 0;
    std::uint32_t index = 0;
  };

  std::vector<Entry>::const_iterator at(JobId id) const {
    return std::lower_bound(entries_.begin(), entries_.end(), id,
                            [](Entry const& entry, JobId wanted) { return entry.id < wanted; });
  }

  std::vector<Entry> entries_;  // by id
  std::size_t gone_ = 0;
};

}  // namespace greenq::core
