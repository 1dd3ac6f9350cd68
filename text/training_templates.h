// The captions that a concept is taught with: short sentences in which "{}" stands for its token.
// Varying them keeps the words around the token out of what it learns (Gal et al. 2022, "An Image
// is Worth One Word", appendix "prompt templates").
#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

// The kind of thing that a concept is.
enum class ConceptKind { kObject, kStyle };
inline constexpr absl::string_view kConceptKinds[] = {"object", "style"};

absl::string_view Name(ConceptKind kind);

// Returns our own set for the kind, each with exactly one "{}".
std::vector<std::string> DefaultTemplates(ConceptKind kind);

// Returns whether a caption holds "{}" exactly once.
bool HoldsThePlaceOnce(absl::string_view caption);

// Parses a user's own templates: one per line; blank lines and lines that start with # are left
// out. INVALID_ARGUMENT, naming the line, if a template does not hold "{}" exactly once; or if
// there is none.
absl::StatusOr<std::vector<std::string>> ParseTemplates(absl::string_view text);

// Returns the caption with `token` in the place of "{}".
std::string FillTemplate(absl::string_view caption_template, absl::string_view token);

}  // namespace imprint
