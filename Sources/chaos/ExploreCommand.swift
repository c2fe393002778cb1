// `chaos explore`: every state that a small cluster of the production cores can get into.

import ArgumentParser
import ChaosKit
import Foundation
import Measurement
import Ringmaster
import RingmasterCommand
import RingmasterProtocol

struct ExploreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explore",
        abstract: "Walk through every order of events in a small cluster.",
        discussion: """
            Takes the production cores (RingKeeper, SlotGates, StateMachine) through every order in which messages, entries of \
            the log, deaths and leader changes can come, within the bounds given, and checks the invariants after each step. A \
            violation is shown by a shortest trace. docs/EXPLORE.md says what is shown and what is not. Ctrl-C ends it with \
            what was explored: status 3, as for any exploration that is not complete.

            \(ChaosStatus.list)
            """
    )

    @Option(help: ArgumentHelp("Workers that are members at the beginning.", valueName: "n")) var members = 2
    @Option(help: ArgumentHelp("Workers that join.", valueName: "n")) var joins = 1
    @Option(help: ArgumentHelp("Members that may leave.", valueName: "n")) var leaves = 0
    @Option(help: ArgumentHelp("What stops in a resize.", valueName: "handoff|barrier")) var resize = "handoff"
    @Option(help: ArgumentHelp("Jobs, all of one key.", valueName: "n")) var jobs = 1
    @Option(help: ArgumentHelp("Kills of workers.", valueName: "n")) var crashes = 1
    @Option(help: ArgumentHelp("Starts of killed workers.", valueName: "n")) var restarts = 0
    @Option(help: ArgumentHelp("Changes of the leader.", valueName: "n")) var leaderChanges = 1
    @Option(help: ArgumentHelp("Workers that are silent for longer than their lease.", valueName: "n")) var silences = 0
    @Option(help: ArgumentHelp("Needless copies of jobs.", valueName: "n")) var copies = 0
    @Option(help: ArgumentHelp("Ends of the client's session.", valueName: "n")) var expiries = 0
    @Flag(help: "Former leaders may go on for a while.") var lingering = false
    @Option(
        help: ArgumentHelp(
            "Plant a mistake in the cores, in the cluster in which it shows; or all, one after the other.",
            valueName: "name|all"
        )
    )
    var planted: String?
    @Option(help: ArgumentHelp("Most states, which bounds memory: about 200 bytes each.", valueName: "n"))
    var statesMax = 20_000_000

    func validate() throws {
        if let mistake = setting.mistake { throw ValidationError(mistake) }
        guard ["handoff", "barrier"].contains(resize) else {
            throw ValidationError("--resize \(resize) is not possible: give handoff or barrier")
        }
        guard (1...Int(UInt32.max / 2)).contains(statesMax) else {
            throw ValidationError("--states-max \(statesMax) is not possible: give 1 to \(UInt32.max / 2)")
        }
        guard let planted, planted != "all" else { return }
        guard let bug = PlantedBug(rawValue: planted) else {
            throw ValidationError("\(FaultError.bugUnknown(planted))")
        }
        if ExploreSetting.revealing(bug) == nil {
            throw ValidationError("\(planted) is not of the cores, or no state shows it; see docs/EXPLORE.md")
        }
    }

    private var setting: ExploreSetting {
        var setting = ExploreSetting()
        (setting.members, setting.joins, setting.leaves) = (members, joins, leaves)
        (setting.jobs, setting.crashes, setting.restarts) = (jobs, crashes, restarts)
        (setting.leaderChanges, setting.silences, setting.copies) = (leaderChanges, silences, copies)
        (setting.expiries, setting.formerLingers) = (expiries, lingering)
        setting.mode = resize == "barrier" ? .barrier : .handoff
        return setting
    }

    func run() async throws {
        let hasCome = Guarded(false)
        Task.detached {
            _ = await StopOrder.wait(isSupervised: false)
            hasCome.withLock { $0 = true }
        }
        let isStopped = { hasCome.withLock { $0 } }
        if planted == "all" { return try explorePlanted(isStopped) }
        let chosen = planted.flatMap(PlantedBug.init(rawValue:)).flatMap(ExploreSetting.revealing) ?? setting
        print(chosen.line)
        let (result, time) = explore(chosen, isStopped, tells: true)
        print(
            "\(result.states) states, \(result.steps) steps, depth \(result.depth), \(result.statesAtRest) at rest; \(time.text)"
        )
        switch result.end {
        case .complete: print("complete: no promise is broken")
        case .violation(let broken, let trace):
            print("violation: \(broken)\n\n\(trace)", terminator: "")
            throw ChaosStatus.violation
        case .statesExhausted:
            print("not complete: there are more than \(statesMax) states; give --states-max more, or fewer faults")
            throw ChaosStatus.couldNot
        case .stopped:
            print("not complete: stopped")
            throw ChaosStatus.couldNot
        }
    }

    /// Plants one mistake after the other.
    private func explorePlanted(_ isStopped: () -> Bool) throws {
        var table = TextTable(
            [
                TextTable.Column("mistake", .left), TextTable.Column("caught by", .left),
                TextTable.Column("depth", .right), TextTable.Column("states", .right), TextTable.Column("CPU", .right),
            ],
            lineWidthMax: 160
        )
        var missed = 0
        for bug in PlantedBug.allCases {
            guard let setting = ExploreSetting.revealing(bug), !isStopped() else { continue }
            let (result, time) = explore(setting, isStopped, tells: false)
            var caughtBy = "NOT CAUGHT"
            if case .violation(let broken, _) = result.end { caughtBy = broken.invariant } else { missed += 1 }
            table.append([bug.rawValue, caughtBy, "\(result.depth)", "\(result.states)", time.cpuText])
        }
        print(table.text)
        if isStopped() { throw ChaosStatus.couldNot }
        if missed > 0 { throw ChaosStatus.violation }
    }

    private func explore(
        _ setting: ExploreSetting,
        _ isStopped: () -> Bool,
        tells: Bool
    ) -> (ExplorationResult, ExploreTime) {
        var exploration = Exploration(setting, statesMax: statesMax)
        let began = ExploreTime()
        var told = ContinuousClock.now
        let result = exploration.run { states, steps, depth in
            if tells, ContinuousClock.now - told > .seconds(5) {
                told = .now
                print("depth \(depth): \(states) states, \(steps) steps")
                fflush(nil)
            }
            return !isStopped()
        }
        return (result, ExploreTime(since: began, states: result.states))
    }
}

/// The time that an exploration took: by the clock, and of the one CPU that it was given.
private struct ExploreTime {
    private var wall = 0.0
    private var cpu = 0.0
    private var states = 0

    init() {
        wall = Self.now(CLOCK_MONOTONIC)
        cpu = Self.now(CLOCK_PROCESS_CPUTIME_ID)
    }

    init(since began: ExploreTime, states: Int) {
        wall = Self.now(CLOCK_MONOTONIC) - began.wall
        cpu = Self.now(CLOCK_PROCESS_CPUTIME_ID) - began.cpu
        self.states = states
    }

    private static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    var cpuText: String { String(format: "%.2f s", cpu) }

    var text: String {
        String(
            format: "%.1f s, %.1f s of CPU, %.0f states a second of CPU",
            wall,
            cpu,
            Double(states) / max(cpu, 0.001)
        )
    }
}
