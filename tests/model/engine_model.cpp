// All executions of small programs on what threads share in core/engine: tickets, slabs, waiters, run numbers.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "core/engine/run_numbers.h"
#include "core/engine/slab.h"
#include "core/engine/ticket.h"
#include "core/engine/waiter.h"
#include "tests/model/expect.h"

namespace tenuto::testing {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// Tickets: a processor that may withdraw what it issued, and use the ticket again; a host that begins and reports; a time-out.
// Tokens are passed on relaxed, so the ticket alone must order what stands in it.
class TicketScenario final : public Scenario {
 public:
  TicketScenario(std::uint32_t threads, bool withdraws) : Scenario(threads), withdraws_(withdraws) {}
  void run(std::uint32_t thread) override {
    if (thread == 0) return process();
    const std::uint32_t token = token_.load(kRelaxed);
    if (token == 0) return;
    thread == 1 ? host(token) : time_out(token);
  }
  void check() override {
    model_check(began_ + withdrawn_ <= 1, "begun and withdrawn");
    model_check(returned_ + late_ == began_, "a report is neither current nor late, or both");
    model_check(late_ == abandoned_, "late without a time-out, or in time in spite of one");
  }

 private:
  void process() {
    argument_ = 1;
    const std::uint32_t first = ticket_.issue();
    token_.store(first, kRelaxed);
    if (!withdraws_ || !ticket_.try_withdraw(first)) return;
    withdrawn_ = 1;
    ticket_.make_free();
    // Another use, which the old token must not touch.
    argument_ = 2;
    model_check(ticket_.issue() != first, "the same token twice");
  }
  void host(std::uint32_t token) {
    if (!ticket_.try_begin(token)) return;
    began_ = 1;
    model_check(argument_ == 1, "the argument of another use");
    const Ticket::Return as = ticket_.try_return(token);
    model_check(as != Ticket::Return::unknown, "a report that nobody knows");
    (as == Ticket::Return::current ? returned_ : late_) = 1;
    model_check(ticket_.try_return(token) == Ticket::Return::unknown, "reported twice");
  }
  void time_out(std::uint32_t token) {
    if (ticket_.is_out(token)) model_check(argument_ == 1, "out, with the argument of another use");
    abandoned_ = ticket_.try_abandon(token) ? 1 : 0;
  }

  const bool withdraws_;
  Ticket ticket_;
  Plain<int> argument_{0};
  Atomic<std::uint32_t> token_{0};
  int began_ = 0, withdrawn_ = 0, returned_ = 0, late_ = 0, abandoned_ = 0;  // each of one thread
};

const char* const kByMailbox =
    "what a body leaves goes to the run's processor by the mailbox, and the next use of a slot by the slab's "
    "lock";
const Model ticket_model(
    "TicketModel", {"core/engine/ticket.h"},
    {
        holds<TicketScenario>("AHostAndATimeOut", 3u, false),
        holds<TicketScenario>("AHostAndAWithdrawal", 2u, true),
        large(holds<TicketScenario>("AHostATimeOutAndAWithdrawal", 3u, true)),
    },
    {
        {"core/engine/ticket.h", "word_.compare_exchange_strong(expected", kByMailbox, "-> acquire"},
        {"core/engine/ticket.h", "word_.compare_exchange_strong(expected", "nobody acts on a failure",
         "failed"},
        {"core/engine/ticket.h", "TicketState::free), std::memory_order_release", kByMailbox},
        {"core/engine/ticket.h", "TicketState::lent), std::memory_order_release",
         "no other thread acts on a ticket that is lent"},
        {"core/engine/ticket.h", "TicketState::running);", "the answer alone is used"},
    });

// Slabs.
struct Thing {
  Atomic<std::uint32_t> value{1};
};
class SlabScenario final : public Scenario {
 public:
  SlabScenario() : Scenario(3) {}
  void run(std::uint32_t thread) override {
    if (thread < 2) {
      const std::uint32_t number = slab_.acquire();
      slab_.at(number).value.store(2 + number, kRelaxed);
      last_.store(number, kRelaxed);
      return;
    }
    const std::uint32_t number = last_.load(kRelaxed);
    if (!slab_.contains(number)) return;
    const std::uint32_t value = slab_.at(number).value.load(kRelaxed);
    model_check(value == 1 || value == 2 + number, "another object");
  }
  void check() override { model_check(slab_.in_use() == 2, "a number is given twice"); }

