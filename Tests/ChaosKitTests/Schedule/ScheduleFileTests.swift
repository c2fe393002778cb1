// Schedules as files: what was written is read, what a person writes is checked.

import Foundation
import Testing

@testable import ChaosKit

struct ScheduleFileTests {
    private func read(_ text: String) throws -> Schedule {
        let path = FileManager.default.temporaryDirectory.appending(path: "schedule-\(UUID().uuidString).json")
        try Data(text.utf8).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        return try Schedule(path: path.path(percentEncoded: false))
    }

    @Test
    func aScheduleIsReadAsItWasWritten() throws {
        var settings = RunSettings()
        settings.faults = FaultKind.allCases.filter { $0.network != .packets }
        let schedule = Schedule(planning: settings, seed: 9)
        #expect(try read(String(decoding: schedule.json(), as: UTF8.self)) == schedule)
    }

    @Test
    func aVictimCanBeNamed() throws {
        var schedule = Schedule(planning: RunSettings(), seed: 9)
        let order = FaultOrder(id: 1, kind: .pause, target: .named("w2"), lastsNs: 1)
        schedule.steps = [Schedule.Step(atNs: 5, .fault(order))]
        #expect(try read(String(decoding: schedule.json(), as: UTF8.self)).steps == schedule.steps)
    }

    @Test(arguments: [
        ("\"format\" : 1", "\"format\" : 2", "format"),
        ("\"clients\" : 4", "\"clients\" : 0", "--clients"),
        ("\"replicas\" : 3", "\"replicas\" : 2", "--replicas"),
        ("\"durationNs\" : 30000000000", "\"durationNs\" : 100000000", "outside the duration"),
        ("\"kind\" : \"kill\"", "\"kind\" : \"kiss\"", "kiss"),
        ("{", "[", "cannot be used"),
    ])
    func aWrongScheduleIsRefusedWithItsReason(part: String, wrong: String, reason: String) throws {
        let text = String(decoding: try Schedule(planning: RunSettings(), seed: 9).json(), as: UTF8.self)
        let broken = try #require(text.range(of: part).map { text.replacingCharacters(in: $0, with: wrong) })
        let error = #expect(throws: RunError.self) { try read(broken) }
        #expect(error?.description.contains(reason) == true)
    }
}
