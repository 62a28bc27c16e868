#include "imagenet/pth_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <set>
#include <utility>

#include "imagenet/pickle.h"

namespace triage {
namespace {

using Kind = PickleValue::Kind;

// 0x1950a86a20f9469cfc6c, little-endian: what torch.save wrote in front.
constexpr std::string_view kMagic = "\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19";
constexpr std::int64_t kProtocol = 1001;
constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kFloatStorage = "torch.FloatStorage";
constexpr std::size_t kMaxDimensions = 8;

// A storage as the state dict declares it.
struct Storage {
  bool is_float = false;
  std::uint64_t size = 0;  // elements
};

// A tensor as the state dict declares it.
struct Declared {
  std::string storage;
  std::uint64_t offset = 0;
  std::uint64_t size = 1;  // elements
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  // elements of the storage between neighbours, per dimension
};

class PthFile {
 public:
  PthFile(std::span<const std::uint8_t> bytes, std::string_view name) : reader_(bytes, name) {}

  void read_header() {
    const Pickle magic = read_pickle(reader_);
    if (magic[magic.root].kind != Kind::kLong || magic[magic.root].text != kMagic) {
      fail("another magic number, expected that of a PyTorch file from before version 1.6");
    }
    const Pickle protocol = read_pickle(reader_);
    if (protocol[protocol.root].kind != Kind::kInt || protocol[protocol.root].integer != kProtocol) {
      fail(fmt::format("another protocol version, expected {}", kProtocol));
    }
    const Pickle system = read_pickle(reader_);
    if (!says_little_endian(system)) fail("written on a big-endian machine, expected a little-endian one");
  }

  void read_declarations() {
    const Pickle pickle = read_pickle(reader_);
    const PickleValue& root = pickle[pickle.root];
    if (root.kind != Kind::kDict) fail("no dict of tensors, expected a state dict");
    for (std::size_t i = 0; i + 1 < root.items.size(); i += 2) {
      const PickleValue& key = pickle[root.items[i]];
      if (key.kind != Kind::kText) fail("a tensor without name, expected a state dict");
      declared_.insert_or_assign(key.text, declare_tensor(pickle, pickle[root.items[i + 1]], key.text));
    }
  }

  void read_storages(std::map<std::string, std::vector<float>>& storages) {
    const Pickle keys = read_pickle(reader_);
    if (keys[keys.root].kind != Kind::kList) fail("no list of storages, expected one");
    std::set<std::string> seen;
    for (const PickleId id : keys[keys.root].items) {
      const std::string& key = keys[id].text;
      const auto found = storages_.find(key);
      if (found == storages_.end()) fail(fmt::format("storage '{}' belongs to no tensor", excerpt(key)));
      if (!seen.insert(key).second) fail(fmt::format("storage '{}' is there twice", excerpt(key)));
      const auto size = reader_.little_endian<std::uint64_t>();
      if (size != found->second.size) {
        fail(fmt::format("storage '{}' holds {} elements, expected {}", excerpt(key), size,
                         found->second.size));
      }
      // No overflow: declared sizes are at most 2^31.
      const auto raw = reader_.take(size * (found->second.is_float ? sizeof(float) : sizeof(std::int64_t)));
      if (!found->second.is_float) continue;
      std::vector<float>& values = storages[key];
      values.resize(static_cast<std::size_t>(size));
      n_floats_ += size;
      if (!raw.empty()) std::memcpy(values.data(), raw.data(), raw.size());
    }
    if (seen.size() != storages_.size()) {
      fail(fmt::format("{} storages, expected {}", seen.size(), storages_.size()));
    }
    if (reader_.left() != 0)
      fail(fmt::format("{} bytes behind the last storage, expected none", reader_.left()));
  }

