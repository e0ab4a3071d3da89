// Output that a full disk swallows: the log is a pipe that takes no more, and then does again.
#include "exec/shepherd/output.hpp"

#include <fcntl.h>

#include "tests/exec/support.hpp"

namespace greenq::exec::test {
namespace {

using testing::HasSubstr;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("no pipe");
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  std::string taken() const {
    std::string text(1 << 20, '\0');
    auto const n = ::read(read.get(), text.data(), text.size());
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
  }
};

TEST(Output, NamesTheGapOfALogThatCouldNotBeWritten) {
  Pipe job;
  Pipe log;
  shepherd::Output output(std::move(job.read), std::move(log.write), 1 << 20);
  ASSERT_GT(::fcntl(log.read.get(), F_SETPIPE_SZ, 4096), 0);
  std::string const text(6000, 'x');
  ASSERT_TRUE(write_all(job.write.get(), text));
  output.pump();
  EXPECT_EQ(output.lost_bytes(), 6000 - 4096);
  EXPECT_EQ(output.dropped_bytes(), output.lost_bytes());
  EXPECT_EQ(log.taken(), std::string(4096, 'x'));

  ASSERT_TRUE(write_all(job.write.get(), "later"));
  output.pump();
  auto const after = log.taken();
  EXPECT_THAT(after,
              HasSubstr("[greenq: 1904 bytes of output are missing here: the log could not be written]\n"));
  EXPECT_TRUE(after.ends_with("later"));
  EXPECT_EQ(output.lost_bytes(), 1904) << "what came later was kept";
}

TEST(Output, KeepsNothingBeforeTheGapIsNamed) {
  Pipe job;
  UniqueFd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
  ASSERT_TRUE(full);
  shepherd::Output output(std::move(job.read), std::move(full), 1 << 20);
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(write_all(job.write.get(), "ten bytes\n"));
    output.pump();
    EXPECT_EQ(output.lost_bytes(), 10 * i);
  }
}

}  // namespace
}  // namespace greenq::exec::test
