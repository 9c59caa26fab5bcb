// gloo_peer SIDE_CHANNEL RANKS DIRECTORY auto|halving_doubling: Gloo over TCP on the loopback interface, the
// only way it has among host processes. auto: its functions, whose pairs have threads; reduce-scatter it has
// not, and its reduce writes to the output of all ranks. halving_doubling: the older class for all-reduce,
// whose pairs the caller polls, busily where each rank has a core. DIRECTORY: empty, where the ranks find
// each other.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gloo/allgather.h>
#include <gloo/allreduce.h>
#include <gloo/allreduce_halving_doubling.h>
#include <gloo/alltoall.h>
#include <gloo/barrier.h>
#include <gloo/broadcast.h>
#include <gloo/gather.h>
#include <gloo/math.h>
#include <gloo/rendezvous/context.h>
#include <gloo/rendezvous/file_store.h>
#include <gloo/scatter.h>
#include <gloo/transport/tcp/device.h>

#include "fork_ranks.h"
#include "measure.h"
#include "tools/bccl/perf/call_layouts.h"

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

  void call(const Call& call) override {
    const uint32_t tag = 1 + (calls_++ & 0xffff);
    switch (call.collective) {
      case Collective::all_reduce:
        return all_reduce(call, tag);
      case Collective::all_gather:
        return all_gather(call, tag);
      case Collective::broadcast:
        return broadcast(call, tag);
      case Collective::gather:
        return gather(call, tag);
      case Collective::scatter:
        return scatter(call, tag);
      case Collective::all_to_all:
        return all_to_all(call, tag);
      case Collective::ping_pong:
        return ping_pong(call, tag);
      case Collective::barrier:
        return barrier(tag);
      default:
        refuse(call.collective);
    }
  }

 private:
  static float* input_of(const Call& call) { return const_cast<float*>(call.send); }

  void all_reduce(const Call& call, uint32_t tag) const {
    gloo::AllreduceOptions options(context_);
    options.setInput(input_of(call), call.shape.count);
    options.setOutput(call.receive, call.shape.count);
    options.setReduceFunction(
        static_cast<void (*)(void*, const void*, const void*, size_t)>(&gloo::sum<float>));
    options.setTag(tag);
    gloo::allreduce(options);
  }

  void all_gather(const Call& call, uint32_t tag) const {
    gloo::AllgatherOptions options(context_);
    options.setInput(input_of(call), call.shape.count);
    options.setOutput(call.receive, call.shape.blocks());
    options.setTag(tag);
    gloo::allgather(options);
  }

  void broadcast(const Call& call, uint32_t tag) const {
    gloo::BroadcastOptions options(context_);
    options.setOutput(call.receive, call.shape.count);
    options.setRoot(call.shape.root);
    options.setTag(tag);
    gloo::broadcast(options);
  }

  void gather(const Call& call, uint32_t tag) const {
    gloo::GatherOptions options(context_);
    options.setInput(input_of(call), call.shape.count);
    if (call.shape.rank == call.shape.root) options.setOutput(call.receive, call.shape.blocks());
    options.setRoot(call.shape.root);
    options.setTag(tag);
    gloo::gather(options);
  }

  void scatter(const Call& call, uint32_t tag) const {
    gloo::ScatterOptions options(context_);
    std::vector<float*> blocks;
    for (int rank = 0; rank < call.shape.ranks; ++rank)
      blocks.push_back(input_of(call) + call.shape.block(rank));
    if (call.shape.rank == call.shape.root) options.setInputs(blocks, call.shape.count);
    options.setOutput(call.receive, call.shape.count);
    options.setRoot(call.shape.root);
    options.setTag(tag);
    gloo::scatter(options);
  }

  void all_to_all(const Call& call, uint32_t tag) const {
    gloo::AlltoallOptions options(context_);
    options.setInput(input_of(call), call.shape.blocks());
    options.setOutput(call.receive, call.shape.blocks());
    options.setTag(tag);
    gloo::alltoall(options);
  }

  void ping_pong(const Call& call, uint32_t tag) const {
    const int partner = tool::partner_of(call.shape);
    if (partner < 0) return;
    const size_t bytes = call.shape.count * sizeof(float);
    const auto input = context_->createUnboundBuffer(input_of(call), bytes);
    const auto output = context_->createUnboundBuffer(call.receive, bytes);
    output->recv(partner, tag);
    if (call.shape.rank > partner) output->waitRecv();
    input->send(partner, tag);
    if (call.shape.rank < partner) output->waitRecv();
    input->waitSend();
  }

  void barrier(uint32_t tag) const {
    gloo::BarrierOptions options(context_);
    options.setTag(tag);
    gloo::barrier(options);
  }

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

  void call(const Call& call) override {
    if (call.collective != Collective::all_reduce) refuse(call.collective);
    if (call.receive != output_ || call.shape.count != count_) {
      output_ = call.receive;
      count_ = call.shape.count;
      algorithm_ = std::make_unique<gloo::AllreduceHalvingDoubling<float>>(
          context_, std::vector<float*>{output_}, static_cast<int>(count_));
    }
    std::memcpy(output_, call.send, count_ * sizeof(float));  // it works in place
    algorithm_->run();
  }

 private:
  std::shared_ptr<gloo::Context> context_;
  std::unique_ptr<gloo::AllreduceHalvingDoubling<float>> algorithm_;
  float* output_ = nullptr;
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