  [[nodiscard]] const std::map<std::string, Declared>& declared() const { return declared_; }
  // Tensors that are not row-major are copied. Many tensors may share a storage, so the copies together are
  // bounded by what the storages hold.
  void claim_copy(std::uint64_t n) {
    if (n > n_floats_ - n_copied_) fail("reordered tensors share storages, expected a storage each");
    n_copied_ += n;
  }
  [[nodiscard]] bool is_float(const Declared& tensor) const { return storages_.at(tensor.storage).is_float; }

 private:
  [[noreturn]] void fail(std::string_view what) const { reader_.fail(what); }

  static bool says_little_endian(const Pickle& system) {
    const PickleValue& root = system[system.root];
    if (root.kind != Kind::kDict) return false;
    for (std::size_t i = 0; i + 1 < root.items.size(); i += 2) {
      if (system[root.items[i]].text != "little_endian") continue;
      return system[root.items[i + 1]].kind == Kind::kBool && system[root.items[i + 1]].integer == 1;
    }
    return false;
  }

  // A tuple of integers, each 0 .. 2^31, so that the product of any two of them fits 64 bits.
  std::vector<std::int64_t> sizes(const Pickle& pickle, const PickleValue& tuple,
                                  std::string_view owner) const {
    if (tuple.kind != Kind::kTuple || tuple.items.size() > kMaxDimensions) {
      fail(fmt::format("tensor '{}': no shape, expected at most {} sizes", excerpt(owner), kMaxDimensions));
    }
    std::vector<std::int64_t> values;
    for (const PickleId id : tuple.items) values.push_back(size(pickle[id], owner));
    return values;
  }

  std::int64_t size(const PickleValue& value, std::string_view owner) const {
    constexpr std::int64_t kMax = std::int64_t{1} << 31;
    if (value.kind != Kind::kInt || value.integer < 0 || value.integer > kMax) {
      fail(fmt::format("tensor '{}': a bad size, expected 0 to 2^31", excerpt(owner)));
    }
    return value.integer;
  }

  // _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks)
  Declared declare_tensor(const Pickle& pickle, const PickleValue& call, const std::string& name) {
    if (call.kind != Kind::kCall || call.text != kRebuildTensor || pickle[call.items[0]].items.size() != 6) {
      fail(fmt::format("'{}' is no tensor, expected one", excerpt(name)));
    }
    const std::vector<PickleId>& arguments = pickle[call.items[0]].items;
    Declared tensor;
    tensor.storage = declare_storage(pickle, pickle[arguments[0]], name);
    tensor.offset = static_cast<std::uint64_t>(size(pickle[arguments[1]], name));
    tensor.shape = sizes(pickle, pickle[arguments[2]], name);
    tensor.strides = sizes(pickle, pickle[arguments[3]], name);
    if (tensor.strides.size() != tensor.shape.size()) {
      fail(fmt::format("tensor '{}': {} strides, expected {}", excerpt(name), tensor.strides.size(),
                       tensor.shape.size()));
    }
    measure(tensor, name);
    return tensor;
  }

  // Sets the size, having checked that every element is in the storage, and that the tensor has no more of
  // them than the storage: with strides of 0 a few elements could stand for billions.
  void measure(Declared& tensor, const std::string& name) const {
    const std::uint64_t available = storages_.at(tensor.storage).size;
    std::uint64_t last = tensor.offset;  // position of the last element
    bool fits = true;
    for (std::size_t i = 0; fits && i < tensor.shape.size(); ++i) {
      const auto size = static_cast<std::uint64_t>(tensor.shape[i]);
      tensor.size *= size;
      if (size > 0) last += (size - 1) * static_cast<std::uint64_t>(tensor.strides[i]);
      // Checked at every dimension, so that neither can overflow.
      fits = tensor.size <= available && last <= available;
    }
    if (!fits || (tensor.size > 0 && last >= available)) {
      fail(fmt::format(
          "tensor '{}': shape ({}), strides ({}) at offset {}, expected to fit its storage of {} elements",
          excerpt(name), fmt::join(tensor.shape, ", "), fmt::join(tensor.strides, ", "), tensor.offset,
          available));
    }
  }

