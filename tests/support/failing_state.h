// The tables of a state, of which one call fails: for tests that let each fail in turn.
#pragma once

#include <functional>
#include <memory>

#include "core/store/state.h"
#include "tests/support/planned_failure.h"

namespace tenuto::testing {

// Of every call of State and of its transactions.
class FailingState final : public State, public PlannedFailure {
 public:
  explicit FailingState(State& state) : PlannedFailure("the tables"), state_(state) {}

  Result<std::unique_ptr<StateRead>> begin_read() const override {
    TN_TRY(meet());
    TN_ASSIGN(std::unique_ptr<StateRead> read, state_.begin_read());
    return std::unique_ptr<StateRead>(std::make_unique<Read>(*this, std::move(read)));
  }
  Result<std::unique_ptr<StateWrite>> begin_write() override {
    TN_TRY(meet());
    TN_ASSIGN(std::unique_ptr<StateWrite> write, state_.begin_write());
    return std::unique_ptr<StateWrite>(std::make_unique<Write>(*this, std::move(write)));
  }
  Result<StateInfo> info() const override {
    TN_TRY(meet());
    return state_.info();
  }

 private:
  using Visit = std::function<bool(ByteView key, ByteView value)>;

  // What both transactions can do.
  template <class Base>
  class Transaction : public Base {
   public:
    Transaction(const FailingState& owner, std::unique_ptr<Base> real)
        : owner_(owner), real_(std::move(real)) {}
    Result<bool> get(Table table, ByteView key, ByteView& value) const override {
      TN_TRY(owner_.meet());
      return real_->get(table, key, value);
    }
    Status scan(Table table, ByteView from, const Visit& visit) const override {
      TN_TRY(owner_.meet());
      return real_->scan(table, from, visit);
    }
    Status scan_back(Table table, ByteView from, const Visit& visit) const override {
      TN_TRY(owner_.meet());
      return real_->scan_back(table, from, visit);
    }

   protected:
    const FailingState& owner_;
    std::unique_ptr<Base> real_;
  };
  using Read = Transaction<StateRead>;

  class Write final : public Transaction<StateWrite> {
   public:
    using Transaction::Transaction;
    Status put(Table table, ByteView key, ByteView value) override {
      TN_TRY(owner_.meet());
      return real_->put(table, key, value);
    }
    Status append(Table table, ByteView key, ByteView value) override {
      TN_TRY(owner_.meet());
      return real_->append(table, key, value);
    }
    Status erase(Table table, ByteView key) override {
      TN_TRY(owner_.meet());
      return real_->erase(table, key);
    }
    Status commit() override {
      TN_TRY(owner_.meet());
      return real_->commit();
    }
  };

  State& state_;
};

}  // namespace tenuto::testing
