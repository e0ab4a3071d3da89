// Crash on what cannot happen. Active in every build: it is better to stop than to go on wrong; running jobs
// survive because their shepherds do.
#pragma once

#include <cstdio>
#include <cstdlib>

#define GREENQ_CHECK(condition)                                                                        \
  do {                                                                                                 \
    if (!(condition)) {                                                                                \
      std::fprintf(stderr, "greenqd: broken invariant %s at %s:%d\n", #condition, __FILE__, __LINE__); \
      std::abort();                                                                                    \
    }                                                                                                  \
  } while (false)
