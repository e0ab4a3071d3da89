// One contract for every provider of the catalogue: a good reply is taken for what it is, and a hostile one
// changes nothing but the status, which says why and when it is asked again.
#include <fmt/chrono.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_host.hpp"
#include "feed/commons.hpp"
#include "provider_doubles.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;
using std::chrono::hours;
using std::chrono::seconds;
using test::Entries;
using test::FakeHost;
using test::ProviderDouble;
using test::served;
using testing::HasSubstr;

Instant const kNow = test::at("2026-03-10T10:07Z");

// What the server does, and what follows.
struct Hostile {
  enum class Next { kBackoff, kByStatus, kAsAsked, kOverload };
  std::string name;
  std::function<FakeHost::Served(ProviderDouble const&, std::string const& url, Instant now)> serve;
  std::string words;  // in the reason
  Next next = Next::kBackoff;
  int status = 200;
  bool arrived = true;  // counts as rejected
};

using Parameter = std::pair<ProviderDouble, Hostile>;
void PrintTo(Parameter const& parameter, std::ostream* out) {
  *out << parameter.first.name << " " << parameter.second.name;
}

class ContractBase : public testing::Test {
 protected:
  std::unique_ptr<app::Feed> feed_of(ProviderDouble const& provider) {
    FeedContext context;
    context.clock = &host_.clock;
    context.inbox = &inbox_;
    context.host = &host_;
    context.random = [] { return 0.5; };
    context.install_id = "test";
    context.known_until = [](core::SignalSource const&) { return kNow - hours{2}; };
    context.log = [this](LogLevel, std::string const& id, std::string const& text) {
      log_.push_back(id + " " + text);
    };
    auto config = provider.config("https://" + provider.name + ".test");
    config.rank = 4;
    auto feed = make_feed(config, std::move(context));
    EXPECT_TRUE(feed) << feed.error().message;
    return std::move(*feed);
  }
  void serve_well(ProviderDouble const& provider, int grams) {
    host_.serve = [this, &provider, grams](HttpRequest const& request) {
      return served(200, provider.good(request.url, host_.clock.now(), grams));
    };
  }
  std::size_t logins() const {
    return static_cast<std::size_t>(
        std::count_if(host_.asked.begin(), host_.asked.end(),
                      [](auto const& each) { return each.request.url.find("/login") != std::string::npos; }));
  }

  FakeHost host_{kNow};
  test::RememberingInbox inbox_;
  std::vector<std::string> log_;
};

class GoodReply : public ContractBase, public testing::WithParamInterface<ProviderDouble> {};

