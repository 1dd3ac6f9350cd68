// The result of checking a service's data folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace imprint {

struct FolderReport {
  // A blob, and the resources whose records name it.
  struct Blob {
    std::string sha256;
    std::vector<std::string> belongs_to;
  };

  std::string service;                      // "registry"
  std::vector<std::string> database;        // faults of the database's file
  std::vector<std::string> records;         // resources whose record cannot be read
  std::vector<Blob> missing;                // blobs that records name but that do not exist
  std::vector<Blob> damaged;                // blobs whose content has changed
  std::vector<std::string> orphans;         // blobs that no record names, by SHA-256
  std::vector<std::string> open_to_others;  // paths that others than their owner can reach
  int64_t good_records = 0;
  int64_t good_blobs = 0;

  bool Clean() const {
    return database.empty() && records.empty() && missing.empty() && damaged.empty() &&
           orphans.empty() && open_to_others.empty();
  }
};

// Returns a line for each finding and a sum, for people.
std::string ToText(const FolderReport& report);

// Returns the same for programs, with the fields' names.
nlohmann::json ToJson(const FolderReport& report);

}  // namespace imprint
