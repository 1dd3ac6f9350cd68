// What a model's scheduler_config.json asks for, by the fields that Diffusers 0.42.1 reads there:
// of each class, every field is honoured, left at its default, or named. Needs no LibTorch.
#pragma once

#include <string>
#include <vector>

#include "base/json_object.h"
#include "orders/solver_choice.h"

namespace imprint {

struct ModelsSolver {
  // DDIM where the configuration asks for a class, or a variant of one, that is not among ours.
  SolverChoice choice;
  // Why it is another than the file asks for, in words for people; else empty.
  std::string instead;
};

// "_class_of_file" is the class that the file names, where the model's index names another, which
// "_class_name" then is.

ModelsSolver SolverOf(const JsonObject& scheduler_config);

// The fields by which a configuration asks of a solver that somebody chose by its name what ours
// does not do, such as "use_beta_sigmas": Diffusers keeps them when one scheduler takes another's
// configuration. Fields that the choice itself decides, such as the order, are not among them.
std::vector<std::string> FieldsNotHonoured(const JsonObject& scheduler_config,
                                           const SolverChoice& choice);

// Fields that no scheduler of ours has in Diffusers 0.42.1, which passes over them as well: of
// other classes, of newer versions, misspelt.
std::vector<std::string> UnknownSchedulerFields(const JsonObject& scheduler_config);

}  // namespace imprint
