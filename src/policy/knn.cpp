// The k-d tree and the set of nearest neighbours that it fills.
#include "policy/knn.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nanoflann.hpp>

#include "base/check.h"

namespace triage {

class KnnIndex::Tree {
 public:
  virtual ~Tree() = default;
  // `query` has shape (stride).
  virtual std::size_t search(const float* query, std::span<Neighbour> nearest) const = 0;
};

namespace {

constexpr std::array<std::size_t, 8> kDimensions{4, 7, 8, 12, 16, 24, 32, 64};

bool nearer(const Neighbour& a, const Neighbour& b) {
  return a.squared_distance != b.squared_distance ? a.squared_distance < b.squared_distance : a.row < b.row;
}

// The nearest rows so far, sorted by (distance, row). nanoflann leaves out branches and points at the worst
// distance or beyond, so the worst distance it is told is a hair larger: every tie is seen, and its rounding
// (some 1e-15) cannot cost a neighbour.
class NearestSet {
 public:
  explicit NearestSet(std::span<Neighbour> nearest) : nearest_(nearest) {}
  bool addPoint(double squared_distance, std::uint32_t row) {
    const Neighbour added{row, squared_distance};
    if (full() && !nearer(added, nearest_.back())) return true;
    std::size_t i = full() ? size_ - 1 : size_++;
    for (; i > 0 && nearer(added, nearest_[i - 1]); --i) nearest_[i] = nearest_[i - 1];
    nearest_[i] = added;
    return true;
  }
  [[nodiscard]] double worstDist() const {
    if (!full()) return std::numeric_limits<double>::max();
    return nearest_.back().squared_distance * (1 + 1e-9) + std::numeric_limits<double>::min();
  }
  [[nodiscard]] bool full() const { return size_ == nearest_.size(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::span<Neighbour> nearest_;
  std::size_t size_ = 0;
};

template <std::size_t kStride>
struct Points {
  const float* rows;
  std::size_t n;
  [[nodiscard]] std::size_t kdtree_get_point_count() const { return n; }
  [[nodiscard]] float kdtree_get_pt(std::size_t row, std::size_t i) const { return rows[row * kStride + i]; }
  template <class Box>
  bool kdtree_get_bbox(Box&) const {
    return false;
  }
};

// Squared Euclidean distance of float rows in double; nanoflann's own would subtract in float.
template <std::size_t kStride>
struct SquaredDistance {
  using ElementType = float;
  using DistanceType = double;
  const Points<kStride>& points;
  explicit SquaredDistance(const Points<kStride>& p) : points(p) {}
  [[nodiscard]] double evalMetric(const float* query, std::uint32_t row, std::size_t) const {
    const float* values = points.rows + row * kStride;
    double sum = 0;
    for (std::size_t i = 0; i < kStride; ++i) {
      sum += accum_dist(static_cast<double>(query[i]), static_cast<double>(values[i]), i);
    }
    return sum;
  }
  [[nodiscard]] double accum_dist(double a, double b, std::size_t) const { return (a - b) * (a - b); }
};

template <std::size_t kStride>
class FixedTree final : public KnnIndex::Tree {
 public:
  FixedTree(const float* rows, std::size_t n)
      : points_{rows, n}, tree_(kStride, points_, nanoflann::KDTreeSingleIndexAdaptorParams(10)) {}
  std::size_t search(const float* query, std::span<Neighbour> nearest) const override {
    NearestSet set(nearest);
    tree_.findNeighbors(set, query, nanoflann::SearchParams());
    return set.size();
  }

 private:
  using Distance = SquaredDistance<kStride>;
  Points<kStride> points_;
  nanoflann::KDTreeSingleIndexAdaptor<Distance, Points<kStride>, static_cast<int>(kStride), std::uint32_t>
      tree_;
};

template <std::size_t kAt = 0>
std::unique_ptr<KnnIndex::Tree> make_tree(std::size_t stride, const float* rows, std::size_t n) {
  if constexpr (kAt < kDimensions.size()) {
    if (stride == kDimensions[kAt]) return std::make_unique<FixedTree<kDimensions[kAt]>>(rows, n);
    return make_tree<kAt + 1>(stride, rows, n);
  }
  TRIAGE_CHECK(false);
  return nullptr;
}

std::size_t padded(std::size_t d) {
  TRIAGE_CHECK(d >= 1 && d <= kMaxDimensions);
  return *std::lower_bound(kDimensions.begin(), kDimensions.end(), d);
}

}  // namespace

KnnIndex::KnnIndex(std::span<const float> rows, std::size_t d)
    : n_(d == 0 ? 0 : rows.size() / d), d_(d), stride_(padded(d)), rows_(n_ * stride_, 0.0F) {
  TRIAGE_CHECK(rows.size() == n_ * d_ && n_ <= std::numeric_limits<std::uint32_t>::max());
  for (std::size_t i = 0; i < n_; ++i) std::copy_n(&rows[i * d_], d_, &rows_[i * stride_]);
  tree_ = make_tree(stride_, rows_.data(), n_);
}

KnnIndex::KnnIndex(KnnIndex&&) noexcept = default;
KnnIndex& KnnIndex::operator=(KnnIndex&&) noexcept = default;
KnnIndex::~KnnIndex() = default;

std::size_t KnnIndex::search(std::span<const float> query, std::span<Neighbour> nearest) const {
  TRIAGE_CHECK(query.size() == d_ && nearest.size() <= kMaxNeighbours);
  if (nearest.empty()) return 0;
  std::array<float, kMaxDimensions> padded_query{};
  std::copy(query.begin(), query.end(), padded_query.begin());
  return tree_->search(padded_query.data(), nearest);
}

}  // namespace triage
