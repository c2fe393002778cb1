// Reads a run back from its directory.

import Foundation
import Measurement

extension BenchRun {
    /// Reads what `write(to:formats:gnuplot:)` wrote. `bench.csv` and `machine.json` must be there; other files may be
    /// missing, as a run need not measure everything.
    ///
    /// - Throws: `BenchRunError` that names the file, and for a table the line and column.
    public init(reading directory: URL) throws(BenchRunError) {
        let input = RunDirectory(directory)
        let machineFile = directory.appending(path: "machine.json")
        let machineText = try input.read(machineFile)
        do {
            self.init(machine: try JSONDecoder().decode(MachineInfo.self, from: Data(machineText.utf8)))
        } catch {
            throw .badMachine(path: machineFile.path(percentEncoded: false), reason: "\(error)")
        }
        rows = try input.table("bench.csv", isRequired: true)
        openLoop = try input.table("open-loop.csv")
        ring = try input.table("ring.csv")
        micro = try input.table("micro.csv")
        memory = try input.table("memory.csv")
        ratios = try input.table("ratios.csv")
        targets = try input.table("targets.csv")
        notes = try input.textIfAny("notes.txt")?.split(separator: "\n").map(String.init) ?? []
        for file in input.files(in: "hgrm", withExtension: "hgrm") {
            do {
                latencies[file.deletingPathExtension().lastPathComponent] =
                    try PercentileCurve(hgrm: try input.read(file))
            } catch let error as HgrmError {
                throw .badLatencies(path: file.path(percentEncoded: false), error)
            } catch let error as BenchRunError {
                throw error
            } catch {
                throw .cannotRead(path: file.path(percentEncoded: false), reason: "\(error)")
            }
        }
    }
}
