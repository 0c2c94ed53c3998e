// Forks of a process that has a store open: the child's calls say so, the parent goes on, and nothing of the store is the child's.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>

#include <thread>
#include <vector>

#include "tests/process/engine.h"

extern char** environ;

namespace tenuto::testing {
namespace {

constexpr const char* kOne = R"({"tenuto": 1, "name": "one", "tasks": {"a": {"use": "body"}}})";
constexpr const char* kChain = R"({"tenuto": 1, "name": "chain", "tasks": {
    "a": {"use": "body"}, "b": {"use": "body", "needs": ["a"]}, "c": {"use": "body", "needs": ["b"]}}})";

void nothing(void*, const tenuto_task*, tenuto_completion*) {}

// Everything that a child may call by mistake; the handles are its parent's.
void must_be_forked(tenuto_engine* engine, tenuto_run* run, tenuto_worker* worker) {
  const Workflow workflow(kOne);
  tenuto_run* other = nullptr;
  tenuto_buffer* text = nullptr;
  std::int32_t state = 0;
  TN_MUST(tenuto_engine_start(engine, workflow.get(), nullptr, &other) == TENUTO_STATUS_FORKED);
  TN_MUST(tenuto_engine_find(engine, "x", 1, &other) == TENUTO_STATUS_FORKED);
  TN_MUST(tenuto_engine_runs(engine, nullptr, 0, &text) == TENUTO_STATUS_FORKED);
  TN_MUST(tenuto_engine_info(engine, &text) == TENUTO_STATUS_FORKED);
  TN_MUST(tenuto_run_state(run, &state) == TENUTO_STATUS_FORKED);
  TN_MUST(tenuto_run_result(run, -1, &text) == TENUTO_STATUS_FORKED);
  TN_MUST(tenuto_run_cancel(run, nullptr, 0, nullptr, 0) == TENUTO_STATUS_FORKED);
  tenuto_batch* batch = nullptr;
  TN_MUST(tenuto_worker_poll(worker, 1, -1, &batch) == TENUTO_STATUS_FORKED);
  const tenuto_completion completion = TENUTO_COMPLETION_INIT;
  TN_MUST(tenuto_worker_complete(worker, &completion, 1, nullptr) == TENUTO_STATUS_FORKED);
  TN_MUST(tenuto_engine_role(engine) == 0);
}

struct Slow {
  std::atomic<bool> may_end{false};
  std::atomic<int> running{0};
};
void slow(void* data, const tenuto_task*, tenuto_completion*) {
  auto& gate = *static_cast<Slow*>(data);
  ++gate.running;
  while (!gate.may_end.load()) ::usleep(500);
}

// A program's own engine, which goes when the program ends, in a child too.
struct AtExit {
  tenuto_engine* engine = nullptr;
  ~AtExit() { tenuto_engine_destroy(&engine); }
};
AtExit at_exit;

