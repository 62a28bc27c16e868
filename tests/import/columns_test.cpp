// What columns are: as they seem, and as a description says.
#include <gtest/gtest.h>

#include "import/import_fixture.h"

namespace triage {
namespace {

class Columns : public testing::ImportTest {
 protected:
  // "id: id; a:usd: cost of a"
  std::string guess(std::string_view text) {
    const TableColumns columns = guess_columns(folder_.write("table.csv", text), TextForm::kCsv);
    unit_ = columns.cost_unit;
    std::string out;
    for (const TableColumn& each : columns.columns) {
      if (!out.empty()) out += "; ";
      out += each.name + ": " + std::string(to_string(each.role));
      if (!each.of.empty()) out += " of " + each.of;
    }
    return out;
  }
  std::string unit_;
};

TEST_F(Columns, AreGuessedByName) {
  EXPECT_EQ(guess("ID,Label,gpt-4:score,gpt-4:usd,x,text,x:y\n1,a,1,2,3,t,4\n"),
            "ID: id; Label: label; gpt-4:score: score of gpt-4; gpt-4:usd: cost of gpt-4; x: feature of "
            "features; text: ignore; x:y: feature of features");
  EXPECT_EQ(unit_, "usd");
  EXPECT_EQ(guess("id,model,score,latency_ms,answer,confidence\n1,a,1,2,b,0.5\n"),
            "id: id; model: model; score: score; latency_ms: cost; answer: answer; confidence: signal");
  EXPECT_EQ(unit_, "ms");
  EXPECT_EQ(guess("id,a:score,hard:feature_cost\n1,1,1\n"),
            "id: id; a:score: score of a; hard:feature_cost: feature cost of hard");
}

// They are known only when the model has run.
TEST_F(Columns, FurtherOnesOfAModelAreNoFeatures) {
  EXPECT_EQ(guess("id,a:score,a:usd,a:ms,b:ms,b:score,b:usd\n1,1,2,3,4,5,6\n"),
            "id: id; a:score: score of a; a:usd: cost of a; a:ms: ignore; b:ms: ignore; b:score: score of b; "
            "b:usd: cost of b");
  EXPECT_EQ(unit_, "usd");
  EXPECT_EQ(guess("id,model,score,quality\n1,a,1,2\n"),
            "id: id; model: model; score: score; quality: ignore");
}

// A column that is empty, or holds a text anywhere, has no number to learn from.
TEST_F(Columns, AreFeaturesWhereAllIsNumbers) {
  EXPECT_EQ(guess("a:score,x,y,z\n1,1,,1\n0,nan,,b\n"),
            "a:score: score of a; x: feature of features; y: ignore; z: ignore");
}

TEST_F(Columns, AreReadWithDefaults) {
  const TableColumns columns =
      parse_columns_json(R"({"form": "jsonl", "columns": {"m": "model", "x": "feature"}})", "x.json");
  EXPECT_EQ(columns.form, TextForm::kJsonLines);
  EXPECT_EQ(columns.separator, kFindSeparator);
  EXPECT_EQ(columns.columns[1].of, "features");
  EXPECT_TRUE(columns.is_long());
}

}  // namespace
}  // namespace triage
