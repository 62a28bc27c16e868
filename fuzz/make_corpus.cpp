// Makes the kept inputs, corpus/<target>/<name>: small files of every kind that a reader knows. Policies come
// from tests/policy/golden. Usage: fuzz_corpus FOLDER
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "engine/compile_cache.h"
#include "image/encode.h"
#include "import/made_feedback.h"
#include "profile/profile_fixture.h"
#include "support/fake_zoo.h"
#include "triage/zoo.h"

namespace {

namespace fs = std::filesystem;
using namespace triage;
using namespace triage::testing;

using Bytes = std::vector<std::uint8_t>;

Image picture(int width, int height, int channels) {
  Image image{width, height, channels, {}};
  for (int i = 0; i < width * height * channels; ++i)
    image.pixels.push_back(static_cast<std::uint8_t>(37 * i));
  return image;
}

void write_pictures(const fs::path& folder) {
  const auto jpeg = [&](const std::string& name, const Image& image, const JpegOptions& options) {
    write_file_atomic(folder / "jpeg" / (name + ".jpg"), encode_jpeg(image, options));
  };
  jpeg("gray", picture(9, 7, 1), {});
  jpeg("rgb", picture(17, 9, 3), {.quality = 80});
  jpeg("progressive", picture(17, 9, 3), {.quality = 80, .progressive = true});
  jpeg("cmyk", picture(9, 9, 4), {});
  jpeg("ycck", picture(9, 9, 4), {.ycck = true});
  jpeg("turned", picture(9, 5, 3), {.app1 = exif_segment(6, true)});
  const Bytes frame = encode_jpeg(picture(17, 9, 3), JpegOptions{});
  Bytes stream = frame;
  for (const char c : std::string_view("\r\n--frame\r\n\r\n")) stream.push_back(static_cast<std::uint8_t>(c));
  stream.insert(stream.end(), frame.begin(), frame.end());
  write_file_atomic(folder / "mjpeg" / "two.mjpeg", stream);
  const auto png = [&](const std::string& name, int channels, std::size_t row_bytes,
                       const PngOptions& options) {
    Bytes rows;
    for (std::size_t i = 0; i < 5 * row_bytes; ++i) rows.push_back(static_cast<std::uint8_t>(29 * i));
    write_file_atomic(folder / "png" / (name + ".png"), encode_png(8, 5, channels, rows, options));
  };
  png("gray", 1, 8, {});
  png("gray1", 1, 1, {.bit_depth = 1});
  png("gray_clear", 1, 8, {.transparent_value = 3});
  png("rgb16", 3, 48, {.bit_depth = 16});
  png("rgba", 4, 32, {.alpha = true});
  png("interlaced", 3, 24, {.interlaced = true, .text = "a text"});
  png("palette", 1, 1,
      {.bit_depth = 1, .palette = true, .palette_rgb = {1, 2, 3, 4, 5, 6}, .palette_alpha = {9}});
  const auto webp = [&](const std::string& name, int channels, float quality) {
    write_file_atomic(folder / "webp" / (name + ".webp"),
                      encode_webp(9, 7, channels, picture(9, 7, channels).pixels, quality));
  };
  webp("lossless", 3, -1);
  webp("lossless_alpha", 4, -1);
  webp("lossy", 3, 50);
  webp("lossy_alpha", 4, 50);
  const auto pnm = [&](const std::string& name, const std::string& text) {
    write_text_atomic(folder / "pnm" / (name + ".pnm"), text);
  };
  pnm("gray", "P5\n# a comment\n3 2\n255\nabcdef");
  pnm("gray16", "P5 2 1 65535\nabcd");
  pnm("rgb", "P6 2 1 255\nabcdef");
  pnm("plain_gray", "P2 3 2 15\n0 1 2\n13 14 15\n");
  pnm("plain_rgb", "P3 1 2 255 1 2 3 # why not\n 253 254 255");
}

void write_other_pictures(const fs::path& folder) {
  const Bytes png = encode_png(8, 5, 3, picture(8, 5, 3).pixels);
  for (const bool compressed : {true, false}) {
    const Bytes exif = exif_text("exif", exif_segment(6, true), compressed);
    write_file_atomic(folder / "png" / (compressed ? "exif_packed_text.png" : "exif_text.png"),
                      png_with_chunk(png, compressed ? "zTXt" : "tEXt", exif, true));
  }
  write_file_atomic(folder / "bmp" / "rgb.bmp", encode_bmp(picture(7, 5, 3)));
  write_file_atomic(folder / "bmp" / "rgba.bmp", encode_bmp(picture(7, 5, 4)));
  write_file_atomic(folder / "gif" / "gray.gif", encode_gif(picture(9, 5, 1)));
  write_file_atomic(
      folder / "gif" / "placed.gif",
      encode_gif(
          picture(5, 9, 1),
          {.canvas_width = 9, .canvas_height = 11, .x = 2, .y = 1, .interlaced = true, .transparent = 37}));
  const auto tiff = [&](const std::string& name, int channels, const TiffOptions& options) {
    write_file_atomic(
        folder / "tiff" / (name + ".tif"),
        encode_tiff(9, 7, channels, picture(9 * options.bits / 8, 7, channels).pixels, options));
  };
  tiff("rgb", 3, {});
  tiff("gray16", 1, {.bits = 16});
  tiff("lzw", 3, {.compression = 5});
  tiff("deflate_alpha", 4, {.compression = 8, .alpha = true});
  tiff("turned", 1, {.orientation = 6, .compression = 32773});
}

// AVIF and HEIC; none where libheif or the encoder is missing.
void write_heif(const fs::path& folder) {
  for (const bool avif : {true, false}) {
    const Bytes file = encode_heif(picture(16, 16, 3), avif);
    if (!file.empty()) write_file_atomic(folder / "heif" / (avif ? "rgb.avif" : "rgb.heic"), file);
  }
}

// A field of bytes of a protocol buffer; all are short.
std::string field(char number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}

void write_onnx(const fs::path& folder) {
  const auto tensor = [](const std::string& file) {
    return field(5, field(8, "w") + field(13, field(1, "location") + field(2, file)));
  };
  const std::string node = field(1, field(4, "If") + field(5, field(1, "then") + field(6, tensor("b.data"))));
  write_text_atomic(folder / "onnx" / "two_files.onnx",
                    std::string("\x08\x08", 2) + field(7, tensor("a.data") + node));
}

void write_data(const fs::path& folder) {
  const auto csv = [&](const std::string& name, const std::string& text) {
    write_text_atomic(folder / "label_csv" / (name + ".csv"), text);
  };
  csv("plain", "a.pgm,0\nb.pgm,1\nsub/c.pgm,2\n");
  csv("header", "file,label\r\n\"a.pgm\",0\r\n\"b.pgm\",\"1\"\r\n");
  csv("some", "b.pgm,3\n");
  using namespace std::string_literals;
  const auto idx = [&](const std::string& name, const std::string& text) {
    write_text_atomic(folder / "idx" / name, text);
  };
  idx("images", "\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x03"s + "abcdefghijkl");
  idx("labels", "\0\0\x08\x01\0\0\0\x02\x01\x02"s);
  // gzip of a header and no pixels, stored.
  idx("images.gz",
      "\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x10\0\xef\xff\0\0\x08\x03\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\0\x10\0\0\0"s);
  const auto labels = [&](const std::string& name, const std::string& text) {
    write_text_atomic(folder / "labels" / (name + ".txt"), text);
  };
  labels("plain", "cat\ndog\n");
  labels("wordnet", "n01440764 tench, Tinca tinca\nn01443537 goldfish\n");
}

void write_scenarios(const fs::path& folder) {
  const std::string head =
      "@relation r\n@attribute instance_id string\n@attribute repetition numeric\n@attribute algorithm "
      "string\n"
      "@attribute runtime real\n@attribute runstatus {ok, timeout}\n";
  write_text_atomic(folder / "arff" / "dense.arff",
                    head + "@data\na,1,x,3,ok\n'b',1,\"y\\\"\",?,timeout % slow\nb,1,x,1e3,ok\n");
  write_text_atomic(
      folder / "arff" / "sparse.arff",
      head + "@ATTRIBUTE d date 'yyyy'\r\n@DATA\r\n{0 a, 1 1, 2 x, 3 2}\r\n{0 b,2 x,4 timeout}\r\n");
  write_text_atomic(
      folder / "aslib" / "time.txt",
      "scenario_id: T\nperformance_measures:\n- runtime\nperformance_type: [runtime]\nmaximize: false\n"
      "algorithm_cutoff_time: 9\nfeature_steps:\n  all:\n    provides: &f\n    - size\n    - 'a b'\n"
      "  more: {provides: *f, requires: [all]}\n");
  write_text_atomic(
      folder / "aslib" / "quality.txt",
      "performance_measures: [runtime]\nperformance_type: [solution_quality]\nmaximize: [true]\n"
      "algorithm_cutoff_time: '?'\nfeature_steps: {all: {provides: size}}\n");
}

void write_tables(const fs::path& folder) {
  write_text_atomic(folder / "table_csv" / "wide.csv",
                    "\xEF\xBB\xBFid,fold,group,a:score,a:usd,b:score,b:usd,b:signal,x,x:feature_cost\r\n"
                    "\"1, \"\"one\"\"\",0,g,1,2,0,3.5,0.5,7,1\r\n2,1,,-3,1e2,,,,nan,0\r\n");
  write_text_atomic(folder / "table_csv" / "long.csv",
                    "id;model;score;ms;y\n1;a;0.5;1;2\n1;b;1;2;2\n\n\"2\n\";a;0;3;inf");
  write_text_atomic(folder / "table_csv" / "answers.csv",
                    "id\tlabel\ta:answer\tb:answer\n1\tyes\tyes\tno\n2\tno\t\tno\n");
  write_text_atomic(folder / "table_json" / "nested.jsonl",
                    "{\"id\": \"x\", \"a:score\": true, \"m\": {\"n\": 1, \"t\": \"u\"}, \"v\": [1, null]}\n"
                    "\n{\"id\": 2, \"a:score\": 0.5, \"v\": []}\n");
  write_text_atomic(
      folder / "columns" / "all.json",
      "// a comment\n{\"form\": \"csv\", \"separator\": \",\", \"cost_unit\": \"usd\", \"cutoff\": 0,\n"
      "\"score\": {\"name\": \"s\", \"worst\": 9, \"best\": 0, \"lower_is_better\": true},\n"
      "\"columns\": {\"id\": \"id\", \"a\": {\"is\": \"score\", \"of\": \"m\"}, "
      "\"b\": {\"is\": \"feature\", \"of\": \"g\"}, \"c\": \"ignore\"}}\n");
}

void write_zoo(const fs::path& folder) {
  const TempFolder scratch;
  const fs::path path =
      write_fake_zoo(scratch / "zoo", {{.name = "small"}, {.name = "large", .logits = true}}, 2, false);
  Zoo zoo = load_zoo(path);
  write_text_atomic(folder / "manifest" / "two.json", read_text(path));
  ModelSpec selector = zoo.models[0];
  selector.name = "chooser";
  selector.role = Role::kSelector;
  selector.chooses = {"small", ""};
  zoo.models.push_back(selector);
  selector.name = "chooser_0";
  selector.fold = SelectorFold{"chooser", 0, 10, 1, "0123456789abcdef"};
  selector.input.type = ElementType::kU8;
  selector.input.colour = Colour::kBgr;
  selector.input.crop = {0.875};
  selector.output.embedding = "features";
  selector.license = "MIT";
  zoo.models.push_back(selector);
  save_zoo(zoo, folder / "manifest" / "selectors.json");
  write_text_atomic(folder / "manifest" / "empty.json",
                    R"({"format": "triage-zoo", "version": 1, "name": "x", "models": []})");
  write_text_atomic(
      folder / "json" / "all.json",
      R"({"a": [1, -2, 3.5e-7, true, false, null, "\u00e4\n\ud83d\ude00"], "b": {"c": {}, "d": []}})");
  const Bytes payload{1, 2, 3, 4, 5, 6, 7, 8, 9};
  write_file_atomic(folder / "compiled" / "nine",
                    seal_compiled({"model: 0123\ndevice: CPU\n", "engine 1"}, payload));
}

// With small pages, as a file has at least one for each table.
void write_profile(const fs::path& folder) {
  const fs::path path = folder / "profile" / "five.profile";
  fs::remove(path);
  write_made_up(path, made_up_header(5));
  const Database database(path, Database::Mode::kWrite);
  database.exec("PRAGMA page_size = 512; VACUUM");
}

// To the server; binary tensors follow the line end.
void write_requests(const fs::path& folder) {
  write_text_atomic(
      folder / "infer" / "pixels.json",
      R"({"id":"a","parameters":{"max_latency_ms":20,"price":0.5,"explain":true,"request_id":"r"},"inputs":[)"
      R"({"name":"image","datatype":"FP32","shape":[1,2,1,1],"data":[[[[0.5]],[[2e2]]]]}],)"
      R"("outputs":[{"name":"probabilities","parameters":{"classification":3,"binary_data":false}}]})");
  write_text_atomic(
      folder / "infer" / "binary.json",
      R"({"inputs":[{"name":"image","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":13}}],)"
      R"("parameters":{"binary_data_output":true}})"
      "\n" +
          std::string("\x01\0\0\0a\x04\0\0\0bcde", 13));
  write_text_atomic(
      folder / "infer" / "base64.json",
      R"({"inputs":[{"name":"image","datatype":"BYTES","shape":[1],"data":["/wA="],"parameters":{"content_type":"base64"}}]})");
  write_text_atomic(folder / "form" / "file.txt",
                    "multipart/form-data; boundary=XX\n--XX\r\nContent-Disposition: form-data; "
                    "name=\"a\"\r\n\r\nv\r\n--XX\r\n"
                    "Content-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nfile\r\n--XX--\r\n");
}

void write_feedback_store(const fs::path& folder) {
  const fs::path path = folder / "feedback" / "five.sqlite";
  fs::create_directories(path.parent_path());
  fs::remove(path);
  triage::testing::write_feedback(
      path, {triage::testing::made_facts("v1"), triage::testing::made_facts("v2")},
      {{.label = 1}, {.label = 2}, {.explored = false}, {.label = kNoLabel}, {.policy = 2}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "fuzz_corpus: {} arguments, expected the folder of the kept inputs\n", argc - 1);
    return 2;
  }
  try {
    write_pictures(argv[1]);
    write_other_pictures(argv[1]);
    write_heif(argv[1]);
    write_scenarios(argv[1]);
    write_tables(argv[1]);
    write_onnx(argv[1]);
    write_data(argv[1]);
    write_zoo(argv[1]);
    write_profile(argv[1]);
    write_requests(argv[1]);
    write_feedback_store(argv[1]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "fuzz_corpus: {}\n", error.what());
    return 2;
  }
  return 0;
}
