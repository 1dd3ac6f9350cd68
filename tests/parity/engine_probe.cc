// Runs parts of the engine on tensors from files, so that the Python beside it can hold the results
// against Diffusers and transformers. Every line of standard input asks for one:
//
//   ["PART", "MODEL", "REQUEST.json", "IN.safetensors", "OUT.safetensors"]
//
// and is answered with a line, "ok" or what is wrong. REQUEST is a JSON object with what the part
// needs besides tensors. One process for all: to begin one, LibTorch and all, takes longer than
// most parts do.
#include <functional>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "base/atomic_file.h"
#include "base/json_object.h"
#include "base/status_macros.h"
#include "engine/collective/gang_of_threads.h"
#include "engine/model/base_model.h"
#include "engine/model/model_parts.h"
#include "engine/model/picture_tensor.h"
#include "engine/model_files/models_solver.h"
#include "engine/noise/solver.h"
#include "engine/sampling/concept_set.h"
#include "engine/sampling/prompt_cache.h"
#include "engine/sampling/prompt_reading.h"
#include "engine/scoring/clip_scorer.h"
#include "engine/torch/same_bits.h"
#include "engine/torch/torch_errors.h"
#include "engine/training/adamw.h"
#include "engine/training/initial_rows.h"
#include "engine/training/objective.h"
#include "engine/training/rank_share.h"
#include "engine/weights/named_tensors.h"
#include "formats/safetensors.h"
#include "imaging/fit.h"
#include "imaging/resample.h"

namespace imprint {
namespace {

struct Inputs {
  std::string model_folder;
  JsonObject request;
  engine::NamedTensors tensors;

