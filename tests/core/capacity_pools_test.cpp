#include "core/capacity.hpp"

#include <gmock/gmock.h>

namespace greenq::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kGib = std::int64_t{1} << 30;

Capacity mixed() {
  Capacity capacity{"node", 16, 64 * kGib, {}};
  capacity.pools = make_pools({{"GPU-d", "rtx 3090", 24 * kGib},
                               {"GPU-b", "a100", 80 * kGib},
                               {"GPU-a", "a100", 80 * kGib},
                               {"GPU-c", "a100", 40 * kGib}});
  return capacity;
}

TEST(CapacityPools, GroupByModelAndMemoryInAStableOrder) {
  Capacity const capacity = mixed();
  ASSERT_EQ(capacity.pools.size(), 3u);
  EXPECT_EQ(capacity.pools[0].model, "a100");
  EXPECT_EQ(capacity.pools[0].memory_bytes, 40 * kGib);
  EXPECT_THAT(capacity.pools[1].uuids, ElementsAre("GPU-a", "GPU-b"));
  EXPECT_EQ(capacity.pools[2].model, "rtx 3090");
  EXPECT_THAT(make_pools({}), IsEmpty());
}

TEST(CapacityPools, AJobWithoutGpusIsEligibleForPoolZeroEvenWithoutPools) {
  EXPECT_THAT(eligible_pools({}, Capacity{"node", 1, kGib, {}}), ElementsAre(0u));
}

TEST(CapacityPools, EligibleByTypeMemoryAndCount) {
  Capacity const capacity = mixed();
  EXPECT_THAT(eligible_pools({1, {}, 0, 1, 0}, capacity), ElementsAre(0u, 1u, 2u));
  EXPECT_THAT(eligible_pools({2, {}, 0, 1, 0}, capacity), ElementsAre(1u));
  EXPECT_THAT(eligible_pools({1, {"a100"}, 0, 1, 0}, capacity), ElementsAre(0u, 1u));
  EXPECT_THAT(eligible_pools({1, {"3090", "h100"}, 0, 1, 0}, capacity), ElementsAre(2u));
  EXPECT_THAT(eligible_pools({1, {}, 48 * kGib, 1, 0}, capacity), ElementsAre(1u));
  EXPECT_THAT(eligible_pools({3, {}, 0, 1, 0}, capacity), IsEmpty());
  EXPECT_THAT(eligible_pools({0, {}, 0, 17, 0}, capacity), IsEmpty());
  EXPECT_THAT(eligible_pools({0, {}, 0, 1, 65 * kGib}, capacity), IsEmpty());
}

TEST(CapacityPools, SaysInNumbersWhyAJobNeverFits) {
  Capacity const capacity = mixed();
  EXPECT_EQ(never_fits({0, {}, 0, 17, 0}, capacity), "needs 17 CPU cores; this machine has 16");
  EXPECT_EQ(never_fits({0, {}, 0, 1, 96 * kGib}, capacity),
            "needs 96 GiB of memory; this machine has 64 GiB");
  EXPECT_EQ(never_fits({8, {}, 0, 1, 0}, capacity), "needs 8 GPUs; this machine has 4");
  EXPECT_EQ(
      never_fits({3, {}, 0, 1, 0}, capacity),
      "needs 3 GPUs; this machine has 4 in 3 models, at most 2 of one, and a job's GPUs come from one model");
  EXPECT_EQ(never_fits({1, {"h100"}, 0, 1, 0}, capacity),
            "needs 1 GPU of type h100; this machine has 0 such of 4 GPUs");
  EXPECT_EQ(never_fits({1, {}, 96 * kGib, 1, 0}, capacity),
            "needs 1 GPU with 96 GiB each; this machine has 0 such of 4 GPUs");
  EXPECT_EQ(
      never_fits({4, {}, 0, 1, 0}, Capacity{"node", 16, kGib, make_pools({{"a", "x", 1}, {"b", "x", 1}})}),
      "needs 4 GPUs; this machine has 2");
  EXPECT_EQ(never_fits({4, {}, 0, 1, 0}, Capacity{"node", 16, kGib, {}}), "needs 4 GPUs; this machine has 0");
}

TEST(CapacityPools, NeverFitsIsSilentExactlyWhenAPoolIsEligible) {
  Capacity const capacity = mixed();
  for (std::uint32_t gpus = 0; gpus <= 5; ++gpus) {
    for (auto const& types : {std::vector<std::string>{}, {"a100"}, {"rtx"}, {"h100"}}) {
      for (std::int64_t const memory : {0 * kGib, 30 * kGib, 90 * kGib}) {
        for (std::uint32_t const cpus : {1u, 16u, 17u}) {
          Resources const resources{gpus, types, memory, cpus, kGib};
          EXPECT_EQ(never_fits(resources, capacity).empty(), !eligible_pools(resources, capacity).empty());
        }
      }
    }
  }
}

}  // namespace
}  // namespace greenq::core