TEST_P(GoodReply, IsTakenWithItsKindZoneAndUnit) {
  ProviderDouble const& provider = GetParam();
  serve_well(provider, 200);
  auto const feed = feed_of(provider);
  EXPECT_EQ(feed->status().health, app::FeedHealth::kNever);
  feed->start();
  host_.run_for(seconds{5});
  ASSERT_EQ(inbox_.signals().size(), 1U) << feed->status().last_error;
  auto const [rank, signal] = inbox_.signals()[0];
  EXPECT_EQ(rank, 4);
  EXPECT_EQ(signal.source, feed->status().source);
  EXPECT_EQ(signal.source.provider, provider.name);
  EXPECT_EQ(signal.source.zone, provider.zone);
  EXPECT_EQ(signal.source.kind, provider.kind);
  EXPECT_FALSE(signal.source.attribution.empty());
  EXPECT_FALSE(core::problem_of(signal));
  // Every main reply begins with 200 g/kWh in its own unit.
  bool const past = provider.past_only;
  auto const entries =
      provider.entries(past && provider.name == "electricity_maps" ? "/history?" : "/fw48h", kNow, 200);
  core::Curve const curve(signal.points);
  auto const* const first = curve.at(entries.front().begin);
  ASSERT_NE(first, nullptr);
  EXPECT_NEAR(static_cast<double>(first->value.value), 200'000, 1);
  EXPECT_EQ(first->interval.length(), provider.step);
  app::FeedStatus const status = feed->status();
  EXPECT_EQ(status.health, app::FeedHealth::kFresh);
  EXPECT_EQ(status.last_error, "");
  EXPECT_EQ(status.polls, 1);
  EXPECT_EQ(status.accepted, 1);
  EXPECT_EQ(status.rejected, 0);
  ASSERT_TRUE(status.next_poll);
  EXPECT_GT(*status.next_poll, host_.clock.now());
  EXPECT_EQ(logins(), find_provider(provider.name)->needs_account &&
                              provider.kind == core::SignalKind::kMarginal && provider.name != "casdk"
                          ? 1U
                          : 0U);
  for (auto const& asked : host_.asked) {
    EXPECT_THAT(asked.request.url, testing::Not(HasSubstr("hidden-word")));
  }
}

TEST_P(GoodReply, IsTakenFromAServerWithAnotherClock) {
  ProviderDouble const& provider = GetParam();
  host_.serve = [&](HttpRequest const& request) {
    auto reply = served(200, provider.good(request.url, host_.clock.now(), 200));
    reply.result->date = "Tue, 10 Mar 2026 11:07:00 GMT";
    return reply;
  };
  auto const feed = feed_of(provider);
  feed->start();
  host_.run_for(seconds{5});
  EXPECT_EQ(inbox_.signals().size(), 1U);
  EXPECT_THAT(feed->status().last_error, HasSubstr("check time synchronisation"));
  ASSERT_EQ(log_.size(), 1U);
  EXPECT_THAT(log_[0], testing::StartsWith("feed.clock_skew "));
  serve_well(provider, 215);  // without a date: nothing new is known of the clocks
  ASSERT_TRUE(host_.run_until_true([&] { return feed->status().accepted == 2; }));
  EXPECT_THAT(feed->status().last_error, HasSubstr("check time synchronisation"));
  host_.serve = [&](HttpRequest const& request) {
    auto reply = served(200, provider.good(request.url, host_.clock.now(), 230));
    reply.result->date =
        fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(core::to_ms(host_.clock.now()) / 1000));
    return reply;
  };
  ASSERT_TRUE(host_.run_until_true([&] { return feed->status().accepted == 3; }));
  EXPECT_EQ(feed->status().last_error, "");
}