  const at::Tensor& operator[](const char* name) const { return tensors.at(name); }
};

using Outputs = absl::StatusOr<engine::NamedTensors>;

absl::StatusOr<ConceptVocabulary> Concepts(const ClipTokenizer& tokenizer,
                                           const JsonObject& request) {
  ConceptVocabulary concepts;
  if (!request.Has("concepts")) return concepts;
  for (const auto& [token, vectors] : request.json()["concepts"].items()) {
    RETURN_IF_ERROR(concepts.Add(token, vectors.get<int>(), tokenizer));
  }
  return concepts;
}

absl::StatusOr<std::vector<TokenizedPrompt>> Prompts(const ClipTokenizer& tokenizer,
                                                     const JsonObject& request, const char* key) {
  ASSIGN_OR_RETURN(const ConceptVocabulary concepts, Concepts(tokenizer, request));
  ASSIGN_OR_RETURN(const auto texts, request.Get<std::vector<std::string>>(key));
  std::vector<TokenizedPrompt> prompts;
  for (const std::string& text : texts) prompts.push_back(tokenizer.Encode(text, concepts));
  return prompts;
}

// With concepts as the tokens that Diffusers appends to the vocabulary.
at::Tensor VocabularyIds(const ClipTokenizer& tokenizer, const TokenizedPrompt& prompt) {
  std::vector<int32_t> ids = prompt.ids;
  for (const ConceptPlace& place : prompt.concept_places) {
    ids[static_cast<size_t>(place.position)] = tokenizer.size_with_added() + place.row;
  }
  return at::tensor(ids);
}

Outputs Tokenize(const Inputs& in) {
  ASSIGN_OR_RETURN(const ClipTokenizer tokenizer,
                   ClipTokenizer::Load(in.model_folder + "/tokenizer"));
  ASSIGN_OR_RETURN(const auto prompts, Prompts(tokenizer, in.request, "prompts"));
  std::vector<at::Tensor> ids;
  for (const TokenizedPrompt& prompt : prompts) ids.push_back(VocabularyIds(tokenizer, prompt));
  return engine::NamedTensors{{"ids", at::stack(ids)}};
}

Outputs Text(const Inputs& in) {
  ASSIGN_OR_RETURN(const auto model, engine::BaseModel::Load(in.model_folder));
  ASSIGN_OR_RETURN(const auto prompts, Prompts(model->tokenizer(), in.request, "prompts"));
  const at::Tensor rows = in.tensors.contains("rows") ? in["rows"] : at::Tensor();
  return engine::NamedTensors{{"hidden", model->parts().text_encoder.Forward(prompts, rows)}};
}

// Each prompt's chunks: "ids0" [chunks, length], "weights0" alike, "ids1" and so on.
Outputs Chunks(const Inputs& in) {
  ASSIGN_OR_RETURN(const ClipTokenizer tokenizer,
                   ClipTokenizer::Load(in.model_folder + "/tokenizer"));
  ASSIGN_OR_RETURN(const ConceptVocabulary concepts, Concepts(tokenizer, in.request));
  ASSIGN_OR_RETURN(const auto texts, in.request.Get<std::vector<std::string>>("prompts"));
  engine::NamedTensors outputs;
  for (size_t i = 0; i < texts.size(); ++i) {
    ASSIGN_OR_RETURN(const ChunkedPrompt prompt,
                     engine::ReadPrompt(tokenizer, concepts, texts[i], PromptStyle::kEmphasis));
    std::vector<at::Tensor> ids;
    for (const TokenizedPrompt& chunk : prompt.chunks)
      ids.push_back(VocabularyIds(tokenizer, chunk));
    outputs["ids" + std::to_string(i)] = at::stack(ids);
    outputs["weights" + std::to_string(i)] =
        at::tensor(prompt.weights).view({static_cast<int64_t>(ids.size()), -1});
  }
  return outputs;
}

// What the UNet attends to for a prompt and a negative prompt, with a concept of the tensor "rows".
Outputs Context(const Inputs& in) {
  ASSIGN_OR_RETURN(const auto model, engine::BaseModel::Load(in.model_folder));
  std::vector<LearnedEmbedding> embeddings;
  if (in.tensors.contains("rows")) {
    const at::Tensor rows = in["rows"].contiguous();
    const auto* data = rows.const_data_ptr<float>();
    embeddings.push_back({"<pip>", static_cast<int>(rows.size(0)), static_cast<int>(rows.size(1)),
                          std::vector<float>(data, data + rows.numel())});
  }
  ASSIGN_OR_RETURN(const engine::ConceptSet concepts, engine::ConceptSet::Make(*model, embeddings));
  PictureRequest request;
  ASSIGN_OR_RETURN(request.prompt, in.request.Get<std::string>("prompt"));
  ASSIGN_OR_RETURN(request.negative_prompt, in.request.Get<std::string>("negative_prompt"));
  ASSIGN_OR_RETURN(const int64_t clip_skip, in.request.GetOr<int64_t>("clip_skip", 1));
  request.clip_skip = static_cast<int>(clip_skip);
  engine::PromptReader reader(model->tokenizer(), concepts.vocabulary);
  ASSIGN_OR_RETURN(const engine::PromptPair prompts, reader.Read(request));
  engine::PromptCache contexts(*model, concepts, reader.EmptyPrompt());
  return engine::NamedTensors{{"context", contexts.Context(prompts, request.clip_skip)}};
}

Outputs RunUnet(const Inputs& in) {
  ASSIGN_OR_RETURN(const auto model, engine::BaseModel::Load(in.model_folder));
  const engine::Unet& unet = model->parts().unet;
  return engine::NamedTensors{
      {"output", unet.Forward(in["latents"], in["timesteps"], unet.KeysOf(in["context"]))}};
}

Outputs Vae(const Inputs& in) {
  ASSIGN_OR_RETURN(const auto model, engine::BaseModel::Load(in.model_folder));
  const engine::LatentDistribution latents =
      model->parts().vae_encoder.Forward(engine::VaePixels(in["bytes"]));
  return engine::NamedTensors{{"mean", latents.mean},
                              {"deviation", latents.deviation},
                              {"pixels", model->parts().vae_decoder.Forward(in["latents"])}};
}

std::vector<RgbImage> Pictures(const at::Tensor& bytes) {
  std::vector<RgbImage> pictures;
  for (const at::Tensor& picture : bytes.contiguous().unbind(0)) {
    const auto* data = picture.const_data_ptr<uint8_t>();
    pictures.push_back({static_cast<int>(picture.size(1)), static_cast<int>(picture.size(0)),
                        std::vector<uint8_t>(data, data + picture.numel())});
  }
  return pictures;
}

at::Tensor Rows(const std::vector<engine::ClipFeature>& features) {
  std::vector<at::Tensor> rows;
  for (const engine::ClipFeature& feature : features) rows.push_back(at::tensor(feature));
  return at::stack(rows);
}

Outputs Clip(const Inputs& in) {
  ASSIGN_OR_RETURN(const auto scorer, engine::ClipScorer::Load(in.model_folder + "/clip",
                                                               in.model_folder + "/tokenizer"));
  std::vector<RgbImage> pictures = Pictures(in["bytes"]);
  for (RgbImage& picture : pictures) picture = FitForClip(picture, scorer->image_size());
  ASSIGN_OR_RETURN(const auto images, scorer->EmbedPictures(pictures));
  ASSIGN_OR_RETURN(const auto texts, in.request.Get<std::vector<std::string>>("prompts"));
  ASSIGN_OR_RETURN(const auto text_features, scorer->EmbedTexts(texts));
  return engine::NamedTensors{{"images", Rows(images)}, {"texts", Rows(text_features)}};
}

Outputs Safety(const Inputs& in) {
  ASSIGN_OR_RETURN(const auto model, engine::BaseModel::Load(in.model_folder));
  std::vector<at::Tensor> special;
  std::vector<at::Tensor> concepts;
  for (const engine::SafetyScores& scores :
       model->parts().safety_checker->Check(engine::ClipPixels(in["bytes"]))) {
    special.push_back(at::tensor(scores.special_care));
    concepts.push_back(at::tensor(scores.concepts));
  }
  return engine::NamedTensors{{"special_care", at::stack(special)},
                              {"concepts", at::stack(concepts)}};
}

// Each step from the reference's own latent and output, and what the pipeline asks a solver for.
// `scheduler` is a scheduler_config.json; without it the model's own counts.
Outputs Solve(const Inputs& in) {
  ASSIGN_OR_RETURN(JsonObject config,
                   JsonObject::Load(in.model_folder + "/scheduler/scheduler_config.json"));
  if (in.request.Has("scheduler")) {
    ASSIGN_OR_RETURN(config, in.request.Object("scheduler"));
  }
  ASSIGN_OR_RETURN(const engine::NoiseSchedule schedule, engine::NoiseSchedule::Parse(config));
  ASSIGN_OR_RETURN(const int64_t steps, in.request.Get<int64_t>("steps"));
  ASSIGN_OR_RETURN(const double eta, in.request.GetOr<double>("eta", 0));
  ASSIGN_OR_RETURN(const int64_t seed, in.request.GetOr<int64_t>("seed", 0));
  SolverChoice choice = engine::SolverOf(config).choice;
  if (in.request.Has("solver")) {
    ASSIGN_OR_RETURN(const auto name, in.request.Get<std::string>("solver"));
    ASSIGN_OR_RETURN(choice, ParseSolver("solver", name));
  }
  const auto solver = engine::MakeSolver(schedule, choice, static_cast<int>(steps), eta);
  engine::NoiseSource noise(static_cast<uint64_t>(seed));
  std::vector<at::Tensor> latents;
  std::vector<double> scales;
  std::vector<double> signals;
  std::vector<double> deviations;
  for (int i = 0; i < static_cast<int>(solver->timesteps().size()); ++i) {
    latents.push_back(solver->Step(i, in["outputs"][i], in["latents"][i], noise));
    scales.push_back(solver->InputScale(i));
    signals.push_back(solver->LevelAt(i).signal);
    deviations.push_back(solver->LevelAt(i).deviation);
  }
  return engine::NamedTensors{{"latents", at::stack(latents)},
                              {"timesteps", at::tensor(solver->timesteps())},
                              {"scales", at::tensor(scales)},
                              {"signals", at::tensor(signals)},
                              {"deviations", at::tensor(deviations)},
                              {"first_deviation", at::tensor({solver->FirstDeviation()})}};
}

// Guided steps of whole runs, each from the reference's own latent: network and solver together.
// `walks` is a list of {"solver", "steps"}; walk i has its latents in "latents<i>".
Outputs Walk(const Inputs& in) {
  ASSIGN_OR_RETURN(const auto model, engine::BaseModel::Load(in.model_folder));
  ASSIGN_OR_RETURN(const JsonObject config, in.request.Object("scheduler"));
  ASSIGN_OR_RETURN(const engine::NoiseSchedule schedule, engine::NoiseSchedule::Parse(config));
  ASSIGN_OR_RETURN(const double guidance, in.request.Get<double>("guidance"));
  const engine::Unet& unet = model->parts().unet;
  engine::NamedTensors outputs;
  for (size_t w = 0; w < in.request.json()["walks"].size(); ++w) {
    const auto& walk = in.request.json()["walks"][w];
    ASSIGN_OR_RETURN(const SolverChoice choice,
                     ParseSolver("solver", walk["solver"].get<std::string>()));
    const auto solver = engine::MakeSolver(schedule, choice, walk["steps"].get<int>());
    const at::Tensor latents = in[("latents" + std::to_string(w)).c_str()];
    std::vector<at::Tensor> inputs;
    std::vector<double> timesteps;
    const auto steps = static_cast<int>(solver->timesteps().size());
    for (int i = 0; i < steps; ++i) {
      for (int prompt = 0; prompt < 2; ++prompt) {
        inputs.push_back(solver->InputScale(i) * latents[i]);
        timesteps.push_back(solver->timesteps()[static_cast<size_t>(i)]);
      }
    }
    const at::Tensor both = unet.Forward(at::stack(inputs), at::tensor(timesteps).to(at::kFloat),
                                         unet.KeysOf(in["context"].repeat({steps, 1, 1})))
                                .unflatten(0, {steps, 2});
    engine::NoiseSource noise(5);
    std::vector<at::Tensor> after;
    for (int i = 0; i < steps; ++i) {
      const at::Tensor guided = both[i][0] + guidance * (both[i][1] - both[i][0]);
      after.push_back(solver->Step(i, guided, latents[i], noise));
    }
    outputs["latents" + std::to_string(w)] = at::stack(after);
  }
  return outputs;
}

Outputs Noise(const Inputs& in) {
  ASSIGN_OR_RETURN(const int64_t seed, in.request.Get<int64_t>("seed"));
  ASSIGN_OR_RETURN(const auto shape, in.request.Get<std::vector<int64_t>>("shape"));
  return engine::NamedTensors{
      {"noise", engine::NoiseSource(static_cast<uint64_t>(seed)).Draw(shape)}};
}

// What the steps of a training see: `captions` is one list for all of them, batch after batch.
struct Samples {
  const Inputs& in;
  std::vector<TokenizedPrompt> captions;

