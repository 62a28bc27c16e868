#include "mutator.h"

#include <algorithm>
#include <array>

namespace triage::fuzz {
namespace {

// Where readers go wrong: nothing, one, signs, ends of their range.
constexpr std::array<std::uint64_t, 14> kIntegers{0,
                                                  1,
                                                  2,
                                                  0x7F,
                                                  0x80,
                                                  0xFF,
                                                  0x7FFF,
                                                  0x8000,
                                                  0xFFFF,
                                                  0x7FFFFFFF,
                                                  0x80000000,
                                                  0xFFFFFFFF,
                                                  0x7FFFFFFFFFFFFFFF,
                                                  0xFFFFFFFFFFFFFFFF};

}  // namespace

Bytes Mutator::mutate(std::span<const Bytes> corpus) {
  Bytes bytes = corpus[place(corpus.size())];
  const std::uint64_t n = 1 + random_.below(random_.below(4) == 0 ? 12 : 3);
  for (std::uint64_t i = 0; i < n; ++i) change(bytes, corpus);
  if (bytes.size() > max_bytes_) bytes.resize(max_bytes_);
  return bytes;
}

// Over any of 1, 2, 4 or 8 bytes, either end first.
void Mutator::set_integer(Bytes& bytes) {
  const std::size_t size = std::size_t{1} << random_.below(4);
  if (bytes.size() < size) return;
  std::uint64_t value = kIntegers[place(kIntegers.size())];
  if (random_.below(4) == 0) value = random_.next();
  const bool big_end_first = random_.below(2) == 0;
  const std::size_t at = place(bytes.size() - size + 1);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * (big_end_first ? size - 1 - i : i)));
  }
}

void Mutator::change(Bytes& bytes, std::span<const Bytes> corpus) {
  if (bytes.empty()) bytes.push_back(0);
  const std::size_t at = place(bytes.size());
  const std::size_t n = std::min(bytes.size() - at, std::size_t{1} << random_.below(8));
  const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  const auto end = begin + static_cast<std::ptrdiff_t>(n);
  switch (random_.below(9)) {
    case 0:
    case 1:
      bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ (1U << random_.below(8)));
      return;
    case 2:
      bytes[at] = static_cast<std::uint8_t>(random_.next());
      return;
    case 3:
    case 4:
      return set_integer(bytes);
    case 5:
      bytes.erase(begin, end);
      return;
    case 6: {  // the same once more
      const Bytes part(begin, end);
      bytes.insert(begin, part.begin(), part.end());
      return;
    }
    case 7: {  // a piece of another one, over this or before it
      const Bytes& other = corpus[place(corpus.size())];
      if (other.empty()) return;
      const std::size_t from = place(other.size());
      const std::size_t size = std::min(other.size() - from, std::size_t{1} << random_.below(10));
      const Bytes part(other.begin() + static_cast<std::ptrdiff_t>(from),
                       other.begin() + static_cast<std::ptrdiff_t>(from + size));
      if (random_.below(2) == 0) {
        bytes.insert(begin, part.begin(), part.end());
      } else {
        std::copy(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(std::min(size, bytes.size() - at)),
                  begin);
      }
      return;
    }
    default:
      if (random_.below(4) == 0) bytes.resize(at);  // cut short
  }
}

}  // namespace triage::fuzz
