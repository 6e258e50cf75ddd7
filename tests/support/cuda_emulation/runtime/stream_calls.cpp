// SPDX-License-Identifier: MIT
// The runtime's functions about streams and events.
#include <algorithm>

#include "tests/support/cuda_emulation/runtime/runtime.h"

namespace kickdrum::emulation {
namespace {

cudaError_t wait_for(Runtime& runtime, const CUstream_st& stream) {
    if (stream.capture) {
        stream.capture->valid = false;
        return cudaErrorStreamCaptureUnsupported;
    }
    ++runtime.counts.synchronisations;
    return runtime.drain([&stream] { return stream.queue.empty(); });
}

void record(Runtime& runtime, CUevent_st& event, CUstream_st& stream) {
    event.captured = stream.capture != nullptr;
    event.capture = stream.capture;
    if (event.captured) {
        event.frontier = stream.frontier;
        return;
    }
    QueueItem item;
    item.signal = event.progress;
    item.signal_value = ++event.progress->issued;
    runtime.push(stream, std::move(item));
}

// Later work of `stream` comes after what the event stands for. A captured event draws the stream into its
// capture.
cudaError_t wait_for_event(Runtime& runtime, CUstream_st& stream, const CUevent_st& event) {
    const std::shared_ptr<Capture> capture = event.captured ? event.capture.lock() : nullptr;
    if (!capture) {
        if (stream.capture) {
            stream.capture->valid = false;
            return cudaErrorStreamCaptureIsolation;
        }
        if (event.captured) return cudaSuccess;  // its capture is over
        QueueItem item;
        item.waits.push_back({event.progress, event.progress->issued});
        runtime.push(stream, std::move(item));
        return cudaSuccess;
    }
    if (stream.capture && stream.capture != capture) return cudaErrorStreamCaptureMerge;
    if (!stream.capture) {
        stream.capture = capture;
        stream.frontier.clear();
    }
    for (const std::size_t node : event.frontier) {
        if (std::find(stream.frontier.begin(), stream.frontier.end(), node) == stream.frontier.end()) {
            stream.frontier.push_back(node);
        }
    }
    return cudaSuccess;
}

cudaError_t refuse_captured(const CUevent_st& event) {
    const std::shared_ptr<Capture> capture = event.captured ? event.capture.lock() : nullptr;
    if (!capture) return cudaSuccess;
    capture->valid = false;
    return cudaErrorCapturedEvent;
}

// Asking often enough sees the work end.
cudaError_t make_progress(Runtime& runtime, const std::function<bool()>& done) {
    int looks = 0;  // the third comes after one piece of work
    const cudaError_t error = runtime.drain([&] { return done() || ++looks == 3; });
    if (error != cudaSuccess) return error;
    return done() ? cudaSuccess : cudaErrorNotReady;
}

}  // namespace
}  // namespace kickdrum::emulation

using kickdrum::emulation::call;
using kickdrum::emulation::CallKind;
using kickdrum::emulation::Runtime;

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    return call([=](Runtime& runtime) {
        *stream = new CUstream_st{.blocking = (flags & cudaStreamNonBlocking) == 0};
        runtime.streams.insert(*stream);
        return cudaSuccess;
    });
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
    return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int /*priority*/) {
    return cudaStreamCreateWithFlags(stream, flags);
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
    return call(
        [=](Runtime& runtime) {
            if (handle == nullptr || !runtime.streams.contains(handle)) return cudaErrorInvalidResourceHandle;
            const cudaError_t error = runtime.drain([=] { return handle->queue.empty(); });
            runtime.streams.erase(handle);
            delete handle;
            return error;
        },
        CallKind::done_anyway);
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
    return call(
        [=](Runtime& runtime) {
            const CUstream_st* stream = runtime.stream(handle);
            return stream == nullptr ? cudaErrorInvalidResourceHandle
                                     : kickdrum::emulation::wait_for(runtime, *stream);
        },
        CallKind::done_anyway);
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
    return call([=](Runtime& runtime) {
        const CUstream_st* stream = runtime.stream(handle);
        if (stream == nullptr) return cudaErrorInvalidResourceHandle;
        if (stream->capture) {
            stream->capture->valid = false;
            return cudaErrorStreamCaptureUnsupported;
        }
        return kickdrum::emulation::make_progress(runtime, [stream] { return stream->queue.empty(); });
    });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned /*flags*/) {
    return call([=](Runtime& runtime) {
        CUstream_st* stream = runtime.stream(handle);
        if (stream == nullptr || !runtime.events.contains(event)) return cudaErrorInvalidResourceHandle;
        return kickdrum::emulation::wait_for_event(runtime, *stream, *event);
    });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned /*flags*/) {
    return call([=](Runtime& runtime) {
        *event = new CUevent_st;
        runtime.events.insert(*event);
        return cudaSuccess;
    });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
    return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    return call(
        [=](Runtime& runtime) {
            if (runtime.events.erase(event) == 0) return cudaErrorInvalidResourceHandle;
            delete event;
            return cudaSuccess;
        },
        CallKind::done_anyway);
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
    return call([=](Runtime& runtime) {
        CUstream_st* stream = runtime.stream(handle);
        if (stream == nullptr || !runtime.events.contains(event)) return cudaErrorInvalidResourceHandle;
        kickdrum::emulation::record(runtime, *event, *stream);
        return cudaSuccess;
    });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    return call(
        [=](Runtime& runtime) {
            if (!runtime.events.contains(event)) return cudaErrorInvalidResourceHandle;
            if (const cudaError_t error = kickdrum::emulation::refuse_captured(*event)) return error;
            ++runtime.counts.synchronisations;
            return runtime.drain([event] { return event->progress->done >= event->progress->issued; });
        },
        CallKind::done_anyway);
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
    return call([=](Runtime& runtime) {
        if (!runtime.events.contains(event)) return cudaErrorInvalidResourceHandle;
        if (const cudaError_t error = kickdrum::emulation::refuse_captured(*event)) return error;
        return kickdrum::emulation::make_progress(
            runtime, [event] { return event->progress->done >= event->progress->issued; });
    });
}

// Time doesn't pass on the emulated device.
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
    return call([=](Runtime& runtime) {
        if (!runtime.events.contains(start) || !runtime.events.contains(end))
            return cudaErrorInvalidResourceHandle;
        for (const CUevent_st* event : {start, end}) {
            if (event->progress->done < event->progress->issued) return cudaErrorNotReady;
        }
        *milliseconds = 0;
        return cudaSuccess;
    });
}

}  // extern "C"
