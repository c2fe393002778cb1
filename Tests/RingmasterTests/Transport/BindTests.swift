// That each way in which a socket cannot listen has its own error, and harms nobody who listens already.

import CShim
import Glibc
import RingmasterProtocol
import Testing

@testable import Ringmaster

struct BindTests {
    private let loop = EventLoop.stepped()
    private let folder = TemporaryFolder()

    /// Binds a new socket and closes it again; gives the error.
    private func errorOfBinding(_ text: String) throws -> TransportError? {
        let socket = try LoopSocket.open(RM_ROUTER, on: loop)
        defer { socket.close() }
        do throws(TransportError) {
            _ = try socket.bind(Endpoint(text))
            return nil
        } catch {
            return error
        }
    }

    @Test func aWildcardPortIsResolved() throws {
        let socket = try LoopSocket.open(RM_ROUTER, on: loop)
        defer { socket.close() }
        let endpoint = try socket.bind("tcp://127.0.0.1:*")
        #expect(endpoint.text.hasPrefix("tcp://127.0.0.1:"))
        #expect(UInt16(endpoint.text.split(separator: ":").last!)! > 0)
    }

    @Test func aPortInUseIsReported() throws {
        let socket = try LoopSocket.open(RM_ROUTER, on: loop)
        defer { socket.close() }
        let endpoint = try socket.bind("tcp://127.0.0.1:*")
        #expect(try errorOfBinding(endpoint.text) == .addressInUse(endpoint.text))
    }

    @Test func anIPCPathInUseIsReportedAndItsOwnerStaysReachable() throws {
        let owner = try LoopSocket.open(RM_ROUTER, on: loop)
        let endpoint = try owner.bind(Endpoint("ipc://" + folder.file("owned")))
        #expect(try errorOfBinding(endpoint.text) == .addressInUse(endpoint.text))
        let inbox = Inbox()
        owner.handler = inbox
        let client = try LoopSocket.open(RM_DEALER, on: loop)
        try client.connect(endpoint)
        #expect(client.send([5]) == 0)
        #expect(loop.step { inbox.bodies == [[5]] })
        client.close()
        owner.close()
    }

    @Test func aSocketFileThatADeadProcessLeftIsTakenOver() throws {
        let path = folder.file("stale")
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(descriptor)
        #expect(access(path, F_OK) == 0, "the file outlives its socket")
        #expect(try errorOfBinding("ipc://" + path) == nil)
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() throws {
        let path = folder.write("precious", to: "file")
        #expect(try errorOfBinding("ipc://" + path) == .pathOccupied("ipc://" + path))
        #expect(access(path, F_OK) == 0)
    }

    @Test func aPathInAMissingFolderIsReported() throws {
        let text = "ipc://" + folder.file("missing/socket")
        #expect(try errorOfBinding(text) == .addressNotAvailable(text))
    }

    /// Holds for root as well: nobody makes a socket in procfs.
    @Test func aPathWhereNothingCanBeMadeIsReported() throws {
        let text = "ipc:///proc/ringmaster"
        let error = try errorOfBinding(text)
        #expect([.permissionDenied(text), .addressNotAvailable(text)].contains(error), "\(String(describing: error))")
    }

    @Test(.enabled(if: geteuid() != 0, "root may write anywhere"))
    func aFolderWithoutPermissionIsReported() throws {
        chmod(folder.path, 0o500)
        defer { chmod(folder.path, 0o700) }
        let text = "ipc://" + folder.file("socket")
        #expect(try errorOfBinding(text) == .permissionDenied(text))
    }

    @Test func anAddressOfAnotherHostIsReported() throws {
        // 192.0.2.0/24 is set aside for documentation: RFC 5737. Security comes first, so it is permitted here.
        let socket = try LoopSocket.open(RM_ROUTER, on: loop, security: .insecure)
        defer { socket.close() }
        #expect(throws: TransportError.addressNotAvailable("tcp://192.0.2.1:5555")) {
            _ = try socket.bind("tcp://192.0.2.1:5555")
        }
    }

    @Test func connectingToAWildcardPortIsReported() throws {
        let socket = try LoopSocket.open(RM_DEALER, on: loop)
        defer { socket.close() }
        #expect {
            try socket.connect("tcp://127.0.0.1:*")
        } throws: {
            if case .invalidEndpoint = $0 as? TransportError { true } else { false }
        }
    }

    @Test func everyErrorNamesTheThingAndTheRemedy() {
        let errors: [TransportError] = [
            .invalidEndpoint("THING", reason: "r"), .addressInUse("THING"), .pathOccupied("THING"),
            .addressNotAvailable("THING"), .permissionDenied("THING"), .insecureEndpoint("THING"),
            .invalidKey("THING", reason: "r"), .system(code: -5, reason: "r", doing: "THING"),
        ]
        #expect(errors.allSatisfy { $0.description.contains("THING") })
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}
