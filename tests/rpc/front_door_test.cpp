// The listening socket and the accept loop, without gRPC.
#include "rpc/front_door.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cstring>
#include <fstream>
#include <mutex>

#include "rpc/sockets.hpp"

namespace greenq::rpc {
namespace {

class FrontDoorTest : public testing::Test {
 protected:
  test::TempDir dir_;
  SocketOptions options_{dir_.path() / "d.sock", 0600, 0700};
};

mode_t mode_of(std::filesystem::path const& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777U;
}

TEST_F(FrontDoorTest, MakesDirectoryAndSocketWithTheirModes) {
  options_.path = dir_.path() / "run" / "d.sock";
  options_.socket_mode = 0666;
  options_.directory_mode = 0755;
  {
    auto const socket = ListeningSocket::open(options_);
    ASSERT_TRUE(socket) << socket.error().message;
    EXPECT_EQ(mode_of(options_.path), 0666U);
    EXPECT_EQ(mode_of(dir_.path() / "run"), 0755U);
    EXPECT_TRUE(test::connect_to(options_.path));
  }
  EXPECT_FALSE(std::filesystem::exists(options_.path));
}

TEST_F(FrontDoorTest, LiveSocketIsRefused) {
  auto const first = ListeningSocket::open(options_);
  ASSERT_TRUE(first);
  auto const second = ListeningSocket::open(options_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, "SOCKET_IN_USE");
  EXPECT_TRUE(test::connect_to(options_.path)) << "the living one was displaced";
}

TEST_F(FrontDoorTest, ForeignListenerIsRefusedEvenWithoutALock) {
  UniqueFd const other = test::listen_at(options_.path);
  auto const socket = ListeningSocket::open(options_);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().reason, "SOCKET_IN_USE");
}

TEST_F(FrontDoorTest, StaleSocketIsReplaced) {
  { UniqueFd const dead = test::listen_at(options_.path); }
  ASSERT_TRUE(std::filesystem::exists(options_.path));
  auto const socket = ListeningSocket::open(options_);
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_TRUE(test::connect_to(options_.path));
}

TEST_F(FrontDoorTest, OtherFilesAreLeftAlone) {
  std::ofstream(options_.path) << "precious";
  auto const socket = ListeningSocket::open(options_);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().reason, "SOCKET_UNSAFE");
  std::string text;
  std::ifstream(options_.path) >> text;
  EXPECT_EQ(text, "precious");
}

TEST_F(FrontDoorTest, DirectoryThatOthersCanWriteIsRefused) {
  ASSERT_EQ(::chmod(dir_.path().c_str(), 0777), 0);
  auto const socket = ListeningSocket::open(options_);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().reason, "SOCKET_UNSAFE");
}

TEST_F(FrontDoorTest, LongPathIsRefusedInWords) {
  options_.path = dir_.path() / std::string(120, 'x');
  auto const socket = ListeningSocket::open(options_);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().reason, "SOCKET_PATH");
}

TEST_F(FrontDoorTest, PeerComesFromTheKernel) {
  ASSERT_EQ(::chmod(dir_.path().c_str(), 0755), 0);
  options_.socket_mode = 0666;
  std::mutex mutex;
  std::vector<Peer> peers;
  FrontDoor const door(std::move(*ListeningSocket::open(options_)), [&](UniqueFd, Peer const& peer) {
    std::lock_guard const lock(mutex);
    peers.push_back(peer);
    return true;
  });
  bool const root = ::geteuid() == 0;
  ASSERT_TRUE(test::connect_to(options_.path));
  ASSERT_TRUE(!root || test::connect_as(1001, options_.path));
  std::size_t const expected = root ? 2 : 1;
  ASSERT_TRUE(test::eventually([&] { return door.counters().accepted == expected; }));
  EXPECT_EQ(peers[0].uid, ::geteuid());
  EXPECT_EQ(peers[0].pid, ::getpid());
  if (root) {
    EXPECT_EQ(peers[1].uid, 1001U);
  }
}

