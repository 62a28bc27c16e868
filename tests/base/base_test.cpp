// Errors, clocks, hashes, random numbers, files.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/number_text.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "triage/clock.h"

namespace triage {
namespace {

using enum ErrorCode;
namespace fs = std::filesystem;

TEST(ErrorTable, HasEveryCodeOnceInOrder) {
  const auto table = error_table();
  ASSERT_EQ(table.size(), static_cast<std::size_t>(kInternal) + 1);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(table[i].code, static_cast<ErrorCode>(i));
    EXPECT_EQ(error_info(table[i].code).name, table[i].name);
    EXPECT_TRUE(names.insert(table[i].name).second);
    EXPECT_GE(table[i].exit_code, 1);
    EXPECT_TRUE(table[i].http_status >= 400 && table[i].http_status < 600);
  }
}

TEST(ErrorTable, HasTheDocumentedExitCodes) {
  for (const ErrorCode code : {kImageFormat, kImageDamaged, kImageTooLarge}) {
    EXPECT_EQ(error_info(code).exit_code, 1);
  }
  EXPECT_EQ(error_info(kUsage).exit_code, 2);
  for (const ErrorCode code : {kData, kManifest, kProfile, kPolicy}) EXPECT_EQ(error_info(code).exit_code, 3);
  for (const ErrorCode code : {kModel, kEngine}) EXPECT_EQ(error_info(code).exit_code, 4);
  EXPECT_EQ(error_info(kIo).exit_code, 5);
  EXPECT_EQ(error_info(kInternal).exit_code, 70);
  EXPECT_EQ(error_info(kInterrupted).exit_code, 130);
}

TEST(ErrorTable, TellsAServerWhatIsWrongWithAnImage) {
  EXPECT_EQ(error_info(kImageFormat).http_status, 415);
  EXPECT_EQ(error_info(kImageDamaged).http_status, 422);
  EXPECT_EQ(error_info(kImageTooLarge).http_status, 413);
  for (const ErrorInfo& info : error_table()) {
    EXPECT_EQ(is_image_error(info.code), info.name.starts_with("image_")) << info.name;
  }
}

TEST(Check, ABrokenOneIsAnInternalErrorWithItsPlace) {
  TRIAGE_CHECK(1 + 1 == 2);
  EXPECT_TRIAGE_ERROR(TRIAGE_CHECK(1 + 1 == 3), kInternal, "base_test.cpp:", "1 + 1 == 3", "please report");
}

TEST(Clock, AFakeOneMovesWhenTold) {
  FakeClock clock;
  EXPECT_EQ(clock.now_ns(), 0);
  Stopwatch watch(clock);
  clock.pass_ns(2'500'000);
  EXPECT_DOUBLE_EQ(watch.ms(), 2.5);
  EXPECT_DOUBLE_EQ(watch.lap_ms(), 2.5);
  clock.pass_ns(1'000'000);
  EXPECT_DOUBLE_EQ(watch.lap_ms(), 1.0);
}

TEST(Clock, TheSteadyOnePassesAtLeastWhatItIsTold) {
  Clock& clock = steady_clock();
  const std::int64_t before = clock.now_ns();
  clock.pass_ns(1000);
  EXPECT_GE(clock.now_ns() - before, 1000);
}

// splitmix64 of state 0 as published with the algorithm.
TEST(Random, IsSplitmix64) {
  Random random(0);
  EXPECT_EQ(random.next(), 0xE220A8397B1DCDAFULL);
  EXPECT_EQ(random.next(), 0x6E789E6AA1B965F4ULL);
  EXPECT_EQ(random.next(), 0x06C45D188009454FULL);
  Random seeded(1234567);
  EXPECT_EQ(seeded.next(), 6457827717110365317ULL);
  EXPECT_EQ(seeded.next(), 3203168211198807973ULL);
}

TEST(Random, StaysInItsRangeAndCoversIt) {
  Random random(5);
  std::vector<int> counts(7);
  for (int i = 0; i < 7000; ++i) ++counts.at(random.below(7));
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
  EXPECT_EQ(random.below(1), 0U);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double value = random.uniform();
    ASSERT_TRUE(value >= 0 && value < 1);
    sum += value;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(Shuffle, IsAPermutationThatTheSeedDecides) {
  std::vector<int> sorted(50);
  std::iota(sorted.begin(), sorted.end(), 0);
  const auto shuffled = [&](std::uint64_t seed) {
    std::vector<int> values = sorted;
    Random random(seed);
    shuffle(std::span(values), random);
    return values;
  };
  EXPECT_EQ(shuffled(1), shuffled(1));
  EXPECT_NE(shuffled(1), shuffled(2));
  std::vector<int> values = shuffled(1);
  EXPECT_NE(values, sorted);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(values, sorted);
}

TEST(Shuffle, ReachesEveryOrderAboutEquallyOften) {
  std::vector<int> counts(6);
  Random random(9);
  for (int trial = 0; trial < 6000; ++trial) {
    std::vector<int> values{0, 1, 2};
    shuffle(std::span(values), random);
    ++counts.at(static_cast<std::size_t>(values[0] * 2 + (values[1] > values[2] ? 1 : 0)));
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

// FNV-1a 64 of "" and "a" are published; hash64 mixes them with the seed.
TEST(Hash64, IsFnvMixedWithTheSeed) {
  EXPECT_EQ(hash64(0, ""), mix64(0xCBF29CE484222325ULL ^ mix64(0)));
  EXPECT_EQ(hash64(0, "a"), mix64(0xAF63DC4C8601EC8CULL ^ mix64(0)));
  EXPECT_NE(hash64(1, "a"), hash64(0, "a"));
  EXPECT_NE(hash64(0, "ab"), hash64(0, "ba"));
  static_assert(hash64(3, "constant") == hash64(3, "constant"));
}

// FIPS 180-2, appendix B.
TEST(Sha256, OfKnownTexts) {
  const auto hex = [](std::string_view text) {
    return sha256_hex({reinterpret_cast<const std::byte*>(text.data()), text.size()});
  };
  EXPECT_EQ(hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, OfAFileIsThatOfItsContent) {
  const testing::TempFolder folder;
  const std::string million(1'000'000, 'a');
  EXPECT_EQ(sha256_file(folder.write("a", million)),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(sha256_file(folder.write("b", "")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_TRIAGE_ERROR(sha256_file(folder / "none"), kIo, "none");
  EXPECT_TRIAGE_ERROR(sha256_file(folder.path()), kIo, "cannot be opened");
}

TEST(ReadFile, GivesTheContentUpToALimit) {
  const testing::TempFolder folder;
  const fs::path path = folder.write("a", std::string("a\0b\n", 4));
  EXPECT_EQ(read_text(path), std::string("a\0b\n", 4));
  EXPECT_EQ(read_file(path, 4), (std::vector<std::uint8_t>{'a', 0, 'b', '\n'}));
  EXPECT_TRIAGE_ERROR(read_file(path, 3), kIo, "holds 4 bytes or more", "at most 3");
  EXPECT_TRIAGE_ERROR(read_file(folder / "none"), kIo, "none", "cannot be opened");
  EXPECT_TRIAGE_ERROR(read_file(folder.path()), kIo, "is a folder");
  EXPECT_TRUE(read_file(folder.write("empty", "")).empty());
}

TEST(ReadFile, ReadsFilesThatStateNoSize) { EXPECT_FALSE(read_text("/proc/self/status").empty()); }

std::size_t n_entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

TEST(NumberText, HasFourSignificantDigits) {
  EXPECT_EQ(number_text(0.1 + 0.2), "0.3");
  EXPECT_EQ(number_text(1.0 / 3), "0.3333");
  EXPECT_EQ(number_text(2.0F / 3), "0.6667");
  EXPECT_EQ(number_text(123456.7), "1.235e+05");
  EXPECT_EQ(number_text(1e300), "1e+300");
  EXPECT_EQ(number_text(123456), 123456);
  EXPECT_EQ(number_text(std::string("as it is")), "as it is");
}

TEST(PathExists, SaysWhatCannotBeTold) {
  const testing::TempFolder dir;
  EXPECT_TRUE(path_exists(dir.path()));
  EXPECT_FALSE(path_exists(dir / "none"));
  EXPECT_FALSE(path_exists(dir.write("file", "") / "below"));
  EXPECT_TRIAGE_ERROR(path_exists(dir / std::string(256, 'a')), kIo, "aaa: cannot be examined",
                      "File name too long");
}

TEST(AbsolutePath, IsFromTheRootOn) {
  EXPECT_EQ(absolute_path("/a/b"), "/a/b");
  EXPECT_TRUE(absolute_path("b").is_absolute());
  EXPECT_TRIAGE_ERROR(absolute_path(""), kIo, "has no place");
}

TEST(RenamePath, ReplacesOrSaysWhyNot) {
  const testing::TempFolder dir;
  rename_path(dir.write("a", "new"), dir.write("b", "old"));
  EXPECT_EQ(read_text(dir / "b"), "new");
  EXPECT_TRIAGE_ERROR(rename_path(dir / "b", dir / "none/b"), kIo, "none/b: cannot be made", "No such file");
}

// What a killed process has left is not written to, nor in the way.
TEST(WriteFileAtomic, WritesBesideWhatIsThere) {
  const testing::TempFolder dir;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) write_text_atomic(dir / "file", std::string(5000, 'x'));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read_text(dir / "file"), std::string(5000, 'x'));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 1);
}

TEST(WriteFileAtomic, ReplacesAndMakesFolders) {
  const testing::TempFolder folder;
  const fs::path path = folder / "new/deep/file";
  write_text_atomic(path, "first, longer");
  write_text_atomic(path, "second");
  EXPECT_EQ(read_text(path), "second");
  EXPECT_EQ(n_entries(path.parent_path()), 1U);  // no temporary file is left
  const std::vector<std::uint8_t> bytes{0, 255};
  write_file_atomic(path, bytes);
  EXPECT_EQ(read_file(path), bytes);
}

TEST(WriteFileAtomic, FollowsLinks) {
  const testing::TempFolder folder;
  const fs::path real = folder.write("there/real", "old");
  fs::create_symlink("there/real", folder / "link");
  fs::create_symlink("there/new", folder / "dangling");
  write_text_atomic(folder / "link", "x");
  write_text_atomic(folder / "dangling", "y");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_text(real), "x");
  EXPECT_EQ(read_text(folder / "there/new"), "y");
}

TEST(WriteFileAtomic, WritesToPipesAndDevicesWithoutReplacingThem) {
  const testing::TempFolder folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string got;
  std::jthread reader([&] { got = read_text(pipe); });
  write_text_atomic(pipe, "through");
  reader.join();
  EXPECT_EQ(got, "through");
  EXPECT_TRUE(fs::is_fifo(pipe));
  write_text_atomic("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_TRIAGE_ERROR(write_text_atomic("/dev/full", "x"), kIo, "/dev/full", "writing failed");
  // Behind this link stands no path that could be opened.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  write_text_atomic("/proc/self/fd/" + std::to_string(ends[1]), "again");
  char seen[6] = {};
  EXPECT_EQ(::read(ends[0], seen, 5), 5);
  EXPECT_STREQ(seen, "again");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(WriteFileAtomic, LeavesNothingBehindWhenItFails) {
  const testing::TempFolder folder;
  fs::create_directories(folder / "taken/inner");
  EXPECT_TRIAGE_ERROR(write_text_atomic(folder / "taken", "x"), kIo, "taken", "cannot be replaced");
  EXPECT_EQ(n_entries(folder.path()), 1U);
  const fs::path file = folder.write("file", "x");
  EXPECT_TRIAGE_ERROR(write_text_atomic(file / "below", "x"), kIo, "folder cannot be made");
  EXPECT_EQ(read_text(file), "x");
}

TEST(Base64, AgreesWithRfc4648) {
  const auto encode = [](std::string_view text) {
    return base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace triage
