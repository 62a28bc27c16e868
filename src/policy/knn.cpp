// The k-d tree and the set of nearest neighbours that it fills.
#include "policy/knn.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nanoflann.hpp>
#include <numeric>

#include "base/check.h"

namespace triage {

class KnnIndex::Tree {
 public:
  virtual ~Tree() = default;
  // `query` has shape (stride).
  virtual std::size_t search(const float* query, std::span<Neighbour> nearest) const = 0;
};

namespace {

constexpr std::array<std::size_t, 7> kDimensions{4, 8, 12, 16, 24, 32, 64};  // multiples of four, for SIMD

bool nearer(const Neighbour& a, const Neighbour& b) {
  return a.squared_distance != b.squared_distance ? a.squared_distance < b.squared_distance : a.row < b.row;
}

// Squared Euclidean distance of float rows, subtracted and summed in double.
template <std::size_t kStride>
double exact_distance(const float* a, const float* b) {
  double sum = 0;
  for (std::size_t i = 0; i < kStride; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return sum;
}

// Below the exact one by some 1e-5 of it, and several times faster: single precision, four lanes at a time.
// Every rounding is below 2^-24 of its result, and no more than (kStride / 4 + 5) of them follow one another.
template <std::size_t kStride>
double lower_bound_of_distance(const float* a, const float* b) {
  std::array<float, 4> lanes{};
  for (std::size_t i = 0; i < kStride; i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      const float difference = a[i + lane] - b[i + lane];
      lanes[lane] += difference * difference;
    }
  }
  return static_cast<double>((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) * (1 - 1e-5);
}

// The nearest rows so far, sorted by (distance, row). nanoflann leaves out branches and points at the worst
// distance or beyond, so the worst distance it is told is slightly larger: every tie is seen, and its
// rounding (some 1e-15) cannot cost a neighbour. Points are offered by the lower bound of their distance.
template <std::size_t kStride>
class NearestSet {
 public:
  // `order` gives the row behind each position in `sorted`.
  NearestSet(const float* sorted, const std::uint32_t* order, const float* query,
             std::span<Neighbour> nearest)
      : sorted_(sorted), order_(order), query_(query), nearest_(nearest) {}
  bool addPoint(double /*lower_bound*/, std::uint32_t position) {
    const Neighbour added{order_[position], exact_distance<kStride>(query_, sorted_ + position * kStride)};
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
  const float* sorted_;
  const std::uint32_t* order_;
  const float* query_;
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

// What nanoflann asks for: of a point the lower bound, of a branch the exact distance along one axis.
template <std::size_t kStride>
struct SquaredDistance {
  using ElementType = float;
  using DistanceType = double;
  const Points<kStride>& points;
  explicit SquaredDistance(const Points<kStride>& p) : points(p) {}
  [[nodiscard]] double evalMetric(const float* query, std::uint32_t row, std::size_t) const {
    return lower_bound_of_distance<kStride>(query, points.rows + row * kStride);
  }
  [[nodiscard]] double accum_dist(double a, double b, std::size_t) const { return (a - b) * (a - b); }
};

// The tree keeps a copy of the rows in the order of its leaves, so that a leaf is one stretch of memory:
// nanoflann would jump through the caller's order.
template <std::size_t kStride>
class FixedTree final : public KnnIndex::Tree {
 public:
  FixedTree(const float* rows, std::size_t n)
      : points_{rows, n}, tree_(kStride, points_, nanoflann::KDTreeSingleIndexAdaptorParams(kLeafRows)) {
    order_.assign(tree_.vAcc.begin(), tree_.vAcc.end());
    sorted_.resize(n * kStride);
    for (std::size_t i = 0; i < n; ++i)
      std::copy_n(rows + order_[i] * kStride, kStride, &sorted_[i * kStride]);
    std::iota(tree_.vAcc.begin(), tree_.vAcc.end(), 0U);
    points_.rows = sorted_.data();
  }
  std::size_t search(const float* query, std::span<Neighbour> nearest) const override {
    NearestSet<kStride> set(sorted_.data(), order_.data(), query, nearest);
    tree_.findNeighbors(set, query, nanoflann::SearchParams());
    return set.size();
  }

 private:
  static constexpr std::size_t kLeafRows = 32;
  using Distance = SquaredDistance<kStride>;
  Points<kStride> points_;
  nanoflann::KDTreeSingleIndexAdaptor<Distance, Points<kStride>, static_cast<int>(kStride), std::uint32_t>
      tree_;
  std::vector<std::uint32_t> order_;  // (n) row behind each position
  std::vector<float> sorted_;         // (n, kStride)
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
