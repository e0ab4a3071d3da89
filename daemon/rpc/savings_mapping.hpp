// Savings: core -> wire.
#pragma once

#include "core/capacity.hpp"
#include "core/carbon/site.hpp"
#include "core/energy/savings.hpp"
#include "greenq/v1/savings.pb.h"

namespace greenq::rpc {

// `capacity` is the one that the plain queue was given.
void savings_to_wire(core::Savings const& savings, core::SiteConfig const& site,
                     core::Capacity const& capacity, v1::Savings& wire);

}  // namespace greenq::rpc
