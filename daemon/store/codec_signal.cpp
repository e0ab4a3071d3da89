#include "store/codec.hpp"
#include "store/json.hpp"

namespace greenq::store {
namespace {

using js::get;
using js::put;
namespace json = boost::json;

json::object of(core::SignalSource const& source) {
  json::object o;
  put(o, "zone", source.zone);
  put(o, "kind", source.kind);
  put(o, "basis", source.basis);
  put(o, "provider", source.provider);
  put(o, "label", source.label);
  put(o, "attribution", source.attribution);
  return o;
}

core::SignalSource source_of(json::object const& o) {
  core::SignalSource source;
  get(o, "zone", source.zone);
  get(o, "kind", source.kind);
  get(o, "basis", source.basis);
  get(o, "provider", source.provider);
  get(o, "label", source.label);
  get(o, "attribution", source.attribution);
  return source;
}

json::array of(std::vector<core::IntensityPoint> const& points) {
  json::array array;
  array.reserve(points.size());
  for (core::IntensityPoint const& point : points) {
    json::array item{core::to_ms(point.interval.begin), core::to_ms(point.interval.end), point.value.value,
                     static_cast<int>(point.state)};
    if (point.spread) {
      item.emplace_back(point.spread->low.value);
      item.emplace_back(point.spread->high.value);
    }
    array.emplace_back(std::move(item));
  }
  return array;
}

std::vector<core::IntensityPoint> points_of(json::array const& array) {
  std::vector<core::IntensityPoint> points;
  points.reserve(array.size());
  for (auto const& item : array) {
    core::IntensityPoint& point = points.emplace_back();
    js::read(item.at(0), point.interval.begin);
    js::read(item.at(1), point.interval.end);
    js::read(item.at(2), point.value);
    js::read(item.at(3), point.state);
    if (item.as_array().size() < 6) continue;
    core::IntensitySpread& spread = point.spread.emplace();
    js::read(item.at(4), spread.low);
    js::read(item.at(5), spread.high);
  }
  return points;
}

json::object of(core::CounterSample const& sample) {
  json::object o;
  put(o, "boot_id", sample.boot_id);
  put(o, "boottime", sample.boottime_ms);
  put(o, "at", sample.at);
  put(o, "job_cpu", sample.job_cpu_us);
  put(o, "node_cpu", sample.node_cpu_us);
  json::array zones;
  for (auto const& zone : sample.zones) {
    zones.emplace_back(json::array{js::view(zone.name), zone.energy_uj, zone.max_range_uj});
  }
  put(o, "zones", std::move(zones));
  json::array gpus;
  for (auto const& gpu : sample.gpus) {
    json::object& g = gpus.emplace_back(json::object()).as_object();
    put(g, "uuid", gpu.uuid);
    put(g, "energy", gpu.energy_mj);
    put(g, "power", gpu.power_mw);
  }
  put(o, "gpus", std::move(gpus));
  put(o, "gpu_epoch", sample.gpu_epoch);
  return o;
}

core::CounterSample sample_of(json::object const& o) {
  core::CounterSample sample;
  get(o, "boot_id", sample.boot_id);
  get(o, "boottime", sample.boottime_ms);
  get(o, "at", sample.at);
  get(o, "job_cpu", sample.job_cpu_us);
  get(o, "node_cpu", sample.node_cpu_us);
  for (auto const& item : js::items(o, "zones")) {
    auto& zone = sample.zones.emplace_back();
    js::read(item.at(0), zone.name);
    js::read(item.at(1), zone.energy_uj);
    js::read(item.at(2), zone.max_range_uj);
  }
  for (auto const& item : js::items(o, "gpus")) {
    auto& gpu = sample.gpus.emplace_back();
    get(item.as_object(), "uuid", gpu.uuid);
    get(item.as_object(), "energy", gpu.energy_mj);
    get(item.as_object(), "power", gpu.power_mw);
  }
  get(o, "gpu_epoch", sample.gpu_epoch);
  return sample;
}

}  // namespace

std::string encode_source(core::SignalSource const& source) {
  return json::serialize(of(source));
}
core::SignalSource decode_source(std::string_view text) {
  return source_of(js::parse(text));
}

std::string encode_signal(core::Signal const& signal) {
  json::object o;
  put(o, "source", of(signal.source));
  put(o, "issued_at", signal.issued_at);
  put(o, "by_receipt", signal.issue_time_is_receipt);
  put(o, "received_at", signal.received_at);
  put(o, "as_given", signal.as_given);
  put(o, "points", of(signal.points));
  return json::serialize(o);
}

core::Signal decode_signal(std::string_view text) {
  json::object const o = js::parse(text);
  core::Signal signal;
  signal.source = source_of(o.at("source").as_object());
  get(o, "issued_at", signal.issued_at);
  signal.issue_time_is_receipt = o.contains("by_receipt");
  get(o, "received_at", signal.received_at);
  get(o, "as_given", signal.as_given);
  signal.points = points_of(js::items(o, "points"));
  return signal;
}

std::string encode_meter(core::SegmentMeter const& meter) {
  json::object o;
  put(o, "segment", json::array{meter.segment.job, meter.segment.attempt, meter.segment.launch});
  put(o, "project", meter.project);
  put(o, "job", std::int64_t(meter.job.job));
  put(o, "attempt", std::int64_t{meter.job.attempt});
  put(o, "cpus", std::int64_t{meter.job.cpus});
  put(o, "memory", meter.job.memory_bytes);
  put(o, "gpus", meter.job.gpu_uuids);
  put(o, "offset", meter.offset);
  if (meter.interval.last) put(o, "last", of(*meter.interval.last));
  if (meter.interval.held) put(o, "held", of(*meter.interval.held));
  put(o, "ended", meter.ended);
  return json::serialize(o);
}

core::SegmentMeter decode_meter(std::string_view text) {
  json::object const o = js::parse(text);
  core::SegmentMeter meter;
  json::array const& segment = js::items(o, "segment");
  js::read(segment.at(0), meter.segment.job);
  js::read(segment.at(1), meter.segment.attempt);
  js::read(segment.at(2), meter.segment.launch);
  get(o, "project", meter.project);
  get(o, "job", meter.job.job);
  get(o, "attempt", meter.job.attempt);
  get(o, "cpus", meter.job.cpus);
  get(o, "memory", meter.job.memory_bytes);
  get(o, "gpus", meter.job.gpu_uuids);
  get(o, "offset", meter.offset);
  if (auto const* value = o.if_contains("last")) meter.interval.last = sample_of(value->as_object());
  if (auto const* value = o.if_contains("held")) meter.interval.held = sample_of(value->as_object());
  get(o, "ended", meter.ended);
  return meter;
}

}  // namespace greenq::store
