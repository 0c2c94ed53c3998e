#include "tests/sim/campaign.h"

#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace tenuto::testing {
namespace {

// Seeds of one child: few, so that a child is small, and enough, so that forking costs nothing.
constexpr std::uint64_t kBatch = 50;
// Of the processor, for one seed: a thousand times what most need, so that a seed that hangs counts as a crash.
constexpr time_t kSecondsMax = 120;

void limit_time() {
  const itimerval limit{{0, 0}, {kSecondsMax, 0}};
  ::setitimer(ITIMER_PROF, &limit, nullptr);
}

// What the child says about one seed; the text follows.
struct Message {
  Verdict::Kind kind;
  std::uint64_t steps;
  std::uint64_t text_bytes;
  Tally tally;
};

Verdict judge(const SimOptions& options, bool twice) {
  const SimResult result = simulate(options);
  Verdict verdict{Verdict::Kind::fine, result.violation, result.steps, result.tally};
  if (result.violation.empty() && twice) {
    SimOptions silent = options;
    silent.prints = false;
    const std::string difference = first_difference(result.trace, simulate(silent).trace);
    if (!difference.empty()) verdict.text = "two executions differ: " + difference;
  }
  if (!verdict.text.empty()) verdict.kind = Verdict::Kind::violation;
  return verdict;
}

void put(std::FILE* pipe, const void* bytes, std::size_t size) {
  // Only a parent that died doesn't read.
  if (std::fwrite(bytes, 1, size, pipe) != size) std::_Exit(3);
}

[[noreturn]] void be_child(SimOptions options, std::uint64_t count, bool twice, int out) {
  std::FILE* pipe = ::fdopen(out, "w");
  if (pipe == nullptr) std::_Exit(3);
  for (std::uint64_t i = 0; i < count; ++i, ++options.seed) {
    limit_time();
    const Verdict verdict = judge(options, twice);
    const Message message{verdict.kind, verdict.steps, verdict.text.size(), verdict.tally};
    put(pipe, &message, sizeof message);
    put(pipe, verdict.text.data(), verdict.text.size());
    std::fflush(pipe);
  }
  std::fflush(stdout);
  std::_Exit(0);
}

bool get(std::FILE* pipe, void* bytes, std::size_t size) {
  return std::fread(bytes, 1, size, pipe) == size;
}

std::string how_it_died(int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
    return "hangs: " + std::to_string(kSecondsMax) + " s of the processor";
  if (WIFSIGNALED(status)) return std::string("died: ") + ::strsignal(WTERMSIG(status));
  return "died: exit status " + std::to_string(WEXITSTATUS(status));
}

// One child. Returns how many seeds it got through, the one that ended it included; `more` is what visit() said.
std::uint64_t run_child(const SimOptions& options, std::uint64_t count, bool twice,
                        const std::function<bool(std::uint64_t, const Verdict&)>& visit, bool& more) {
  int ends[2];
  std::fflush(nullptr);
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    ::close(ends[0]);
    be_child(options, count, twice, ends[1]);
  }
  ::close(ends[1]);
  std::FILE* pipe = ::fdopen(ends[0], "r");
  std::uint64_t done = 0;
  Message message;
  while (more && done < count && get(pipe, &message, sizeof message)) {
    Verdict verdict{message.kind, std::string(message.text_bytes, '\0'), message.steps, message.tally};
    if (!get(pipe, verdict.text.data(), verdict.text.size())) break;
    more = visit(options.seed + done++, verdict);
  }
  std::fclose(pipe);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!more || done == count) return done;
  more = visit(options.seed + done, {Verdict::Kind::crash, how_it_died(status), 0, {}});
  return done + 1;
}

}  // namespace

void simulate_apart(SimOptions options, std::uint64_t count, bool twice,
                    const std::function<bool(std::uint64_t, const Verdict&)>& visit) {
  bool more = true;
  while (more && count > 0) {
    const std::uint64_t done = run_child(options, std::min(count, kBatch), twice, visit, more);
    options.seed += done;
    count -= done;
  }
}

Verdict simulate_apart(const SimOptions& options, bool twice) {
  Verdict found;
  simulate_apart(options, 1, twice, [&](std::uint64_t, const Verdict& verdict) {
    found = verdict;
    return true;
  });
  return found;
}

std::string arguments_of(const SimOptions& options) {
  std::string text = "--seed " + std::to_string(options.seed) + " --steps " +
                     std::to_string(options.steps_max) + " --runs " + std::to_string(options.runs_max);
  if (const std::string skip = options.skip.text(); !skip.empty()) text += " --skip " + skip;
  if (!options.drop.empty()) {
    std::string keep;
    for (const SimWorkflow& workflow : workflows_of(options)) {
      for (const SimNode& node : workflow.nodes)
        keep += (keep.empty() ? "" : ",") + workflow.name + "." + node.name;
    }
    text += " --keep " + (keep.empty() ? "none" : keep);
  }
  if (options.plant != Plant::none)
    text += " --plant " + std::to_string(static_cast<unsigned>(options.plant));
  return text;
}

std::string first_difference(const std::string& one, const std::string& other) {
  if (one == other) return "";
  std::istringstream lines(one);
  std::istringstream other_lines(other);
  for (;;) {
    std::string line;
    std::string other_line;
    if (!std::getline(lines, line)) line = "(the end)";
    if (!std::getline(other_lines, other_line)) other_line = "(the end)";
    if (line != other_line) return "`" + line + "`, then `" + other_line + "`";
    if (lines.eof() && other_lines.eof()) return "only in how they end";
  }
}

}  // namespace tenuto::testing
