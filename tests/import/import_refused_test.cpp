// Hostile tables, and what is said of them: beyond import_table_test.cpp.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <vector>

#include "import/import_fixture.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using enum ErrorCode;

class ImportRefused : public testing::ImportTest {
 protected:
  ~ImportRefused() override { EXPECT_TRUE(left_nothing()); }
};

TEST_F(ImportRefused, BytesThatAreNoText) {
  EXPECT_TRIAGE_ERROR(import("\xEF\xBB\xBF"), kData, "table.csv: line 1: is empty");
  EXPECT_TRIAGE_ERROR(import("id,\xE9t\xE9\n1,1\n"), kData, "line 1: a name of a column is no UTF-8",
                      "iconv");
  EXPECT_TRIAGE_ERROR(import("id,a:score\ncaf\xE9,1\n"), kData, "line 2, column 'id': is no UTF-8");
}

TEST_F(ImportRefused, ParquetByItsFirstBytes) {
  EXPECT_TRIAGE_ERROR(import("PAR1\x15\x04\x15 and more"), kData,
                      "table.csv: is a Parquet file, expected text; tools/parquet_to_jsonl.py");
  EXPECT_TRIAGE_ERROR(import("PAR1\n1\n"), kUsage, "score");  // a column of that name
  EXPECT_TRIAGE_ERROR(import("PAR1"), kUsage, "score");
}

TEST_F(ImportRefused, CellsThatDoNotFit) {
  EXPECT_TRIAGE_ERROR(import("id,fold,a:score\n1,0,1\n2,,1\n3,1.5,1\n4,-1,1\n"), kData,
                      "line 3, column 'fold': '', expected a whole number of 0 or more for each input",
                      "line 4, column 'fold': '1.5'", "line 5, column 'fold': '-1'");
  EXPECT_TRIAGE_ERROR(import("id,a:score,a:signal\n1,1,sure\n"), kData, "column 'a:signal': 'sure'");
  EXPECT_TRIAGE_ERROR(import("id,a:score,x:feature_cost\n1,1,-1\n"), kData, "column 'x:feature_cost': '-1'");
  const auto colour = [&](TableColumns& columns) {
    column(columns, "colour") = {"colour", ColumnRole::kFeature, "features"};
  };
  EXPECT_TRIAGE_ERROR(import("id,colour,a:score\n1,red,1\n", colour), kData, "column 'colour': 'red'",
                      "of texts, write a column of 0 and 1 for each");
}

TEST_F(ImportRefused, LinesThatAreNotLikeTheFirst) {
  EXPECT_TRIAGE_ERROR(import("id,a:score\n1\n2,1,0\n3,1\n"), kData, "line 2: has 1 fields, expected 2",
                      "line 3: has 3 fields", "; nothing is imported");
  EXPECT_TRIAGE_ERROR(import("id,a:score\n1,1\n2,\"1\n3,1\n"), kData, "line 3: a quote is not closed");
  EXPECT_TRIAGE_ERROR(import("id,a:score\n\"1\"x,1\n"), kData, "line 2: has text behind a closing quote");
  EXPECT_TRIAGE_ERROR(import("id,a:score\n\"" + std::string((std::size_t{16} << 20) + 1, 'x') + "\",1\n"),
                      kData, "line 2: a field is longer than 16 MB");
}

TEST_F(ImportRefused, GzipThatIsCutShort) {
  const auto file = folder_ / "table.csv";
  gzFile out = gzopen(file.c_str(), "wb");
  gzputs(out, "id,a:score\n");
  for (int i = 0; i < 5000; ++i) gzputs(out, fmt::format("{},{}\n", i * 7919 % 5003, i % 2).c_str());
  gzclose(out);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  EXPECT_TRIAGE_ERROR(guess_columns(file, TextForm::kCsv), kData,
                      "table.csv: gzip data is corrupt or cut short");
}

TEST_F(ImportRefused, FilesThatCannotBeRead) {
  EXPECT_TRIAGE_ERROR(guess_columns(folder_ / "none.csv", TextForm::kCsv), kIo, "none.csv: cannot be opened");
  EXPECT_TRIAGE_ERROR(guess_columns(folder_.path(), TextForm::kCsv), kIo, "is a folder");
  (void)folder_.write("table.csv", "");  // for left_nothing()
}

}  // namespace
}  // namespace triage
