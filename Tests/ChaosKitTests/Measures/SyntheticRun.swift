// A history as a run of some seconds would leave it, made up from a seed: workers are killed and recovered from, slots move,
// and all that is measured of it later was put in. Its operations are linearizable, so that the checker finds it valid.

import RingmasterProtocol

/// What a made-up run is made of.
struct SyntheticSettings {
    var seed: UInt64 = 1
    var seconds = 20
    var perSecond = 1000.0
    var keys = 500
    var slots = 256
    var workers = 4
    var readShare = 0.2
    /// A worker is killed this often, in the middle between resizes.
    var killEveryNs: Int64 = 2_000_000_000
    var resizeEveryNs: Int64 = 2_000_000_000
}

/// A fault and what was put in of it.
struct PlantedFault {
    let id: Int
    let target: String
    let beganNs: Int64
    let detectionNs: Int64
    /// When the first of the victim's slots answers again, and the last.
    let recoveryNs: Int64
    let longestNs: Int64
}

/// A round and what was put in of it.
struct PlantedRound {
    let epoch: Int
    let beganNs: Int64
    let untilCommitNs: Int64
    let lengthNs: Int64
    let movedSlots: Int
}

struct SyntheticRun {
    private(set) var faults: [PlantedFault] = []
    private(set) var rounds: [PlantedRound] = []
    /// The lines of the file.
    private(set) var bytes: [UInt8] = []
    private(set) var operationCount = 0

    private let settings: SyntheticSettings
    private var random: SmallRandom
    private let size: RingSize
    private let slotOfKey: [Int]
    /// For each slot when it did not answer, and the time at which what was asked then was answered. Ascending.
    private var silences: [[(from: Int64, to: Int64)]]
    private var lines: [(ns: Int64, order: Int, text: String)] = []
    private var operations: [(startNs: Int64, endNs: Int64, key: Int, isRead: Bool)] = []

    init(_ settings: SyntheticSettings) throws {
        self.settings = settings
        random = SmallRandom(state: settings.seed)
        size = try RingSize(slotCount: settings.slots)
        let size = size
        slotOfKey = (0..<settings.keys).map { size.slot(of: KeyHash(of: "key-\($0)")).index }
        silences = Array(repeating: [], count: settings.slots)
        plantNemesis()
        plantOperations()
        writeOperations()
        write()
    }

    private var endNs: Int64 { Int64(settings.seconds) * 1_000_000_000 }

    // MARK: Faults and rounds

