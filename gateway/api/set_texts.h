// The texts that the pictures of a set are drawn from, and what errors call them.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include <imprint/v1/imageset.pb.h>

#include "sets/expansion.h"
#include "text/prompt_syntax.h"

namespace imprint::gateway {

// Prompts, and what is kept out. Refers to a spec and its plan, and must not outlive them.
class SetTexts {
 public:
  // `plan` is null if the spec has none. With `is_gone`, ForEach ends early once that is true.
  explicit SetTexts(const v1::ImageSetSpec& spec, const sets::Expansion* plan = nullptr,
                    std::function<bool()> is_gone = nullptr)
      : spec_(spec), plan_(plan), is_gone_(std::move(is_gone)) {}

  const v1::ImageSetSpec& spec() const { return spec_; }

  struct Text {
    // Returns "spec.prompts[3]", or where the plan has it and the key of a picture of it.
    std::function<std::string()> field;
    const std::string& text;
    PromptStyle style;
    // Whether it says what is kept out.
    bool is_negative = false;
  };

  // Calls `use` with each text, once, until it returns false. Takes some 10 µs for each different
  // prompt of a plan, of which there may be a million.
  void ForEach(absl::FunctionRef<bool(const Text&)> use) const;

 private:
  const v1::ImageSetSpec& spec_;
  const sets::Expansion* const plan_;
  const std::function<bool()> is_gone_;
};

}  // namespace imprint::gateway
