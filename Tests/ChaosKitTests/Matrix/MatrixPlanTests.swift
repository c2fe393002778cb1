// The matrix as a list: nothing is forgotten, nothing is there twice.

import Ringmaster
import Testing

@testable import ChaosKit

@Suite struct MatrixPlanTests {
    @Test(arguments: FaultPoint.allCases)
    func everyStepIsTriedWithBothStrikesInBothModes(point: FaultPoint) {
        let cells = MatrixPlan.cells.filter { $0.point == point }
        for mode in [ResizeMode.handoff, .barrier] {
            for strike in MatrixStrike.allCases {
                #expect(cells.contains { $0.mode == mode && $0.strike == strike })
            }
        }
    }

    @Test func everyCellIsThereOnceAndEveryRoleIsTried() {
        let names = MatrixPlan.cells.map(\.description)
        #expect(Set(names).count == names.count)
        #expect(Set(MatrixPlan.cells.map(\.role)) == Set(MatrixRole.allCases))
    }

    @Test func aSampleIsTheSameEachTimeAndInOrder() throws {
        let sample = MatrixPlan.sample(40, of: MatrixPlan.cells)
        #expect(sample == MatrixPlan.sample(40, of: MatrixPlan.cells))
        let places = try sample.map { try #require(MatrixPlan.cells.firstIndex(of: $0)) }
        #expect(places.count == 40 && zip(places, places.dropFirst()).allSatisfy(<))
        #expect(MatrixPlan.sample(.max, of: MatrixPlan.cells) == MatrixPlan.cells)
    }

    @Test func aStepIsOnlyAskedOfAProcessThatTakesIt() {
        for cell in MatrixPlan.cells {
            let kind =
                switch cell.role {
                case .joining, .leaving, .staying: "worker."
                case .leader, .follower: "coordinator."
                case .client: "client."
                }
            #expect(cell.point.rawValue.hasPrefix(kind), "\(cell)")
        }
    }

    @Test(arguments: PlantedBug.allCases)
    func aCellThatShowsAMistakeIsOneOfTheMatrix(bug: PlantedBug) {
        guard case .cell(let name) = PlantedSituation(of: bug) else { return }
        #expect(MatrixPlan.cells.contains { $0.description == name })
    }
}
