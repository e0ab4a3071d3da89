#include "simulate/text_file.hpp"

#include <filesystem>
#include <fstream>

namespace greenq::simulate {

std::optional<std::string> read_text(std::string const& path, std::size_t most_bytes, Problems& problems) {
  std::error_code failed;
  auto const size = std::filesystem::file_size(path, failed);
  if (failed) {
    problems.add(path, "cannot be read (" + failed.message() + "); check the path and its permissions");
    return std::nullopt;
  }
  if (size > most_bytes) {
    problems.add(path, "is larger than " + std::to_string(most_bytes >> 20) + " MiB");
    return std::nullopt;
  }
  std::string text(size, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(text.data(), static_cast<std::streamsize>(size))) {
    problems.add(path, "cannot be read; check its permissions");
    return std::nullopt;
  }
  return text;
}

void write_text(std::string const& path, std::string const& text, Problems& problems) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) problems.add(path, "cannot be written; check the folder and its permissions");
}

}  // namespace greenq::simulate
