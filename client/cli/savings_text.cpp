#include "client/cli/savings_text.hpp"

#include <fmt/format.h>

#include "client/cli/footprint_text.hpp"
#include "client/cli/format.hpp"

namespace greenq::client {
namespace {

std::string jobs_text(std::int64_t jobs) {
  return fmt::format("{} {}", jobs, jobs == 1 ? "job" : "jobs");
}

std::string share_text(v1::SavingBook const& book) {
  if (book.plain_queue_mg() <= 0) return {};
  return " (" +
         percent_text(static_cast<double>(book.saving_mg()) / static_cast<double>(book.plain_queue_mg())) +
         ')';
}

std::string books_table(v1::Savings const& savings, Style style) {
  Table table({{"CO2e"}, {"MARGINAL", Table::Align::kRight}, {"AVERAGE", Table::Align::kRight}});
  auto const add = [&](std::string title, auto const& cell) {
    table.add({std::move(title), cell(savings.marginal()), cell(savings.average())});
  };
  using Book = v1::SavingBook;
  add("as they ran",
      [](Book const& b) { return b.has_actual_mg() ? carbon_text(b.actual_mg()) : "unknown"; });
  add("in the plain queue (modelled)",
      [](Book const& b) { return b.has_plain_queue_mg() ? carbon_text(b.plain_queue_mg()) : "unknown"; });
  add("saved", [](Book const& b) {
    return b.has_saving_mg() ? carbon_text(b.saving_mg()) + share_text(b) : "unknown";
  });
  add("jobs", [](Book const& b) { return std::to_string(b.jobs()); });
  add("their energy", [](Book const& b) { return b.jobs() > 0 ? energy_text(b.energy_mj()) : "-"; });
  return table.text(true, style);
}

std::string no_interval_text(v1::Savings const& savings) {
  if (savings.days() >= savings.days_needed())
    return fmt::format("no interval: too few days with known figures, it needs {}", savings.days_needed());
  return fmt::format("no interval: it needs jobs submitted on {} days, these are of {}",
                     savings.days_needed(), savings.days());
}

std::string book_words(char const* name, v1::SavingBook const& book, v1::Savings const& savings) {
  if (!book.has_saving_mg()) return fmt::format("{}: no job with known energy and intensity.\n", name);
  auto text = fmt::format("{}: {}, ", name, saved_words(book.saving_mg()));
  text += book.has_saving_low_mg()
              ? range_words(book.saving_low_mg(), book.saving_high_mg()) + " (90 % interval)"
              : no_interval_text(savings);
  if (book.provisional_jobs() > 0)
    text += fmt::format("; not final for {}", jobs_text(book.provisional_jobs()));
  return text + ".\n";
}

std::string waits_table(v1::Savings const& savings, Style style) {
  Table table(
      {{"WAITS"}, {"AS THEY RAN", Table::Align::kRight}, {"PLAIN QUEUE (modelled)", Table::Align::kRight}});
  auto const add = [&](std::string title, auto const& cell) {
    table.add({std::move(title), cell(savings.actual()), cell(savings.plain_queue())});
  };
  using Figures = v1::QueueFigures;
  auto const time = [](std::int64_t ms) { return duration_text(Milliseconds(ms)); };
  add("until the start, mean", [&](Figures const& f) { return time(f.mean_wait_ms()); });
  add("until the start, 95 % within", [&](Figures const& f) { return time(f.p95_wait_ms()); });
  add("in all, with pauses, mean", [&](Figures const& f) { return time(f.mean_delay_ms()); });
  add("in all, with pauses, 95 % within", [&](Figures const& f) { return time(f.p95_delay_ms()); });
  add("bounds missed by over 1 min",
      [&](Figures const& f) { return fmt::format("{} of {}", f.missed_bounds(), savings.bounded_jobs()); });
  return table.text(true, style);
}

std::string reason_words(v1::LeftOutJobs::Reason reason) {
  switch (reason) {
    case v1::LeftOutJobs::REASON_NOT_ENDED:
      return "not ended (they compete in the plain queue)";
    case v1::LeftOutJobs::REASON_NEVER_RAN:
      return "never ran";
    case v1::LeftOutJobs::REASON_DOES_NOT_FIT:
      return "need more than the machine has now";
    case v1::LeftOutJobs::REASON_ENERGY_UNKNOWN:
      return "with unknown energy";
    default:  // default: values of a newer daemon
      return "other reasons";
  }
}

std::string left_out_text(v1::Savings const& savings) {
  std::string text;
  auto const add = [&](std::int64_t jobs, std::string const& why) {
    if (jobs > 0) text += fmt::format("{}{} {}", text.empty() ? "Left out: " : "; ", jobs, why);
  };
  for (auto const& one : savings.left_out()) add(one.jobs(), reason_words(one.reason()));
  add(savings.marginal().unpriced_jobs(), "without a marginal intensity");
  add(savings.average().unpriced_jobs(), "without an average intensity");
  return text.empty() ? text : text + ".\n";
}

std::string assumption_text(v1::Savings const& savings) {
  auto const& machine = savings.capacity();
  auto text =
      fmt::format("Plain queue: the same submissions on this machine as it is now ({} {}, {}", machine.cpus(),
                  machine.cpus() == 1 ? "CPU" : "CPUs", bytes_text(machine.memory_bytes()));
  for (auto const& gpus : machine.gpus()) text += fmt::format(", {} x {}", gpus.count(), safe(gpus.model()));
  return text + fmt::format("),\nfirst come, first served with backfill, blind to carbon; {} competed.\n",
                            jobs_text(savings.queued_jobs()));
}

}  // namespace

std::string saved_words(std::int64_t saving_mg) {
  if (saving_mg == 0) return "as much as the plain queue";
  return carbon_text(std::abs(saving_mg)) + (saving_mg > 0 ? " less" : " more") + " than the plain queue";
}

std::string range_words(std::int64_t low_mg, std::int64_t high_mg) {
  if (low_mg == 0 && high_mg == 0) return "no less and no more";
  if (high_mg <= 0 && low_mg < 0)
    return fmt::format("between {} and {} more", carbon_text(-high_mg), carbon_text(-low_mg));
  if (low_mg < 0)
    return fmt::format("between {} more and {} less", carbon_text(-low_mg), carbon_text(high_mg));
  return fmt::format("between {} and {} less", carbon_text(low_mg), carbon_text(high_mg));
}

std::string savings_text(v1::Savings const& savings, UtcTime now, Style style) {
  auto const end = local_time(instant(savings.ended_before()), {}) + ' ' + zone_name(now);
  if (savings.jobs() == 0 && savings.left_out_size() == 0) {
    return fmt::format("No job has ended from {} to {}.\n", local_time(instant(savings.ended_after()), {}),
                       end);
  }
  auto out = style.bold("Savings beside a plain queue") +
             fmt::format(": {} that ended from {} to {}\n", jobs_text(savings.jobs()),
                         local_time(instant(savings.ended_after()), {}), end);
  if (savings.jobs() > 0) {
    out += books_table(savings, style) + book_words("Marginal", savings.marginal(), savings) +
           book_words("Average", savings.average(), savings) + '\n' + waits_table(savings, style) + '\n';
    if (savings.pue() > 1) out += fmt::format("Carbon includes PUE {:.2f}.\n", savings.pue());
    out += "Energy: " + quality_text(savings.energy()) + ".\n";
    if (savings.energy().unknown_device_ms() > 0) {
      out += "Unknown: " + duration_text(Milliseconds(savings.energy().unknown_device_ms())) +
             " of device time without a reading; not counted as zero.\n";
    }
  }
  out += left_out_text(savings) + assumption_text(savings);
  SourceLines sources(now);
  for (auto const* book : {&savings.marginal(), &savings.average()}) {
    if (book->jobs() > 0) sources.add(book->source());
  }
  out += sources.text();
  auto const caveat =
      "An interval tells how much the total depends on which days were in it, not how wrong the signal may "
      "be.\n";
  if (savings.marginal().has_saving_low_mg() || savings.average().has_saving_low_mg())
    out += style.dim(caveat);
  if (savings.jobs() > 0)
    out += style.dim("The books answer different questions and are never added.") + '\n';
  return out;
}

}  // namespace greenq::client
