// What services under faults promise, in the words of the checker.

import Alternatives
import ChaosKit
import Testing

@Suite struct ServicePromiseTests {
    @Test func whatIsNotPromisedIsAnAnomalyOfTheChecker() {
        for service in WorkerServices.all {
            for care in ServiceCare.allCases {
                for name in service.promise(care)?.excluded.keys.map(\.self) ?? [] {
                    #expect(AnomalyKind(rawValue: name) != nil, "\(service.name), \(care.rawValue): \(name)")
                }
            }
        }
    }

    @Test func withTheUsersOwnRecordNothingIsExcused() {
        for service in WorkerServices.all { #expect(service.promise(.idempotent)?.excluded.isEmpty ?? true) }
    }
}
