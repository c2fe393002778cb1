// Strikes that wait for a process of a simulation to come to a step of the protocol.

import Ringmaster

/// At most a few at a time.
final class SimulatedStrikes {
    private struct Order {
        let number: Int
        let point: FaultPoint
        var left: Int
        let strike: (VirtualHost) -> Void
    }

    @exclusivity(unchecked) private var orders: [Order] = []

    /// Has whichever process comes to the point as the `occurrence`th from now on struck there; at points that are reached only when
    /// the system has what was sent, at the end of its turn.
    func arm(_ number: Int, at point: FaultPoint, occurrence: Int, strike: @escaping (VirtualHost) -> Void) {
        orders.append(Order(number: number, point: point, left: max(1, occurrence), strike: strike))
    }

    /// Forgets an order, or all of them.
    func drop(_ number: Int? = nil) {
        orders.removeAll { number == nil || $0.number == number }
    }

    /// A process has come to a point.
    func reached(_ point: FaultPoint) {
        guard !orders.isEmpty, let host = VirtualHost.current, host.isAlive, !host.isPaused else { return }
        guard let place = orders.firstIndex(where: { $0.point == point }) else { return }
        orders[place].left -= 1
        guard orders[place].left == 0 else { return }
        let order = orders[place]
        drop(order.number)
        if point.isAfterHandingOver {
            host.afterTurn { order.strike(host) }
        } else {
            order.strike(host)
        }
    }
}
