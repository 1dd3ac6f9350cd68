// A cache of model identities in a folder of the user's cache: hashing gigabytes takes seconds.
#pragma once

#include <filesystem>

#include "absl/status/statusor.h"

#include "engine/identity/model_identity.h"
#include "engine/model_files/model_files.h"

namespace imprint::engine {

// Does what IdentifyModel does, but hashes the weights only if their files (by path, size, time of
// the last change and inode) were not hashed before. A cache that cannot be read or written costs
// time and nothing else. Safe to use from several processes at once.
absl::StatusOr<ModelIdentity> KnownIdentity(const ModelFiles& files,
                                            const std::filesystem::path& cache);

// Returns $XDG_CACHE_HOME/imprint/identities or ~/.cache/imprint/identities; empty, which disables
// the cache, where neither is set.
std::filesystem::path IdentityCache();

}  // namespace imprint::engine
