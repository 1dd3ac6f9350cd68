// Reads the solver that a model's scheduler_config.json asks for, from the fields that Diffusers
// 0.42.1 reads there: for each class, every field is honoured, left at its default, or named. Needs
// no LibTorch.
#pragma once

#include <string>
#include <vector>

#include "base/json_object.h"
#include "orders/solver_choice.h"

namespace imprint::engine {

struct ModelsSolver {
  // The solver; DDIM if the configuration asks for a class, or a variant of one, that is not among
  // ours.
  SolverChoice choice;
  // Why it differs from what the file asks for, in words for people; otherwise empty.
  std::string instead;
};

// Chooses the solver. "_class_of_file" is the class that the file names where the model's index
// names another, which is then in "_class_name".
ModelsSolver SolverOf(const JsonObject& scheduler_config);

// Returns the fields by which a configuration asks something of a solver chosen by name that ours
// does not do, such as "use_beta_sigmas": Diffusers keeps them when one scheduler takes another's
// configuration. Fields that the choice itself decides, such as the order, are not among them.
std::vector<std::string> FieldsNotHonoured(const JsonObject& scheduler_config,
                                           const SolverChoice& choice);

// Returns the fields that no scheduler of ours has in Diffusers 0.42.1, which ignores them as well:
// those of other classes, of newer versions, misspelt ones.
std::vector<std::string> UnknownSchedulerFields(const JsonObject& scheduler_config);

}  // namespace imprint::engine
