#include "policy/cbor.h"

#include <fmt/format.h>

#include "triage/error.h"

namespace triage {
namespace {

constexpr int kMaxDepth = 8;
// Of all kinds, keys too: each takes many bytes in memory, and long lists of numbers are byte strings.
constexpr std::size_t kMaxItems = std::size_t{1} << 20;

class Scanner {
 public:
  explicit Scanner(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  void document() {
    item(0);
    if (at_ != bytes_.size()) fail("more bytes", "the end of the file");
  }

 private:
  void item(int depth) {
    if (depth > kMaxDepth) fail("deeper nesting", "at most 8 levels");
    if (++n_items_ > kMaxItems) fail("more items", fmt::format("at most {}", kMaxItems));
    const std::uint8_t head = take();
    const unsigned major = head >> 5, info = head & 31;
    switch (major) {
      case 0:
      case 1:
        (void)argument(info);
        return;
      case 2:
      case 3:
        skip(argument(info));
        return;
      case 4:
        items(argument(info), 1, depth);
        return;
      case 5:
        items(argument(info), 2, depth);
        return;
      case 7:
        simple(info);
        return;
      default:
        fail("a tag", "plain values");
    }
  }

  // Each item takes a byte at least, which bounds the count before anything is read.
  void items(std::uint64_t count, std::uint64_t each, int depth) {
    if (count > left() / each) fail(fmt::format("{} entries", count), "no more than the file holds");
    for (std::uint64_t i = 0; i < count * each; ++i) item(depth + 1);
  }

  void simple(unsigned info) {
    switch (info) {
      case 20:  // false, true, null
      case 21:
      case 22:
        return;
      case 25:
        return skip(2);
      case 26:
        return skip(4);
      case 27:
        return skip(8);
      default:
        fail(fmt::format("simple value {}", info), "false, true, null or a float");
    }
  }

  std::uint64_t argument(unsigned info) {
    if (info < 24) return info;
    if (info > 27) fail("a string or list without a length", "one with its length");
    std::uint64_t value = 0;
    for (int i = 0; i < 1 << (info - 24); ++i) value = value << 8 | take();
    return value;
  }

  [[nodiscard]] std::uint64_t left() const { return bytes_.size() - at_; }
  std::uint8_t take() {
    if (left() == 0) fail("the end of the file", "more; it is cut short");
    return bytes_[at_++];
  }
  void skip(std::uint64_t n) {
    if (n > left())
      fail(fmt::format("a length of {} bytes", n), "no more than the file holds; it is cut short");
    at_ += static_cast<std::size_t>(n);
  }

  [[noreturn]] void fail(std::string_view found, std::string_view expected) const {
    throw Error(ErrorCode::kPolicy, fmt::format("byte {}: {}, expected {}", at_, found, expected));
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  std::size_t n_items_ = 0;
};

}  // namespace

void check_cbor(std::span<const std::uint8_t> bytes) { Scanner(bytes).document(); }

}  // namespace triage
