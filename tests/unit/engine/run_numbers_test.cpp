#include "core/engine/run_numbers.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tenuto {
namespace {

// A journal that is made durable by hand, or by whoever waits.
class FakeJournal final : public RunNumbers::Reservations {
 public:
  Position append(RunNumber mark) override {
    marks.push_back(mark.value);
    return Position{marks.size()};
  }
  [[nodiscard]] Position durable() const override { return durable_; }
  Status await(Position end) override {
    ++waits;
    if (refuses) return {Code::full, "no room"};
    durable_ = end;
    return {};
  }
  void commit() { durable_ = Position{marks.size()}; }

  std::vector<std::uint64_t> marks;
  int waits = 0;
  bool refuses = false;

 private:
  Position durable_;
};

std::uint64_t take(RunNumbers& numbers, FakeJournal& journal, std::uint64_t count = 1) {
  const auto first = numbers.take(count, journal);
  EXPECT_TRUE(first.ok());
  return first.ok() ? first->value : 0;
}

TEST(RunNumbers, ANewBlockIsAskedForAheadAndNobodyWaits) {
  RunNumbers numbers(10);
  numbers.begin(RunNumber{1});
  FakeJournal journal;
  for (std::uint64_t n = 1; n <= 5; ++n) EXPECT_EQ(take(numbers, journal), n);
  EXPECT_TRUE(journal.marks.empty());
  EXPECT_EQ(take(numbers, journal), 6u);
  EXPECT_EQ(journal.marks, std::vector<std::uint64_t>{21});
  journal.commit();
  for (std::uint64_t n = 7; n <= 15; ++n) EXPECT_EQ(take(numbers, journal), n);
  EXPECT_EQ(journal.marks.size(), 1u);
  EXPECT_EQ(journal.waits, 0);
}

TEST(RunNumbers, NoneIsGivenAboveTheDurableMark) {
  RunNumbers numbers(4);
  numbers.begin(RunNumber{1});
  FakeJournal journal;
  journal.refuses = true;
  for (std::uint64_t n = 1; n <= 4; ++n) EXPECT_EQ(take(numbers, journal), n);
  EXPECT_EQ(numbers.take(1, journal).code(), Code::full);
  EXPECT_EQ(journal.waits, 1);
  journal.refuses = false;
  EXPECT_EQ(take(numbers, journal), 6u);  // what was refused is passed over
  EXPECT_EQ(journal.waits, 2);
}

TEST(RunNumbers, ManyAtOnceAreCovered) {
  RunNumbers numbers(4);
  numbers.begin(RunNumber{1});
  FakeJournal journal;
  EXPECT_EQ(take(numbers, journal, 1000), 1u);
  EXPECT_GE(journal.marks.back(), 1001u);
  EXPECT_EQ(journal.waits, 1);
}

TEST(RunNumbers, WhatWasNotGivenIsGivenBack) {
  RunNumbers numbers(10);
  numbers.begin(RunNumber{1});
  FakeJournal journal;
  EXPECT_EQ(take(numbers, journal), 1u);
  numbers.give_back(journal);
  EXPECT_EQ(journal.marks, std::vector<std::uint64_t>{2});
  // Whoever goes on all the same reserves anew.
  EXPECT_EQ(take(numbers, journal), 2u);
  EXPECT_EQ(journal.marks.back(), 13u);
}

}  // namespace
}  // namespace tenuto
