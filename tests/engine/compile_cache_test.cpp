// Files of compiled networks: each thing that can be wrong with one, and folders that cannot be used.
#include "engine/compile_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

using namespace triage::testing;
using Bytes = std::vector<std::uint8_t>;

const CompiledKey kKey{"model: 0123\ndevice: CPU\n", "engine 1"};
const Bytes kPayload{1, 2, 3, 4, 5, 6, 7, 8, 9};

Bytes payload_of(const CompiledFile& found) { return {found.payload.begin(), found.payload.end()}; }

class CompileCacheTest : public ::testing::Test {
 protected:
  TempFolder dir_;
  std::vector<std::string> remarks_;
  CompileCache::Remark remark_ = [this](std::string_view text) { remarks_.emplace_back(text); };
  CompileCache cache_{dir_.path() / "cache", remark_};
};

TEST_F(CompileCacheTest, GivesBackWhatItKept) {
  EXPECT_FALSE(cache_.find(kKey));
  cache_.keep(kKey, kPayload);
  const auto found = cache_.find(kKey);
  ASSERT_TRUE(found);
  EXPECT_EQ(payload_of(*found), kPayload);
  cache_.keep({"model: none\n", "engine 1"}, {});
  EXPECT_EQ(payload_of(cache_.find({"model: none\n", "engine 1"}).value()), Bytes{});
  EXPECT_TRUE(remarks_.empty()) << remarks_.front();
}

TEST_F(CompileCacheTest, IsOffWithoutAFolder) {
  CompileCache off({}, remark_);
  off.keep(kKey, kPayload);
  EXPECT_FALSE(off.on());
  EXPECT_FALSE(off.find(kKey));
  EXPECT_TRUE(remarks_.empty());
}

// Every single bit, and every length.
TEST_F(CompileCacheTest, TakesNothingThatIsDamaged) {
  const Bytes good = seal_compiled(kKey, kPayload);
  EXPECT_EQ(payload_of(open_compiled(good, kKey)), kPayload);
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_TRIAGE_ERROR(open_compiled(bad, kKey), ErrorCode::kIo, ", expected ");
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_TRIAGE_ERROR(open_compiled(Bytes(good.begin(), good.begin() + static_cast<long>(size)), kKey),
                        ErrorCode::kIo, "cut short");
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_TRIAGE_ERROR(open_compiled(longer, kKey), ErrorCode::kIo, "as many as it states");
}

TEST_F(CompileCacheTest, SaysWhatDiffers) {
  const Bytes good = seal_compiled(kKey, kPayload);
  EXPECT_TRIAGE_ERROR(open_compiled(good, {"model: 0124\ndevice: CPU\n", "engine 1"}), ErrorCode::kIo,
                      "it is of 'model: 0123', expected 'model: 0124'");
  EXPECT_TRIAGE_ERROR(open_compiled(good, {kKey.network, "engine 2"}), ErrorCode::kIo,
                      "it is of 'build: engine 1', expected 'build: engine 2'");
  Bytes newer = good;
  newer[16] = 2;
  EXPECT_TRIAGE_ERROR(open_compiled(newer, kKey), ErrorCode::kIo, "version 2, expected 1");
  Bytes other = good;
  other[0] = 'T';
  EXPECT_TRIAGE_ERROR(open_compiled(other, kKey), ErrorCode::kIo, "begins otherwise");
}

TEST_F(CompileCacheTest, SaysOnceWhatIsMadeAnew) {
  cache_.keep(kKey, kPayload);
  Bytes bytes = read_file(cache_.path_of(kKey));
  bytes.back() ^= 1;
  write_file_atomic(cache_.path_of(kKey), bytes);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(cache_.find(kKey));
  ASSERT_EQ(remarks_.size(), 1U);
  EXPECT_NE(
      remarks_[0].find(cache_.path_of(kKey).string() + ": does not fit (its checksum differs, expected "),
      std::string::npos)
      << remarks_[0];
  EXPECT_TRUE(remarks_[0].ends_with("; such models are compiled anew"));
  cache_.keep(kKey, kPayload);
  EXPECT_TRUE(cache_.find(kKey));
}

