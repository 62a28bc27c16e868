// Label files as people's tools write them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "triage/tools/dataset.h"

namespace triage {
namespace {

using enum ErrorCode;

const ClassList kAnimals{3, {"cat", "big dog", "sea lion, Otaria"}, {"n00000010", "n00000020", "n00000030"}};

class LabelFile : public ::testing::Test {
 protected:
  LabelFile() {
    for (const char* name : {"a.pgm", "b.pgm", "sub/c.pgm"}) {
      (void)folder_.write(fmt::format("data/{}", name), std::string("P5 1 1 255\n") + 'x');
    }
  }
  [[nodiscard]] std::unique_ptr<Dataset> open(std::string_view csv, const ClassList& classes = kAnimals,
                                              std::optional<Label> first_label = {}) const {
    return open_dataset({.data = {folder_ / "data"},
                         .labels = {folder_.write("labels.csv", csv)},
                         .classes = classes,
                         .first_label = first_label,
                         .range = {}});
  }
  // "a.pgm 0, b.pgm 1" of what was read.
  [[nodiscard]] std::string read(std::string_view csv, const ClassList& classes = kAnimals,
                                 std::optional<Label> first_label = {}) const {
    const auto data = open(csv, classes, first_label);
    std::string text;
    for (std::size_t i = 0; i < data->size(); ++i) {
      text += fmt::format("{}{} {}", i == 0 ? "" : ", ", data->id(i), data->label(i));
      (void)data->load(i, {});
    }
    return text;
  }
  testing::TempFolder folder_;
};

TEST_F(LabelFile, TakesAnyHeaderWhoseFirstRowHasALabel) {
  for (const char* header :
       {"file,label", "File,Label", "filename,class", "image_id,target", "path,y", "Bild,Klasse"}) {
    EXPECT_EQ(read(fmt::format("{}\na.pgm,0\nb.pgm,2\n", header)), "a.pgm 0, b.pgm 2") << header;
  }
}

TEST_F(LabelFile, ReadsNamesIdsAndNumbersWithAPoint) {
  EXPECT_EQ(read("a.pgm,cat\nb.pgm,Big-Dog\nsub/c.pgm,otaria\n"), "a.pgm 0, b.pgm 1, sub/c.pgm 2");
  EXPECT_EQ(read("a.pgm,n00000030\nb.pgm,N00000010\n"), "a.pgm 2, b.pgm 0");
  EXPECT_EQ(read("a.pgm,2.0\nb.pgm,01\n"), "a.pgm 2, b.pgm 1");
  EXPECT_EQ(open("a.pgm,cat\nb.pgm,1\n")->label_mapping().by, LabelsBy::kName);
}

TEST_F(LabelFile, TellsTheSeparatorAndSaysSo) {
  for (const auto& [separator, name] : {std::pair{";", "semicolons"}, {"\t", "tabs"}, {" ", "blanks"}}) {
    const std::string csv = fmt::format("file{0}label\na.pgm{0}0\nb.pgm{0}2\n", separator);
    EXPECT_EQ(read(csv), "a.pgm 0, b.pgm 2") << name;
    const auto notes = open(csv)->label_mapping().notes;
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_NE(notes[0].find(name), std::string::npos) << notes[0];
  }
  EXPECT_TRUE(open("a.pgm,0\n")->label_mapping().notes.empty());
}

TEST_F(LabelFile, FindsTheColumnsAmongOthers) {
  EXPECT_EQ(read(",file,label\n0,a.pgm,2\n1,b.pgm,0\n2,sub/c.pgm,1\n"), "a.pgm 2, b.pgm 0, sub/c.pgm 1");
  EXPECT_EQ(read("label,file\n2,a.pgm\n0,b.pgm\n"), "a.pgm 2, b.pgm 0");
  EXPECT_EQ(read("0,a.pgm\n2,b.pgm\n"), "a.pgm 0, b.pgm 2");
  EXPECT_EQ(read("width,label,file,note\n9,2,a.pgm,x\n9,0,b.pgm,y\n"), "a.pgm 2, b.pgm 0");
  EXPECT_EQ(read("q,file,r\nx,a.pgm,cat\ny,b.pgm,big dog\n"), "a.pgm 0, b.pgm 1");
  EXPECT_TRIAGE_ERROR(open("q,file,r\n1,a.pgm,2\n1,b.pgm,0\n"), kData, "labels.csv:1:", "3 fields",
                      "names the columns file and label");
}

TEST_F(LabelFile, FindsFilesThatAreWrittenOtherwise) {
  EXPECT_EQ(read("sub\\c.pgm,0\n"), "sub/c.pgm 0");
  EXPECT_EQ(read("a,0\nb,1\n"), "a.pgm 0, b.pgm 1");
  EXPECT_EQ(read("A.PGM,0\nB.pgm,1\n"), "a.pgm 0, b.pgm 1");
  EXPECT_EQ(read("a.jpg,0\nB.JPEG,1\nelsewhere/sub/c.png,2\n"), "a.pgm 0, b.pgm 1, sub/c.pgm 2");
  EXPECT_EQ(read(fmt::format("{},0\n", (folder_ / "data/sub/c.pgm").string())), "sub/c.pgm 0");
  EXPECT_EQ(read("/somewhere/else/data/a.pgm,0\n/somewhere/else/data/sub/c.pgm,1\n"), "a.pgm 0, sub/c.pgm 1");
  EXPECT_EQ(read("data/a.pgm,0\ndata/sub/c.pgm,1\n"), "a.pgm 0, sub/c.pgm 1");
  EXPECT_EQ(read("C:\\pictures\\a.pgm,0\n"), "a.pgm 0");
  const auto notes = open("a,0\nb,1\n")->label_mapping().notes;
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find("2 files were found by their names without case or extension"), std::string::npos)
      << notes[0];
}

TEST_F(LabelFile, ANameThatTwoPicturesHaveIsNotGuessed) {
  (void)folder_.write("data/a.png", "");
  EXPECT_EQ(open("a,0\n")->id(0), "a");
  EXPECT_TRIAGE_ERROR(open("a,0\n")->load(0, {}), kIo, "data/a");
  EXPECT_EQ(open("a.jpg,0\n")->id(0), "a.jpg");
  EXPECT_EQ(open("b.1,0\n")->id(0), "b.1") << "no extension of a picture";
}

TEST_F(LabelFile, TakesOddLineEndsAndEmptyFirstLines) {
  EXPECT_EQ(read("\n\r\nfile,label\r\na.pgm,0\r\nb.pgm,1\r\n\x1A"), "a.pgm 0, b.pgm 1");
  EXPECT_EQ(read("file,label\ra.pgm,0\rb.pgm,1\r"), "a.pgm 0, b.pgm 1");
  EXPECT_TRIAGE_ERROR(open("\xFF\xFE"
                           "a"),
                      kData, "labels.csv", "UTF-16", "UTF-8");
}

TEST_F(LabelFile, NumbersUpToTheNumberOfClassesCountFromOne) {
  EXPECT_EQ(read("a.pgm,1\nb.pgm,3\n"), "a.pgm 0, b.pgm 2");
  EXPECT_EQ(open("a.pgm,1\nb.pgm,3\n")->label_mapping().by, LabelsBy::kNumberFrom1);
  EXPECT_EQ(read("a.pgm,1\nb.pgm,2\n"), "a.pgm 1, b.pgm 2");
  EXPECT_EQ(read("a.pgm,1\nb.pgm,2\n", kAnimals, 1), "a.pgm 0, b.pgm 1");
  EXPECT_EQ(read("a.pgm,1\nb.pgm,3\n", kAnimals, 0), "a.pgm 1, b.pgm 3");
  EXPECT_TRIAGE_ERROR(open("a.pgm,0\nb.pgm,3\n", kAnimals, 1), kData, "label 0", "first_label");
}

TEST_F(LabelFile, UnknownNamesAreClassesByPlaceWhereTheyAreAsManyAndSaySo) {
  const std::string csv = "file,label\na.pgm,zebra\nb.pgm,ant\nsub/c.pgm,mole\n";
  EXPECT_EQ(read(csv), "a.pgm 2, b.pgm 0, sub/c.pgm 1");
  EXPECT_EQ(open(csv)->label_mapping().by, LabelsBy::kPosition);
  EXPECT_EQ(open(csv)->label_mapping().warnings.size(), 1U);
  EXPECT_EQ(open(csv)->label_names(), (std::vector<std::string>{"ant", "mole", "zebra"}));
  EXPECT_TRUE(open("a.pgm,cat\n")->label_names().empty()) << "the zoo's own";
  EXPECT_TRIAGE_ERROR(open("file,label\na.pgm,zebra\nb.pgm,ant\n"), kData, "labels.csv:2:", "label 'zebra'",
                      "from 0 to 2", "the name of a class");
}

TEST_F(LabelFile, SeveralMustHaveTheSameClassesByPlace) {
  (void)folder_.write("more/d.pgm", std::string("P5 1 1 255\n") + 'x');
  (void)folder_.write("more/e.pgm", std::string("P5 1 1 255\n") + 'x');
  const ClassList two{2, {}, {}};
  const auto open_both = [&](std::string_view more) {
    return open_dataset(
        {.data = {folder_ / "data", folder_ / "more"},
         .labels = {folder_.write("labels.csv", "a.pgm,ant\nb.pgm,bee\n"), folder_.write("more.csv", more)},
         .classes = two,
         .first_label = {},
         .range = {}});
  };
  EXPECT_EQ(open_both("d.pgm,bee\ne.pgm,ant\n")->label(2), 1);
  EXPECT_EQ(open_both("d.pgm,0\ne.pgm,1\n")->label_names(), (std::vector<std::string>{"ant", "bee"}));
  EXPECT_TRIAGE_ERROR(open_both("d.pgm,ant\ne.pgm,cat\n"), kData, "more.csv: classes are ant, cat",
                      "expected those of ", "labels.csv");
}

TEST_F(LabelFile, ANameOfTwoClassesIsRefused) {
  EXPECT_TRIAGE_ERROR(open("a.pgm,crane\n", {2, {"crane", "crane"}, {}}), kData,
                      "label 'crane' names several classes");
}

TEST_F(LabelFile, SaysHowLabelsWereRead) {
  const LabelMapping mapping =
      open("file,label\na.pgm,cat\nb.pgm,n00000030\nsub/c.pgm,cat\n")->label_mapping();
  EXPECT_EQ(mapping.by, LabelsBy::kName);
  EXPECT_EQ(mapping.n_classes, 2U);
  EXPECT_EQ(mapping.examples, (std::vector<std::pair<std::string, Label>>{{"cat", 0}, {"n00000030", 2}}));
}

}  // namespace
}  // namespace triage
