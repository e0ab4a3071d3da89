// A store that keeps nothing: what the engine stands on while the real one is corrupt. Reads come from a
// backup.
#pragma once

#include <string>

#include "app/ports.hpp"

namespace greenq::store {

class HoldStore final : public app::Store {
 public:
  explicit HoldStore(std::string why) : why_(std::move(why)) {}

  core::Result<app::Loaded> load() override {
    app::Loaded loaded;
    loaded.epoch = "hold";
    return loaded;
  }
  core::Result<void> stage(core::Changes const&) override { return refuse(); }
  core::Result<void> commit() override { return refuse(); }
  void rollback() override {}
  core::Result<std::optional<core::StoredRequest>> find_request(std::uint32_t, std::string const&) override {
    return refuse();
  }
  core::Result<std::optional<FoundJob>> find_job(std::string const&, std::uint32_t,
                                                 std::string const&) override {
    return refuse();
  }
  void maintain(core::Instant) override {}
  std::string refuse_reason() override { return why_; }

 private:
  std::string why_;
  tl::unexpected<core::Error> refuse() const {
    return core::fail(core::ErrorCode::kUnavailable, "HOLD_MODE", why_);
  }
};

}  // namespace greenq::store
