// libuv's pool of threads, on which libraft ends segments, truncates and writes snapshots, stopped for as long as a test likes.

import Glibc

/// Keeps every thread of the pool busy until `end`. The writes of entries go on: the kernel does those.
final class ThreadPoolStop {
    /// As many as the pool has unless the environment says otherwise.
    private static let threads = 4
    /// More than a `uv_work_t`; the first word of it is for its user.
    private static let requestBytes = 1024

    private typealias Work = @convention(c) (UnsafeMutableRawPointer?) -> Void
    private typealias Queue =
        @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer, Work, UnsafeRawPointer?) -> Int32
    private typealias OnLoop = @convention(c) (UnsafeMutableRawPointer) -> Int32
    private typealias Run = @convention(c) (UnsafeMutableRawPointer, Int32) -> Int32
    private typealias Size = @convention(c) () -> Int

    private let loop: UnsafeMutableRawPointer
    private let requests: UnsafeMutableRawPointer
    private let gate = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    private var hasEnded = false

    init() {
        let size: Size = Self.function("uv_loop_size")
        loop = .allocate(byteCount: size(), alignment: 16)
        requests = .allocate(byteCount: Self.threads * Self.requestBytes, alignment: 16)
        requests.initializeMemory(as: UInt8.self, repeating: 0, count: Self.threads * Self.requestBytes)
        sem_init(gate, 0, 0)
        let begin: OnLoop = Self.function("uv_loop_init")
        precondition(begin(loop) == 0)
    }

    /// Stops it once what the pool works on now has ended.
    func begin() {
        let queue: Queue = Self.function("uv_queue_work")
        for place in 0..<Self.threads {
            let request = requests + place * Self.requestBytes
            request.storeBytes(of: UnsafeMutableRawPointer(gate), as: UnsafeMutableRawPointer.self)
            let code = queue(
                loop,
                request,
                { request in
                    guard let gate = request?.load(as: UnsafeMutableRawPointer.self) else { return }
                    sem_wait(gate.assumingMemoryBound(to: sem_t.self))
                },
                nil
            )
            precondition(code == 0)
        }
    }

    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        for _ in 0..<Self.threads { sem_post(gate) }
        let run: Run = Self.function("uv_run")
        let close: OnLoop = Self.function("uv_loop_close")
        _ = run(loop, 0)
        precondition(close(loop) == 0)
    }

    deinit {
        end()
        sem_destroy(gate)
        gate.deallocate()
        requests.deallocate()
        loop.deallocate()
    }

    private static func function<Function>(_ name: String) -> Function {
        guard let symbol = dlsym(nil, name) else { fatalError("libuv has no \(name)") }
        return unsafeBitCast(symbol, to: Function.self)
    }
}
