#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "triage/tools/dataset.h"

namespace triage {
namespace {

using enum ErrorCode;

namespace fs = std::filesystem;

class Folder : public ::testing::Test {
 protected:
  // A 1 x 1 gray image.
  fs::path image(std::string_view name, char value) const {
    return folder_.write(name, std::string("P5 1 1 255\n") + value);
  }
  [[nodiscard]] DatasetOptions with_csv(std::string_view csv) const {
    return {.data = {folder_.path()}, .labels = {folder_.write("labels.csv", csv)}, .range = {}};
  }
  [[nodiscard]] DatasetOptions plain() const { return {.data = {folder_.path()}, .labels = {}, .range = {}}; }
  testing::TempFolder folder_;
};

using Csv = Folder;

TEST_F(Csv, GivesOrderAndLabels) {
  image("b.pgm", 'B');
  image("sub/a, 1.pgm", 'A');
  const auto data =
      open_dataset(with_csv("\xEF\xBB\xBF"
                            "file,label\r\nb.pgm, 3\r\n\r\n\"sub/a, 1.pgm\",0"));
  ASSERT_EQ(data->size(), 2U);
  EXPECT_EQ(data->id(0), "b.pgm");
  EXPECT_EQ(data->label(0), 3);
  EXPECT_EQ(data->id(1), "sub/a, 1.pgm");
  EXPECT_EQ(data->label(1), 0);
  EXPECT_EQ(data->load(1, {}).pixels.at(0), 'A');
  EXPECT_TRUE(data->label_names().empty());
}

TEST_F(Csv, NeedsNoHeader) { EXPECT_EQ(open_dataset(with_csv("a.pgm,1\nb.pgm,2\n"))->size(), 2U); }

TEST_F(Csv, AMissingOrBadImageIsAnErrorOfThatInputAlone) {
  image("good.pgm", 'G');
  (void)folder_.write("bad.pgm", "");
  const auto data = open_dataset(with_csv("good.pgm,1\nnone.pgm,2\nbad.pgm,3\n"));
  EXPECT_EQ(data->load(0, {}).pixels.at(0), 'G');
  EXPECT_TRIAGE_ERROR(data->load(1, {}), kIo, "none.pgm");
  EXPECT_TRIAGE_ERROR(data->load(2, {}), kImageDamaged, "bad.pgm", "is empty");
}

TEST_F(Csv, RejectsBadLinesNamingFileAndLine) {
  const auto reject = [&](std::string_view csv, std::string_view where, std::string_view what) {
    EXPECT_TRIAGE_ERROR(open_dataset(with_csv(csv)), kData, where, what);
  };
  reject("file,label\na.pgm,-1\n", "labels.csv:2:", "label '-1'");
  reject("a.pgm,1\nb.pgm,2147483648\n",
         "labels.csv:2:", "a class number from 0, below 2^31, or label_names that have it");
  reject("a.pgm,1\nb.pgm,cat\n", "labels.csv:2:", "label 'cat'");
  reject("a.pgm,1.5\n", "labels.csv:1:", "label '1.5'");
  reject("a.pgm,\n", "labels.csv:1:", "label ''");
  reject("a.pgm\n", "labels.csv:1:", "1 fields");
  reject("a.pgm,1,2\n", "labels.csv:1:", "3 fields");
  reject("\"a.pgm,1\n", "labels.csv:1:", "quote is not closed");
  reject(",1\n", "labels.csv:1:", "file name is empty");
  reject(std::string_view("a\0.pgm,1\n", 9), "labels.csv:1:", "zero byte");
  reject("/tmp/a.pgm,1\n", "labels.csv:1:", "not in the data folder");
  reject("a.pgm,1\n\n./a.pgm,1\n", "labels.csv:3:", "it once (line 1)");
  reject("", "labels.csv", "no rows");
  reject("file,label\n", "labels.csv", "no rows");
}

TEST_F(Csv, RejectsAMissingFile) {
  EXPECT_TRIAGE_ERROR(open_dataset({.data = {folder_.path()}, .labels = {folder_ / "none.csv"}, .range = {}}),
                      kIo, "none.csv");
}

TEST_F(Csv, AllowsEmptyLabelsWhenNoneAreNeeded) {
  DatasetOptions options = with_csv("a.pgm,\nb.pgm,2\n");
  options.require_labels = false;
  const auto data = open_dataset(options);
  EXPECT_EQ(data->label(0), kNoLabel);
  EXPECT_EQ(data->label(1), 2);
}

TEST_F(Folder, SubFoldersAreClassesInSortedOrder) {
  image("dog/2.pgm", 'd');
  image("cat/deep/9.PGM", 'c');
  image("cat/1.pgm", 'C');
  (void)folder_.write("cat/notes.txt", "not an image");
  image(".trash/1.pgm", 'x');
  image("cat/.thumbs/1.pgm", 'x');
  const auto data = open_dataset(plain());
  ASSERT_EQ(data->size(), 3U);
  EXPECT_EQ(data->id(0), "cat/1.pgm");
  EXPECT_EQ(data->id(1), "cat/deep/9.PGM");
  EXPECT_EQ(data->id(2), "dog/2.pgm");
  EXPECT_EQ(data->label(1), 0);
  EXPECT_EQ(data->label(2), 1);
  EXPECT_EQ(data->label_names(), (std::vector<std::string>{"cat", "dog"}));
}

TEST_F(Folder, LooseImagesHaveNoLabel) {
  image("b.pgm", 'b');
  image("a.pgm", 'a');
  DatasetOptions options = plain();
  EXPECT_TRIAGE_ERROR(open_dataset(options), kData, "no labels", "a sub-folder per class or a CSV");
  options.require_labels = false;
  const auto data = open_dataset(options);
  ASSERT_EQ(data->size(), 2U);
  EXPECT_EQ(data->id(0), "a.pgm");
  EXPECT_EQ(data->label(0), kNoLabel);

  image("cat/1.pgm", 'c');
  EXPECT_EQ(open_dataset(options)->size(), 3U);
  options.require_labels = true;
  EXPECT_TRIAGE_ERROR(open_dataset(options), kData, "2 images outside the class folders", "a.pgm");
}

TEST_F(Folder, SeveralMustHaveTheSameClassesAndDifferentNames) {
  image("1/cat/a.pgm", 'a');
  image("2/cat/b.pgm", 'b');
  image("3/dog/c.pgm", 'c');
  image("4/cat/a.pgm", 'd');
  const auto open = [&](std::string_view a, std::string_view b) {
    return open_dataset({.data = {folder_ / a, folder_ / b}, .labels = {}, .range = {}});
  };
  EXPECT_EQ(open("1", "2")->id(1), "cat/b.pgm");
  EXPECT_EQ(open("1", "2")->load(1, {}).pixels.at(0), 'b');
  EXPECT_TRIAGE_ERROR(open("1", "3"), kData, "classes are dog", "expected cat");
  const auto unlabelled = open_dataset(
      {.data = {folder_ / "1", folder_ / "3"}, .labels = {}, .range = {}, .require_labels = false});
  EXPECT_EQ(unlabelled->id(1), "dog/c.pgm");
  EXPECT_EQ(unlabelled->label(1), kNoLabel);
  EXPECT_TRIAGE_ERROR(open("1", "4"), kData, "cat/a.pgm", "earlier folder");
}

TEST_F(Folder, RejectsWhatHoldsNoImages) {
  fs::create_directories(folder_ / "cat");
  EXPECT_TRIAGE_ERROR(open_dataset(plain()), kData, "holds no images");
}

TEST_F(Folder, RejectsOptionsThatDoNotFit) {
  EXPECT_TRIAGE_ERROR(open_dataset({}), kUsage, "no data given");
  DatasetOptions options = with_csv("a.pgm,1\nb.pgm,1\n");
  for (const auto& range : {std::pair<std::size_t, std::size_t>{0, 3}, {1, 1}, {2, 1}}) {
    options.range = range;
    EXPECT_TRIAGE_ERROR(open_dataset(options), kUsage, "2 inputs");
  }
  options.range = {};
  options.labels.push_back(options.labels.front());
  EXPECT_TRIAGE_ERROR(open_dataset(options), kUsage, "2 label files for 1");
  options.data.push_back(folder_ / "labels.csv");
  EXPECT_TRIAGE_ERROR(open_dataset(options), kUsage, "is a file", "expected a folder");
}

TEST(SharedImages, OpenAndDecode) {
  const char* variable = std::getenv("TRIAGE_SHARED");
  const fs::path shared =
      variable != nullptr ? fs::path(variable) : fs::path(TRIAGE_SOURCE_DIR) / "../shared";
  if (!fs::exists(shared / "images"))
    GTEST_SKIP() << shared / "images"
                 << " is absent; set TRIAGE_SHARED";
  const auto data = open_dataset(
      {.data = {shared / "images/val227"}, .labels = {shared / "images/val227.csv"}, .range = {}});
  EXPECT_EQ(data->size(), 891U);
  EXPECT_EQ(data->label(0), 133);
  EXPECT_EQ(data->load(890, {}).width, 227);
}

TEST_F(Folder, PassesOverPipes) {
  image("0/a.pgm", 'A');
  ASSERT_EQ(::mkfifo((folder_ / "0/pipe.pgm").c_str(), 0600), 0);
  const auto data = open_dataset(plain());
  ASSERT_EQ(data->size(), 1U);
  EXPECT_EQ(data->id(0), "0/a.pgm");
}

TEST_F(Csv, APipeIsAnErrorOfThatInputAlone) {
  image("a.pgm", 'A');
  ASSERT_EQ(::mkfifo((folder_ / "pipe.pgm").c_str(), 0600), 0);
  const auto data = open_dataset(with_csv("a.pgm,0\npipe.pgm,1\n"));
  EXPECT_TRIAGE_ERROR(data->load(1, {}), kIo, "pipe.pgm", "expected a regular file");
}

}  // namespace
}  // namespace triage
