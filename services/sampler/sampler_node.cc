#include "services/sampler/sampler_node.h"

#include <unistd.h>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/process_memory.h"
#include "base/status_macros.h"
#include "engine/cuda/prepare_device.h"
#include "engine/model/base_model.h"
#include "engine/sampling/batch_trial.h"
#include "engine/torch/device_check.h"
#include "engine/torch/threads.h"
#include "services/node/node_device.h"
#include "services/server/log.h"
#include "text/policy/policy_file.h"

namespace imprint::sampler {
namespace {

// The precision is each chunk's own, and the other rows are for training.
constexpr auto kComputeRowsOfSamplers =
    WithFlagsOnlyOf(kComputeRows, {"device", "threads", "cuda_graph"});

absl::Status CheckFlags(const SamplerFlags& flags) {
  RETURN_IF_ERROR(CheckRange("slots", flags.slots, 1, 256));
  RETURN_IF_ERROR(CheckRange("batch", flags.batch, 0, 256));
  if (flags.batch == 0 && flags.batch_model.empty()) {
    return FieldError("batch-model", "none", "the base model that --batch 0 measures with");
  }
  if (flags.batch != 0 && !flags.batch_model.empty()) {
    return FieldError("batch-model", Quoted(flags.batch_model),
                      absl::StrCat("none beside --batch ", flags.batch, "; only 0 measures"));
  }
  RETURN_IF_ERROR(CheckRange("models", flags.models, 1, 16));
  RETURN_IF_ERROR(CheckRange("orphan-seconds", flags.orphan_seconds, 1, 86'400));
  return CheckFields<ComputeOptions>(kComputeRowsOfSamplers, flags.compute, "",
                                     FieldNaming::kByFlag);
}

}  // namespace

void SamplerNode::AddFlags(CLI::App& app) {
  constexpr const char* kGroup = "Sampler";
  const auto add = [&](const char* name, auto& field, const char* text) {
    return app.add_option(name, field, text)->capture_default_str()->group(kGroup);
  };
  add("--node", flags_.node, "Name of this node, stable over restarts; the default is its address");
  add("--slots", flags_.slots,
      "Chunks that it takes at once: their pictures share its batches, so that the next one's take "
      "the places that the last ones of a chunk leave");
  add("--batch", flags_.batch,
      "Pictures that are drawn at once; 0 chooses at the start, by measuring with --batch-model");
  add("--batch-model", flags_.batch_model, "Base model that --batch 0 measures with")
      ->type_name("PATH");
  flags_.compute_flags.emplace(app, kComputeRowsOfSamplers, flags_.compute, kGroup,
                               ShowDefaults::kYes);
  add("--models", flags_.models, "Base models that stay in memory");
  add("--orphan-seconds", flags_.orphan_seconds,
      "A chunk that no gateway follows for so long is stopped");
  app.add_option("--prompt-policy", flags_.prompt_policy,
                 "What prompts may not say: a file that imprint policy check explains")
      ->type_name("FILE");
  app.add_flag("--no-safety-check", flags_.no_safety_check,
               "Deliver pictures that no safety checker has seen")
      ->group(kGroup);
  flags_.model_roots.AddFlags(app);
}

absl::Status SamplerNode::Open(Metrics& metrics) {
  RETURN_IF_ERROR(flags_.compute_flags->TakeNames());
  RETURN_IF_ERROR(CheckFlags(flags_));
  RETURN_IF_ERROR(flags_.model_roots.CheckFlags());
  ASSIGN_OR_RETURN(const engine::ChosenDevice chosen, engine::ChooseDevice(flags_.compute.device));
  if (!chosen.warning.empty()) LogWarning(chosen.warning);
  device_ = chosen.facts;
  flags_.compute.device = device_.device;
  RETURN_IF_ERROR(CheckCompute(flags_.compute, kComputeRowsOfSamplers));
  ASSIGN_OR_RETURN(engine::RecordGraph record, engine::PrepareDevice(flags_.compute));
  LogInfo("computing on this device", {{"name", Name(device_.device)}, {"model", device_.model}});
  ASSIGN_OR_RETURN(policy_, ReadPolicyOfFlag(flags_.prompt_policy));
  if (flags_.no_safety_check) LogWarning("the safety check is off; every picture is delivered");
  metrics_ = std::make_unique<SamplerMetrics>(metrics);
  RETURN_IF_ERROR(ChooseBatch(record));
  runs_ = std::make_unique<node::RunTable>(node::RunTableOptions{
      .slots = flags_.slots, .orphan_after = absl::Seconds(flags_.orphan_seconds)});
  board_ = std::make_unique<node::NodeBoard>(v1::NODE_KIND_SAMPLER, *runs_,
                                             [this](v1::NodeStatus& status) { Measure(status); });
  node_endpoint_ = std::make_unique<node::NodeEndpoint>(*board_, *runs_);
  uploader_ = std::make_unique<PictureUploader>(*metrics_);
  engine_ =
      std::make_unique<SamplingEngine>(SamplingOptions{.batch = largest_batch_,
                                                       .compute = flags_.compute,
                                                       .device_model = device_.model,
                                                       .record = std::move(record),
                                                       .models = static_cast<size_t>(flags_.models),
                                                       .safety_check = !flags_.no_safety_check},
                                       *uploader_, *metrics_, runs_->changes());
  endpoint_ = std::make_unique<SamplerEndpoint>(*runs_, *engine_, flags_.model_roots, *metrics_,
                                                policy_ ? &*policy_ : nullptr);
  return absl::OkStatus();
}

absl::Status SamplerNode::ChooseBatch(const engine::RecordGraph& record) {
  batch_ = flags_.batch;
  largest_batch_ = flags_.batch;
  if (flags_.batch == 0) {
    RETURN_IF_ERROR(engine::SetComputeThreads(flags_.compute.threads));
    ComputeOptions compute = flags_.compute;
    compute.precision = device_.precisions.front();
    const auto model = engine::BaseModel::Load(flags_.batch_model, compute.choice());
    if (!model.ok()) return InContext("batch-model", model.status());
    ASSIGN_OR_RETURN(const engine::BatchTimes measured,
                     engine::TimeBatches(*model, {.record = record}));
    for (const engine::BatchTime& time : measured.times) {
      LogInfo("measured a batch", {{"pictures", time.batch}, {"seconds_per_step", time.seconds}});
      metrics_->StepSeconds(time.batch).Set(time.seconds);
    }
    batch_ = engine::BestBatch(measured.times);
    largest_batch_ = measured.largest;
    LogInfo("chose the batch", {{"pictures", batch_}, {"at_most", largest_batch_}});
  }
  metrics_->batch.Set(batch_);
  return absl::OkStatus();
}

std::vector<grpc::Service*> SamplerNode::Endpoints() {
  return {endpoint_.get(), node_endpoint_.get()};
}

absl::Status SamplerNode::Serving(const std::string& address) {
  // Not in Open: with port 0 the address, which is the default name, is known only now.
  board_->SetNode(flags_.node.empty() ? node::DefaultNodeName(address) : flags_.node);
  tidying_ = std::make_unique<node::Periodic>(absl::Seconds(1), [this] {
    runs_->Tidy();
    engine_->EndStoppedWaiting();
  });
  return absl::OkStatus();
}

void SamplerNode::Drain(absl::Time deadline) {
  runs_->Drain(deadline);
  runs_->AwaitQuiet(deadline);
  runs_->Close();
}

void SamplerNode::Close() {
  tidying_ = nullptr;
  // Each goes before what it calls: the timer and the endpoint call the engine, which ends between
  // two steps and hands its pictures to the uploader.
  endpoint_ = nullptr;
  engine_ = nullptr;
  uploader_ = nullptr;
}

void SamplerNode::Measure(v1::NodeStatus& status) const {
  *status.add_devices() = node::NodeDevice(device_, engine_->threads());
  status.set_batch(batch_);
  status.set_largest_batch(largest_batch_);
  for (const std::string& model : engine_->WarmModels()) status.add_warm_models(model);
  status.set_memory_bytes(MemoryOf(getpid()).resident);
}

}  // namespace imprint::sampler