TEST_F(FrontDoorTest, LimitsPerUserAndInAll) {
  PeerRegistry registry({2, 1000});
  std::mutex mutex;
  std::vector<UniqueFd> held;
  FrontDoor const door(std::move(*ListeningSocket::open(options_)), [&](UniqueFd fd, Peer const& peer) {
    if (!registry.put(fd.get(), peer)) return false;
    std::lock_guard const lock(mutex);
    held.push_back(std::move(fd));
    return true;
  });
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(test::connect_to(options_.path));
  ASSERT_TRUE(test::eventually([&] { return door.counters().accepted + door.counters().refused == 3; }));
  EXPECT_EQ(door.counters().refused, 1U);
  EXPECT_EQ(registry.count(::geteuid()), 2U);
  EXPECT_TRUE(registry.find("fd:" + std::to_string(held[0].get())));
  {
    std::lock_guard const lock(mutex);
    held.clear();
  }
  EXPECT_EQ(registry.count(), 0U);
  clients.push_back(test::connect_to(options_.path));
  ASSERT_TRUE(test::eventually([&] { return door.counters().accepted == 3; }));
}

TEST(PeerRegistry, UnderstandsOnlyDescriptors) {
  PeerRegistry registry({32, 1000});
  EXPECT_FALSE(registry.find("unix:"));
  EXPECT_FALSE(registry.find("fd:"));
  EXPECT_FALSE(registry.find("fd:5x"));
  EXPECT_FALSE(registry.find("ipv4:127.0.0.1:5"));
  EXPECT_FALSE(registry.find("fd:5"));
}

TEST(UserNames, AreAskedAgainAfterAWhileAndRememberedForGood) {
  int asked = 0;
  UserNames names(
      [&](std::uint32_t uid) { return "u" + std::to_string(uid) + "-" + std::to_string(++asked); });
  EXPECT_EQ(names.remembered(7), std::nullopt);
  EXPECT_EQ(names.name_of(7, 0), "u7-1");
  EXPECT_EQ(names.name_of(7, 299'999), "u7-1");
  EXPECT_EQ(names.name_of(7, 300'000), "u7-2");
  EXPECT_EQ(names.remembered(7), "u7-2");
  EXPECT_EQ(asked, 2);
}

// Such a moment made "0" the owner of a job for good, which its owner's lists then left out.
TEST(UserNames, ALookupThatFailsIsNotTakenForNoSuchUser) {
  if (test::kSanitizerNeedsDescriptors) GTEST_SKIP() << "the sanitizer needs descriptors";
  UserNames names({});
  {
    test::LowFdLimit const low(0);
    auto const refused = names.name_of(0, 0);
    ASSERT_FALSE(refused) << *refused;
    EXPECT_EQ(refused.error().code, core::ErrorCode::kUnavailable);
    EXPECT_EQ(refused.error().reason, "USER_LOOKUP_FAILED");
    EXPECT_NE(refused.error().message.find("try again"), std::string::npos);
    EXPECT_EQ(names.remembered(0), std::nullopt);
    EXPECT_FALSE(names.name_of(3'999'999'999, 0));
  }
  EXPECT_EQ(names.name_of(0, 0), "root");
  EXPECT_EQ(names.name_of(3'999'999'999, 0), "3999999999");
  test::LowFdLimit const low(0);
  EXPECT_EQ(names.name_of(0, 300'000), "root") << "what was known before holds";
}

// Without a descriptor for it the daemon ended with a broken invariant.
TEST_F(FrontDoorTest, NoDescriptorToWakeByIsAnError) {
  for (rlim_t more = 0; more < 3; ++more) {
    test::LowFdLimit const low(more);
    auto const socket = ListeningSocket::open(options_);
    ASSERT_FALSE(socket) << more;
    EXPECT_EQ(socket.error().reason, "SOCKET_FAILED") << socket.error().message;
  }
}

TEST_F(FrontDoorTest, RunningOutOfDescriptorsIsSurvived) {
  std::mutex mutex;
  std::vector<UniqueFd> held;
  FrontDoor const door(std::move(*ListeningSocket::open(options_)), [&](UniqueFd fd, Peer const&) {
    std::lock_guard const lock(mutex);
    held.push_back(std::move(fd));
    return true;
  });
  test::LowFdLimit const low(20);
  test::Swarm swarm(options_.path, 200);
  ASSERT_TRUE(test::eventually([&] { return door.counters().out_of_fds > 0; }));
  swarm.end();
  std::uint64_t before = 0;
  {
    std::lock_guard const lock(mutex);
    held.clear();
    before = door.counters().accepted;
  }
  ASSERT_TRUE(test::eventually([&] {
    std::lock_guard const lock(mutex);
    held.clear();  // connections of the dead swarm still come out of the backlog
    return door.counters().accepted > before;
  }));
  ASSERT_TRUE(test::eventually([&] {
    {
      std::lock_guard const lock(mutex);
      held.clear();
    }
    return static_cast<bool>(test::connect_to(options_.path));
  }));
}

}  // namespace
}  // namespace greenq::rpc
