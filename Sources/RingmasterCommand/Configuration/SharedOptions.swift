// The options that several commands share, and what they come to.

import ArgumentParser
import Foundation
import Logging
import Ringmaster

/// `--config`.
struct ConfigOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A JSON file with settings; see docs/COMMAND.md.", valueName: "file"))
    var config: String?

    func settings() throws(CommandFailure) -> Settings {
        try Settings(environment: ProcessInfo.processInfo.environment, configuration: config)
    }
}

/// `--key`, `--allow`, `--server-key`, `--insecure`.
struct SecurityOptions: ParsableArguments {
    @Option(help: ArgumentHelp("This process's key pair, as keygen writes it.", valueName: "file"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "Public keys that may connect, one a line; 'any' for whoever knows the server.",
            valueName: "file"
        )
    )
    var allow: String?

    @Option(
        help: ArgumentHelp(
            "Public key of the servers, HOST=KEY for one host's, or a file with such lines. Repeatable.",
            valueName: "key"
        )
    )
    var serverKey: [String] = []

    @Flag(inversion: .prefixedNo, help: "Permit plain TCP beyond this machine.")
    var insecure: Bool?

    /// As arguments for a process of the same kind.
    func keys(_ settings: Settings) throws(CommandFailure) -> SecurityKeys {
        try SecurityKeys(
            keyPath: settings.text(.key, flag: key),
            allowPath: settings.text(.allow, flag: allow),
            serverKeys: settings.given(.serverKey, flag: serverKey)?.texts ?? [],
            isInsecure: settings.bool(.insecure, flag: insecure) ?? false
        )
    }
}

/// `--cluster`, `--timeout` and what connecting needs.
struct ClientOptions: ParsableArguments {
    static let timeoutMax: Duration = .seconds(3600)

    @OptionGroup var config: ConfigOptions
    @OptionGroup(title: "Security") var security: SecurityOptions

    @Option(
        help: ArgumentHelp("Coordinators, separated by commas: one that answers is enough.", valueName: "endpoints")
    )
    var cluster: [String] = []

    @Option(help: ArgumentHelp("How long to wait, as 2s or 250ms. (default: 10s)", valueName: "time"))
    var timeout: String?

    func configuration() throws(CommandFailure) -> ClientConfiguration {
        let settings = try config.settings()
        return try configuration(settings, keys: security.keys(settings))
    }

    func configuration(_ settings: Settings, keys: SecurityKeys) throws(CommandFailure) -> ClientConfiguration {
        let coordinators = try settings.endpoints(.cluster, flag: cluster) ?? ["tcp://127.0.0.1:7400"]
        var configuration = ClientConfiguration(coordinators: coordinators)
        configuration.security = keys.client
        if let timeout = try settings.duration(.timeout, flag: timeout, atMost: Self.timeoutMax) {
            configuration.timeout = timeout
            configuration.openTimeout = timeout
        }
        return configuration
    }
}

/// `--log-level`, `--log-format`.
struct LogOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. (default: info)",
            valueName: "level"
        )
    )
    var logLevel: String?

    @Option(help: ArgumentHelp("logfmt or json, a line a message on stderr. (default: logfmt)", valueName: "format"))
    var logFormat: String?

    /// A logger of this process.
    func logger(_ label: String, _ settings: Settings, process: String? = nil) throws(CommandFailure) -> Logger {
        let level: Logger.Level = try settings.choice(.logLevel, flag: logLevel) ?? .info
        let format: LogFormat = try settings.choice(.logFormat, flag: logFormat) ?? .logfmt
        return Logger(label: label) { label in
            LineLogHandler(label: label, format: format, logLevel: level, processName: process)
        }
    }
}

/// `--metrics`.
struct MetricsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Serve Prometheus text at http://127.0.0.1:PORT/metrics, or at HOST:PORT. Not encrypted.",
            valueName: "port"
        )
    )
    var metrics: String?

    func address(_ settings: Settings) throws(CommandFailure) -> MetricsAddress? {
        try settings.value(.metrics, flag: metrics, expecting: "PORT or IPV4-ADDRESS:PORT", MetricsAddress.init(text:))
    }
}
