// Load whose every effect can be told apart: each job appends a number of its own to its key's text.

import Ringmaster
import Testing

/// Appends numbers to some keys, one job at a time on each, until it is stopped; then compares the keys with what was
/// acknowledged.
final class AppendLoad: Sendable {
    private let client: Client
    private let keys: [String]
    private let tasks: [Task<KeyHistory, Never>]

    /// What became of the jobs of one key.
    struct KeyHistory: Sendable {
        var key: String
        /// Acknowledged: the number, and the length of the text right after it.
        var acknowledged: [(number: Int, length: Int)] = []
        /// Failed with an error that leaves open whether they were applied.
        var unknown: Set<Int> = []
    }

    init(_ client: Client, keys count: Int = 16) {
        self.client = client
        keys = (0..<count).map { "key-\($0)" }
        tasks = keys.map { key in
            Task {
                var history = KeyHistory(key: key)
                var number = 0
                while !Task.isCancelled {
                    number += 1
                    do throws(ClusterError) {
                        // Not cancelled in the middle of a job: its outcome is wanted.
                        let text = "\(number),"
                        let job = Task { try await client.submit("append", key: key, text) as Int }
                        switch await job.result {
                        case .success(let length): history.acknowledged.append((number, length))
                        case .failure(let error): throw (error as? ClusterError) ?? .closed
                        }
                    } catch {
                        history.unknown.insert(number)
                    }
                }
                return history
            }
        }
    }

    /// Ends the load, and checks every key: each acknowledged job is in its state once, where its reply said (I2), in the
    /// order in which they were submitted; nothing else is, but for jobs whose outcome is unknown, once each.
    /// - Returns: How many jobs were acknowledged, and how many are unknown.
    @discardableResult
    func stopAndCheck() async throws -> (acknowledged: Int, unknown: Int) {
        for task in tasks { task.cancel() }
        var (acknowledged, unknown) = (0, 0)
        for task in tasks {
            let history = await task.value
            acknowledged += history.acknowledged.count
            unknown += history.unknown.count
            let text = try await client.read(String.self, key: history.key) ?? ""
            check(history, text)
        }
        #expect(acknowledged > 0, "no job was acknowledged at all")
        return (acknowledged, unknown)
    }

    private func check(_ history: KeyHistory, _ text: String) {
        let numbers = text.split(separator: ",").compactMap { Int($0) }
        #expect(Set(numbers).count == numbers.count, "\(history.key): a job was applied twice")
        #expect(numbers == numbers.sorted(), "\(history.key): jobs one after the other were applied in another order")
        var ends: [Int: Int] = [:]
        var end = 0
        for number in numbers {
            end += "\(number),".utf8.count
            ends[number] = end
        }
        for (number, length) in history.acknowledged {
            #expect(ends[number] == length, "\(history.key): acknowledged job \(number) is not where its reply said")
        }
        let known = Set(history.acknowledged.map(\.number))
        for number in numbers where !known.contains(number) {
            #expect(history.unknown.contains(number), "\(history.key): job \(number) came from nowhere")
        }
    }
}
