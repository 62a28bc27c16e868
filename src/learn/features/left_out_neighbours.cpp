// Rows are grouped into leaves of near ones within each fold (as a k-d tree would), so that a query skips a
// leaf whose box is too far. What the float scan of a leaf lets pass is settled in double.
#include "learn/features/left_out_neighbours.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>

#include "base/check.h"
#include "base/parallel.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::size_t kMaxFeatures = 64;
constexpr std::size_t kBoxStep = 16;  // ScanKernel::bound takes multiples of it
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct alignas(64) Line {
  std::array<float, 16> values;
};

// Floats that start at a cache line.
class AlignedFloats {
 public:
  AlignedFloats(std::size_t size, float value) : lines_((size + 15) / 16) {
    for (Line& line : lines_) line.values.fill(value);
  }
  [[nodiscard]] float* data() { return lines_.empty() ? nullptr : lines_.front().values.data(); }
  [[nodiscard]] const float* data() const { return lines_.empty() ? nullptr : lines_.front().values.data(); }

 private:
  std::vector<Line> lines_;
};

// The rows with the columns of one set, (n, d).
struct FeatureColumns {
  std::size_t d = 0;
  std::vector<float> values;
  [[nodiscard]] const float* row(std::size_t i) const { return values.data() + i * d; }
};

FeatureColumns gather_columns(const FoldedRows& rows, std::span<const std::size_t> features) {
  FeatureColumns columns{features.size(), {}};
  columns.values.reserve(rows.n() * features.size());
  for (std::size_t i = 0; i < rows.n(); ++i) {
    for (const std::size_t f : features) columns.values.push_back(rows.values[i * rows.d + f]);
  }
  return columns;
}

// ---- leaves ----

// Leaf i holds the rows from first[i] up to first[i + 1] of `order`, at most kLeafRows, all of fold[i].
struct Leaves {
  std::vector<std::uint32_t> order;
  std::vector<std::size_t> first;
  std::vector<std::int32_t> fold;
  [[nodiscard]] std::size_t size() const { return fold.size(); }
  [[nodiscard]] std::span<const std::uint32_t> rows(std::size_t leaf) const {
    return std::span(order).subspan(first[leaf], first[leaf + 1] - first[leaf]);
  }
};

std::size_t most_varied(const FeatureColumns& columns, std::span<const std::uint32_t> rows) {
  std::size_t best = 0;
  double most = -1;
  for (std::size_t f = 0; f < columns.d; ++f) {
    double sum = 0, squares = 0;
    for (const std::uint32_t row : rows) {
      const double value = static_cast<double>(columns.row(row)[f]);
      sum += value;
      squares += value * value;
    }
    const double spread = squares - sum * sum / static_cast<double>(rows.size());
    if (spread > most) most = spread, best = f;
  }
  return best;
}

// Halves by the feature that varies most, at a multiple of the leaf size, until each part is a leaf.
void split(const FeatureColumns& columns, std::span<std::uint32_t> rows, std::int32_t fold, Leaves& leaves) {
  if (rows.size() <= kLeafRows) {
    leaves.fold.push_back(fold);
    leaves.first.push_back(leaves.first.back() + rows.size());
    return;
  }
  const std::size_t n_leaves = (rows.size() + kLeafRows - 1) / kLeafRows;
  const std::size_t middle = (n_leaves + 1) / 2 * kLeafRows;
  const std::size_t f = most_varied(columns, rows);
  std::nth_element(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(middle), rows.end(),
                   [&](std::uint32_t a, std::uint32_t b) {
                     const float x = columns.row(a)[f], y = columns.row(b)[f];
                     return x != y ? x < y : a < b;
                   });
  split(columns, rows.first(middle), fold, leaves);
  split(columns, rows.subspan(middle), fold, leaves);
}

Leaves make_leaves(const FeatureColumns& columns, std::span<const std::int32_t> folds) {
  Leaves leaves;
  leaves.first.push_back(0);
  leaves.order.resize(folds.size());
  std::iota(leaves.order.begin(), leaves.order.end(), 0U);
  std::stable_sort(leaves.order.begin(), leaves.order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return folds[a] < folds[b]; });
  for (std::size_t begin = 0; begin < folds.size();) {
    const std::int32_t fold = folds[leaves.order[begin]];
    std::size_t end = begin;
    while (end < folds.size() && folds[leaves.order[end]] == fold) ++end;
    split(columns, std::span(leaves.order).subspan(begin, end - begin), fold, leaves);
    begin = end;
  }
  return leaves;
}

// Feature-major copies of the leaves, (n_leaves, d, kLeafRows), and their boxes, (d, 2, n_boxes).
struct Blocks {
  std::size_t d, n_boxes;
  AlignedFloats leaves, boxes;
  [[nodiscard]] const float* leaf(std::size_t i) const { return leaves.data() + i * d * kLeafRows; }
};

