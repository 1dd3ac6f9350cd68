#include "sets/plan_schema.h"

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "orders/field_table.h"
#include "sets/plan.h"
#include "text/yaml/yaml_node.h"

namespace imprint::sets {
namespace {

using Json = nlohmann::ordered_json;

// As base/resource_name.h has it.
constexpr absl::string_view kId = "[a-z0-9][a-z0-9-]{0,62}";

Json Described(Json schema, const char* description) {
  schema["description"] = description;
  return schema;
}

Json Ref(const char* name) { return {{"$ref", absl::StrCat("#/$defs/", name)}}; }

Json Whole(int64_t least, uint64_t most) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", most}};
}

Json Text(size_t most, size_t least = 0) {
  return {{"type", "string"}, {"minLength", least}, {"maxLength", most}};
}

Json Pattern(std::string pattern) {
  return {{"type", "string"}, {"pattern", absl::StrCat("^", pattern, "$")}};
}

Json OneOf(Json a, Json b) { return {{"anyOf", Json::array({std::move(a), std::move(b)})}}; }

Json ListOf(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

// An object whose names are free.
Json MapOf(Json values, size_t most) {
  return {{"type", "object"},
          {"minProperties", 1},
          {"maxProperties", most},
          {"propertyNames", Ref("name")},
          {"additionalProperties", std::move(values)}};
}

Json Object(Json properties) {
  return {
      {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

Json KindOf(const Field<PictureRequest>& row) {
  return std::visit(
      [&]<typename Member>(const Member& member) -> Json {
        if constexpr (std::is_same_v<Member, ChoiceMember<PictureRequest>>) {
          Json names = Json::array();
          for (const absl::string_view name : member.names) names.push_back(std::string(name));
          return {{"enum", names}};
        } else if constexpr (std::is_same_v<Member, int PictureRequest::*> ||
                             std::is_same_v<Member, double PictureRequest::*>) {
          const bool whole = std::is_same_v<Member, int PictureRequest::*>;
          const FieldRange& range = row.range;
          Json kind = {{"type", whole ? "integer" : "number"}};
          kind[range.above_least ? "exclusiveMinimum" : "minimum"] = range.least;
          kind[range.below_most ? "exclusiveMaximum" : "maximum"] = range.most;
          return range.or_zero ? OneOf(kind, {{"const", 0}}) : kind;
        } else if constexpr (std::is_same_v<Member, bool PictureRequest::*>) {
          return {{"type", "boolean"}};
        } else if constexpr (std::is_same_v<Member, uint64_t PictureRequest::*>) {
          return Whole(0, UINT64_MAX);
        } else {
          return Text(kMaxPromptBytes);
        }
      },
      row.member);
}

Json WithSettings(Json properties) {
  for (const Field<PictureRequest>& row : kPictureFields) {
    Json kind = KindOf(row);
    kind["description"] = std::string(row.help);
    properties[std::string(row.name)] = kind;
  }
  return properties;
}

Json Definitions() {
  const Json share = OneOf({{"type", "number"}, {"minimum", 0}, {"maximum", 1}},
                           {{"type", "string"}, {"pattern", "^ *[0-9.]+ *%$"}});
  const Json names =
      OneOf(Ref("name"), {{"type", "array"}, {"items", Ref("name")}, {"minItems", 1}});
  Json quota =
      Object({{"each", Described(Ref("name"), "An axis: the quota is one for each of its values")},
              {"of", Described(Ref("selections"), "The pictures that are counted")},
              {"where", Described(Ref("selections"), "Out of which; default: the whole set")},
              {"at_least", share},
              {"at_most", share}});
  quota["oneOf"] = Json::array({{{"required", {"each"}}}, {{"required", {"of"}}}});
  quota["anyOf"] = Json::array({{{"required", {"at_least"}}}, {{"required", {"at_most"}}}});
  return {
      {"name", Pattern(absl::StrCat("[A-Za-z0-9_-]{1,", kMaxNameBytes, "}"))},
      {"embedding", Pattern(absl::StrCat("concepts/", kId, "(/(embeddings|aliases)/", kId, ")?"))},
      {"words", MapOf(Text(kMaxPromptBytes), kMostLanguages)},
      {"value",
       OneOf(Text(kMaxPromptBytes),
             Object(WithSettings(
                 {{"text", Described(Text(kMaxPromptBytes), "What stands in the prompt for it")},
                  {"weight", Described(Whole(1, kMostWeight),
                                       "How many times as many pictures as the others it gets")},
                  {"alt_text", Ref("words")}})))},
      {"axis", OneOf(OneOf(Ref("name"), {{"type", "array"},
                                         {"items", Ref("name")},
                                         {"minItems", 1},
                                         {"maxItems", kMostAxisValues},
                                         {"uniqueItems", true}}),
                     MapOf(Ref("value"), kMostAxisValues))},
      {"selections", OneOf(MapOf(names, kMostAxes), ListOf(MapOf(names, kMostAxes)))},
      {"quota", quota},
  };
}

}  // namespace

Json PlanSchema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "A plan of a set of pictures, for Imprint"}};
  Json axes = MapOf(Ref("axis"), kMostAxes);
  schema.update(Object(WithSettings(
      {{"title", Described(Text(kMaxSetTitleBytes, 1), "A name for people")},
       {"base_model", Pattern(absl::StrCat("baseModels/", kId))},
       {"embeddings", OneOf(Ref("embedding"), {{"type", "array"},
                                               {"items", Ref("embedding")},
                                               {"maxItems", kMaxSetEmbeddings},
                                               {"uniqueItems", true}})},
       {"prompt", Described(Text(kMaxPromptBytes, 1), "{place} stands for the text of axis place")},
       {"axes", Described(axes, "In what the pictures differ")},
       {"count", Described(Whole(1, kMostPicturesOfCell), "Pictures of each cell")},
       {"retries", Described(Whole(0, kMostRetries),
                             "How often a picture that the safety checker blocks is drawn again")},
       {"seed", Described(Whole(0, UINT64_MAX), "From which all seeds come")},
       {"same_seed",
        Described(OneOf(Ref("name"), ListOf(Ref("name"))), "Axes whose values share their seeds")},
       {"alt_text", Described(MapOf(Text(kMaxPromptBytes, 1), kMostLanguages),
                              "The alternative text, by language")},
       {"exclude", Described(Ref("selections"), "Cells of which there is no picture")},
       {"quotas", Described(ListOf(Ref("quota")), "Shares that pictures must have")}})));
  schema["required"] = {"prompt", "axes"};
  schema["$defs"] = Definitions();
  return schema;
}

}  // namespace imprint::sets
