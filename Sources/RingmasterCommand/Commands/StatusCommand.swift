// `ringmaster status`: a cluster at one moment.

import ArgumentParser
import Foundation
import Ringmaster

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the coordinators and workers of a cluster.",
        discussion: "Status 69 where no coordinator leads; what answered is shown all the same.\n\n\(ExitStatus.list)"
    )

    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object instead of a table.")
    var json = false

    func run() async throws {
        let configuration = try client.configuration()
        let admin = try await ClusterAdmin(configuration)
        var coordinators = await admin.coordinators()
        if !coordinators.contains(where: { $0.status?.role == "leader" }) {
            // An election may be under way.
            _ = try? await admin.leader(timeout: configuration.timeout)
            coordinators = await admin.coordinators()
        }
        let hasLeader = coordinators.contains { $0.status?.role == "leader" }
        let workers = hasLeader ? (try? await admin.workers()) ?? [] : []
        let report = StatusReport(coordinators: coordinators, workers: workers)
        printNow(json ? try report.json() : report.text)
        guard hasLeader else {
            throw CommandFailure(
                .unavailable,
                ClusterError.noQuorum(coordinators: coordinators.map(\.endpoint.text)).description
            )
        }
    }
}
