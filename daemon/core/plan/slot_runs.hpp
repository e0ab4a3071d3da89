// The runs of one task: in order, not touching, none empty. A single run, the usual case, takes no memory of
// its own.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "core/plan/slots.hpp"

namespace greenq::core {

class SlotRuns {
 public:
  using value_type = SlotRun;
  using iterator = SlotRun*;
  using const_iterator = SlotRun const*;

  SlotRuns() = default;
  SlotRuns(std::initializer_list<SlotRun> runs) {
    for (SlotRun const& run : runs) push_back(run);
  }
  SlotRuns(SlotRuns const& other) : one_(other.one_), many_(copy_of(other.many_)) {}
  SlotRuns(SlotRuns&& other) noexcept : one_(std::exchange(other.one_, {})), many_(std::move(other.many_)) {}
  SlotRuns& operator=(SlotRuns other) noexcept {
    one_ = other.one_;
    many_ = std::move(other.many_);
    return *this;
  }
  ~SlotRuns() = default;

  SlotRun* begin() { return many_ ? many_->data() : &one_; }
  SlotRun* end() { return begin() + size(); }
  SlotRun const* begin() const { return many_ ? many_->data() : &one_; }
  SlotRun const* end() const { return begin() + size(); }
  SlotRun& front() { return *begin(); }
  SlotRun& back() { return *(end() - 1); }
  SlotRun const& front() const { return *begin(); }
  SlotRun const& back() const { return *(end() - 1); }
  SlotRun& operator[](std::size_t index) { return begin()[index]; }
  SlotRun const& operator[](std::size_t index) const { return begin()[index]; }

  std::size_t size() const {
    if (many_) return many_->size();
    return one_.length() > 0 ? 1 : 0;
  }
  bool empty() const { return size() == 0; }
  void clear() {
    one_ = {};
    many_.reset();
  }
  void push_back(SlotRun run) {
    if (!many_ && one_.length() > 0) many_ = std::make_unique<std::vector<SlotRun>>(1, one_);
    if (many_) return many_->push_back(run);
    one_ = run;
  }
  template <class Predicate>
  void erase_if(Predicate drop) {
    SlotRuns kept;
    for (SlotRun const& run : *this) {
      if (!drop(run)) kept.push_back(run);
    }
    *this = std::move(kept);
  }
  friend bool operator==(SlotRuns const& a, SlotRuns const& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  using Many = std::unique_ptr<std::vector<SlotRun>>;
  static Many copy_of(Many const& many) {
    return many ? std::make_unique<std::vector<SlotRun>>(*many) : nullptr;
  }

  SlotRun one_{};  // where there are not several
  Many many_;      // all of them, where there are
};

}  // namespace greenq::core
