#include "core/sched/mailbox.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace tenuto {
namespace {

struct Message {
  Message* next = nullptr;
  int producer = 0;
  int number = 0;
};

std::vector<int> numbers(Message* list) {
  std::vector<int> result;
  for (; list != nullptr; list = list->next) result.push_back(list->number);
  return result;
}

TEST(Mailbox, OnlyThePushIntoAnIdleOneMakesAProcessor) {
  Mailbox<Message> mailbox;
  std::array<Message, 4> messages;
  for (int i = 0; i < 4; ++i) messages[static_cast<std::size_t>(i)].number = i;
  EXPECT_TRUE(mailbox.is_idle());
  EXPECT_TRUE(mailbox.push(&messages[0]));
  EXPECT_FALSE(mailbox.push(&messages[1]));
  EXPECT_EQ(numbers(mailbox.take_all()), (std::vector<int>{0, 1}));
  EXPECT_EQ(mailbox.take_all(), nullptr);
  EXPECT_FALSE(mailbox.push(&messages[2])) << "the processor has not retired";
  EXPECT_FALSE(mailbox.try_retire());
  EXPECT_EQ(numbers(mailbox.take_all()), (std::vector<int>{2}));
  EXPECT_TRUE(mailbox.try_retire());
  EXPECT_TRUE(mailbox.is_idle());
  EXPECT_TRUE(mailbox.push(&messages[3]));
}

// The state guarded by a mailbox is touched by one thread at a time: `processed` is no atomic, and TSan
// watches.
TEST(Mailbox, ManyPushersProcessEachOthersMessagesOneAtATime) {
  constexpr int kThreads = 4;
  constexpr int kEach = 20'000;
  Mailbox<Message> mailbox;
  std::vector<std::vector<Message>> messages(kThreads, std::vector<Message>(kEach));
  std::vector<int> next_number(kThreads, 0);
  int processed = 0;
  int out_of_order = 0;
  const auto process = [&] {
    do {
      for (Message* m = mailbox.take_all(); m != nullptr; m = m->next) {
        ++processed;
        if (m->number != next_number[static_cast<std::size_t>(m->producer)]++) ++out_of_order;
      }
    } while (!mailbox.try_retire());
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        Message& message = messages[static_cast<std::size_t>(t)][static_cast<std::size_t>(i)];
        message.producer = t;
        message.number = i;
        if (mailbox.push(&message)) process();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(processed, kThreads * kEach);
  EXPECT_EQ(out_of_order, 0);
  EXPECT_TRUE(mailbox.is_idle());
}

}  // namespace
}  // namespace tenuto
