#include "cli/imprint_engine/draw_sheet.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/pictures/prompt_sheet.h"

#include "base/field_error.h"

namespace imprint::cli {
namespace {

std::string Title(const DrawnPictures& drawn) {
  if (!drawn.title.empty()) return drawn.title;
  std::vector<std::string> tokens;
  for (const ManifestEmbedding& embedding : drawn.embeddings) tokens.push_back(embedding.token);
  return tokens.empty() ? "Drawn with the base model" : absl::StrJoin(tokens, ", ");
}

std::string Subtitle(const PictureRequest& request) {
  std::string text = absl::StrCat(Name(request.solver), ", ", request.steps, " steps, guidance ",
                                  request.guidance, ", ", request.width, "×", request.height);
  if (request.source != nullptr) absl::StrAppend(&text, ", strength ", request.strength);
  if (request.upscale > 1) absl::StrAppend(&text, ", then ", request.upscale, " times as large");
  return text;
}

// `"mascot", "river"`: what the pictures for comparison say in place of tokens.
std::string ClassWords(const DrawnPictures& drawn) {
  std::set<std::string> words;
  for (const ManifestEmbedding& embedding : drawn.embeddings) {
    if (!embedding.class_word.empty()) words.insert(Quoted(embedding.class_word));
  }
  return absl::StrJoin(words, ", ");
}

ContactSheet::Row ReferenceRow(const DrawnPictures& drawn) {
  ContactSheet::Row row{.heading = "taught from"};
  for (const ReferencePicture& picture : drawn.references) {
    if (row.cells.size() >= kMaxSheetColumns) break;
    row.cells.push_back({.picture = picture.fitted, .caption = picture.path.filename().string()});
  }
  return row;
}

ContactSheet::Cell Cell(const DrawnPictures& drawn, size_t i) {
  const PlannedPicture& planned = drawn.plan[i];
  if (!drawn.pictures[i]) return {.caption = "blocked by the safety checker"};
  const std::string seed = absl::StrCat("seed ", planned.request.seed);
  return {.picture = drawn.pictures[i],
          .caption = planned.comparison ? absl::StrCat(ClassWords(drawn), ", ", seed) : seed};
}

}  // namespace

ContactSheet LayOut(const DrawnPictures& drawn) {
  PromptSheet sheet(Title(drawn), Subtitle(drawn.plan[0].request));
  if (!drawn.references.empty()) sheet.AddReferences(ReferenceRow(drawn));
  for (size_t i = 0; i < drawn.plan.size(); ++i) {
    const PlannedPicture& planned = drawn.plan[i];
    const std::string heading = planned.comparison ? "" : planned.request.prompt;
    sheet.Add(planned.row, heading,
              sheet.HasRoom(planned.row) ? Cell(drawn, i) : ContactSheet::Cell());
  }
  return std::move(sheet).Finish();
}

}  // namespace imprint::cli
