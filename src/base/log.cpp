#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/host.h"

namespace bccl {
namespace {

std::string expand(std::string file) {
  const auto replace = [&](const char* mark, const std::string& with) {
    for (size_t at; (at = file.find(mark)) != std::string::npos;) file.replace(at, 2, with);
  };
  replace("%h", host_name());
  replace("%p", std::to_string(getpid()));
  return file;
}

/// The level is read on every call; the logger only when a line is due.
struct Log {
  std::atomic<LogLevel> level{LogLevel::warn};
  std::mutex lock;
  std::shared_ptr<spdlog::logger> logger;

  std::shared_ptr<spdlog::logger> get() {
    const std::scoped_lock hold(lock);
    if (!logger) open("");
    return logger;
  }
  void open(const std::string& file) {
    spdlog::sink_ptr sink;
    if (!file.empty()) {
      try {
        sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(expand(file));
      } catch (const spdlog::spdlog_ex&) {  // the line below says so on stderr
      }
    }
    const bool refused = !file.empty() && !sink;
    if (!sink) sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    logger = std::make_shared<spdlog::logger>("bccl", sink);
    logger->set_pattern(host_name() + ":%P:%t BCCL %v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
    if (refused) logger->warn("WARN cannot write BCCL_DEBUG_FILE={}; logging to stderr", file);
  }
};

Log& the_log() {
  static Log* const log = new Log;  // never destroyed: threads may log until the process ends
  return *log;
}

}  // namespace

void configure_log(LogLevel level, const std::string& file) {
  Log& log = the_log();
  log.level = level;
  const std::scoped_lock hold(log.lock);
  log.open(file);
}

bool log_enabled(LogLevel level) { return level <= the_log().level.load(std::memory_order_relaxed); }

void log_line(LogLevel level, std::string_view sentence) {
  static constexpr const char* names[] = {"", "VERSION", "WARN", "INFO", "TRACE"};
  the_log().get()->info("{} {}", names[static_cast<int>(level)], sentence);
}

}  // namespace bccl
