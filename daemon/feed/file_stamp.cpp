#include "feed/file_stamp.hpp"

#include <sys/stat.h>

namespace greenq::feed {

FileStamp stamp_of(std::string const& path) {
  struct stat info {};
  if (path.empty() || ::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

}  // namespace greenq::feed