 private:
  Slab<Thing, 1, 2> slab_;
  Atomic<std::uint32_t> last_{0};
};
const Model slab_model("SlabModel", {"core/engine/slab.h"}, {holds<SlabScenario>("TwoAcquireAndOneLooks")});

// Waiters: who waits, who looks, and who answers.
class WaiterScenario final : public Scenario {
 public:
  explicit WaiterScenario(std::uint32_t answers) : Scenario(2 + answers) {
    for (std::uint32_t i = 1; i < answers; ++i) waiter_.expect_another();
  }
  void run(std::uint32_t thread) override {
    if (thread == 0) {
      model_check(waiter_.wait(-1), "waited for ever and has no answer");
      model_check(waiter_.take().number.value >= 2, "no answer");
    } else if (thread == 1) {
      if (waiter_.is_answered()) model_check(waiter_.take().number.value >= 2, "answered, but no answer");
    } else {
      RunAnswer answer;
      answer.number = RunNumber{thread};
      waiter_.answer(std::move(answer));
    }
  }

 private:
  Waiter waiter_;
};
const Model waiter_model("WaiterModel", {"core/engine/waiter.h"},
                         {
                             holds<WaiterScenario>("OneAnswer", 1u),
                             holds<WaiterScenario>("TheLastOfTwoAnswersCounts", 2u),
                         });

// Run numbers: threads that take some, from a journal whose marks become durable when somebody waits for them.
class NumbersScenario final : public Scenario, public RunNumbers::Reservations {
 public:
  NumbersScenario(std::uint32_t threads, std::uint64_t each) : Scenario(threads), each_(each), numbers_(2) {
    durable_mark_.store(3);
    numbers_.begin(RunNumber{1});
  }
  void run(std::uint32_t thread) override {
    for (std::uint64_t i = 0; i < each_; ++i) {
      const Result<RunNumber> number = numbers_.take(1, *this);
      model_check(number.ok(), "no number");
      // Relaxed: that the number was given must make its mark visible.
      model_check(number->value < durable_mark_.load(kRelaxed), "a number whose mark is not durable");
      given_[thread].push_back(number->value);
    }
  }
  void check() override {
    std::set<std::uint64_t> all;
    for (const auto& own : given_) {
      for (const std::uint64_t number : own)
        model_check(all.insert(number).second, "a number is given twice");
    }
  }
  Position append(RunNumber mark) override {  // under the numbers' lock
    asked_mark_ = mark.value;
    return Position(mark.value);
  }
  [[nodiscard]] Position durable() const override { return Position(durable_mark_.load(kRelaxed)); }
  Status await(Position end) override {
    const MutexLock lock(committing_);
    if (durable_mark_.load(kRelaxed) < end.value) durable_mark_.store(end.value, kRelaxed);
    return {};
  }

 private:
  const std::uint64_t each_;
  Atomic<std::uint64_t> durable_mark_{0};
  Plain<std::uint64_t> asked_mark_{0};
  Mutex committing_;
  RunNumbers numbers_;
  std::array<std::vector<std::uint64_t>, 3> given_;
};
const Model numbers_model("RunNumbersModel", {"core/engine/run_numbers.cpp"},
                          {
                              holds<NumbersScenario>("TwoTakeTwo", 2u, std::uint64_t{2}),
                              holds<NumbersScenario>("ThreeTakeOne", 3u, std::uint64_t{1}),
                          });

}  // namespace
}  // namespace tenuto::testing