  static absl::StatusOr<Samples> Of(const engine::BaseModel& model, const Inputs& in) {
    ASSIGN_OR_RETURN(auto captions, Prompts(model.tokenizer(), in.request, "captions"));
    return Samples{in, std::move(captions)};
  }
  int64_t steps() const { return in["latents"].size(0); }
  int64_t batch() const { return in["latents"].size(1); }
  // A step's samples `first` to `end` - 1.
  engine::TrainingBatch Part(int64_t step, int64_t first, int64_t end) const {
    const auto of_part = std::span(captions).subspan(static_cast<size_t>(step * batch() + first),
                                                     static_cast<size_t>(end - first));
    return {in["latents"][step].slice(0, first, end), in["noise"][step].slice(0, first, end),
            in["timesteps"][step].slice(0, first, end), engine::TensorsOf(of_part)};
  }
};

Outputs Gradient(const Inputs& in) {
  ASSIGN_OR_RETURN(const auto model, engine::BaseModel::Load(in.model_folder));
  ASSIGN_OR_RETURN(const Samples samples, Samples::Of(*model, in));
  std::vector<at::Tensor> gradients;
  std::vector<at::Tensor> losses;
  for (int64_t step = 0; step < samples.steps(); ++step) {
    const engine::LossAndGradient result = engine::ComputeGradient(
        model->parts(), {samples.Part(step, 0, samples.batch()), in["rows"], samples.batch()});
    gradients.push_back(result.gradient);
    losses.push_back(result.loss);
  }
  return engine::NamedTensors{{"gradients", at::stack(gradients)}, {"losses", at::stack(losses)}};
}

// The rows after each step, with each batch shared by the ranks of a gang.
absl::StatusOr<at::Tensor> LearnTogether(const engine::BaseModel& model,
                                         const TrainingRecipe& recipe, const at::Tensor& first_rows,
                                         const Samples& samples, engine::Collective& gang) {
  engine::AdamWState state = engine::InitialState(first_rows);
  std::vector<at::Tensor> rows;
  for (int64_t step = 0; step < samples.steps(); ++step) {
    const auto [first, end] = engine::ShareOf(samples.batch(), gang.rank(), gang.size());
    at::Tensor gradient = engine::ComputeGradient(model.parts(), {samples.Part(step, first, end),
                                                                  state.rows, samples.batch()})
                              .gradient;
    RETURN_IF_ERROR(gang.Sum(gradient));
    engine::AdamWStep(recipe, recipe.learning_rate, gradient, state);
    rows.push_back(state.rows.clone());
  }
  return at::stack(rows);
}

Outputs AdamW(const Inputs& in) {
  ASSIGN_OR_RETURN(const auto model, engine::BaseModel::Load(in.model_folder));
  ASSIGN_OR_RETURN(const Samples samples, Samples::Of(*model, in));
  TrainingRecipe recipe;
  ASSIGN_OR_RETURN(recipe.learning_rate, in.request.Get<double>("learning_rate"));
  ASSIGN_OR_RETURN(const int64_t ranks, in.request.Get<int64_t>("ranks"));
  std::vector<absl::StatusOr<at::Tensor>> rows(static_cast<size_t>(ranks),
                                               absl::UnknownError("not run"));
  RETURN_IF_ERROR(engine::RunGangOfThreads(static_cast<int>(ranks), [&](auto gang) {
    if (!gang.ok()) return;
    rows[static_cast<size_t>((*gang)->rank())] =
        LearnTogether(*model, recipe, in["rows"], samples, **gang);
  }));
  engine::NamedTensors learned;
  for (size_t rank = 0; rank < rows.size(); ++rank) {
    ASSIGN_OR_RETURN(learned["rows" + std::to_string(rank)], rows[rank]);
  }
  return learned;
}

Outputs Resize(const Inputs& in) {
  ASSIGN_OR_RETURN(const int64_t width, in.request.Get<int64_t>("width"));
  ASSIGN_OR_RETURN(const int64_t height, in.request.Get<int64_t>("height"));
  ASSIGN_OR_RETURN(const int64_t square, in.request.Get<int64_t>("square"));
  const std::vector<RgbImage> pictures = Pictures(in["bytes"]);
  const auto size = static_cast<int>(square);
  return engine::NamedTensors{
      {"resized", engine::ByteTensor({{ResizeBicubic(pictures[0], static_cast<int>(width),
                                                     static_cast<int>(height))}})},
      {"cropped", engine::ByteTensor({{FitToSquare(pictures[0], size, SquareFit::kCrop)}})},
      {"squashed", engine::ByteTensor({{FitToSquare(pictures[0], size, SquareFit::kSquash)}})},
      {"clip", engine::ByteTensor({{FitForClip(pictures[0], size)}})}};
}

DType TypeOf(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kDouble:
      return DType::kF64;
    case at::kInt:
      return DType::kI32;
    case at::kByte:
      return DType::kU8;
    default:
      return DType::kF32;
  }
}

absl::Status WriteTensors(const engine::NamedTensors& tensors, const std::string& path) {
  std::map<std::string, at::Tensor> held;
  TensorViews views;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor& kept = held[name] = tensor.contiguous();
    views[name] = {TypeOf(kept),
                   kept.sizes().vec(),
                   {static_cast<const std::byte*>(kept.const_data_ptr()), kept.nbytes()}};
  }
  return WriteFileAtomically(path, SerializeSafetensors(views, {}));
}