Blocks make_blocks(const FeatureColumns& columns, const Leaves& leaves) {
  const std::size_t d = columns.d, n = leaves.size();
  const std::size_t n_boxes = (n + kBoxStep - 1) / kBoxStep * kBoxStep;
  Blocks blocks{d, n_boxes, {n * d * kLeafRows, kFarAway}, {2 * d * n_boxes, kFarAway}};
  for (std::size_t leaf = 0; leaf < n; ++leaf) {
    const auto rows = leaves.rows(leaf);
    for (std::size_t f = 0; f < d; ++f) {
      float low = columns.row(rows.front())[f], high = low;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const float value = columns.row(rows[i])[f];
        blocks.leaves.data()[(leaf * d + f) * kLeafRows + i] = value;
        low = std::min(low, value);
        high = std::max(high, value);
      }
      blocks.boxes.data()[2 * f * n_boxes + leaf] = low;
      blocks.boxes.data()[(2 * f + 1) * n_boxes + leaf] = high;
    }
  }
  return blocks;
}

// ---- one query ----

struct Near {
  double distance = kInfinity;
  std::uint32_t row = 0;
  [[nodiscard]] bool operator<(const Near& other) const {
    return distance != other.distance ? distance < other.distance : row < other.row;
  }
};

// Squared distances between two rows, terms added in the order of the features: bit for bit what KnnIndex
// computes over the same columns, which the shortcut of subtracting a term would not be.
class PairTerms {
 public:
  explicit PairTerms(std::size_t d) : d_(d) {}
  void set(const float* a, const float* b) {
    all_ = 0;
    for (std::size_t f = 0; f < d_; ++f) {
      const double difference = static_cast<double>(a[f]) - static_cast<double>(b[f]);
      terms_[f] = difference * difference;
      all_ += terms_[f];
    }
  }
  // Over all features but `slot`; over all when there is no such feature.
  [[nodiscard]] double without(std::size_t slot) const {
    if (slot >= d_) return all_;
    double sum = 0;
    for (std::size_t f = 0; f < slot; ++f) sum += terms_[f];
    for (std::size_t f = slot + 1; f < d_; ++f) sum += terms_[f];
    return sum;
  }
  // No more than `without(slot)`, and near it.
  [[nodiscard]] double bound(std::size_t slot) const {
    constexpr double kShrink = 1 - 1e-12;
    return slot >= d_ ? all_ : all_ * kShrink - terms_[slot];
  }

 private:
  std::size_t d_;
  double all_ = 0;
  std::array<double, kMaxFeatures> terms_{};
};

// The k nearest rows of each slot so far. Slot i leaves feature first_slot + i out.
class NearestSets {
 public:
  NearestSets(std::size_t d, std::size_t n_slots, std::size_t first_slot, std::size_t k)
      : k_(k), first_slot_(first_slot), near_(n_slots * k), reach_(n_slots), limits_(d + 1, -1.0F) {}

  void clear() {
    std::fill(near_.begin(), near_.end(), Near{});
    for (std::size_t slot = 0; slot < reach_.size(); ++slot) set_reach(slot, kInfinity);
    update_largest();
  }
  // At least k rows are known to be no farther than this. To be followed by update_largest.
  void set_reach(std::size_t slot, double distance) {
    reach_[slot] = distance;
    limits_[first_slot_ + slot] = scan_limit(distance);
  }
  void update_largest() { largest_ = *std::max_element(limits_.begin(), limits_.end()); }

  [[nodiscard]] ScanLimits limits() const { return {limits_.data(), largest_}; }
  [[nodiscard]] std::span<const Near> nearest(std::size_t slot) const {
    return std::span(near_).subspan(slot * k_, k_);
  }

  void offer(const PairTerms& terms, std::uint32_t row) {
    bool changed = false;
    for (std::size_t slot = 0; slot < reach_.size(); ++slot) {
      if (terms.bound(first_slot_ + slot) > reach_[slot]) continue;
      changed |= insert(slot, {terms.without(first_slot_ + slot), row});
    }
    if (changed) update_largest();
  }

 private:
  bool insert(std::size_t slot, const Near& added) {
    Near* const set = near_.data() + slot * k_;
    if (!(added < set[k_ - 1])) return false;
    std::size_t i = k_ - 1;
    for (; i > 0 && added < set[i - 1]; --i) set[i] = set[i - 1];
    set[i] = added;
    if (set[k_ - 1].distance < reach_[slot]) set_reach(slot, set[k_ - 1].distance);
    return true;
  }

  std::size_t k_, first_slot_;
  std::vector<Near> near_;     // (n_slots, k), nearest first
  std::vector<double> reach_;  // (n_slots)
  std::vector<float> limits_;  // (d + 1) for the scan
  float largest_ = 0;
};

// ---- all queries ----

// Immutable while threads work on it.
struct Task {
  const LeftOutQuestion* question;
  const ScanKernel* kernel;
  FeatureColumns columns;
  Leaves leaves;
  Blocks blocks;
  std::size_t n_slots, first_slot;  // first_slot: what slot 0 leaves out
};

