// systems.csv: what each system was in a run, how it was set up, and what a client of it may rely on.

import Alternatives
import Measurement

struct SystemRow: CSVRecord {
    var system: String
    var work: Work
    var version: String
    var settings: String
    var delivery: Promise.Delivery
    var isSynced: Bool
    var replicas: Int
    var promise: String
    /// What a user writes for the service, by the rule of `UserLines`; nil for one that is no service.
    var lines: Int?
    var isCalibration: Bool

    static let columns = [
        "system", "work", "version", "settings", "delivery", "synced", "replicas", "promise", "user_lines",
        "calibration",
    ]

    /// A system for each work that it does.
    static func all(of alternative: any Alternative) throws -> [SystemRow] {
        let found = try alternative.find()
        return Work.allCases.compactMap { work in
            alternative.promise(work).map { promise in
                SystemRow(
                    system: alternative.name,
                    work: work,
                    version: found.version,
                    settings: found.settings[work.rawValue] ?? "its defaults",
                    delivery: promise.delivery,
                    isSynced: promise.isSynced,
                    replicas: promise.replicas,
                    promise: promise.text,
                    lines: UserLines.count(alternative, work),
                    isCalibration: alternative.isCalibration
                )
            }
        }
    }

    private init(
        system: String,
        work: Work,
        version: String,
        settings: String,
        delivery: Promise.Delivery,
        isSynced: Bool,
        replicas: Int,
        promise: String,
        lines: Int?,
        isCalibration: Bool
    ) {
        self.system = system
        self.work = work
        self.version = version
        self.settings = settings
        self.delivery = delivery
        self.isSynced = isSynced
        self.replicas = replicas
        self.promise = promise
        self.lines = lines
        self.isCalibration = isCalibration
    }

    var fields: [String] {
        [
            system, work.rawValue, version, settings, delivery.rawValue, isSynced ? "yes" : "no", "\(replicas)",
            promise,
            lines.map(String.init) ?? "", isCalibration ? "yes" : "no",
        ]
    }

    init(_ row: CSVRow) throws(CSVError) {
        system = row.text("system")
        work = try row.name("work")
        version = row.text("version")
        settings = row.text("settings")
        delivery = try row.name("delivery")
        isSynced = try row.flag("synced")
        replicas = try row.count("replicas")
        promise = row.text("promise")
        lines = try row.countIfAny("user_lines")
        isCalibration = try row.flag("calibration")
    }
}