class HostileReply : public ContractBase, public testing::WithParamInterface<Parameter> {
 protected:
  // Answers as the row says; `all`: the optional requests, too.
  void serve_badly(ProviderDouble const& provider, Hostile const& row, bool all) {
    host_.serve = [this, &provider, &row, all](HttpRequest const& request) {
      bool const spared = provider.is_side(request.url) || (!all && provider.is_extra(request.url));
      if (spared) return served(200, provider.good(request.url, host_.clock.now(), 230));
      return row.serve(provider, request.url, host_.clock.now());
    };
  }
  void expect_next(app::FeedStatus const& status, ProviderDouble const& provider, Hostile const& row) {
    Span const least = provider.name == "energinet" ? Span{seconds{60}} : Span{0};
    Span wait = std::max(Span{2'500}, least);  // half of 5 s
    if (row.next == Hostile::Next::kAsAsked) wait = seconds{120};
    if (row.next == Hostile::Next::kOverload) wait = seconds{60};
    bool const permanent = row.next == Hostile::Next::kByStatus && provider.permanent.contains(row.status);
    EXPECT_EQ(status.given_up, permanent);
    ASSERT_EQ(status.next_poll.has_value(), !permanent);
    if (permanent) {
      EXPECT_THAT(log_.back(), HasSubstr("feed.given_up "));
      return;
    }
    EXPECT_LE(*status.next_poll, host_.clock.now() + wait);
    EXPECT_GT(*status.next_poll, host_.clock.now() + wait - seconds{1});  // dates are whole seconds
    EXPECT_THAT(log_.back(), HasSubstr("feed.failed "));
  }
};

TEST_P(HostileReply, ChangesNothingButTheStatus) {
  auto const& [provider, row] = GetParam();
  for (bool const all : {true, false}) {
    SCOPED_TRACE(all ? "the whole server is hostile" : "optional replies are good");
    // Its main reply is the past; that may be absent, old or even when a good forecast follows.
    bool const harmless =
        provider.name == "electricity_maps" &&
        std::set<std::string>{"Frozen", "FarBack", "FarAhead", "YearsAhead", "AllNull"}.contains(row.name);
    if (!all && harmless) continue;
    serve_well(provider, 200);
    auto const feed = feed_of(provider);
    feed->start();
    host_.run_for(seconds{5});
    std::size_t const good = inbox_.signals().size();
    app::FeedStatus const before = feed->status();
    ASSERT_EQ(before.accepted, 1) << before.last_error;

    serve_badly(provider, row, all);
    ASSERT_TRUE(host_.run_until_true([&] { return !feed->status().last_error.empty(); }));
    app::FeedStatus const after = feed->status();
    EXPECT_EQ(inbox_.signals().size(), good);
    EXPECT_EQ(after.last_success, before.last_success);
    EXPECT_EQ(after.health, app::FeedHealth::kFresh);
    EXPECT_THAT(after.last_error, HasSubstr(row.words));
    EXPECT_GT(after.last_error.size(), 10U);
    EXPECT_EQ(after.polls, 2);
    EXPECT_EQ(after.accepted, 1);
    EXPECT_EQ(after.rejected, row.arrived ? 1 : 0);
    expect_next(after, provider, row);

    serve_well(provider, 215);
    if (after.given_up) {
      host_.run_for(hours{24});
      EXPECT_EQ(inbox_.signals().size(), good);
    } else {
      ASSERT_TRUE(host_.run_until_true([&] { return feed->status().accepted == 2; }))
          << feed->status().last_error;
      EXPECT_EQ(inbox_.signals().size(), good + 1);
      EXPECT_EQ(feed->status().last_error, "");
    }
    feed->stop();
    host_.run_for(hours{2});
    host_.clock.set(host_.clock.now() + hours{24});
    host_.stop();
    log_.clear();
  }
  for (std::string const& line : log_) EXPECT_THAT(line, testing::Not(HasSubstr("a-token")));
}

Hostile status_row(std::string name, int status, std::string body, std::string type, std::string words) {
  return {std::move(name),
          [status, body, type](auto const&, auto const&, Instant) { return served(status, body, type); },
          words.empty() ? "HTTP status " + std::to_string(status) : std::move(words),
          Hostile::Next::kByStatus, status};
}

// The good entries, changed.
Hostile entries_row(std::string name, std::string words, std::function<void(Entries&)> change) {
  return {std::move(name),
          [change = std::move(change)](ProviderDouble const& provider, std::string const& url, Instant now) {
            Entries entries = provider.entries(url, now, 200);
            change(entries);
            return served(200, provider.body(provider, url, entries, now));
          },
          std::move(words)};
}

void each_value(Entries& entries, std::function<std::string(double)> const& change) {
  for (test::Entry& entry : entries) entry.value = change(std::stod(entry.value));
}

std::vector<Hostile> status_rows() {
  std::string const html = "<html><h1>403 Forbidden</h1></html>";
  std::string const json = R"({"message":"so it is"})";
  std::vector<Hostile> rows{
      status_row("Html", 200, html, "text/html", "`text/html`, not JSON"),
      status_row("HtmlCalledJson", 200, html, "application/json", "not usable JSON"),
      status_row("WrongType", 200, "{}", "application/octet-stream", "not JSON"),
      status_row("NoType", 200, "{}", "", "not JSON"),
      status_row("EmptyObject", 200, "{}", "application/json", "the reply"),
      status_row("EmptyList", 200, "[]", "application/json", "the reply"),
      status_row("Empty", 200, "", "application/json", "it is empty"),
      status_row("NoContent", 204, "", "", ""),
      status_row("NotModifiedUnasked", 304, "", "", ""),
      status_row("HtmlForbidden", 403, html, "text/html", ""),
      status_row("BadGateway", 502, html, "text/html", ""),
  };
  rows[9].next = Hostile::Next::kBackoff;
  for (int const status : {400, 401, 403, 404, 410, 422, 500}) {
    rows.push_back(status_row("Status" + std::to_string(status), status, json, "application/json", ""));
  }
  rows.push_back(status_row("Overloaded", 503, json, "application/json", "asks for a pause"));
  rows.back().next = Hostile::Next::kOverload;
  for (char const* asked : {"120", "Tue, 10 Mar 2026"}) {
    bool const number = asked[0] == '1';
    Hostile row{number ? "RetryAfterSeconds" : "RetryAfterDate",
                [number](auto const&, auto const&, Instant now) {
                  auto reply = served(number ? 429 : 503, "{}");
                  Instant const until = now + seconds{120} + reply.takes;
                  std::string const text = core::utc_text(std::chrono::floor<seconds>(until));
                  std::string const clock =
                      text.size() > 18 ? text.substr(11, 8) : text.substr(11, 5) + ":00";
                  std::string const date = text.substr(8, 2) + " Mar 2026 " + clock + " GMT";
                  reply.result->retry_after = number ? "120" : "Tue, " + date;
                  return reply;
                },
                "asks for a pause", Hostile::Next::kAsAsked};
    rows.push_back(std::move(row));
  }
  rows.push_back({"RedirectElsewhere",
                  [](auto const&, auto const&, Instant) {
                    auto reply = served(302, "", "text/html");
                    reply.result->location = "http://169.254.169.254/latest";
                    return reply;
                  },
                  "http://169.254.169.254/, which is not followed"});
  return rows;
}

std::vector<Hostile> transport_rows() {
  return {
      {"HugeBody", [](auto const&, auto const&, Instant) { return served(200, std::string(5U << 20, ' ')); },
       "larger than"},
      {"SlowDrip",
       [](auto const&, auto const&, Instant) {
         auto reply = served(200, "{}");
         reply.takes = hours{1};
         return reply;
       },
       "too long", Hostile::Next::kBackoff, 200, false},
      {"NoConnection",
       [](auto const&, auto const&, Instant) {
         return FakeHost::Served{core::fail(core::ErrorCode::kUnavailable, "CONNECT", "no connection to it")};
       },
       "no connection", Hostile::Next::kBackoff, 200, false},
      {"Truncated",
       [](ProviderDouble const& provider, std::string const& url, Instant now) {
         std::string const body = provider.good(url, now, 200);
         return served(200, body.substr(0, body.size() / 2));
       },
       "not usable JSON"},
      {"Trailing",
       [](ProviderDouble const& provider, std::string const& url, Instant now) {
         return served(200, provider.good(url, now, 200) + "{}");
       },
       "not usable JSON"},
      {"ErrorInOk",
       [](auto const&, auto const&, Instant) {
         return served(200, R"({"error":{"code":"500","message":"gone fishing"},"title":"gone fishing",)"
                            R"("error_code":"1","message":"gone fishing"})");
       },
       "gone fishing"},
      {"Nested", [](auto const&, auto const&, Instant) { return served(200, std::string(100'000, '[')); },
       "not usable JSON"}};
}

std::vector<Hostile> figure_rows() {
  std::vector<Hostile> rows{
      entries_row("Infinite", "not finite", [](Entries& e) { e[2].value = "1e999"; }),
      entries_row("Nan", "not usable JSON", [](Entries& e) { e[2].value = "NaN"; }),
      entries_row("Text", "not a number", [](Entries& e) { e[2].value = "\"plenty\""; }),
      entries_row("Negative", "outside 0..1500", [](Entries& e) { e[2].value = "-5"; }),
      entries_row("Enormous", "outside 0..1500", [](Entries& e) { e[2].value = "1e300"; }),
      entries_row("AllNull", "no data", [](Entries& e) { each_value(e, [](double) { return "null"; }); }),
      entries_row("TimesThousand", "outside 0..1500",
                  [](Entries& e) { each_value(e, [](double v) { return std::to_string(v * 1000); }); }),
      entries_row("Frozen", "frozen",
                  [](Entries& e) {
                    std::string const first = e[0].value;
                    each_value(e, [&](double) { return first; });
                  }),
      entries_row("FarAhead", "",
                  [](Entries& e) {
                    for (auto& entry : e) entry.begin += hours{24 * 20};
                  }),
      entries_row("YearsAhead", "",
                  [](Entries& e) {
                    for (auto& entry : e) entry.begin += hours{24 * 3650};
                  }),
      entries_row("FarBack", "",
                  [](Entries& e) {
                    for (auto& entry : e) entry.begin -= hours{24 * 20};
                  }),
      // Hours before 1970 are negative: they indexed rings before their first element.
      entries_row("BeforeTheEpoch", "", [](Entries& e) { e[0].begin -= hours{24 * 365 * 60}; }),
      entries_row("Duplicate", "appears twice", [](Entries& e) { e.insert(e.begin() + 3, e[3]); }),
      entries_row("Unsorted", "out of order", [](Entries& e) { std::swap(e[3], e[4]); }),
      entries_row("OffTheStep", "", [](Entries& e) { e[3].begin += seconds{60}; }),
  };
  return rows;
}

std::vector<Parameter> table() {
  std::vector<Parameter> out;
  for (ProviderDouble const& provider : test::provider_doubles()) {
    for (auto const& rows : {status_rows(), transport_rows(), figure_rows()}) {
      for (Hostile const& row : rows) {
        // These two leave out what their forecasts say of the past.
        bool const unread = provider.name == "neso" || provider.name == "energinet";
        if (row.name == "BeforeTheEpoch" && unread) continue;
        out.emplace_back(provider, row);
      }
    }
  }
  return out;
}

// What says which regions an account may read, served badly: it never matters.
class HostileAccess : public ContractBase, public testing::WithParamInterface<Hostile> {};

std::vector<Hostile> access_rows() {
  auto rows = status_rows();
  for (Hostile const& row : transport_rows()) rows.push_back(row);
  for (std::string const body :
       {R"({"signal_types":{}})", R"({"signal_types":[7]})",
        R"({"signal_types":[{"signal_type":"co2_moer"}]})",
        R"({"signal_types":[{"signal_type":"co2_moer","regions":[{"region":null}]}]})"}) {
    rows.push_back(status_row("Shape" + std::to_string(rows.size()), 200, body, "application/json", ""));
  }
  return rows;
}
void PrintTo(Hostile const& row, std::ostream* out) {
  *out << row.name;
}

TEST_P(HostileAccess, DoesNotKeepTheFiguresAway) {
  Hostile const& row = GetParam();
  auto const provider = test::provider_doubles()[0];
  ASSERT_EQ(provider.name, "watttime");
  host_.serve = [&](HttpRequest const& request) {
    Instant const now = host_.clock.now();
    if (provider.is_access(request.url)) return row.serve(provider, request.url, now);
    return served(200, provider.good(request.url, now, 200));
  };
  auto const feed = feed_of(provider);
  feed->start();
  host_.run_for(hours{1});
  app::FeedStatus const status = feed->status();
  EXPECT_EQ(status.rejected, 0);
  EXPECT_GE(status.accepted, 10);
  EXPECT_EQ(status.last_error, "");
  EXPECT_TRUE(log_.empty());
  auto const asked = std::count_if(host_.asked.begin(), host_.asked.end(),
                                   [&](auto const& each) { return provider.is_access(each.request.url); });
  EXPECT_GE(asked, 1);
  EXPECT_LE(asked, kAccessTries);
}

INSTANTIATE_TEST_SUITE_P(Watttime, HostileAccess, testing::ValuesIn(access_rows()),
                         [](auto const& row) { return row.param.name; });
INSTANTIATE_TEST_SUITE_P(Provider, GoodReply, testing::ValuesIn(test::provider_doubles()),
                         [](auto const& row) { return row.param.name; });
INSTANTIATE_TEST_SUITE_P(Provider, HostileReply, testing::ValuesIn(table()),
                         [](auto const& row) { return row.param.first.name + "_" + row.param.second.name; });

TEST(ProviderDoubles, CoverTheCatalogue) {
  std::vector<std::string> doubles;
  for (auto const& each : test::provider_doubles()) doubles.push_back(each.name);
  std::vector<std::string> known;
  for (CatalogueEntry const& each : catalogue()) known.emplace_back(each.provider);
  EXPECT_EQ(doubles, known);
}

}  // namespace
}  // namespace greenq::feed
