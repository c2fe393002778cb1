// The server of the baseline on a thread of this process.

import Dispatch
import Glibc
import RawBaseline
import Synchronization

/// Runs until `stop` or `stopByAByte`, one of which is called exactly once.
final class EchoServer: Sendable {
    struct Ending: Equatable {
        var status: Int32
        var requests: UInt64
        var refused: UInt64
    }

    enum Failure: Error {
        case ended(Ending)
        case timeout
    }

    /// What the server's thread reports.
    private final class Report: Sendable {
        let endpoint = Mutex<String?>(nil)
        let ending = Mutex<Ending?>(nil)
        let bound = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
    }

    private static let patience: DispatchTimeInterval = .seconds(20)

    let endpoint: String
    private let report = Report()
    private let stopWriter: Int32
    private let stopReader: Int32

    /// Starts the server and returns when it listens, or throws when it has ended instead.
    init(on requested: String, framesPerMessage: UInt32 = 1) throws {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0)
        (stopReader, stopWriter) = (ends[0], ends[1])
        startThread { [report, stopReader] in
            Self.run(requested, framesPerMessage, stopReader, report)
            report.bound.signal()
            report.ended.signal()
        }
        guard report.bound.wait(timeout: .now() + Self.patience) == .success else { throw Failure.timeout }
        if let ending = report.ending.withLock({ $0 }) { throw Failure.ended(ending) }
        endpoint = report.endpoint.withLock { $0 } ?? ""
    }

    deinit {
        close(stopReader)
    }

    /// Closes the other end of the stop descriptor and returns what the server did.
    func stop() throws -> Ending {
        close(stopWriter)
        return try awaitEnding()
    }

    /// Makes the stop descriptor readable and returns what the server did.
    func stopByAByte() throws -> Ending {
        defer { close(stopWriter) }
        precondition(write(stopWriter, "x", 1) == 1)
        return try awaitEnding()
    }

    private func awaitEnding() throws -> Ending {
        guard report.ended.wait(timeout: .now() + Self.patience) == .success,
            let ending = report.ending.withLock({ $0 })
        else { throw Failure.timeout }
        return ending
    }

    private static func run(_ endpoint: String, _ framesPerMessage: UInt32, _ stop: Int32, _ report: Report) {
        var counts = raw_server_counts()
        let status = endpoint.withCString { endpoint in
            withUnsafeMutablePointer(to: &counts) { counts in
                var options = raw_server_options()
                options.endpoint = endpoint
                options.frames_per_message_max = framesPerMessage
                options.stop_descriptor = stop
                options.context = Unmanaged.passUnretained(report).toOpaque()
                options.bound = { context, endpoint in
                    guard let context, let endpoint else { return }
                    let report = Unmanaged<Report>.fromOpaque(context).takeUnretainedValue()
                    report.endpoint.withLock { $0 = String(cString: endpoint) }
                    report.bound.signal()
                }
                options.counts = counts
                return raw_server_run(&options)
            }
        }
        report.ending.withLock { $0 = Ending(status: status, requests: counts.requests, refused: counts.refused) }
    }
}
