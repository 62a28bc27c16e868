// Which class a sub-folder stands for.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "triage/tools/dataset.h"

namespace triage {
namespace {

using enum ErrorCode;
namespace fs = std::filesystem;

const ClassList kColours{
    4, {"red", "dark blue", "green, verdant", "crane"}, {"n00000001", "n00000002", "n00000003", "n00000004"}};

class ClassFolders : public ::testing::Test {
 protected:
  void image(std::string_view name) const { (void)folder_.write(name, std::string("P5 1 1 255\n") + 'x'); }
  void folders(std::initializer_list<const char*> names) const {
    for (const char* name : names) image(fmt::format("{}/1.pgm", name));
  }
  [[nodiscard]] std::unique_ptr<Dataset> open(const ClassList& classes = kColours,
                                              const char* below = "") const {
    return open_dataset(
        {.data = {folder_ / below}, .labels = {}, .classes = classes, .first_label = {}, .range = {}});
  }
  // "blue 1, red 0" of folders and their labels.
  [[nodiscard]] std::string read(const ClassList& classes = kColours) const {
    const auto data = open(classes);
    std::string text;
    for (std::size_t i = 0; i < data->size(); ++i) {
      text +=
          fmt::format("{}{} {}", i == 0 ? "" : ", ", fs::path(data->id(i)).begin()->string(), data->label(i));
    }
    return text;
  }
  testing::TempFolder folder_;
};

TEST_F(ClassFolders, AreMatchedByNameIdOrSynonymWhateverTheirOrder) {
  folders({"Dark_Blue", "n00000001-x", "verdant", "crane"});
  EXPECT_EQ(read(), "Dark_Blue 1, crane 3, n00000001-x 0, verdant 2");
  const LabelMapping mapping = open()->label_mapping();
  EXPECT_EQ(mapping.by, LabelsBy::kName);
  EXPECT_EQ(mapping.n_classes, 4U);
  EXPECT_EQ(mapping.examples.at(0), (std::pair<std::string, Label>("Dark_Blue", 1)));
  EXPECT_TRUE(mapping.warnings.empty());
}

TEST_F(ClassFolders, FoldersThatAreReadDifferentlyAreEachSaid) {
  folders({"a/red", "a/crane", "b/0", "b/3"});
  image("b/0/2.pgm");
  const auto open_both = [&](const char* second) {
    return open_dataset({.data = {folder_ / "a", folder_ / second},
                         .labels = {},
                         .classes = kColours,
                         .first_label = {},
                         .range = {}})
        ->label_mapping();
  };
  const LabelMapping mapping = open_both("b");
  EXPECT_EQ(mapping.by, LabelsBy::kName);
  const auto said = std::find_if(mapping.notes.begin(), mapping.notes.end(), [](const std::string& note) {
    return note.find("by number, unlike those before, which are read by name: '0' is 0") != std::string::npos;
  });
  ASSERT_NE(said, mapping.notes.end());
  EXPECT_NE(said->find("/b: "), std::string::npos) << *said;
  folders({"c/verdant"});
  EXPECT_TRUE(open_both("c").notes.empty());
}

TEST_F(ClassFolders, APartOfTheClassesWillDo) {
  folders({"green", "red"});
  EXPECT_EQ(read(), "green 2, red 0");
}

TEST_F(ClassFolders, SomeThatHaveNoClassAreAnError) {
  folders({"red", "mauve"});
  EXPECT_TRIAGE_ERROR(open(), kData, "1 of 2 folders", "mauve", "red, dark blue");
}

TEST_F(ClassFolders, TwoOfOneClassAreAnError) {
  folders({"red", "n00000001"});
  EXPECT_TRIAGE_ERROR(open(), kData, "n00000001 and red both are class 0 (red)");
}

TEST_F(ClassFolders, ANameOfTwoClassesIsAnError) {
  folders({"crane", "red"});
  EXPECT_TRIAGE_ERROR(open({3, {"red", "crane", "crane"}, {}}), kData, "crane may be several classes",
                      "WordNet ids");
}

TEST_F(ClassFolders, AreNumbersWhereNoneHasAName) {
  folders({"0", "2", "10"});
  EXPECT_EQ(read({11, {}, {}}), "0 0, 10 10, 2 2");
  EXPECT_EQ(open({11, {}, {}})->label_mapping().by, LabelsBy::kNumber);
  // Sorted as texts, 10 would be class 1.
  EXPECT_EQ(read({}), "0 0, 10 10, 2 2");
}

TEST_F(ClassFolders, NumbersUpToTheNumberOfClassesCountFromOne) {
  folders({"1", "2", "4"});
  EXPECT_EQ(read(), "1 0, 2 1, 4 3");
  EXPECT_EQ(open()->label_mapping().by, LabelsBy::kNumberFrom1);
}

TEST_F(ClassFolders, OneNumberTwiceIsAnError) {
  folders({"1", "01"});
  EXPECT_TRIAGE_ERROR(open(), kData, "01 and 1 are one number");
}

TEST_F(ClassFolders, AreClassesByPlaceWhereTheyAreAsManyAndSaySo) {
  folders({"d", "b", "c", "a"});
  EXPECT_EQ(read(), "a 0, b 1, c 2, d 3");
  const LabelMapping mapping = open()->label_mapping();
  EXPECT_EQ(mapping.by, LabelsBy::kPosition);
  ASSERT_EQ(mapping.warnings.size(), 1U);
  EXPECT_NE(mapping.warnings[0].find("a is 0 (red), b is 1 (dark blue)"), std::string::npos)
      << mapping.warnings[0];
}

TEST_F(ClassFolders, UnknownNamesThatAreFewerThanTheClassesAreAnError) {
  folders({"a", "b"});
  EXPECT_TRIAGE_ERROR(open(), kData, "2 folders (a, b)", "none of which has a class's name or number",
                      "4 classes, such as red");
  EXPECT_TRIAGE_ERROR(open({4, {}, {}}), kData, "4 classes by number, from 0");
}

TEST_F(ClassFolders, WithoutPicturesAreNoClassesAndAreNamed) {
  folders({"green", "red"});
  (void)folder_.write("__MACOSX/red/._1.pgm", "x");
  image("@eaDir/1.pgm");
  fs::create_directories(folder_ / "crane");
  (void)folder_.write("red/notes.txt", "x");
  image("red/.thumb/1.pgm");
  EXPECT_EQ(read(), "green 2, red 0");
  const auto notes = open()->label_mapping().notes;
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_NE(notes[0].find("no pictures in crane"), std::string::npos) << notes[0];
  EXPECT_NE(notes[1].find("1 .txt, 1 hidden, system folder @eaDir, __MACOSX"), std::string::npos) << notes[1];
}

TEST_F(ClassFolders, AnEmptyOneHoldsItsPlaceWhereOnlySoTheyAreAsMany) {
  folders({"a", "c", "d"});
  fs::create_directories(folder_ / "b");
  EXPECT_EQ(read(), "a 0, c 2, d 3");
}

TEST_F(ClassFolders, DataSetsInThePlaceOfClassesAreAnErrorThatNamesOne) {
  folders({"train/red", "train/green", "val/red", "val/green"});
  EXPECT_TRIAGE_ERROR(open(), kData, "holds train, val", "no classes", "give ", "train");
  EXPECT_EQ(open(kColours, "val")->size(), 2U);
}

TEST_F(ClassFolders, AnArchivesOuterFolderIsAnErrorToo) {
  folders({"imagenette/red", "imagenette/green"});
  EXPECT_TRIAGE_ERROR(open(), kData, "holds imagenette, which is a data set and no class (", "give ",
                      "imagenette");
}

TEST_F(ClassFolders, LinksAreFollowedUnlessTheyLeadAround) {
  folders({"red"});
  testing::TempFolder elsewhere;
  (void)elsewhere.write("deep/1.pgm", std::string("P5 1 1 255\n") + 'x');
  fs::create_directory_symlink(elsewhere.path(), folder_ / "green");
  fs::create_directory_symlink("..", folder_ / "red/up");
  fs::create_directory_symlink("nowhere", folder_ / "red/broken");
  fs::create_directory_symlink("self", folder_ / "self");
  EXPECT_EQ(read(), "green 2, red 0");
  const auto notes = open()->label_mapping().notes;
  ASSERT_FALSE(notes.empty());
  EXPECT_NE(notes[0].find("red/broken, red/up"), std::string::npos) << notes[0];
}

TEST_F(ClassFolders, OneThatCannotBeReadIsNamed) {
  folders({"red", "green"});
  fs::permissions(folder_.path(), fs::perms::all);
  for (const char* name : {"red", "red/deeper"}) {
    fs::create_directories(folder_ / name);
    fs::permissions(folder_ / name, fs::perms::none);
    const bool is_root = ::geteuid() == 0;  // who may read everything
    if (is_root) {
      ASSERT_EQ(::seteuid(65534), 0);
    }
    EXPECT_TRIAGE_ERROR(open(), kIo, std::string("/") + name + ": cannot be read (Permission denied)");
    if (is_root) {
      ASSERT_EQ(::seteuid(0), 0);
    }
    fs::permissions(folder_ / name, fs::perms::all);
  }
}

}  // namespace
}  // namespace triage
