// ARFF by hand: what is read, and where each kind of fault is said to be.
#include "import/arff.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "import/arff_row.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

// The texts of all rows, joined by '|', with "?" where a value is missing; throws what the reader finds
// wrong.
std::vector<std::string> rows_of(std::string_view text) {
  const testing::TempFolder folder;
  BadCells bad("a.arff");
  ArffReader reader(folder.write("a.arff", text), bad);
  std::vector<std::string> rows;
  std::vector<ArffValue> row;
  while (reader.next(row)) {
    std::string joined;
    for (const ArffValue& value : row) {
      if (!joined.empty()) joined += '|';
      joined += value.is_missing ? "?" : value.text;
    }
    rows.push_back(joined);
  }
  bad.throw_if_any();
  return rows;
}

// ArffRows below three attributes: a number, a text, one of `red` and `dark blue`.
std::string three(std::string_view rows) {
  return "@relation r\n@attribute n numeric\n@attribute s string\n@attribute c {red, 'dark blue'}\n@data\n" +
         std::string(rows);
}

using ArffRows = std::vector<std::string>;

TEST(Arff, ReadsRowsWithQuotesEscapesAndCommas) {
  EXPECT_EQ(rows_of(three("1,plain,red\n2, 'a, b' ,'dark blue'\n3,\"it's 50\\% \\\"x\\\"\",dark blue\n")),
            (ArffRows{"1|plain|red", "2|a, b|dark blue", "3|it's 50% \"x\"|dark blue"}));
  EXPECT_EQ(rows_of(three("1,'it\\'s\\ta\\\\b',red\n")), (ArffRows{"1|it's\ta\\b|red"}));
  EXPECT_EQ(rows_of(three("1,two words,red\n")), (ArffRows{"1|two words|red"}));
}

TEST(Arff, ReadsWhatIsMissing) {
  EXPECT_EQ(rows_of(three("?,?,?\nNaN,'?',red\nNA,x,red\n")), (ArffRows{"?|?|?", "?|?|red", "?|x|red"}));
  const testing::TempFolder folder;
  BadCells bad("a.arff");
  ArffReader reader(folder.write("a.arff", three("1,'?',red\n")), bad);
  std::vector<ArffValue> row;
  ASSERT_TRUE(reader.next(row));
  EXPECT_FALSE(row[1].is_missing) << "in quotes it is a text";
  EXPECT_EQ(row[1].column, 3U);
  EXPECT_EQ(reader.line(), 6U);
}

TEST(Arff, ReadsCommentsBlankLinesCrLfAndAByteOrderMark) {
  EXPECT_EQ(rows_of("\xEF\xBB\xBF% first\r\n@RELATION 'a b'\r\n\r\n@Attribute 'my id' STRING % name\r\n"
                    "@ATTRIBUTE \"n\" Real\r\n@DATA % now\r\n% none\r\n a%b , 2 % two\r\n\r\nlast,3"),
            (ArffRows{"a%b|2", "last|3"}));
}

TEST(Arff, ReadsEveryType) {
  EXPECT_EQ(rows_of("@attribute a integer\n@attribute b REAL\n@attribute c date \"yyyy-MM-dd HH:mm\"\n"
                    "@attribute d date\n@attribute e{x,y}\n@data\n1,2.5e3,'2020-01-02 10:00',2021,y\n"),
            (ArffRows{"1|2.5e3|2020-01-02 10:00|2021|y"}));
}

TEST(Arff, ReadsSparseRows) {
  EXPECT_EQ(rows_of(three("{0 5, 2 'dark blue'}\n{}\n{ 1 'a, b' }\n{2 red,0 -1}\n")),
            (ArffRows{"5|?|dark blue", "0|?|red", "0|a, b|red", "-1|?|red"}));
}

TEST(Arff, ReadsNumbersBeyondADouble) {
  EXPECT_EQ(arff_number("1e400"), HUGE_VAL);
  EXPECT_EQ(arff_number("-Inf"), -HUGE_VAL);
  EXPECT_EQ(arff_number("+1e-400"), 0);
  EXPECT_EQ(arff_number("+2.5"), 2.5);
  for (const char* text : {"", "+", "x", "1 2", "1,5", "0x10", "++1"})
    EXPECT_EQ(arff_number(text), std::nullopt) << text;
}

