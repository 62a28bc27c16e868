#include "stats/paired_losses.h"

#include <utility>

#include "base/check.h"
#include "stats/bounded_loss_test.h"
#include "stats/loss_evidence.h"
#include "stats/mean.h"

namespace triage {

void PairedLosses::add(float loss) {
  TRIAGE_CHECK(loss >= -1 && loss <= 1);  // NaN is neither
  counts_.add(loss > 0 ? 1 : loss < 0 ? -1 : 0);
  if (kind_ == LossKind::kShares) values_.push_back(loss);
}

void PairedLosses::add(const PairedLosses& others) {
  TRIAGE_CHECK(kind_ == others.kind_);
  counts_.n += others.counts_.n;
  counts_.worse += others.counts_.worse;
  counts_.better += others.counts_.better;
  values_.insert(values_.end(), others.values_.begin(), others.values_.end());
}

double PairedLosses::mean() const {
  return kind_ == LossKind::kSigns ? counts_.mean() : triage::mean(values_);
}

PairedLosses PairedLosses::mirrored() const {
  PairedLosses mirror = *this;
  std::swap(mirror.counts_.worse, mirror.counts_.better);
  for (float& value : mirror.values_) value = -value;
  return mirror;
}

double loss_p_value(const PairedLosses& losses, double bound, double delta) {
  return losses.kind() == LossKind::kSigns ? loss_p_value(losses.counts(), bound, delta)
                                           : bounded_loss_p_value(losses.values(), bound, delta);
}

bool is_loss_below(const PairedLosses& losses, double bound, double delta) {
  return losses.kind() == LossKind::kSigns ? is_loss_below(losses.counts(), bound, delta)
                                           : is_bounded_loss_below(losses.values(), bound, delta);
}

Interval mean_loss_interval(const PairedLosses& losses, double delta) {
  return losses.kind() == LossKind::kSigns ? mean_loss_interval(losses.counts(), delta)
                                           : bounded_loss_interval(losses.values(), delta);
}

double pairs_needed(const PairedLosses& losses, double bound, double delta) {
  return losses.kind() == LossKind::kSigns ? pairs_needed(losses.counts(), bound, delta)
                                           : bounded_losses_needed(losses.values(), bound, delta);
}

double log_loss_evidence(const PairedLosses& losses, double bound) {
  return losses.kind() == LossKind::kSigns ? log_loss_evidence(losses.counts(), bound)
                                           : log_loss_evidence(losses.values(), bound);
}

double anytime_loss_p_value(const PairedLosses& losses, double bound) {
  return losses.kind() == LossKind::kSigns ? anytime_loss_p_value(losses.counts(), bound)
                                           : anytime_loss_p_value(losses.values(), bound);
}

double anytime_pairs_needed(const PairedLosses& losses, double bound, double delta) {
  return losses.kind() == LossKind::kSigns ? anytime_pairs_needed(losses.counts(), bound, delta)
                                           : anytime_pairs_needed(losses.values(), bound, delta);
}

}  // namespace triage
