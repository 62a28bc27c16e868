#include "imagenet/pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace triage {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::array<std::string_view, 4> kKnownGlobals{kOrderedDict, "torch._utils._rebuild_tensor_v2",
                                                        "torch.FloatStorage", "torch.LongStorage"};
constexpr std::size_t kMaxNameBytes = 256;

// Opcodes by their names in Python's pickletools.
enum Opcode : std::uint8_t {
  kProto = 0x80,
  kStop = '.',
  kNone = 'N',
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kLong1 = 0x8A,
  kBinUnicode = 'X',
  kGlobalName = 'c',
  kMark = '(',
  kTuple = 't',
  kEmptyTuple = ')',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kEmptyList = ']',
  kAppend = 'a',
  kAppends = 'e',
  kEmptyDict = '}',
  kSetItem = 's',
  kSetItems = 'u',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBuild = 'b',
};

// The pickle machine: a stack of values, marks on it, and a memo of values that are used again.
class Machine {
 public:
  explicit Machine(ByteReader& reader) : reader_(reader) {}

  Pickle run() {
    while (true) {
      const auto opcode = reader_.little_endian<std::uint8_t>();
      if (opcode == kStop) break;
      step(opcode);
    }
    pickle_.root = pop();
    return std::move(pickle_);
  }

 private:
  void step(std::uint8_t opcode) {
    switch (opcode) {
      case kProto:
        return proto();
      case kNone:
        return push({});
      case kNewTrue:
        return push({Kind::kBool, 1, {}, {}});
      case kNewFalse:
        return push({Kind::kBool, 0, {}, {}});
      case kBinInt:
        return push({Kind::kInt, reader_.little_endian<std::int32_t>(), {}, {}});
      case kBinInt1:
        return push({Kind::kInt, reader_.little_endian<std::uint8_t>(), {}, {}});
      case kBinInt2:
        return push({Kind::kInt, reader_.little_endian<std::uint16_t>(), {}, {}});
      case kLong1:
        return push_long();
      case kBinUnicode:
        return push({Kind::kText, 0, take_text(reader_.little_endian<std::uint32_t>()), {}});
      case kGlobalName:
        return push_global();
      default:
        return step_with_stack(opcode);
    }
  }

  // Opcodes that take from the stack, or refer to what it held.
  void step_with_stack(std::uint8_t opcode) {
    switch (opcode) {
      case kMark:
        return mark();
      case kTuple:
        return push({Kind::kTuple, 0, {}, pop_to_mark()});
      case kEmptyTuple:
        return push({Kind::kTuple, 0, {}, {}});
      case kTuple1:
        return push({Kind::kTuple, 0, {}, pop_many(1)});
      case kTuple2:
        return push({Kind::kTuple, 0, {}, pop_many(2)});
      case kTuple3:
        return push({Kind::kTuple, 0, {}, pop_many(3)});
      case kEmptyList:
        return push({Kind::kList, 0, {}, {}});
      case kAppend:
        return extend(Kind::kList, pop_many(1));
      case kAppends:
        return extend(Kind::kList, pop_to_mark());
      case kEmptyDict:
        return push({Kind::kDict, 0, {}, {}});
      case kSetItem:
        return extend(Kind::kDict, pop_many(2));
      case kSetItems:
        return extend(Kind::kDict, pop_to_mark());
      case kBinPut:
        return put(reader_.little_endian<std::uint8_t>());
      case kLongBinPut:
        return put(reader_.little_endian<std::uint32_t>());
      case kBinGet:
        return get(reader_.little_endian<std::uint8_t>());
      case kLongBinGet:
        return get(reader_.little_endian<std::uint32_t>());
      case kBinPersId:
        return push({Kind::kPersistent, 0, {}, pop_many(1)});
      case kReduce:
        return reduce();
      case kBuild:
        return build();
      default:
        reader_.fail(fmt::format(
            "pickle opcode 0x{:02x}, expected one that state dicts use; nothing else is read", opcode));
    }
  }

  void proto() {
    if (const auto version = reader_.little_endian<std::uint8_t>(); version != 2) {
      reader_.fail(fmt::format("pickle protocol {}, expected 2", version));
    }
  }

  std::string take_text(std::uint64_t size) {
    const auto text = reader_.take(size);
    return {text.begin(), text.end()};
  }

