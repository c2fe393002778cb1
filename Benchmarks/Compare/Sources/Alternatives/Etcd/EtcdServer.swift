// A private etcd of one member, and the names of what it can be asked.

enum EtcdServer {
    static let transact = "/etcdserverpb.KV/Txn"
    static let range = "/etcdserverpb.KV/Range"
    static let put = "/etcdserverpb.KV/Put"
    static let watch = "/etcdserverpb.Watch/Watch"
    static let grantLease = "/etcdserverpb.Lease/LeaseGrant"
    static let revokeLease = "/etcdserverpb.Lease/LeaseRevoke"
    static let keepLease = "/etcdserverpb.Lease/LeaseKeepAlive"

    static func version(for alternative: String) throws -> String {
        let program = try Alternatives.program("etcd", for: alternative)
        let lines = Alternatives.output(of: [program, "--version"]).split(separator: "\n")
        return "etcd \(lines.first?.split(separator: " ").last ?? "of unknown version"), \(GrpcClient.version)"
    }

    /// Returns when it serves: it listens once it has elected itself.
    static func start(_ instance: Instance, _ options: [String]) throws {
        let port = try instance.takePort("etcd")
        let peers = "http://127.0.0.1:\(try instance.takePort("peers"))"
        let clients = "http://127.0.0.1:\(port)"
        let server = try instance.start(
            "etcd",
            [
                try Alternatives.program("etcd", for: instance.name), "--name", "one", "--data-dir",
                instance.makeDirectory("data"),
                "--listen-client-urls", clients, "--advertise-client-urls", clients, "--listen-peer-urls", peers,
                "--initial-advertise-peer-urls", peers, "--initial-cluster", "one=\(peers)",
                "--logger", "zap", "--log-level", "warn",
            ] + options
        )
        try server.waitUntilListening(on: port)
    }
}
