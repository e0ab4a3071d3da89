// Who may call what: one row for each RPC of proto/greenq/v1, nothing is allowed without a row (a test
// compares this table with the protos).
//
// Principals: any local user that reached the socket; the owner of an object; an admin (root, or the daemon's
// own uid). Everyone may know that a job exists, so a job of somebody else answers PERMISSION_DENIED and only
// a job that does not exist answers NOT_FOUND. grpc.health and grpc.reflection say nothing about users and
// are open to all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/job.hpp"

namespace greenq::rpc {

enum class Rpc : std::uint8_t {
  kSubmitJob,
  kBatchSubmitJobs,
  kPlanJob,
  kGetJob,
  kListJobs,
  kCancelJob,
  kHoldJob,
  kReleaseJob,
  kExplainJob,
  kWaitJob,
  kWatchJobs,
  kReadLog,
  kGetIntensity,
  kGetForecast,
  kGetForecastSkill,
  kListZones,
  kListFeeds,
  kGetFootprint,
  kListFootprints,
  kAggregateFootprints,
  kGetSavings,
  kListNodes,
  kGetServerInfo,
};

enum class Access : std::uint8_t {
  kUser,            // any user, all of the answer
  kUserOwnObjects,  // any user, for himself: what is made belongs to the caller
  kUserRedacted,    // any user; command, environment, paths and messages only of one's own jobs
  kOwner,           // owner of the object, or an admin
};

struct Rule {
  Rpc rpc;
  std::string_view method;  // full name, "greenq.v1.JobService.GetJob"
  Access access;
};

inline constexpr std::array kRules{
    Rule{Rpc::kSubmitJob, "greenq.v1.JobService.SubmitJob", Access::kUserOwnObjects},
    Rule{Rpc::kBatchSubmitJobs, "greenq.v1.JobService.BatchSubmitJobs", Access::kUserOwnObjects},
    Rule{Rpc::kPlanJob, "greenq.v1.JobService.PlanJob", Access::kUserOwnObjects},
    Rule{Rpc::kGetJob, "greenq.v1.JobService.GetJob", Access::kUserRedacted},
    Rule{Rpc::kListJobs, "greenq.v1.JobService.ListJobs", Access::kUserRedacted},
    Rule{Rpc::kCancelJob, "greenq.v1.JobService.CancelJob", Access::kOwner},
    Rule{Rpc::kHoldJob, "greenq.v1.JobService.HoldJob", Access::kOwner},
    Rule{Rpc::kReleaseJob, "greenq.v1.JobService.ReleaseJob", Access::kOwner},
    Rule{Rpc::kExplainJob, "greenq.v1.JobService.ExplainJob", Access::kOwner},
    Rule{Rpc::kWaitJob, "greenq.v1.JobService.WaitJob", Access::kUserRedacted},
    Rule{Rpc::kWatchJobs, "greenq.v1.JobService.WatchJobs", Access::kUserRedacted},
    Rule{Rpc::kReadLog, "greenq.v1.JobService.ReadLog", Access::kOwner},
    Rule{Rpc::kGetIntensity, "greenq.v1.CarbonService.GetIntensity", Access::kUser},
    Rule{Rpc::kGetForecast, "greenq.v1.CarbonService.GetForecast", Access::kUser},
    Rule{Rpc::kGetForecastSkill, "greenq.v1.CarbonService.GetForecastSkill", Access::kUser},
    Rule{Rpc::kListZones, "greenq.v1.CarbonService.ListZones", Access::kUser},
    Rule{Rpc::kListFeeds, "greenq.v1.CarbonService.ListFeeds", Access::kUser},
    Rule{Rpc::kGetFootprint, "greenq.v1.FootprintService.GetFootprint", Access::kUser},
    Rule{Rpc::kListFootprints, "greenq.v1.FootprintService.ListFootprints", Access::kUser},
    Rule{Rpc::kAggregateFootprints, "greenq.v1.FootprintService.AggregateFootprints", Access::kUser},
    Rule{Rpc::kGetSavings, "greenq.v1.FootprintService.GetSavings", Access::kUser},
    Rule{Rpc::kListNodes, "greenq.v1.NodeService.ListNodes", Access::kUser},
    // Settings, paths, library versions and warnings only for admins.
    Rule{Rpc::kGetServerInfo, "greenq.v1.NodeService.GetServerInfo", Access::kUserRedacted},
};

constexpr Rule const& rule_of(Rpc rpc) {
  return kRules.at(static_cast<std::size_t>(rpc));
}

// Does `who` see and do everything with an object of that owner?
inline bool owns(core::Principal const& who, std::uint32_t owner_uid) {
  return who.admin || who.uid == owner_uid;
}

// The object check of every RPC that names one.
inline bool may(core::Principal const& who, Rpc rpc, std::uint32_t owner_uid) {
  switch (rule_of(rpc).access) {
    case Access::kUser:
    case Access::kUserOwnObjects:
    case Access::kUserRedacted:
      return true;
    case Access::kOwner:
      return owns(who, owner_uid);
  }
  return false;
}

}  // namespace greenq::rpc
