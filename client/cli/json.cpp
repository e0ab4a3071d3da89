#include "client/cli/json.hpp"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "client/cli/format.hpp"
#include "greenq/v1/footprint.pb.h"
#include "greenq/v1/job.pb.h"

namespace greenq::client {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void write_message(Message const& message, std::string& out);

std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  return fmt::format("{}", value);
}

void write_submessage(Message const& message, std::string& out) {
  auto const& name = message.GetDescriptor()->full_name();
  if (name == "google.protobuf.Timestamp") {
    google::protobuf::Timestamp time;
    time.CopyFrom(message);
    out += quote_json(rfc3339(instant(time)));
  } else if (name == "google.protobuf.Duration") {
    google::protobuf::Duration span;
    span.CopyFrom(message);
    out += number(static_cast<double>(span.seconds()) + static_cast<double>(span.nanos()) / 1e9);
  } else {
    write_message(message, out);
  }
}

void write_single(Message const& message, FieldDescriptor const& field, std::string& out) {
  Reflection const& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      out += std::to_string(reflection.GetInt32(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      out += std::to_string(reflection.GetInt64(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      out += std::to_string(reflection.GetUInt32(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      out += std::to_string(reflection.GetUInt64(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      out += number(reflection.GetDouble(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      out += number(static_cast<double>(reflection.GetFloat(message, &field)));
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      out += reflection.GetBool(message, &field) ? "true" : "false";
      break;
    case FieldDescriptor::CPPTYPE_ENUM: {
      auto const value = reflection.GetEnumValue(message, &field);
      auto const* const known = field.enum_type()->FindValueByNumber(value);
      out += known != nullptr ? quote_json(known->name()) : std::to_string(value);
      break;
    }
    case FieldDescriptor::CPPTYPE_STRING:
      out += quote_json(reflection.GetString(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      write_submessage(reflection.GetMessage(message, &field), out);
      break;
  }
}

// A number of proto3 is 0 where nothing is known; whether it is known, the message says elsewhere.
bool is_unknown(Message const& message, FieldDescriptor const& field) {
  auto const& name = field.name();
  if (auto const* window = dynamic_cast<v1::PlannedWindow const*>(&message))
    return !window->known() && (name == "mean_mg_per_kwh" || name == "carbon_mg");
  if (auto const* book = dynamic_cast<v1::CarbonBook const*>(&message))
    return name == "carbon_mg" && book->priced_mj() == 0 && book->unpriced_mj() > 0;
  if (auto const* attempt = dynamic_cast<v1::Attempt const*>(&message))
    return name == "exit_status" && !attempt->has_end_time();
  if (auto const* job = dynamic_cast<v1::Job const*>(&message))
    return name == "exit_status" &&
           (job->attempts().empty() || !job->attempts(job->attempts_size() - 1).has_end_time());
  return false;
}

// Every repeated field of our protos is of text, numbers, enums or messages.
void write_element(Message const& message, FieldDescriptor const& field, int index, std::string& out) {
  Reflection const& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      out += std::to_string(reflection.GetRepeatedInt32(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      out += std::to_string(reflection.GetRepeatedInt64(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      out += std::to_string(reflection.GetRepeatedUInt32(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      out += std::to_string(reflection.GetRepeatedUInt64(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      out += number(reflection.GetRepeatedDouble(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      out += number(static_cast<double>(reflection.GetRepeatedFloat(message, &field, index)));
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      out += reflection.GetRepeatedBool(message, &field, index) ? "true" : "false";
      break;
    case FieldDescriptor::CPPTYPE_ENUM: {
      auto const value = reflection.GetRepeatedEnumValue(message, &field, index);
      auto const* const known = field.enum_type()->FindValueByNumber(value);
      out += known != nullptr ? quote_json(known->name()) : std::to_string(value);
      break;
    }
    case FieldDescriptor::CPPTYPE_STRING:
      out += quote_json(reflection.GetRepeatedString(message, &field, index));
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      write_submessage(reflection.GetRepeatedMessage(message, &field, index), out);
      break;
  }
}

// Sorted by key, so that equal maps look equal.
void write_map(Message const& message, FieldDescriptor const& field, std::string& out) {
  Reflection const& reflection = *message.GetReflection();
  std::vector<std::string> entries;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    auto const& entry = reflection.GetRepeatedMessage(message, &field, i);
    std::string text;
    write_single(entry, *entry.GetDescriptor()->map_key(), text);
    text += ':';
    write_single(entry, *entry.GetDescriptor()->map_value(), text);
    entries.push_back(std::move(text));
  }
  std::sort(entries.begin(), entries.end());
  out += '{';
  for (std::size_t i = 0; i < entries.size(); ++i) out += (i > 0 ? "," : "") + entries[i];
  out += '}';
}

void write_field(Message const& message, FieldDescriptor const& field, std::string& out) {
  Reflection const& reflection = *message.GetReflection();
  if (field.is_map()) return write_map(message, field, out);
  if (field.is_repeated()) {
    out += '[';
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      if (i > 0) out += ',';
      write_element(message, field, i, out);
    }
    out += ']';
    return;
  }
  if ((field.has_presence() && !reflection.HasField(message, &field)) || is_unknown(message, field)) {
    out += "null";
    return;
  }
  write_single(message, field, out);
}

void write_message(Message const& message, std::string& out) {
  auto const* const type = message.GetDescriptor();
  out += '{';
  for (int i = 0; i < type->field_count(); ++i) {
    if (i > 0) out += ',';
    out += quote_json(type->field(i)->name()) + ':';
    write_field(message, *type->field(i), out);
  }
  out += '}';
}

}  // namespace

std::string quote_json(std::string_view text) {
  std::string out = "\"";
  for (char const c : valid_utf8(text)) {
    switch (c) {
      case '"':
        out += "\\\"";
        continue;
      case '\\':
        out += "\\\\";
        continue;
      case '\n':
        out += "\\n";
        continue;
      case '\r':
        out += "\\r";
        continue;
      case '\t':
        out += "\\t";
        continue;
      default:
        break;
    }
    if (static_cast<unsigned char>(c) < 0x20U || c == '\x7f') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string to_json(Message const& message) {
  std::string out;
  write_message(message, out);
  return out;
}

}  // namespace greenq::client
