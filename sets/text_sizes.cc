#include "sets/text_sizes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "orders/picture_request.h"

namespace imprint::sets {

TextSizes::TextSizes(const Plan& plan) {
  const auto of_template = [&](const TextTemplate& text, auto words_of) {
    Text sizes{.fixed = text.fixed_bytes()};
    for (size_t i = 0; i < plan.axes.size(); ++i) {
      auto& of_values = sizes.of_values.emplace_back();
      const size_t times = text.Count(i);
      for (const AxisValue& value : plan.axes[i].values) {
        of_values.push_back(times == 0 ? 0 : times * words_of(value).size());
      }
    }
    return sizes;
  };
  Text prompt =
      of_template(plan.prompt, [](const auto& value) -> const std::string& { return value.text; });
  prompt.place = plan.prompt_place;
  prompt.field = "prompt";
  Add(std::move(prompt));
  for (const auto& [language, text] : plan.alt_text) {
    Text alt_text =
        of_template(text, [&, &language = language](const auto& value) -> const std::string& {
          return value.alt_text.at(language);
        });
    alt_text.place = plan.alt_text_places.at(language);
    alt_text.field = absl::StrCat("alt_text.", language);
    Add(std::move(alt_text));
  }
  constexpr size_t kComma = 2;  // ", "
  const auto part = [](const std::string& text) { return text.empty() ? 0 : text.size() + kComma; };
  Text negative{.place = plan.negative_prompt_place,
                .field = "negative_prompt",
                .may_be_empty = true,
                .separator = kComma,
                .fixed = part(plan.settings.values.negative_prompt)};
  for (const Axis& axis : plan.axes) {
    auto& of_values = negative.of_values.emplace_back();
    for (const AxisValue& value : axis.values) {
      of_values.push_back(part(value.settings.values.negative_prompt));
    }
  }
  Add(std::move(negative));
}

void TextSizes::Add(Text text) {
  size_t least = text.fixed;
  size_t most = text.fixed;
  for (const auto& of_values : text.of_values) {
    const auto [shortest, longest] = std::minmax_element(of_values.begin(), of_values.end());
    least += *shortest;
    most += *longest;
  }
  if (text.Fits(text.Whole(least)) && text.Fits(text.Whole(most))) return;
  texts_.push_back(std::move(text));
}

absl::Status TextSizes::Check(const std::vector<size_t>& cell,
                              const std::function<std::string()>& key) const {
  for (const Text& text : texts_) {
    const size_t bytes = text.Of(cell);
    if (text.Fits(bytes)) continue;
    return FieldError(absl::StrCat(text.place, ": ", text.field, " of ", key()),
                      bytes == 0 ? "no text" : absl::StrCat(bytes, " bytes"),
                      absl::StrCat("1 to ", kMaxPromptBytes, " bytes"));
  }
  return absl::OkStatus();
}

size_t TextSizes::Text::Of(const std::vector<size_t>& cell) const {
  size_t parts = fixed;
  for (size_t i = 0; i < cell.size(); ++i) parts += of_values[i][cell[i]];
  return Whole(parts);
}

size_t TextSizes::Text::Whole(size_t parts) const { return parts == 0 ? 0 : parts - separator; }

bool TextSizes::Text::Fits(size_t bytes) const {
  return bytes <= kMaxPromptBytes && (bytes > 0 || may_be_empty);
}

}  // namespace imprint::sets
