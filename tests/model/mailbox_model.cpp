// All interleavings of pushers and processors on core/sched/mailbox.h: no message lost, one processor at a
// time.
#include "core/sched/mailbox.h"

#include <gtest/gtest.h>

#include <array>

#include "core/sched/parker.h"
#include "tests/model/expect.h"

namespace tenuto::testing {
namespace {

struct Message {
  Message* next = nullptr;
  std::uint32_t pusher = 0;
  std::uint32_t number = 0;
};

constexpr std::uint32_t kEachMax = 3;

// What both scenarios do with messages: each once, in the order of its pusher, by one processor at a time.
template <class M>
class Inbox {
 public:
  // `busy_` is an atomic so that the explorer knows that two processors meet in it.
  void process_until_retired() {
    model_check(busy_.exchange(1) == 0, "two processors");
    do {
      for (Message* message = mailbox.take_all(); message != nullptr; message = message->next) {
        model_check(message->number == next_number_[message->pusher]++, "out of order");
        ++processed;
      }
      // Given up before the mailbox is: the next processor may start as soon as try_retire() succeeds.
      busy_.store(0);
      if (mailbox.try_retire()) return;
      model_check(busy_.exchange(1) == 0, "two processors");
    } while (true);
  }
  // True: the caller must see to the processing.
  bool push(std::uint32_t pusher, std::uint32_t number) {
    Message& message = messages_[pusher][number];
    message.pusher = pusher;
    message.number = number;
    return mailbox.push(&message);
  }

  M mailbox;
  std::uint32_t processed = 0;

 private:
  Atomic<std::uint32_t> busy_{0};
  std::array<std::uint32_t, 3> next_number_{};
  std::array<std::array<Message, kEachMax>, 3> messages_;
};

// Pushers process what they find themselves responsible for.
template <class M>
class PushersProcess final : public Scenario {
 public:
  PushersProcess(std::uint32_t pushers, std::uint32_t each) : Scenario(pushers), each_(each) {}
  void run(std::uint32_t thread) override {
    for (std::uint32_t i = 0; i < each_; ++i) {
      if (inbox_.push(thread, i)) inbox_.process_until_retired();
    }
  }
  void check() override {
    model_check(inbox_.processed == thread_count() * each_, "a message is lost");
    model_check(inbox_.mailbox.is_idle(), "a processor is missing");
  }

 private:
  const std::uint32_t each_;
  Inbox<M> inbox_;
};

// One thread has no message: it does something to what the mailbox guards when it finds it idle, and leaves it to the
// processor when it doesn't.
template <class M>
class OneClaims final : public Scenario {
 public:
  OneClaims(std::uint32_t pushers, std::uint32_t each)
      : Scenario(pushers + 1), pushers_(pushers), each_(each) {}
  void run(std::uint32_t thread) override {
    for (std::uint32_t i = 0; i < each_; ++i) {
      if (thread == pushers_ ? inbox_.mailbox.try_claim() : inbox_.push(thread, i))
        inbox_.process_until_retired();
    }
  }
  void check() override {
    model_check(inbox_.processed == pushers_ * each_, "a message is lost");
    model_check(inbox_.mailbox.is_idle(), "a processor is missing");
  }

 private:
  const std::uint32_t pushers_;
  const std::uint32_t each_;
  Inbox<M> inbox_;
};

// Two pushers hand the processing to a third thread, which sleeps in between.
template <class M>
class WorkerProcesses final : public Scenario {
 public:
  explicit WorkerProcesses(std::uint32_t each) : Scenario(3), each_(each) {}
  void run(std::uint32_t thread) override {
    if (thread == 2) {
      while (true) {
        parker_.park();
        inbox_.process_until_retired();
      }
    }
    for (std::uint32_t i = 0; i < each_; ++i) {
      if (inbox_.push(thread, i)) parker_.unpark();
    }
  }
  void check() override { model_check(inbox_.processed == 2 * each_, "a message is lost"); }
  [[nodiscard]] bool may_end_asleep() const override { return true; }

 private:
  const std::uint32_t each_;
  Parker parker_;
  Inbox<M> inbox_;
};

using Real = Mailbox<Message>;

TEST(MailboxModel, TwoPushersProcess) {
  expect_holds<PushersProcess<Real>>(2u, 2u);
}
TEST(MailboxModel, ThreePushersProcess) {
  expect_holds<PushersProcess<Real>>(3u, 1u);
}
TEST(MailboxModel, TwoPushersAndAProcessor) {
  expect_holds<WorkerProcesses<Real>>(1u);
}
TEST(MailboxModel, APusherAndOneThatClaims) {
  expect_holds<OneClaims<Real>>(1u, 2u);
}
TEST(MailboxModel, TwoPushersAndOneThatClaims) {
  expect_holds<OneClaims<Real>>(2u, 1u);
}

// The same protocol with a planted bug.
enum class Bug { no_second_look, idle_while_processing, claim_in_two_steps };

template <Bug kBug>
class BrokenMailbox {
 public:
  bool push(Message* node) {
    std::uintptr_t head = head_.load();
    do {
      node->next = head > 1 ? reinterpret_cast<Message*>(head) : nullptr;
    } while (!head_.compare_exchange_weak(head, reinterpret_cast<std::uintptr_t>(node)));
    return head == 0;
  }
  Message* take_all() {
    std::uintptr_t head = head_.exchange(kBug == Bug::idle_while_processing ? 0 : 1);
    Message* oldest = nullptr;
    for (Message* m = head > 1 ? reinterpret_cast<Message*>(head) : nullptr; m != nullptr;) {
      Message* older = m->next;
      m->next = oldest;
      oldest = m;
      m = older;
    }
    return oldest;
  }
  bool try_claim() {
    const bool is_free = head_.load() == 0;
    if (is_free) head_.store(1);
    return is_free;
  }
  bool try_retire() {
    if (kBug == Bug::idle_while_processing) return true;
    const bool is_empty = head_.load() == 1;
    if (is_empty) head_.store(0);
    return is_empty;
  }
  bool is_idle() { return head_.load() == 0; }

 private:
  Atomic<std::uintptr_t> head_{0};
};

TEST(MailboxModel, FindsARetirementWithoutASecondLook) {
  expect_found<PushersProcess<BrokenMailbox<Bug::no_second_look>>>(2u, 1u);
}
TEST(MailboxModel, FindsAClaimInTwoSteps) {
  expect_found<OneClaims<BrokenMailbox<Bug::claim_in_two_steps>>>(1u, 1u);
}
TEST(MailboxModel, FindsAMailboxThatLooksIdleWhileProcessed) {
  expect_found<PushersProcess<BrokenMailbox<Bug::idle_while_processing>>>(2u, 2u);
}

}  // namespace
}  // namespace tenuto::testing
