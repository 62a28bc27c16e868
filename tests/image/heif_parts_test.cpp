// How many pictures an AVIF or HEIC file is made of; files by hand.
#include "image/heif_parts.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace triage {
namespace {

using namespace std::string_literals;

std::string number(std::uint64_t value, std::size_t n) {
  std::string bytes;
  for (std::size_t i = n; i-- > 0;) bytes += static_cast<char>(value >> 8 * i);
  return bytes;
}
std::string box(const std::string& type, const std::string& content) {
  return number(content.size() + 8, 4) + type + content;
}
const std::string kHead = "\0\0\0\0"s;

struct Reference {
  std::string type;
  std::uint64_t from;
  std::vector<std::uint64_t> to;
};
std::string file_of(std::uint64_t primary, const std::vector<Reference>& references, bool long_ids = false) {
  const std::size_t id = long_ids ? 4 : 2;
  const std::string head = long_ids ? "\1\0\0\0"s : kHead;
  std::string content;
  for (const Reference& each : references) {
    std::string ids = number(each.from, id) + number(each.to.size(), 2);
    for (const std::uint64_t to : each.to) ids += number(to, id);
    content += box(each.type, ids);
  }
  return box("ftyp", "heic") +
         box("meta", kHead + box("pitm", head + number(primary, id)) + box("iref", head + content));
}
std::size_t parts_of(const std::string& file) {
  return count_heif_parts({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()});
}
constexpr std::size_t kTooMany = kMostHeifParts + 1;

TEST(HeifParts, AreTilesAndAlphaAndTheirs) {
  EXPECT_EQ(parts_of(file_of(1, {})), 1U);
  EXPECT_EQ(parts_of(file_of(9, {{"dimg", 9, {1, 2, 3}}})), 4U);
  EXPECT_EQ(parts_of(file_of(70'000, {{"dimg", 70'000, {1, 1}}}, true)), 3U);
  EXPECT_EQ(parts_of(file_of(9, {{"dimg", 9, {1}}, {"auxl", 5, {9}}, {"dimg", 5, {6, 7}}})), 5U);
  EXPECT_EQ(parts_of(file_of(1, {{"thmb", 2, {1}}, {"cdsc", 3, {1}}, {"dimg", 9, {9}}})), 1U)
      << "what the primary picture is not made of";
}

TEST(HeifParts, OfItselfAreTooMany) {
  EXPECT_EQ(parts_of(file_of(2, {{"dimg", 2, {2}}})), kTooMany);
  EXPECT_EQ(parts_of(file_of(2, {{"dimg", 2, {3}}, {"dimg", 3, {2}}})), kTooMany);
  EXPECT_EQ(parts_of(file_of(2, {{"auxl", 2, {2}}})), kTooMany);
}

TEST(HeifParts, GridsOfGridsAreTooMany) {
  std::vector<Reference> grids;
  for (std::uint64_t i = 1; i <= 6; ++i) grids.push_back({"dimg", i, std::vector<std::uint64_t>(10, i + 1)});
  EXPECT_EQ(parts_of(file_of(1, grids)), kTooMany);
  EXPECT_EQ(parts_of(file_of(4, grids)), 1U + 10 + 100 + 1000);
}

TEST(HeifParts, OfAnyPartOfAFileAreCounted) {
  const std::string whole = file_of(9, {{"dimg", 9, {1, 2, 3}}, {"auxl", 5, {9}}});
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    const std::size_t parts = parts_of(whole.substr(0, n));
    EXPECT_GE(parts, 1U);
    EXPECT_LE(parts, 5U);
  }
}

}  // namespace
}  // namespace triage
