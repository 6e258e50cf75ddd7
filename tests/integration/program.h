// SPDX-License-Identifier: MIT
// Calls the built program as a shell does: words in; exit code, stdout and stderr out.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace kickdrum {

inline std::string text_of(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

struct Outcome {
    int code = -1;  // 128 + signal where one ended it, as shells have it
    std::string out;
    std::string err;
};

struct CallOptions {
    std::filesystem::path folder = ".";  // working directory
    std::vector<std::pair<std::string, std::string>> environment{};
    std::string in_file = "/dev/null";     // stdin comes from there
    std::string out_file{};                // stdout goes there instead of into Outcome::out
    std::optional<rlim_t> largest_file{};  // bytes that a file may have: a disk that is full
    bool unprivileged = false;             // root gives up its rights first
    std::chrono::seconds at_most{60};      // then it's killed
};

// A call under way.
class Call {
 public:
    Call(const std::vector<std::string>& words, const CallOptions& options) : options_(options) {
        std::string name = (std::filesystem::temp_directory_path() / "kickdrum-call-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        capture_ = name;
        pid_ = ::fork();
        if (pid_ == 0) become(words);
    }
    ~Call() {
        if (!ended_) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        std::error_code ignored;
        std::filesystem::remove_all(capture_, ignored);
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    void signal(int number) const { ::kill(pid_, number); }

    bool running() {
        if (!ended_ && ::waitpid(pid_, &status_, WNOHANG) == pid_) ended_ = true;
        return !ended_;
    }

    // Until `condition` holds; false where the program ended before, or it took too long.
    template <class Condition>
    bool wait_until(const Condition& condition) {
        const auto end = std::chrono::steady_clock::now() + options_.at_most;
        while (!condition()) {
            if (!running() || std::chrono::steady_clock::now() > end) return condition();
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        return true;
    }

    Outcome wait() {
        wait_until([&] { return !running(); });
        if (!ended_) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, &status_, 0);
            ended_ = true;
        }
        Outcome outcome;
        outcome.code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
        outcome.out = text_of(capture_ / "out");
        outcome.err = text_of(capture_ / "err");
        return outcome;
    }

 private:
    [[noreturn]] void become(const std::vector<std::string>& words) {
        redirect(0, options_.in_file, O_RDONLY);
        redirect(1, options_.out_file.empty() ? (capture_ / "out").string() : options_.out_file, O_WRONLY);
        redirect(2, (capture_ / "err").string(), O_WRONLY);
        ::setenv("KICKDRUM_CACHE", (capture_ / "cache").c_str(), 1);
        for (const auto& [name, value] : options_.environment) ::setenv(name.c_str(), value.c_str(), 1);
        if (::chdir(options_.folder.c_str()) != 0) ::_exit(126);
        if (options_.largest_file) {
            const rlimit limit{*options_.largest_file, *options_.largest_file};
            ::setrlimit(RLIMIT_FSIZE, &limit);
            ::signal(SIGXFSZ, SIG_IGN);  // so that writing fails instead of killing
        }
        constexpr uid_t kNobody = 65534;
        if (options_.unprivileged && ::geteuid() == 0 &&
            (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) {
            ::_exit(126);
        }
        std::string program = KICKDRUM_PROGRAM;
        std::vector<std::string> copies = words;
        std::vector<char*> arguments{program.data()};
        for (auto& word : copies) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        ::execv(program.c_str(), arguments.data());
        ::_exit(127);
    }
    static void redirect(int descriptor, const std::string& file, int flags) {
        const int opened = ::open(file.c_str(), flags | (flags == O_WRONLY ? O_CREAT : 0), 0644);
        if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(126);
        ::close(opened);
    }

    CallOptions options_;
    std::filesystem::path capture_;
    pid_t pid_ = -1;
    int status_ = 0;
    bool ended_ = false;
};

inline Outcome call(const std::vector<std::string>& words, const CallOptions& options = {}) {
    return Call(words, options).wait();
}

}  // namespace kickdrum
