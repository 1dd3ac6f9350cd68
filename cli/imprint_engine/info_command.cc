// imprint-engine info: what a model or an embedding is.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/training_record.h"

#include "base/mapped_file.h"
#include "base/status_macros.h"
#include "engine/model/base_model.h"
#include "formats/embedding_files/a1111_hashes.h"
#include "formats/embedding_files/embedding_file.h"
#include "formats/learned_embedding.h"
#include "formats/safetensors.h"
#include "imaging/decode.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

// "4.0 million".
std::string Millions(int64_t count) {
  return absl::StrFormat("%.1f million", static_cast<double>(count) / 1e6);
}

// "12: a, b, c, d, e, …".
std::string ListOf(const std::vector<std::string>& names) {
  constexpr size_t kListed = 5;
  const auto end = names.begin() + static_cast<int64_t>(std::min(names.size(), kListed));
  return absl::StrCat(names.size(), ": ", absl::StrJoin(names.begin(), end, ", "),
                      names.size() > kListed ? ", …" : "");
}

absl::Status DescribeModel(const fs::path& path, Console& console) {
  ASSIGN_OR_RETURN(const auto model, engine::BaseModel::Load(path));
  const engine::BaseModelInfo& info = model->info();
  console.Line("model", info.folder);
  console.Line("fingerprint", absl::StrCat(" ", info.fingerprint));
  console.Line("text",
               absl::StrCat(info.text_encoder_identity.substr(0, 24), "…, vectors of ",
                            info.embedding_width, ", prompts of ", info.prompt_tokens, " tokens"));
  console.Line("pictures", absl::StrCat(info.picture_size, "×", info.picture_size,
                                        ", sides in multiples of ", info.size_multiple));
  console.Line("predicts",
               absl::StrCat(info.prediction, " over ", info.training_timesteps, " timesteps"));
  console.Line("solver", Name(info.solver));
  if (!info.solver_instead.empty()) console.Line("", info.solver_instead);
  for (const auto& [component, count] : info.parameters) {
    console.Line("parameters", absl::StrCat(" ", component, ": ", Millions(count)));
  }
  console.Line("safety", info.has_safety_checker ? "has a checker" : "has no checker");
  if (!info.passed_over.empty()) console.Line("passed over", ListOf(info.passed_over));
  for (const std::string& remark : info.remarks) console.Line("note", remark);
  for (const std::string& warning : info.warnings) console.Warn(warning);
  console.Event("model", {{"folder", info.folder},
                          {"fingerprint", info.fingerprint},
                          {"text_encoder", info.text_encoder_identity},
                          {"embedding_width", info.embedding_width},
                          {"prompt_tokens", info.prompt_tokens},
                          {"picture_size", info.picture_size},
                          {"size_multiple", info.size_multiple},
                          {"prediction", info.prediction},
                          {"training_timesteps", info.training_timesteps},
                          {"solver", Name(info.solver)},
                          {"mean_token_norm", info.mean_token_norm},
                          {"has_safety_checker", info.has_safety_checker},
                          {"parameters", info.parameters},
                          {"passed_over", info.passed_over},
                          {"remarks", info.remarks},
                          {"warnings", info.warnings},
                          {"solver_instead", info.solver_instead}});
  return absl::OkStatus();
}

std::vector<double> Norms(const LearnedEmbedding& embedding) {
  std::vector<double> norms;
  for (int i = 0; i < embedding.vectors; ++i) {
    double sum = 0;
    for (int k = 0; k < embedding.width; ++k) {
      const double value = embedding.values[static_cast<size_t>(i * embedding.width + k)];
      sum += value * value;
    }
    norms.push_back(std::sqrt(sum));
  }
  return norms;
}

absl::Status DescribeEmbedding(const fs::path& path, Console& console) {
  ASSIGN_OR_RETURN(const LearnedEmbedding embedding,
                   ReadEmbeddingFile(path, {.decode_picture = DecodePixels}));
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  const std::string checksum = A1111Checksum(embedding);
  const std::string file_hash = A1111FileHash(file->bytes());
  const std::vector<double> norms = Norms(embedding);
  std::string lengths;
  for (const double norm : norms)
    absl::StrAppend(&lengths, lengths.empty() ? "" : ", ", absl::StrFormat("%.2f", norm));
  console.Line("embedding", path.string());
  console.Line("token", embedding.token);
  console.Line("vectors", absl::StrCat(embedding.vectors, " of ", embedding.width,
                                       " numbers; lengths ", lengths));
  console.Line("A1111", absl::StrCat("TI hash ", file_hash, ", checksum ", checksum));
  for (const auto& [key, value] : embedding.provenance) {
    console.Line("", absl::StrCat(key, ": ", value));
  }
  for (const std::string& remark : embedding.remarks) console.Warn(remark);
  console.Event("embedding", {{"file", path.string()},
                              {"token", embedding.token},
                              {"vectors", embedding.vectors},
                              {"width", embedding.width},
                              {"norms", norms},
                              {"a1111_hash", file_hash},
                              {"a1111_checksum", checksum},
                              {"provenance", embedding.provenance}});
  return absl::OkStatus();
}

// Returns whether the file has tensors of a UNet, whatever else it has.
bool HasANetwork(const fs::path& path) {
  constexpr absl::string_view kUnet = "model.diffusion_model.";
  const auto file = SafetensorsFile::Open(path);
  if (!file.ok()) return false;
  const auto first = file->tensors().lower_bound(kUnet);
  return first != file->tensors().end() && absl::StartsWith(first->first, kUnet);
}

// A model is a folder or a file that is one, or too large for an embedding. Tools save one vector
// with the whole table that it lies in, in files of torch.save.
bool IsModel(const fs::path& path) {
  constexpr uintmax_t kLargestEmbedding = 32 << 20;
  constexpr uintmax_t kLargestTable = 1 << 30;
  // A safetensors file begins with 8 bytes of its header's length, and then the header's brace.
  constexpr size_t kFirstBytes = 9;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return true;
  if (!fs::is_regular_file(path, ignored)) return false;
  std::string begin(kFirstBytes, '\0');
  std::ifstream(path, std::ios::binary).read(begin.data(), std::ssize(begin));
  const bool safetensors = begin.back() == '{';
  return fs::file_size(path, ignored) > (safetensors ? kLargestEmbedding : kLargestTable) ||
         absl::StartsWith(begin, "GGUF") || (safetensors && HasANetwork(path));
}

absl::Status RunInfo(const std::vector<std::string>& paths, CommandContext& context) {
  for (const fs::path path : paths) {
    std::error_code ignored;
    const fs::path inside = EmbeddingIn(path);
    if (fs::exists(inside, ignored)) {
      RETURN_IF_ERROR(DescribeEmbedding(inside, context.console));
    } else if (IsModel(path)) {
      RETURN_IF_ERROR(DescribeModel(path, context.console));
    } else {
      RETURN_IF_ERROR(DescribeEmbedding(path, context.console));
    }
  }
  return absl::OkStatus();
}

}  // namespace

Command MakeInfoCommand(CLI::App& app) {
  const auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* info = app.add_subcommand("info",
                                      "Describe base models (a folder or a file) and embeddings "
                                      "(a file, or the folder that teach left it in).");
  info->add_option("PATH", *paths, "Models and embeddings")->type_name("")->required();
  return {info, [paths](CommandContext& context) { return RunInfo(*paths, context); }};
}

}  // namespace imprint::cli
