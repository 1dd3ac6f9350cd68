#include "sets/report/report_json.h"

#include <utility>

namespace imprint::sets {
namespace {

using Json = nlohmann::ordered_json;

Json CountsJson(const PictureCounts& counts) {
  return {{"planned", counts.planned},
          {"drawn", counts.drawn},
          {"blocked", counts.blocked},
          {"missing", counts.missing()}};
}

Json AxesJson(const SetReport& report) {
  Json axes = Json::array();
  const std::vector<Axis>& all = report.plan->plan().axes;
  for (size_t i = 0; i < all.size(); ++i) {
    Json values = Json::array();
    for (size_t j = 0; j < all[i].values.size(); ++j) {
      Json value = {{"name", all[i].values[j].name}};
      value.update(CountsJson(report.of_values[i][j]));
      values.push_back(std::move(value));
    }
    axes.push_back({{"name", all[i].name}, {"values", std::move(values)}});
  }
  return axes;
}

Json QuotasJson(const SetReport& report) {
  Json quotas = Json::array();
  const std::vector<Quota>& all = report.plan->plan().quotas;
  for (size_t i = 0; i < all.size(); ++i) {
    const QuotaOutcome& outcome = report.quotas[i];
    quotas.push_back(
        {{"name", all[i].name},
         {"at_least", all[i].at_least},
         {"at_most", all[i].at_most},
         {"planned", {{"pictures", outcome.planned.of}, {"of", outcome.planned.where}}},
         {"drawn", {{"pictures", outcome.drawn.of}, {"of", outcome.drawn.where}}},
         {"met", outcome.is_met}});
  }
  return quotas;
}

Json PicturesJson(const SetReport& report) {
  Json pictures = Json::array();
  for (const auto& [picture, item] : report.pictures) {
    Json tries = Json::array();
    for (const ReportedTry& tried : picture.blocked_tries) {
      tries.push_back({{"seed", tried.seed}, {"scores", tried.scores}});
    }
    Json json = {{"key", item.key},
                 {"index", picture.index},
                 {"prompt", picture.prompt},
                 {"seed", picture.seed},
                 {"blocked", picture.is_blocked()},
                 {"blocked_tries", std::move(tries)},
                 {"scores", picture.scores},
                 {"alt_text", item.alt_text}};
    if (!picture.is_blocked()) {
      json["file"] = picture.file;
      json["sha256"] = picture.sha256;
    }
    pictures.push_back(std::move(json));
  }
  return pictures;
}

}  // namespace

Json ReportJson(const SetReport& report) {
  Json near_duplicates = Json::array();
  for (const NearDuplicate& pair : report.near_duplicates) {
    near_duplicates.push_back(
        {{"keys",
          {report.pictures[pair.first].second.key, report.pictures[pair.second].second.key}},
         {"gradient_bits", pair.difference.bits},
         {"colour", pair.difference.colour}});
  }
  Json json = {{"title", report.source.title},
               {"image_set", report.source.image_set},
               {"base_model", report.source.base_model},
               {"fingerprint", report.source.fingerprint},
               {"embeddings", report.source.embeddings}};
  json.update(CountsJson(report.all));
  json["axes"] = AxesJson(report);
  json["quotas"] = QuotasJson(report);
  json["near_duplicates"] = std::move(near_duplicates);
  json["missing_keys"] = report.missing;
  json["pictures"] = PicturesJson(report);
  return json;
}

}  // namespace imprint::sets
