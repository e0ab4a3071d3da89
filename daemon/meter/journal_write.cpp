// The writing side has no JSON library: the shepherd stays small.
#include <cstdio>

#include "meter/journal.hpp"

namespace greenq::meter {
namespace {

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (char const c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escaped;
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_number(std::string& out, char const* key, std::int64_t value) {
  out += '"';
  out += key;
  out += "\":";
  out += std::to_string(value);
}

void append_optional(std::string& out, char const* key, std::optional<std::int64_t> const& value) {
  if (!value) return;
  out += ',';
  append_number(out, key, *value);
}

}  // namespace

std::string to_journal_line(core::CounterSample const& sample) {
  std::string out = "{\"boot_id\":";
  append_string(out, sample.boot_id);
  append_optional(out, "boottime_ms", sample.boottime_ms);
  append_optional(out, "at_ms", core::to_ms(sample.at));
  append_optional(out, "job_cpu_us", sample.job_cpu_us);
  append_optional(out, "node_cpu_us", sample.node_cpu_us);
  out += ",\"zones\":[";
  for (auto const& zone : sample.zones) {
    if (out.back() == '}') out += ',';
    out += "{\"name\":";
    append_string(out, zone.name);
    append_optional(out, "energy_uj", zone.energy_uj);
    append_optional(out, "max_range_uj", zone.max_range_uj);
    out += '}';
  }
  out += "],\"gpus\":[";
  for (auto const& gpu : sample.gpus) {
    if (out.back() == '}') out += ',';
    out += "{\"uuid\":";
    append_string(out, gpu.uuid);
    append_optional(out, "energy_mj", gpu.energy_mj);
    append_optional(out, "power_mw", gpu.power_mw);
    out += '}';
  }
  out += "],\"gpu_epoch\":";
  append_string(out, sample.gpu_epoch);
  out += "}\n";
  return out;
}

}  // namespace greenq::meter
