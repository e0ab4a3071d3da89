// Any bytes as a line of energy.jsonl, written by a shepherd that may have been killed.
#include "meter/journal.hpp"

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  (void)greenq::meter::parse_journal_line({reinterpret_cast<char const*>(data), size});
  return 0;
}
