#include "text/policy/policy_file.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "base/text_file.h"
#include "text/yaml/yaml_node.h"

namespace imprint {
namespace {

constexpr size_t kMaxPolicyBytes = 1 << 20;
constexpr size_t kMaxPhraseBytes = 200;
constexpr size_t kMaxReasonBytes = 200;

// Reads a phrase and adds it.
template <typename Add>
absl::Status ReadPhrase(const YamlNode& node, Add add) {
  ASSIGN_OR_RETURN(const std::string phrase, node.Text(kMaxPhraseBytes));
  const absl::Status added = add(phrase);
  if (added.ok()) return added;
  return node.Wrong(absl::StrCat(Quoted(phrase), ": ", added.message()), "words, such as sword*");
}

absl::Status ReadBlocked(const YamlNode& node, PromptPolicy& policy) {
  std::string reason;
  const auto block = [&](const std::string& phrase) { return policy.Block(phrase, reason); };
  if (!node.is_map()) return ReadPhrase(node, block);
  std::optional<YamlNode> words;
  RETURN_IF_ERROR(node.Read({{"words",
                              [&](const YamlNode& value) {
                                words = value;
                                return absl::OkStatus();
                              }},
                             {"reason", [&](const YamlNode& value) -> absl::Status {
                                ASSIGN_OR_RETURN(reason, value.Text(kMaxReasonBytes));
                                return absl::OkStatus();
                              }}}));
  if (!words) return node.Wrong("no words", "words: and a list of them");
  ASSIGN_OR_RETURN(const auto phrases, words->List());
  for (const YamlNode& phrase : phrases) RETURN_IF_ERROR(ReadPhrase(phrase, block));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PromptPolicy> ParsePolicy(absl::string_view text, const std::string& origin) {
  ASSIGN_OR_RETURN(const YamlNode file, YamlNode::Parse(text, origin, "policy"));
  PromptPolicy policy;
  RETURN_IF_ERROR(file.Read({{"blocked",
                              [&](const YamlNode& node) -> absl::Status {
                                ASSIGN_OR_RETURN(const auto rules, node.List());
                                for (const YamlNode& rule : rules) {
                                  RETURN_IF_ERROR(ReadBlocked(rule, policy));
                                }
                                return absl::OkStatus();
                              }},
                             {"allowed", [&](const YamlNode& node) -> absl::Status {
                                ASSIGN_OR_RETURN(const auto phrases, node.List());
                                for (const YamlNode& phrase : phrases) {
                                  RETURN_IF_ERROR(ReadPhrase(phrase, [&](const auto& words) {
                                    return policy.Allow(words);
                                  }));
                                }
                                return absl::OkStatus();
                              }}}));
  // A file that blocks nothing would look like protection.
  if (policy.blocked() == 0) return file.Wrong("nothing that is blocked", "blocked: and a list");
  return policy;
}

absl::StatusOr<PromptPolicy> ReadPolicy(const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file, kMaxPolicyBytes));
  return ParsePolicy(text, file.string());
}

absl::StatusOr<std::optional<PromptPolicy>> ReadPolicyOfFlag(const std::string& file) {
  if (file.empty()) return std::nullopt;
  auto policy = ReadPolicy(file);
  if (!policy.ok()) return InContext("prompt-policy", policy.status());
  return *std::move(policy);
}

absl::Status CheckPolicy(const PromptPolicy* policy, absl::string_view field,
                         absl::string_view prompt, PromptStyle style) {
  if (policy == nullptr) return absl::OkStatus();
  const auto found = policy->Find(prompt, style);
  if (!found) return absl::OkStatus();
  return FieldError(field, Quoted(found->found),
                    absl::StrCat("a prompt without ", Quoted(found->phrase),
                                 ", which this deployment's policy blocks",
                                 found->reason.empty() ? "" : ": ", found->reason));
}

}  // namespace imprint
