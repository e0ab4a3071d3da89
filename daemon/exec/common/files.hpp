// Small files of a run directory: owned descriptors, bounded reads, durable writes and the life lock.
//
// Everything is opened relative to a directory descriptor, never through a symbolic link, and close-on-exec.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "app/unique_fd.hpp"
#include "core/result.hpp"

namespace greenq::exec {

using app::UniqueFd;

std::string errno_text(int error);

// kNotFound when there is none; kUnavailable when it cannot be read at present; kInternal for what is no
// regular file and for more than `limit`.
core::Result<std::string> read_file_at(int dir, std::string const& name, std::size_t limit);
// Files of /proc, /sys and cgroups; empty when unreadable.
std::string read_whole(std::string const& path, std::size_t limit = 1 << 20);
bool write_whole(std::string const& path, std::string_view text);
bool write_all(int fd, std::string_view data);

// Temporary file, fsync, rename: after a crash the file is whole or not there.
core::Result<void> write_whole_at(int dir, std::string const& name, std::string_view content);
// And fsync of the directory: it is there, with everything that was made in the directory before.
core::Result<void> write_durably_at(int dir, std::string const& name, std::string_view content);

// True for errors of the moment or of the machine, not of the file: descriptors, memory, disk.
bool may_pass(int error);

// False leaves the reason in errno.
bool exists_at(int dir, std::string const& name);

// The shepherd holds this lock as long as it lives. Nothing when somebody else holds it.
std::optional<UniqueFd> try_lock_at(int dir);

// A descriptor of a directory, not through a symbolic link at its last name.
UniqueFd open_dir(std::string const& path);

}  // namespace greenq::exec
