// The tables of a simulated store: in memory, failing when the simulation says so, and slow: others act while they commit.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "core/store/mem_state.h"

namespace tenuto::testing {

class SimTables final : public State {
 public:
  Result<std::unique_ptr<StateRead>> begin_read() const override {
    auto read = memory_.begin_read();
    if (!read.ok() || !forgets_commands) return read;
    return std::unique_ptr<StateRead>(std::make_unique<Forgetful>(*std::move(read)));
  }
  Result<std::unique_ptr<StateWrite>> begin_write() override {
    auto write = memory_.begin_write();
    if (!write.ok()) return write.status();
    return std::unique_ptr<StateWrite>(std::make_unique<Slow>(*std::move(write), meanwhile));
  }
  Result<StateInfo> info() const override { return memory_.info(); }

  void crash(Random& random) { memory_.crash(random); }
  void set_fault(const StateFault& fault) { memory_.set_fault(fault); }
  void clear_fault() { memory_.clear_fault(); }

  std::function<void()> meanwhile = [] {};
  bool forgets_commands = false;  // a planted bug

 private:
  class Slow final : public StateWrite {
   public:
    Slow(std::unique_ptr<StateWrite> write, const std::function<void()>& meanwhile)
        : write_(std::move(write)), meanwhile_(meanwhile) {}
    Result<bool> get(Table table, ByteView key, ByteView& value) const override {
      return write_->get(table, key, value);
    }
    using Visit = std::function<bool(ByteView key, ByteView value)>;
    Status scan(Table table, ByteView from, const Visit& visit) const override {
      return write_->scan(table, from, visit);
    }
    Status scan_back(Table table, ByteView from, const Visit& visit) const override {
      return write_->scan_back(table, from, visit);
    }
    Status put(Table table, ByteView key, ByteView value) override { return write_->put(table, key, value); }
    Status append(Table table, ByteView key, ByteView value) override {
      return write_->append(table, key, value);
    }
    Status erase(Table table, ByteView key) override { return write_->erase(table, key); }
    Status commit() override {
      meanwhile_();
      TN_TRY(write_->commit());
      meanwhile_();
      return {};
    }

   private:
    std::unique_ptr<StateWrite> write_;
    const std::function<void()>& meanwhile_;
  };

  class Forgetful final : public StateRead {
   public:
    explicit Forgetful(std::unique_ptr<StateRead> read) : read_(std::move(read)) {}
    Result<bool> get(Table table, ByteView key, ByteView& value) const override {
      if (table == Table::commands) return false;
      return read_->get(table, key, value);
    }
    using Visit = std::function<bool(ByteView key, ByteView value)>;
    Status scan(Table table, ByteView from, const Visit& visit) const override {
      return table == Table::commands ? Status() : read_->scan(table, from, visit);
    }
    Status scan_back(Table table, ByteView from, const Visit& visit) const override {
      return table == Table::commands ? Status() : read_->scan_back(table, from, visit);
    }

   private:
    std::unique_ptr<StateRead> read_;
  };

  MemState memory_;
};

}  // namespace tenuto::testing
