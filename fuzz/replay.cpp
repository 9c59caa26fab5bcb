/// main() of a fuzz target where there is no libFuzzer: runs it on the files of a corpus and on random
/// mutations of them, the same ones for the same seed.
///
///     replay_NAME RUNS SEED FILE-OR-FOLDER…
///
/// When the target fails, the input that it failed on is left in the file failed-NAME of the working folder.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

constexpr size_t input_bytes_max = 4096;
using Bytes = std::vector<uint8_t>;

Bytes current;  // for the handlers, which can be given nothing
std::string failed_name;

void save_current() {
  const int file = open(failed_name.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  const bool saved = file >= 0 && write(file, current.data(), current.size()) >= 0;
  std::cerr << "the input is " << (saved ? "in " : "lost: cannot write ") << failed_name << '\n';
}

void save_and_die(int signal) {
  save_current();
  std::signal(signal, SIG_DFL);
  raise(signal);
}

std::vector<Bytes> read_corpus(char** first, char** last) {
  std::vector<std::filesystem::path> paths;
  for (; first != last; ++first) {
    if (std::filesystem::is_directory(*first))
      for (const auto& entry : std::filesystem::directory_iterator(*first)) paths.push_back(entry.path());
    else
      paths.emplace_back(*first);
  }
  std::ranges::sort(paths);
  std::vector<Bytes> corpus{{}};
  for (const auto& path : paths) {
    std::ifstream file{path, std::ios::binary};
    bccl::fuzz::require(file.is_open(), "a file of the corpus can be read");
    corpus.emplace_back(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{});
  }
  return corpus;
}

class Mutator {
 public:
  Mutator(const std::vector<Bytes>& corpus, uint64_t seed) : corpus_(corpus), random_(seed) {}

  Bytes next() {
    Bytes bytes = any();
    for (size_t changes = 1 + below(6); changes > 0; --changes) change(bytes);
    if (bytes.size() > input_bytes_max) bytes.resize(input_bytes_max);
    return bytes;
  }

 private:
  size_t below(size_t limit) { return std::uniform_int_distribution<size_t>{0, limit - 1}(random_); }
  const Bytes& any() { return corpus_[below(corpus_.size())]; }

  void change(Bytes& bytes) {
    enum { flip, set, insert, erase, repeat, splice, ways };
    const size_t at = below(bytes.size() + 1);
    const size_t count = std::min(1 + below(16), bytes.size() - at);
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = place + static_cast<std::ptrdiff_t>(count);
    const Bytes part{place, end};
    switch (below(ways)) {
      case flip:
        if (count > 0) *place ^= static_cast<uint8_t>(1 << below(8));
        break;
      case set:
        if (count > 0) *place = static_cast<uint8_t>(below(256));
        break;
      case insert:
        bytes.insert(place, static_cast<uint8_t>(below(256)));
        break;
      case erase:
        bytes.erase(place, end);
        break;
      case repeat:
        bytes.insert(end, part.begin(), part.end());
        break;
      case splice: {
        const Bytes& other = any();
        const auto from = other.begin() + static_cast<std::ptrdiff_t>(below(other.size() + 1));
        bytes.insert(place, from, std::min(from + 32, other.end()));
        break;
      }
    }
  }

  const std::vector<Bytes>& corpus_;
  std::mt19937_64 random_;
};

void run(Bytes input) {
  current = std::move(input);
  LLVMFuzzerTestOneInput(current.data(), current.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: " << argv[0] << " RUNS SEED FILE-OR-FOLDER...\n";
    return 2;
  }
  const uint64_t runs = std::stoull(argv[1]), seed = std::stoull(argv[2]);
  failed_name = "failed-" + std::filesystem::path(argv[0]).filename().string();
  std::signal(SIGABRT, save_and_die);
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback(save_current);
  else
    std::signal(SIGSEGV, save_and_die);

  const std::vector<Bytes> corpus = read_corpus(argv + 3, argv + argc);
  std::cout << "seed " << seed << ", " << corpus.size() << " inputs, " << runs << " mutations" << std::endl;
  for (const Bytes& input : corpus) run(input);
  Mutator mutator{corpus, seed};
  for (uint64_t i = 0; i < runs; ++i) run(mutator.next());
  return 0;
}
