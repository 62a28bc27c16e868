// Fields and lines of comma-separated values.
#include "base/csv.h"

#include <gtest/gtest.h>

namespace triage {
namespace {

using Texts = std::vector<std::string>;

TEST(Csv, QuotesWhatNeedsIt) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"a\""), "\"say \"\"a\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_field("two\rlines"), "\"two\rlines\"");
}

TEST(Csv, SplitsWhatItWrites) {
  const Texts texts{"a", "", "b,c", "\"", "\"d\",\"e\"", " f "};
  std::string line = csv_line(texts);
  EXPECT_EQ(line.back(), '\n');
  line.pop_back();
  EXPECT_EQ(split_csv_line(line), texts);
  EXPECT_EQ(csv_line({}), "\n");
}

TEST(Csv, SplitsEmptyFieldsAndQuotesWithinOne) {
  EXPECT_EQ(split_csv_line(""), Texts{""});
  EXPECT_EQ(split_csv_line(",,"), (Texts{"", "", ""}));
  EXPECT_EQ(split_csv_line("a\"b,c\"d,e"), (Texts{"ab,cd", "e"}));
}

TEST(Csv, AnOpenQuoteIsNoLine) { EXPECT_FALSE(split_csv_line("a,\"b").has_value()); }

}  // namespace
}  // namespace triage
