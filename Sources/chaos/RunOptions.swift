// The flags that make a run's settings.

import ArgumentParser
import ChaosKit
import RingmasterProtocol

struct RunOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Workers at the beginning.", valueName: "n")) var workers = 4
    @Option(help: ArgumentHelp("Coordinators: 1, 3 or 5.", valueName: "n")) var coordinators = 3
    @Option(
        help: ArgumentHelp("Coordinators that keep the log; 0 in memory. (default: all)", valueName: "n")
    ) var replicas: Int?
    @Option(help: ArgumentHelp("Processes that put load on it.", valueName: "n")) var clients = 4
    @Option(help: ArgumentHelp("Keys in use at a time.", valueName: "n")) var keys = 1000
    @Option(help: ArgumentHelp("Jobs and reads a second, or max.", valueName: "n|max")) var rate = "2000"
    @Option(help: ArgumentHelp("poisson or fixed.", valueName: "spacing")) var spacing = LoadSettings.Spacing.poisson
    @Option(help: ArgumentHelp("The share of reads, 0 to 1.", valueName: "share")) var readShare = 0.2
    @Option(help: ArgumentHelp("How long faults go on, as 30s or 2m.", valueName: "time")) var duration = TimeText(
        seconds: 30
    )
    @Option(help: ArgumentHelp("A resize each; 0 for none.", valueName: "time")) var resizeEvery = TimeText(seconds: 2)
    @Option(help: ArgumentHelp("handoff or barrier.", valueName: "mode")) var resize = ResizeKind.handoff
    @Option(help: ArgumentHelp("Expected SIGKILLs a second.", valueName: "n")) var killRate = 0.5
    @Option(
        help: ArgumentHelp("Of workers, leader, coordinators, servers, clients.", valueName: "roles")
    ) var killTargets = NameList<TargetRole>([.workers, .leader, .coordinators, .clients])
    @Option(help: ArgumentHelp("From a death to the new start.", valueName: "time")) var restartAfter = TimeText(
        seconds: 0.5
    )
    @Option(
        help: ArgumentHelp(
            "Of \(FaultKind.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "kinds"
        )
    ) var faults = NameList<FaultKind>([.kill])
    @Option(help: ArgumentHelp("Expected faults a second of each kind but kill.", valueName: "n")) var faultRate = 0.1
    @Option(help: ArgumentHelp("any, or resize: faults only during resizes.", valueName: "when")) var during =
        FaultWindow.any
    @Option(
        help: ArgumentHelp(
            "auto, none, proxy, or namespaces, which needs root; auto is proxy where faults need a network.",
            valueName: "network"
        )
    ) var network = NetworkMode.auto
    @Option(help: ArgumentHelp("Slots of the ring.", valueName: "n")) var slots = 4096

    func settings() throws -> RunSettings {
        var settings = RunSettings()
        settings.workers = workers
        settings.coordinators = coordinators
        settings.replicas = replicas ?? coordinators
        settings.clients = clients
        settings.keys = keys
        if rate == "max" {
            settings.load.perSecond = nil
        } else if let perSecond = Double(rate) {
            settings.load.perSecond = perSecond
        } else {
            throw ValidationError("--rate is '\(rate)'; possible is a number, or max")
        }
        settings.load.spacing = spacing
        settings.load.readShare = readShare
        settings.durationNs = duration.nanoseconds
        settings.resizeEveryNs = resizeEvery.nanoseconds
        settings.resize = resize
        settings.killRate = killRate
        settings.killTargets = killTargets.values
        settings.restartAfterNs = restartAfter.nanoseconds
        settings.faults = faults.values
        settings.faultRate = faultRate
        settings.during = during
        settings.slots = slots
        settings.network = network == .auto ? nil : network
        return settings
    }
}

/// A time on the command line: 250ms, 30s, 2m, 1h, or a number of seconds.
struct TimeText: ExpressibleByArgument {
    let nanoseconds: Int64

    init(seconds: Double) {
        nanoseconds = Int64(seconds * 1e9)
    }

    init?(argument: String) {
        let units: [(String, Double)] = [("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)]
        let (unit, seconds) = units.first { argument.hasSuffix($0.0) } ?? ("", 1)
        guard let number = Double(argument.dropLast(unit.count)), number >= 0, number * seconds < 1e7 else {
            return nil
        }
        self.init(seconds: number * seconds)
    }

    var defaultValueDescription: String {
        nanoseconds < 1_000_000_000 ? "\(nanoseconds / 1_000_000)ms" : "\(nanoseconds / 1_000_000_000)s"
    }
}

/// Names of one kind, separated by commas.
struct NameList<Name: RawRepresentable<String> & CaseIterable & Sendable>: ExpressibleByArgument, Sendable {
    let values: [Name]

    init(_ values: [Name]) {
        self.values = values
    }

    init?(argument: String) {
        var values: [Name] = []
        for part in argument.split(separator: ",") {
            guard let name = Name(rawValue: String(part)) else { return nil }
            values.append(name)
        }
        self.values = values
    }

    var defaultValueDescription: String { values.map(\.rawValue).joined(separator: ",") }
}

extension LoadSettings.Spacing: ExpressibleByArgument {}
extension ResizeKind: ExpressibleByArgument {}
extension NetworkMode: ExpressibleByArgument {}
extension FaultWindow: ExpressibleByArgument {}
extension PlantedBug: ExpressibleByArgument {}
