// What memory is left, read from folders that look like Linux's.
#include "base/memory.h"

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace triage {
namespace {

constexpr std::uint64_t kKib = 1024;

class Memory : public ::testing::Test {
 protected:
  Memory() {
    root_.write("proc/meminfo", "MemTotal:  8000 kB\nMemAvailable:  5000 kB\nSwapFree:  1000 kB\n");
    root_.write("proc/self/cgroup", "0::/user/job\n");
  }
  void group(const std::string& path, const std::string& most, const std::string& used,
             const std::string& cached = "0") const {
    root_.write("sys/fs/cgroup" + path + "/memory.max", most + "\n");
    root_.write("sys/fs/cgroup" + path + "/memory.current", used + "\n");
    root_.write("sys/fs/cgroup" + path + "/memory.stat", "anon 7\ninactive_file " + cached + "\nfile 9\n");
  }
  testing::TempFolder root_;
};

TEST_F(Memory, IsWhatTheMachineHasWithItsSwap) {
  EXPECT_EQ(memory_left(root_.path()).bytes, 6000 * kKib);
  EXPECT_EQ(memory_left(root_.path()).limit, "the machine's memory");
}

TEST_F(Memory, IsLimitedByAnyControlGroupAbove) {
  group("/user/job", "max", "100000");
  EXPECT_EQ(memory_left(root_.path()).bytes, 6000 * kKib);
  group("/user", "3000000", "1000000");
  EXPECT_EQ(memory_left(root_.path()).bytes, 2000000U);
  EXPECT_EQ(memory_left(root_.path()).limit, "the control group's memory.max");
  group("/user/job", "500000", "400000", "150000");
  EXPECT_EQ(memory_left(root_.path()).bytes, 250000U) << "pages of files do not count";
  group("/user/job", "500000", "600000");
  EXPECT_EQ(memory_left(root_.path()).bytes, 0U);
}

TEST_F(Memory, InAContainerTheGroupIsTheRoot) {
  root_.write("proc/self/cgroup", "0::/\n");
  group("", "3000000", "1000000");
  EXPECT_EQ(memory_left(root_.path()).bytes, 2000000U);
}

TEST(MemoryUnknown, IsWithoutALimit) {
  const testing::TempFolder empty;
  EXPECT_EQ(memory_left(empty.path()).bytes, UINT64_MAX);
  EXPECT_EQ(address_space_left(empty.path()).bytes, UINT64_MAX);
}

}  // namespace
}  // namespace triage
