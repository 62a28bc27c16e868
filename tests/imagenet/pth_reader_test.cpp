#include "imagenet/pth_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "base/files.h"
#include "base/hash.h"
#include "imagenet/pickle.h"
#include "imagenet/pth_fixture.h"

namespace triage {
namespace {

using testing::bytes_of;
using testing::int_op;
using testing::message_of;
using testing::pickle;
using testing::pth_header;
using testing::pth_storages;
using testing::storage_op;
using testing::tensor_op;
using testing::text_op;

std::vector<std::uint8_t> golden() {
  return read_file(std::filesystem::path(TRIAGE_SOURCE_DIR) / "tests/imagenet/golden/tiny.pth");
}

std::string failure(const std::string& file) {
  return message_of(ErrorCode::kModel, [&] { (void)read_pth(bytes_of(file), "w.pth"); });
}

// A file whose state dict has one entry, `tensor`, and one storage of four floats.
std::string with_tensor(const std::string& tensor) {
  const std::array<std::vector<float>, 1> storages{{{1, 2, 3, 4}}};
  return pth_header() + pickle("}" + text_op("t") + tensor + "s") + pth_storages(storages);
}

std::string four_floats() { return storage_op("FloatStorage", "0", 4); }

using Sizes = std::vector<std::int64_t>;
using Floats = std::vector<float>;

Floats values(const WeightTensor& tensor) { return {tensor.values.begin(), tensor.values.end()}; }

// Written by PyTorch itself (tools/make_tiny_pth.py).
TEST(PthReader, ReadsWhatPyTorchWrote) {
  const StateDict state = read_pth(golden(), "tiny.pth");
  ASSERT_EQ(state.tensors().size(), 4U);  // the integer counter is left out
  EXPECT_EQ(values(state.get("conv.weight", Sizes{2, 1, 2, 3})),
            (Floats{-1, -.75, -.5, -.25, 0, .25, .5, .75, 1, 1.25, 1.5, 1.75}));
  EXPECT_EQ(values(state.get("conv.bias", Sizes{2})), (Floats{1.5, 1.75}));  // a part of that storage
  EXPECT_EQ(values(state.get("turned", Sizes{3, 2})), (Floats{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(values(state.get("scale", Sizes{})), (Floats{0.5}));
}

TEST(PthReader, SurvivesBeingMoved) {
  StateDict first = read_pth(golden(), "tiny.pth");
  const StateDict second = std::move(first);
  EXPECT_EQ(values(second.get("conv.bias", Sizes{2})), (Floats{1.5, 1.75}));
}

TEST(PthReader, NamesTheTensorThatIsMissingOrOfAnotherShape) {
  const StateDict state = read_pth(golden(), "tiny.pth");
  EXPECT_EQ(message_of(ErrorCode::kModel,
                       [&] {
                         (void)state.get("fc.weight", Sizes{10, 3});
                       }),
            "tiny.pth: tensor 'fc.weight' is missing, expected shape (10, 3)");
  EXPECT_EQ(message_of(ErrorCode::kModel, [&] { (void)state.get("conv.bias", Sizes{3}); }),
            "tiny.pth: tensor 'conv.bias' has shape (2), expected (3)");
}

TEST(PthReader, RunsNothing) {
  EXPECT_HAS(failure(pth_header() + pickle("cos\nsystem\n(" + text_op("touch hacked") + "tR")),
             "the pickle refers to 'os.system', expected only collections.OrderedDict");
  EXPECT_HAS(failure(pth_header() + pickle("cbuiltins\neval\n)R")), "'builtins.eval'");
  // 'i' (INST) and '\x81' (NEWOBJ) make objects too.
  EXPECT_HAS(failure(pth_header() + pickle("(ios\nsystem\n")), "pickle opcode 0x69");
  EXPECT_HAS(failure(pth_header() + pickle(")\x81")), "pickle opcode 0x81");
}

TEST(PthReader, RefusesOtherFiles) {
  EXPECT_HAS(failure(""), "w.pth: at byte 0: 0 bytes left, expected 1");
  EXPECT_HAS(failure("PK\x03\x04"), "pickle opcode 0x50");  // the newer, zipped format
  EXPECT_HAS(failure(pickle(int_op(5))), "another magic number");
  const std::string magic = pickle("\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19");
  EXPECT_HAS(failure(magic + pickle(int_op(1000))), "another protocol version, expected 1001");
  EXPECT_HAS(failure(magic + pickle(int_op(1001)) + pickle("}" + text_op("little_endian") + "\x89s")),
             "big-endian");
  EXPECT_HAS(failure("\x80\x04N."), "pickle protocol 4, expected 2");
}

TEST(PthReader, RefusesDictsOfOtherThings) {
  EXPECT_HAS(failure(pth_header() + pickle("N")), "expected a state dict");
  EXPECT_HAS(failure(pth_header() + pickle("}" + int_op(1) + int_op(2) + "s")), "a tensor without name");
  EXPECT_HAS(failure(with_tensor(int_op(3))), "'t' is no tensor");
  EXPECT_HAS(failure(with_tensor(tensor_op("N", 0, Sizes{4}, Sizes{1}))), "no storage, expected one");
  EXPECT_HAS(failure(with_tensor(tensor_op(storage_op("HalfStorage", "0", 4), 0, Sizes{4}, Sizes{1}))),
             "'torch.HalfStorage'");
}

TEST(PthReader, RefusesTensorsThatDoNotFitTheirStorage) {
  EXPECT_EQ(failure(with_tensor(tensor_op(four_floats(), 0, Sizes{4}, Sizes{1}))), "no error");
  EXPECT_HAS(failure(with_tensor(tensor_op(four_floats(), 0, Sizes{5}, Sizes{1}))),
             "tensor 't': shape (5), strides (1) at offset 0, expected to fit its storage of 4 elements");
  EXPECT_HAS(failure(with_tensor(tensor_op(four_floats(), 1, Sizes{4}, Sizes{1}))), "at offset 1");
  EXPECT_HAS(failure(with_tensor(tensor_op(four_floats(), -1, Sizes{4}, Sizes{1}))), "a bad size");
  EXPECT_HAS(failure(with_tensor(tensor_op(four_floats(), 0, Sizes{-4}, Sizes{1}))), "a bad size");
  const Sizes huge(8, 0x7FFFFFFF);
  EXPECT_HAS(failure(with_tensor(tensor_op(four_floats(), 0, huge, Sizes(8, 1)))), "expected to fit");
  EXPECT_HAS(failure(with_tensor(tensor_op(four_floats(), 0, Sizes{2, 2}, Sizes{1}))),
             "1 strides, expected 2");
  EXPECT_HAS(failure(with_tensor(tensor_op(four_floats(), 0, Sizes(9, 1), Sizes(9, 1)))), "no shape");
}

TEST(PthReader, ReadsTensorsInAnotherOrder) {
  const auto read = [](const std::string& tensor, const Sizes& shape) {
    const std::string file = with_tensor(tensor);
    return values(read_pth(bytes_of(file), "w.pth").get("t", shape));
  };
  EXPECT_EQ(read(tensor_op(four_floats(), 0, Sizes{2, 2}, Sizes{1, 2}), Sizes{2, 2}), (Floats{1, 3, 2, 4}));
  EXPECT_EQ(read(tensor_op(four_floats(), 1, Sizes{2}, Sizes{2}), Sizes{2}), (Floats{2, 4}));
  EXPECT_EQ(read(tensor_op(four_floats(), 2, Sizes{1, 2, 1}, Sizes{9, 1, 9}), Sizes{1, 2, 1}),
            (Floats{3, 4}));
  EXPECT_EQ(read(tensor_op(four_floats(), 3, Sizes{2, 2}, Sizes{0, 0}), Sizes{2, 2}), (Floats{4, 4, 4, 4}));
  EXPECT_EQ(read(tensor_op(four_floats(), 4, Sizes{0}, Sizes{1}), Sizes{0}), Floats{});
}

// Strides of 0 and shared storages must not make a small file large.
TEST(PthReader, BoundsCopies) {
  EXPECT_HAS(failure(with_tensor(tensor_op(four_floats(), 0, Sizes{5}, Sizes{0}))),
             "expected to fit its storage");
  const std::string turned = tensor_op(four_floats(), 0, Sizes{2, 2}, Sizes{1, 2});
  EXPECT_HAS(failure(with_tensor(turned + "s" + text_op("u") + turned)), "reordered tensors share storages");
}

TEST(PthReader, RefusesStoragesThatAreNotAsDeclared) {
  const auto file = [](std::int64_t declared, std::string_view keys) {
    const std::string tensor = tensor_op(storage_op("FloatStorage", "0", declared), 0, Sizes{1}, Sizes{1});
    return pth_header() + pickle("}" + text_op("t") + tensor + "s") + pickle(std::string(keys)) +
           testing::raw(std::uint64_t{1}) + testing::raw(1.0F);
  };
  const std::string key = text_op("0");
  EXPECT_EQ(failure(file(1, "](" + key + "e")), "no error");
  EXPECT_HAS(failure(file(2, "](" + key + "e")), "storage '0' holds 1 elements, expected 2");
  EXPECT_HAS(failure(file(1, "](" + key + key + "e")), "is there twice");
  EXPECT_HAS(failure(file(1, "](" + text_op("9") + "e")), "storage '9' belongs to no tensor");
  EXPECT_HAS(failure(file(1, "]")), "0 storages, expected 1");
  EXPECT_HAS(failure(file(1, "N")), "no list of storages");
  EXPECT_HAS(failure(file(1, "](" + key + "e") + "x"), "1 bytes behind the last storage");
  const std::string twice = tensor_op(storage_op("FloatStorage", "0", 4), 0, Sizes{4}, Sizes{1});
  const std::string other = tensor_op(storage_op("LongStorage", "0", 4), 0, Sizes{4}, Sizes{1});
  EXPECT_HAS(failure(pth_header() + pickle("}" + text_op("a") + twice + "s" + text_op("b") + other + "s")),
             "storage '0' is declared in two ways");
}

// Each breaks a rule of the pickle machine itself.
TEST(Pickle, RefusesMalformedPrograms) {
  const auto broken = [](const std::string& ops) {
    const std::string bytes = pickle(ops);
    return message_of(ErrorCode::kModel, [&] {
      ByteReader reader(bytes_of(bytes), "p");
      (void)read_pickle(reader);
    });
  };
  EXPECT_HAS(broken(""), "stack is empty");
  EXPECT_EQ(broken("(N"), "no error");         // a mark left behind does no harm
  EXPECT_HAS(broken("N("), "stack is empty");  // the value stands before a mark
  EXPECT_HAS(broken("N\x86"), "too short");
  EXPECT_HAS(broken("N(\x85"), "too short");
  EXPECT_HAS(broken("Nt"), "lacks a mark");
  EXPECT_HAS(broken("NNa"), "items for something that holds none");
  EXPECT_HAS(broken("]NNs"), "items for something that holds none");
  EXPECT_HAS(broken("}(Nu"), "a key without value");
  EXPECT_HAS(broken(std::string("h\x07", 2)), "memo entry 7 is not set");
  EXPECT_HAS(broken("NNR"), "a call of something unnamed");
  EXPECT_HAS(broken("ccollections\nOrderedDict\nN\x85R"), "an ordered dict with arguments");
  EXPECT_HAS(broken("NNb"), "attributes of something else");
  EXPECT_HAS(broken("X\xFF\xFF\xFF\xFFshort"), "6 bytes left, expected 4294967295");
  EXPECT_HAS(broken("c" + std::string(400, 'a')), "a name without end");
}

TEST(Pickle, BoundsWhatAFileCanClaim) {
  for (const std::string& flood : {std::string("N"), std::string("("), std::string("Nq", 2) + '\0'}) {
    std::string bytes = "\x80\x02N";
    for (std::size_t i = 0; i <= kMaxPickleValues; ++i) bytes += flood;
    EXPECT_HAS(message_of(ErrorCode::kModel,
                          [&] {
                            ByteReader reader(bytes_of(bytes), "p");
                            (void)read_pickle(reader);
                          }),
               "more than 1048576 values");
  }
}

TEST(Pickle, ReadsLongIntegers) {
  const auto read = [](const std::string& ops) {
    const std::string bytes = pickle(ops);
    ByteReader reader(bytes_of(bytes), "p");
    const Pickle result = read_pickle(reader);
    return result[result.root].integer;
  };
  EXPECT_EQ(read(std::string("\x8A\x00", 2)), 0);
  EXPECT_EQ(read("\x8A\x01\xFF"), -1);
  EXPECT_EQ(read(std::string("\x8A\x02\xFF\x00", 4)), 255);
  EXPECT_EQ(read("J\xFE\xFF\xFF\xFF"), -2);
}

// A container may hold itself; nothing may loop or leak over it.
TEST(Pickle, AllowsCircles) {
  const std::string bytes = pickle(std::string("]q\0h\0a", 6));
  ByteReader reader(bytes_of(bytes), "p");
  const Pickle result = read_pickle(reader);
  EXPECT_EQ(result[result.root].items, std::vector{result.root});
  EXPECT_HAS(failure(pth_header() + pickle(std::string("}q\0", 3) + text_op("t") + std::string("h\0s", 3))),
             "'t' is no tensor");
}

TEST(PthReader, SurvivesEveryTruncation) {
  const std::vector<std::uint8_t> whole = golden();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW((void)read_pth(std::span(whole).first(size), "cut"), Error) << size;
  }
}

// Damaged files give an Error or, where only weights changed, a state dict; nothing else happens.
TEST(PthReader, SurvivesDamage) {
  const std::vector<std::uint8_t> whole = golden();
  Random random(1);
  int refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<std::uint8_t> damaged = whole;
    for (std::uint64_t flips = 1 + random.below(3); flips > 0; --flips) {
      damaged[static_cast<std::size_t>(random.below(damaged.size()))] =
          static_cast<std::uint8_t>(random.next());
    }
    try {
      const StateDict state = read_pth(damaged, "damaged");
      for (const auto& [name, tensor] : state.tensors()) {
        std::size_t n = 1;
        for (const std::int64_t size : tensor.shape) n *= static_cast<std::size_t>(size);
        ASSERT_EQ(n, tensor.values.size()) << name;
      }
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::kModel) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 2000);
}

}  // namespace
}  // namespace triage
