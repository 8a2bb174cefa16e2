#include "apps/study/runs/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "core/error.h"
#include "core/files/file.h"
#include "core/program/exit_status.h"

namespace denovo::study {
namespace {

/// Between fork and exec: system calls alone.
[[noreturn]] void become(char* const* arguments, int log, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, kStopSignal);
  if (getppid() != parent) _exit(kSignalStatus + kStopSignal);  // it died before the line above
  close(STDIN_FILENO);
  if (open("/dev/null", O_RDONLY) != STDIN_FILENO || dup2(log, STDOUT_FILENO) < 0 ||
      dup2(log, STDERR_FILENO) < 0)
    _exit(kCannotRun);
  execvp(arguments[0], arguments);
  _exit(kCannotRun);
}

int exit_status(int status) {
  return WIFSIGNALED(status) ? kSignalStatus + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, const std::string& log) {
  const FileDescriptor file(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (file.get() < 0)
    throw ResourceError(fmt::format("{}: cannot be written, got '{}'", log, std::strerror(errno)));
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0)
    throw ResourceError(
        fmt::format("{}: cannot be started, got '{}'", command[0], std::strerror(errno)));
  if (pid_ == 0) become(arguments.data(), file.get(), parent);
}

ChildProcess::~ChildProcess() {
  if (status_) return;
  send(kStopSignal);
  wait();
}

std::optional<int> ChildProcess::poll() {
  int status = 0;
  if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = exit_status(status);
  return status_;
}

int ChildProcess::wait() {
  int status = 0;
  while (!status_) {
    if (waitpid(pid_, &status, 0) == pid_) status_ = exit_status(status);
  }
  return *status_;
}

void ChildProcess::send(int signal) const {
  if (!status_) kill(pid_, signal);
}

std::string last_words(const std::string& log, int64_t from) {
  const FileReader file(log);
  std::string text(static_cast<size_t>(std::max<int64_t>(0, file.size() - from)), '\0');
  file.read_at(from, text.data(), static_cast<int64_t>(text.size()));
  std::string last, sentence;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    for (const std::string program : {"train_coco: ", "pretrain_imagenet: "})
      if (line.starts_with(program)) sentence = line.substr(program.size());
    last = std::move(line);
  }
  return sentence.empty() ? last : sentence;
}

std::string reason_of_end(int status, const std::string& words) {
  if (status > kSignalStatus) return fmt::format("ended by signal {}", status - kSignalStatus);
  return words.empty() ? fmt::format("ended with status {}", status) : words;
}

void throw_failure(int status, const std::string& id, const std::vector<std::string>& command,
                   const std::string& words) {
  if (status == kCannotRun)
    throw ConfigError(fmt::format("{}: {} cannot be run", id, command.front()));
  const std::string sentence = fmt::format("{}: {}", id, reason_of_end(status, words));
  switch (status) {
    case kUsageStatus:
      throw ConfigError(sentence);
    case kDataStatus:
      throw IoError(sentence);
    case kExhaustedStatus:
      throw ResourceError(sentence);
    default:
      throw Error(sentence);
  }
}

std::string sibling_program(const std::string& name) {
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe");
  const std::string path = own.parent_path() / name;
  if (access(path.c_str(), X_OK) != 0) {
    throw ConfigError(fmt::format("{}: must be a program, as it is built with {}; it is not there",
                                  path, own.filename().string()));
  }
  return path;
}

}  // namespace denovo::study
