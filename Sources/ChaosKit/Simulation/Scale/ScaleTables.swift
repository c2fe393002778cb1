// The measurements of clusters as tables: rest.csv, resizes.csv, traffic.csv, and what is printed.

import Measurement

/// Tables of clusters by their size.
public struct ScaleTables: Sendable {
    public var rest: CSVTable
    public var resizes: CSVTable
    public var traffic: CSVTable

    private static let sizeColumns = ["workers", "slots", "coordinators", "clients"]

    public init(_ measurements: [ScaleMeasurement]) {
        rest = CSVTable(
            header: Self.sizeColumns + [
                "start_virtual_ms", "start_rounds", "view_bytes", "plan_cpu_ms", "heartbeats_per_s", "heartbeat_bytes",
                "client_bytes_per_s", "worker_bytes_per_s", "leader_cpu_us_per_heartbeat", "leader_cpu_share",
                "memory_bytes",
            ]
        )
        resizes = CSVTable(
            header: Self.sizeColumns + [
                "event", "repeats", "moved_slots", "frames", "bytes", "leader_frames_sent", "leader_bytes_sent",
                "leader_frames_received", "leader_bytes_received", "log_bytes", "worker_frames_received",
                "worker_bytes_received",
                "worker_bytes_received_max", "client_bytes_received", "commit_virtual_ms", "settled_virtual_ms",
                "leader_cpu_ms",
                "leader_longest_turn_ms", "worker_cpu_ms", "worker_longest_turn_ms", "client_cpu_ms",
            ]
        )
        traffic = CSVTable(header: Self.sizeColumns + ["event", "from", "to", "what", "frames", "bytes"])
        for measurement in measurements { append(measurement) }
    }

    private mutating func append(_ measurement: ScaleMeasurement) {
        let size = measurement.size
        let prefix = [size.workers, size.slots, size.coordinators, size.clients].map { "\($0)" }
        let atRest = measurement.atRest
        rest.append(
            prefix + [
                Self.ms(atRest.startNs), "\(atRest.startRounds)", "\(atRest.viewBytes)", Self.ms(atRest.planNs),
                NumberText.decimals(atRest.heartbeatsPerSecond, 1), NumberText.decimals(atRest.heartbeatBytes, 1),
                NumberText.decimals(atRest.clientBytesPerSecond, 0),
                NumberText.decimals(atRest.workerBytesPerSecond, 0),
                NumberText.decimals(atRest.leaderNsPerHeartbeat / 1000, 3), NumberText.decimals(atRest.leaderShare, 5),
                "\(atRest.memoryBytes)",
            ]
        )
        for event in ScaleEvent.allCases {
            let of = measurement.resizes.filter { $0.event == event }
            guard let first = of.first else { continue }
            resizes.append(prefix + ["\(event)", "\(of.count)"] + Self.fields(of))
            for line in first.traffic {
                traffic.append(
                    prefix + ["\(event)", "\(line.from)", "\(line.to)", line.name, "\(line.frames)", "\(line.bytes)"]
                )
            }
        }
    }

    /// The median of each figure over the resizes of one kind.
    private static func fields(_ resizes: [ScaleResize]) -> [String] {
        func middle(_ value: (ScaleResize) -> Double) -> Double { median(resizes.map(value)) }
        func count(_ value: (ScaleResize) -> Int) -> String { "\(Int(middle { Double(value($0)) }.rounded()))" }
        func ms(_ value: (ScaleResize) -> Double) -> String { NumberText.decimals(middle(value) / 1e6, 3) }
        return [
            count(\.movedSlots), count(\.frames), count(\.bytes), count(\.leaderFramesSent), count(\.leaderBytesSent),
            count(\.leaderFramesReceived), count(\.leaderBytesReceived), count(\.logBytes),
            NumberText.decimals(middle(\.workerFrames), 2), count { Int($0.workerBytes) }, count(\.workerBytesMax),
            count { Int($0.clientBytes) }, ms { Double($0.commitNs) }, ms { Double($0.settledNs) },
            ms { Double($0.leaderNs) },
            ms { Double($0.leaderTurnNs) }, ms(\.workerNs), ms { Double($0.workerTurnNs) }, ms(\.clientNs),
        ]
    }

    private static func ms(_ ns: Int64) -> String { NumberText.decimals(Double(ns) / 1e6, 3) }

    /// For a terminal: a line for each cluster, one for each kind of resize.
    public static func text(of measurement: ScaleMeasurement) -> String {
        let (size, atRest) = (measurement.size, measurement.atRest)
        var text = """
            \(NumberText.grouped(size.workers)) workers, \(NumberText.grouped(size.slots)) slots: \
            view \(NumberText.bytes(atRest.viewBytes)), \
            leader \(NumberText.microseconds(atRest.leaderNsPerHeartbeat / 1000)) a heartbeat, \
            \(NumberText.decimals(atRest.leaderShare * 100, 2)) % of a CPU at rest, a client gets \(NumberText.bytes(Int(atRest.clientBytesPerSecond)))/s, \
            plan \(NumberText.microseconds(Double(atRest.planNs) / 1000)), memory \(NumberText.bytes(atRest.memoryBytes))

            """
        for event in ScaleEvent.allCases {
            let of = measurement.resizes.filter { $0.event == event }
            guard !of.isEmpty else { continue }
            func middle(_ value: (ScaleResize) -> Double) -> Double { median(of.map(value)) }
            text += """
                  \(event): \(NumberText.grouped(Int(middle { Double($0.frames) }))) frames, \
                \(NumberText.bytes(Int(middle { Double($0.bytes) }))); \
                leader sends \(NumberText.bytes(Int(middle { Double($0.leaderBytesSent) }))), \
                a worker gets \(NumberText.bytes(Int(middle(\.workerBytes)))), \
                a client \(NumberText.bytes(Int(middle(\.clientBytes)))); \
                committed after \(NumberText.decimals(middle { Double($0.commitNs) } / 1e6, 2)) ms, \
                known after \(NumberText.decimals(middle { Double($0.settledNs) } / 1e6, 2)) ms (virtual); \
                leader \(NumberText.microseconds(middle { Double($0.leaderNs) } / 1000)) of CPU, \
                longest turn \(NumberText.microseconds(middle { Double($0.leaderTurnNs) } / 1000))

                """
        }
        return text
    }
}
