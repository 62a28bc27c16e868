#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
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

TEST(FormatSpeed, HasFourDigitsAtMost) {
  EXPECT_EQ(format_speed(0.5), "30.0/min");
  EXPECT_EQ(format_speed(12.34), "12.3/s");
  EXPECT_EQ(format_speed(9999), "9999/s");
  EXPECT_EQ(format_speed(9999.7), "10000/s");
  EXPECT_EQ(format_speed(109'730), "109700/s");
}

// In tests stderr is not a terminal, so a plain line ends the work.
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

// What is too long for the terminal would wrap, and every redrawing would leave a line behind.
TEST(FitLine, KeepsWithinTheColumnsAndWholeCharacters) {
  EXPECT_EQ(fit_line("profiling 3 of 3", 80), "profiling 3 of 3");
  EXPECT_EQ(fit_line("profiling", 10), "profiling");
  EXPECT_EQ(fit_line("profiling", 9), "profilin") << "the last column makes some terminals wrap";
  EXPECT_EQ(fit_line("a\xC3\xBC\xC3\xBC z", 4), "a\xC3\xBC\xC3\xBC") << "two bytes a character";
  EXPECT_EQ(fit_line("a\xC3\xBC\xC3\xBC z", 3), "a\xC3\xBC");
  EXPECT_EQ(fit_line("profiling", 0), "profiling") << "a width that is not known";
  EXPECT_EQ(fit_line("profiling", 1), "");
}

// stderr as a terminal of 40 columns.
TEST(Progress, IsNoWiderThanTheTerminal) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) GTEST_SKIP() << "no terminals here";
  const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  const winsize size{.ws_row = 25, .ws_col = 40, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::ioctl(terminal, TIOCSWINSZ, &size), 0);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(terminal, STDERR_FILENO);
  {
    Progress progress("measuring something with a rather long name", 300);
    progress.update(30);
  }
  ::dup2(before, STDERR_FILENO);
  std::string drawn(4096, '\0');
  const ssize_t n = ::read(master, drawn.data(), drawn.size());
  for (const int fd : {master, terminal, before}) ::close(fd);
  ASSERT_GT(n, 0);
  drawn.resize(static_cast<std::size_t>(n));
  const std::size_t begin = drawn.find('\r'), end = drawn.find("\x1b[K");
  ASSERT_NE(end, std::string::npos) << drawn;
  EXPECT_EQ(drawn.substr(begin + 1, end - begin - 1), "measuring something with a rather long ");
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
