#include "core/store/mem_state.h"

#include <utility>

#include "core/store/table_key.h"

namespace tenuto {
namespace {

std::size_t index_of(Table table) {
  return static_cast<std::size_t>(table);
}

Result<bool> get_from(const MemState::Tables& tables, Table table, ByteView key, ByteView& value) {
  TN_TRY(check_key(key));
  const Bytes* found = tables[index_of(table)].find(key);
  if (found == nullptr) return false;
  value = *found;
  return true;
}

}  // namespace

class MemRead final : public StateRead {
 public:
  MemRead(const MemState& state, MemState::Tables tables) : state_(state), tables_(std::move(tables)) {}
  ~MemRead() override {
    MutexLock lock(state_.mutex_);
    --state_.readers_;
  }
  Result<bool> get(Table table, ByteView key, ByteView& value) const override {
    return get_from(tables_, table, key, value);
  }
  Status scan(Table table, ByteView from, const MemTree::Visit& visit) const override {
    tables_[index_of(table)].scan(from, visit);
    return {};
  }
  Status scan_back(Table table, ByteView from, const MemTree::Visit& visit) const override {
    tables_[index_of(table)].scan_back(from, visit);
    return {};
  }

 private:
  const MemState& state_;
  const MemState::Tables tables_;
};

class MemWrite final : public StateWrite {
 public:
  MemWrite(MemState& state, MemState::Tables tables, std::uint64_t edit)
      : state_(state), tables_(std::move(tables)), edit_(edit) {}
  ~MemWrite() override {
    if (!ended_) state_.end_write(edit_);
  }
  Result<bool> get(Table table, ByteView key, ByteView& value) const override {
    TN_TRY(check_open());
    return get_from(tables_, table, key, value);
  }
  Status scan(Table table, ByteView from, const MemTree::Visit& visit) const override {
    TN_TRY(check_open());
    tables_[index_of(table)].scan(from, visit);
    return {};
  }
  Status scan_back(Table table, ByteView from, const MemTree::Visit& visit) const override {
    TN_TRY(check_open());
    tables_[index_of(table)].scan_back(from, visit);
    return {};
  }
  Status put(Table table, ByteView key, ByteView value) override {
    TN_TRY(check_open());
    TN_TRY(check_key(key));
    TN_TRY(state_.meet_fault(StateFault::Call::put));
    tables_[index_of(table)].put(key, value, edit_);
    return {};
  }
  Status append(Table table, ByteView key, ByteView value) override {
    bool is_last = true;
    TN_TRY(scan_back(table, {}, [&](ByteView last, ByteView) {
      is_last = last < key;
      return false;
    }));
    if (!is_last) return {Code::internal_error, "a key that is appended is not above the last one"};
    return put(table, key, value);
  }
  Status erase(Table table, ByteView key) override {
    TN_TRY(check_open());
    TN_TRY(check_key(key));
    TN_TRY(state_.meet_fault(StateFault::Call::erase));
    tables_[index_of(table)].erase(key, edit_);
    return {};
  }
  Status commit() override {
    TN_TRY(check_open());
    ended_ = true;
    return state_.commit(tables_, edit_);
  }

 private:
  Status check_open() const {
    return ended_ ? Status(Code::wrong_state, "the write transaction has ended") : Status();
  }
  MemState& state_;
  MemState::Tables tables_;
  const std::uint64_t edit_;
  bool ended_ = false;
};

Result<std::unique_ptr<StateRead>> MemState::begin_read() const {
  MutexLock lock(mutex_);
  if (poisoned_) return Status(Code::poisoned, "a commit of the state in memory failed; open it again");
  ++readers_;
  return std::unique_ptr<StateRead>(std::make_unique<MemRead>(*this, committed_));
}

Result<std::unique_ptr<StateWrite>> MemState::begin_write() {
  TN_TRY(meet_fault(StateFault::Call::begin_write));
  MutexLock lock(mutex_);
  if (writing_)
    return Status(Code::wrong_state, "a write transaction of the state in memory is open already");
  writing_ = true;
  return std::unique_ptr<StateWrite>(std::make_unique<MemWrite>(*this, committed_, ++edit_));
}

Result<StateInfo> MemState::info() const {
  MutexLock lock(mutex_);
  StateInfo info;
  for (std::size_t i = 0; i < kTableCount; ++i) {
    info.used_bytes += committed_[i].bytes();
    info.entries[i] = committed_[i].size();
  }
  info.map_bytes = info.used_bytes;
  info.readers = readers_;
  return info;
}

Status MemState::meet_fault(StateFault::Call call) {
  MutexLock lock(mutex_);
  if (poisoned_) return {Code::poisoned, "a commit of the state in memory failed; open it again"};
  if (!fault_ || fault_->call != call) return {};
  if (fault_->nth > 1) {
    --fault_->nth;
    return {};
  }
  const Code code = fault_->code;
  if (--fault_->times == 0) fault_.reset();
  poisoned_ = code == Code::poisoned;
  return {code, "a planted fault of the state in memory"};
}

Status MemState::commit(const Tables& tables, std::uint64_t edit) {
  const Status fault = meet_fault(StateFault::Call::commit);
  MutexLock lock(mutex_);
  if (!writing_ || edit != edit_) return {Code::wrong_state, "the write transaction ended with a crash"};
  writing_ = false;
  if (fault.ok()) {
    committed_ = tables;
  } else if (fault.code() == Code::poisoned) {
    in_doubt_ = tables;
  }
  return fault;
}

void MemState::end_write(std::uint64_t edit) {
  MutexLock lock(mutex_);
  if (edit == edit_) writing_ = false;
}

void MemState::crash() {
  MutexLock lock(mutex_);
  in_doubt_.reset();
  fault_.reset();
  writing_ = false;
  poisoned_ = false;
  ++edit_;
}

void MemState::crash(Random& random) {
  {
    MutexLock lock(mutex_);
    if (in_doubt_ && random.chance(1, 2)) committed_ = *std::exchange(in_doubt_, std::nullopt);
  }
  crash();
}

void MemState::set_fault(const StateFault& fault) {
  TN_CHECK(fault.nth > 0);
  TN_CHECK(fault.times > 0);
  TN_CHECK(fault.code != Code::ok);
  MutexLock lock(mutex_);
  fault_ = fault;
}

void MemState::clear_fault() {
  MutexLock lock(mutex_);
  fault_.reset();
}

}  // namespace tenuto
