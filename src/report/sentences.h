// What single figures of an evaluation say, in a sentence each.
#pragma once

#include <string>

#include "evaluate/band_reading.h"
#include "triage/tools/evaluate.h"
#include "triage/tools/score_words.h"
#include "triage/tools/stability.h"

namespace triage {

// How far the settings below the router are below: "by up to 0.12 points".
[[nodiscard]] std::string by_how_much(const BandReading& band, const ScoreWords& words = ScoreWords());
// Whether the band lies below zero anywhere, and how far. Empty without a band.
[[nodiscard]] std::string band_sentence(const Frontier& frontier, const ScoreWords& words = ScoreWords());
// Whether distance predicts failure. Empty where soundness was not measured.
[[nodiscard]] std::string soundness_sentence(const Soundness& soundness,
                                             const ScoreWords& words = ScoreWords());
// How often everything was timed, and where times are from; of an imported table, where its costs are from.
[[nodiscard]] std::string timing_sentence(const Evaluation& evaluation);
// What difference the timing makes, in three sentences.
[[nodiscard]] std::string timing_difference_sentences(const TimingDifference& difference);
// The same of an evaluation, or how to find out; empty where the times are exhaustive already, so that there
// is none.
[[nodiscard]] std::string timing_difference_sentences(const Evaluation& evaluation);

}  // namespace triage