TEST_F(CompileCacheTest, AnotherModelUnderTheNameIsRefused) {
  const CompiledKey other{"model: 4567\ndevice: CPU\n", "engine 1"};
  cache_.keep(other, {kPayload.data(), 3});
  std::filesystem::rename(cache_.path_of(other), cache_.path_of(kKey));
  EXPECT_FALSE(cache_.find(kKey));
  EXPECT_EQ(remarks_.size(), 1U);
}

TEST_F(CompileCacheTest, ANewerBuildReplacesTheOlder) {
  cache_.keep(kKey, kPayload);
  const CompiledKey other{"model: 4567\ndevice: CPU\n", "engine 1"};
  cache_.keep(other, kPayload);
  const CompiledKey newer{kKey.network, "engine 2"};
  EXPECT_FALSE(cache_.find(newer));
  EXPECT_FALSE(cache_.find({other.network, "engine 2"}));
  EXPECT_EQ(remarks_.size(), 1U) << "an update is said once, not for each model";
  cache_.keep(newer, {kPayload.data(), 2});
  EXPECT_TRUE(cache_.find(newer));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_.path() / "cache"), {}), 2);
}

TEST_F(CompileCacheTest, GoesOnWhereNothingCanBeKept) {
  CompileCache no_folder(dir_.write("file", "") / "cache", remark_);
  EXPECT_FALSE(no_folder.find(kKey));
  no_folder.keep(kKey, kPayload);
  no_folder.keep({"model: 4567\n", "engine 1"}, kPayload);
  EXPECT_FALSE(no_folder.find(kKey));
  ASSERT_EQ(remarks_.size(), 1U);
  EXPECT_TRUE(remarks_[0].ends_with("; what cannot be read or kept there is compiled at every start"))
      << remarks_[0];
}

TEST_F(CompileCacheTest, GoesOnWhereAFileCannotBeRead) {
  std::filesystem::create_directories(
      cache_.path_of(kKey));  // a folder under its name: root can read all files
  EXPECT_FALSE(cache_.find(kKey));
  ASSERT_EQ(remarks_.size(), 1U);
  EXPECT_NE(remarks_[0].find("is a folder, expected a file; what cannot be read"), std::string::npos);
  cache_.keep(kKey, kPayload);
  EXPECT_FALSE(cache_.find(kKey));
  EXPECT_EQ(remarks_.size(), 1U) << "that it cannot be written either is no news";
}

TEST_F(CompileCacheTest, AFolderThatCannotBeWrittenIsSaid) {
  if (::geteuid() == 0) GTEST_SKIP() << "root writes everywhere";
  std::filesystem::create_directories(dir_.path() / "cache");
  ASSERT_EQ(::chmod((dir_.path() / "cache").c_str(), 0555), 0);
  cache_.keep(kKey, kPayload);
  EXPECT_EQ(remarks_.size(), 1U);
  EXPECT_FALSE(cache_.find(kKey));
}

TEST_F(CompileCacheTest, RefusesWhatTheEngineCannotUse) {
  cache_.refuse(kKey, "of another kind");
  cache_.refuse(kKey, "of another kind");
  EXPECT_EQ(remarks_,
            std::vector<std::string>{cache_.path_of(kKey).string() +
                                     ": does not fit (of another kind); such models are compiled anew"});
}

// Several starts at once: readers see nothing or a whole file, and nothing is left beside it.
TEST_F(CompileCacheTest, MayBeFilledByManyAtOnce) {
  const Bytes large(1 << 16, 7);
  std::vector<std::thread> threads;
  std::vector<std::size_t> wrong(4);
  for (std::size_t& n_wrong : wrong) {
    threads.emplace_back([&] {
      CompileCache mine(dir_.path() / "cache", [&](std::string_view) { ++n_wrong; });
      for (int i = 0; i < 20; ++i) {
        const auto found = mine.find(kKey);
        if (found && payload_of(*found) != large) ++n_wrong;
        mine.keep(kKey, large);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<std::size_t>(4, 0));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_.path() / "cache"), {}), 1);
}

}  // namespace
}  // namespace triage
