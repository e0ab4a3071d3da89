// A few threads that run short tasks in order of arrival.
//
// Two of these exist in the rpc room: the courier (one thread, never blocks) carries answers from the core
// thread to gRPC, so that the core never serialises or writes to sockets; the workers do what
// may block (job checks, logs, sensors, names of users).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace greenq::rpc {

class Tasks {
 public:
  using Task = std::function<void()>;

  Tasks(int threads, std::size_t limit);
  ~Tasks();  // stop()
  Tasks(Tasks const&) = delete;
  Tasks& operator=(Tasks const&) = delete;

  // False when the queue is full; the task is dropped. Any thread.
  bool offer(Task task);
  // For answers: their number is bounded by the calls in flight. Any thread.
  void push(Task task);
  // Runs what is queued, then joins; later tasks are dropped. Not from a task.
  void stop();

 private:
  void run();

  std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Task> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace greenq::rpc