  // ('storage', type, key, device, n_elements, None); returns the key.
  std::string declare_storage(const Pickle& pickle, const PickleValue& persistent, const std::string& owner) {
    const auto bad = [&] { fail(fmt::format("tensor '{}': no storage, expected one", excerpt(owner))); };
    if (persistent.kind != Kind::kPersistent) bad();
    const PickleValue& tuple = pickle[persistent.items[0]];
    if (tuple.kind != Kind::kTuple || tuple.items.size() != 6) bad();
    const PickleValue& type = pickle[tuple.items[1]];
    const PickleValue& key = pickle[tuple.items[2]];
    if (pickle[tuple.items[0]].text != "storage" || type.kind != Kind::kGlobal || key.kind != Kind::kText)
      bad();
    if (pickle[tuple.items[5]].kind != Kind::kNone) bad();
    if (!type.text.ends_with("Storage")) bad();
    const Storage storage{type.text == kFloatStorage,
                          static_cast<std::uint64_t>(size(pickle[tuple.items[4]], owner))};
    const auto [known, added] = storages_.emplace(key.text, storage);
    if (!added && (known->second.size != storage.size || known->second.is_float != storage.is_float)) {
      fail(fmt::format("storage '{}' is declared in two ways, expected one", excerpt(key.text)));
    }
    return key.text;
  }

  ByteReader reader_;
  std::map<std::string, Storage> storages_;
  std::map<std::string, Declared> declared_;
  std::uint64_t n_floats_ = 0;
  std::uint64_t n_copied_ = 0;
};

bool is_row_major(const Declared& tensor) {
  std::int64_t step = 1;
  for (std::size_t i = tensor.shape.size(); i-- > 0;) {
    if (tensor.shape[i] > 1 && tensor.strides[i] != step) return false;
    step *= tensor.shape[i];
  }
  return true;
}

// The elements in row-major order.
std::vector<float> gather(const Declared& tensor, std::span<const float> storage) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(tensor.size));
  std::vector<std::int64_t> index(tensor.shape.size(), 0);
  auto at = static_cast<std::int64_t>(tensor.offset);
  while (values.size() < tensor.size) {
    values.push_back(storage[static_cast<std::size_t>(at)]);
    for (std::size_t i = index.size(); i-- > 0;) {
      at += tensor.strides[i];
      if (++index[i] < tensor.shape[i]) break;
      at -= tensor.shape[i] * tensor.strides[i];
      index[i] = 0;
    }
  }
  return values;
}

}  // namespace

const WeightTensor& StateDict::get(std::string_view name, std::span<const std::int64_t> shape) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    throw Error(ErrorCode::kModel, fmt::format("{}: tensor '{}' is missing, expected shape ({})", name_, name,
                                               fmt::join(shape, ", ")));
  }
  if (!std::equal(shape.begin(), shape.end(), found->second.shape.begin(), found->second.shape.end())) {
    throw Error(ErrorCode::kModel, fmt::format("{}: tensor '{}' has shape ({}), expected ({})", name_, name,
                                               fmt::join(found->second.shape, ", "), fmt::join(shape, ", ")));
  }
  return found->second;
}

StateDict read_pth(std::span<const std::uint8_t> bytes, std::string_view name) {
  PthFile file(bytes, name);
  file.read_header();
  file.read_declarations();
  StateDict state;
  state.name_ = name;
  file.read_storages(state.storages_);
  for (const auto& [key, tensor] : file.declared()) {
    if (!file.is_float(tensor)) continue;
    std::span<const float> values = state.storages_.at(tensor.storage);
    if (is_row_major(tensor)) {
      values = values.subspan(static_cast<std::size_t>(tensor.offset), static_cast<std::size_t>(tensor.size));
    } else {
      file.claim_copy(tensor.size);
      values = state.reordered_.emplace_back(gather(tensor, values));
    }
    state.tensors_.emplace(key, WeightTensor{tensor.shape, values});
  }
  return state;
}

}  // namespace triage
