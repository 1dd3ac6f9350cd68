// imprint-engine rank: one of the other processes of a training that teach --ranks has started.
#include <iostream>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/local_gang.h"
#include "cli/imprint_engine/taught_pictures.h"
#include "cli/imprint_engine/training_record.h"

#include "base/status_macros.h"
#include "engine/collective/join_gang.h"
#include "engine/cuda/prepare_device.h"
#include "engine/model/base_model.h"
#include "engine/torch/threads.h"
#include "engine/training/memory_trial.h"
#include "engine/training/training_run.h"
#include "orders/compute_device.h"

namespace imprint::cli {
namespace {

struct RankOptions {
  std::string record;
  engine::GangPlace place;
};

absl::Status RunRank(const RankOptions& options, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const TrainingRecord record, ReadTrainingRecord(options.record));
  const TeachOrder& order = record.order;
  engine::GangPlace place = options.place;
  place.size = order.ranks;
  // Long enough for the slowest of the others to load.
  place.join_patience = absl::Minutes(10);
  engine::TrainingContext training = {.compute = order.compute};
  const ComputeDevice device = DeviceOfRank(order.compute.choice().device, place.rank);
  training.compute.device = device;
  RETURN_IF_ERROR(engine::SetComputeThreads(training.compute.threads));
  ASSIGN_OR_RETURN(training.record, engine::PrepareDevice(training.compute));
  ASSIGN_OR_RETURN(const auto model,
                   engine::BaseModel::Load(order.model, training.compute.choice()));
  ASSIGN_OR_RETURN(auto pictures, ReadTaughtPictures(order));
  engine::TrainingInput input = engine::TrainingInput::From(order.settings, {});
  for (ReferencePicture& picture : pictures) input.pictures.push_back(std::move(picture.fitted));
  // Rank 0 joins when all say so: how long loading takes is then nobody's patience. It looks for
  // the line in a log, hence the flush.
  std::cout << kReadyLine << std::endl;
  const engine::TrainingHooks hooks = {.stop = stop};
  const auto train = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const auto gang, engine::JoinGang(place, device, nullptr, {.stop = stop}));
    training.gang = gang.get();
    return Train(*model, input, std::nullopt, hooks, training).status();
  };
  return engine::WithWhatFits(train(), *model, input, hooks, training, place.size);
}

}  // namespace

Command MakeRankCommand(CLI::App& app) {
  const auto options = std::make_shared<RankOptions>();
  CLI::App* rank = app.add_subcommand("rank", "Started by teach --ranks, for itself.");
  rank->group("");  // not in the help
  rank->add_option("RECORD", options->record, "training.json")->required();
  rank->add_option("--rank", options->place.rank)->required();
  rank->add_option("--port", options->place.port)->required();
  rank->add_option("--token", options->place.token)->required();
  return {rank, [options](CommandContext& context) { return RunRank(*options, context.stop); }};
}

}  // namespace imprint::cli
