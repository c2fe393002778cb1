// What came of a cell of the matrix, of the series of cells on one cluster, and of all.

/// What came of a cell.
public struct MatrixResult: Sendable {
    public enum Outcome: Equatable, Sendable {
        /// Struck, healed, and nothing promised was broken.
        case valid
        /// Struck, and a promise is broken; or the cluster did not settle within the bound.
        case violation(String)
        /// The process did not come to the step: nothing was tried.
        case notReached(String)
        /// The history could not be judged whole.
        case undecided(String)
    }

    public let cell: MatrixCell
    public let outcome: Outcome
    /// From the strike's healing until members, rounds and coordinators were settled.
    public let settled: Duration?
}

/// What a series of cells on one cluster left on disk.
public struct MatrixVerification: Sendable {
    /// The numbers of its first and last cell.
    public let cells: ClosedRange<Int>
    /// What is wrong in the coordinators' data directories; empty where all is well.
    public let problems: [String]
}

/// What came of a matrix.
public struct MatrixResults: Sendable {
    public var cells: [MatrixResult] = []
    public var verifications: [MatrixVerification] = []
}
