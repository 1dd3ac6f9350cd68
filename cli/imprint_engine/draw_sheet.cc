#include "cli/imprint_engine/draw_sheet.h"

#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"

namespace imprint {
namespace {

// More than this on one sheet is no overview.
constexpr size_t kMaxRows = 24;
constexpr size_t kMaxColumns = 10;

std::string Title(const DrawnPictures& drawn) {
  if (!drawn.title.empty()) return drawn.title;
  std::vector<std::string> tokens;
  for (const EmbeddingRecord& embedding : drawn.embeddings) tokens.push_back(embedding.token);
  return tokens.empty() ? "Drawn with the base model" : absl::StrJoin(tokens, ", ");
}

std::string Subtitle(const PictureRequest& request) {
  return absl::StrCat("DDIM ", request.steps, " steps, guidance ", request.guidance, ", ",
                      request.width, "×", request.height);
}

// `"mascot", "river"`: what the pictures for comparison say in place of tokens.
std::string ClassWords(const DrawnPictures& drawn) {
  std::set<std::string> words;
  for (const EmbeddingRecord& embedding : drawn.embeddings) {
    if (!embedding.class_word.empty()) words.insert(Quoted(embedding.class_word));
  }
  return absl::StrJoin(words, ", ");
}

ContactSheet::Row ReferenceRow(const DrawnPictures& drawn) {
  ContactSheet::Row row{.heading = "taught from"};
  for (const ReferencePicture& picture : drawn.references) {
    if (row.cells.size() >= kMaxColumns) break;
    row.cells.push_back({.picture = picture.fitted, .caption = picture.path.filename().string()});
  }
  return row;
}

ContactSheet::Cell Cell(const DrawnPictures& drawn, size_t i) {
  const PictureRecord& record = drawn.records[i];
  if (!drawn.pictures[i]) return {.caption = "blocked by the safety checker"};
  const std::string seed = absl::StrCat("seed ", record.request.seed);
  return {.picture = drawn.pictures[i],
          .caption = record.comparison ? absl::StrCat(ClassWords(drawn), ", ", seed) : seed};
}

}  // namespace

ContactSheet LayOut(const DrawnPictures& drawn) {
  ContactSheet sheet{.title = Title(drawn), .subtitle = Subtitle(drawn.plan[0].request)};
  if (!drawn.references.empty()) sheet.rows.push_back(ReferenceRow(drawn));
  const size_t first_row = sheet.rows.size();
  size_t shown = 0;
  for (size_t i = 0; i < drawn.plan.size(); ++i) {
    const size_t row = first_row + drawn.plan[i].row;
    if (row >= kMaxRows) break;
    sheet.rows.resize(row + 1);
    if (!drawn.plan[i].comparison) sheet.rows[row].heading = drawn.plan[i].request.prompt;
    if (sheet.rows[row].cells.size() >= kMaxColumns) continue;
    sheet.rows[row].cells.push_back(Cell(drawn, i));
    ++shown;
  }
  if (shown < drawn.plan.size()) {
    absl::StrAppend(&sheet.subtitle, "; ", shown, " of ", drawn.plan.size(), " pictures");
  }
  return sheet;
}

}  // namespace imprint
