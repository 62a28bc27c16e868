#include "image/heif_parts.h"

#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace triage {
namespace {

constexpr int kMostNested = 16;

// Big-endian numbers from the front of bytes, until these end.
class BoxReader {
 public:
  explicit BoxReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::optional<std::uint64_t> number(std::size_t n) {
    if (bytes_.size() < n) return {};
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes_.first(n)) value = value << 8 | byte;
    bytes_ = bytes_.subspan(n);
    return value;
  }
  std::optional<std::span<const std::uint8_t>> take(std::uint64_t n) {
    if (bytes_.size() < n) return {};
    const std::span<const std::uint8_t> taken = bytes_.first(static_cast<std::size_t>(n));
    bytes_ = bytes_.subspan(static_cast<std::size_t>(n));
    return taken;
  }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }

 private:
  std::span<const std::uint8_t> bytes_;
};

struct HeifBox {
  std::string_view type;
  std::span<const std::uint8_t> content;
};

std::optional<HeifBox> next_box(BoxReader& reader) {
  constexpr std::uint64_t kShortHead = 8, kLongHead = 16;
  std::optional<std::uint64_t> size = reader.number(4);
  const std::optional<std::span<const std::uint8_t>> type = size ? reader.take(4) : std::nullopt;
  if (!type) return {};
  std::uint64_t head = kShortHead;
  if (*size == 1) {
    size = reader.number(8);
    head = kLongHead;
  } else if (*size == 0) {
    size = head + reader.left();  // to the end
  }
  if (!size || *size < head) return {};
  const std::optional<std::span<const std::uint8_t>> content = reader.take(*size - head);
  if (!content) return {};
  return HeifBox{{reinterpret_cast<const char*>(type->data()), type->size()}, *content};
}

// The first box of that type; empty where there is none.
std::span<const std::uint8_t> find_box(std::span<const std::uint8_t> bytes, std::string_view type) {
  BoxReader reader(bytes);
  while (const std::optional<HeifBox> box = next_box(reader)) {
    if (box->type == type) return box->content;
  }
  return {};
}

using HeifParts = std::map<std::uint64_t, std::vector<std::uint64_t>>;

HeifParts read_references(std::span<const std::uint8_t> iref) {
  constexpr std::size_t kShortId = 2, kLongId = 4;
  HeifParts parts;
  BoxReader boxes(iref);
  const auto version = boxes.number(1);
  if (!version || !boxes.number(3)) return parts;
  const std::size_t id_bytes = *version == 0 ? kShortId : kLongId;
  while (const std::optional<HeifBox> box = next_box(boxes)) {
    BoxReader reader(box->content);
    const auto from = reader.number(id_bytes), n = reader.number(2);
    for (std::uint64_t i = 0; from && n && i < *n; ++i) {
      const auto to = reader.number(id_bytes);
      if (!to) break;
      if (box->type == "dimg") parts[*from].push_back(*to);
      if (box->type == "auxl") parts[*to].push_back(*from);
    }
  }
  return parts;
}

// Adds the item and its parts to `n`, up to kMostHeifParts + 1.
void count(const HeifParts& parts, std::uint64_t item, int nested, std::size_t& n) {
  n = nested > kMostNested ? kMostHeifParts + 1 : n + 1;
  const auto found = parts.find(item);
  if (found == parts.end()) return;
  for (const std::uint64_t part : found->second) {
    if (n > kMostHeifParts) return;
    count(parts, part, nested + 1, n);
  }
}

}  // namespace

std::size_t count_heif_parts(std::span<const std::uint8_t> file) {
  constexpr std::size_t kFullBoxHead = 4;  // version and flags
  std::span<const std::uint8_t> meta = find_box(file, "meta");
  if (meta.size() < kFullBoxHead) return 1;
  meta = meta.subspan(kFullBoxHead);
  BoxReader primary(find_box(meta, "pitm"));
  const auto version = primary.number(1);
  if (!version || !primary.number(3)) return 1;
  const auto item = primary.number(*version == 0 ? 2 : 4);
  if (!item) return 1;
  std::size_t n = 0;
  count(read_references(find_box(meta, "iref")), *item, 0, n);
  return n;
}

}  // namespace triage
