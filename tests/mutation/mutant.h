// What mutated sources call. mutate.py puts this file's name into them; nothing else includes it.
//
// All mutants of a file are compiled at once. The environment variable TENUTO_MUTANT names the one that is on, so
// trying another one costs a process and no build. With TENUTO_MUTANT_TRACE=<file> the process notes in that file, a byte
// a mutant, which of them it came by.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <type_traits>

namespace mutation {

inline constexpr unsigned long kMutantsMax = 1UL << 17;

inline int active_mutant() {
  const char* number = std::getenv("TENUTO_MUTANT");
  return number == nullptr ? 0 : std::atoi(number);
}

// A shared mapping: what was noted stays, however the process ends.
inline unsigned char* trace() {
  const char* path = std::getenv("TENUTO_MUTANT_TRACE");
  if (path == nullptr) return nullptr;
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, kMutantsMax) != 0) std::abort();
  void* bytes = mmap(nullptr, kMutantsMax, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (bytes == MAP_FAILED) std::abort();
  return static_cast<unsigned char*>(bytes);
}

// Zero until they are initialised: then no mutant is on.
inline int active = active_mutant();
inline unsigned char* reached = trace();

// In a constant expression every mutant is off.
constexpr bool is(int id) {
  if (std::is_constant_evaluated()) return false;
  if (reached != nullptr) reached[id] = 1;
  return active == id;
}

// The mutant means nothing for this type; it is not counted.
[[noreturn]] inline void inapplicable() {
  std::fputs("\nmutant: inapplicable\n", stderr);
  std::fflush(stderr);
  _exit(77);
}

template <class T>
constexpr T number(int id, T value) {
  if (is(id)) return static_cast<T>(value + 1);
  if (is(id + 1)) return static_cast<T>(value - 1);
  return value;
}

// What a function returns instead of its value.
template <class T>
T empty_result() {
  if constexpr (std::is_default_constructible_v<T>) {
    return T{};
  } else {
    inapplicable();
  }
}

template <class T>
T other_result() {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    return static_cast<T>(1);
  } else {
    inapplicable();
  }
}

}  // namespace mutation

// `a < b` becomes `a < mutation::Lt{7} < b`: precedence and order stay as they are, operands are evaluated once, and the second
// operator, which knows both operands, does what mutant 7 or 8 would do.
#define MUTATION_INSTEAD(id, result, instead)                   \
  if (::mutation::is(id)) {                                     \
    if constexpr (requires { static_cast<Result>(instead); }) { \
      return static_cast<Result>(instead);                      \
    } else {                                                    \
      ::mutation::inapplicable();                               \
    }                                                           \
  }

#define MUTATION_OPERATOR(Name, op, first, second)              \
  namespace mutation {                                          \
  struct Name {                                                 \
    int id;                                                     \
  };                                                            \
  template <class A>                                            \
  struct After##Name {                                          \
    const A& a;                                                 \
    int id;                                                     \
  };                                                            \
  template <class A>                                            \
  constexpr After##Name<A> operator op(const A& a, Name at) {   \
    return {a, at.id};                                          \
  }                                                             \
  template <class A, class B>                                   \
  constexpr auto operator op(After##Name<A> left, const B& b) { \
    using Result = std::remove_cvref_t<decltype(left.a op b)>;  \
    MUTATION_INSTEAD(left.id, Result, left.a first b)           \
    MUTATION_INSTEAD(left.id + 1, Result, left.a second b)      \
    return static_cast<Result>(left.a op b);                    \
  }                                                             \
  }

// operators.py has the same table.
MUTATION_OPERATOR(Lt, <, <=, >=)
MUTATION_OPERATOR(Le, <=, <, >)
MUTATION_OPERATOR(Gt, >, >=, <=)
MUTATION_OPERATOR(Ge, >=, >, <)
MUTATION_OPERATOR(Eq, ==, !=, !=)
MUTATION_OPERATOR(Ne, !=, ==, ==)
MUTATION_OPERATOR(Add, +, -, -)
MUTATION_OPERATOR(Sub, -, +, +)
MUTATION_OPERATOR(Mul, *, /, /)
MUTATION_OPERATOR(Div, /, *, *)
MUTATION_OPERATOR(Mod, %, *, *)
MUTATION_OPERATOR(Shl, <<, >>, >>)
MUTATION_OPERATOR(Shr, >>, <<, <<)
MUTATION_OPERATOR(BitAnd, &, |, |)
MUTATION_OPERATOR(BitOr, |, &, &)
MUTATION_OPERATOR(BitXor, ^, &, &)
