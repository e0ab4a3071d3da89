#include "app/engine.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "app/engine_impl.hpp"
#include "core/check.hpp"

namespace greenq::app {
namespace {

constexpr core::Span kLongestWait{std::chrono::seconds{1}};  // so that a stepped wall clock is noticed
constexpr core::Span kRetryFirst{std::chrono::seconds{1}};
constexpr core::Span kRetryLast{std::chrono::seconds{30}};
constexpr core::Span kMaintainEvery{std::chrono::minutes{1}};

core::Error overloaded() {
  return {core::ErrorCode::kResourceExhausted, "QUEUE_FULL",
          "the daemon has too many waiting requests; try again soon"};
}

}  // namespace

void Engine::Impl::assert_core_thread() const {
  GREENQ_CHECK(core_thread == std::thread::id{} || core_thread == std::this_thread::get_id());
}

bool Engine::Impl::push(Item item, bool bounded) {
  {
    std::lock_guard const lock{mutex};
    if (bounded && queue.size() >= parts.inbox_max) return false;
    queue.push_back(std::move(item));
  }
  wake.notify_one();
  return true;
}

std::vector<Engine::Impl::Item> Engine::Impl::take_group() {
  std::lock_guard const lock{mutex};
  std::vector<Item> group;
  while (!queue.empty() && group.size() < parts.group_max) {
    group.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  return group;
}

std::optional<int> Engine::Impl::rank_of(core::SignalSource const& source) const {
  auto const found = std::find_if(parts.feeds.begin(), parts.feeds.end(), [&](ConfiguredFeed const& feed) {
    return feed.zone == source.zone && feed.provider == source.provider && feed.kind == source.kind;
  });
  if (found == parts.feeds.end()) return std::nullopt;
  return static_cast<int>(found - parts.feeds.begin());
}

// A forecaster that cannot be read learns anew from the figures that were stored.
void Engine::Impl::remember(Loaded::Experience& known) {
  core::StoredForecaster const& stored = known.forecaster;
  auto const rank = rank_of({stored.zone, stored.kind, {}, stored.provider, {}, {}});
  if (!rank) return;
  auto forecaster = core::Forecaster::read(stored.bytes);
  core::signals_of(state, stored.zone)
      .restore(stored.kind, *rank, stored.provider,
               forecaster ? std::move(*forecaster) : core::Forecaster{stored.kind}, known.actuals);
}

core::Result<Loaded> Engine::Impl::read_state() {
  auto loaded = parts.store->load();
  if (!loaded) return loaded;
  state = std::move(loaded->state);
  epoch = loaded->epoch;
  state.site = parts.site;
  state.rules = parts.rules;
  state.capacity = parts.runner->capacity();
  state.model = parts.model;
  state.stop_grace = parts.stop_grace;
  state.next_job = std::max(state.next_job, parts.first_job);
  for (core::Profile const& profile : parts.profiles) {
    if (profile.source.zone == state.site.zone) state.signals.put_profile(profile);
  }
  for (core::YearlyFactor const& factor : parts.factors) state.signals.put_factor(factor);
  for (Loaded::Experience& known : loaded->experience) remember(known);
  for (auto& [stored_rank, signal] : loaded->signals) {
    std::string const zone = signal.source.zone;
    if (auto const rank = rank_of(signal.source)) core::signals_of(state, zone).put(*rank, std::move(signal));
  }
  shared_signals.clear();
  core::derive(state);
  live_jobs.clear();
  for (auto const& [id, job] : state.jobs) live_jobs[job.state] += 1;
  publish();
  return loaded;
}

core::Result<void> Engine::Impl::load() {
  auto const loaded = read_state();
  if (!loaded) return tl::unexpected(loaded.error());
  planning = false;
  told = {};
  if (!parts.hold_reason.empty()) {
    hold_reason = parts.hold_reason;
    publish();
    return {};
  }
  run_effects(core::recover(state, parts.clock->now()));
  unsettled.insert(loaded->unsettled.begin(), loaded->unsettled.end());
  return {};
}

void Engine::Impl::handle_event(core::Event const& event, Replied done) {
  core::Step step = core::step(state, event, parts.clock->now());
  if (!step.reply) {
    if (done) answers.emplace_back([done, error = step.reply.error()] { done(tl::unexpected(error)); });
    return;
  }
  if (!step.changes.empty()) {
    auto const result = parts.store->stage(step.changes);
    if (!result) {
      broken = result.error();
      if (done) waiting_replies.push_back(std::move(done));
      return;
    }
    staged = true;
    for (auto const& [rank, signal] : step.changes.signals) shared_signals.erase(signal.source.zone);
    count(step.changes);
    core::apply(state, step.changes);
    core::touch(told, event, step.changes);
  }
  std::move(step.effects.begin(), step.effects.end(), std::back_inserter(effects));
  std::move(step.changes.events.begin(), step.changes.events.end(), std::back_inserter(events));
  resettle(event);
  if (!done) return;
  std::vector<core::Job> jobs;
  for (core::JobId const id : *step.reply) {
    auto const& changed = step.changes.jobs;
    auto const it =
        std::find_if(changed.begin(), changed.end(), [id](core::Job const& job) { return job.id == id; });
    jobs.push_back(it != changed.end() ? *it : state.jobs.at(id));
  }
  waiting_replies.push_back(done);
  replies.emplace_back([done, jobs = std::move(jobs)] { done(jobs); });
}

void Engine::Impl::handle(Item& item) {
  if (auto* query = std::get_if<Query>(&item)) {
    answers.push_back(std::move(*query));
    return;
  }
  bool const holding = !hold_reason.empty();
  if (auto* submit = std::get_if<SubmitCommand>(&item)) {
    if (broken) {
      waiting_replies.push_back(std::move(submit->done));
    } else {
      handle_submit(*submit);
    }
    return;
  }
  auto& command = std::get<Command>(item);
  auto const* const plan = std::get_if<core::PlanReady>(&command.event);
  if (plan != nullptr && !plan->more) plan_arrived();
  if (holding && command.done) {
    command.done(
        core::fail(core::ErrorCode::kUnavailable, "HOLD_MODE", "nothing can be changed now: " + hold_reason));
    return;
  }
  if (holding) return;  // recover() asks the adapters again after the reload
  if (broken) {
    if (command.done) waiting_replies.push_back(std::move(command.done));
    return;
  }
  handle_event(command.event, std::move(command.done));
}

void Engine::Impl::fail_group(core::Error const& error) {
  parts.store->rollback();
  spdlog::error(
      "STORE_FAILED reason={} message=\"{}\" action=\"running jobs go on; the store is tried "
      "again\"",
      error.reason, error.message);
  hold_reason = error.message;
  retry_delay = std::clamp(retry_delay * 2, kRetryFirst, kRetryLast);
  retry_at = parts.clock->steady() + retry_delay;
  for (Replied const& done : waiting_replies) done(tl::unexpected(error));
  (void)read_state();  // what was staged is no longer true; should this fail, too, load() is tried later
}

void Engine::Impl::finish_group() {
  if (!broken && staged) {
    auto const result = parts.store->commit();
    if (!result) broken = result.error();
  }
  auto const failed = std::exchange(broken, std::nullopt);
  auto const done_effects = std::exchange(effects, {});
  auto const done_replies = std::exchange(replies, {});
  auto const done_answers = std::exchange(answers, {});
  if (failed) {
    fail_group(*failed);
    events.clear();
    publish();
  } else {
    if (staged) {
      publish();
      retry_delay = core::Span{0};
    }
    tell_watchers();
    for (auto const& reply : done_replies) reply();
    run_effects(done_effects);
  }
  for (auto const& answer : done_answers) answer();
  waiting_replies.clear();
  staged = false;
}

void Engine::Impl::reload_if_due() {
  if (hold_reason.empty() || !parts.hold_reason.empty() || parts.clock->steady() < retry_at) return;
  auto const result = load();
  if (!result) {
    retry_delay = std::clamp(retry_delay * 2, kRetryFirst, kRetryLast);
    retry_at = parts.clock->steady() + retry_delay;
    return;
  }
  spdlog::info("STORE_BACK message=\"the store works again\"");
  hold_reason.clear();
  publish();
}

void Engine::Impl::turn() {
  assert_core_thread();
  reload_if_due();
  for (Item& item : take_group()) handle(item);
  core::Instant const now = parts.clock->now();
  if (now < last_tick) last_tick = now - core::Span{1};  // the wall clock was stepped back
  auto const next = next_wake();
  if (!broken && hold_reason.empty() && next && *next <= now) {
    last_tick = now;
    handle_event(core::Tick{}, {});
  }
  finish_group();
  request_plan();
  settle_again();
  core::Span const steady = parts.clock->steady();
  if (hold_reason.empty() && steady - maintained_at >= kMaintainEvery) {
    maintained_at = steady;
    parts.store->maintain(now);
  }
}

// While the store is held only its return is worth waking for.
core::Span Engine::Impl::next_wait() const {
  core::Span const steady = parts.clock->steady();
  if (!parts.hold_reason.empty()) return kLongestWait;
  if (!hold_reason.empty()) return std::min(kLongestWait, retry_at - steady);
  core::Span wait = kLongestWait;
  if (auto const next = next_wake()) wait = std::min(wait, *next - parts.clock->now());
  if (plan_wanted && !planning) wait = std::min(wait, plan_not_before - steady);
  return wait;
}

std::optional<core::Instant> Engine::Impl::next_wake() const {
  auto const it = state.timers.upper_bound({last_tick, std::numeric_limits<core::JobId>::max()});
  if (it == state.timers.end()) return std::nullopt;
  return it->first;
}

void Engine::Impl::tell_watchers() {
  auto const news = std::exchange(events, {});
  if (news.empty()) return;
  std::vector<std::shared_ptr<Watcher>> listening;
  {
    std::lock_guard const lock{mutex};
    for (auto const& [handle, watcher] : watchers) listening.push_back(watcher);
  }
  for (auto const& watcher : listening) (*watcher)(news);
}

void Engine::Impl::count(core::Changes const& changes) {
  for (core::Job const& job : changes.jobs) {
    auto const before = state.jobs.find(job.id);
    if (before != state.jobs.end()) live_jobs[before->second.state] -= 1;
    if (!core::is_terminal(job.state)) live_jobs[job.state] += 1;
  }
}

Engine::Engine(EngineParts parts) : impl_(std::make_unique<Impl>(std::move(parts), *this)) {}
Engine::~Engine() = default;

core::Result<void> Engine::load() {
  impl_->core_thread = std::this_thread::get_id();
  return impl_->load();
}

void Engine::run() {
  Impl& in = *impl_;
  in.core_thread = std::this_thread::get_id();
  while (true) {
    in.turn();
    core::Span const wait = in.next_wait();
    std::unique_lock lock{in.mutex};
    if (in.stopping) break;
    if (in.queue.empty() && wait > core::Span{0}) in.wake.wait_for(lock, wait);
  }
  in.turn();
}

void Engine::stop() {
  {
    std::lock_guard const lock{impl_->mutex};
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
}

void Engine::turn() {
  impl_->turn();
}
std::optional<core::Instant> Engine::next_wake() const {
  return impl_->next_wake();
}

void Engine::post(core::Event event) {
  impl_->push(Impl::Command{std::move(event), {}}, false);
}

void Engine::submit(Submission submission, Done<std::vector<core::Job>> const& done) {
  bool const taken = impl_->push(Impl::SubmitCommand{std::move(submission), done}, true);
  if (!taken) done(tl::unexpected(overloaded()));
}

namespace {
Engine::Done<std::vector<core::Job>> single(Engine::Done<core::Job> done) {
  return [done = std::move(done)](core::Result<std::vector<core::Job>> jobs) {
    if (!jobs) return done(tl::unexpected(jobs.error()));
    done(std::move(jobs->front()));
  };
}
}  // namespace

void Engine::cancel(core::CancelJob command, Done<core::Job> const& done) {
  if (!impl_->push(Impl::Command{std::move(command), single(done)}, true)) done(tl::unexpected(overloaded()));
}
void Engine::hold(core::HoldJob command, Done<core::Job> const& done) {
  if (!impl_->push(Impl::Command{std::move(command), single(done)}, true)) done(tl::unexpected(overloaded()));
}
void Engine::release(core::ReleaseJob command, Done<core::Job> const& done) {
  if (!impl_->push(Impl::Command{std::move(command), single(done)}, true)) done(tl::unexpected(overloaded()));
}

void Engine::explain(core::JobId job, Done<Explanation> const& done) {
  auto query = [this, job, done] { done(impl_->explain(job)); };
  if (!impl_->push(Impl::Query{std::move(query)}, true)) done(tl::unexpected(overloaded()));
}

void Engine::preview(Submission submission, Done<std::vector<Explanation>> const& done) {
  auto query = [this, submission = std::move(submission), done] { impl_->preview(submission, done); };
  if (!impl_->push(Impl::Query{std::move(query)}, true)) done(tl::unexpected(overloaded()));
}

int Engine::watch(Watcher watcher) {
  std::lock_guard const lock{impl_->mutex};
  int const handle = impl_->next_watcher++;
  impl_->watchers[handle] = std::make_shared<Watcher>(std::move(watcher));
  return handle;
}

void Engine::unwatch(int handle) {
  std::lock_guard const lock{impl_->mutex};
  impl_->watchers.erase(handle);
}

std::shared_ptr<View const> Engine::view() const {
  std::lock_guard const lock{impl_->mutex};
  return impl_->published;
}

}  // namespace greenq::app
