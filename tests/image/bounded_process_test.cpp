#include "image/bounded_process.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "image/heif_program.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using enum ErrorCode;
using Bytes = std::vector<std::uint8_t>;

// What programs of the system make of two numbers.
Bytes program(const char* path) { return read_file(path); }

TEST(BoundedProcess, GivesWhatItWritesAndHowItEnds) {
  BoundedProcess seq(program("/usr/bin/seq"), {}, 8, 11);
  std::array<std::uint8_t, 4> some{};
  EXPECT_EQ(seq.read(some), 4U);
  EXPECT_EQ(some, (std::array<std::uint8_t, 4>{'8', '\n', '9', '\n'}));
  std::array<std::uint8_t, 100> rest{};
  EXPECT_EQ(seq.read(rest), 6U);
  EXPECT_EQ(seq.end(), ProcessEnd::kByItself);
}

TEST(BoundedProcess, ThatIsStuckIsEnded) {
  FakeClock clock;
  BoundedProcess sleep(program("/usr/bin/sleep"), {}, 1000, 1, clock);
  clock.pass_ns(10'000'000'000);
  std::array<std::uint8_t, 1> none{};
  EXPECT_EQ(sleep.read(none), 0U);
  EXPECT_EQ(sleep.end(), ProcessEnd::kTooLong);
}

TEST(BoundedProcess, ThatNobodyWaitsForIsEnded) {
  const BoundedProcess sleep(program("/usr/bin/sleep"), {}, 1000, 1);
}

TEST(BoundedProcess, OfWhatIsNoProgramCannotBeStarted) {
  EXPECT_TRIAGE_ERROR(BoundedProcess(Bytes{1, 2, 3}, {}, 1, 1), kIo, "cannot be started");
}

#ifdef TRIAGE_WITH_HEIF
TEST(BoundedProcess, WithoutItsLibraryIsNotStarted) {
  Bytes other(kHeifProgram.begin(), kHeifProgram.end());
  const std::string_view library = "libheif.so";
  const auto at = std::search(other.begin(), other.end(), library.begin(), library.end());
  ASSERT_NE(at, other.end());
  *at = 'x';
  BoundedProcess process(other, {}, 100'000'000, 10);
  std::array<std::uint8_t, 1> none{};
  EXPECT_EQ(process.read(none), 0U);
  EXPECT_EQ(process.end(), ProcessEnd::kNotStarted);
}
#endif

}  // namespace
}  // namespace triage
