#include "core/foreign/pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/foreign/pickle_opcodes.h"

namespace denovo::foreign {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxGlobalBytes = 200;
/// A stack entry that is no value: where a list of arguments begins.
constexpr PickleRef kMark = std::numeric_limits<PickleRef>::max();
constexpr PickleRef kUnset = kMark;

bool is_dict_type(std::string_view global) {
  return global == "collections OrderedDict" || global == "collections defaultdict";
}

std::string printable(std::string_view text) {
  std::string safe(text.substr(0, kMaxGlobalBytes));
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return safe;
}

}  // namespace

class PickleMachine {
 public:
  PickleMachine(ByteSource& source, std::span<const std::string_view> globals, Pickle& pickle)
      : source_(source), globals_(globals), values_(pickle.values_), root_(pickle.root_) {}

  void run() {
    for (;;) {
      at_ = source_.position();
      const auto opcode = static_cast<Opcode>(source_.byte("a pickle"));
      if (opcode == Opcode::kStop) break;
      execute(opcode);
    }
    if (stack_.size() != 1 || stack_[0] == kMark)
      fail("a pickle must end with one object, got {}", stack_.size());
    root_ = stack_[0];
  }

 private:
  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw IoError(fmt::format("{}: {}, at byte {}", source_.where(),
                              fmt::format(format, std::forward<Args>(args)...), at_));
  }

  PickleValue& make(Kind kind) {
    if (values_.size() == kMaxPickleValues)
      fail("a file of weights needs at most {} pickled values", kMaxPickleValues);
    push(static_cast<PickleRef>(values_.size()));
    values_.emplace_back().kind = kind;
    return values_.back();
  }
  void make_integer(int64_t value) { make(Kind::kInteger).integer = value; }
  void make_bool(bool value) { make(Kind::kBool).integer = value; }
  void make_span(Kind kind, uint64_t bytes) {
    const ByteSpan span = source_.skip(bytes, "a pickled string");
    make(kind).span = span;
  }

  void push(PickleRef ref) {
    if (stack_.size() == kMaxPickleValues) fail("the stack of a pickle is too deep");
    stack_.push_back(ref);
  }
  PickleRef top() const {
    if (stack_.empty() || stack_.back() == kMark) fail("a pickled operation lacks its operand");
    return stack_.back();
  }
  PickleRef pop() {
    const PickleRef ref = top();
    stack_.pop_back();
    return ref;
  }
  /// What lies above the newest mark, which goes.
  std::vector<PickleRef> pop_to_mark() {
    size_t begin = stack_.size();
    while (begin > 0 && stack_[begin - 1] != kMark) --begin;
    if (begin == 0) fail("a pickled operation lacks its mark");
    std::vector<PickleRef> items(stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end());
    stack_.resize(begin - 1);
    return items;
  }
  std::vector<PickleRef> pop_last(size_t count) {
    std::vector<PickleRef> items(count);
    for (size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }
  void make_with(Kind kind, std::vector<PickleRef> items) {
    count_items(items.size());
    make(kind).items = std::move(items);
  }
  void count_items(size_t more) {
    items_ += more;
    if (items_ > kMaxPickleItems)
      fail("a file of weights needs at most {} items in pickled containers", kMaxPickleItems);
  }
  void extend(PickleRef container, Kind kind, const std::vector<PickleRef>& items) {
    PickleValue& value = values_[container];
    if (value.kind != kind)
      fail("a pickled operation must extend a {}", kind == Kind::kDict ? "dict" : "list");
    if (kind == Kind::kDict && items.size() % 2 != 0) fail("a pickled dict must hold pairs");
    count_items(items.size());
    value.items.insert(value.items.end(), items.begin(), items.end());
  }

  void memoize(uint64_t index) {
    if (index >= kMaxPickleValues) fail("the memo of a pickle is too large");
    if (index >= memo_.size()) memo_.resize(std::max<size_t>(index + 1, memo_.size() * 2), kUnset);
    memo_[index] = top();
  }
  void recall(uint64_t index) {
    if (index >= memo_.size() || memo_[index] == kUnset)
      fail("a pickle refers to entry {} of its memo, which is not set", index);
    push(memo_[index]);
  }

  void make_global(const std::string& module, const std::string& name) {
    const std::string global = module + " " + name;
    const auto known = std::find(globals_.begin(), globals_.end(), global);
    if (known == globals_.end())
      fail(
          "{}.{} is not among the types that a file of weights needs, and nothing here runs code; "
          "save the state dict alone",
          printable(module), printable(name));
    make(Kind::kGlobal).integer = known - globals_.begin();
  }
  std::string popped_text() {
    const PickleValue& value = values_[pop()];
    if ((value.kind != Kind::kText && value.kind != Kind::kBytes) ||
        value.span.size > static_cast<int64_t>(kMaxGlobalBytes))
      fail("the name of a pickled type must be a short string");
    return source_.text(value.span);
  }

  void call(PickleRef callable, PickleRef arguments) {
    if (values_[callable].kind != Kind::kGlobal) fail("a pickle calls what is no function");
    if (values_[arguments].kind != Kind::kTuple) fail("pickled arguments must be a tuple");
    if (!is_dict_type(globals_[static_cast<size_t>(values_[callable].integer)])) {
      make_with(Kind::kCall, {callable, arguments});
      return;
    }
    // OrderedDict() or, by Python 2, OrderedDict([[key, value], …]); defaultdict(type).
    std::vector<PickleRef> items;
    for (const PickleRef argument : values_[arguments].items) {
      if (values_[argument].kind != Kind::kList) continue;
      for (const PickleRef pair : values_[argument].items) {
        if (values_[pair].items.size() != 2) fail("a pickled dict must hold pairs");
        items.insert(items.end(), values_[pair].items.begin(), values_[pair].items.end());
        if (items.size() > kMaxPickleItems) fail("a pickled dict is too large");
      }
    }
    make_with(Kind::kDict, std::move(items));
  }
  void build() {
    const PickleRef state = pop();
    PickleValue& object = values_[top()];
    // What an OrderedDict has besides its items (_metadata of a state dict) says nothing to us.
    if (object.kind == Kind::kDict) return;
    if (object.kind != Kind::kCall || object.items.size() != 2)
      fail("a pickle sets the state of what has none");
    count_items(1);
    object.items.push_back(state);
  }

  /// Two's complement of any length, as long as the value fits.
  int64_t long_integer(uint64_t bytes) {
    if (bytes > 8) fail("a pickled integer must fit in 64 bits, got {} bytes", bytes);
    if (bytes == 0) return 0;
    const int count = static_cast<int>(bytes);
    const uint64_t value = source_.integer(count, "a pickled integer");
    const int unused = 64 - 8 * count;
    return static_cast<int64_t>(value << unused) >> unused;
  }
  double big_endian_double() {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8 | source_.byte("a pickled number");
    return std::bit_cast<double>(bits);
  }

  void execute(Opcode opcode);

  ByteSource& source_;
  std::span<const std::string_view> globals_;
  std::vector<PickleValue>& values_;
  PickleRef& root_;
  std::vector<PickleRef> stack_;
  std::vector<PickleRef> memo_;
  uint64_t memoized_ = 0;  // by MEMOIZE, which counts by itself
  size_t items_ = 0;
  int64_t at_ = 0;  // of the opcode at work, for errors
};

