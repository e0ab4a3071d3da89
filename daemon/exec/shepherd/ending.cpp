// How a job ended, and the sentence that tells it.
#include <cstring>

#include "exec/shepherd/supervisor.hpp"

namespace greenq::shepherd {

using core::Outcome;

core::SegmentEnd Supervisor::judge(std::int64_t oom_kills) const {
  core::SegmentEnd end{Outcome::kExited, main_status_, main_ended_at_, {}};
  bool const clean = !main_signaled_ && main_status_ == 0;
  bool const checkpointed =
      pause_requested_ && !main_signaled_ && main_status_ == attempt_.launch.checkpoint_exit_code;
  if (cause_ == Outcome::kCancelled) {
    end.outcome = Outcome::kCancelled;
  } else if (checkpointed) {
    end.outcome = Outcome::kPaused;
  } else if (cause_) {
    end.outcome = *cause_;
  } else if (oom_kills > 0 && !clean) {
    end.outcome = Outcome::kOom;
  } else if (main_signaled_) {
    end.outcome = Outcome::kSignaled;
  }
  end.message = sentence(end.outcome, end.status);
  return end;
}

std::string Supervisor::sentence(Outcome outcome, int status) const {
  switch (outcome) {
    case Outcome::kExited:
      return "ended with exit status " + std::to_string(status);
    case Outcome::kSignaled:
      return "was ended by signal " + std::to_string(status) + " (" + ::strsignal(status) + ")";
    case Outcome::kTimeLimit:
      return "was stopped at its time limit; ask for more with time_limit";
    case Outcome::kCancelled:
      return killed_by_us_ ? "was cancelled, and killed after its grace period" : "was cancelled";
    case Outcome::kOom:
      return "used more memory than its limit of " + std::to_string(attempt_.launch.memory_bytes >> 20) +
             " MiB; ask for more with resources.memory";
    case Outcome::kPaused:
      return "wrote its checkpoint and stopped with exit status " + std::to_string(status);
    case Outcome::kCouldNotStart:
    case Outcome::kLost:
      break;
  }
  return {};
}

}  // namespace greenq::shepherd
