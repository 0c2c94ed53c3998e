// Processes that read a store, and are killed or stopped in the middle of it, beside an owner that writes.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <vector>

#include "tests/process/engine.h"

namespace tenuto::testing {
namespace {

// The output of a run is its input, which is its number: what a reader may see is known without asking.
constexpr const char* kEcho =
    R"({"tenuto": 1, "name": "echo", "tasks": {"a": {"use": "body"}}, "output": "${input}"})";

void nothing(void*, const tenuto_task*, tenuto_completion*) {}

// Between the processes of a test.
struct Board {
  std::atomic<std::uint64_t> ended{0};  // runs 0 to ended - 1 were seen to have completed
  std::atomic<std::uint64_t> reads{0};
  std::atomic<std::uint64_t> wrong{0};
};

Board& shared_board() {
  void* memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  TN_MUST(memory != MAP_FAILED);
  return *new (memory) Board;
}

std::string id_of(std::uint64_t number) {
  return "run-" + std::to_string(1'000'000 + number);
}

// Whether a client is told what it must be told about a run that has completed.
bool is_right(Engine& engine, std::uint64_t number) {
  const std::string id = id_of(number);
  tenuto_run* run = nullptr;
  if (tenuto_engine_find(engine.get(), id.data(), id.size(), &run) != TENUTO_OK) return false;
  tenuto_buffer* output = nullptr;
  const tenuto_status status = tenuto_run_result(run, 0, &output);
  const std::string text = output == nullptr ? "" : text_of(output);
  tenuto_run_destroy(&run);
  return status == TENUTO_OK && text == std::to_string(number);
}

[[noreturn]] void read_on(const std::string& store, Board& board, unsigned seed) {
  ::alarm(300);
  Engine engine(store, TENUTO_OPEN_CLIENT);
  engine.must_be_open();
  for (;;) {
    const std::uint64_t ended = board.ended.load();
    if (ended == 0) continue;
    // Half of them among the newest, which the tables may not have yet.
    const auto draw = static_cast<std::uint64_t>(::rand_r(&seed));
    const std::uint64_t number =
        draw % 2 == 0 ? draw / 2 % ended : ended - 1 - draw / 2 % std::min<std::uint64_t>(ended, 16);
    if (!is_right(engine, number)) {
      std::fprintf(stderr, "run %s of %s: %s\n", id_of(number).c_str(), id_of(ended).c_str(),
                   tenuto_last_error());
      board.wrong.fetch_add(1);
    }
    board.reads.fetch_add(1);
  }
}

// Starts `count` runs one by one and tells of each when it has completed; of each too early with `lies`.
void write(Engine& owner, const Workflow& echo, Board& board, int count, bool lies = false) {
  for (int i = 0; i < count; ++i) {
    const std::uint64_t number = board.ended.load();
    const std::string id = id_of(number);
    const std::string input = std::to_string(number);
    tenuto_start_options options = TENUTO_START_OPTIONS_INIT;
    options.id = id.data();
    options.id_size = id.size();
    options.input = input.data();
    options.input_size = input.size();
    if (lies) {
      board.ended.store(number + 1);
      ::usleep(3000);
    }
    tenuto_run* run = nullptr;
    TN_MUST(tenuto_engine_start(owner.get(), echo.get(), &options, &run) == TENUTO_OK);
    TN_MUST(tenuto_run_result(run, -1, nullptr) == TENUTO_OK);
    tenuto_run_destroy(&run);
    board.ended.store(number + 1);
  }
}

class ReaderProcesses {
 public:
  ReaderProcesses(const std::string& store, Board& board) : store_(store), board_(board) {}
  ~ReaderProcesses() { kill_all(); }
  ReaderProcesses(const ReaderProcesses&) = delete;
  ReaderProcesses& operator=(const ReaderProcesses&) = delete;
  void add() {
    const pid_t child = ::fork();
    if (child == 0) read_on(store_, board_, ++seed_);
    ++seed_;
    pids_.push_back(child);
  }
  void kill(std::size_t index) {
    ::kill(pids_[index], SIGKILL);
    TN_MUST(wait_for(pids_[index]) == 128 + SIGKILL);
    pids_.erase(pids_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  void kill_all() {
    while (!pids_.empty()) kill(pids_.size() - 1);
  }
  void stop(std::size_t index) const { ::kill(pids_[index], SIGSTOP); }
  void go_on(std::size_t index) const { ::kill(pids_[index], SIGCONT); }
  [[nodiscard]] pid_t pid(std::size_t index) const { return pids_[index]; }

 private:
  const std::string store_;
  Board& board_;
  unsigned seed_ = 1;
  std::vector<pid_t> pids_;
};

// An owner that works, and processes that read its store.
class Readers : public ::testing::Test {
 protected:
  Readers() {
    owner.must_be_open();
    owner.native("body", nothing, TENUTO_NATIVE_INLINE);
  }
  // They are written after a second at most.
  void wait_for_tables() {
    while (owner.info().find("\"behind_bytes\":0}") == std::string::npos) ::usleep(20'000);
  }

  const Folder folder;
  const Workflow echo{kEcho};
  Board& board = shared_board();
  Engine owner{folder / "store"};
  ReaderProcesses readers{folder / "store", board};
};

TEST_F(Readers, KilledAndStoppedOnesAreToldNothingWrong) {
  const char* more = std::getenv("TENUTO_ROUNDS");
  const std::uint64_t wanted = more != nullptr ? std::strtoull(more, nullptr, 10) * 1000 : 20'000;
  write(owner, echo, board, 1);
  for (int i = 0; i < 3; ++i) readers.add();
  unsigned seed = 7;
  int kills = 0;
  int stops = 0;
  while (board.reads.load() < wanted && board.wrong.load() == 0) {
    write(owner, echo, board, ::rand_r(&seed) % 20);
    if (::rand_r(&seed) % 2 == 0) {
      readers.kill(0);
      readers.add();
      ++kills;
    } else {
      readers.stop(1);
      write(owner, echo, board, 10);
      readers.go_on(1);
      ++stops;
    }
  }
  EXPECT_EQ(board.wrong.load(), 0u);
  EXPECT_GT(kills, 5);
  // Those that died in the middle of a read hold nothing any more.
  readers.kill_all();
  write(owner, echo, board, 1);
  wait_for_tables();
  EXPECT_NE(owner.info().find("\"readers\":0,"), std::string::npos) << owner.info();
  std::printf("reads %ju, wrong %ju, readers killed %d, stopped %d, runs %ju\n", std::uintmax_t{board.reads},
              std::uintmax_t{board.wrong}, kills, stops, std::uintmax_t{board.ended});
}

TEST_F(Readers, AnOwnerThatTellsTooEarlyIsFound) {
  write(owner, echo, board, 1);
  readers.add();
  for (int i = 0; i < 2000 && board.wrong.load() == 0; ++i) write(owner, echo, board, 1, true);
  EXPECT_GT(board.wrong.load(), 0u);
}

bool is_named(Engine& engine, pid_t pid) {
  const std::string info = engine.info();
  const std::size_t held = info.find("\"held_readers\":[");
  const std::string names = info.substr(held, info.find(']', held) - held);
  return names.find("{\"pid\":" + std::to_string(pid) + ",") != std::string::npos &&
         names.find("\"stopped\":true") != std::string::npos;
}

// Stopped in the middle of a read: named to the owner and to others, with its number; gone from there when it goes on.
TEST_F(Readers, AStoppedOneIsNamedUntilItGoesOn) {
  write(owner, echo, board, 100);
  readers.add();
  bool named = false;
  // It may be stopped between two reads; then it is let go on, and stopped again.
  for (int i = 0; i < 100 && !named; ++i) {
    const std::uint64_t reads = board.reads.load();
    while (board.reads.load() == reads) ::usleep(200);
    readers.stop(0);
    write(owner, echo, board, 1);
    wait_for_tables();
    named = is_named(owner, readers.pid(0));
    if (!named) readers.go_on(0);
  }
  ASSERT_TRUE(named);
  const pid_t client = ::fork();
  if (client == 0) {
    end_soon();
    Engine other(folder / "store", TENUTO_OPEN_CLIENT);
    other.must_be_open();
    TN_MUST(is_named(other, readers.pid(0)));
    ::_exit(0);
  }
  EXPECT_EQ(wait_for(client), 0);
  const std::uint64_t reads = board.reads.load();
  readers.go_on(0);
  while (board.reads.load() < reads + 2) ::usleep(200);
  EXPECT_FALSE(is_named(owner, readers.pid(0)));
  EXPECT_EQ(board.wrong.load(), 0u);
}

}  // namespace
}  // namespace tenuto::testing