void PickleMachine::execute(Opcode opcode) {
  const auto integer = [&](int bytes) { return source_.integer(bytes, "a pickled argument"); };
  switch (opcode) {
    case Opcode::kProto:
      if (const uint64_t protocol = integer(1); protocol < 2 || protocol > 5)
        fail("the protocol of a pickle must be 2 to 5, got {}", protocol);
      return;
    case Opcode::kFrame:
      integer(8);
      return;
    case Opcode::kNone:
      make(Kind::kNone);
      return;
    case Opcode::kNewTrue:
      return make_bool(true);
    case Opcode::kNewFalse:
      return make_bool(false);
    case Opcode::kBinInt:
      return make_integer(static_cast<int32_t>(integer(4)));
    case Opcode::kBinInt1:
      return make_integer(static_cast<int64_t>(integer(1)));
    case Opcode::kBinInt2:
      return make_integer(static_cast<int64_t>(integer(2)));
    case Opcode::kLong1:
      return make_integer(long_integer(integer(1)));
    case Opcode::kLong4:
      return make_integer(long_integer(integer(4)));
    case Opcode::kBinFloat:
      make(Kind::kReal).real = big_endian_double();
      return;

    case Opcode::kShortBinUnicode:
      return make_span(Kind::kText, integer(1));
    case Opcode::kBinUnicode:
      return make_span(Kind::kText, integer(4));
    case Opcode::kBinUnicode8:
      return make_span(Kind::kText, integer(8));
    case Opcode::kShortBinString:
    case Opcode::kShortBinBytes:
      return make_span(Kind::kBytes, integer(1));
    case Opcode::kBinString:
    case Opcode::kBinBytes:
      return make_span(Kind::kBytes, integer(4));
    case Opcode::kBinBytes8:
    case Opcode::kByteArray8:
      return make_span(Kind::kBytes, integer(8));

    case Opcode::kMark:
      return push(kMark);
    case Opcode::kPop:
      if (stack_.empty()) fail("a pickled operation lacks its operand");
      stack_.pop_back();
      return;
    case Opcode::kPopMark:
      pop_to_mark();
      return;
    case Opcode::kDup:
      return push(top());

    case Opcode::kEmptyTuple:
      return make_with(Kind::kTuple, {});
    case Opcode::kTuple1:
      return make_with(Kind::kTuple, pop_last(1));
    case Opcode::kTuple2:
      return make_with(Kind::kTuple, pop_last(2));
    case Opcode::kTuple3:
      return make_with(Kind::kTuple, pop_last(3));
    case Opcode::kTuple:
      return make_with(Kind::kTuple, pop_to_mark());
    case Opcode::kEmptyList:
    case Opcode::kEmptySet:
      return make_with(Kind::kList, {});
    case Opcode::kList:
    case Opcode::kFrozenSet:
      return make_with(Kind::kList, pop_to_mark());
    case Opcode::kEmptyDict:
      return make_with(Kind::kDict, {});
    case Opcode::kDict: {
      std::vector<PickleRef> items = pop_to_mark();
      if (items.size() % 2 != 0) fail("a pickled dict must hold pairs");
      return make_with(Kind::kDict, std::move(items));
    }
    case Opcode::kAppend: {
      const PickleRef item = pop();
      return extend(top(), Kind::kList, {item});
    }
    case Opcode::kAppends:
    case Opcode::kAddItems: {
      const std::vector<PickleRef> items = pop_to_mark();
      return extend(top(), Kind::kList, items);
    }
    case Opcode::kSetItem: {
      const std::vector<PickleRef> items = pop_last(2);
      return extend(top(), Kind::kDict, items);
    }
    case Opcode::kSetItems: {
      const std::vector<PickleRef> items = pop_to_mark();
      return extend(top(), Kind::kDict, items);
    }

    case Opcode::kBinPut:
      return memoize(integer(1));
    case Opcode::kLongBinPut:
      return memoize(integer(4));
    case Opcode::kMemoize:
      return memoize(memoized_++);
    case Opcode::kBinGet:
      return recall(integer(1));
    case Opcode::kLongBinGet:
      return recall(integer(4));

    case Opcode::kGlobal: {
      const std::string module = source_.line("the name of a pickled type");
      return make_global(module, source_.line("the name of a pickled type"));
    }
    case Opcode::kStackGlobal: {
      const std::string name = popped_text();
      return make_global(popped_text(), name);
    }
    case Opcode::kReduce:
    case Opcode::kNewObj: {
      const PickleRef arguments = pop();
      return call(pop(), arguments);
    }
    case Opcode::kBuild:
      return build();
    case Opcode::kBinPersId:
      return make_with(Kind::kPersistent, {pop()});

    case Opcode::kStop:
      break;
  }
  fail("pickle opcode 0x{:02x} ({}) is not one that a file of weights needs",
       static_cast<int>(opcode), name_of_opcode(static_cast<uint8_t>(opcode)));
}

Pickle::Pickle(ByteSource& source, std::span<const std::string_view> globals) {
  PickleMachine(source, globals, *this).run();
}

}  // namespace denovo::foreign
