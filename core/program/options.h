// The command line of a program: declared options, config overrides, --help and --version; and the
// one place that turns an exception into an exit status.
//
//   int detect(int argc, char** argv) {
//     Options options("detect", "Finds objects in images and draws them");
//     options.add({.name = "out", .value = "DIR", .meaning = "folder to create",
//                  .required = true});
//     options.add({.name = "score-threshold", .value = "S", .meaning = "lowest score kept",
//                  .fallback = "0.5"});
//     if (!options.parse(argc, argv)) return 0;  // --help or --version was printed
//     const double threshold = options.number("score-threshold", 0, 1);
//     ...
//   }
//   int main(int argc, char** argv) { return denovo::run_program(argc, argv, detect); }
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace denovo {

/// One declared option.
struct OptionSpec {
  std::string name = {};      ///< without the dashes
  std::string value = {};     ///< placeholder shown in --help ("DIR"); empty for a switch
  std::string meaning = {};   ///< one phrase
  std::string fallback = {};  ///< text that stands for a missing option, shown as its default
  bool required = false;
  bool many = false;  ///< takes every argument up to the next option
};

class Options {
 public:
  /// Declares what every program understands: --device, --threads, --seed, --quiet, --help and
  /// --version. `purpose` is one sentence without a period.
  Options(std::string program, std::string purpose);

  void add(OptionSpec spec);
  /// Declares that the program takes arguments that are no options, one or more, shown as `value`.
  void add_operands(std::string value, std::string meaning);
  /// Declares --config FILE and accepts `section.key=value` arguments; `key_help` describes the
  /// keys under --help (config_help). With `key_tables` (config_markdown) --config-docs prints
  /// those.
  void add_config(std::string key_help, std::string key_tables = {});

  /// Reads the arguments; `--name value` and `--name=value` are the same. Prints to stdout and
  /// returns false for --help, --version and --config-docs. Throws ConfigError for an unknown
  /// option (naming the nearest), a missing value, an option given twice, a required option that is
  /// missing, and a stray argument.
  bool parse(int argc, const char* const* argv);

  /// True when the option stands on the command line.
  bool given(const std::string& name) const { return values_.contains(name); }

  /// The value given, else the fallback.
  const std::string& text(const std::string& name) const;
  /// The value as a number within low..high; throws ConfigError otherwise.
  int64_t integer(const std::string& name, int64_t low, int64_t high) const;
  double number(const std::string& name, double low, double high) const;
  /// The arguments of an option declared with `many`.
  const std::vector<std::string>& list(const std::string& name) const;
  /// The value split at commas ("bbox,segm"); empty for an empty value.
  std::vector<std::string> comma_list(const std::string& name) const;
  /// The `section.key=value` arguments, in order.
  const std::vector<std::string>& overrides() const { return overrides_; }

  /// What add_operands declared, in order.
  const std::vector<std::string>& operands() const { return operands_; }

  std::string help_text() const;

 private:
  const OptionSpec& spec(const std::string& name) const;
  const OptionSpec& known_option(const std::string& name) const;
  /// What an option prints instead of running the program.
  std::optional<std::string> text_of(const std::string& option) const;
  void take_argument(const std::string& argument);
  void check_required() const;

  std::string program_, purpose_, key_help_, key_tables_;
  std::string operand_value_, operand_meaning_;  // empty: none are taken
  bool accepts_overrides_ = false;
  std::vector<OptionSpec> specs_;
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> overrides_, operands_;
};

/// Runs `body` and returns the exit status of the program: body's own, or for an exception that of
/// exit_code after one line `program: message` on stderr. SIGPIPE and SIGXFSZ are ignored: a
/// reader of stdout that has gone is no error, a full disk is reported by the call that met it.
/// Results on stdout that could not be written for another reason give kExhaustedStatus.
int run_program(int argc, char** argv, const std::function<int(int, char**)>& body);

}  // namespace denovo
