#include "core/program/options.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>

#include "core/dist/rank_error.h"
#include "core/program/nearest_name.h"
#include "core/program/version.h"

namespace denovo {

Options::Options(std::string program, std::string purpose)
    : program_(std::move(program)), purpose_(std::move(purpose)) {
  add({.name = "device", .value = "DEVICE", .meaning = "auto, cpu or cuda:N", .fallback = "auto"});
  add({.name = "threads",
       .value = "N",
       .meaning = "CPU threads; 0 = one per core",
       .fallback = "0"});
  add({.name = "seed", .value = "N", .meaning = "seed of every random draw"});
  add({.name = "quiet", .meaning = "print warnings and errors only on stderr"});
  add({.name = "help", .meaning = "print this text"});
  add({.name = "version", .meaning = "print version, commit, backends and library versions"});
}

void Options::add(OptionSpec added) {
  for (const OptionSpec& other : specs_) DENOVO_DCHECK(other.name != added.name);
  // The options of the program itself stand before those that all programs share.
  const auto shared = std::find_if(specs_.begin(), specs_.end(),
                                   [](const OptionSpec& s) { return s.name == "device"; });
  const bool is_shared = std::any_of(specs_.begin(), specs_.end(),
                                     [](const OptionSpec& s) { return s.name == "version"; });
  specs_.insert(is_shared ? shared : specs_.end(), std::move(added));
}

void Options::add_config(std::string key_help, std::string key_tables) {
  add({.name = "config", .value = "FILE", .meaning = "TOML file with the keys below"});
  if (!key_tables.empty())
    add({.name = "config-docs", .meaning = "print the keys as Markdown tables"});
  key_help_ = std::move(key_help);
  key_tables_ = std::move(key_tables);
  accepts_overrides_ = true;
}

void Options::add_operands(std::string value, std::string meaning) {
  operand_value_ = std::move(value);
  operand_meaning_ = std::move(meaning);
}

const OptionSpec& Options::known_option(const std::string& name) const {
  std::vector<std::string> names;
  for (const OptionSpec& option : specs_) {
    if (option.name == name) return option;
    names.push_back("--" + option.name);
  }
  throw ConfigError(fmt::format("unknown option --{}{}", name, did_you_mean("--" + name, names)));
}

const OptionSpec& Options::spec(const std::string& name) const {
  const auto found = std::find_if(specs_.begin(), specs_.end(),
                                  [&](const OptionSpec& s) { return s.name == name; });
  if (found == specs_.end()) throw InternalError("options: --" + name + " was never declared");
  return *found;
}

void Options::take_argument(const std::string& argument) {
  if (!operand_value_.empty()) {
    operands_.push_back(argument);
    return;
  }
  if (!accepts_overrides_)
    throw ConfigError(fmt::format("unexpected argument '{}' (--help lists the options)", argument));
  if (argument.find('=') == std::string::npos)
    throw ConfigError(fmt::format(
        "unexpected argument '{}', a config override looks like solver.base_lr=0.01", argument));
  overrides_.push_back(argument);
}

std::optional<std::string> Options::text_of(const std::string& option) const {
  if (option == "help") return help_text();
  if (option == "version") return version_text();
  if (option == "config-docs") return key_tables_;
  return std::nullopt;
}

bool Options::parse(int argc, const char* const* argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with("--") || argument == "--") {
      take_argument(argument);
      continue;
    }
    const size_t equals = argument.find('=');
    const bool has_value = equals != std::string::npos;
    const OptionSpec& option = known_option(argument.substr(2, has_value ? equals - 2 : equals));
    if (const auto text = text_of(option.name)) {
      std::fputs(text->c_str(), stdout);
      return false;
    }
    if (given(option.name)) throw ConfigError(fmt::format("--{} is given twice", option.name));
    std::vector<std::string>& taken = values_[option.name];
    if (has_value) taken.push_back(argument.substr(equals + 1));
    if (option.value.empty()) {
      if (has_value) throw ConfigError(fmt::format("--{} takes no value", option.name));
      continue;
    }
    const auto has_next = [&] {
      return i + 1 < arguments.size() && !arguments[i + 1].starts_with("--");
    };
    while (has_next() && (option.many || taken.empty())) taken.push_back(arguments[++i]);
    if (taken.empty())
      throw ConfigError(
          fmt::format("--{} needs a value: --{} {}", option.name, option.name, option.value));
  }
  check_required();
  return true;
}

