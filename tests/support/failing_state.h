// The tables of a state, of which one call fails: for tests that let each fail in turn.
#pragma once

#include <cstdint>
#include <memory>

#include "core/store/state.h"

namespace tenuto::testing {

// Counts every call of State and of its transactions; the nth from fail_at() on fails with `code`, once.
class FailingState final : public State {
 public:
  explicit FailingState(State& state) : state_(state) {}

  void fail_at(std::uint64_t nth, Code code) {
    left_ = nth;
    code_ = code;
    has_failed_ = false;
  }
  [[nodiscard]] bool has_failed() const { return has_failed_; }

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

  class Read final : public StateRead {
   public:
    Read(const FailingState& owner, std::unique_ptr<StateRead> read)
        : owner_(owner), read_(std::move(read)) {}
    Result<bool> get(Table table, ByteView key, ByteView& value) const override {
      TN_TRY(owner_.meet());
      return read_->get(table, key, value);
    }
    Status scan(Table table, ByteView from, const Visit& visit) const override {
      TN_TRY(owner_.meet());
      return read_->scan(table, from, visit);
    }
    Status scan_back(Table table, ByteView from, const Visit& visit) const override {
      TN_TRY(owner_.meet());
      return read_->scan_back(table, from, visit);
    }

   private:
    const FailingState& owner_;
    std::unique_ptr<StateRead> read_;
  };

  class Write final : public StateWrite {
   public:
    Write(const FailingState& owner, std::unique_ptr<StateWrite> write)
        : owner_(owner), write_(std::move(write)) {}
    Result<bool> get(Table table, ByteView key, ByteView& value) const override {
      TN_TRY(owner_.meet());
      return write_->get(table, key, value);
    }
    Status scan(Table table, ByteView from, const Visit& visit) const override {
      TN_TRY(owner_.meet());
      return write_->scan(table, from, visit);
    }
    Status scan_back(Table table, ByteView from, const Visit& visit) const override {
      TN_TRY(owner_.meet());
      return write_->scan_back(table, from, visit);
    }
    Status put(Table table, ByteView key, ByteView value) override {
      TN_TRY(owner_.meet());
      return write_->put(table, key, value);
    }
    Status append(Table table, ByteView key, ByteView value) override {
      TN_TRY(owner_.meet());
      return write_->append(table, key, value);
    }
    Status erase(Table table, ByteView key) override {
      TN_TRY(owner_.meet());
      return write_->erase(table, key);
    }
    Status commit() override {
      TN_TRY(owner_.meet());
      return write_->commit();
    }

   private:
    const FailingState& owner_;
    std::unique_ptr<StateWrite> write_;
  };

  [[nodiscard]] Status meet() const {
    if (left_ == 0 || --left_ > 0) return {};
    has_failed_ = true;
    return {code_, "a planted fault of the tables"};
  }

  State& state_;
  Code code_ = Code::storage_error;
  mutable std::uint64_t left_ = 0;
  mutable bool has_failed_ = false;
};

}  // namespace tenuto::testing
