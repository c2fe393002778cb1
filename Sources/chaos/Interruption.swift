// Ctrl-C: the run under way heals its cluster and judges what there is; a second one ends the program at once.

import ChaosKit
import RingmasterCommand

/// Waits for the wish to end, and passes it to the run under way. One a process.
actor Interruption {
    private(set) var hasCome = false
    private var conductor: Conductor?

    init() {
        Task.detached {
            _ = await StopOrder.wait(isSupervised: false)
            await self.come()
        }
    }

    private func come() async {
        hasCome = true
        await conductor?.stop()
    }

    /// Carries a run out.
    func perform(_ plan: Schedule, in folder: RunFolder, showsLive: Bool) async throws(RunError) -> RunResult {
        let conductor = try await Conductor(plan, in: folder, command: CommandLine.arguments.joined(separator: " "))
        self.conductor = conductor
        if hasCome { await conductor.stop() }
        return try await conductor.run(showsLive: showsLive)
    }
}
