// The log of a cluster with nothing on it: what libraft does with the same entries on the same disk.

import BenchResults
import Foundation
import Measurement
import RaftBaseline

/// Entries like a cluster's, and what libraft makes of them.
struct LibraftAlone {
    /// Bytes of an entry.
    var entryBytes: Int
    /// Jobs that an entry stands for.
    var jobsPerEntry: Double
    /// Entries proposed at once.
    var inFlight: Int

    private static let samplesMax = 1_000_000

    /// Proposes for so long, in a directory of its own.
    func run(_ key: BenchKey, seconds: Double, in place: BenchPlace) throws -> (
        row: BenchRow, latency: LatencyHistogram
    ) {
        let directory = place.disk.appending(path: "libraft-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let port = try ClusterRig.freePorts(1)[0]
        let samples = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.samplesMax)
        defer { samples.deallocate() }
        var result = raft_baseline_result()
        let status = directory.path(percentEncoded: false).withCString { directory in
            "127.0.0.1:\(port)".withCString { address in
                var options = raft_baseline_options()
                options.directory = directory
                options.address = address
                options.entry_bytes = UInt32(max(8, entryBytes))
                options.in_flight = UInt32(max(1, inFlight))
                options.warm_up_entries = UInt32(4 * max(1, inFlight))
                options.seconds = seconds
                options.samples = samples
                options.samples_capacity = Self.samplesMax
                return raft_baseline_run(&options, &result)
            }
        }
        guard status == 0 else {
            let reason = withUnsafeBytes(of: result.error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw ChildError("libraft alone: \(reason.isEmpty ? String(cString: strerror(-status)) : reason)")
        }
        var latency = LatencyHistogram()
        for index in 0..<result.samples { latency.record(Int64(samples[index])) }
        let jobs = Double(result.entries) * jobsPerEntry
        let row = BenchRow(
            key,
            .libraft,
            requests: Int(jobs),
            seconds: Double(max(result.elapsed_ns, 1)) / 1e9,
            latency: LatencyFigures(latency),
            cpuNsPerRequest: Double(result.cpu_ns) / max(jobs, 1)
        )
        return (row, latency)
    }
}
