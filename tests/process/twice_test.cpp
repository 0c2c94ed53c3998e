// One store that is opened again and again: in one process, however its path is spelt, and by many processes at once.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <thread>
#include <vector>

#include "tests/process/engine.h"

namespace tenuto::testing {
namespace {

constexpr const char* kOne = R"({"tenuto": 1, "name": "one", "tasks": {"a": {"use": "body"}}})";

void nothing(void*, const tenuto_task*, tenuto_completion*) {}

bool reads(Engine& engine, const std::string& id) {
  tenuto_run* run = nullptr;
  std::int32_t state = 0;
  const bool found = tenuto_engine_find(engine.get(), id.data(), id.size(), &run) == TENUTO_OK &&
                     tenuto_run_state(run, &state) == TENUTO_OK && state == TENUTO_RUN_COMPLETED;
  tenuto_run_destroy(&run);
  return found;
}

// By a link, by a path with detours and from another directory: it is one engine, and closing one handle leaves the others theirs.
TEST(Twice, OfOneProcessAreOneEngine) {
  constexpr int kRounds = 1000;
  const Folder folder;
  const std::string store = folder / "store";
  std::filesystem::create_directory_symlink(store, folder / "link");
  const std::vector<std::string> paths = {store, folder / "link", folder / "./store/../store/",
                                          std::filesystem::relative(store).string()};
  const Workflow one(kOne);
  Engine first(store);
  first.must_be_open();
  first.native("body", nothing, TENUTO_NATIVE_INLINE);
  ASSERT_EQ(first.run(one, "kept").status, TENUTO_OK);
  for (int i = 0; i < kRounds; ++i) {
    Engine again(paths[static_cast<std::size_t>(i) % paths.size()],
                 i % 2 == 0 ? TENUTO_OPEN_AUTO : TENUTO_OPEN_OWNER);
    again.must_be_open();
    ASSERT_EQ(again.role(), TENUTO_ROLE_OWNER);
    ASSERT_TRUE(reads(again, "kept")) << i;
    ASSERT_EQ(again.close(), TENUTO_OK);
    ASSERT_TRUE(reads(first, "kept")) << i;
    if (i % 50 == 0) {
      ASSERT_EQ(first.run(one).status, TENUTO_OK) << i;
    }
  }
  // Another process is still told of, and its look changes nothing.
  const pid_t child = ::fork();
  if (child == 0) {
    end_soon();
    TN_MUST(Engine(store).status() == TENUTO_STATUS_OWNED);
    TN_MUST(std::string(tenuto_last_error()).find(std::to_string(::getppid())) != std::string::npos);
    {
      Engine client(paths[1], TENUTO_OPEN_AUTO);
      TN_MUST(client.role() == TENUTO_ROLE_CLIENT && reads(client, "kept"));
      Engine second(paths[2], TENUTO_OPEN_CLIENT);
      TN_MUST(second.close() == TENUTO_OK && reads(client, "kept"));
    }
    ::_exit(0);
  }
  EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(first.run(one).status, TENUTO_OK);
  EXPECT_EQ(first.close(), TENUTO_OK);
  EXPECT_TRUE(is_sound(store));
}

// Takes the right to a file that only one may have at a time; without an owner's lock two would meet here.
void own_alone(const std::string& mark) {
  const int fd = ::open(mark.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  TN_MUST(fd >= 0 && "two owners at a time");
  ::close(fd);
}

constexpr int kAtOnce = 8;

// Opens as fast as it can, until `rounds` were owners, all of them together; now and then the owner is killed.
[[noreturn]] void compete(const Folder& folder, std::atomic<int>* rounds, int limit, unsigned seed) {
  ::alarm(300);
  while (rounds->load() < limit) {
    {
      Engine engine(folder / "store");
      if (engine.status() == TENUTO_STATUS_OWNED) {
        TN_MUST(std::string(tenuto_last_error()).find("owned by ") != std::string::npos);
        ::usleep(::rand_r(&seed) % 300);
        continue;
      }
      engine.must_be_open();
      own_alone(folder / "mark");
      const int round = rounds->fetch_add(1);
      ::usleep(::rand_r(&seed) % 300);
      TN_MUST(::unlink((folder / "mark").c_str()) == 0);
      if (round % 16 == 5) ::kill(::getpid(), SIGKILL);
    }
    ::usleep(::rand_r(&seed) % 100);
  }
  ::_exit(0);
}

TEST(Twice, OfManyProcessesOneIsTheOwner) {
  const char* more = std::getenv("TENUTO_ROUNDS");
  const int limit = more != nullptr ? std::atoi(more) : 120;
  const Folder folder;
  auto* rounds = static_cast<std::atomic<int>*>(
      ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  rounds->store(0);
  // What an owner of long ago left: a number that is another process' by now. It means nothing.
  ASSERT_TRUE(std::filesystem::create_directory(folder / "store"));
  const int stale = ::open((folder / "store/owner.lock").c_str(), O_CREAT | O_WRONLY, 0600);
  ASSERT_EQ(::write(stale, "1\n", 2), 2);
  ::close(stale);
  std::vector<pid_t> children;
  unsigned seed = 1;
  const auto compete_too = [&] {
    const pid_t child = ::fork();
    if (child == 0) compete(folder, rounds, limit, seed);
    ++seed;
    children.push_back(child);
  };
  for (int i = 0; i < kAtOnce; ++i) compete_too();
  int kills = 0;
  while (!children.empty()) {
    const int ended = wait_for(children.back());
    children.pop_back();
    ASSERT_TRUE(ended == 0 || ended == 128 + SIGKILL) << ended;
    if (ended == 0) continue;
    ++kills;
    compete_too();
  }
  EXPECT_GE(rounds->load(), limit);
  EXPECT_GT(kills, 0);
  EXPECT_TRUE(is_sound(folder / "store"));
  std::printf("owners %d one after the other, of %d processes at once; killed %d\n", rounds->load(), kAtOnce,
              kills);
}

}  // namespace
}  // namespace tenuto::testing