// What one thread needs for its queries.
class Worker {
 public:
  Worker(const Task& task, LeftOutNeighbours& out)
      : task_(&task),
        out_(&out),
        terms_(task.columns.d),
        sets_(task.columns.d, task.n_slots, task.first_slot, out.k),
        bounds_(task.blocks.n_boxes),
        farthest_(task.n_slots) {}

  void answer_leaf(std::size_t leaf) {
    for (const std::uint32_t row : task_->leaves.rows(leaf)) {
      search(row, task_->leaves.fold[leaf]);
      write(row);
    }
  }

 private:
  void search(std::uint32_t query, std::int32_t fold) {
    sets_.clear();
    task_->kernel->bound(task_->blocks.boxes.data(), task_->columns.row(query), task_->columns.d,
                         task_->blocks.n_boxes, bounds_.data());
    if (task_->question->known != nullptr) use_known(query);
    // The nearest leaf first: the rows found there rule out most other leaves.
    const std::size_t nearest = nearest_leaf(fold);
    visit(nearest, query);
    for (std::size_t leaf = 0; leaf < task_->leaves.size(); ++leaf) {
      if (leaf != nearest && task_->leaves.fold[leaf] != fold) visit(leaf, query);
    }
  }

  void use_known(std::uint32_t query) {
    const auto known = task_->question->known->at(query, task_->question->known_slot);
    std::fill(farthest_.begin(), farthest_.end(), 0.0);
    for (const std::uint32_t row : known) {
      terms_.set(task_->columns.row(query), task_->columns.row(row));
      for (std::size_t slot = 0; slot < task_->n_slots; ++slot) {
        farthest_[slot] = std::max(farthest_[slot], terms_.without(task_->first_slot + slot));
      }
    }
    for (std::size_t slot = 0; slot < task_->n_slots; ++slot) sets_.set_reach(slot, farthest_[slot]);
    sets_.update_largest();
  }

  [[nodiscard]] std::size_t nearest_leaf(std::int32_t fold) const {
    std::size_t nearest = task_->leaves.size();
    for (std::size_t leaf = 0; leaf < task_->leaves.size(); ++leaf) {
      if (task_->leaves.fold[leaf] == fold) continue;
      if (nearest == task_->leaves.size() || bounds_[leaf] < bounds_[nearest]) nearest = leaf;
    }
    return nearest;
  }

  void visit(std::size_t leaf, std::uint32_t query) {
    if (bounds_[leaf] > sets_.limits().largest) return;
    const float* values = task_->columns.row(query);
    const auto rows = task_->leaves.rows(leaf);
    std::uint64_t mask =
        task_->kernel->scan(task_->blocks.leaf(leaf), values, task_->columns.d, sets_.limits());
    for (; mask != 0; mask &= mask - 1) {
      const auto i = static_cast<std::size_t>(__builtin_ctzll(mask));
      if (i >= rows.size()) break;  // padding
      terms_.set(values, task_->columns.row(rows[i]));
      sets_.offer(terms_, rows[i]);
    }
  }

  void write(std::uint32_t query) {
    std::uint32_t* to = out_->rows.data() + static_cast<std::size_t>(query) * out_->n_slots * out_->k;
    for (std::size_t slot = 0; slot < out_->n_slots; ++slot) {
      for (const Near& near : sets_.nearest(slot)) *to++ = near.row;
    }
  }

  const Task* task_;
  LeftOutNeighbours* out_;
  PairTerms terms_;
  NearestSets sets_;
  std::vector<float> bounds_;
  std::vector<double> farthest_;
};

// Leaves are handed out one by one.
void answer_all(const Task& task, const SearchControl& control, LeftOutNeighbours& out) {
  std::mutex mutex;
  for_each_parallel(task.leaves.size(), control.threads, [&]() -> std::function<void(std::size_t)> {
    return [&, worker = std::make_shared<Worker>(task, out)](std::size_t leaf) {
      if (control.stop.stop_requested()) throw Error(ErrorCode::kInterrupted, "interrupted");
      worker->answer_leaf(leaf);
      const std::lock_guard lock(mutex);
      if (control.advance) control.advance(task.leaves.rows(leaf).size());
    };
  });
}

}  // namespace

LeftOutNeighbours find_left_out_neighbours(const FoldedRows& rows, const LeftOutQuestion& question,
                                           std::size_t k, const ScanKernel& kernel,
                                           const SearchControl& control) {
  const std::size_t d = question.features.size();
  TRIAGE_CHECK(d >= 1 && d <= kMaxFeatures && k >= 1);
  const std::size_t first_slot = d > 1 ? 0 : d;
  const std::size_t n_slots = d > 1 ? d + (question.with_all ? 1 : 0) : 1;
  FeatureColumns columns = gather_columns(rows, question.features);
  Leaves leaves = make_leaves(columns, rows.folds);
  Blocks blocks = make_blocks(columns, leaves);
  const Task task{&question,         &kernel, std::move(columns), std::move(leaves),
                  std::move(blocks), n_slots, first_slot};
  LeftOutNeighbours out{n_slots, k, std::vector<std::uint32_t>(rows.n() * n_slots * k)};
  answer_all(task, control, out);
  return out;
}

}  // namespace triage
