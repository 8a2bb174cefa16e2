// A file with given text that lives as long as the object.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace denovo::testing {

class JsonTextFile {
 public:
  explicit JsonTextFile(const std::string& text, const std::string& name = "file.json") {
    std::string folder = (std::filesystem::temp_directory_path() / "denovo-XXXXXX").string();
    folder_ = mkdtemp(folder.data());
    path_ = folder_ + "/" + name;
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~JsonTextFile() { std::filesystem::remove_all(folder_); }
  JsonTextFile(const JsonTextFile&) = delete;
  JsonTextFile& operator=(const JsonTextFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string folder_, path_;
};

}  // namespace denovo::testing