void Options::check_required() const {
  for (const OptionSpec& option : specs_)
    if (option.required && !given(option.name))
      throw ConfigError(fmt::format("--{} {} is required", option.name, option.value));
  if (!operand_value_.empty() && operands_.empty())
    throw ConfigError(fmt::format("{} is required", operand_value_));
}

const std::string& Options::text(const std::string& name) const {
  const OptionSpec& option = spec(name);
  const auto found = values_.find(name);
  return found == values_.end() ? option.fallback : found->second.front();
}

namespace {

template <class T>
T parse_number(const std::string& name, const std::string& text, T low, T high, const char* kind) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Written as !(in range): every comparison with NaN is false.
  if (error != std::errc() || end != text.data() + text.size() || !(value >= low && value <= high))
    throw ConfigError(
        fmt::format("--{} must be {} in {} .. {}, got '{}'", name, kind, low, high, text));
  return value;
}

}  // namespace

int64_t Options::integer(const std::string& name, int64_t low, int64_t high) const {
  return parse_number<int64_t>(name, text(name), low, high, "an integer");
}

double Options::number(const std::string& name, double low, double high) const {
  return parse_number<double>(name, text(name), low, high, "a number");
}

const std::vector<std::string>& Options::list(const std::string& name) const {
  static const std::vector<std::string> kNone;
  DENOVO_DCHECK(spec(name).many);
  const auto found = values_.find(name);
  return found == values_.end() ? kNone : found->second;
}

std::vector<std::string> Options::comma_list(const std::string& name) const {
  std::vector<std::string> parts;
  const std::string& all = text(name);
  for (size_t begin = 0; begin < all.size();) {
    const size_t comma = std::min(all.find(',', begin), all.size());
    if (comma == begin || comma + 1 == all.size())
      throw ConfigError(fmt::format("--{} has an empty item, got '{}'", name, all));
    parts.push_back(all.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return parts;
}

std::string Options::help_text() const {
  std::string usage = program_, lines;
  for (const OptionSpec& option : specs_) {
    const std::string dots = option.many ? " ..." : "";
    const std::string call = option.value.empty()
                                 ? "--" + option.name
                                 : fmt::format("--{} {}{}", option.name, option.value, dots);
    if (option.required) usage += " " + call;
    lines +=
        fmt::format("  {:<26} {}{}{}\n", call, option.meaning, option.required ? " (required)" : "",
                    option.fallback.empty() ? "" : " (default " + option.fallback + ")");
  }
  usage += accepts_overrides_ ? " [options] [section.key=value ...]" : " [options]";
  if (!operand_value_.empty()) {
    usage += fmt::format(" {} ...", operand_value_);
    lines = fmt::format("  {:<26} {}\n{}", operand_value_ + " ...", operand_meaning_, lines);
  }
  std::string help =
      fmt::format("{}: {}\n\nusage: {}\n\noptions:\n{}", program_, purpose_, usage, lines);
  if (accepts_overrides_)
    help += "\nconfig keys, in --config FILE or as section.key=value:\n" + key_help_;
  return help;
}

namespace {

int report(const char* program, const std::exception& error) {
  if (dynamic_cast<const PeerError*>(&error)) return exit_code(error);
  const bool out_of_memory = dynamic_cast<const std::bad_alloc*>(&error);
  const bool ours = out_of_memory || dynamic_cast<const Error*>(&error);
  std::fputs(fmt::format("{}: {}{}\n", program, ours ? "" : "internal error: ",
                         out_of_memory ? "out of memory" : error.what())
                 .c_str(),
             stderr);
  return exit_code(error);
}

/// A reader that has gone is no error; a full disk behind stdout is.
void flush_results() {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return;
  struct stat status {};
  if (fstat(STDOUT_FILENO, &status) != 0 || S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))
    return;
  throw ResourceError("stdout: results could not be written, is the disk full");
}

}  // namespace

int run_program(int argc, char** argv, const std::function<int(int, char**)>& body) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const char* slash = argc > 0 ? std::strrchr(argv[0], '/') : nullptr;
  const char* program = slash ? slash + 1 : argc > 0 ? argv[0] : "denovo";
  try {
    const int status = body(argc, argv);
    flush_results();
    return status;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    return report(program, error);
  }
}

}  // namespace denovo
