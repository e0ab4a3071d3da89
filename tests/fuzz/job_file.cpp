// Any bytes as job.yaml.
#include "client/cli/job_file.hpp"

#include <sstream>

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  using namespace greenq::client;
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  Environment env{out, err, in};
  env.variable = [](std::string const&) { return std::optional<std::string>{"value"}; };
  env.now = [] { return UtcTime{}; };
  env.new_uuid = [] { return std::string{"00000000-0000-7000-8000-000000000000"}; };
  env.home = "/home/ada";
  (void)parse_job_file("job.yaml", std::string{reinterpret_cast<char const*>(data), size}, {}, env,
                       "nothing was submitted");
  return 0;
}
