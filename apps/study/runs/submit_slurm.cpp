#include "apps/study/runs/submit_slurm.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <sstream>

#include "apps/study/runs/child_process.h"
#include "core/error.h"
#include "core/files/atomic_write.h"
#include "core/files/file.h"

namespace denovo::study {
namespace {

namespace fs = std::filesystem;

/// A word of a shell's command line.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// Submits arrays and remembers them.
class Submission {
 public:
  explicit Submission(const SlurmOptions& options)
      : options_(options), folder_(fs::absolute(options.study + "/slurm").string()) {
    create_directories(folder_);
  }

  /// The tasks of a stage, one for each id, after the arrays with these numbers. Returns the number
  /// of the new one; empty when there is nothing to do.
  std::string add(const std::string& stage, const std::vector<std::string>& ids,
                  const std::string& dependency) {
    if (ids.empty()) return {};
    replace_file(fmt::format("{}/{}.txt", folder_, stage),
                 fmt::format("{}\n", fmt::join(ids, "\n")));
    std::vector<std::string> call = options_.command;
    call.emplace_back("--only");
    std::string line = line_of(call);
    line += fmt::format(" \"$(sed -n \"${{SLURM_ARRAY_TASK_ID}}p\" {})\"",
                        quoted(fmt::format("{}/{}.txt", folder_, stage)));
    return submit(stage, line, {fmt::format("--array=1-{}", ids.size())}, dependency);
  }

  void add_report(const std::string& dependency) {
    std::vector<std::string> call = options_.command;
    call.emplace_back("--report-only");
    submit("report", line_of(call), {}, dependency);
  }

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  static std::string line_of(const std::vector<std::string>& call) {
    std::vector<std::string> words;
    for (const std::string& word : call) words.push_back(quoted(word));
    return fmt::format("exec {}", fmt::join(words, " "));
  }

  std::string submit(const std::string& stage, const std::string& line,
                     const std::vector<std::string>& more, const std::string& dependency) {
    const std::string script = fmt::format("{}/{}.sh", folder_, stage);
    // In the directory where the study was begun: relative paths hang on it.
    replace_file(script, fmt::format("#!/bin/sh\ncd {} || exit 2\n{}\n",
                                     quoted(fs::current_path().string()), line));
    std::vector<std::string> command = {"sbatch", "--parsable", "--kill-on-invalid-dep=yes",
                                        fmt::format("--job-name=denovo-{}", stage),
                                        fmt::format("--output={}/{}-%A_%a.out", folder_, stage)};
    command.insert(command.end(), more.begin(), more.end());
    if (!dependency.empty()) command.push_back("--dependency=" + dependency);
    for (const std::string& word : words_of(options_.sbatch)) command.push_back(word);
    command.push_back(script);
    const std::string said = folder_ + "/sbatch.txt";
    replace_file(said, "");
    const int status = ChildProcess(command, said).wait();
    std::string answer = read_file(said);
    while (answer.ends_with('\n')) answer.pop_back();
    for (size_t end = 0; (end = answer.find('\n', end)) != std::string::npos;)
      answer.replace(end, 1, "; ");
    if (status != 0) {
      cancel();
      if (status == kCannotRun)
        throw ResourceError("sbatch: cannot be run; is Slurm installed on this machine?");
      throw ConfigError(fmt::format("slurm: {}", answer));
    }
    const std::string number = answer.substr(0, answer.find(';'));  // "number;cluster"
    numbers_.push_back(number);
    lines_.push_back(fmt::format("{}: array {}", stage, number));
    return number;
  }

  void cancel() {
    if (numbers_.empty()) return;
    std::vector<std::string> command = {"scancel"};
    command.insert(command.end(), numbers_.begin(), numbers_.end());
    ChildProcess(command, folder_ + "/sbatch.txt").wait();
  }

  const SlurmOptions& options_;
  const std::string folder_;
  std::vector<std::string> numbers_, lines_;
};

}  // namespace

std::vector<std::string> submit_slurm(const std::vector<Job>& jobs, const SlurmOptions& options) {
  std::vector<std::string> pretrainings, alone, pretrained, branches;
  for (const Job& job : jobs) {
    if (job.is_over()) continue;
    if (job.is_pretraining()) {
      pretrainings.push_back(job.id);
    } else if (job.needs.empty() || fs::exists(job.needs_file)) {
      alone.push_back(job.id);
    } else {
      (job.needs.starts_with("pretraining/") ? pretrained : branches).push_back(job.id);
    }
  }
  Submission submission(options);
  const std::string pretraining = submission.add("pretraining", pretrainings, "");
  std::vector<std::string> before = {
      submission.add("alone", alone, ""),
      submission.add("pretrained", pretrained,
                     pretraining.empty() ? "" : "afterok:" + pretraining)};
  const auto after_all = [&] {
    std::string dependency;
    for (const std::string& number : before)
      if (!number.empty()) dependency += (dependency.empty() ? "afterany:" : ":") + number;
    return dependency;
  };
  before.push_back(submission.add("branches", branches, after_all()));
  before.push_back(pretraining);
  submission.add_report(after_all());
  return submission.lines();
}

}  // namespace denovo::study