    private mutating func plantNemesis() {
        var owners = (0..<settings.slots).map { "worker-\($0 * settings.workers / settings.slots + 1)" }
        var members = Set(owners)
        var epoch = 1
        noteView(0, epoch, owners)
        var nextRound = settings.resizeEveryNs
        var nextFault = settings.killEveryNs * 3 / 2
        while min(nextRound, nextFault) < endNs - 1_500_000_000 {
            if nextRound < nextFault {
                epoch += 1
                planRound(nextRound, epoch, &owners, &members)
                nextRound += settings.resizeEveryNs
            } else {
                planFault(nextFault, owners, members.sorted())
                nextFault += settings.killEveryNs
            }
        }
        nemesis(endNs + 1_000_000, "healed", #"{"bound":10000000000}"#)
        nemesis(
            endNs + 2_000_000,
            "counters",
            #"{"retries":\#(faults.count * 7),"resends":\#(faults.count),"duplicates suppressed":\#(faults.count * 2),"fenced":3}"#
        )
    }

    /// One worker comes or goes, and a share of the slots with it.
    private mutating func planRound(_ ns: Int64, _ epoch: Int, _ owners: inout [String], _ members: inout Set<String>) {
        let isJoin = members.count <= settings.workers
        let before = owners
        if isJoin {
            let joiner = (1...).lazy.map { "worker-\($0)" }.first { [members] in !members.contains($0) }!
            members.insert(joiner)
            for _ in 0..<settings.slots / members.count { owners[random.below(settings.slots)] = joiner }
        } else {
            let leaver = members.sorted()[random.below(members.count)]
            members.remove(leaver)
            let stayers = members.sorted()
            for slot in owners.indices where owners[slot] == leaver { owners[slot] = stayers[slot % stayers.count] }
        }
        let untilCommit = Int64(4_000_000 + random.below(20_000_000))
        let length = untilCommit + Int64(1_000_000 + random.below(3_000_000))
        let moved = owners.indices.filter { owners[$0] != before[$0] }
        for slot in moved { silences[slot].append((ns + 500_000, ns + untilCommit + 300_000)) }
        let names = members.sorted().map { #""\#($0)""# }.joined(separator: ",")
        nemesis(ns, "resize-begin", #"{"epoch":\#(epoch),"mode":"handoff","members":[\#(names)]}"#)
        nemesis(ns + untilCommit, "resize-commit", #"{"epoch":\#(epoch)}"#)
        nemesis(ns + length, "resize-end", #"{"epoch":\#(epoch),"outcome":"committed"}"#)
        noteView(ns + untilCommit + 200_000, epoch, owners)
        nemesis(
            ns + length + 1,
            "moved",
            #"{"epoch":\#(epoch),"slots":\#(moved.count),"bytes":\#(moved.count * 5000)}"#
        )
        rounds.append(
            PlantedRound(
                epoch: epoch,
                beganNs: ns,
                untilCommitNs: untilCommit,
                lengthNs: length,
                movedSlots: moved.count
            )
        )
    }

    /// A worker is killed: each of its slots comes back at a time of its own, and what was asked before that waits for it. An
    /// operation is asked at once on the slot that is back first and on the one that is back last.
    private mutating func planFault(_ ns: Int64, _ owners: [String], _ members: [String]) {
        let victim = members[random.below(members.count)]
        let keys = slotOfKey.indices.filter { owners[slotOfKey[$0]] == victim }
        let slots = Set(keys.map { slotOfKey[$0] }).sorted()
        guard slots.count > 1 else { return }
        let id = faults.count + 1
        let recovery = Int64(5_000_000 + random.below(60_000_000))
        let longest = recovery + Int64(1_000_000 + random.below(200_000_000))
        for slot in slots {
            let back = recovery + Int64(random.below(Int(longest - recovery)))
            let ends = slot == slots[0] ? recovery : slot == slots[slots.count - 1] ? longest : back
            silences[slot].append((ns, ns + ends))
        }
        for slot in [slots[0], slots[slots.count - 1]] {
            let key = keys.first { slotOfKey[$0] == slot }!
            operations.append((ns, silences[slot].last!.to, key, false))
        }
        let detection = Int64(1_000_000 + random.below(4_000_000))
        nemesis(ns, "fault-begin", #"{"fault":\#(id),"kind":"kill","target":"\#(victim)","verified":true}"#)
        nemesis(ns + detection, "detected", #"{"fault":\#(id)}"#)
        nemesis(ns + 500_000_000, "fault-end", #"{"fault":\#(id),"verified":true}"#)
        faults.append(
            PlantedFault(
                id: id,
                target: victim,
                beganNs: ns,
                detectionNs: detection,
                recoveryNs: recovery,
                longestNs: longest
            )
        )
    }

    private mutating func noteView(_ ns: Int64, _ epoch: Int, _ owners: [String]) {
        var ranges: [String] = []
        var first = 0
        for slot in 1...owners.count where slot == owners.count || owners[slot] != owners[first] {
            ranges.append(#"[\#(first),\#(slot - first),"\#(owners[first])"]"#)
            first = slot
        }
        nemesis(ns, "view", #"{"epoch":\#(epoch),"owners":[\#(ranges.joined(separator: ","))]}"#)
    }

    // MARK: Operations

    private mutating func plantOperations() {
        var ns = 1_000_000.0
        while Int64(ns) < endNs {
            let key = random.below(settings.keys)
            let isRead = random.fraction() < settings.readShare
            operations.append((Int64(ns), end(of: Int64(ns), slotOfKey[key]), key, isRead))
            // Evenly spread about the mean, which is near enough to a Poisson process and needs no logarithm.
            ns += 2e9 / settings.perSecond * random.fraction()
        }
        operationCount = operations.count
        for key in 0..<settings.keys {
            let startNs = endNs + 3_000_000 + Int64(key) * 10_000
            operations.append((startNs, startNs + 400_000, key, true))
        }
    }

    /// Half a millisecond and some, seldom more; or when its slot answers again.
    private mutating func end(of startNs: Int64, _ slot: Int) -> Int64 {
        let tail = random.fraction()
        let served =
            startNs + 300_000 + Int64(400_000 * tail + 4_000_000 * tail * tail * tail * tail * tail * tail * tail)
        let silence = silences[slot].first { served >= $0.from && startNs < $0.to }
        return silence.map { max(served, $0.to + Int64(random.below(2_000_000))) } ?? served
    }

    /// Gives each operation a client that has none open, and a result as of its end.
    private mutating func writeOperations() {
        operations.sort { ($0.startNs, $0.endNs) < ($1.startNs, $1.endNs) }
        var lanes: [(freeNs: Int64, number: Int)] = []
        var ends: [(ns: Int64, place: Int, lane: Int)] = []
        for (place, operation) in operations.enumerated() {
            let askedNs = operation.startNs + Int64(random.below(50_000))
            let free = lanes.firstIndex { $0.freeNs < askedNs } ?? lanes.count
            if free == lanes.count { lanes.append((0, free)) }
            lanes[free].freeNs = max(operation.endNs, askedNs + 1)
            let kind = operation.isRead ? #""f":"read","value":null"# : #""f":"append","value":\#(place)"#
            add(
                askedNs,
                #""process":"client-\#(free)","type":"invoke",\#(kind),"key":"key-\#(operation.key)","intended":\#(operation.startNs)"#
            )
            ends.append((max(operation.endNs, askedNs + 1), place, free))
        }
        var lists = Array(repeating: [String](), count: settings.keys)
        for (ns, place, lane) in ends.sorted(by: { ($0.ns, $0.place) < ($1.ns, $1.place) }) {
            let operation = operations[place]
            let key = operation.key
            if operation.isRead {
                let list = lists[key].joined(separator: ",")
                add(ns, #""process":"client-\#(lane)","type":"ok","f":"read","key":"key-\#(key)","value":[\#(list)]"#)
            } else {
                add(
                    ns,
                    #""process":"client-\#(lane)","type":"ok","f":"append","key":"key-\#(key)","value":\#(place),"position":\#(lists[key].count)"#
                )
                lists[key].append("\(place)")
            }
        }
    }

    // MARK: The file

    private mutating func nemesis(_ ns: Int64, _ function: String, _ value: String) {
        add(ns, #""process":"nemesis","type":"info","f":"\#(function)","value":\#(value)"#)
    }

    private mutating func add(_ ns: Int64, _ fields: String) { lines.append((ns, lines.count, fields)) }

    private mutating func write() {
        lines.sort { ($0.ns, $0.order) < ($1.ns, $1.order) }
        for (index, line) in lines.enumerated() {
            bytes.append(contentsOf: #"{"index":\#(index),"time":\#(line.ns),\#(line.text)}"#.utf8)
            bytes.append(0x0a)
        }
        lines = []
    }
}

/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct SmallRandom {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}