// Bodies run, a thread waits for a result, another one for tasks; another store is opened and closed all the time.
TEST(Forks, InTheMiddleOfEverything) {
  constexpr int kRounds = 24;
  const Folder folder;
  const Workflow one(kOne);
  const Workflow hosted(R"({"tenuto": 1, "name": "hosted", "tasks": {"a": {"use": "theirs"}}})");
  Slow gate;
  Engine engine(folder / "store");
  engine.must_be_open();
  engine.native("body", slow, 0, &gate);
  TN_MUST(tenuto_engine_register_hosted(engine.get(), "theirs", 6, nullptr) == TENUTO_OK);
  tenuto_worker* worker = nullptr;
  TN_MUST(tenuto_worker_open(engine.get(), "default", 7, nullptr, &worker) == TENUTO_OK);
  tenuto_run* run = nullptr;
  TN_MUST(engine.start(one, "waited-for", &run) == TENUTO_OK);
  std::thread attendant([&] { TN_MUST(tenuto_run_result(run, -1, nullptr) == TENUTO_OK); });
  std::thread poller([&] {
    // What it gets it puts back.
    for (;;) {
      tenuto_batch* batch = nullptr;
      const tenuto_status status = tenuto_worker_poll(worker, 1, -1, &batch);
      if (status == TENUTO_STATUS_CLOSED) return;
      TN_MUST(status == TENUTO_OK);
      tenuto_batch_destroy(&batch);
      ::usleep(1000);
    }
  });
  std::atomic<bool> stop{false};
  std::thread opener([&] {
    while (!stop.load()) {
      const Engine other(folder / "other");
      other.must_be_open();
    }
  });
  std::thread starter([&] {
    while (!stop.load()) {
      tenuto_run* more = nullptr;
      TN_MUST(engine.start(hosted, "", &more) == TENUTO_OK);
      tenuto_run_destroy(&more);
      ::usleep(200);
    }
  });
  while (gate.running.load() == 0) ::usleep(500);
  at_exit.engine = engine.get();
  for (int i = 0; i < kRounds; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      end_soon();
      must_be_forked(engine.get(), run, worker);
      {
        const std::string own = folder / ("own-" + std::to_string(::getpid()));
        Engine mine(own);
        mine.must_be_open();
        mine.native("body", nothing, i % 2 == 0 ? TENUTO_NATIVE_INLINE : 0);
        TN_MUST(mine.run(one).status == TENUTO_OK);
        // Its parent's store it may use as any other process.
        Engine theirs(folder / "store", TENUTO_OPEN_AUTO);
        TN_MUST(theirs.role() == TENUTO_ROLE_CLIENT);
        TN_MUST(Engine(folder / "store").status() == TENUTO_STATUS_OWNED);
      }
      std::exit(0);  // with all destructors of the parent's program
    }
    ASSERT_EQ(wait_for(child), 0) << "round " << i;
    ASSERT_EQ(engine.role(), TENUTO_ROLE_OWNER);
  }
  at_exit.engine = nullptr;
  stop.store(true);
  opener.join();
  starter.join();
  gate.may_end.store(true);
  attendant.join();
  TN_MUST(tenuto_worker_close(worker) == TENUTO_OK);
  poller.join();
  tenuto_worker_destroy(&worker);
  tenuto_run_destroy(&run);
  EXPECT_EQ(engine.run(one).status, TENUTO_OK);
  EXPECT_EQ(engine.close(), TENUTO_OK);
  EXPECT_TRUE(is_sound(folder / "store"));
}

// A child that lives on keeps neither the store locked nor a client's tables.
TEST(Forks, AChildKeepsNothingOfAClosedStore) {
  const Folder folder;
  const Workflow one(kOne);
  for (int i = 0; i < 10; ++i) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    pid_t child = 0;
    {
      Engine engine(folder / "store");
      engine.must_be_open();
      engine.native("body", nothing, TENUTO_NATIVE_INLINE);
      ASSERT_EQ(engine.run(one).status, TENUTO_OK);
      child = ::fork();
      if (child == 0) {
        ::close(pipe[1]);
        char end = 0;
        ::_exit(::read(pipe[0], &end, 1) == 0 ? 0 : 1);
      }
    }
    ::close(pipe[0]);
    {
      Engine again(folder / "store");
      again.must_be_open();
      EXPECT_EQ(again.role(), TENUTO_ROLE_OWNER);
    }
    ::close(pipe[1]);
    EXPECT_EQ(wait_for(child), 0);
  }
  EXPECT_TRUE(is_sound(folder / "store"));
}

enum class Leaves { by_exit, by_exec, by_return };

struct Forker {
  Leaves how = Leaves::by_exit;
  pid_t parent = 0;
  std::atomic<int> calls{0};
  std::atomic<pid_t> child{0};
  std::string effects;  // a line for each call, of whatever process
};

