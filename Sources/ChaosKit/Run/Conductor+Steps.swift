// The steps of a schedule, each as it is carried out and recorded.

import Ringmaster

extension Conductor {
    /// A fault from its beginning to its healing.
    func carryOut(_ order: FaultOrder) async {
        let targets = isHealing ? [] : await cluster.takeVictims(of: order)
        guard !targets.isEmpty else { return await skip(order) }
        let id = FaultID(order.id)
        let fault = Faults.fault(order, on: targets)
        let beganNs = recorder.nowNs
        await recorder.watch(for: id, on: targets)
        var (met, isVerified) = (targets, true)
        do throws(FaultFailure) {
            met = try await fault.apply(to: cluster)
        } catch {
            isVerified = false
            errors.append(RunError.fault(order, reason: error.reason).description)
        }
        guard !met.isEmpty else {
            await cluster.release(targets, of: order)
            return await skip(order)
        }
        let names = met.map(\.description).joined(separator: ",")
        await recorder.record(
            .faultBegan(id, kind: order.kind.rawValue, target: names, isVerified: isVerified),
            at: beganNs
        )
        await nap(order, beganNs)
        do throws(FaultFailure) {
            try await fault.heal(in: cluster)
        } catch {
            errors.append(RunError.fault(order, reason: error.reason).description)
        }
        await recorder.record(.faultEnded(id, isVerified: false))
        await cluster.release(targets, of: order)
    }

    /// Whoever it could have met is down already, or under another fault.
    private func skip(_ order: FaultOrder) async {
        await recorder.note("fault-skipped", ["fault": "\(order.id)", "kind": order.kind.rawValue])
    }

    /// Lets a fault last. Everything's healing ends it early.
    private func nap(_ order: FaultOrder, _ beganNs: Int64) async {
        guard !isHealing else { return }
        // A fault of the network works while it is being verified, which takes a part of its time.
        let lastsNs = order.kind.isOfNetwork ? max(0, beganNs + order.lastsNs - recorder.nowNs) : order.lastsNs
        let nap = Task<Void, Never> { try? await Task.sleep(for: .nanoseconds(lastsNs), tolerance: .zero) }
        naps[order.id] = nap
        await nap.value
        naps[order.id] = nil
    }

    /// A resize: workers are started, or told to leave.
    func carryOut(_ order: ResizeOrder) async {
        let present = await cluster.wanted(.worker)
        var joining: [NodeName] = []
        var leaving: [NodeName] = []
        if order.workers > present.count {
            var number = 1
            while present.count + joining.count < order.workers {
                let name = NodeName(.worker, number)
                // A name whose last bearer is still leaving is not free yet.
                if !present.contains(name), await !cluster.isRunning(name) { joining.append(name) }
                number += 1
            }
        } else {
            var staying = present
            while staying.count > order.workers { leaving.append(staying.remove(at: order.pick % staying.count)) }
        }
        await recorder.note(
            "resize-order",
            ResizeNote(workers: order.workers, joins: joining.map(\.description), leaves: leaving.map(\.description))
        )
        for name in joining {
            await cluster.want(name, true)
            resizeTasks.append(Task { await join(name) })
        }
        for name in leaving {
            await cluster.want(name, false)
            resizeTasks.append(Task { await leave(name) })
        }
    }

    private func join(_ name: NodeName) async {
        do throws(RunError) { try await cluster.start(name) } catch { errors.append(error.description) }
    }

    private func leave(_ name: NodeName) async {
        guard await cluster.isRunning(name) else { return }
        guard let end = await cluster.terminate(name, within: RunningCluster.leaveTimeout) else {
            errors.append("\(name) had not left \(RunningCluster.leaveTimeout) after it was told to")
            await cluster.kill([name])
            return
        }
        await recorder.note("left", ["node": "\(name)", "how": end.text])
    }
}

/// What a resize orders, as the history's note `resize-order` has it.
struct ResizeNote: Codable, Equatable {
    let workers: Int
    let joins: [String]
    let leaves: [String]
}
