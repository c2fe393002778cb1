// The end of a run: everything is healed, service has to return, every key is read, and the history is judged.

import Foundation
import Measurement
import Ringmaster

extension Conductor {
    /// How long after the healing of everything service is to be back, and rounds are to be over.
    static let serviceBoundNs: Int64 = 10_000_000_000
    /// How long the load goes on after that.
    private static let cooldown: Duration = .seconds(2)
    private static let readTimeout: Duration = .seconds(60)
    private static let agreementTimeout: Duration = .seconds(10)

    func end() async throws(RunError) {
        await heal()
        phase = "healed"
        try? await Task.sleep(for: Self.cooldown)
        times.loadEndsNs = recorder.nowNs
        await stopAll(.client, within: .nanoseconds(schedule.settings.load.timeoutNs) + .seconds(5))
        await recorder.collect()
        await recorder.noteOwnCost(us: Int((ProcessorTime.usedNs - cpuBeforeNs) / 1000))
        phase = "reading"
        let reader = NodeName(.client, schedule.settings.clients + 1)
        let keys = await recorder.keyCount
        guard try await cluster.runReader(reader, keys: keys, within: Self.readTimeout) else {
            errors.append("not all of the \(keys) keys could be read within \(Self.readTimeout)")
            return
        }
        if !(await settle(within: .nanoseconds(Self.serviceBoundNs))) {
            errors.append(
                "the ring was not what it is to be \(Self.serviceBoundNs / 1_000_000_000) s after all was healed"
            )
        }
        await compareReplicas()
        phase = "ending"
        await stopAll(.worker, within: RunningCluster.endTimeout)
        await stopAll(.coordinator, within: RunningCluster.endTimeout)
    }

    /// Ends every fault, and has every process run that is to run.
    private func heal() async {
        phase = "healing"
        isHealing = true
        for nap in naps.values { nap.cancel() }
        for task in faultTasks { await task.value }
        for role in [NodeRole.coordinator, .worker, .client] {
            for name in await cluster.wanted(role) where await !cluster.isRunning(name) {
                do throws(RunError) { try await cluster.start(name) } catch { errors.append(error.description) }
            }
        }
        // Who was told to leave needs a leader, whom there is again now.
        for task in resizeTasks { await task.value }
        times.healedNs = recorder.nowNs
        await recorder.record(.healed(boundNs: Self.serviceBoundNs), at: times.healedNs)
    }

    private func stopAll(_ role: NodeRole, within limit: Duration) async {
        let names = await cluster.wanted(role)
        await withTaskGroup(of: (NodeName, String?).self) { [cluster] group in
            for name in names {
                group.addTask { (name, await cluster.terminate(name, within: limit)?.text) }
            }
            for await (name, how) in group where how != "ended with status 0" {
                errors.append("\(name) \(how ?? "had not ended \(limit) after SIGTERM") at the end of the run")
            }
        }
    }

    /// Waits until all coordinators are at one index, and records the hashes there.
    private func compareReplicas() async {
        let end = ContinuousClock.now + Self.agreementTimeout
        while ContinuousClock.now < end {
            let statuses = await admin.coordinators().compactMap(\.status)
            if statuses.count == schedule.settings.coordinators, Set(statuses.map(\.appliedIndex)).count == 1 {
                for status in statuses {
                    let event = NemesisEvent.replicaHash(
                        process: status.name,
                        logIndex: Int64(clamping: status.appliedIndex),
                        hash: String(status.stateHash, radix: 16)
                    )
                    await recorder.record(event)
                }
                return
            }
        }
        errors.append("the coordinators were not at one index within \(Self.agreementTimeout)")
    }

    /// Judges the history and writes what is left of the results.
    func judge(command: String?) async throws(RunError) -> RunResult {
        let verdict: Verdict
        do throws(HistoryError) {
            try await recorder.close()
            verdict = try HistoryChecker.check(path: folder.historyPath)
        } catch {
            throw .history(error)
        }
        try folder.write(Data(verdict.json.utf8), to: folder.verdictPath)
        let result = RunResult(
            verdict: verdict,
            errors: errors,
            crashes: crashes,
            kills: await recorder.killCount
        )
        let record = RunFile(
            seed: schedule.seed,
            settings: schedule.settings,
            machine: MachineInfo.current(command: command),
            times: times,
            result: result,
            faults: await recorder.faultCounts
        )
        try record.write(in: folder)
        folder.tidy(keepsData: result.outcome != .valid)
        return result
    }
}
