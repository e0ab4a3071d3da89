// core -> wire for signals, feeds and footprints.
#pragma once

#include "app/ports.hpp"
#include "core/carbon/signal.hpp"
#include "core/carbon/site.hpp"
#include "core/energy/footprint.hpp"
#include "greenq/v1/carbon.pb.h"
#include "greenq/v1/footprint.pb.h"

namespace greenq::rpc {

void source_to_wire(core::SignalSource const& source, v1::SignalSource& wire);
void point_to_wire(core::IntensityPoint const& point, v1::IntensityPoint& wire);
void feed_to_wire(app::FeedStatus const& feed, v1::Feed& wire);

void energy_to_wire(core::EnergyTotal const& energy, v1::Energy& wire);
void book_to_wire(core::Book const& book, v1::CarbonBook& wire);
void footprint_to_wire(app::JobFootprint const& footprint, core::SiteConfig const& site, v1::Footprint& wire);
void group_to_wire(app::FootprintGroup const& group, core::SiteConfig const& site, v1::FootprintGroup& wire);

// What is missing or assumed behind the figures, in words.
std::vector<std::string> notes_of(core::Footprint const& footprint, core::SiteConfig const& site);

}  // namespace greenq::rpc