TEST(Arff, ReadsTenThousandColumns) {
  constexpr std::size_t kColumns = 10'000;
  std::string text, row;
  for (std::size_t i = 0; i < kColumns; ++i) {
    text += "@attribute f" + std::to_string(i) + " numeric\n";
    row += (i > 0 ? "," : "") + std::to_string(i);
  }
  const testing::TempFolder folder;
  BadCells bad("a.arff");
  ArffReader reader(folder.write("a.arff", text + "@data\n" + row + "\n"), bad);
  std::vector<ArffValue> values;
  ASSERT_TRUE(reader.next(values));
  EXPECT_EQ(values.at(9'999).number, 9'999);
  EXPECT_EQ(reader.find("f9999"), 9'999U);
  EXPECT_EQ(reader.find("f10000"), std::nullopt);
}

struct BadText {
  std::string text, place, what;
};

void expect_refused(const std::vector<BadText>& cases) {
  for (const BadText& bad : cases) {
    SCOPED_TRACE(bad.text);
    EXPECT_TRIAGE_ERROR(rows_of(bad.text), ErrorCode::kData, "a.arff", bad.place, bad.what,
                        "nothing is imported");
  }
}

TEST(Arff, RefusesAHeadThatIsNotRight) {
  expect_refused({
      {"hello\n", "line 1, column 1", "'hello', expected @relation, @attribute or @data"},
      {"@relation r\n@attribute\n", "line 2, column 11", "the line ends, expected the attribute's name"},
      {"@attribute {a} string\n", "line 1, column 12", "'{', expected the attribute's name"},
      {"@attribute x\n", "line 1, column 13", "the line ends, expected numeric"},
      {"@attribute x relational\n", "line 1, column 14", "the type 'relational', expected numeric"},
      {"@attribute x numeric 5\n", "line 1, column 22", "'5', expected the line to end"},
      {"@attribute x {a,a}\n", "line 1, column 17", "the value 'a' for the second time"},
      {"@attribute x {a,b\n", "line 1, column 18", "no } here"},
      {"@attribute x {}\n", "line 1, column 15", "'}', expected a value"},
      {"@attribute x {a} b\n", "line 1, column 18", "'b', expected the line to end"},
      {"@attribute 'x numeric\n", "line 1, column 12", "a quote that is not closed"},
      {"@attribute 'x\\", "line 1, column 14", "the line ends in an escape"},
      {"@attribute x string\n@attribute 'x' string\n", "line 2, column 12",
       "the attribute 'x' for the second time"},
      {"@relation r\n@data\n", "line 2, column 1", "@data, expected @attribute lines before it"},
  });
}

TEST(Arff, RefusesAFileThatEndsBeforeItsData) {
  EXPECT_TRIAGE_ERROR(rows_of(""), ErrorCode::kData, "a.arff: ends after line 0, expected a line @data");
  EXPECT_TRIAGE_ERROR(rows_of("@relation r\n@attribute x string\n"), ErrorCode::kData,
                      "ends after line 2, expected a line @data");
}

TEST(Arff, RefusesRowsThatAreNotRight) {
  expect_refused({
      {three("1,a,green\n"), "line 6, column 5", "'green' for 'c', expected one of 'dark blue', 'red'"},
      {three("x,a,red\n"), "line 6, column 1", "'x' for 'n', expected a number, or ?"},
      {three("1,a\n"), "line 6, column 4", "the line ends after 2 values, expected 3"},
      {three("1,a,\n"), "line 6, column 5", "the line ends, expected a value"},
      {three("1,,red\n"), "line 6, column 3", "',', expected a value"},
      {three("1,a,red,4\n"), "line 6, column 8", "more behind 3 values"},
      {three("1,'a' b,red\n"), "line 6, column 7", "no comma here"},
      {three("1,'a,red\n"), "line 6, column 3", "a quote that is not closed, expected ' before"},
      {three("1,a,red, {5}\n"), "line 6, column 8", "more behind 3 values"},
      {three("{3 1}\n"), "line 6, column 2", "'3', expected the position of an attribute, 0 to 2"},
      {three("{-1 1}\n"), "line 6, column 2", "'-1', expected the position"},
      {three("{0 1, 0 2}\n"), "line 6, column 7", "position 0 for the second time"},
      {three("{0 1\n"), "line 6, column 5", "no } here, expected , or }"},
      {three("{0 1,\n"), "line 6, column 6", "the line ends, expected the position"},
      {three("{0}\n"), "line 6, column 3", "'}', expected a value"},
      {three("{0 1} 2\n"), "line 6, column 7", "'2', expected the line to end"},
      {three("{0 x}\n"), "line 6, column 4", "'x' for 'n', expected a number"},
  });
}

TEST(Arff, SaysThatTheLastLineMayBeCutShort) {
  EXPECT_TRIAGE_ERROR(rows_of(three("1,a,red\n2,b")), ErrorCode::kData, "line 7, column 4",
                      "the line ends after 2 values, expected 3 (the last line; is the file cut short?)");
}

TEST(Arff, NamesAllThatIsWrongUpToTwenty) {
  std::string text;
  for (int i = 0; i < 15; ++i) text += "x,a,green\n";
  EXPECT_TRIAGE_ERROR(rows_of(three(text)), ErrorCode::kData, "line 6, column 1: 'x'",
                      "line 6, column 5: 'green'", "line 15, column 5", "and 10 more");
}

TEST(Arff, NamesFewOfManyValues) {
  EXPECT_TRIAGE_ERROR(rows_of("@attribute c {a,b,c,d,e,f,g,h,i}\n@data\nz\n"), ErrorCode::kData,
                      "expected one of 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', ...");
}

TEST(Arff, RefusesWhatIsNoReadableFile) {
  const testing::TempFolder folder;
  BadCells bad("a.arff");
  EXPECT_TRIAGE_ERROR(ArffReader(folder.path(), bad), ErrorCode::kIo, "is a folder, expected a file");
  EXPECT_TRIAGE_ERROR(ArffReader(folder / "none.arff", bad), ErrorCode::kIo, "none.arff: cannot be opened");
}

}  // namespace
}  // namespace triage
