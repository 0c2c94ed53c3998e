// What self_test.py mutates. Each function's tests, below, let known mutants of it survive.
#include <array>
#include <numeric>
#include <string>

int larger(int a, int b) {
  return a > b ? a : b;
}

// Tested inside and outside of the range, not at its ends.
bool is_inside(int x, int low, int high) {
  return x >= low && x <= high;
}

void add(int& sum, int x) {
  if (x == 0) return;
  sum += x;
}

// Without its step it would not end.
int halvings(int x) {
  int count = 0;
  while (x > 1) {
    x = x / 2;
    ++count;
  }
  return count;
}

// Conditions inside of conditions, over lines, as statement and as value.
bool fits(int a, int b, int c) {
  if ((a > 0 && b > 0) || (a < -5 && b < -5)) {
    return c != 0 && a != c && b != c;
  }
  return a == 0 && b == 0 ? c == 0 : false;
}

std::string greeting(const std::string& name) {
  return "hello " + name;
}

int untested(int x) {
  return x - 1;
}

int sum_of(const std::array<int, 3>& numbers) {
  std::array<int, 3> copy;
  copy = numbers;
  return std::accumulate(copy.begin(), copy.end(), 0);
}

template <class T>
constexpr T twice(T x) {
  static_assert(sizeof(T) > 1);
  constexpr int factor = 2;
  return x * factor;
}

int main() {
  if (larger(1, 2) != 2 || larger(2, 1) != 2) return 1;
  if (!is_inside(5, 1, 9) || is_inside(0, 1, 9) || is_inside(10, 1, 9)) return 1;
  int sum = 1;
  add(sum, 2);
  add(sum, 0);
  if (sum != 3) return 1;
  if (halvings(8) != 3) return 1;
  for (int a : {-7, -6, -5, 0, 1, 2}) {
    for (int b : {-8, -6, -5, 0, 1, 3}) {
      for (int c : {-8, -7, 0, 2, 3}) {
        bool same = true;
        if (a > 0) same = b > 0;
        if (a < 0) same = a < -5 && b < -5;
        if (a == 0) same = false;
        bool wanted = same && c != 0 && c != a && c != b;
        if (!same && a == 0 && b == 0 && c == 0) wanted = true;
        if (fits(a, b, c) != wanted) return 1;
      }
    }
  }
  if (sum_of({1, 2, 4}) != 7) return 1;
  if (greeting("you") != "hello you") return 1;
  static_assert(twice(2) == 4);
  if (twice(sum) != 6) return 1;
  return 0;
}
