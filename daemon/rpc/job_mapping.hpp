// core -> wire for jobs, plans, reasons and events.
#pragma once

#include "app/engine.hpp"
#include "core/job.hpp"
#include "core/plan/detail.hpp"
#include "greenq/v1/job.pb.h"
#include "greenq/v1/job_service.pb.h"

namespace greenq::rpc {

// Redacted: what the spec redacts, and free text that may quote paths.
void job_to_wire(core::Job const& job, bool redacted, v1::Job& wire);
void plan_to_wire(core::PlanDetail const& plan, v1::Plan& wire);
void reason_to_wire(core::HoldReason const& reason, v1::HoldReason& wire);
void event_to_wire(core::JobEvent const& event, bool redacted, v1::JobEvent& wire);
// The present state as an event of kind UNSPECIFIED, without a sequence number.
void snapshot_to_wire(core::Job const& job, bool redacted, v1::JobEvent& wire);
// "projects/{project}/jobs/{id}"
std::string job_name(std::string const& project, core::JobId id);

}  // namespace greenq::rpc
