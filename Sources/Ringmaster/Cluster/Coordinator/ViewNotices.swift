// What a coordinator says of a view that has come into force: put together once, and sent to everybody.

import RingmasterProtocol

/// A view in the forms in which it is published and sent.
struct ViewNotices {
    /// A notification for workers.
    struct Notice {
        let method: RPCMethod
        /// An array of one bin.
        let params: [UInt8]
    }

    /// The whole view.
    let view: [UInt8]
    /// The step from the view before; where that is not known, or the step would be larger than the view, an announcement.
    let step: [UInt8]
    /// For workers, who have the view before: the step, unless the view is smaller.
    let ofView: Notice

    /// O(slots + members log members).
    /// - Parameter former: The view before; nil where it is not known.
    init(of view: ClusterView, after former: ClusterView? = nil) {
        self.view = view.encoded()
        let former = former.flatMap { $0.ring.size == view.ring.size ? $0 : nil }
        let step = former.map { ViewStep(from: $0, to: view).encoded() }
        if let step, step.count < self.view.count {
            self.step = step
            ofView = Notice(method: ClusterMethods.viewStep, params: Self.params(step))
        } else {
            self.step = ViewStep(from: view, to: view).encoded()
            ofView = Notice(method: ClusterMethods.newView, params: Self.params(self.view))
        }
    }

    private static func params(_ bytes: [UInt8]) -> [UInt8] {
        var writer = MessagePackWriter(capacity: bytes.count + 16)
        writer.writeArrayHeader(count: 1)
        writer.writeBinary(bytes)
        return writer.bytes
    }
}
