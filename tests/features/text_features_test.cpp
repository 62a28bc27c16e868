// Numbers and terms of texts, by hand and for texts that nobody should write.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "base/utf8.h"
#include "features/text/characters.h"
#include "features/text/plain_numbers.h"
#include "features/text/text_terms.h"

namespace triage {
namespace {

std::map<std::string_view, float> numbers_of(std::string_view text) {
  std::array<float, kPlainNumbers.size()> values{};
  plain_numbers(text, values);
  std::map<std::string_view, float> out;
  for (std::size_t i = 0; i < values.size(); ++i) out[kPlainNumbers[i]] = values[i];
  EXPECT_EQ(out.size(), kPlainNumbers.size());  // names differ
  return out;
}

std::vector<TextTerm> terms_of(std::string_view text) {
  TermBuffers buffers;
  std::vector<TextTerm> terms;
  text_terms(text, buffers, terms);
  return terms;
}

TEST(TakeCharacter, DecodesAndReplaces) {
  std::string_view text = "a\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80\xFF\xC3";
  std::u32string found;
  while (!text.empty()) found += take_character(text);
  EXPECT_EQ(found, U"a\u00E9\u6F22\U0001F600\uFFFD\uFFFD");
}

TEST(PlainNumbers, ByHand) {
  const auto of = numbers_of("What is 12 + 7?\nIS it");
  EXPECT_FLOAT_EQ(of.at("characters"), std::log2(22.0F));
  EXPECT_FLOAT_EQ(of.at("words"), std::log2(7.0F));  // What is 12 7 IS it
  EXPECT_FLOAT_EQ(of.at("lines"), std::log2(3.0F));
  EXPECT_FLOAT_EQ(of.at("numbers"), std::log2(3.0F));
  EXPECT_FLOAT_EQ(of.at("mean word length"), 13.0F / 6);
  EXPECT_FLOAT_EQ(of.at("longest word"), std::log2(5.0F));
  EXPECT_FLOAT_EQ(of.at("distinct words"), 5.0F / 6);  // is = IS
  EXPECT_FLOAT_EQ(of.at("digits"), 3.0F / 21);
  EXPECT_FLOAT_EQ(of.at("maths signs"), 1.0F / 21);
  EXPECT_FLOAT_EQ(of.at("upper case"), 3.0F / 10);
  EXPECT_FLOAT_EQ(of.at("Latin"), 1);
  EXPECT_FLOAT_EQ(of.at("question marks"), 1);
  EXPECT_EQ(of.at("is a question"), 0);
  EXPECT_EQ(of.at("asks in front"), 1);
}

TEST(PlainNumbers, KnowScriptsCodeAndLists) {
  const auto russian = numbers_of("\xD0\x9F\xD1\x80\xD0\xB8");
  EXPECT_EQ(russian.at("Cyrillic"), 1);
  EXPECT_FLOAT_EQ(russian.at("upper case"), 1.0F / 3);
  const auto han = numbers_of("\xE6\xBC\xA2\xE5\xAD\x97\xEF\xBC\x9F");
  EXPECT_EQ(han.at("Han"), 1);
  EXPECT_FLOAT_EQ(han.at("words"), std::log2(3.0F));
  EXPECT_EQ(han.at("is a question"), 1);
  EXPECT_FLOAT_EQ(numbers_of("import os\nx = 1;\nplain").at("lines of code"), 2.0F / 3);
  EXPECT_FLOAT_EQ(numbers_of("Choose\nA) one\n- two\n3. three").at("lines of lists"), 3.0F / 4);
  EXPECT_FLOAT_EQ(numbers_of("a ___ b").at("blanks"), std::log2(3.0F));
}

TEST(PlainNumbers, AreFiniteWhateverTheText) {
  const std::string zero("a\0b", 3);
  for (const std::string& text : {std::string(), std::string("\xFF\xFE\x80"), zero, std::string("\n\n"),
                                  std::string("\xF0\x9F\x98\x80\xF0\x9F\x98\x80"), std::string(1 << 20, 'x'),
                                  std::string(1 << 20, '\xE6')}) {
    for (const auto& [name, value] : numbers_of(text)) EXPECT_TRUE(std::isfinite(value)) << name;
    for (const TextTerm& term : terms_of(text)) {
      EXPECT_TRUE(std::isfinite(term.value) && term.place < kTermPlaces);
    }
  }
  EXPECT_EQ(numbers_of("\xF0\x9F\x98\x80").at("other signs"), 1);
}

TEST(TextTerms, AreWordsPairsAndRuns) {
  // " ab ": the word ab, and the runs " ab", "ab ", " ab ".
  const auto terms = terms_of("ab");
  ASSERT_EQ(terms.size(), 4U);
  EXPECT_LT(terms[0].place, kTermPlaces / 2);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    EXPECT_EQ(std::abs(terms[i].value), 1);
    if (i > 0) {
      EXPECT_GT(terms[i].place, terms[i - 1].place);
    }
  }
  const auto words = [](std::string_view text) {
    std::set<std::pair<std::uint32_t, float>> out;
    for (const TextTerm& term : terms_of(text)) {
      if (term.place < kTermPlaces / 2) out.emplace(term.place, term.value);
    }
    return out;
  };
  EXPECT_EQ(words("ab cd").size(), 3U);          // and the pair
  EXPECT_EQ(words("Ab,  CD!"), words("ab cd"));  // case and signs do not matter
  EXPECT_NE(words("cd ab"), words("ab cd"));     // the pair does
  EXPECT_EQ(words("ab ab ab").size(), 2U);
  for (const auto& [place, value] : words("ab ab ab")) {
    EXPECT_TRUE(std::abs(value) == 2 || std::abs(value) == std::log2(3.0F)) << value;  // 3 times, 2 pairs
  }
  EXPECT_TRUE(terms_of("").empty());
}

// A place is no other on another machine: policies hold weights of places.
TEST(TextTerms, StandWhereTheyStood) {
  const auto terms = terms_of("triage");
  ASSERT_FALSE(terms.empty());
  std::uint64_t sum = 0;
  for (const TextTerm& term : terms) sum = sum * 31 + term.place * 2 + (term.value > 0 ? 1 : 0);
  EXPECT_EQ(sum, 5081999182195883940U);
}

TEST(TextTerms, BuffersAreLeftEmpty) {
  TermBuffers buffers;
  std::vector<TextTerm> first, again;
  text_terms("one two three", buffers, first);
  text_terms("something else", buffers, again);
  text_terms("one two three", buffers, again);
  ASSERT_EQ(first.size(), again.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].place, again[i].place);
    EXPECT_EQ(first[i].value, again[i].value);
  }
}

}  // namespace
}  // namespace triage
