// Your own engine: the "networks" are text files that hold one number, and answer "bright" or "dark"
// by comparing the picture's mean with it. Usage: own_engine FOLDER
#include <triage/triage.h>

#include <fstream>
#include <iostream>
#include <numeric>

namespace fs = std::filesystem;

struct Threshold final : triage::Network {
  explicit Threshold(double at) : level(at) {}
  std::span<const float> run(std::span<const std::byte> tensor) override {
    const auto sum = std::accumulate(tensor.begin(), tensor.end(), 0.0,
                                     [](double a, std::byte b) { return a + std::to_integer<int>(b); });
    const bool bright = sum / static_cast<double>(tensor.size()) > level;
    values[0] = bright ? 0.1F : 0.9F;  // dark
    values[1] = bright ? 0.9F : 0.1F;
    return values;
  }
  double level;
  float values[2] = {};
};

struct ThresholdEngine final : triage::Engine {
  std::string name() const override { return "threshold"; }
  std::string version() const override { return "1"; }
  std::vector<std::string> devices() const override { return {"CPU"}; }
  std::unique_ptr<triage::Network> load(const triage::Zoo& zoo, const triage::ModelSpec& model) override {
    double level = 0;
    std::ifstream(zoo.resolve(model.files[0])) >> level;
    return std::make_unique<Threshold>(level);
  }
  triage::ModelShapes inspect(const fs::path&) override { return {}; }
};

int main(int, char** argv) {
  const fs::path folder = argv[1];
  fs::create_directories(folder);
  std::ofstream(folder / "half.level") << 127.5;
  triage::Zoo zoo;
  zoo.folder = folder;
  zoo.label_names = {"dark", "bright"};
  triage::ModelSpec& model = zoo.models.emplace_back();
  model.name = "half";
  model.files = {{"half.level", triage::model_checksum(folder / "half.level")}};
  model.input.width = model.input.height = 8;
  model.input.type = triage::ElementType::kU8, model.input.colour = triage::Colour::kGray;
  model.output.n_classes = 2;
  triage::PolicyInfo info;
  info.models.push_back({{model.name, model.fingerprint()}});
  const auto runtime = std::make_shared<triage::Runtime>(zoo);
  runtime->engines().add({".level"}, [](const auto&) { return std::make_unique<ThresholdEngine>(); });
  const triage::Classifier classifier(triage::make_single(info, 0), runtime);
  const std::vector<std::uint8_t> snow(std::size_t{64} * 64, 250), night(snow.size(), 12);
  for (const auto& pixels : {snow, night}) {
    const triage::ImageView view(pixels, 64, 64, 0, triage::Colour::kGray);
    std::cout << classifier.label_name(classifier.classify(view).label()) << '\n';
  }
}
