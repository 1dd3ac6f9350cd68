// Early return on error for absl::Status and absl::StatusOr.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function if `expression` is not OK.
#define RETURN_IF_ERROR(expression)                                                              \
  do {                                                                                           \
    if (absl::Status imprint_status = (expression); !imprint_status.ok()) return imprint_status; \
  } while (false)

// Evaluates to a StatusOr; declares or assigns `target` on success, returns its status otherwise.
#define ASSIGN_OR_RETURN(target, expression) \
  IMPRINT_ASSIGN_OR_RETURN(IMPRINT_CONCAT(imprint_status_or_, __LINE__), target, expression)

// `target` may be a declaration, which parentheses would break.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define IMPRINT_ASSIGN_OR_RETURN(holder, target, expression) \
  auto holder = (expression);                                \
  if (!holder.ok()) return std::move(holder).status();       \
  target = *std::move(holder)
// NOLINTEND(bugprone-macro-parentheses)

#define IMPRINT_CONCAT(a, b) IMPRINT_CONCAT_EXPANDED(a, b)
#define IMPRINT_CONCAT_EXPANDED(a, b) a##b
