// Judges stored forecasts for GetForecastSkill.
#pragma once

#include "greenq/v1/carbon_service.grpc.pb.h"
#include "rpc/call.hpp"

namespace greenq::rpc {

// `kind` is the one that was decided on. Reads one provider after another, judges on the read threads.
void answer_skill(CallPtr<v1::GetForecastSkillResponse> const& call, std::string zone, core::SignalKind kind,
                  int days);

}  // namespace greenq::rpc
