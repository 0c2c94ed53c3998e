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
  Plain<Message*> next{nullptr};
  Plain<std::uint32_t> pusher{0};
  Plain<std::uint32_t> number{0};
};

constexpr std::uint32_t kEachMax = 3;

// What all scenarios do with messages: each once, in the order of its pusher, by one processor at a time. Two at a time would
// be a data race.
template <class M>
class Inbox {
 public:
  void process_until_retired() {
    // The engine's processor looks at its run before it takes messages.
    model_check(processed < 3 * kEachMax, "more than was sent");
    do {
      for (Message* message = mailbox.take_all(); message != nullptr; message = message->next) {
        Plain<std::uint32_t>& next = next_number_[message->pusher];
        model_check(message->number == next, "out of order");
        next = next + 1;
        processed = processed + 1;
      }
    } while (!mailbox.try_retire());
  }
  // True: the caller must see to the processing.
  bool push(std::uint32_t pusher, std::uint32_t number) {
    Message& message = messages_[pusher][number];
    message.pusher = pusher;
    message.number = number;
    return mailbox.push(&message);
  }

  M mailbox;
  Plain<std::uint32_t> processed{0};

 private:
  std::array<Plain<std::uint32_t>, 3> next_number_;
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
      if (thread == pushers_) {
        if (!inbox_.mailbox.try_claim()) continue;
        claimed_ = claimed_ + inbox_.processed;
        inbox_.process_until_retired();
      } else if (inbox_.push(thread, i)) {
        inbox_.process_until_retired();
      }
    }
  }
  void check() override {
    model_check(inbox_.processed == pushers_ * each_, "a message is lost");
    model_check(inbox_.mailbox.is_idle(), "a processor is missing");
  }

 private:
  const std::uint32_t pushers_;
  const std::uint32_t each_;
  Plain<std::uint32_t> claimed_{0};
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

const Model mailbox_model("MailboxModel", {"core/sched/mailbox.h"},
                          {
                              holds<PushersProcess<Real>>("TwoPushersProcess", 2u, 2u),
                              holds<PushersProcess<Real>>("ThreePushersProcess", 3u, 1u),
                              holds<WorkerProcesses<Real>>("TwoPushersAndAProcessor", 1u),
                              holds<OneClaims<Real>>("APusherAndOneThatClaims", 1u, 2u),
                              holds<OneClaims<Real>>("TwoPushersAndOneThatClaims", 2u, 1u),
                          });

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
      Message* const older = m->next;
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
