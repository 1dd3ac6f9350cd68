# Finds SOCI, whose Debian package brings no CMake configuration of its own. Defines SOCI::SOCI (the core) and
# SOCI::SQLite.

find_path(SOCI_INCLUDE_DIR soci/soci.h)
find_library(SOCI_CORE_LIBRARY soci_core)
find_library(SOCI_SQLITE_LIBRARY soci_sqlite3)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SOCI
  REQUIRED_VARS SOCI_CORE_LIBRARY SOCI_SQLITE_LIBRARY SOCI_INCLUDE_DIR)

if(SOCI_FOUND AND NOT TARGET SOCI::SOCI)
  add_library(SOCI::SOCI UNKNOWN IMPORTED)
  set_target_properties(SOCI::SOCI PROPERTIES IMPORTED_LOCATION ${SOCI_CORE_LIBRARY})
  # SOCI's headers include their own folder's neighbours by bare names.
  target_include_directories(SOCI::SOCI SYSTEM INTERFACE ${SOCI_INCLUDE_DIR})
  add_library(SOCI::SQLite UNKNOWN IMPORTED)
  set_target_properties(SOCI::SQLite PROPERTIES IMPORTED_LOCATION ${SOCI_SQLITE_LIBRARY})
  target_link_libraries(SOCI::SQLite INTERFACE SOCI::SOCI)
endif()
