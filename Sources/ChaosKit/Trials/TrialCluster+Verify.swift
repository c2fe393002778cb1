// What a trial's coordinators have on disk, looked at once nothing runs in there: `ringmaster verify`, and a comparison with
// what they had said of themselves.

import Ringmaster

extension TrialCluster {
    /// Ends everything, and checks every coordinator's data directory.
    /// - Returns: What is wrong, each naming the coordinator.
    func verify() async -> [String] {
        let last = await quiescent()
        // All at the same time, so that nobody goes on without the others.
        for process in coordinators { process.askToPause() }
        for process in coordinators { process.kill() }
        for process in workers.values { process.kill() }
        return coordinators.compactMap { coordinator in
            let status = last.first { $0.name == coordinator.name }
            return problem(of: coordinator.name, status).map { "\(coordinator.name): \($0)" }
        }
    }

    private func problem(of name: String, _ status: CoordinatorStatus?) -> String? {
        let report: DataDirectoryReport
        do throws(DeltaLogError) {
            report = try DataDirectory.verify(path: dataDirectory(of: name))
        } catch {
            return "\(error)"
        }
        guard let status else { return nil }
        guard report.lastIndex >= status.appliedIndex else {
            return "its log ends at \(report.lastIndex), and it had applied \(status.appliedIndex)"
        }
        // Entries beyond were written after it had spoken.
        guard report.lastIndex > status.appliedIndex || report.stateHash == status.stateHash else {
            return "the state on disk at \(report.lastIndex) is not the one it had"
        }
        return nil
    }
}