  void push_long() {
    std::string digits = take_text(reader_.little_endian<std::uint8_t>());
    if (digits.size() > sizeof(std::int64_t)) return push({Kind::kLong, 0, std::move(digits), {}});
    std::uint64_t value = 0;
    const bool negative = !digits.empty() && (static_cast<std::uint8_t>(digits.back()) & 0x80U) != 0;
    digits.resize(sizeof(value), negative ? '\xFF' : '\0');
    std::memcpy(&value, digits.data(), sizeof(value));
    push({Kind::kInt, static_cast<std::int64_t>(value), {}, {}});
  }

  void push_global() {
    const std::string module = reader_.line(kMaxNameBytes);
    const std::string name = module + "." + reader_.line(kMaxNameBytes);
    if (std::find(kKnownGlobals.begin(), kKnownGlobals.end(), name) == kKnownGlobals.end()) {
      reader_.fail(fmt::format("the pickle refers to '{}', expected only {}; it is not run", excerpt(name),
                               fmt::join(kKnownGlobals, ", ")));
    }
    push({Kind::kGlobal, 0, name, {}});
  }

  void reduce() {
    const std::vector<PickleId> call = pop_many(2);
    const PickleValue& function = pickle_.values[call[0]];
    const PickleValue& arguments = pickle_.values[call[1]];
    if (function.kind != Kind::kGlobal || arguments.kind != Kind::kTuple) {
      reader_.fail("a call of something unnamed, expected a known function and a tuple");
    }
    if (function.text != kOrderedDict) return push({Kind::kCall, 0, function.text, {call[1]}});
    if (!arguments.items.empty()) reader_.fail("an ordered dict with arguments, expected an empty one");
    push({Kind::kDict, 0, {}, {}});
  }

  // Sets attributes of an object; state dicts carry layer versions this way, which do not matter here.
  void build() {
    (void)pop();
    if (pickle_.values[top()].kind != Kind::kDict)
      reader_.fail("attributes of something else, expected a dict's");
  }

  // Values, stack, marks and memo each have this bound, since each can grow without the others.
  void check_count(std::size_t count) const {
    if (count >= kMaxPickleValues) {
      reader_.fail(fmt::format("more than {} values, expected fewer; not a state dict", kMaxPickleValues));
    }
  }

  void push(PickleValue value) {
    check_count(pickle_.values.size());
    stack_.push_back(static_cast<PickleId>(pickle_.values.size()));
    pickle_.values.push_back(std::move(value));
  }

  // Lowest stack position that may be popped: what is below a mark belongs to an outer object.
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  [[nodiscard]] PickleId top() const {
    if (stack_.size() <= floor()) reader_.fail("the pickle's stack is empty; the file is damaged");
    return stack_.back();
  }

  PickleId pop() {
    const PickleId id = top();
    stack_.pop_back();
    return id;
  }

  std::vector<PickleId> pop_many(std::size_t n) {
    if (stack_.size() - floor() < n) reader_.fail("the pickle's stack is too short; the file is damaged");
    std::vector<PickleId> ids(stack_.end() - static_cast<std::ptrdiff_t>(n), stack_.end());
    stack_.resize(stack_.size() - n);
    return ids;
  }

  std::vector<PickleId> pop_to_mark() {
    if (marks_.empty()) reader_.fail("the pickle lacks a mark; the file is damaged");
    std::vector<PickleId> ids = pop_many(stack_.size() - marks_.back());
    marks_.pop_back();
    return ids;
  }

  void extend(Kind kind, const std::vector<PickleId>& added) {
    PickleValue& container = pickle_.values[top()];
    if (container.kind != kind) reader_.fail("items for something that holds none; the file is damaged");
    if (kind == Kind::kDict && added.size() % 2 != 0)
      reader_.fail("a key without value; the file is damaged");
    container.items.insert(container.items.end(), added.begin(), added.end());
  }

  void mark() {
    check_count(marks_.size());
    marks_.push_back(stack_.size());
  }

  void put(std::uint32_t slot) {
    check_count(memo_.size());
    memo_[slot] = top();
  }

  void get(std::uint32_t slot) {
    const auto found = memo_.find(slot);
    if (found == memo_.end())
      reader_.fail(fmt::format("memo entry {} is not set; the file is damaged", slot));
    check_count(stack_.size());
    stack_.push_back(found->second);
  }

  ByteReader& reader_;
  Pickle pickle_;
  std::vector<PickleId> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleId> memo_;
};

}  // namespace

Pickle read_pickle(ByteReader& reader) { return Machine(reader).run(); }

}  // namespace triage