absl::Status Run(const std::string& part, const std::string& model, const std::string& request_path,
                 const std::string& in_path, const std::string& out_path) {
  const std::map<std::string, std::function<Outputs(const Inputs&)>> parts = {
      {"tokenize", Tokenize}, {"text", Text},     {"unet", RunUnet},  {"vae", Vae},
      {"clip", Clip},         {"safety", Safety}, {"solve", Solve},   {"noise", Noise},
      {"gradient", Gradient}, {"adamw", AdamW},   {"resize", Resize}, {"chunks", Chunks},
      {"context", Context},   {"walk", Walk},
  };
  const auto found = parts.find(part);
  if (found == parts.end()) return absl::InvalidArgumentError("no part " + part);
  ASSIGN_OR_RETURN(JsonObject request, JsonObject::Load(request_path, 64 << 20));
  ASSIGN_OR_RETURN(engine::NamedTensors tensors, engine::MapWeights(in_path));
  ASSIGN_OR_RETURN(const engine::NamedTensors outputs, engine::CatchTorchErrors([&] {
                     return found->second({model, std::move(request), std::move(tensors)});
                   }));
  return WriteTensors(outputs, out_path);
}

}  // namespace
}  // namespace imprint

int main() {
  imprint::engine::AskForSameBits();
  for (std::string line; std::getline(std::cin, line);) {
    const nlohmann::json asked = nlohmann::json::parse(line);
    const absl::Status status =
        imprint::Run(asked.at(0), asked.at(1), asked.at(2), asked.at(3), asked.at(4));
    // Of one line, whatever the message holds.
    std::cout << (status.ok() ? "ok" : nlohmann::json(status.ToString()).dump()) << std::endl;
  }
}
