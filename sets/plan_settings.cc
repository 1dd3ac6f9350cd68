#include "sets/plan_settings.h"

#include <type_traits>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "base/status_macros.h"
#include "orders/field_table.h"

namespace imprint::sets {
namespace {

// Sets the member that a row is about.
absl::Status SetField(const Field<PictureRequest>& row, const YamlNode& node, PictureRequest& to) {
  return std::visit(
      [&]<typename Member>(const Member& member) -> absl::Status {
        if constexpr (kIsNamed<Member>) {
          if (!node.is_text()) return node.Wrong(Expected(row));
          return SetByName(
              row, node.yaml().Scalar(), to,
              absl::StrCat(node.place(), ": ", absl::StripSuffix(node.field(), row.name)));
        } else {
          using Value = std::decay_t<decltype(to.*member)>;
          if constexpr (std::is_same_v<Value, std::string>) {
            ASSIGN_OR_RETURN(to.*member, node.Text(kMaxPromptBytes, /*may_be_empty=*/true));
          } else {
            Value value{};
            bool read = node.is_text();
            if constexpr (std::is_same_v<Value, double>) {
              read = read && absl::SimpleAtod(node.yaml().Scalar(), &value);
            } else if constexpr (std::is_same_v<Value, bool>) {
              read = read && absl::SimpleAtob(node.yaml().Scalar(), &value);
            } else {
              read = read && absl::SimpleAtoi(node.yaml().Scalar(), &value);
            }
            if constexpr (std::is_same_v<Value, double> || std::is_same_v<Value, int>) {
              read = read && row.range.Has(static_cast<double>(value));
            }
            if (!read) return node.Wrong(Expected(row));
            to.*member = value;
          }
          return absl::OkStatus();
        }
      },
      row.member);
}

}  // namespace

std::vector<YamlField> WithSettings(std::vector<YamlField> fields, GivenSettings& settings) {
  for (const Field<PictureRequest>& row : kPictureFields) {
    fields.push_back({row.name, [&](const YamlNode& node) {
                        settings.given.push_back(&row);
                        return SetField(row, node, settings.values);
                      }});
  }
  return fields;
}

}  // namespace imprint::sets
