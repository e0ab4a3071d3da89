// Plain bytes of plain data, to go on where an earlier process was. Same program, same machine type: anything
// else is told apart by the header of the owner and thrown away.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace greenq::core {

class Dump {
 public:
  template <class... Fields>
  void operator()(Fields const&... fields) {
    (put(fields), ...);
  }
  std::string take() { return std::move(out_); }

 private:
  template <class T>
  void put(T const& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    append(&value, sizeof value);
  }
  template <class T>
  void put(std::vector<T> const& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    put(static_cast<std::uint64_t>(values.size()));
    append(values.data(), values.size() * sizeof(T));
  }
  void append(void const* bytes, std::size_t size) {
    if (size > 0) out_.append(static_cast<char const*>(bytes), size);
  }

  std::string out_;
};

class Undump {
 public:
  explicit Undump(std::string_view bytes) : rest_(bytes) {}
  template <class... Fields>
  void operator()(Fields&... fields) {
    (get(fields), ...);
  }
  // All was there and nothing more.
  bool complete() const { return good_ && rest_.empty(); }

 private:
  template <class T>
  void get(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    take(&value, sizeof value);
  }
  template <class T>
  void get(std::vector<T>& values) {
    std::uint64_t size = 0;
    get(size);
    if (size > rest_.size() / sizeof(T)) {
      good_ = false;
      return;
    }
    values.resize(size);
    take(values.data(), size * sizeof(T));
  }
  void take(void* to, std::size_t size) {
    if (size == 0) return;
    good_ = good_ && size <= rest_.size();
    if (!good_) return;
    std::memcpy(to, rest_.data(), size);
    rest_.remove_prefix(size);
  }

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace greenq::core
