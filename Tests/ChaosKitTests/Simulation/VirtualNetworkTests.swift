// What connections of a simulation promise, as TCP's do.

import CShim
import RingmasterProtocol
import Testing

@testable import ChaosKit

@Suite("The network of a simulation") struct VirtualNetworkTests {
    /// What is under way when a link is cut waits for the link; what is sent meanwhile and after it never overtakes that.
    @Test(arguments: UInt64(1)...20)
    func aConnectionKeepsItsOrderThroughCuts(seed: UInt64) {
        let time = VirtualTime()
        let network = VirtualNetwork(
            time: time,
            trace: SimulationTrace(),
            random: RandomSource(seed: seed, stream: 0)
        )
        let hosts = (1...2).map { number in
            VirtualHost(
                machine: "host-\(number)",
                network: network,
                random: RandomSource(seed: seed, stream: number),
                clockRate: 1,
                clockStartNs: 0
            )
        }
        let server = hosts[0].open(kind: Int(RM_ROUTER))
        #expect(server.bind("tcp://host-1:1") == 0)
        let client = hosts[1].open(kind: Int(RM_DEALER))
        client.connect("tcp://host-1:1")
        var received: [UInt64] = []
        network.delivered = { message, _, _ in received.append(message[0].bytes.loadUnaligned(as: UInt64.self)) }
        _ = network.impose(.everywhere, .init(jitterNs: 3_000_000))

        let sent = UInt64(200)
        for number in 0..<sent {
            let bytes = withUnsafeBytes(of: number) { Array($0) }
            time.at(10_000_000 + Int64(number) * 200_000) { _ = client.send(.copy(of: bytes), more: false) }
        }
        for cut in 0..<5 as Range<Int64> {
            let beginNs = 11_000_000 + cut * 7_000_000
            time.at(beginNs) {
                let rule = network.impose(.machine("host-2"), .init(isCut: true))
                time.at(beginNs + 2_000_000) { network.lift(rule) }
            }
        }
        while time.step(until: 1_000_000_000) {}

        #expect(received == Array(0..<sent))
    }
}
