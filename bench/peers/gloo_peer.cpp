// gloo_peer SIDE_CHANNEL RANKS DIRECTORY auto|halving_doubling: Gloo over TCP on the loopback interface, the
// only way it has among host processes. auto: the function gloo::allreduce, whose pairs have threads.
// halving_doubling: the older class, whose pairs the caller polls, busily where each rank has a core.
// DIRECTORY: empty, where the ranks find each other.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include <gloo/allreduce.h>
#include <gloo/allreduce_halving_doubling.h>
#include <gloo/math.h>
#include <gloo/rendezvous/context.h>
#include <gloo/rendezvous/file_store.h>
#include <gloo/transport/tcp/device.h>

#include "fork_ranks.h"
#include "measure.h"

namespace bccl::bench {
namespace {

std::shared_ptr<gloo::Context> connect(const SideChannel& side, const std::string& directory) {
  auto device = gloo::transport::tcp::CreateDevice(gloo::transport::tcp::attr("127.0.0.1"));
  gloo::rendezvous::FileStore store(directory);
  auto context = std::make_shared<gloo::rendezvous::Context>(side.rank(), side.ranks());
  context->connectFullMesh(store, device);
  return context;
}

class GlooAuto final : public Library {
 public:
  GlooAuto(const SideChannel& side, const std::string& directory) : context_(connect(side, directory)) {}

  void all_reduce(const float* input, float* output, size_t count) override {
    gloo::AllreduceOptions options(context_);
    options.setInput(const_cast<float*>(input), count);
    options.setOutput(output, count);
    options.setReduceFunction(
        static_cast<void (*)(void*, const void*, const void*, size_t)>(&gloo::sum<float>));
    options.setTag(1 + (calls_++ & 0xffff));
    gloo::allreduce(options);
  }

 private:
  std::shared_ptr<gloo::Context> context_;
  uint32_t calls_ = 0;
};

class GlooHalvingDoubling final : public Library {
 public:
  GlooHalvingDoubling(const SideChannel& side, const std::string& directory)
      : context_(connect(side, directory)) {
    for (int peer = 0; peer < side.ranks(); ++peer)
      if (peer != side.rank()) context_->getPair(peer)->setSync(true, !side.crowded());
  }

  void all_reduce(const float* input, float* output, size_t count) override {
    if (output != output_ || count != count_) {
      algorithm_ = std::make_unique<gloo::AllreduceHalvingDoubling<float>>(
          context_, std::vector<float*>{output}, static_cast<int>(count));
      output_ = output;
      count_ = count;
    }
    std::memcpy(output, input, count * sizeof(float));  // it works in place
    algorithm_->run();
  }

 private:
  std::shared_ptr<gloo::Context> context_;
  std::unique_ptr<gloo::AllreduceHalvingDoubling<float>> algorithm_;
  const float* output_ = nullptr;
  size_t count_ = 0;
};

void run(SideChannel& side, const std::string& directory, const std::string& algorithm) {
  if (algorithm == "auto") {
    GlooAuto library(side, directory);
    serve(library, side);
  } else if (algorithm == "halving_doubling") {
    GlooHalvingDoubling library(side, directory);
    serve(library, side);
  } else {
    throw std::runtime_error("no such algorithm: " + algorithm);
  }
}

}  // namespace
}  // namespace bccl::bench

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const int ranks = std::atoi(argv[2]);
  return bccl::bench::fork_ranks(ranks, [&](int rank) {
    bccl::bench::SideChannel side(argv[1], rank, ranks, bccl::bench::Waiting::sleep);
    bccl::bench::run(side, argv[3], argv[4]);
  });
}
