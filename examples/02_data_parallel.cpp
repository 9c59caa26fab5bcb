// Data-parallel training: logistic regression on Fisher's irises (versicolor or virginica?), the full-batch gradient
// averaged over all samples by bccl. Each rank holds a share of the samples; rank 0 prints the loss curve.
//
//   bccl run -n 4 -- ./02_data_parallel data/iris.csv
//
// The curve is the same for every number of ranks, to the last bit. Sums of floating-point numbers would not be: they
// depend on how the samples are grouped. So every sample's contribution is rounded to fixed point, and 64-bit integers
// are summed: bccl's integer sums are exact, hence the same whatever the number of ranks and the order of addition. That
// all ranks then take the same step needs no message: every rank receives the same bits.
#include <bccl/bccl.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr int inputs = 5;  // four measurements and the constant 1
constexpr int epochs = 200;
constexpr double learning_rate = 0.1;

struct Sample {
  std::array<double, inputs> x;
  double y;  // 1: virginica
};

using Weights = std::array<double, inputs>;

// What the samples add up to: the gradient, the loss, and how many there were.
using Sums = std::array<int64_t, inputs + 2>;

// 40 binary digits after the point: a sample's terms are below 2^10, so 2^13 samples cannot overflow.
int64_t fixed(double value) { return std::llround(std::ldexp(value, 40)); }
double floating(int64_t value) { return std::ldexp(static_cast<double>(value), -40); }

void require(bcclResult_t result) {
  if (result == bcclSuccess) return;
  std::fprintf(stderr, "02_data_parallel: %s\n", bcclGetLastError(nullptr));
  std::exit(1);
}

// Every `ranks`-th sample, beginning with number `rank`.
std::vector<Sample> read_share(const char* path, int rank, int ranks) {
  std::ifstream file(path);
  std::vector<Sample> share;
  std::string line;
  std::getline(file, line);  // the names of the columns
  for (int number = 0; std::getline(file, line);) {
    Sample sample{{0, 0, 0, 0, 1}, 0};
    std::istringstream fields(line);
    std::string species;
    for (int i = 0; i < 4; ++i, fields.ignore(1, ',')) fields >> sample.x[static_cast<size_t>(i)];
    fields >> species;
    if (species == "setosa") continue;  // told apart at a glance
    sample.y = species == "virginica" ? 1 : 0;
    if (number++ % ranks == rank) share.push_back(sample);
  }
  return share;
}

Sums add_up(const std::vector<Sample>& samples, const Weights& weights) {
  Sums sums{};
  for (const Sample& sample : samples) {
    double score = 0;
    for (size_t i = 0; i < inputs; ++i) score += weights[i] * sample.x[i];
    const double error = 1 / (1 + std::exp(-score)) - sample.y;
    for (size_t i = 0; i < inputs; ++i) sums[i] += fixed(error * sample.x[i]);
    const double margin = sample.y > 0 ? score : -score;
    sums[inputs] += fixed(std::log1p(std::exp(-margin)));
    sums[inputs + 1] += 1;
  }
  return sums;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bccl run -n 4 -- %s iris.csv\n", argv[0]);
    return 2;
  }
  bcclComm_t comm;
  int rank = 0, ranks = 1;
  require(bcclCommInitFromEnv(&comm));
  require(bcclCommUserRank(comm, &rank));
  require(bcclCommCount(comm, &ranks));
  const std::vector<Sample> share = read_share(argv[1], rank, ranks);

  Weights weights{};
  for (int epoch = 0; epoch < epochs; ++epoch) {
    Sums sums = add_up(share, weights);
    require(bcclAllReduce(sums.data(), sums.data(), sums.size(), bcclInt64, bcclSum, comm, nullptr));
    const auto samples = static_cast<double>(sums[inputs + 1]);
    if (samples == 0) {
      std::fprintf(stderr, "02_data_parallel: no samples in '%s'\n", argv[1]);
      return 1;
    }
    // %a shows every bit.
    const double loss = floating(sums[inputs]) / samples;
    if (rank == 0) std::printf("epoch %3d  loss %.6f  %a\n", epoch, loss, loss);
    for (size_t i = 0; i < inputs; ++i) weights[i] -= learning_rate * floating(sums[i]) / samples;
  }
  require(bcclCommDestroy(comm));
  return 0;
}
