// The entry `text`: what a policy sees of texts. Only places with a weight are written.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "policy/kind_codecs.h"
#include "policy/text_reduction.h"

namespace triage {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 3> kSetNames{"nothing", "numbers", "words"};

}  // namespace

json encode_text(const TextReduction& text) {
  const std::size_t r = text.n_directions;
  std::vector<std::uint32_t> place;
  std::vector<float> weight, direction;
  for (std::uint32_t p = 0; p < text.weight.size(); ++p) {
    if (text.weight[p] == 0) continue;
    place.push_back(p);
    weight.push_back(text.weight[p]);
    const auto first = text.direction.begin() + static_cast<std::ptrdiff_t>(p * r);
    direction.insert(direction.end(), first, first + static_cast<std::ptrdiff_t>(r));
  }
  return {{"version", kTextFeaturesVersion},
          {"column", text.column},
          {"set", kSetNames[static_cast<std::size_t>(text.set)]},
          {"directions", r},
          {"place", to_binary<std::uint32_t>(place)},
          {"weight", to_binary<float>(weight)},
          {"direction", to_binary<float>(direction)}};
}

std::shared_ptr<const TextReduction> decode_text(const Fields& fields) {
  if (const int version = fields.integer("version"); version != kTextFeaturesVersion) {
    fail_field(fields.name("version"), version,
               fmt::format("{}, which this build has; train again with it", kTextFeaturesVersion));
  }
  auto text = std::make_shared<TextReduction>();
  text->column = fields.text("column");
  const auto set = std::find(kSetNames.begin(), kSetNames.end(), fields.text("set"));
  if (set == kSetNames.end()) fail_field(fields.name("set"), fields.text("set"), "nothing, numbers or words");
  text->set = static_cast<TextSet>(set - kSetNames.begin());
  const std::size_t r = text->n_directions = fields.count("directions");
  const auto place = fields.values<std::uint32_t>("place");
  const auto weight = fields.values<float>("weight"), direction = fields.values<float>("direction");
  if (r > kMostDirections || weight.size() != place.size() || direction.size() != place.size() * r) {
    fail_field(fields.name("place"), place.size(), "a weight and the directions for each");
  }
  if (r > 0) {
    text->weight.resize(kTermPlaces);
    text->direction.resize(kTermPlaces * r);
  }
  for (std::size_t i = 0; i < place.size(); ++i) {
    const bool rises = i == 0 || place[i] > place[i - 1];
    if (r == 0 || place[i] >= kTermPlaces || !rises) {
      fail_field(fields.name("place"), place[i], fmt::format("rising places below {}", kTermPlaces));
    }
    text->weight[place[i]] = weight[i];
    std::copy_n(direction.begin() + static_cast<std::ptrdiff_t>(i * r), r,
                text->direction.begin() + static_cast<std::ptrdiff_t>(place[i] * r));
  }
  return text;
}

}  // namespace triage
