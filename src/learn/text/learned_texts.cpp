#include "learn/text/learned_texts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parallel.h"
#include "base/stop.h"
#include "learn/text/learn_text_reduction.h"
#include "stats/paired_lead.h"

namespace triage {
namespace {

// A name that no group has.
std::string text_group(const std::vector<std::string>& groups, std::string name) {
  while (std::find(groups.begin(), groups.end(), name) != groups.end()) name.insert(0, "text ");
  return name;
}

}  // namespace

LearnedTexts::LearnedTexts(const Table& table, Rows rows, bool needs_a_column, std::uint64_t seed,
                           const std::stop_token& stop)
    : n_(rows.size()) {
  if (!table.schema.groups.empty()) {
    own_ = table.schema;
    for (const std::uint32_t row : rows) {
      const auto features = table.feature_row(row);
      own_values_.insert(own_values_.end(), features.begin(), features.end());
    }
  }
  if (table.texts.empty()) return;
  has_column_ = needs_a_column && own_.size() == 0;
  words_ = learn_text_reduction(table, rows, seed, 0, stop);
  sets_.push_back(TextSet::kNumbers);
  if (words_.set == TextSet::kWords) sets_.push_back(TextSet::kWords);
  const std::size_t size = words_.size();
  text_values_.resize(n_ * size);
  for_each_parallel(n_, default_threads(), [&] {
    return [&](std::size_t i) {
      throw_if_stopped(stop, "train");
      reduce_text(words_, table.texts[rows[i]], std::span(text_values_).subspan(i * size, size));
    };
  });
}

std::shared_ptr<const TextReduction> LearnedTexts::reduction(TextSet set) const {
  if (set == TextSet::kNothing && !has_column_) return nullptr;
  if (set == TextSet::kWords) return std::make_shared<TextReduction>(words_);
  auto out = std::make_shared<TextReduction>();
  out->column = words_.column;
  out->set = set;
  return out;
}

FeatureSchema LearnedTexts::schema(TextSet set) const {
  FeatureSchema schema = own_;
  const auto text = reduction(set);
  if (text == nullptr) return schema;
  const std::size_t group = schema.groups.size();
  schema.groups.push_back(text_group(schema.groups, text->column));
  for (std::string& name : text->names()) schema.features.push_back({std::move(name), 0, group});
  return schema;
}

std::vector<float> LearnedTexts::values(TextSet set) const {
  const auto text = reduction(set);
  const std::size_t d = own_.size(), added = text == nullptr ? 0 : text->size(), size = words_.size();
  std::vector<float> out(n_ * (d + added), 0.0F);
  for (std::size_t i = 0; i < n_; ++i) {
    float* row = out.data() + i * (d + added);
    std::copy_n(own_values_.begin() + static_cast<std::ptrdiff_t>(i * d), d, row);
    if (set == TextSet::kNothing) continue;
    std::copy_n(text_values_.begin() + static_cast<std::ptrdiff_t>(i * size), added, row + d);
  }
  return out;
}

TextSet choose_text_set(const LearnedTexts& texts,
                        const std::function<std::vector<double>(TextSet)>& worths) {
  TextSet chosen = texts.sets().front();
  if (texts.sets().size() == 1) return chosen;
  std::vector<double> best;
  for (const TextSet set : texts.sets()) {
    auto worth = worths(set);
    if (!best.empty() && paired_lead(best, worth) < 1) continue;
    best = std::move(worth);
    chosen = set;
  }
  return chosen;
}

std::string text_note(const LearnedTexts& texts, TextSet set) {
  if (set == TextSet::kNothing) return "not used, since it did not help";
  const auto text = texts.reduction(set);
  if (set == TextSet::kNumbers) return fmt::format("{} plain numbers", text->size());
  return fmt::format("{} plain numbers, {} of its words", kPlainNumbers.size(), text->n_directions);
}

}  // namespace triage
