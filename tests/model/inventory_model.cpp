// Every file of core/ that has an atomic stands in the table of docs/testing.md, with its model or the reason why it has none.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace tenuto::testing {
namespace {

const std::filesystem::path kRoot = TENUTO_SOURCE_DIR;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool declares_an_atomic(const std::string& text) {
  static const std::regex kAtomic(R"(\b(std::atomic\w*|Atomic|AtomicRef)\s*<|\bstd::atomic_flag\b)");
  return std::regex_search(text, kAtomic);
}

TEST(AtomicsOfTheCore, EachFileHasAModelOrAReason) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / "core")) {
    if (entry.is_regular_file() && declares_an_atomic(text_of(entry.path())))
      files.insert(std::filesystem::relative(entry.path(), kRoot).string());
  }
  files.erase("core/base/sync.h");
  EXPECT_GT(files.size(), 20u);

  std::set<std::string> listed;
  const std::string table = text_of(kRoot / "docs/testing.md");
  static const std::regex kRow(R"(\n\| `(core/[^`]+)` \|)");
  for (std::sregex_iterator row(table.begin(), table.end(), kRow), end; row != end; ++row)
    listed.insert((*row)[1]);
  EXPECT_EQ(listed, files);
}

TEST(AtomicsOfTheCore, FindsAFileWithAnAtomic) {
  EXPECT_TRUE(declares_an_atomic("  std::atomic<bool> closed_{false};"));
  EXPECT_TRUE(declares_an_atomic("  Atomic<std::uint32_t> state_;"));
  EXPECT_FALSE(declares_an_atomic("// is atomic"));
}

}  // namespace
}  // namespace tenuto::testing
