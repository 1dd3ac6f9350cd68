// Decodes one picture, so that the Python beside it can hold the result against Pillow, and what it
// took against what was announced.
//
//   picture_probe PICTURE OUT.ppm
//
// Prints a JSON object: the error, or sizes, warnings, the bytes that BytesToDecode announced and
// the most that decoding took.
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include "imaging/decode.h"

namespace {

// In bytes, of /proc/self/status: "VmRSS" is what this process has now, "VmHWM" the most it had.
int64_t Memory(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stoll(line.substr(field.size() + 1)) * 1024;
  }
  return 0;
}

nlohmann::json Decode(std::span<const std::byte> bytes, const char* out) {
  const auto announced = imprint::BytesToDecode(bytes);
  if (!announced.ok()) return {{"error", std::string(announced.status().message())}};
  std::ofstream("/proc/self/clear_refs") << "5";  // the most is counted from here on
  const int64_t before = Memory("VmRSS");
  const auto decoded = imprint::DecodePicture(bytes);
  const int64_t peak = Memory("VmHWM") - before;
  if (!decoded.ok()) return {{"error", std::string(decoded.status().message())}};
  const imprint::RgbImage& image = decoded->image;
  std::ofstream file(out, std::ios::binary);
  file << "P6 " << image.width << " " << image.height << " 255\n";
  file.write(reinterpret_cast<const char*>(image.pixels.data()), std::ssize(image.pixels));
  return {{"full_size", {decoded->full_size.width, decoded->full_size.height}},
          {"warnings", decoded->warnings},
          {"announced_bytes", *announced},
          {"peak_bytes", peak}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::ifstream file(argv[1], std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  const std::string bytes = content.str();
  std::cout << Decode(std::as_bytes(std::span(bytes)), argv[2]).dump() << "\n";
}
