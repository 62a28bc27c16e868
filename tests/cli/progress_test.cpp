#include <gtest/gtest.h>

#include <limits>

#include "cli/cli.h"

namespace triage::cli {
namespace {

TEST(FormatDuration, UsesTheTwoLargestUnits) {
  EXPECT_EQ(format_duration(0), "0.0 s");
  EXPECT_EQ(format_duration(4.25), "4.2 s");
  EXPECT_EQ(format_duration(9.96), "10 s");
  EXPECT_EQ(format_duration(59.4), "59 s");
  EXPECT_EQ(format_duration(59.6), "1 min 0 s");
  EXPECT_EQ(format_duration(200), "3 min 20 s");
  EXPECT_EQ(format_duration(3599.7), "1 h 0 min");
  EXPECT_EQ(format_duration(7500), "2 h 5 min");
  EXPECT_EQ(format_duration(100 * 3600), "4 d 4 h");
}

TEST(FormatDuration, SaysUnknownForWhatIsNoDuration) {
  EXPECT_EQ(format_duration(-1), "unknown");
  EXPECT_EQ(format_duration(std::numeric_limits<double>::quiet_NaN()), "unknown");
  EXPECT_EQ(format_duration(std::numeric_limits<double>::infinity()), "unknown");
}

TEST(FormatBytes, UsesDecimalUnits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1200), "1.2 kB");
  EXPECT_EQ(format_bytes(999'600), "1.0 MB");
  EXPECT_EQ(format_bytes(34.4e6), "34 MB");
  EXPECT_EQ(format_bytes(1.25e9), "1.2 GB");
  EXPECT_EQ(format_bytes(5e15), "5000 TB");
  EXPECT_EQ(format_bytes(-1), "unknown");
}

// In tests stderr is no terminal, so a plain line ends the work.
TEST(Progress, WritesOnePlainLineAtTheEnd) {
  testing::internal::CaptureStderr();
  {
    Progress progress("profiling", 3);
    for (std::size_t done = 1; done <= 3; ++done) progress.update(done, "a.png");
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("profiling 3 of 3, "), 0U) << text;
  EXPECT_NE(text.find("took"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Progress, SaysNothingWhenNothingHappened) {
  testing::internal::CaptureStderr();
  { const Progress progress("profiling", 3, 2); }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Warn, NamesTheProgram) {
  testing::internal::CaptureStderr();
  warn("the machine is busy");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "triage: warning: the machine is busy\n");
}

}  // namespace
}  // namespace triage::cli
