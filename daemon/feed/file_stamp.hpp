// Whether a file is still the one that was read.
#pragma once

#include <sys/types.h>

#include <string>
#include <tuple>

namespace greenq::feed {

// What changes when a file or a directory does; all zero: there is none. Device, inode, size, time of change.
using FileStamp = std::tuple<dev_t, ino_t, off_t, time_t, long>;

// Follows links. May block where the file system does.
FileStamp stamp_of(std::string const& path);

}  // namespace greenq::feed
