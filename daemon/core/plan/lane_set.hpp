// Which lanes a job may use, by index in what there is; in ascending order.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>

namespace greenq::core {

class LaneSet {
 public:
  static constexpr std::uint32_t kMost = 64;  // lanes after these are never used

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::uint32_t;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = std::uint32_t;

    explicit Iterator(std::uint64_t bits) : bits_(bits) {}
    std::uint32_t operator*() const { return static_cast<std::uint32_t>(std::countr_zero(bits_)); }
    Iterator& operator++() {
      bits_ &= bits_ - 1;
      return *this;
    }
    friend bool operator==(Iterator, Iterator) = default;

   private:
    std::uint64_t bits_;
  };

  LaneSet() = default;
  LaneSet(std::initializer_list<std::uint32_t> lanes) {
    for (std::uint32_t const lane : lanes) add(lane);
  }

  void add(std::uint32_t lane) {
    if (lane < kMost) bits_ |= std::uint64_t{1} << lane;
  }
  bool contains(std::uint32_t lane) const { return lane < kMost && (bits_ >> lane & 1) != 0; }
  bool empty() const { return bits_ == 0; }
  std::uint32_t front() const { return *begin(); }  // of one that is not empty
  Iterator begin() const { return Iterator{bits_}; }
  Iterator end() const { return Iterator{0}; }
  friend bool operator==(LaneSet, LaneSet) = default;

 private:
  std::uint64_t bits_ = 0;
};

}  // namespace greenq::core
