// Reads the part of Python's pickle format that PyTorch's state dicts are made of. Nothing is ever executed:
// a pickle becomes plain values, and whatever is not on the short list of known opcodes and names is an
// error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "imagenet/byte_reader.h"

namespace triage {

using PickleId = std::uint32_t;  // position in Pickle::values

struct PickleValue {
  enum class Kind {
    kNone,
    kBool,        // integer
    kInt,         // integer
    kLong,        // text: little-endian two's complement bytes of a number above 64 bits
    kText,        // text
    kGlobal,      // text: "module.name"
    kTuple,       // items
    kList,        // items
    kDict,        // items: key, value, key, value ...
    kPersistent,  // items: the one value that names the object
    kCall,        // text: "module.name"; items: the one tuple of arguments
  };
  Kind kind = Kind::kNone;
  std::int64_t integer = 0;
  std::string text;
  std::vector<PickleId> items;
};

// Values refer to each other by position, so that shared and even circular ones need no care.
struct Pickle {
  std::vector<PickleValue> values;
  PickleId root = 0;
  [[nodiscard]] const PickleValue& operator[](PickleId id) const { return values[id]; }
};

// More values than any known model needs by far; bounds the memory that a bad file can claim.
inline constexpr std::size_t kMaxPickleValues = std::size_t{1} << 20;

// Reads one pickle and leaves `reader` behind it. Throws kModel, naming file and byte.
[[nodiscard]] Pickle read_pickle(ByteReader& reader);

}  // namespace triage
