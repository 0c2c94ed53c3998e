// The instructions of a program. Internal to core/expr.
//
// A stack machine without loops: every jump goes forward, so a program of n instructions runs at most n of them. Every
// instruction is total: it takes values of any kind, errors and skipped ones included, and leaves a value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/expr/functions.h"
#include "core/expr/parse.h"
#include "core/expr/value.h"

namespace tenuto::expr {

enum class Op : std::uint8_t {
  push,         // -> constants[argument]
  load,         // -> operand `argument`
  load_member,  // -> member constants[argument] of operand `small`
  select,       // target -> its member constants[argument]
  index,        // target key -> target[key]
  has,          // target -> whether it has the member constants[argument]
  list,         // `argument` items -> a list
  map,          // `argument` keys and values -> a map
  negate,
  logical_not,
  binary,    // left right -> left op right; the BinaryOp is `small`
  and_left,  // jumps to `argument` if the top is false
  and_end,   // left right -> their conjunction
  or_left,   // jumps to `argument` if the top is true
  or_end,    // left right -> their disjunction
  branch,  // condition -> ; jumps to `argument` if it is false. If it is no boolean: leaves an error in its place and
           // jumps to the argument of the next instruction
  jump,  // jumps to `argument`; behind a branch, which skips it, only its argument counts
  call,  // the top `small` values -> the value of `functions[argument]`
};

struct Instruction {
  Op op;
  std::uint16_t small = 0;
  std::uint32_t argument = 0;
};
static_assert(sizeof(Instruction) == 8);

// What messages about an instruction need: byte offsets within Bytecode::source.
struct Site {
  std::uint32_t at = 0;
  // Of load_member, select, index, has: what stands before the dot or bracket.
  std::uint32_t target_begin = 0;
  std::uint32_t target_end = 0;
};

struct Bytecode {
  Bytes source;
  std::uint32_t begin = 0;  // where the expression begins in `source`; it ends where `source` ends
  std::vector<std::string> names;
  std::vector<Instruction> instructions;
  std::vector<Site> sites;  // one per instruction
  std::vector<Value> constants;
  std::vector<Bytes> texts;  // what string constants point to
  std::vector<const Function*> functions;
  std::uint32_t stack_size = 0;

  Bytecode() = default;
  Bytecode(const Bytecode&) = delete;
  Bytecode& operator=(const Bytecode&) = delete;
};

}  // namespace tenuto::expr
