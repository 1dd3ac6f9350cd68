// Load for the benchmark `commits`: transactions of several threads at once, each as large as the
// commit of an item.
//   commit_load FOLDER THREADS SECONDS together|alone    prints JSON: transactions per second
// "alone" lets one thread write at a time, so that each transaction is made durable by itself.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/monotonic_seconds.h"
#include "storage/database.h"

int main(int argc, char** argv) {
  using namespace imprint;
  if (argc != 5) return 2;
  const std::filesystem::path folder = argv[1];
  const int threads = std::atoi(argv[2]);
  const double seconds = std::atof(argv[3]);
  const bool alone = std::string(argv[4]) == "alone";
  const std::vector<Migration> schema = {
      {1,
       {"create table sets (number integer primary key, done bigint not null)",
        "create table items (place bigint primary key, body text not null)",
        "insert into sets (number, done) values (1, 0)"}}};
  auto database = Database::OpenSqlite(folder / "load.db", schema);
  if (!database.ok()) {
    std::cerr << database.status() << "\n";
    return 1;
  }
  const std::string body(1000, 'x');
  std::atomic<int64_t> next = 0;
  std::atomic<int64_t> failed = 0;
  std::mutex one_at_a_time;
  const double begun = MonotonicSeconds();
  const auto write = [&] {
    while (MonotonicSeconds() - begun < seconds) {
      const int64_t place = next++;
      std::unique_lock<std::mutex> turn(one_at_a_time, std::defer_lock);
      if (alone) turn.lock();
      const absl::Status written = (*database)->Write([&](soci::session& sql) -> absl::Status {
        sql << "insert into items (place, body) values (:p, :b)", soci::use(place), soci::use(body);
        sql << "update sets set done = done + 1 where number = 1";
        return absl::OkStatus();
      });
      failed += written.ok() ? 0 : 1;
    }
  };
  std::vector<std::thread> writers;
  for (int i = 0; i < threads; ++i) writers.emplace_back(write);
  for (std::thread& writer : writers) writer.join();
  const double took = MonotonicSeconds() - begun;
  std::cout << nlohmann::json{{"per_second", static_cast<double>(next - failed) / took},
                              {"failed", failed.load()}}
            << "\n";
}
