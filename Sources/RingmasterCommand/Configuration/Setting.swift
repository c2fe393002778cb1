// The names of all settings: one name for the flag, the variable of the environment and the key of the file.

/// A setting of any of the commands.
enum Setting: String, CaseIterable, Sendable {
    case cluster, timeout
    case key, allow, insecure
    case serverKey = "server-key"
    case logLevel = "log-level"
    case logFormat = "log-format"
    case metrics
    case name, listen, publish, weight, mode, slots
    case leaveTimeout = "leave-timeout"
    case raftID = "raft-id"
    case peer, joining
    case clusterID = "cluster-id"
    case advertise
    case advertisePublisher = "advertise-publisher"
    case data, replicas, coordinators, workers, port, host

    var flag: String { "--\(rawValue)" }

    var variable: String {
        "RINGMASTER_" + rawValue.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }

    static let precedence = """
        Every setting can be given as a flag, in the environment (RINGMASTER_SERVER_KEY for --server-key) and in one JSON file \
        (--config or RINGMASTER_CONFIG; the key "server-key"). The flag wins over the environment, and that over the file. \
        Lists are separated by commas, or are arrays in the file.
        """
}

/// Where a value came from.
enum SettingOrigin: Equatable, Sendable {
    case flag, environment
    case file(String)

    /// How a person finds the value again.
    func show(_ setting: Setting, _ value: String) -> String {
        switch self {
        case .flag: "\(setting.flag) \(value)"
        case .environment: "\(setting.variable)=\(value)"
        case .file(let path): "\"\(setting.rawValue)\": \(value) in \(path)"
        }
    }

    var status: ExitStatus { self == .flag ? .usage : .configuration }
}
