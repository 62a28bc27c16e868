#include "preprocess/needed_extent.h"

#include <gtest/gtest.h>

#include "preprocess/preprocess.h"

namespace triage {
namespace {

Recipe recipe_of(int width, int height, double crop) {
  Recipe recipe;
  recipe.width = width;
  recipe.height = height;
  recipe.crop.fraction = crop;
  return recipe;
}

TEST(NeededExtent, IsTwiceTheRecipesSizeBeforeItsCrop) {
  EXPECT_EQ(needed_extent(recipe_of(224, 160, 1)), (Extent{448, 320}));
  EXPECT_EQ(needed_extent(recipe_of(224, 224, 0.875)), (Extent{512, 512}));
  // 292 * 0.875 is 255.5, rounded up; 32 * 0.875 is 28.
  EXPECT_EQ(needed_extent(recipe_of(128, 14, 0.875)), (Extent{292, 32}));
}

TEST(NeededExtent, IsTheLeastThatTheCropIsLargeEnoughFor) {
  for (const double crop : {1.0, 0.95, 0.875, 0.5, 0.333, 0.07}) {
    for (int side = 1; side < 400; ++side) {
      const int needed = needed_extent(recipe_of(side, 1, crop)).width;
      EXPECT_GE(cropped_side(needed, {crop}), 2 * side) << side << " " << crop;
      EXPECT_LT(cropped_side(needed - 1, {crop}), 2 * side) << side << " " << crop;
    }
  }
}

TEST(NeededExtent, IsBoundedForTheSmallestCrops) {
  EXPECT_EQ(needed_extent(recipe_of(224, 1, 1e-12)), (Extent{1 << 24, 1 << 24}));
}

TEST(NeededExtent, OfAZooIsTheMostOfItsModelsFeaturesAndWhatWasAskedFor) {
  Zoo zoo;
  EXPECT_EQ(decode_options_for(zoo, 224, {}).needed, (Extent{448, 448}));
  zoo.models.resize(2);
  zoo.models[0].input = recipe_of(320, 100, 1);
  zoo.models[1].input = recipe_of(100, 224, 0.875);
  zoo.models[1].role = Role::kSelector;
  EXPECT_EQ(decode_options_for(zoo, 64, {}).needed, (Extent{640, 512}));
  const DecodeOptions asked = decode_options_for(zoo, 64, {.max_pixels = 7, .needed = {700, 1}});
  EXPECT_EQ(asked.needed, (Extent{700, 512}));
  EXPECT_EQ(asked.max_pixels, 7);
}

}  // namespace
}  // namespace triage
