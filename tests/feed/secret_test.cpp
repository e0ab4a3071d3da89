#include "feed/secret.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "tests/support/temp_dir.hpp"

namespace greenq::feed {
namespace {

using testing::HasSubstr;
using testing::Not;

using Variables = std::map<std::string, std::string>;

std::function<std::optional<std::string>(std::string const&)> environment(Variables variables) {
  return [variables = std::move(variables)](std::string const& name) {
    auto const found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

class SecretTest : public testing::Test {
 protected:
  std::string write(std::string const& text, mode_t mode = 0600) {
    std::filesystem::remove(dir_.path() / "secret");
    std::string const path = dir_.write("secret", text);
    ::chmod(path.c_str(), mode);
    return path;
  }
  static std::string problem(std::string const& name, Variables variables = {}) {
    auto const secret = read_secret(name, environment(std::move(variables)));
    if (secret) return "accepted: " + *secret;
    EXPECT_EQ(secret.error().reason, "BAD_SECRET");
    return secret.error().message;
  }
  test::TempDir dir_;
};

TEST_F(SecretTest, TheFirstLineOfAPrivateFile) {
  EXPECT_EQ(problem(write("pass word\n")), "accepted: pass word");
  EXPECT_EQ(problem(write("pass:word")), "accepted: pass:word");
  EXPECT_EQ(problem(write("windows\r\nmore\n")), "accepted: windows");
  EXPECT_EQ(problem(write("p\xc3\xa4ss\n", 0400)), "accepted: p\xc3\xa4ss");
  EXPECT_EQ(problem(write(std::string(16 * 1024, 'x'))), "accepted: " + std::string(16 * 1024, 'x'));
}

TEST_F(SecretTest, OthersMustNotBeAbleToReadIt) {
  for (mode_t const mode : {0640U, 0604U, 0660U, 0644U, 0610U, 0602U}) {
    std::string const path = write("hidden-word\n", mode);
    EXPECT_THAT(problem(path), HasSubstr("may be read by others; run: chmod 600 " + path));
    EXPECT_THAT(problem(path), Not(HasSubstr("hidden-word")));
  }
}

TEST_F(SecretTest, SaysWhatIsWrongAndNeverWhatIsInIt) {
  EXPECT_THAT(problem("/nonexistent/secret"), HasSubstr("/nonexistent/secret cannot be read: No such file"));
  EXPECT_THAT(problem(write("")), HasSubstr("is empty"));
  EXPECT_THAT(problem(write("\nhidden-word\n")), HasSubstr("is empty"));
  EXPECT_THAT(problem(write("\r\n")), HasSubstr("is empty"));
  EXPECT_THAT(problem(write(std::string(16 * 1024 + 1, 'x'))), HasSubstr("larger than 16 KiB"));
  for (std::string const& text :
       {std::string("hidden\tword"), std::string("hidden\0word", 11), std::string("hidden\x1b[0m"),
        std::string("hidden\x7f"), std::string("a\rb")}) {
    EXPECT_THAT(problem(write(text)), HasSubstr("holds control characters"));
    EXPECT_THAT(problem(write(text)), Not(HasSubstr("hidden")));
  }
}

TEST_F(SecretTest, OnlyRegularFilesAreRead) {
  std::string const fifo = (dir_.path() / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(problem(fifo), HasSubstr("is no readable file"));  // and does not wait for a writer
  EXPECT_THAT(problem(dir_.path().string()), HasSubstr("is no readable file"));
  EXPECT_THAT(problem("/dev/null"), HasSubstr("is no readable file"));
}

TEST_F(SecretTest, ABareNameIsACredential) {
  write("hidden-word\n", 0440);  // as systemd makes them
  Variables const variables{{"CREDENTIALS_DIRECTORY", dir_.path().string()}};
  EXPECT_EQ(problem("secret", variables), "accepted: hidden-word");
  EXPECT_THAT(problem("other", variables), HasSubstr("/other cannot be read"));
  EXPECT_THAT(problem("..", variables), HasSubstr("is no readable file"));
  EXPECT_THAT(problem("secret"), HasSubstr("$CREDENTIALS_DIRECTORY is not set"));
  EXPECT_THAT(problem("secret", {{"CREDENTIALS_DIRECTORY", ""}}), HasSubstr("is not set"));
  EXPECT_THAT(problem("secret"), HasSubstr("LoadCredential="));
}

std::string proxy(Variables variables, std::string const& host = "api.watttime.org") {
  return proxy_from(environment(std::move(variables)), host);
}

TEST(ProxyFrom, TheEnvironment) {
  EXPECT_EQ(proxy({}), "");
  EXPECT_EQ(proxy({{"HTTPS_PROXY", "http://p:1"}}), "http://p:1");
  EXPECT_EQ(proxy({{"https_proxy", "http://p:1"}}), "http://p:1");
  EXPECT_EQ(proxy({{"HTTPS_PROXY", "http://p:1"}, {"https_proxy", "http://q:2"}}), "http://p:1");
  EXPECT_EQ(proxy({{"HTTPS_PROXY", ""}}), "");
  EXPECT_EQ(proxy({{"HTTP_PROXY", "http://p:1"}}), "");
}

TEST(ProxyFrom, NoProxyExemptsHostsAndTheirDomains) {
  auto const with = [](std::string const& exempt, std::string const& host = "api.watttime.org") {
    return proxy({{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", exempt}}, host);
  };
  for (char const* exempt : {"*", "api.watttime.org", "watttime.org", ".watttime.org", "org",
                             "a.test, watttime.org ", "WattTime.ORG", "x,*"}) {
    EXPECT_EQ(with(exempt), "") << exempt;
  }
  for (char const* exempt :
       {"", ",", ".", "time.org", "watttime.or", "api.watttime.org.evil.test", "v3.api.watttime.org"}) {
    EXPECT_EQ(with(exempt), "http://p:1") << exempt;
  }
  EXPECT_EQ(with("watttime.org", "API.WattTime.org"), "");
  EXPECT_EQ(proxy({{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "watttime.org"}}), "");
}

}  // namespace
}  // namespace greenq::feed
