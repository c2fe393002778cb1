// What a history can show to be wrong, defined.
//
// The promise under test: each key is a list; `append` adds a value to its end and gives the value's index, `read` gives the
// whole list; and all of it is linearizable (Herlihy & Wing, "Linearizability: a correctness condition for concurrent
// objects", TOPLAS 12(3), 1990): there is one order of a key's operations, each of which has the result that it would have
// alone, and an operation that was over before another began comes before it. Linearizability is local (ibid., theorem 1):
// keys can be judged one by one.
//
// For objects in general that is NP-complete to decide (Gibbons & Korach, "Testing shared memories", 1997). Here it is not,
// since every value is appended once and every read shows the whole past: a list gives the order of all appends before it
// (Kingsbury & Alvaro, "Elle: inferring isolation anomalies from experimental observations", VLDB 14(3), 2020, sections 3
// and 4). docs/HISTORY.md proves that the kinds below miss nothing.
//
// Words: an operation *precedes* another when its completion's time is lower than the other's invocation's. The *last read*
// of a key is, of its reads that are ok, the one invoked last; its *final list* is the longest list read that begins with the
// last read's list. An append is *acknowledged* when its completion is `ok`.

/// A promise that the history shows to be broken.
public enum AnomalyKind: String, CaseIterable, Sendable, Encodable {
    /// An acknowledged append precedes the last read of its key and is not in it.
    case lostAppend = "lost-append"
    /// A list has the same appended value twice.
    case duplicatedAppend = "duplicated-append"
    /// An append precedes another, which did not fail, and comes after it in the final list.
    case reordered
    /// An acknowledged append is in the final list, and not at the position that its `ok` gave.
    case wrongPosition = "wrong-position"
    /// A list has a value whose append failed, which nobody appended to this key, or whose append was invoked only after the
    /// read had completed. Elle's G1a, and its "garbage read".
    case dirtyRead = "dirty-read"
    /// A read does not have an acknowledged append that precedes it and is in the final list; or it has less than a read that
    /// precedes it. What the last read does not have is lost instead.
    case staleRead = "stale-read"
    /// A read's list is not a beginning of the final list. Elle's "incompatible order".
    case incompatibleOrder = "incompatible-order"
    /// Two coordinators, or one at two times, had different states after the same entry of the log (I7).
    case divergedReplicas = "diverged-replicas"
    /// A process worked with an epoch after a higher one (I4). One that forgot, as it started anew, is another incarnation.
    case epochWentBack = "epoch-went-back"
    /// A round had begun, and neither was committed or ended, nor did one of a higher epoch begin, until the bound after it
    /// began or after all faults were healed, whichever was later (I5).
    case roundWithoutEnd = "round-without-end"
    /// All faults were healed, and operations on a key were invoked after that; none of them was ok within the bound after the
    /// first of them.
    case serviceDidNotReturn = "service-did-not-return"

    /// What it means, in a few words.
    public var meaning: String {
        switch self {
        case .lostAppend: "an acknowledged append is missing"
        case .duplicatedAppend: "an append took effect more than once"
        case .reordered: "appends took effect against their order in time"
        case .wrongPosition: "an append was told a position that it does not have"
        case .dirtyRead: "a read saw what never happened, or had yet to"
        case .staleRead: "a read saw less than was there before it"
        case .incompatibleOrder: "two reads saw different orders"
        case .divergedReplicas: "replicas differ at one index of the log"
        case .epochWentBack: "a process went back to a lower epoch"
        case .roundWithoutEnd: "a resize never ended"
        case .serviceDidNotReturn: "service did not return after all faults were healed"
        }
    }
}

/// What is wrong with the history or the run, so that it cannot be called valid though it shows no anomaly.
public enum ProblemKind: String, CaseIterable, Sendable, Encodable {
    /// A key has no read that is ok and was invoked after its last append, or an acknowledged append that no read can show.
    case keyNotRead = "key-not-read"
    /// A fault was applied and never seen to work: the run did not try what it meant to.
    case faultNotVerified = "fault-not-verified"
    /// A fault has no `fault-end`.
    case faultNotEnded = "fault-not-ended"
    /// There were faults, and whether service returned cannot be told: there is no `healed`, or the history ends too early.
    case returnNotShown = "return-not-shown"
    /// A round has no end, and the history ends before it must have one.
    case roundEndNotShown = "round-end-not-shown"
    /// The file ends in the middle of a line.
    case cutOff = "cut-off"

    /// What it means, in a few words.
    public var meaning: String {
        switch self {
        case .keyNotRead: "a key was not read at the end"
        case .faultNotVerified: "a fault was never seen to work"
        case .faultNotEnded: "a fault was never healed"
        case .returnNotShown: "the history does not show that service returned"
        case .roundEndNotShown: "the history ends within a round"
        case .cutOff: "the history is cut off"
        }
    }
}
