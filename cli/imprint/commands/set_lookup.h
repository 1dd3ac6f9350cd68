// Finds what a plan is drawn with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/imprint/commands/command.h"

#include "sets/expansion.h"

namespace imprint::cli {

// Reads a plan whose prompts can be read. Errors name `origin`, line and column.
absl::StatusOr<std::shared_ptr<const sets::Expansion>> ReadExpansion(const std::string& text,
                                                                     const std::string& origin);

struct SetParts {
  v1::BaseModel model;
  std::vector<v1::Embedding> embeddings;
};

// Looks up the model and embeddings of that name; where none is given, the plan's; where it names
// none, the only model, and the concepts whose tokens its prompts have.
absl::StatusOr<SetParts> FindSetParts(const sets::Expansion& plan, const std::string& model,
                                      const std::vector<std::string>& embeddings, Gateway& gateway);

// Sets them in a spec.
void FillParts(const SetParts& parts, v1::ImageSetSpec& spec);

}  // namespace imprint::cli
