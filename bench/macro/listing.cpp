// Lists over a million ended runs, one in a thousand of which failed.
#include <algorithm>

#include "bench/macro/many_runs.h"
#include "bench/macro/parts.h"
#include "bench/scratch.h"

namespace tenuto::bench {

namespace {

constexpr const char* kBad = R"({"tenuto": 1, "name": "bad", "tasks": {"a": {"use": "fail"}}})";

void fail(void*, const tenuto_task*, tenuto_completion* completion) {
  completion->outcome = TENUTO_OUTCOME_FAILED;
  completion->error_type = "ValueError";
  completion->error_type_size = 10;
}

struct Question {
  const char* name;
  std::string query;
  bool has_goal;  // a simple conjunction
};

// The conditions are true of at most one run in a thousand, so all rows are looked at.
const Question kQuestions[] = {
    {"newest 100", R"({"limit": 100})", true},
    {"state", R"({"state": ["failed"], "limit": 2000})", true},
    {"where: state and workflow", R"({"where": "state == \"failed\" && workflow == \"bad\"", "limit": 2000})",
     true},
    {"where: error and tasks",
     R"({"where": "error.type == \"ValueError\" && tasks.failed > 0", "limit": 2000})", true},
    {"where: retries and tasks", R"({"where": "retries > 2 && tasks.done < 10", "limit": 2000})", true},
    {"where: number % 1000 == 0", R"({"where": "number % 1000 == 0", "limit": 2000})", false},
};

void fill(Store& store, const Bodies& bodies, std::uint64_t runs) {
  const Workflow good(kOne), bad(kBad);
  constexpr std::uint64_t kPieces = 100;
  store.native("fail", fail);
  for (std::uint64_t piece = 0; piece < kPieces; ++piece) {
    run_many(store, bodies, good, [&](std::uint64_t so_far) { return so_far < runs / kPieces; });
    store.start_many(bad, std::max<std::uint64_t>(1, runs / kPieces / 1000));
  }
}

std::size_t list(Store& store, const std::string& query) {
  tenuto_buffer* rows = nullptr;
  check(tenuto_engine_runs(store.get(), query.data(), query.size(), &rows));
  std::size_t size = 0;
  const char* text = tenuto_buffer_data(rows, &size);
  const auto count = static_cast<std::size_t>(std::count(text, text + size, '\n'));
  tenuto_buffer_destroy(&rows);
  return count;
}

}  // namespace

void measure_listing(const Options& options, Report& report) {
  report.begin("listing 1e6 ended runs");
  const std::uint64_t runs = options.smoke ? 20'000 : 1'000'000;
  const Scratch scratch(options.dir);
  {
    Store store(scratch.store());
    const Bodies bodies(store);
    fill(store, bodies, runs);
    store.drain();
  }
  Store store(scratch.store());
  for (const Question& question : kQuestions) {
    Figure figure{question.name, "ms", {}, "", {}, {}};
    if (question.has_goal) figure.goal = value_at_most(50);
    const std::size_t rows = list(store, question.query);
    for (int round = 0; round < options.rounds; ++round) {
      figure.runs.push_back(seconds_of([&] { list(store, question.query); }) * 1e3);
    }
    report.worked(question.name, rows);
    report.add(figure);
  }
}

}  // namespace tenuto::bench
