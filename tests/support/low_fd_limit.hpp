// Lets this process open `more` descriptors and no more, as long as the object lives.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace greenq::test {

// The undefined-behaviour sanitizer opens a pipe to look at memory: without descriptors it sees errors
// everywhere.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitizerNeedsDescriptors = true;
#else
inline constexpr bool kSanitizerNeedsDescriptors = false;
#endif

class LowFdLimit {
 public:
  explicit LowFdLimit(rlim_t more) {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    // The limit is on numbers: count the free ones, descriptors inherited from elsewhere leave holes.
    rlimit low = before_;
    low.rlim_cur = 0;
    for (rlim_t free = 0; free < more; ++low.rlim_cur) {
      if (::fcntl(static_cast<int>(low.rlim_cur), F_GETFD) < 0) ++free;
    }
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  }
  ~LowFdLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  LowFdLimit(LowFdLimit const&) = delete;
  LowFdLimit& operator=(LowFdLimit const&) = delete;

 private:
  rlimit before_{};
};

}  // namespace greenq::test
