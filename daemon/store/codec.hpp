// Values of the core as JSON text for the database, and points of forecasts as bytes. decode(encode(x)) == x
// in every field; absent optional fields are left out, unknown keys are ignored, so that a later greenqd can
// add fields. decode throws std::exception on text that no greenqd wrote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/state.hpp"

namespace greenq::store {

std::string encode_spec(core::JobSpec const& spec);
core::JobSpec decode_spec(std::string_view text);

// All of a job that has no column of its own (see migrations/0001_init.sql), without its spec.
std::string encode_runtime(core::Job const& job);
void decode_runtime(std::string_view text, core::Job& job);

std::string encode_meter(core::SegmentMeter const& meter);
core::SegmentMeter decode_meter(std::string_view text);

std::string encode_source(core::SignalSource const& source);
core::SignalSource decode_source(std::string_view text);
std::string encode_signal(core::Signal const& signal);
core::Signal decode_signal(std::string_view text);

// Packed points, ordered and without overlap as in every core::Signal. One byte of format, then runs of
// points that follow each other in equal steps with equal state: count, begin (from the end of the run
// before), step, state (bit 7: with spreads); then of each point its value as the difference from the one
// before in mg, and its spread as the distances from the value. Numbers are LEB128 varints, signed ones in
// zigzag. decode throws SqlError (SQLITE_CORRUPT) on anything else, and on points that are out of order.
std::string encode_points(std::vector<core::IntensityPoint> const& points);
std::vector<core::IntensityPoint> decode_points(std::string_view bytes);

std::string encode_numbers(std::vector<std::uint64_t> const& numbers);
std::vector<std::uint64_t> decode_numbers(std::string_view text);

}  // namespace greenq::store
