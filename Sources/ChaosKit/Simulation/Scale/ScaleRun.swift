// Clusters of many sizes, each in a process of its own: what one leaves in memory is not the next one's.

import Foundation

/// Measures clusters one after the other.
public enum ScaleRun {
    /// Calls `done` after each. Blocks.
    public static func measure(
        _ sizes: [ScaleSize],
        done: (ScaleMeasurement) -> Void
    ) throws(ScaleError) -> [ScaleMeasurement] {
        var measurements: [ScaleMeasurement] = []
        for size in sizes {
            let measurement = try measureInProcess(size)
            done(measurement)
            measurements.append(measurement)
        }
        return measurements
    }

    private static func measureInProcess(_ size: ScaleSize) throws(ScaleError) -> ScaleMeasurement {
        let process = Process()
        let output = Pipe()
        let bytes: Data
        do {
            process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments = ["scale-share", String(decoding: try JSONEncoder().encode(size), as: UTF8.self)]
            process.standardOutput = output
            try process.run()
            bytes = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
        } catch {
            throw .shareFailed("\(error)")
        }
        guard process.terminationStatus == 0 else {
            throw .shareFailed(
                "\(size.workers) workers, \(size.slots) slots: it ended with \(process.terminationStatus)"
            )
        }
        do {
            return try JSONDecoder().decode(ScaleMeasurement.self, from: bytes)
        } catch {
            throw .shareFailed("\(size.workers) workers, \(size.slots) slots: \(error)")
        }
    }

    /// One cluster, in this process.
    /// - Parameter size: As JSON.
    /// - Returns: its measurement as JSON.
    public static func share(_ size: String) throws -> String {
        let size = try JSONDecoder().decode(ScaleSize.self, from: Data(size.utf8))
        let measurement = try ScaleCluster(size).measure()
        return String(decoding: try JSONEncoder().encode(measurement), as: UTF8.self)
    }
}
