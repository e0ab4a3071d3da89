// Inside of Engine. Core thread only, except for what `mutex` guards.
#pragma once

#include <condition_variable>
#include <deque>
#include <optional>
#include <thread>
#include <variant>

#include "app/engine.hpp"
#include "core/plan/planner.hpp"

namespace greenq::app {

struct Engine::Impl {
  using Replied = std::function<void(core::Result<std::vector<core::Job>>)>;

  struct Command {
    core::Event event;
    Replied done;  // may be empty
  };
  struct SubmitCommand {
    Submission submission;
    Replied done;
  };
  using Query = std::function<void()>;  // runs after the commit of its group
  using Item = std::variant<Command, SubmitCommand, Query>;

  Impl(EngineParts given, Engine& self) : parts(std::move(given)), inbox(self) {}

  EngineParts parts;
  Inbox& inbox;
  core::State state;
  std::string epoch;
  std::map<core::JobState, std::int64_t> live_jobs;
  View::Zones shared_signals;  // copies for views, by zone; absent: to be made

  // One group.
  std::vector<core::Effect> effects;
  std::vector<core::JobEvent> events;
  std::vector<std::function<void()>> replies;  // after a commit that worked
  std::vector<std::function<void()>> answers;  // after the group, whatever became of it: refusals and queries
  std::vector<Replied> waiting_replies;        // told about a failed commit
  bool staged = false;
  std::optional<core::Error> broken;

  // Hold after a store error; empty reason means serving.
  std::string hold_reason;
  core::Span retry_at{0};
  core::Span retry_delay{0};

  int previews = 0;  // on their way through the planner
  bool planning = false;
  core::Told told;  // of the planner, in the order in which it gets to hear it
  std::shared_ptr<core::Planner> planner = std::make_shared<core::Planner>();  // used on its thread only
  bool plan_wanted = false;
  core::Span planned_at{0};
  core::Span plan_not_before{0};
  core::Instant last_tick{};
  core::Span settled_at{0};
  std::set<core::JobId> unsettled;  // to be priced again: the reads were busy
  core::Span settle_retry_at{0};
  core::Span maintained_at{0};

  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Item> queue;
  bool stopping = false;
  std::map<int, std::shared_ptr<Watcher>> watchers;
  int next_watcher = 1;
  std::shared_ptr<View const> published = std::make_shared<View const>();

  std::thread::id core_thread;
  void assert_core_thread() const;

  bool push(Item item, bool bounded);
  std::vector<Item> take_group();

  std::optional<int> rank_of(core::SignalSource const& source) const;
  void remember(Loaded::Experience& known);
  core::Result<Loaded> read_state();
  core::Result<void> load();
  void settle_again();
  void turn();
  void handle(Item& item);
  void handle_event(core::Event const& event, Replied done);
  void handle_submit(SubmitCommand& command);
  void finish_group();
  void fail_group(core::Error const& error);
  void reload_if_due();
  void run_effects(std::vector<core::Effect> const& list);
  void request_plan();
  void plan_arrived();
  void tell_watchers();
  void publish();
  std::shared_ptr<core::SiteSignals const> share(std::string const& zone, core::SiteSignals const& signals);
  void count(core::Changes const& changes);
  void resettle(core::Event const& event);
  std::optional<core::Instant> next_wake() const;
  core::Span next_wait() const;

  // submissions.cpp
  core::Result<core::SubmitJobs> prepare(Submission const& submission);
  core::Result<std::vector<core::NewDependency>> resolve(core::JobSpec const& spec,
                                                         Submission const& submission, std::size_t index);
  void answer_again(std::vector<core::JobId> ids, Replied done);
  core::PlanDetail describe_preview(core::Job const& job, std::size_t jobs) const;
  void preview(Submission const& submission, Done<std::vector<Explanation>> const& done);
  core::Result<Explanation> explain(core::JobId id);
};

}  // namespace greenq::app