void fork_in_body(void* data, const tenuto_task* task, tenuto_completion*) {
  auto& forker = *static_cast<Forker*>(data);
  std::FILE* file = std::fopen(forker.effects.c_str(), "a");
  TN_MUST(file != nullptr);
  std::fprintf(file, "%d %s\n", static_cast<int>(::getpid()), tenuto_task_path(task));
  std::fclose(file);
  if (forker.calls.fetch_add(1) != 0) return;
  const pid_t child = ::fork();
  if (child != 0) {
    forker.child.store(child);
    return;
  }
  end_soon();
  if (forker.how == Leaves::by_exit) ::_exit(0);
  if (forker.how == Leaves::by_exec) {
    ::execl("/bin/true", "true", nullptr);
    ::_exit(98);
  }
  // Comes back into a library whose other threads are gone, on a stack that belongs to them.
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::FILE* file = std::fopen(path.c_str(), "r");
  char line[256];
  while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr) lines.emplace_back(line);
  if (file != nullptr) std::fclose(file);
  return lines;
}

class ForksInBodies : public ::testing::TestWithParam<std::tuple<Leaves, std::uint32_t, bool>> {};

// `waits` at once: the body may run on this thread, inside of tenuto_run_result.
TEST_P(ForksInBodies, LeaveTheParentUnharmed) {
  const auto [how, flags, waits] = GetParam();
  const Folder folder;
  const Workflow chain(kChain);
  Forker forker;
  forker.how = how;
  forker.parent = ::getpid();
  forker.effects = folder / "effects";
  {
    Engine engine(folder / "store");
    engine.must_be_open();
    engine.native("body", fork_in_body, flags, &forker);
    tenuto_run* run = nullptr;
    tenuto_status status = engine.start(chain, "forked-in", &run);
    if (status == TENUTO_OK && !waits) {
      while (forker.child.load() == 0) ::usleep(500);
    }
    if (status == TENUTO_OK) status = tenuto_run_result(run, 60'000'000'000, nullptr);
    if (::getpid() != forker.parent) ::_exit(status == TENUTO_STATUS_FORKED ? 0 : 97);
    EXPECT_EQ(status, TENUTO_OK);
    EXPECT_EQ(wait_for(forker.child.load()), 0);
    tenuto_run_destroy(&run);
    EXPECT_EQ(engine.run(chain).status, TENUTO_OK);
    EXPECT_EQ(engine.close(), TENUTO_OK);
  }
  // Each body once, in the parent.
  const std::string mine = std::to_string(forker.parent) + " ";
  const std::vector<std::string> effects = lines_of(forker.effects);
  EXPECT_EQ(effects.size(), 6u);
  for (const std::string& line : effects) EXPECT_EQ(line.rfind(mine, 0), 0u) << line;
  EXPECT_TRUE(is_sound(folder / "store"));
  Engine again(folder / "store");
  again.must_be_open();
  EXPECT_EQ(again.run(chain, "forked-in").status, TENUTO_OK);
}

INSTANTIATE_TEST_SUITE_P(All, ForksInBodies,
                         ::testing::Combine(::testing::Values(Leaves::by_exit, Leaves::by_exec,
                                                              Leaves::by_return),
                                            ::testing::Values(0u, TENUTO_NATIVE_INLINE), ::testing::Bool()));

// Whatever is open here is closed in a program that is started from here, also one that is started in the middle of an open.
TEST(Forks, AProgramThatIsStartedInheritsNothing) {
  const Folder folder;
  Engine owner(folder / "store");
  owner.must_be_open();
  std::atomic<bool> stop{false};
  std::thread opener([&] {
    while (!stop.load()) {
      const Engine other(folder / "other");
      other.must_be_open();
    }
  });
  // grep finds a descriptor of the store. Not counted: the data file of the tables that are being opened, which LMDB lets be inherited
  // until it is told otherwise.
  const std::string look = "for f in /proc/self/fd/*; do readlink $f; done | grep " + folder.path() +
                           " | grep -v other/state/.*data.mdb";
  std::string shell = "sh";
  std::string option = "-c";
  std::string command = look;
  char* arguments[] = {shell.data(), option.data(), command.data(), nullptr};
  for (int i = 0; i < 40; ++i) {
    pid_t child = 0;
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ASSERT_EQ(::posix_spawn(&child, "/bin/sh", &files, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    EXPECT_EQ(wait_for(child), 1) << "grep found a descriptor";
  }
  stop.store(true);
  opener.join();
}

}  // namespace
}  // namespace tenuto::testing
