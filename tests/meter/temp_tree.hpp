// A folder of fake files that lives as long as the object.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace greenq::test {

class TempTree {
 public:
  TempTree() {
    std::string pattern = (std::filesystem::temp_directory_path() / "greenq-meter-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~TempTree() {
    std::error_code error;
    std::filesystem::remove_all(root_, error);
  }
  TempTree(TempTree const&) = delete;
  TempTree& operator=(TempTree const&) = delete;

  std::filesystem::path const& root() const { return root_; }
  std::filesystem::path path(std::string const& name) const { return root_ / name; }

  void write(std::string const& name, std::string const& text) const {
    std::filesystem::create_directories(path(name).parent_path());
    std::ofstream(path(name)) << text;
  }
  void append(std::string const& name, std::string const& text) const {
    std::ofstream(path(name), std::ios::app) << text;
  }
  // Replaces the file at once, for readers that run at the same time.
  void replace(std::string const& name, std::string const& text) const {
    write(name + ".new", text);
    std::filesystem::rename(path(name + ".new"), path(name));
  }
  void remove(std::string const& name) const { std::filesystem::remove_all(path(name)); }

  // A powercap zone "intel-rapl:0" or, nested, "intel-rapl:0/intel-rapl:0:0".
  void zone(std::string const& folder, std::string const& name, std::string const& energy_uj,
            std::string const& max_range_uj = "262143328850") const {
    std::string const base = "class/powercap/" + folder + "/";
    write(base + "name", name + "\n");
    write(base + "energy_uj", energy_uj + "\n");
    if (!max_range_uj.empty()) write(base + "max_energy_range_uj", max_range_uj + "\n");
  }

 private:
  std::filesystem::path root_;
};

}  // namespace greenq::test
