#include "rpc/tokens.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "core/check.hpp"
#include "core/validate.hpp"

namespace greenq::rpc {
namespace {

constexpr std::string_view kProjects = "projects/";
constexpr std::size_t kTokenMax = 512;
constexpr std::size_t kFilterHashChars = 16;
constexpr char kHexDigits[] = "0123456789abcdef";

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char const c : bytes) {
    auto const value = static_cast<unsigned char>(c);
    out += kHexDigits[value >> 4U];
    out += kHexDigits[value & 15U];
  }
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int const high = hex_value(text[i]);
    int const low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

template <class Int>
std::optional<Int> to_int(std::string_view text) {
  Int value{};
  auto const parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

core::Error bad_name(std::string const& field, std::string_view given, std::string const& form) {
  return invalid_field(field,
                       "\"" + std::string(given.substr(0, 100)) + "\" must have the form " + form + ".");
}

std::string sha256_hex(std::string_view method, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  GREENQ_CHECK(context != nullptr);
  GREENQ_CHECK(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  GREENQ_CHECK(EVP_DigestUpdate(context.get(), method.data(), method.size()) == 1);
  GREENQ_CHECK(EVP_DigestUpdate(context.get(), "\0", 1) == 1);
  GREENQ_CHECK(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  GREENQ_CHECK(EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1);
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += kHexDigits[digest[i] >> 4U];
    out += kHexDigits[digest[i] & 15U];
  }
  return out;
}

}  // namespace

core::Error invalid_field(std::string field, std::string message) {
  core::Error error{core::ErrorCode::kInvalidArgument, "INVALID_FIELD", field + ": " + message};
  error.fields.push_back({std::move(field), std::move(message)});
  return error;
}

core::Result<JobName> parse_job_name(std::string_view name, std::string const& field) {
  std::string const form = "projects/{project}/jobs/{id}, with - for any project";
  std::string_view rest = name;
  if (!rest.starts_with(kProjects)) return tl::unexpected(bad_name(field, name, form));
  rest.remove_prefix(kProjects.size());
  std::size_t const slash = rest.find('/');
  if (slash == std::string_view::npos) return tl::unexpected(bad_name(field, name, form));
  std::string_view const project = rest.substr(0, slash);
  rest.remove_prefix(slash);
  constexpr std::string_view kJobs = "/jobs/";
  if (!rest.starts_with(kJobs)) return tl::unexpected(bad_name(field, name, form));
  auto const id = to_int<core::JobId>(rest.substr(kJobs.size()));
  if (!id || *id == 0 || *id > INT64_MAX) return tl::unexpected(bad_name(field, name, form));
  if (project != "-" && !core::is_name(project)) return tl::unexpected(bad_name(field, name, form));
  return JobName{project == "-" ? std::string{} : std::string(project), *id};
}

core::Result<std::string> parse_parent(std::string_view parent, std::string const& field) {
  if (parent.empty()) return std::string(kDefaultProject);
  if (!parent.starts_with(kProjects) || !core::is_name(parent.substr(kProjects.size()))) {
    return tl::unexpected(bad_name(field, parent, "projects/{project}, project 1 to 63 of a-z, 0-9 and '-'"));
  }
  return std::string(parent.substr(kProjects.size()));
}

core::Result<std::string> parse_query_parent(std::string_view parent, std::string const& field) {
  if (parent.empty() || parent == "projects/-") return std::string{};
  return parse_parent(parent, field);
}

core::Result<std::string> parse_zone(std::string_view name, std::string const& field) {
  constexpr std::string_view kZones = "zones/";
  if (name.empty()) return std::string{};
  if (!name.starts_with(kZones) || name.size() == kZones.size() || name.size() > 100) {
    return tl::unexpected(bad_name(field, name, "zones/{zone}"));
  }
  return std::string(name.substr(kZones.size()));
}

core::Result<int> page_size(std::int32_t asked) {
  if (asked < 0)
    return tl::unexpected(invalid_field("page_size", "must not be negative; leave it out for 50."));
  if (asked == 0) return 50;
  return std::min(asked, 1000);
}

std::string hash_without(google::protobuf::Message const& message, std::string_view method,
                         std::initializer_list<char const*> fields) {
  std::unique_ptr<google::protobuf::Message> const copy(message.New());
  copy->CopyFrom(message);
  for (char const* field : fields) {
    auto const* descriptor = copy->GetDescriptor()->FindFieldByName(field);
    GREENQ_CHECK(descriptor != nullptr);
    copy->GetReflection()->ClearField(copy.get(), descriptor);
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    copy->SerializeToCodedStream(&coded);
  }
  return sha256_hex(method, bytes);
}

std::string make_page_token(std::uint64_t cursor, std::string const& filter_hash) {
  return to_hex("p1:" + filter_hash.substr(0, kFilterHashChars) + ":" + std::to_string(cursor));
}

core::Result<std::uint64_t> read_page_token(std::string const& token, std::string const& filter_hash) {
  if (token.empty()) return 0;
  auto invalid = [](char const* reason, char const* message) {
    core::Error error = invalid_field("page_token", message);
    error.reason = reason;
    return tl::unexpected(std::move(error));
  };
  auto const text = token.size() <= kTokenMax ? from_hex(token) : std::nullopt;
  constexpr std::size_t kHead = 3 + kFilterHashChars + 1;
  if (!text || text->size() <= kHead || !text->starts_with("p1:") || (*text)[kHead - 1] != ':') {
    return invalid("PAGE_TOKEN_INVALID", "is not a token of this server; start again without one.");
  }
  auto const cursor = to_int<std::uint64_t>(std::string_view(*text).substr(kHead));
  if (!cursor || *cursor > INT64_MAX) {
    return invalid("PAGE_TOKEN_INVALID", "is not a token of this server; start again without one.");
  }
  if (text->substr(3, kFilterHashChars) != filter_hash.substr(0, kFilterHashChars)) {
    return invalid("PAGE_TOKEN_MISMATCH",
                   "belongs to other arguments; repeat those of the first call or start again without one.");
  }
  return *cursor;
}

std::string make_resume_token(ResumePoint const& point) {
  return to_hex(point.epoch + ":" + std::to_string(point.sequence));
}

core::Result<ResumePoint> read_resume_token(std::string const& token) {
  auto const text = token.size() <= kTokenMax ? from_hex(token) : std::nullopt;
  std::size_t const colon = text ? text->rfind(':') : std::string::npos;
  auto const sequence = colon == std::string::npos
                            ? std::nullopt
                            : to_int<std::int64_t>(std::string_view(*text).substr(colon + 1));
  if (!sequence || *sequence < 0 || colon == 0) {
    core::Error error = invalid_field("resume_token", "is not a token of this server; start without one.");
    error.reason = "RESUME_TOKEN_INVALID";
    return tl::unexpected(std::move(error));
  }
  return ResumePoint{text->substr(0, colon), *sequence};
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
    bool const hex = hex_value(c) >= 0 || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace greenq::rpc
