// What an evaluation says of its table, before anything is judged.
#pragma once

#include "triage/tools/evaluate.h"

namespace triage {

// That labels are a model's answers, that models are no better than guessing, that inputs failed.
void add_table_warnings(const Table& table, std::vector<Warning>& warnings);

// Facts about table and options, Algorithm 1 over all inputs, how often each model is the optimum.
void set_table_facts(const Table& table, const EvaluateOptions& options, Evaluation& evaluation);

}  // namespace triage
