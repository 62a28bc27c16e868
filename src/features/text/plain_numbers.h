// Plain numbers of a text: lengths, shares, form. No training, some nanoseconds a character.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace triage {

// Grows whenever a number, or what is hashed (text_terms.h), changes for some text.
inline constexpr int kTextFeaturesVersion = 1;

// Their names, in order. Counts are log2(1 + count); shares of letters where scripts and upper case are
// meant, else of characters or lines.
inline constexpr std::array<std::string_view, 30> kPlainNumbers{
    "characters",     "words",          "lines",
    "sentences",      "numbers",        "mean word length",
    "longest word",   "distinct words", "digits",
    "spaces",         "punctuation",    "maths signs",
    "code signs",     "other signs",    "upper case",
    "Latin",          "Greek",          "Cyrillic",
    "Semitic",        "Indic",          "Han",
    "Kana",           "Hangul",         "other scripts",
    "question marks", "is a question",  "asks in front",
    "lines of code",  "lines of lists", "blanks"};

// Writes them, all finite; of an empty text 0.
void plain_numbers(std::string_view text, std::span<float, kPlainNumbers.size()> numbers);

}  // namespace triage
